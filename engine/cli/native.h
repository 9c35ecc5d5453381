/* SPDX-License-Identifier: Apache-2.0 */
/* native.h - content that only a plugin can read, imported in a worker. */
#ifndef ENGINE_CLI_NATIVE_H
#define ENGINE_CLI_NATIVE_H

#include "engine/cli/session.h"
#include "engine/rules/rules.h"

/**
 * Lets the plugin for `format` (a name for --as, or an XML root element) read
 * a file. `import` receives the documents; NULL: nothing is kept.
 */
engine_status native_import(struct session *session, const char *path,
                            const char *format, struct rules_import *import,
                            bool validate_only, engine_error *err);

#endif
