/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_parse_node.c - nodes and tokens, as the parser wants them. */
#include <string.h>

#include "sdk/kit/expr/jmespath_parser.h"

/* ---- nodes ------------------------------------------------------------------ */

struct jmespath_node *jmespath_no(struct jmespath_parser *parser, size_t at,
                                  const char *what, const char *why)
{
    if (parser->status == ENGINE_OK)
        parser->status =
            jmespath_fail(parser->text, at, parser->err, what, "%s", why);
    return NULL;
}

struct jmespath_node *jmespath_syntax(struct jmespath_parser *parser,
                                      const char *why)
{
    return jmespath_no(parser, parser->at->at, "syntax", why);
}

void *jmespath_memory(struct jmespath_parser *parser, size_t size)
{
    struct arena *arena = &parser->program->arena;
    void *memory = arena_alloc(arena, size);

    if (memory || parser->status < 0)
        return memory;
    if (arena->used > arena->maximum / 2)
        parser->status = engine_fail(
            parser->err, ENGINE_ELIMIT,
            "jmespath \"%.100s...\" needs too much memory", parser->text);
    else
        parser->status = engine_fail_memory(parser->err);
    return NULL;
}

struct jmespath_node *jmespath_leaf(struct jmespath_parser *parser,
                                    enum jmespath_kind kind)
{
    struct jmespath_node *node = jmespath_memory(parser, sizeof(*node));

    if (node) {
        node->kind = (uint8_t)kind;
        node->at = parser->at->at;
        node->depth = 1;
    }
    return node;
}

/* Nodes below; NULL when there are none because of an error. */
struct jmespath_node *jmespath_adopt(struct jmespath_parser *parser,
                                     struct jmespath_node *node,
                                     struct jmespath_node *const *nodes,
                                     size_t count)
{
    for (size_t i = 0; node && i < count; i++) {
        if (!nodes[i])
            return NULL;
        if (nodes[i]->depth >= node->depth)
            node->depth = nodes[i]->depth + 1;
    }
    if (!node)
        return NULL;
    if (node->depth > JMESPATH_DEPTH)
        return jmespath_no(parser, node->at, "syntax",
                           "the expression is nested too deeply");
    node->nodes = jmespath_memory(parser, (count + !count) * sizeof(*nodes));
    if (!node->nodes)
        return NULL;
    if (count)
        memcpy(node->nodes, nodes, count * sizeof(*nodes));
    node->count = (uint32_t)count;
    return node;
}

struct jmespath_node *jmespath_pair(struct jmespath_parser *parser,
                                    enum jmespath_kind kind, size_t at,
                                    struct jmespath_node *left,
                                    struct jmespath_node *right)
{
    struct jmespath_node *const nodes[] = {left, right};
    struct jmespath_node *node;

    if (!left || !right)
        return NULL;
    node = jmespath_leaf(parser, kind);
    if (node)
        node->at = (uint32_t)at;
    return jmespath_adopt(parser, node, nodes, 2);
}

struct jmespath_node *jmespath_over(struct jmespath_parser *parser,
                                    enum jmespath_kind kind, size_t at,
                                    struct jmespath_node *inner)
{
    struct jmespath_node *node = inner ? jmespath_leaf(parser, kind) : NULL;

    if (node)
        node->at = (uint32_t)at;
    return jmespath_adopt(parser, node, &inner, 1);
}

/* ---- tokens ----------------------------------------------------------------- */

bool jmespath_is(const struct jmespath_parser *parser, enum jmespath_sign sign)
{
    return parser->at->sign == sign;
}

/* Goes on if the token is there. */
bool jmespath_take(struct jmespath_parser *parser, enum jmespath_sign sign)
{
    if (parser->at->sign != sign)
        return false;
    if (sign != JMESPATH_END)
        parser->at++;
    return true;
}

/* The same, or it is an error. */
bool jmespath_need(struct jmespath_parser *parser, enum jmespath_sign sign,
                   const char *why)
{
    if (jmespath_take(parser, sign))
        return true;
    jmespath_syntax(parser, why);
    return false;
}

bool jmespath_is_word(const struct jmespath_token *token, const char *word)
{
    return token->sign == JMESPATH_NAME && strcmp(token->value.text, word) == 0;
}

int jmespath_power(enum jmespath_sign sign)
{
    switch (sign) {
    case JMESPATH_SIGN_PIPE:
        return 1;
    case JMESPATH_SIGN_OR:
        return 2;
    case JMESPATH_SIGN_AND:
        return 3;
    case JMESPATH_FLAT:
        return 9;
    case JMESPATH_QUESTION:
        return JMESPATH_BIND_FILTER;
    case JMESPATH_DOT:
        return JMESPATH_BIND_DOT;
    case JMESPATH_BRACKET:
        return 55;
    default:
        return sign >= JMESPATH_SIGN_EQUAL ? 5 : 0;
    }
}
