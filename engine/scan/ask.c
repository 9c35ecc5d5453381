/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - what would be done (plan), and what can be reached (probe). */
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

typedef engine_status (*ask_plan_fn)(const char *plugin, const char *target,
                                     const char *kind, const bson_t *document,
                                     void *user, engine_error *err);
typedef engine_status (*ask_probe_fn)(const bson_t *report, void *user,
                                      engine_error *err);

struct ask_plan {
    struct scan_group *group;
    ask_plan_fn fn;
    void *user;
    size_t next;
    struct scan_feed feed;
};

static int ask_next_rule(void *user, const bson_t **out, engine_error *err)
{
    struct ask_plan *ask = user;
    struct scan_group *group = ask->group;
    engine_status status;

    if (ask->next == group->units_count)
        return 0;
    status = scan_feed_rule(&ask->feed, group->run->context->store, group,
                            ask->next, out, err);
    if (status < 0)
        return status;
    ask->next++;
    return 1;
}

static engine_status ask_on_plan(void *user, const char *kind,
                                 const bson_t *document, engine_error *err)
{
    struct ask_plan *ask = user;

    return ask->fn(ask->group->plugin->spec->name, ask->group->target_id,
                   kind, document, ask->user, err);
}

/* plan and probe are optional: what a plugin offers is in its description */
static bool ask_offers(const struct plugin_entry *plugin, const char *op)
{
    bson_iter_t iter, items;

    if (!document_find(&plugin->description, "operations", &iter) ||
        !bson_iter_recurse(&iter, &items))
        return false;
    while (bson_iter_next(&items))
        if (BSON_ITER_HOLDS_UTF8(&items) &&
            strcmp(bson_iter_utf8(&items, NULL), op) == 0)
            return true;
    return false;
}

static engine_status ask_no_plan(const struct scan_group *group,
                                 ask_plan_fn fn, void *user,
                                 engine_error *err)
{
    const char *name = group->plugin->spec->name;
    bson_t note = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_UTF8(&note, "message",
                     "this scanner cannot say what it would do");
    BSON_APPEND_INT64(&note, "rules", (int64_t)group->units_count);
    status = fn(name, group->target_id, "note", &note, user, err);
    bson_destroy(&note);
    return status;
}

static engine_status ask_plan_group(struct scan_group *group,
                                    const char *want, ask_plan_fn fn,
                                    void *user, engine_error *err)
{
    struct ask_plan ask = {.group = group, .fn = fn, .user = user};
    const int64_t shards = scan_option_int(&group->run->config, "shards");
    struct job job = {.plugin = group->plugin,
                      .op = "plan",
                      .target = group->target,
                      .variables = &group->run->selection.variables,
                      .request = &group->request,
                      .parallel = shards > 0 ? (uint32_t)shards : 1,
                      .limits = conduct_limits(
                          group->plugin, &group->run->context->limits),
                      .artifacts = group->artifact_ids,
                      .user = &ask,
                      .next_rule = ask_next_rule,
                      .on_document = ask_on_plan};
    engine_status status;

    if (!ask_offers(group->plugin, "plan"))
        return strcmp(want, "all") == 0 ? ask_no_plan(group, fn, user, err)
                                        : ENGINE_OK;
    BSON_APPEND_UTF8(&group->request, "want", want);
    if (shards > 0)
        BSON_APPEND_INT64(&group->request, "shards", shards);
    if (group->run->selection.profile)
        BSON_APPEND_UTF8(&group->request, "profile",
                         group->run->selection.profile);
    status = conduct_one(&group->run->conduct, &job, err);
    scan_feed_clear(&ask.feed);
    return status;
}

/* a run that is grouped but never stored */
static engine_status ask_prepare(struct scan_run *run,
                                 const struct scan_context *context,
                                 const bson_t *config, engine_error *err)
{
    engine_status status;

    *run = (struct scan_run){.context = context, .conduct = *context->conduct};
    run->conduct.store = context->store;
    run->conduct.log = context->log;
    run->dry = true;
    table_init(&run->done);
    status = scan_config_check(config, context->registry, &run->config, err);
    if (status < 0)
        return status;
    run->has_config = true;
    return scan_targets_take(run, err);
}

/* rules that nothing will evaluate are part of the answer too */
static engine_status ask_tell_unplaced(struct scan_run *run, ask_plan_fn fn,
                                       void *user, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < run->verdicts.count; i++)
        status = fn("", document_string(run->verdicts.items[i], "target"),
                    "note", run->verdicts.items[i], user, err);
    return status;
}

engine_status scan_plan(const struct scan_context *context,
                        const bson_t *config, const char *want,
                        ask_plan_fn fn, void *user, engine_error *err)
{
    struct scan_run run;
    engine_status status = ask_prepare(&run, context, config, err);

    if (status == ENGINE_OK)
        status = rules_select(context->store, &run.config, &run.selection,
                              err);
    if (status == ENGINE_OK) {
        run.has_selection = true;
        status = scan_groups_build(&run, err);
    }
    for (size_t i = 0; status == ENGINE_OK && i < run.groups_count; i++)
        status = ask_plan_group(run.groups[i], want, fn, user, err);
    if (status == ENGINE_OK && strcmp(want, "all") == 0)
        status = ask_tell_unplaced(&run, fn, user, err);
    scan_run_clear(&run);
    return status;
}

/* ---- probe ------------------------------------------------------------ */

static engine_status ask_on_probe(void *user, const char *kind,
                                  const bson_t *document, engine_error *err)
{
    bson_t *report = user;

    (void)err;
    if (strcmp(kind, "probe") == 0)
        bson_concat(report, document);
    return ENGINE_OK;
}

static engine_status ask_probe_one(struct scan_run *run,
                                   const struct scan_target *target,
                                   const struct plugin_entry *plugin,
                                   ask_probe_fn fn, void *user,
                                   engine_error *err)
{
    bson_t report = BSON_INITIALIZER;
    engine_error why = {0};
    struct job job = {.plugin = plugin,
                      .op = "probe",
                      .target = &target->document,
                      .parallel = 1,
                      .limits = conduct_limits(plugin, &run->context->limits),
                      .user = &report,
                      .on_document = ask_on_probe};
    engine_status status;

    BSON_APPEND_UTF8(&report, "target", target->id);
    BSON_APPEND_UTF8(&report, "scanner", plugin->spec->name);
    if (conduct_one(&run->conduct, &job, &why) < 0) {
        BSON_APPEND_UTF8(&report, "error", why.message);
        if (why.hint[0])
            BSON_APPEND_UTF8(&report, "hint", why.hint);
        if (!bson_has_field(&report, "reachable"))
            BSON_APPEND_BOOL(&report, "reachable", false);
    }
    status = fn(&report, user, err);
    bson_destroy(&report);
    return status;
}

engine_status scan_probe(const struct scan_context *context,
                         const bson_t *config, ask_probe_fn fn, void *user,
                         engine_error *err)
{
    const struct registry *registry = context->registry;
    struct scan_run run;
    engine_status status = ask_prepare(&run, context, config, err);

    for (size_t i = 0; i < run.targets_count; i++)
        for (size_t j = 0; status == ENGINE_OK && j < registry_count(registry);
             j++) {
            const struct plugin_entry *plugin = registry_at(registry, j);
            if (plugin->refused.status == ENGINE_OK &&
                ask_offers(plugin, "probe") &&
                registry_accepts(plugin, run.targets[i].type))
                status = ask_probe_one(&run, &run.targets[i], plugin, fn,
                                       user, err);
        }
    scan_run_clear(&run);
    return status;
}
