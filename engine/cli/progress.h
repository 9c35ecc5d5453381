/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - the live line on a terminal: rules done, failing so far, time
 * left. Nothing is written where standard error is no terminal. */
#ifndef ENGINE_CLI_PROGRESS_H
#define ENGINE_CLI_PROGRESS_H

#include "engine/cli/cli.h"
#include "engine/scan/scan.h"

struct cli_progress {
    const struct text_out *out;
    bool enabled;     /* a terminal and not --quiet */
    bool shown;       /* a line is there now */
    int64_t drawn_ms; /* when it was drawn last */
};

void cli_progress_init(struct cli_progress *progress,
                       const struct text_out *out, bool quiet);
void cli_progress_show(struct cli_progress *progress,
                       const struct scan_progress *now);
/** Removes the line; NULL is fine. */
void cli_progress_clear(struct cli_progress *progress);
/** The text of the line. */
void cli_progress_format(const struct scan_progress *now, char *out,
                         size_t out_size);

#endif
