/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - where a report goes: standard output, or --output FILE. */
#ifndef ENGINE_CLI_OUTPUT_H
#define ENGINE_CLI_OUTPUT_H

#include "engine/cli/session.h"
#include "engine/report/report.h"

#define OUTPUT_OPTIONS                                                 \
    {"format", "FORMAT", "table (the default), json or jsonl", false}, \
    {                                                                  \
        "output", "FILE", "write the report there", false              \
    }

struct output {
    const struct report_format *format;
    const char *path; /* NULL: standard output */
    struct text_out out;
    bool created;  /* the file was not there, and has no report yet */
    char *command; /* the program with its global options, for advice */
    const char *server; /* the options that name a daemon; NULL: none */
};

/** Checks --format and opens --output, before any work is done. */
engine_status output_open(struct cli *cli, const struct cli_args *args,
                          struct output *out, engine_error *err);
/** Checks --fail-on; *out is NULL for any severity. */
engine_status output_fail_on(const struct cli_args *args, const char **out,
                             engine_error *err);
/** Writes the report of a stored scan. */
engine_status output_scan(struct output *output, struct store *store,
                          const char *scan_id, bool all, engine_error *err);
/** Closes the file; a failure to write it is found here. */
engine_status output_close(struct output *output, engine_error *err);

/** Exit code 0, 2 or 3 by a stored scan's verdicts; `fail_on` may be NULL. */
int output_exit_code(struct store *store, const char *scan_id,
                     const char *fail_on, engine_error *err);

#endif
