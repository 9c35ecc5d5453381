/* SPDX-License-Identifier: Apache-2.0 */
/* jq.c - jq programs as expressions: results and errors. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr/jq_machine.h"
#include "sdk/kit/expr/jq_split.h"
#include "sdk/kit/expr_private.h"
#include "sdk/kit/value_builder.h"

#define JQ_EXACT 9007199254740992.0 /* whole numbers up to it are exact */

/* ---- values from jq --------------------------------------------------------- */

struct jq_reading {
    const struct expr *expr;
    struct value_builder builder;
    engine_error *err;
};

static engine_status jq_no_room(struct jq_reading *reading)
{
    engine_error err;
    const engine_status status = builder_fail(&reading->builder, &err);

    if (status != ENGINE_ELIMIT)
        return engine_fail_memory(reading->err);
    return engine_fail(reading->err, status, "jq \"%.200s\" makes %s",
                       reading->expr->text, err.message);
}

static bool jq_read_text(struct jq_reading *reading, jv text, const char **out,
                         uint32_t *len)
{
    *len = (uint32_t)jv_string_length_bytes(jv_copy(text));
    *out = builder_text(&reading->builder, jv_string_value(text), *len);
    return *out != NULL;
}

static void jq_read_number(jv number, struct value *out)
{
    const double value = jv_number_value(number);

    *out = (struct value){.kind = VALUE_DOUBLE};
    if (value >= -JQ_EXACT && value <= JQ_EXACT && value == floor(value)) {
        out->kind = VALUE_INT;
        out->integer = (int64_t)value;
    } else if (isnan(value)) {
        out->kind = VALUE_NULL; /* as jq prints both of them */
    } else {
        out->number = isinf(value) ? copysign(DBL_MAX, value) : value;
    }
}

static engine_status jq_read(struct jq_reading *reading, jv from, int depth,
                             struct value *out);

/* An element or member that is complete; takes its value. */
static engine_status jq_read_child(struct jq_reading *reading, jv from,
                                   int depth, struct value_member *child)
{
    struct value_member *place;
    engine_status status = jq_read(reading, from, depth, &child->value);

    jv_free(from);
    if (status < 0)
        return status;
    place = builder_push(&reading->builder);
    if (!place)
        return jq_no_room(reading);
    *place = *child;
    return ENGINE_OK;
}

static engine_status jq_read_array(struct jq_reading *reading, jv array,
                                   int depth, struct value *out)
{
    const size_t base = reading->builder.used;
    const int len = jv_array_length(jv_copy(array));

    for (int i = 0; i < len; i++) {
        struct value_member child = {0};
        const engine_status status = jq_read_child(
            reading, jv_array_get(jv_copy(array), i), depth + 1, &child);

        if (status < 0)
            return status;
    }
    return builder_array(&reading->builder, base, out) ? ENGINE_OK
                                                       : jq_no_room(reading);
}

static engine_status jq_read_object(struct jq_reading *reading, jv object,
                                    int depth, struct value *out)
{
    const size_t base = reading->builder.used;

    for (int i = jv_object_iter(object); jv_object_iter_valid(object, i);
         i = jv_object_iter_next(object, i)) {
        jv key = jv_object_iter_key(object, i);
        struct value_member child = {0};
        const bool kept =
            jq_read_text(reading, key, &child.key, &child.key_len);
        engine_status status;

        jv_free(key);
        if (!kept)
            return jq_no_room(reading);
        status = jq_read_child(reading, jv_object_iter_value(object, i),
                               depth + 1, &child);
        if (status < 0)
            return status;
    }
    return builder_object(&reading->builder, base, out, NULL)
               ? ENGINE_OK
               : jq_no_room(reading);
}

/* Borrows `from`. */
static engine_status jq_read(struct jq_reading *reading, jv from, int depth,
                             struct value *out)
{
    *out = value_null;
    if (depth > VALUE_MAX_DEPTH)
        return engine_fail(reading->err, ENGINE_ELIMIT,
                           "jq \"%.200s\" nests deeper than %d",
                           reading->expr->text, VALUE_MAX_DEPTH);
    switch (jv_get_kind(from)) {
    case JV_KIND_FALSE:
    case JV_KIND_TRUE:
        out->kind = VALUE_BOOL;
        out->boolean = jv_get_kind(from) == JV_KIND_TRUE;
        return ENGINE_OK;
    case JV_KIND_NUMBER:
        jq_read_number(from, out);
        return ENGINE_OK;
    case JV_KIND_STRING:
        out->kind = VALUE_STRING;
        return jq_read_text(reading, from, &out->text, &out->count)
                   ? ENGINE_OK
                   : jq_no_room(reading);
    case JV_KIND_ARRAY:
        return jq_read_array(reading, from, depth, out);
    case JV_KIND_OBJECT:
        return jq_read_object(reading, from, depth, out);
    default:
        return ENGINE_OK;
    }
}

/* ---- evaluation ------------------------------------------------------------- */

static engine_status jq_compile_program(const char *text, struct expr *expr,
                                        engine_error *err)
{
    return jq_program_new(text, expr->limits.pool,
                          (struct jq_program **)&expr->program, err);
}

static void jq_clear(struct expr *expr)
{
    jq_program_free(expr->program);
}

/* The outputs ended: because there are no more, or of an error (taken). */
static engine_status jq_ended(const struct expr *expr, jv last,
                              engine_error *err)
{
    jv message;

    if (jq_program_halted(expr->program)) {
        jv_free(last);
        return engine_fail(err, ENGINE_EINVAL, "jq \"%.200s\": it halted",
                           expr->text);
    }
    if (!jv_invalid_has_msg(jv_copy(last))) {
        jv_free(last);
        return ENGINE_OK;
    }
    message = jv_invalid_get_msg(last);
    if (jv_get_kind(message) != JV_KIND_STRING)
        message = jv_dump_string(message, 0);
    engine_fail(err, ENGINE_EINVAL, "jq \"%.200s\": %.400s", expr->text,
                jv_string_value(message));
    jv_free(message);
    return ENGINE_EINVAL;
}

/* Results go onto the builder's stack. */
static engine_status jq_collect(struct jq_reading *reading)
{
    const struct expr *expr = reading->expr;
    jv result;

    for (size_t count = 0;; count++) {
        struct value_member child = {0};
        engine_status status;

        result = jq_program_next(expr->program);
        if (!jv_is_valid(result))
            return jq_ended(expr, result, reading->err);
        if (count == expr->limits.values) {
            jv_free(result);
            return expr_fail_values(expr, reading->err);
        }
        status = jq_read_child(reading, result, 0, &child);
        if (status < 0)
            return status;
    }
}

static engine_status jq_evaluate(struct expr *expr, const struct value *input,
                                 struct arena *arena, struct expr_values *out,
                                 engine_error *err)
{
    struct jq_reading reading = {.expr = expr, .err = err};
    engine_status status = jq_program_start(expr->program, input, err);
    const struct value **values;
    struct value all;

    if (status < 0)
        return status;
    builder_init(&reading.builder, arena,
                 arena->maximum / sizeof(struct value));
    status = jq_collect(&reading);
    jq_program_stop(expr->program);
    if (status == ENGINE_OK && !builder_array(&reading.builder, 0, &all))
        status = jq_no_room(&reading);
    builder_clear(&reading.builder);
    if (status < 0)
        return status;
    values = arena_alloc(arena, (all.count + 1) * sizeof(const struct value *));
    if (!values)
        return expr_fail_memory(expr, arena,
                                all.count * sizeof(const struct value *), err);
    for (uint32_t i = 0; i < all.count; i++)
        values[i] = &all.items[i];
    *out = (struct expr_values){values, all.count};
    return ENGINE_OK;
}

const struct expr_language expr_jq = {.name = "jq",
                                      .compile = jq_compile_program,
                                      .evaluate = jq_evaluate,
                                      .split = jq_split,
                                      .clear = jq_clear};
