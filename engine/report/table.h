/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - what the two files of the table format share. */
#ifndef ENGINE_REPORT_TABLE_H
#define ENGINE_REPORT_TABLE_H

#include "engine/report/formats.h"
#include "engine/report/text.h"

struct table_state {
    struct text_out out;
    char severity[16]; /* of the heading that was printed last */
    char *message;     /* the same, among errors */
    bool several_targets;
    bool others;       /* their heading was printed */
};

/** The counts, percentages, duration, id, and what to do next. */
void table_put_summary(struct report *report, const bson_t *scan);

#endif
