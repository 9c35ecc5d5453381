/* SPDX-License-Identifier: Apache-2.0 */
/* declare.c - the variables that a rule declares, in their canonical form. */
#include <string.h>

#include "engine/rules/rules_private.h"

/* Where each canonical field may stand: ours first, then OpenWatch's, then
 * the bounds of its API-side variant. */
static const struct {
    const char *name, *paths[4];
} declare_constraints[] = {
    {"minimum", {"minimum", "constraints.min_value", "lower_bound"}},
    {"maximum", {"maximum", "constraints.max_value", "upper_bound"}},
    {"min_length", {"min_length", "constraints.min_length"}},
    {"max_length", {"max_length", "constraints.max_length"}},
};

static const char *declare_text(struct normaliser *n, const bson_t *variable,
                                const char *parent, const char *path)
{
    bson_iter_t value;

    if (!document_find(variable, path, &value))
        return NULL;
    return normaliser_value_text(n, &value,
                                 normaliser_path(n, parent, path));
}

static void declare_constraint(const bson_t *variable, size_t which,
                               bson_t *to)
{
    bson_iter_t value;

    for (size_t i = 0; declare_constraints[which].paths[i]; i++) {
        if (!document_find(variable, declare_constraints[which].paths[i],
                           &value) ||
            BSON_ITER_HOLDS_NULL(&value))
            continue;
        document_copy_value(to, declare_constraints[which].name, &value);
        return;
    }
}

static engine_status declare_choices(struct normaliser *n,
                                     const bson_t *variable,
                                     const char *parent, bson_t *to,
                                     engine_error *err)
{
    bool ours = bson_has_field(variable, "choices");
    const char *key = ours ? "choices" : "constraints.choices";
    const char *path = normaliser_path(n, parent, key);
    bson_iter_t value, item;
    unsigned count = 0;
    bson_t list;

    if (!document_find(variable, key, &value) || BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_ARRAY(&value))
        return rules_fail_at(err, n->origin, path, "%s must be a list", path);
    bson_append_array_begin(to, "choices", -1, &list);
    bson_iter_recurse(&value, &item);
    while (bson_iter_next(&item)) {
        const char *text = normaliser_value_text(
            n, &item, normaliser_path(n, path, bson_iter_key(&item)));
        char number[16];
        snprintf(number, sizeof(number), "%u", count);
        if (!text)
            continue;
        BSON_APPEND_UTF8(&list, number, text);
        count++;
    }
    bson_append_array_end(to, &list);
    return ENGINE_OK;
}

static void declare_text_field(struct normaliser *n, const bson_t *variable,
                               const char *parent, const char *name,
                               const char *other, bson_t *to)
{
    const char *text = declare_text(n, variable, parent, name);

    if (!text && other)
        text = declare_text(n, variable, parent, other);
    if (text)
        BSON_APPEND_UTF8(to, name, text);
}

/* what is of no concern here but belongs to the declaration */
static void declare_rest(const bson_t *variable, bson_t *to)
{
    static const char *const names[] = {"options", "operator", "interactive",
                                        "sensitive", "selector"};
    bson_iter_t value;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bson_iter_init_find(&value, variable, names[i]) &&
            !BSON_ITER_HOLDS_NULL(&value))
            document_copy_value(to, names[i], &value);
}

static const char *declare_type(struct normaliser *n, const bson_t *variable,
                                const char *parent)
{
    const char *type = declare_text(n, variable, parent, "type");
    bson_iter_t value;

    if (type)
        return type;
    if (!bson_iter_init_find(&value, variable, "default") &&
        !bson_iter_init_find(&value, variable, "default_value"))
        return "string";
    if (BSON_ITER_HOLDS_BOOL(&value))
        return "boolean";
    return BSON_ITER_HOLDS_NUMBER(&value) ? "number" : "string";
}

static engine_status declare_one(struct normaliser *n, const char *id,
                                 const bson_t *variable, const char *path,
                                 bson_t *to, engine_error *err)
{
    const size_t constraints =
        sizeof(declare_constraints) / sizeof(declare_constraints[0]);
    const char *longer = declare_text(n, variable, path, "xccdf_id");

    BSON_APPEND_UTF8(to, "type", declare_type(n, variable, path));
    declare_text_field(n, variable, path, "default", "default_value", to);
    declare_text_field(n, variable, path, "title", NULL, to);
    declare_text_field(n, variable, path, "description", NULL, to);
    if (!longer && strcmp(rules_variable_short(id), id) != 0)
        longer = id;
    if (longer)
        BSON_APPEND_UTF8(to, "xccdf_id", longer);
    for (size_t i = 0; i < constraints; i++)
        declare_constraint(variable, i, to);
    declare_text_field(n, variable, path, "pattern", "constraints.pattern",
                       to);
    if (!bson_has_field(to, "pattern")) {
        const char *match = declare_text(n, variable, path, "match");
        if (match)
            BSON_APPEND_UTF8(to, "pattern", match);
    }
    declare_rest(variable, to);
    return declare_choices(n, variable, path, to, err);
}

/* {var: 600} is short for {var: {default: 600}} */
static engine_status declare_value(struct normaliser *n, bson_iter_t *value,
                                   const char *parent, bson_t *to,
                                   engine_error *err)
{
    const char *id = bson_iter_key(value);
    const char *path = normaliser_path(n, parent, id);
    engine_status status;
    bson_t variable, declared;

    if (bson_has_field(to, rules_variable_short(id)))
        return rules_fail_at(err, n->origin, path,
                             "variable \"%s\" is declared twice",
                             rules_variable_short(id));
    if (!BSON_ITER_HOLDS_DOCUMENT(value)) {
        const char *text = normaliser_value_text(n, value, path);
        if (!text)
            return rules_fail_at(err, n->origin, path,
                                 "variable \"%s\" must be a mapping", id);
        bson_init(&variable);
        document_copy_value(&variable, "default", value);
        bson_init(&declared);
        BSON_APPEND_UTF8(&declared, "type",
                         declare_type(n, &variable, path));
        BSON_APPEND_UTF8(&declared, "default", text);
        bson_destroy(&variable);
        status = ENGINE_OK;
    } else {
        document_iter_child(value, &variable);
        bson_init(&declared);
        status = declare_one(n, id, &variable, path, &declared, err);
    }
    if (status == ENGINE_OK)
        BSON_APPEND_DOCUMENT(to, rules_variable_short(id), &declared);
    bson_destroy(&declared);
    return status;
}

engine_status normalise_variables(struct normaliser *n, engine_error *err)
{
    const char *path =
        bson_has_field(n->in, "variables") ? "variables" : "xccdf_variables";
    engine_status status = ENGINE_OK;
    bson_iter_t value, item;
    size_t count = 0;
    bson_t variables;

    if (!document_find(n->in, path, &value) || BSON_ITER_HOLDS_NULL(&value))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&value))
        return rules_fail_at(err, n->origin, path, "%s must be a mapping",
                             path);
    bson_init(&variables);
    bson_iter_recurse(&value, &item);
    while (status == ENGINE_OK && bson_iter_next(&item)) {
        if (++count > RULES_VARIABLES_MAX)
            status = rules_fail_at(err, n->origin, path,
                                   "more than %d variables",
                                   RULES_VARIABLES_MAX);
        else
            status = declare_value(n, &item, path, &variables, err);
    }
    if (status == ENGINE_OK && !bson_empty(&variables))
        BSON_APPEND_DOCUMENT(n->out, "variables", &variables);
    bson_destroy(&variables);
    return status;
}
