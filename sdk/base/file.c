/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - whole files, directories and descriptors. */
#include "sdk/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

static engine_status file_fail(engine_error *err, const char *verb,
                               const char *path)
{
    const int code = errno;

    return engine_fail(err, engine_status_from_errno(code),
                       "could not %s \"%s\": %s", verb, path, strerror(code));
}

int file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The kernel gives such a file page by page. */
size_t file_peek(int folder, const char *path, char *text, size_t room)
{
    const int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd < 0 ? 0 : 1;

    while (got != 0 && len + 1 < room) {
        got = read(fd, text + len, room - 1 - len);
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    text[len] = '\0';
    return len;
}

static engine_status file_slurp(int fd, const char *path,
                                struct buffer *buffer, engine_error *err)
{
    for (;;) {
        const size_t left = buffer->maximum - buffer->len;
        const size_t want = left < 65536 ? left : 65536;
        char *room = buffer_room(buffer, want);
        ssize_t got;

        if (!room)
            return engine_fail_memory(err);
        got = read(fd, room, want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_fail(err, "read", path);
        buffer_grown(buffer, (size_t)got);
        if (got == 0)
            return ENGINE_OK;
    }
}

engine_status file_read(const char *path, size_t maximum, char **out,
                        size_t *out_len, engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buffer buffer;
    engine_status status;

    if (fd < 0)
        return file_fail(err, "open", path);
    buffer_init(&buffer, maximum + 1); /* one more tells "larger" */
    status = file_slurp(fd, path, &buffer, err);
    close(fd);
    if (status == ENGINE_OK && buffer.len > maximum)
        status = engine_fail(err, ENGINE_ELIMIT,
                             "\"%s\" is larger than %zu bytes", path, maximum);
    if (status == ENGINE_OK) {
        if (out_len)
            *out_len = buffer.len;
        *out = buffer_take(&buffer);
        if (!*out)
            status = engine_fail_memory(err);
    }
    buffer_clear(&buffer);
    return status;
}

engine_status file_write_all(int fd, const void *data, size_t len,
                             engine_error *err)
{
    const char *at = data;

    while (len) {
        const ssize_t put = write(fd, at, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return engine_fail(err, engine_status_from_errno(errno),
                               "could not write: %s", strerror(errno));
        at += put;
        len -= (size_t)put;
    }
    return ENGINE_OK;
}

engine_status file_write(const char *path, const void *data, size_t len,
                         unsigned mode, engine_error *err)
{
    char *temporary = engine_strf("%s.XXXXXX", path);
    engine_status status;
    int fd;

    if (!temporary)
        return engine_fail_memory(err);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        status = file_fail(err, "create", path);
        engine_free(temporary);
        return status;
    }
    status = file_write_all(fd, data, len, err);
    if (status < 0)
        engine_error_prefix(err, "\"%s\"", path);
    else if (fchmod(fd, (mode_t)mode) < 0)
        status = file_fail(err, "chmod", path);
    if (close(fd) < 0 && status == ENGINE_OK)
        status = file_fail(err, "close", path);
    if (status == ENGINE_OK && rename(temporary, path) < 0)
        status = file_fail(err, "rename onto", path);
    if (status < 0)
        unlink(temporary);
    engine_free(temporary);
    return status;
}

engine_status file_make_directory(const char *path, engine_error *err)
{
    char *copy = engine_strdup(path);
    engine_status status = ENGINE_OK;

    if (!copy)
        return engine_fail_memory(err);
    for (char *at = *copy ? copy + 1 : copy; status == ENGINE_OK; at++) {
        const char kept = *at;
        if (kept != '/' && kept != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
            status = file_fail(err, "create directory", copy);
        *at = kept;
        if (kept == '\0')
            break;
    }
    engine_free(copy);
    return status;
}

engine_status file_make_temporary(const char *parent, const char *prefix,
                                  char **out, engine_error *err)
{
    char *path = engine_strf("%s/%sXXXXXX", parent, prefix);

    if (!path)
        return engine_fail_memory(err);
    if (!mkdtemp(path)) {
        const engine_status status =
            file_fail(err, "create a directory in", parent);
        engine_free(path);
        return status;
    }
    *out = path;
    return ENGINE_OK;
}
