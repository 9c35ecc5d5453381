/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c - checks the options for daemons, and hands over to scan-remote. */
#include "engine/cli/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

engine_status cli_remote_check(const struct cli *cli,
                               const struct cli_args *args, engine_error *err)
{
    static const char *const only[] = {"token-file", "ca-file", "insecure-http",
                                       "server-timeout", "queue"};
    static const char *const never[] = {"resume", "dry-run", "record"};
    const bool remote = cli_flag(args, "server");

    for (size_t i = 0; !remote && i < CLI_COUNT(only); i++)
        if (cli_flag(args, only[i]))
            return engine_fail(err, ENGINE_EINVAL,
                               "--%s is about a daemon: it needs --server URL",
                               only[i]);
    for (size_t i = 0; remote && i < CLI_COUNT(never); i++)
        if (cli_flag(args, never[i])) {
            engine_fail(err, ENGINE_EINVAL,
                        "--%s cannot be done through --server", never[i]);
            engine_hint(err, strcmp(never[i], "resume") == 0
                                 ? "a daemon goes on with its scans by itself"
                                 : "do it where the store is");
            return ENGINE_EINVAL;
        }
    if (remote && cli->store_uri)
        return engine_fail(err, ENGINE_EINVAL,
                           "--store and --server exclude each other: the "
                           "daemon has its own store");
    return ENGINE_OK;
}

int cli_remote_exec(struct cli *cli, const struct cli_command *command,
                    const struct cli_args *args, engine_error *err)
{
    const char *path = getenv("SCAN_ENGINE_REMOTE");
    int code;

    (void)command;
    (void)args;
    if (!path || path[0] != '/')
        path = SCAN_ENGINE_LIBEXECDIR "/scan-remote";
    fflush(cli->out.file);
    execv(path, cli->argv);
    code = errno;
    engine_fail(err, engine_status_from_errno(code),
                "could not run \"%s\", which talks to daemons: %s", path,
                strerror(code));
    if (code == ENOENT)
        engine_hint(err, "it is built where libcurl is: install "
                         "libcurl4-openssl-dev and configure without "
                         "--disable-remote and --disable-curl");
    return engine_status_from_errno(code);
}
