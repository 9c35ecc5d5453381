/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - tests documents against a compiled filter. */
#include "sdk/document/match.h"

#include <math.h>

#include "sdk/base/alloc.h"
#include "sdk/document/match_private.h"
#include "sdk/document/order.h"
#include "sdk/document/walk.h"

static bool match_document(const struct match_node *node,
                           const bson_t *document);
static bool match_value(const struct match_node *node,
                        const bson_iter_t *value);

/* ---- one value; NULL is a missing one ----------------------------------- */

static bool match_is_nan(const bson_iter_t *value)
{
    return BSON_ITER_HOLDS_DOUBLE(value) && isnan(bson_iter_double(value));
}

static bool match_order(enum match_op op, int order)
{
    switch (op) {
    case MATCH_LT:
        return order < 0;
    case MATCH_LTE:
        return order <= 0;
    case MATCH_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* Only values of one bracket compare, and the extremes with everything. */
static bool match_compare(const struct match_node *node,
                          const bson_iter_t *value)
{
    const bool or_equal = node->op == MATCH_LTE || node->op == MATCH_GTE;
    enum order_bracket theirs, ours;
    bson_iter_t limit;

    if (!ref_iter(&node->value, &limit))
        return false;
    theirs = order_bracket(bson_iter_type(&limit));
    ours = value ? order_bracket(bson_iter_type(value)) : ORDER_NULL;
    if (theirs == ORDER_MIN_KEY || theirs == ORDER_MAX_KEY)
        return match_order(node->op, (int)ours - (int)theirs);
    if (ours != theirs)
        return false;
    if (!value)
        return or_equal;
    if (match_is_nan(value) || match_is_nan(&limit))
        return or_equal && match_is_nan(value) && match_is_nan(&limit);
    return match_order(node->op, document_compare(value, &limit));
}

static bool match_equal(const struct ref *ref, const bson_iter_t *value)
{
    bson_iter_t wanted;

    if (!ref_iter(ref, &wanted))
        return false;
    if (!value)
        return order_bracket(bson_iter_type(&wanted)) == ORDER_NULL;
    return document_compare(value, &wanted) == 0;
}

static bool match_regex(const struct match_node *node, const bson_iter_t *value)
{
    uint32_t len = 0;
    const char *text;

    if (!node->regexes || !value || !BSON_ITER_HOLDS_UTF8(value))
        return false;
    text = bson_iter_utf8(value, &len);
    return match_regex_test(node->regexes, text, len);
}

static bool match_in(const struct match_node *node, const bson_iter_t *value)
{
    size_t low = 0, high = node->count;

    if (!value)
        return node->null_in;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        bson_iter_t wanted;
        int order;

        if (!ref_iter(&node->values[middle], &wanted))
            return false;
        order = document_compare(value, &wanted);
        if (!order)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return match_regex(node, value);
}

static bool match_size(const struct match_node *node, const bson_iter_t *array)
{
    bson_iter_t element;
    int64_t count = 0;

    if (!bson_iter_recurse(array, &element))
        return false;
    while (count <= node->size && bson_iter_next(&element))
        count++;
    return count == node->size;
}

static bool match_element(const struct match_node *node,
                          const bson_iter_t *array)
{
    bson_iter_t element;
    bson_t child;

    if (!bson_iter_recurse(array, &element))
        return false;
    while (bson_iter_next(&element)) {
        if (node->op == MATCH_ELEMENT_VALUE
                ? match_value(node->first, &element)
                : document_iter_child(&element, &child) &&
                      match_document(node->first, &child))
            return true;
    }
    return false;
}

static bool match_leaf(const bson_iter_t *value, void *user)
{
    const struct match_node *node = user;

    switch (node->op) {
    case MATCH_EQ:
        return match_equal(&node->value, value);
    case MATCH_LT:
    case MATCH_LTE:
    case MATCH_GT:
    case MATCH_GTE:
        return match_compare(node, value);
    case MATCH_IN:
        return match_in(node, value);
    case MATCH_EXISTS:
        return value != NULL;
    case MATCH_REGEX:
        return match_regex(node, value);
    case MATCH_SIZE:
        return value && BSON_ITER_HOLDS_ARRAY(value) && match_size(node, value);
    case MATCH_ELEMENT_DOCUMENT:
    case MATCH_ELEMENT_VALUE:
        return value && BSON_ITER_HOLDS_ARRAY(value) &&
               match_element(node, value);
    default: /* the callers deal with AND, OR and NOT */
        return false;
    }
}

/* ---- conditions together ----------------------------------------------- */

static bool match_whole_arrays(const struct match_node *node)
{
    return node->op == MATCH_SIZE || node->op == MATCH_ELEMENT_DOCUMENT ||
           node->op == MATCH_ELEMENT_VALUE;
}

static bool match_document(const struct match_node *node,
                           const bson_t *document)
{
    const struct match_node *child = node->first;

    switch (node->op) {
    case MATCH_AND:
        while (child && match_document(child, document))
            child = child->next;
        return !child;
    case MATCH_OR:
        while (child && !match_document(child, document))
            child = child->next;
        return child != NULL;
    case MATCH_NOT:
        return !match_document(child, document);
    default:
        return walk_path(document, node->path,
                         match_whole_arrays(node) ? WALK_ARRAY
                                                  : WALK_ELEMENTS_ARRAY,
                         match_leaf, (void *)(uintptr_t)node);
    }
}

/* The same for one element of an array, which is not taken apart further. */
static bool match_value(const struct match_node *node, const bson_iter_t *value)
{
    const struct match_node *child = node->first;

    switch (node->op) {
    case MATCH_AND:
        while (child && match_value(child, value))
            child = child->next;
        return !child;
    case MATCH_OR:
        while (child && !match_value(child, value))
            child = child->next;
        return child != NULL;
    case MATCH_NOT:
        return !match_value(child, value);
    default:
        return match_leaf(value, (void *)(uintptr_t)node);
    }
}

bool matcher_test(const struct matcher *matcher, const bson_t *document)
{
    return match_document(matcher->root, document);
}

/* ---- the matcher ------------------------------------------------------- */

engine_status matcher_new(const bson_t *filter, struct matcher **out,
                          engine_error *err)
{
    struct matcher *matcher = engine_calloc(1, sizeof(*matcher));
    engine_status status;

    if (!matcher)
        return engine_fail_memory(err);
    arena_init(&matcher->arena, MATCH_MAX_MEMORY);
    matcher->filter = bson_copy(filter);
    status = match_compile(matcher, err);
    if (status < 0) {
        matcher_free(matcher);
        return status;
    }
    *out = matcher;
    return ENGINE_OK;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return;
    match_regex_free_all(matcher);
    bson_destroy(matcher->filter);
    arena_clear(&matcher->arena);
    engine_free(matcher);
}

void matcher_and(const bson_t *engine, const bson_t *user, bson_t *out)
{
    const bool has_engine = engine && !bson_empty(engine);
    const bool has_user = user && !bson_empty(user);
    bson_t both;

    if (has_engine != has_user) {
        bson_copy_to(has_engine ? engine : user, out);
        return;
    }
    bson_init(out);
    if (!has_engine)
        return;
    bson_append_array_begin(out, "$and", -1, &both);
    bson_append_document(&both, "0", -1, engine);
    bson_append_document(&both, "1", -1, user);
    bson_append_array_end(out, &both);
}
