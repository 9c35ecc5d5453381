/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - the daemon: REST over HTTP, a queue of scans, and threads that run
 * them. What it works with (configuration, plugins) is opened by its caller,
 * at start and again at a reload.
 */
#ifndef ENGINE_SERVER_SERVER_H
#define ENGINE_SERVER_SERVER_H

#include "engine/config/config.h"
#include "engine/launch/conduct.h"
#include "engine/rules/rules.h"
#include "engine/store/store.h"
#include "sdk/base/log.h"

/** Configuration and plugins; kept until the last scan that uses it ends. */
struct server_world {
    const struct engine_config *config;
    const struct registry *registry;
    const struct conduct_options *conduct; /* without a store */
    struct job_limits limits;
    void *internal; /* the opener's own */
    unsigned users; /* the server's own */
};

/** What the daemon is made of; all borrowed until server_free. */
struct server_setup {
    const char *store_uri;
    const struct log *log; /* called from many threads */
    engine_status (*open)(void *user, struct server_world *out,
                          engine_error *err);
    void (*close)(void *user, struct server_world *world);
    /* lets a plugin read a file of native content; import NULL: check only */
    engine_status (*native)(const struct server_world *world,
                            struct store *store, const char *path,
                            const char *format, struct rules_import *import,
                            engine_error *err);
    void *user;
};

struct server;

/** Opens store and plugins; nothing listens yet. */
engine_status server_new(const struct server_setup *setup, struct server **out,
                         engine_error *err);
/** Listens, and begins to run what waits. */
engine_status server_start(struct server *server, engine_error *err);
/** Reads configuration and plugins again; a failure keeps the old ones. */
engine_status server_reload(struct server *server, engine_error *err);
/** Scans are left pending for the next start; connections end. Bounded. */
void server_stop(struct server *server);
void server_free(struct server *server);
/** "http://127.0.0.1:8734", once started. */
const char *server_url(const struct server *server);

/* ---- tokens (tokens.c) --------------------------------------------------- */

/**
 * Stores a new token. *text (caller frees) is shown once and kept nowhere:
 * the store has its salted hash. expires_ms 0: never.
 */
engine_status server_token_create(struct store *store, const char *name,
                                  const char *role, int64_t expires_ms,
                                  char **text, engine_error *err);
/** By id; ENGINE_ENOTFOUND. Revoking it again is fine. */
engine_status server_token_revoke(struct store *store, const char *id,
                                  engine_error *err);

#endif
