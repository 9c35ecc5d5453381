/* SPDX-License-Identifier: Apache-2.0 */
/* found.h - by what a list of scans is narrowed down. */
#ifndef ENGINE_SCAN_FOUND_H
#define ENGINE_SCAN_FOUND_H

#include <bson/bson.h>

#include "sdk/base/error.h"

/** The field of a scan document that has it, and its kinds of text. Stores
 * have an index of it: paths into scan_config would be looked for in every
 * scan. */
#define SCAN_FOUND_BY "found_by"
#define SCAN_FOUND_FRAMEWORK "framework="
#define SCAN_FOUND_TARGET "target=" /* its id, host or type */
#define SCAN_FOUND_TYPE "type="
#define SCAN_FOUND_OWNER "owner=" /* its created_by */

/** Appends {found_by: ["framework=nist", "target=web1", ...]}, each once, of a
 * checked scan configuration; `out` may have a created_by already. */
engine_status scan_found_add(const bson_t *config, bson_t *out,
                             engine_error *err);

#endif
