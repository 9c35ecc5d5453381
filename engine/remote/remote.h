/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - a daemon as commands see it: requests with patience, failures as
 * errors, scans that are followed, and documents that are fetched into a spool
 * from which the usual reports print them.
 */
#ifndef ENGINE_REMOTE_REMOTE_H
#define ENGINE_REMOTE_REMOTE_H

#include <bson/bson.h>
#include <signal.h>

#include "engine/cli/cli.h"
#include "engine/cli/progress.h"
#include "engine/remote/http.h"
#include "engine/remote/page.h"
#include "engine/store/store.h"

#define REMOTE_ID_MAX 64

/** What SIGINT and SIGTERM end. */
enum remote_heed {
    REMOTE_HEED_NONE, /* nothing: somebody else looks at them */
    REMOTE_HEED_WAIT, /* waiting for another try, but no request */
    REMOTE_HEED_ALL
};

#define REMOTE_BATCH 256

/** Documents that the spool gets in one call. */
struct remote_batch {
    const char *collection;
    bson_t *documents[REMOTE_BATCH];
    size_t count, bytes;
};

struct remote {
    struct cli *cli;
    struct http *http;
    char *options; /* "--server URL ...", for advice */
    int64_t patience_ms;
    int64_t seen_ms; /* steady: when it answered last; 0: never */
    enum remote_heed heed;
    /* the spool; NULL: not made yet */
    struct store *spool;
    char *spool_directory;
    struct remote_batch verdicts, results; /* not in it yet */
    int64_t spooled;                       /* verdicts in it */
    sigset_t signals; /* what was blocked before it was made */
};

/** Reads the options of a command that has REMOTE_OPTIONS. */
engine_status remote_open(struct cli *cli, const struct cli_args *args,
                          struct remote *out, engine_error *err);
/** Accepts a remote of zeros; removes the spool. */
void remote_close(struct remote *remote);

/** The token in a file; *out is freed by remote_token_free, which wipes it. */
engine_status remote_token_read(const char *path, char **out,
                                engine_error *err);
void remote_token_free(char *token);

/* ---- asking (ask.c) ------------------------------------------------------ */

/** The failure that an answer tells of; ENGINE_OK for 2xx. */
engine_status remote_check(const struct remote *remote,
                           const struct http_answer *answer, engine_error *err);

/**
 * One request. GET is tried again while the daemon is busy (429, 502 to 504)
 * or, once it has answered, away; others only after 429. ENGINE_OK: 2xx, and
 * the body is there.
 */
engine_status remote_ask(struct remote *remote, const char *method,
                         const char *path, const char *body,
                         struct http_answer *out, engine_error *err);
/** The same for one JSON object; *out is initialised on success. */
engine_status remote_ask_document(struct remote *remote, const char *method,
                                  const char *path, const char *body,
                                  bson_t *out, engine_error *err);
/** Waits; ENGINE_ECANCELLED: a signal came. */
engine_status remote_wait(struct remote *remote, int64_t ms, engine_error *err);
/** True when it has not answered for longer than it is waited for. */
bool remote_lost(const struct remote *remote, int64_t more_ms);
/** Says whose answer an error of a reader is about. */
engine_status remote_fail_misread(const struct remote *remote,
                                  engine_error *err);
/** How long to wait before the nth new try, by the last answer. */
int64_t remote_pause_ms(const struct http_answer *answer, unsigned tries);
/** What signals have to say; for http_options. */
int remote_stopped(void *user);

/* ---- scans (follow.c, fetch.c, find.c) ----------------------------------- */

/** Follows a scan to its end; `progress` may be NULL. SIGINT and SIGTERM ask
 * the daemon to cancel it, once. */
engine_status remote_follow(struct remote *remote, const char *scan_id,
                            struct cli_progress *progress, engine_error *err);

/** Fetches a scan into the spool: with its verdicts, as `format` needs them. */
engine_status remote_fetch_scan(struct remote *remote, const char *scan_id,
                                const char *format, engine_error *err);
/** The scans of a list, the newest first; limit 0: all. */
engine_status remote_fetch_scans(struct remote *remote, const char *state,
                                 int64_t limit, engine_error *err);
/** The latest rules of the verdicts in the spool: of all, or of what failed. */
engine_status remote_fetch_rules_of(struct remote *remote, bool failed,
                                    engine_error *err);

/** The id that a name means: one, a part of one at its start or end, "last". */
engine_status remote_find_scan(struct remote *remote, const char *name,
                               char out[REMOTE_ID_MAX], engine_error *err);
/** POST /scans/{id}/cancel. */
engine_status remote_cancel(struct remote *remote, const char *scan_id,
                            engine_error *err);

/** The commands. */
int remote_scan(struct remote *remote, const struct cli_args *args,
                engine_error *err);
int remote_scans_list(struct remote *remote, const struct cli_args *args,
                      engine_error *err);
int remote_scans_show(struct remote *remote, const struct cli_args *args,
                      engine_error *err);
int remote_scans_results(struct remote *remote, const struct cli_args *args,
                         engine_error *err);
int remote_scans_cancel(struct remote *remote, const struct cli_args *args,
                        engine_error *err);
int remote_scans_delete(struct remote *remote, const struct cli_args *args,
                        engine_error *err);
int remote_rules_show(struct remote *remote, const struct cli_args *args,
                      engine_error *err);

/* ---- the spool (spool.c) ------------------------------------------------- */

/** Makes a private store on disk, which remote_close removes. Until then
 * SIGINT and SIGTERM wait, and remote_stopped tells of them. */
engine_status spool_open(struct remote *remote, engine_error *err);
void spool_close(struct remote *remote);

/** Verdicts and results that were put, but wait for more. */
engine_status spool_flush(struct remote *remote, engine_error *err);
/** Forgets them. */
void spool_drop(struct remote *remote);

/** Documents as the daemon stores them, from how it sends them. */
engine_status spool_put_scan(struct remote *remote, const bson_t *scan,
                             engine_error *err);
engine_status spool_put_verdict(struct remote *remote, const bson_t *verdict,
                                engine_error *err);
/** The results inside the verdict that was put last; the nth part of them. */
engine_status spool_put_results(struct remote *remote, const bson_t *verdict,
                                uint32_t part, engine_error *err);
engine_status spool_put_rule(struct remote *remote, const bson_t *rule,
                             engine_error *err);

#endif
