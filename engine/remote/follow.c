/* SPDX-License-Identifier: Apache-2.0 */
/* follow.c - a scan's events until it has ended, over as many connections as
 * that takes; a daemon may be killed and started again in between. */
#include <string.h>

#include "engine/cli/signals.h"
#include "engine/remote/remote.h"
#include "engine/remote/sse.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define FOLLOW_COUNT_MAX INT64_C(1000000000)

struct follow {
    struct remote *remote;
    const char *scan_id;
    struct cli_progress *progress;
    struct sse sse;
    struct scan_progress now;
    int64_t began_ms, began_done; /* for the time that is left */
    bool ended, cancelled;
};

/* ---- events -------------------------------------------------------------- */

/* A count that cannot make what is computed from it overflow. */
static int64_t follow_count(const bson_t *document, const char *path)
{
    const int64_t count = document_int(document, path, 0);

    return count < 0 ? 0 : count < FOLLOW_COUNT_MAX ? count : FOLLOW_COUNT_MAX;
}

static void follow_estimate(struct follow *follow)
{
    struct scan_progress *now = &follow->now;
    const int64_t steady = clock_steady_ms();
    const int64_t left = now->rules_total - now->rules_done;
    int64_t done;

    if (!follow->began_ms) {
        follow->began_ms = steady;
        follow->began_done = now->rules_done;
    }
    done = now->rules_done - follow->began_done;
    now->elapsed_ms = steady - follow->began_ms;
    now->left_ms =
        done > 0 && left >= 0
            ? (int64_t)((double)now->elapsed_ms * (double)left / (double)done)
            : -1;
}

static void follow_show(struct follow *follow, const char *what)
{
    follow->now.what = what;
    if (follow->progress)
        cli_progress_show(follow->progress, &follow->now);
}

static void follow_on_progress(struct follow *follow, const bson_t *document)
{
    struct scan_progress *now = &follow->now;
    const char *state = document_string(document, "status");

    now->rules_total = follow_count(document, "progress.rules_total");
    now->rules_done = follow_count(document, "progress.rules_done");
    now->passed = follow_count(document, "progress.passed");
    now->failed = follow_count(document, "progress.failed");
    now->errors = follow_count(document, "progress.error");
    now->left_ms = -1;
    if (state && strcmp(state, "pending") == 0) {
        follow_show(follow, "waits for its turn");
        return;
    }
    follow_estimate(follow);
    follow_show(follow, follow->cancelled ? "is being cancelled" : "");
}

static engine_status follow_on_event(const struct sse_event *event, void *user,
                                     engine_error *err)
{
    struct follow *follow = user;
    const bool end = strcmp(event->name, "end") == 0;
    bson_t document;
    engine_status status;

    follow->remote->seen_ms = clock_steady_ms();
    if (!end && strcmp(event->name, "progress") != 0)
        return ENGINE_OK;
    if (event->cut)
        return engine_fail(err, ENGINE_ELIMIT,
                           "\"%s\" sends an event that is too large",
                           http_name(follow->remote->http));
    status =
        document_from_json(event->data, event->len, "event", &document, err);
    if (status < 0)
        return remote_fail_misread(follow->remote, err);
    if (end)
        follow->ended = true;
    else
        follow_on_progress(follow, &document);
    bson_destroy(&document);
    return ENGINE_OK;
}

static engine_status follow_on_data(const char *data, size_t len, void *user,
                                    engine_error *err)
{
    struct follow *follow = user;

    return sse_feed(&follow->sse, data, len, err);
}

/* ---- connections --------------------------------------------------------- */

/* One stream. ENGINE_EIO: another may be tried. */
static engine_status follow_stream(struct follow *follow, const char *path,
                                   struct http_answer *answer,
                                   engine_error *err)
{
    struct remote *remote = follow->remote;
    engine_status status;

    sse_restart(&follow->sse);
    http_answer_clear(answer);
    http_answer_init(answer);
    status = http_stream(remote->http, path, sse_last_id(&follow->sse),
                         follow_on_data, follow, answer, err);
    if (follow->ended)
        return ENGINE_OK;
    if (answer->status == 200 && status == ENGINE_OK &&
        strncmp(answer->media_type, "text/event-stream", 17) != 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%s\" sends no events but \"%s\"",
                           http_name(remote->http), answer->media_type);
    if (status == ENGINE_OK)
        status = remote_check(remote, answer, err);
    if (status == ENGINE_OK)
        status = engine_fail(err, ENGINE_EIO, "\"%s\" ended the events early",
                             http_name(remote->http));
    return status;
}

/* A signal came: the daemon is asked once, and the scan followed on. */
static engine_status follow_cancel(struct follow *follow, engine_error *err)
{
    engine_status status;

    if (follow->cancelled || !cli_signals_noted())
        return ENGINE_ECANCELLED;
    follow->cancelled = true;
    follow->remote->heed = REMOTE_HEED_NONE;
    follow_show(follow, "is being cancelled");
    status = remote_cancel(follow->remote, follow->scan_id, err);
    /* it has just ended: its events say so */
    return status == ENGINE_ECONFLICT ? ENGINE_OK : status;
}

static void follow_tell_away(struct follow *follow, unsigned tries,
                             const engine_error *why)
{
    if (tries == 1) /* the first may be a restart */
        log_write(&follow->remote->cli->log, LOG_LEVEL_WARNING,
                  "%s; trying again", why->message);
    follow_show(follow, "waits for the daemon");
}

static engine_status follow_streams(struct follow *follow, const char *path,
                                    engine_error *err)
{
    struct remote *remote = follow->remote;
    struct http_answer answer;
    engine_status status = ENGINE_OK;
    unsigned tries = 0;

    http_answer_init(&answer);
    while (status == ENGINE_OK && !follow->ended) {
        const int64_t seen = remote->seen_ms;
        int64_t pause;

        status = follow_stream(follow, path, &answer, err);
        if (status == ENGINE_ECANCELLED)
            status = follow_cancel(follow, err);
        if (status != ENGINE_EIO)
            continue;
        tries = remote->seen_ms > seen ? 0 : tries + 1;
        pause = remote_pause_ms(&answer, tries);
        if (remote_lost(remote, pause))
            break;
        follow_tell_away(follow, tries, err);
        status = remote_wait(remote, pause, err);
        if (status == ENGINE_ECANCELLED)
            status = follow_cancel(follow, err);
    }
    http_answer_clear(&answer);
    return status;
}

engine_status remote_follow(struct remote *remote, const char *scan_id,
                            struct cli_progress *progress, engine_error *err)
{
    struct follow follow = {.remote = remote,
                            .scan_id = scan_id,
                            .progress = progress,
                            .now = {.left_ms = -1, .what = ""}};
    char *path = engine_strf("/scans/%s/events?results=false", scan_id);
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    sse_init(&follow.sse, follow_on_event, &follow);
    remote->heed = REMOTE_HEED_ALL;
    status = follow_streams(&follow, path, err);
    remote->heed = REMOTE_HEED_NONE;
    sse_clear(&follow.sse);
    engine_free(path);
    if (status < 0)
        engine_error_prefix(err, "scan %s goes on without being watched",
                            scan_id);
    return status;
}

engine_status remote_cancel(struct remote *remote, const char *scan_id,
                            engine_error *err)
{
    char *path = engine_strf("/scans/%s/cancel", scan_id);
    struct http_answer answer;
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    http_answer_init(&answer);
    status = remote_ask(remote, "POST", path, "{}", &answer, err);
    http_answer_clear(&answer);
    engine_free(path);
    return status;
}
