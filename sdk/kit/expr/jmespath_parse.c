/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_parse.c - JMESPath's grammar, by the binding power of its signs
 * (top-down operator precedence). A projection takes what binds tighter than
 * JMESPATH_STOP along for each of its elements.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr/jmespath_parser.h"

#define JMESPATH_STOP 10

/* ---- projections -------------------------------------------------------------- */

/* Behind a dot. */
static struct jmespath_node *jmespath_member(struct jmespath_parser *parser,
                                             int power)
{
    if (jmespath_take(parser, JMESPATH_BRACKET))
        return jmespath_select_list(parser);
    if (jmespath_take(parser, JMESPATH_BRACE))
        return jmespath_select_hash(parser);
    if (jmespath_is(parser, JMESPATH_QUOTED) ||
        jmespath_is(parser, JMESPATH_STAR) ||
        (jmespath_is(parser, JMESPATH_NAME) &&
         !(jmespath_is_word(parser->at, "let") &&
           parser->at[1].sign == JMESPATH_VARIABLE)))
        return jmespath_expression(parser, power);
    return jmespath_syntax(parser,
                           "behind '.' a name, '*', '[' or '{' should be here");
}

static bool jmespath_indexes(const struct jmespath_parser *parser)
{
    const struct jmespath_token *at = parser->at;

    return at->sign == JMESPATH_BRACKET &&
           (at[1].sign == JMESPATH_NUMBER || at[1].sign == JMESPATH_COLON ||
            at[1].sign == JMESPATH_STAR);
}

/* What is done with each element. */
static struct jmespath_node *jmespath_rest(struct jmespath_parser *parser,
                                           int power)
{
    if (jmespath_power(parser->at->sign) < JMESPATH_STOP)
        return jmespath_leaf(parser, JMESPATH_THIS);
    if (jmespath_take(parser, JMESPATH_DOT))
        return jmespath_member(parser, power);
    if (jmespath_is(parser, JMESPATH_QUESTION) || jmespath_indexes(parser))
        return jmespath_expression(parser, power);
    return jmespath_syntax(parser,
                           "a number, ':' or '*' should be in these brackets");
}

static struct jmespath_node *jmespath_each(struct jmespath_parser *parser,
                                           enum jmespath_kind kind, size_t at,
                                           struct jmespath_node *of, int power)
{
    return of ? jmespath_pair(parser, kind, at, of,
                              jmespath_rest(parser, power))
              : NULL;
}

/* [?...] */
static struct jmespath_node *jmespath_filter(struct jmespath_parser *parser,
                                             struct jmespath_node *of)
{
    const uint32_t at = parser->at->at;
    struct jmespath_node *nodes[3] = {of};
    struct jmespath_node *node;

    parser->at++;
    nodes[2] = of ? jmespath_expression(parser, 0) : NULL;
    if (!nodes[2] ||
        !jmespath_need(parser, JMESPATH_BRACKET_END, "']' should be here"))
        return NULL;
    nodes[1] = jmespath_is(parser, JMESPATH_FLAT)
                   ? jmespath_leaf(parser, JMESPATH_THIS)
                   : jmespath_rest(parser, JMESPATH_BIND_FILTER);
    node = jmespath_leaf(parser, JMESPATH_EACH_THAT);
    if (node)
        node->at = at;
    return jmespath_adopt(parser, node, nodes, 3);
}

/* [start:stop:step], behind '['. */
static bool jmespath_slice(struct jmespath_parser *parser,
                           struct jmespath_node *slice)
{
    unsigned part = 0;

    slice->slice[2] = 1;
    while (!jmespath_is(parser, JMESPATH_BRACKET_END)) {
        if (jmespath_is(parser, JMESPATH_NUMBER)) {
            slice->slice[part] = parser->at->value.integer;
            slice->has = (uint8_t)(slice->has | 1u << part);
            parser->at++;
            if (jmespath_is(parser, JMESPATH_BRACKET_END))
                break;
        }
        if (part++ == 2 || !jmespath_take(parser, JMESPATH_COLON)) {
            jmespath_syntax(parser, "a number, ':' or ']' should be here");
            return false;
        }
    }
    if (!slice->slice[2]) {
        jmespath_no(parser, slice->at, "invalid-value",
                    "the step of a slice cannot be 0");
        return false;
    }
    parser->at++;
    return true;
}

/* [1] or [1:2], at the bracket. */
static struct jmespath_node *jmespath_index(struct jmespath_parser *parser,
                                            struct jmespath_node *of)
{
    const uint32_t at = parser->at->at;
    struct jmespath_node *node;

    if (parser->at[1].sign == JMESPATH_NUMBER &&
        parser->at[2].sign == JMESPATH_BRACKET_END) {
        node = jmespath_over(parser, JMESPATH_INDEX, at, of);
        if (node)
            node->slice[0] = parser->at[1].value.integer;
        parser->at += 3;
        return node;
    }
    node = jmespath_over(parser, JMESPATH_SLICE, at, of);
    parser->at++;
    if (!node || !jmespath_slice(parser, node))
        return NULL;
    return jmespath_each(parser, JMESPATH_EACH, at, node, JMESPATH_BIND_EACH);
}

/* '[' behind something (or nothing: JMESPATH_THIS). */
static struct jmespath_node *jmespath_bracket(struct jmespath_parser *parser,
                                              struct jmespath_node *of)
{
    const uint32_t at = parser->at->at;

    if (!jmespath_indexes(parser)) {
        parser->at++;
        return jmespath_syntax(
            parser, "a number, ':' or '*' should be in these brackets");
    }
    if (parser->at[1].sign != JMESPATH_STAR)
        return jmespath_index(parser, of);
    parser->at += 2;
    if (!jmespath_need(parser, JMESPATH_BRACKET_END, "']' should be here"))
        return NULL;
    return jmespath_each(parser, JMESPATH_EACH, at, of, JMESPATH_BIND_EACH);
}

static struct jmespath_node *jmespath_flatten(struct jmespath_parser *parser,
                                              struct jmespath_node *of)
{
    const uint32_t at = parser->at->at;

    parser->at++;
    return jmespath_each(parser, JMESPATH_EACH, at,
                         jmespath_over(parser, JMESPATH_FLATTEN, at, of), 9);
}

/* ---- expressions ------------------------------------------------------------------ */

static struct jmespath_node *jmespath_named(struct jmespath_parser *parser)
{
    struct jmespath_node *node;
    const bool quoted = jmespath_is(parser, JMESPATH_QUOTED);

    if (!quoted && parser->at[1].sign == JMESPATH_OPEN)
        return jmespath_apply(parser);
    if (!quoted && parser->at[1].sign == JMESPATH_VARIABLE &&
        jmespath_is_word(parser->at, "let")) {
        parser->at++;
        return jmespath_let(parser);
    }
    node = jmespath_leaf(parser, JMESPATH_FIELD);
    if (node)
        node->value = parser->at->value;
    parser->at++;
    if (quoted && jmespath_is(parser, JMESPATH_OPEN))
        return jmespath_syntax(parser, "a function's name has no quotes");
    return node;
}

/* An expression without anything on its left: simple ones. */
static struct jmespath_node *jmespath_simple(struct jmespath_parser *parser)
{
    const struct jmespath_token *token = parser->at;
    struct jmespath_node *node;

    switch (token->sign) {
    case JMESPATH_NAME:
    case JMESPATH_QUOTED:
        return jmespath_named(parser);
    case JMESPATH_VARIABLE:
        return jmespath_variable(parser);
    case JMESPATH_LITERAL:
        node = jmespath_leaf(parser, JMESPATH_CONSTANT);
        if (node)
            node->value = token->value;
        parser->at++;
        return node;
    case JMESPATH_CURRENT:
        node = jmespath_leaf(parser, JMESPATH_THIS);
        parser->at++;
        return node;
    case JMESPATH_END:
        return jmespath_syntax(parser, "an expression should be here");
    default:
        return jmespath_syntax(parser, "no expression begins with this");
    }
}

static struct jmespath_node *jmespath_first(struct jmespath_parser *parser)
{
    const struct jmespath_token *token = parser->at;
    struct jmespath_node *node;

    switch (token->sign) {
    case JMESPATH_STAR:
        node = jmespath_leaf(parser, JMESPATH_THIS);
        parser->at++;
        return jmespath_each(parser, JMESPATH_EACH_MEMBER, token->at, node,
                             JMESPATH_BIND_EACH);
    case JMESPATH_QUESTION:
        return jmespath_filter(parser, jmespath_leaf(parser, JMESPATH_THIS));
    case JMESPATH_FLAT:
        return jmespath_flatten(parser, jmespath_leaf(parser, JMESPATH_THIS));
    case JMESPATH_BRACE:
        parser->at++;
        return jmespath_select_hash(parser);
    case JMESPATH_BRACKET:
        if (parser->at[1].sign == JMESPATH_STAR
                ? parser->at[2].sign == JMESPATH_BRACKET_END
                : jmespath_indexes(parser))
            return jmespath_bracket(parser,
                                    jmespath_leaf(parser, JMESPATH_THIS));
        parser->at++;
        return jmespath_select_list(parser);
    case JMESPATH_SIGN_NOT:
        parser->at++;
        return jmespath_over(parser, JMESPATH_NOT, token->at,
                             jmespath_expression(parser, JMESPATH_BIND_NOT));
    case JMESPATH_OPEN:
        parser->at++;
        node = jmespath_expression(parser, 0);
        if (!node ||
            !jmespath_need(parser, JMESPATH_CLOSE, "')' should be here"))
            return NULL;
        return node;
    default:
        return jmespath_simple(parser);
    }
}

static struct jmespath_node *jmespath_dot(struct jmespath_parser *parser,
                                          struct jmespath_node *left)
{
    const uint32_t at = (++parser->at)->at;

    if (jmespath_take(parser, JMESPATH_STAR))
        return jmespath_each(parser, JMESPATH_EACH_MEMBER, at, left,
                             JMESPATH_BIND_DOT);
    return jmespath_pair(parser, JMESPATH_THEN, at, left,
                         jmespath_member(parser, JMESPATH_BIND_DOT));
}

/* A sign between two expressions. */
static struct jmespath_node *jmespath_binary(struct jmespath_parser *parser,
                                             struct jmespath_node *left)
{
    const enum jmespath_sign sign = parser->at->sign;
    const uint32_t at = parser->at->at;
    const enum jmespath_kind kind = sign == JMESPATH_SIGN_PIPE ? JMESPATH_THEN
                                    : sign == JMESPATH_SIGN_OR ? JMESPATH_OR
                                    : sign == JMESPATH_SIGN_AND
                                        ? JMESPATH_AND
                                        : JMESPATH_COMPARE;
    struct jmespath_node *node;

    parser->at++;
    node = jmespath_pair(parser, kind, at, left,
                         jmespath_expression(parser, jmespath_power(sign)));
    if (node)
        node->sign = (uint8_t)sign;
    return node;
}

struct jmespath_node *jmespath_expression(struct jmespath_parser *parser,
                                          int power)
{
    struct jmespath_node *left;

    if (parser->nested == JMESPATH_DEPTH)
        return jmespath_syntax(parser, "the expression is nested too deeply");
    parser->nested++;
    left = jmespath_first(parser);
    while (left && power < jmespath_power(parser->at->sign)) {
        switch (parser->at->sign) {
        case JMESPATH_DOT:
            left = jmespath_dot(parser, left);
            break;
        case JMESPATH_FLAT:
            left = jmespath_flatten(parser, left);
            break;
        case JMESPATH_QUESTION:
            left = jmespath_filter(parser, left);
            break;
        case JMESPATH_BRACKET:
            left = jmespath_bracket(parser, left);
            break;
        default:
            left = jmespath_binary(parser, left);
        }
    }
    parser->nested--;
    return left;
}

static bool jmespath_name_slots(struct jmespath_parser *parser,
                                const char *const *variables)
{
    for (unsigned i = 0; i < parser->program->bound_count; i++) {
        struct value *name = jmespath_memory(parser, sizeof(*name));

        if (!name)
            return false;
        *name = (struct value){.kind = VALUE_STRING,
                               .count = (uint32_t)strlen(variables[i]),
                               .text = variables[i]};
        parser->slots[parser->slots_count++] = name;
    }
    return true;
}

engine_status jmespath_parse(const char *text, struct jmespath *program,
                             const char *const *variables, engine_error *err)
{
    struct jmespath_parser parser = {
        .text = text, .program = program, .err = err};
    struct jmespath_token *tokens = NULL;
    engine_status status = jmespath_read(text, &program->arena, &tokens, err);

    if (status < 0)
        return status;
    parser.at = tokens;
    program->root = jmespath_name_slots(&parser, variables)
                        ? jmespath_expression(&parser, 0)
                        : NULL;
    if (program->root && !jmespath_is(&parser, JMESPATH_END))
        program->root =
            jmespath_syntax(&parser, "the expression should end here");
    engine_free(tokens);
    if (!program->root && parser.status == ENGINE_OK)
        return engine_fail_memory(err);
    return parser.status;
}
