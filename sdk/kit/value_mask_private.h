/* SPDX-License-Identifier: Apache-2.0 */
/* value_mask_private.h - a mask as readers walk it. */
#ifndef SDK_KIT_VALUE_MASK_PRIVATE_H
#define SDK_KIT_VALUE_MASK_PRIVATE_H

#include <string.h>

#include "sdk/kit/value_mask.h"

/** What is kept of a value. */
struct mask_node {
    char *key; /* NULL: of any element or member */
    size_t key_len;
    bool all;              /* everything: no children then */
    struct mask_node *any; /* for elements, and for keys not in children */
    struct mask_node **children;
    size_t count, room;
};

struct value_mask {
    struct mask_node root;
    size_t nodes;
};

/** Of a member; NULL: nothing is kept. */
static inline const struct mask_node *mask_member(const struct mask_node *node,
                                                  const char *key, size_t len)
{
    if (node->all)
        return node;
    for (size_t i = 0; i < node->count; i++) {
        const struct mask_node *child = node->children[i];

        if (child->key_len == len && memcmp(child->key, key, len) == 0)
            return child;
    }
    return node->any;
}

/** Of an element of an array. */
static inline const struct mask_node *mask_element(const struct mask_node *node)
{
    return node->all ? node : node->any;
}

/** Nothing that is in an array, or in an object, is kept. */
static inline bool mask_is_bare(const struct mask_node *node, bool array)
{
    return !node->all && !node->any && (array || !node->count);
}

#endif
