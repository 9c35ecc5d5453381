/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - what oscap found becomes results and ends of rules. */
#include "plugins/oscap/report.h"

#include <stdio.h>
#include <string.h>

#include "plugins/oscap/evidence.h"
#include "plugins/oscap/results.h"
#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

/** A rule of the part while its results are read. */
struct report_rule {
    const bson_t *rule;
    const char *rule_id;
    uint32_t seen;
};

struct report {
    const struct oscap *self;
    const struct scanner_job *job;
    const struct oscap_part *part;
    struct report_rule *rules;
    struct table by_xccdf; /* XCCDF id -> index + 1 */
    struct oscap_evidence *evidence;
    size_t strangers;      /* results of rules that nobody asked for */
};

static void report_emit(const struct oscap *self,
                        const struct scanner_job *job,
                        const struct scanner_result *result)
{
    /* a refusal is the engine's to notice: it makes the rule's verdict */
    (void)self->host->emit(self->host, job, result);
}

void oscap_report_error(const struct oscap *self,
                        const struct scanner_job *job, const bson_t *rule,
                        const engine_error *why)
{
    kit_rule_error(self->host, job, document_string(rule, "rule_id"), why);
}

static engine_status report_index(struct report *report, engine_error *err)
{
    report->rules = engine_calloc(report->part->count,
                                  sizeof(*report->rules));
    if (!report->rules)
        return engine_fail_memory(err);
    for (size_t i = 0; i < report->part->count; i++) {
        const bson_t *rule = report->part->rules[i];
        char id[1024];
        if (oscap_rule_xccdf_id(rule, id, sizeof(id), err) < 0)
            return ENGINE_EINVAL;
        report->rules[i].rule = rule;
        report->rules[i].rule_id = document_string(rule, "rule_id");
        if (table_set(&report->by_xccdf, id, (void *)(uintptr_t)(i + 1)) < 0)
            return engine_fail_memory(err);
    }
    return ENGINE_OK;
}

/* oscap says notchecked when content is missing: that is no verdict */
static int report_status(const struct report *report,
                         const struct report_rule *at,
                         const struct oscap_rule_result *result,
                         const char **message)
{
    if (result->status != SCANNER_NOTCHECKED ||
        (result->role && strcmp(result->role, "unchecked") == 0) ||
        !oscap_rule_is_automated(report->part->unit->content, at->rule))
        return result->status;
    *message = "oscap could not find the rule's OVAL definition";
    return SCANNER_ERROR;
}

static void report_details(const struct oscap_rule_result *result,
                           bson_t *out)
{
    bson_t messages;
    char key[24];

    if (result->time)
        BSON_APPEND_UTF8(out, "time", result->time);
    if (result->instance)
        BSON_APPEND_UTF8(out, "instance", result->instance);
    if (result->check_name)
        BSON_APPEND_UTF8(out, "definition", result->check_name);
    if (!result->messages[0] || !result->messages[1])
        return;
    BSON_APPEND_ARRAY_BEGIN(out, "messages", &messages);
    for (size_t i = 0; result->messages[i]; i++) {
        snprintf(key, sizeof(key), "%zu", i);
        BSON_APPEND_UTF8(&messages, key, result->messages[i]);
    }
    bson_append_array_end(out, &messages);
}

/* half a file is no result for any rule of it: all of it is read before the
 * first word of it counts */
static engine_status report_on_look(const struct oscap_rule_result *result,
                                    void *user, engine_error *err)
{
    (void)result;
    (void)user;
    (void)err;
    return ENGINE_OK;
}

static engine_status report_on_result(const struct oscap_rule_result *result,
                                      void *user, engine_error *err)
{
    struct report *report = user;
    const uintptr_t index =
        (uintptr_t)table_get(&report->by_xccdf, result->rule_id);
    struct scanner_result out = {.size = sizeof(out)};
    bson_t details = BSON_INITIALIZER, evidence;
    bool has_evidence = false;
    struct report_rule *at;

    (void)err;
    if (!index) {
        /* the profile selects exactly our rules, all else is notselected */
        report->strangers += result->status != SCANNER_NOTSELECTED;
        bson_destroy(&details);
        return ENGINE_OK;
    }
    at = &report->rules[index - 1];
    at->seen++;
    out.rule_id = at->rule_id;
    out.message = result->message;
    out.status = report_status(report, at, result, &out.message);
    report_details(result, &details);
    out.details = kit_doc(&details);
    if (report->evidence && result->check_name)
        has_evidence = oscap_evidence_build(report->evidence,
                                            result->check_name, &evidence,
                                            NULL) == ENGINE_OK;
    if (has_evidence)
        out.evidence = kit_doc(&evidence);
    report_emit(report->self, report->job, &out);
    if (has_evidence)
        bson_destroy(&evidence);
    bson_destroy(&details);
    return ENGINE_OK;
}

static void report_end_rule(struct report *report, struct report_rule *at)
{
    static const engine_error missing = {
        .status = ENGINE_EPLUGIN,
        .message = "oscap gave no result for this rule"};
    struct scanner_rule_end end = {.size = sizeof(end),
                                   .rule_id = at->rule_id,
                                   .duration_ms = -1};
    bson_t variables, applied;
    engine_status status;

    if (!at->seen) {
        oscap_report_error(report->self, report->job, at->rule, &missing);
        return;
    }
    kit_view(&report->job->variables, &variables);
    status = oscap_rule_variables(report->part->unit->content, at->rule,
                                  &variables, &applied, NULL);
    if (status == ENGINE_OK && !bson_empty(&applied))
        end.variables_applied = kit_doc(&applied);
    (void)report->self->host->rule_done(report->self->host, report->job,
                                        &end);
    if (status == ENGINE_OK)
        bson_destroy(&applied);
}

/* evidence is a help: that it cannot be read spoils no verdict */
static void report_read_evidence(struct report *report, const char *path)
{
    const char **ids = engine_calloc(report->part->count, sizeof(*ids));
    engine_error why = {0};
    size_t count = 0;

    for (size_t i = 0; ids && i < report->part->count; i++) {
        const char *id = oscap_rule_definition(report->part->unit->content,
                                               report->part->rules[i]);
        if (id)
            ids[count++] = id;
    }
    if (ids && oscap_evidence_read(path, ids, count, &report->evidence,
                                   &why) < 0)
        oscap_log(report->self, SCANNER_LOG_WARNING,
                  "no evidence could be read: %s", why.message);
    engine_free(ids);
}

static void report_keep(const struct report *report,
                        const struct oscap_run_end *end)
{
    const struct scanner_host *host = report->self->host;
    const char *keep = document_string(&report->self->options,
                                       "keep_results");
    const bool arf = end->arf_path != NULL;
    char id[65];

    if (keep && strcmp(keep, "none") == 0)
        return;
    if (host->artifact(host, report->job, end->results_path,
                       arf ? "results-arf.xml" : "results.xml",
                       "application/xml", id) < 0)
        oscap_log(report->self, SCANNER_LOG_WARNING,
                  "the raw results could not be kept");
}

engine_status oscap_report_part(const struct oscap *self,
                                const struct scanner_job *job,
                                const struct oscap_part *part,
                                const struct oscap_run_end *end,
                                engine_error *err)
{
    struct report report = {.self = self, .job = job, .part = part};
    engine_error why = {0};
    engine_status status;

    table_init(&report.by_xccdf);
    status = report_index(&report, err);
    if (status == ENGINE_OK && end->arf_path &&
        document_bool(&self->options, "evidence", false))
        report_read_evidence(&report, end->arf_path);
    if (status == ENGINE_OK &&
        (oscap_results_read(end->results_path, report_on_look, &report,
                            NULL, &why) < 0 ||
         oscap_results_read(end->results_path, report_on_result, &report,
                            NULL, &why) < 0))
        oscap_log(self, SCANNER_LOG_ERROR, "results of oscap: %s",
                  why.message);
    if (status == ENGINE_OK && why.status < 0) {
        for (size_t i = 0; i < part->count; i++)
            oscap_report_error(self, job, part->rules[i], &why);
    } else if (status == ENGINE_OK) {
        for (size_t i = 0; i < part->count; i++)
            report_end_rule(&report, &report.rules[i]);
        report_keep(&report, end);
    }
    if (report.strangers)
        oscap_log(self, SCANNER_LOG_WARNING,
                  "oscap gave %zu results for rules that were not asked for",
                  report.strangers);
    oscap_evidence_free(report.evidence);
    table_clear(&report.by_xccdf);
    engine_free(report.rules);
    return status;
}
