/* SPDX-License-Identifier: Apache-2.0 */
/* expr.c - the table of expression languages. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr_private.h"
#ifdef HAVE_JQ
#include "sdk/kit/expr/jq_machine.h"
#endif

#define EXPR_VALUES 1000000
#define EXPR_BYTES ((size_t)256 << 20)

static const struct expr_language *const expr_all[] = {&expr_yamlpath,
#ifdef HAVE_JQ
                                                       &expr_jq,
#endif
                                                       &expr_jmespath,
                                                       NULL};

static const char *const expr_names[] = {"yamlpath",
#ifdef HAVE_JQ
                                         "jq",
#endif
                                         "jmespath",
                                         NULL};

const struct expr_language *expr_language(const char *name)
{
    for (size_t i = 0; expr_all[i]; i++) {
        if (strcmp(expr_all[i]->name, name) == 0)
            return expr_all[i];
    }
    return NULL;
}

const char *const *expr_languages(void)
{
    return expr_names;
}

struct expr_pool *expr_pool_new(void)
{
    return engine_calloc(1, sizeof(struct expr_pool));
}

void expr_pool_free(struct expr_pool *pool)
{
    if (!pool)
        return;
#ifdef HAVE_JQ
    jq_machine_free(pool->jq);
#endif
    engine_free(pool);
}

void expr_pool_hold(struct expr_pool *pool, const struct value *value)
{
#ifdef HAVE_JQ
    if (pool->jq)
        jq_machine_hold(pool->jq, value);
#else
    (void)pool;
    (void)value;
#endif
}

engine_status expr_compile(const struct expr_language *language,
                           const char *text, const struct expr_limits *limits,
                           struct expr **out, engine_error *err)
{
    struct expr *expr;
    engine_status status;

    if (!language)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "this build lacks the language of \"%.200s\"", text);
    expr = engine_calloc(1, sizeof(*expr));
    if (!expr)
        return engine_fail_memory(err);
    expr->language = language;
    if (limits)
        expr->limits = *limits;
    if (!expr->limits.values)
        expr->limits.values = EXPR_VALUES;
    if (!expr->limits.bytes)
        expr->limits.bytes = EXPR_BYTES;
    expr->text = engine_strdup(text);
    status = expr->text ? language->compile(text, expr, err)
                        : engine_fail_memory(err);
    if (status < 0)
        expr_free(expr);
    else
        *out = expr;
    return status;
}

void expr_free(struct expr *expr)
{
    if (!expr)
        return;
    expr->language->clear(expr);
    engine_free(expr->text);
    engine_free(expr);
}

const char *expr_text(const struct expr *expr)
{
    return expr->text;
}

engine_status expr_fail_values(const struct expr *expr, engine_error *err)
{
    return engine_fail(err, ENGINE_ELIMIT,
                       "%s \"%.200s\" has more than %zu results",
                       expr->language->name, expr->text, expr->limits.values);
}

engine_status expr_fail_memory(const struct expr *expr,
                               const struct arena *arena, size_t size,
                               engine_error *err)
{
    if (size <= arena->maximum && arena->used <= arena->maximum - size)
        return engine_fail_memory(err);
    return engine_fail(err, ENGINE_ELIMIT,
                       "%s \"%.200s\" needs more than %zu bytes of memory",
                       expr->language->name, expr->text, arena->maximum);
}

engine_status expr_evaluate(struct expr *expr, const struct value *input,
                            struct arena *arena, struct expr_values *out,
                            engine_error *err)
{
    return expr->language->evaluate(expr, input, arena, out, err);
}

engine_status expr_wants(const struct expr *expr, struct value_mask *mask)
{
    if (expr->language->wants)
        return expr->language->wants(expr, 0, mask);
    return value_mask_add(mask, NULL, 0);
}

engine_status expr_wants_of(const struct expr *expr, size_t variable,
                            struct value_mask *mask)
{
    if (expr->language->wants)
        return expr->language->wants(expr, variable + 1, mask);
    return ENGINE_OK;
}

void expr_bind(struct expr *expr, const struct value *const *values)
{
    expr->bound = values;
}

bool expr_uses(const struct expr *expr, size_t variable)
{
    return expr->language->uses && expr->language->uses(expr, variable);
}

bool expr_mentions(const struct expr *expr, const char *key)
{
    return !expr->language->mentions || expr->language->mentions(expr, key);
}

engine_status expr_rests(const struct expr *expr, struct value_mask *mask,
                         struct expr_rests *out)
{
    if (expr->language->rests)
        return expr->language->rests(expr, mask, out);
    *out = (struct expr_rests){.alone = false};
    return expr_wants(expr, mask);
}

engine_status expr_split(const struct expr_language *language, const char *text,
                         const char *list, char **item, char **rest,
                         engine_error *err)
{
    if (language && language->split)
        return language->split(text, list, item, rest, err);
    return engine_fail(err, ENGINE_EUNSUPPORTED,
                       "expressions in %s cannot be applied item by item",
                       language ? language->name : "an unknown language");
}
