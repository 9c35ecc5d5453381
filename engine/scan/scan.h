/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h - the pipeline: configuration -> select -> group -> run -> collect ->
 * store -> summarise, read in that order in scan.c.
 */
#ifndef ENGINE_SCAN_SCAN_H
#define ENGINE_SCAN_SCAN_H

#include <stdatomic.h>

#include <bson/bson.h>

#include "engine/launch/conduct.h"
#include "engine/plugin/registry.h"
#include "engine/rules/rules.h"
#include "engine/store/store.h"
#include "sdk/base/log.h"

/** What a running scan tells; called from the scan's own thread. */
struct scan_progress {
    int64_t rules_total, rules_done, passed, failed, errors;
    int64_t elapsed_ms, left_ms;     /* left: estimate, negative: unknown */
    const char *what;                /* latest word of a scanner, or "" */
};

#define SCAN_SUSPEND (-1) /* see scan_context.cancelled */

/** What scans have spooled now, all together. */
struct scan_spool_figures {
    atomic_llong frames, bytes;
};

/** Where results wait while the store is away (engine/store/spool.h). */
struct scan_spool {
    const char *directory; /* made when it is needed */
    const char *store;     /* store_uri_name of the store's URI */
    int64_t maximum;       /* bytes of one scan's spool */
    int64_t wait_ms;       /* a scan ends when its store has been away for so
                            * long; 0: when it is cancelled */
    struct scan_spool_figures *figures; /* may be NULL */
};

struct scan_context {
    struct store *store;
    const struct registry *registry;
    const struct conduct_options *conduct; /* launcher, directories, workers */
    const struct log *log;
    struct job_limits limits;        /* defaults for each job */
    const struct scan_spool *spool;  /* NULL: a store that is away ends the
                                      * scan */
    const char *record; /* absolute directory for what is read; or NULL */
    /* non-zero: cancel; SCAN_SUSPEND: stop and leave the scan pending, for
     * scan_begin to go on with; may be NULL */
    int (*cancelled)(void *user);
    void (*on_progress)(const struct scan_progress *progress, void *user);
    /* the scan has its document, and is known by this id; may be NULL */
    void (*on_begin)(const char *scan_id, void *user);
    /* every result that was stored, before its verdict; may be NULL */
    engine_status (*on_result)(const bson_t *result, void *user,
                               engine_error *err);
    /* every stored verdict with its results written before it; may be NULL */
    engine_status (*on_verdict)(const bson_t *verdict, void *user,
                                engine_error *err);
    void *user;
};

/**
 * Checks a scan configuration (contract.md) and returns its canonical form:
 * targets[] with type and id, aliases resolved, unknown keys refused.
 * `lines` may be NULL. Caller destroys *out.
 */
engine_status scan_config_check(const bson_t *config,
                                const struct registry *registry,
                                bson_t *out, engine_error *err);
/** That each key which it knows has a value of its type; the first step of
 * the above, for those who need no targets. */
engine_status scan_config_check_types(const bson_t *config, engine_error *err);

/**
 * Runs a scan to its end. *scan_id (freed by the caller with engine_free) is
 * set as soon as a scan document exists, also on failure. The status tells
 * whether the scan could do its work: ENGINE_OK for completed, ECANCELLED,
 * ETIMEOUT, EPLUGIN when a group failed as a whole; the scan document in the
 * store says the same. Every selected rule and suited target ends with exactly
 * one verdict in any case.
 */
engine_status scan_run(const struct scan_context *context,
                       const bson_t *config, const char *trigger,
                       char **scan_id, engine_error *err);

/**
 * The first half of scan_run: checks, selects and stores a scan as "pending".
 * `more` (may be NULL) holds further fields of its document. Needs no launcher.
 */
engine_status scan_prepare(const struct scan_context *context,
                           const bson_t *config, const char *trigger,
                           const bson_t *more, char **scan_id,
                           engine_error *err);

/**
 * The second half: takes a scan that is pending, or whose engine died, by
 * compare-and-set and runs it to its end. ENGINE_ECONFLICT: it is neither, or
 * another engine was faster; nothing was changed.
 */
engine_status scan_begin(const struct scan_context *context,
                         const char *scan_id, engine_error *err);

/**
 * Writes what engines of this machine that died while the store was away have
 * spooled: before anybody decides what becomes of their scans. A spool of a
 * scan that another engine has taken over is removed. ENGINE_EAWAY: the store
 * still is; other failures are logged.
 */
engine_status scan_recover_spools(const struct scan_context *context,
                                  engine_error *err);

/** How many spools lie in the directory, also those of other engines, and
 * how many were set aside. */
void scan_count_spools(const struct scan_spool *spool, int64_t *waiting,
                       int64_t *aside);

/** Goes on with a scan whose engine died or that was cancelled. */
engine_status scan_resume(const struct scan_context *context,
                          const char *scan_id, engine_error *err);

/**
 * What scan_run would do, without doing it: each plugin's plan documents
 * (kind, document) group by group. `want`: "all", "benchmark", "tailoring".
 */
engine_status scan_plan(const struct scan_context *context,
                        const bson_t *config, const char *want,
                        engine_status (*fn)(const char *plugin,
                                            const char *target,
                                            const char *kind,
                                            const bson_t *document,
                                            void *user, engine_error *err),
                        void *user, engine_error *err);

/** Probes each target with every plugin that accepts it. fn gets {target,
 * scanner, reachable, platforms, version, missing, error?}. */
engine_status scan_probe(const struct scan_context *context,
                         const bson_t *config,
                         engine_status (*fn)(const bson_t *report, void *user,
                                             engine_error *err),
                         void *user, engine_error *err);

/** A fresh name for an engine of this process: "host/boot/pid/start/id". */
char *scan_owner_new(void);
/** True when the owner surely is no more (same machine, process gone). */
bool scan_owner_dead(const char *owner);

/** True when a scan document says "running" and its engine lives: its lease
 * has not run out and its owner is not known to be gone. */
bool scan_is_running(const bson_t *scan);

/** Compare-and-set on a scan document: merges `changes` into it when it
 * matches `expected` (a filter) now; ENGINE_ECONFLICT when it does not. */
engine_status scan_change(struct store *store, const char *scan_id,
                          const bson_t *expected, const bson_t *changes,
                          engine_error *err);

/** Asks a running scan of any process to stop (the scan polls its document);
 * a pending one is cancelled at once. ENGINE_ECONFLICT when it is neither. */
engine_status scan_cancel(struct store *store, const char *scan_id,
                          engine_error *err);

/** Removes scans with everything of theirs; running ones are refused. */
engine_status scan_delete(struct store *store, const char *scan_id,
                          engine_error *err);

#endif
