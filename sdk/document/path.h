/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - dotted paths: which keys and indices a path may begin with. */
#ifndef SDK_DOCUMENT_PATH_H
#define SDK_DOCUMENT_PATH_H

#include <bson/bson.h>

#define PATH_MAX_DEPTH 200 /* of documents that did not come through a reader */

/**
 * Length of the array index that path begins with, 0 when it begins with
 * none; leading zeros are none, as in MongoDB.
 */
size_t path_index(const char *path, uint32_t *index);

/** True when path begins with key, whole components only. */
bool path_begins(const char *path, const char *key, size_t *len);

/**
 * Finds the longest key of a document, shorter than limit, which path begins
 * with. The key's length goes to *len.
 */
bool path_longest_key(const bson_t *document, const char *path, size_t limit,
                      bson_iter_t *out, size_t *len);

/** Finds the first member of that name, of len bytes. */
bool path_plain_key(const bson_t *document, const char *key, size_t len,
                    bson_iter_t *out);

#endif
