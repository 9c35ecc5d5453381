/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - the documents of verdicts, part by part; private to
 * engine/scan. */
#ifndef ENGINE_SCAN_VERDICT_H
#define ENGINE_SCAN_VERDICT_H

#include "engine/scan/run.h"

/** What a plugin says at the end of a rule, as its frame has it: borrowed. */
struct scan_end {
    const char *rule_id, *message; /* or NULL */
    int32_t status;
    int64_t duration_ms; /* negative: not told */
    struct document_member variables, resources, details;
};

/** The fields that a verdict and its results share. */
void scan_verdict_add_head(bson_t *out, const struct scan_run *run,
                           const struct rules_selected *rule, const char *id,
                           const char *target_id, int32_t status);
/** A verdict, freed with bson_destroy; NULL: out of memory. */
bson_t *scan_verdict_new(struct scan_run *run,
                         const struct rules_selected *rule,
                         const char *target_id, const char *target_type,
                         int32_t status, const char *origin,
                         const char *message);
/** Counts of its results; without a unit there are none. */
void scan_verdict_add_counts(bson_t *out, const struct scan_unit *unit);
/** What the plugin said of the rule as a whole; NULL: nothing. */
void scan_verdict_add_told(bson_t *out, const struct scan_end *end);
/** That the target's content was made to apply (contract.md). */
void scan_verdict_add_cpe(const struct scan_group *group, bson_t *out);

#endif
