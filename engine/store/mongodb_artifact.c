/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongodb_artifact.c - files by their sha256, in chunks.
 *
 * A head {_id: sha256, name, media_type, size, created_at, upload} says that
 * an artifact is there and which upload has its content. Chunks {_id, upload,
 * n, data} of an upload are nobody else's, so that two engines may store the
 * same file at once: the head that comes second does not count, and its chunks
 * are removed. Chunks are written at once and heads with the transaction.
 */
#include "engine/store/mongodb.h"

#include <string.h>

#include "engine/store/artifact_file.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define ARTIFACT_UPLOAD_SIZE 37

struct artifact_upload {
    struct mongodb *self;
    mongoc_collection_t *chunks;
    char name[ARTIFACT_UPLOAD_SIZE];
};

static const char *artifact_text(const bson_t *head, const char *field)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, head, field) &&
                   BSON_ITER_HOLDS_UTF8(&iter)
               ? bson_iter_utf8(&iter, NULL)
               : "";
}

static engine_status artifact_head(struct mongodb *self, const char *id,
                                   bson_t *out, engine_error *err)
{
    const engine_status status =
        mongodb_get(&self->base, MONGODB_ARTIFACTS, id, out, err);

    return status == ENGINE_ENOTFOUND ? artifact_missing(id, err) : status;
}

/* ---- put ------------------------------------------------------------------ */

static engine_status artifact_put_chunk(int64_t number, const void *data,
                                        size_t len, void *user,
                                        engine_error *err)
{
    const struct artifact_upload *upload = user;
    bson_t document = BSON_INITIALIZER;
    engine_status status = ENGINE_OK;
    bson_error_t error = {0};
    char id[64];

    bson_snprintf(id, sizeof(id), "%s/%08lld", upload->name, (long long)number);
    BSON_APPEND_UTF8(&document, "_id", id);
    BSON_APPEND_UTF8(&document, "upload", upload->name);
    BSON_APPEND_INT64(&document, "n", number);
    bson_append_binary(&document, "data", -1, BSON_SUBTYPE_BINARY, data,
                       (uint32_t)len);
    if (!mongoc_collection_insert_one(upload->chunks, &document, NULL, NULL,
                                      &error))
        status = mongodb_fail(upload->self, "write to", &error, err);
    bson_destroy(&document);
    return status;
}

static void artifact_drop_chunks(struct mongodb *self, const char *upload)
{
    mongoc_collection_t *chunks = mongodb_collection(self, MONGODB_CHUNKS);
    bson_t *filter = BCON_NEW("upload", BCON_UTF8(upload));

    /* what remains when this fails takes room and harms nobody */
    mongoc_collection_delete_many(chunks, filter, NULL, NULL, NULL);
    bson_destroy(filter);
    mongoc_collection_destroy(chunks);
}

/* Outside of a transaction the head is sent now. */
static engine_status artifact_put_head(struct mongodb *self, const bson_t *head,
                                       engine_error *err)
{
    const bool keep = self->base.in_transaction;
    engine_status status = mongodb_pending_add(
        self, MONGODB_KEEP, MONGODB_ARTIFACTS, head, NULL, keep, err);

    if (keep)
        return status;
    if (status == ENGINE_OK)
        status = mongodb_send(self, err);
    mongodb_artifact_settle(self);
    mongodb_pending_clear(self);
    return status;
}

static engine_status artifact_put_new(struct mongodb *self, const char *id,
                                      const struct store_file *file,
                                      const char *name,
                                      const char *media_type, engine_error *err)
{
    struct artifact_upload upload = {.self = self};
    bson_t head = BSON_INITIALIZER;
    engine_status status;
    int64_t size = 0;

    id_uuid(upload.name);
    upload.chunks = mongodb_collection(self, MONGODB_CHUNKS);
    status =
        artifact_file_read(file, id, artifact_put_chunk, &upload, &size, err);
    mongoc_collection_destroy(upload.chunks);
    if (status < 0) {
        artifact_drop_chunks(self, upload.name);
        goto out;
    }
    BSON_APPEND_UTF8(&head, "_id", id);
    BSON_APPEND_UTF8(&head, "name", name);
    BSON_APPEND_UTF8(&head, "media_type", media_type);
    BSON_APPEND_INT64(&head, "size", size);
    BSON_APPEND_DATE_TIME(&head, "created_at", clock_now_ms());
    BSON_APPEND_UTF8(&head, "upload", upload.name);
    status = artifact_put_head(self, &head, err);
out:
    bson_destroy(&head);
    return status;
}

engine_status mongodb_artifact_put(struct store *store,
                                   const struct store_file *file,
                                   const char *name, const char *media_type,
                                   char id[65], engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    char digest[HASH_HEX_SIZE];
    engine_status status = hash_open_file(file->fd, file->size,
                                          file->path, digest, err);
    bson_t head;

    if (status < 0)
        return status;
    status = artifact_head(self, digest, &head, err);
    if (status == ENGINE_OK)
        bson_destroy(&head);
    else if (status == ENGINE_ENOTFOUND)
        status = artifact_put_new(self, digest, file, name, media_type, err);
    if (status == ENGINE_OK)
        memcpy(id, digest, sizeof(digest));
    return status;
}

/* The server's word about each head: with another upload, or without a head,
 * the chunks of ours are not needed. When it cannot be asked they stay. */
static void artifact_settle_one(struct mongodb *self, const bson_t *ours)
{
    mongoc_collection_t *heads = mongodb_collection(self, MONGODB_ARTIFACTS);
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(mongodb_id(ours)));
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(heads, filter, NULL, NULL);
    const char *upload = artifact_text(ours, "upload");
    const bson_t *head = NULL;
    bson_error_t error = {0};
    bool needed = true;

    if (mongoc_cursor_next(cursor, &head))
        needed = strcmp(artifact_text(head, "upload"), upload) == 0;
    else
        needed = mongoc_cursor_error(cursor, &error);
    if (!needed)
        artifact_drop_chunks(self, upload);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(heads);
    bson_destroy(filter);
}

void mongodb_artifact_settle(struct mongodb *self)
{
    for (size_t i = 0; i < self->pending.count; i++)
        if (self->pending.items[i].kind == MONGODB_KEEP)
            artifact_settle_one(self, self->pending.items[i].document);
}

/* ---- get ------------------------------------------------------------------ */

/* The chunks of an upload in their order; destroyed by the caller. */
static mongoc_cursor_t *artifact_chunks(struct mongodb *self,
                                        const char *upload)
{
    mongoc_collection_t *chunks = mongodb_collection(self, MONGODB_CHUNKS);
    bson_t *filter = BCON_NEW("upload", BCON_UTF8(upload));
    bson_t *options = BCON_NEW("sort", "{", "n", BCON_INT32(1), "}",
                               "batchSize", BCON_INT32(8));
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(chunks, filter, options, NULL);

    bson_destroy(filter);
    bson_destroy(options);
    mongoc_collection_destroy(chunks);
    return cursor;
}

struct artifact_source {
    struct mongodb *self;
    const char *upload;
};

static engine_status artifact_get_chunks(struct artifact_sink *sink, void *user,
                                         engine_error *err)
{
    const struct artifact_source *source = user;
    mongoc_cursor_t *cursor = artifact_chunks(source->self, source->upload);
    engine_status status = ENGINE_OK;
    const bson_t *chunk = NULL;
    bson_error_t error = {0};
    bson_iter_t iter;

    while (status == ENGINE_OK && mongoc_cursor_next(cursor, &chunk)) {
        const uint8_t *data = NULL;
        uint32_t len = 0;
        bson_subtype_t kind;
        if (!bson_iter_init_find(&iter, chunk, "data") ||
            !BSON_ITER_HOLDS_BINARY(&iter))
            continue; /* the hash will tell */
        bson_iter_binary(&iter, &kind, &len, &data);
        status = artifact_sink_add(sink, data, len, err);
    }
    if (status == ENGINE_OK && mongoc_cursor_error(cursor, &error))
        status = mongodb_fail(source->self, "read", &error, err);
    mongoc_cursor_destroy(cursor);
    return status;
}

engine_status mongodb_artifact_get(struct store *store, const char *id,
                                   const char *path, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    struct artifact_source source = {.self = self};
    bson_t head;
    engine_status status = artifact_head(self, id, &head, err);

    if (status < 0)
        return status;
    source.upload = artifact_text(&head, "upload");
    status = artifact_file_write(path, id, self->where, artifact_get_chunks,
                                 &source, err);
    bson_destroy(&head);
    return status;
}

/* ---- info and check ------------------------------------------------------- */

engine_status mongodb_artifact_info(struct store *store, const char *id,
                                    bson_t *out, engine_error *err)
{
    bson_t head;
    engine_status status =
        artifact_head((struct mongodb *)store, id, &head, err);

    if (status < 0)
        return status;
    bson_init(out);
    bson_copy_to_excluding_noinit(&head, out, "upload", NULL);
    bson_destroy(&head);
    return ENGINE_OK;
}

static engine_status artifact_check_one(struct mongodb *self,
                                        const bson_t *head, engine_error *err)
{
    mongoc_cursor_t *cursor =
        artifact_chunks(self, artifact_text(head, "upload"));
    engine_status status = ENGINE_OK;
    const bson_t *chunk = NULL;
    bson_error_t error = {0};
    int64_t size = 0, wanted = 0;
    bson_iter_t iter;

    while (mongoc_cursor_next(cursor, &chunk))
        if (bson_iter_init_find(&iter, chunk, "data") &&
            BSON_ITER_HOLDS_BINARY(&iter)) {
            const uint8_t *data = NULL;
            uint32_t len = 0;
            bson_subtype_t kind;
            bson_iter_binary(&iter, &kind, &len, &data);
            size += len;
        }
    if (bson_iter_init_find(&iter, head, "size"))
        wanted = bson_iter_as_int64(&iter);
    if (mongoc_cursor_error(cursor, &error))
        status = mongodb_fail(self, "check", &error, err);
    else if (size != wanted)
        status = engine_fail(err, ENGINE_ECORRUPT,
                             "artifact %s of the store at %s is broken",
                             mongodb_id(head), self->where);
    mongoc_cursor_destroy(cursor);
    return status;
}

engine_status mongodb_artifact_check(struct mongodb *self, engine_error *err)
{
    mongoc_collection_t *heads = mongodb_collection(self, MONGODB_ARTIFACTS);
    const bson_t everything = BSON_INITIALIZER;
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(heads, &everything, NULL, NULL);
    engine_status status = ENGINE_OK;
    const bson_t *head = NULL;
    bson_error_t error = {0};

    while (status == ENGINE_OK && mongoc_cursor_next(cursor, &head))
        status = artifact_check_one(self, head, err);
    if (status == ENGINE_OK && mongoc_cursor_error(cursor, &error))
        status = mongodb_fail(self, "check", &error, err);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(heads);
    return status;
}
