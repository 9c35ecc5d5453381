/* SPDX-License-Identifier: Apache-2.0 */
/* admit.c - the one place that decides whether a scan runs now. */
#include "engine/server/private.h"

static struct admit_answer admit_refuse(const char *why)
{
    return (struct admit_answer){.verdict = ADMIT_REFUSE, .why = why};
}

/* Schedules and windows will set not_before_ms; the order of the questions is
 * the order of what a user wants to hear first. */
struct admit_answer admit(int64_t now_ms, const struct admit_state *state)
{
    if (state->stopping)
        return admit_refuse("stopping");
    if (state->target_busy && !state->may_wait)
        return admit_refuse("busy");
    if (state->not_before_ms > now_ms)
        return (struct admit_answer){.verdict = ADMIT_LATER,
                                     .not_before_ms = state->not_before_ms};
    if (!state->target_busy && state->running < state->running_most)
        return (struct admit_answer){.verdict = ADMIT_RUN};
    if (state->waiting >= state->waiting_most)
        return admit_refuse("full");
    return (struct admit_answer){.verdict = ADMIT_QUEUE};
}
