/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmespath_wants.c - which parts of a document a JMESPath expression looks at.
 *
 * An expression is followed with the route to the value it is evaluated for.
 * What it gives is a route again, or "made": something that was computed, of
 * which all that went into it is wanted already.
 */
#include <string.h>

#include "sdk/kit/expr/jmespath.h"

#define JMESPATH_MADE SIZE_MAX

struct jmespath_route {
    struct value_step steps[VALUE_MAX_DEPTH];
    size_t count; /* or JMESPATH_MADE */
    size_t root;  /* where it begins: 0 the input, else a bound variable */
};

struct jmespath_want {
    struct value_mask *mask;
    size_t root, bound;
    uint8_t same[JMESPATH_VARIABLES]; /* slot of a let -> bound one, + 1 */
    engine_status status;
};

static void jmespath_follow(struct jmespath_want *want,
                            const struct jmespath_node *node,
                            struct jmespath_route *route);

/* Everything at a route is wanted. */
static void jmespath_consume(struct jmespath_want *want,
                             struct jmespath_route *route)
{
    if (want->status == ENGINE_OK && route->count != JMESPATH_MADE &&
        route->root == want->root)
        want->status = value_mask_add(want->mask, route->steps, route->count);
    route->count = JMESPATH_MADE;
}

static void jmespath_go(struct jmespath_want *want,
                        struct jmespath_route *route, const char *key,
                        size_t len)
{
    if (route->count == JMESPATH_MADE)
        return;
    if (route->count == VALUE_MAX_DEPTH) {
        jmespath_consume(want, route);
        return;
    }
    route->steps[route->count++] = (struct value_step){key, len};
}

/* All that a node gives is wanted; the route stays what it is. */
static void jmespath_consumes(struct jmespath_want *want,
                              const struct jmespath_node *node,
                              const struct jmespath_route *route)
{
    struct jmespath_route copy = *route;

    jmespath_follow(want, node, &copy);
    jmespath_consume(want, &copy);
}

static void jmespath_follow_each(struct jmespath_want *want,
                                 const struct jmespath_node *node,
                                 struct jmespath_route *route)
{
    jmespath_follow(want, node->nodes[0], route);
    jmespath_go(want, route, NULL, 0);
    if (node->kind == JMESPATH_EACH_THAT)
        jmespath_consumes(want, node->nodes[2], route);
    jmespath_follow(want, node->nodes[1], route);
    /* an array of what is there: the route through a projection goes on in
     * the projection; behind it, in a pipe, indices would not fit */
    jmespath_consume(want, route);
}

/* the slot itself, or the one bound from outside that let renamed */
static size_t jmespath_slot_of(const struct jmespath_want *want,
                               const struct jmespath_node *node)
{
    return node->slot >= want->bound && want->same[node->slot]
               ? want->same[node->slot] - 1u
               : node->slot;
}

/* let $a = $bound in $a.b looks at no more than $bound.b does */
static void jmespath_follow_let(struct jmespath_want *want,
                                const struct jmespath_node *node,
                                struct jmespath_route *route)
{
    for (uint32_t i = 0; i + 1 < node->count; i++) {
        const struct jmespath_node *value = node->nodes[i];
        const bool named = value->kind == JMESPATH_VALUE_OF_SLOT &&
                           jmespath_slot_of(want, value) < want->bound;

        want->same[node->slot + i] =
            named ? (uint8_t)(jmespath_slot_of(want, value) + 1) : 0;
        if (!named)
            jmespath_consumes(want, value, route);
    }
    jmespath_follow(want, node->nodes[node->count - 1], route);
}

static void jmespath_follow(struct jmespath_want *want,
                            const struct jmespath_node *node,
                            struct jmespath_route *route)
{
    size_t slot;

    switch ((enum jmespath_kind)node->kind) {
    case JMESPATH_THIS:
        return;
    case JMESPATH_FIELD:
        jmespath_go(want, route, node->value.text, node->value.count);
        return;
    case JMESPATH_INDEX:
        jmespath_follow(want, node->nodes[0], route);
        jmespath_go(want, route, NULL, 0);
        return;
    case JMESPATH_SLICE:
        jmespath_follow(want, node->nodes[0], route);
        return;
    case JMESPATH_THEN:
        jmespath_follow(want, node->nodes[0], route);
        jmespath_follow(want, node->nodes[1], route);
        return;
    case JMESPATH_EACH:
    case JMESPATH_EACH_THAT:
    case JMESPATH_EACH_MEMBER:
        jmespath_follow_each(want, node, route);
        return;
    case JMESPATH_VALUE_OF_SLOT:
        slot = jmespath_slot_of(want, node);
        route->count = slot < want->bound ? 0 : JMESPATH_MADE;
        route->root = slot + 1;
        return;
    case JMESPATH_LET:
        jmespath_follow_let(want, node, route);
        return;
    case JMESPATH_REFERENCE: /* of elements of another argument */
    case JMESPATH_CONSTANT:
        route->count = JMESPATH_MADE;
        if (node->kind == JMESPATH_REFERENCE)
            jmespath_follow(want, node->nodes[0], route);
        return;
    default:
        for (uint32_t i = 0; i < node->count; i++)
            jmespath_consumes(want, node->nodes[i], route);
        route->count = JMESPATH_MADE;
    }
}

engine_status jmespath_wants(const struct expr *expr, size_t root,
                             struct value_mask *mask)
{
    const struct jmespath *program = expr->program;
    struct jmespath_want want = {
        .mask = mask, .root = root, .bound = program->bound_count};
    struct jmespath_route route = {.count = 0};

    jmespath_consumes(&want, program->root, &route);
    return want.status;
}

engine_status jmespath_wants_node(const struct jmespath *program,
                                  const struct jmespath_node *node,
                                  struct value_mask *mask)
{
    struct jmespath_want want = {.mask = mask, .bound = program->bound_count};
    struct jmespath_route route = {.count = 0};

    jmespath_consumes(&want, node, &route);
    return want.status;
}

static bool jmespath_has_key(const struct jmespath_node *node, const char *key)
{
    if (node->kind == JMESPATH_FIELD && strcmp(node->value.text, key) == 0)
        return true;
    for (uint32_t i = 0; i < node->count; i++) {
        if (jmespath_has_key(node->nodes[i], key))
            return true;
    }
    return false;
}

bool jmespath_mentions(const struct expr *expr, const char *key)
{
    const struct jmespath *program = expr->program;

    return jmespath_has_key(program->root, key);
}
