/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that is freed all at once. */
#ifndef SDK_BASE_ARENA_H
#define SDK_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *last;
    size_t used, maximum; /* bytes handed out so far, and the hard limit */
};

/** Prepares an arena that hands out at most maximum bytes. */
void arena_init(struct arena *arena, size_t maximum);
/** Frees everything; the arena can be used again. */
void arena_clear(struct arena *arena);
/** The same, and overwrites what it held: for what came with secrets. */
void arena_wipe(struct arena *arena);
/** The same, but keeps a block of memory for the next round. */
void arena_reset(struct arena *arena);

/** Zeroed, aligned memory; NULL when out of memory or over the maximum. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_strf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
