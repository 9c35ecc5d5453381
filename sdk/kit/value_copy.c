/* SPDX-License-Identifier: Apache-2.0 */
/* value_copy.c - a value into another arena, whole. */
#include <string.h>

#include "sdk/kit/value.h"

static engine_status copy_value(const struct value *from, struct arena *arena,
                                struct value *out, unsigned depth,
                                engine_error *err);

static engine_status copy_array(const struct value *from, struct arena *arena,
                                struct value *out, unsigned depth,
                                engine_error *err)
{
    struct value *items = arena_alloc(arena, from->count * sizeof(*items));
    engine_status status = items ? ENGINE_OK : engine_fail_memory(err);

    for (uint32_t i = 0; status == ENGINE_OK && i < from->count; i++)
        status = copy_value(&from->items[i], arena, &items[i], depth, err);
    out->items = items;
    return status;
}

static engine_status copy_object(const struct value *from,
                                 struct arena *arena, struct value *out,
                                 unsigned depth, engine_error *err)
{
    struct value_member *members =
        arena_alloc(arena, from->count * sizeof(*members));
    engine_status status = members ? ENGINE_OK : engine_fail_memory(err);

    for (uint32_t i = 0; status == ENGINE_OK && i < from->count; i++) {
        members[i] = from->members[i];
        members[i].key = arena_strndup(arena, from->members[i].key,
                                       from->members[i].key_len);
        status = members[i].key
                     ? copy_value(&from->members[i].value, arena,
                                  &members[i].value, depth, err)
                     : engine_fail_memory(err);
    }
    out->members = members;
    return status;
}

static engine_status copy_value(const struct value *from, struct arena *arena,
                                struct value *out, unsigned depth,
                                engine_error *err)
{
    *out = *from;
    if (depth > VALUE_MAX_DEPTH)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a value is nested deeper than %d levels",
                           VALUE_MAX_DEPTH);
    if (from->kind == VALUE_STRING) {
        out->text = arena_strndup(arena, from->text, from->count);
        return out->text ? ENGINE_OK : engine_fail_memory(err);
    }
    if (from->count == 0)
        return ENGINE_OK;
    if (from->kind == VALUE_ARRAY)
        return copy_array(from, arena, out, depth + 1, err);
    if (from->kind == VALUE_OBJECT)
        return copy_object(from, arena, out, depth + 1, err);
    return ENGINE_OK;
}

engine_status value_copy(const struct value *value, struct arena *arena,
                         struct value *out, engine_error *err)
{
    return copy_value(value, arena, out, 0, err);
}
