/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - the one allocator, so that tests can fail the Nth allocation. */
#ifndef SDK_BASE_ALLOC_H
#define SDK_BASE_ALLOC_H

#include <stddef.h>

/** Like malloc, calloc, realloc, strdup, strndup; NULL when out of memory. */
void *engine_malloc(size_t size);
void *engine_calloc(size_t count, size_t size);
/** calloc for types that want more than malloc's alignment (bson_t); freed by
 * engine_free, never to be handed to engine_realloc. */
void *engine_calloc_aligned(size_t alignment, size_t count, size_t size);
void *engine_realloc(void *old, size_t size);
char *engine_strdup(const char *text);
char *engine_strndup(const char *text, size_t len);
void engine_free(void *memory);

/** printf into a fresh string; NULL when out of memory. */
char *engine_strf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/**
 * Makes the nth allocation from now (1: the next) of this process fail once;
 * 0 switches it off. For tests only.
 */
void engine_alloc_fail_at(long nth);
/** True when the allocation that was to fail has not been reached. */
int engine_alloc_fail_waits(void);

#endif
