/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c - scans of embedders: in their thread, or in one of ours. */
#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>

#include "engine/library/handle.h"
#include "sdk/base/alloc.h"
#include "sdk/base/steady.h"
#include "sdk/document/document.h"

#define SCAN_JSON_MAX ((size_t)1024 * 1024 * 1024)

/* ---- a handle ------------------------------------------------------------ */

static engine_status scan_take_callbacks(const struct engine_callbacks *from,
                                         struct engine_callbacks *to,
                                         engine_error *err)
{
    if (!from)
        return ENGINE_OK;
    if (from->size < offsetof(struct engine_callbacks, progress))
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_callbacks.size is not set");
    memcpy(to, from, from->size < sizeof(*to) ? from->size : sizeof(*to));
    return ENGINE_OK;
}

static engine_status scan_take_config(const char *text, struct engine *engine,
                                      bson_t *out, engine_error *err)
{
    if (text)
        return library_parse(text, "scan configuration", out, err);
    bson_copy_to(&engine->session.config.scan, out);
    return ENGINE_OK;
}

static void scan_free(struct engine_scan *scan)
{
    struct engine *engine = scan->engine;

    if (scan->has_config)
        bson_destroy(&scan->config);
    buffer_clear(&scan->text);
    engine_free(scan->resume);
    pthread_mutex_destroy(&scan->lock);
    pthread_cond_destroy(&scan->changed);
    engine_free(scan);
    library_release(engine);
}

static engine_status scan_new(struct engine *engine,
                              const struct engine_callbacks *callbacks,
                              struct engine_scan **out, engine_error *err)
{
    struct engine_scan *scan;
    engine_status status;

    scan = engine_calloc_aligned(alignof(struct engine_scan), 1,
                                 sizeof(*scan));
    if (!scan)
        return engine_fail_memory(err);
    status = scan_take_callbacks(callbacks, &scan->callbacks, err);
    if (status < 0) {
        engine_free(scan);
        return status;
    }
    scan->engine = engine;
    library_hold(engine);
    buffer_init(&scan->text, SCAN_JSON_MAX);
    pthread_mutex_init(&scan->lock, NULL);
    steady_condition_init(&scan->changed);
    *out = scan;
    return ENGINE_OK;
}

/* ---- running ------------------------------------------------------------- */

static engine_status scan_do(struct engine_scan *scan, struct store *store,
                             engine_error *err)
{
    struct conduct_options conduct = scan->engine->session.conduct;
    struct scan_context context;
    char *id = NULL;
    engine_status status;

    session_context(&scan->engine->session, &context);
    conduct.cancelled = handle_is_cancelled;
    conduct.user = scan;
    context.conduct = &conduct;
    context.store = store;
    context.cancelled = handle_is_cancelled;
    context.on_begin = handle_on_begin;
    context.on_progress = handle_on_progress;
    context.on_result = scan->callbacks.result ? handle_on_result : NULL;
    context.on_verdict = scan->callbacks.verdict ? handle_on_verdict : NULL;
    context.user = scan;
    if (scan->resume)
        return scan_resume(&context, scan->resume, err);
    status = scan_run(&context, &scan->config, "api", &id, err);
    engine_free(id); /* handle_on_begin has it */
    return status;
}

static void scan_work(struct engine_scan *scan)
{
    struct store *store = NULL;
    engine_error why = {0};
    engine_status status;

    library_read(scan->engine);
    status = library_store_take(scan->engine, &store, &why);
    if (status == ENGINE_OK)
        status = scan_do(scan, store, &why);
    library_store_give(scan->engine, store, status == ENGINE_OK);
    library_read_end(scan->engine);
    pthread_mutex_lock(&scan->lock);
    scan->ended = true;
    scan->status = status;
    scan->why = why;
    scan->why.status = status;
    pthread_cond_broadcast(&scan->changed);
    pthread_mutex_unlock(&scan->lock);
}

static void *scan_main(void *user)
{
    scan_work(user);
    return NULL;
}

/* Signals are for the program's own threads. */
static engine_status scan_spawn(struct engine_scan *scan, engine_error *err)
{
    sigset_t all, old;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(&scan->thread, NULL, scan_main, scan);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (code)
        return engine_fail(err, engine_status_from_errno(code),
                           "could not start a thread: %s", strerror(code));
    scan->threaded = true;
    return ENGINE_OK;
}

/* Until the scan has its id or has failed without one. */
static engine_status scan_await_begin(struct engine_scan *scan,
                                      engine_error *err)
{
    engine_status status = ENGINE_OK;

    pthread_mutex_lock(&scan->lock);
    while (!scan->id[0] && !scan->ended)
        pthread_cond_wait(&scan->changed, &scan->lock);
    if (!scan->id[0]) {
        status = scan->status;
        if (err)
            *err = scan->why;
    }
    pthread_mutex_unlock(&scan->lock);
    return status;
}

static engine_status scan_begin_in_thread(struct engine_scan *scan,
                                          struct engine_scan **out,
                                          engine_error *err)
{
    engine_status status = scan_spawn(scan, err);

    if (status == ENGINE_OK)
        status = scan_await_begin(scan, err);
    if (status == ENGINE_OK)
        *out = scan;
    else
        engine_scan_free(scan);
    return status;
}

/* ---- the functions ------------------------------------------------------- */

static engine_status scan_prepare_new(struct engine *engine,
                                      const char *config,
                                      const struct engine_callbacks *callbacks,
                                      struct engine_scan **out,
                                      engine_error *err)
{
    struct engine_scan *scan = NULL;
    engine_status status = scan_new(engine, callbacks, &scan, err);

    if (status < 0)
        return status;
    status = scan_take_config(config, engine, &scan->config, err);
    if (status < 0) {
        scan_free(scan);
        return status;
    }
    scan->has_config = true;
    *out = scan;
    return ENGINE_OK;
}

engine_status engine_scan_run(struct engine *engine, const char *config,
                              const struct engine_callbacks *callbacks,
                              char **scan_id, engine_error *err)
{
    struct engine_scan *scan = NULL;
    engine_status status;
    char *id = NULL;

    if (!engine)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scan_run: the engine is NULL");
    if (scan_id && !(id = engine_malloc(sizeof(scan->id))))
        return engine_fail_memory(err);
    status = scan_prepare_new(engine, config, callbacks, &scan, err);
    if (status < 0) {
        engine_free(id);
        return status;
    }
    scan_work(scan);
    status = scan->status;
    if (status < 0 && err)
        *err = scan->why;
    if (id && scan->id[0]) {
        memcpy(id, scan->id, sizeof(scan->id));
        *scan_id = id;
        id = NULL;
    }
    engine_free(id);
    scan_free(scan);
    return status;
}

engine_status engine_scan_start(struct engine *engine, const char *config,
                                const struct engine_callbacks *callbacks,
                                struct engine_scan **out, engine_error *err)
{
    struct engine_scan *scan = NULL;
    engine_status status;

    if (!engine || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scan_start: an argument is NULL");
    status = scan_prepare_new(engine, config, callbacks, &scan, err);
    return status < 0 ? status : scan_begin_in_thread(scan, out, err);
}

engine_status engine_scan_resume(struct engine *engine, const char *scan_id,
                                 const struct engine_callbacks *callbacks,
                                 struct engine_scan **out, engine_error *err)
{
    struct engine_scan *scan = NULL;
    engine_status status;

    if (!engine || !scan_id || !out)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scan_resume: an argument is NULL");
    status = scan_new(engine, callbacks, &scan, err);
    if (status < 0)
        return status;
    scan->resume = engine_strdup(scan_id);
    if (!scan->resume) {
        scan_free(scan);
        return engine_fail_memory(err);
    }
    return scan_begin_in_thread(scan, out, err);
}

const char *engine_scan_id(const struct engine_scan *scan)
{
    return scan ? scan->id : NULL; /* set before there was a handle */
}

int32_t engine_scan_wait(struct engine_scan *scan, int64_t timeout_ms)
{
    struct timespec until;
    int code = 0;
    bool ended;

    if (!scan)
        return 1;
    if (timeout_ms > INT32_MAX)
        timeout_ms = INT32_MAX; /* 24 days: ask again */
    until = steady_after(timeout_ms > 0 ? timeout_ms : 0);
    pthread_mutex_lock(&scan->lock);
    while (!scan->ended && timeout_ms < 0)
        pthread_cond_wait(&scan->changed, &scan->lock);
    while (!scan->ended && timeout_ms > 0 && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&scan->changed, &scan->lock, &until);
    ended = scan->ended;
    pthread_mutex_unlock(&scan->lock);
    return ended;
}

engine_status engine_scan_result(struct engine_scan *scan, engine_error *err)
{
    if (!scan)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_scan_result: the scan is NULL");
    (void)engine_scan_wait(scan, -1);
    if (scan->status < 0 && err) /* it does not change any more */
        *err = scan->why;
    return scan->status;
}

void engine_scan_cancel(struct engine_scan *scan)
{
    if (scan)
        atomic_store(&scan->cancelled, 1);
}

void engine_scan_free(struct engine_scan *scan)
{
    if (!scan)
        return;
    engine_scan_cancel(scan);
    if (scan->threaded && pthread_equal(scan->thread, pthread_self()))
        return; /* from a callback, which is forbidden: nobody can wait */
    if (scan->threaded)
        pthread_join(scan->thread, NULL);
    scan_free(scan);
}
