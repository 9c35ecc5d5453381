/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - scan-worker: serves the one job that comes over descriptor 3. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "engine/worker/worker.h"

#define MAIN_SOCKET 3

int main(void)
{
    int type = 0;
    socklen_t len = sizeof(type);

    if (getsockopt(MAIN_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        type != SOCK_STREAM) {
        fputs("scan-worker: it is started by scan-engine, not by hand\n",
              stderr);
        return 1;
    }
    fcntl(MAIN_SOCKET, F_SETFD, FD_CLOEXEC);
    /* one more, never closed: the engine sees the end when we have ended */
    (void)fcntl(MAIN_SOCKET, F_DUPFD_CLOEXEC, MAIN_SOCKET + 1);
    return worker_run(MAIN_SOCKET, 0);
}
