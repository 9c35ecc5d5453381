/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_artifact.c - files by their sha256, in chunks. */
#include "engine/store/sqlite.h"

#include <string.h>

#include "engine/store/artifact_file.h"
#include "sdk/base/clock.h"
#include "sdk/base/hash.h"

/* ---- put ------------------------------------------------------------------ */

static engine_status artifact_exists(struct sqlite *self, const char *id,
                                     bool *out, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        self->main, "SELECT EXISTS(SELECT 1 FROM artifacts WHERE id = ?)",
        &statement, err);

    if (status < 0)
        return status;
    if (sqlite3_bind_text(statement->handle, 1, id, -1, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_step(statement->handle) != SQLITE_ROW)
        status = sqlite_fail(self->main, "read", err);
    else
        *out = sqlite3_column_int(statement->handle, 0) != 0;
    sqlite_statement_give(statement);
    return status;
}

static engine_status artifact_put_head(struct sqlite *self, const char *id,
                                       const char *name, const char *media_type,
                                       int64_t size, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        self->main, "INSERT INTO artifacts VALUES(?, ?, ?, ?, ?)", &statement,
        err);
    sqlite3_stmt *handle;

    if (status < 0)
        return status;
    handle = statement->handle;
    if (sqlite3_bind_text(handle, 1, id, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(handle, 2, name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(handle, 3, media_type, -1, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_bind_int64(handle, 4, size) != SQLITE_OK ||
        sqlite3_bind_int64(handle, 5, clock_now_ms()) != SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_DONE)
        status = sqlite_fail(self->main, "write to", err);
    sqlite_statement_give(statement);
    return status;
}

struct artifact_target {
    struct sqlite *self;
    const char *id;
};

static engine_status artifact_put_chunk(int64_t number, const void *data,
                                        size_t len, void *user,
                                        engine_error *err)
{
    const struct artifact_target *target = user;
    const struct sqlite_link *link = target->self->main;
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        target->self->main, "INSERT INTO artifact_chunks VALUES(?, ?, ?)",
        &statement, err);
    sqlite3_stmt *handle;

    if (status < 0)
        return status;
    handle = statement->handle;
    if (sqlite3_bind_text(handle, 1, target->id, -1, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_bind_int64(handle, 2, number) != SQLITE_OK ||
        sqlite3_bind_blob(handle, 3, data, (int)len, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_DONE)
        status = sqlite_fail(link, "write to", err);
    sqlite_statement_give(statement);
    return status;
}

static engine_status artifact_put_locked(struct sqlite *self, const char *id,
                                         const struct store_file *file,
                                         const char *name,
                                         const char *media_type,
                                         engine_error *err)
{
    struct artifact_target target = {self, id};
    int64_t size = 0;
    bool exists = false;
    engine_status status = artifact_exists(self, id, &exists, err);

    if (status < 0 || exists)
        return status;
    /* once more, into the store: what is kept is what was hashed */
    status =
        artifact_file_read(file, id, artifact_put_chunk, &target, &size, err);
    return status < 0
               ? status
               : artifact_put_head(self, id, name, media_type, size, err);
}

engine_status sqlite_artifact_put(struct store *store,
                                  const struct store_file *file,
                                  const char *name, const char *media_type,
                                  char id[65], engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    char digest[HASH_HEX_SIZE];
    bool exists = false;
    engine_status status = hash_open_file(file->fd, file->size,
                                          file->path, digest, err);

    if (status == ENGINE_OK)
        status = artifact_exists(self, digest, &exists, err);
    if (status == ENGINE_OK && !exists) {
        status = sqlite_change_begin(self, err);
        if (status < 0)
            return status;
        status = artifact_put_locked(self, digest, file, name, media_type, err);
        status = sqlite_change_end(self, status, err);
    }
    if (status == ENGINE_OK)
        memcpy(id, digest, sizeof(digest));
    return status;
}

/* ---- get ------------------------------------------------------------------ */

static engine_status artifact_get_chunks(struct artifact_sink *sink, void *user,
                                         engine_error *err)
{
    const struct artifact_target *target = user;
    struct sqlite_link *link = target->self->main;
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        link, "SELECT data FROM artifact_chunks WHERE id = ? ORDER BY n",
        &statement, err);
    int rc;

    if (status < 0)
        return status;
    rc = sqlite3_bind_text(statement->handle, 1, target->id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement->handle);
    while (status == ENGINE_OK && rc == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement->handle, 0);
        const int len = sqlite3_column_bytes(statement->handle, 0);
        status = artifact_sink_add(sink, data ? data : "", (size_t)len, err);
        rc = sqlite3_step(statement->handle);
    }
    if (status == ENGINE_OK && rc != SQLITE_DONE)
        status = sqlite_fail(link, "read", err);
    sqlite_statement_give(statement);
    return status;
}

engine_status sqlite_artifact_get(struct store *store, const char *id,
                                  const char *path, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    struct artifact_target target = {self, id};
    bool exists = false;
    engine_status status = artifact_exists(self, id, &exists, err);

    if (status < 0)
        return status;
    if (!exists)
        return artifact_missing(id, err);
    return artifact_file_write(path, id, self->path, artifact_get_chunks,
                               &target, err);
}

/* ---- info ----------------------------------------------------------------- */

static void artifact_describe(sqlite3_stmt *handle, const char *id, bson_t *out)
{
    bson_init(out);
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "name", (const char *)sqlite3_column_text(handle, 0));
    BSON_APPEND_UTF8(out, "media_type",
                     (const char *)sqlite3_column_text(handle, 1));
    BSON_APPEND_INT64(out, "size", sqlite3_column_int64(handle, 2));
    BSON_APPEND_DATE_TIME(out, "created_at", sqlite3_column_int64(handle, 3));
}

engine_status sqlite_artifact_info(struct store *store, const char *id,
                                   bson_t *out, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        self->main,
        "SELECT name, media_type, size, created_at FROM artifacts "
        "WHERE id = ?",
        &statement, err);
    int rc;

    if (status < 0)
        return status;
    rc = sqlite3_bind_text(statement->handle, 1, id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement->handle);
    if (rc == SQLITE_ROW)
        artifact_describe(statement->handle, id, out);
    else if (rc == SQLITE_DONE)
        status = artifact_missing(id, err);
    else
        status = sqlite_fail(self->main, "read", err);
    sqlite_statement_give(statement);
    return status;
}
