/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_value.c - what evaluation and functions share about values. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/kit/expr/jmespath.h"

#define JMESPATH_EXACT 9007199254740992.0 /* 2^53 */

const struct value *jmespath_wrong(struct jmespath_walk *walk,
                                   const struct jmespath_node *node,
                                   const char *what, const char *format, ...)
{
    char why[300];
    va_list args;

    if (walk->status < 0)
        return NULL;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    walk->status = jmespath_fail(walk->program->text, node->at, walk->err, what,
                                 "%s", why);
    return NULL;
}

bool jmespath_step(struct jmespath_walk *walk, size_t steps)
{
    if (walk->status < 0)
        return false;
    walk->steps += steps;
    if (walk->steps <= JMESPATH_STEPS)
        return true;
    walk->status = engine_fail(walk->err, ENGINE_ELIMIT,
                               "jmespath \"%.200s\" takes more than %d steps",
                               walk->program->text, JMESPATH_STEPS);
    return false;
}

void *jmespath_alloc(struct jmespath_walk *walk, size_t count, size_t size)
{
    void *memory;

    if (walk->status < 0)
        return NULL;
    walk->built += size >= sizeof(struct value) ? count : 1;
    if (walk->built > walk->expr->limits.values) {
        walk->status = expr_fail_values(walk->expr, walk->err);
        return NULL;
    }
    memory = arena_alloc(walk->arena, (count + !count) * size);
    if (!memory)
        walk->status =
            expr_fail_memory(walk->expr, walk->arena, count * size, walk->err);
    return memory;
}

/* ---- new values ------------------------------------------------------------- */

const struct value *jmespath_bool(bool value)
{
    static const struct value values[] = {
        {.kind = VALUE_BOOL, .boolean = false},
        {.kind = VALUE_BOOL, .boolean = true}};

    return &values[value];
}

const struct value *jmespath_int(struct jmespath_walk *walk, int64_t value)
{
    struct value *made = jmespath_alloc(walk, 1, sizeof(*made));

    if (made)
        *made = (struct value){.kind = VALUE_INT, .integer = value};
    return made;
}

const struct value *jmespath_double(struct jmespath_walk *walk,
                                    const struct jmespath_node *node,
                                    double value)
{
    struct value *made;

    if (!isfinite(value))
        return jmespath_wrong(walk, node, "invalid-value",
                              "the result is no number");
    if (value == floor(value) && fabs(value) <= JMESPATH_EXACT)
        return jmespath_int(walk, (int64_t)value);
    made = jmespath_alloc(walk, 1, sizeof(*made));
    if (made)
        *made = (struct value){.kind = VALUE_DOUBLE, .number = value};
    return made;
}

const struct value *jmespath_text_of(struct jmespath_walk *walk,
                                     const char *text, size_t len)
{
    struct value *made = jmespath_alloc(walk, 1, sizeof(*made));

    if (made)
        *made = (struct value){
            .kind = VALUE_STRING, .count = (uint32_t)len, .text = text};
    return made;
}

const struct value *jmespath_text(struct jmespath_walk *walk, const char *text,
                                  size_t len)
{
    char *copy = jmespath_alloc(walk, len + 1, 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    return jmespath_text_of(walk, copy, len);
}

const struct value *jmespath_array(struct jmespath_walk *walk,
                                   const struct value *items, size_t count)
{
    struct value *made = jmespath_alloc(walk, 1, sizeof(*made));

    if (made)
        *made = (struct value){
            .kind = VALUE_ARRAY, .count = (uint32_t)count, .items = items};
    return made;
}

bool jmespath_push(struct jmespath_walk *walk, struct jmespath_list *list,
                   const struct value *value)
{
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 4;
        struct value *items = jmespath_alloc(walk, room, sizeof(*items));

        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *value;
    return true;
}

/* ---- comparisons -------------------------------------------------------------- */

bool expr_is_true(const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return value->boolean;
    case VALUE_STRING:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return value->count > 0;
    default:
        return true;
    }
}

bool jmespath_is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE;
}

static int jmespath_order_integers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Exact too where an integer is no double: 2^53 + 1 is above 2^53. */
static int jmespath_order_numbers(const struct value *a, const struct value *b)
{
    double left = 0, right = 0;

    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return jmespath_order_integers(a->integer, b->integer);
    value_number(a, &left);
    value_number(b, &right);
    if (left != right || a->kind == b->kind)
        return left < right ? -1 : left > right;
    if (left >= 9223372036854775808.0) /* rounded up to it */
        return value_equal(a, b) ? 0 : a->kind == VALUE_INT ? -1 : 1;
    return jmespath_order_integers(
        a->kind == VALUE_INT ? a->integer : (int64_t)left,
        b->kind == VALUE_INT ? b->integer : (int64_t)right);
}

/* UTF-8's bytes are in the order of its code points. */
int jmespath_order(const struct value *a, const struct value *b)
{
    const uint32_t common = a->count < b->count ? a->count : b->count;
    int order;

    if (a->kind != VALUE_STRING)
        return jmespath_order_numbers(a, b);
    order = memcmp(a->text, b->text, common);
    if (order)
        return order;
    return a->count < b->count ? -1 : a->count > b->count;
}

static bool jmespath_equal_members(struct jmespath_walk *walk,
                                   const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *member = &a->members[i];
        const struct value_member *beside = &b->members[i];
        const struct value *other = &beside->value;

        if (beside->key_len != member->key_len ||
            memcmp(beside->key, member->key, member->key_len) != 0) {
            if (!jmespath_step(walk, b->count / 8))
                return false;
            other = value_member_n(b, member->key, member->key_len);
        }
        if (!other || !jmespath_equal(walk, &member->value, other))
            return false;
    }
    return true;
}

/* value_equal, but with steps: an expression can make values that are small in
 * memory and endless to compare ([$a, $a] of [$b, $b] ...). */
bool jmespath_equal(struct jmespath_walk *walk, const struct value *a,
                    const struct value *b)
{
    if (!jmespath_step(walk, 1))
        return false;
    if (a->kind != b->kind || a->kind < VALUE_STRING)
        return value_equal(a, b);
    if (a->count != b->count)
        return false;
    if (a->kind == VALUE_STRING)
        return jmespath_step(walk, a->count / 64) && value_equal(a, b);
    if (a->kind == VALUE_OBJECT)
        return jmespath_equal_members(walk, a, b);
    for (uint32_t i = 0; i < a->count; i++) {
        if (!jmespath_equal(walk, &a->items[i], &b->items[i]))
            return false;
    }
    return true;
}
