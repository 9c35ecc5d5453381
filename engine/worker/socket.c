/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - the socket that a worker's process is started with. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "engine/worker/worker.h"

#define SOCKET_NUMBER 3

int worker_socket(const char *program)
{
    int type = 0;
    socklen_t len = sizeof(type);

    if (getsockopt(SOCKET_NUMBER, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        type != SOCK_STREAM) {
        fprintf(stderr, "%s: it is started by scan-engine, not by hand\n",
                program);
        return -1;
    }
    fcntl(SOCKET_NUMBER, F_SETFD, FD_CLOEXEC);
    /* one more, never closed: the engine sees the end when we have ended */
    (void)fcntl(SOCKET_NUMBER, F_DUPFD_CLOEXEC, SOCKET_NUMBER + 1);
    return SOCKET_NUMBER;
}
