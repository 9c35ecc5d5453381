/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_parse.c - JMESPath's grammar, by the binding power of its signs
 * (top-down operator precedence). A projection takes what binds tighter than
 * JMESPATH_STOP along for each of its elements.
 */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr/jmespath.h"
#include "sdk/kit/expr/jmespath_functions.h"

#define JMESPATH_STOP 10
#define JMESPATH_BIND_EACH 20
#define JMESPATH_BIND_FILTER 21
#define JMESPATH_BIND_DOT 40
#define JMESPATH_BIND_NOT 45

struct jmespath_parser {
    const char *text;
    struct jmespath *program;
    const struct jmespath_token *at;
    const struct value *slots[JMESPATH_VARIABLES]; /* names */
    uint8_t slots_count;
    unsigned nested;
    engine_status status; /* of the first failure */
    engine_error *err;
};

static struct jmespath_node *jmespath_expression(struct jmespath_parser *parser,
                                                 int power);

/* ---- nodes ------------------------------------------------------------------ */

static struct jmespath_node *jmespath_no(struct jmespath_parser *parser,
                                         size_t at, const char *what,
                                         const char *why)
{
    if (parser->status == ENGINE_OK)
        parser->status =
            jmespath_fail(parser->text, at, parser->err, what, "%s", why);
    return NULL;
}

static struct jmespath_node *jmespath_syntax(struct jmespath_parser *parser,
                                             const char *why)
{
    return jmespath_no(parser, parser->at->at, "syntax", why);
}

static void *jmespath_memory(struct jmespath_parser *parser, size_t size)
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

static struct jmespath_node *jmespath_leaf(struct jmespath_parser *parser,
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
static struct jmespath_node *jmespath_adopt(struct jmespath_parser *parser,
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

static struct jmespath_node *jmespath_pair(struct jmespath_parser *parser,
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

static struct jmespath_node *jmespath_over(struct jmespath_parser *parser,
                                           enum jmespath_kind kind, size_t at,
                                           struct jmespath_node *inner)
{
    struct jmespath_node *node = inner ? jmespath_leaf(parser, kind) : NULL;

    if (node)
        node->at = (uint32_t)at;
    return jmespath_adopt(parser, node, &inner, 1);
}

/* ---- tokens ----------------------------------------------------------------- */

static bool jmespath_is(const struct jmespath_parser *parser,
                        enum jmespath_sign sign)
{
    return parser->at->sign == sign;
}

/* Goes on if the token is there. */
static bool jmespath_take(struct jmespath_parser *parser,
                          enum jmespath_sign sign)
{
    if (parser->at->sign != sign)
        return false;
    if (sign != JMESPATH_END)
        parser->at++;
    return true;
}

/* The same, or it is an error. */
static bool jmespath_need(struct jmespath_parser *parser,
                          enum jmespath_sign sign, const char *why)
{
    if (jmespath_take(parser, sign))
        return true;
    jmespath_syntax(parser, why);
    return false;
}

static bool jmespath_is_word(const struct jmespath_token *token,
                             const char *word)
{
    return token->sign == JMESPATH_NAME && strcmp(token->value.text, word) == 0;
}

static int jmespath_power(enum jmespath_sign sign)
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

static struct jmespath_node *jmespath_select_list(
    struct jmespath_parser *parser)
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

static struct jmespath_node *jmespath_select_hash(
    struct jmespath_parser *parser)
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
static struct jmespath_node *jmespath_apply(struct jmespath_parser *parser)
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

static struct jmespath_node *jmespath_variable(struct jmespath_parser *parser)
{
    struct jmespath_node *node = jmespath_leaf(parser, JMESPATH_VALUE_OF_SLOT);

    for (unsigned slot = parser->slots_count; node && slot-- > 0;) {
        if (!parser->slots[slot] ||
            !value_equal(parser->slots[slot], &parser->at->value))
            continue;
        node->slot = (uint8_t)slot;
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
static struct jmespath_node *jmespath_let(struct jmespath_parser *parser)
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

static struct jmespath_node *jmespath_expression(struct jmespath_parser *parser,
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

engine_status jmespath_parse(const char *text, struct jmespath *program,
                             engine_error *err)
{
    struct jmespath_parser parser = {
        .text = text, .program = program, .err = err};
    struct jmespath_token *tokens = NULL;
    engine_status status = jmespath_read(text, &program->arena, &tokens, err);

    if (status < 0)
        return status;
    parser.at = tokens;
    program->root = jmespath_expression(&parser, 0);
    if (program->root && !jmespath_is(&parser, JMESPATH_END))
        program->root =
            jmespath_syntax(&parser, "the expression should end here");
    engine_free(tokens);
    if (!program->root && parser.status == ENGINE_OK)
        return engine_fail_memory(err);
    return parser.status;
}
