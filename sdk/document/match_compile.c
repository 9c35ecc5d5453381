/* SPDX-License-Identifier: Apache-2.0 */
/* match_compile.c - a filter becomes a tree of conditions; what is not in the
 * subset is refused by name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/document/match_private.h"
#include "sdk/document/order.h"

struct compiler {
    struct matcher *matcher;
    engine_error *err;
    int depth;
};

/* One operator of a field: what it is called and what it applies to. */
struct operand {
    struct match_place place;  /* place.path is never NULL */
    const char *path;          /* NULL inside $elemMatch: {$op: ...} */
    const bson_t *siblings;    /* the operators beside it */
    const bson_iter_t *value;
    struct match_node *parent; /* an AND */
};

typedef engine_status (*compile_fn)(struct compiler *compiler,
                                    const struct operand *operand);

static engine_status compile_fields(struct compiler *compiler,
                                    const bson_t *filter,
                                    struct match_node *parent);
static engine_status compile_operators(struct compiler *compiler,
                                       const char *path,
                                       const bson_t *operators,
                                       struct match_node *parent);

static engine_status compile_fail(const struct compiler *compiler,
                                  const struct operand *operand,
                                  const char *what)
{
    return engine_fail(compiler->err, ENGINE_EINVAL, "\"%.200s\": %.60s %s",
                       operand->place.path, operand->place.operator, what);
}

/* A new last child; NULL when out of memory, which err says then. */
static struct match_node *compile_node(struct compiler *compiler,
                                       struct match_node *parent,
                                       enum match_op op, const char *path)
{
    struct match_node *node =
        arena_alloc(&compiler->matcher->arena, sizeof(*node));

    if (!node) {
        engine_fail_memory(compiler->err);
        return NULL;
    }
    node->op = op;
    node->path = path;
    if (parent && parent->last)
        parent->last->next = node;
    else if (parent)
        parent->first = node;
    if (parent)
        parent->last = node;
    return node;
}

static bool compile_is_operator(const bson_iter_t *iter)
{
    return bson_iter_key(iter)[0] == '$';
}

static bool compile_begins_with_operator(const bson_t *document)
{
    bson_iter_t iter;

    return bson_iter_init(&iter, document) && bson_iter_next(&iter) &&
           compile_is_operator(&iter);
}

/* ---- operators that compare -------------------------------------------- */

static engine_status compile_comparison(struct compiler *compiler,
                                        const struct operand *operand)
{
    static const struct {
        const char *name;
        enum match_op op;
    } ops[] = {{"$lt", MATCH_LT}, {"$lte", MATCH_LTE}, {"$gt", MATCH_GT},
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

static engine_status compile_eq(struct compiler *compiler,
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

static engine_status compile_regex(struct compiler *compiler,
                                   const struct operand *operand)
{
    struct match_node *node =
        compile_node(compiler, operand->parent, MATCH_REGEX, operand->path);

    if (!node)
        return ENGINE_ENOMEM;
    return compile_pattern(compiler, operand, operand->value,
                           operand->siblings, &node->regexes);
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
        return compile_pattern(compiler, operand, value, NULL,
                               &node->regexes);
    if (BSON_ITER_HOLDS_DOCUMENT(value) &&
        document_iter_child(value, &child) &&
        compile_begins_with_operator(&child))
        return compile_list_pattern(compiler, operand, &child,
                                    &node->regexes);
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
    node->values =
        arena_alloc(&compiler->matcher->arena,
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
    node = compile_node(compiler, operand->parent, MATCH_REGEX,
                        operand->path);
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
    return compile_node(compiler, operand->parent, MATCH_EXISTS,
                        operand->path)
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

static bool compile_is_logic(const char *name)
{
    return strcmp(name, "$and") == 0 || strcmp(name, "$or") == 0 ||
           strcmp(name, "$nor") == 0;
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
    return compile_operators(compiler, operand->path, &child,
                             operand->parent);
}

static engine_status compile_not(struct compiler *compiler,
                                 const struct operand *operand)
{
    struct operand inner = *operand;

    inner.siblings = NULL;
    return compile_negated(compiler, &inner, compile_not_inside);
}

/* ---- the operators of one field ---------------------------------------- */

static compile_fn compile_find(const char *name)
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

static engine_status compile_deeper(struct compiler *compiler)
{
    if (++compiler->depth <= MATCH_MAX_DEPTH)
        return ENGINE_OK;
    return engine_fail(compiler->err, ENGINE_EINVAL,
                       "a filter is nested more than %d levels deep",
                       MATCH_MAX_DEPTH);
}

static engine_status compile_operators(struct compiler *compiler,
                                       const char *path,
                                       const bson_t *operators,
                                       struct match_node *parent)
{
    engine_status status = compile_deeper(compiler);
    bson_iter_t iter;

    if (status == ENGINE_OK && !bson_iter_init(&iter, operators))
        status = engine_fail(compiler->err, ENGINE_EINVAL,
                             "a filter is malformed");
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const struct operand operand = {
            .place = {path ? path : "$elemMatch", bson_iter_key(&iter)},
            .path = path,
            .siblings = operators,
            .value = &iter,
            .parent = parent};
        const compile_fn fn = compile_find(operand.place.operator);

        if (fn)
            status = fn(compiler, &operand);
        else if (compile_is_operator(&iter))
            status = compile_fail(compiler, &operand,
                                  "is no operator of filters here");
        else
            status = compile_fail(compiler, &operand,
                                  "is a field among operators");
    }
    compiler->depth--;
    return status;
}

/* ---- fields, $and, $or, $nor ------------------------------------------- */

static engine_status compile_field(struct compiler *compiler,
                                   const bson_iter_t *value,
                                   struct match_node *parent)
{
    const char *path = bson_iter_key(value);
    const struct operand operand = {.place = {path, "$eq"},
                                    .path = path,
                                    .value = value,
                                    .parent = parent};
    bson_iter_t iter;
    bson_t child;

    if (strlen(path) > MATCH_MAX_PATH)
        return engine_fail(compiler->err, ENGINE_EINVAL,
                           "a path of a filter is longer than %d characters",
                           MATCH_MAX_PATH);
    if (BSON_ITER_HOLDS_REGEX(value))
        return compile_regex(compiler, &operand);
    if (!BSON_ITER_HOLDS_DOCUMENT(value) ||
        !document_iter_child(value, &child) || !bson_iter_init(&iter, &child))
        return compile_eq(compiler, &operand);
    if (compile_begins_with_operator(&child))
        return compile_operators(compiler, path, &child, parent);
    while (bson_iter_next(&iter))
        if (compile_is_operator(&iter))
            return engine_fail(compiler->err, ENGINE_EINVAL,
                               "\"%.200s\": %.60s stands among fields", path,
                               bson_iter_key(&iter));
    return compile_eq(compiler, &operand);
}

static engine_status compile_branches(struct compiler *compiler,
                                      const bson_iter_t *list,
                                      struct match_node *parent)
{
    const char *name = bson_iter_key(list);
    engine_status status = ENGINE_OK;
    bool any = false;
    bson_iter_t iter;
    bson_t child;

    if (!BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &iter))
        return engine_fail(compiler->err, ENGINE_EINVAL,
                           "%s needs a list of filters", name);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        struct match_node *branch =
            compile_node(compiler, parent, MATCH_AND, NULL);

        any = true;
        if (!branch)
            return ENGINE_ENOMEM;
        if (!BSON_ITER_HOLDS_DOCUMENT(&iter) ||
            !document_iter_child(&iter, &child))
            return engine_fail(compiler->err, ENGINE_EINVAL,
                               "%s needs filters in its list", name);
        status = compile_fields(compiler, &child, branch);
    }
    if (status == ENGINE_OK && !any)
        return engine_fail(compiler->err, ENGINE_EINVAL,
                           "%s needs a list that is not empty", name);
    return status;
}

static engine_status compile_logic(struct compiler *compiler,
                                   const bson_iter_t *value,
                                   struct match_node *parent)
{
    const char *name = bson_iter_key(value);
    struct match_node *node = parent;

    if (!compile_is_logic(name))
        return engine_fail(compiler->err, ENGINE_EINVAL,
                           "%.60s is no operator of filters here", name);
    if (strcmp(name, "$nor") == 0)
        node = compile_node(compiler, node, MATCH_NOT, NULL);
    if (node)
        node = compile_node(compiler, node,
                            strcmp(name, "$and") == 0 ? MATCH_AND : MATCH_OR,
                            NULL);
    return node ? compile_branches(compiler, value, node) : ENGINE_ENOMEM;
}

static engine_status compile_fields(struct compiler *compiler,
                                    const bson_t *filter,
                                    struct match_node *parent)
{
    engine_status status = compile_deeper(compiler);
    bson_iter_t iter;

    if (status == ENGINE_OK && !bson_iter_init(&iter, filter))
        status = engine_fail(compiler->err, ENGINE_EINVAL,
                             "a filter is malformed");
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = compile_is_operator(&iter)
                     ? compile_logic(compiler, &iter, parent)
                     : compile_field(compiler, &iter, parent);
    compiler->depth--;
    return status;
}

engine_status match_compile(struct matcher *matcher, engine_error *err)
{
    struct compiler compiler = {matcher, err, 0};

    matcher->root = compile_node(&compiler, NULL, MATCH_AND, NULL);
    if (!matcher->root)
        return ENGINE_ENOMEM;
    return compile_fields(&compiler, matcher->filter, matcher->root);
}
