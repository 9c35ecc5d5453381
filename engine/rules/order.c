/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - the order of selected rules, in which no id is there twice. */
#include <stdlib.h>
#include <string.h>

#include "engine/rules/rules_private.h"

static int order_by_id(const void *a, const void *b)
{
    const struct rules_selected *left = a, *right = b;
    const int order = strcmp(left->rule_id, right->rule_id);

    return order ? order : strcmp(left->benchmark, right->benchmark);
}

static int order_by_type(const void *a, const void *b)
{
    const struct rules_selected *left = a, *right = b;
    const int order = strcmp(left->scanner_type, right->scanner_type);

    return order ? order : order_by_id(a, b);
}

static engine_status order_refuse_twins(const struct rules_selection *out,
                                        size_t first, engine_error *err)
{
    const char *rule_id = out->items[first].rule_id;
    char text[ENGINE_MESSAGE_MAX / 2];
    struct name_list list;

    name_list_init(&list, text, sizeof(text));
    for (size_t i = first;
         i < out->count && strcmp(out->items[i].rule_id, rule_id) == 0; i++)
        name_list_add(&list, out->items[i].benchmark);
    engine_fail(err, ENGINE_EINVAL,
                "the selection is ambiguous: rule \"%s\" is in the "
                "benchmarks %s", rule_id, text);
    engine_hint(err, "name one with --benchmark");
    return ENGINE_EINVAL;
}

/* The store gives rules in order of their ids: mostly nothing is left to do. */
static void order_sort(struct rules_selection *out,
                       int (*compare)(const void *a, const void *b))
{
    for (size_t i = 1; i < out->count; i++)
        if (compare(&out->items[i - 1], &out->items[i]) > 0) {
            qsort(out->items, out->count, sizeof(*out->items), compare);
            return;
        }
}

engine_status rules_order(struct rules_selection *out, engine_error *err)
{
    if (out->count == 0)
        return ENGINE_OK;
    order_sort(out, order_by_id);
    for (size_t i = 1; i < out->count; i++)
        if (strcmp(out->items[i - 1].rule_id, out->items[i].rule_id) == 0)
            return order_refuse_twins(out, i - 1, err);
    order_sort(out, order_by_type);
    return ENGINE_OK;
}
