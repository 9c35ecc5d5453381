/* SPDX-License-Identifier: Apache-2.0 */
/* loader.h - opening scanner modules safely (libltdl); workers only. */
#ifndef ENGINE_PLUGIN_LOADER_H
#define ENGINE_PLUGIN_LOADER_H

#include <engine/scanner.h>

#include "sdk/base/error.h"

struct module; /* an open scanner module; stays resident in the process */

/**
 * Refuses, with the reason and the remedy: relative paths; files or
 * directories (every parent up to /) not owned by root or the running user or
 * writable by group or others (sticky directories excepted); symbolic links;
 * a sha256 that differs from the pin (sha256 may be NULL); a missing entry
 * symbol (dlopen is asked once for the true reason); bad magic, size or ABI;
 * needs that this engine does not offer.
 */
engine_status loader_open(const char *path, const char *sha256,
                          struct module **out, engine_error *err);
/** A scanner that is linked into this program; `name` is for messages. */
engine_status loader_link(scanner_query_fn query, const char *name,
                          struct module **out, engine_error *err);
void loader_close(struct module *module);

/** The module's ops copied into this engine's size, a missing tail NULL. */
const struct scanner_ops *loader_ops(const struct module *module);

/** The checks on a path alone (ownership, mode, absolute). */
engine_status loader_check_path(const char *path, engine_error *err);
/** The same of another file with code; `what` names its kind in messages. */
engine_status loader_check_file(const char *what, const char *path,
                                engine_error *err);

/** Validates what an entry point returned; `path` is for messages. */
engine_status loader_check_ops(const struct scanner_ops *raw,
                               const char *path, struct scanner_ops *out,
                               engine_error *err);

#endif
