/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - verdicts as results and ends of rules; progress. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/clock.h"
#include "sdk/document/utf8.h"
#include "sdk/kit/cloud/cloud_private.h"

#define REPORT_MS 200 /* between two words about progress */

static void report_append(bson_t *out, const char *key, const char *text)
{
    if (text && *text)
        bson_append_utf8(out, key, -1, text, -1);
}

bool report_is_silent(struct cloud *cloud, struct cloud_rule *rule,
                      int32_t status)
{
    if (status == SCANNER_PASS)
        return rule->passed >= cloud->passing;
    return status == SCANNER_NOTAPPLICABLE &&
           rule->inapplicable >= cloud->passing;
}

/* one line of whole characters */
static void report_line(char *text)
{
    const size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = ' ';
    text[utf8_span(text, len)] = '\0';
}

static void report_note(struct cloud_rule *rule, const struct verdict *verdict)
{
    rule->judged++;
    if (kit_status_weight(verdict->status) > kit_status_weight(rule->worst)) {
        rule->worst = verdict->status;
        rule->worse = 0;
        snprintf(rule->text, sizeof(rule->text), "%s", verdict->message);
        report_line(rule->text);
    }
    rule->worse += verdict->status == rule->worst;
}

static void report_resource(const struct visit *visit,
                            const struct subject_name *name, bson_t *out)
{
    const char *region = name->region ? name->region : visit->scope->region;

    report_append(out, "type", name->type);
    report_append(out, "uid", name->uid);
    report_append(out, "name", name->name);
    report_append(out, "namespace", visit->scope->account);
    report_append(out, "region", region);
}

void report_verdict(struct visit *visit, const struct subject_name *name,
                    const struct verdict *verdict)
{
    struct cloud *cloud = visit->cloud;
    struct cloud_rule *rule = visit->rule;
    const struct scanner_host *host = cloud->plugin->host;
    char message[sizeof(verdict->message)];
    struct scanner_result result = {.size = sizeof(result),
                                    .status = verdict->status,
                                    .rule_id = rule->rule_id};
    bson_t resource = BSON_INITIALIZER;

    report_note(rule, verdict);
    if (report_is_silent(cloud, rule, verdict->status)) {
        rule->silent[verdict->status]++;
        return;
    }
    rule->passed += verdict->status == SCANNER_PASS;
    rule->inapplicable += verdict->status == SCANNER_NOTAPPLICABLE;
    snprintf(message, sizeof(message), "%s", verdict->message);
    report_line(message);
    result.message = message[0] ? message : NULL;
    report_resource(visit, name, &resource);
    result.resource = kit_doc(&resource);
    result.evidence = kit_doc(verdict->evidence);
    /* a refusal is the engine's to notice: it makes the verdict */
    (void)host->emit(host, cloud->job, &result);
    bson_destroy(&resource);
}

void report_scope_error(struct visit *visit, const struct fault *why)
{
    const struct subject_name name = {.type = "scope",
                                      .uid = visit->scope->label,
                                      .name = visit->scope->label};
    struct verdict verdict = {.status = SCANNER_ERROR};

    snprintf(verdict.message, sizeof(verdict.message), "%s: %s",
             visit->scope->label, why->text);
    report_verdict(visit, &name, &verdict);
}

/* ---- the end of a rule -------------------------------------------------- */

static void report_none(const struct cloud *cloud, struct cloud_rule *rule)
{
    const char *level = cloud->provider->levels[rule->level];

    if (rule->visited == 0) {
        rule->worst = SCANNER_ERROR;
        snprintf(rule->text, sizeof(rule->text),
                 "the target has no %s that is scanned", level);
        return;
    }
    rule->worst = SCANNER_NOTAPPLICABLE;
    snprintf(rule->text, sizeof(rule->text),
             "there is nothing to look at: %.300s gives nothing",
             rule->each ? expr_text(rule->each) : "the call");
}

static void report_text(const struct cloud_rule *rule, char *out, size_t size)
{
    if (rule->judged <= 1)
        snprintf(out, size, "%s", rule->text);
    else if (rule->worst == SCANNER_PASS)
        snprintf(out, size, "all of %llu resources comply",
                 (unsigned long long)rule->worse);
    else
        snprintf(out, size, "%llu of %llu resources: %s",
                 (unsigned long long)rule->worse,
                 (unsigned long long)rule->judged, rule->text);
}

static void report_silent(const struct cloud_rule *rule, bson_t *out)
{
    for (int32_t i = 1; i < 10; i++)
        if (rule->silent[i])
            bson_append_int64(out, kit_status_word(i), -1,
                              (int64_t)rule->silent[i]);
}

void report_visit_end(struct cloud *cloud, struct cloud_rule *rule)
{
    const struct scanner_host *host = cloud->plugin->host;
    struct scanner_rule_end end = {.size = sizeof(end),
                                   .rule_id = rule->rule_id,
                                   .duration_ms = -1};
    char message[sizeof(rule->text) + 64];
    bson_t silent = BSON_INITIALIZER;

    if (!rule->opened || rule->visits || rule->ended)
        return;
    rule->ended = true;
    if (rule->judged == 0)
        report_none(cloud, rule);
    report_text(rule, message, sizeof(message));
    report_silent(rule, &silent);
    end.status = rule->worst;
    end.message = message[0] ? message : NULL;
    end.variables_applied = kit_doc(&rule->used);
    end.resources = kit_doc(&silent);
    (void)host->rule_done(host, cloud->job, &end);
    bson_destroy(&silent);
    cloud->rules_done++;
    report_progress(cloud, true);
}

/* ---- progress ----------------------------------------------------------- */

void report_progress(struct cloud *cloud, bool now)
{
    const struct scanner_host *host = cloud->plugin->host;
    const int64_t ms = clock_steady_ms();
    char what[96];

    if (!now && ms - cloud->progress_ms < REPORT_MS)
        return;
    cloud->progress_ms = ms;
    snprintf(what, sizeof(what), "%s: %zu of %zu calls",
             cloud->provider->name, cloud->calls_ended,
             cloud->calls_begun > cloud->calls_ended ? cloud->calls_begun
                                                     : cloud->calls_ended);
    host->progress(host, cloud->job, cloud->rules_done,
                   cloud->job->rules_count, what);
}
