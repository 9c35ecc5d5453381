/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_parse_inner.c - selections, calls, and let: lists of expressions. */
#include <stdio.h>
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"
#include "sdk/kit/expr/jmespath_parser.h"

/* ---- lists of expressions --------------------------------------------------- */

/* Grows by doubling; nodes may move. */
static bool jmespath_append(struct jmespath_parser *parser,
                            struct jmespath_node ***nodes, size_t count,
                            struct jmespath_node *node)
{
    struct jmespath_node **more;

    if (!node)
        return false;
    if (count >= 4 && (count & (count - 1)) == 0) {
        more = jmespath_memory(parser, 2 * count * sizeof(*more));
        if (!more)
            return false;
        memcpy(more, *nodes, count * sizeof(*more));
        *nodes = more;
    }
    (*nodes)[count] = node;
    return true;
}

struct jmespath_node *jmespath_select_list(struct jmespath_parser *parser)
{
    struct jmespath_node *list = jmespath_leaf(parser, JMESPATH_LIST);
    struct jmespath_node **nodes = jmespath_memory(parser, 4 * sizeof(*nodes));
    size_t count = 0;

    if (!list || !nodes)
        return NULL;
    do {
        if (!jmespath_append(parser, &nodes, count,
                             jmespath_expression(parser, 0)))
            return NULL;
        count++;
    } while (jmespath_take(parser, JMESPATH_COMMA));
    if (!jmespath_need(parser, JMESPATH_BRACKET_END,
                       "',' or ']' should be here"))
        return NULL;
    return jmespath_adopt(parser, list, nodes, count);
}

/* Where a key goes: behind the others, or where it was already. */
static size_t jmespath_place(const struct jmespath_node *const *keys,
                             size_t count, const struct value *key)
{
    for (size_t i = 0; i < count; i++) {
        if (value_equal(&keys[i]->value, key))
            return i;
    }
    return count;
}

static struct jmespath_node *jmespath_key(struct jmespath_parser *parser)
{
    struct jmespath_node *key = jmespath_leaf(parser, JMESPATH_FIELD);

    if (!jmespath_is(parser, JMESPATH_NAME) &&
        !jmespath_is(parser, JMESPATH_QUOTED))
        return jmespath_syntax(parser, "a key should be here");
    if (!key)
        return NULL;
    key->value = parser->at->value;
    parser->at++;
    if (!jmespath_need(parser, JMESPATH_COLON, "':' should be here"))
        return NULL;
    return key;
}

static struct jmespath_node *jmespath_hash(struct jmespath_parser *parser,
                                           struct jmespath_node *hash,
                                           struct jmespath_node **keys,
                                           struct jmespath_node **nodes,
                                           size_t count)
{
    if (!jmespath_need(parser, JMESPATH_BRACE_END, "',' or '}' should be here"))
        return NULL;
    hash->names = jmespath_memory(parser, count * sizeof(*hash->names));
    if (!hash->names)
        return NULL;
    for (size_t i = 0; i < count; i++)
        hash->names[i] = keys[i]->value;
    return jmespath_adopt(parser, hash, nodes, count);
}

struct jmespath_node *jmespath_select_hash(struct jmespath_parser *parser)
{
    struct jmespath_node *hash = jmespath_leaf(parser, JMESPATH_HASH);
    struct jmespath_node **nodes = jmespath_memory(parser, 4 * sizeof(*nodes));
    struct jmespath_node **keys = jmespath_memory(parser, 4 * sizeof(*keys));
    size_t count = 0;

    if (!hash || !nodes || !keys)
        return NULL;
    do {
        struct jmespath_node *key = jmespath_key(parser);
        struct jmespath_node *node =
            key ? jmespath_expression(parser, 0) : NULL;
        size_t place;

        if (!node)
            return NULL;
        place = jmespath_place((const struct jmespath_node *const *)keys, count,
                               &key->value);
        if (place < count) {
            nodes[place] = node; /* the last one of a key counts */
            continue;
        }
        if (!jmespath_append(parser, &keys, count, key) ||
            !jmespath_append(parser, &nodes, count, node))
            return NULL;
        count++;
    } while (jmespath_take(parser, JMESPATH_COMMA));
    return jmespath_hash(parser, hash, keys, nodes, count);
}

/* ---- calls and variables -------------------------------------------------------- */

static struct jmespath_node *jmespath_argument(struct jmespath_parser *parser)
{
    const uint32_t at = parser->at->at;

    if (jmespath_take(parser, JMESPATH_AMPERSAND))
        return jmespath_over(parser, JMESPATH_REFERENCE, at,
                             jmespath_expression(parser, 0));
    return jmespath_expression(parser, 0);
}

/* A constant pattern is tried now, not when a rule runs. */
static bool jmespath_constant_pattern(struct jmespath_parser *parser,
                                      const struct jmespath_node *call)
{
    const struct pattern *pattern;
    engine_error why = {0};
    engine_status status;

    if ((call->function->fn != jmespath_matches &&
         call->function->fn != jmespath_capture) ||
        call->count != 2 || call->nodes[1]->kind != JMESPATH_CONSTANT ||
        call->nodes[1]->value.kind != VALUE_STRING)
        return true;
    status = jmespath_pattern(parser->program, call->nodes[1]->value.text, NULL,
                              &pattern, &why);
    if (status == ENGINE_ENOMEM)
        parser->status = engine_fail_memory(parser->err);
    else if (status < 0)
        jmespath_no(parser, call->nodes[1]->at, "invalid-value", why.message);
    return status == ENGINE_OK;
}

static struct jmespath_node *jmespath_called(struct jmespath_parser *parser,
                                             struct jmespath_node *call,
                                             const char *name)
{
    const struct jmespath_function *function = call->function;
    char why[120];

    if (call->count < function->least || call->count > function->most) {
        snprintf(why, sizeof(why), "%s() takes %s%d argument%s, not %u", name,
                 function->least == function->most ? ""
                 : call->count < function->least   ? "at least "
                                                   : "at most ",
                 call->count < function->least ? function->least
                                               : function->most,
                 function->least == 1 && function->most == 1 ? "" : "s",
                 (unsigned)call->count);
        return jmespath_no(parser, call->at, "invalid-arity", why);
    }
    return jmespath_constant_pattern(parser, call) ? call : NULL;
}

/* name(...), at the name. */
struct jmespath_node *jmespath_apply(struct jmespath_parser *parser)
{
    const struct value *name = &parser->at->value;
    struct jmespath_node *call = jmespath_leaf(parser, JMESPATH_CALL);
    struct jmespath_node *nodes[JMESPATH_ARGUMENTS];
    size_t count = 0;

    if (!call)
        return NULL;
    call->function = jmespath_function(name->text, name->count);
    if (!call->function)
        return jmespath_no(parser, call->at, "unknown-function",
                           "there is no function of this name");
    parser->at += 2;
    if (!jmespath_take(parser, JMESPATH_CLOSE)) {
        do {
            if (count == JMESPATH_ARGUMENTS)
                return jmespath_syntax(parser, "too many arguments");
            nodes[count] = jmespath_argument(parser);
            if (!nodes[count++])
                return NULL;
        } while (jmespath_take(parser, JMESPATH_COMMA));
        if (!jmespath_need(parser, JMESPATH_CLOSE, "',' or ')' should be here"))
            return NULL;
    }
    call = jmespath_adopt(parser, call, nodes, count);
    return call ? jmespath_called(parser, call, name->text) : NULL;
}

struct jmespath_node *jmespath_variable(struct jmespath_parser *parser)
{
    struct jmespath_node *node = jmespath_leaf(parser, JMESPATH_VALUE_OF_SLOT);

    for (unsigned slot = parser->slots_count; node && slot-- > 0;) {
        if (!parser->slots[slot] ||
            !value_equal(parser->slots[slot], &parser->at->value))
            continue;
        node->slot = (uint8_t)slot;
        if (slot < parser->program->bound_count)
            parser->program->bound_used |= UINT64_C(1) << slot;
        parser->at++;
        return node;
    }
    return node ? jmespath_no(parser, parser->at->at, "undefined-variable",
                              "no \"let\" around this defines it")
                : NULL;
}

/* $name = expression, which does not see its own let's variables. */
static struct jmespath_node *jmespath_binding(struct jmespath_parser *parser,
                                              const struct value **name)
{
    *name = &parser->at->value;
    if (!jmespath_need(parser, JMESPATH_VARIABLE,
                       "a variable, $name, should be here") ||
        !jmespath_need(parser, JMESPATH_ASSIGN, "'=' should be here"))
        return NULL;
    return jmespath_expression(parser, 0);
}

/* let $a = ..., $b = ... in ..., behind "let". */
struct jmespath_node *jmespath_let(struct jmespath_parser *parser)
{
    struct jmespath_node *let = jmespath_leaf(parser, JMESPATH_LET);
    const struct value *names[JMESPATH_VARIABLES];
    struct jmespath_node *nodes[JMESPATH_VARIABLES + 1];
    const uint8_t outer = parser->slots_count;
    size_t count = 0;

    if (!let)
        return NULL;
    let->slot = outer;
    do {
        if (outer + count == JMESPATH_VARIABLES)
            return jmespath_syntax(parser, "too many variables");
        nodes[count] = jmespath_binding(parser, &names[count]);
        if (!nodes[count++])
            return NULL;
        /* a let in the next binding must not take this slot */
        parser->slots[parser->slots_count++] = NULL;
    } while (jmespath_take(parser, JMESPATH_COMMA));
    if (!jmespath_is_word(parser->at, "in"))
        return jmespath_syntax(parser, "',' or \"in\" should be here");
    parser->at++;
    for (size_t i = 0; i < count; i++)
        parser->slots[outer + i] = names[i];
    nodes[count] = jmespath_expression(parser, 0);
    parser->slots_count = outer;
    return jmespath_adopt(parser, let, nodes, count + 1);
}
