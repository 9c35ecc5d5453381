/* SPDX-License-Identifier: Apache-2.0 */
/* library.h - what the functions of engine.h share. */
#ifndef ENGINE_LIBRARY_LIBRARY_H
#define ENGINE_LIBRARY_LIBRARY_H

#include <engine/engine.h>
#include <pthread.h>

#include "engine/library/session.h"
#include "sdk/base/buffer.h"

#define LIBRARY_STORES 4 /* handles that are kept open for the next caller */

/** A scanner that was registered; its plugin_spec must stay where it is. */
struct library_linked {
    struct library_linked *next;
    struct plugin_spec spec;
    bson_t options;
    char *name;
};

/** Everything a handle of engine.h holds on to; freed with the last of them. */
struct engine {
    pthread_mutex_t lock;     /* from here to the mark */
    unsigned references;
    unsigned readers;         /* of the registry: nothing is registered then */
    struct store *stores[LIBRARY_STORES];
    size_t stores_count;
    struct library_linked *linked;
    /* the mark */
    struct session session;
    struct log log;
    engine_log_fn log_fn;
    void *log_user;
};

/* ---- engine.c ------------------------------------------------------------ */

void library_hold(struct engine *engine);
void library_release(struct engine *engine);

/** A handle of the store, for one thread at a time. */
engine_status library_store_take(struct engine *engine, struct store **out,
                                 engine_error *err);
/** Gives it back; `good`: it may be used again. Accepts NULL. */
void library_store_give(struct engine *engine, struct store *store, bool good);

/** From the first to the second the registry stays as it is. */
void library_read(struct engine *engine);
void library_read_end(struct engine *engine);

/* ---- json.c -------------------------------------------------------------- */

/** A JSON object as a document; NULL: an empty one. `what` is for messages.
 * *out is initialised on success. */
engine_status library_parse(const char *text, const char *what, bson_t *out,
                            engine_error *err);
/** A document as a text of the caller's. */
engine_status library_print(const bson_t *document, char **out,
                            engine_error *err);

/** A JSON array that grows; library_list_take ends it. */
void library_list_init(struct buffer *list);
engine_status library_list_add(struct buffer *list, const bson_t *document,
                               engine_error *err);
engine_status library_list_take(struct buffer *list, char **out,
                                engine_error *err);

#endif
