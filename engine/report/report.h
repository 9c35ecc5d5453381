/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - output formats. A report is driven by a cursor over verdicts (in
 * severity order) and their results, so memory does not grow with the scan.
 */
#ifndef ENGINE_REPORT_REPORT_H
#define ENGINE_REPORT_REPORT_H

#include <stdio.h>

#include "engine/store/store.h"
#include "sdk/base/error.h"

struct report_options {
    FILE *out;
    bool color;          /* a terminal and no NO_COLOR */
    unsigned width;      /* columns of the terminal; 0: unlimited */
    bool all;            /* table: passes too, not only what needs a person */
    const char *command; /* how the program was called, for advice; NULL:
                          * scan-engine */
    const char *server;  /* options that name the daemon it came from, for
                          * advice; NULL: the store is here */
};

struct report; /* one running report */

struct report_format {
    const char *name; /* "table", "json", "jsonl" */
    const char *help;
    engine_status (*begin)(struct report *report, const bson_t *scan,
                           engine_error *err);
    /* called once per verdict; results come in between for formats that
     * want them (wants_results) */
    engine_status (*verdict)(struct report *report, const bson_t *verdict,
                             engine_error *err);
    engine_status (*result)(struct report *report, const bson_t *result,
                            engine_error *err);
    engine_status (*end)(struct report *report, const bson_t *scan,
                         engine_error *err);
    bool wants_results;
};

struct report {
    const struct report_format *format;
    const struct report_options *options;
    struct store *store; /* for titles, remediation of rules */
    void *state;         /* the format's own */
};

/** NULL-ended list of formats. */
extern const struct report_format *const report_formats[];
const struct report_format *report_format_find(const char *name);

/** Writes the report of a stored scan. ENGINE_ENOTFOUND: no such scan. */
engine_status report_scan(struct store *store, const char *scan_id,
                          const struct report_format *format,
                          const struct report_options *options,
                          engine_error *err);

#endif
