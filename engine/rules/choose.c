/* SPDX-License-Identifier: Apache-2.0 */
/* choose.c - the values that the variables of a selection have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

#define CHOOSER_MAX ((size_t)64 * 1024 * 1024)

struct chooser_override {
    const char *id, *value;
    bool used;
    uint8_t *checked; /* the declaration that it was last checked against */
    uint32_t checked_len;
};

struct chooser_variable {
    const char *value; /* the rules' default, or NULL */
    bool disputed;     /* rules give it different defaults */
};

struct chooser {
    struct arena arena;
    struct table overrides, variables;
};

struct chooser *chooser_new(void)
{
    struct chooser *chooser = engine_calloc(1, sizeof(*chooser));

    if (!chooser)
        return NULL;
    arena_init(&chooser->arena, CHOOSER_MAX);
    table_init(&chooser->overrides);
    table_init(&chooser->variables);
    return chooser;
}

void chooser_free(struct chooser *chooser)
{
    if (!chooser)
        return;
    table_clear(&chooser->overrides);
    table_clear(&chooser->variables);
    arena_clear(&chooser->arena);
    engine_free(chooser);
}

/* ---- overrides ----------------------------------------------------------- */

/* a value of a configuration may be a number or a bool as well */
static const char *chooser_text(struct chooser *chooser,
                                const bson_iter_t *value)
{
    struct normaliser n = {.in = NULL};
    const char *text;

    arena_init(&n.arena, CHOOSER_MAX);
    text = normaliser_value_text(&n, value, "");
    if (text)
        text = arena_strdup(&chooser->arena, text);
    arena_clear(&n.arena);
    return text;
}

static engine_status chooser_override(struct chooser *chooser,
                                      const bson_iter_t *value,
                                      engine_error *err)
{
    const char *id = bson_iter_key(value);
    const char *name = rules_variable_short(id);
    struct chooser_override *override = table_get(&chooser->overrides, name);
    const char *text = chooser_text(chooser, value);

    if (!text && (BSON_ITER_HOLDS_UTF8(value) ||
                  BSON_ITER_HOLDS_NUMBER(value) ||
                  BSON_ITER_HOLDS_BOOL(value)))
        return engine_fail_memory(err);
    if (!text)
        return engine_fail(err, ENGINE_EINVAL,
                           "override of \"%s\": expected a text, a number or "
                           "true or false", id);
    if (override && strcmp(override->value, text) != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"%s\" is overridden twice: \"%s\" and \"%s\"",
                           name, override->value, text);
    if (override)
        return ENGINE_OK;
    override = arena_alloc(&chooser->arena, sizeof(*override));
    if (!override ||
        table_set(&chooser->overrides, name, override) < 0)
        return engine_fail_memory(err);
    override->value = text;
    override->id = arena_strdup(&chooser->arena, name);
    return override->id ? ENGINE_OK : engine_fail_memory(err);
}

engine_status chooser_overrides(struct chooser *chooser,
                                const bson_t *scan_config, engine_error *err)
{
    bson_iter_t value, given;

    if (!bson_iter_init_find(&given, scan_config, "variable_overrides") ||
        BSON_ITER_HOLDS_NULL(&given))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&given))
        return engine_fail(err, ENGINE_EINVAL,
                           "variable_overrides must be {variable: value}");
    bson_iter_recurse(&given, &value);
    while (bson_iter_next(&value)) {
        engine_status status = chooser_override(chooser, &value, err);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

/* ---- declarations -------------------------------------------------------- */

/* thousands of rules share few declarations: the last one is remembered */
static engine_status chooser_check(struct chooser *chooser,
                                   struct chooser_override *override,
                                   const bson_t *rule,
                                   const bson_t *variable, engine_error *err)
{
    const uint8_t *data = bson_get_data(variable);
    engine_status status;

    override->used = true;
    if (override->checked && override->checked_len == variable->len &&
        memcmp(override->checked, data, variable->len) == 0)
        return ENGINE_OK;
    status = rules_variable_check(override->id, variable, override->value,
                                  err);
    if (status < 0) {
        engine_error_prefix(err, "rule \"%s\"",
                            document_string(rule, "rule_id"));
        return status;
    }
    if (!override->checked || override->checked_len < variable->len)
        override->checked = arena_alloc(&chooser->arena, variable->len);
    override->checked_len = variable->len;
    if (override->checked)
        memcpy(override->checked, data, variable->len);
    return ENGINE_OK;
}

static engine_status chooser_declare(struct chooser *chooser, const char *id,
                                     const char *value, engine_error *err)
{
    struct chooser_variable *known = table_get(&chooser->variables, id);

    if (known) {
        if (value && known->value && strcmp(value, known->value) != 0)
            known->disputed = true;
        if (!known->value && value)
            known->value = arena_strdup(&chooser->arena, value);
        return ENGINE_OK;
    }
    known = arena_alloc(&chooser->arena, sizeof(*known));
    if (!known || table_set(&chooser->variables, id, known) < 0)
        return engine_fail_memory(err);
    if (!value)
        return ENGINE_OK;
    known->value = arena_strdup(&chooser->arena, value);
    return known->value ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status chooser_see(struct chooser *chooser, const bson_t *rule,
                                 bool defaults, engine_error *err)
{
    bson_t variables, variable;
    bson_iter_t value;

    if (!document_child(rule, "variables", &variables) ||
        !bson_iter_init(&value, &variables))
        return ENGINE_OK;
    while (bson_iter_next(&value)) {
        const char *id = rules_variable_short(bson_iter_key(&value));
        struct chooser_override *override =
            table_get(&chooser->overrides, id);
        engine_status status = ENGINE_OK;
        if (!document_iter_child(&value, &variable))
            continue;
        status = chooser_declare(
            chooser, id,
            defaults ? document_string(&variable, "default") : NULL, err);
        if (status == ENGINE_OK && override)
            status = chooser_check(chooser, override, rule, &variable, err);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

engine_status chooser_rule(struct chooser *chooser, const bson_t *rule,
                           engine_error *err)
{
    return chooser_see(chooser, rule, true, err);
}

/* Which of the rules that a reference may mean is meant depends on the
 * target; their defaults are theirs. */
engine_status chooser_reference(struct chooser *chooser, const bson_t *rule,
                                engine_error *err)
{
    return chooser_see(chooser, rule, false, err);
}

bool chooser_has_overrides(const struct chooser *chooser)
{
    return chooser->overrides.count > 0;
}

/* ---- the outcome --------------------------------------------------------- */

static int chooser_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* the keys of a table in order; the caller frees the array */
static const char **chooser_sorted(const struct table *table)
{
    const char **keys = engine_calloc(table->count + 1, sizeof(*keys));
    const char *key;
    size_t at = 0, count = 0;

    if (!keys)
        return NULL;
    while ((key = table_next(table, &at, NULL)) != NULL)
        keys[count++] = key;
    qsort(keys, count, sizeof(*keys), chooser_compare);
    return keys;
}

static engine_status chooser_unknown(const struct chooser *chooser,
                                     const char *id, const char **names,
                                     engine_error *err)
{
    char meant[ENGINE_HINT_MAX / 2], all[ENGINE_HINT_MAX / 2];
    struct name_list near, list;

    name_list_init(&near, meant, sizeof(meant));
    name_list_init(&list, all, sizeof(all));
    for (size_t i = 0; i < chooser->variables.count; i++) {
        if (rules_name_near(id, names[i]))
            name_list_add(&near, names[i]);
        name_list_add(&list, names[i]);
    }
    engine_fail(err, ENGINE_EINVAL,
                "no selected rule has a variable \"%s\"", id);
    if (near.len > 0)
        engine_hint(err, "did you mean: %s", meant);
    else
        engine_hint(err, "the variables of the selected rules: %s",
                    list.len > 0 ? all : "none");
    return ENGINE_EINVAL;
}

static const char *chooser_profile_value(const bson_t *profile,
                                         const char *id)
{
    bson_t variables;
    bson_iter_t value;

    if (!profile || !document_child(profile, "variables", &variables) ||
        !bson_iter_init(&value, &variables))
        return NULL;
    while (bson_iter_next(&value))
        if (strcmp(rules_variable_short(bson_iter_key(&value)), id) == 0 &&
            BSON_ITER_HOLDS_UTF8(&value))
            return bson_iter_utf8(&value, NULL);
    return NULL;
}

/* A default that rules do not agree on stays out: each rule has its own. */
static void chooser_append(const struct chooser *chooser, const char *id,
                           const bson_t *profile, bson_t *variables)
{
    const struct chooser_override *override =
        table_get(&chooser->overrides, id);
    const struct chooser_variable *variable =
        table_get(&chooser->variables, id);
    const char *value = override ? override->value
                                 : chooser_profile_value(profile, id);

    if (!value && variable && !variable->disputed)
        value = variable->value;
    if (value)
        BSON_APPEND_UTF8(variables, id, value);
}

/* what a profile sets and no rule names may still matter to the content */
static void chooser_append_profile(const bson_t *profile, bson_t *variables)
{
    bson_t values;
    bson_iter_t value;

    if (!profile || !document_child(profile, "variables", &values) ||
        !bson_iter_init(&value, &values))
        return;
    while (bson_iter_next(&value)) {
        const char *id = rules_variable_short(bson_iter_key(&value));
        if (BSON_ITER_HOLDS_UTF8(&value) && !bson_has_field(variables, id))
            document_copy_value(variables, id, &value);
    }
}

engine_status chooser_finish(struct chooser *chooser, const bson_t *profile,
                             bool any, bson_t *variables, bson_t *overrides,
                             engine_error *err)
{
    const char **names = chooser_sorted(&chooser->variables);
    const char **given = chooser_sorted(&chooser->overrides);
    engine_status status = ENGINE_OK;

    if (!names || !given)
        status = engine_fail_memory(err);
    for (size_t i = 0; status == ENGINE_OK && given[i]; i++) {
        const struct chooser_override *override =
            table_get(&chooser->overrides, given[i]);
        if (any && !override->used)
            status = chooser_unknown(chooser, given[i], names, err);
        BSON_APPEND_UTF8(overrides, given[i], override->value);
    }
    for (size_t i = 0; status == ENGINE_OK && names[i]; i++)
        chooser_append(chooser, names[i], profile, variables);
    if (status == ENGINE_OK)
        chooser_append_profile(profile, variables);
    engine_free(names);
    engine_free(given);
    return status;
}
