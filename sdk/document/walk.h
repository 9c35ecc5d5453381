/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - every value that a dotted path means, arrays fanned out as
 * MongoDB does it. */
#ifndef SDK_DOCUMENT_WALK_H
#define SDK_DOCUMENT_WALK_H

#include <bson/bson.h>

/* What an array at the end of the path stands for. */
enum walk_leaf {
    WALK_ARRAY,         /* itself */
    WALK_ELEMENTS,      /* its elements; itself when it is empty */
    WALK_ELEMENTS_ARRAY /* its elements, then itself */
};

/** Receives a value, or NULL for "missing here"; true ends the walk. */
typedef bool (*walk_fn)(const bson_iter_t *value, void *user);

/** True when fn ended it. */
bool walk_path(const bson_t *document, const char *path, enum walk_leaf leaf,
               walk_fn fn, void *user);

#endif
