/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c - making spools and writing them. */
#include "engine/store/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/store/spool_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

engine_status store_spool_fail(const struct store_spool *spool,
                               const char *verb, engine_error *err)
{
    const int code = errno;

    return engine_fail(err, engine_status_from_errno(code),
                       "could not %s the spool \"%s\": %s", verb, spool->path,
                       strerror(code));
}

/* ---- frames -------------------------------------------------------------- */

static void frame_put(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

void store_spool_frame_head(uint32_t kind, uint32_t length, uint64_t number,
                            uint8_t out[SPOOL_FRAME_HEAD])
{
    memcpy(out, "SeSp", 4);
    frame_put(out + 4, kind, 4);
    frame_put(out + 8, length, 4);
    frame_put(out + 12, 0, 4);
    frame_put(out + 16, number, 8);
}

engine_status store_spool_frame_digest(const uint8_t head[SPOOL_FRAME_HEAD],
                                       const uint8_t *data, uint32_t length,
                                       char out[SPOOL_FRAME_END],
                                       engine_error *err)
{
    struct hash *hash = hash_new();
    char text[HASH_HEX_SIZE];

    if (!hash)
        return engine_fail_memory(err);
    hash_add(hash, head, SPOOL_FRAME_HEAD);
    if (length)
        hash_add(hash, data, length);
    hash_end(hash, text);
    memcpy(out, text, SPOOL_FRAME_END);
    return ENGINE_OK;
}

/* All of it, or the reason in errno. */
static bool spool_write_parts(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t done = writev(fd, parts, count);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        while (count > 0 && (size_t)done >= parts->iov_len) {
            done -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + done;
            parts->iov_len -= (size_t)done;
        }
    }
    return true;
}

static engine_status spool_full(const struct store_spool *spool,
                                engine_error *err)
{
    engine_fail(err, ENGINE_ELIMIT,
                "the spool \"%s\" would be larger than %lld MiB", spool->path,
                (long long)(spool->maximum / (1024 * 1024)));
    engine_hint(err, "the store has been away for too long; spool.maximum_mb "
                     "of the configuration allows more");
    return ENGINE_ELIMIT;
}

static engine_status spool_write(struct store_spool *spool, uint32_t kind,
                                 const uint8_t *data, uint32_t length,
                                 engine_error *err)
{
    const int64_t size = (int64_t)(SPOOL_FRAME_EXTRA + length);
    uint8_t head[SPOOL_FRAME_HEAD];
    char end[SPOOL_FRAME_END];
    struct iovec parts[] = {{head, sizeof(head)},
                            {(void *)(uintptr_t)data, length},
                            {end, sizeof(end)}};
    engine_status status;

    if (length > SPOOL_DOCUMENT_MAX)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a document of %u bytes is too large for a spool",
                           length);
    if (spool->written.offset + size > spool->maximum)
        return spool_full(spool, err);
    store_spool_frame_head(kind, length, spool->written.number, head);
    status = store_spool_frame_digest(head, data, length, end, err);
    if (status < 0)
        return status;
    if (lseek(spool->fd, spool->written.offset, SEEK_SET) < 0 ||
        !spool_write_parts(spool->fd, parts, 3))
        return store_spool_fail(spool, "write to", err);
    spool->written.offset += size;
    spool->written.number++;
    spool->written.documents += kind >= SPOOL_FIRST_KIND;
    return ENGINE_OK;
}

/* What cannot be cut off has no mark after it, and is overwritten next. */
static void spool_drop(struct store_spool *spool)
{
    const int code = errno;

    spool->written = spool->marked;
    if (ftruncate(spool->fd, spool->marked.offset) < 0)
        errno = code;
}

engine_status store_spool_append(struct store_spool *spool, uint32_t kind,
                                 const bson_t *document, engine_error *err)
{
    const engine_status status =
        spool_write(spool, kind, bson_get_data(document), document->len, err);

    if (status < 0)
        spool_drop(spool);
    return status;
}

engine_status store_spool_mark(struct store_spool *spool, engine_error *err)
{
    engine_status status = spool_write(spool, SPOOL_MARK, NULL, 0, err);

    if (status == ENGINE_OK && fsync(spool->fd) < 0)
        status = store_spool_fail(spool, "write to", err);
    if (status < 0)
        spool_drop(spool);
    else
        spool->marked = spool->written;
    return status;
}

/* ---- making and removing ------------------------------------------------- */

/* A new or a lost name is on disk when its directory is. */
static engine_status spool_sync_directory(const struct store_spool *spool,
                                          engine_error *err)
{
    const char *slash = strrchr(spool->path, '/');
    char *parent =
        slash ? engine_strndup(spool->path, (size_t)(slash - spool->path) + 1)
              : engine_strdup(".");
    engine_status status = ENGINE_OK;
    int fd;

    if (!parent)
        return engine_fail_memory(err);
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
        status = store_spool_fail(spool, "keep", err);
    if (fd >= 0)
        close(fd);
    engine_free(parent);
    return status;
}

static engine_status spool_new(const char *path, struct store_spool **out,
                               engine_error *err)
{
    struct store_spool *spool = engine_calloc(1, sizeof(*spool));

    if (!spool)
        return engine_fail_memory(err);
    spool->fd = -1;
    buffer_init(&spool->frame, (size_t)SPOOL_DOCUMENT_MAX + SPOOL_FRAME_EXTRA);
    spool->path = engine_strdup(path);
    if (!spool->path) {
        engine_free(spool);
        return engine_fail_memory(err);
    }
    *out = spool;
    return ENGINE_OK;
}

/* Everything up to here is the head's. */
static void spool_begin(struct store_spool *spool)
{
    spool->written.documents = 0;
    spool->first = spool->written;
    spool->marked = spool->reading = spool->forgotten = spool->first;
}

engine_status store_spool_create(const char *path, const bson_t *head,
                                 int64_t maximum, struct store_spool **out,
                                 engine_error *err)
{
    struct store_spool *spool = NULL;
    engine_status status = spool_new(path, &spool, err);

    if (status < 0)
        return status;
    spool->maximum = maximum;
    spool->head = bson_copy(head);
    spool->fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (spool->fd < 0) {
        status = store_spool_fail(spool, "create", err);
    } else {
        if (flock(spool->fd, LOCK_EX | LOCK_NB) < 0)
            status = store_spool_fail(spool, "lock", err);
        if (status == ENGINE_OK)
            status = spool_write(spool, SPOOL_HEAD, bson_get_data(head),
                                 head->len, err);
        spool_begin(spool);
        if (status == ENGINE_OK && fsync(spool->fd) < 0)
            status = store_spool_fail(spool, "write to", err);
        if (status == ENGINE_OK)
            status = spool_sync_directory(spool, err);
        if (status < 0)
            (void)unlink(path);
    }
    if (status < 0)
        store_spool_close(spool);
    else
        *out = spool;
    return status;
}

static engine_status spool_open_head(struct store_spool *spool,
                                     engine_error *err)
{
    uint32_t kind = SPOOL_MARK;
    struct stat info;
    int got;

    if (fstat(spool->fd, &info) < 0)
        return store_spool_fail(spool, "look at", err);
    if (info.st_nlink == 0) /* its owner was about to remove it */
        return engine_fail(err, ENGINE_ENOTFOUND, "the spool \"%s\" is gone",
                           spool->path);
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
        (info.st_mode & (S_IRWXG | S_IRWXO)))
        return engine_fail(err, ENGINE_EDENIED,
                           "the spool \"%s\" is not a file that only this "
                           "user can read",
                           spool->path);
    got = store_spool_frame_read(spool, &spool->written, info.st_size, &kind,
                                 err);
    if (got < 0 && (!err || err->status != ENGINE_ECORRUPT))
        return (engine_status)got;
    if (got <= 0 || kind != SPOOL_HEAD)
        return engine_fail(err, ENGINE_ECORRUPT,
                           "the head of the spool \"%s\" is damaged",
                           spool->path);
    spool->head = bson_new_from_data((const uint8_t *)spool->frame.data +
                                         SPOOL_FRAME_HEAD,
                                     spool->frame.len - SPOOL_FRAME_EXTRA);
    spool_begin(spool);
    return spool->head ? ENGINE_OK : engine_fail_memory(err);
}

engine_status store_spool_open(const char *path, struct store_spool **out,
                               engine_error *err)
{
    struct store_spool *spool = NULL;
    engine_status status = spool_new(path, &spool, err);

    if (status < 0)
        return status;
    spool->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (spool->fd < 0)
        status = store_spool_fail(spool, "open", err);
    else if (flock(spool->fd, LOCK_EX | LOCK_NB) < 0)
        status = errno == EWOULDBLOCK
                     ? engine_fail(err, ENGINE_ECONFLICT,
                                   "a process has the spool \"%s\"", path)
                     : store_spool_fail(spool, "lock", err);
    else
        status = spool_open_head(spool, err);
    if (status < 0)
        store_spool_close(spool);
    else
        *out = spool;
    return status;
}

void store_spool_close(struct store_spool *spool)
{
    if (!spool)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    buffer_clear(&spool->frame);
    bson_destroy(spool->head);
    engine_free(spool->path);
    engine_free(spool);
}

engine_status store_spool_remove(struct store_spool *spool, engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (unlink(spool->path) < 0 && errno != ENOENT)
        status = store_spool_fail(spool, "remove", err);
    else
        (void)spool_sync_directory(spool, NULL); /* it may come back, whole */
    store_spool_close(spool);
    return status;
}

engine_status store_spool_set_aside(struct store_spool *spool,
                                    engine_error *err)
{
    char *path = engine_strf("%s" SPOOL_ASIDE, spool->path);

    if (!path)
        return engine_fail_memory(err);
    if (rename(spool->path, path) < 0) {
        engine_free(path);
        return store_spool_fail(spool, "rename", err);
    }
    engine_free(spool->path);
    spool->path = path;
    return ENGINE_OK;
}

const bson_t *store_spool_head(const struct store_spool *spool)
{
    return spool->head;
}

const char *store_spool_path(const struct store_spool *spool)
{
    return spool->path;
}

bool store_uri_is_remote(const char *uri)
{
    return strncmp(uri, "sqlite:", 7) != 0;
}

char *store_uri_name(const char *uri)
{
    const char *start = strstr(uri, "://");
    const char *host, *at;

    if (!start)
        return engine_strdup(uri);
    host = start + 3;
    at = memchr(host, '@', strcspn(host, "/?"));
    while (at) { /* the last one before the path */
        host = at + 1;
        at = memchr(host, '@', strcspn(host, "/?"));
    }
    return engine_strf("%.*s://%.*s", (int)(start - uri), uri,
                       (int)strcspn(host, "?"), host);
}
