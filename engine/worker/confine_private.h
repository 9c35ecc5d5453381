/* SPDX-License-Identifier: Apache-2.0 */
/* confine_private.h - the two mechanisms of the kernel. */
#ifndef ENGINE_WORKER_CONFINE_PRIVATE_H
#define ENGINE_WORKER_CONFINE_PRIVATE_H

#include <linux/filter.h>

#include "engine/worker/confine.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#endif

/* confine_landlock.c */
/** The version of its ABI; 0: none. */
int landlock_version(void);
/** A ruleset's rights by version: which are handled, and what the rights of a
 * path are, on a folder or on a file. */
uint64_t landlock_handled(int version, bool execute);
uint64_t landlock_rights(unsigned rights, bool folder);
engine_status landlock_enter(const struct confinement *plan, int version,
                             engine_error *err);

/* confine_seccomp.c */
#define SECCOMP_LENGTH_MAX 256
bool seccomp_offered(void);
/** Writes the filter's program; its length, 0 on an unknown architecture. */
size_t seccomp_build(bool network, bool processes,
                     struct sock_filter out[SECCOMP_LENGTH_MAX]);
engine_status seccomp_enter(bool network, bool processes, engine_error *err);

/* confine_path.c */
/** Adds what the scanner declared, and what the job names. */
engine_status confine_add_paths(const struct scanner_ops *ops,
                                const bson_t *job, struct confinement *plan,
                                engine_error *err);

#endif
