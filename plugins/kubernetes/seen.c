/* SPDX-License-Identifier: Apache-2.0 */
/* seen.c - a set of 64-bit hashes (FNV-1a), open addressing. */
#include "plugins/kubernetes/seen.h"

#include <string.h>

#include "sdk/base/alloc.h"

#define SEEN_FIRST 1024u /* a power of two */

struct kube_seen {
    uint64_t *slots; /* 0: free */
    size_t count, room;
};

static uint64_t seen_hash(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

struct kube_seen *kube_seen_new(void)
{
    return engine_calloc(1, sizeof(struct kube_seen));
}

void kube_seen_free(struct kube_seen *seen)
{
    if (!seen)
        return;
    engine_free(seen->slots);
    engine_free(seen);
}

/* the slot of a hash, or the free one where it belongs */
static uint64_t *seen_slot(uint64_t *slots, size_t room, uint64_t hash)
{
    size_t at = (size_t)hash & (room - 1);

    while (slots[at] && slots[at] != hash)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static engine_status seen_grow(struct kube_seen *seen, engine_error *err)
{
    const size_t room = seen->room ? seen->room * 2 : SEEN_FIRST;
    uint64_t *slots;

    if (seen->count * 2 < seen->room)
        return ENGINE_OK;
    slots = engine_calloc(room, sizeof(*slots));
    if (!slots)
        return engine_fail_memory(err);
    for (size_t i = 0; i < seen->room; i++)
        if (seen->slots[i])
            *seen_slot(slots, room, seen->slots[i]) = seen->slots[i];
    engine_free(seen->slots);
    seen->slots = slots;
    seen->room = room;
    return ENGINE_OK;
}

engine_status kube_seen_add(struct kube_seen *seen,
                            const struct value *object, bool *fresh,
                            engine_error *err)
{
    const struct value *metadata = value_member(object, "metadata");
    const char *uid = value_text(value_member(metadata, "uid"));
    const char *name = value_text(value_member(metadata, "name"));
    const char *space = value_text(value_member(metadata, "namespace"));
    uint64_t hash = UINT64_C(14695981039346656037), *slot;

    *fresh = true;
    if (!uid && !name)
        return ENGINE_OK;
    if (seen_grow(seen, err) < 0)
        return ENGINE_ENOMEM;
    if (uid)
        hash = seen_hash(hash, uid);
    else
        hash = seen_hash(seen_hash(hash, space ? space : ""), name);
    hash += hash == 0;
    slot = seen_slot(seen->slots, seen->room, hash);
    *fresh = *slot == 0;
    seen->count += *fresh;
    *slot = hash;
    return ENGINE_OK;
}
