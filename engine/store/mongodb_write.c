/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_write.c - insert, put, delete, and transactions. */
#include "engine/store/mongodb.h"

#include <string.h>

#include "sdk/base/alloc.h"

/* ---- transactions --------------------------------------------------------- */

engine_status mongodb_begin(struct store *store, engine_error *err)
{
    (void)store; /* nothing is sent before the commit */
    (void)err;
    return ENGINE_OK;
}

engine_status mongodb_commit(struct store *store, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    engine_status status;

    if (self->pending.lost) {
        engine_fail(err, ENGINE_EIO,
                    "the open transaction of the store at %s was spoilt by an "
                    "earlier error",
                    self->where);
        engine_hint(err, "nothing of it was kept; do all of it again");
        mongodb_rollback(store);
        return ENGINE_EIO;
    }
    status = mongodb_send(self, err);
    mongodb_artifact_settle(self);
    mongodb_pending_clear(self);
    return status;
}

void mongodb_rollback(struct store *store)
{
    struct mongodb *self = (struct mongodb *)store;

    mongodb_artifact_settle(self);
    mongodb_pending_clear(self);
}

/* ---- insert and put ------------------------------------------------------- */

/* One of them is there already: in the store, in the transaction. */
static engine_status write_look(struct mongodb *self, const char *collection,
                                const bson_t *const *documents, size_t count,
                                engine_error *err)
{
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1));
    bson_t filter = BSON_INITIALIZER;
    const struct store_query query = {
        .filter = &filter, .fields = fields, .limit = 1};
    struct store_cursor *cursor = NULL;
    const bson_t *found = NULL;
    engine_status status;
    int more;

    mongodb_filter_ids(documents, count, &filter);
    status = mongodb_find(&self->base, collection, &query, &cursor, err);
    if (status < 0)
        goto out;
    more = mongodb_cursor_next(cursor, &found, err);
    if (more < 0)
        status = (engine_status)more;
    else if (more > 0)
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "%s: there is a document \"%s\" already",
                             collection, mongodb_id(found));
    mongodb_cursor_close(cursor);
out:
    bson_destroy(&filter);
    bson_destroy(fields);
    return status;
}

static engine_status write_look_twice(const char *collection,
                                      const bson_t *const *documents,
                                      size_t count, engine_error *err)
{
    engine_status status = ENGINE_OK;
    struct table seen;

    table_init(&seen);
    for (size_t i = 0; status == ENGINE_OK && count > 1 && i < count; i++) {
        const char *id = mongodb_id(documents[i]);
        if (table_has(&seen, id))
            status = engine_fail(err, ENGINE_ECONFLICT,
                                 "%s: a document \"%s\" comes twice",
                                 collection, id);
        else if (table_set(&seen, id, &seen) < 0)
            status = engine_fail_memory(err);
    }
    table_clear(&seen);
    return status;
}

/* A single document outside of a transaction is refused by the server alone. */
static engine_status write_look_all(struct mongodb *self,
                                    const char *collection,
                                    const bson_t *const *documents,
                                    size_t count, engine_error *err)
{
    engine_status status = write_look_twice(collection, documents, count, err);

    if (count == 1 && !self->base.in_transaction)
        return status;
    for (size_t at = 0; status == ENGINE_OK && at < count;
         at += MONGODB_BATCH) {
        const size_t left = count - at;
        status = write_look(self, collection, documents + at,
                            left < MONGODB_BATCH ? left : MONGODB_BATCH, err);
    }
    return status;
}

engine_status mongodb_write(struct store *store, const char *collection,
                            const bson_t *const *documents, size_t count,
                            bool replace, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    const bool keep = self->base.in_transaction;
    engine_status status = ENGINE_OK;

    collection = mongodb_collection_name(collection);
    if (!replace)
        status = write_look_all(self, collection, documents, count, err);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        status =
            mongodb_pending_add(self, replace ? MONGODB_PUT : MONGODB_INSERT,
                                collection, documents[i], NULL, keep, err);
    if (keep)
        return status;
    if (status == ENGINE_OK)
        status = mongodb_send(self, err);
    mongodb_pending_clear(self);
    return status;
}

/* ---- delete --------------------------------------------------------------- */

static engine_status write_delete(struct mongodb_sender *sender,
                                  const char *name, const bson_t *filter,
                                  int64_t *deleted, engine_error *err)
{
    mongoc_collection_t *collection = mongodb_collection(sender->self, name);
    bson_t *options = mongodb_sender_options(sender);
    engine_status status = ENGINE_OK;
    bson_error_t error = {0};
    bson_iter_t iter;
    bson_t reply;

    if (!mongoc_collection_delete_many(collection, filter, options, &reply,
                                       &error))
        status =
            mongodb_sender_fail(sender, "delete from", &error, &reply, err);
    else if (bson_iter_init_find(&iter, &reply, "deletedCount"))
        *deleted += bson_iter_as_int64(&iter);
    bson_destroy(&reply);
    bson_destroy(options);
    mongoc_collection_destroy(collection);
    return status;
}

/* Deletes by id what was found, unless it has left the filter's part that the
 * server knows. */
static engine_status write_delete_found(struct mongodb_sender *sender,
                                        const char *name,
                                        const struct mongodb_filter *filter,
                                        bson_t *const *found, size_t count,
                                        int64_t *deleted, engine_error *err)
{
    bson_t both = BSON_INITIALIZER, ids = BSON_INITIALIZER, list;
    engine_status status;

    mongodb_filter_ids((const bson_t *const *)found, count, &ids);
    BSON_APPEND_ARRAY_BEGIN(&both, "$and", &list);
    BSON_APPEND_DOCUMENT(&list, "0", &ids);
    BSON_APPEND_DOCUMENT(&list, "1", filter->pushed);
    bson_append_array_end(&both, &list);
    status = write_delete(sender, name, &both, deleted, err);
    bson_destroy(&ids);
    bson_destroy(&both);
    return status;
}

/* The ids of what matches, one message of them after another. */
static engine_status write_delete_matching(struct mongodb_sender *sender,
                                           const char *name,
                                           const struct mongodb_filter *filter,
                                           struct store_cursor *cursor,
                                           int64_t *deleted, engine_error *err)
{
    bson_t *found[MONGODB_BATCH];
    engine_status status = ENGINE_OK;
    const bson_t *document = NULL;
    size_t count = 0;
    int more = 1;

    while (status == ENGINE_OK && more > 0) {
        more = mongodb_cursor_next(cursor, &document, err);
        if (more > 0)
            found[count++] = BCON_NEW("_id", BCON_UTF8(mongodb_id(document)));
        if (more < 0)
            status = (engine_status)more;
        if (count == 0 || (more > 0 && count < MONGODB_BATCH))
            continue;
        if (status == ENGINE_OK)
            status = write_delete_found(sender, name, filter, found, count,
                                        deleted, err);
        while (count > 0)
            bson_destroy(found[--count]);
    }
    return status;
}

engine_status mongodb_send_remove(struct mongodb_sender *sender,
                                  const char *collection, const bson_t *filter,
                                  int64_t *deleted, engine_error *err)
{
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    struct mongodb_filter parts;
    engine_status status = mongodb_filter_init(&parts, filter, err);

    if (status == ENGINE_OK && parts.exact) {
        status = write_delete(sender, collection, parts.pushed, deleted, err);
    } else if (status == ENGINE_OK) {
        status =
            mongodb_find(&sender->self->base, collection, &query, &cursor, err);
        if (status == ENGINE_OK)
            status = write_delete_matching(sender, collection, &parts, cursor,
                                           deleted, err);
        if (cursor)
            mongodb_cursor_close(cursor);
    }
    mongodb_filter_clear(&parts);
    return status;
}

engine_status mongodb_remove(struct store *store, const char *collection,
                             const bson_t *filter, int64_t *deleted,
                             engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    struct mongodb_sender sender = {.self = self};
    engine_status status;
    int64_t count = 0;

    collection = mongodb_collection_name(collection);
    if (self->base.in_transaction) {
        status = mongodb_count(store, collection, filter, &count, err);
        if (status == ENGINE_OK)
            status = mongodb_pending_add(self, MONGODB_REMOVE, collection, NULL,
                                         filter ? bson_copy(filter) : NULL,
                                         true, err);
    } else {
        status = mongodb_send_remove(&sender, collection, filter, &count, err);
        bson_destroy(sender.reply);
    }
    if (status == ENGINE_OK)
        *deleted = count;
    return status;
}
