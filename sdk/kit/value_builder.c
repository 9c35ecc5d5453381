/* SPDX-License-Identifier: Apache-2.0 */
/* value_builder.c - finished values wait until their container is complete. */
#include "sdk/kit/value_builder.h"

#include <stdlib.h>

#include "sdk/base/alloc.h"

#define BUILDER_POOL 4096
#define BUILDER_FEW 24 /* keys that are compared with each other */

void builder_init(struct value_builder *builder, struct arena *arena,
                  size_t nodes_maximum)
{
    *builder =
        (struct value_builder){.arena = arena, .nodes_maximum = nodes_maximum};
}

void builder_clear(struct value_builder *builder)
{
    engine_free(builder->waiting);
    *builder = (struct value_builder){0};
}

void builder_switch(struct value_builder *builder, struct arena *arena,
                    size_t nodes_maximum)
{
    builder->arena = arena;
    builder->pool = NULL;
    builder->left = 0;
    builder->nodes = 0;
    builder->nodes_maximum = nodes_maximum;
}

engine_status builder_fail(const struct value_builder *builder,
                           engine_error *err)
{
    if (builder->status != ENGINE_ELIMIT)
        return engine_fail_memory(err);
    if (builder->nodes >= builder->nodes_maximum)
        return engine_fail(err, ENGINE_ELIMIT, "more than %zu values",
                           builder->nodes_maximum);
    return engine_fail(err, ENGINE_ELIMIT, "more than %zu bytes of memory",
                       builder->arena->maximum);
}

void *builder_alloc(struct value_builder *builder, size_t size)
{
    const struct arena *arena = builder->arena;
    void *memory = arena_alloc(builder->arena, size);

    if (!memory)
        builder->status =
            size > arena->maximum || arena->used > arena->maximum - size
                ? ENGINE_ELIMIT
                : ENGINE_ENOMEM;
    return memory;
}

bool builder_more(struct value_builder *builder)
{
    const size_t room = builder->room ? 2 * builder->room : 64;
    struct value_member *waiting;

    builder->status = ENGINE_ELIMIT;
    if (builder->nodes >= builder->nodes_maximum)
        return false;
    builder->status = ENGINE_ENOMEM;
    if (builder->used < builder->room)
        return true;
    waiting = engine_realloc(builder->waiting, room * sizeof(*waiting));
    if (!waiting)
        return false;
    builder->waiting = waiting;
    builder->room = room;
    return true;
}

char *builder_refill(struct value_builder *builder, size_t len)
{
    /* A long one is on its own, and what is left of the pool stays in use. */
    if (len >= BUILDER_POOL / 4)
        return builder_alloc(builder, len + 1);
    builder->pool = builder_alloc(builder, BUILDER_POOL);
    builder->left = builder->pool ? BUILDER_POOL : 0;
    return builder->pool ? builder_room(builder, len) : NULL;
}

bool builder_array(struct value_builder *builder, size_t base,
                   struct value *out)
{
    const size_t count = builder->used - base;
    struct value *items;

    *out = (struct value){.kind = VALUE_ARRAY, .count = (uint32_t)count};
    if (!count)
        return true;
    items = builder_alloc(builder, count * sizeof(*items));
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++)
        items[i] = builder->waiting[base + i].value;
    out->items = items;
    builder->used = base;
    return true;
}

/* ---- keys that come twice ------------------------------------------------- */

static bool builder_same_key(const struct value_member *a,
                             const struct value_member *b)
{
    return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
}

/* Drops members whose key is NULL. */
static size_t builder_compact(struct value_member *members, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (members[i].key)
            members[kept++] = members[i];
    }
    return kept;
}

static size_t builder_unique_few(struct value_member *members, size_t count,
                                 const char **twice)
{
    bool any = false;

    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!members[j].key || !builder_same_key(&members[i], &members[j]))
                continue;
            members[j].value = members[i].value;
            members[i].key = NULL;
            *twice = members[j].key;
            any = true;
            break;
        }
    }
    return any ? builder_compact(members, count) : count;
}

static int builder_compare(const void *a, const void *b)
{
    const struct value_member *left = *(struct value_member *const *)a;
    const struct value_member *right = *(struct value_member *const *)b;
    int order;

    if (left->key_len != right->key_len)
        return left->key_len < right->key_len ? -1 : 1;
    order = memcmp(left->key, right->key, left->key_len);
    return order ? order : left < right ? -1 : left > right;
}

static bool builder_unique_many(struct value_builder *builder,
                                struct value_member *members, size_t *count,
                                const char **twice)
{
    struct value_member **sorted =
        engine_malloc(*count * sizeof(struct value_member *));
    struct value_member *first;
    bool any = false;

    builder->status = ENGINE_ENOMEM;
    if (!sorted)
        return false;
    for (size_t i = 0; i < *count; i++)
        sorted[i] = &members[i];
    qsort(sorted, *count, sizeof(struct value_member *), builder_compare);
    first = sorted[0];
    for (size_t i = 1; i < *count; i++) {
        if (builder_same_key(first, sorted[i])) {
            first->value = sorted[i]->value;
            /* compared no more: the order among equals is by place */
            sorted[i]->reserved = 1;
            *twice = first->key;
            any = true;
        } else {
            first = sorted[i];
        }
    }
    engine_free(sorted);
    for (size_t i = 0; any && i < *count; i++) {
        if (members[i].reserved)
            members[i].key = NULL;
    }
    if (any)
        *count = builder_compact(members, *count);
    return true;
}

bool builder_object(struct value_builder *builder, size_t base,
                    struct value *out, const char **twice)
{
    size_t count = builder->used - base;
    const char *repeated = NULL;
    struct value_member *from, *members;

    *out = (struct value){.kind = VALUE_OBJECT};
    if (twice)
        *twice = NULL;
    if (!count)
        return true;
    from = &builder->waiting[base];
    if (count <= BUILDER_FEW)
        count = builder_unique_few(from, count, &repeated);
    else if (!builder_unique_many(builder, from, &count, &repeated))
        return false;
    members = builder_alloc(builder, count * sizeof(*members));
    if (!members)
        return false;
    memcpy(members, from, count * sizeof(*members));
    if (twice)
        *twice = repeated;
    out->count = (uint32_t)count;
    out->members = members;
    builder->used = base;
    return true;
}
