/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - the subset of MongoDB's query language that both stores answer:
 * $eq $ne $gt $gte $lt $lte $in $nin $exists $regex(+$options) $and $or $nor
 * $not $elemMatch $all $size, dotted paths, array semantics. Everything else
 * is refused by name ($where, $function, $expr, ...).
 */
#ifndef SDK_DOCUMENT_MATCH_H
#define SDK_DOCUMENT_MATCH_H

#include <bson/bson.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

struct matcher;

/** Compiles a filter; ENGINE_EINVAL names the operator and the path. */
engine_status matcher_new(const bson_t *filter, struct matcher **out,
                          engine_error *err);
void matcher_free(struct matcher *matcher);

/** True when the document matches. Thread-safe for one matcher. */
bool matcher_test(const struct matcher *matcher, const bson_t *document);

/** MongoDB's comparison order of BSON values (types first): <0, 0, >0. */
int document_compare(const bson_iter_t *a, const bson_iter_t *b);

/**
 * Appends a key whose memcmp order equals the sort order of the value at
 * path (smallest element of an array ascending, as MongoDB sorts; missing
 * sorts as null).
 */
engine_status document_sort_key(const bson_t *document, const char *path,
                                bool descending, struct buffer *out);

/** Sets *out to {"$and": [engine, user]}: a user's filter can only narrow.
 * Either may be NULL or empty. Caller destroys *out. */
void matcher_and(const bson_t *engine, const bson_t *user, bson_t *out);

#endif
