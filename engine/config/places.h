/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - where things are when the configuration does not say. */
#ifndef ENGINE_CONFIG_PLACES_H
#define ENGINE_CONFIG_PLACES_H

#include "engine/config/config.h"

/** Defaults that do not depend on the file. */
engine_status places_defaults(struct engine_config *config, engine_error *err);
/** What the environment changes, whatever the file says. */
engine_status places_environment(struct engine_config *config,
                                 engine_error *err);
/** Fills the directories that are still unknown from the user's own. */
engine_status places_finish(struct engine_config *config, engine_error *err);
/** The file to read; *out is NULL when there is none. Not to be freed. */
engine_status places_find(const char *path, const char **out,
                          engine_error *err);

#endif
