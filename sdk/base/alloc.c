/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.c - the one allocator. */
#include "sdk/base/alloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long fail_at; /* test hook: the only mutable global of base */

void engine_alloc_fail_at(long nth)
{
    atomic_store(&fail_at, nth);
}

int engine_alloc_fail_waits(void)
{
    return atomic_load(&fail_at) > 0;
}

static int alloc_refused(void)
{
    if (atomic_load_explicit(&fail_at, memory_order_relaxed) <= 0)
        return 0;
    return atomic_fetch_sub(&fail_at, 1) == 1;
}

void *engine_malloc(size_t size)
{
    return alloc_refused() ? NULL : malloc(size ? size : 1);
}

void *engine_calloc(size_t count, size_t size)
{
    return alloc_refused() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *engine_calloc_aligned(size_t alignment, size_t count, size_t size)
{
    void *memory = NULL;

    size_t bytes;

    if (alloc_refused() || (size && count > SIZE_MAX / 2 / size))
        return NULL;
    bytes = count * size;
    if (posix_memalign(&memory, alignment, bytes ? bytes : 1))
        return NULL;
    return memset(memory, 0, bytes);
}

void *engine_realloc(void *old, size_t size)
{
    return alloc_refused() ? NULL : realloc(old, size ? size : 1);
}

char *engine_strndup(const char *text, size_t len)
{
    char *copy = engine_malloc(len + 1);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

char *engine_strdup(const char *text)
{
    return engine_strndup(text, strlen(text));
}

void engine_free(void *memory)
{
    free(memory);
}

char *engine_strf(const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0)
        text = engine_malloc((size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
