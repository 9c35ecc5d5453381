/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - the pipeline, to be read from top to bottom in scan_run:
 * configuration, select, group, run and collect, summarise.
 */
#include "engine/scan/scan.h"

#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

static engine_status run_begin(struct scan_run *run,
                               const struct scan_context *context,
                               engine_error *err)
{
    *run = (struct scan_run){.context = context, .conduct = *context->conduct};
    run->started_ms = run->committed_ms = run->checked_ms = run->leased_ms =
        clock_steady_ms();
    run->conduct.store = context->store;
    run->conduct.log = context->log;
    table_init(&run->done);
    run->owner = scan_owner_new();
    return run->owner ? ENGINE_OK : engine_fail_memory(err);
}

void scan_run_clear(struct scan_run *run)
{
    scan_deliver_close(run);
    scan_groups_free(run);
    for (size_t i = 0; i < run->targets_count; i++) {
        bson_destroy(&run->targets[i].document);
        bson_destroy(&run->targets[i].platforms);
    }
    engine_free(run->targets);
    scan_batch_clear(&run->verdicts);
    scan_batch_clear(&run->results);
    hash_free(run->hash);
    buffer_clear(&run->text);
    buffer_clear(&run->made);
    table_clear(&run->done);
    if (run->has_selection)
        rules_selection_clear(&run->selection);
    if (run->has_config)
        bson_destroy(&run->config);
    if (run->artifacts_count)
        bson_destroy(&run->artifacts);
    if (run->warnings_count)
        bson_destroy(&run->warnings);
    engine_free(run->owner);
}

static void run_set_deadline(struct scan_run *run)
{
    const int64_t seconds = scan_option_int(&run->config, "timeout");

    if (seconds > 0)
        run->deadline_ms = run->started_ms + 1000 * seconds;
}

/* says who and where, unless the message does */
static void run_prefix(const struct scan_group *group, engine_error *err)
{
    if (err && !strstr(err->message, group->target_id))
        engine_error_prefix(err, "target \"%s\"", group->target_id);
    if (err && !strstr(err->message, group->plugin->spec->name))
        engine_error_prefix(err, "scanner \"%s\"",
                            group->plugin->spec->name);
}

/* how the whole scan went, from how its groups went */
static engine_status run_outcome(const struct scan_run *run,
                                 engine_error *err)
{
    const struct scan_group *bad = NULL;

    if (run->failure.status < 0) {
        if (err)
            *err = run->failure;
        return run->failure.status;
    }
    if (run->deleted)
        return engine_fail(err, ENGINE_ECONFLICT, "scan %s was deleted",
                           run->scan_id);
    if (run->lost)
        return engine_fail(err, ENGINE_ECONFLICT,
                           "another engine took scan %s over", run->scan_id);
    if (run->cancel)
        return engine_fail(err, ENGINE_ECANCELLED, "the scan was cancelled");
    if (run->timed_out)
        return engine_fail(err, ENGINE_ETIMEOUT,
                           "the scan's time limit of %lld s was reached",
                           (long long)scan_option_int(&run->config,
                                                      "timeout"));
    /* with on_scanner_error = stop the others end as cancelled: not why */
    for (size_t i = 0; i < run->groups_count; i++)
        if (run->groups[i]->end.error.status < 0 &&
            (!bad || bad->end.error.status == ENGINE_ECANCELLED))
            bad = run->groups[i];
    if (!bad)
        return ENGINE_OK;
    if (err)
        *err = bad->end.error;
    run_prefix(bad, err);
    return bad->end.error.status == ENGINE_ETIMEOUT && run->deadline_ms
               ? ENGINE_ETIMEOUT
               : ENGINE_EPLUGIN;
}

static const char *run_status_word(engine_status outcome)
{
    if (outcome == ENGINE_OK)
        return "completed";
    if (outcome == ENGINE_ECANCELLED)
        return "cancelled";
    return outcome == ENGINE_ETIMEOUT ? "timed_out" : "failed";
}

/* whatever went wrong, every rule of a group ends with a verdict */
static void run_close(struct scan_run *run)
{
    engine_error ignored = {0};

    for (size_t i = 0; i < run->groups_count; i++)
        if (!run->groups[i]->ended)
            (void)scan_collect_rest(run->groups[i], SCANNER_NOTCHECKED,
                                    "the scan stopped before this rule was "
                                    "done", &ignored);
    (void)scan_collect_commit(run, &ignored);
}

/* When the store goes away meanwhile, the groups are built anew. */
static engine_status run_build(struct scan_run *run, engine_error *err)
{
    engine_error local = {0}, *why = err ? err : &local;

    for (;;) {
        engine_status status;

        run->progress = (struct scan_progress){
            .rules_total = (int64_t)run->selection.count};
        status = scan_groups_build(run, why);
        if (status == ENGINE_OK)
            status = scan_collect_commit(run, why);
        if (status >= 0 || !scan_deliver_away(run, why))
            return status;
        status = scan_deliver_finish(run, why);
        if (status < 0)
            return status;
        if (run->lost)
            return ENGINE_OK;
        scan_groups_free(run);
    }
}

static engine_status run_summarise(struct scan_run *run, const char *word,
                                   engine_error *err)
{
    engine_error local = {0}, *why = err ? err : &local;
    engine_status status = scan_summarise(run, word, why);

    while (status < 0 && scan_deliver_away(run, why)) {
        status = scan_deliver_finish(run, why);
        if (status < 0 || run->lost)
            break;
        status = scan_summarise(run, word, why);
    }
    /* once more, say when memory was short for a moment: a scan that nobody
     * works on must not look as if somebody did */
    if (status < 0 && status != ENGINE_EDENIED && !run->lost)
        status = scan_summarise(run, word, why);
    return status;
}

/* A scan that is left or lost writes nothing more. */
static engine_status run_end(struct scan_run *run, engine_status status,
                             engine_error *err)
{
    engine_error ignored = {0};
    engine_status outcome;

    if (!run->lost)
        scan_undo_own(run);
    if (status == ENGINE_OK && run->failure.status == ENGINE_OK && !run->lost)
        status = scan_collect_commit(run, err);
    else if (!run->lost)
        run_close(run);
    if (status < 0) {
        if (!run->lost)
            (void)run_summarise(run, "failed", &ignored);
        return status;
    }
    outcome = run_outcome(run, err);
    if (run->lost)
        return outcome;
    status = run_summarise(run,
                           outcome == ENGINE_ECANCELLED && run->suspend
                               ? "pending"
                               : run_status_word(outcome),
                           outcome < 0 ? &ignored : err);
    return outcome < 0 ? outcome : status;
}

/* group, run, collect, summarise: the same for a new and a resumed scan */
static engine_status run_groups(struct scan_run *run, engine_error *err)
{
    engine_error why = {0};
    engine_status status;

    run_set_deadline(run);
    scan_dispatch_watch(run);
    status = run_build(run, err);
    run->progress.rules_total = run->progress.rules_done;
    for (size_t i = 0; i < run->groups_count; i++)
        run->progress.rules_total +=
            (int64_t)run->groups[i]->subscribers_count;
    if (status == ENGINE_OK)
        status = scan_record_check(run, err);
    if (status == ENGINE_OK && !run->lost)
        status = scan_dispatch(run, err);
    if (!run->delivery.left && scan_deliver_finish(run, &why) < 0 && err)
        *err = why;
    if (run->delivery.left)
        return run->cancel ? ENGINE_ECANCELLED : ENGINE_EAWAY;
    return run_end(run, status, err);
}

static engine_status run_select(struct scan_run *run, const bson_t *config,
                                engine_error *err)
{
    engine_status status = scan_config_check(config, run->context->registry,
                                             &run->config, err);

    if (status < 0)
        return status;
    run->has_config = true;
    status = rules_select(run->context->store, &run->config, &run->selection,
                          err);
    if (status < 0)
        return status;
    run->has_selection = true;
    return scan_targets_take(run, err);
}

static void run_tell_begin(const struct scan_run *run)
{
    if (run->context->on_begin)
        run->context->on_begin(run->scan_id, run->context->user);
}

engine_status scan_run(const struct scan_context *context,
                       const bson_t *config, const char *trigger,
                       char **scan_id, engine_error *err)
{
    struct scan_run run;
    engine_status status = run_begin(&run, context, err);

    id_uuid(run.scan_id);
    if (status == ENGINE_OK)
        status = scan_recover_spools(context, err);
    if (status == ENGINE_OK)
        status = scan_undo_left(&run, err);
    if (status == ENGINE_OK)
        status = run_select(&run, config, err);
    if (status == ENGINE_OK)
        status = scan_document_insert(&run, trigger, NULL, false, err);
    if (status == ENGINE_OK) {
        *scan_id = engine_strdup(run.scan_id);
        run_tell_begin(&run);
        status = run_groups(&run, err);
    }
    scan_run_clear(&run);
    return status;
}

engine_status scan_prepare(const struct scan_context *context,
                           const bson_t *config, const char *trigger,
                           const bson_t *more, char **scan_id,
                           engine_error *err)
{
    struct scan_run run;
    engine_status status = run_begin(&run, context, err);

    id_uuid(run.scan_id);
    if (status == ENGINE_OK)
        status = run_select(&run, config, err);
    if (status == ENGINE_OK)
        status = scan_document_insert(&run, trigger, more, true, err);
    if (status == ENGINE_OK) {
        *scan_id = engine_strdup(run.scan_id);
        status = *scan_id ? ENGINE_OK : engine_fail_memory(err);
    }
    scan_run_clear(&run);
    return status;
}

/* ---- resume ------------------------------------------------------------- */

/* What was on a target stays there: without its scanner the rule would get a
 * second verdict, that nothing suits it. */
static engine_status resume_check(const struct scan_run *run,
                                  const bson_t *verdict, engine_error *err)
{
    const char *type = document_string(verdict, "scanner_type");
    const char *target_type = document_string(verdict, "target_type");
    const struct plugin_entry *plugin =
        type ? registry_type(run->context->registry, type) : NULL;

    if (document_int(verdict, "rule_version", 0) == 0)
        return ENGINE_OK; /* a finding: of no stored rule */
    if (plugin && target_type && registry_accepts(plugin, target_type))
        return ENGINE_OK;
    engine_fail(err, ENGINE_ENOTFOUND,
                "scan %s used a scanner for rules of type \"%s\" on targets "
                "of type \"%s\", and none is loaded now", run->scan_id,
                type ? type : "", target_type ? target_type : "");
    engine_hint(err, "see: scan-engine plugins; configure it again, or start "
                     "a new scan");
    return ENGINE_ENOTFOUND;
}

/* verdicts of plugins stay */
static engine_status resume_keep(struct scan_run *run, engine_error *err)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(run->scan_id), "origin",
                              BCON_UTF8("plugin"));
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1), "scanner_type",
                              BCON_INT32(1), "target_type", BCON_INT32(1),
                              "rule_version", BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *verdict;
    engine_status status;
    int more = 0;

    status = store_find(run->context->store, STORE_VERDICTS, &query, &cursor,
                        err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &verdict, err)) == 1) {
        status = resume_check(run, verdict, err);
        if (status == ENGINE_OK &&
            table_set(&run->done, document_string(verdict, "_id"), run) < 0)
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

/* those that the engine made are made anew */
static engine_status resume_forget(struct scan_run *run, engine_error *err)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(run->scan_id), "origin",
                              BCON_UTF8("engine"));
    int64_t deleted;
    const engine_status status = store_delete(
        run->context->store, STORE_VERDICTS, filter, &deleted, err);

    bson_destroy(filter);
    return status;
}

/* the verdict that a result belongs to has the result's id without its end */
static bool resume_is_orphan(const struct scan_run *run, const char *id)
{
    const char *slash = strrchr(id, '/');
    char *verdict = slash ? engine_strndup(id, (size_t)(slash - id)) : NULL;
    const bool orphan = !verdict || !table_has(&run->done, verdict);

    engine_free(verdict);
    return orphan;
}

static engine_status resume_drop(struct scan_run *run, const bson_t *ids,
                                 engine_error *err)
{
    bson_t *filter =
        BCON_NEW("_id", "{", "$in", BCON_ARRAY(ids), "}");
    int64_t deleted;
    const engine_status status = store_delete(
        run->context->store, STORE_RESULTS, filter, &deleted, err);

    bson_destroy(filter);
    return status;
}

/* up to 1,000 ids of results whose rule has no verdict; *count says how many */
static engine_status resume_orphans(struct scan_run *run, bson_t *ids,
                                    uint32_t *count, engine_error *err)
{
    bson_t *all = BCON_NEW("scan_id", BCON_UTF8(run->scan_id));
    bson_t *fields = BCON_NEW("_id", BCON_INT32(1));
    const struct store_query query = {.filter = all, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *result;
    engine_status status;
    const char *key;
    char buffer[16];
    int more = 0;

    *count = 0;
    status = store_find(run->context->store, STORE_RESULTS, &query, &cursor,
                        err);
    while (status == ENGINE_OK && *count < 1000 &&
           (more = store_cursor_next(cursor, &result, err)) == 1) {
        const char *id = document_string(result, "_id");
        if (!id || !resume_is_orphan(run, id))
            continue;
        bson_uint32_to_string((*count)++, &key, buffer, sizeof(buffer));
        bson_append_utf8(ids, key, -1, id, -1);
    }
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(all);
    return status;
}

static engine_status resume_clean(struct scan_run *run, engine_error *err)
{
    engine_status status = resume_keep(run, err);
    uint32_t count = 1;

    if (status == ENGINE_OK)
        status = resume_forget(run, err);
    while (status == ENGINE_OK && count) {
        bson_t ids = BSON_INITIALIZER;
        status = resume_orphans(run, &ids, &count, err);
        if (status == ENGINE_OK && count)
            status = resume_drop(run, &ids, err);
        bson_destroy(&ids);
    }
    return status;
}

/* what was selected then, where, and what of it is done */
static engine_status resume_load(struct scan_run *run, engine_error *err)
{
    engine_error ignored = {0};
    engine_status status;

    /* what cannot be undone stays in the journal, and was logged */
    (void)conduct_undo(&run->conduct, run->context->registry, run->scan_id,
                       &ignored);
    status = rules_selection_load(run->context->store, run->scan_id,
                                  &run->selection, err);
    if (status < 0)
        return status;
    run->has_selection = true;
    status = scan_targets_take(run, err);
    return status < 0 ? status : resume_clean(run, err);
}

static engine_status resume_run(const struct scan_context *context,
                                const char *scan_id, bool waiting,
                                engine_error *err)
{
    struct scan_run run;
    engine_error ignored = {0};
    engine_status status = run_begin(&run, context, err);

    snprintf(run.scan_id, sizeof(run.scan_id), "%s", scan_id);
    if (status == ENGINE_OK) /* before it has another owner */
        status = scan_leftover_drain(context, scan_id, err);
    if (status == ENGINE_OK)
        status = scan_document_take(&run, waiting, err);
    if (status == ENGINE_OK) {
        run_tell_begin(&run);
        status = resume_load(&run, err);
        if (status == ENGINE_OK)
            status = run_groups(&run, err);
        else /* it is ours, and nobody works on it */
            (void)scan_summarise(&run, "failed", &ignored);
    }
    scan_run_clear(&run);
    return status;
}

engine_status scan_resume(const struct scan_context *context,
                          const char *scan_id, engine_error *err)
{
    return resume_run(context, scan_id, false, err);
}

engine_status scan_begin(const struct scan_context *context,
                         const char *scan_id, engine_error *err)
{
    return resume_run(context, scan_id, true, err);
}
