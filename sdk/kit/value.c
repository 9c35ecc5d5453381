/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - looking into values. */
#include "sdk/kit/value.h"

#include <stdarg.h>
#include <string.h>

const struct value value_null = {.kind = VALUE_NULL};

const struct value *value_member_n(const struct value *object, const char *key,
                                   size_t len)
{
    if (!object || object->kind != VALUE_OBJECT)
        return NULL;
    for (uint32_t i = 0; i < object->count; i++) {
        const struct value_member *member = &object->members[i];

        if (member->key_len == len && memcmp(member->key, key, len) == 0)
            return &member->value;
    }
    return NULL;
}

const struct value *value_member(const struct value *object, const char *key)
{
    return value_member_n(object, key, strlen(key));
}

const struct value *value_at(const struct value *object, ...)
{
    const char *key;
    va_list keys;

    va_start(keys, object);
    while (object && (key = va_arg(keys, const char *)))
        object = value_member(object, key);
    va_end(keys);
    return object;
}

const char *value_text(const struct value *value)
{
    return value && value->kind == VALUE_STRING ? value->text : NULL;
}

bool value_number(const struct value *value, double *out)
{
    if (value && value->kind == VALUE_INT)
        *out = (double)value->integer;
    else if (value && value->kind == VALUE_DOUBLE)
        *out = value->number;
    else
        return false;
    return true;
}

/* ---- equality ------------------------------------------------------------ */

/* As numbers, not as doubles: 2^53 + 1 is no 2^53. */
static bool value_integer_is(int64_t integer, double number)
{
    return number >= -9223372036854775808.0 && number < 9223372036854775808.0 &&
           (int64_t)number == integer && (double)(int64_t)number == number;
}

static bool value_numbers_equal(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return a->integer == b->integer;
    if (a->kind == VALUE_INT)
        return b->kind == VALUE_DOUBLE &&
               value_integer_is(a->integer, b->number);
    if (b->kind == VALUE_INT)
        return a->kind == VALUE_DOUBLE &&
               value_integer_is(b->integer, a->number);
    return a->number == b->number;
}

static bool value_is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE;
}

static bool value_objects_equal(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *member = &a->members[i];
        const struct value_member *beside = &b->members[i];
        const struct value *other = &beside->value;

        /* mostly the order is the same */
        if (beside->key_len != member->key_len ||
            memcmp(beside->key, member->key, member->key_len) != 0)
            other = value_member_n(b, member->key, member->key_len);
        if (!other || !value_equal(&member->value, other))
            return false;
    }
    return true;
}

static bool value_arrays_equal(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (!value_equal(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (value_is_number(a) && value_is_number(b))
        return value_numbers_equal(a, b);
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_NULL)
        return true;
    if (a->kind == VALUE_BOOL)
        return a->boolean == b->boolean;
    if (a->count != b->count)
        return false;
    if (a->kind == VALUE_STRING)
        return memcmp(a->text, b->text, a->count) == 0;
    return a->kind == VALUE_ARRAY ? value_arrays_equal(a, b)
                                  : value_objects_equal(a, b);
}

const char *value_kind_name(const struct value *value)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",     [VALUE_BOOL] = "boolean",
        [VALUE_INT] = "number",    [VALUE_DOUBLE] = "number",
        [VALUE_STRING] = "string", [VALUE_ARRAY] = "array",
        [VALUE_OBJECT] = "object"};

    return value->kind < sizeof(names) / sizeof(names[0]) ? names[value->kind]
                                                          : "unknown";
}

engine_status value_member_text(struct arena *arena, struct value_member *out,
                                const char *key, const char *text,
                                engine_error *err)
{
    *out = (struct value_member){
        .key = key, .key_len = (uint32_t)strlen(key), .value = value_null};
    if (!text)
        return ENGINE_OK;
    out->value.kind = VALUE_STRING;
    out->value.count = (uint32_t)strlen(text);
    out->value.text = arena_strdup(arena, text);
    return out->value.text ? ENGINE_OK : engine_fail_memory(err);
}
