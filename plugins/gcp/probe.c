/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - can the projects, and what is above them, be reached, and what may
 * be read there. */
#include <stdio.h>
#include <string.h>

#include "plugins/gcp/gcp.h"

static const char *const probe_project_needs[] = {
    "resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy",
    "compute.firewalls.list",       "compute.instances.list",
    "iam.serviceAccounts.list",     "storage.buckets.list",
    "bigquery.datasets.get",        "bigquery.datasets.getIamPolicy",
    "cloudsql.instances.list",      "logging.sinks.list",
    "serviceusage.services.list",   NULL};
static const char *const probe_folder_needs[] = {
    "resourcemanager.folders.get", "resourcemanager.folders.getIamPolicy",
    "resourcemanager.folders.list", "resourcemanager.projects.list", NULL};
static const char *const probe_organization_needs[] = {
    "resourcemanager.organizations.get",
    "resourcemanager.organizations.getIamPolicy",
    "resourcemanager.folders.list", "resourcemanager.projects.list", NULL};

/* Something that permissions are asked about. */
struct probe_place {
    const char *kind, *name, *path; /* "project", "p", "v1/projects/p" */
    const char *const *needs;
};

struct probe {
    struct gcp *gcp;
    bson_t missing;
    uint32_t count;
};

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

static void probe_say(struct probe *probe, const struct probe_place *place,
                      const char *what, const char *why)
{
    char key[16], text[1400];

    snprintf(key, sizeof(key), "%u", probe->count++);
    snprintf(text, sizeof(text), "%s: %s %.100s%s%.1200s", what, place->kind,
             place->name, *why ? ": " : "", why);
    bson_append_utf8(&probe->missing, key, -1, text, -1);
}

static engine_status probe_body(const char *const *needs, struct buffer *out)
{
    buffer_puts(out, "{\"permissions\":[");
    for (size_t i = 0; needs[i]; i++)
        buffer_printf(out, "%s\"%s\"", i ? "," : "", needs[i]);
    buffer_puts(out, "]}");
    return buffer_status(out, NULL);
}

/* (Cloud Resource Manager, testIamPermissions) */
static engine_status probe_place(struct probe *probe,
                                 const struct probe_place *place,
                                 engine_error *err)
{
    const struct value *answer = NULL;
    engine_error why = {0};
    struct arena arena;
    struct buffer body;
    char request[250];
    engine_status status;

    arena_init(&arena, (size_t)8 * 1024 * 1024);
    buffer_init(&body, 4096);
    snprintf(request, sizeof(request),
             "cloudresourcemanager/%.60s%.100s:testIamPermissions", place->path,
             place->name);
    status = probe_body(place->needs, &body);
    if (status == ENGINE_OK)
        status = gcp_fetch(probe->gcp, request, body.data, &arena, &answer,
                           &why);
    else
        status = engine_fail_memory(&why);
    for (size_t i = 0; status == ENGINE_OK && place->needs[i]; i++)
        if (!probe_has(value_member(answer, "permissions"), place->needs[i]))
            probe_say(probe, place, place->needs[i], "");
    if (status < 0 && status != ENGINE_ECANCELLED && status != ENGINE_ENOMEM) {
        probe_say(probe, place, "cannot be read", why.message);
        status = ENGINE_OK;
    }
    if (status < 0 && err)
        *err = why;
    buffer_clear(&body);
    arena_clear(&arena);
    return status;
}

/* What is above the projects, as the target names it. */
static engine_status probe_above(struct probe *probe, engine_error *err)
{
    const struct gcp_target *target = &probe->gcp->target;
    const struct probe_place folder = {"folder", target->folder, "v3/folders/",
                                       probe_folder_needs};
    const struct probe_place organization = {
        "organization", target->organization, "v3/organizations/",
        probe_organization_needs};
    engine_status status = ENGINE_OK;

    if (target->organization)
        status = probe_place(probe, &organization, err);
    if (status == ENGINE_OK && target->folder)
        status = probe_place(probe, &folder, err);
    return status;
}

engine_status gcp_probe(void *self, bson_t *out, engine_error *err)
{
    struct gcp *gcp = self;
    struct probe probe = {.gcp = gcp};
    engine_status status;
    bson_t list;

    bson_append_bool(out, "reachable", -1, true);
    bson_append_utf8(out, "credentials", -1,
                     gcp_credentials_source(gcp->credentials), -1);
    bson_append_int64(out, "projects", -1, (int64_t)gcp->projects);
    bson_append_array_begin(out, "platforms", -1, &list);
    bson_append_array_end(out, &list);
    bson_append_array_begin(out, "missing", -1, &probe.missing);
    status = probe_above(&probe, err);
    /* of many projects the first ones are looked at */
    for (size_t i = 0; status == ENGINE_OK && i < gcp->projects &&
                       i < GCP_PROBED;
         i++) {
        const struct probe_place project = {"project", gcp->first[i],
                                            "v1/projects/",
                                            probe_project_needs};

        status = probe_place(&probe, &project, err);
    }
    bson_append_array_end(out, &probe.missing);
    return status;
}
