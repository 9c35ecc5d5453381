/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - configured options against a plugin's option table. */
#ifndef ENGINE_PLUGIN_OPTIONS_H
#define ENGINE_PLUGIN_OPTIONS_H

#include "engine/plugin/registry.h"

/**
 * Fills `out` (initialised, empty) with every option of the table (array
 * `options` of the description): as configured, else its default, else null.
 * Unknown options, wrong types and values out of bounds are refused with file
 * and line.
 */
engine_status options_validate(const struct plugin_spec *spec,
                               const bson_t *description, bson_t *out,
                               engine_error *err);

#endif
