/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h - a scan of an embedder, and what it calls while it runs. */
#ifndef ENGINE_LIBRARY_HANDLE_H
#define ENGINE_LIBRARY_HANDLE_H

#include <stdatomic.h>

#include "engine/library/library.h"

struct engine_scan {
    struct engine *engine;
    struct engine_callbacks callbacks;
    char *resume;   /* id of a scan that goes on; NULL: a new one */
    bson_t config;  /* of a new one */
    bool has_config;
    atomic_int cancelled;
    struct buffer text; /* for callbacks; the scan's thread's */
    int64_t told_ms;
    pthread_t thread;
    bool threaded;
    pthread_mutex_t lock; /* from here on */
    pthread_cond_t changed;
    char id[37];    /* "" until there is one; then it stays */
    bool ended;
    engine_status status;
    engine_error why;
};

/* Callbacks of engine/scan; user is the handle. */
int handle_is_cancelled(void *user);
void handle_on_begin(const char *scan_id, void *user);
void handle_on_progress(const struct scan_progress *from, void *user);
engine_status handle_on_result(const bson_t *result, void *user,
                               engine_error *err);
engine_status handle_on_verdict(const bson_t *verdict, void *user,
                                engine_error *err);

#endif
