/* SPDX-License-Identifier: Apache-2.0 */
/* match_operators.c - compiles each operator of the subset. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/document/match_compile.h"
#include "sdk/document/order.h"

/* ---- operators that compare -------------------------------------------- */

static engine_status compile_comparison(struct compiler *compiler,
                                        const struct operand *operand)
{
    static const struct {
        const char *name;
        enum match_op op;
    } ops[] = {{"$lt", MATCH_LT},
               {"$lte", MATCH_LTE},
               {"$gt", MATCH_GT},
               {"$gte", MATCH_GTE}};
    struct match_node *node;

    if (BSON_ITER_HOLDS_REGEX(operand->value))
        return compile_fail(compiler, operand, "cannot compare with a regex");
    node = compile_node(compiler, operand->parent, MATCH_EQ, operand->path);
    if (!node)
        return ENGINE_ENOMEM;
    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
        if (strcmp(operand->place.operator, ops[i].name) == 0)
            node->op = ops[i].op;
    node->value = ref_of(operand->value);
    return ENGINE_OK;
}

engine_status compile_eq(struct compiler *compiler,
                         const struct operand *operand)
{
    struct match_node *node =
        compile_node(compiler, operand->parent, MATCH_EQ, operand->path);

    if (!node)
        return ENGINE_ENOMEM;
    node->value = ref_of(operand->value);
    return ENGINE_OK;
}

/* What operand says, negated: fn compiles into the inside of a NOT. */
static engine_status compile_negated(struct compiler *compiler,
                                     const struct operand *operand,
                                     compile_fn fn)
{
    struct operand inner = *operand;
    struct match_node *node =
        compile_node(compiler, operand->parent, MATCH_NOT, operand->path);

    inner.parent =
        node ? compile_node(compiler, node, MATCH_AND, operand->path) : NULL;
    return inner.parent ? fn(compiler, &inner) : ENGINE_ENOMEM;
}

static engine_status compile_ne(struct compiler *compiler,
                                const struct operand *operand)
{
    if (BSON_ITER_HOLDS_REGEX(operand->value))
        return compile_fail(compiler, operand, "cannot compare with a regex");
    return compile_negated(compiler, operand, compile_eq);
}

/* ---- $regex ------------------------------------------------------------ */

/* {$regex: text or regex, $options: text}; nothing else beside them. */
static engine_status compile_pattern(struct compiler *compiler,
                                     const struct operand *operand,
                                     const bson_iter_t *pattern,
                                     const bson_t *siblings,
                                     struct match_regex **list)
{
    const char *options = "";
    const char *text;
    bson_iter_t iter;

    if (BSON_ITER_HOLDS_REGEX(pattern))
        text = bson_iter_regex(pattern, &options);
    else if (BSON_ITER_HOLDS_UTF8(pattern))
        text = bson_iter_utf8(pattern, NULL);
    else
        return compile_fail(compiler, operand, "needs a pattern");
    if (siblings && bson_iter_init_find(&iter, siblings, "$options")) {
        if (!BSON_ITER_HOLDS_UTF8(&iter))
            return compile_fail(compiler, operand, "needs $options as text");
        options = bson_iter_utf8(&iter, NULL);
    }
    return match_regex_new(compiler->matcher, &operand->place, text, options,
                           list, compiler->err);
}

engine_status compile_regex(struct compiler *compiler,
                            const struct operand *operand)
{
    struct match_node *node =
        compile_node(compiler, operand->parent, MATCH_REGEX, operand->path);

    if (!node)
        return ENGINE_ENOMEM;
    return compile_pattern(compiler, operand, operand->value, operand->siblings,
                           &node->regexes);
}

static engine_status compile_options(struct compiler *compiler,
                                     const struct operand *operand)
{
    if (!bson_has_field(operand->siblings, "$regex"))
        return compile_fail(compiler, operand, "needs $regex beside it");
    return ENGINE_OK;
}

/* ---- $in, $nin, $all --------------------------------------------------- */

static int compile_order(const void *a, const void *b)
{
    bson_iter_t x, y;

    if (!ref_iter(a, &x) || !ref_iter(b, &y))
        return 0;
    return document_compare(&x, &y);
}

/* {$regex: ...} as an element of a list. */
static engine_status compile_list_pattern(struct compiler *compiler,
                                          const struct operand *operand,
                                          const bson_t *document,
                                          struct match_regex **list)
{
    bson_iter_t iter, pattern;

    if (!bson_iter_init_find(&pattern, document, "$regex") ||
        !bson_iter_init(&iter, document))
        return compile_fail(compiler, operand,
                            "takes values, and of operators only $regex");
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (strcmp(key, "$regex") != 0 && strcmp(key, "$options") != 0)
            return compile_fail(compiler, operand,
                                "takes values, and of operators only $regex");
    }
    return compile_pattern(compiler, operand, &pattern, document, list);
}

static engine_status compile_in_value(struct compiler *compiler,
                                      const struct operand *operand,
                                      const bson_iter_t *value,
                                      struct match_node *node)
{
    bson_t child;

    if (BSON_ITER_HOLDS_REGEX(value))
        return compile_pattern(compiler, operand, value, NULL, &node->regexes);
    if (BSON_ITER_HOLDS_DOCUMENT(value) && document_iter_child(value, &child) &&
        compile_begins_with_operator(&child))
        return compile_list_pattern(compiler, operand, &child, &node->regexes);
    node->null_in |= order_bracket(bson_iter_type(value)) == ORDER_NULL;
    node->values[node->count++] = ref_of(value);
    return ENGINE_OK;
}

static engine_status compile_in(struct compiler *compiler,
                                const struct operand *operand)
{
    struct match_node *node =
        compile_node(compiler, operand->parent, MATCH_IN, operand->path);
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t list;

    if (!node)
        return ENGINE_ENOMEM;
    if (!BSON_ITER_HOLDS_ARRAY(operand->value) ||
        !document_iter_child(operand->value, &list) ||
        !bson_iter_init(&iter, &list))
        return compile_fail(compiler, operand, "needs a list");
    node->values = arena_alloc(&compiler->matcher->arena,
                               ((size_t)bson_count_keys(&list) + 1) *
                                   sizeof(*node->values));
    if (!node->values)
        return engine_fail_memory(compiler->err);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = compile_in_value(compiler, operand, &iter, node);
    qsort(node->values, node->count, sizeof(*node->values), compile_order);
    return status;
}

static engine_status compile_nin(struct compiler *compiler,
                                 const struct operand *operand)
{
    return compile_negated(compiler, operand, compile_in);
}

/* $all: [x, y] is x and y; an {$elemMatch: ...} counts as one of them. */
static engine_status compile_all_value(struct compiler *compiler,
                                       const struct operand *operand)
{
    struct match_node *node;
    bson_iter_t first;
    bson_t child;

    if (BSON_ITER_HOLDS_REGEX(operand->value))
        return compile_regex(compiler, operand);
    if (!BSON_ITER_HOLDS_DOCUMENT(operand->value) ||
        !document_iter_child(operand->value, &child) ||
        !compile_begins_with_operator(&child))
        return compile_eq(compiler, operand);
    if (bson_iter_init(&first, &child) && bson_iter_next(&first) &&
        strcmp(bson_iter_key(&first), "$elemMatch") == 0 &&
        !bson_iter_next(&first))
        return compile_operators(compiler, operand->path, &child,
                                 operand->parent);
    node = compile_node(compiler, operand->parent, MATCH_REGEX, operand->path);
    if (!node)
        return ENGINE_ENOMEM;
    return compile_list_pattern(compiler, operand, &child, &node->regexes);
}

static engine_status compile_all(struct compiler *compiler,
                                 const struct operand *operand)
{
    struct operand inner = *operand;
    engine_status status = ENGINE_OK;
    bool any = false;
    bson_iter_t iter;

    if (!BSON_ITER_HOLDS_ARRAY(operand->value) ||
        !bson_iter_recurse(operand->value, &iter))
        return compile_fail(compiler, operand, "needs a list");
    inner.value = &iter;
    inner.siblings = NULL;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        any = true;
        status = compile_all_value(compiler, &inner);
    }
    if (status < 0 || any)
        return status;
    /* all of nothing matches nothing: an OR without children */
    return compile_node(compiler, operand->parent, MATCH_OR, operand->path)
               ? ENGINE_OK
               : ENGINE_ENOMEM;
}

/* ---- $exists, $size, $elemMatch, $not ----------------------------------- */

static engine_status compile_present(struct compiler *compiler,
                                     const struct operand *operand)
{
    return compile_node(compiler, operand->parent, MATCH_EXISTS, operand->path)
               ? ENGINE_OK
               : ENGINE_ENOMEM;
}

static engine_status compile_exists(struct compiler *compiler,
                                    const struct operand *operand)
{
    const bson_iter_t *value = operand->value;

    if (!BSON_ITER_HOLDS_BOOL(value) && !BSON_ITER_HOLDS_NUMBER(value))
        return compile_fail(compiler, operand, "needs true or false");
    if (bson_iter_as_bool(value))
        return compile_present(compiler, operand);
    return compile_negated(compiler, operand, compile_present);
}

static engine_status compile_size(struct compiler *compiler,
                                  const struct operand *operand)
{
    const bson_iter_t *value = operand->value;
    struct match_node *node;
    double number;

    if (!BSON_ITER_HOLDS_NUMBER(value))
        return compile_fail(compiler, operand, "needs a number");
    number = order_number(value).nearest;
    if (!(number >= 0 && number <= INT32_MAX) || number != floor(number))
        return compile_fail(compiler, operand, "needs a whole number");
    node = compile_node(compiler, operand->parent, MATCH_SIZE, operand->path);
    if (!node)
        return ENGINE_ENOMEM;
    node->size = (int64_t)number;
    return ENGINE_OK;
}

static engine_status compile_element(struct compiler *compiler,
                                     const struct operand *operand)
{
    struct match_node *node, *inside;
    bson_iter_t first;
    bson_t child;
    bool value;

    if (!BSON_ITER_HOLDS_DOCUMENT(operand->value) ||
        !document_iter_child(operand->value, &child))
        return compile_fail(compiler, operand, "needs a document");
    value = bson_iter_init(&first, &child) && bson_iter_next(&first) &&
            compile_is_operator(&first) &&
            !compile_is_logic(bson_iter_key(&first));
    node = compile_node(compiler, operand->parent,
                        value ? MATCH_ELEMENT_VALUE : MATCH_ELEMENT_DOCUMENT,
                        operand->path);
    inside = node ? compile_node(compiler, node, MATCH_AND, NULL) : NULL;
    if (!inside)
        return ENGINE_ENOMEM;
    return value ? compile_operators(compiler, NULL, &child, inside)
                 : compile_fields(compiler, &child, inside);
}

static engine_status compile_not_inside(struct compiler *compiler,
                                        const struct operand *operand)
{
    bson_t child;

    if (BSON_ITER_HOLDS_REGEX(operand->value))
        return compile_regex(compiler, operand);
    if (!BSON_ITER_HOLDS_DOCUMENT(operand->value) ||
        !document_iter_child(operand->value, &child) ||
        !compile_begins_with_operator(&child))
        return compile_fail(compiler, operand, "needs operators or a regex");
    return compile_operators(compiler, operand->path, &child, operand->parent);
}

static engine_status compile_not(struct compiler *compiler,
                                 const struct operand *operand)
{
    struct operand inner = *operand;

    inner.siblings = NULL;
    return compile_negated(compiler, &inner, compile_not_inside);
}

/* ---- the table of operators -------------------------------------------- */

compile_fn compile_find(const char *name)
{
    static const struct {
        const char *name;
        compile_fn fn;
    } operators[] = {
        {"$eq", compile_eq},           {"$ne", compile_ne},
        {"$lt", compile_comparison},   {"$lte", compile_comparison},
        {"$gt", compile_comparison},   {"$gte", compile_comparison},
        {"$in", compile_in},           {"$nin", compile_nin},
        {"$all", compile_all},         {"$exists", compile_exists},
        {"$size", compile_size},       {"$elemMatch", compile_element},
        {"$not", compile_not},         {"$regex", compile_regex},
        {"$options", compile_options},
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (strcmp(name, operators[i].name) == 0)
            return operators[i].fn;
    return NULL;
}
