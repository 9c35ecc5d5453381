/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - the token's file: private, small, and one word (RFC 6750, 2.1). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/remote/remote.h"
#include "sdk/base/alloc.h"

#define TOKEN_MAX 4096 /* bytes */

static engine_status token_check_file(const char *path, int fd,
                                      engine_error *err)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return engine_fail(err, ENGINE_EIO, "could not read \"%s\": %s", path,
                           strerror(errno));
    if (S_ISFIFO(info.st_mode))
        return ENGINE_OK; /* a shell's <(...) */
    if (!S_ISREG(info.st_mode))
        return engine_fail(err, ENGINE_EINVAL,
                           "the token file \"%s\" is no file", path);
    if (!(info.st_mode & 077))
        return ENGINE_OK;
    engine_fail(err, ENGINE_EDENIED,
                "the token file \"%s\" is open to others (mode %04o)", path,
                (unsigned)info.st_mode & 07777);
    engine_hint(err, "chmod 600 it; if others may have read it, make another "
                     "token");
    return ENGINE_EDENIED;
}

static engine_status token_read(const char *path, int fd, char *out,
                                size_t room, engine_error *err)
{
    size_t len = 0;

    for (;;) {
        const ssize_t got = read(fd, out + len, room - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return engine_fail(err, engine_status_from_errno(errno),
                               "could not read the token file \"%s\": %s", path,
                               strerror(errno));
        if (got == 0)
            break;
        len += (size_t)got;
        if (len == room)
            return engine_fail(err, ENGINE_ELIMIT,
                               "the token file \"%s\" is larger than %d bytes",
                               path, TOKEN_MAX);
    }
    out[len] = '\0';
    return ENGINE_OK;
}

/* One word of visible characters: nothing that could begin a new header. */
static engine_status token_trim(const char *path, char *text, engine_error *err)
{
    size_t from = strspn(text, " \t\r\n");
    size_t len = strlen(text + from);

    while (len && strchr(" \t\r\n", text[from + len - 1]))
        len--;
    memmove(text, text + from, len);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x21 || text[i] > 0x7e)
            return engine_fail(err, ENGINE_EINVAL,
                               "the token file \"%s\" holds more than one "
                               "word",
                               path);
    if (!len)
        return engine_fail(err, ENGINE_EINVAL, "the token file \"%s\" is empty",
                           path);
    return ENGINE_OK;
}

engine_status remote_token_read(const char *path, char **out, engine_error *err)
{
    char *text;
    engine_status status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not read the token file \"%s\": %s", path,
                           strerror(errno));
    text = engine_calloc(1, TOKEN_MAX + 2);
    if (!text) {
        close(fd);
        return engine_fail_memory(err);
    }
    status = token_check_file(path, fd, err);
    if (status == ENGINE_OK)
        status = token_read(path, fd, text, TOKEN_MAX + 1, err);
    if (status == ENGINE_OK)
        status = token_trim(path, text, err);
    close(fd);
    if (status < 0) {
        explicit_bzero(text, TOKEN_MAX + 2);
        engine_free(text);
        return status;
    }
    *out = text;
    return ENGINE_OK;
}

void remote_token_free(char *token)
{
    if (token)
        explicit_bzero(token, TOKEN_MAX + 2);
    engine_free(token);
}
