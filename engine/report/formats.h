/* SPDX-License-Identifier: Apache-2.0 */
/* formats.h - the formats, and what they share; private to engine/report. A
 * format's end is called with a NULL scan when the report has failed. */
#ifndef ENGINE_REPORT_FORMATS_H
#define ENGINE_REPORT_FORMATS_H

#include "engine/report/report.h"
#include "sdk/document/document.h"

extern const struct report_format report_format_table;
extern const struct report_format report_format_json;
extern const struct report_format report_format_jsonl;

typedef engine_status (*report_each_fn)(const bson_t *document, void *user,
                                        engine_error *err);

/** Calls fn for each document that a query finds. */
engine_status report_each(struct store *store, const char *collection,
                          const struct store_query *query, report_each_fn fn,
                          void *user, engine_error *err);

#endif
