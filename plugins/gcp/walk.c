/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.c - the projects of a folder or an organization, and of all folders
 * below (Cloud Resource Manager v3). Both lists of each folder are asked for
 * as soon as it is known; what was found is sorted at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/gcp.h"
#include "sdk/base/alloc.h"

#define WALK_FOLDERS 100000

struct walk {
    struct gcp *gcp;
    struct arena *arena;
    struct table folders; /* that were met */
    const struct value **projects;
    size_t count, room;
    engine_error why; /* the first failure: nothing is begun any more */
};

typedef void (*walk_end_fn)(struct gcp_call *call, const struct value *value,
                            const char *code, const engine_error *why);

static void walk_fail(struct walk *walk, const engine_error *why)
{
    if (walk->why.status == ENGINE_OK)
        walk->why = *why;
}

/* The same of a call about a folder, which its message does not name. */
static void walk_fail_at(const struct gcp_call *call, const engine_error *why)
{
    const char *parent = strstr(call->request.path, "parent=");
    engine_error named = *why;

    parent = parent ? parent + strlen("parent=") : "";
    engine_error_prefix(&named, "%.*s", (int)strcspn(parent, "&"), parent);
    walk_fail(call->user, &named);
}

static void walk_begin(struct walk *walk, const char *what, const char *parent,
                       walk_end_fn end)
{
    struct gcp_call *call = gcp_call_new(walk->gcp);
    engine_error why = {0};
    char request[200];

    snprintf(request, sizeof(request),
             "cloudresourcemanager/v3/%s?parent=%.60s&pageSize=100", what,
             parent);
    if (!call || gcp_request_own(request, NULL, &call->request, &why) < 0) {
        gcp_call_free(call);
        if (why.status == ENGINE_OK)
            engine_fail_memory(&why);
        walk_fail(walk, &why);
        return;
    }
    snprintf(call->bucket, sizeof(call->bucket), "own:%s", call->request.api);
    call->arena = walk->arena;
    call->end = end;
    call->user = walk;
    gcp_call_begin(call);
}

/* ---- projects ------------------------------------------------------------ */

static engine_status walk_keep(struct walk *walk, const struct value *project,
                               engine_error *err)
{
    if (walk->count == walk->room) {
        const size_t room = walk->room ? 2 * walk->room : 64;
        const struct value **more = engine_realloc(
            walk->projects, room * sizeof(*more));

        if (!more)
            return engine_fail_memory(err);
        walk->projects = more;
        walk->room = room;
    }
    walk->projects[walk->count++] = project;
    return ENGINE_OK;
}

/* A list that an answer need not have; anything else in its place is odd. */
static engine_status walk_list(const struct value *answer, const char *key,
                               const struct value **out, engine_error *err)
{
    *out = value_member(answer, key);
    if (!*out || (*out)->kind == VALUE_NULL)
        *out = NULL;
    return !*out || (*out)->kind == VALUE_ARRAY
               ? ENGINE_OK
               : engine_fail(err, ENGINE_EPARSE,
                             "the answer has no list in \"%s\"", key);
}

typedef engine_status (*walk_item_fn)(struct walk *walk,
                                      const struct value *item,
                                      engine_error *err);

/* The end of a call: each item of the answer's list, until one fails. */
static void walk_items(struct gcp_call *call, const struct value *answer,
                       const char *key, walk_item_fn fn,
                       const engine_error *why)
{
    struct walk *walk = call->user;
    const struct value *list = NULL;
    engine_error failure = {0};

    if (!answer)
        walk_fail_at(call, why);
    else if (walk_list(answer, key, &list, &failure) < 0)
        walk_fail_at(call, &failure);
    for (uint32_t i = 0; list && i < list->count &&
                         walk->why.status == ENGINE_OK;
         i++)
        if (fn(walk, &list->items[i], &failure) < 0)
            walk_fail_at(call, &failure);
    gcp_call_free(call);
}

static void walk_projects(struct gcp_call *call, const struct value *value,
                          const char *code, const engine_error *why)
{
    (void)code;
    walk_items(call, value, "projects", walk_keep, why);
}

/* ---- folders ------------------------------------------------------------- */

static void walk_folder(struct walk *walk, const char *name);

static engine_status walk_enter(struct walk *walk, const struct value *folder,
                                engine_error *err)
{
    const char *name = value_text(value_member(folder, "name"));
    const char *state = value_text(value_member(folder, "state"));

    if (state && strcmp(state, "ACTIVE") != 0)
        return ENGINE_OK;
    if (!name || strncmp(name, "folders/", 8) != 0 || !name[8] ||
        strlen(name) > 60 || name[8 + strspn(name + 8, "0123456789")])
        return engine_fail(err, ENGINE_EPARSE,
                           "the list of folders has one without a name");
    if (table_has(&walk->folders, name)) /* it was moved meanwhile */
        return ENGINE_OK;
    if (walk->folders.count == WALK_FOLDERS)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d folders",
                           WALK_FOLDERS);
    if (table_set(&walk->folders, name, walk) < 0)
        return engine_fail_memory(err);
    walk_folder(walk, name);
    return ENGINE_OK;
}

static void walk_folders(struct gcp_call *call, const struct value *value,
                         const char *code, const engine_error *why)
{
    (void)code;
    walk_items(call, value, "folders", walk_enter, why);
}

static void walk_folder(struct walk *walk, const char *name)
{
    walk_begin(walk, "projects", name, walk_projects);
    if (walk->why.status == ENGINE_OK)
        walk_begin(walk, "folders", name, walk_folders);
}

/* ---- all of it ----------------------------------------------------------- */

static int walk_compare(const void *a, const void *b)
{
    const struct value *const *one = a, *const *other = b;
    const char *first = value_text(value_member(*one, "projectId"));
    const char *second = value_text(value_member(*other, "projectId"));

    return strcmp(first ? first : "", second ? second : "");
}

engine_status gcp_walk(struct gcp *gcp, const char *root, struct arena *arena,
                       struct value *out, engine_error *err)
{
    struct walk walk = {.gcp = gcp, .arena = arena};
    struct value *items = NULL;
    engine_status status;

    table_init(&walk.folders);
    walk_folder(&walk, root);
    status = http_run(cloud_http(gcp->cloud), err);
    if (status == ENGINE_OK && walk.why.status < 0) {
        status = walk.why.status;
        if (err)
            *err = walk.why;
    }
    if (status == ENGINE_OK && walk.count)
        qsort(walk.projects, walk.count, sizeof(*walk.projects), walk_compare);
    if (status == ENGINE_OK) {
        items = arena_alloc(arena, (walk.count + 1) * sizeof(*items));
        status = items ? ENGINE_OK : engine_fail_memory(err);
    }
    *out = (struct value){.kind = VALUE_ARRAY, .items = items};
    for (size_t i = 0; status == ENGINE_OK && i < walk.count; i++)
        if (!i || walk_compare(&walk.projects[i - 1], &walk.projects[i]) != 0)
            items[out->count++] = *walk.projects[i];
    table_clear(&walk.folders);
    engine_free(walk.projects);
    return status;
}
