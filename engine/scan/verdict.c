/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - the documents of verdicts: their ids, words and fields. */
#include "engine/scan/verdict.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/put.h"

#define VERDICT_ID_MAX ((size_t)1024 * 1024)
#define VERDICT_MAX ((size_t)32 * 1024 * 1024)

const char *scan_status_word(int32_t status)
{
    static const char *const words[] = {
        "",           "pass",        "fail",
        "error",      "unknown",     "notapplicable",
        "notchecked", "notselected", "informational",
        "fixed"};

    return status >= 1 && status <= 9 ? words[status] : "error";
}

int scan_severity_rank(const char *severity)
{
    static const char *const words[] = {"unknown", "info", "low",
                                        "medium",  "high", "critical"};

    for (int i = 0; severity && i < 6; i++)
        if (strcmp(severity, words[i]) == 0)
            return i;
    return 0;
}

/* A target's id may hold anything, benchmarks have no "/": with the target's
 * "/" written otherwise no two verdicts have one id. */
static void verdict_put_target(const char *target_id, struct buffer *out)
{
    for (;;) {
        const size_t plain = strcspn(target_id, "/%");

        buffer_append(out, target_id, plain);
        if (!target_id[plain])
            return;
        buffer_puts(out, target_id[plain] == '/' ? "%2F" : "%25");
        target_id += plain + 1;
    }
}

static void verdict_put_id(const struct scan_run *run, const char *target_id,
                           const struct rules_selected *rule,
                           struct buffer *out)
{
    out->maximum = VERDICT_ID_MAX;
    buffer_reset(out);
    buffer_puts(out, run->scan_id);
    buffer_putc(out, '/');
    verdict_put_target(target_id, out);
    buffer_putc(out, '/');
    buffer_puts(out, rule->benchmark);
    buffer_putc(out, '/');
    buffer_puts(out, rule->rule_id);
}

char *scan_verdict_id(const struct scan_run *run, const char *target_id,
                      const struct rules_selected *rule)
{
    struct buffer id;
    char *out;

    buffer_init(&id, VERDICT_ID_MAX);
    verdict_put_id(run, target_id, rule, &id);
    out = buffer_status(&id, NULL) == ENGINE_OK ? buffer_take(&id) : NULL;
    buffer_clear(&id);
    return out;
}

void scan_verdict_begin(struct scan_run *run,
                        const struct rules_selected *rule, const char *id,
                        const char *target_id, int32_t status)
{
    struct buffer *out = &run->made;

    out->maximum = VERDICT_MAX;
    put_begin(out);
    put_text(out, "_id", id);
    put_text(out, "scan_id", run->scan_id);
    put_text(out, "target", target_id);
    put_text(out, "benchmark", rule->benchmark);
    put_text(out, "rule_id", rule->rule_id);
    put_text(out, "status", scan_status_word(status));
}

void scan_verdict_put_cpe(struct scan_run *run,
                          const struct scan_group *group)
{
    const char *cpe = document_string(group->target, "applicability.cpe");
    size_t opened;

    if (!cpe)
        return;
    opened = put_open(&run->made, "applicability", false);
    put_text(&run->made, "cpe", cpe);
    put_close(&run->made, opened);
}

bson_t *scan_verdict_take(struct scan_run *run, struct scan_batch *batch,
                          size_t more)
{
    bson_t made, *out;

    if (!put_end(&run->made, &made))
        return NULL;
    out = scan_batch_spare(batch, made.len + more);
    if (out && !bson_concat(out, &made)) {
        bson_destroy(out);
        return NULL;
    }
    return out;
}

/* ---- a verdict ----------------------------------------------------------- */

static void verdict_put_rule(struct buffer *out,
                             const struct scan_verdict *verdict)
{
    const struct rules_selected *rule = verdict->rule;

    put_text(out, "target_type", verdict->target_type);
    put_int32(out, "rule_version", rule->version);
    put_text(out, "title", rule->title);
    put_text(out, "severity", rule->severity);
    put_int32(out, "severity_rank", scan_severity_rank(rule->severity));
    put_text(out, "scanner_type", rule->scanner_type);
    if (rule->scap_rule_id)
        put_text(out, "scap_rule_id", rule->scap_rule_id);
}

/* Counts of its results; without a unit there are none. */
static void verdict_put_counts(struct buffer *out,
                               const struct scan_unit *unit)
{
    const size_t opened = put_open(out, "resources", false);

    for (int32_t i = 1; unit && i <= 9; i++)
        if (unit->counts[i])
            put_int32(out, scan_status_word(i), (int32_t)unit->counts[i]);
    put_close(out, opened);
}

/* What the plugin said of the rule as a whole. */
static void verdict_put_told(struct buffer *out, const struct scan_end *end,
                             int64_t ended_ms)
{
    const int64_t duration = end ? end->duration_ms : -1;
    bson_t told;

    if (end && end->variables.has &&
        document_iter_child(&end->variables.iter, &told))
        put_document(out, "variables_applied", &told);
    else
        put_close(out, put_open(out, "variables_applied", false));
    if (duration < 0 || duration > ended_ms)
        return;
    put_int64(out, "duration_ms", duration);
    put_date(out, "started_at", ended_ms - duration);
}

engine_status scan_verdict_add(struct scan_run *run,
                               const struct scan_verdict *verdict)
{
    const int64_t now_ms = clock_now_ms();
    struct buffer *out = &run->made;
    bson_t *document;

    verdict_put_id(run, verdict->target_id, verdict->rule, &run->text);
    if (buffer_status(&run->text, NULL) < 0)
        return ENGINE_ENOMEM;
    scan_verdict_begin(run, verdict->rule, run->text.data, verdict->target_id,
                       verdict->status);
    verdict_put_rule(out, verdict);
    put_text(out, "origin", verdict->origin);
    if (verdict->message && *verdict->message)
        put_text(out, "message", verdict->message);
    put_date(out, "completed_at", now_ms);
    verdict_put_counts(out, verdict->unit);
    if (verdict->group)
        scan_verdict_put_cpe(run, verdict->group);
    verdict_put_told(out, verdict->end, now_ms);
    document = scan_verdict_take(run, &run->verdicts, 0);
    return document ? scan_batch_add(&run->verdicts, document) : ENGINE_ENOMEM;
}
