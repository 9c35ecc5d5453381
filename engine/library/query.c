/* SPDX-License-Identifier: Apache-2.0 */
/* query.c - looking into the store. */
#include <string.h>

#include "engine/library/library.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define QUERY_JSON_MAX ((size_t)1024 * 1024 * 1024)

struct engine_cursor {
    struct engine *engine;
    struct store *store;
    struct store_cursor *rows;
    struct buffer text; /* of the latest document */
    int ended;          /* what every later call says, unless it is 1 */
    engine_error why;
};

/* What is nobody's else; tokens and the like are the daemon's. */
static engine_status query_collection(const char *name, engine_error *err)
{
    static const char *const known[] = {STORE_RULES, STORE_BENCHMARKS,
                                        STORE_SCANS, STORE_VERDICTS,
                                        STORE_RESULTS};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(name, known[i]) == 0)
            return ENGINE_OK;
    engine_fail(err, ENGINE_EINVAL, "there is no collection \"%.100s\"", name);
    engine_hint(err, "there are rules, benchmarks, scans, verdicts and "
                     "results");
    return ENGINE_EINVAL;
}

/* ---- the query ----------------------------------------------------------- */

struct query {
    bson_t document, filter, sort, fields;
    struct store_query store;
};

static engine_status query_number(const bson_iter_t *value, int64_t *out,
                                  engine_error *err)
{
    if (BSON_ITER_HOLDS_INT(value) && bson_iter_as_int64(value) >= 0) {
        *out = bson_iter_as_int64(value);
        return ENGINE_OK;
    }
    return engine_fail(err, ENGINE_EINVAL,
                       "query: \"%s\" is no number from 0 on",
                       bson_iter_key(value));
}

static engine_status query_child(const bson_iter_t *value, bson_t *child,
                                 const bson_t **out, engine_error *err)
{
    if (BSON_ITER_HOLDS_DOCUMENT(value) && document_iter_child(value, child)) {
        *out = child;
        return ENGINE_OK;
    }
    return engine_fail(err, ENGINE_EINVAL, "query: \"%s\" is no object",
                       bson_iter_key(value));
}

static engine_status query_member(struct query *query,
                                  const bson_iter_t *value, engine_error *err)
{
    const char *key = bson_iter_key(value);

    if (strcmp(key, "filter") == 0)
        return query_child(value, &query->filter, &query->store.filter, err);
    if (strcmp(key, "sort") == 0)
        return query_child(value, &query->sort, &query->store.sort, err);
    if (strcmp(key, "fields") == 0)
        return query_child(value, &query->fields, &query->store.fields, err);
    if (strcmp(key, "skip") == 0)
        return query_number(value, &query->store.skip, err);
    if (strcmp(key, "limit") == 0)
        return query_number(value, &query->store.limit, err);
    engine_fail(err, ENGINE_EINVAL, "query: \"%.100s\" is not known", key);
    engine_hint(err, "a query is {filter, sort, fields, skip, limit}");
    return ENGINE_EINVAL;
}

/* The query's document is to be destroyed after success. */
static engine_status query_parse(const char *text, struct query *out,
                                 engine_error *err)
{
    engine_status status = library_parse(text, "query", &out->document, err);
    bson_iter_t iter;

    if (status < 0)
        return status;
    if (!bson_iter_init(&iter, &out->document))
        status = engine_fail(err, ENGINE_EPARSE, "query: damaged");
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = query_member(out, &iter, err);
    if (status < 0)
        bson_destroy(&out->document);
    return status;
}

/* ---- the cursor ---------------------------------------------------------- */

static engine_status query_open(struct engine *engine, const char *collection,
                                const struct query *query,
                                struct engine_cursor *cursor,
                                engine_error *err)
{
    engine_status status = library_store_take(engine, &cursor->store, err);

    if (status == ENGINE_OK)
        status = store_find(cursor->store, collection, &query->store,
                            &cursor->rows, err);
    return status;
}

engine_status engine_query(struct engine *engine, const char *collection,
                           const char *text, struct engine_cursor **out,
                           engine_error *err)
{
    struct query query = {.store = {0}};
    struct engine_cursor *cursor;
    engine_status status;

    if (!engine || !collection || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_query: an argument is NULL");
    status = query_collection(collection, err);
    if (status == ENGINE_OK)
        status = query_parse(text, &query, err);
    if (status < 0)
        return status;
    cursor = engine_calloc(1, sizeof(*cursor));
    if (cursor) {
        library_hold(engine);
        cursor->engine = engine;
        cursor->ended = 1;
        buffer_init(&cursor->text, QUERY_JSON_MAX);
        status = query_open(engine, collection, &query, cursor, err);
    } else {
        status = engine_fail_memory(err);
    }
    bson_destroy(&query.document);
    if (status == ENGINE_OK)
        *out = cursor;
    else
        engine_cursor_close(cursor);
    return status;
}

static int query_step(struct engine_cursor *cursor, const bson_t **out,
                      engine_error *err)
{
    int got = cursor->ended;

    if (got == 1)
        got = store_cursor_next(cursor->rows, out, &cursor->why);
    if (got < 0 && err)
        *err = cursor->why;
    cursor->ended = got;
    return got;
}

int32_t engine_cursor_next(struct engine_cursor *cursor, const char **json,
                           engine_error *err)
{
    const bson_t *document = NULL;
    int got;

    if (!cursor || !json)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_cursor_next: an argument is NULL");
    got = query_step(cursor, &document, err);
    if (got != 1)
        return got;
    buffer_clear(&cursor->text);
    buffer_init(&cursor->text, QUERY_JSON_MAX);
    (void)document_to_json(document, 0, &cursor->text);
    got = buffer_status(&cursor->text, err);
    if (got < 0)
        return got;
    *json = cursor->text.data;
    return 1;
}

int32_t engine_cursor_next_bson(struct engine_cursor *cursor,
                                const uint8_t **data, uint32_t *len,
                                engine_error *err)
{
    const bson_t *document = NULL;
    int got;

    if (!cursor || !data || !len)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_cursor_next_bson: an argument is NULL");
    got = query_step(cursor, &document, err);
    if (got != 1)
        return got;
    *data = bson_get_data(document);
    *len = document->len;
    return 1;
}

void engine_cursor_close(struct engine_cursor *cursor)
{
    struct engine *engine;

    if (!cursor)
        return;
    engine = cursor->engine;
    store_cursor_close(cursor->rows);
    library_store_give(engine, cursor->store, cursor->ended >= 0);
    buffer_clear(&cursor->text);
    engine_free(cursor);
    library_release(engine);
}

/* ---- single answers ------------------------------------------------------ */

engine_status engine_get(struct engine *engine, const char *collection,
                         const char *id, char **json, engine_error *err)
{
    struct store *store = NULL;
    engine_status status;
    bson_t document;

    if (!engine || !collection || !id || !json)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_get: an argument is NULL");
    status = query_collection(collection, err);
    if (status == ENGINE_OK)
        status = library_store_take(engine, &store, err);
    if (status < 0)
        return status;
    status = store_get(store, collection, id, &document, err);
    library_store_give(engine, store,
                       status == ENGINE_OK || status == ENGINE_ENOTFOUND);
    if (status < 0)
        return status;
    status = library_print(&document, json, err);
    bson_destroy(&document);
    return status;
}

engine_status engine_count(struct engine *engine, const char *collection,
                           const char *filter, int64_t *out, engine_error *err)
{
    struct store *store = NULL;
    engine_status status;
    bson_t document;

    if (!engine || !collection || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_count: an argument is NULL");
    status = query_collection(collection, err);
    if (status == ENGINE_OK)
        status = library_parse(filter, "filter", &document, err);
    if (status < 0)
        return status;
    status = library_store_take(engine, &store, err);
    if (status == ENGINE_OK) {
        status = store_count(store, collection, &document, out, err);
        library_store_give(engine, store, status == ENGINE_OK);
    }
    bson_destroy(&document);
    return status;
}

engine_status engine_artifact_save(struct engine *engine, const char *id,
                                   const char *path, engine_error *err)
{
    struct store *store = NULL;
    engine_status status;

    if (!engine || !id || !path)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_artifact_save: an argument is NULL");
    status = library_store_take(engine, &store, err);
    if (status < 0)
        return status;
    status = store_artifact_get(store, id, path, err);
    library_store_give(engine, store, status == ENGINE_OK);
    return status;
}
