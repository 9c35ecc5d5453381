/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - the scopes of a target: accounts, regions. */

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

static engine_status scopes_room(struct cloud *cloud, engine_error *err)
{
    const size_t room = cloud->scopes_room ? 2 * cloud->scopes_room : 16;
    struct scope_node **more;

    if (cloud->scopes_count == CLOUD_SCOPES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "the target has more than %d scopes", CLOUD_SCOPES);
    if (cloud->scopes_count < cloud->scopes_room)
        return ENGINE_OK;
    more = engine_realloc(cloud->scopes, room * sizeof(*more));
    if (!more)
        return engine_fail_memory(err);
    cloud->scopes = more;
    cloud->scopes_room = room;
    return ENGINE_OK;
}

engine_status cloud_add_scope(struct cloud *cloud,
                              const struct cloud_scope *scope,
                              const struct cloud_scope **out,
                              engine_error *err)
{
    engine_status status = scopes_room(cloud, err);
    struct scope_node *copy;
    engine_error *why;

    if (status < 0)
        return status;
    if (scope->level >= cloud->levels ||
        (scope->level > 0) != (scope->parent != NULL))
        return engine_fail(err, ENGINE_EPLUGIN,
                           "a scope without the one around it");
    copy = arena_alloc(&cloud->arena, sizeof(*copy));
    if (!copy)
        return engine_fail_memory(err);
    copy->scope = *scope;
    if (scope->why) {
        why = arena_alloc(&cloud->arena, sizeof(*why));
        if (!why)
            return engine_fail_memory(err);
        *why = *scope->why;
        copy->scope.why = why;
    }
    copy->number = cloud->scopes_count;
    cloud->scopes[cloud->scopes_count++] = copy;
    if (out)
        *out = &copy->scope;
    return ENGINE_OK;
}

const struct cloud_scope *cloud_scope_at(const struct cloud_scope *scope,
                                         unsigned level)
{
    while (scope && scope->level > level)
        scope = scope->parent;
    return scope && scope->level == level ? scope : NULL;
}

/* ---- in order --------------------------------------------------------------- */

/* the library hands scopes out as what they are in a node of its own */
static struct scope_node *scope_top(const struct cloud_scope *scope)
{
    return (struct scope_node *)(uintptr_t)cloud_scope_at(scope, 0);
}

engine_status cloud_sort_scopes(struct cloud *cloud, engine_error *err)
{
    struct scope_node **sorted =
        engine_calloc(cloud->scopes_count + 1, sizeof(*sorted));
    size_t at = 0;

    if (!sorted)
        return engine_fail_memory(err);
    for (size_t i = 0; i < cloud->scopes_count; i++)
        scope_top(&cloud->scopes[i]->scope)->count++;
    for (size_t i = 0; i < cloud->scopes_count; i++) {
        struct scope_node *node = cloud->scopes[i];

        if (node->scope.level)
            continue;
        node->first = at;
        at += node->count;
        node->count = 0;
    }
    for (size_t i = 0; i < cloud->scopes_count; i++) {
        struct scope_node *node = cloud->scopes[i];
        struct scope_node *top = scope_top(&node->scope);

        sorted[top->first + top->count++] = node;
        for (const struct cloud_scope *in = &node->scope; in; in = in->parent) {
            struct scope_node *around = (struct scope_node *)(uintptr_t)in;

            if (around->deepest < node->scope.level)
                around->deepest = node->scope.level;
        }
    }
    engine_free(cloud->scopes);
    cloud->scopes = sorted;
    cloud->scopes_room = cloud->scopes_count;
    return ENGINE_OK;
}

struct scope_node *const *cloud_scopes_around(const struct cloud *cloud,
                                              const struct cloud_scope *scope,
                                              size_t *count)
{
    const struct scope_node *top = scope_top(scope);

    *count = top->count;
    return cloud->scopes + top->first;
}
