/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - passwords and tokens in memory that is wiped. */
#include "sdk/kit/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void secret_init(struct secret *secret)
{
    *secret = (struct secret){0};
}

void secret_clear(struct secret *secret)
{
    if (secret->text) {
        explicit_bzero(secret->text, secret->room);
        munmap(secret->text, secret->room); /* unlocks it, too */
    }
    secret_init(secret);
}

/* Pages of its own: locking and leaving out of dumps work on whole pages. */
static engine_status secret_make(struct secret *out, size_t len,
                                 engine_error *err)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory;

    secret_init(out);
    if (len > SECRET_MAXIMUM)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a secret of more than %zu bytes", SECRET_MAXIMUM);
    out->room = (len / page + 1) * page;
    memory = mmap(NULL, out->room, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return engine_fail_memory(err);
    /* best effort: unprivileged users may lock little, or nothing */
    (void)mlock(memory, out->room);
    (void)madvise(memory, out->room, MADV_DONTDUMP);
    out->text = memory;
    return ENGINE_OK;
}

engine_status secret_set(struct secret *secret, const void *text, size_t len,
                         engine_error *err)
{
    struct secret fresh;
    const engine_status status = secret_make(&fresh, len, err);

    if (status < 0)
        return status;
    memcpy(fresh.text, text, len);
    fresh.len = len;
    secret_clear(secret);
    *secret = fresh;
    return ENGINE_OK;
}

/* Straight into the wiped pages: a buffered reader would keep a copy. */
static engine_status secret_read(struct secret *secret, int fd,
                                 const char *path, engine_error *err)
{
    for (;;) {
        const size_t left = SECRET_MAXIMUM + 1 - secret->len;
        const ssize_t got = read(fd, secret->text + secret->len, left);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return engine_fail(err, engine_status_from_errno(errno),
                               "could not read the secret in \"%s\": %s", path,
                               strerror(errno));
        if (got == 0)
            return ENGINE_OK;
        secret->len += (size_t)got;
        if (secret->len > SECRET_MAXIMUM)
            return engine_fail(err, ENGINE_ELIMIT,
                               "the secret in \"%s\" is larger than %zu bytes",
                               path, SECRET_MAXIMUM);
    }
}

static engine_status secret_trim(struct secret *secret, const char *path,
                                 engine_error *err)
{
    while (secret->len && (secret->text[secret->len - 1] == '\n' ||
                           secret->text[secret->len - 1] == '\r'))
        secret->text[--secret->len] = '\0';
    if (!secret->len)
        return engine_fail(err, ENGINE_EINVAL, "the secret in \"%s\" is empty",
                           path);
    if (memchr(secret->text, '\0', secret->len))
        return engine_fail(err, ENGINE_EINVAL,
                           "the secret in \"%s\" contains a zero byte", path);
    return ENGINE_OK;
}

engine_status secret_from_file(struct secret *secret, const char *path,
                               engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct secret fresh;
    engine_status status;

    if (fd < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open the secret in \"%s\": %s", path,
                           strerror(errno));
    status = secret_make(&fresh, SECRET_MAXIMUM, err);
    if (status == ENGINE_OK)
        status = secret_read(&fresh, fd, path, err);
    if (status == ENGINE_OK)
        status = secret_trim(&fresh, path, err);
    if (status == ENGINE_OK) {
        secret_clear(secret);
        *secret = fresh;
        secret_init(&fresh); /* moved to the caller */
    }
    secret_clear(&fresh);
    close(fd);
    return status;
}

engine_status secret_from_env(struct secret *secret, const char *name,
                              engine_error *err)
{
    const char *text = getenv(name);

    if (!text || !*text) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "environment variable \"%s\" is not set", name);
        engine_hint(err, "set it where the engine is started");
        return ENGINE_ENOTFOUND;
    }
    return secret_set(secret, text, strlen(text), err);
}
