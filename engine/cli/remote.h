/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - commands that ask a daemon: their options, and the way to the
 * program which does it. That is another one (engine/remote), so that this one
 * needs no HTTP client and starts as fast as it did.
 */
#ifndef ENGINE_CLI_REMOTE_H
#define ENGINE_CLI_REMOTE_H

#include "engine/cli/cli.h"

#define REMOTE_OPTIONS                                                    \
    {"server", "URL", "let the daemon there do it", false},               \
        {"token-file", "FILE",                                            \
         "the token for the daemon; a file that only its owner can read", \
         false},                                                          \
        {"ca-file", "FILE",                                               \
         "certificates that may vouch for the daemon, instead of the "    \
         "system's",                                                      \
         false},                                                          \
        {"insecure-http", NULL,                                           \
         "talk to a daemon on another machine without TLS: everybody on " \
         "the way can read the token",                                    \
         false},                                                          \
    {                                                                     \
        "server-timeout", "S",                                            \
            "seconds to wait for a daemon that was there and does not "   \
            "answer any more; 300",                                       \
            false                                                         \
    }

/** Refuses options that make sense only with, or only without, --server. */
engine_status cli_remote_check(const struct cli *cli,
                               const struct cli_args *args, engine_error *err);

/** Becomes the program that asks daemons; returns only when it cannot. */
int cli_remote_exec(struct cli *cli, const struct cli_command *command,
                    const struct cli_args *args, engine_error *err);

#endif
