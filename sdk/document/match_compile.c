/* SPDX-License-Identifier: Apache-2.0 */
/* match_compile.c - a filter becomes a tree of conditions; what is not in the
 * subset is refused by name. */
#include "sdk/document/match_compile.h"

#include <string.h>

engine_status compile_fail(const struct compiler *compiler,
                           const struct operand *operand, const char *what)
{
    return engine_fail(compiler->err, ENGINE_EINVAL, "\"%.200s\": %.60s %s",
                       operand->place.path, operand->place.operator, what);
}

struct match_node *compile_node(struct compiler *compiler,
                                struct match_node *parent, enum match_op op,
                                const char *path)
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

bool compile_is_operator(const bson_iter_t *iter)
{
    return bson_iter_key(iter)[0] == '$';
}

bool compile_begins_with_operator(const bson_t *document)
{
    bson_iter_t iter;

    return bson_iter_init(&iter, document) && bson_iter_next(&iter) &&
           compile_is_operator(&iter);
}

bool compile_is_logic(const char *name)
{
    return strcmp(name, "$and") == 0 || strcmp(name, "$or") == 0 ||
           strcmp(name, "$nor") == 0;
}

/* ---- the operators of one field ---------------------------------------- */

static engine_status compile_deeper(struct compiler *compiler)
{
    if (++compiler->depth <= MATCH_MAX_DEPTH)
        return ENGINE_OK;
    return engine_fail(compiler->err, ENGINE_EINVAL,
                       "a filter is nested more than %d levels deep",
                       MATCH_MAX_DEPTH);
}

engine_status compile_operators(struct compiler *compiler, const char *path,
                                const bson_t *operators,
                                struct match_node *parent)
{
    engine_status status = compile_deeper(compiler);
    bson_iter_t iter;

    if (status == ENGINE_OK && !bson_iter_init(&iter, operators))
        status =
            engine_fail(compiler->err, ENGINE_EINVAL, "a filter is malformed");
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
            status =
                compile_fail(compiler, &operand, "is a field among operators");
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
    const struct operand operand = {
        .place = {path, "$eq"}, .path = path, .value = value, .parent = parent};
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

engine_status compile_fields(struct compiler *compiler, const bson_t *filter,
                             struct match_node *parent)
{
    engine_status status = compile_deeper(compiler);
    bson_iter_t iter;

    if (status == ENGINE_OK && !bson_iter_init(&iter, filter))
        status =
            engine_fail(compiler->err, ENGINE_EINVAL, "a filter is malformed");
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
