/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_rests.c - whether the elements of a list that a JMESPath expression
 * gives stand each for itself: chosen and made by what is in the element that
 * they come from alone. Projections, filters and flattening do that.
 */
#include <string.h>

#include "sdk/kit/expr/jmespath_functions.h"

struct rests {
    const struct jmespath *program;
    struct value_mask *lets; /* what let binds, of the input */
    struct expr_rests *out;
    bool failed;
};

/* Where a node stands. */
struct rests_at {
    bool root;    /* it is evaluated on the input itself */
    bool element; /* within an element of a projection */
    bool plain;   /* nothing was left out of what it is evaluated on */
    bool final;   /* elements of what it gives are those of the whole */
};

static bool rests_is_projection(const struct jmespath_node *node)
{
    return node->kind == JMESPATH_EACH || node->kind == JMESPATH_EACH_THAT ||
           node->kind == JMESPATH_EACH_MEMBER ||
           node->kind == JMESPATH_FLATTEN;
}

static bool rests_projects(const struct jmespath_node *node)
{
    if (rests_is_projection(node) || node->kind == JMESPATH_REFERENCE)
        return true;
    for (uint32_t i = 0; i < node->count; i++) {
        if (rests_projects(node->nodes[i]))
            return true;
    }
    return false;
}

/* members of members, and nothing that leaves out some of them */
static bool rests_is_plain(const struct jmespath_node *node)
{
    switch ((enum jmespath_kind)node->kind) {
    case JMESPATH_THIS:
    case JMESPATH_FIELD:
        return true;
    case JMESPATH_INDEX:
        return rests_is_plain(node->nodes[0]);
    case JMESPATH_THEN:
        return rests_is_plain(node->nodes[0]) && rests_is_plain(node->nodes[1]);
    default:
        return false;
    }
}

/* {a: @, ...} */
static bool rests_holds(const struct jmespath_node *node)
{
    for (uint32_t i = 0; (node->kind == JMESPATH_HASH ||
                          node->kind == JMESPATH_LIST) && i < node->count; i++)
        if (node->nodes[i]->kind == JMESPATH_THIS)
            return true;
    return false;
}

/* a list in another order, or as a list */
static bool rests_is_order(const struct jmespath_node *node)
{
    static const char *const names[] = {"sort", "sort_by", "reverse",
                                        "to_array"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (node->count && strcmp(node->function->name, names[i]) == 0)
            return true;
    return false;
}

static void rests_walk(struct rests *rests, const struct jmespath_node *node,
                       struct rests_at at);

static void rests_made(struct rests *rests, bool holds)
{
    rests->out->parts = false;
    rests->out->holds = rests->out->holds && holds;
}

static void rests_each(struct rests *rests, const struct jmespath_node *node,
                       struct rests_at at)
{
    const bool whole = node->nodes[1]->kind == JMESPATH_THIS;
    struct rests_at list = at;

    list.final = at.final && whole;
    /* a condition on more than the element's own members, of which only a
     * part is given */
    if (node->kind == JMESPATH_EACH_THAT && rests_projects(node->nodes[2]) &&
        !(at.final && (whole || rests_holds(node->nodes[1]))))
        rests->out->alone = false;
    if (at.element && at.final)
        rests_made(rests, false); /* a list for each element */
    rests_walk(rests, node->nodes[0], list);
    rests_walk(rests, node->nodes[1],
               (struct rests_at){.element = true, .plain = true,
                                 .final = at.final});
}

static void rests_let(struct rests *rests, const struct jmespath_node *node,
                      struct rests_at at)
{
    for (uint32_t i = 0; i + 1 < node->count; i++) {
        if (at.root)
            rests->failed = rests->failed ||
                            jmespath_wants_node(rests->program, node->nodes[i],
                                                rests->lets) < 0;
        else if (!at.element || rests_projects(node->nodes[i]))
            rests->out->alone = false;
    }
    rests_walk(rests, node->nodes[node->count - 1], at);
}

static void rests_computed(struct rests *rests,
                           const struct jmespath_node *node,
                           struct rests_at at)
{
    const bool call = node->kind == JMESPATH_CALL;

    if (call && !at.element && rests_is_order(node)) {
        rests_walk(rests, node->nodes[0], at);
        return;
    }
    rests_made(rests, at.element && rests_holds(node));
    /* what is taken apart again no longer shows what it was made of */
    if (!at.element || (!at.final && rests_projects(node)))
        rests->out->alone = false;
}

static void rests_walk(struct rests *rests, const struct jmespath_node *node,
                       struct rests_at at)
{
    struct rests_at then = at;

    switch ((enum jmespath_kind)node->kind) {
    case JMESPATH_THIS:
    case JMESPATH_FIELD:
    case JMESPATH_VALUE_OF_SLOT:
        return;
    case JMESPATH_INDEX:
    case JMESPATH_SLICE:
        if (!at.element || !at.plain || !rests_is_plain(node->nodes[0]))
            rests->out->alone = false;
        rests_walk(rests, node->nodes[0], at);
        return;
    case JMESPATH_THEN:
        then.final = false;
        rests_walk(rests, node->nodes[0], then);
        then.final = at.final;
        then.root = false;
        then.plain = at.plain && rests_is_plain(node->nodes[0]);
        rests_walk(rests, node->nodes[1], then);
        return;
    case JMESPATH_EACH:
    case JMESPATH_EACH_MEMBER:
    case JMESPATH_EACH_THAT:
        rests_each(rests, node, at);
        return;
    case JMESPATH_FLATTEN:
        then.final = false;
        rests_walk(rests, node->nodes[0], then);
        return;
    case JMESPATH_LIST:
        if (at.element)
            break;
        rests_made(rests, false);
        for (uint32_t i = 0; i < node->count; i++)
            rests_walk(rests, node->nodes[i], then);
        return;
    case JMESPATH_OR:
    case JMESPATH_AND:
        if (!at.element || rests_projects(node))
            rests->out->alone = false;
        rests_walk(rests, node->nodes[0], at);
        rests_walk(rests, node->nodes[1], at);
        return;
    case JMESPATH_LET:
        rests_let(rests, node, at);
        return;
    default:
        break;
    }
    rests_computed(rests, node, at);
}

engine_status jmespath_rests(const struct expr *expr, struct value_mask *mask,
                             struct expr_rests *out)
{
    const struct jmespath *program = expr->program;
    struct rests rests = {.program = program, .lets = mask, .out = out};

    *out = (struct expr_rests){.parts = true, .holds = true, .alone = true};
    rests_walk(&rests, program->root,
               (struct rests_at){.root = true, .plain = true, .final = true});
    if (!out->alone && !rests.failed)
        rests.failed = jmespath_wants(expr, 0, mask) < 0;
    return rests.failed ? ENGINE_ENOMEM : ENGINE_OK;
}
