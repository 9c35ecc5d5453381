/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_artifact.c - files by their sha256, in chunks. */
#include "engine/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

#define ARTIFACT_CHUNK ((size_t)1024 * 1024)

static engine_status artifact_fail(const char *doing, const char *path,
                                   engine_error *err)
{
    const int code = errno;

    return engine_fail(err, engine_status_from_errno(code),
                       "could not %s \"%s\": %s", doing, path, strerror(code));
}

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

static engine_status artifact_put_chunk(struct sqlite *self, const char *id,
                                        int64_t number, const char *data,
                                        size_t len, engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        self->main, "INSERT INTO artifact_chunks VALUES(?, ?, ?)", &statement,
        err);
    sqlite3_stmt *handle;

    if (status < 0)
        return status;
    handle = statement->handle;
    if (sqlite3_bind_text(handle, 1, id, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(handle, 2, number) != SQLITE_OK ||
        sqlite3_bind_blob(handle, 3, data, (int)len, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_DONE)
        status = sqlite_fail(self->main, "write to", err);
    sqlite_statement_give(statement);
    return status;
}

/* Fills the chunk but for the last one. */
static ssize_t artifact_read(int fd, char *chunk)
{
    size_t len = 0;

    while (len < ARTIFACT_CHUNK) {
        const ssize_t got = read(fd, chunk + len, ARTIFACT_CHUNK - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static engine_status artifact_put_chunks(struct sqlite *self, const char *id,
                                         int fd, const char *path,
                                         struct hash *hash, int64_t *size,
                                         engine_error *err)
{
    char *chunk = engine_malloc(ARTIFACT_CHUNK);
    engine_status status = ENGINE_OK;
    ssize_t len = 1;

    if (!chunk)
        return engine_fail_memory(err);
    for (int64_t n = 0; status == ENGINE_OK; n++) {
        len = artifact_read(fd, chunk);
        if (len < 0)
            status = artifact_fail("read", path, err);
        if (len <= 0)
            break;
        hash_add(hash, chunk, (size_t)len);
        *size += len;
        status = artifact_put_chunk(self, id, n, chunk, (size_t)len, err);
    }
    engine_free(chunk);
    return status;
}

/* The content once more, into the store: what is kept is what was hashed. */
static engine_status artifact_put_content(struct sqlite *self, const char *id,
                                          const char *path, int64_t *size,
                                          engine_error *err)
{
    char digest[HASH_HEX_SIZE] = "";
    engine_status status;
    struct hash *hash;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return artifact_fail("open", path, err);
    hash = hash_new();
    status = hash ? artifact_put_chunks(self, id, fd, path, hash, size, err)
                  : engine_fail_memory(err);
    close(fd);
    if (hash)
        hash_end(hash, digest);
    if (status == ENGINE_OK && strcmp(digest, id) != 0)
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "\"%s\" changed while it was read", path);
    return status;
}

static engine_status artifact_put_locked(struct sqlite *self, const char *id,
                                         const char *path, const char *name,
                                         const char *media_type,
                                         engine_error *err)
{
    int64_t size = 0;
    bool exists = false;
    engine_status status = artifact_exists(self, id, &exists, err);

    if (status < 0 || exists)
        return status;
    status = artifact_put_content(self, id, path, &size, err);
    return status < 0
               ? status
               : artifact_put_head(self, id, name, media_type, size, err);
}

engine_status sqlite_artifact_put(struct store *store, const char *path,
                                  const char *name, const char *media_type,
                                  char id[65], engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    char digest[HASH_HEX_SIZE];
    bool exists = false;
    engine_status status = hash_file(path, digest, err);

    if (status == ENGINE_OK)
        status = artifact_exists(self, digest, &exists, err);
    if (status == ENGINE_OK && !exists) {
        status = sqlite_change_begin(self, err);
        if (status < 0)
            return status;
        status = artifact_put_locked(self, digest, path, name, media_type, err);
        status = sqlite_change_end(self, status, err);
    }
    if (status == ENGINE_OK)
        memcpy(id, digest, sizeof(digest));
    return status;
}

/* ---- get ------------------------------------------------------------------ */

static engine_status artifact_missing(const char *id, engine_error *err)
{
    return engine_fail(err, ENGINE_ENOTFOUND, "there is no artifact %s", id);
}

static engine_status artifact_damaged(const struct sqlite *self, const char *id,
                                      engine_error *err)
{
    engine_fail(err, ENGINE_ECORRUPT,
                "artifact %s of the store \"%s\" is damaged", id, self->path);
    engine_hint(err, "restore the store from a backup, or begin a new one and "
                     "import the content again");
    return ENGINE_ECORRUPT;
}

static engine_status artifact_get_chunks(struct sqlite *self, const char *id,
                                         int fd, struct hash *hash,
                                         engine_error *err)
{
    struct sqlite_statement *statement = NULL;
    engine_status status = sqlite_statement_take(
        self->main, "SELECT data FROM artifact_chunks WHERE id = ? ORDER BY n",
        &statement, err);
    int rc;

    if (status < 0)
        return status;
    rc = sqlite3_bind_text(statement->handle, 1, id, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement->handle);
    while (status == ENGINE_OK && rc == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement->handle, 0);
        const int len = sqlite3_column_bytes(statement->handle, 0);
        hash_add(hash, data ? data : "", (size_t)len);
        status = file_write_all(fd, data ? data : "", (size_t)len, err);
        rc = sqlite3_step(statement->handle);
    }
    if (status == ENGINE_OK && rc != SQLITE_DONE)
        status = sqlite_fail(self->main, "read", err);
    sqlite_statement_give(statement);
    return status;
}

static engine_status artifact_get_content(struct sqlite *self, const char *id,
                                          int fd, engine_error *err)
{
    char digest[HASH_HEX_SIZE] = "";
    struct hash *hash = hash_new();
    engine_status status;

    if (!hash)
        return engine_fail_memory(err);
    status = artifact_get_chunks(self, id, fd, hash, err);
    hash_end(hash, digest);
    if (status == ENGINE_OK && strcmp(digest, id) != 0)
        status = artifact_damaged(self, id, err);
    return status;
}

/* Nobody sees the file under its name before all of it is there. */
static engine_status artifact_get_file(struct sqlite *self, const char *id,
                                       const char *path, char *temporary,
                                       engine_error *err)
{
    const int fd = mkostemp(temporary, O_CLOEXEC);
    engine_status status;

    if (fd < 0)
        return artifact_fail("create", path, err);
    status = artifact_get_content(self, id, fd, err);
    if (status == ENGINE_OK && fchmod(fd, 0400) < 0)
        status = artifact_fail("protect", path, err);
    if (close(fd) < 0 && status == ENGINE_OK)
        status = artifact_fail("write", path, err);
    if (status == ENGINE_OK && rename(temporary, path) < 0)
        status = artifact_fail("rename onto", path, err);
    if (status < 0)
        unlink(temporary);
    return status;
}

engine_status sqlite_artifact_get(struct store *store, const char *id,
                                  const char *path, engine_error *err)
{
    struct sqlite *self = (struct sqlite *)store;
    bool exists = false;
    char *temporary;
    engine_status status = artifact_exists(self, id, &exists, err);

    if (status < 0)
        return status;
    if (!exists)
        return artifact_missing(id, err);
    temporary = engine_strf("%s.XXXXXX", path);
    if (!temporary)
        return engine_fail_memory(err);
    status = artifact_get_file(self, id, path, temporary, err);
    engine_free(temporary);
    return status;
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
