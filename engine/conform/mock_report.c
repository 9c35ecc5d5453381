/* SPDX-License-Identifier: Apache-2.0 */
/* mock_report.c - what a scanner under trial reports, looked at closely. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/conform/mock.h"
#include "engine/conform/scene.h"
#include "sdk/base/clock.h"

#define REPORT_ID_MAX 1024
#define REPORT_MESSAGE_MAX 16384
#define REPORT_WARNING_MAX 1024
#define REPORT_MAX 200000  /* results and ends of one operation */
#define REPORT_DEAF_MAX 1000 /* after one that was not taken */

/* The structs as ABI 0.1 has them. */
#define REPORT_RESULT_SIZE \
    (offsetof(struct scanner_result, details) + sizeof(struct scanner_doc))
#define REPORT_END_SIZE                                     \
    (offsetof(struct scanner_rule_end, variables_applied) + \
     sizeof(struct scanner_doc))

/* ---- looking ------------------------------------------------------------- */

static bool report_text(struct mock *mock, const char *what, const char *text,
                        size_t maximum)
{
    if (host_text(text, maximum))
        return true;
    mock_breach(mock, MOCK_FORM, "%s is no UTF-8, or longer than %zu bytes",
                what, maximum);
    return false;
}

static bool report_document(struct mock *mock, const char *what,
                            const struct scanner_doc *document)
{
    engine_error err = {0};
    bson_t view;

    if (!document->data && !document->len)
        return true;
    if (host_borrow(document, &view, &err))
        return true;
    mock_breach(mock, MOCK_FORM, "%s is no valid document: %s", what,
                err.message);
    return false;
}

/* The rule that is reported on, or NULL: the job does not have it. */
static struct mock_rule *report_rule(struct mock *mock, const char *call,
                                     const char *id)
{
    struct mock_rule *rule;

    if (!host_text(id, REPORT_ID_MAX) || !id[0]) {
        mock_breach(mock, MOCK_IDS, "%s: the rule_id is missing, empty, no "
                    "UTF-8 or too long", call);
        return NULL;
    }
    rule = table_get(&mock->rules, id);
    if (!rule && (mock->ops->caps & SCANNER_CAP_FINDINGS)) {
        rule = arena_alloc(&mock->memory, sizeof(*rule));
        if (!rule)
            return NULL;
        *rule = (struct mock_rule){0};
        if (table_set(&mock->rules, id, rule) < 0)
            return NULL;
    }
    if (!rule)
        mock_breach(mock, MOCK_IDS, "%s: rule \"%.200s\" is not in the job",
                    call, id);
    else if (rule->ended)
        mock_breach(mock, MOCK_IDS, "%s: rule \"%.200s\" was ended before",
                    call, id);
    return rule && !rule->ended ? rule : NULL;
}

/* Is this report taken? Nobody waits for one that reports without end. */
static int32_t report_admit(struct mock *mock, const char *call, uint64_t at,
                            uint64_t count)
{
    if (mock->emits + mock->ends + mock->documents > REPORT_MAX)
        scene_give_up(mock->worker, "it reported more than %d times in one "
                      "operation", REPORT_MAX);
    if (mock->refused && ++mock->refused > REPORT_DEAF_MAX)
        scene_give_up(mock->worker, "it went on to report %d times after "
                      "the engine had answered %d", REPORT_DEAF_MAX,
                      mock->fail_status);
    if (!at || count < at)
        return SCANNER_OK;
    if (!mock->refused) {
        mock->refused = 1;
        mock->stop_ms = clock_steady_ms();
    }
    (void)call;
    return mock->fail_status;
}

/* ---- results and ends ---------------------------------------------------- */

static bool report_result(struct mock *mock,
                          const struct scanner_result *result)
{
    bool fine = true;

    if (result->status < SCANNER_PASS || result->status > SCANNER_FIXED) {
        mock_breach(mock, MOCK_FORM, "emit: %d is no status", result->status);
        fine = false;
    }
    if (result->message)
        fine = report_text(mock, "emit: the message", result->message,
                           REPORT_MESSAGE_MAX) && fine;
    fine = report_document(mock, "emit: resource", &result->resource) && fine;
    fine = report_document(mock, "emit: evidence", &result->evidence) && fine;
    return report_document(mock, "emit: details", &result->details) && fine;
}

static int32_t mock_emit(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_result *result)
{
    struct mock *mock = mock_running(host, job, "emit");
    struct mock_rule *rule;
    int32_t status;

    if (!mock)
        return SCANNER_EINVAL;
    mock->emits++;
    status = report_admit(mock, "emit", mock->fail_emit_at, mock->emits);
    if (status != SCANNER_OK)
        return status;
    if (!result || result->size < REPORT_RESULT_SIZE) {
        mock_breach(mock, MOCK_FORM, "emit: the result does not say its "
                    "size");
        return SCANNER_EINVAL;
    }
    rule = report_rule(mock, "emit", result->rule_id);
    if (!rule || !report_result(mock, result))
        return SCANNER_EINVAL;
    rule->statuses |= 1u << result->status;
    return SCANNER_OK;
}

static bool report_end(struct mock *mock, const struct scanner_rule_end *end)
{
    bool fine = true;

    if (end->status < 0 || end->status > SCANNER_FIXED) {
        mock_breach(mock, MOCK_FORM, "rule_done: %d is no status",
                    end->status);
        fine = false;
    }
    if (end->message)
        fine = report_text(mock, "rule_done: the message", end->message,
                           REPORT_MESSAGE_MAX) && fine;
    fine = report_document(mock, "rule_done: variables_applied",
                           &end->variables_applied) && fine;
    if (SCANNER_HAS(end, resources.data))
        fine = report_document(mock, "rule_done: resources",
                               &end->resources) && fine;
    return fine;
}

static int32_t mock_rule_done(const struct scanner_host *host,
                              const struct scanner_job *job,
                              const struct scanner_rule_end *end)
{
    struct mock *mock = mock_running(host, job, "rule_done");
    struct mock_rule *rule;
    int32_t status;

    if (!mock)
        return SCANNER_EINVAL;
    mock->ends++;
    status = report_admit(mock, "rule_done", mock->fail_end_at, mock->ends);
    if (status != SCANNER_OK)
        return status;
    if (!end || end->size < REPORT_END_SIZE) {
        mock_breach(mock, MOCK_FORM, "rule_done: the end does not say its "
                    "size");
        return SCANNER_EINVAL;
    }
    rule = report_rule(mock, "rule_done", end->rule_id);
    if (!rule || !report_end(mock, end))
        return SCANNER_EINVAL;
    rule->ended = true;
    rule->end = end->status;
    return SCANNER_OK;
}

bool mock_is_judged(const struct mock_rule *rule)
{
    const unsigned judged =
        1u << SCANNER_PASS | 1u << SCANNER_FAIL | 1u << SCANNER_FIXED;

    if (rule->end == SCANNER_ERROR ||
        (rule->statuses & 1u << SCANNER_ERROR))
        return false;
    return ((1u << rule->end | rule->statuses) & judged) != 0;
}

/* ---- everything else ----------------------------------------------------- */

static int32_t mock_document(const struct scanner_host *host,
                             const struct scanner_job *job, const char *kind,
                             const struct scanner_doc *document)
{
    struct mock *mock = mock_running(host, job, "document");

    if (!mock)
        return SCANNER_EINVAL;
    mock->documents++;
    (void)report_admit(mock, "document", 0, 0);
    if (!report_text(mock, "document: the kind", kind, 255))
        return SCANNER_EINVAL;
    if (!document || !document->data) {
        mock_breach(mock, MOCK_FORM, "document: there is none");
        return SCANNER_EINVAL;
    }
    return report_document(mock, "document", document) ? SCANNER_OK
                                                       : SCANNER_EINVAL;
}

static int32_t mock_artifact(const struct scanner_host *host,
                             const struct scanner_job *job, const char *path,
                             const char *name, const char *media_type,
                             char id[65])
{
    struct mock *mock = mock_running(host, job, "artifact");
    const size_t len = job && job->workdir ? strlen(job->workdir) : 0;

    if (!mock || !id || !report_text(mock, "artifact: the path", path, 4096) ||
        !report_text(mock, "artifact: the name", name, 255) ||
        !report_text(mock, "artifact: the type", media_type, 255))
        return SCANNER_EINVAL;
    if (path[0] == '/' && len && strncmp(path, job->workdir, len) != 0) {
        mock_breach(mock, MOCK_FORM, "artifact: \"%.200s\" is not in the "
                    "job's workdir", path);
        return SCANNER_EINVAL;
    }
    return hash_file(path, id, NULL) == ENGINE_OK ? SCANNER_OK
                                                  : SCANNER_EINVAL;
}

/* There are none: contents are imported, and nothing was. */
static int32_t mock_open_artifact(const struct scanner_host *host,
                                  const struct scanner_job *job,
                                  const char *id, const char **path)
{
    struct mock *mock = mock_running(host, job, "open_artifact");

    return mock && id && path ? SCANNER_ENOTFOUND : SCANNER_EINVAL;
}

static int32_t mock_effect(const struct scanner_host *host,
                           const struct scanner_job *job,
                           const struct scanner_doc *undo, char id[65])
{
    struct mock *mock = mock_running(host, job, "effect");

    if (!mock || !undo || !id || !report_document(mock, "effect", undo))
        return SCANNER_EINVAL;
    if (!mock->ops->undo)
        mock_breach(mock, MOCK_FORM, "effect: it cannot undo any");
    mock->effects_open++;
    snprintf(id, 65, "effect-%u", ++mock->effects);
    return SCANNER_OK;
}

static int32_t mock_effect_undone(const struct scanner_host *host,
                                  const struct scanner_job *job,
                                  const char *id)
{
    struct mock *mock = mock_running(host, job, "effect_undone");

    if (!mock || !report_text(mock, "effect_undone: the id", id, 64))
        return SCANNER_EINVAL;
    if (!mock->effects_open) {
        mock_breach(mock, MOCK_FORM, "effect_undone: there is none left");
        return SCANNER_EINVAL;
    }
    mock->effects_open--;
    return SCANNER_OK;
}

static int32_t mock_warn(const struct scanner_host *host,
                         const struct scanner_job *job, const char *message)
{
    struct mock *mock = mock_running(host, job, "warn");

    if (!mock ||
        !report_text(mock, "warn: the message", message, REPORT_WARNING_MAX))
        return SCANNER_EINVAL;
    if (!message[0] || strchr(message, '\n')) {
        mock_breach(mock, MOCK_FORM, "warn: the message is not one line");
        return SCANNER_EINVAL;
    }
    mock->warnings++;
    return SCANNER_OK;
}

void mock_fill_reports(struct scanner_host *host)
{
    host->emit = mock_emit;
    host->rule_done = mock_rule_done;
    host->document = mock_document;
    host->artifact = mock_artifact;
    host->open_artifact = mock_open_artifact;
    host->effect = mock_effect;
    host->effect_undone = mock_effect_undone;
    host->warn = mock_warn;
}
