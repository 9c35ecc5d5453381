/* SPDX-License-Identifier: Apache-2.0 */
/* value_copy.c - a value into another arena, whole or what a mask keeps. */
#include <string.h>

#include "sdk/kit/value.h"
#include "sdk/kit/value_mask_private.h"

static engine_status copy_value(const struct value *from,
                                const struct mask_node *node,
                                struct arena *arena, struct value *out,
                                unsigned depth, engine_error *err);

static engine_status copy_array(const struct value *from,
                                const struct mask_node *node,
                                struct arena *arena, struct value *out,
                                unsigned depth, engine_error *err)
{
    const struct mask_node *element = mask_element(node);
    struct value *items = NULL;
    engine_status status = ENGINE_OK;

    out->count = 0;
    out->items = NULL;
    if (!element)
        return ENGINE_OK;
    items = arena_alloc(arena, from->count * sizeof(*items));
    if (!items)
        return engine_fail_memory(err);
    for (uint32_t i = 0; status == ENGINE_OK && i < from->count; i++)
        status = copy_value(&from->items[i], element, arena, &items[i], depth,
                            err);
    out->items = items;
    out->count = from->count;
    return status;
}

static engine_status copy_object(const struct value *from,
                                 const struct mask_node *node,
                                 struct arena *arena, struct value *out,
                                 unsigned depth, engine_error *err)
{
    struct value_member *members =
        arena_alloc(arena, from->count * sizeof(*members));
    engine_status status = members ? ENGINE_OK : engine_fail_memory(err);

    out->members = members;
    out->count = 0;
    for (uint32_t i = 0; status == ENGINE_OK && i < from->count; i++) {
        const struct value_member *member = &from->members[i];
        const struct mask_node *child =
            mask_member(node, member->key, member->key_len);
        struct value_member *copy = &members[out->count];
        if (!child)
            continue;
        *copy = *member;
        copy->key = arena_strndup(arena, member->key, member->key_len);
        status = copy->key ? copy_value(&member->value, child, arena,
                                        &copy->value, depth, err)
                           : engine_fail_memory(err);
        out->count++;
    }
    return status;
}

static engine_status copy_value(const struct value *from,
                                const struct mask_node *node,
                                struct arena *arena, struct value *out,
                                unsigned depth, engine_error *err)
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
        return copy_array(from, node, arena, out, depth + 1, err);
    if (from->kind == VALUE_OBJECT)
        return copy_object(from, node, arena, out, depth + 1, err);
    return ENGINE_OK;
}

engine_status value_copy(const struct value *value, struct arena *arena,
                         struct value *out, engine_error *err)
{
    const struct mask_node all = {.all = true};

    return copy_value(value, &all, arena, out, 0, err);
}

engine_status value_copy_masked(const struct value *value,
                                const struct value_mask *mask,
                                struct arena *arena, struct value *out,
                                engine_error *err)
{
    return copy_value(value, &mask->root, arena, out, 0, err);
}
