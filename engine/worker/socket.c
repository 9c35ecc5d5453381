/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - the socket that a worker's process is started with. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "engine/worker/worker.h"

int worker_socket(const char *program)
{
    int type = 0;
    socklen_t len = sizeof(type);

    if (getsockopt(WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        type != SOCK_STREAM) {
        fprintf(stderr, "%s: it is started by scan-engine, not by hand\n",
                program);
        return -1;
    }
    fcntl(WORKER_SOCKET, F_SETFD, FD_CLOEXEC);
    /* one more, never closed: the engine sees the end when we have ended */
    (void)fcntl(WORKER_SOCKET, F_DUPFD_CLOEXEC, WORKER_RING + 1);
    return WORKER_SOCKET;
}
