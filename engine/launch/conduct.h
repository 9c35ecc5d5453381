/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conduct.h - runs jobs on workers: starts as many as are admitted, feeds them
 * rules, takes their frames, keeps artifacts and effects, enforces deadlines,
 * and says how each ended. One thread, one poll(2) loop.
 */
#ifndef ENGINE_LAUNCH_CONDUCT_H
#define ENGINE_LAUNCH_CONDUCT_H

#include "engine/launch/launcher.h"
#include "engine/plugin/registry.h"
#include "engine/store/store.h"
#include "sdk/base/log.h"

/** What one job may use; 0: no limit. Messages name the key, see budget.c. */
struct job_limits {
    int64_t wall_ms;
    /* of each of its processes: RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE,
     * RLIMIT_NOFILE */
    int64_t memory_bytes, cpu_seconds, file_bytes, files;
    int64_t processes;     /* at once */
    int64_t results, result_bytes; /* what one job may report, or import */
    int64_t artifacts, artifact_bytes;
};

/** Those of a plugin's jobs: `all`, but what its configuration has instead. */
struct job_limits conduct_limits(const struct plugin_entry *plugin,
                                 const struct job_limits *all);

/** How a job ended. status ENGINE_OK: the operation said so itself. */
struct job_end {
    engine_error error;    /* status OK, or EPLUGIN (crash: signal named),
                            * ETIMEOUT, ECANCELLED, ELIMIT, or the plugin's */
    bool started;          /* false: it never ran (cancelled before) */
    int64_t duration_ms, cpu_ms, peak_bytes;
};

#define JOB_RULE_LATER 2

/** One job; owned by the caller until on_end was called. Callbacks may be
 * NULL. A callback that fails kills the job and ends it with that error. */
struct job {
    const struct plugin_entry *plugin;
    const char *op;
    const char *scan_id;       /* for effects; may be NULL */
    const bson_t *target, *variables, *request; /* each may be NULL */
    uint32_t parallel;         /* processors it may use; at least 1 */
    struct job_limits limits;
    const char *wall_key;      /* what set limits.wall_ms; NULL: limits.wall,
                                * "": nothing that can be configured */
    const char *const *artifacts; /* NULL-ended ids that it may open */
    void *user;
    /* the next rule: 1 and *out (valid until the next call), 0 the end,
     * JOB_RULE_LATER: not now, ask again */
    int (*next_rule)(void *user, const bson_t **out, engine_error *err);
    engine_status (*on_result)(void *user, const bson_t *frame,
                               engine_error *err);
    engine_status (*on_rule_done)(void *user, const bson_t *frame,
                                  engine_error *err);
    /* for op describe: one of kind "description" */
    engine_status (*on_document)(void *user, const char *kind,
                                 const bson_t *document, engine_error *err);
    engine_status (*on_artifact)(void *user, const char *id, const char *name,
                                 const char *media_type, engine_error *err);
    void (*on_progress)(void *user, int64_t done, int64_t expected,
                        const char *what);
    /* about the whole job; NULL: it goes to the log */
    engine_status (*on_warning)(void *user, const char *message,
                                engine_error *err);
    void (*on_end)(void *user, const struct job_end *end);
};

struct conduct_options {
    struct launcher *launcher;
    struct launcher *threads; /* for scanners that are linked in; NULL: there
                               * are none */
    /* for artifacts and effects; NULL: neither is kept. Callbacks leave no
     * transaction open: an effect must be committed before it is made */
    struct store *store;
    const struct log *log;
    const char *cache_directory; /* artifacts are laid out here, by id */
    const char *run_directory;   /* parent of jobs' workdirs */
    unsigned workers;          /* how many run at once; 0: processors */
    /* "auto" (and NULL), "off", "required": see engine/worker/confine.h */
    const char *confinement;
    int64_t grace_ms;          /* between cancel and kill; 0: 5 s */
    /* asked every 100 ms at least; non-zero: cancel every job, wait for them
     * for the grace, then kill */
    int (*cancelled)(void *user);
    /* with `why`: the store could not be reached; without: is it still away?
     * True: what needs it waits. NULL: what needs it fails */
    bool (*away)(void *user, const engine_error *why);
    void (*tick)(void *user);  /* called every 100 ms at least; may be NULL */
    void *user;
};

struct conduct;

engine_status conduct_new(const struct conduct_options *options,
                          struct conduct **out, engine_error *err);
void conduct_free(struct conduct *conduct);

/** Queues a job; jobs start in order as room allows. */
engine_status conduct_add(struct conduct *conduct, struct job *job,
                          engine_error *err);
/** Runs until every job has ended. Only failures of the loop itself are
 * returned; how a job went is told to its on_end. */
engine_status conduct_run(struct conduct *conduct, engine_error *err);

/** One job, alone: conduct_add, conduct_run, and the job's own error. */
engine_status conduct_one(const struct conduct_options *options,
                          struct job *job, engine_error *err);

/**
 * Describes every plugin of the configuration (a worker each, cached in
 * cache_directory by path, inode, size, mtime and ABI) and fills a registry.
 */
engine_status conduct_describe(const struct conduct_options *options,
                               const struct plugin_spec *specs, size_t count,
                               struct registry *registry, engine_error *err);

/**
 * What people are shown of a plugin: what registry_describe says, and of one
 * that was loaded {confinement: confine_report's, limits: {wall?, memory_mb?,
 * ...}}. The limits have the configuration's names and units; those that are
 * not in force are left out. `all`: as in conduct_limits.
 */
void conduct_show(const struct conduct_options *options,
                  const struct job_limits *all,
                  const struct plugin_entry *plugin, bson_t *out);

/** Undoes effects that dead scans left (state "open", lease over). */
engine_status conduct_undo(const struct conduct_options *options,
                           const struct registry *registry,
                           const char *scan_id, engine_error *err);

#endif
