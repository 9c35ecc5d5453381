/* SPDX-License-Identifier: Apache-2.0 */
/* prescan.h - looks at a configuration file before libconfig does. */
#ifndef ENGINE_CONFIG_PRESCAN_H
#define ENGINE_CONFIG_PRESCAN_H

#include "sdk/base/error.h"

#define PRESCAN_MAX_BYTES ((size_t)4 * 1024 * 1024) /* one file */

/**
 * Reads a file and those it includes (relative to its directory) and refuses
 * what libconfig would end the process for or read wrongly: directories and
 * devices, files over the limit, NUL bytes, numbers cut to 32 bits. *out is
 * the text of `path`, freed by the caller.
 */
engine_status prescan_file(const char *path, char **out, engine_error *err);
/** The same of text that messages call `name`; what it includes is relative to
 * the current directory. */
engine_status prescan_memory(const char *name, const char *text,
                             engine_error *err);

#endif
