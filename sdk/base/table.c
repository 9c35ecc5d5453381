/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - a map from strings to pointers. Entries are in the order in which
 * they came, so that who asks in that order needs no hash; their keys are in
 * blocks. Beside them an index of open addressing, of 8 bytes for a slot: the
 * hash tells most other keys apart without a look at them.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"

#define TABLE_BLOCK_LEAST ((size_t)64)
#define TABLE_BLOCK_MOST ((size_t)32 * 1024)

struct table_entry {
    const char *key;
    void *value;
};

struct table_slot {
    uint32_t hash;
    uint32_t entry; /* its number + 1; 0: none */
};

struct table_block {
    struct table_block *previous;
    size_t used, size;
    char text[];
};

/* FNV-1a; keys are ids of content that the operator chose to import */
static uint32_t table_hash(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *key; key++)
        hash = (hash ^ (uint8_t)*key) * UINT64_C(1099511628211);
    return (uint32_t)(hash ^ (hash >> 32));
}

void table_init(struct table *table)
{
    *table = (struct table){0};
}

void table_clear(struct table *table)
{
    while (table->keys) {
        struct table_block *block = table->keys;

        table->keys = block->previous;
        engine_free(block);
    }
    engine_free(table->entries);
    engine_free(table->slots);
    table_init(table);
}

static const char *table_keep(struct table *table, const char *key)
{
    const size_t len = strlen(key) + 1;
    struct table_block *block = table->keys;
    char *kept;

    if (!block || block->size - block->used < len) {
        size_t size = block ? 2 * block->size : TABLE_BLOCK_LEAST;

        if (size > TABLE_BLOCK_MOST)
            size = TABLE_BLOCK_MOST;
        if (size < len)
            size = len;
        block = engine_malloc(sizeof(*block) + size);
        if (!block)
            return NULL;
        *block = (struct table_block){.previous = table->keys, .size = size};
        table->keys = block;
    }
    kept = memcpy(block->text + block->used, key, len);
    block->used += len;
    return kept;
}

/* The slot of a key, or the empty one where it belongs. */
static struct table_slot *table_find(const struct table *table,
                                     const char *key, uint32_t hash)
{
    const size_t mask = table->slots_room - 1;
    size_t at = hash & mask;

    for (;; at = (at + 1) & mask) {
        struct table_slot *slot = &table->slots[at];

        if (!slot->entry ||
            (slot->hash == hash &&
             strcmp(table->entries[slot->entry - 1].key, key) == 0))
            return slot;
    }
}

static engine_status table_grow_slots(struct table *table)
{
    const size_t room = table->slots_room ? 2 * table->slots_room : 16;
    struct table_slot *slots = engine_calloc(room, sizeof(*slots));

    if (!slots)
        return ENGINE_ENOMEM;
    for (size_t i = 0; i < table->slots_room; i++) {
        size_t at = table->slots[i].hash & (room - 1);

        if (!table->slots[i].entry)
            continue;
        while (slots[at].entry)
            at = (at + 1) & (room - 1);
        slots[at] = table->slots[i];
    }
    engine_free(table->slots);
    table->slots = slots;
    table->slots_room = room;
    return ENGINE_OK;
}

/* Room for one more. */
static engine_status table_grow(struct table *table)
{
    const size_t room = table->room ? 2 * table->room : 8;
    struct table_entry *entries;

    if (table->count >= UINT32_MAX - 1 ||
        (4 * (table->count + 1) > 3 * table->slots_room &&
         table_grow_slots(table) < 0))
        return ENGINE_ENOMEM;
    if (table->count < table->room)
        return ENGINE_OK;
    entries = engine_realloc(table->entries, room * sizeof(*entries));
    if (!entries)
        return ENGINE_ENOMEM;
    table->entries = entries;
    table->room = room;
    return ENGINE_OK;
}

int table_add(struct table *table, const char *key, void *value)
{
    const uint32_t hash = table_hash(key);
    struct table_slot *slot;
    const char *kept;

    if (table_grow(table) < 0)
        return ENGINE_ENOMEM;
    slot = table_find(table, key, hash);
    if (slot->entry)
        return 0;
    kept = table_keep(table, key);
    if (!kept)
        return ENGINE_ENOMEM;
    table->entries[table->count++] =
        (struct table_entry){.key = kept, .value = value};
    *slot = (struct table_slot){.hash = hash,
                                .entry = (uint32_t)table->count};
    return 1;
}

static void **table_look(const struct table *table, const char *key,
                         size_t *at)
{
    const struct table_slot *slot =
        table->count ? table_find(table, key, table_hash(key)) : NULL;

    if (!slot || !slot->entry)
        return NULL;
    *at = slot->entry - 1;
    return &table->entries[*at].value;
}

engine_status table_set(struct table *table, const char *key, void *value)
{
    const int added = table_add(table, key, value);
    size_t at;

    if (added < 0)
        return ENGINE_ENOMEM;
    if (!added)
        *table_look(table, key, &at) = value;
    return ENGINE_OK;
}

void **table_at(const struct table *table, const char *key, size_t *guess)
{
    for (size_t at = *guess; at < table->count && at <= *guess + 1; at++)
        if (strcmp(table->entries[at].key, key) == 0) {
            *guess = at;
            return &table->entries[at].value;
        }
    return table_look(table, key, guess);
}

void *table_get(const struct table *table, const char *key)
{
    size_t at;
    void **value = table_look(table, key, &at);

    return value ? *value : NULL;
}

int table_has(const struct table *table, const char *key)
{
    size_t at;

    return table_look(table, key, &at) != NULL;
}

const char *table_next(const struct table *table, size_t *at, void **value)
{
    const struct table_entry *entry;

    if (*at >= table->count)
        return NULL;
    entry = &table->entries[(*at)++];
    if (value)
        *value = entry->value;
    return entry->key;
}
