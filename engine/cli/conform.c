/* SPDX-License-Identifier: Apache-2.0 */
/* conform.c - the command conform: does a scanner keep the contract? */
#include "engine/cli/conform.h"

#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/signals.h"
#include "sdk/base/alloc.h"

#define CONFORM_GRACE_MS 200 /* a mock does not pass a cancel on */

/* scan-conform is installed beside scan-worker. */
static engine_status conform_launchers(struct conform *conform,
                                       engine_error *err)
{
    const char *worker = conform->session.config.worker_path;
    const char *slash = strrchr(worker, '/');
    char *path = engine_strf("%.*s/scan-conform", (int)(slash - worker),
                             worker);
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    status = launcher_process_new(path, &conform->launcher, err);
    if (status == ENGINE_OK)
        status = launcher_process_new(worker, &conform->usual, err);
    engine_free(path);
    return status;
}

static int conform_cancelled(void *user)
{
    (void)user;
    return cli_signals_noted();
}

/* Of the configuration, places and limits; neither store nor cache. */
static engine_status conform_workers(struct conform *conform,
                                     engine_error *err)
{
    const struct engine_config *config = &conform->session.config;
    engine_status status = conform_launchers(conform, err);

    if (status == ENGINE_OK)
        status = config_check_users(config, err);
    if (status == ENGINE_OK)
        status = config_private_directory(config->run_directory, err);
    conform->log = (struct log){conform_log, conform, LOG_LEVEL_INFO};
    conform->conduct = (struct conduct_options){
        .launcher = conform->launcher,
        .log = &conform->log,
        .run_directory = config->run_directory,
        .workers = 1,
        .grace_ms = CONFORM_GRACE_MS,
        .cancelled = conform_cancelled,
        .user = conform};
    return status;
}

static engine_status conform_open(struct conform *conform, engine_error *err)
{
    engine_status status = conform_path(conform, err);

    if (status == ENGINE_OK)
        status = conform_options(conform, err);
    if (status == ENGINE_OK)
        status = session_open(conform->cli, 0, &conform->session, err);
    if (status == ENGINE_OK)
        status = conform_workers(conform, err);
    conform->spec.name = conform->name;
    conform->spec.path = conform->path;
    conform->spec.user = conform->session.config.worker_user;
    conform->entry.spec = &conform->spec;
    return status;
}

static int conform_command(struct cli *cli, const struct cli_args *args,
                           engine_error *err)
{
    struct conform conform = {.cli = cli, .args = args};
    engine_status status;

    bson_init(&conform.given);
    bson_init(&conform.target);
    bson_init(&conform.entry.description);
    bson_init(&conform.entry.options);
    cli_signals_watch();
    status = conform_open(&conform, err);
    if (status == ENGINE_OK)
        status = conform_run(&conform, err);
    launcher_free(conform.launcher);
    launcher_free(conform.usual);
    session_close(&conform.session);
    conform_forget(&conform);
    if (status < 0)
        return status;
    return conform.failed ? CLI_UNABLE : CLI_DONE;
}

static const struct cli_option conform_options_table[] = {
    {"option", "NAME=VALUE", "an option of the scanner, as in the "
     "configuration", true},
    {"rules", "FILE", "rules for the checks that scan, in YAML or JSON", false},
    {"target", "TARGET", "what they scan; a target that is not there, or this "
     "machine for scanners of it, without", false},
    {"timeout", "SECONDS", "time for each check; 60", false}};

const struct cli_command command_conform = {
    .name = "conform",
    .words = "FILE",
    .help = "check whether a scanner keeps the contract of plugins",
    .more =
        "Tries the scanner FILE (NAME.so) out, each check in a worker process "
        "of its own, and prints the outcome as TAP, version 13. What a check "
        "found stands below it, in lines that begin with #. The exit status "
        "is 0 when every check passes, else 1.\n"
        "Without --rules a scanner gets rules that say nothing, and many "
        "checks cannot show much. The configuration counts for workers and "
        "limits alone; its plugins and its store are left alone.",
    .options = conform_options_table,
    .options_count = CLI_COUNT(conform_options_table),
    .words_min = 1,
    .words_max = 1,
    .run = conform_command};
