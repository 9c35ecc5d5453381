/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - finding a resource type by any of its names. */
#include "plugins/kubernetes/kinds.h"

#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"
#include "sdk/base/arena.h"

#define KINDS_MEMORY ((size_t)32 * 1024 * 1024)

struct kinds_entry {
    struct kube_resource resource;
    const char *singular, *shorts;
    struct kinds_entry *next;
};

struct kube_kinds {
    struct arena arena;
    struct kinds_entry *first, *last;
    size_t count;
};

struct kube_kinds *kube_kinds_new(void)
{
    struct kube_kinds *kinds = engine_calloc(1, sizeof(*kinds));

    if (kinds)
        arena_init(&kinds->arena, KINDS_MEMORY);
    return kinds;
}

void kube_kinds_free(struct kube_kinds *kinds)
{
    if (!kinds)
        return;
    arena_clear(&kinds->arena);
    engine_free(kinds);
}

engine_status kube_kinds_add(struct kube_kinds *kinds,
                             const struct kube_resource *resource,
                             const char *singular, const char *shorts,
                             engine_error *err)
{
    struct arena *arena = &kinds->arena;
    struct kinds_entry *entry = arena_alloc(arena, sizeof(*entry));

    if (!entry)
        return engine_fail_memory(err);
    entry->resource =
        (struct kube_resource){arena_strdup(arena, resource->group),
                               arena_strdup(arena, resource->version),
                               arena_strdup(arena, resource->plural),
                               arena_strdup(arena, resource->kind),
                               resource->namespaced};
    entry->singular = arena_strdup(arena, singular ? singular : "");
    entry->shorts = arena_strdup(arena, shorts ? shorts : "");
    if (!entry->resource.group || !entry->resource.version ||
        !entry->resource.plural || !entry->resource.kind ||
        !entry->singular || !entry->shorts)
        return engine_fail_memory(err);
    if (kinds->last)
        kinds->last->next = entry;
    else
        kinds->first = entry;
    kinds->last = entry;
    kinds->count++;
    return ENGINE_OK;
}

static bool kinds_is(const char *name, size_t len, const char *text)
{
    return strlen(text) == len && strncasecmp(name, text, len) == 0;
}

static bool kinds_is_short(const char *name, size_t len, const char *shorts)
{
    while (*shorts) {
        const size_t part = strcspn(shorts, ",");
        if (part == len && strncasecmp(name, shorts, len) == 0)
            return true;
        shorts += part + (shorts[part] == ',');
    }
    return false;
}

static bool kinds_is_called(const struct kinds_entry *entry, const char *name,
                            size_t len)
{
    return kinds_is(name, len, entry->resource.plural) ||
           kinds_is(name, len, entry->resource.kind) ||
           (*entry->singular && kinds_is(name, len, entry->singular)) ||
           kinds_is_short(name, len, entry->shorts);
}

/* group, version and name, the first two only where they were given */
struct kinds_query {
    const char *name, *group, *version;
    size_t name_len, group_len, version_len;
};

static const struct kube_resource *
kinds_search(const struct kube_kinds *kinds, const struct kinds_query *query)
{
    for (const struct kinds_entry *entry = kinds->first; entry;
         entry = entry->next)
        if (kinds_is_called(entry, query->name, query->name_len) &&
            (!query->group || kinds_is(query->group, query->group_len,
                                       entry->resource.group)) &&
            (!query->version || kinds_is(query->version, query->version_len,
                                         entry->resource.version)))
            return &entry->resource;
    return NULL;
}

/* "v1/Pod", "apps/v1/Deployment" */
static const struct kube_resource *
kinds_find_slashed(const struct kube_kinds *kinds, const char *name)
{
    const char *last = strrchr(name, '/');
    const char *first = strchr(name, '/');
    struct kinds_query query = {.name = last + 1,
                                .name_len = strlen(last + 1),
                                .group = "",
                                .version = name,
                                .version_len = (size_t)(first - name)};

    if (first != last) {
        query.group = name;
        query.group_len = (size_t)(first - name);
        query.version = first + 1;
        query.version_len = (size_t)(last - first - 1);
    }
    return kinds_search(kinds, &query);
}

const struct kube_resource *kube_kinds_find(const struct kube_kinds *kinds,
                                            const char *name)
{
    const char *dot = strchr(name, '.'), *second;
    struct kinds_query query = {.name = name, .name_len = strlen(name)};
    const struct kube_resource *found;

    if (strchr(name, '/'))
        return kinds_find_slashed(kinds, name);
    if (!dot)
        return kinds_search(kinds, &query);
    query.name_len = (size_t)(dot - name);
    query.group = dot + 1;
    query.group_len = strlen(dot + 1);
    found = kinds_search(kinds, &query);
    second = strchr(dot + 1, '.');
    if (found || !second)
        return found;
    query.version = dot + 1;
    query.version_len = (size_t)(second - dot - 1);
    query.group = second + 1;
    query.group_len = strlen(second + 1);
    return kinds_search(kinds, &query);
}

const struct kube_resource *kube_kinds_of(const struct kube_kinds *kinds,
                                          const char *api_version,
                                          const char *kind)
{
    const char *slash = strchr(api_version, '/');
    const struct kinds_query query = {
        .name = kind,
        .name_len = strlen(kind),
        .group = slash ? api_version : "",
        .group_len = slash ? (size_t)(slash - api_version) : 0,
        .version = slash ? slash + 1 : api_version,
        .version_len = strlen(slash ? slash + 1 : api_version)};

    return kinds_search(kinds, &query);
}

size_t kube_kinds_count(const struct kube_kinds *kinds)
{
    return kinds->count;
}

const struct kube_resource *kube_kinds_at(const struct kube_kinds *kinds,
                                          size_t index)
{
    const struct kinds_entry *entry = kinds->first;

    while (entry && index--)
        entry = entry->next;
    return entry ? &entry->resource : NULL;
}
