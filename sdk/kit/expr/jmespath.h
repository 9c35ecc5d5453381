/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath.h - a compiled JMESPath expression and what evaluates it. The
 * language is that of jmespath.org's specification, with JEP-18 ("let") and
 * the functions of jmespath_functions.h.
 *
 * An expression gives one value always; null where nothing is.
 */
#ifndef SDK_KIT_EXPR_JMESPATH_H
#define SDK_KIT_EXPR_JMESPATH_H

#include "sdk/base/pattern.h"
#include "sdk/kit/expr_private.h"

#define JMESPATH_TEXT 65536     /* bytes of an expression */
#define JMESPATH_DEPTH 200      /* nesting of an expression */
#define JMESPATH_ARGUMENTS 32   /* of a call */
#define JMESPATH_VARIABLES 64   /* in one scope and those around it */
#define JMESPATH_STEPS 50000000 /* of one evaluation */

/* ---- tokens ---------------------------------------------------------------- */

enum jmespath_sign {
    JMESPATH_END,
    JMESPATH_NAME,     /* foo; text */
    JMESPATH_QUOTED,   /* "foo"; text */
    JMESPATH_VARIABLE, /* $foo; text */
    JMESPATH_LITERAL,  /* 'foo', `1`; value */
    JMESPATH_NUMBER,   /* in brackets; value */
    JMESPATH_DOT,
    JMESPATH_STAR,
    JMESPATH_COMMA,
    JMESPATH_COLON,
    JMESPATH_CURRENT,
    JMESPATH_AMPERSAND,
    JMESPATH_ASSIGN,
    JMESPATH_OPEN,         /* ( */
    JMESPATH_CLOSE,        /* ) */
    JMESPATH_BRACKET,      /* [ */
    JMESPATH_BRACKET_END,  /* ] */
    JMESPATH_FLAT,         /* [] */
    JMESPATH_QUESTION,     /* [? */
    JMESPATH_BRACE,        /* { */
    JMESPATH_BRACE_END,    /* } */
    JMESPATH_SIGN_PIPE,    /* | */
    JMESPATH_SIGN_OR,      /* || */
    JMESPATH_SIGN_AND,     /* && */
    JMESPATH_SIGN_NOT,     /* ! */
    JMESPATH_SIGN_EQUAL,   /* ==, and from here on comparisons */
    JMESPATH_SIGN_UNEQUAL, /* != */
    JMESPATH_SIGN_LESS,
    JMESPATH_SIGN_AT_MOST,
    JMESPATH_SIGN_GREATER,
    JMESPATH_SIGN_AT_LEAST
};

struct jmespath_token {
    enum jmespath_sign sign;
    uint32_t at, len;   /* bytes of the text */
    struct value value; /* of names the text, else what is written */
};

/** All tokens, the last one is JMESPATH_END; engine_free. Values are in the
 * arena. */
engine_status jmespath_read(const char *text, struct arena *arena,
                            struct jmespath_token **out, engine_error *err);

/* ---- programs --------------------------------------------------------------- */

enum jmespath_kind {
    JMESPATH_THIS,          /* @ */
    JMESPATH_FIELD,         /* value: its key */
    JMESPATH_CONSTANT,      /* value */
    JMESPATH_INDEX,         /* slice[0], of nodes[0] */
    JMESPATH_SLICE,         /* slice, of nodes[0] */
    JMESPATH_THEN,          /* nodes[1] of what nodes[0] gives: a.b, a | b */
    JMESPATH_EACH,          /* nodes[1] of each element of nodes[0] */
    JMESPATH_EACH_MEMBER,   /* nodes[1] of each member of nodes[0] */
    JMESPATH_EACH_THAT,     /* the same where nodes[2] is true */
    JMESPATH_FLATTEN,       /* nodes[0] */
    JMESPATH_LIST,          /* [nodes...] */
    JMESPATH_HASH,          /* {names: nodes...} */
    JMESPATH_OR,            /* nodes[0], nodes[1] */
    JMESPATH_AND,           /* nodes[0], nodes[1] */
    JMESPATH_NOT,           /* nodes[0] */
    JMESPATH_COMPARE,       /* sign, nodes[0], nodes[1] */
    JMESPATH_CALL,          /* function, nodes: arguments */
    JMESPATH_REFERENCE,     /* &nodes[0], as an argument */
    JMESPATH_LET,           /* slot...: nodes, the last one is the body */
    JMESPATH_VALUE_OF_SLOT, /* $slot */
};

#define JMESPATH_HAS_START 1u
#define JMESPATH_HAS_STOP 2u

struct jmespath_node {
    uint8_t kind; /* enum jmespath_kind */
    uint8_t sign; /* of a comparison */
    uint8_t has;  /* of a slice */
    uint8_t slot;
    uint32_t at;    /* byte of the text, for messages */
    uint32_t depth; /* of the tree below */
    uint32_t count;
    struct jmespath_node **nodes;
    struct value value;
    struct value *names; /* of a hash */
    int64_t slice[3];
    const struct jmespath_function *function;
};

struct jmespath_known; /* a compiled regular expression */

struct jmespath {
    const char *text;
    struct arena arena; /* of all below */
    struct jmespath_node *root;
    struct jmespath_known *known;
    size_t known_count;
    uint8_t bound_count; /* slots that are bound from outside: the first */
    uint64_t bound_used; /* which of them are looked at, by bits */
};

/** variables: names of the first program->bound_count slots. */
engine_status jmespath_parse(const char *text, struct jmespath *program,
                             const char *const *variables, engine_error *err);
/** "jmespath "...": character n: what: why". */
engine_status jmespath_fail(const char *text, size_t at, engine_error *err,
                            const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
engine_status jmespath_wants(const struct expr *expr, size_t root,
                             struct value_mask *mask);
/** The same for what a node that is evaluated on the input looks at of it. */
engine_status jmespath_wants_node(const struct jmespath *program,
                                  const struct jmespath_node *node,
                                  struct value_mask *mask);
bool jmespath_mentions(const struct expr *expr, const char *key);
engine_status jmespath_rests(const struct expr *expr, struct value_mask *mask,
                             struct expr_rests *out);

/** A regular expression, compiled once; options may be NULL. */
engine_status jmespath_pattern(struct jmespath *program, const char *text,
                               const char *options, const struct pattern **out,
                               engine_error *err);
void jmespath_forget(struct jmespath *program);

/* ---- evaluation --------------------------------------------------------------- */

struct jmespath_walk {
    const struct expr *expr;
    struct jmespath *program;
    struct arena *arena;
    size_t steps, built; /* so far */
    engine_status status;
    engine_error *err;
    const struct value *slots[JMESPATH_VARIABLES];
    int64_t now_ms; /* 0: not looked at yet */
};

/** What a node gives for a value; NULL on failure, walk->status says why. */
const struct value *jmespath_eval(struct jmespath_walk *walk,
                                  const struct jmespath_node *node,
                                  const struct value *at);
const struct value *jmespath_call(struct jmespath_walk *walk,
                                  const struct jmespath_node *node,
                                  const struct value *at);

/** Counts steps; false when there were too many. */
bool jmespath_step(struct jmespath_walk *walk, size_t steps);
/** Fails with a message of the given node; always NULL. */
const struct value *jmespath_wrong(struct jmespath_walk *walk,
                                   const struct jmespath_node *node,
                                   const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool jmespath_true(const struct value *value)
{
    return expr_is_true(value);
}
/** Deep equality; false on failure too. */
bool jmespath_equal(struct jmespath_walk *walk, const struct value *a,
                    const struct value *b);
/** Orders two numbers, or two strings by code points. */
int jmespath_order(const struct value *a, const struct value *b);
bool jmespath_is_number(const struct value *value);

/* Arena memory and new values; NULL on failure. */
void *jmespath_alloc(struct jmespath_walk *walk, size_t count, size_t size);
const struct value *jmespath_bool(bool value);
const struct value *jmespath_int(struct jmespath_walk *walk, int64_t value);
/** Whole numbers become integers. */
const struct value *jmespath_double(struct jmespath_walk *walk,
                                    const struct jmespath_node *node,
                                    double value);
const struct value *jmespath_text(struct jmespath_walk *walk, const char *text,
                                  size_t len);
/** The value around a text that is in the arena. */
const struct value *jmespath_text_of(struct jmespath_walk *walk,
                                     const char *text, size_t len);
const struct value *jmespath_array(struct jmespath_walk *walk,
                                   const struct value *items, size_t count);

/** An array that grows in the arena. */
struct jmespath_list {
    struct value *items;
    size_t count, room;
};
bool jmespath_push(struct jmespath_walk *walk, struct jmespath_list *list,
                   const struct value *value);

#endif
