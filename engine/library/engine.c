/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c - opening and closing engines, and what their threads share. */
#include <engine/version.h>
#include <stdalign.h>
#include <string.h>

#include "engine/library/library.h"
#include "sdk/base/alloc.h"

const char *engine_version(void)
{
    return ENGINE_VERSION;
}

void engine_text_free(char *text)
{
    engine_free(text);
}

/* ---- handles ------------------------------------------------------------- */

void library_hold(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->references++;
    pthread_mutex_unlock(&engine->lock);
}

static void library_free(struct engine *engine)
{
    struct library_linked *linked = engine->linked;

    for (size_t i = 0; i < engine->stores_count; i++)
        store_close(engine->stores[i]);
    session_close(&engine->session);
    while (linked) { /* the registry referred to it */
        struct library_linked *next = linked->next;

        bson_destroy(&linked->options);
        engine_free(linked->name);
        engine_free(linked);
        linked = next;
    }
    pthread_mutex_destroy(&engine->lock);
    engine_free(engine);
}

void library_release(struct engine *engine)
{
    bool last;

    pthread_mutex_lock(&engine->lock);
    last = --engine->references == 0;
    pthread_mutex_unlock(&engine->lock);
    if (last)
        library_free(engine);
}

engine_status library_store_take(struct engine *engine, struct store **out,
                                 engine_error *err)
{
    struct store *store = NULL;

    pthread_mutex_lock(&engine->lock);
    if (engine->stores_count)
        store = engine->stores[--engine->stores_count];
    pthread_mutex_unlock(&engine->lock);
    if (!store)
        return store_open(engine->session.store_uri, 0, &engine->log, out,
                          err);
    *out = store;
    return ENGINE_OK;
}

void library_store_give(struct engine *engine, struct store *store, bool good)
{
    pthread_mutex_lock(&engine->lock);
    if (store && good && engine->stores_count < LIBRARY_STORES) {
        engine->stores[engine->stores_count++] = store;
        store = NULL;
    }
    pthread_mutex_unlock(&engine->lock);
    store_close(store);
}

void library_read(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->readers++;
    pthread_mutex_unlock(&engine->lock);
}

void library_read_end(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->readers--;
    pthread_mutex_unlock(&engine->lock);
}

/* ---- opening ------------------------------------------------------------- */

static void library_log(enum log_level level, const char *text, void *user)
{
    const struct engine *engine = user;

    engine->log_fn((int32_t)level, text, engine->log_user);
}

static engine_status library_load(struct engine *engine,
                                  const struct engine_options *options,
                                  engine_error *err)
{
    const struct session_options session = {
        .config_path = options->config_file,
        .config_text = options->config_text,
        .memory = !options->config_file,
        .store_uri = options->store,
        .log = &engine->log,
        .threads = options->flags & ENGINE_THREADS};
    engine_status status = session_load(&session, &engine->session, err);

    if (status < 0)
        return status;
    /* texts of the caller's are borrowed for the call only */
    engine->session.options.config_path = NULL;
    engine->session.options.config_text = NULL;
    engine->session.options.store_uri = NULL;
    if (!options->log_level)
        engine->log.level = engine->session.config.log_level;
    return ENGINE_OK;
}

static engine_status library_start(struct engine *engine, engine_error *err)
{
    struct session *session = &engine->session;
    engine_status status =
        session_start(session, SESSION_STORE | SESSION_PLUGINS, err);

    if (status < 0)
        return status;
    engine->stores[engine->stores_count++] = session->store;
    session->store = NULL; /* every thread takes one */
    session->conduct.store = NULL;
    return ENGINE_OK;
}

static engine_status library_check(const struct engine_options *from,
                                   struct engine_options *out,
                                   engine_error *err)
{
    const size_t smallest = offsetof(struct engine_options, config_file);

    if (!from || from->size < smallest)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_options.size is not set");
    memset(out, 0, sizeof(*out));
    memcpy(out, from, from->size < sizeof(*out) ? from->size : sizeof(*out));
    if (out->flags & ~ENGINE_THREADS)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_options.flags has bits that this release "
                           "does not know: 0x%x", out->flags);
    if (out->config_file && out->config_text)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_options has a config_file and a "
                           "config_text");
    if (out->log_level < 0 || out->log_level > ENGINE_LOG_DEBUG)
        return engine_fail(err, ENGINE_EINVAL,
                           "engine_options.log_level is %d", out->log_level);
    return ENGINE_OK;
}

engine_status engine_open(const struct engine_options *given,
                          struct engine **out, engine_error *err)
{
    struct engine_options options;
    engine_status status = library_check(given, &options, err);
    struct engine *engine;

    if (status < 0)
        return status;
    if (!out)
        return engine_fail(err, ENGINE_EINVAL, "engine_open: out is NULL");
    engine = engine_calloc_aligned(alignof(struct engine), 1, sizeof(*engine));
    if (!engine)
        return engine_fail_memory(err);
    pthread_mutex_init(&engine->lock, NULL);
    engine->references = 1;
    engine->log_fn = options.log;
    engine->log_user = options.log_user;
    engine->log.fn = options.log ? library_log : NULL;
    engine->log.user = engine;
    engine->log.level = (enum log_level)options.log_level;
    status = library_load(engine, &options, err);
    if (status == ENGINE_OK)
        status = library_start(engine, err);
    if (status < 0) {
        library_free(engine);
        return status;
    }
    *out = engine;
    return ENGINE_OK;
}

void engine_close(struct engine *engine)
{
    if (engine)
        library_release(engine);
}
