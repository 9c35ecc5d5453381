/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c - a thread for each scan at work, with a store of its own. */
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"

static int runner_cancelled(void *user)
{
    struct runner *runner = user;

    if (atomic_load(&runner->cancel))
        return 1;
    return atomic_load(&runner->server->stopping) ? SCAN_SUSPEND : 0;
}

static void runner_remove(struct runner *runner)
{
    struct server *server = runner->server;

    pthread_mutex_lock(&server->lock);
    for (struct runner **at = &server->runners; *at; at = &(*at)->next)
        if (*at == runner) {
            *at = runner->next;
            break;
        }
    server->running--;
    server->poked = true;
    pthread_cond_broadcast(&server->wake);
    pthread_mutex_unlock(&server->lock);
    engine_free(runner);
}

static engine_status runner_run(struct runner *runner, struct store *store,
                                engine_error *err)
{
    struct server *server = runner->server;
    const struct scan_context context = {.store = store,
                                         .registry = runner->world->registry,
                                         .conduct = runner->world->conduct,
                                         .log = server->setup.log,
                                         .limits = runner->world->limits,
                                         .spool = runner->spool.store
                                                      ? &runner->spool : NULL,
                                         .cancelled = runner_cancelled,
                                         .user = runner};

    return scan_begin(&context, runner->scan_id, err);
}

static void *runner_main(void *user)
{
    struct runner *runner = user;
    struct server *server = runner->server;
    struct store *store = NULL;
    engine_error err = {0};
    engine_status status = server_store_take(server, &store, &err);

    if (status == ENGINE_OK)
        status = runner_run(runner, store, &err);
    if (status == ENGINE_OK)
        log_write(server->setup.log, LOG_LEVEL_INFO, "scan %s is complete",
                  runner->scan_id);
    else
        log_write(server->setup.log,
                  status == ENGINE_ECANCELLED || status == ENGINE_ECONFLICT
                      ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
                  "scan %s: %s", runner->scan_id, err.message);
    server_store_give(server, store,
                      status != ENGINE_EIO && status != ENGINE_EAWAY &&
                          status != ENGINE_ECORRUPT);
    secrets_drop(server, runner->scan_id);
    server_world_give(server, runner->world);
    runner_remove(runner);
    return NULL;
}

engine_status runner_start(struct server *server, const char *scan_id,
                           engine_error *err)
{
    struct runner *runner = engine_calloc(1, sizeof(*runner));
    pthread_attr_t detached;
    pthread_t thread;
    int code;

    if (!runner)
        return engine_fail_memory(err);
    runner->server = server;
    snprintf(runner->scan_id, sizeof(runner->scan_id), "%s", scan_id);
    runner->world = server_world_take(server);
    server_spool(server, runner->world, &runner->spool);
    pthread_mutex_lock(&server->lock);
    runner->next = server->runners;
    server->runners = runner;
    server->running++;
    pthread_mutex_unlock(&server->lock);
    atomic_fetch_add(&server->scans_started, 1);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    code = pthread_create(&thread, &detached, runner_main, runner);
    pthread_attr_destroy(&detached);
    if (code == 0)
        return ENGINE_OK;
    server_world_give(server, runner->world);
    runner_remove(runner);
    return engine_fail(err, ENGINE_EIO, "could not start a thread: %s",
                       strerror(code));
}

void runner_cancel(struct server *server, const char *scan_id)
{
    pthread_mutex_lock(&server->lock);
    for (struct runner *at = server->runners; at; at = at->next)
        if (strcmp(at->scan_id, scan_id) == 0)
            atomic_store(&at->cancel, true);
    pthread_mutex_unlock(&server->lock);
}

/* Bounded: the launcher kills workers that do not stop within their grace. */
void runner_wait_all(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    while (server->running > 0)
        pthread_cond_wait(&server->wake, &server->lock);
    pthread_mutex_unlock(&server->lock);
}
