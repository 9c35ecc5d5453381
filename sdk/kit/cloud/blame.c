/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blame.c - which subjects a call that failed for an element is an error of:
 * those that hold the element, or a part of it; all of them where they rest on
 * more than themselves; and those made anew of which that is not known.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

#define BLAME_DEPTH (2 * VALUE_MAX_DEPTH)

/* ---- what failed -------------------------------------------------------- */

static size_t blame_count(const struct visit *visit)
{
    size_t count = 0;

    for (size_t i = 0; i < visit->rule->count; i++)
        for (size_t k = 0;
             visit->rule->calls[i].foreach && k < visit->calls[i].count; k++)
            count += visit_item_failure(visit, i,
                                        &visit->calls[i].items[k],
                                        NULL) != NULL;
    return count;
}

static bool blame_take(struct blame *blame, size_t index,
                       struct visit_item *item)
{
    struct visit *visit = blame->visit;
    struct failing failing = {.item = item, .call = index};
    const void *identity;

    failing.fault = visit_item_failure(visit, index, item, &failing.where);
    if (!failing.fault)
        return true;
    blame->failing[blame->count++] = failing;
    identity = moved_to(visit->moved, splice_identity(&item->value));
    return !identity ||
           splice_map_put(&blame->elements, identity,
                          (uint32_t)blame->count) == ENGINE_OK;
}

static bool blame_take_all(struct blame *blame)
{
    const struct visit *visit = blame->visit;

    for (size_t i = 0; i < visit->rule->count; i++)
        for (size_t k = 0;
             visit->rule->calls[i].foreach && k < visit->calls[i].count; k++)
            if (!blame_take(blame, i, &visit->calls[i].items[k]))
                return false;
    return true;
}

/* ---- where it is -------------------------------------------------------- */

static const struct value *blame_child(const struct value *value, uint32_t i)
{
    return value->kind == VALUE_ARRAY ? &value->items[i]
                                      : &value->members[i].value;
}

static uint32_t blame_children(const struct value *value)
{
    return value->kind == VALUE_STRING ? 0 : value->count;
}

/* All that is in an answer, with the element that failed which it is in. What
 * is shared is gone through again when it is in one after all. */
static bool blame_mark(struct blame *blame, const struct value *value,
                       uint32_t within, unsigned depth)
{
    const void *identity = splice_identity(value);
    uint32_t known, own;

    if (!identity || depth > BLAME_DEPTH)
        return true;
    if (splice_map_get(&blame->elements, identity, &own))
        within = own;
    if (splice_map_get(&blame->parts, identity, &known) && (known || !within))
        return true;
    if (splice_map_put(&blame->parts, identity, within) < 0)
        return false;
    for (uint32_t i = 0; i < blame_children(value); i++)
        if (!blame_mark(blame, blame_child(value, i), within, depth + 1))
            return false;
    return true;
}

/* the failure of what a subject holds; *known: it holds a part of an answer */
static uint32_t blame_within(struct blame *blame, const struct value *value,
                             unsigned depth, bool *known)
{
    const void *identity = splice_identity(value);
    uint32_t first = 0, found;

    if (!identity || depth > BLAME_DEPTH)
        return 0;
    if (splice_map_get(&blame->parts, identity, &found)) {
        *known = true;
        first = found;
        if (found)
            blame->failing[found - 1].told = true;
    }
    for (uint32_t i = 0; i < blame_children(value); i++) {
        found = blame_within(blame, blame_child(value, i), depth + 1, known);
        first = first ? first : found;
    }
    return first;
}

/* ---- whose it is -------------------------------------------------------- */

/* the first of those that are everybody's; all of them are told then */
static uint32_t blame_shared(struct blame *blame)
{
    uint32_t first = 0;

    for (size_t i = 0; i < blame->count; i++) {
        if (!(blame->visit->rule->shared >> blame->failing[i].call & 1))
            continue;
        blame->failing[i].told = true;
        first = first ? first : (uint32_t)i + 1;
    }
    return first;
}

static uint32_t blame_untold(struct blame *blame)
{
    for (size_t i = 0; i < blame->count; i++)
        if (!blame->failing[i].told)
            return (uint32_t)i + 1;
    return 0;
}

/* of a call that the subjects' expression names */
static uint32_t blame_named(const struct blame *blame)
{
    for (size_t i = 0; i < blame->count; i++)
        if (blame->visit->rule->named >> blame->failing[i].call & 1)
            return (uint32_t)i + 1;
    return 0;
}

static bool blame_is_part(const struct blame *blame, const struct value *value)
{
    const void *identity = splice_identity(value);
    uint32_t within;

    return identity && splice_map_get(&blame->parts, identity, &within);
}

/* the failures of what each holds */
static void blame_assign_own(struct blame *blame, const struct value *subjects)
{
    for (uint32_t i = 0; i < subjects->count; i++) {
        const struct value *subject = &subjects->items[i];
        bool known = false;

        if (subject->kind == VALUE_NULL)
            continue; /* it is none */
        blame->found[i] = blame_within(blame, subject, 0, &known);
        if (!blame_is_part(blame, subject))
            blame->made[i] = known ? 1 : 2;
    }
}

static bool blame_has_subjects(const struct value *subjects)
{
    for (uint32_t i = 0; i < subjects->count; i++)
        if (subjects->items[i].kind != VALUE_NULL)
            return true;
    return false;
}

/* those of all, and those of what is made of what is not known */
static void blame_assign(struct blame *blame, const struct value *subjects)
{
    const uint32_t shared =
        blame_has_subjects(subjects) ? blame_shared(blame) : 0;
    const uint32_t untold =
        blame->visit->rule->holds ? 0 : blame_untold(blame);
    const uint32_t named = blame_named(blame);
    bool any = false;

    for (uint32_t i = 0; i < subjects->count; i++) {
        if (!blame->found[i])
            blame->found[i] = shared;
        if (blame->found[i] || !blame->made[i])
            continue;
        blame->found[i] = untold                ? untold
                          : blame->made[i] == 2 ? named
                                                : 0;
        any = any || blame->found[i] == untold;
    }
    for (size_t i = 0; any && untold && i < blame->count; i++)
        blame->failing[i].told = true;
}

engine_status blame_find(struct blame *blame, struct visit *visit,
                         const struct value *subjects)
{
    const size_t count = blame_count(visit);

    *blame = (struct blame){.visit = visit};
    if (count == 0)
        return ENGINE_OK;
    blame->failing = engine_calloc(count, sizeof(*blame->failing));
    blame->found = engine_calloc((size_t)subjects->count + 1,
                                 sizeof(*blame->found));
    blame->made = engine_calloc((size_t)subjects->count + 1,
                                sizeof(*blame->made));
    if (!blame->failing || !blame->found || !blame->made ||
        splice_map_init(&blame->elements, count) < 0 ||
        splice_map_init(&blame->parts, 1024) < 0 || !blame_take_all(blame))
        return ENGINE_ENOMEM;
    for (size_t i = 0; i < visit->rule->count; i++)
        if (!blame_mark(blame, &visit->members[i].value, 0, 0))
            return ENGINE_ENOMEM;
    blame_assign_own(blame, subjects);
    blame_assign(blame, subjects);
    return ENGINE_OK;
}

const struct failing *blame_of(const struct blame *blame, uint32_t subject)
{
    const uint32_t found = blame->found ? blame->found[subject] : 0;

    return found ? &blame->failing[found - 1] : NULL;
}

void blame_clear(struct blame *blame)
{
    engine_free(blame->failing);
    engine_free(blame->found);
    engine_free(blame->made);
    splice_map_clear(&blame->elements);
    splice_map_clear(&blame->parts);
}
