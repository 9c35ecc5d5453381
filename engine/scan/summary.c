/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - the scan's counters, from one pass over its stored verdicts. */
#include <stdlib.h>
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

/* counters of contract.md, in the order of SCANNER_PASS ... SCANNER_FIXED */
static const char *const summary_names[] = {
    "",            "passed",       "failed",        "error", "unknown",
    "not_applicable", "not_checked", "not_selected", "informational",
    "fixed"};

struct summary_counts {
    int64_t by_status[10];
    int64_t total;
};

#define SUMMARY_REASONS 5      /* shown; the rest is counted */
#define SUMMARY_REASONS_MAX 1000 /* told apart */

struct summary {
    struct summary_counts all;
    int64_t by_plugin; /* verdicts that a plugin gave */
    struct table reasons; /* why rules were not checked -> how many */
    int64_t unchecked;    /* by the engine, for whatever reason */
    struct table severities, scanners, targets; /* -> summary_counts */
};

static int summary_status(const char *word)
{
    for (int i = 1; word && i <= 9; i++)
        if (strcmp(word, scan_status_word(i)) == 0)
            return i;
    return SCANNER_ERROR;
}

static void summary_count(struct summary_counts *counts, int status)
{
    counts->by_status[status]++;
    counts->total++;
}

static engine_status summary_count_in(struct table *table, const char *key,
                                      int status)
{
    struct summary_counts *counts = table_get(table, key ? key : "");

    if (!counts) {
        counts = engine_calloc(1, sizeof(*counts));
        if (!counts || table_set(table, key ? key : "", counts) < 0) {
            engine_free(counts);
            return ENGINE_ENOMEM;
        }
    }
    summary_count(counts, status);
    return ENGINE_OK;
}

static engine_status summary_note_reason(struct summary *summary,
                                         const char *text)
{
    const uintptr_t count = (uintptr_t)table_get(&summary->reasons, text);

    summary->unchecked++;
    if (!count && summary->reasons.count >= SUMMARY_REASONS_MAX)
        return ENGINE_OK;
    return table_set(&summary->reasons, text, (void *)(count + 1));
}

static engine_status summary_add(struct summary *summary,
                                 const bson_t *verdict)
{
    const int status = summary_status(document_string(verdict, "status"));
    const char *origin = document_string(verdict, "origin");
    const char *message = document_string(verdict, "message");

    summary_count(&summary->all, status);
    if (status == SCANNER_NOTCHECKED && origin &&
        strcmp(origin, "engine") == 0 &&
        summary_note_reason(summary, message ? message : "") < 0)
        return ENGINE_ENOMEM;
    if (origin && strcmp(origin, "plugin") == 0)
        summary->by_plugin++;
    if (summary_count_in(&summary->severities,
                         document_string(verdict, "severity"), status) < 0 ||
        summary_count_in(&summary->scanners,
                         document_string(verdict, "scanner_type"),
                         status) < 0 ||
        summary_count_in(&summary->targets,
                         document_string(verdict, "target"), status) < 0)
        return ENGINE_ENOMEM;
    return ENGINE_OK;
}

static engine_status summary_read(struct scan_run *run,
                                  struct summary *summary, engine_error *err)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(run->scan_id));
    bson_t *fields = BCON_NEW("status", BCON_INT32(1), "origin",
                              BCON_INT32(1), "severity", BCON_INT32(1),
                              "scanner_type", BCON_INT32(1), "target",
                              BCON_INT32(1), "message", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *verdict;
    engine_status status;
    int more = 0;

    status = store_find(run->context->store, STORE_VERDICTS, &query, &cursor,
                        err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &verdict, err)) == 1)
        if (summary_add(summary, verdict) < 0)
            status = engine_fail_memory(err);
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    bson_destroy(filter);
    bson_destroy(fields);
    return status;
}

static void summary_append_counts(bson_t *out,
                                  const struct summary_counts *counts)
{
    for (int i = 1; i <= 9; i++)
        BSON_APPEND_INT64(out, summary_names[i], counts->by_status[i]);
}

static int summary_by_name(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

/* in the order of the names, so that reports of two scans can be compared */
static engine_status summary_append_table(bson_t *out, const char *name,
                                          const struct table *table)
{
    const char **keys = engine_calloc(table->count, sizeof(*keys));
    bson_t parent, child;
    size_t at = 0, count = 0;

    if (!keys)
        return ENGINE_ENOMEM;
    while (count < table->count &&
           (keys[count] = table_next(table, &at, NULL)))
        count++;
    qsort(keys, count, sizeof(*keys), summary_by_name);
    BSON_APPEND_DOCUMENT_BEGIN(out, name, &parent);
    for (size_t i = 0; i < count; i++) {
        const struct summary_counts *counts = table_get(table, keys[i]);
        BSON_APPEND_DOCUMENT_BEGIN(&parent, keys[i], &child);
        BSON_APPEND_INT64(&child, "total", counts->total);
        summary_append_counts(&child, counts);
        bson_append_document_end(&parent, &child);
    }
    bson_append_document_end(out, &parent);
    engine_free(keys);
    return ENGINE_OK;
}

/* a pass of nothing looks like a pass */
static uint32_t summary_append_moot(bson_t *list, uint32_t index,
                                    const struct summary_counts *all)
{
    const int64_t moot = all->by_status[SCANNER_NOTAPPLICABLE];
    char key[16];
    bson_t item;

    if (!moot || moot != all->total)
        return index;
    snprintf(key, sizeof(key), "%u", index);
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, "message",
                     "no rule applies to its target: the content may be for "
                     "another system");
    BSON_APPEND_INT64(&item, "not_applicable", moot);
    bson_append_document_end(list, &item);
    return index + 1;
}

struct summary_reason {
    const char *text; /* NULL: none */
    int64_t count;
};

/* the more frequent one, then by name */
static bool summary_reason_before(const struct summary_reason *a,
                                  const struct summary_reason *b)
{
    if (!a->text || !b->text)
        return a->text != NULL;
    if (a->count != b->count)
        return a->count > b->count;
    return strcmp(a->text, b->text) < 0;
}

/* the first of those behind `last`, which may be none */
static struct summary_reason summary_next_reason(
    const struct table *reasons, const struct summary_reason *last)
{
    struct summary_reason best = {0}, each;
    void *value;
    size_t at = 0;

    while ((each.text = table_next(reasons, &at, &value))) {
        each.count = (int64_t)(uintptr_t)value;
        if ((!last->text || summary_reason_before(last, &each)) &&
            summary_reason_before(&each, &best))
            best = each;
    }
    return best;
}

static void summary_append_warning(bson_t *list, uint32_t index,
                                   const char *text, int64_t count)
{
    char key[16], message[ENGINE_MESSAGE_MAX + 64];
    bson_t item;

    snprintf(key, sizeof(key), "%u", index);
    if (text)
        snprintf(message, sizeof(message), "%lld not checked: %s",
                 (long long)count, text);
    else
        snprintf(message, sizeof(message),
                 "%lld not checked for other reasons", (long long)count);
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, "message", message);
    BSON_APPEND_INT64(&item, "not_checked", count);
    bson_append_document_end(list, &item);
}

/* warnings [{message, scanner and target, not_checked or not_applicable}] */
static void summary_append_warnings(const struct scan_run *run,
                                    const struct summary *summary,
                                    bson_t *out)
{
    int64_t others = summary->unchecked;
    struct summary_reason reason = {0};
    uint32_t index;
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, "warnings", &list);
    index = scan_warnings_append(run, &list);
    index = summary_append_moot(&list, index, &summary->all);
    for (int i = 0; i < SUMMARY_REASONS; i++) {
        reason = summary_next_reason(&summary->reasons, &reason);
        if (!reason.text)
            break;
        summary_append_warning(&list, index++, reason.text, reason.count);
        others -= reason.count;
    }
    if (others)
        summary_append_warning(&list, index, NULL, others);
    bson_append_array_end(out, &list);
}

static void summary_append_percent(bson_t *out, const char *name,
                                   int64_t part, int64_t whole)
{
    if (whole)
        BSON_APPEND_DOUBLE(out, name, 100.0 * (double)part / (double)whole);
    else
        BSON_APPEND_NULL(out, name);
}

static void summary_append_group(bson_t *out, const struct scan_group *group)
{
    const struct job_end *end = &group->end;
    const char *version = document_string(&group->plugin->description,
                                          "version");
    const char *abi = document_string(&group->plugin->description, "abi");

    BSON_APPEND_UTF8(out, "version", version ? version : "");
    BSON_APPEND_UTF8(out, "abi", abi ? abi : "");
    BSON_APPEND_UTF8(out, "plugin", group->plugin->spec->path);
    BSON_APPEND_UTF8(out, "target", group->target_id);
    BSON_APPEND_DOUBLE(out, "duration_seconds",
                       (double)end->duration_ms / 1000.0);
    if (end->error.status < 0)
        BSON_APPEND_UTF8(out, "error", end->error.message);
    else
        BSON_APPEND_NULL(out, "error");
}

/* of a scanner's second target: "scanner@target", of its second group there:
 * "scanner@target#3" */
static void summary_group_key(const struct scan_run *run, size_t index,
                              const bson_t *taken, char *out, size_t size)
{
    const struct scan_group *group = run->groups[index];

    snprintf(out, size, "%s", group->plugin->spec->name);
    if (bson_has_field(taken, out))
        snprintf(out, size, "%s@%s", group->plugin->spec->name,
                 group->target_id);
    if (bson_has_field(taken, out))
        snprintf(out, size, "%s@%.256s#%zu", group->plugin->spec->name,
                 group->target_id, index + 1);
}

/* scanner_metadata {scanner: {...}} */
static void summary_append_groups(struct scan_run *run, bson_t *out)
{
    bson_t parent, child, errors, item;
    uint32_t count = 0;
    char key[600];

    BSON_APPEND_DOCUMENT_BEGIN(out, "scanner_metadata", &parent);
    for (size_t i = 0; i < run->groups_count; i++) {
        const struct scan_group *group = run->groups[i];
        summary_group_key(run, i, &parent, key, sizeof(key));
        BSON_APPEND_DOCUMENT_BEGIN(&parent, key, &child);
        summary_append_group(&child, group);
        bson_append_document_end(&parent, &child);
    }
    bson_append_document_end(out, &parent);
    BSON_APPEND_ARRAY_BEGIN(out, "errors", &errors);
    for (size_t i = 0; i < run->groups_count; i++) {
        const struct scan_group *group = run->groups[i];
        if (!group->ended || group->end.error.status == ENGINE_OK)
            continue;
        snprintf(key, sizeof(key), "%u", count++);
        BSON_APPEND_DOCUMENT_BEGIN(&errors, key, &item);
        BSON_APPEND_UTF8(&item, "scanner", group->plugin->spec->name);
        BSON_APPEND_UTF8(&item, "target", group->target_id);
        BSON_APPEND_UTF8(&item, "kind",
                         engine_status_name(group->end.error.status));
        BSON_APPEND_UTF8(&item, "message", group->end.error.message);
        if (group->end.error.hint[0])
            BSON_APPEND_UTF8(&item, "hint", group->end.error.hint);
        bson_append_document_end(&errors, &item);
    }
    bson_append_array_end(out, &errors);
}

static void summary_table_free(struct table *table)
{
    size_t at = 0;
    void *value;

    while (table_next(table, &at, &value))
        engine_free(value);
    table_clear(table);
}

static engine_status summary_fill(struct scan_run *run,
                                  struct summary *summary, const char *status,
                                  bson_t *out)
{
    const struct summary_counts *all = &summary->all;

    BSON_APPEND_UTF8(out, "status", status);
    BSON_APPEND_NULL(out, "lease_until");
    if (strcmp(status, "pending") == 0)
        BSON_APPEND_NULL(out, "completed_at");
    else
        BSON_APPEND_DATE_TIME(out, "completed_at", clock_now_ms());
    BSON_APPEND_DOUBLE(out, "duration_seconds",
                       (double)(clock_steady_ms() - run->started_ms) /
                           1000.0);
    BSON_APPEND_INT64(out, "total_verdicts", all->total);
    summary_append_counts(out, all);
    BSON_APPEND_INT64(out, "waived", 0);
    summary_append_percent(out, "compliance_percentage",
                           all->by_status[SCANNER_PASS],
                           all->by_status[SCANNER_PASS] +
                               all->by_status[SCANNER_FAIL]);
    summary_append_percent(out, "coverage_percentage", summary->by_plugin,
                           all->total);
    if (summary_append_table(out, "by_severity", &summary->severities) < 0 ||
        summary_append_table(out, "by_scanner", &summary->scanners) < 0 ||
        summary_append_table(out, "by_target", &summary->targets) < 0)
        return ENGINE_ENOMEM;
    summary_append_groups(run, out);
    summary_append_warnings(run, summary, out);
    if (run->artifacts_count)
        BSON_APPEND_ARRAY(out, "artifacts", &run->artifacts);
    BSON_APPEND_BOOL(out, "resumable", strcmp(status, "completed") != 0);
    return ENGINE_OK;
}

engine_status scan_summarise(struct scan_run *run, const char *status,
                             engine_error *err)
{
    struct summary summary = {0};
    bson_t changes = BSON_INITIALIZER;
    engine_status outcome = summary_read(run, &summary, err);

    if (outcome == ENGINE_OK) {
        outcome = summary_fill(run, &summary, status, &changes);
        if (outcome < 0)
            engine_fail_memory(err);
    }
    if (outcome == ENGINE_OK)
        outcome = scan_document_update(run->context->store, run->scan_id,
                                       run->owner, &changes, err);
    table_clear(&summary.reasons);
    summary_table_free(&summary.severities);
    summary_table_free(&summary.scanners);
    summary_table_free(&summary.targets);
    bson_destroy(&changes);
    return outcome;
}
