/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_parser.h - between the files of JMESPath's parser. */
#ifndef SDK_KIT_EXPR_JMESPATH_PARSER_H
#define SDK_KIT_EXPR_JMESPATH_PARSER_H

#include "sdk/kit/expr/jmespath.h"

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

/** Fails at a byte of the text, if nothing did before; always NULL. */
struct jmespath_node *jmespath_no(struct jmespath_parser *parser, size_t at,
                                  const char *what, const char *why);
/** The same for the token at hand. */
struct jmespath_node *jmespath_syntax(struct jmespath_parser *parser,
                                      const char *why);
/** Of the program. */
void *jmespath_memory(struct jmespath_parser *parser, size_t size);
/* New nodes; NULL on failure, and when one below is NULL. */
struct jmespath_node *jmespath_leaf(struct jmespath_parser *parser,
                                    enum jmespath_kind kind);
struct jmespath_node *jmespath_adopt(struct jmespath_parser *parser,
                                     struct jmespath_node *node,
                                     struct jmespath_node *const *nodes,
                                     size_t count);
struct jmespath_node *jmespath_pair(struct jmespath_parser *parser,
                                    enum jmespath_kind kind, size_t at,
                                    struct jmespath_node *left,
                                    struct jmespath_node *right);
struct jmespath_node *jmespath_over(struct jmespath_parser *parser,
                                    enum jmespath_kind kind, size_t at,
                                    struct jmespath_node *inner);
/* The token at hand; take and need go on behind it. */
bool jmespath_is(const struct jmespath_parser *parser, enum jmespath_sign sign);
bool jmespath_take(struct jmespath_parser *parser, enum jmespath_sign sign);
bool jmespath_need(struct jmespath_parser *parser, enum jmespath_sign sign,
                   const char *why);
bool jmespath_is_word(const struct jmespath_token *token, const char *word);
/** How tightly a sign binds what is on its left. */
int jmespath_power(enum jmespath_sign sign);
/** Behind "[" and "{". */
struct jmespath_node *jmespath_select_list(struct jmespath_parser *parser);
struct jmespath_node *jmespath_select_hash(struct jmespath_parser *parser);
/** name(...), at the name. */
struct jmespath_node *jmespath_apply(struct jmespath_parser *parser);
/** $name. */
struct jmespath_node *jmespath_variable(struct jmespath_parser *parser);
/** Behind "let". */
struct jmespath_node *jmespath_let(struct jmespath_parser *parser);
/** Up to a sign that binds no tighter than power. */
struct jmespath_node *jmespath_expression(struct jmespath_parser *parser,
                                          int power);

#endif
