/* SPDX-License-Identifier: Apache-2.0 */
/* condition_test.c - whether one value satisfies a condition. */
#include <stdio.h>
#include <string.h>

#include "sdk/document/number.h"
#include "sdk/kit/condition_private.h"
#include "sdk/kit/condition_quantity.h"

/* ---- converting ----------------------------------------------------------- */

bool condition_text(const struct value *value, struct condition_text *out)
{
    out->text = out->room;
    switch (value->kind) {
    case VALUE_STRING:
        out->text = value->text;
        out->len = value->count;
        return true;
    case VALUE_BOOL:
        out->text = value->boolean ? "true" : "false";
        break;
    case VALUE_INT:
        snprintf(out->room, sizeof(out->room), "%lld",
                 (long long)value->integer);
        break;
    case VALUE_DOUBLE:
        number_format(value->number, out->room);
        break;
    default:
        return false;
    }
    out->len = strlen(out->text);
    return true;
}

static bool condition_boolean(const struct value *value, bool *out)
{
    if (value->kind == VALUE_BOOL) {
        *out = value->boolean;
        return true;
    }
    if (value->kind != VALUE_STRING)
        return false;
    *out = value->count == 4 && !memcmp(value->text, "true", 4);
    return *out || (value->count == 5 && !memcmp(value->text, "false", 5));
}

/* A number by the condition's type; units only where they are welcome. */
static bool condition_number(const struct condition *condition,
                             const struct value *value, struct quantity *out)
{
    return quantity_from_value(value, out) &&
           (condition->type != CONDITION_NUMBER || !out->unit);
}

bool condition_is_comparable(const struct condition *condition,
                             const struct value *value)
{
    struct condition_text text;
    struct quantity quantity;
    bool boolean;

    switch (condition->type) {
    case CONDITION_STRING:
        return condition_text(value, &text);
    case CONDITION_NUMBER:
    case CONDITION_QUANTITY:
        return condition_number(condition, value, &quantity);
    case CONDITION_BOOLEAN:
        return condition_boolean(value, &boolean);
    default:
        return true;
    }
}

bool condition_is_ordered(const struct condition *condition,
                          const struct value *value)
{
    struct condition_text text;
    struct quantity quantity;

    if (condition->type == CONDITION_STRING)
        return condition_text(value, &text);
    return condition->type != CONDITION_BOOLEAN &&
           condition_number(condition, value, &quantity);
}

/* ---- comparing ------------------------------------------------------------ */

/* memcmp of two texts, a shorter one first. */
static int condition_order_text(const struct condition_text *a,
                                const struct condition_text *b)
{
    const size_t len = a->len < b->len ? a->len : b->len;
    const int order = len ? memcmp(a->text, b->text, len) : 0;

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* False when the two cannot be ordered. */
static bool condition_order(const struct condition *condition,
                            const struct value *value,
                            const struct value *expected, int *order)
{
    if (condition->type == CONDITION_STRING) {
        struct condition_text a, b;

        if (!condition_text(value, &a) || !condition_text(expected, &b))
            return false;
        *order = condition_order_text(&a, &b);
    } else {
        struct quantity a, b;

        if (!condition_number(condition, value, &a) ||
            !condition_number(condition, expected, &b))
            return false;
        *order = quantity_compare(&a, &b);
    }
    return true;
}

/* Equal as quantities, where one of them is written as one: a number and a
 * string, or two strings of which one has a unit. */
static bool condition_same_quantity(const struct value *a,
                                    const struct value *b)
{
    struct quantity x, y;

    if ((a->kind != VALUE_STRING && b->kind != VALUE_STRING) ||
        !quantity_may_be(a) || !quantity_may_be(b))
        return false;
    if (!quantity_from_value(a, &x) || !quantity_from_value(b, &y))
        return false;
    if (a->kind == b->kind && !x.unit && !y.unit)
        return false;
    return quantity_compare(&x, &y) == 0;
}

bool condition_equals(const struct condition *condition,
                      const struct value *value,
                      const struct value *expected)
{
    bool a, b;
    int order;

    switch (condition->type) {
    case CONDITION_BOOLEAN:
        return condition_boolean(value, &a) &&
               condition_boolean(expected, &b) && a == b;
    case CONDITION_STRING:
    case CONDITION_NUMBER:
    case CONDITION_QUANTITY:
        return condition_order(condition, value, expected, &order) && !order;
    default:
        return value_equal(value, expected) ||
               condition_same_quantity(value, expected);
    }
}

/* ---- contains ------------------------------------------------------------- */

static bool condition_in_list(const struct condition *condition,
                              const struct value *list,
                              const struct value *expected)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (condition_equals(condition, &list->items[i], expected))
            return true;
    return false;
}

static bool condition_in_object(const struct condition *condition,
                                const struct value *object,
                                const struct value *expected)
{
    if (expected->kind == VALUE_STRING)
        return value_member_n(object, expected->text, expected->count) !=
               NULL;
    if (expected->kind != VALUE_OBJECT)
        return false;
    for (uint32_t i = 0; i < expected->count; i++) {
        const struct value_member *member = &expected->members[i];
        const struct value *found =
            value_member_n(object, member->key, member->key_len);

        if (!found || !condition_equals(condition, found, &member->value))
            return false;
    }
    return true;
}

static bool condition_contains(const struct condition *condition,
                               const struct value *value,
                               const struct value *expected)
{
    struct condition_text text, part;

    if (value->kind == VALUE_OBJECT)
        return condition_in_object(condition, value, expected);
    if (value->kind == VALUE_ARRAY) {
        if (condition_in_list(condition, value, expected))
            return true;
        if (expected->kind != VALUE_ARRAY)
            return false;
        for (uint32_t i = 0; i < expected->count; i++)
            if (!condition_in_list(condition, value, &expected->items[i]))
                return false;
        return true;
    }
    if (condition->type != CONDITION_STRING &&
        (value->kind != VALUE_STRING || expected->kind != VALUE_STRING))
        return false;
    return condition_text(value, &text) && condition_text(expected, &part) &&
           memmem(text.text, text.len, part.text, part.len) != NULL;
}

/* ---- one value ------------------------------------------------------------ */

static engine_status condition_matches(const struct condition *condition,
                                       const struct value *value, bool *holds,
                                       engine_error *err)
{
    struct condition_text text;

    *holds = false;
    if (!condition_text(value, &text))
        return ENGINE_OK;
    return pattern_find(condition->pattern, text.text, text.len, holds, err);
}

engine_status condition_test(const struct condition *condition,
                             const struct value *value, bool *holds,
                             engine_error *err)
{
    const struct value *expected = &condition->expected;
    int order;

    switch (condition->operator) {
    case CONDITION_EQUALS:
    case CONDITION_NOT_EQUALS:
        *holds = condition_equals(condition, value, expected) ==
                 (condition->operator == CONDITION_EQUALS);
        return ENGINE_OK;
    case CONDITION_IN:
    case CONDITION_NOT_IN:
        *holds = condition_in_list(condition, expected, value) ==
                 (condition->operator == CONDITION_IN);
        return ENGINE_OK;
    case CONDITION_CONTAINS:
    case CONDITION_NOT_CONTAINS:
        *holds = condition_contains(condition, value, expected) ==
                 (condition->operator == CONDITION_CONTAINS);
        return ENGINE_OK;
    case CONDITION_MATCHES:
        return condition_matches(condition, value, holds, err);
    default:
        break;
    }
    *holds = condition_order(condition, value, expected, &order);
    if (condition->operator == CONDITION_GREATER_THAN)
        *holds = *holds && order > 0;
    else if (condition->operator == CONDITION_LESS_THAN)
        *holds = *holds && order < 0;
    else if (condition->operator == CONDITION_GREATER_OR_EQUAL)
        *holds = *holds && order >= 0;
    else
        *holds = *holds && order <= 0;
    return ENGINE_OK;
}
