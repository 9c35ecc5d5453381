/* SPDX-License-Identifier: Apache-2.0 */
/* select.c - which rules a scan configuration means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/document/match.h"

#define SELECT_NAMED_MAX 200 /* rules that a query names one by one */
#define SELECTION_MAX ((size_t)1024 * 1024 * 1024)

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

void rules_selection_clear(struct rules_selection *selection)
{
    arena_clear(&selection->arena);
    engine_free(selection->items);
    engine_free(selection->benchmark);
    engine_free(selection->profile);
    bson_destroy(&selection->variables);
    bson_destroy(&selection->overrides);
    rules_selection_init(selection);
}

void rules_selection_init(struct rules_selection *selection)
{
    *selection = (struct rules_selection){.count = 0};
    arena_init(&selection->arena, SELECTION_MAX);
    bson_init(&selection->variables);
    bson_init(&selection->overrides);
}

/* ---- the query ----------------------------------------------------------- */

static void select_framework(const bson_t *config, struct arena *arena,
                             bson_t *filter)
{
    const char *framework = document_string(config, "framework");
    const char *version = document_string(config, "framework_version");
    bson_t field, match;

    if (!framework || !*framework)
        return;
    framework = framework_name(arena, framework);
    bson_append_document_begin(filter, "framework_refs", -1, &field);
    bson_append_document_begin(&field, "$elemMatch", -1, &match);
    BSON_APPEND_UTF8(&match, "framework", framework ? framework : "");
    if (version && *version)
        BSON_APPEND_UTF8(&match, "version", version);
    bson_append_document_end(&field, &match);
    bson_append_document_end(filter, &field);
}

/* The user's part is checked by itself first, so that it is what the message
 * is about; then it can only narrow. */
static engine_status select_user_filter(const bson_t *config, bson_t *out,
                                        engine_error *err)
{
    struct matcher *matcher = NULL;
    engine_status status;
    bson_iter_t value;

    bson_init(out);
    if (!bson_iter_init_find(&value, config, "rule_filter") ||
        BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value) ||
        !document_iter_child(&value, out))
        return engine_fail(err, ENGINE_EINVAL,
                           "rule_filter must be a document");
    status = matcher_new(out, &matcher, err);
    if (status < 0)
        engine_error_prefix(err, "rule_filter");
    matcher_free(matcher);
    return status;
}

static engine_status select_filter(const struct selecting *s, bson_t *out,
                                   engine_error *err)
{
    engine_status status;
    struct arena arena;
    bson_t user, engine;

    status = select_user_filter(s->config, &user, err);
    if (status < 0)
        return status;
    arena_init(&arena, 65536);
    bson_init(&engine);
    BSON_APPEND_BOOL(&engine, "is_latest", true);
    if (s->out->benchmark)
        BSON_APPEND_UTF8(&engine, "benchmark", s->out->benchmark);
    select_framework(s->config, &arena, &engine);
    matcher_and(&engine, &user, out);
    bson_destroy(&engine);
    arena_clear(&arena);
    return ENGINE_OK;
}

typedef engine_status (*select_fn)(struct selecting *s, const bson_t *rule,
                                   void *user, engine_error *err);

static engine_status select_each(struct selecting *s, const bson_t *filter,
                                 const bson_t *fields, select_fn fn,
                                 void *user, engine_error *err)
{
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *rule = NULL;
    engine_status status =
        store_find(s->store, STORE_RULES, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &rule, err)) > 0)
        status = fn(s, rule, user, err);
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    return status;
}

/* ---- names and profile --------------------------------------------------- */

struct select_names {
    struct name_search *searches;
    size_t count;
    struct table by_name; /* name -> its search */
};

/* Every part of an id that may be a name is looked up: itself, and what
 * follows each "_". */
static engine_status select_name_rule(struct selecting *s, const bson_t *rule,
                                      void *user, engine_error *err)
{
    const struct select_names *names = user;
    const char *id = document_string(rule, "rule_id");
    engine_status status = ENGINE_OK;

    if (!id || (s->has_profile && !table_has(&s->wanted, id)))
        return ENGINE_OK;
    for (const char *at = id; at && status == ENGINE_OK;
         at = strchr(at, '_'), at = at ? at + 1 : NULL) {
        struct name_search *search = table_get(&names->by_name, at);
        if (search)
            status = name_search_add(search, id, err);
    }
    return status;
}

static engine_status select_names_read(const bson_t *config,
                                       struct select_names *names,
                                       engine_error *err)
{
    bson_iter_t value, name;
    size_t room = 0;
    bson_t list;

    if (!bson_iter_init_find(&value, config, "rules") ||
        !document_iter_child(&value, &list))
        return ENGINE_OK;
    room = bson_count_keys(&list);
    names->searches = engine_calloc(room + 1, sizeof(*names->searches));
    if (!names->searches)
        return engine_fail_memory(err);
    bson_iter_recurse(&value, &name);
    while (bson_iter_next(&name)) {
        const char *text = BSON_ITER_HOLDS_UTF8(&name)
                               ? bson_iter_utf8(&name, NULL)
                               : NULL;
        if (!text || !*text)
            return engine_fail(err, ENGINE_EINVAL,
                               "rules must be a list of rule ids");
        if (table_has(&names->by_name, text))
            continue;
        name_search_init(&names->searches[names->count], text);
        if (table_set(&names->by_name, text,
                      &names->searches[names->count]) < 0)
            return engine_fail_memory(err);
        names->count++;
    }
    return ENGINE_OK;
}

/* A name that found nothing may be one that the rest of the selection
 * excludes; that is another mistake. */
static engine_status select_name_missing(struct selecting *s,
                                         const char *name, engine_error *err)
{
    engine_error why = {0};
    bson_t rule;
    engine_status status =
        rules_find_rule(s->store, s->out->benchmark, name, &rule, &why);

    if (status == ENGINE_OK) {
        engine_fail(err, ENGINE_EINVAL,
                    "rule \"%s\" is not in what the benchmark, profile, "
                    "framework and rule_filter select", name);
        bson_destroy(&rule);
        return ENGINE_EINVAL;
    }
    if (err)
        *err = why;
    if (status == ENGINE_ENOTFOUND)
        status = ENGINE_EINVAL;
    if (err)
        err->status = status;
    return status;
}

static engine_status select_names_take(struct selecting *s,
                                       struct select_names *names,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;

    table_clear(&s->wanted);
    for (size_t i = 0; status == ENGINE_OK && i < names->count; i++) {
        char *id = NULL;
        if (names->searches[i].count == 0)
            return select_name_missing(s, names->searches[i].name, err);
        status = name_search_take(&names->searches[i], "rule", &id, err);
        if (status == ENGINE_OK && table_set(&s->wanted, id, s) < 0)
            status = engine_fail_memory(err);
        engine_free(id);
    }
    s->restricted = true;
    return status;
}

static engine_status select_names(struct selecting *s, const bson_t *filter,
                                  engine_error *err)
{
    bson_t *fields = BCON_NEW("rule_id", BCON_INT32(1));
    struct select_names names = {.count = 0};
    engine_status status;

    table_init(&names.by_name);
    status = select_names_read(s->config, &names, err);
    if (status == ENGINE_OK && names.count > 0) {
        status = select_each(s, filter, fields, select_name_rule, &names,
                             err);
        if (status == ENGINE_OK)
            status = select_names_take(s, &names, err);
    }
    for (size_t i = 0; i < names.count; i++)
        name_search_clear(&names.searches[i]);
    engine_free(names.searches);
    table_clear(&names.by_name);
    bson_destroy(fields);
    return status;
}

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

static const char *select_field(const bson_t *rule, const char *name)
{
    const char *text = document_string(rule, name);

    return text ? text : "";
}

/* what a rule of another scanner refers to is that scanner's business */
static const char *select_reference(const bson_t *rule)
{
    const char *type = select_field(rule, "scanner_type");

    return strcmp(type, "oscap") == 0 ? document_string(rule, "scap_rule_id")
                                      : NULL;
}

static engine_status select_item(struct selecting *s, const bson_t *rule,
                                 engine_error *err)
{
    static const struct rules_selected nothing = {.version = 0};
    struct rules_selection *out = s->out;
    const struct rules_selected *before =
        out->count > 0 ? &out->items[out->count - 1] : &nothing;
    const char *reference = select_reference(rule);
    struct rules_selected item = {
        .id = select_text(s, select_field(rule, "_id"), NULL),
        .benchmark = select_text(s, select_field(rule, "benchmark"),
                                 before->benchmark),
        .rule_id = select_text(s, select_field(rule, "rule_id"), NULL),
        .title = select_text(s, select_field(rule, "title"), NULL),
        .severity = select_text(s, select_field(rule, "severity"),
                                before->severity),
        .scanner_type = select_text(s, select_field(rule, "scanner_type"),
                                    before->scanner_type),
        .version = (int32_t)document_int(rule, "version", 0),
    };

    if (reference)
        item.scap_rule_id = arena_strdup(&out->arena, reference);
    if (!item.id || !item.benchmark || !item.rule_id || !item.title ||
        !item.severity || !item.scanner_type ||
        (reference && !item.scap_rule_id))
        return engine_fail_memory(err);
    if (out->count == s->room && select_grow(s, err) < 0)
        return ENGINE_ENOMEM;
    out->items[out->count++] = item;
    return ENGINE_OK;
}

static engine_status select_rule(struct selecting *s, const bson_t *rule,
                                 void *user, engine_error *err)
{
    const char *rule_id = select_field(rule, "rule_id");
    engine_status status;

    (void)user;
    if (s->restricted && !table_has(&s->wanted, rule_id))
        return ENGINE_OK;
    status = select_item(s, rule, err);
    return status < 0 ? status : chooser_rule(s->chooser, rule, err);
}

static engine_status select_rules(struct selecting *s, const bson_t *filter,
                                  engine_error *err)
{
    bson_t *fields = BCON_NEW(
        "_id", BCON_INT32(1), "benchmark", BCON_INT32(1), "rule_id",
        BCON_INT32(1), "version", BCON_INT32(1), "title", BCON_INT32(1),
        "severity", BCON_INT32(1), "scanner_type", BCON_INT32(1),
        "scap_rule_id", BCON_INT32(1), "variables", BCON_INT32(1));
    engine_status status =
        select_each(s, filter, fields, select_rule, NULL, err);

    bson_destroy(fields);
    return status;
}

/* ---- order, and rules of two benchmarks ---------------------------------- */

static int select_by_id(const void *a, const void *b)
{
    const struct rules_selected *left = a, *right = b;
    const int order = strcmp(left->rule_id, right->rule_id);

    return order ? order : strcmp(left->benchmark, right->benchmark);
}

static int select_by_type(const void *a, const void *b)
{
    const struct rules_selected *left = a, *right = b;
    const int order = strcmp(left->scanner_type, right->scanner_type);

    return order ? order : select_by_id(a, b);
}

static engine_status select_refuse_twins(const struct rules_selection *out,
                                         size_t first, engine_error *err)
{
    const char *rule_id = out->items[first].rule_id;
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;

    name_list_init(&list, text, sizeof(text));
    for (size_t i = first;
         i < out->count && strcmp(out->items[i].rule_id, rule_id) == 0; i++)
        name_list_add(&list, out->items[i].benchmark);
    engine_fail(err, ENGINE_EINVAL,
                "the selection is ambiguous: rule \"%s\" is in the "
                "benchmarks %s", rule_id, text);
    engine_hint(err, "name one with --benchmark");
    return ENGINE_EINVAL;
}

static engine_status select_order(struct rules_selection *out,
                                  engine_error *err)
{
    if (out->count == 0)
        return ENGINE_OK;
    qsort(out->items, out->count, sizeof(*out->items), select_by_id);
    for (size_t i = 1; i < out->count; i++)
        if (strcmp(out->items[i - 1].rule_id, out->items[i].rule_id) == 0)
            return select_refuse_twins(out, i - 1, err);
    qsort(out->items, out->count, sizeof(*out->items), select_by_type);
    return ENGINE_OK;
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
    engine_status status;
    bson_t filter;

    status = select_filter(s, &filter, err);
    if (status < 0)
        return status;
    status = select_names(s, &filter, err);
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
        status = select_order(out, err);
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
