/* SPDX-License-Identifier: Apache-2.0 */
/* example.c - the command config example. */
#include "engine/cli/commands.h"
#include "engine/config/config.h"

#define EXAMPLE_MAX ((size_t)1024 * 1024)

static int example_run(struct cli *cli, const struct cli_args *args,
                       engine_error *err)
{
    struct buffer text;
    engine_status status;

    (void)args;
    buffer_init(&text, EXAMPLE_MAX);
    config_example(&text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        fwrite(text.data, 1, text.len, cli->out.file);
    buffer_clear(&text);
    return status;
}

const struct cli_command command_config_example = {
    .group = "config",
    .name = "example",
    .words = "",
    .help = "print a configuration file that explains every option",
    .run = example_run};
