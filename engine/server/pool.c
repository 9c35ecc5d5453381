/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - store handles and worlds, lent to threads. */
#include <time.h>

#include "engine/server/private.h"
#include "engine/store/spool.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/steady.h"

#define POOL_LOOK_MS 50

engine_status server_store_take(struct server *server, struct store **out,
                                engine_error *err)
{
    struct store *store = NULL;

    pthread_mutex_lock(&server->lock);
    if (server->stores_count)
        store = server->stores[--server->stores_count];
    pthread_mutex_unlock(&server->lock);
    if (store) {
        *out = store;
        return ENGINE_OK;
    }
    return store_open(server->setup.store_uri, 0, server->setup.log, out, err);
}

void server_store_give(struct server *server, struct store *store, bool good)
{
    if (!store)
        return;
    pthread_mutex_lock(&server->lock);
    if (good && server->stores_count < SERVER_STORES) {
        server->stores[server->stores_count++] = store;
        store = NULL;
    }
    pthread_mutex_unlock(&server->lock);
    store_close(store);
}

#define POOL_SILENT_S 3 /* a store that takes longer is as good as away */

void server_store_note(struct server *server, engine_status status,
                       const engine_error *err)
{
    struct server_away *away = &server->away;
    const int64_t now = clock_steady_ms();
    bool went, came;
    int64_t since;

    pthread_mutex_lock(&server->lock);
    went = status == ENGINE_EAWAY && !away->is;
    came = status != ENGINE_EAWAY && away->is;
    since = away->since_ms;
    if (went)
        away->since_ms = now;
    away->why = *err;
    away->why.status = status;
    away->is = status == ENGINE_EAWAY;
    away->asked_ms = 0;
    away->ended = away->begun;
    pthread_cond_broadcast(&server->wake);
    pthread_mutex_unlock(&server->lock);
    if (went)
        log_write(server->setup.log, LOG_LEVEL_ERROR, "the store is away: %s",
                  err->message);
    if (came)
        log_write(server->setup.log, LOG_LEVEL_WARNING,
                  "the store is back after %lld s",
                  (long long)(now - since + 500) / 1000);
}

engine_status server_store_ready(struct server *server, int64_t *running,
                                 engine_error *err)
{
    struct server_away *away = &server->away;
    engine_status status = ENGINE_OK;
    const struct timespec until = steady_after(POOL_SILENT_S * 1000);
    uint64_t look;

    pthread_mutex_lock(&server->lock);
    look = away->begun + 1;
    server->poked = true;
    pthread_cond_broadcast(&server->wake);
    while (away->ended < look && status == ENGINE_OK &&
           !atomic_load(&server->stopping))
        if (pthread_cond_timedwait(&server->wake, &server->lock, &until))
            status = engine_fail(err, ENGINE_EAWAY,
                                 "the store at %s does not answer",
                                 server->store_name);
    if (away->ended >= look)
        status = away->why.status;
    if (away->ended >= look && status < 0 && err)
        *err = away->why;
    *running = away->running;
    pthread_mutex_unlock(&server->lock);
    return status;
}

bool server_store_is_up(struct server *server)
{
    bool up;

    pthread_mutex_lock(&server->lock);
    up = !server->away.is &&
         (!server->away.asked_ms ||
          clock_steady_ms() - server->away.asked_ms < 1000 * POOL_SILENT_S);
    pthread_mutex_unlock(&server->lock);
    return up;
}

void server_spool(struct server *server, const struct server_world *world,
                  struct scan_spool *out)
{
    const struct engine_config *config = world->config;

    *out = (struct scan_spool){
        .directory = config->spool_directory,
        .store = store_uri_is_remote(server->setup.store_uri)
                     ? server->store_name
                     : NULL,
        .maximum = config->spool_maximum_mb * 1024 * 1024,
        .wait_ms = config->spool_wait_s * 1000,
        .figures = &server->figures};
}

static bool helper_try(struct server *server, int64_t most)
{
    bool taken;

    pthread_mutex_lock(&server->lock);
    taken = server->helpers < most;
    server->helpers += taken;
    pthread_mutex_unlock(&server->lock);
    return taken;
}

engine_status server_helper_take(struct request *request, engine_error *err)
{
    const struct timespec pause = {.tv_nsec = POOL_LOOK_MS * 1000000L};
    const struct engine_config *config = request->world->config;
    const int64_t until =
        clock_steady_ms() + 1000 * config->server_request_s;

    while (!helper_try(request->server, config->server_scans)) {
        if (clock_steady_ms() >= until ||
            atomic_load(&request->server->stopping))
            return engine_fail(err, ENGINE_ETIMEOUT,
                               "the daemon is busy with others' requests");
        nanosleep(&pause, NULL);
    }
    return ENGINE_OK;
}

void server_helper_give(struct request *request)
{
    pthread_mutex_lock(&request->server->lock);
    request->server->helpers--;
    pthread_mutex_unlock(&request->server->lock);
}

struct server_world *server_world_take(struct server *server)
{
    struct server_world *world;

    pthread_mutex_lock(&server->lock);
    world = server->world;
    world->users++;
    pthread_mutex_unlock(&server->lock);
    return world;
}

void server_world_give(struct server *server, struct server_world *world)
{
    bool last;

    if (!world)
        return;
    pthread_mutex_lock(&server->lock);
    last = --world->users == 0;
    pthread_mutex_unlock(&server->lock);
    if (!last)
        return;
    server->setup.close(server->setup.user, world);
    engine_free(world);
}
