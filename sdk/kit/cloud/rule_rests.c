/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_rests.c - what the subjects of a rule rest on: of which calls, when one
 * of them fails for an element, no subject can be told from it.
 */
#include <string.h>

#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/value_mask_private.h"

struct rests_search {
    struct cloud_rule *rule;
    const char *name; /* of the call that may fail */
    uint64_t itself;  /* its bit */
    uint64_t holding; /* it, and those that its answers are put into */
    bool found;
    bool failed;      /* for want of memory */
};

/* all that the answers before it came from, too */
uint64_t rule_call_into(const struct cloud_rule *rule, size_t index)
{
    uint64_t into = rule->calls[index].needs, before = 0;

    while (into != before) {
        before = into;
        for (size_t i = 0; i < rule->count; i++)
            if (before >> i & 1)
                into |= rule->calls[i].needs;
    }
    return into;
}

static bool rests_covers(const struct rests_search *search,
                         const struct value_mask *mask, uint64_t calls)
{
    if (mask->root.all || mask->root.any)
        return true;
    for (size_t i = 0; i < mask->root.count; i++)
        for (size_t k = 0; k < search->rule->count; k++)
            if ((calls >> k & 1) && strcmp(search->rule->calls[k].name,
                                           mask->root.children[i]->key) == 0)
                return true;
    return false;
}

/* what it takes out of $root; true ends the search */
static bool rests_root(const struct expr *expr, void *user)
{
    struct rests_search *search = user;
    struct value_mask *mask;

    if (search->found || search->failed || !expr ||
        !expr_uses(expr, CLOUD_ROOT))
        return search->found || search->failed;
    mask = value_mask_new();
    search->failed = !mask || expr_wants_of(expr, CLOUD_ROOT, mask) < 0;
    search->found = !search->failed &&
                    rests_covers(search, mask, search->holding);
    value_mask_free(mask);
    return search->found || search->failed;
}

/* A request that is made of the call itself. */
static bool rests_request(const struct expr *expr, void *user)
{
    struct rests_search *search = user;
    const uint64_t holding = search->holding;

    if (expr && !expr_mentions(expr, search->name))
        search->holding = search->itself;
    rests_root(expr, search);
    search->holding = holding;
    return search->found || search->failed;
}

/* Elements of a list: is one of them more than what it comes from? */
static void rests_list(struct rests_search *search, const struct expr *expr,
                       bool parts)
{
    struct expr_rests rests = {0};
    struct value_mask *mask;

    rests_root(expr, search);
    if (search->found || search->failed || !expr ||
        !expr_mentions(expr, search->name))
        return;
    mask = value_mask_new();
    search->failed = !mask || expr_rests(expr, mask, &rests) < 0;
    search->found = !search->failed &&
                    (rests_covers(search, mask, search->holding) ||
                     (parts && !rests.parts));
    value_mask_free(mask);
}

static bool rests_on(struct rests_search *search)
{
    const struct cloud_rule *rule = search->rule;
    const struct expr *const exprs[] = {rule->assert, rule->when, rule->id,
                                        rule->name, rule->region};

    if (!rule->each)
        return true;
    for (size_t i = 0; i < sizeof(exprs) / sizeof(*exprs); i++)
        rests_root(exprs[i], search);
    rests_list(search, rule->each, false);
    for (size_t i = 0; i < rule->count; i++) {
        rests_list(search, rule->calls[i].foreach, true);
        mold_any(&rule->calls[i].mold, rests_request, search);
        if (rule->calls[i].fan_varies)
            mold_any(&rule->calls[i].fan_mold, rests_request, search);
    }
    return search->found;
}

engine_status rule_rests(struct cloud_rule *rule, engine_error *err)
{
    struct value_mask *mask = value_mask_new();
    struct expr_rests rests = {0};
    bool failed = !mask;

    if (!failed && rule->each)
        failed = expr_rests(rule->each, mask, &rests) < 0;
    value_mask_free(mask);
    rule->holds = rests.holds && !rests.parts;
    for (size_t i = 0; !failed && i < rule->count; i++) {
        const uint64_t bit = UINT64_C(1) << i;
        struct rests_search search = {.rule = rule,
                                      .name = rule->calls[i].name,
                                      .itself = bit,
                                      .holding =
                                          bit | rule_call_into(rule, i)};

        if (!rule->calls[i].foreach)
            continue;
        if (rests_on(&search))
            rule->shared |= bit;
        if (rule->each && expr_mentions(rule->each, search.name))
            rule->named |= bit;
        failed = search.failed;
    }
    return failed ? engine_fail_memory(err) : ENGINE_OK;
}
