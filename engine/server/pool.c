/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - store handles and worlds, lent to threads. */
#include "engine/server/private.h"
#include "sdk/base/alloc.h"

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
