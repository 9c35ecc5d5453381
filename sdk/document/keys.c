/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - an open-addressing set of (mapping, key). */
#include "sdk/document/keys.h"

#include <string.h>
#include <sys/random.h>

#include "sdk/base/alloc.h"

#define KEYS_KEEP 4096 /* slots that are worth keeping between documents */

struct keys_slot {
    const char *key; /* NULL: free */
    uint64_t mapping;
    uint64_t hash;
};

void keys_init(struct keys *keys)
{
    *keys = (struct keys){.seed = (uintptr_t)keys};
    if (getrandom(&keys->seed, sizeof(keys->seed), GRND_NONBLOCK) < 0)
        keys->seed ^= UINT64_C(0x9e3779b97f4a7c15);
}

void keys_clear(struct keys *keys)
{
    engine_free(keys->slots);
    keys->slots = NULL;
    keys->count = keys->room = 0;
}

void keys_reset(struct keys *keys)
{
    if (keys->room > KEYS_KEEP)
        keys_clear(keys);
    else if (keys->count)
        memset(keys->slots, 0, keys->room * sizeof(*keys->slots));
    keys->count = 0;
}

/* Multiply and fold; the secret seed goes into every step. */
static uint64_t keys_hash(const struct keys *keys, uint64_t mapping,
                          const char *key)
{
    uint64_t hash = keys->seed ^ mapping * UINT64_C(0x9e3779b97f4a7c15);

    for (; *key; key++) {
        hash = (hash ^ (uint8_t)*key) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= (hash >> 29) ^ keys->seed;
    }
    return hash ^ (hash >> 32);
}

static struct keys_slot *keys_slot(const struct keys *keys, uint64_t mapping,
                                   const char *key, uint64_t hash)
{
    size_t at = hash & (keys->room - 1);

    for (;; at = (at + 1) & (keys->room - 1)) {
        struct keys_slot *slot = &keys->slots[at];

        if (!slot->key || (slot->hash == hash && slot->mapping == mapping &&
                           strcmp(slot->key, key) == 0))
            return slot;
    }
}

static engine_status keys_grow(struct keys *keys)
{
    struct keys bigger = *keys;

    bigger.room = keys->room ? 2 * keys->room : 64;
    bigger.slots = engine_calloc(bigger.room, sizeof(*bigger.slots));
    if (!bigger.slots)
        return ENGINE_ENOMEM;
    for (size_t i = 0; i < keys->room; i++) {
        const struct keys_slot *old = &keys->slots[i];

        if (old->key)
            *keys_slot(&bigger, old->mapping, old->key, old->hash) = *old;
    }
    engine_free(keys->slots);
    *keys = bigger;
    return ENGINE_OK;
}

engine_status keys_add(struct keys *keys, uint64_t mapping, const char *key)
{
    const uint64_t hash = keys_hash(keys, mapping, key);
    struct keys_slot *slot;

    if (2 * (keys->count + 1) > keys->room && keys_grow(keys) < 0)
        return ENGINE_ENOMEM;
    slot = keys_slot(keys, mapping, key, hash);
    if (slot->key)
        return ENGINE_ECONFLICT;
    *slot = (struct keys_slot){key, mapping, hash};
    keys->count++;
    return ENGINE_OK;
}

bool keys_have(const struct keys *keys, uint64_t mapping, const char *key)
{
    return keys->room &&
           keys_slot(keys, mapping, key, keys_hash(keys, mapping, key))->key;
}
