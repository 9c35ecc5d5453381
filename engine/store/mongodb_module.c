/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_module.c - the MongoDB store as a module. */
#include "engine/store/store_module.h"

extern const struct store_module scan_engine_store_module;

__attribute__((visibility("default")))
const struct store_module scan_engine_store_module = {
    .size = sizeof(struct store_module),
    .ops_size = sizeof(struct store_ops),
    .version = SCAN_ENGINE_VERSION,
    .open = mongodb_store_open,
};
