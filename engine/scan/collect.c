/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.c - results and verdicts from the workers, committed in batches. A
 * verdict is written with or after its results: it is their commit mark.
 */
#include <string.h>

#include "engine/scan/run.h"
#include "engine/scan/verdict.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define COLLECT_BATCH 2000 /* documents; a few more cost an index no page */
#define COLLECT_BATCH_BYTES ((size_t)4 * 1024 * 1024)
#define COLLECT_COMMIT_MS 200
#define COLLECT_SPARE_BYTES 2048 /* larger documents are not kept */

/* contract.md: fail > error > unknown > pass > informational > notchecked >
 * notapplicable; fixed counts as a pass that was made */
static int collect_weight(int32_t status)
{
    static const int weights[] = {
        0, 7 /* pass */, 10 /* fail */, 9 /* error */, 8 /* unknown */,
        2 /* notapplicable */, 4 /* notchecked */, 1 /* notselected */,
        5 /* informational */, 6 /* fixed */};

    return status >= 1 && status <= 9 ? weights[status] : 0;
}

void scan_batch_clear(struct scan_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        bson_destroy(batch->items[i]);
    for (size_t i = 0; i < batch->spares_count; i++)
        bson_destroy(batch->spares[i]);
    engine_free(batch->items);
    engine_free(batch->spares);
    *batch = (struct scan_batch){0};
}

bson_t *scan_batch_spare(struct scan_batch *batch, size_t len)
{
    if (batch->spares_count)
        return batch->spares[--batch->spares_count];
    return bson_sized_new(len);
}

engine_status scan_batch_add(struct scan_batch *batch, bson_t *document)
{
    if (batch->count == batch->room) {
        const size_t room = batch->room ? 2 * batch->room : 64;
        bson_t **items =
            engine_realloc(batch->items, room * sizeof(*items));
        if (!items) {
            bson_destroy(document);
            return ENGINE_ENOMEM;
        }
        batch->items = items;
        batch->room = room;
    }
    batch->bytes += document->len;
    batch->items[batch->count++] = document;
    return ENGINE_OK;
}

/* Most documents are small and alike, and allocating them was a third of what
 * they cost. */
void scan_batch_empty(struct scan_batch *batch)
{
    if (!batch->spares)
        batch->spares = engine_calloc(COLLECT_BATCH, sizeof(*batch->spares));
    for (size_t i = 0; i < batch->count; i++) {
        bson_t *document = batch->items[i];

        if (batch->spares && document->len <= COLLECT_SPARE_BYTES &&
            batch->spares_count < COLLECT_BATCH) {
            bson_reinit(document);
            batch->spares[batch->spares_count++] = document;
        } else {
            bson_destroy(document);
        }
    }
    batch->count = batch->bytes = 0;
}

engine_status scan_collect_commit(struct scan_run *run, engine_error *err)
{
    run->committed_ms = clock_steady_ms();
    if (run->lost) { /* the verdicts are another engine's to give */
        scan_batch_empty(&run->results);
        scan_batch_empty(&run->verdicts);
        return ENGINE_OK;
    }
    return run->dry ? ENGINE_OK : scan_deliver(run, err);
}

static engine_status collect_commit_when_due(struct scan_run *run,
                                             engine_error *err)
{
    if (run->verdicts.count + run->results.count < COLLECT_BATCH &&
        run->results.bytes < COLLECT_BATCH_BYTES &&
        clock_steady_ms() - run->committed_ms < COLLECT_COMMIT_MS)
        return ENGINE_OK;
    return scan_collect_commit(run, err);
}

static void collect_count_progress(struct scan_run *run, int32_t status)
{
    run->progress.rules_done++;
    if (status == SCANNER_PASS || status == SCANNER_FIXED)
        run->progress.passed++;
    else if (status == SCANNER_FAIL)
        run->progress.failed++;
    else if (status == SCANNER_ERROR || status == SCANNER_UNKNOWN)
        run->progress.errors++;
}

engine_status scan_collect_verdict(struct scan_run *run, size_t selected,
                                   const char *target_id,
                                   const char *target_type, int32_t status,
                                   const char *message, engine_error *err)
{
    const struct scan_verdict verdict = {
        .rule = &run->selection.items[selected],
        .target_id = target_id,
        .target_type = target_type,
        .status = status,
        .origin = "engine",
        .message = message};

    if (scan_verdict_add(run, &verdict) < 0)
        return engine_fail_memory(err);
    collect_count_progress(run, status);
    return collect_commit_when_due(run, err);
}

static void unit_note(struct scan_unit *unit, int32_t status,
                      const char *message)
{
    unit->counts[status]++;
    unit->results++;
    if (collect_weight(status) <= collect_weight(unit->worst))
        return;
    unit->worst = status;
    engine_free(unit->message);
    unit->message = message ? engine_strdup(message) : NULL;
}

/* One walk over a frame, of a result or of a rule's end. */
static void collect_read(const bson_t *frame, struct scan_end *out)
{
    enum { ID, STATUS, MESSAGE, DURATION, VARIABLES, RESOURCES, DETAILS, ALL };
    static const char *const names[ALL] = {
        "rule_id",   "status",  "message", "duration_ms", "variables_applied",
        "resources", "details"};
    struct document_member members[ALL];

    document_members(frame, names, ALL, members);
    out->rule_id = document_member_string(&members[ID]);
    out->message = document_member_string(&members[MESSAGE]);
    out->status = (int32_t)document_member_int(&members[STATUS], 0);
    out->duration_ms = document_member_int(&members[DURATION], -1);
    out->variables = members[VARIABLES];
    out->resources = members[RESOURCES];
    out->details = members[DETAILS];
}

/* the unit a frame is about; findings make theirs on the way */
static struct scan_unit *collect_unit(struct scan_group *group,
                                      const struct scan_end *told,
                                      engine_error *err)
{
    const char *rule_id = told->rule_id;
    struct scan_unit *unit = rule_id ? scan_group_find(group, rule_id) : NULL;
    bson_t details;

    if (!unit && rule_id && (group->plugin->caps & SCANNER_CAP_FINDINGS))
        return scan_group_finding(
            group, rule_id,
            told->details.has &&
                    document_iter_child(&told->details.iter, &details)
                ? &details
                : NULL,
            err);
    if (!unit)
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner \"%s\" reported rule \"%s\", which is not in "
                    "its job", group->plugin->spec->name,
                    rule_id ? rule_id : "");
    return unit;
}

engine_status scan_collect_result(void *user, const bson_t *frame,
                                  engine_error *err)
{
    struct scan_group *group = user;
    engine_status outcome = ENGINE_OK;
    struct scan_unit *unit;
    struct scan_end told;
    int32_t status;

    collect_read(frame, &told);
    status = told.status;
    unit = collect_unit(group, &told, err);
    if (!unit)
        return err ? err->status : ENGINE_EPLUGIN;
    if (status < 1 || status > 9)
        return engine_fail(err, ENGINE_EPLUGIN,
                           "scanner \"%s\" reported status %d for rule "
                           "\"%s\"", group->plugin->spec->name, (int)status,
                           unit->rule_id);
    if (unit->done) {
        log_write(group->run->context->log, LOG_LEVEL_WARNING,
                  "scanner \"%s\" reported a result after the end of rule "
                  "\"%s\"; ignored", group->plugin->spec->name,
                  unit->rule_id);
        return ENGINE_OK;
    }
    for (uint32_t at = unit->first; outcome == ENGINE_OK && at != SCAN_NONE;
         at = group->subscribers[at].next)
        outcome = scan_result_add(group, unit, &group->subscribers[at], frame,
                                  status, err);
    unit_note(unit, status, told.message);
    return outcome < 0 ? outcome : collect_commit_when_due(group->run, err);
}

static engine_status collect_unit_verdicts(struct scan_group *group,
                                           struct scan_unit *unit,
                                           int32_t status, const char *origin,
                                           const char *message,
                                           const struct scan_end *end,
                                           engine_error *err)
{
    struct scan_run *run = group->run;
    struct scan_verdict verdict = {.target_id = group->target_id,
                                   .target_type = group->target_type,
                                   .status = status,
                                   .origin = origin,
                                   .message = message,
                                   .group = group,
                                   .unit = unit,
                                   .end = end};

    unit->done = true;
    group->units_done++;
    for (uint32_t at = unit->first; at != SCAN_NONE;
         at = group->subscribers[at].next) {
        verdict.rule =
            &run->selection.items[group->subscribers[at].selected];
        if (scan_verdict_add(run, &verdict) < 0)
            return engine_fail_memory(err);
        /* no result comes any more that would want it */
        engine_free(group->subscribers[at].verdict_id);
        group->subscribers[at].verdict_id = NULL;
        collect_count_progress(run, status);
    }
    return ENGINE_OK;
}

/* things that the scanner judged without a result of their own */
static void collect_add_counts(struct scan_unit *unit,
                               const struct document_member *resources)
{
    bson_t counts;

    if (!resources->has || !document_iter_child(&resources->iter, &counts))
        return;
    for (int32_t i = 1; i <= 9; i++) {
        const int64_t more =
            document_int(&counts, scan_status_word(i), 0);
        if (more > 0 && more <= UINT32_MAX - unit->counts[i])
            unit->counts[i] += (uint32_t)more;
    }
}

engine_status scan_collect_rule_done(void *user, const bson_t *frame,
                                     engine_error *err)
{
    struct scan_group *group = user;
    struct scan_unit *unit;
    engine_status outcome;
    struct scan_end told;
    const char *message;
    int32_t status;

    collect_read(frame, &told);
    status = told.status;
    message = told.message;
    unit = collect_unit(group, &told, err);
    if (!unit)
        return err ? err->status : ENGINE_EPLUGIN;
    if (unit->done) {
        log_write(group->run->context->log, LOG_LEVEL_WARNING,
                  "scanner \"%s\" ended rule \"%s\" twice; the first counts",
                  group->plugin->spec->name, unit->rule_id);
        return ENGINE_OK;
    }
    /* no verdict is better than its results; that not everything could be
     * looked at stands all the same */
    if (status != SCANNER_ERROR &&
        collect_weight(unit->worst) > collect_weight(status))
        status = unit->worst;
    collect_add_counts(unit, &told.resources);
    if (status < 1 || status > 9) {
        status = SCANNER_ERROR;
        message = "the scanner ended the rule without a result";
    }
    outcome = collect_unit_verdicts(group, unit, status, "plugin",
                                    message && *message ? message
                                                        : unit->message,
                                    &told, err);
    return outcome < 0 ? outcome : collect_commit_when_due(group->run, err);
}

engine_status scan_collect_rest(struct scan_group *group, int32_t status,
                                const char *message, engine_error *err)
{
    engine_status outcome = ENGINE_OK;

    for (size_t i = 0; outcome == ENGINE_OK && i < group->units_count; i++)
        if (!group->units[i].done)
            outcome = collect_unit_verdicts(group, &group->units[i], status,
                                            "engine", message, NULL, err);
    return outcome < 0 ? outcome : collect_commit_when_due(group->run, err);
}
