/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c - the organization and its projects (Cloud Resource Manager v3). */
#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/gcp.h"
#include "sdk/base/alloc.h"

#define SCOPES_MEMORY ((size_t)256 * 1024 * 1024)

struct scopes_project {
    const char *id, *number, *name;
};

static engine_status scopes_value(struct gcp *gcp,
                                  const struct scopes_project *project,
                                  struct value *out, engine_error *err)
{
    static const struct scopes_project none;
    struct arena *arena = cloud_arena(gcp->cloud);
    struct value_member *members = arena_alloc(arena, 5 * sizeof(*members));
    engine_status status;

    if (!members)
        return engine_fail_memory(err);
    project = project ? project : &none;
    status = value_member_text(arena, &members[0], "organization",
                               gcp->target.organization, err);
    if (status == ENGINE_OK)
        status = value_member_text(arena, &members[1], "folder",
                                   gcp->target.folder, err);
    if (status == ENGINE_OK)
        status =
            value_member_text(arena, &members[2], "project", project->id, err);
    if (status == ENGINE_OK)
        status = value_member_text(arena, &members[3], "project_number",
                                   project->number, err);
    if (status == ENGINE_OK)
        status = value_member_text(arena, &members[4], "project_name",
                                   project->name, err);
    *out = (struct value){.kind = VALUE_OBJECT, .count = 5, .members = members};
    return status;
}

static engine_status scopes_organization(struct gcp *gcp,
                                         const struct cloud_scope **out,
                                         engine_error *err)
{
    struct arena *arena = cloud_arena(gcp->cloud);
    const char *organization = gcp->target.organization;
    const char *folder = gcp->target.folder;
    struct cloud_scope scope = {.level = GCP_ORGANIZATION};
    const engine_status status = scopes_value(gcp, NULL, &scope.value, err);

    if (status < 0)
        return status;
    scope.name = organization ? organization : folder ? folder : "organization";
    scope.account =
        organization ? arena_strf(arena, "organizations/%s", organization)
        : folder     ? arena_strf(arena, "folders/%s", folder)
                     : "organization";
    scope.label = scope.account;
    if (!scope.account)
        return engine_fail_memory(err);
    return cloud_add_scope(gcp->cloud, &scope, out, err);
}

static engine_status scopes_add(struct gcp *gcp,
                                const struct cloud_scope *parent,
                                const struct scopes_project *project,
                                engine_error *err)
{
    struct arena *arena = cloud_arena(gcp->cloud);
    struct cloud_scope scope = {.parent = parent,
                                .level = GCP_PROJECT,
                                .name = arena_strdup(arena, project->id)};
    const engine_status status = scopes_value(gcp, project, &scope.value, err);
    struct gcp_project *known = arena_alloc(arena, sizeof(*known));

    if (status < 0)
        return status;
    scope.label = arena_strf(arena, "project %s", project->id);
    scope.account = scope.name;
    scope.data = known;
    if (!known || !scope.name || !scope.label)
        return engine_fail_memory(err);
    *known = (struct gcp_project){
        .id = scope.name,
        .number = value_text(value_member(&scope.value, "project_number"))};
    if (gcp->projects < GCP_PROBED)
        gcp->first[gcp->projects] = scope.name;
    gcp->projects++;
    return cloud_add_scope(gcp->cloud, &scope, NULL, err);
}

/* ---- lists of them ------------------------------------------------------- */

/* It becomes part of paths: no API gives one that could be another. */
static bool scopes_is_id(const char *id)
{
    return id && *id && strlen(id) < 100 &&
           !id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-:.")];
}

static engine_status scopes_listed(struct gcp *gcp,
                                   const struct cloud_scope *parent,
                                   const struct value *list, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; status == ENGINE_OK && list &&
                         list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const struct value *entry = &list->items[i];
        const char *state = value_text(value_member(entry, "state"));
        const char *name = value_text(value_member(entry, "name"));
        const struct scopes_project project = {
            value_text(value_member(entry, "projectId")),
            name && strncmp(name, "projects/", 9) == 0 ? name + 9 : NULL,
            value_text(value_member(entry, "displayName"))};

        if (state && strcmp(state, "ACTIVE") != 0)
            continue;
        status = scopes_is_id(project.id)
                     ? scopes_add(gcp, parent, &project, err)
                     : engine_fail(err, ENGINE_EPARSE,
                                   "the list of projects has one without an "
                                   "id");
    }
    return status;
}

static engine_status scopes_walk(struct gcp *gcp,
                                 const struct cloud_scope *parent,
                                 engine_error *err)
{
    const struct gcp_target *target = &gcp->target;
    struct value list = value_null;
    struct arena arena;
    char root[60];
    engine_status status;

    arena_init(&arena, SCOPES_MEMORY);
    snprintf(root, sizeof(root), "%s/%.40s",
             target->folder ? "folders" : "organizations",
             target->folder ? target->folder : target->organization);
    status = gcp_walk(gcp, root, &arena, &list, err);
    if (status == ENGINE_OK)
        status = scopes_listed(gcp, parent, &list, err);
    arena_clear(&arena);
    return status;
}

static engine_status scopes_search(struct gcp *gcp,
                                   const struct cloud_scope *parent,
                                   engine_error *err)
{
    const struct value *answer = NULL;
    struct arena arena;
    engine_status status;

    arena_init(&arena, SCOPES_MEMORY);
    status = gcp_fetch(gcp,
                       "cloudresourcemanager/v3/projects:search?query="
                       "state:ACTIVE&pageSize=500",
                       NULL, &arena, &answer, err);
    if (status == ENGINE_OK)
        status = scopes_listed(gcp, parent, value_member(answer, "projects"),
                               err);
    arena_clear(&arena);
    return status;
}

/* ---- the target's -------------------------------------------------------- */

/* What the environment, the credentials' file or the machine says. */
static engine_status scopes_usual(struct gcp *gcp,
                                  const struct cloud_scope *parent,
                                  engine_error *err)
{
    static const char *const names[] = {"GOOGLE_CLOUD_PROJECT",
                                        "CLOUDSDK_CORE_PROJECT"};
    struct scopes_project project = {0};
    char *asked = NULL;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; !project.id && i < 2; i++) {
        project.id = getenv(names[i]);
        project.id = project.id && *project.id ? project.id : NULL;
    }
    if (!project.id)
        project.id = gcp_credentials_project(gcp->credentials);
    if (!project.id && gcp->target.metadata) {
        status = gcp_metadata_project(cloud_http(gcp->cloud), &asked, err);
        project.id = asked;
    }
    if (status == ENGINE_OK && !project.id) {
        status = engine_fail(err, ENGINE_EINVAL, "target: no project is named");
        engine_hint(err, "give \"project\", \"projects\" (a list or \"all\"), "
                         "\"folder\" or \"organization\"");
    }
    if (status == ENGINE_OK && !scopes_is_id(project.id))
        status = engine_fail(err, ENGINE_EINVAL,
                             "\"%.100s\" is no id of a project", project.id);
    if (status == ENGINE_OK)
        status = scopes_add(gcp, parent, &project, err);
    engine_free(asked);
    return status;
}

static engine_status scopes_projects(struct gcp *gcp,
                                     const struct cloud_scope *parent,
                                     engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (gcp->target.projects) {
        for (size_t i = 0; status == ENGINE_OK && gcp->target.projects[i];
             i++) {
            const struct scopes_project project = {
                .id = gcp->target.projects[i]};

            status = scopes_add(gcp, parent, &project, err);
        }
        return status;
    }
    if (!gcp->target.all && !gcp->target.folder && !gcp->target.organization)
        return scopes_usual(gcp, parent, err);
    status = gcp->target.all ? scopes_search(gcp, parent, err)
                             : scopes_walk(gcp, parent, err);
    if (status == ENGINE_OK && !gcp->projects) {
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "%s: the identity sees no project", parent->label);
        engine_hint(err, "give it the role Browser there");
    }
    return status;
}

engine_status gcp_scopes(void *self, unsigned deepest, engine_error *err)
{
    struct gcp *gcp = self;
    const struct cloud_scope *parent = NULL;
    const struct secret *token;
    unsigned round = 0;
    /* once, before many requests ask for it at the same time */
    engine_status status =
        gcp_credentials_get(gcp->credentials, false, &round, &token, err);

    if (status == ENGINE_OK)
        status = scopes_organization(gcp, &parent, err);
    if (status < 0 || deepest < GCP_PROJECT)
        return status;
    return scopes_projects(gcp, parent, err);
}
