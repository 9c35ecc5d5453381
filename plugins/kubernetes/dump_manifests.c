/* SPDX-License-Identifier: Apache-2.0 */
/* dump_manifests.c - manifests before they reach a cluster: YAML and JSON
 * files, several documents in one, Lists taken apart. */
#include <ctype.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/dump.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define MANIFESTS_FILE ((size_t)64 * 1024 * 1024)
#define MANIFESTS_MEMORY ((size_t)1024 * 1024 * 1024)
#define MANIFESTS_DEPTH 32

struct manifest {
    struct value object;
    struct kube_resource resource;
};

struct kube_manifests {
    struct arena arena;
    struct kube_kinds *kinds; /* the dump's */
    struct manifest *items;
    size_t count, room;
    const char *file; /* that is being read, for messages */
};

/* ---- API paths ----------------------------------------------------------- */

static const char *place_segment(const char *at, char *out, size_t size)
{
    size_t len;

    *out = '\0';
    if (!at || *at != '/')
        return NULL;
    len = strcspn(at + 1, "/");
    if (len == 0 || len >= size)
        return NULL;
    memcpy(out, at + 1, len);
    out[len] = '\0';
    return at + 1 + len;
}

bool kube_place_of(const char *plain, struct kube_place *out)
{
    char root[8];
    const char *at = place_segment(plain, root, sizeof(root));

    memset(out, 0, sizeof(*out));
    if (!at)
        return false;
    if (strcmp(root, "apis") == 0)
        at = place_segment(at, out->group, sizeof(out->group));
    else if (strcmp(root, "api") != 0)
        return false;
    at = place_segment(at, out->version, sizeof(out->version));
    at = place_segment(at, out->plural, sizeof(out->plural));
    if (at && strcmp(out->plural, "namespaces") == 0 && *at) {
        at = place_segment(at, out->namespace, sizeof(out->namespace));
        if (at && *at) {
            at = place_segment(at, out->plural, sizeof(out->plural));
        } else { /* the namespace itself */
            memcpy(out->name, out->namespace, sizeof(out->name));
            out->namespace[0] = '\0';
            return at != NULL;
        }
    }
    if (at && *at)
        at = place_segment(at, out->name, sizeof(out->name));
    return at && !*at;
}

/* ---- reading the files --------------------------------------------------- */

/* English plurals, as custom resources nearly always have them */
static char *manifests_plural(struct arena *arena, const char *kind)
{
    const size_t len = strlen(kind);
    char *lower = arena_strdup(arena, kind);
    const char last = len ? (char)tolower((unsigned char)kind[len - 1]) : 0;

    for (char *at = lower; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    if (!lower || !len)
        return lower;
    if (last == 'y' && len > 1 && !strchr("aeiou", lower[len - 2]))
        return arena_strf(arena, "%.*sies", (int)len - 1, lower);
    return arena_strf(arena, "%s%s", lower,
                      strchr("sxz", last) ||
                              (len > 1 && last == 'h' &&
                               strchr("cs", lower[len - 2]))
                          ? "es"
                          : "s");
}

static engine_status manifests_new_kind(struct kube_manifests *manifests,
                                        const char *version, const char *kind,
                                        bool namespaced, engine_error *err)
{
    const char *slash = strchr(version, '/');
    struct kube_resource resource = {
        .group = slash ? arena_strndup(&manifests->arena, version,
                                       (size_t)(slash - version))
                       : "",
        .version = slash ? slash + 1 : version,
        .plural = manifests_plural(&manifests->arena, kind),
        .kind = kind,
        .namespaced = namespaced};

    if (!resource.group || !resource.plural)
        return engine_fail_memory(err);
    return kube_kinds_add(manifests->kinds, &resource, NULL, NULL, err);
}

static engine_status manifests_store(struct kube_manifests *manifests,
                                     const struct value *object,
                                     const struct kube_resource *resource,
                                     engine_error *err)
{
    if (manifests->count == manifests->room) {
        const size_t room = manifests->room ? manifests->room * 2 : 256;
        struct manifest *items =
            engine_realloc(manifests->items, room * sizeof(*items));
        if (!items)
            return engine_fail_memory(err);
        manifests->items = items;
        manifests->room = room;
    }
    manifests->items[manifests->count].object = *object;
    manifests->items[manifests->count++].resource = *resource;
    return ENGINE_OK;
}

/* files that are no manifests (values of a chart, CI settings) lie about */
static engine_status manifests_add_object(struct kube_manifests *manifests,
                                          const struct value *object,
                                          engine_error *err)
{
    const char *version = value_text(value_member(object, "apiVersion"));
    const char *kind = value_text(value_member(object, "kind"));
    const struct kube_resource *resource;
    engine_status status = ENGINE_OK;

    if (!version || !kind || !*version || !*kind || strlen(version) > 300 ||
        strlen(kind) > 200)
        return ENGINE_OK;
    resource = kube_kinds_of(manifests->kinds, version, kind);
    if (!resource) {
        status = manifests_new_kind(
            manifests, version, kind,
            value_at(object, "metadata", "namespace", NULL) != NULL, err);
        resource = kube_kinds_of(manifests->kinds, version, kind);
    }
    if (status < 0 || !resource)
        return status;
    return manifests_store(manifests, object, resource, err);
}

/* Types may be called something List, objects may have items: a list has no
 * name, and its kind ends so, or its items say what they are. */
static bool manifests_is_list(const struct value *document)
{
    const char *kind = value_text(value_member(document, "kind"));
    const struct value *items = value_member(document, "items");
    const size_t len = kind ? strlen(kind) : 0;

    if (!items || items->kind != VALUE_ARRAY ||
        value_at(document, "metadata", "name", NULL) ||
        value_at(document, "metadata", "generateName", NULL))
        return false;
    return (len >= 4 && strcmp(kind + len - 4, "List") == 0) ||
           (items->count && value_member(&items->items[0], "apiVersion") &&
            value_member(&items->items[0], "kind"));
}

static engine_status manifests_on_document(const struct value *document,
                                           long line, void *user,
                                           engine_error *err)
{
    struct kube_manifests *manifests = user;
    const struct value *items = value_member(document, "items");
    engine_status status = ENGINE_OK;

    (void)line;
    if (!manifests_is_list(document))
        return manifests_add_object(manifests, document, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < items->count; i++)
        status = manifests_add_object(manifests, &items->items[i], err);
    return status;
}

static engine_status manifests_read_file(struct kube_manifests *manifests,
                                         const char *path, engine_error *err)
{
    engine_status status;
    char *text = NULL;
    size_t len = 0;

    status = file_read(path, MANIFESTS_FILE, &text, &len, err);
    if (status == ENGINE_OK)
        status = value_from_yaml(text, len, path, &manifests->arena,
                                 manifests_on_document, manifests, err);
    engine_free(text);
    return status;
}

static bool manifests_is_one(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
                   strcmp(dot, ".json") == 0);
}

static int manifests_order(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static engine_status manifests_walk(struct kube_manifests *manifests,
                                    const char *path, engine_error *err)
{
    char *copy = engine_strdup(path);
    char *const paths[] = {copy, NULL};
    FTS *tree = copy ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR,
                                manifests_order)
                     : NULL;
    engine_status status = ENGINE_OK;
    FTSENT *entry;

    if (!tree)
        status = engine_fail(err, ENGINE_EIO, "%s: %s", path,
                             strerror(errno));
    while (status == ENGINE_OK && tree && (entry = fts_read(tree))) {
        if (entry->fts_info == FTS_D && entry->fts_level > MANIFESTS_DEPTH)
            fts_set(tree, entry, FTS_SKIP);
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
            status = engine_fail(err, ENGINE_EIO, "%s: %s", entry->fts_path,
                                 strerror(entry->fts_errno));
        if (entry->fts_info == FTS_F &&
            (entry->fts_level == 0 || manifests_is_one(entry->fts_name)))
            status = manifests_read_file(manifests, entry->fts_path, err);
    }
    if (tree)
        fts_close(tree);
    engine_free(copy);
    return status;
}

engine_status kube_manifests_open(const char *path, struct kube_kinds *kinds,
                                  struct kube_manifests **out,
                                  engine_error *err)
{
    struct kube_manifests *manifests = engine_calloc(1, sizeof(*manifests));
    engine_status status;

    if (!manifests)
        return engine_fail_memory(err);
    arena_init(&manifests->arena, MANIFESTS_MEMORY);
    manifests->kinds = kinds;
    status = manifests_walk(manifests, path, err);
    if (status == ENGINE_OK && manifests->count == 0)
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "%s holds neither a dump (folders api and apis) "
                             "nor manifests", path);
    if (status < 0) {
        kube_manifests_close(manifests);
        return status;
    }
    *out = manifests;
    return ENGINE_OK;
}

void kube_manifests_close(struct kube_manifests *manifests)
{
    if (!manifests)
        return;
    arena_clear(&manifests->arena);
    engine_free(manifests->items);
    engine_free(manifests);
}

/* ---- answering ----------------------------------------------------------- */

static bool manifests_fits(const struct manifest *manifest,
                           const struct kube_place *place)
{
    const struct value *metadata = value_member(&manifest->object, "metadata");
    const char *name = value_text(value_member(metadata, "name"));
    const char *space = value_text(value_member(metadata, "namespace"));

    if (strcmp(manifest->resource.group, place->group) != 0 ||
        strcmp(manifest->resource.plural, place->plural) != 0)
        return false;
    if (*place->name && (!name || strcmp(name, place->name) != 0))
        return false;
    /* without a namespace a manifest goes to the default one */
    return !*place->namespace ||
           strcmp(space ? space : "default", place->namespace) == 0;
}

static engine_status manifests_read_list(
    const struct kube_manifests *manifests, const struct kube_place *place,
    struct kube_read *read, engine_error *err)
{
    const struct value_member items = {
        .key = "items", .key_len = 5, .value = {.kind = VALUE_ARRAY}};
    const struct value list = {
        .kind = VALUE_OBJECT, .count = 1, .members = &items};
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < manifests->count; i++)
        if (manifests_fits(&manifests->items[i], place))
            status = kube_read_item(read, &manifests->items[i].object, err);
    return status < 0 ? status : kube_read_value(read, &list, err);
}

static engine_status manifests_read_object(
    const struct kube_manifests *manifests, const struct kube_place *place,
    struct kube_read *read, engine_error *err)
{
    for (size_t i = 0; i < manifests->count; i++)
        if (manifests_fits(&manifests->items[i], place))
            return kube_read_value(read, &manifests->items[i].object, err);
    kube_read_absent(read);
    return ENGINE_OK;
}

engine_status kube_manifests_read(const struct kube_manifests *manifests,
                                  struct kube_read *read, engine_error *err)
{
    struct kube_selector *selector = NULL;
    struct kube_place place;
    engine_status status;

    if (!kube_place_of(read->path.plain, &place)) {
        kube_read_absent(read);
        return ENGINE_OK;
    }
    if (*place.name)
        return manifests_read_object(manifests, &place, read, err);
    status = kube_selector_new(read->path.labels, read->path.fields,
                               &selector, err);
    read->narrow = selector;
    if (status == ENGINE_OK)
        status = manifests_read_list(manifests, &place, read, err);
    read->narrow = NULL;
    kube_selector_free(selector);
    return status;
}
