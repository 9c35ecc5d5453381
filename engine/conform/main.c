/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - scan-conform: makes one check of one scanner, and says how it went.
 */
#include "engine/conform/scene.h"

int main(int argc, char **argv)
{
    const int fd = worker_socket("scan-conform");

    return fd < 0 ? 1
                  : worker_run_job(fd, 0, argc > 1 ? argv[1] : NULL,
                                   scene_serve);
}
