/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_mask.c - routes as a tree. A child for a key has everything that its
 * sibling for any key has, so that a reader follows one node only.
 */
#include <stdarg.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/value.h"
#include "sdk/kit/value_mask_private.h"

#define MASK_NODES 100000

struct value_mask *value_mask_new(void)
{
    return engine_calloc(1, sizeof(struct value_mask));
}

/* Its depth is bounded: routes have VALUE_MAX_DEPTH steps. */
static void mask_node_clear(struct mask_node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++) {
        mask_node_clear(node->children[i]);
        engine_free(node->children[i]);
    }
    mask_node_clear(node->any);
    engine_free(node->any);
    engine_free(node->children);
    engine_free(node->key);
    *node = (struct mask_node){0};
}

void value_mask_free(struct value_mask *mask)
{
    if (!mask)
        return;
    mask_node_clear(&mask->root);
    engine_free(mask);
}

bool value_mask_is_all(const struct value_mask *mask)
{
    return mask->root.all;
}

static struct mask_node *mask_node_new(struct value_mask *mask)
{
    if (mask->nodes >= MASK_NODES)
        return NULL;
    mask->nodes++;
    return engine_calloc(1, sizeof(struct mask_node));
}

static struct mask_node *mask_child_new(struct value_mask *mask,
                                        struct mask_node *node, const char *key,
                                        size_t len)
{
    struct mask_node *child;

    if (node->count == node->room) {
        const size_t room = node->room ? 2 * node->room : 4;
        struct mask_node **more =
            engine_realloc(node->children, room * sizeof(struct mask_node *));

        if (!more)
            return NULL;
        node->children = more;
        node->room = room;
    }
    child = mask_node_new(mask);
    if (!child)
        return NULL;
    child->key = engine_strndup(key, len);
    if (!child->key) {
        engine_free(child);
        return NULL;
    }
    child->key_len = len;
    node->children[node->count++] = child;
    return child;
}

/* Adds to a node all that another one keeps. */
static bool mask_node_merge(struct value_mask *mask, struct mask_node *node,
                            const struct mask_node *from);

static struct mask_node *mask_child(struct value_mask *mask,
                                    struct mask_node *node, const char *key,
                                    size_t len)
{
    struct mask_node *child;

    for (size_t i = 0; i < node->count; i++) {
        child = node->children[i];
        if (child->key_len == len && memcmp(child->key, key, len) == 0)
            return child;
    }
    child = mask_child_new(mask, node, key, len);
    if (child && node->any && !mask_node_merge(mask, child, node->any))
        return NULL;
    return child;
}

static struct mask_node *mask_any(struct value_mask *mask,
                                  struct mask_node *node)
{
    if (!node->any)
        node->any = mask_node_new(mask);
    return node->any;
}

static void mask_node_all(struct mask_node *node)
{
    struct mask_node whole = {
        .key = node->key, .key_len = node->key_len, .all = true};

    node->key = NULL;
    mask_node_clear(node);
    *node = whole;
}

static bool mask_node_merge(struct value_mask *mask, struct mask_node *node,
                            const struct mask_node *from)
{
    if (node->all)
        return true;
    if (from->all) {
        mask_node_all(node);
        return true;
    }
    if (from->any &&
        (!mask_any(mask, node) || !mask_node_merge(mask, node->any, from->any)))
        return false;
    for (size_t i = 0; from->any && i < node->count; i++) {
        if (!mask_node_merge(mask, node->children[i], from->any))
            return false;
    }
    for (size_t i = 0; i < from->count; i++) {
        const struct mask_node *child = from->children[i];
        struct mask_node *to =
            mask_child(mask, node, child->key, child->key_len);

        if (!to || !mask_node_merge(mask, to, child))
            return false;
    }
    return true;
}

static bool mask_add(struct value_mask *mask, struct mask_node *node,
                     const struct value_step *steps, size_t count)
{
    struct mask_node *child;

    if (node->all)
        return true;
    if (!count) {
        mask_node_all(node);
        return true;
    }
    if (steps->key) {
        child = mask_child(mask, node, steps->key, steps->key_len);
        return child && mask_add(mask, child, steps + 1, count - 1);
    }
    if (!mask_any(mask, node) ||
        !mask_add(mask, node->any, steps + 1, count - 1))
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (!mask_add(mask, node->children[i], steps + 1, count - 1))
            return false;
    }
    return true;
}

engine_status value_mask_add(struct value_mask *mask,
                             const struct value_step *steps, size_t count)
{
    if (count > VALUE_MAX_DEPTH)
        count = VALUE_MAX_DEPTH; /* all of what is deeper */
    if (mask_add(mask, &mask->root, steps, count))
        return ENGINE_OK;
    if (mask->nodes < MASK_NODES)
        return ENGINE_ENOMEM;
    mask_node_all(&mask->root); /* too many routes: they may as well be all */
    return ENGINE_OK;
}

engine_status value_mask_keys(struct value_mask *mask, ...)
{
    struct value_step steps[VALUE_MAX_DEPTH];
    size_t count = 0;
    const char *key;
    va_list keys;

    va_start(keys, mask);
    while (count < VALUE_MAX_DEPTH && (key = va_arg(keys, const char *)))
        steps[count++] = (struct value_step){key, strlen(key)};
    va_end(keys);
    return value_mask_add(mask, steps, count);
}
