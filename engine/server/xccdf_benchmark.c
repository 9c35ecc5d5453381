/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xccdf_benchmark.c - selected rules as an XCCDF benchmark: groups by category,
 * a profile for each framework and version, a Value for each variable. Rules
 * of imported content, and rules that only name such a rule, get its checks.
 */
#include "engine/server/xccdf.h"

#include <string.h>
#include <time.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/hash.h"

/* A group or a profile while it is collected. */
struct made_part {
    struct made_part *next;
    const char *id, *title;
    struct buffer text;
};

struct made_parts {
    struct made_part *first, **end;
    struct table by_key;
    int64_t count;
};

struct made {
    struct request *request;
    struct arena *arena;
    const char *benchmark_id, *title, *description, *version, *framework;
    struct rules_selection selection;
    struct made_parts groups, profiles;
    struct buffer values, selects;
    struct table ids;       /* in use */
    struct table value_ids; /* variable -> Value id */
    struct table sent;      /* stored ids of content rules */
    struct xccdf_content content;
    bson_t platforms; /* CPE names of the request's target */
    bson_t warnings;
};

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

static void made_parts_clear(struct made_parts *parts)
{
    for (struct made_part *at = parts->first; at; at = at->next)
        buffer_clear(&at->text);
    table_clear(&parts->by_key);
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

static engine_status made_rule(struct made *made,
                               const struct rules_selected *item,
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

/* ---- the document -------------------------------------------------------- */

static void made_head(const struct made *made, struct buffer *out)
{
    const time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm day;
    char date[16] = "1970-01-01";

    if (gmtime_r(&now, &day))
        strftime(date, sizeof(date), "%Y-%m-%d", &day);
    buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<Benchmark xmlns=\"" XCCDF_NAMESPACE "\" id=\"");
    xccdf_text(out, made->benchmark_id);
    buffer_printf(out, "\" resolved=\"true\">\n"
                       "  <status date=\"%s\">draft</status>\n", date);
    xccdf_element(out, 2, "title", made->title);
    xccdf_element(out, 2, "description", made->description);
    xccdf_element(out, 2, "version", made->version);
}

/* What the profile or the request sets, for variables that are here. */
static void made_set_values(const struct made *made, struct buffer *out)
{
    const struct rules_selection *selection = &made->selection;
    const bson_t *sets = selection->profile ? &selection->variables
                                            : &selection->overrides;
    bson_iter_t iter;

    bson_iter_init(&iter, sets);
    while (bson_iter_next(&iter)) {
        const char *id = table_get(&made->value_ids, bson_iter_key(&iter));

        if (id)
            xccdf_set_value(out, id, &iter);
    }
}

static void made_put_profile(const struct made *made, const char *id,
                             const char *title, const struct buffer *selects,
                             struct buffer *out)
{
    buffer_printf(out, "  <Profile id=\"%s\">\n", id);
    xccdf_element(out, 4, "title", title);
    buffer_append(out, selects->data, selects->len);
    made_set_values(made, out);
    buffer_puts(out, "  </Profile>\n");
}

static engine_status made_assemble(const struct made *made, struct buffer *out,
                                   engine_error *err)
{
    made_head(made, out);
    for (struct made_part *at = made->profiles.first; at; at = at->next)
        made_put_profile(made, at->id, at->title, &at->text, out);
    if (!made->profiles.first)
        made_put_profile(made, XCCDF_PREFIX "profile_all", "All rules",
                         &made->selects, out);
    if (made->values.len)
        buffer_append(out, made->values.data, made->values.len);
    for (struct made_part *at = made->groups.first; at; at = at->next) {
        buffer_printf(out, "  <Group id=\"%s\">\n", at->id);
        xccdf_element(out, 4, "title", at->title);
        buffer_append(out, at->text.data, at->text.len);
        buffer_puts(out, "  </Group>\n");
    }
    buffer_puts(out, "</Benchmark>\n");
    return buffer_status(out, err);
}

static engine_status made_complete(struct made *made, struct buffer *out,
                                   engine_error *err)
{
    struct xccdf_content *content = &made->content;
    size_t at = 0, count = 0;
    const char *id;

    content->stored_ids =
        arena_alloc(made->arena, made->sent.count * sizeof(char *) + 1);
    if (!content->stored_ids)
        return engine_fail_memory(err);
    while ((id = table_next(&made->sent, &at, NULL)))
        content->stored_ids[count++] = id;
    content->count = count;
    content->profile = made->selection.profile;
    return xccdf_content_complete(made->request, content, out, err);
}

/* ---- the request --------------------------------------------------------- */

/* What selects rules; the rest of a request only describes the document. */
static void made_config(const bson_t *json, bson_t *out)
{
    static const char *const names[] = {"framework", "framework_version",
                                        "rules", "rule_filter", "profile",
                                        "benchmark", "variable_overrides"};
    bson_iter_t iter;

    for (size_t i = 0; i < SERVER_COUNT(names); i++)
        if (bson_iter_init_find(&iter, json, names[i]) &&
            !BSON_ITER_HOLDS_NULL(&iter))
            document_copy_value(out, names[i], &iter);
    if (!bson_has_field(out, "profile") &&
        bson_iter_init_find(&iter, json, "profile_id") &&
        !BSON_ITER_HOLDS_NULL(&iter))
        document_copy_value(out, "profile", &iter);
}

/* Of a target, only what system it is matters here. */
static engine_status made_platforms(struct made *made, engine_error *err)
{
    const bson_t *json = &made->request->json;
    static const char *const paths[] = {"target", "target.applicability"};
    bson_iter_t iter;

    for (size_t i = 0; i < SERVER_COUNT(paths); i++)
        if (document_find(json, paths[i], &iter) &&
            !BSON_ITER_HOLDS_DOCUMENT(&iter) &&
            (i > 0 || !BSON_ITER_HOLDS_NULL(&iter)))
            return engine_fail(err, ENGINE_EINVAL, "\"%s\" must be an object",
                               paths[i]);
    if (!document_find(json, "target.applicability.cpe", &iter))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_UTF8(&iter))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"target.applicability.cpe\" must be a text");
    BSON_APPEND_UTF8(&made->platforms, "0", bson_iter_utf8(&iter, NULL));
    return ENGINE_OK;
}

static engine_status made_read(struct made *made, engine_error *err)
{
    const bson_t *json = &made->request->json;
    const char *id = NULL, *framework = NULL, *profile;
    engine_status status =
        xccdf_field(json, "framework", NULL, &framework, err);

    if (status == ENGINE_OK) /* which "profile" may stand in for */
        status = xccdf_field(json, "profile_id", NULL, &profile, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "benchmark_id",
                             framework ? framework : "rules", &id, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "title", "Rules", &made->title, err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "description", NULL, &made->description,
                             err);
    if (status == ENGINE_OK)
        status = xccdf_field(json, "version", "1.0", &made->version, err);
    if (status == ENGINE_OK)
        status = made_platforms(made, err);
    if (status < 0)
        return status;
    made->benchmark_id = xccdf_id(made->arena, "benchmark", id);
    made->framework = framework
                          ? rules_framework_name(made->arena, framework)
                          : NULL;
    return made->benchmark_id && (!framework || made->framework)
               ? ENGINE_OK
               : engine_fail_memory(err);
}

static engine_status made_collect(struct made *made, struct buffer *text,
                                  engine_error *err)
{
    bson_t config = BSON_INITIALIZER;
    engine_status status = made_read(made, err);

    made_config(&made->request->json, &config);
    if (status == ENGINE_OK)
        status = scan_config_check_types(&config, err);
    if (status == ENGINE_OK)
        status = rules_select(made->request->store, &config, &made->selection,
                              err);
    for (size_t i = 0; status == ENGINE_OK && i < made->selection.count; i++)
        status = made_rule(made, &made->selection.items[i], err);
    if (status == ENGINE_OK)
        status = made_assemble(made, text, err);
    if (status == ENGINE_OK && made->sent.count)
        status = made_complete(made, text, err);
    bson_destroy(&config);
    return status;
}

/* How many elements there are: "<Value " begins one. */
static int64_t made_count(const char *xml, const char *start)
{
    int64_t count = 0;

    for (const char *at = xml; (at = strstr(at, start)); at++)
        count++;
    return count;
}

static void made_init(struct made *made, struct request *request)
{
    *made = (struct made){.request = request, .arena = &request->arena};
    rules_selection_init(&made->selection);
    buffer_init(&made->values, XCCDF_TEXT_MAX);
    buffer_init(&made->selects, XCCDF_TEXT_MAX);
    table_init(&made->groups.by_key);
    table_init(&made->profiles.by_key);
    table_init(&made->ids);
    table_init(&made->value_ids);
    table_init(&made->sent);
    bson_init(&made->platforms);
    bson_init(&made->warnings);
}

static void made_clear(struct made *made)
{
    rules_selection_clear(&made->selection);
    buffer_clear(&made->values);
    buffer_clear(&made->selects);
    made_parts_clear(&made->groups);
    made_parts_clear(&made->profiles);
    table_clear(&made->ids);
    table_clear(&made->value_ids);
    table_clear(&made->sent);
    bson_destroy(&made->platforms);
    bson_destroy(&made->warnings);
}

engine_status xccdf_benchmark(struct request *request, bson_t *out,
                              engine_error *err)
{
    struct made made;
    struct buffer text;
    engine_status status;

    made_init(&made, request);
    buffer_init(&text, XCCDF_TEXT_MAX);
    status = made_collect(&made, &text, err);
    if (status == ENGINE_ELIMIT)
        engine_hint(err, "select fewer rules");
    if (status == ENGINE_OK) {
        BSON_APPEND_UTF8(out, "benchmark_id", made.benchmark_id);
        BSON_APPEND_UTF8(out, "benchmark_xml", text.data);
        BSON_APPEND_INT64(out, "rules_count", (int64_t)made.selection.count);
        BSON_APPEND_INT64(out, "variables_count",
                          made_count(text.data, "<Value "));
        BSON_APPEND_INT64(out, "profiles_count",
                          made_count(text.data, "<Profile "));
        BSON_APPEND_ARRAY(out, "warnings", &made.warnings);
    }
    buffer_clear(&text);
    made_clear(&made);
    return status;
}
