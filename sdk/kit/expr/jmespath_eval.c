/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_eval.c - what a JMESPath expression gives for a value. Recurses once
 * for a node, so JMESPATH_DEPTH times at most. Nothing is copied but what
 * arrays and objects that are made here hold at their top level.
 */
#include <string.h>

#include "sdk/kit/expr/jmespath.h"

/* ---- projections ------------------------------------------------------------ */

/* What is left of elements after the filter and what is done with them. */
struct jmespath_projection {
    const struct jmespath_node *each, *filter; /* the filter may be NULL */
    struct jmespath_list list;
};

static bool jmespath_project_one(struct jmespath_walk *walk,
                                 struct jmespath_projection *to,
                                 const struct value *element)
{
    if (to->filter) {
        const struct value *truth = jmespath_eval(walk, to->filter, element);

        if (!truth)
            return false;
        if (!jmespath_true(truth))
            return true;
    }
    if (to->each->kind != JMESPATH_THIS)
        element = jmespath_eval(walk, to->each, element);
    if (!element)
        return false;
    return element->kind == VALUE_NULL ||
           jmespath_push(walk, &to->list, element);
}

static bool jmespath_has_null(const struct value *array)
{
    for (uint32_t i = 0; i < array->count; i++) {
        if (array->items[i].kind == VALUE_NULL)
            return true;
    }
    return false;
}

static const struct value *jmespath_project(struct jmespath_walk *walk,
                                            const struct jmespath_node *node,
                                            const struct value *at)
{
    const struct value *of = jmespath_eval(walk, node->nodes[0], at);
    struct jmespath_projection to = {
        .each = node->nodes[1],
        .filter = node->kind == JMESPATH_EACH_THAT ? node->nodes[2] : NULL};

    if (!of)
        return NULL;
    if (of->kind != VALUE_ARRAY)
        return &value_null;
    if (!jmespath_step(walk, of->count))
        return NULL;
    if (!to.filter && to.each->kind == JMESPATH_THIS && !jmespath_has_null(of))
        return of;
    for (uint32_t i = 0; i < of->count; i++) {
        if (!jmespath_project_one(walk, &to, &of->items[i]))
            return NULL;
    }
    return jmespath_array(walk, to.list.items, to.list.count);
}

static const struct value *jmespath_project_members(
    struct jmespath_walk *walk, const struct jmespath_node *node,
    const struct value *at)
{
    const struct value *of = jmespath_eval(walk, node->nodes[0], at);
    struct jmespath_projection to = {.each = node->nodes[1]};

    if (!of)
        return NULL;
    if (of->kind != VALUE_OBJECT)
        return &value_null;
    if (!jmespath_step(walk, of->count))
        return NULL;
    for (uint32_t i = 0; i < of->count; i++) {
        if (!jmespath_project_one(walk, &to, &of->members[i].value))
            return NULL;
    }
    return jmespath_array(walk, to.list.items, to.list.count);
}

static const struct value *jmespath_flat(struct jmespath_walk *walk,
                                         const struct value *of)
{
    struct jmespath_list list = {0};

    if (of->kind != VALUE_ARRAY)
        return &value_null;
    for (uint32_t i = 0; i < of->count; i++) {
        const struct value *inner = &of->items[i];
        const bool array = inner->kind == VALUE_ARRAY;

        if (!array && !jmespath_push(walk, &list, inner))
            return NULL;
        for (uint32_t k = 0; array && k < inner->count; k++) {
            if (!jmespath_push(walk, &list, &inner->items[k]))
                return NULL;
        }
    }
    return jmespath_array(walk, list.items, list.count);
}

/* ---- brackets ----------------------------------------------------------------- */

static const struct value *jmespath_nth(const struct value *of, int64_t index)
{
    if (of->kind != VALUE_ARRAY)
        return &value_null;
    if (index < 0)
        index += of->count;
    return index >= 0 && index < of->count ? &of->items[index] : &value_null;
}

/* A start or stop within the array, as the specification adjusts it. */
static int64_t jmespath_bound(const struct jmespath_node *node, unsigned part,
                              int64_t count)
{
    const bool back = node->slice[2] < 0;
    int64_t bound = node->slice[part];

    if (!(node->has & 1u << part))
        return (part == 0) == back ? (back ? count - 1 : count)
                                   : (back ? -1 : 0);
    if (bound < 0) {
        bound += count;
        return bound >= 0 ? bound : back ? -1 : 0;
    }
    return bound < count ? bound : back ? count - 1 : count;
}

static const struct value *jmespath_slice_of(struct jmespath_walk *walk,
                                             const struct jmespath_node *node,
                                             const struct value *of)
{
    const int64_t step = node->slice[2];
    struct jmespath_list list = {0};
    int64_t start, stop;

    if (of->kind != VALUE_ARRAY)
        return &value_null;
    start = jmespath_bound(node, 0, of->count);
    stop = jmespath_bound(node, 1, of->count);
    if (step == 1 && start < stop)
        return jmespath_array(walk, of->items + start, (size_t)(stop - start));
    for (; step > 0 ? start < stop : start > stop; start += step) {
        if (!jmespath_push(walk, &list, &of->items[start]))
            return NULL;
    }
    return jmespath_array(walk, list.items, list.count);
}

/* ---- selections --------------------------------------------------------------- */

static const struct value *jmespath_list_of(struct jmespath_walk *walk,
                                            const struct jmespath_node *node,
                                            const struct value *at)
{
    struct value *items;

    if (at->kind == VALUE_NULL)
        return at;
    items = jmespath_alloc(walk, node->count, sizeof(*items));
    for (uint32_t i = 0; items && i < node->count; i++) {
        const struct value *item = jmespath_eval(walk, node->nodes[i], at);

        if (!item)
            return NULL;
        items[i] = *item;
    }
    return items ? jmespath_array(walk, items, node->count) : NULL;
}

static const struct value *jmespath_hash_of(struct jmespath_walk *walk,
                                            const struct jmespath_node *node,
                                            const struct value *at)
{
    struct value_member *members;
    struct value *object;

    if (at->kind == VALUE_NULL)
        return at;
    members = jmespath_alloc(walk, node->count, sizeof(*members));
    object = jmespath_alloc(walk, 1, sizeof(*object));
    if (!members || !object)
        return NULL;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct value *value = jmespath_eval(walk, node->nodes[i], at);

        if (!value)
            return NULL;
        members[i].key = node->names[i].text;
        members[i].key_len = node->names[i].count;
        members[i].value = *value;
    }
    *object = (struct value){
        .kind = VALUE_OBJECT, .count = node->count, .members = members};
    return object;
}

/* ---- decisions ------------------------------------------------------------------ */

static const struct value *jmespath_either(struct jmespath_walk *walk,
                                           const struct jmespath_node *node,
                                           const struct value *at)
{
    const struct value *left = jmespath_eval(walk, node->nodes[0], at);

    if (!left || jmespath_true(left) == (node->kind == JMESPATH_OR))
        return left;
    return jmespath_eval(walk, node->nodes[1], at);
}

/* Order is between numbers only; else it is null. */
static const struct value *jmespath_compare(struct jmespath_walk *walk,
                                            const struct jmespath_node *node,
                                            const struct value *at)
{
    const struct value *left = jmespath_eval(walk, node->nodes[0], at);
    const struct value *right =
        left ? jmespath_eval(walk, node->nodes[1], at) : NULL;
    bool equal;
    int order;

    if (!right)
        return NULL;
    if (node->sign == JMESPATH_SIGN_EQUAL ||
        node->sign == JMESPATH_SIGN_UNEQUAL) {
        equal = jmespath_equal(walk, left, right);
        return walk->status < 0 ? NULL
                                : jmespath_bool(equal == (node->sign ==
                                                          JMESPATH_SIGN_EQUAL));
    }
    if (!jmespath_is_number(left) || !jmespath_is_number(right))
        return &value_null;
    order = jmespath_order(left, right);
    switch (node->sign) {
    case JMESPATH_SIGN_LESS:
        return jmespath_bool(order < 0);
    case JMESPATH_SIGN_AT_MOST:
        return jmespath_bool(order <= 0);
    case JMESPATH_SIGN_GREATER:
        return jmespath_bool(order > 0);
    default:
        return jmespath_bool(order >= 0);
    }
}

static const struct value *jmespath_let_in(struct jmespath_walk *walk,
                                           const struct jmespath_node *node,
                                           const struct value *at)
{
    const uint32_t body = node->count - 1;

    for (uint32_t i = 0; i < body; i++) {
        const struct value *value = jmespath_eval(walk, node->nodes[i], at);

        if (!value)
            return NULL;
        walk->slots[node->slot + i] = value;
    }
    return jmespath_eval(walk, node->nodes[body], at);
}

/* ---- nodes ------------------------------------------------------------------------ */

static const struct value *jmespath_field(struct jmespath_walk *walk,
                                          const struct jmespath_node *node,
                                          const struct value *at)
{
    const struct value *found;

    if (at->kind != VALUE_OBJECT)
        return &value_null;
    if (!jmespath_step(walk, at->count / 8))
        return NULL;
    found = value_member_n(at, node->value.text, node->value.count);
    return found ? found : &value_null;
}

/* Nodes that do something with what their first one gives. */
static const struct value *jmespath_of(struct jmespath_walk *walk,
                                       const struct jmespath_node *node,
                                       const struct value *at)
{
    const struct value *of = jmespath_eval(walk, node->nodes[0], at);

    if (!of)
        return NULL;
    switch ((enum jmespath_kind)node->kind) {
    case JMESPATH_INDEX:
        return jmespath_nth(of, node->slice[0]);
    case JMESPATH_SLICE:
        return jmespath_slice_of(walk, node, of);
    case JMESPATH_FLATTEN:
        return jmespath_flat(walk, of);
    case JMESPATH_NOT:
        return jmespath_bool(!jmespath_true(of));
    default: /* JMESPATH_THEN */
        return jmespath_eval(walk, node->nodes[1], of);
    }
}

const struct value *jmespath_eval(struct jmespath_walk *walk,
                                  const struct jmespath_node *node,
                                  const struct value *at)
{
    if (!jmespath_step(walk, 1))
        return NULL;
    switch ((enum jmespath_kind)node->kind) {
    case JMESPATH_THIS:
        return at;
    case JMESPATH_FIELD:
        return jmespath_field(walk, node, at);
    case JMESPATH_CONSTANT:
        return &node->value; /* valid as long as the expression */
    case JMESPATH_EACH:
    case JMESPATH_EACH_THAT:
        return jmespath_project(walk, node, at);
    case JMESPATH_EACH_MEMBER:
        return jmespath_project_members(walk, node, at);
    case JMESPATH_LIST:
        return jmespath_list_of(walk, node, at);
    case JMESPATH_HASH:
        return jmespath_hash_of(walk, node, at);
    case JMESPATH_OR:
    case JMESPATH_AND:
        return jmespath_either(walk, node, at);
    case JMESPATH_COMPARE:
        return jmespath_compare(walk, node, at);
    case JMESPATH_CALL:
        return jmespath_call(walk, node, at);
    case JMESPATH_LET:
        return jmespath_let_in(walk, node, at);
    case JMESPATH_VALUE_OF_SLOT:
        return walk->slots[node->slot];
    default:
        return jmespath_of(walk, node, at);
    }
}
