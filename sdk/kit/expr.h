/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - expression languages behind one small table: compiled once,
 * evaluated many times: yamlpath (the OpenSCAP yaml-filter grammar), jq
 * (libjq), jmespath (jmespath.org with JEP-18 and the functions of
 * expr/jmespath_functions.h).
 *
 * Threads: a compiled expression belongs to one thread at a time.
 */
#ifndef SDK_KIT_EXPR_H
#define SDK_KIT_EXPR_H

#include "sdk/kit/value.h"
#include "sdk/kit/value_mask.h"

struct expr;

/** What an evaluation gave: any number of values (of jmespath one), in the
 * arena; what they hold may be the input's and the expression's too. */
struct expr_values {
    const struct value *const *values;
    size_t count;
};

/**
 * What the expressions of one thread share. jq takes some 25 ms to set up for
 * a program alone, and the same once for all programs of a pool: they are
 * compiled together when the first one runs. A name that does not exist is
 * then found by expr_evaluate, for that expression only.
 */
struct expr_pool;
struct expr_pool *expr_pool_new(void);
/** After all of its expressions. */
void expr_pool_free(struct expr_pool *pool);
/**
 * Promises that a value stays as it is until the next call, so that what a
 * language has to convert is converted once for all expressions; NULL ends it.
 */
void expr_pool_hold(struct expr_pool *pool, const struct value *value);

struct expr_limits {
    size_t values; /* at most so many results; 0: 1,000,000 */
    size_t bytes;  /* of memory of the language's own; 0: 256 MiB */
    struct expr_pool *pool; /* NULL: the expression is on its own */
    int64_t now_ms; /* the time for jmespath, Unix; 0: the clock's */
    const char *const *variables; /* jmespath: names without "$", NULL-ended,
                                   * that expr_bind gives values to; they live
                                   * as long as the expression */
};

/** What each element of a list that an expression gives rests on. */
struct expr_rests {
    bool alone; /* on what is in the element that it comes from, and on what
                 * let binds; else on all that the expression looks at */
    bool parts; /* all of them are parts of the input, none was made anew */
    bool holds; /* what was made of an element holds it: {a: @} */
};

/** One language. Functions are as below; wants, rests and split may be
 * NULL. */
struct expr_language {
    const char *name;
    engine_status (*compile)(const char *text, struct expr *expr,
                             engine_error *err);
    engine_status (*evaluate)(struct expr *expr, const struct value *input,
                              struct arena *arena, struct expr_values *out,
                              engine_error *err);
    /* root: 0 of the input, else of variable root - 1 */
    engine_status (*wants)(const struct expr *expr, size_t root,
                           struct value_mask *mask);
    bool (*uses)(const struct expr *expr, size_t variable);
    bool (*mentions)(const struct expr *expr, const char *key);
    engine_status (*rests)(const struct expr *expr, struct value_mask *mask,
                           struct expr_rests *out);
    engine_status (*split)(const char *text, const char *list, char **item,
                           char **rest, engine_error *err);
    void (*clear)(struct expr *expr);
};

/** The language of that name, or NULL. */
const struct expr_language *expr_language(const char *name);
/** Names of all languages that were built in, NULL-ended. */
const char *const *expr_languages(void);

/**
 * Compiles. ENGINE_EINVAL says what is wrong and at which character;
 * ENGINE_EUNSUPPORTED names what this build lacks.
 */
engine_status expr_compile(const struct expr_language *language,
                           const char *text, const struct expr_limits *limits,
                           struct expr **out, engine_error *err);
void expr_free(struct expr *expr);
const char *expr_text(const struct expr *expr);

/**
 * Evaluates. What the expression itself finds wrong with the input (jq's
 * errors, a path through a scalar) is ENGINE_EINVAL with the language's
 * words; a path that leads nowhere is no error but zero values.
 */
engine_status expr_evaluate(struct expr *expr, const struct value *input,
                            struct arena *arena, struct expr_values *out,
                            engine_error *err);

/**
 * Values of limits.variables, in their order, for the evaluations that follow:
 * borrowed until the next call. What is not bound is null.
 */
void expr_bind(struct expr *expr, const struct value *const *values);
/** Whether it looks at the variable of this index in limits.variables. */
bool expr_uses(const struct expr *expr, size_t variable);
/** Whether a key of this name is anywhere in it; true where that is not
 * known. */
bool expr_mentions(const struct expr *expr, const char *key);
/** Whether a value counts as true for jmespath: not null, false, or empty. */
bool expr_is_true(const struct value *value);

/** Adds what it may look at to a mask; all of it where that is not known. */
engine_status expr_wants(const struct expr *expr, struct value_mask *mask);
/** The same for what it looks at of a variable that is bound from outside. */
engine_status expr_wants_of(const struct expr *expr, size_t variable,
                            struct value_mask *mask);
/** What elements of the list that it gives rest on; adds to a mask what they
 * share of the input: what let binds, or all it looks at where that is not
 * known. */
engine_status expr_rests(const struct expr *expr, struct value_mask *mask,
                         struct expr_rests *out);

/**
 * Cuts a program over a whole list document ("[.items[] | f] | g") into one
 * over an element, whose outputs are collected in an array, and one over
 * that array (*rest, "." when there is nothing left), such that both
 * together give what the program gives. ENGINE_EUNSUPPORTED when it is not
 * of that form; then the document has to be read whole. Caller frees both.
 */
engine_status expr_split(const struct expr_language *language,
                         const char *text, const char *list, char **item,
                         char **rest, engine_error *err);

#endif
