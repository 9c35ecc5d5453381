/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - one job, from its frame to its last word. */
#include "engine/worker/worker_private.h"

#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/worker/confine.h"
#include "engine/worker/sweep.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/steady.h"
#include "sdk/document/document.h"

#define WORKER_RULES_MAX ((size_t)1024 * 1024 * 1024)
#define WORKER_LOG_MAX ((size_t)4 * 1024 * 1024)
#define WORKER_FLUSH_MS 180000 /* for the engine to take the last frames,
                                * which may be waiting for its store */
#define WORKER_LEAVE_LOOKS 10 /* at what is ending by itself */
#define WORKER_LEAVE_MS 10
#define WORKER_CLOSE_MS 2000  /* for the engine to close after them */

typedef int32_t (*worker_operation)(void *self, const struct scanner_job *job,
                                    struct scanner_error *err);

/* ---- beginning and end -------------------------------------------------- */

static void worker_free(struct worker *worker)
{
    loader_close(worker->module);
    if (worker->output >= 0)
        close(worker->output);
    if (worker->wake >= 0)
        close(worker->wake);
    channel_clear(&worker->reader);
    channel_clear(&worker->writer);
    buffer_clear(&worker->captured);
    table_clear(&worker->rule_states);
    arena_clear(&worker->memory);
    arena_clear(&worker->states);
    engine_free(worker->rules);
    bson_destroy(&worker->job);
    bson_destroy(&worker->types);
    bson_destroy(&worker->targets);
    bson_destroy(&worker->content);
    bson_destroy(&worker->options);
    bson_destroy(&worker->description);
    pthread_mutex_destroy(&worker->send_lock);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
    engine_free(worker->workdir);
    engine_free(worker->cachedir);
    engine_free(worker);
}

static struct worker *worker_new(int fd, int ring, unsigned flags)
{
    struct worker *worker =
        engine_calloc_aligned(alignof(struct worker), 1, sizeof(*worker));

    if (!worker)
        return NULL;
    worker->flags = flags;
    worker->output = -1;
    worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->log_left = WORKER_LOG_MAX;
    worker->user_tasks = -1;
    /* one socket, two ends of it: each thread has its own state */
    channel_init(&worker->reader, fd);
    channel_init(&worker->writer, fcntl(fd, F_DUPFD_CLOEXEC, 0));
    buffer_init(&worker->captured, (size_t)512 * 1024);
    arena_init(&worker->memory, WORKER_RULES_MAX);
    arena_init(&worker->states, WORKER_RULES_MAX);
    table_init(&worker->rule_states);
    bson_init(&worker->job);
    bson_init(&worker->types);
    bson_init(&worker->targets);
    bson_init(&worker->content);
    bson_init(&worker->options);
    bson_init(&worker->description);
    pthread_mutex_init(&worker->send_lock, NULL);
    pthread_mutex_init(&worker->lock, NULL);
    steady_condition_init(&worker->changed);
    host_init(worker);
    if (worker->wake >= 0 && worker->writer.fd >= 0 &&
        (ring < 0 || ring_open(&worker->writer.ring, ring)))
        return worker;
    worker_free(worker);
    return NULL;
}

/* ---- the plugin --------------------------------------------------------- */

static worker_operation worker_find(const struct scanner_ops *ops,
                                    const char *op)
{
    if (strcmp(op, "scan") == 0)
        return ops->scan;
    if (strcmp(op, "plan") == 0)
        return ops->plan;
    if (strcmp(op, "import") == 0)
        return ops->import;
    if (strcmp(op, "probe") == 0)
        return ops->probe;
    if (strcmp(op, "undo") == 0)
        return ops->undo;
    return NULL;
}

/* Waits for the watcher to have seen what `flag` stands for. */
static engine_status worker_await(struct worker *worker, const bool *flag,
                                  engine_error *err)
{
    engine_status status = ENGINE_OK;

    pthread_mutex_lock(&worker->lock);
    while (!*flag && !worker->closed && worker->broken.status == ENGINE_OK)
        pthread_cond_wait(&worker->changed, &worker->lock);
    if (worker->broken.status < 0) {
        *err = worker->broken;
        status = err->status;
    } else if (!*flag) {
        status = engine_fail(err, ENGINE_ECANCELLED, "the engine is gone");
    }
    pthread_mutex_unlock(&worker->lock);
    return status;
}

static engine_status worker_failed(const struct worker *worker, int32_t code,
                                   const struct scanner_error *from,
                                   engine_error *err)
{
    const size_t len = strnlen(from->message, sizeof(from->message) - 1);
    engine_status status = code < 0 ? code : ENGINE_EPLUGIN;

    if (status < ENGINE_EFULL)
        status = ENGINE_EPLUGIN;
    if (!len || !bson_utf8_validate(from->message, len, false))
        engine_fail(err, status, "scanner \"%s\" failed and gave no reason",
                    worker->ops->name);
    else
        engine_fail(err, status, "scanner \"%s\": %.*s", worker->ops->name,
                    (int)len, from->message);
    if (host_text(from->hint, sizeof(from->hint) - 1))
        engine_hint(err, "%s", from->hint);
    return status;
}

static engine_status worker_options(struct worker *worker, engine_error *err)
{
    bson_t given;

    if (!document_child(&worker->job, "options", &given))
        return describe_options(worker->ops, &worker->options, err);
    bson_destroy(&worker->options);
    bson_copy_to(&given, &worker->options);
    return ENGINE_OK;
}

static engine_status worker_init_plugin(struct worker *worker,
                                        engine_error *err)
{
    struct scanner_error why = {.size = sizeof(why)};
    struct scanner_config config = {.size = sizeof(config)};
    engine_status status = worker_options(worker, err);
    int32_t code;

    if (status < 0)
        return status;
    config.options.data = bson_get_data(&worker->options);
    config.options.len = worker->options.len;
    if (document_bool(&worker->job, "effects", false) ||
        strcmp(document_string(&worker->job, "op"), "describe") == 0)
        worker->host.features |= SCANNER_HOST_EFFECTS;
    worker->phase = WORKER_INIT;
    code = worker->ops->init(&worker->host, &config, &worker->self, &why);
    worker->phase = WORKER_LOADING;
    if (code != SCANNER_OK)
        return worker_failed(worker, code, &why, err);
    return ENGINE_OK;
}

static struct scanner_doc worker_child(const struct worker *worker,
                                       const char *path)
{
    struct scanner_doc out = {0};
    bson_t child;

    if (document_child(&worker->job, path, &child)) {
        out.data = bson_get_data(&child);
        out.len = child.len;
    }
    return out;
}

static int64_t worker_limit(const struct worker *worker, const char *path)
{
    const int64_t limit = document_int(&worker->job, path, 0);

    return limit > 0 ? limit : INT64_MAX;
}

static void worker_budget(struct worker *worker)
{
    const int64_t wall = document_int(&worker->job, "limits.wall_ms", 0);

    worker->results_left = worker_limit(worker, "limits.results");
    worker->result_bytes_left = worker_limit(worker, "limits.result_bytes");
    worker->artifacts_left = worker_limit(worker, "limits.artifacts");
    worker->artifact_bytes_left =
        worker_limit(worker, "limits.artifact_bytes");
    if (wall > 0)
        worker->deadline_ms = clock_steady_ms() + wall;
}

static engine_status worker_operate(struct worker *worker, const char *op,
                                    engine_error *err)
{
    const worker_operation operation = worker_find(worker->ops, op);
    struct scanner_error why = {.size = sizeof(why)};
    const int64_t parallel = document_int(&worker->job, "parallel", 1);
    struct scanner_job job = {
        .size = sizeof(job),
        .parallel = parallel > 0 && parallel < 65536 ? (uint32_t)parallel : 1,
        .target = worker_child(worker, "target"),
        .variables = worker_child(worker, "variables"),
        .request = worker_child(worker, "request"),
        .rules = worker->rules,
        .rules_count = worker->rules_count,
        .rules_stride = sizeof(struct scanner_doc),
        .workdir = worker->workdir,
        .cachedir = worker->cachedir,
        .internal = worker,
    };
    int32_t code;

    if (!operation)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "scanner \"%s\" cannot %s", worker->ops->name, op);
    worker->phase = WORKER_RUNNING;
    code = operation(worker->self, &job, &why);
    worker->phase = WORKER_ENDING;
    if (worker->violation.status < 0) {
        *err = worker->violation;
        return err->status;
    }
    if (code != SCANNER_OK)
        return worker_failed(worker, code, &why, err);
    return ENGINE_OK;
}

/* ---- the job ------------------------------------------------------------ */

static engine_status worker_accept(struct worker *worker, const char **op,
                                   engine_error *err)
{
    engine_status status = worker_await(worker, &worker->have_job, err);
    const char *work, *cache;

    if (status < 0)
        return status;
    *op = document_string(&worker->job, "op");
    work = document_string(&worker->job, "workdir");
    cache = document_string(&worker->job, "cachedir");
    if (!*op || !document_string(&worker->job, "plugin.path") ||
        !document_string(&worker->job, "plugin.name") || !work || !cache)
        return engine_fail(err, ENGINE_EPARSE, "the job is incomplete");
    worker->workdir = engine_strdup(work);
    worker->cachedir = engine_strdup(cache);
    if (!worker->workdir || !worker->cachedir)
        return engine_fail_memory(err);
    if (!(worker->flags & WORKER_IN_THREAD)) {
        status = user_check(&worker->job, err);
        if (status < 0)
            return status;
        limits_apply(worker);
        /* also for programs that are run: elsewhere they may not write */
        if (setenv("TMPDIR", worker->workdir, 1) < 0)
            return engine_fail_memory(err);
    }
    worker_budget(worker);
    return ENGINE_OK;
}

/* Not in a thread: it would hold for the program around us. */
static engine_status worker_confine(struct worker *worker, engine_error *err)
{
    const char *mode = document_string(&worker->job, "confinement");
    const bool required = mode && strcmp(mode, "required") == 0;
    struct confinement *plan;
    struct confine_kernel kernel;
    engine_status status;

    if ((worker->flags & WORKER_IN_THREAD) ||
        (mode && strcmp(mode, "off") == 0))
        return ENGINE_OK;
    confine_probe(&kernel);
    if (required && (!kernel.landlock || !kernel.seccomp)) {
        engine_fail(err, ENGINE_EUNSUPPORTED,
                    "this kernel cannot confine scanner \"%s\": it has no %s",
                    worker->ops->name,
                    kernel.landlock ? "seccomp" : "landlock");
        engine_hint(err, "confinement = \"auto\" does without");
        return ENGINE_EUNSUPPORTED;
    }
    plan = engine_calloc(1, sizeof(*plan));
    if (!plan)
        return engine_fail_memory(err);
    status = confine_plan(worker->ops, &worker->job, plan, err);
    if (status == ENGINE_OK)
        status = confine_enter(plan, &kernel, err);
    confine_clear(plan);
    engine_free(plan);
    if (status == ENGINE_EUNSUPPORTED && !required && err) {
        worker_log(worker, SCANNER_LOG_WARNING, err->message);
        *err = (engine_error){0};
        status = ENGINE_OK;
    }
    return status;
}

static engine_status worker_load(struct worker *worker, engine_error *err)
{
    const bson_t *job = &worker->job;
    engine_status status;

    if (worker->query)
        status = loader_link(worker->query, document_string(job, "plugin.name"),
                             &worker->module, err);
    else
        status = loader_open(document_string(job, "plugin.path"),
                             document_string(job, "plugin.sha256"),
                             &worker->module, err);
    if (status == ENGINE_OK)
        worker->ops = loader_ops(worker->module);
    return status;
}

engine_status worker_await_start(struct worker *worker, engine_error *err)
{
    return worker_await(worker, &worker->started, err);
}

/* Loads a scanner and begins it, and says how long both took. */
static engine_status worker_begin(struct worker *worker, engine_error *err)
{
    int64_t loading_us = -clock_steady_us(), beginning_us;
    engine_status status = worker_load(worker, err);
    char text[96];

    loading_us += clock_steady_us();
    if (status == ENGINE_OK)
        status = worker_confine(worker, err);
    beginning_us = -clock_steady_us();
    if (status == ENGINE_OK)
        status = worker_init_plugin(worker, err);
    beginning_us += clock_steady_us();
    snprintf(text, sizeof(text), "loaded in %.2f ms, begun in %.2f ms",
             (double)loading_us / 1000, (double)beginning_us / 1000);
    if (status == ENGINE_OK)
        worker_log(worker, SCANNER_LOG_DEBUG, text);
    return status;
}

/* A scanner's job, as jobs usually are. */
static engine_status worker_serve(struct worker *worker, const char *op,
                                  engine_error *err)
{
    engine_status status = worker_begin(worker, err);

    if (status < 0)
        return status;
    status = worker_await(worker, &worker->started, err);
    if (status == ENGINE_OK && strcmp(op, "describe") == 0)
        status = describe_plugin(worker, err);
    else if (status == ENGINE_OK)
        status = worker_operate(worker, op, err);
    worker->phase = WORKER_ENDING;
    worker->ops->destroy(worker->self);
    return status;
}

static void worker_send_done(struct worker *worker, engine_status status,
                             const engine_error *err)
{
    bson_t frame;

    frame_init(&frame, "done");
    BSON_APPEND_INT32(&frame, "status", status);
    if (status < 0) {
        BSON_APPEND_UTF8(&frame, "message", err->message);
        BSON_APPEND_UTF8(&frame, "hint", err->hint);
    } else if (!bson_empty(&worker->description)) {
        BSON_APPEND_DOCUMENT(&frame, "description", &worker->description);
    }
    (void)worker_send(worker, &frame);
    bson_destroy(&frame);
}

/* What the scanner's end leaves running ends too, and its author is told. */
static void worker_sweep(struct worker *worker)
{
    char text[80];
    size_t left;
    bson_t frame;

    for (int i = 0; i < WORKER_LEAVE_LOOKS; i++) {
        if (!sweep_is_parent() || !sweep_count(getpid()))
            return;
        usleep(WORKER_LEAVE_MS * 1000);
    }
    left = sweep_session(getpid());
    if (!left)
        return;
    snprintf(text, sizeof(text), "left %zu process%s running, which %s ended",
             left, left == 1 ? "" : "es", left == 1 ? "was" : "were");
    frame_init(&frame, "warning");
    BSON_APPEND_UTF8(&frame, "message", text);
    (void)worker_send(worker, &frame);
    bson_destroy(&frame);
}

static void worker_finish(struct worker *worker, engine_status status,
                          const engine_error *err)
{
    watch_drain(worker);
    if (!(worker->flags & WORKER_IN_THREAD))
        worker_sweep(worker);
    /* from now on the engine's closing is what we wait for */
    pthread_mutex_lock(&worker->lock);
    worker->finished = true;
    pthread_mutex_unlock(&worker->lock);
    worker_send_done(worker, status, err);
    pthread_mutex_lock(&worker->send_lock);
    (void)channel_flush(&worker->writer, WORKER_FLUSH_MS, NULL);
    pthread_mutex_unlock(&worker->send_lock);
    watch_stop(worker, WORKER_CLOSE_MS);
}

static int worker_live(int fd, int ring, unsigned flags, const char *user,
                       scanner_query_fn query, worker_job_fn serve)
{
    struct worker *worker = worker_new(fd, ring, flags);
    engine_error err = {0};
    engine_status status = ENGINE_OK;
    const char *op = NULL;

    if (ring >= 0)
        close(ring);
    if (!worker) {
        close(fd);
        return 1;
    }
    worker->query = query;
    if (!(flags & WORKER_IN_THREAD))
        status = limits_enter(worker, user, &err);
    if (status == ENGINE_OK)
        status = watch_start(worker, &err);
    if (status == ENGINE_OK)
        status = worker_accept(worker, &op, &err);
    if (status == ENGINE_OK)
        status = serve(worker, op, &err);
    worker_finish(worker, status, &err);
    worker_free(worker);
    return 0;
}

int worker_run(int fd, unsigned flags, const char *user)
{
    return worker_run_job(fd, flags, user, worker_serve);
}

int worker_run_job(int fd, unsigned flags, const char *user,
                   worker_job_fn serve)
{
    const bool has = !(flags & WORKER_IN_THREAD) &&
                     fcntl(WORKER_RING, F_GET_SEALS) > 0;

    if (!(flags & WORKER_IN_THREAD))
        keeper_enter();
    return worker_live(fd, has ? WORKER_RING : -1, flags, user, NULL, serve);
}

int worker_run_thread(int fd, int ring, scanner_query_fn query)
{
    return worker_live(fd, ring, WORKER_IN_THREAD, NULL, query, worker_serve);
}
