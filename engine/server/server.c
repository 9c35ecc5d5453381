/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - starting, reloading and stopping the daemon. */
#include "engine/server/server.h"

#include <string.h>
#include <sys/utsname.h>

#include "engine/server/http.h"
#include "engine/server/private.h"
#include "engine/store/spool.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/steady.h"

static engine_status server_open_world(struct server *server,
                                       struct server_world **out,
                                       engine_error *err)
{
    struct server_world *world = engine_calloc(1, sizeof(*world));
    engine_status status;

    if (!world)
        return engine_fail_memory(err);
    status = server->setup.open(server->setup.user, world, err);
    if (status < 0) {
        engine_free(world);
        return status;
    }
    world->users = 1;
    *out = world;
    return ENGINE_OK;
}

static void server_host(struct server *server)
{
    struct utsname host;

    if (uname(&host) < 0)
        snprintf(host.nodename, sizeof(host.nodename), "localhost");
    snprintf(server->host, sizeof(server->host), "%.64s", host.nodename);
}

engine_status server_new(const struct server_setup *setup, struct server **out,
                         engine_error *err)
{
    struct server *server = engine_calloc(1, sizeof(*server));
    struct store *store = NULL;
    engine_status status;

    if (!server)
        return engine_fail_memory(err);
    server->setup = *setup;
    server->started_ms = clock_now_ms();
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->admission, NULL);
    steady_condition_init(&server->wake);
    server_host(server);
    server->owner = scan_owner_new();
    server->rate = rate_new();
    server->store_name = store_uri_name(setup->store_uri);
    status = server->owner && server->rate && server->store_name
                 ? ENGINE_OK
                 : engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = server_store_take(server, &store, err);
    server_store_give(server, store, true);
    if (status == ENGINE_EAWAY) { /* the queue waits for it */
        server_store_note(server, status, err);
        status = ENGINE_OK;
    }
    if (status == ENGINE_OK)
        status = server_open_world(server, &server->world, err);
    if (status < 0) {
        server_free(server);
        return status;
    }
    *out = server;
    return ENGINE_OK;
}

engine_status server_start(struct server *server, engine_error *err)
{
    engine_status status = http_start(server, err);

    if (status == ENGINE_OK)
        status = queue_start(server, err);
    if (status < 0)
        server_stop(server);
    return status;
}

engine_status server_reload(struct server *server, engine_error *err)
{
    struct server_world *fresh = NULL, *old;
    engine_status status = server_open_world(server, &fresh, err);

    if (status < 0)
        return status;
    pthread_mutex_lock(&server->lock);
    old = server->world;
    server->world = fresh;
    pthread_mutex_unlock(&server->lock);
    if (strcmp(old->config->server_listen, fresh->config->server_listen) != 0)
        log_write(server->setup.log, LOG_LEVEL_WARNING,
                  "server.listen is another: that takes a restart");
    server_world_give(server, old);
    queue_poke(server);
    return ENGINE_OK;
}

void server_stop(struct server *server)
{
    atomic_store(&server->stopping, true);
    http_quiesce(server);
    queue_stop(server);
    runner_wait_all(server);
    http_stop(server);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->stores_count; i++)
        store_close(server->stores[i]);
    server_world_give(server, server->world);
    secrets_drop(server, NULL);
    rate_free(server->rate);
    engine_free(server->owner);
    engine_free(server->store_name);
    engine_free(server->url);
    pthread_cond_destroy(&server->wake);
    pthread_mutex_destroy(&server->admission);
    pthread_mutex_destroy(&server->lock);
    engine_free(server);
}

const char *server_url(const struct server *server)
{
    return server->url ? server->url : "";
}
