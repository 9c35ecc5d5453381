/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory that is freed all at once. */
#include "sdk/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define ARENA_BLOCK ((size_t)16 * 1024)

struct arena_block {
    struct arena_block *previous;
    size_t used, size;
    alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t maximum)
{
    *arena = (struct arena){.maximum = maximum};
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->last;

    while (block) {
        struct arena_block *previous = block->previous;
        engine_free(block);
        block = previous;
    }
    arena_init(arena, arena->maximum);
}

void arena_wipe(struct arena *arena)
{
    for (struct arena_block *block = arena->last; block;
         block = block->previous)
        explicit_bzero(block->data, block->size);
    arena_clear(arena);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->last;
    struct arena_block *kept = NULL;

    while (block) {
        struct arena_block *previous = block->previous;
        if (!kept && block->size == ARENA_BLOCK)
            kept = block;
        else
            engine_free(block);
        block = previous;
    }
    arena_init(arena, arena->maximum);
    if (!kept)
        return;
    kept->previous = NULL;
    kept->used = 0;
    arena->last = kept;
}

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
    const size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
    struct arena_block *block = engine_malloc(sizeof(*block) + room);

    if (!block)
        return NULL;
    block->previous = arena->last;
    block->used = 0;
    block->size = room;
    arena->last = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    struct arena_block *block = arena->last;
    void *memory;

    if (size > arena->maximum || arena->used > arena->maximum - size)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    if (!block || block->size - block->used < size)
        block = arena_grow(arena, size);
    if (!block)
        return NULL;
    memory = memset(block->data + block->used, 0, size);
    block->used += size;
    arena->used += size;
    return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (copy)
        memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_strf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0)
        text = arena_alloc(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
