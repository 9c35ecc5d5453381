/* SPDX-License-Identifier: Apache-2.0 */
/* xccdf.c - the commands xccdf benchmark, tailoring and validate. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/plan.h"
#include "engine/cli/request.h"

static int xccdf_put(struct cli *cli, const struct cli_args *args,
                     const char *want, engine_error *err)
{
    struct session session;
    bson_t config;
    engine_status status;

    status = session_open(cli, SESSION_READ | SESSION_PLUGINS, &session, err);
    if (status < 0)
        return status;
    status = request_build(&session, args, &config, err);
    if (status == ENGINE_OK)
        status =
            plan_print(&session, &config, want, "table", true, &cli->out, err);
    bson_destroy(&config);
    session_close(&session);
    return status;
}

static int xccdf_benchmark(struct cli *cli, const struct cli_args *args,
                           engine_error *err)
{
    return xccdf_put(cli, args, "benchmark", err);
}

static int xccdf_tailoring(struct cli *cli, const struct cli_args *args,
                           engine_error *err)
{
    return xccdf_put(cli, args, "tailoring", err);
}

static int xccdf_validate(struct cli *cli, const struct cli_args *args,
                          engine_error *err)
{
    const char *format = cli_value(args, "as");
    struct session session;
    struct native native;
    engine_status status;

    status = session_open(cli, SESSION_PLUGINS, &session, err);
    if (status < 0)
        return status;
    native = (struct native){.registry = session.registry,
                             .conduct = &session.conduct,
                             .config = &session.config,
                             .validate_only = true};
    status = native_import(&native, args->words[0],
                           format ? format : "Benchmark", NULL, err);
    if (status == ENGINE_OK) {
        text_cell(&cli->out, args->words[0], 0, false, TEXT_PLAIN);
        fputs(": valid\n", cli->out.file);
    }
    session_close(&session);
    return status;
}

static const struct cli_option xccdf_options[] = {REQUEST_TARGET_OPTION,
                                                  REQUEST_SELECT_OPTIONS};
static const struct cli_option xccdf_validate_options[] = {
    {"as", "TYPE",
     "the format, as \"scan-engine plugins\" names it; without "
     "it, that of XCCDF benchmarks",
     false}};

const struct cli_command command_xccdf_benchmark = {
    .group = "xccdf",
    .name = "benchmark",
    .words = "",
    .help = "print the XCCDF benchmark that a scan would use",
    .options = xccdf_options,
    .options_count = CLI_COUNT(xccdf_options),
    .run = xccdf_benchmark};

const struct cli_command command_xccdf_tailoring = {
    .group = "xccdf",
    .name = "tailoring",
    .words = "",
    .help = "print the XCCDF tailoring that a scan would use",
    .options = xccdf_options,
    .options_count = CLI_COUNT(xccdf_options),
    .run = xccdf_tailoring};

const struct cli_command command_xccdf_validate = {
    .group = "xccdf",
    .name = "validate",
    .words = "FILE",
    .help = "check an XCCDF file or SCAP datastream, and store nothing",
    .options = xccdf_validate_options,
    .options_count = CLI_COUNT(xccdf_validate_options),
    .words_min = 1,
    .words_max = 1,
    .run = xccdf_validate};
