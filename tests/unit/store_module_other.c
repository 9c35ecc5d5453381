/* SPDX-License-Identifier: Apache-2.0 */
/* store_module_other.c - a store module of another release, for tests. */
#include "engine/store/store_module.h"

extern const struct store_module scan_engine_store_module;

__attribute__((visibility("default")))
const struct store_module scan_engine_store_module = {
    .size = sizeof(struct store_module),
    .ops_size = sizeof(struct store_ops),
    .version = "0.0.1",
};
