/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.h - how much memory a worker takes with everything that it started. */
#ifndef ENGINE_WORKER_WEIGH_H
#define ENGINE_WORKER_WEIGH_H

#include <stdint.h>
#include <sys/types.h>

/**
 * Resident memory of a worker and its descendants in bytes; 0 when it has none,
 * since the limit of one process is the kernel's to keep. Pages that processes
 * share count for each of them, unless that makes more than `limit`: then they
 * are parted (Pss, proc_pid_smaps(5)); of a process that cannot be looked into
 * so, as one that is forked and not root's, counts what it has more than its
 * parent ever had. Needs CONFIG_PROC_CHILDREN.
 */
int64_t weigh_session(pid_t worker, int64_t limit);

/** Processor seconds of all of them, those that have ended and were waited for
 * included. */
int64_t weigh_time(pid_t worker);

#endif
