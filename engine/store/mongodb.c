/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb.c - opens, checks and closes a MongoDB store. */
#include "engine/store/mongodb.h"

#include <string.h>

#include "sdk/base/alloc.h"

static void mongodb_close(struct store *store)
{
    struct mongodb *self = (struct mongodb *)store;

    mongodb_pending_clear(self);
    mongodb_link_close(self);
    engine_free(self);
}

/* ---- checking ------------------------------------------------------------- */

/* The server checks its own storage; here is checked what only we know. */
static engine_status mongodb_check_documents(struct mongodb *self,
                                             const char *name,
                                             engine_error *err)
{
    mongoc_collection_t *collection = mongodb_collection(self, name);
    bson_t *filter =
        BCON_NEW("_id", "{", "$not", "{", "$type", "string", "}", "}");
    bson_t *options = BCON_NEW("limit", BCON_INT64(1));
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(collection, filter, options, NULL);
    engine_status status = ENGINE_OK;
    const bson_t *document = NULL;
    bson_error_t error = {0};

    if (mongoc_cursor_next(cursor, &document))
        status = engine_fail(err, ENGINE_ECORRUPT,
                             "%s of the store at %s has a document without a "
                             "string \"_id\"",
                             name, self->where);
    else if (mongoc_cursor_error(cursor, &error))
        status = mongodb_fail(self, "check", &error, err);
    if (status == ENGINE_ECORRUPT)
        engine_hint(err, "another program has written here: remove what it "
                         "wrote, or restore the database from a backup");
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    bson_destroy(filter);
    bson_destroy(options);
    return status;
}

static engine_status mongodb_check(struct store *store, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    engine_status status = ENGINE_OK;
    const char *name;

    for (size_t i = 0; status == ENGINE_OK; i++) {
        name = mongodb_collection_at(i);
        if (!name)
            break;
        status = mongodb_check_documents(self, name, err);
    }
    return status < 0 ? status : mongodb_artifact_check(self, err);
}

/* ---- opening -------------------------------------------------------------- */

static const struct store_ops mongodb_ops = {
    .close = mongodb_close,
    .check = mongodb_check,
    .write = mongodb_write,
    .begin = mongodb_begin,
    .commit = mongodb_commit,
    .rollback = mongodb_rollback,
    .get = mongodb_get,
    .swap = mongodb_swap,
    .find = mongodb_find,
    .cursor_next = mongodb_cursor_next,
    .cursor_close = mongodb_cursor_close,
    .count = mongodb_count,
    .group = mongodb_group,
    .remove = mongodb_remove,
    .artifact_put = mongodb_artifact_put,
    .artifact_get = mongodb_artifact_get,
    .artifact_info = mongodb_artifact_info,
};

engine_status mongodb_store_open(const char *uri, unsigned flags,
                                 const struct log *log, struct store **out,
                                 engine_error *err)
{
    struct mongodb *self = engine_calloc(1, sizeof(*self));
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    self->base.ops = &mongodb_ops;
    self->base.flags = flags;
    if (log)
        self->base.log = *log;
    table_init(&self->pending.latest);
    status = mongodb_link_open(self, uri, err);
    if (status == ENGINE_OK)
        status = mongodb_schema_verify(self, err);
    if (status < 0) {
        mongodb_close(&self->base);
        return status;
    }
    *out = &self->base;
    return ENGINE_OK;
}
