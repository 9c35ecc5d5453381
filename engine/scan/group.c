/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - selected rules become groups: one per (plugin, target), more only
 * when rules of two benchmarks have one id. */
#include <stdalign.h>
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/alloc.h"

/* What a group needs to know of a rule that is to be evaluated; the texts live
 * as long as the selection. */
struct group_rule {
    const char *stored_id, *rule_id;
    const char *artifact; /* "" for none */
};

/* doubles an array of `size` bytes per item; NULL when out of memory */
static void *group_room(void *items, size_t count, size_t *room, size_t size)
{
    void *bigger;

    if (count < *room)
        return items;
    bigger = engine_realloc(items, (*room ? 2 * *room : 16) * size);
    if (bigger)
        *room = *room ? 2 * *room : 16;
    return bigger;
}

/* a group without rules, which the run owns */
static struct scan_group *group_new(struct scan_run *run,
                                    const struct plugin_entry *plugin,
                                    const struct scan_target *target)
{
    void *bigger = group_room(run->groups, run->groups_count,
                              &run->groups_room, sizeof(struct scan_group *));
    struct scan_group *group;

    if (!bigger)
        return NULL;
    run->groups = bigger;
    group = engine_calloc_aligned(alignof(struct scan_group), 1,
                                  sizeof(*group));
    if (!group)
        return NULL;
    run->groups[run->groups_count++] = group;
    group->run = run;
    group->plugin = plugin;
    group->target = &target->document;
    group->target_id = target->id;
    group->target_type = target->type;
    table_init(&group->by_rule);
    table_init(&group->artifacts);
    bson_init(&group->request);
    return group;
}

static void group_free(struct scan_group *group)
{
    for (size_t i = 0; i < group->units_count; i++)
        engine_free(group->units[i].message);
    if (group->feed)
        scan_feed_clear(group->feed);
    engine_free(group->feed);
    bson_destroy(&group->request);
    table_clear(&group->by_rule);
    table_clear(&group->artifacts);
    engine_free(group->artifact_ids);
    engine_free(group->units);
    for (size_t i = 0; i < group->subscribers_count; i++)
        engine_free(group->subscribers[i].verdict_id);
    engine_free(group->subscribers);
    engine_free(group);
}

void scan_groups_free(struct scan_run *run)
{
    for (size_t i = 0; i < run->groups_count; i++)
        group_free(run->groups[i]);
    engine_free(run->groups);
    run->groups = NULL;
    run->groups_count = run->groups_room = 0;
}

/* The group of a rule, and its unit there if it has one. A plugin knows rules
 * by their ids alone: rules of two benchmarks that have one id, as a reference
 * can bring them together, must not share a job. */
static struct scan_group *group_for(struct scan_run *run,
                                    const struct plugin_entry *plugin,
                                    const struct scan_target *target,
                                    const struct group_rule *rule,
                                    struct scan_unit **unit)
{
    struct scan_group *group;

    for (size_t i = 0; i < run->groups_count; i++) {
        group = run->groups[i];
        if (group->plugin != plugin || group->target != &target->document)
            continue;
        *unit = scan_group_find(group, rule->rule_id);
        if (!*unit || strcmp((*unit)->stored_id, rule->stored_id) == 0)
            return group;
    }
    *unit = NULL;
    return group_new(run, plugin, target);
}

struct scan_unit *scan_group_find(struct scan_group *group,
                                  const char *rule_id)
{
    void **index = table_at(&group->by_rule, rule_id, &group->guess);

    return index ? &group->units[(uintptr_t)*index - 1] : NULL;
}

static struct scan_unit *unit_new(struct scan_group *group,
                                  const char *stored_id, const char *rule_id)
{
    void *bigger = group_room(group->units, group->units_count,
                              &group->units_room, sizeof(struct scan_unit));
    struct scan_unit *unit;

    if (!bigger)
        return NULL;
    group->units = bigger;
    unit = &group->units[group->units_count];
    *unit = (struct scan_unit){
        .first = SCAN_NONE, .stored_id = stored_id, .rule_id = rule_id};
    group->units_count++;
    if (table_set(&group->by_rule, rule_id,
                  (void *)(uintptr_t)group->units_count) < 0)
        return NULL;
    return unit;
}

static engine_status unit_subscribe(struct scan_group *group,
                                    struct scan_unit *unit, size_t selected)
{
    void *bigger = group_room(group->subscribers, group->subscribers_count,
                              &group->subscribers_room,
                              sizeof(struct scan_subscriber));
    struct scan_subscriber *subscriber;

    if (!bigger)
        return ENGINE_ENOMEM;
    group->subscribers = bigger;
    subscriber = &group->subscribers[group->subscribers_count];
    *subscriber = (struct scan_subscriber){.selected = (uint32_t)selected,
                                           .next = unit->first};
    unit->first = (uint32_t)group->subscribers_count++;
    return ENGINE_OK;
}

/* the rule document decides which stored content the job may open */
static engine_status group_note_artifact(struct scan_group *group,
                                         const struct group_rule *rule)
{
    return *rule->artifact
               ? table_set(&group->artifacts, rule->artifact, group)
               : ENGINE_OK;
}

/* evaluates `rule`, for which there may be a unit, for one selected rule */
static engine_status group_add(struct scan_group *group,
                               struct scan_unit *unit,
                               const struct group_rule *rule, size_t selected,
                               engine_error *err)
{
    if (!unit) {
        unit = unit_new(group, rule->stored_id, rule->rule_id);
        if (!unit || group_note_artifact(group, rule) < 0)
            return engine_fail_memory(err);
    }
    if (unit_subscribe(group, unit, selected) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

static engine_status group_take(struct scan_run *run, size_t selected,
                                const struct plugin_entry *plugin,
                                const struct scan_target *target,
                                const struct group_rule *rule,
                                engine_error *err)
{
    struct scan_group *group;
    struct scan_unit *unit;

    if (!*rule->rule_id || !*rule->stored_id)
        return engine_fail(err, ENGINE_ECORRUPT,
                           "a stored rule has no rule_id");
    group = group_for(run, plugin, target, rule, &unit);
    return group ? group_add(group, unit, rule, selected, err)
                 : engine_fail_memory(err);
}

struct scan_unit *scan_group_finding(struct scan_group *group,
                                     const char *rule_id,
                                     const bson_t *details,
                                     engine_error *err)
{
    struct rules_selection *selection = &group->run->selection;
    struct rules_selected *items = engine_realloc(
        selection->items, (selection->count + 1) * sizeof(*items));
    struct rules_selected *item;
    struct scan_unit *unit;
    const char *title = details ? document_string(details, "title") : NULL;
    const char *severity =
        details ? document_string(details, "severity") : NULL;

    if (items)
        selection->items = items;
    rule_id = arena_strdup(&selection->arena, rule_id);
    unit = items && rule_id ? unit_new(group, NULL, rule_id) : NULL;
    if (!unit) {
        engine_fail_memory(err);
        return NULL;
    }
    item = &items[selection->count];
    *item = (struct rules_selected){
        .id = "",
        .benchmark = group->plugin->spec->name,
        .rule_id = unit->rule_id,
        .title = arena_strdup(&selection->arena, title ? title : rule_id),
        .severity =
            arena_strdup(&selection->arena, severity ? severity : "unknown"),
        .scanner_type = group->plugin->spec->name,
        .version = 0};
    if (!item->title || !item->severity ||
        unit_subscribe(group, unit, selection->count) < 0) {
        engine_fail_memory(err);
        return NULL;
    }
    selection->count++;
    return unit;
}

static bool group_is_done(const struct scan_run *run,
                          const struct scan_target *target,
                          const struct rules_selected *rule)
{
    char *id;
    bool done;

    if (!run->done.count)
        return false;
    id = scan_verdict_id(run, target->id, rule);
    done = id && table_has(&run->done, id);
    engine_free(id);
    return done;
}

/* a bare reference that resolves to nothing here, and says why */
static engine_status group_unresolved(struct scan_run *run, size_t selected,
                                      const struct scan_target *target,
                                      const engine_error *why,
                                      engine_error *err)
{
    const bool stopped = why->status == ENGINE_ECANCELLED;
    const bool absent = why->status == ENGINE_ENOTFOUND;

    return scan_collect_verdict(
        run, selected, target->id, target->type,
        stopped || absent ? SCANNER_NOTCHECKED : SCANNER_ERROR,
        stopped ? "the scan stopped before this rule was done" : why->message,
        err);
}

/* of a document; what it does not have is "" */
static engine_status group_rule_of(struct scan_run *run, const bson_t *rule,
                                   struct group_rule *out, engine_error *err)
{
    struct arena *arena = &run->selection.arena;
    const char *stored_id = document_string(rule, "_id");
    const char *rule_id = document_string(rule, "rule_id");
    const char *artifact = document_string(rule, "check_content.artifact");

    *out = (struct group_rule){
        .stored_id = arena_strdup(arena, stored_id ? stored_id : ""),
        .rule_id = arena_strdup(arena, rule_id ? rule_id : ""),
        .artifact = arena_strdup(arena, artifact ? artifact : "")};
    return out->stored_id && out->rule_id && out->artifact
               ? ENGINE_OK
               : engine_fail_memory(err);
}

/* What a selected rule stands for on a target. */
static engine_status group_rule_find(struct scan_run *run, size_t selected,
                                     const struct plugin_entry *plugin,
                                     struct scan_target *target,
                                     struct group_rule *out,
                                     engine_error *err)
{
    const struct rules_selected *rule = &run->selection.items[selected];
    engine_status status;
    bson_t document;

    if (!rule->scap_rule_id && rule->artifact) {
        *out = (struct group_rule){.stored_id = rule->id,
                                   .rule_id = rule->rule_id,
                                   .artifact = rule->artifact};
        return ENGINE_OK;
    }
    if (rule->scap_rule_id)
        status = scan_resolve(run, target, plugin, rule->scap_rule_id,
                              &document, err);
    else
        status = store_get(run->context->store, STORE_RULES, rule->id,
                           &document, err);
    if (status < 0)
        return status;
    status = group_rule_of(run, &document, out, err);
    bson_destroy(&document);
    return status;
}

static engine_status group_place(struct scan_run *run, size_t selected,
                                 const struct plugin_entry *plugin,
                                 struct scan_target *target,
                                 engine_error *err)
{
    const struct rules_selected *rule = &run->selection.items[selected];
    struct group_rule found;
    engine_error why = {0};
    engine_status status;

    if (group_is_done(run, target, rule))
        return ENGINE_OK;
    status = group_rule_find(run, selected, plugin, target, &found, &why);
    if (status < 0 && rule->scap_rule_id && status != ENGINE_ENOMEM)
        return group_unresolved(run, selected, target, &why, err);
    if (status < 0) {
        if (err)
            *err = why;
        return status;
    }
    return group_take(run, selected, plugin, target, &found, err);
}

static bool group_suits(struct scan_target *target,
                        const struct plugin_entry *plugin)
{
    if (target->asked != plugin) {
        target->asked = plugin;
        target->accepted = registry_accepts(plugin, target->type);
    }
    return target->accepted;
}

/* every target that suits the rule; none: one verdict that says so */
static engine_status group_place_all(struct scan_run *run, size_t selected,
                                     const struct plugin_entry *plugin,
                                     engine_error *err)
{
    const struct rules_selected *rule = &run->selection.items[selected];
    engine_status status = ENGINE_OK;
    char message[256];
    size_t suited = 0;

    for (size_t i = 0; plugin && status == ENGINE_OK &&
                       i < run->targets_count; i++) {
        if (!group_suits(&run->targets[i], plugin))
            continue;
        suited++;
        status = group_place(run, selected, plugin, &run->targets[i], err);
    }
    if (suited || status < 0)
        return status;
    if (!plugin)
        snprintf(message, sizeof(message),
                 "no loaded scanner has type \"%s\"", rule->scanner_type);
    else
        snprintf(message, sizeof(message),
                 "no target of this scan suits scanner type \"%s\"",
                 rule->scanner_type);
    return scan_collect_verdict(run, selected, SCAN_NO_TARGET, "",
                                SCANNER_NOTCHECKED, message, err);
}

static bool group_exists(const struct scan_run *run,
                         const struct plugin_entry *plugin,
                         const struct scan_target *target)
{
    for (size_t i = 0; i < run->groups_count; i++)
        if (run->groups[i]->plugin == plugin &&
            run->groups[i]->target == &target->document)
            return true;
    return false;
}

/* Who brings checks of his own needs no rule: where a selection without rules
 * is fine, he is asked about every target that suits. */
static engine_status groups_add_findings(struct scan_run *run,
                                         engine_error *err)
{
    const struct registry *registry = run->context->registry;
    const struct plugin_entry *plugin;

    if (!document_bool(&run->config, "options.allow_empty", false))
        return ENGINE_OK;
    for (size_t i = 0; i < registry_count(registry); i++) {
        plugin = registry_at(registry, i);
        if (plugin->refused.status < 0 ||
            !(plugin->caps & SCANNER_CAP_FINDINGS))
            continue;
        for (size_t j = 0; j < run->targets_count; j++)
            if (group_suits(&run->targets[j], plugin) &&
                !group_exists(run, plugin, &run->targets[j]) &&
                !group_new(run, plugin, &run->targets[j]))
                return engine_fail_memory(err);
    }
    return ENGINE_OK;
}

static engine_status group_list_artifacts(struct scan_group *group)
{
    size_t at = 0, count = 0;
    const char *id;

    group->artifact_ids = engine_calloc(group->artifacts.count + 1,
                                        sizeof(*group->artifact_ids));
    if (!group->artifact_ids)
        return ENGINE_ENOMEM;
    while ((id = table_next(&group->artifacts, &at, NULL)))
        group->artifact_ids[count++] = id;
    return ENGINE_OK;
}

engine_status scan_groups_build(struct scan_run *run, engine_error *err)
{
    const struct rules_selected *items = run->selection.items;
    const size_t count = run->selection.count;
    const struct plugin_entry *plugin = NULL;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        /* sorted by type, and mostly one text */
        if (!i || items[i].scanner_type != items[i - 1].scanner_type)
            plugin = registry_type(run->context->registry,
                                   items[i].scanner_type);
        status = group_place_all(run, i, plugin, err);
    }
    if (status == ENGINE_OK)
        status = groups_add_findings(run, err);
    for (size_t i = 0; status == ENGINE_OK && i < run->groups_count; i++)
        if (group_list_artifacts(run->groups[i]) < 0)
            status = engine_fail_memory(err);
    return status;
}
