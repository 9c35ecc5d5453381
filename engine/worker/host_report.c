/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_report.c - results and last words of rules, checked. Nothing missing is
 * ever a pass: when a result of a rule is refused, the rule becomes an error.
 */
#include <stdio.h>
#include <string.h>

#include "engine/worker/worker_private.h"

#define REPORT_RULE_ID_MAX 1024
#define REPORT_MESSAGE_MAX 16384
#define REPORT_WARNING_MAX 1024
/* The structs as their first drafts had them: what a later one appends may be missing. */
#define REPORT_RESULT_SIZE                       \
    (offsetof(struct scanner_result, details) +  \
     sizeof(struct scanner_doc))
#define REPORT_END_SIZE                                        \
    (offsetof(struct scanner_rule_end, variables_applied) +    \
     sizeof(struct scanner_doc))

static struct worker_rule *report_find(struct worker *worker,
                                       const char *rule_id)
{
    void **state = table_at(&worker->rule_states, rule_id,
                            &worker->rule_guess);
    struct worker_rule *rule = state ? *state : NULL;

    if (rule || !(worker->ops->caps & SCANNER_CAP_FINDINGS))
        return rule;
    rule = arena_alloc(&worker->states, sizeof(*rule));
    if (rule && table_set(&worker->rule_states, rule_id, rule) < 0)
        return NULL;
    return rule;
}

/* The rule that a report is about, or NULL: the contract is broken. */
static struct worker_rule *report_rule(struct worker *worker,
                                       const char *rule_id, const char *verb)
{
    struct worker_rule *rule;

    if (!host_text(rule_id, REPORT_RULE_ID_MAX) || !rule_id[0]) {
        host_violation(worker, "%s a rule without a proper id", verb);
        return NULL;
    }
    rule = report_find(worker, rule_id);
    if (!rule)
        host_violation(worker, "%s rule \"%.200s\", which is not in its job",
                       verb, rule_id);
    else if (rule->done)
        host_violation(worker, "%s rule \"%.200s\" after its end", verb,
                       rule_id);
    return rule && !rule->done ? rule : NULL;
}

static int32_t report_refuse(struct worker *worker, struct worker_rule *rule,
                             const char *why)
{
    if (!rule->refused)
        rule->refused = arena_strf(&worker->states,
                                   "a result of the scanner was refused: "
                                   "%.150s", why);
    if (!rule->refused)
        rule->refused = "a result of the scanner was refused";
    return SCANNER_EINVAL;
}

/* Appends an optional document; false: refused, `err` says why. */
static bool report_append(bson_t *frame, const char *key,
                          const struct scanner_doc *document,
                          engine_error *err)
{
    bson_t borrowed;

    if (!document->data && !document->len)
        return true;
    if (!host_borrow(document, &borrowed, err)) {
        engine_error_prefix(err, "%s", key);
        return false;
    }
    BSON_APPEND_DOCUMENT(frame, key, &borrowed);
    return true;
}

static bool report_message(bson_t *frame, const char *message,
                           engine_error *err)
{
    if (!message)
        return true;
    if (!host_text(message, REPORT_MESSAGE_MAX)) {
        engine_fail(err, ENGINE_EINVAL,
                    "message: not valid UTF-8, or too long");
        return false;
    }
    BSON_APPEND_UTF8(frame, "message", message);
    return true;
}

static bool report_result(bson_t *frame, const struct scanner_result *result,
                          engine_error *err)
{
    if (result->status < SCANNER_PASS || result->status > SCANNER_FIXED) {
        engine_fail(err, ENGINE_EINVAL, "%d is no status", result->status);
        return false;
    }
    BSON_APPEND_UTF8(frame, "rule_id", result->rule_id);
    BSON_APPEND_INT32(frame, "status", result->status);
    if (!report_message(frame, result->message, err) ||
        !report_append(frame, "resource", &result->resource, err) ||
        !report_append(frame, "evidence", &result->evidence, err) ||
        !report_append(frame, "details", &result->details, err))
        return false;
    if (frame->len <= FRAME_MAX_BYTES / 2)
        return true;
    engine_fail(err, ENGINE_ELIMIT, "it is larger than %zu bytes",
                FRAME_MAX_BYTES / 2);
    return false;
}

/* The first one over the limit still goes out: the engine then knows. */
static bool report_admit(struct worker *worker, const bson_t *frame)
{
    if (worker->results_left < 0 || worker->result_bytes_left < 0)
        return false;
    worker->results_left -= 1;
    worker->result_bytes_left -= frame->len;
    if (worker->results_left < 0 || worker->result_bytes_left < 0)
        atomic_store(&worker->cancelled, 1);
    return true;
}

static int32_t host_emit(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_result *result)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_status status = ENGINE_OK;
    struct worker_rule *rule;
    engine_error err = {0};
    bson_t frame;

    (void)job;
    if (!worker || !result || result->size < REPORT_RESULT_SIZE)
        return SCANNER_EINVAL;
    rule = report_rule(worker, result->rule_id, "reported on");
    if (!rule)
        return SCANNER_EINVAL;
    frame_init(&frame, "result");
    if (!report_result(&frame, result, &err)) {
        bson_destroy(&frame);
        return report_refuse(worker, rule, err.message);
    }
    if (report_admit(worker, &frame))
        status = worker_send_later(worker, &frame);
    else
        status = ENGINE_ELIMIT;
    bson_destroy(&frame);
    if (status == ENGINE_ELIMIT)
        report_refuse(worker, rule, "the job reported too many");
    return status == ENGINE_OK ? SCANNER_OK : SCANNER_ECANCELLED;
}

static bool report_end(bson_t *frame, struct worker_rule *rule,
                       const struct scanner_rule_end *end, engine_error *err)
{
    if (end->status < 0 || end->status > SCANNER_FIXED) {
        engine_fail(err, ENGINE_EINVAL, "%d is no status", end->status);
        return false;
    }
    BSON_APPEND_UTF8(frame, "rule_id", end->rule_id);
    BSON_APPEND_INT32(frame, "status",
                      rule->refused ? SCANNER_ERROR : end->status);
    if (!report_message(frame, rule->refused ? rule->refused : end->message,
                        err))
        return false;
    if (end->duration_ms >= 0)
        BSON_APPEND_INT64(frame, "duration_ms", end->duration_ms);
    if (SCANNER_HAS(end, resources.data) &&
        !report_append(frame, "resources", &end->resources, err))
        return false;
    return report_append(frame, "variables_applied", &end->variables_applied,
                         err);
}

static int32_t host_rule_done(const struct scanner_host *host,
                              const struct scanner_job *job,
                              const struct scanner_rule_end *end)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    struct worker_rule *rule;
    engine_error err = {0};
    engine_status status;
    bson_t frame;

    (void)job;
    if (!worker || !end || end->size < REPORT_END_SIZE)
        return SCANNER_EINVAL;
    rule = report_rule(worker, end->rule_id, "ended");
    if (!rule)
        return SCANNER_EINVAL;
    frame_init(&frame, "rule_done");
    if (!report_end(&frame, rule, end, &err)) {
        bson_destroy(&frame);
        return report_refuse(worker, rule, err.message);
    }
    rule->done = true;
    status = worker_send_soon(worker, &frame);
    bson_destroy(&frame);
    return status == ENGINE_OK ? SCANNER_OK : SCANNER_ECANCELLED;
}

static int32_t host_warn(const struct scanner_host *host,
                         const struct scanner_job *job, const char *message)
{
    struct worker *worker = host_worker(host, WORKER_RUNNING);
    engine_status status;
    bson_t frame;

    (void)job;
    if (!worker || !host_text(message, REPORT_WARNING_MAX) || !message[0])
        return SCANNER_EINVAL;
    frame_init(&frame, "warning");
    BSON_APPEND_UTF8(&frame, "message", message);
    status = worker_send(worker, &frame);
    bson_destroy(&frame);
    return status == ENGINE_OK ? SCANNER_OK : SCANNER_ECANCELLED;
}

void host_fill_reports(struct scanner_host *host)
{
    host->emit = host_emit;
    host->rule_done = host_rule_done;
    host->warn = host_warn;
}
