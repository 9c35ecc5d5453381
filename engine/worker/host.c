/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - the services that a worker gives its plugin: everything but
 * registering, reporting results and reading documents. */
#include <engine/version.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/worker/worker_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "sdk/document/utf8.h"

#define HOST_WORD_MAX 255
#define HOST_UNDO_MAX ((uint32_t)1024 * 1024)

struct worker *host_worker(const struct scanner_host *host,
                           enum worker_phase phase)
{
    struct worker *worker = host ? host->internal : NULL;

    return worker && worker->phase == phase ? worker : NULL;
}

bool host_text(const char *text, size_t maximum)
{
    const size_t len = text ? strnlen(text, maximum + 1) : maximum + 1;

    return len <= maximum && utf8_span(text, len) == len;
}

bool host_borrow(const struct scanner_doc *document, bson_t *out,
                 engine_error *err)
{
    if (!document->data || document->len > DOCUMENT_MAX_BYTES) {
        engine_fail(err, ENGINE_ELIMIT, "a document of %u bytes",
                    document->len);
        return false;
    }
    /* room for the frame around it, and for the store's document */
    return frame_check(document->data, document->len, DOCUMENT_MAX_DEPTH,
                       err) == ENGINE_OK &&
           bson_init_static(out, document->data, document->len);
}

void host_violation(struct worker *worker, const char *format, ...)
{
    char text[512];
    va_list args;

    if (worker->violation.status < 0)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    engine_fail(&worker->violation, ENGINE_EPLUGIN, "scanner \"%s\" %s",
                worker->ops->name, text);
    engine_hint(&worker->violation, "report this to the scanner's authors");
}

static void host_log(const struct scanner_host *host, uint32_t level,
                     const char *text)
{
    struct worker *worker = host ? host->internal : NULL;

    if (!worker || !text)
        return;
    if (level < SCANNER_LOG_ERROR || level > SCANNER_LOG_DEBUG)
        level = SCANNER_LOG_INFO;
    worker_log(worker, level, text);
}

static int32_t host_sent(engine_status status)
{
    return status == ENGINE_OK ? SCANNER_OK : SCANNER_ECANCELLED;
}

static int32_t host_document(const struct scanner_host *host,
                             const struct scanner_job *job, const char *kind,
                             const struct scanner_doc *document)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_error err = {0};
    engine_status status;
    bson_t frame, borrowed;

    (void)job;
    if (!worker || !document || !host_text(kind, HOST_WORD_MAX))
        return SCANNER_EINVAL;
    if (!host_borrow(document, &borrowed, &err)) {
        host_violation(worker, "gave a %s that was refused: %s", kind,
                       err.message);
        return SCANNER_EINVAL;
    }
    frame_init(&frame, "document");
    BSON_APPEND_UTF8(&frame, "kind", kind);
    BSON_APPEND_DOCUMENT(&frame, "document", &borrowed);
    status = worker_send(worker, &frame);
    bson_destroy(&frame);
    return host_sent(status);
}

/* ---- artifacts ---------------------------------------------------------- */

/* Copies and hashes at once: the plugin may change its file afterwards. */
static engine_status host_copy(int from, int to, char id[HASH_HEX_SIZE])
{
    char *data = engine_malloc(65536);
    struct hash *hash = data ? hash_new() : NULL;
    engine_status status = hash ? ENGINE_OK : ENGINE_ENOMEM;
    ssize_t got = 1;

    while (status == ENGINE_OK && got != 0) {
        got = read(from, data, 65536);
        if (got < 0 && errno != EINTR)
            status = engine_status_from_errno(errno);
        if (got <= 0)
            continue;
        hash_add(hash, data, (size_t)got);
        status = file_write_all(to, data, (size_t)got, NULL);
    }
    if (hash)
        hash_end(hash, id);
    engine_free(data);
    return status;
}

/* A regular file inside the workdir, whatever "..", links or hard names. */
static int host_open_inside(struct worker *worker, const char *path)
{
    char *real = realpath(path, NULL);
    char *root = realpath(worker->workdir, NULL);
    const size_t len = root ? strlen(root) : 0;
    struct stat info;
    int fd = -1;

    if (real && root && strncmp(real, root, len) == 0 && real[len] == '/')
        fd = open(real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))) {
        close(fd);
        fd = -1;
    }
    free(real);
    free(root);
    return fd;
}

static int32_t host_send_artifact(struct worker *worker, const char *path,
                                  const char *name, const char *media_type,
                                  const char *id)
{
    engine_status status;
    bson_t frame;

    frame_init(&frame, "artifact");
    BSON_APPEND_UTF8(&frame, "id", id);
    BSON_APPEND_UTF8(&frame, "path", path);
    BSON_APPEND_UTF8(&frame, "name", name);
    BSON_APPEND_UTF8(&frame, "media_type", media_type);
    status = worker_send(worker, &frame);
    bson_destroy(&frame);
    return host_sent(status);
}

/* The first one over the limit still goes out: the engine then knows. */
static bool host_admit_artifact(struct worker *worker, int fd)
{
    struct stat info;

    if (worker->artifacts_left < 0 || worker->artifact_bytes_left < 0)
        return false;
    worker->artifacts_left -= 1;
    worker->artifact_bytes_left -= fstat(fd, &info) == 0 ? info.st_size : 0;
    if (worker->artifacts_left < 0 || worker->artifact_bytes_left < 0)
        atomic_store(&worker->cancelled, 1);
    return true;
}

static int32_t host_artifact(const struct scanner_host *host,
                             const struct scanner_job *job, const char *path,
                             const char *name, const char *media_type,
                             char id[65])
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_status status = ENGINE_EIO;
    char *kept;
    int from, to;

    (void)job;
    if (!worker || !id || !host_text(path, PATH_MAX) ||
        !host_text(name, HOST_WORD_MAX) ||
        !host_text(media_type, HOST_WORD_MAX))
        return SCANNER_EINVAL;
    from = host_open_inside(worker, path);
    if (from < 0)
        return SCANNER_EINVAL;
    if (!host_admit_artifact(worker, from)) {
        close(from);
        return SCANNER_ECANCELLED;
    }
    kept = engine_strf("%s/.kept-XXXXXX", worker->workdir);
    to = kept ? mkostemp(kept, O_CLOEXEC) : -1;
    if (to >= 0)
        status = host_copy(from, to, id);
    close(from);
    if (to >= 0 && close(to) < 0)
        status = ENGINE_EIO;
    if (status == ENGINE_OK)
        status = host_send_artifact(worker, kept, name, media_type, id);
    else if (to >= 0)
        unlink(kept);
    engine_free(kept);
    return status;
}

static int32_t host_open_artifact(const struct scanner_host *host,
                                  const struct scanner_job *job,
                                  const char *id, const char **path)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    bson_t list, one;
    bson_iter_t iter;

    (void)job;
    if (!worker || !id || !path)
        return SCANNER_EINVAL;
    if (!document_child(&worker->job, "artifacts", &list) ||
        !bson_iter_init(&iter, &list))
        return SCANNER_ENOTFOUND;
    while (bson_iter_next(&iter)) {
        const char *known, *where;

        if (!document_iter_child(&iter, &one))
            continue;
        known = document_string(&one, "id");
        where = document_string(&one, "path");
        if (known && where && strcmp(known, id) == 0) {
            *path = where;
            return SCANNER_OK;
        }
    }
    return SCANNER_ENOTFOUND;
}

/* ---- effects ------------------------------------------------------------ */

static int32_t host_await_effect(struct worker *worker, const char *id)
{
    int32_t status = SCANNER_ECANCELLED;

    pthread_mutex_lock(&worker->lock);
    while (!worker->closed && worker->broken.status == ENGINE_OK &&
           strcmp(worker->effect_stored, id) != 0)
        pthread_cond_wait(&worker->changed, &worker->lock);
    if (strcmp(worker->effect_stored, id) == 0)
        status = SCANNER_OK;
    pthread_mutex_unlock(&worker->lock);
    return status;
}

static int32_t host_effect(const struct scanner_host *host,
                           const struct scanner_job *job,
                           const struct scanner_doc *undo, char id[65])
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_status status;
    char name[37];
    bson_t frame, borrowed;

    (void)job;
    if (!worker || !undo || !id || undo->len > HOST_UNDO_MAX ||
        !host_borrow(undo, &borrowed, NULL))
        return SCANNER_EINVAL;
    if (!(host->features & SCANNER_HOST_EFFECTS))
        return SCANNER_EFAILED;
    id_uuid(name);
    frame_init(&frame, "effect");
    BSON_APPEND_UTF8(&frame, "id", name);
    BSON_APPEND_DOCUMENT(&frame, "undo", &borrowed);
    status = worker_send(worker, &frame);
    bson_destroy(&frame);
    if (status < 0)
        return SCANNER_ECANCELLED;
    memcpy(id, name, sizeof(name));
    return host_await_effect(worker, name);
}

static int32_t host_effect_undone(const struct scanner_host *host,
                                  const struct scanner_job *job,
                                  const char *id)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_status status;
    bson_t frame;

    (void)job;
    if (!worker || !host_text(id, 64))
        return SCANNER_EINVAL;
    frame_init(&frame, "effect_undone");
    BSON_APPEND_UTF8(&frame, "id", id);
    status = worker_send(worker, &frame);
    bson_destroy(&frame);
    return host_sent(status);
}

/* ---- progress and time -------------------------------------------------- */

static void host_progress(const struct scanner_host *host,
                          const struct scanner_job *job, uint64_t done,
                          uint64_t expected, const char *what)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    bson_t frame;

    (void)job;
    if (!worker || done > INT64_MAX || expected > INT64_MAX)
        return;
    frame_init(&frame, "progress");
    BSON_APPEND_INT64(&frame, "done", (int64_t)done);
    BSON_APPEND_INT64(&frame, "expected", (int64_t)expected);
    BSON_APPEND_UTF8(&frame, "what", host_text(what, 1024) ? what : "");
    (void)worker_send_soon(worker, &frame);
    bson_destroy(&frame);
}

static int64_t host_left(const struct worker *worker)
{
    const int64_t left = worker->deadline_ms - clock_steady_ms();

    if (!worker->deadline_ms)
        return -1;
    return left > 0 ? left : 0;
}

static int32_t host_cancelled(const struct scanner_host *host,
                              const struct scanner_job *job)
{
    struct worker *worker = host ? host->internal : NULL;

    (void)job;
    if (!worker)
        return 1;
    return atomic_load(&worker->cancelled) || host_left(worker) == 0;
}

static int64_t host_deadline_ms(const struct scanner_host *host,
                                const struct scanner_job *job)
{
    const struct worker *worker = host ? host->internal : NULL;

    (void)job;
    return worker ? host_left(worker) : -1;
}

void host_init(struct worker *worker)
{
    struct scanner_host *host = &worker->host;

    *host = (struct scanner_host){
        .magic = SCANNER_MAGIC,
        .size = sizeof(*host),
        .abi_major = SCANNER_ABI_MAJOR,
        .abi_minor = SCANNER_ABI_MINOR,
        .features = SCANNER_HOST_ARTIFACTS | SCANNER_HOST_DOCUMENTS,
        .engine_version = ENGINE_VERSION,
        .internal = worker,
        .log = host_log,
        .document = host_document,
        .artifact = host_artifact,
        .open_artifact = host_open_artifact,
        .effect = host_effect,
        .effect_undone = host_effect_undone,
        .progress = host_progress,
        .cancelled = host_cancelled,
        .deadline_ms = host_deadline_ms,
    };
    host_fill_register(host);
    host_fill_reports(host);
    host_fill_getters(host);
}
