/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - can the projects be reached, and what may we read there. */
#include <stdio.h>
#include <string.h>

#include "plugins/gcp/gcp.h"

#define PROBE_PROJECTS 20 /* of many these are looked at */

static const char *const probe_permissions[] = {
    "resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy",
    "compute.firewalls.list",       "compute.instances.list",
    "iam.serviceAccounts.list",     "storage.buckets.list",
    "cloudsql.instances.list",      "logging.sinks.list",
    "serviceusage.services.list"};
#define PROBE_COUNT (sizeof(probe_permissions) / sizeof(*probe_permissions))

static bool probe_has(const struct value *list, const char *permission)
{
    for (uint32_t i = 0; list && list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const char *text = value_text(&list->items[i]);

        if (text && strcmp(text, permission) == 0)
            return true;
    }
    return false;
}

static void probe_say(bson_t *missing, uint32_t *count, const char *format,
                      const char *project, const char *what)
{
    char key[16], text[1400];

    snprintf(key, sizeof(key), "%u", (*count)++);
    snprintf(text, sizeof(text), "%s: project %.100s%s%.1200s", format, project,
             *what ? ": " : "", what);
    bson_append_utf8(missing, key, -1, text, -1);
}

/* (Cloud Resource Manager v1, projects.testIamPermissions) */
static engine_status probe_project(struct gcp *gcp, const char *project,
                                   bson_t *missing, uint32_t *count,
                                   engine_error *err)
{
    const struct value *answer = NULL;
    engine_error why = {0};
    struct arena arena;
    struct buffer body;
    char request[200];
    engine_status status;

    arena_init(&arena, (size_t)8 * 1024 * 1024);
    buffer_init(&body, 4096);
    buffer_puts(&body, "{\"permissions\":[");
    for (size_t i = 0; i < PROBE_COUNT; i++)
        buffer_printf(&body, "%s\"%s\"", i ? "," : "", probe_permissions[i]);
    buffer_puts(&body, "]}");
    snprintf(request, sizeof(request),
             "cloudresourcemanager/v1/projects/%.100s:testIamPermissions",
             project);
    status = buffer_status(&body, &why);
    if (status == ENGINE_OK)
        status = gcp_fetch(gcp, request, body.data, &arena, &answer, &why);
    for (size_t i = 0; status == ENGINE_OK && i < PROBE_COUNT; i++)
        if (!probe_has(value_member(answer, "permissions"),
                       probe_permissions[i]))
            probe_say(missing, count, probe_permissions[i], project, "");
    if (status < 0 && status != ENGINE_ECANCELLED && status != ENGINE_ENOMEM) {
        probe_say(missing, count, "cannot be read", project, why.message);
        status = ENGINE_OK;
    }
    if (status < 0 && err)
        *err = why;
    buffer_clear(&body);
    arena_clear(&arena);
    return status;
}

engine_status gcp_probe(void *self, bson_t *out, engine_error *err)
{
    struct gcp *gcp = self;
    const char *const *projects = gcp->target.projects;
    engine_status status = ENGINE_OK;
    uint32_t count = 0;
    bson_t list;

    bson_append_bool(out, "reachable", -1, true);
    bson_append_utf8(out, "credentials", -1,
                     gcp_credentials_source(gcp->credentials), -1);
    bson_append_array_begin(out, "platforms", -1, &list);
    bson_append_array_end(out, &list);
    bson_append_array_begin(out, "missing", -1, &list);
    for (size_t i = 0; status == ENGINE_OK && projects && projects[i] &&
                       i < PROBE_PROJECTS;
         i++)
        status = probe_project(gcp, projects[i], &list, &count, err);
    bson_append_array_end(out, &list);
    return status;
}
