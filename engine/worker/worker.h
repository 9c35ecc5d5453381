/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - the life of a worker: one job from a socket, then the end. */
#ifndef ENGINE_WORKER_WORKER_H
#define ENGINE_WORKER_WORKER_H

#include <engine/scanner.h>

#include "sdk/base/error.h"

#define WORKER_IN_THREAD 1u /* no limits, no captured output, no kill */

/**
 * Serves one job on the socket (owned by the call) and returns when it is
 * done or the other side has gone. In a process of its own it sets limits,
 * captures standard output and error into log frames, and kills its process
 * group when the socket closes; before all that it becomes `user`, "UID:GID:
 * GROUP,GROUP", when that is not NULL. The return value is the process's exit
 * code.
 */
int worker_run(int fd, unsigned flags, const char *user);
/** The same in a thread. `ring` is the engine's (ring.h; owned by the call), or
 * negative. `query` is the entry point of the job's scanner when that is linked
 * into this program; NULL: the job names its file. */
int worker_run_thread(int fd, int ring, scanner_query_fn query);

/** Where a worker's process finds its socket and, above the descriptors of
 * everybody else closed, the engine's ring if it has one. */
#define WORKER_SOCKET 3
#define WORKER_RING 4

/** The exit code of a worker that has lost its socket by its scanner's doing. */
#define WORKER_UNPLUGGED 97

/** The socket that a program was started with as a worker; negative: it was
 * started by hand, and has said so. */
int worker_socket(const char *program);

#endif
