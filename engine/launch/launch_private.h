/* SPDX-License-Identifier: Apache-2.0 */
/* launch_private.h - shared by the launchers. */
#ifndef ENGINE_LAUNCH_PRIVATE_H
#define ENGINE_LAUNCH_PRIVATE_H

#include <bson/bson.h>

#include "engine/plugin/registry.h"
#include "sdk/base/error.h"

/** A connected pair, both ends close-on-exec. */
engine_status launch_sockets(int ends[2], engine_error *err);

/** What a worker may know of our environment: the usual names, and what its
 * target (may be NULL) asks for; who it is and where its home is by `user`, if
 * that is not NULL. NULL: out of memory. */
char **launch_environment(const bson_t *target,
                          const struct plugin_user *user);
void launch_environment_free(char **env);

#endif
