/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the command scan, done by a daemon. */
#include <string.h>

#include "engine/cli/output.h"
#include "engine/cli/request.h"
#include "engine/cli/signals.h"
#include "engine/remote/remote.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

struct remote_run {
    struct remote *remote;
    struct output output;
    struct cli_progress progress;
    const char *fail_on;
    char scan_id[REMOTE_ID_MAX];
};

/* ---- asking for it ------------------------------------------------------- */

static engine_status scan_request(struct remote *remote,
                                  const struct cli_args *args,
                                  struct buffer *out, engine_error *err)
{
    struct session session;
    bson_t config;
    engine_status status = session_open(remote->cli, 0, &session, err);

    if (status < 0)
        return status;
    if (cli_flag(args, "quiet"))
        remote->cli->log.level = LOG_LEVEL_ERROR;
    status = request_build(&session, args, &config, err);
    if (status == ENGINE_OK) {
        document_to_json(&config, 0, out);
        status = buffer_status(out, err);
    }
    bson_destroy(&config);
    session_close(&session);
    return status;
}

/* The scan may be there although nobody said so. */
static void scan_note_unsure(const struct remote *remote,
                             const struct http_answer *answer,
                             engine_status status, engine_error *err)
{
    if (status < 0 && answer->sent && !answer->status)
        engine_hint(err,
                    "the scan may have been started; \"scan-engine scans "
                    "list %s\" shows it",
                    remote->options);
}

/* The id becomes a part of addresses. */
static engine_status scan_take_id(struct remote_run *run,
                                  const struct http_answer *answer,
                                  engine_error *err)
{
    bson_t scan;
    const char *id;
    engine_status status =
        document_from_json(answer->body.data ? answer->body.data : "",
                           answer->body.len, "answer", &scan, err);

    if (status < 0)
        return remote_fail_misread(run->remote, err);
    id = document_string(&scan, "scan_id");
    if (id && *id && strlen(id) < sizeof(run->scan_id) &&
        strspn(id, "0123456789abcdefABCDEF-") == strlen(id))
        snprintf(run->scan_id, sizeof(run->scan_id), "%s", id);
    else
        status = engine_fail(err, ENGINE_EPARSE,
                             "\"%s\" does not name the scan that it started",
                             http_name(run->remote->http));
    bson_destroy(&scan);
    return status;
}

static engine_status scan_execute(struct remote_run *run,
                                  const struct cli_args *args,
                                  engine_error *err)
{
    struct remote *remote = run->remote;
    struct http_answer answer;
    struct buffer body;
    engine_status status;

    buffer_init(&body, DOCUMENT_MAX_BYTES);
    http_answer_init(&answer);
    status = scan_request(remote, args, &body, err);
    if (status == ENGINE_OK) {
        cli_signals_watch();
        /* what was sent may have been heard: its answer is waited for */
        remote->heed = REMOTE_HEED_WAIT;
        status =
            remote_ask(remote, "POST",
                       cli_flag(args, "queue") ? "/scans/execute?queue=true"
                                               : "/scans/execute",
                       body.data, &answer, err);
        remote->heed = REMOTE_HEED_NONE;
        scan_note_unsure(remote, &answer, status, err);
    }
    if (status == ENGINE_OK)
        status = scan_take_id(run, &answer, err);
    http_answer_clear(&answer);
    buffer_clear(&body);
    return status;
}

/* ---- how it went --------------------------------------------------------- */

static engine_status scan_fail_group(const bson_t *scan, engine_error *err)
{
    const char *message = document_string(scan, "errors.0.message");
    const char *scanner = document_string(scan, "errors.0.scanner");
    const char *target = document_string(scan, "errors.0.target");
    const char *hint = document_string(scan, "errors.0.hint");

    engine_fail(err, ENGINE_EPLUGIN, "%.800s",
                message ? message : "the scan failed");
    if (target && message && !strstr(message, target))
        engine_error_prefix(err, "target \"%.100s\"", target);
    if (scanner && message && !strstr(message, scanner))
        engine_error_prefix(err, "scanner \"%.100s\"", scanner);
    if (hint)
        engine_hint(err, "%.400s", hint);
    return ENGINE_EPLUGIN;
}

/* The same words as of a scan that was done here. */
static engine_status scan_outcome(const bson_t *scan, engine_error *err)
{
    const char *state = document_string(scan, "status");

    if (strcmp(state, "completed") == 0)
        return ENGINE_OK;
    if (strcmp(state, "cancelled") == 0)
        return engine_fail(err, ENGINE_ECANCELLED, "the scan was cancelled");
    if (strcmp(state, "timed_out") == 0)
        return engine_fail(
            err, ENGINE_ETIMEOUT, "the scan's time limit of %lld s was reached",
            (long long)document_int(scan, "scan_config.options.timeout", 0));
    if (strcmp(state, "failed") == 0)
        return scan_fail_group(scan, err);
    return engine_fail(err, ENGINE_EPARSE,
                       "the daemon ended the events of a scan that is %.40s",
                       state);
}

/* The report also of a scan that failed: what it found is true. */
static int scan_report(struct remote_run *run, engine_error *err)
{
    struct remote *remote = run->remote;
    bson_t scan;
    engine_error report_err = {0};
    engine_status outcome;
    int code =
        remote_fetch_scan(remote, run->scan_id, run->output.format->name, err);

    cli_progress_clear(&run->progress);
    if (code == ENGINE_OK)
        code = store_get(remote->spool, STORE_SCANS, run->scan_id, &scan, err);
    if (code < 0)
        return code;
    outcome = scan_outcome(&scan, err);
    bson_destroy(&scan);
    code = output_scan(&run->output, remote->spool, run->scan_id, false,
                       &report_err);
    if (outcome < 0)
        return outcome;
    if (code == ENGINE_OK)
        code = output_exit_code(remote->spool, run->scan_id, run->fail_on,
                                &report_err);
    if (code < 0)
        *err = report_err;
    return code;
}

int remote_scan(struct remote *remote, const struct cli_args *args,
                engine_error *err)
{
    struct cli *cli = remote->cli;
    struct remote_run run = {.remote = remote};
    engine_error close_err = {0};
    int code = output_fail_on(args, &run.fail_on, err);

    if (code == ENGINE_OK)
        code = output_open(cli, args, &run.output, err);
    if (code == ENGINE_OK) {
        cli_progress_init(&run.progress, &cli->messages,
                          cli_flag(args, "quiet"));
        cli->progress = &run.progress;
        code = scan_execute(&run, args, err);
        if (code == ENGINE_OK)
            code = remote_follow(remote, run.scan_id, &run.progress, err);
        if (code == ENGINE_OK)
            code = scan_report(&run, err);
        cli_progress_clear(&run.progress);
        cli->progress = NULL;
    }
    if (output_close(&run.output, &close_err) < 0 && code >= 0) {
        code = close_err.status;
        *err = close_err;
    }
    return code;
}
