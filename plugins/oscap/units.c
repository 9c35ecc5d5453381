/* SPDX-License-Identifier: Apache-2.0 */
/* units.c - which content a job needs, and its parts for several oscaps. */
#include <stdio.h>
#include <string.h>

#include "plugins/oscap/oscap.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

#define UNIT_INLINE "" /* key of the unit of rules with their own OVAL */

struct unit_build {
    const struct oscap *self;
    const struct scanner_job *job;
    struct table by_key; /* artifact id or UNIT_INLINE -> index + 1 */
    struct oscap_units *units;
};

static struct oscap_unit *unit_for(struct unit_build *build, const char *key,
                                   size_t rules_count)
{
    struct oscap_units *units = build->units;
    const uintptr_t index = (uintptr_t)table_get(&build->by_key, key);
    struct oscap_unit *items;

    if (index)
        return &units->items[index - 1];
    items = engine_realloc(units->items,
                           (units->count + 1) * sizeof(*items));
    if (!items)
        return NULL;
    units->items = items;
    items[units->count] = (struct oscap_unit){0};
    items[units->count].rules =
        engine_calloc(rules_count, sizeof(bson_t *));
    if (!items[units->count].rules)
        return NULL;
    units->count++;
    if (table_set(&build->by_key, key, (void *)(uintptr_t)units->count) < 0)
        return NULL;
    return &items[units->count - 1];
}

/* the key of the content that a rule needs, or NULL with the reason */
static const char *unit_key(const bson_t *rule, engine_error *why)
{
    const char *artifact = document_string(rule, "check_content.artifact");

    if (artifact)
        return artifact;
    if (document_string(rule, "check_content.oval.content"))
        return UNIT_INLINE;
    engine_fail(why, ENGINE_EINVAL,
                "the rule's check_content names neither imported content nor "
                "an oval definition");
    return NULL;
}

static engine_status unit_place(struct unit_build *build, const bson_t *rule,
                                size_t count, oscap_refuse_fn refuse,
                                void *user, engine_error *err)
{
    engine_error why = {0};
    const char *key = unit_key(rule, &why);
    struct oscap_unit *unit;

    if (!key) {
        refuse(user, rule, &why);
        return ENGINE_OK;
    }
    unit = unit_for(build, key, count);
    if (!unit)
        return engine_fail_memory(err);
    unit->rules[unit->count++] = rule;
    return ENGINE_OK;
}

static engine_status unit_open_inline(struct unit_build *build,
                                      const struct oscap_unit *unit,
                                      size_t first, size_t count,
                                      struct oscap_content **out,
                                      engine_error *err)
{
    char *path = engine_strf("%s/inline.fragments", build->job->workdir);
    engine_status status =
        path ? oscap_content_from_rules(unit->rules + first, count, path, out,
                                        err)
             : engine_fail_memory(err);

    engine_free(path);
    return status;
}

static engine_status unit_open(struct unit_build *build,
                               struct oscap_unit *unit, engine_error *err)
{
    const struct scanner_host *host = build->self->host;
    const char *artifact =
        document_string(unit->rules[0], "check_content.artifact");
    const char *path;

    if (!artifact)
        return unit_open_inline(build, unit, 0, unit->count, &unit->content,
                                err);
    if (host->open_artifact(host, build->job, artifact, &path) < 0) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "the content %.12s of the rule's benchmark is not in the "
                    "store", artifact);
        engine_hint(err, "import the benchmark's datastream again");
        return ENGINE_ENOTFOUND;
    }
    return oscap_content_open(path, &unit->content, err);
}

/* content that cannot be opened is an error of its rules, not of the others */
static void unit_refuse_all(struct oscap_unit *unit, oscap_refuse_fn refuse,
                            void *user, const engine_error *why)
{
    for (size_t i = 0; i < unit->count; i++)
        refuse(user, unit->rules[i], why);
    unit->count = 0;
}

/* one rule with bad OVAL of its own is an error of that rule; the others of
 * its kind share a unit with it */
static engine_status unit_drop_bad(struct unit_build *build,
                                   struct oscap_unit *unit,
                                   oscap_refuse_fn refuse, void *user)
{
    size_t kept = 0;

    for (size_t i = 0; i < unit->count; i++) {
        struct oscap_content *content = NULL;
        engine_error why = {0};
        const engine_status status =
            unit_open_inline(build, unit, i, 1, &content, &why);
        if (status == ENGINE_ENOMEM)
            return status;
        if (status == ENGINE_OK)
            unit->rules[kept++] = unit->rules[i];
        else
            refuse(user, unit->rules[i], &why);
        oscap_content_close(content);
    }
    unit->count = kept;
    return ENGINE_OK;
}

static engine_status unit_open_or_refuse(struct unit_build *build,
                                         struct oscap_unit *unit,
                                         oscap_refuse_fn refuse, void *user,
                                         engine_error *err)
{
    const bool shared =
        unit->count > 1 &&
        !document_string(unit->rules[0], "check_content.artifact");
    engine_error why = {0};
    engine_status status = unit_open(build, unit, &why);

    if (status < 0 && status != ENGINE_ENOMEM && shared) {
        status = unit_drop_bad(build, unit, refuse, user);
        if (status == ENGINE_OK && unit->count)
            status = unit_open(build, unit, &why);
    }
    if (status == ENGINE_OK)
        return ENGINE_OK;
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    unit_refuse_all(unit, refuse, user, &why);
    return ENGINE_OK;
}

engine_status oscap_units_open(const struct oscap *self,
                               const struct scanner_job *job,
                               const bson_t *rules, size_t count,
                               oscap_refuse_fn refuse, void *user,
                               struct oscap_units *out, engine_error *err)
{
    struct unit_build build = {.self = self, .job = job, .units = out};
    engine_status status = ENGINE_OK;

    *out = (struct oscap_units){0};
    table_init(&build.by_key);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        status = unit_place(&build, &rules[i], count, refuse, user, err);
    for (size_t i = 0; status == ENGINE_OK && i < out->count; i++)
        status = unit_open_or_refuse(&build, &out->items[i], refuse, user,
                                     err);
    table_clear(&build.by_key);
    if (status < 0)
        oscap_units_close(out);
    return status;
}

void oscap_units_close(struct oscap_units *units)
{
    for (size_t i = 0; i < units->count; i++) {
        oscap_content_close(units->items[i].content);
        engine_free(units->items[i].rules);
        engine_free(units->items[i].part);
    }
    engine_free(units->items);
    *units = (struct oscap_units){0};
}

/* what rules took before, in the order of the unit; 0 where unknown */
static engine_status unit_measured(const struct oscap_unit *unit,
                                   const struct oscap_costs *costs,
                                   uint32_t **out, engine_error *err)
{
    uint32_t *measured = engine_calloc(unit->count, sizeof(*measured));
    char id[1024];

    if (!measured)
        return engine_fail_memory(err);
    for (size_t i = 0; costs && i < unit->count; i++)
        if (oscap_rule_xccdf_id(unit->rules[i], id, sizeof(id), NULL) ==
            ENGINE_OK)
            measured[i] = oscap_costs_get(costs, id);
    *out = measured;
    return ENGINE_OK;
}

static engine_status unit_split(struct oscap_unit *unit, unsigned parallel,
                                const struct oscap_costs *costs,
                                engine_error *err)
{
    uint32_t *measured = NULL;

    if (!unit->count)
        return ENGINE_OK;
    unit->part = engine_calloc(unit->count, sizeof(*unit->part));
    if (!unit->part)
        return engine_fail_memory(err);
    if (unit_measured(unit, costs, &measured, err) < 0)
        return ENGINE_ENOMEM;
    unit->parts = oscap_shard(unit->content, unit->rules, unit->count,
                              parallel ? parallel : 1, measured, unit->part);
    engine_free(measured);
    return ENGINE_OK;
}

engine_status oscap_units_split(struct oscap_units *units, unsigned parallel,
                                const struct oscap_costs *costs,
                                engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < units->count; i++)
        status = unit_split(&units->items[i], parallel, costs, err);
    return status;
}

static engine_status part_compile(const struct scanner_job *job,
                                  struct oscap_part *part, engine_error *err)
{
    const struct oscap_unit *unit = part->unit;
    struct oscap_compile_options how = {.content = unit->content,
                                        .rules = part->rules,
                                        .rules_count = part->count,
                                        .directory = part->directory,
                                        .cachedir = job->cachedir};
    bson_t target, variables, request;
    engine_status status;

    kit_view(&job->target, &target);
    kit_view(&job->variables, &variables);
    kit_view(&job->request, &request);
    how.cpe = document_string(&target, "applicability.cpe");
    how.profile = document_string(&request, "profile");
    status = oscap_compile(&how, &part->compiled, err);
    if (status == ENGINE_OK)
        status = oscap_tailoring_write(&how, &part->compiled, &variables,
                                       part->tailoring_path,
                                       &part->profile_id, err);
    return status;
}

engine_status oscap_part_build(const struct oscap_unit *unit, unsigned index,
                               const struct scanner_job *job,
                               const char *directory, struct oscap_part *out,
                               engine_error *err)
{
    engine_status status;

    *out = (struct oscap_part){.unit = unit};
    out->rules = engine_calloc(unit->count, sizeof(*out->rules));
    out->directory = engine_strdup(directory);
    out->tailoring_path = engine_strf("%s/tailoring.xml", directory);
    if (!out->rules || !out->directory || !out->tailoring_path)
        return engine_fail_memory(err);
    for (size_t i = 0; i < unit->count; i++)
        if (unit->part[i] == index)
            out->rules[out->count++] = unit->rules[i];
    status = file_make_directory(directory, err);
    return status < 0 ? status : part_compile(job, out, err);
}

void oscap_part_clear(struct oscap_part *part)
{
    oscap_compiled_clear(&part->compiled);
    engine_free(part->rules);
    engine_free(part->directory);
    engine_free(part->tailoring_path);
    engine_free(part->profile_id);
    *part = (struct oscap_part){0};
}
