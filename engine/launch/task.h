/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h - one job while the conductor has it, and the conductor's inside.
 * A task is queued, then fed, then runs, then is done; its worker's socket
 * closing is always the last that is heard of it.
 */
#ifndef ENGINE_LAUNCH_TASK_H
#define ENGINE_LAUNCH_TASK_H

#include "engine/launch/conduct.h"
#include "sdk/base/hash.h"

enum task_state {
    TASK_QUEUED,
    TASK_FEEDING, /* rules are still to be sent */
    TASK_RUNNING,
    TASK_DONE     /* the worker said its last word */
};

struct task {
    struct task *next;
    struct conduct *conduct;
    struct job *job;
    struct job_end *end;     /* also told how it ended; may be NULL */
    const char *name;        /* of the scanner, for messages */
    enum task_state state;
    struct launch launch;
    char *workdir;
    int workdir_fd;          /* what is in it is looked up here; or -1 */
    int64_t started_ms, deadline_ms, kill_ms; /* steady clock; 0: none */
    bool stopping;           /* cancel was sent; `error` says why */
    bool killed;             /* nothing of it is taken any more */
    bool stalled;            /* its next frame waits for the store */
    bool counted;            /* the stalled one is an artifact */
    bool muted;              /* it is over a limit of what it reports */
    engine_error error;      /* why we ended it, or what its last word was */
    struct table rules;      /* id -> TASK_RULE_FED or TASK_RULE_ENDED */
    size_t rule_guess;       /* rules are mostly reported on in order */
    int64_t results, result_bytes, artifacts, artifact_bytes;
    int64_t look_ms, count_ms, tasks_least; /* budget_forked */
    int64_t weigh_ms;             /* budget_grown */
    int64_t time_ms;         /* budget_burned */
    int64_t ended_ms;        /* when its worker's end is looked for again */
    int64_t closed_ms;       /* since when there is no socket; 0: there is */
};

#define TASK_RULE_FED ((void *)1)
#define TASK_RULE_ENDED ((void *)2)

struct conduct {
    struct conduct_options options;
    struct task *queued, *running;
    size_t running_count;
    unsigned workers;
    int64_t ticked_ms;
    bool cancelled;
    char *home;              /* our own directory under run_directory */
    int home_lock;           /* held as long as we live */
};

/* conduct.c */
/** True when `why` (NULL: the last) says that the store is away, and jobs wait
 * until it is back. */
bool conduct_away(struct conduct *conduct, const engine_error *why);

/* task.c */
void task_start(struct task *task);
/** As it was before task_start, which could not even start it. */
void task_reset(struct task *task);
/** The user that its worker is to be; NULL: as we. */
const struct plugin_user *task_user(const struct task *task);
/** Sends rules while there is room. */
void task_feed(struct task *task);
/** Moves bytes, takes frames; true when the task has ended (and was freed). */
bool task_turn(struct task *task, short revents);
/** Asks it to end, and why; kills it after the grace. */
void task_stop(struct task *task, const engine_error *why);
/** Ends it now; the first reason given counts. */
void task_kill(struct task *task, const engine_error *why);
/** True, and why, when its time is over. */
bool task_is_late(const struct task *task, engine_error *err);
/** Breach of the protocol: killed, and it says what. */
void task_violation(struct task *task, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** Tells on_end and frees the task. */
void task_end(struct task *task);

/* budget.c */
/** Limits in force as the configuration has them, {key: number}; `processes`:
 * of a worker that is a process, not a thread. */
void budget_put(struct job_limits limits, bool processes, bson_t *out);
/** Fails with "scanner X <did> more than <limit> <what> (<key>)". */
void budget_fail(const struct task *task, const char *did, int64_t limit,
                 const char *what, const char *key, engine_error *err);
/** Fails with: its time is over. */
void budget_late(const struct task *task, engine_error *err);
/** Adds the limit that a plugin's message seems to be about as hint. */
void budget_explain(const struct task *task, engine_error *err);
/** Asked before its worker starts. */
void budget_begin(struct task *task);
/** True, and why, when it has too many processes; asked now and then. */
bool budget_forked(struct task *task, engine_error *err);
/** The same for memory of all its processes. */
bool budget_grown(struct task *task, engine_error *err);
/** The same for their processor time. */
bool budget_burned(struct task *task, engine_error *err);

/* receive.c */
void task_receive(struct task *task, const bson_t *frame);

/* prepare.c: the job's frame, and what lies on disk for it */
engine_status prepare_job(struct task *task, bson_t *frame,
                          engine_error *err);

/* home.c */
engine_status home_open(struct conduct *conduct, engine_error *err);
void home_close(struct conduct *conduct);
/** For `user`, or for us if that is NULL. *fd is to be closed. */
engine_status home_make_workdir(struct conduct *conduct,
                                const struct plugin_user *user, char **out,
                                int *fd, engine_error *err);
/** A directory of ours that others may pass through, though not list. */
engine_status home_open_door(const char *path, engine_error *err);

/* effects.c */
engine_status effect_open(struct task *task, const char *id,
                          const bson_t *undo, engine_error *err);
engine_status effect_close(struct store *store, const char *id,
                           const char *plugin, engine_error *err);

#endif
