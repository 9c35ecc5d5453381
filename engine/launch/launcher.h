/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launcher.h - where workers run. Two implementations: processes (the default)
 * and threads (for embedders). A Kubernetes Job launcher would be a third.
 */
#ifndef ENGINE_LAUNCH_LAUNCHER_H
#define ENGINE_LAUNCH_LAUNCHER_H

#include <engine/scanner.h>

#include "engine/plugin/registry.h"
#include "engine/worker/frames.h"

struct launcher;

/** One started worker. */
struct launch {
    struct launcher *launcher;
    struct channel channel;
    int64_t id;                /* pid, or a number */
    const bson_t *target;      /* of its job, set before start; may be NULL.
                                * A worker is given the variables that it
                                * refers to as {"env": NAME}, and those of its
                                * list "environment" (names, patterns) */
    const struct plugin_user *user; /* that it runs as, set before start;
                               * NULL: as we */
    scanner_query_fn query;    /* of a scanner that is linked in, set before
                                * start: for threads only; or NULL */
    void *internal;
};

/** How a worker ended. */
struct launch_end {
    int exited;                /* 1: exit code in `code`; 0: signal in `code` */
    int code;
    bool killed;               /* by launch_kill */
    int64_t cpu_ms, peak_bytes;
};

struct launcher_ops {
    const char *name;
    bool users;                /* workers may run as another user */
    engine_status (*start)(struct launcher *launcher, struct launch *launch,
                           engine_error *err);
    void (*kill)(struct launch *launch);   /* the whole process group */
    void (*reap)(struct launch *launch, struct launch_end *out);
    /* whether reap would not have to wait; NULL: reap's waiting is short */
    bool (*ended)(const struct launch *launch);
    /* how many it has now, the worker's own left out; NULL: not known */
    int64_t (*processes)(const struct launch *launch);
    /* what they take together, see engine/worker/weigh.h; NULL: not known */
    int64_t (*memory)(const struct launch *launch, int64_t limit);
    /* processor seconds that they have had; NULL: not known */
    int64_t (*seconds)(const struct launch *launch);
    void (*free)(struct launcher *launcher);
};

struct launcher {
    const struct launcher_ops *ops;
};

/** worker_path: absolute path of the scan-worker program. */
engine_status launcher_process_new(const char *worker_path,
                                   struct launcher **out, engine_error *err);
engine_status launcher_thread_new(struct launcher **out, engine_error *err);
void launcher_free(struct launcher *launcher);

#endif
