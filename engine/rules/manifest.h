/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - the manifest.json in front of a bundle of rules: {name, version,
 * licence, format, rules_count, documents: {file: sha256}}. The last three are
 * promises, each of which may be absent; the others are for people.
 */
#ifndef ENGINE_RULES_MANIFEST_H
#define ENGINE_RULES_MANIFEST_H

#include "engine/rules/rules_private.h"

#define MANIFEST_NAME "manifest.json"

struct manifest {
    bool read;
    bson_t *documents;        /* NULL: none was promised */
    enum rules_format format; /* RULES_FORMAT_UNKNOWN: not promised */
    int64_t rules_count;      /* negative: not promised */
    int64_t rules;            /* so far, when they are counted */
    struct table seen;
};

void manifest_init(struct manifest *manifest);
void manifest_clear(struct manifest *manifest);
/** Reads it; `name` is for messages. */
engine_status manifest_read(struct manifest *manifest, const char *name,
                            const char *text, size_t len, engine_error *err);
bool manifest_promises(const struct manifest *manifest);
/** A file of the bundle: ENGINE_ECORRUPT when it is not what was promised,
 * ENGINE_EPARSE when its rules cannot be counted. */
engine_status manifest_check(struct manifest *manifest, const char *file,
                             enum rules_format format, const char *data,
                             size_t len, engine_error *err);
/** ENGINE_ECORRUPT when a promised document did not come, or the number of
 * rules is another. */
engine_status manifest_finish(const struct manifest *manifest,
                              engine_error *err);

#endif
