/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - SHA-256 (FIPS 180-4, by libcrypto) and a string table. */
#ifndef SDK_BASE_HASH_H
#define SDK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/base/error.h"

#define HASH_HEX_SIZE 65 /* sha256 in hex and NUL */

struct hash; /* a running SHA-256 */

struct hash *hash_new(void);
void hash_add(struct hash *hash, const void *data, size_t len);
/** Ends and frees it. */
void hash_end(struct hash *hash, char out[HASH_HEX_SIZE]);
/** Ends it and begins the next one: for many small ones. */
void hash_next(struct hash *hash, char out[HASH_HEX_SIZE]);
void hash_free(struct hash *hash);

/** SHA-256 of memory, and of a file (streamed). */
void hash_bytes(const void *data, size_t len, char out[HASH_HEX_SIZE]);
engine_status hash_file(const char *path, char out[HASH_HEX_SIZE],
                        engine_error *err);
/** SHA-256 of the first `size` bytes of an open file, or of fewer when it has
 * no more; `path` is for messages. */
engine_status hash_open_file(int fd, int64_t size, const char *path,
                             char out[HASH_HEX_SIZE], engine_error *err);

/** A map from strings to pointers; keys are copied, values borrowed. */
struct table {
    struct table_entry *entries; /* in the order in which they came */
    size_t count, room;
    struct table_slot *slots;
    size_t slots_room;
    struct table_block *keys;
};

void table_init(struct table *table);
void table_clear(struct table *table);
/** Sets or replaces; ENGINE_ENOMEM when out of memory. */
engine_status table_set(struct table *table, const char *key, void *value);
/** Sets it unless it is there: 1; 0 when it is, ENGINE_ENOMEM. */
int table_add(struct table *table, const char *key, void *value);
/** NULL when absent. */
void *table_get(const struct table *table, const char *key);
int table_has(const struct table *table, const char *key);
/**
 * Where its value is, until the next set; NULL when absent. Keys that are asked
 * for in about the order in which they were set are found without a hash:
 * *guess, at first 0, is where the last one was.
 */
void **table_at(const struct table *table, const char *key, size_t *guess);
/** Walks in the order in which keys were set first: start with *at = 0; NULL at
 * the end. */
const char *table_next(const struct table *table, size_t *at, void **value);

#endif
