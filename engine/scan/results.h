/* SPDX-License-Identifier: Apache-2.0 */
/* results.h - the results of several verdicts, read by one query. */
#ifndef ENGINE_SCAN_RESULTS_H
#define ENGINE_SCAN_RESULTS_H

#include "engine/store/store.h"

struct scan_results {
    struct scan_results_row *rows;
    struct scan_results_of *of; /* one for each verdict */
    size_t rows_count, rows_room, bytes;
};

/** How many results a verdict says that it has; -1 when it does not. */
int64_t scan_results_count(const bson_t *verdict);

/**
 * Reads the results of `count` verdicts of one scan, as stored; the caller
 * clears *out, also after a failure. ENGINE_ELIMIT: they are more than
 * max_bytes, read those of fewer verdicts.
 */
engine_status scan_results_read(struct store *store,
                                const bson_t *const *verdicts, size_t count,
                                size_t max_bytes, struct scan_results *out,
                                engine_error *err);
/** The next one of a verdict, in the order of their ids; NULL at the end. */
const bson_t *scan_results_next(struct scan_results *results, size_t verdict);
void scan_results_clear(struct scan_results *results);

/** What finds the results of one verdict alone; the caller destroys it. */
bson_t *scan_results_filter(const bson_t *verdict);

#endif
