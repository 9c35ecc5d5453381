/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - which keys the open mappings of a document have already. */
#ifndef SDK_DOCUMENT_KEYS_H
#define SDK_DOCUMENT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/error.h"

/** One set for all mappings of a document; a mapping is a number. */
struct keys {
    struct keys_slot *slots;
    size_t count, room;
    uint64_t seed; /* keys come from outside: collisions must not be chosen */
};

void keys_init(struct keys *keys);
void keys_clear(struct keys *keys);
/** Forgets all keys, for the next document. */
void keys_reset(struct keys *keys);

/** Adds a key, which must outlive the set; ENGINE_ECONFLICT when there. */
engine_status keys_add(struct keys *keys, uint64_t mapping, const char *key);
bool keys_have(const struct keys *keys, uint64_t mapping, const char *key);

#endif
