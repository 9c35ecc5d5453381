/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - draws the line at most ten times a second. */
#include "engine/cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "sdk/base/clock.h"

#define PROGRESS_EVERY_MS 100

void cli_progress_init(struct cli_progress *progress,
                       const struct text_out *out, bool quiet)
{
    *progress = (struct cli_progress){.out = out};
    progress->enabled = !quiet && isatty(fileno(out->file));
}

void cli_progress_clear(struct cli_progress *progress)
{
    if (!progress || !progress->shown)
        return;
    fputs("\r\033[K", progress->out->file);
    fflush(progress->out->file);
    progress->shown = false;
}

static void progress_time(int64_t ms, char *out, size_t out_size)
{
    long long seconds = (long long)((ms + 999) / 1000);

    if (seconds < 60)
        snprintf(out, out_size, "%lld s", seconds);
    else if (seconds < 3600)
        snprintf(out, out_size, "%lld min %02lld s", seconds / 60,
                 seconds % 60);
    else
        snprintf(out, out_size, "%lld h %02lld min", seconds / 3600,
                 seconds / 60 % 60);
}

void cli_progress_format(const struct scan_progress *now, char *out,
                         size_t out_size)
{
    char left[48] = "", errors[48] = "";

    if (now->left_ms >= 0)
        progress_time(now->left_ms, left, sizeof(left));
    if (now->errors > 0)
        snprintf(errors, sizeof(errors), ", %lld without a verdict",
                 (long long)now->errors);
    snprintf(out, out_size, "%lld of %lld rules, %lld failing%s%s%s%s%s",
             (long long)now->rules_done, (long long)now->rules_total,
             (long long)now->failed, errors, left[0] ? ", " : "", left,
             left[0] ? " left" : "", "");
    if (now->what && *now->what) {
        size_t used = 0;

        while (used < out_size && out[used])
            used++;
        snprintf(out + used, out_size - used, "  %s", now->what);
    }
}

void cli_progress_show(struct cli_progress *progress,
                       const struct scan_progress *now)
{
    int64_t steady = clock_steady_ms();
    unsigned width = progress->out->width ? progress->out->width : 80;
    char line[512];

    if (!progress->enabled ||
        (progress->shown && steady - progress->drawn_ms < PROGRESS_EVERY_MS))
        return;
    cli_progress_format(now, line, sizeof(line));
    fputs("\r\033[K", progress->out->file);
    text_cell(progress->out, line, width - 1, false, TEXT_PLAIN);
    fflush(progress->out->file);
    progress->shown = true;
    progress->drawn_ms = steady;
}
