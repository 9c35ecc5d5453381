/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c - the queue is the store's pending scans, which any number of
 * engines share. One is run in two steps: its claim (compare-and-set), then a
 * second look whether another engine has claimed or begun a scan of the same
 * target meanwhile. Both would see each other, and both step back.
 */
#include <string.h>

#include "engine/server/http.h"
#include "engine/server/queue_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/steady.h"

#define QUEUE_TICK_MS 250
#define QUEUE_LOOK_MS 1000 /* at the store, when nobody pokes */

/* ---- one pass over the queue --------------------------------------------- */

struct queue_pass {
    struct server *server;
    struct store *store;
    struct table busy; /* targets that nothing may run on now */
    bson_t **waiting;  /* pending, or its engine died */
    size_t count, room;
    int64_t now, running;
    int64_t own; /* scans of this engine */
};

static engine_status queue_pass_keep(struct queue_pass *pass,
                                     const bson_t *scan, engine_error *err)
{
    if (pass->count == pass->room) {
        const size_t room = pass->room ? 2 * pass->room : 16;
        bson_t **list =
            engine_realloc(pass->waiting, room * sizeof(*list));

        if (!list)
            return engine_fail_memory(err);
        pass->waiting = list;
        pass->room = room;
    }
    pass->waiting[pass->count++] = bson_copy(scan);
    return ENGINE_OK;
}

static engine_status queue_pass_look(const bson_t *scan, void *user,
                                     engine_error *err)
{
    struct queue_pass *pass = user;

    pass->running += scan_is_running(scan);
    if (scan_is_running(scan) || queue_is_claimed(scan, pass->now)) {
        queue_has_targets(scan, &pass->busy, true);
        return ENGINE_OK;
    }
    return queue_pass_keep(pass, scan, err);
}

static int64_t queue_running(struct server *server)
{
    int64_t running;

    pthread_mutex_lock(&server->lock);
    running = server->running;
    pthread_mutex_unlock(&server->lock);
    return running;
}

static engine_status queue_pass_one(struct queue_pass *pass,
                                    const bson_t *scan, engine_error *err)
{
    struct server *server = pass->server;
    struct server_world *world = server_world_take(server);
    const struct admit_state state = {
        .running = pass->own,
        .running_most = world->config->server_scans,
        .waiting_most = INT64_MAX, /* it has been let in already */
        .not_before_ms = document_date(scan, "not_before", 0),
        .target_busy = queue_has_targets(scan, &pass->busy, false),
        .may_wait = true,
        .stopping = atomic_load(&server->stopping)};
    int claimed = 0;

    server_world_give(server, world);
    if (admit(pass->now, &state).verdict == ADMIT_RUN &&
        recover_may_run(server, pass->store, scan))
        claimed = queue_claim(server, pass->store, scan, err);
    /* what comes later does not overtake it on its target */
    queue_has_targets(scan, &pass->busy, true);
    if (claimed <= 0)
        return claimed;
    pass->own++;
    if (!queue_is_pending(scan))
        atomic_fetch_add(&server->scans_recovered, 1);
    return runner_start(server, document_string(scan, "_id"), err);
}

static engine_status queue_pass(struct server *server, struct store *store,
                                engine_error *err)
{
    /* counted once: of two scans that found no room the later one would
     * overtake if a scan ended between the two looks */
    struct queue_pass pass = {.server = server,
                              .store = store,
                              .now = clock_now_ms(),
                              .own = queue_running(server)};
    engine_status status;

    table_init(&pass.busy);
    status = queue_each(store, queue_pass_look, &pass, err);
    pthread_mutex_lock(&server->lock);
    server->away.running = pass.running;
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; status == ENGINE_OK && i < pass.count; i++)
        status = queue_pass_one(&pass, pass.waiting[i], err);
    for (size_t i = 0; i < pass.count; i++)
        bson_destroy(pass.waiting[i]);
    engine_free(pass.waiting);
    table_clear(&pass.busy);
    return status;
}

/* What dead engines have spooled counts when their scans are looked at. */
static engine_status queue_spools(struct server *server, struct store *store,
                                  engine_error *err)
{
    struct server_world *world = server_world_take(server);
    struct scan_spool spool;
    const struct scan_context context = {
        .store = store, .log = server->setup.log, .spool = &spool};
    engine_status status = ENGINE_OK;

    server_spool(server, world, &spool);
    if (spool.store)
        status = scan_recover_spools(&context, err);
    server_world_give(server, world);
    return status;
}

/* How long the store takes to answer is seen by others: pool.c. */
static void queue_asks(struct server *server, bool asks)
{
    pthread_mutex_lock(&server->lock);
    server->away.asked_ms = asks ? clock_steady_ms() : 0;
    pthread_mutex_unlock(&server->lock);
}

static engine_status queue_look(struct server *server, engine_error *err)
{
    struct store *store = NULL;
    engine_status status;

    pthread_mutex_lock(&server->lock);
    server->away.begun++;
    pthread_mutex_unlock(&server->lock);
    queue_asks(server, true);
    status = server_store_take(server, &store, err);
    queue_asks(server, false); /* large spools take their time */
    if (status == ENGINE_OK)
        status = queue_spools(server, store, err);
    queue_asks(server, true);
    if (status == ENGINE_OK)
        status = queue_pass(server, store, err);
    server_store_give(server, store, status == ENGINE_OK);
    server_store_note(server, status, err);
    return status;
}

/* ---- the thread ---------------------------------------------------------- */

/* True when the store is to be looked at. */
static bool queue_wait(struct server *server, int64_t looked_ms)
{
    const struct timespec until = steady_after(QUEUE_TICK_MS);
    bool look;

    pthread_mutex_lock(&server->lock);
    if (!server->poked && !atomic_load(&server->stopping))
        pthread_cond_timedwait(&server->wake, &server->lock, &until);
    look = server->poked || clock_steady_ms() - looked_ms >= QUEUE_LOOK_MS;
    server->poked = false;
    pthread_mutex_unlock(&server->lock);
    return look;
}

static void *queue_main(void *user)
{
    struct server *server = user;
    int64_t looked_ms = 0, pause_ms = 0;

    while (!atomic_load(&server->stopping)) {
        engine_error err = {0};
        engine_status status;

        http_watch(server);
        if (!queue_wait(server, looked_ms + pause_ms) ||
            atomic_load(&server->stopping))
            continue;
        looked_ms = clock_steady_ms();
        status = queue_look(server, &err);
        /* a store that is away is asked less and less often */
        pause_ms = status == ENGINE_OK ? 0
                   : pause_ms < 5000   ? 2 * pause_ms + 500 : 10000;
        if (status < 0 && status != ENGINE_EAWAY) /* that is known */
            log_write(server->setup.log, LOG_LEVEL_ERROR,
                      "the queue could not be looked at: %s", err.message);
    }
    return NULL;
}

engine_status queue_start(struct server *server, engine_error *err)
{
    const int code = pthread_create(&server->queue, NULL, queue_main, server);

    if (code != 0)
        return engine_fail(err, ENGINE_EIO, "could not start a thread: %s",
                           strerror(code));
    server->has_queue = true;
    return ENGINE_OK;
}

void queue_poke(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->poked = true;
    pthread_cond_broadcast(&server->wake);
    pthread_mutex_unlock(&server->lock);
}

void queue_stop(struct server *server)
{
    if (!server->has_queue)
        return;
    queue_poke(server);
    pthread_join(server->queue, NULL);
    server->has_queue = false;
}
