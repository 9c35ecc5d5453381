/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - outcomes of checks as results and ends of rules. */
#include "plugins/kubernetes/report.h"

#include <stdio.h>
#include <string.h>

static const char *const report_words[10] = {
    "",           "pass",       "fail",        "error",         "unknown",
    "notapplicable", "notchecked", "notselected", "informational", "fixed"};

/* contract: fail > error > unknown > pass > informational > notchecked >
 * notapplicable */
static int report_weight(int32_t status)
{
    static const int weights[10] = {0, 5, 8, 7, 6, 1, 2, 1, 3, 4};

    return status > 0 && status < 10 ? weights[status] : 0;
}

static void report_append(bson_t *out, const char *key, const char *text)
{
    if (text && *text)
        bson_append_utf8(out, key, -1, text, -1);
}

/* an object by its metadata; what has none by the path it was read from */
static void report_resource(const struct kube_rule *rule,
                            const struct kube_read *read,
                            const struct value *object, bson_t *out)
{
    const struct value *metadata = value_member(object, "metadata");
    const char *kind = value_text(value_member(object, "kind"));
    const char *name = value_text(value_member(metadata, "name"));

    if (name) {
        report_append(out, "type", kind ? kind : rule->kind);
        report_append(out, "uid", value_text(value_member(metadata, "uid")));
        report_append(out, "name", name);
        report_append(out, "namespace",
                      value_text(value_member(metadata, "namespace")));
        return;
    }
    report_append(out, "type", rule->kind ? rule->kind : "path");
    report_append(out, "name", read ? read->path.wish : NULL);
}

/* The worst status of the rule's objects, and how many have it. */
static void report_count(struct kube_rule *rule, int32_t status,
                         const char *message)
{
    if (report_weight(status) > report_weight(rule->worst)) {
        rule->worst = status;
        rule->worse = 0;
        snprintf(rule->message, sizeof(rule->message), "%s", message);
    }
    rule->worse += status == rule->worst;
}

bool kube_report_pass(const struct kube_judge *judge, struct kube_rule *rule)
{
    if (rule->passed < judge->passing)
        return false;
    rule->judged++;
    rule->silent[SCANNER_PASS]++;
    if (rule->worst == SCANNER_PASS)
        rule->worse++;
    else
        report_count(rule, SCANNER_PASS, "");
    return true;
}

static bool report_is_silent(struct kube_judge *judge,
                             struct kube_rule *rule, int32_t status)
{
    if (status != SCANNER_PASS)
        return false;
    if (rule->passed >= judge->passing) {
        rule->silent[status]++;
        return true;
    }
    rule->passed++;
    check_terse(rule->check, rule->passed >= judge->passing);
    return false;
}

void kube_report_outcome(struct kube_judge *judge, struct kube_rule *rule,
                         const struct kube_read *read,
                         const struct value *object,
                         const struct check_outcome *outcome)
{
    struct scanner_result result = {.size = sizeof(result),
                                    .status = outcome->status,
                                    .rule_id = rule->rule_id,
                                    .message = outcome->message[0]
                                                   ? outcome->message
                                                   : NULL};
    bson_t resource = BSON_INITIALIZER;

    rule->judged++;
    report_count(rule, outcome->status, outcome->message);
    if (!report_is_silent(judge, rule, outcome->status)) {
        report_resource(rule, read, object, &resource);
        result.resource = kit_doc(&resource);
        result.evidence = kit_doc(outcome->evidence);
        /* a refusal is the engine's to notice: it makes the verdict */
        (void)judge->self->host->emit(judge->self->host, judge->job, &result);
    }
    bson_destroy(&resource);
}

static void report_silent(const struct kube_rule *rule, bson_t *out)
{
    for (int i = 1; i < 10; i++)
        if (rule->silent[i])
            bson_append_int64(out, report_words[i], -1,
                              (int64_t)rule->silent[i]);
}

static void report_variables(const struct kube_rule *rule, bson_t *out)
{
    const bson_t *more = rule->check ? check_variables(rule->check) : NULL;
    bson_iter_t iter;

    bson_concat(out, &rule->variables);
    if (!more || !bson_iter_init(&iter, more))
        return;
    while (bson_iter_next(&iter))
        if (!bson_has_field(out, bson_iter_key(&iter)))
            bson_append_iter(out, NULL, -1, &iter);
}

void kube_report_end(struct kube_judge *judge, struct kube_rule *rule,
                     int32_t status, const char *message)
{
    const struct scanner_host *host = judge->self->host;
    struct scanner_rule_end end = {.size = sizeof(end),
                                   .status = status,
                                   .rule_id = rule->rule_id,
                                   .message = message,
                                   .duration_ms = -1};
    bson_t variables = BSON_INITIALIZER, silent = BSON_INITIALIZER;

    if (rule->ended)
        return;
    rule->ended = true;
    report_variables(rule, &variables);
    report_silent(rule, &silent);
    end.variables_applied = kit_doc(&variables);
    end.resources = kit_doc(&silent);
    (void)host->rule_done(host, judge->job, &end);
    host->progress(host, judge->job, ++judge->rules_done, judge->rules_total,
                   "kubernetes");
    bson_destroy(&variables);
    bson_destroy(&silent);
}
