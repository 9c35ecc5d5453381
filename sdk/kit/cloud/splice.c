/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splice.c - answers of calls that were made for elements, into these
 * elements, wherever they occur. Values are immutable and shared, and copies
 * of a value share what it holds: that is what an element is known by. Only
 * what is around an element is made anew.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

const void *splice_identity(const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_STRING:
        return value->text;
    case VALUE_ARRAY:
        return value->count ? value->items : NULL;
    case VALUE_OBJECT:
        return value->count ? value->members : NULL;
    default:
        return NULL;
    }
}

/* ---- maps --------------------------------------------------------------- */

static size_t map_hash(const void *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key;

    hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash ^ hash >> 29);
}

engine_status splice_map_init(struct splice_map *map, size_t most)
{
    size_t room = 16;

    while (room < 2 * most)
        room *= 2;
    map->keys = engine_calloc(room, sizeof(*map->keys));
    map->numbers = engine_calloc(room, sizeof(*map->numbers));
    map->room = room;
    map->count = 0;
    return map->keys && map->numbers ? ENGINE_OK : ENGINE_ENOMEM;
}

void splice_map_clear(struct splice_map *map)
{
    engine_free(map->keys);
    engine_free(map->numbers);
    *map = (struct splice_map){0};
}

void splice_map_set(struct splice_map *map, const void *key, uint32_t number)
{
    size_t at = map_hash(key) & (map->room - 1);

    while (map->keys[at] && map->keys[at] != key)
        at = (at + 1) & (map->room - 1);
    map->count += !map->keys[at];
    map->keys[at] = key;
    map->numbers[at] = number;
}

engine_status splice_map_put(struct splice_map *map, const void *key,
                             uint32_t number)
{
    struct splice_map more;

    if (2 * (map->count + 1) > map->room) {
        if (splice_map_init(&more, 2 * map->count + 8) < 0) {
            splice_map_clear(&more);
            return ENGINE_ENOMEM;
        }
        for (size_t i = 0; i < map->room; i++)
            if (map->keys[i])
                splice_map_set(&more, map->keys[i], map->numbers[i]);
        splice_map_clear(map);
        *map = more;
    }
    splice_map_set(map, key, number);
    return ENGINE_OK;
}

bool splice_map_get(const struct splice_map *map, const void *key,
                    uint32_t *number)
{
    size_t at = map_hash(key) & (map->room - 1);

    while (map->keys[at] && map->keys[at] != key)
        at = (at + 1) & (map->room - 1);
    *number = map->numbers[at];
    return map->keys[at] != NULL;
}

/* ---- where values went -------------------------------------------------- */

struct moved {
    const void **from;
    struct value *to;
    size_t room, count;
};

void moved_free(struct moved *moved)
{
    if (!moved)
        return;
    engine_free(moved->from);
    engine_free(moved->to);
    engine_free(moved);
}

static size_t moved_slot(const struct moved *moved, const void *from)
{
    size_t at = map_hash(from) & (moved->room - 1);

    while (moved->from[at] && moved->from[at] != from)
        at = (at + 1) & (moved->room - 1);
    return at;
}

static bool moved_grow(struct moved *moved)
{
    const struct moved old = *moved;

    moved->room = old.room ? 2 * old.room : 64;
    moved->from = engine_calloc(moved->room, sizeof(*moved->from));
    moved->to = engine_calloc(moved->room, sizeof(*moved->to));
    if (!moved->from || !moved->to) {
        engine_free(moved->from);
        engine_free(moved->to);
        *moved = old;
        return false;
    }
    for (size_t i = 0; i < old.room; i++) {
        const size_t at = old.from[i] ? moved_slot(moved, old.from[i]) : 0;

        if (!old.from[i])
            continue;
        moved->from[at] = old.from[i];
        moved->to[at] = old.to[i];
    }
    engine_free(old.from);
    engine_free(old.to);
    return true;
}

static bool moved_add(struct moved *moved, const void *from,
                      const struct value *to)
{
    size_t at;

    if (4 * (moved->count + 1) > 3 * moved->room && !moved_grow(moved))
        return false;
    at = moved_slot(moved, from);
    moved->count += !moved->from[at];
    moved->from[at] = from;
    moved->to[at] = *to;
    return true;
}

/* NULL: it is where it was */
static const struct value *moved_value(const struct moved *moved,
                                       const void *identity)
{
    const struct value *found = NULL;

    while (moved->room && identity) {
        const size_t at = moved_slot(moved, identity);

        if (!moved->from[at])
            break;
        found = &moved->to[at];
        identity = splice_identity(found);
    }
    return found;
}

/* what moved is made in the arena anew, so there are no circles */
const void *moved_to(const struct moved *moved, const void *identity)
{
    const struct value *found = moved ? moved_value(moved, identity) : NULL;

    return found ? splice_identity(found) : identity;
}

/* ---- making anew -------------------------------------------------------- */

struct splice {
    struct visit *visit;
    struct visit_call *call;
    const char *name;
    uint32_t name_len;
    const struct value *const *answers;
    struct value *made; /* of items that are no objects, once made */
    struct splice_map map;
    engine_status status;
    engine_error *err;
};

static bool splice_fail(struct splice *splice)
{
    if (splice->status == ENGINE_OK)
        splice->status = cloud_fail_arena(&splice->visit->arena, splice->err);
    return false;
}

static void *splice_alloc(struct splice *splice, size_t count, size_t size)
{
    void *memory = arena_alloc(&splice->visit->arena, count * size);

    if (!memory)
        splice_fail(splice);
    return memory;
}

static void splice_moved(struct splice *splice, const struct value *from,
                         const struct value *to)
{
    if (!moved_add(splice->visit->moved, splice_identity(from), to))
        splice_fail(splice);
}

/* the element with the answer as one of its members */
static bool splice_attach(struct splice *splice, const struct value *element,
                          const struct value *answer, struct value *out)
{
    const bool object = element->kind == VALUE_OBJECT;
    uint32_t count = object ? element->count : 1, at = 0;
    struct value_member *members =
        splice_alloc(splice, (size_t)count + 1, sizeof(*members));

    if (!members)
        return false;
    if (object)
        memcpy(members, element->members, count * sizeof(*members));
    else
        members[0] = (struct value_member){.key = "value", .key_len = 5,
                                           .value = *element};
    while (at < count && (members[at].key_len != splice->name_len ||
                          memcmp(members[at].key, splice->name,
                                 splice->name_len) != 0))
        at++;
    members[at] = (struct value_member){.key = splice->name,
                                        .key_len = splice->name_len,
                                        .value = *answer};
    *out = (struct value){.kind = VALUE_OBJECT,
                          .count = at < count ? count : count + 1,
                          .members = members};
    return true;
}

static bool splice_walk(struct splice *splice, const struct value *from,
                        unsigned depth, struct value *out);

/* a copy of a container, once one of its children is another one */
static bool splice_copy(struct splice *splice, const struct value *from,
                        struct value_member **members, struct value **items)
{
    if (*members || *items)
        return true;
    if (from->kind == VALUE_OBJECT) {
        *members = splice_alloc(splice, from->count, sizeof(**members));
        if (*members)
            memcpy(*members, from->members, from->count * sizeof(**members));
    } else {
        *items = splice_alloc(splice, from->count, sizeof(**items));
        if (*items)
            memcpy(*items, from->items, from->count * sizeof(**items));
    }
    return *members || *items;
}

static bool splice_children(struct splice *splice, const struct value *from,
                            unsigned depth, struct value *out)
{
    struct value_member *members = NULL;
    struct value *items = NULL, child;
    bool changed = false;

    *out = *from;
    for (uint32_t i = 0; splice->status == ENGINE_OK && i < from->count; i++) {
        if (!splice_walk(splice,
                         from->kind == VALUE_OBJECT ? &from->members[i].value
                                                    : &from->items[i],
                         depth + 1, &child) ||
            !splice_copy(splice, from, &members, &items))
            continue;
        changed = true;
        if (members)
            members[i].value = child;
        else
            items[i] = child;
    }
    if (members)
        out->members = members;
    else if (items)
        out->items = items;
    return changed;
}

/* the answer of an item, when this is one: true and *around is another */
static bool splice_item(struct splice *splice, const void *identity,
                        struct value *around)
{
    const struct value element = *around;
    const bool object = around->kind == VALUE_OBJECT;
    uint32_t item;

    if (!splice_map_get(&splice->map, identity, &item))
        return false;
    if (!splice->answers[item])
        return false;
    if (!object && splice->made[item].kind == VALUE_OBJECT) {
        *around = splice->made[item]; /* in another answer already */
        return true;
    }
    if (!splice_attach(splice, &element, splice->answers[item], around))
        return false;
    if (!object)
        splice->made[item] = *around;
    return true;
}

/* true: *out is to be there in place of from */
static bool splice_walk(struct splice *splice, const struct value *from,
                        unsigned depth, struct value *out)
{
    const void *identity = splice_identity(from);
    const struct value *latest;
    struct value around = *from;
    bool changed = false;

    if (!identity)
        return false;
    if (depth > VALUE_MAX_DEPTH) {
        splice->status = engine_fail(
            splice->err, ENGINE_ELIMIT, "the answers of calls.%s are nested "
            "deeper than %d levels", splice->name, VALUE_MAX_DEPTH);
        return false;
    }
    /* what was made anew for another answer is the same here */
    latest = from->kind == VALUE_OBJECT
                 ? moved_value(splice->visit->moved, identity)
                 : NULL;
    if (latest) {
        const struct value now = *latest;

        if (!splice_walk(splice, &now, depth, out))
            *out = now;
        return splice->status == ENGINE_OK;
    }
    if (from->kind != VALUE_STRING)
        changed = splice_children(splice, from, depth, &around);
    if (splice->status == ENGINE_OK)
        changed = splice_item(splice, identity, &around) || changed;
    if (changed && splice->status == ENGINE_OK)
        splice_moved(splice, from, &around);
    *out = around;
    return changed && splice->status == ENGINE_OK;
}

static engine_status splice_map_items(struct splice *splice)
{
    const struct visit_call *call = splice->call;

    if (splice_map_init(&splice->map, call->count) < 0)
        return engine_fail_memory(splice->err);
    for (size_t i = 0; i < call->count; i++) {
        const void *identity =
            moved_to(splice->visit->moved,
                     splice_identity(&call->items[i].value));

        if (identity)
            splice_map_set(&splice->map, identity, (uint32_t)i);
    }
    return ENGINE_OK;
}

engine_status splice_answers(struct visit *visit, size_t index,
                             const struct value *const *answers, uint64_t into,
                             engine_error *err)
{
    const char *name = visit->rule->calls[index].name;
    struct splice splice = {.visit = visit,
                            .call = &visit->calls[index],
                            .name = name,
                            .name_len = (uint32_t)strlen(name),
                            .answers = answers,
                            .err = err};

    if (!visit->moved) {
        visit->moved = engine_calloc(1, sizeof(*visit->moved));
        if (!visit->moved)
            return engine_fail_memory(err);
    }
    splice.made = engine_calloc(splice.call->count + 1, sizeof(*splice.made));
    splice.status = splice.made ? splice_map_items(&splice)
                                : engine_fail_memory(err);
    for (size_t i = 0; splice.status == ENGINE_OK && i < visit->rule->count;
         i++) {
        struct value anew;

        if ((into >> i & 1) &&
            splice_walk(&splice, &visit->members[i].value, 0, &anew))
            visit->members[i].value = anew;
    }
    splice_map_clear(&splice.map);
    engine_free(splice.made);
    return splice.status;
}
