/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - {"results": [{...}, ...], "has_more": ...}: the items of a page one
 * at a time, so that only each of them has a document's size. */
#ifndef ENGINE_REMOTE_PAGE_H
#define ENGINE_REMOTE_PAGE_H

#include <bson/bson.h>

#include "sdk/base/error.h"

typedef engine_status (*page_fn)(const bson_t *item, void *user,
                                 engine_error *err);

/**
 * Calls fn for each item of the list `name` at the top of a JSON object; *rest
 * is the object with that list empty, initialised on success. ENGINE_EPARSE:
 * no such object, the list is missing or an item of it is no object.
 */
engine_status page_read(const char *text, size_t len, const char *name,
                        page_fn fn, void *user, bson_t *rest,
                        engine_error *err);

#endif
