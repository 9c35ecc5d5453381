/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf_collect.c - what selected rules add to a benchmark. */
#include "engine/server/xccdf_made.h"

#include <string.h>

/* ---- parts --------------------------------------------------------------- */

/* An id that nothing in the document has yet. */
static const char *made_id(struct made *made, const char *id)
{
    const char *own = id;

    for (unsigned i = 2; own && table_has(&made->ids, own); i++)
        own = arena_strf(made->arena, "%s_%u", id, i);
    return own && table_set(&made->ids, own, made) == ENGINE_OK ? own : NULL;
}

static struct made_part *made_part(struct made *made, struct made_parts *parts,
                                   const char *key, const char *id,
                                   const char *title)
{
    struct made_part *part = table_get(&parts->by_key, key);

    if (part)
        return part;
    part = arena_alloc(made->arena, sizeof(*part));
    if (!part || !id)
        return NULL;
    buffer_init(&part->text, XCCDF_TEXT_MAX);
    part->id = made_id(made, id);
    part->title = arena_strdup(made->arena, title);
    if (!part->id || !part->title ||
        table_set(&parts->by_key, key, part) < 0)
        return NULL;
    if (!parts->end)
        parts->end = &parts->first;
    *parts->end = part;
    parts->end = &part->next;
    parts->count++;
    return part;
}

/* ---- what a rule adds ---------------------------------------------------- */

static void made_put_select(const char *rule_id, struct buffer *out)
{
    buffer_puts(out, "    <select idref=\"");
    xccdf_text(out, rule_id);
    buffer_puts(out, "\" selected=\"true\"/>\n");
}

static engine_status made_select(struct made *made, const char *framework,
                                 const char *version, const char *rule_id,
                                 engine_error *err)
{
    const char *key = arena_strf(made->arena, "%s %s", framework, version);
    const char *id = xccdf_profile_id(made->arena, framework, version);
    struct made_part *profile =
        key ? made_part(made, &made->profiles, key, id, key) : NULL;

    if (!profile)
        return engine_fail_memory(err);
    made_put_select(rule_id, &profile->text);
    return buffer_status(&profile->text, err);
}

/* The version that was asked for; all of a framework without one. */
static bool made_wants(const struct made *made, const char *framework,
                       const char *version)
{
    const char *wanted =
        document_string(&made->request->json, "framework_version");

    return !made->framework ||
           (strcmp(made->framework, framework) == 0 &&
            (!wanted || !*wanted || strcmp(wanted, version) == 0));
}

static engine_status made_profiles(struct made *made, const bson_t *rule,
                                   const char *rule_id, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t frameworks, versions;
    bson_iter_t iter, items;

    if (!document_child(rule, "frameworks", &frameworks) ||
        !bson_iter_init(&iter, &frameworks))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        if (!document_iter_child(&iter, &versions) ||
            !bson_iter_init(&items, &versions))
            continue;
        while (status == ENGINE_OK && bson_iter_next(&items))
            if (made_wants(made, bson_iter_key(&iter), bson_iter_key(&items)))
                status = made_select(made, bson_iter_key(&iter),
                                     bson_iter_key(&items), rule_id, err);
    }
    return status;
}

/* Content brings its own Values. */
static engine_status made_variables(struct made *made, const bson_t *rule,
                                    bool of_content, engine_error *err)
{
    bson_t list, variable;
    bson_iter_t iter;

    if (!document_child(rule, "variables", &list) ||
        !bson_iter_init(&iter, &list))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        const char *name = bson_iter_key(&iter), *id;

        if (table_has(&made->value_ids, name) ||
            !document_iter_child(&iter, &variable))
            continue;
        id = xccdf_value_id(made->arena, name, &variable);
        if (!id || table_set(&made->value_ids, name, (void *)(uintptr_t)id) < 0)
            return engine_fail_memory(err);
        if (!of_content && !table_has(&made->ids, id)) {
            if (!made_id(made, id))
                return engine_fail_memory(err);
            xccdf_value(&made->values, id, name, &variable);
        }
    }
    return buffer_status(&made->values, err);
}

/* ---- content ------------------------------------------------------------- */

/* Notes that a rule of content is needed; its XCCDF id. */
static engine_status made_send(struct made *made, const bson_t *rule,
                               const char **id, engine_error *err)
{
    const struct registry *registry = made->request->world->registry;
    const char *stored = document_string(rule, "_id");
    const char *artifact = document_string(rule, "check_content.artifact");
    const char *type = document_string(rule, "scanner_type");
    struct xccdf_content *content = &made->content;

    *id = document_string(rule, "check_content.rule");
    *id = arena_strdup(made->arena,
                       *id ? *id : document_string(rule, "rule_id"));
    if (content->artifact && strcmp(content->artifact, artifact) != 0) {
        engine_fail(err, ENGINE_EINVAL,
                    "the selected rules are of several benchmarks, \"%s\" "
                    "is one of them", document_string(rule, "benchmark"));
        engine_hint(err, "name one as \"benchmark\"");
        return ENGINE_EINVAL;
    }
    content->artifact = arena_strdup(made->arena, artifact);
    content->plugin = type ? registry_type(registry, type) : NULL;
    if (!content->plugin)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "no loaded scanner has type \"%s\"", type);
    if (!*id || !content->artifact ||
        (!table_has(&made->sent, stored) &&
         table_set(&made->sent, stored, made) < 0))
        return engine_fail_memory(err);
    return ENGINE_OK;
}

/* Whether any imported benchmark has the rule that a reference names. */
static bool made_is_imported(struct made *made, const char *rule_id)
{
    bson_t *filter = BCON_NEW("rule_id", BCON_UTF8(rule_id), "is_latest",
                              BCON_BOOL(true), "check_content.artifact", "{",
                              "$exists", BCON_BOOL(true), "}");
    int64_t count = 1;

    (void)store_count(made->request->store, STORE_RULES, filter, &count, NULL);
    bson_destroy(filter);
    return count > 0;
}

static engine_status made_resolve(struct made *made,
                                  const struct rules_selected *item,
                                  bson_t *twin, bool *found, engine_error *err)
{
    const bool any = bson_empty(&made->platforms);
    engine_status status =
        rules_resolve(made->request->store, item->scap_rule_id, NULL,
                      any ? NULL : &made->platforms, twin, err);
    char key[16];

    *found = status == ENGINE_OK;
    if (status != ENGINE_ENOTFOUND)
        return status;
    if (made_is_imported(made, item->scap_rule_id)) {
        engine_hint(err, "say for which system: \"target\": {\"type\": "
                         "\"local\", \"applicability\": {\"cpe\": \"...\"}}");
        return status;
    }
    snprintf(key, sizeof(key), "%u",
             (unsigned)bson_count_keys(&made->warnings));
    BSON_APPEND_UTF8(&made->warnings, key, err->message);
    *err = (engine_error){0};
    return ENGINE_OK;
}

/* ---- a rule -------------------------------------------------------------- */

static engine_status made_write_rule(struct made *made, const bson_t *rule,
                                     const char *content_id, engine_error *err)
{
    const char *name = document_string(rule, "rule_id");
    const char *category = document_string(rule, "category");
    struct made_part *group;
    const char *id;

    if (strncmp(name, "ow-", 3) == 0 && name[3])
        name += 3;
    id = xccdf_id(made->arena, "rule", name);
    id = id ? made_id(made, id) : NULL;
    if (!category || !*category)
        category = "uncategorised";
    group = id ? made_part(made, &made->groups, category,
                           xccdf_id(made->arena, "group", category), category)
               : NULL;
    if (!group)
        return engine_fail_memory(err);
    xccdf_rule(&group->text, made->arena, id, rule, content_id);
    made_put_select(id, &made->selects);
    if (buffer_status(&group->text, err) < 0)
        return err->status;
    return made_profiles(made, rule, id, err);
}

engine_status made_rule(struct made *made, const struct rules_selected *item,
                        engine_error *err)
{
    const char *content_id = NULL;
    bool has_twin = false;
    bson_t rule, twin;
    engine_status status =
        store_get(made->request->store, STORE_RULES, item->id, &rule, err);

    if (status < 0)
        return status;
    if (item->scap_rule_id)
        status = made_resolve(made, item, &twin, &has_twin, err);
    if (status == ENGINE_OK && has_twin)
        status = made_send(made, &twin, &content_id, err);
    else if (status == ENGINE_OK &&
             document_string(&rule, "check_content.artifact"))
        status = made_send(made, &rule, &content_id, err);
    if (status == ENGINE_OK)
        status = made_variables(made, has_twin ? &twin : &rule,
                                content_id != NULL, err);
    if (status == ENGINE_OK)
        status = made_write_rule(made, &rule, content_id, err);
    if (has_twin)
        bson_destroy(&twin);
    bson_destroy(&rule);
    return status;
}
