/* SPDX-License-Identifier: Apache-2.0 */
/* origin.c - looks up lines and scalar texts by dotted path. */
#include "sdk/document/origin.h"

#include <string.h>

#include "sdk/document/path.h"

/* The best match so far: how much of the path led to which node. */
struct origin_best {
    const struct origin_node *node;
    const char *rest;
};

/* The child under the longest literal key shorter than limit. */
static const struct origin_node *origin_child(const struct origin_node *node,
                                              const char *path, size_t limit,
                                              size_t *len)
{
    const struct origin_node *found = NULL;
    uint32_t index;
    uint32_t at = 0;

    *len = 0;
    if (node->first && !node->first->key) {
        size_t digits = path_index(path, &index);

        if (!digits || digits >= limit)
            return NULL;
        for (found = node->first; found && at < index; at++)
            found = found->next;
        *len = digits;
        return found;
    }
    for (const struct origin_node *child = node->first; child;
         child = child->next) {
        size_t match;

        if (path_begins(path, child->key, &match) && match < limit &&
            (!found || match > *len)) {
            found = child;
            *len = match;
        }
    }
    return found;
}

static bool origin_find(const struct origin_node *node, const char *path,
                        int depth, struct origin_best *best)
{
    size_t limit = SIZE_MAX;
    const struct origin_node *child;
    size_t len;

    if (!best->node || path > best->rest)
        *best = (struct origin_best){node, path};
    if (!*path || depth > PATH_MAX_DEPTH)
        return !*path;
    while ((child = origin_child(node, path, limit, &len))) {
        if (origin_find(child, path + len + (path[len] == '.'), depth + 1,
                        best))
            return true;
        limit = len;
    }
    return false;
}

const char *document_origin_file(const struct document_origin *origin)
{
    return origin->file;
}

long document_origin_line(const struct document_origin *origin,
                          const char *path)
{
    struct origin_best best = {NULL, NULL};

    origin_find(origin->root, path, 0, &best);
    return best.node->line;
}

const char *document_origin_text(const struct document_origin *origin,
                                 const char *path)
{
    struct origin_best best = {NULL, NULL};

    if (!origin_find(origin->root, path, 0, &best))
        return NULL;
    return best.node->text;
}
