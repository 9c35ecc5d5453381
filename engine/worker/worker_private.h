/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_private.h - the parts of a worker. Two threads: the plugin's, which
 * runs everything of the plugin and sends; and the watcher, which reads the
 * socket and the captured output, and ends the process when the engine is
 * gone, even while the plugin is stuck.
 */
#ifndef ENGINE_WORKER_PRIVATE_H
#define ENGINE_WORKER_PRIVATE_H

#include <engine/scanner.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "engine/plugin/loader.h"
#include "engine/worker/frames.h"
#include "engine/worker/worker.h"
#include "sdk/base/arena.h"
#include "sdk/base/hash.h"

/* What the host allows just now. */
enum worker_phase {
    WORKER_LOADING,
    WORKER_INIT,      /* register_* */
    WORKER_RUNNING,   /* the operation: emit and the like */
    WORKER_ENDING
};

/* What is known about a rule: does it exist, is it done, is it trusted. */
struct worker_rule {
    bool done;
    const char *refused; /* why one of its results was not taken; or NULL */
};

struct worker {
    unsigned flags;
    enum worker_phase phase;   /* the plugin's thread */

    /* the watcher's */
    struct channel reader;
    struct buffer captured;    /* output that waits to become log frames */
    size_t captured_total;
    int output;                /* read end of the captured output, or -1 */
    pthread_t watcher;
    bool watching;
    pid_t parent;              /* the engine; 0 in a thread */
    int wake;                  /* eventfd: look at `draining` and `leaving` */

    pthread_mutex_t send_lock; /* writer */
    struct channel writer;
    bool later;                /* the watcher is to send, or to tell of, what
                                * is in it ... */
    int64_t later_ms;          /* ... since then */

    pthread_mutex_t lock;      /* from here to the mark */
    pthread_cond_t changed;
    bool closed;               /* the engine is gone */
    bool have_job, started, draining, drained;
    bool finished; /* the last word is said: the engine may close */
    bool leaving;  /* the watcher is to end */
    engine_error broken;       /* what the watcher could not understand */
    bson_t job;
    struct arena memory;       /* rules */
    struct scanner_doc *rules;
    uint32_t rules_count, rules_room;
    struct table rule_states;  /* after the start: the plugin's thread's */
    struct arena states;       /* the same */
    char effect_stored[65];
    /* the mark */

    atomic_int cancelled;
    ino_t socket; /* the one that it began with, for the watcher */
    atomic_bool gone; /* the engine: nobody hears what is sent */

    /* the plugin's thread */
    scanner_query_fn query;    /* the scanner's, when it is linked in */
    struct module *module;
    const struct scanner_ops *ops;
    struct scanner_host host;
    void *self;
    size_t rule_guess;         /* rules are mostly reported on in order */
    bson_t types, targets, content; /* what init registered, as arrays */
    uint32_t types_count, targets_count, content_count;
    bson_t options, description;
    int64_t deadline_ms;       /* steady clock; 0: none */
    int64_t results_left, result_bytes_left;
    int64_t artifacts_left, artifact_bytes_left;
    size_t log_left;
    int64_t user_tasks;        /* what our user ran before us; -1: as started */
    engine_error violation;    /* the first breach of the contract */
    char *workdir, *cachedir;
};

/* worker.c */
/** What is done with a job whose frame has come and whose limits are set: in
 * engine/conform something else than in scan-worker. */
typedef engine_status (*worker_job_fn)(struct worker *worker, const char *op,
                                       engine_error *err);
/** worker_run with that. */
int worker_run_job(int fd, unsigned flags, const char *user,
                   worker_job_fn serve);
/** Waits until all rules of the job are there. */
engine_status worker_await_start(struct worker *worker, engine_error *err);

/* watch.c */
engine_status watch_start(struct worker *worker, engine_error *err);
/** Everything printed so far becomes log frames. */
void watch_drain(struct worker *worker);
/** Waits at most timeout_ms for the engine to close, then ends the thread. */
void watch_stop(struct worker *worker, int timeout_ms);
/** Sends from the plugin's thread, waiting for room. */
engine_status worker_send(struct worker *worker, const bson_t *frame);
/** The same for what nobody waits for: the engine may look at it a few
 * milliseconds later. When this returns it has left the process. */
engine_status worker_send_soon(struct worker *worker, const bson_t *frame);
/** The same for one of many: it may wait for others, a few milliseconds. */
engine_status worker_send_later(struct worker *worker, const bson_t *frame);
/** One log frame; cut when there were too many. */
void worker_log(struct worker *worker, uint32_t level, const char *text);

/* take.c: a frame from the engine, on the watcher's thread */
engine_status worker_take(struct worker *worker, const bson_t *frame,
                          engine_error *err);

/* keeper.c */
/** Returns in a new process, which is to be the worker; the old one ends as that
 * does, and ends all that it leaves behind. Before anything is open that a fork
 * would not share. */
void keeper_enter(void);

/* limits.c */
/** `user`: as in worker.h. */
engine_status limits_enter(struct worker *worker, const char *user,
                           engine_error *err);
void limits_apply(const struct worker *worker);

/* user.c */
/** Becomes another user for good; *tasks: how many tasks it has already. Fails
 * with ENGINE_EDENIED, and the worker must end then. */
engine_status user_enter(const char *text, int64_t *tasks, engine_error *err);
/** We are who the job wants us to be, and can reach what it needs. */
engine_status user_check(const bson_t *job, engine_error *err);

/* host.c, host_get.c, host_register.c, host_report.c */
void host_init(struct worker *worker);
void host_fill_getters(struct scanner_host *host);
void host_fill_register(struct scanner_host *host);
void host_fill_reports(struct scanner_host *host);
/** A document of a plugin, checked; false: refused. */
bool host_borrow(const struct scanner_doc *document, bson_t *out,
                 engine_error *err);
/** The worker behind a host in this phase, or NULL. */
struct worker *host_worker(const struct scanner_host *host,
                           enum worker_phase phase);
/** Text of a plugin: not NULL, valid UTF-8, not longer than maximum. */
bool host_text(const char *text, size_t maximum);
/** Notes the first breach of the contract; it ends the job with EPLUGIN. */
void host_violation(struct worker *worker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* describe.c */
engine_status describe_plugin(struct worker *worker, engine_error *err);
engine_status describe_options(const struct scanner_ops *ops, bson_t *out,
                               engine_error *err);

#endif
