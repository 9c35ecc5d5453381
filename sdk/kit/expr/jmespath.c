/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath.c - JMESPath as a language of expressions. */
#include "sdk/kit/expr/jmespath.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define JMESPATH_MEMORY ((size_t)64 << 20) /* of a compiled expression */
#define JMESPATH_KNOWN 64                  /* regular expressions kept */

engine_status jmespath_fail(const char *text, size_t at, engine_error *err,
                            const char *what, const char *format, ...)
{
    const size_t len = strlen(text);
    size_t character = 1;
    char why[400];
    va_list args;

    for (size_t i = 0; i < at && i < len; i++)
        character += ((unsigned char)text[i] & 0xc0) != 0x80;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    if (at >= len)
        return engine_fail(err, ENGINE_EINVAL,
                           "jmespath \"%.200s\": at its end: %s: %s", text,
                           what, why);
    return engine_fail(err, ENGINE_EINVAL,
                       "jmespath \"%.200s\": character %zu: %s: %s", text,
                       character, what, why);
}

/* ---- regular expressions -------------------------------------------------- */

struct jmespath_known {
    struct jmespath_known *next;
    char *text, *options;
    struct pattern *pattern;
};

void jmespath_forget(struct jmespath *program)
{
    while (program->known) {
        struct jmespath_known *known = program->known;

        program->known = known->next;
        pattern_free(known->pattern);
        engine_free(known->options);
        engine_free(known->text);
        engine_free(known);
    }
    program->known_count = 0;
}

static engine_status jmespath_learn(struct jmespath *program, const char *text,
                                    const char *options, engine_error *err)
{
    struct jmespath_known *known;

    /* A pattern out of the data may be another one each time. */
    if (program->known_count == JMESPATH_KNOWN)
        jmespath_forget(program);
    known = engine_calloc(1, sizeof(*known));
    if (!known)
        return engine_fail_memory(err);
    known->next = program->known;
    program->known = known;
    program->known_count++;
    known->text = engine_strdup(text);
    known->options = engine_strdup(options);
    if (!known->text || !known->options)
        return engine_fail_memory(err);
    return pattern_new(text, options, &known->pattern, err);
}

engine_status jmespath_pattern(struct jmespath *program, const char *text,
                               const char *options, const struct pattern **out,
                               engine_error *err)
{
    const struct jmespath_known *known = program->known;
    engine_status status;

    if (!options)
        options = "";
    for (; known; known = known->next) {
        if (strcmp(known->text, text) == 0 &&
            strcmp(known->options, options) == 0)
            break;
    }
    if (!known) {
        status = jmespath_learn(program, text, options, err);
        if (status < 0) {
            jmespath_forget(program); /* with the half of it */
            return status;
        }
        known = program->known;
    }
    *out = known->pattern;
    return ENGINE_OK;
}

/* ---- the language ----------------------------------------------------------- */

/* Names that are bound from outside take the first slots. */
static engine_status jmespath_bound(struct jmespath *program,
                                    const char *const *names,
                                    engine_error *err)
{
    size_t count = 0;

    while (names && names[count])
        count++;
    if (count > JMESPATH_VARIABLES / 2)
        return engine_fail(err, ENGINE_ELIMIT,
                           "more than %d variables are bound to jmespath",
                           JMESPATH_VARIABLES / 2);
    program->bound_count = (uint8_t)count;
    return ENGINE_OK;
}

static bool jmespath_uses(const struct expr *expr, size_t variable)
{
    const struct jmespath *program = expr->program;

    return variable < program->bound_count &&
           program->bound_used >> variable & 1;
}

static engine_status jmespath_compile(const char *text, struct expr *expr,
                                      engine_error *err)
{
    struct jmespath *program = engine_calloc(1, sizeof(*program));

    if (!program)
        return engine_fail_memory(err);
    expr->program = program;
    arena_init(&program->arena, JMESPATH_MEMORY);
    program->text = expr->text;
    if (jmespath_bound(program, expr->limits.variables, err) < 0)
        return ENGINE_ELIMIT;
    return jmespath_parse(text, program, expr->limits.variables, err);
}

static void jmespath_clear(struct expr *expr)
{
    struct jmespath *program = expr->program;

    if (!program)
        return;
    jmespath_forget(program);
    arena_clear(&program->arena);
    engine_free(program);
}

static engine_status jmespath_evaluate(struct expr *expr,
                                       const struct value *input,
                                       struct arena *arena,
                                       struct expr_values *out,
                                       engine_error *err)
{
    struct jmespath_walk walk = {.expr = expr,
                                 .program = expr->program,
                                 .arena = arena,
                                 .err = err,
                                 .now_ms = expr->limits.now_ms};
    const struct value *value;
    const struct value **values;

    for (unsigned i = 0; i < walk.program->bound_count; i++)
        walk.slots[i] =
            expr->bound && expr->bound[i] ? expr->bound[i] : &value_null;
    value = jmespath_eval(&walk, walk.program->root, input);
    if (!value || walk.status < 0)
        return walk.status < 0 ? walk.status : engine_fail_memory(err);
    values = jmespath_alloc(&walk, 1, sizeof(const struct value *));
    if (!values)
        return walk.status;
    values[0] = value;
    *out = (struct expr_values){values, 1};
    return ENGINE_OK;
}

const struct expr_language expr_jmespath = {.name = "jmespath",
                                            .compile = jmespath_compile,
                                            .evaluate = jmespath_evaluate,
                                            .wants = jmespath_wants,
                                            .uses = jmespath_uses,
                                            .mentions = jmespath_mentions,
                                            .rests = jmespath_rests,
                                            .clear = jmespath_clear};
