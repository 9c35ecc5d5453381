/* SPDX-License-Identifier: Apache-2.0 */
/* versions.c - API versions by resource type. */
#include "plugins/azure/versions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "plugins/azure/request.h"

#define VERSIONS_MEMORY ((size_t)256 * 1024 * 1024)
#define VERSIONS_TYPE 512

void azure_versions_init(struct azure_versions *versions)
{
    *versions = (struct azure_versions){0};
    arena_init(&versions->arena, VERSIONS_MEMORY);
    table_init(&versions->table);
}

void azure_versions_clear(struct azure_versions *versions)
{
    table_clear(&versions->table);
    arena_clear(&versions->arena);
}

static void versions_lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static bool versions_is_preview(const char *version)
{
    return strlen(version) > sizeof("2023-05-01") - 1;
}

static bool versions_is_better(const char *one, const char *than)
{
    if (versions_is_preview(one) != versions_is_preview(than))
        return versions_is_preview(than);
    return strcmp(one, than) > 0;
}

/* what the provider says, else the newest that is no preview, else that */
static const char *versions_choose(const struct value *type)
{
    const char *said = value_text(value_member(type, "defaultApiVersion"));
    const struct value *all = value_member(type, "apiVersions");
    const char *best = NULL;

    if (said && azure_version_check(said, NULL) == ENGINE_OK)
        return said;
    for (uint32_t i = 0; all && all->kind == VALUE_ARRAY && i < all->count;
         i++) {
        const char *each = value_text(&all->items[i]);

        if (!each || azure_version_check(each, NULL) < 0)
            continue;
        if (!best || versions_is_better(each, best))
            best = each;
    }
    return best;
}

static engine_status versions_add(struct azure_versions *versions,
                                  const char *namespace,
                                  const struct value *type, engine_error *err)
{
    const char *name = value_text(value_member(type, "resourceType"));
    const char *version = versions_choose(type);
    char key[VERSIONS_TYPE], *copy;
    int len;

    if (!name || !version)
        return ENGINE_OK;
    len = snprintf(key, sizeof(key), "%s/%s", namespace, name);
    if (len < 0 || (size_t)len >= sizeof(key))
        return ENGINE_OK;
    versions_lower(key);
    copy = arena_strdup(&versions->arena, version);
    if (!copy || table_set(&versions->table, key, copy) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

engine_status azure_versions_read(struct azure_versions *versions,
                                  const struct value *answer,
                                  engine_error *err)
{
    const struct value *list = value_member(answer, "value");
    engine_status status = ENGINE_OK;

    if (!list || list->kind != VALUE_ARRAY)
        return engine_fail(err, ENGINE_EPARSE,
                           "the list of resource providers is none");
    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const struct value *each = &list->items[i];
        const char *namespace = value_text(value_member(each, "namespace"));
        const struct value *types = value_member(each, "resourceTypes");

        for (uint32_t k = 0; status == ENGINE_OK && namespace && types &&
                             types->kind == VALUE_ARRAY && k < types->count;
             k++)
            status = versions_add(versions, namespace, &types->items[k], err);
    }
    versions->loaded = status == ENGINE_OK;
    return status;
}

const char *azure_versions_get(const struct azure_versions *versions,
                               const char *type)
{
    char key[VERSIONS_TYPE];
    const char *found = NULL;
    char *slash;

    if (strlen(type) >= sizeof(key))
        return NULL;
    snprintf(key, sizeof(key), "%s", type);
    versions_lower(key);
    for (;;) {
        found = table_get(&versions->table, key);
        slash = strrchr(key, '/');
        if (found || !slash || strchr(key, '/') == slash)
            return found;
        *slash = '\0';
    }
}
