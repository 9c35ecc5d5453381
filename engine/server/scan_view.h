/* SPDX-License-Identifier: Apache-2.0 */
/* scan_view.h - scan documents as clients see them: ours, and the names that
 * the replaced systems have for the same. */
#ifndef ENGINE_SERVER_SCAN_VIEW_H
#define ENGINE_SERVER_SCAN_VIEW_H

#include "engine/server/private.h"

/** Appends the whole scan to an empty document. */
void scan_view(const bson_t *scan, bson_t *out);
/** State and counters; of a running scan from its verdicts so far. */
engine_status scan_view_status(struct store *store, const bson_t *scan,
                               bson_t *out, engine_error *err);
/** Each scanner with null or its error, and totals. */
void scan_view_errors(const bson_t *scan, bson_t *out);
/** {rules_total, rules_done, passed, failed, error} from verdicts so far. */
engine_status scan_view_progress(struct store *store, const bson_t *scan,
                                 bson_t *out, engine_error *err);
/** True for a scan at which nobody works and that waits for nobody. */
bool scan_view_is_over(const bson_t *scan);

/** Answers with a scan and a page of its verdicts. */
engine_status scan_respond(struct request *request, struct response *response,
                           unsigned code, const bson_t *scan,
                           engine_error *err);
/** Answers with the state of the scan of the path. */
engine_status scan_respond_status(struct request *request,
                                  struct response *response, unsigned code,
                                  engine_error *err);

#endif
