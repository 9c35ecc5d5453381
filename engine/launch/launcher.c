/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.c - what the launchers have in common. */
#include "engine/launch/launcher.h"

#include "engine/launch/launch_private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void launcher_free(struct launcher *launcher)
{
    if (launcher)
        launcher->ops->free(launcher);
}

engine_status launch_sockets(int ends[2], engine_error *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not make a socket for a worker: %s",
                           strerror(errno));
    return ENGINE_OK;
}
