/* SPDX-License-Identifier: Apache-2.0 */
/* select.c - which rules a scan configuration means. */
#include <stdio.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/document/match.h"

#define SELECT_NAMED_MAX 200 /* rules that a query names one by one */

/* One selection being made. */
struct selecting {
    struct store *store;
    const bson_t *config;
    struct rules_selection *out;
    size_t room;
    struct chooser *chooser;
    struct table wanted;   /* rule ids, when restricted is set */
    bool restricted;
    bool has_profile;
    bson_t profile;
};

/* ---- benchmark and profile ----------------------------------------------- */

static engine_status select_benchmark(struct selecting *s, engine_error *err)
{
    const char *name = document_string(s->config, "benchmark");

    if (!name || !*name)
        return ENGINE_OK;
    return rules_find_benchmark(s->store, name, &s->out->benchmark, err);
}

static engine_status select_profile(struct selecting *s, engine_error *err)
{
    const char *name = document_string(s->config, "profile");
    engine_status status;
    bson_iter_t rule;
    bson_t rules;

    if (!name || !*name)
        return ENGINE_OK;
    bson_destroy(&s->profile);
    bson_init(&s->profile);
    status = rules_profile_get(s->store, name, &s->out->benchmark,
                               &s->out->profile, &s->profile, err);
    if (status < 0)
        return status;
    s->has_profile = s->restricted = true;
    if (!document_child(&s->profile, "rules", &rules) ||
        !bson_iter_init(&rule, &rules))
        return ENGINE_OK;
    while (bson_iter_next(&rule))
        if (BSON_ITER_HOLDS_UTF8(&rule) &&
            table_set(&s->wanted, bson_iter_utf8(&rule, NULL), s) < 0)
            return engine_fail_memory(err);
    return ENGINE_OK;
}

/* ---- the rules ----------------------------------------------------------- */

/* benchmark, severity and type repeat: the one before is used again */
static const char *select_text(struct selecting *s, const char *text,
                               const char *before)
{
    if (before && strcmp(text, before) == 0)
        return before;
    return arena_strdup(&s->out->arena, text);
}

static engine_status select_grow(struct selecting *s, engine_error *err)
{
    const size_t room = s->room ? 2 * s->room : 256;
    struct rules_selected *items =
        engine_realloc(s->out->items, room * sizeof(*items));

    if (!items)
        return engine_fail_memory(err);
    s->out->items = items;
    s->room = room;
    return ENGINE_OK;
}

/* What is read of a rule, in one walk: there may be a million. */
enum select_member {
    SELECT_ID,
    SELECT_BENCHMARK,
    SELECT_RULE_ID,
    SELECT_TITLE,
    SELECT_SEVERITY,
    SELECT_TYPE,
    SELECT_VERSION,
    SELECT_REFERENCE,
    SELECT_CONTENT,
    SELECT_MEMBERS
};

static void select_read(const bson_t *rule, struct document_member *members)
{
    static const char *const names[SELECT_MEMBERS] = {
        "_id",          "benchmark", "rule_id",      "title",        "severity",
        "scanner_type", "version",   "scap_rule_id", "check_content"};

    document_members(rule, names, SELECT_MEMBERS, members);
}

static const char *select_field(const struct document_member *member)
{
    const char *text = document_member_string(member);

    return text ? text : "";
}

/* what a rule of another scanner refers to is that scanner's business */
static const char *select_reference(const struct document_member *members)
{
    return strcmp(select_field(&members[SELECT_TYPE]), "oscap") == 0
               ? document_member_string(&members[SELECT_REFERENCE])
               : NULL;
}

static const char *select_artifact(const struct document_member *content)
{
    const char *id = NULL;
    bson_t child;

    if (content->has && document_iter_child(&content->iter, &child))
        id = document_string(&child, "artifact");
    return id ? id : "";
}

static engine_status select_item(struct selecting *s,
                                 const struct document_member *members,
                                 engine_error *err)
{
    static const struct rules_selected nothing = {.version = 0};
    struct rules_selection *out = s->out;
    const struct rules_selected *before =
        out->count > 0 ? &out->items[out->count - 1] : &nothing;
    const char *reference = select_reference(members);
    struct rules_selected item = {
        .id = select_text(s, select_field(&members[SELECT_ID]), NULL),
        .benchmark = select_text(s, select_field(&members[SELECT_BENCHMARK]),
                                 before->benchmark),
        .rule_id = select_text(s, select_field(&members[SELECT_RULE_ID]),
                               NULL),
        .title = select_text(s, select_field(&members[SELECT_TITLE]), NULL),
        .severity = select_text(s, select_field(&members[SELECT_SEVERITY]),
                                before->severity),
        .scanner_type = select_text(s, select_field(&members[SELECT_TYPE]),
                                    before->scanner_type),
        .artifact = select_text(s, select_artifact(&members[SELECT_CONTENT]),
                                before->artifact),
        .version = (int32_t)document_member_int(&members[SELECT_VERSION], 0),
    };

    if (reference)
        item.scap_rule_id = arena_strdup(&out->arena, reference);
    if (!item.id || !item.benchmark || !item.rule_id || !item.title ||
        !item.severity || !item.scanner_type || !item.artifact ||
        (reference && !item.scap_rule_id))
        return engine_fail_memory(err);
    if (out->count == s->room && select_grow(s, err) < 0)
        return ENGINE_ENOMEM;
    out->items[out->count++] = item;
    return ENGINE_OK;
}

static engine_status select_rule(const bson_t *rule, void *user,
                                 engine_error *err)
{
    struct document_member members[SELECT_MEMBERS];
    struct selecting *s = user;
    engine_status status;

    select_read(rule, members);
    if (s->restricted &&
        !table_has(&s->wanted, select_field(&members[SELECT_RULE_ID])))
        return ENGINE_OK;
    status = select_item(s, members, err);
    return status < 0 ? status : chooser_rule(s->chooser, rule, err);
}

static engine_status select_rules(struct selecting *s, const bson_t *filter,
                                  engine_error *err)
{
    bson_t *fields = BCON_NEW(
        "_id", BCON_INT32(1), "benchmark", BCON_INT32(1), "rule_id",
        BCON_INT32(1), "version", BCON_INT32(1), "title", BCON_INT32(1),
        "severity", BCON_INT32(1), "scanner_type", BCON_INT32(1),
        "scap_rule_id", BCON_INT32(1), "variables", BCON_INT32(1),
        "check_content", BCON_INT32(1));
    engine_status status = rules_each(s->store, STORE_RULES, filter, fields,
                                      select_rule, s, err);

    bson_destroy(fields);
    return status;
}

static engine_status select_reference_rule(const bson_t *rule, void *user,
                                           engine_error *err)
{
    struct selecting *s = user;

    if (!document_string(rule, "check_content.artifact"))
        return ENGINE_OK; /* another bare reference */
    return chooser_reference(s->chooser, rule, err);
}

/* the rules behind some references, from items[*at] on */
static engine_status select_reference_chunk(struct selecting *s, size_t *at,
                                            engine_error *err)
{
    bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1), "variables",
                              BCON_INT32(1), "check_content", BCON_INT32(1));
    engine_status status = ENGINE_OK;
    bson_t filter, field, list;
    unsigned count = 0;

    bson_init(&filter);
    BSON_APPEND_BOOL(&filter, "is_latest", true);
    BSON_APPEND_UTF8(&filter, "scanner_type", "oscap");
    bson_append_document_begin(&filter, "rule_id", -1, &field);
    bson_append_array_begin(&field, "$in", -1, &list);
    for (; *at < s->out->count && count < SELECT_NAMED_MAX; (*at)++) {
        char number[16];
        if (!s->out->items[*at].scap_rule_id)
            continue;
        snprintf(number, sizeof(number), "%u", count++);
        BSON_APPEND_UTF8(&list, number, s->out->items[*at].scap_rule_id);
    }
    bson_append_array_end(&field, &list);
    bson_append_document_end(&filter, &field);
    if (count > 0)
        status = rules_each(s->store, STORE_RULES, &filter, fields,
                            select_reference_rule, s, err);
    bson_destroy(&filter);
    bson_destroy(fields);
    return status;
}

/* Overrides are meant for the rules behind references too. */
static engine_status select_references(struct selecting *s, engine_error *err)
{
    engine_status status = ENGINE_OK;
    size_t at = 0;

    while (status == ENGINE_OK && chooser_has_overrides(s->chooser) &&
           at < s->out->count)
        status = select_reference_chunk(s, &at, err);
    return status;
}

/* ---- all together -------------------------------------------------------- */

/* Named rules are few: the store looks for just these. */
static void select_narrow(const struct selecting *s, bson_t *filter)
{
    bson_t both, named, field, list;
    const char *id;
    size_t at = 0;
    unsigned count = 0;

    if (s->wanted.count == 0 || s->wanted.count > SELECT_NAMED_MAX)
        return;
    bson_init(&named);
    bson_append_document_begin(&named, "rule_id", -1, &field);
    bson_append_array_begin(&field, "$in", -1, &list);
    while ((id = table_next(&s->wanted, &at, NULL)) != NULL) {
        char number[16];
        snprintf(number, sizeof(number), "%u", count++);
        BSON_APPEND_UTF8(&list, number, id);
    }
    bson_append_array_end(&field, &list);
    bson_append_document_end(&named, &field);
    matcher_and(&named, filter, &both);
    bson_destroy(&named);
    bson_destroy(filter);
    bson_steal(filter, &both);
}

static engine_status select_filtered(struct selecting *s, engine_error *err)
{
    const struct rules_pick pick = {.store = s->store,
                                    .benchmark = s->out->benchmark,
                                    .wanted = &s->wanted,
                                    .only_wanted = s->has_profile};
    engine_status status;
    bool named = false;
    bson_t filter;

    status = rules_filter(s->config, s->out->benchmark, &filter, err);
    if (status < 0)
        return status;
    status = rules_pick_names(&pick, s->config, &filter, &named, err);
    s->restricted = s->restricted || named;
    if (status == ENGINE_OK) {
        select_narrow(s, &filter);
        status = select_rules(s, &filter, err);
    }
    bson_destroy(&filter);
    return status;
}

static engine_status select_run(struct selecting *s, engine_error *err)
{
    struct rules_selection *out = s->out;
    engine_status status = chooser_overrides(s->chooser, s->config, err);

    if (status == ENGINE_OK)
        status = select_benchmark(s, err);
    if (status == ENGINE_OK)
        status = select_profile(s, err);
    if (status == ENGINE_OK)
        status = select_filtered(s, err);
    if (status == ENGINE_OK)
        status = rules_order(out, err);
    if (status == ENGINE_OK)
        status = select_references(s, err);
    if (status < 0)
        return status;
    if (out->count == 0 &&
        !document_bool(s->config, "options.allow_empty", false))
        return rules_nothing_selected(s->store, s->config, err);
    return chooser_finish(s->chooser, s->has_profile ? &s->profile : NULL,
                          out->count > 0, &out->variables, &out->overrides,
                          err);
}

engine_status rules_select(struct store *store, const bson_t *scan_config,
                           struct rules_selection *out, engine_error *err)
{
    struct selecting s = {.store = store, .config = scan_config, .out = out};
    engine_status status;

    rules_selection_init(out);
    table_init(&s.wanted);
    bson_init(&s.profile);
    s.chooser = chooser_new();
    status = s.chooser ? select_run(&s, err) : engine_fail_memory(err);
    chooser_free(s.chooser);
    bson_destroy(&s.profile);
    table_clear(&s.wanted);
    if (status < 0)
        rules_selection_clear(out);
    return status;
}
