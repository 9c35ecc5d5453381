/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_find.c - get, and cursors. */
#include "engine/store/mongodb.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/*
 * Three kinds of query. What the server answers as the matcher would comes as
 * it is. Where it gives too much, the matcher decides here, and here is
 * skipped, limited and cut to fields. Where also the order must be made here
 * (keys with dots), or changes wait to be sent, the documents are held.
 *
 * A server keeps no state for a cursor. The first message of it, that is up to
 * MONGODB_BATCH documents, is fetched at once and never changes; documents
 * beyond it may show what is written meanwhile.
 */
struct mongodb_cursor {
    struct store_cursor base;
    struct mongodb *self;
    const char *collection;
    struct mongodb_filter filter;
    mongoc_cursor_t *handle;
    bson_t *fields; /* a copy; NULL for all */
    bson_t *current;
    struct mongodb_gathered gathered;
    bool hold, exact;
    int64_t skip, left;    /* what is to be done here; left < 0: no limit */
    const bson_t *waiting; /* found, and not yet handed out */
    bool ended;
};

/* ---- one document --------------------------------------------------------- */

static engine_status find_absent(const char *collection, const char *id,
                                 engine_error *err)
{
    return engine_fail(err, ENGINE_ENOTFOUND, "%s: there is no \"%s\"",
                       collection, id);
}

engine_status mongodb_get(struct store *store, const char *name, const char *id,
                          bson_t *out, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    const struct mongodb_change *change =
        self->base.in_transaction ? mongodb_pending_find(self, name, id) : NULL;
    engine_status status = ENGINE_OK;
    const bson_t *document = NULL;
    mongoc_collection_t *collection;
    mongoc_cursor_t *cursor;
    bson_error_t error = {0};
    bson_t *filter;

    if (change) {
        bson_copy_to(change->document, out);
        return ENGINE_OK;
    }
    filter = BCON_NEW("_id", BCON_UTF8(id));
    collection = mongodb_collection(self, name);
    cursor = mongoc_collection_find_with_opts(collection, filter, NULL, NULL);
    if (mongoc_cursor_next(cursor, &document) &&
        !mongodb_pending_hides(self, name, document))
        bson_copy_to(document, out);
    else if (mongoc_cursor_error(cursor, &error))
        status = mongodb_fail(self, "read", &error, err);
    else
        status = find_absent(name, id, err);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    bson_destroy(filter);
    return status;
}

/* ---- what the server is asked --------------------------------------------- */

/* A server orders by paths, and knows no keys with dots. */
static bool find_sort_is_plain(const bson_t *sort)
{
    bson_iter_t iter;

    if (!sort || !bson_iter_init(&iter, sort))
        return true;
    while (bson_iter_next(&iter))
        if (!mongodb_is_plain_name(bson_iter_key(&iter)))
            return false;
    return true;
}

static void find_order(const bson_t *sort, bson_t *options)
{
    bool by_id = false;
    bson_iter_t iter;
    bson_t order;

    BSON_APPEND_DOCUMENT_BEGIN(options, "sort", &order);
    if (sort && bson_iter_init(&iter, sort))
        while (!by_id && bson_iter_next(&iter)) {
            by_id = strcmp(bson_iter_key(&iter), "_id") == 0;
            BSON_APPEND_INT32(&order, bson_iter_key(&iter),
                              bson_iter_as_int64(&iter) < 0 ? -1 : 1);
        }
    if (!by_id)
        BSON_APPEND_INT32(&order, "_id", 1);
    bson_append_document_end(options, &order);
}

static void find_projection(const bson_t *fields, bson_t *options)
{
    bson_iter_t iter;
    bson_t names;

    if (!find_sort_is_plain(fields)) /* names of a kind for both */
        return;
    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &names);
    BSON_APPEND_INT32(&names, "_id", 1);
    bson_iter_init(&iter, fields);
    while (bson_iter_next(&iter))
        if (strcmp(bson_iter_key(&iter), "_id") != 0)
            BSON_APPEND_INT32(&names, bson_iter_key(&iter), 1);
    bson_append_document_end(options, &names);
}

static void find_ask(struct mongodb_cursor *cursor,
                     const struct store_query *query)
{
    mongoc_collection_t *collection =
        mongodb_collection(cursor->self, cursor->collection);
    bson_t options = BSON_INITIALIZER;

    BSON_APPEND_INT32(&options, "batchSize", MONGODB_BATCH);
    if (!cursor->hold)
        find_order(query->sort, &options);
    if (cursor->exact && query->skip > 0)
        BSON_APPEND_INT64(&options, "skip", query->skip);
    if (cursor->exact && query->limit > 0)
        BSON_APPEND_INT64(&options, "limit", query->limit);
    if (cursor->exact && cursor->fields)
        find_projection(cursor->fields, &options);
    cursor->handle = mongoc_collection_find_with_opts(
        collection, cursor->filter.pushed, &options, NULL);
    bson_destroy(&options);
    mongoc_collection_destroy(collection);
}

/* ---- what comes back ------------------------------------------------------ */

/* The next document of the server that matches; NULL at the end. */
static engine_status find_next(struct mongodb_cursor *cursor,
                               const bson_t **out, engine_error *err)
{
    const bson_t *document = NULL;
    bson_error_t error = {0};

    *out = NULL;
    while (mongoc_cursor_next(cursor->handle, &document)) {
        if (cursor->hold &&
            mongodb_pending_hides(cursor->self, cursor->collection, document))
            continue;
        if (!cursor->exact && !mongodb_filter_test(&cursor->filter, document))
            continue;
        *out = document;
        return ENGINE_OK;
    }
    return mongoc_cursor_error(cursor->handle, &error)
               ? mongodb_fail(cursor->self, "read", &error, err)
               : ENGINE_OK;
}

static engine_status find_hold_pending(struct mongodb_cursor *cursor,
                                       const bson_t *sort, engine_error *err)
{
    const struct mongodb_pending *pending = &cursor->self->pending;
    engine_status status = ENGINE_OK;

    if (!cursor->self->base.in_transaction)
        return ENGINE_OK;
    for (size_t i = 0; status == ENGINE_OK && i < pending->count; i++) {
        const struct mongodb_change *change = &pending->items[i];
        if (change->shown &&
            strcmp(change->collection, cursor->collection) == 0 &&
            mongodb_filter_test(&cursor->filter, change->document))
            status = mongodb_gather_add(&cursor->gathered, change->document,
                                        sort, err);
    }
    return status;
}

static engine_status find_hold(struct mongodb_cursor *cursor,
                               const bson_t *sort, engine_error *err)
{
    engine_status status = find_hold_pending(cursor, sort, err);
    const bson_t *document = NULL;

    while (status == ENGINE_OK) {
        status = find_next(cursor, &document, err);
        if (status < 0 || !document)
            break;
        status = mongodb_gather_add(&cursor->gathered, document, sort, err);
    }
    mongodb_gather_sort(&cursor->gathered);
    return status;
}

/* Finds what is handed out next. */
static engine_status find_step(struct mongodb_cursor *cursor, engine_error *err)
{
    engine_status status = ENGINE_OK;

    cursor->waiting = NULL;
    for (; !cursor->ended; cursor->skip--) {
        if (cursor->left == 0) {
            cursor->ended = true;
            break;
        }
        if (cursor->hold)
            cursor->waiting = mongodb_gather_next(&cursor->gathered);
        else
            status = find_next(cursor, &cursor->waiting, err);
        cursor->ended = !cursor->waiting;
        if (cursor->ended || cursor->skip <= 0)
            break;
    }
    if (cursor->waiting && cursor->left > 0)
        cursor->left--;
    return status;
}

/* ---- cursors -------------------------------------------------------------- */

static engine_status find_start(struct mongodb_cursor *cursor,
                                const struct store_query *query,
                                engine_error *err)
{
    engine_status status =
        mongodb_filter_init(&cursor->filter, query->filter, err);

    if (status < 0)
        return status;
    cursor->hold = !find_sort_is_plain(query->sort) ||
                   mongodb_pending_touches(cursor->self, cursor->collection);
    cursor->exact = cursor->filter.exact && !cursor->hold;
    cursor->skip = cursor->exact ? 0 : query->skip;
    cursor->left = cursor->exact || query->limit == 0 ? -1 : query->limit;
    find_ask(cursor, query);
    if (cursor->hold)
        status = find_hold(cursor, query->sort, err);
    return status < 0 ? status : find_step(cursor, err);
}

engine_status mongodb_find(struct store *store, const char *collection,
                           const struct store_query *query,
                           struct store_cursor **out, engine_error *err)
{
    struct mongodb_cursor *cursor = engine_calloc(1, sizeof(*cursor));
    engine_status status;

    if (!cursor)
        return engine_fail_memory(err);
    cursor->base.ops = store->ops;
    cursor->self = (struct mongodb *)store;
    cursor->collection = mongodb_collection_name(collection);
    cursor->fields = query->fields && !bson_empty(query->fields)
                         ? bson_copy(query->fields)
                         : NULL;
    cursor->current = bson_new();
    status = find_start(cursor, query, err);
    if (status < 0) {
        mongodb_cursor_close(&cursor->base);
        return status;
    }
    *out = &cursor->base;
    return ENGINE_OK;
}

int mongodb_cursor_next(struct store_cursor *base, const bson_t **out,
                        engine_error *err)
{
    struct mongodb_cursor *cursor = (struct mongodb_cursor *)base;
    engine_status status = ENGINE_OK;

    if (!cursor->waiting && !cursor->ended)
        status = find_step(cursor, err);
    if (status < 0 || !cursor->waiting)
        return status;
    if (cursor->fields) {
        bson_reinit(cursor->current);
        document_project(cursor->waiting, cursor->fields, cursor->current);
        *out = cursor->current;
    } else {
        *out = cursor->waiting; /* the driver's, until it is asked again */
    }
    cursor->waiting = NULL;
    return 1;
}

void mongodb_cursor_close(struct store_cursor *base)
{
    struct mongodb_cursor *cursor = (struct mongodb_cursor *)base;

    if (cursor->handle)
        mongoc_cursor_destroy(cursor->handle);
    mongodb_gather_clear(&cursor->gathered);
    mongodb_filter_clear(&cursor->filter);
    bson_destroy(cursor->fields);
    bson_destroy(cursor->current);
    engine_free(cursor);
}
