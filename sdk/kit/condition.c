/* SPDX-License-Identifier: Apache-2.0 */
/* condition.c - making a condition, and judging all values of a path. */
#include <string.h>

#include "sdk/kit/condition.h"
#include "sdk/kit/condition_private.h"

struct condition_word {
    const char *name;
    enum condition_operator operator;
};

/* The contract's names in the order of the operators, then aliases. */
static const struct condition_word condition_words[] = {
    {"equals", CONDITION_EQUALS},
    {"not_equals", CONDITION_NOT_EQUALS},
    {"contains", CONDITION_CONTAINS},
    {"not_contains", CONDITION_NOT_CONTAINS},
    {"exists", CONDITION_EXISTS},
    {"not_exists", CONDITION_NOT_EXISTS},
    {"any_exist", CONDITION_ANY_EXIST},
    {"none_exist", CONDITION_NONE_EXIST},
    {"greater_than", CONDITION_GREATER_THAN},
    {"less_than", CONDITION_LESS_THAN},
    {"greater_or_equal", CONDITION_GREATER_OR_EQUAL},
    {"less_or_equal", CONDITION_LESS_OR_EQUAL},
    {"in", CONDITION_IN},
    {"not_in", CONDITION_NOT_IN},
    {"matches", CONDITION_MATCHES},
    {"pattern", CONDITION_MATCHES},
};

static const char *const condition_types[] = {"", "string", "number",
                                              "quantity", "boolean"};
static const char *const condition_checks[] = {
    "", "all", "at least one", "only one", "none satisfy"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- making --------------------------------------------------------------- */

static engine_status condition_set_operator(struct condition *condition,
                                            const char *name,
                                            engine_error *err)
{
    engine_status status;

    for (size_t i = 0; i < COUNT(condition_words); i++)
        if (!strcmp(condition_words[i].name, name)) {
            condition->operator = condition_words[i].operator;
            return ENGINE_OK;
        }
    status = engine_fail(err, ENGINE_EINVAL, "\"%.60s\" is no condition",
                         name);
    engine_hint(err, "conditions are equals, not_equals, contains, "
                     "not_contains, exists, not_exists, any_exist, "
                     "none_exist, greater_than, less_than, greater_or_equal, "
                     "less_or_equal, in, not_in and matches");
    return status;
}

/* The number of a word in a list whose first is no word. */
static engine_status condition_find(const char *const *words, size_t count,
                                    const char *what, const char *name,
                                    unsigned *out, engine_error *err)
{
    *out = 0;
    if (!name)
        return ENGINE_OK;
    for (unsigned i = 1; i < count; i++)
        if (!strcmp(words[i], name)) {
            *out = i;
            return ENGINE_OK;
        }
    return engine_fail(err, ENGINE_EINVAL, "\"%.60s\" is no %s", name, what);
}

static engine_status condition_pattern(struct condition *condition,
                                       engine_error *err)
{
    const struct value *expected = &condition->expected;

    if (expected->kind != VALUE_STRING)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s needs a pattern, not a %s",
                           condition_name(condition),
                           value_kind_name(expected));
    if (strlen(expected->text) != expected->count)
        return engine_fail(err, ENGINE_EINVAL, "a pattern has a NUL in it");
    return pattern_new(expected->text, NULL, &condition->pattern, err);
}

/* What can be compared at all. */
static engine_status condition_check_one(const struct condition *condition,
                                         const struct value *expected,
                                         bool ordered, engine_error *err)
{
    if (ordered ? condition_is_ordered(condition, expected)
                : condition_is_comparable(condition, expected))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "%s cannot compare with a %s%s%s",
                       condition_name(condition), value_kind_name(expected),
                       condition->type ? " as a " : "",
                       condition_types[condition->type]);
}

static engine_status condition_set_expected(struct condition *condition,
                                            engine_error *err)
{
    const struct value *expected = &condition->expected;
    engine_status status = ENGINE_OK;

    switch (condition->operator) {
    case CONDITION_MATCHES:
        return condition_pattern(condition, err);
    case CONDITION_GREATER_THAN:
    case CONDITION_LESS_THAN:
    case CONDITION_GREATER_OR_EQUAL:
    case CONDITION_LESS_OR_EQUAL:
        status = condition_check_one(condition, expected, true, err);
        if (status < 0 && !condition->type)
            engine_hint(err, "it compares numbers and quantities; "
                             "value_type: string compares texts");
        return status;
    case CONDITION_IN:
    case CONDITION_NOT_IN:
        if (expected->kind != VALUE_ARRAY)
            return engine_fail(err, ENGINE_EINVAL, "%s needs a list, not a %s",
                               condition_name(condition),
                               value_kind_name(expected));
        for (uint32_t i = 0; i < expected->count && status == ENGINE_OK; i++)
            status = condition_check_one(condition, &expected->items[i],
                                         false, err);
        return status;
    default:
        if (expected->kind == VALUE_ARRAY || expected->kind == VALUE_OBJECT)
            return ENGINE_OK;
        return condition_check_one(condition, expected, false, err);
    }
}

engine_status condition_init(struct condition *condition,
                             const struct condition_source *source,
                             engine_error *err)
{
    unsigned type = 0, check = 0;
    engine_status status;

    memset(condition, 0, sizeof(*condition));
    status = condition_set_operator(condition, source->operator, err);
    if (status == ENGINE_OK)
        status = condition_find(condition_types, COUNT(condition_types),
                                "value_type (string, number, quantity, "
                                "boolean)",
                                source->type, &type, err);
    if (status == ENGINE_OK)
        status = condition_find(condition_checks, COUNT(condition_checks),
                                "entity_check (all, at least one, only one, "
                                "none satisfy)",
                                source->check, &check, err);
    if (status < 0)
        return status;
    condition->type = (enum condition_type)type;
    condition->check = (enum condition_check)check;
    if (!condition_has_expected(condition))
        return ENGINE_OK;
    if (!source->expected)
        return engine_fail(err, ENGINE_EINVAL, "%s needs an expected value",
                           condition_name(condition));
    condition->expected = *source->expected;
    return condition_set_expected(condition, err);
}

void condition_clear(struct condition *condition)
{
    pattern_free(condition->pattern);
    condition->pattern = NULL;
}

/* ---- what it is ----------------------------------------------------------- */

const char *condition_name(const struct condition *condition)
{
    return condition_words[condition->operator].name;
}

bool condition_has_expected(const struct condition *condition)
{
    return condition->operator < CONDITION_EXISTS ||
           condition->operator > CONDITION_NONE_EXIST;
}

bool condition_is_negative(const struct condition *condition)
{
    switch (condition->operator) {
    case CONDITION_NOT_EQUALS:
    case CONDITION_NOT_CONTAINS:
    case CONDITION_NOT_EXISTS:
    case CONDITION_NONE_EXIST:
    case CONDITION_NOT_IN:
        return true;
    default:
        return false;
    }
}

/* ---- judging all values of a path ----------------------------------------- */

static bool condition_is_there(const struct condition *condition,
                               const struct value *value)
{
    const bool contents = condition->operator == CONDITION_ANY_EXIST ||
                          condition->operator == CONDITION_NONE_EXIST;
    const bool container =
        value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT;

    return value->kind != VALUE_NULL &&
           (!contents || !container || value->count);
}

/* exists, not_exists, any_exist, none_exist */
static void condition_judge_existence(const struct condition *condition,
                                      const struct expr_values *values,
                                      struct condition_outcome *out)
{
    const bool negative = condition_is_negative(condition);
    size_t there = 0;

    for (size_t i = 0; i < values->count; i++) {
        if (!condition_is_there(condition, values->values[i]))
            continue;
        if (negative && !there)
            out->first = values->values[i];
        there++;
    }
    out->holds = negative ? !there : there > 0;
    out->against = negative ? there : 0;
}

/* An expected list, and values that are the elements of one. */
static bool condition_is_listed(const struct condition *condition,
                                const struct expr_values *values)
{
    if (condition->check || condition->expected.kind != VALUE_ARRAY ||
        (condition->operator != CONDITION_EQUALS &&
         condition->operator != CONDITION_NOT_EQUALS))
        return false;
    for (size_t i = 0; i < values->count; i++)
        if (values->values[i]->kind == VALUE_ARRAY)
            return false;
    return values->count > 0;
}

static void condition_judge_list(const struct condition *condition,
                                 const struct expr_values *values,
                                 struct condition_outcome *out)
{
    const struct value *expected = &condition->expected;
    bool equal = values->count == expected->count;

    for (size_t i = 0; i < values->count && equal; i++)
        equal = condition_equals(condition, values->values[i],
                                 &expected->items[i]);
    out->holds = equal == (condition->operator == CONDITION_EQUALS);
    out->against = out->holds ? 0 : values->count;
    out->first = out->holds ? NULL : values->values[0];
}

/* One element of a list is what contains asks for. */
static bool condition_has_member(const struct condition *condition,
                                 const struct expr_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        if (condition_equals(condition, values->values[i],
                             &condition->expected))
            return true;
    return false;
}

static bool condition_counts(const struct condition *condition, size_t count,
                             size_t satisfied)
{
    switch (condition->check) {
    case CONDITION_AT_LEAST_ONE:
        return satisfied > 0;
    case CONDITION_ONLY_ONE:
        return satisfied == 1;
    case CONDITION_NONE:
        return satisfied == 0;
    default:
        return count ? satisfied == count : condition_is_negative(condition);
    }
}

engine_status condition_judge(const struct condition *condition,
                              const struct expr_values *values,
                              struct condition_outcome *out,
                              engine_error *err)
{
    const bool wanted = condition->check != CONDITION_NONE;
    size_t satisfied = 0;

    *out = (struct condition_outcome){0};
    if (!condition_has_expected(condition)) {
        condition_judge_existence(condition, values, out);
        return ENGINE_OK;
    }
    if (condition_is_listed(condition, values)) {
        condition_judge_list(condition, values, out);
        return ENGINE_OK;
    }
    for (size_t i = 0; i < values->count; i++) {
        bool holds;
        engine_status status =
            condition_test(condition, values->values[i], &holds, err);

        if (status < 0)
            return status;
        satisfied += holds;
        if (holds == wanted)
            continue;
        if (!out->against++)
            out->first = values->values[i];
    }
    out->holds = condition_counts(condition, values->count, satisfied);
    if (!out->holds && condition->operator == CONDITION_CONTAINS &&
        !condition->check && values->count > 1)
        out->holds = condition_has_member(condition, values);
    return ENGINE_OK;
}
