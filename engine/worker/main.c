/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - scan-worker: serves the one job that comes over its socket. */
#include "engine/worker/worker.h"

int main(int argc, char **argv)
{
    const int fd = worker_socket("scan-worker");

    return fd < 0 ? 1 : worker_run(fd, 0, argc > 1 ? argv[1] : NULL);
}
