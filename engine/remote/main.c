/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - scan-remote: what scan-engine becomes when --server is given. It
 * reads the same command line again; there is no other protocol. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/signals.h"
#include "engine/remote/remote.h"

const struct cli_command *const cli_commands[] = {
    &command_scan,          &command_rules_show,
    &command_scans_list,    &command_scans_show,
    &command_scans_results, &command_scans_cancel,
    &command_scans_delete,  NULL};

static int main_remote(struct cli *cli, const struct cli_command *command,
                       const struct cli_args *args, engine_error *err)
{
    static const struct {
        const struct cli_command *command;
        int (*run)(struct remote *remote, const struct cli_args *args,
                   engine_error *err);
    } all[] = {{&command_scan, remote_scan},
               {&command_rules_show, remote_rules_show},
               {&command_scans_list, remote_scans_list},
               {&command_scans_show, remote_scans_show},
               {&command_scans_results, remote_scans_results},
               {&command_scans_cancel, remote_scans_cancel},
               {&command_scans_delete, remote_scans_delete}};
    struct remote remote = {.cli = NULL};
    int code = remote_open(cli, args, &remote, err);

    for (size_t i = 0; code == ENGINE_OK && i < CLI_COUNT(all); i++)
        if (all[i].command == command) {
            code = all[i].run(&remote, args, err);
            break;
        }
    remote_close(&remote);
    return code;
}

int main(int argc, char **argv)
{
    return cli_main(argc, argv, main_remote);
}
