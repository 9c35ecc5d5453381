/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - the manifest.json in front of a bundle of rules: {name, version,
 * licence, rules_count, documents: {file: sha256}}. Only `documents` is looked
 * at here; a manifest without them promises nothing.
 */
#ifndef ENGINE_RULES_MANIFEST_H
#define ENGINE_RULES_MANIFEST_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/error.h"
#include "sdk/base/hash.h"

#define MANIFEST_NAME "manifest.json"

struct manifest {
    bson_t *documents; /* NULL: none was promised */
    struct table seen;
};

void manifest_init(struct manifest *manifest);
void manifest_clear(struct manifest *manifest);
/** Reads it; `name` is for messages. */
engine_status manifest_read(struct manifest *manifest, const char *name,
                            const char *text, size_t len, engine_error *err);
/** A document of the bundle: ENGINE_ECORRUPT when it is not the one that was
 * promised. */
engine_status manifest_check(struct manifest *manifest, const char *file,
                             const char *data, size_t len, engine_error *err);
/** ENGINE_ECORRUPT when a promised document did not come. */
engine_status manifest_finish(const struct manifest *manifest,
                              engine_error *err);

#endif
