/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - what can be seen of a module from outside, and of this process:
 * what a module exports; what a process has open. */
#ifndef ENGINE_CONFORM_USAGE_H
#define ENGINE_CONFORM_USAGE_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sdk/base/error.h"

#define USAGE_SIGNALS 32 /* below the real-time ones */

typedef void (*symbols_fn)(const char *name, bool function, void *user);
/** Calls fn for every symbol that a file exports. */
engine_status symbols_read(const char *path, symbols_fn fn, void *user,
                           engine_error *err);
/** The same of a file in memory. */
engine_status symbols_scan(const char *data, size_t len, symbols_fn fn,
                           void *user, engine_error *err);

/** What a well-behaved call leaves as it was. */
struct usage {
    int descriptors, threads;
    bool children;
    char directory[PATH_MAX];
    mode_t umask;
    size_t environment;          /* a hash of it */
    void (*handlers[USAGE_SIGNALS])(int);
};

void usage_take(struct usage *out);
/** The first difference, in words; NULL: none. `text` is room for it. */
const char *usage_differs(const struct usage *before,
                          const struct usage *after, char *text, size_t size);

/** Bytes that malloc has handed out and not got back; 0: it cannot be told. */
size_t usage_heap(void);
/** Bytes of address space; 0: they tell nothing (sanitizers). */
size_t usage_space(void);

#endif
