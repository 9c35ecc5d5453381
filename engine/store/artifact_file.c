/* SPDX-License-Identifier: Apache-2.0 */
/* artifact_file.c - the files that artifacts come from and go to. */
#include "engine/store/artifact_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

struct artifact_sink {
    int fd;
    struct hash *hash;
};

static engine_status artifact_fail(const char *doing, const char *path,
                                   engine_error *err)
{
    const int code = errno;

    return engine_fail(err, engine_status_from_errno(code),
                       "could not %s \"%s\": %s", doing, path, strerror(code));
}

engine_status artifact_missing(const char *id, engine_error *err)
{
    return engine_fail(err, ENGINE_ENOTFOUND, "there is no artifact %s", id);
}

/* ---- reading -------------------------------------------------------------- */

/* Fills the chunk but for the last one; `at` is where it begins. */
static ssize_t artifact_read(const struct store_file *file, int64_t at,
                             char *chunk)
{
    const int64_t left = file->size - at;
    const size_t want = left < (int64_t)ARTIFACT_CHUNK ? (size_t)left
                                                       : ARTIFACT_CHUNK;
    size_t len = 0;

    while (len < want) {
        const ssize_t got = pread(file->fd, chunk + len, want - len,
                                  at + (int64_t)len);
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

struct artifact_reading {
    const struct store_file *file;
    artifact_chunk_fn fn;
    void *user;
    struct hash *hash;
    int64_t size;
};

static engine_status artifact_read_chunks(struct artifact_reading *reading,
                                          engine_error *err)
{
    char *chunk = engine_malloc(ARTIFACT_CHUNK);
    engine_status status = ENGINE_OK;
    ssize_t len = 1;

    if (!chunk)
        return engine_fail_memory(err);
    for (int64_t n = 0; status == ENGINE_OK; n++) {
        len = artifact_read(reading->file, reading->size, chunk);
        if (len < 0)
            status = artifact_fail("read", reading->file->path, err);
        if (len <= 0)
            break;
        hash_add(reading->hash, chunk, (size_t)len);
        reading->size += len;
        status = reading->fn(n, chunk, (size_t)len, reading->user, err);
    }
    engine_free(chunk);
    return status;
}

engine_status artifact_file_read(const struct store_file *file, const char *id,
                                 artifact_chunk_fn fn, void *user,
                                 int64_t *size, engine_error *err)
{
    struct artifact_reading reading = {.file = file, .fn = fn, .user = user};
    char digest[HASH_HEX_SIZE] = "";
    engine_status status;

    reading.hash = hash_new();
    status = reading.hash ? artifact_read_chunks(&reading, err)
                          : engine_fail_memory(err);
    if (reading.hash)
        hash_end(reading.hash, digest);
    if (status == ENGINE_OK && strcmp(digest, id) != 0)
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "\"%s\" changed while it was read", file->path);
    *size = reading.size;
    return status;
}

/* ---- writing -------------------------------------------------------------- */

engine_status artifact_sink_add(struct artifact_sink *sink, const void *data,
                                size_t len, engine_error *err)
{
    hash_add(sink->hash, data, len);
    return file_write_all(sink->fd, data, len, err);
}

static engine_status artifact_damaged(const char *id, const char *store,
                                      engine_error *err)
{
    engine_fail(err, ENGINE_ECORRUPT,
                "artifact %s of the store \"%s\" is damaged", id, store);
    engine_hint(err, "restore the store from a backup, or begin a new one and "
                     "import the content again");
    return ENGINE_ECORRUPT;
}

static engine_status artifact_fill(int fd, const char *id, const char *store,
                                   artifact_fill_fn fn, void *user,
                                   engine_error *err)
{
    struct artifact_sink sink = {fd, hash_new()};
    char digest[HASH_HEX_SIZE] = "";
    engine_status status;

    if (!sink.hash)
        return engine_fail_memory(err);
    status = fn(&sink, user, err);
    hash_end(sink.hash, digest);
    if (status == ENGINE_OK && strcmp(digest, id) != 0)
        status = artifact_damaged(id, store, err);
    return status;
}

/* Nobody sees the file under its name before all of it is there. */
engine_status artifact_file_write(const char *path, const char *id,
                                  const char *store, artifact_fill_fn fn,
                                  void *user, engine_error *err)
{
    char *temporary = engine_strf("%s.XXXXXX", path);
    engine_status status;
    int fd;

    if (!temporary)
        return engine_fail_memory(err);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        status = artifact_fail("create", path, err);
        goto out;
    }
    status = artifact_fill(fd, id, store, fn, user, err);
    if (status == ENGINE_OK && fchmod(fd, 0400) < 0)
        status = artifact_fail("protect", path, err);
    if (close(fd) < 0 && status == ENGINE_OK)
        status = artifact_fail("write", path, err);
    if (status == ENGINE_OK && rename(temporary, path) < 0)
        status = artifact_fail("rename onto", path, err);
    if (status < 0)
        unlink(temporary);
out:
    engine_free(temporary);
    return status;
}
