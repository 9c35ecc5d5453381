/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_count.c - count and group. */
#include "engine/store/mongodb.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/* Called for every document that matches. */
typedef engine_status (*count_fn)(const bson_t *document, void *user,
                                  engine_error *err);

static engine_status count_each(struct mongodb *self, const char *collection,
                                const bson_t *filter, count_fn fn, void *user,
                                engine_error *err)
{
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    engine_status status =
        mongodb_find(&self->base, collection, &query, &cursor, err);
    int more = 1;

    while (status == ENGINE_OK && more > 0) {
        more = mongodb_cursor_next(cursor, &document, err);
        if (more != 0)
            status = more < 0 ? (engine_status)more : fn(document, user, err);
    }
    if (cursor)
        mongodb_cursor_close(cursor);
    return status;
}

/* ---- count ---------------------------------------------------------------- */

static engine_status count_one(const bson_t *document, void *user,
                               engine_error *err)
{
    int64_t *count = user;

    (void)document;
    (void)err;
    ++*count;
    return ENGINE_OK;
}

static engine_status count_ask(struct mongodb *self, const char *name,
                               const bson_t *pushed, int64_t *out,
                               engine_error *err)
{
    mongoc_collection_t *collection = mongodb_collection(self, name);
    bson_error_t error = {0};
    const int64_t count = mongoc_collection_count_documents(
        collection, pushed, NULL, NULL, NULL, &error);

    mongoc_collection_destroy(collection);
    if (count < 0)
        return mongodb_fail(self, "read", &error, err);
    *out = count;
    return ENGINE_OK;
}

engine_status mongodb_count(struct store *store, const char *collection,
                            const bson_t *filter, int64_t *out,
                            engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    struct mongodb_filter parts;
    engine_status status = mongodb_filter_init(&parts, filter, err);
    int64_t count = 0;

    if (status < 0)
        goto out;
    if (parts.exact && !mongodb_pending_touches(self, collection))
        status = count_ask(self, collection, parts.pushed, &count, err);
    else
        status = count_each(self, collection, filter, count_one, &count, err);
    if (status == ENGINE_OK)
        *out = count;
out:
    mongodb_filter_clear(&parts);
    return status;
}

/* ---- group ---------------------------------------------------------------- */

/* Values of documents that were looked at here, and how often each. */
struct count_values {
    const char *field;
    struct table counts;
    size_t bytes;
};

static engine_status group_too_many(engine_error *err)
{
    return engine_fail(err, ENGINE_ELIMIT,
                       "too many different values to count");
}

static engine_status group_one(const bson_t *document, void *user,
                               engine_error *err)
{
    struct count_values *values = user;
    uintptr_t count;
    bson_iter_t iter;
    uint32_t len = 0;
    const char *text;

    if (!bson_iter_init_find(&iter, document, values->field) ||
        !BSON_ITER_HOLDS_UTF8(&iter))
        return ENGINE_OK;
    text = bson_iter_utf8(&iter, &len);
    if (strlen(text) != len)
        return ENGINE_OK;
    count = (uintptr_t)table_get(&values->counts, text);
    if (count == 0)
        values->bytes += len + 16;
    if (values->bytes > DOCUMENT_MAX_BYTES)
        return group_too_many(err);
    return table_set(&values->counts, text, (void *)(count + 1)) < 0
               ? engine_fail_memory(err)
               : ENGINE_OK;
}

static int group_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static engine_status group_list(const struct count_values *values, bson_t *out,
                                engine_error *err)
{
    const char **names =
        engine_calloc(values->counts.count + 1, sizeof(*names));
    size_t at = 0, count = 0;
    void *value = NULL;

    if (!names)
        return engine_fail_memory(err);
    while (count < values->counts.count &&
           (names[count] = table_next(&values->counts, &at, &value)) != NULL)
        count++;
    qsort(names, count, sizeof(*names), group_order);
    for (size_t i = 0; i < count; i++)
        bson_append_int64(
            out, names[i], -1,
            (int64_t)(uintptr_t)table_get(&values->counts, names[i]));
    engine_free(names);
    return ENGINE_OK;
}

static engine_status group_here(struct mongodb *self, const char *collection,
                                const bson_t *filter, const char *field,
                                bson_t *out, engine_error *err)
{
    struct count_values values = {.field = field};
    engine_status status;

    table_init(&values.counts);
    status = count_each(self, collection, filter, group_one, &values, err);
    if (status == ENGINE_OK)
        status = group_list(&values, out, err);
    table_clear(&values.counts);
    return status;
}

/* [{$match}, {$group: {_id: "$field", n: {$sum: 1}}}, {$sort: {_id: 1}}] */
static bson_t *group_pipeline(const bson_t *pushed, const char *name)
{
    return BCON_NEW("pipeline", "[", "{", "$match", BCON_DOCUMENT(pushed), "}",
                    "{", "$group", "{", "_id", BCON_UTF8(name), "n", "{",
                    "$sum", BCON_INT32(1), "}", "}", "}", "{", "$sort", "{",
                    "_id", BCON_INT32(1), "}", "}", "]");
}

static engine_status group_rows(const struct mongodb *self,
                                mongoc_cursor_t *cursor, bson_t *out,
                                engine_error *err)
{
    const bson_t *document = NULL;
    bson_error_t error = {0};
    bson_iter_t value, count;
    uint32_t len = 0;

    while (mongoc_cursor_next(cursor, &document)) {
        const char *text;
        if (!bson_iter_init_find(&value, document, "_id") ||
            !BSON_ITER_HOLDS_UTF8(&value) ||
            !bson_iter_init_find(&count, document, "n"))
            continue;
        text = bson_iter_utf8(&value, &len);
        if (strlen(text) != len)
            continue;
        if (out->len > DOCUMENT_MAX_BYTES)
            return group_too_many(err);
        bson_append_int64(out, text, -1, bson_iter_as_int64(&count));
    }
    return mongoc_cursor_error(cursor, &error)
               ? mongodb_fail(self, "read", &error, err)
               : ENGINE_OK;
}

static engine_status group_ask(struct mongodb *self, const char *name,
                               const bson_t *pushed, const char *field,
                               bson_t *out, engine_error *err)
{
    char *path = engine_strf("$%s", field);
    mongoc_collection_t *collection;
    mongoc_cursor_t *cursor;
    engine_status status;
    bson_t *pipeline;

    if (!path)
        return engine_fail_memory(err);
    pipeline = group_pipeline(pushed, path);
    collection = mongodb_collection(self, name);
    cursor = mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE,
                                         pipeline, NULL, NULL);
    status = group_rows(self, cursor, out, err);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    bson_destroy(pipeline);
    engine_free(path);
    return status;
}

engine_status mongodb_group(struct store *store, const char *collection,
                            const bson_t *filter, const char *field,
                            bson_t *out, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    bson_t counts = BSON_INITIALIZER;
    struct mongodb_filter parts;
    engine_status status = mongodb_filter_init(&parts, filter, err);

    if (status < 0)
        goto out;
    if (parts.exact && mongodb_is_plain_name(field) &&
        !mongodb_pending_touches(self, collection))
        status = group_ask(self, collection, parts.pushed, field, &counts, err);
    else
        status = group_here(self, collection, filter, field, &counts, err);
out:
    mongodb_filter_clear(&parts);
    if (status == ENGINE_OK)
        bson_steal(out, &counts);
    else
        bson_destroy(&counts);
    return status;
}
