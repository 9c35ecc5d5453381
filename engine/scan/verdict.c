/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - the documents of verdicts: their ids, words and fields. */
#include "engine/scan/verdict.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define VERDICT_ID_MAX ((size_t)1024 * 1024)
#define VERDICT_BYTES 640 /* mostly; more is no harm */

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

char *scan_verdict_id(const struct scan_run *run, const char *target_id,
                      const struct rules_selected *rule)
{
    struct buffer id;
    char *out;

    buffer_init(&id, VERDICT_ID_MAX);
    buffer_puts(&id, run->scan_id);
    buffer_putc(&id, '/');
    verdict_put_target(target_id, &id);
    buffer_putc(&id, '/');
    buffer_puts(&id, rule->benchmark);
    buffer_putc(&id, '/');
    buffer_puts(&id, rule->rule_id);
    out = buffer_status(&id, NULL) == ENGINE_OK ? buffer_take(&id) : NULL;
    buffer_clear(&id);
    return out;
}

void scan_verdict_add_head(bson_t *out, const struct scan_run *run,
                           const struct rules_selected *rule, const char *id,
                           const char *target_id, int32_t status)
{
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "scan_id", run->scan_id);
    BSON_APPEND_UTF8(out, "target", target_id);
    BSON_APPEND_UTF8(out, "benchmark", rule->benchmark);
    BSON_APPEND_UTF8(out, "rule_id", rule->rule_id);
    BSON_APPEND_UTF8(out, "status", scan_status_word(status));
}

bson_t *scan_verdict_new(struct scan_run *run,
                         const struct rules_selected *rule,
                         const char *target_id, const char *target_type,
                         int32_t status, const char *origin,
                         const char *message)
{
    char *id = scan_verdict_id(run, target_id, rule);
    bson_t *out =
        id ? scan_batch_spare(&run->verdicts, VERDICT_BYTES) : NULL;

    if (!out) {
        engine_free(id);
        return NULL;
    }
    scan_verdict_add_head(out, run, rule, id, target_id, status);
    engine_free(id);
    BSON_APPEND_UTF8(out, "target_type", target_type);
    BSON_APPEND_INT32(out, "rule_version", rule->version);
    BSON_APPEND_UTF8(out, "title", rule->title);
    BSON_APPEND_UTF8(out, "severity", rule->severity);
    BSON_APPEND_INT32(out, "severity_rank",
                      scan_severity_rank(rule->severity));
    BSON_APPEND_UTF8(out, "scanner_type", rule->scanner_type);
    if (rule->scap_rule_id)
        BSON_APPEND_UTF8(out, "scap_rule_id", rule->scap_rule_id);
    BSON_APPEND_UTF8(out, "origin", origin);
    if (message && *message)
        BSON_APPEND_UTF8(out, "message", message);
    BSON_APPEND_DATE_TIME(out, "completed_at", clock_now_ms());
    return out;
}

void scan_verdict_add_counts(bson_t *out, const struct scan_unit *unit)
{
    bson_t counts;

    BSON_APPEND_DOCUMENT_BEGIN(out, "resources", &counts);
    for (int32_t i = 1; unit && i <= 9; i++)
        if (unit->counts[i])
            BSON_APPEND_INT32(&counts, scan_status_word(i),
                              (int32_t)unit->counts[i]);
    bson_append_document_end(out, &counts);
}

void scan_verdict_add_told(bson_t *out, const struct scan_end *end)
{
    static const uint8_t none[] = {5, 0, 0, 0, 0}; /* {} */
    const int64_t duration = end ? end->duration_ms : -1;
    int64_t ended;
    bson_t told;

    if (!end || !end->variables.has ||
        !document_iter_child(&end->variables.iter, &told))
        (void)bson_init_static(&told, none, sizeof(none));
    BSON_APPEND_DOCUMENT(out, "variables_applied", &told);
    if (duration < 0)
        return;
    ended = document_date(out, "completed_at", 0);
    if (duration > ended)
        return;
    BSON_APPEND_INT64(out, "duration_ms", duration);
    BSON_APPEND_DATE_TIME(out, "started_at", ended - duration);
}

void scan_verdict_add_cpe(const struct scan_group *group, bson_t *out)
{
    const char *cpe = document_string(group->target, "applicability.cpe");
    bson_t about;

    if (!cpe)
        return;
    BSON_APPEND_DOCUMENT_BEGIN(out, "applicability", &about);
    BSON_APPEND_UTF8(&about, "cpe", cpe);
    bson_append_document_end(out, &about);
}
