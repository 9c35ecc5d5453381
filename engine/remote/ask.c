/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - requests, what their failures mean, and when they are made again. */
#include <string.h>
#include <time.h>

#include "engine/cli/signals.h"
#include "engine/remote/remote.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define ASK_TICK_NS 50000000L
#define ASK_FIRST_MS 200
#define ASK_MOST_MS 5000

/* ---- what an answer says ------------------------------------------------- */

static engine_status ask_status(long code)
{
    switch (code) {
    case 401:
    case 403:
        return ENGINE_EDENIED;
    case 404:
        return ENGINE_ENOTFOUND;
    case 409:
        return ENGINE_ECONFLICT;
    case 413:
        return ENGINE_ELIMIT;
    case 429:
    case 502:
    case 503:
    case 504:
        return ENGINE_EIO;
    default:
        return code >= 500 ? ENGINE_EPLUGIN : ENGINE_EINVAL;
    }
}

static void ask_hint(const struct remote *remote, long code,
                     const bson_t *document, engine_error *err)
{
    const char *hint = document_string(document, "error.hint");
    const char *busy = document_string(document, "error.details.scan_id");

    if (code == 409 && busy)
        engine_hint(err,
                    "--queue waits for it; \"scan-engine scans cancel %s "
                    "%.80s\" stops it",
                    remote->options, busy);
    else if (code == 409 && hint && strstr(hint, "queue=true"))
        engine_hint(err, "--queue waits for its end");
    else if (hint && *hint)
        engine_hint(err, "%s", hint);
    else if (code == 401)
        engine_hint(err, "--token-file FILE holds the token; \"scan-engine "
                         "token create\" makes one");
    else if (code == 503)
        engine_hint(err, "try again later");
}

/* Not from the daemon, or a proxy's before it. */
static engine_status ask_fail_strange(const struct remote *remote,
                                      const struct http_answer *answer,
                                      engine_error *err)
{
    const char *name = http_name(remote->http);

    if (answer->status >= 300 && answer->status < 400) {
        engine_fail(err, ENGINE_EDENIED,
                    "\"%s\" answers %ld, a redirect%s%s; it is not followed",
                    name, answer->status, answer->location[0] ? " to " : "",
                    answer->location);
        engine_hint(err, "the token is for that address alone; give the right "
                         "one as --server");
        return ENGINE_EDENIED;
    }
    engine_fail(err, ask_status(answer->status),
                "\"%s\" answers %ld without saying why", name, answer->status);
    engine_hint(err, "is it scan-engine's daemon?");
    return err ? err->status : ENGINE_EIO;
}

engine_status remote_check(const struct remote *remote,
                           const struct http_answer *answer, engine_error *err)
{
    bson_t document;
    const char *code, *message, *id;
    engine_status status = ask_status(answer->status);

    if (answer->status >= 200 && answer->status < 300)
        return ENGINE_OK;
    if (answer->status < 400 || !answer->body.data ||
        document_from_json(answer->body.data, answer->body.len, "answer",
                           &document, NULL) < 0)
        return ask_fail_strange(remote, answer, err);
    code = document_string(&document, "error.code");
    message = document_string(&document, "error.message");
    id = document_string(&document, "error.request_id");
    if (code && message) {
        engine_fail(err, status, "%.600s (%ld %.40s, request %.80s)", message,
                    answer->status, code, id ? id : "unknown");
        ask_hint(remote, answer->status, &document, err);
    } else {
        status = ask_fail_strange(remote, answer, err);
    }
    bson_destroy(&document);
    return status;
}

engine_status remote_fail_misread(const struct remote *remote,
                                  engine_error *err)
{
    engine_error_prefix(err, "what \"%s\" sends is not understood",
                        http_name(remote->http));
    return err ? err->status : ENGINE_EPARSE;
}

/* ---- waiting ------------------------------------------------------------- */

int remote_stopped(void *user)
{
    const struct remote *remote = user;
    sigset_t pending;

    if (remote->heed == REMOTE_HEED_ALL && cli_signals_noted())
        return 1;
    return remote->spool && sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 ||
            sigismember(&pending, SIGTERM) == 1);
}

engine_status remote_wait(struct remote *remote, int64_t ms, engine_error *err)
{
    const struct timespec tick = {.tv_nsec = ASK_TICK_NS};
    const int64_t until = clock_steady_ms() + ms;

    while (clock_steady_ms() < until) {
        if (remote_stopped(remote) ||
            (remote->heed == REMOTE_HEED_WAIT && cli_signals_noted()))
            return engine_fail(err, ENGINE_ECANCELLED, "it was interrupted");
        nanosleep(&tick, NULL);
    }
    return ENGINE_OK;
}

bool remote_lost(const struct remote *remote, int64_t more_ms)
{
    return clock_steady_ms() + more_ms - remote->seen_ms > remote->patience_ms;
}

int64_t remote_pause_ms(const struct http_answer *answer, unsigned tries)
{
    int64_t pause = ASK_FIRST_MS;

    if (answer->retry_after_s >= 0)
        return answer->retry_after_s ? answer->retry_after_s * 1000
                                     : ASK_FIRST_MS;
    while (tries-- && pause < ASK_MOST_MS)
        pause *= 2;
    return pause < ASK_MOST_MS ? pause : ASK_MOST_MS;
}

/* ---- requests ------------------------------------------------------------ */

/* Whether the same request is worth another try. */
static bool ask_may_again(const struct remote *remote, const char *method,
                          const struct http_answer *answer,
                          engine_status status)
{
    const bool reading = strcmp(method, "GET") == 0;

    if (answer->status == 429)
        return true; /* it was not even looked at */
    if (!reading)
        return false;
    if (status == ENGINE_OK)
        return answer->status >= 502 && answer->status <= 504;
    return status == ENGINE_EIO && remote->seen_ms > 0;
}

static void ask_tell_wait(const struct remote *remote, int64_t pause,
                          const engine_error *why)
{
    if (pause >= 1000)
        log_write(&remote->cli->log, LOG_LEVEL_WARNING,
                  "%s; trying again in %lld s", why->message,
                  (long long)(pause / 1000));
}

engine_status remote_ask(struct remote *remote, const char *method,
                         const char *path, const char *body,
                         struct http_answer *out, engine_error *err)
{
    const int64_t began = clock_steady_ms();

    for (unsigned tries = 0;; tries++) {
        engine_status status;
        int64_t pause;
        bool again;

        http_answer_clear(out);
        http_answer_init(out);
        status = http_ask(remote->http, method, path, body, out, err);
        again = ask_may_again(remote, method, out, status);
        if (status == ENGINE_OK && !again)
            remote->seen_ms = clock_steady_ms();
        if (status == ENGINE_OK)
            status = remote_check(remote, out, err);
        if (!again)
            return status;
        pause = remote_pause_ms(out, tries);
        if (clock_steady_ms() + pause - began > remote->patience_ms)
            return status;
        ask_tell_wait(remote, pause, err);
        status = remote_wait(remote, pause, err);
        if (status < 0)
            return status;
    }
}

engine_status remote_ask_document(struct remote *remote, const char *method,
                                  const char *path, const char *body,
                                  bson_t *out, engine_error *err)
{
    struct http_answer answer;
    engine_status status;

    http_answer_init(&answer);
    status = remote_ask(remote, method, path, body, &answer, err);
    if (status == ENGINE_OK) {
        status = document_from_json(answer.body.data ? answer.body.data : "",
                                    answer.body.len, "answer", out, err);
        if (status < 0)
            status = remote_fail_misread(remote, err);
    }
    http_answer_clear(&answer);
    return status;
}
