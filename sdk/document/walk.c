/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.c - MongoDB's reading of a path: it goes into every document of an
 * array on the way, and a number also means that element. Unlike there, a key
 * with dots in it is found too, the longest first, as document_find does.
 */
#include "sdk/document/walk.h"

#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/path.h"

struct walk {
    walk_fn fn;
    void *user;
    enum walk_leaf leaf;
    bool quiet; /* missing values are not told: something else is tried */
    bool found;
};

static bool walk_document(struct walk *walk, const bson_t *document,
                          const char *path, int depth);

static bool walk_missing(const struct walk *walk)
{
    return !walk->quiet && walk->fn(NULL, walk->user);
}

static bool walk_value(struct walk *walk, const bson_iter_t *value)
{
    walk->found = true;
    return walk->fn(value, walk->user);
}

/* The path ends here. */
static bool walk_end(struct walk *walk, const bson_iter_t *value)
{
    bool any = false;
    bson_iter_t element;

    if (!BSON_ITER_HOLDS_ARRAY(value) || walk->leaf == WALK_ARRAY)
        return walk_value(walk, value);
    if (bson_iter_recurse(value, &element)) {
        while (bson_iter_next(&element)) {
            any = true;
            if (walk_value(walk, &element))
                return true;
        }
    }
    if (any && walk->leaf == WALK_ELEMENTS)
        return false;
    return walk_value(walk, value);
}

static bool walk_array(struct walk *walk, const bson_iter_t *array,
                       const char *path, int depth)
{
    bson_iter_t element;
    uint32_t wanted = 0;
    const size_t digits = path_index(path, &wanted);
    bson_t child;

    if (depth > PATH_MAX_DEPTH || !bson_iter_recurse(array, &element))
        return false;
    for (uint32_t at = 0; bson_iter_next(&element); at++) {
        const bool here = digits && at == wanted;
        const bool document = BSON_ITER_HOLDS_DOCUMENT(&element) &&
                              document_iter_child(&element, &child);

        if (document && walk_document(walk, &child, path, depth + 1))
            return true;
        if (!here)
            continue;
        if (!path[digits]) {
            if (walk_value(walk, &element))
                return true;
        } else if (document) {
            if (walk_document(walk, &child, path + digits + 1, depth + 1))
                return true;
        } else if (BSON_ITER_HOLDS_ARRAY(&element)) {
            if (walk_array(walk, &element, path + digits + 1, depth + 1))
                return true;
        }
    }
    return false;
}

/* The rest of the path, inside the value of its first key. */
static bool walk_rest(struct walk *walk, const bson_iter_t *value,
                      const char *rest, int depth)
{
    bson_t child;

    if (BSON_ITER_HOLDS_ARRAY(value))
        return walk_array(walk, value, rest, depth + 1);
    if (BSON_ITER_HOLDS_DOCUMENT(value) && document_iter_child(value, &child))
        return walk_document(walk, &child, rest, depth + 1);
    return walk_missing(walk);
}

/* Whether the path leads anywhere through a key with dots in it. */
static bool walk_dotted(struct walk *walk, const bson_iter_t *value,
                        const char *rest, int depth, bool *found)
{
    struct walk quiet = *walk;
    bool ended;

    quiet.quiet = true;
    quiet.found = false;
    ended = *rest ? walk_rest(&quiet, value, rest + 1, depth)
                  : walk_end(&quiet, value);
    *found = quiet.found;
    walk->found |= quiet.found;
    return ended;
}

static bool walk_document(struct walk *walk, const bson_t *document,
                          const char *path, int depth)
{
    const size_t component = strcspn(path, ".");
    size_t limit = SIZE_MAX;
    bson_iter_t value;
    size_t len = 0;

    if (depth > PATH_MAX_DEPTH)
        return walk_missing(walk);
    while (path_longest_key(document, path, limit, &value, &len)) {
        bool found, ended;

        if (len == component)
            return path[len] ? walk_rest(walk, &value, path + len + 1, depth)
                             : walk_end(walk, &value);
        ended = walk_dotted(walk, &value, path + len, depth, &found);
        if (ended || found)
            return ended;
        limit = len;
    }
    return walk_missing(walk);
}

bool walk_path(const bson_t *document, const char *path, enum walk_leaf leaf,
               walk_fn fn, void *user)
{
    struct walk walk = {fn, user, leaf, false, false};

    return walk_document(&walk, document, path, 0);
}
