/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/engine.h - scans inside another program: libengine.
 *
 *     struct engine_options options = {.size = sizeof(options),
 *                                      .store = "sqlite:/var/lib/me/scans.db"};
 *     engine_open(&options, &engine, &err);
 *     engine_import_path(engine, "rules.yaml", NULL, NULL, &err);
 *     engine_scan_run(engine, "{\"targets\": [{\"type\": \"local\"}]}", NULL,
 *                     &scan_id, &err);
 *     engine_query(engine, "verdicts", query, &cursor, &err);
 *
 * Link with `pkg-config --cflags --libs libengine`. Examples in C, C++ and
 * Python are installed with the documents.
 *
 * Documents are JSON texts: UTF-8, one object, NUL-terminated. Their fields
 * are those that the program prints and the REST API answers; times are
 * RFC 3339 in UTC, such as "2026-11-20T21:30:44.123Z".
 *
 * Errors
 *   Functions that can fail return an engine_status, and take an engine_error
 *   (engine/error.h) of the caller's, which may be NULL. *out is changed only
 *   by success, unless its function says otherwise. A NULL or a size of 0
 *   where something is needed is ENGINE_EINVAL; a text that should be JSON and
 *   is not is ENGINE_EPARSE. Any function may say ENGINE_ENOMEM, and those that
 *   use the store what it says: ENGINE_EAWAY, ENGINE_EIO, ENGINE_EFULL,
 *   ENGINE_ECORRUPT.
 *
 * Ownership
 *   What goes in is borrowed for the call. What comes out through a char ** is
 *   the caller's, and freed with engine_text_free; const pointers are the
 *   handle's. Engine, scans and cursors are freed in any order: what a handle
 *   needs stays until it is freed itself.
 *
 * Threads
 *   An engine may be used by any number of threads at once, and there may be
 *   any number of engines in a process: they share nothing. A scan handle may
 *   be used by several threads, as long as only one frees it, last; a cursor
 *   by one at a time. Each running scan has a thread of the library, or that
 *   of its caller (engine_scan_run), and all its callbacks come from there,
 *   one after the other. The library blocks all signals in its threads.
 *
 * Processes
 *   After fork(2) the child must not use, nor free, what its parent has
 *   opened: it opens engines of its own, or calls execve(2). All descriptors
 *   are close-on-exec. Scanners run in processes of their own, of the program
 *   scan-worker ($SCAN_ENGINE_WORKER, else the option `worker` of the
 *   configuration, else where it was installed): what happens to one costs its
 *   unfinished rules and nothing else.
 *   Those that are linked in (engine_register), and with ENGINE_THREADS all,
 *   run as threads of this process: quick to start and easy to debug, but
 *   without limits on memory or processor time. A crash there ends the
 *   program, and what hangs is left behind when the engine gives up.
 *
 * What the library leaves alone
 *   It prints nothing, ends no process, and has no state outside of its
 *   handles, but for the modules that were opened, which stay. It installs no
 *   signal handler: sockets are written to without SIGPIPE, and only workers of
 *   its own are waited for, by their ids. A program that ignores SIGCHLD, or
 *   collects any child with wait(2), loses how a worker ended, no more. It
 *   changes neither locale, directory, umask nor environment. Opening an engine
 *   and starting a worker read the environment: no thread may change it then.
 *   libmongoc, which a store "mongodb://..." loads, keeps its counters in
 *   shared memory unless MONGOC_DISABLE_SHM is set before.
 *
 * Memory
 *   The library's own allocations are checked, and fail with ENGINE_ENOMEM; so
 *   do those of libsqlite3, libyaml, libpcre2, yajl, libarchive and libcrypto.
 *   Two libraries that it uses end the process when there is no memory:
 *   libbson, which holds every document (abort(3)), and libconfig, while a
 *   configuration is read. So does libjq in scanners, which matters here when
 *   they run in threads. Whoever must live through that leaves scanners to
 *   their workers, and the engine enough memory for its documents, 16 MiB at
 *   most each.
 *
 * This interface is 1.0 (symbol version SCAN_ENGINE_1.0). Later releases add
 * functions, and fields at the ends of structures that begin with `size`:
 * programs that were built against this header go on working.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <engine/error.h>
#include <engine/scanner.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open engine: a configuration, a store, and scanners. */
struct engine;
/** A scan that runs, or ran, in this process. */
struct engine_scan;
/** What a query found. */
struct engine_cursor;

/* Levels of messages. */
#define ENGINE_LOG_ERROR 1
#define ENGINE_LOG_WARNING 2
#define ENGINE_LOG_INFO 3
#define ENGINE_LOG_DEBUG 4

/* engine_options.flags */
#define ENGINE_THREADS 1u /* scanners run in threads, see above */

/**
 * Receives one message, without a newline. It may be called by several threads
 * at once, those of the caller too, and must not call the engine.
 */
typedef void (*engine_log_fn)(int32_t level, const char *text, void *user);

/** How to open an engine. Zeros, but for `size`, are the defaults. */
struct engine_options {
    uint32_t size;  /* sizeof(struct engine_options) */
    uint32_t flags; /* ENGINE_THREADS */
    /* One of these, or neither: engine.conf(5). Without, the built-in defaults:
     * every scanner that was built, and the user's own directories. No file is
     * looked for: $SCAN_ENGINE_CONFIG and /etc are the program's. */
    const char *config_file;
    const char *config_text; /* what such a file holds */
    /* "sqlite:PATH" or "mongodb://...", instead of the configuration's; it is
     * made when it is not there. A relative PATH begins where the program is
     * now. */
    const char *store;
    engine_log_fn log; /* NULL: messages are dropped */
    void *log_user;
    int32_t log_level; /* the most detailed; 0: the configuration's */
    int32_t reserved;  /* zero */
};

/** How far a scan is. */
struct engine_progress {
    uint32_t size;      /* as the library has it: later fields may follow */
    uint32_t reserved;
    int64_t rules;      /* rules times the targets that suit them */
    int64_t rules_done, passed, failed, errors;
    int64_t elapsed_ms;
    int64_t left_ms;    /* an estimate; negative: unknown */
    const char *what;   /* a scanner's latest word, or "" */
};

/**
 * Functions that a scan calls, each of which may be NULL. They come from the
 * scan's thread, one at a time, and hold the scan up while they run. They may
 * use the engine, but must not wait for their own scan, nor free it. Other than
 * 0 from one of them cancels the scan. Texts are valid during the call.
 */
struct engine_callbacks {
    uint32_t size; /* sizeof(struct engine_callbacks) */
    uint32_t reserved;
    void *user;
    /* at most ten times a second, and at the end */
    int32_t (*progress)(const struct engine_progress *progress, void *user);
    /* a result, and after a rule's results its verdict, when they are in the
     * store: as the collections `results` and `verdicts` have them */
    int32_t (*result)(const char *json, void *user);
    int32_t (*verdict)(const char *json, void *user);
};

/** The release of the library that runs, such as "1.0.0". */
ENGINE_API const char *engine_version(void);

/** Frees a text that a function gave; accepts NULL. */
ENGINE_API void engine_text_free(char *text);

/* ---- opening ------------------------------------------------------------- */

/**
 * Opens an engine: reads the configuration, opens the store, and asks each
 * scanner what it is. A scanner that cannot be used is no failure:
 * engine_scanners says why. ENGINE_EPARSE and ENGINE_EINVAL name the file and
 * the line; ENGINE_EAWAY: the store does not answer.
 */
ENGINE_API engine_status engine_open(const struct engine_options *options,
                                     struct engine **out, engine_error *err);

/** Accepts NULL. Scans of the engine go on, and cursors stay open, until their
 * own handles are freed. */
ENGINE_API void engine_close(struct engine *engine);

/**
 * Adds a scanner that is linked into this program: what SCANNER_PLUGIN made,
 * or a function like it. `options` is a JSON object with its options, NULL:
 * their defaults. It runs in threads. ENGINE_ECONFLICT: scans or imports are
 * running, or another scanner has one of its types; anything else is what the
 * engine has against it, and engine_scanners shows it too.
 */
ENGINE_API engine_status engine_register(struct engine *engine,
                                         scanner_query_fn query,
                                         const char *options,
                                         engine_error *err);

/**
 * A JSON array of the scanners, those that were refused too: {plugin, file,
 * user: whom its workers run as, state: "loaded" or "refused", reason?, hint?,
 * version, abi, types, targets, content, operations, options, reads, writes,
 * programs, configured?, confinement?: {mode, landlock, seccomp, enforced:
 * [...], text}, limits?: {wall?, memory_mb?, ...}}. The last three are of those
 * that are loaded. What is in force of the declaration is in `confinement`, and
 * in `limits` what a job may use, with the names and units that engine.conf(5)
 * has for them; what is not in force, as for threads, is left out.
 */
ENGINE_API engine_status engine_scanners(struct engine *engine, char **out,
                                         engine_error *err);

/* ---- rules --------------------------------------------------------------- */

/**
 * Imports rules: a file (YAML, JSON, JSON Lines, .tar.gz bundle, or content
 * that a scanner imports, such as a SCAP datastream) or a directory of them.
 * Each document is taken whole or rejected, and taking it again changes
 * nothing. ENGINE_EINVAL: documents were rejected, all others are stored, and
 * the message names the first.
 *
 * `options` is a JSON object, or NULL: {format: "yaml", "json", "bundle" or
 * what a scanner calls its own, when what it is cannot be told by its name and
 * looks; check: true, to store nothing}. `report` may be NULL; it is set
 * whenever all was read, also with ENGINE_EINVAL: {files: [{file, added,
 * changed, unchanged, rejected, rejections: [{line, rule_id, reason, hint}],
 * ...}], totals: {...}}.
 */
ENGINE_API engine_status engine_import_path(struct engine *engine,
                                            const char *path,
                                            const char *options, char **report,
                                            engine_error *err);
/** The same of YAML, JSON or JSON Lines in memory. */
ENGINE_API engine_status engine_import_text(struct engine *engine,
                                            const char *text,
                                            const char *options, char **report,
                                            engine_error *err);

/* ---- scans --------------------------------------------------------------- */

/**
 * Runs a scan to its end, in the caller's thread. `config` is a scan
 * configuration: {targets: [{type, ...}], framework?, framework_version?,
 * benchmark?, profile?, rules?: [id], rule_filter?, variable_overrides?,
 * options?: {timeout, shards, on_scanner_error, allow_empty}, name?}; without
 * targets this machine is scanned, and without a selection every rule is
 * checked. engine.conf(5) has what they are, with their units. NULL: the `scan`
 * of the configuration. `callbacks` may be NULL.
 *
 * ENGINE_OK: the scan is complete, whatever its rules say. ENGINE_ECANCELLED,
 * ENGINE_ETIMEOUT, and ENGINE_EPLUGIN when a scanner failed as a whole: it has
 * verdicts of all its rules, "error" or "notchecked" where nothing is known.
 * ENGINE_EINVAL and ENGINE_ENOTFOUND: the configuration is wrong, or selects
 * nothing, and there is no scan. *scan_id (which may be NULL) is set when
 * there is one, also on failure.
 */
ENGINE_API engine_status engine_scan_run(
    struct engine *engine, const char *config,
    const struct engine_callbacks *callbacks, char **scan_id,
    engine_error *err);

/**
 * Begins a scan in a thread of its own, and returns when it has its document
 * in the store, with the rules selected: what is wrong with its configuration
 * is this function's to say. Callbacks may come before it returns.
 */
ENGINE_API engine_status engine_scan_start(
    struct engine *engine, const char *config,
    const struct engine_callbacks *callbacks, struct engine_scan **out,
    engine_error *err);

/**
 * The same for a scan that was cancelled, or whose process died: verdicts that
 * it has stay. ENGINE_ECONFLICT: it is complete, or somebody works on it.
 */
ENGINE_API engine_status engine_scan_resume(
    struct engine *engine, const char *scan_id,
    const struct engine_callbacks *callbacks, struct engine_scan **out,
    engine_error *err);

/** The id by which the store knows the scan; valid until it is freed. */
ENGINE_API const char *engine_scan_id(const struct engine_scan *scan);

/** Waits for the end; timeout_ms negative: as long as it takes. 1: the scan has
 * ended, 0: not yet. Any thread but the scan's. */
ENGINE_API int32_t engine_scan_wait(struct engine_scan *scan,
                                    int64_t timeout_ms);

/** Waits for the end, and says how the scan went, as engine_scan_run does. */
ENGINE_API engine_status engine_scan_result(struct engine_scan *scan,
                                            engine_error *err);

/** Asks the scan to end, and does not wait: scanners have some seconds to do
 * so. Any thread, the scan's too; accepts NULL. */
ENGINE_API void engine_scan_cancel(struct engine_scan *scan);

/** Frees the handle; a scan that still runs is cancelled and waited for. The
 * scan stays in the store. Accepts NULL. */
ENGINE_API void engine_scan_free(struct engine_scan *scan);

/**
 * Asks whether the targets of a scan configuration can be reached, and with
 * what rights: a JSON array of {target, scanner, reachable, platforms,
 * version, missing, error?, hint?}. NULL: as engine_scan_run.
 */
ENGINE_API engine_status engine_probe(struct engine *engine,
                                      const char *config, char **out,
                                      engine_error *err);

/** Removes a scan from the store, with all its verdicts and results.
 * ENGINE_ECONFLICT: it is running. */
ENGINE_API engine_status engine_scan_delete(struct engine *engine,
                                            const char *scan_id,
                                            engine_error *err);

/* ---- the store ----------------------------------------------------------- */

/**
 * Looks for documents of "rules", "benchmarks", "scans", "verdicts" or
 * "results". `query` is NULL for all of them, or {filter?, sort?: {path: 1 or
 * -1}, fields?: {name: 1}, skip?, limit?}. Filters are MongoDB's, as far as
 * $eq $ne $gt $gte $lt $lte $in $nin $exists $regex $options $and $or $nor
 * $not $elemMatch $all $size go; anything else is ENGINE_EINVAL, by name.
 * Without `sort` documents come by their ids. A cursor of an SQLite store sees
 * it as it was when it was opened, and is to be closed, since the store keeps
 * what it sees; one of MongoDB may see what is written meanwhile.
 */
ENGINE_API engine_status engine_query(struct engine *engine,
                                      const char *collection,
                                      const char *query,
                                      struct engine_cursor **out,
                                      engine_error *err);

/** 1: *json is the next document, until the next call; 0: there is no more;
 * negative: a status. */
ENGINE_API int32_t engine_cursor_next(struct engine_cursor *cursor,
                                      const char **json, engine_error *err);
/** The same as the bytes of a BSON document (bsonspec.org 1.1). */
ENGINE_API int32_t engine_cursor_next_bson(struct engine_cursor *cursor,
                                           const uint8_t **data, uint32_t *len,
                                           engine_error *err);
/** Accepts NULL. */
ENGINE_API void engine_cursor_close(struct engine_cursor *cursor);

/** One document by its _id; ENGINE_ENOTFOUND. */
ENGINE_API engine_status engine_get(struct engine *engine,
                                    const char *collection, const char *id,
                                    char **json, engine_error *err);

/** How many documents match a filter; NULL: all. */
ENGINE_API engine_status engine_count(struct engine *engine,
                                      const char *collection,
                                      const char *filter, int64_t *out,
                                      engine_error *err);

/** Writes an artifact of a scan (its document lists them, by sha256) to a new
 * file, mode 0400. */
ENGINE_API engine_status engine_artifact_save(struct engine *engine,
                                              const char *id, const char *path,
                                              engine_error *err);

#ifdef __cplusplus
}
#endif

#endif
