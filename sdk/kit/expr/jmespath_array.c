/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_array.c - JMESPath's functions of arrays. */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

JMESPATH_FN(map)
{
    const struct value *array = args[1];
    struct value *items = jmespath_alloc(walk, array->count, sizeof(*items));

    for (uint32_t i = 0; items && i < array->count; i++) {
        const struct value *item =
            jmespath_refer(walk, call, 0, &array->items[i]);

        if (!item)
            return NULL;
        items[i] = *item;
    }
    return items ? jmespath_array(walk, items, array->count) : NULL;
}

/* ---- sorting ------------------------------------------------------------------ */

struct jmespath_sorted {
    const struct value *key, *item;
};

/* Two sorted halves of from into to; of equals, the left one comes first. */
static void jmespath_merge_runs(const struct jmespath_sorted *from,
                                struct jmespath_sorted *to, size_t left,
                                size_t middle, size_t right)
{
    size_t a = left, b = middle;

    for (size_t i = left; i < right; i++) {
        const bool second =
            a == middle ||
            (b < right && jmespath_order(from[a].key, from[b].key) > 0);

        to[i] = from[second ? b++ : a++];
    }
}

static struct jmespath_sorted *jmespath_merge_sort(struct jmespath_walk *walk,
                                                   struct jmespath_sorted *from,
                                                   size_t count)
{
    struct jmespath_sorted *to =
        jmespath_alloc(walk, count, sizeof(struct jmespath_sorted));

    for (size_t run = 1; to && run < count; run *= 2) {
        struct jmespath_sorted *swap = from;

        if (!jmespath_step(walk, count))
            return NULL;
        for (size_t left = 0; left < count; left += 2 * run) {
            const size_t middle = left + run < count ? left + run : count;
            const size_t right = middle + run < count ? middle + run : count;

            jmespath_merge_runs(from, to, left, middle, right);
        }
        from = to;
        to = swap;
    }
    return to ? from : NULL;
}

/* The key of an element: the same type as those before, number or string. */
static const struct value *jmespath_sort_key(struct jmespath_walk *walk,
                                             const struct jmespath_node *call,
                                             const struct value *first,
                                             const struct value *item)
{
    const struct value *key = jmespath_refer(walk, call, 1, item);

    if (!key)
        return NULL;
    if (key->kind != VALUE_STRING && !jmespath_is_number(key))
        return jmespath_wrong(walk, call->nodes[1], "invalid-type",
                              "%s() takes keys that are strings or numbers, "
                              "not %s",
                              call->function->name, value_kind_name(key));
    if (first && (first->kind == VALUE_STRING) != (key->kind == VALUE_STRING))
        return jmespath_wrong(walk, call->nodes[1], "invalid-type",
                              "%s() takes keys of one type, not strings and "
                              "numbers",
                              call->function->name);
    return key;
}

/* With keys, where call refers to one; an element is its own key else. */
static struct jmespath_sorted *jmespath_sort_keys(
    struct jmespath_walk *walk, const struct jmespath_node *call,
    const struct value *array)
{
    struct jmespath_sorted *sorted =
        jmespath_alloc(walk, array->count, sizeof(*sorted));

    for (uint32_t i = 0; sorted && i < array->count; i++) {
        sorted[i].item = sorted[i].key = &array->items[i];
        if (call->count > 1)
            sorted[i].key = jmespath_sort_key(
                walk, call, i ? sorted[0].key : NULL, &array->items[i]);
        if (!sorted[i].key)
            return NULL;
    }
    return sorted;
}

static const struct value *jmespath_sort_any(struct jmespath_walk *walk,
                                             const struct jmespath_node *call,
                                             const struct value *array)
{
    struct jmespath_sorted *sorted = jmespath_sort_keys(walk, call, array);
    struct value *items = jmespath_alloc(walk, array->count, sizeof(*items));

    if (!sorted || !items)
        return NULL;
    sorted = jmespath_merge_sort(walk, sorted, array->count);
    if (!sorted)
        return NULL;
    for (uint32_t i = 0; i < array->count; i++)
        items[i] = *sorted[i].item;
    return jmespath_array(walk, items, array->count);
}

JMESPATH_FN(sort)
{
    return jmespath_sort_any(walk, call, args[0]);
}

JMESPATH_FN(sort_by)
{
    return jmespath_sort_any(walk, call, args[0]);
}

/* The first of the greatest (sign 1) or least (-1); null of nothing. */
static const struct value *jmespath_extreme(struct jmespath_walk *walk,
                                            const struct jmespath_node *call,
                                            const struct value *array, int sign)
{
    const struct jmespath_sorted *sorted =
        jmespath_sort_keys(walk, call, array);
    const struct jmespath_sorted *best = sorted;

    if (!sorted || !jmespath_step(walk, array->count))
        return NULL;
    for (uint32_t i = 1; i < array->count; i++) {
        if (jmespath_order(sorted[i].key, best->key) * sign > 0)
            best = &sorted[i];
    }
    return array->count ? best->item : &value_null;
}

JMESPATH_FN(max)
{
    return jmespath_extreme(walk, call, args[0], 1);
}

JMESPATH_FN(max_by)
{
    return jmespath_extreme(walk, call, args[0], 1);
}

JMESPATH_FN(min)
{
    return jmespath_extreme(walk, call, args[0], -1);
}

JMESPATH_FN(min_by)
{
    return jmespath_extreme(walk, call, args[0], -1);
}

/* ---- groups -------------------------------------------------------------------- */

struct jmespath_group {
    const struct value *key;
    struct jmespath_list list;
};

static struct jmespath_group *jmespath_group_of(struct jmespath_walk *walk,
                                                struct jmespath_group *groups,
                                                uint32_t *count,
                                                const struct value *key)
{
    /* elements of a group often follow each other */
    for (uint32_t i = *count; i-- > 0;) {
        if (!jmespath_step(walk, 1))
            return NULL;
        if (jmespath_order(groups[i].key, key) == 0)
            return &groups[i];
    }
    groups[*count].key = key;
    return &groups[(*count)++];
}

static const struct value *jmespath_groups(struct jmespath_walk *walk,
                                           const struct jmespath_group *groups,
                                           uint32_t count)
{
    struct value_member *members =
        jmespath_alloc(walk, count, sizeof(*members));
    struct value *object = jmespath_alloc(walk, 1, sizeof(*object));

    if (!members || !object)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        members[i] = (struct value_member){
            .key = groups[i].key->text,
            .key_len = groups[i].key->count,
            .value = {.kind = VALUE_ARRAY,
                      .count = (uint32_t)groups[i].list.count,
                      .items = groups[i].list.items}};
    *object = (struct value){
        .kind = VALUE_OBJECT, .count = count, .members = members};
    return object;
}

JMESPATH_FN(group_by)
{
    const struct value *array = args[0];
    struct jmespath_group *groups =
        jmespath_alloc(walk, array->count, sizeof(*groups));
    uint32_t count = 0;

    for (uint32_t i = 0; groups && i < array->count; i++) {
        const struct value *key =
            jmespath_refer(walk, call, 1, &array->items[i]);
        struct jmespath_group *group;

        if (!key)
            return NULL;
        if (key->kind == VALUE_NULL)
            continue;
        if (key->kind != VALUE_STRING)
            return jmespath_wrong(walk, call->nodes[1], "invalid-type",
                                  "group_by() takes keys that are strings, "
                                  "not %s",
                                  value_kind_name(key));
        group = jmespath_group_of(walk, groups, &count, key);
        if (!group || !jmespath_push(walk, &group->list, &array->items[i]))
            return NULL;
    }
    return groups ? jmespath_groups(walk, groups, count) : NULL;
}

static bool jmespath_holds(struct jmespath_walk *walk,
                           const struct value *items, size_t count,
                           const struct value *item)
{
    for (size_t i = 0; i < count; i++) {
        if (jmespath_equal(walk, &items[i], item))
            return true;
    }
    return false;
}

JMESPATH_FN(unique)
{
    struct jmespath_list list = {0};

    (void)call;
    for (uint32_t i = 0; i < args[0]->count; i++) {
        const struct value *item = &args[0]->items[i];

        if (!jmespath_holds(walk, list.items, list.count, item) &&
            !jmespath_push(walk, &list, item))
            return NULL;
    }
    return jmespath_array(walk, list.items, list.count);
}
