/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_mask.h - which parts of a document anybody will look at, so that a
 * reader can pass over the rest without building it.
 */
#ifndef SDK_KIT_VALUE_MASK_H
#define SDK_KIT_VALUE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/error.h"

/** A set of routes through a document. An empty one keeps nothing. */
struct value_mask;

/** One step of a route: a key of an object, or any element of an array. */
struct value_step {
    const char *key; /* NULL: every element (or every member) */
    size_t key_len;
};

struct value_mask *value_mask_new(void);
void value_mask_free(struct value_mask *mask);
/** Keeps everything at and below the end of a route (copied); no steps:
 * everything. Containers on the way are kept, their other members not. */
engine_status value_mask_add(struct value_mask *mask,
                             const struct value_step *steps, size_t count);
/** The same for keys: value_mask_keys(mask, "metadata", "name", NULL). */
engine_status value_mask_keys(struct value_mask *mask, ...)
    __attribute__((sentinel));
bool value_mask_is_all(const struct value_mask *mask);
struct arena;
struct value;
/** A copy in an arena of what a mask keeps. ENGINE_ENOMEM: it does not fit. */
engine_status value_copy_masked(const struct value *value,
                                const struct value_mask *mask,
                                struct arena *arena, struct value *out,
                                engine_error *err);

#endif
