/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.h - ending everything that a worker started. */
#ifndef ENGINE_WORKER_SWEEP_H
#define ENGINE_WORKER_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Kills every process of a worker's session and every descendant of it, but
 * not the worker itself. Tools that a plugin runs have process groups of their
 * own, so that killing the worker's group alone would miss them. The worker
 * must be alive or not yet waited for. How many lived.
 */
size_t sweep_session(pid_t worker);

/** Whether we have children at all, dead ones too: who reaps orphans and has
 * none has nothing to sweep, and knows it without a look at all processes. */
bool sweep_is_parent(void);

/** How many of these live, as seen in one look. */
size_t sweep_count(pid_t worker);

/** How many tasks the whole machine has, threads too: cheap to ask (proc(5),
 * /proc/loadavg); 0: not known. */
int64_t sweep_tasks(void);

#endif
