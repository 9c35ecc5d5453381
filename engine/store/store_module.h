/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_module.h - stores that are loaded when a URI asks for them. What their
 * libraries cost at start is then paid only by who uses them.
 *
 * A module is of the same build as the engine that loads it, and has a copy of
 * its own of sdk/base and sdk/document, which keep no state: memory of one may
 * be freed by the other.
 */
#ifndef ENGINE_STORE_MODULE_H
#define ENGINE_STORE_MODULE_H

#include "engine/store/store_ops.h"

#define STORE_MODULE_SYMBOL "scan_engine_store_module"

/** What a module exports under that name. */
struct store_module {
    uint32_t size;       /* of this struct */
    uint32_t ops_size;   /* of struct store_ops */
    const char *version; /* SCAN_ENGINE_VERSION */
    engine_status (*open)(const char *uri, unsigned flags,
                          const struct log *log, struct store **out,
                          engine_error *err);
};

/**
 * Opens a store by the module `name` (such as "store-mongodb"), NAME.so in the
 * directory that SCAN_ENGINE_MODULE_DIR names, else where it was installed.
 * Refuses, with the reason and the remedy, what loader_check_path refuses, and
 * a module of another release. `package` is the Debian package of the library
 * that it needs. The module stays loaded.
 */
engine_status store_module_open(const char *name, const char *package,
                                const char *uri, unsigned flags,
                                const struct log *log, struct store **out,
                                engine_error *err);

#endif
