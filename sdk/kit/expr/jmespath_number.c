/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_number.c - JMESPath's functions of numbers. */
#include <math.h>
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

static double jmespath_as_double(const struct value *value)
{
    double number = 0;

    value_number(value, &number);
    return number;
}

JMESPATH_FN(abs)
{
    if (args[0]->kind == VALUE_INT && args[0]->integer > INT64_MIN)
        return args[0]->integer >= 0 ? args[0]
                                     : jmespath_int(walk, -args[0]->integer);
    return jmespath_double(walk, call, fabs(jmespath_as_double(args[0])));
}

JMESPATH_FN(ceil)
{
    if (args[0]->kind == VALUE_INT)
        return args[0];
    return jmespath_double(walk, call, ceil(args[0]->number));
}

JMESPATH_FN(floor)
{
    if (args[0]->kind == VALUE_INT)
        return args[0];
    return jmespath_double(walk, call, floor(args[0]->number));
}

static double jmespath_total(const struct value *array)
{
    double total = 0;

    for (uint32_t i = 0; i < array->count; i++)
        total += jmespath_as_double(&array->items[i]);
    return total;
}

/* Exact as long as all are integers and the sum is one. */
JMESPATH_FN(sum)
{
    int64_t total = 0;

    if (!jmespath_step(walk, args[0]->count))
        return NULL;
    for (uint32_t i = 0; i < args[0]->count; i++) {
        const struct value *item = &args[0]->items[i];

        if (item->kind != VALUE_INT ||
            __builtin_add_overflow(total, item->integer, &total))
            return jmespath_double(walk, call, jmespath_total(args[0]));
    }
    return jmespath_int(walk, total);
}

JMESPATH_FN(avg)
{
    if (!args[0]->count)
        return &value_null;
    if (!jmespath_step(walk, args[0]->count))
        return NULL;
    return jmespath_double(walk, call,
                           jmespath_total(args[0]) / args[0]->count);
}

/* A text that is a JSON number; everything else but numbers is null. */
JMESPATH_FN(to_number)
{
    const struct value *from = args[0];
    struct value *made;
    engine_status status;

    (void)call;
    if (jmespath_is_number(from))
        return from;
    if (from->kind != VALUE_STRING || !from->count ||
        strspn(from->text, "0123456789+-.eE") != from->count)
        return &value_null;
    made = jmespath_alloc(walk, 1, sizeof(*made));
    if (!made)
        return NULL;
    status = value_from_json(from->text, from->count, "number", walk->arena,
                             made, NULL);
    if (status == ENGINE_ENOMEM)
        walk->status = engine_fail_memory(walk->err);
    if (walk->status < 0)
        return NULL;
    return status == ENGINE_OK && jmespath_is_number(made) ? made : &value_null;
}
