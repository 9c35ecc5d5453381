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

/** A verdict, of the engine (no unit) or of a plugin. */
struct scan_verdict {
    const struct rules_selected *rule;
    const char *target_id, *target_type;
    int32_t status;
    const char *origin, *message;  /* the message may be NULL */
    const struct scan_group *group; /* or NULL */
    const struct scan_unit *unit;   /* counts of its results; or NULL */
    const struct scan_end *end;     /* or NULL */
};

/** Begins a document in run->made with the fields that a verdict and its
 * results share. */
void scan_verdict_begin(struct scan_run *run,
                        const struct rules_selected *rule, const char *id,
                        const char *target_id, int32_t status);
/** That the target's content was made to apply (contract.md). */
void scan_verdict_put_cpe(struct scan_run *run,
                          const struct scan_group *group);
/** Copies what run->made has by now into a document of the batch, which the
 * caller then adds to it. NULL: out of memory. */
bson_t *scan_verdict_take(struct scan_run *run, struct scan_batch *batch,
                          size_t more);
/** Makes a verdict and adds it to the run's. */
engine_status scan_verdict_add(struct scan_run *run,
                               const struct scan_verdict *verdict);

#endif
