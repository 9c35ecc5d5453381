/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.h - what writes batches, from memory or from a spool. */
#ifndef ENGINE_SCAN_DELIVER_H
#define ENGINE_SCAN_DELIVER_H

#include "engine/scan/run.h"
#include "engine/store/spool.h"

#define DELIVER_VERSION 1 /* of what spools hold */
#define DELIVER_BATCH 500

/* Kinds of frames. Results of a rule come before its verdict. */
#define DELIVER_RESULT (SPOOL_FIRST_KIND + 0)
#define DELIVER_VERDICT (SPOOL_FIRST_KIND + 1)
#define DELIVER_CANCELLED (SPOOL_FIRST_KIND + 2) /* the scan was cancelled */

/** Writes both in one transaction, replacing what is there by their ids. */
engine_status deliver_write(struct store *store,
                            const struct scan_batch *results,
                            const struct scan_batch *verdicts,
                            engine_error *err);

/** Whether a failure of the store is one to wait out: it cannot be reached,
 * or it has refused something only a few times in a row (*refusals). */
bool deliver_is_temporary(struct store *store, const char *scan_id,
                          const engine_error *why, unsigned *refusals);

/** Reads whole batches of a spool, DELIVER_BATCH documents or a few more. 1:
 * there are some, 0: the end; ENGINE_ECORRUPT. */
int deliver_read(struct store_spool *spool, struct scan_batch *results,
                 struct scan_batch *verdicts, bool *cancelled,
                 engine_error *err);

/* ---- of a run: deliver.c ------------------------------------------------- */

/** Tells whoever listens of what is in the store now. */
engine_status deliver_tell(struct scan_run *run,
                           const struct scan_batch *results,
                           const struct scan_batch *verdicts,
                           engine_error *err);
/** The store has answered; logs that it is back, when it was away. */
void deliver_back(struct scan_run *run);

/* ---- of a run: deliver_spool.c ------------------------------------------- */

/** What this scan adds to the figures of all of them. */
void deliver_count(struct scan_run *run);
/** Moves what is in memory to the spool, which it makes when there is none.
 * A failure ends the scan; what is in memory stays there. */
engine_status deliver_spool(struct scan_run *run, engine_error *err);
/** Writes what is spooled to the store, for a while. Being away is no
 * failure. */
engine_status deliver_drain(struct scan_run *run, engine_error *err);
/** Notes in the spool that nobody wants the scan any more, for the next
 * engine. */
void deliver_note_cancel(struct scan_run *run);

#endif
