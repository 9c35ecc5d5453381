/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_catalog.c - frameworks and variables, gathered from latest rules. */
#include <stdlib.h>
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"

typedef engine_status (*catalog_fn)(const bson_t *rule, void *user,
                                    engine_error *err);

static engine_status catalog_each(struct request *request,
                                  const bson_t *filter, const char *field,
                                  catalog_fn fn, void *user, engine_error *err)
{
    bson_t *fields = BCON_NEW(field, BCON_INT32(1), "rule_id", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *rule;
    engine_status status =
        store_find(request->store, STORE_RULES, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &rule, err)) == 1)
        status = fn(rule, user, err);
    store_cursor_close(cursor);
    bson_destroy(fields);
    return status == ENGINE_OK && more < 0 ? more : status;
}

static int catalog_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of a table in order; freed with engine_free, its texts are the
 * table's. */
static const char **catalog_sorted(const struct table *table)
{
    const char **list = engine_calloc(table->count + 1, sizeof(*list));
    const char *key;
    size_t at = 0, count = 0;

    while (list && (key = table_next(table, &at, NULL)))
        list[count++] = key;
    if (list)
        qsort(list, count, sizeof(*list), catalog_compare);
    return list;
}

/* ---- frameworks ---------------------------------------------------------- */

/* Counts rules by "framework\nversion". */
static engine_status frameworks_look(const bson_t *rule, void *user,
                                     engine_error *err)
{
    struct table *counts = user;
    bson_t frameworks, versions;
    bson_iter_t iter, items;

    if (!document_child(rule, "frameworks", &frameworks) ||
        !bson_iter_init(&iter, &frameworks))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        if (!document_iter_child(&iter, &versions) ||
            !bson_iter_init(&items, &versions))
            continue;
        while (bson_iter_next(&items)) {
            char key[512];
            uintptr_t count;

            snprintf(key, sizeof(key), "%.200s\n%.200s", bson_iter_key(&iter),
                     bson_iter_key(&items));
            count = (uintptr_t)table_get(counts, key) + 1;
            if (table_set(counts, key, (void *)count) < 0)
                return engine_fail_memory(err);
        }
    }
    return ENGINE_OK;
}

static void frameworks_put(const struct table *counts, const char *const *keys,
                           bson_t *out)
{
    for (uint32_t i = 0; keys[i]; i++) {
        const char *line = strchr(keys[i], '\n');
        bson_t item;
        char key[16];

        snprintf(key, sizeof(key), "%u", i);
        BSON_APPEND_DOCUMENT_BEGIN(out, key, &item);
        bson_append_utf8(&item, "framework", -1, keys[i],
                         (int)(line - keys[i]));
        BSON_APPEND_UTF8(&item, "version", line + 1);
        BSON_APPEND_INT64(&item, "rules",
                          (int64_t)(uintptr_t)table_get(counts, keys[i]));
        bson_append_document_end(out, &item);
    }
}

engine_status handle_frameworks(struct request *request,
                                struct response *response, engine_error *err)
{
    bson_t *filter = BCON_NEW("is_latest", BCON_BOOL(true));
    bson_t out = BSON_INITIALIZER, list;
    const char **keys = NULL;
    struct table counts;
    engine_status status;

    table_init(&counts);
    status = catalog_each(request, filter, "frameworks", frameworks_look,
                          &counts, err);
    if (status == ENGINE_OK)
        keys = catalog_sorted(&counts);
    if (status == ENGINE_OK && !keys)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK) {
        BSON_APPEND_ARRAY_BEGIN(&out, "frameworks", &list);
        frameworks_put(&counts, keys, &list);
        bson_append_array_end(&out, &list);
        status = response_document(response, 200, &out, err);
    }
    engine_free(keys);
    table_clear(&counts);
    bson_destroy(&out);
    bson_destroy(filter);
    return status;
}

/* ---- variables ----------------------------------------------------------- */

struct variables {
    struct table seen; /* short id -> bson_t */
};

static engine_status variables_look(const bson_t *rule, void *user,
                                    engine_error *err)
{
    struct variables *variables = user;
    bson_t all, item;
    bson_iter_t iter;

    if (!document_child(rule, "variables", &all) ||
        !bson_iter_init(&iter, &all))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        const char *id = rules_variable_short(bson_iter_key(&iter));
        bson_t *copy;

        if (table_has(&variables->seen, id) ||
            !document_iter_child(&iter, &item))
            continue;
        copy = bson_copy(&item);
        if (table_set(&variables->seen, id, copy) < 0) {
            bson_destroy(copy);
            return engine_fail_memory(err);
        }
    }
    return ENGINE_OK;
}

static engine_status variables_filter(struct request *request, bson_t *filter,
                                      engine_error *err)
{
    const char *framework = request_query(request, "framework");
    const char *version = request_query(request, "framework_version");
    const char *name = request_query(request, "benchmark");
    char *benchmark = NULL;
    engine_status status = ENGINE_OK;
    bson_t refs, match;

    BSON_APPEND_BOOL(filter, "is_latest", true);
    if (framework) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "framework_refs", &refs);
        BSON_APPEND_DOCUMENT_BEGIN(&refs, "$elemMatch", &match);
        BSON_APPEND_UTF8(&match, "framework", framework);
        if (version)
            BSON_APPEND_UTF8(&match, "version", version);
        bson_append_document_end(&refs, &match);
        bson_append_document_end(filter, &refs);
    }
    if (name)
        status = rules_find_benchmark(request->store, name, &benchmark, err);
    if (benchmark)
        BSON_APPEND_UTF8(filter, "benchmark", benchmark);
    engine_free(benchmark);
    return status;
}

static void variables_put(const struct variables *variables,
                          const char *const *keys, bson_t *out)
{
    for (uint32_t i = 0; keys[i]; i++) {
        const bson_t *variable = table_get(&variables->seen, keys[i]);
        bson_t item;
        char key[16];

        snprintf(key, sizeof(key), "%u", i);
        BSON_APPEND_DOCUMENT_BEGIN(out, key, &item);
        BSON_APPEND_UTF8(&item, "id", keys[i]);
        bson_copy_to_excluding_noinit(variable, &item, "id", NULL);
        bson_append_document_end(out, &item);
    }
}

engine_status handle_variables(struct request *request,
                               struct response *response, engine_error *err)
{
    bson_t filter = BSON_INITIALIZER, out = BSON_INITIALIZER, list;
    struct variables variables;
    const char **keys = NULL;
    engine_status status = variables_filter(request, &filter, err);
    size_t at = 0;
    void *value;

    table_init(&variables.seen);
    if (status == ENGINE_OK)
        status = catalog_each(request, &filter, "variables", variables_look,
                              &variables, err);
    if (status == ENGINE_OK)
        keys = catalog_sorted(&variables.seen);
    if (status == ENGINE_OK && !keys)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK) {
        BSON_APPEND_ARRAY_BEGIN(&out, "variables", &list);
        variables_put(&variables, keys, &list);
        bson_append_array_end(&out, &list);
        status = response_document(response, 200, &out, err);
    }
    while (table_next(&variables.seen, &at, &value))
        bson_destroy(value);
    engine_free(keys);
    table_clear(&variables.seen);
    bson_destroy(&out);
    bson_destroy(&filter);
    return status;
}
