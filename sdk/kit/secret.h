/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - passwords and tokens in memory that is wiped: kept out of swap
 * and core dumps where the system allows it, and never printed. */
#ifndef SDK_KIT_SECRET_H
#define SDK_KIT_SECRET_H

#include <stddef.h>

#include "sdk/base/error.h"

#define SECRET_MAXIMUM ((size_t)64 * 1024)

/** text is NUL-terminated, NULL while there is none; never log or store it. */
struct secret {
    char *text;
    size_t len;
    size_t room; /* whole pages, text included */
};

/** Prepares an empty secret. */
void secret_init(struct secret *secret);
/** Wipes and frees it; it can be used again. */
void secret_clear(struct secret *secret);

/** Replaces it by a copy; the caller wipes the original. */
engine_status secret_set(struct secret *secret, const void *text, size_t len,
                         engine_error *err);
/** Reads a file, without the line ends at its end; an empty one is refused. */
engine_status secret_from_file(struct secret *secret, const char *path,
                               engine_error *err);
/** Copies an environment variable; ENGINE_ENOTFOUND when unset or empty. */
engine_status secret_from_env(struct secret *secret, const char *name,
                              engine_error *err);

#endif
