/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the commands scan and probe. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/cli/output.h"
#include "engine/cli/plan.h"
#include "engine/cli/progress.h"
#include "engine/cli/remote.h"
#include "engine/cli/request.h"
#include "engine/cli/signals.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

struct scan_command {
    struct session session;
    struct output output;
    struct cli_progress progress;
    const char *fail_on; /* NULL: any severity */
    char *scan_id;
    char *record; /* made by realpath(3); NULL: nothing is recorded */
};

static void scan_on_progress(const struct scan_progress *progress, void *user)
{
    struct scan_command *run = user;

    cli_progress_show(&run->progress, progress);
}

/* The report also of a scan that failed: what it found is true. */
static int scan_finish(struct scan_command *run, engine_status status,
                       engine_error *err)
{
    struct store *store = run->session.store;
    engine_error report_err = {0};
    int code;

    cli_progress_clear(&run->progress);
    if (!run->scan_id)
        return status;
    code = output_scan(&run->output, store, run->scan_id, false, &report_err);
    if (status < 0)
        return status; /* the scan's own error comes first */
    if (code == ENGINE_OK)
        code = output_exit_code(store, run->scan_id, run->fail_on, &report_err);
    if (code < 0)
        *err = report_err;
    return code;
}

static int scan_new(struct scan_command *run, const struct cli_args *args,
                    struct scan_context *context, engine_error *err)
{
    bson_t config;
    engine_status status = request_build(&run->session, args, &config, err);

    if (status == ENGINE_OK)
        status = scan_run(context, &config, "cli", &run->scan_id, err);
    bson_destroy(&config);
    return scan_finish(run, status, err);
}

static int scan_old(struct scan_command *run, const char *name,
                    struct scan_context *context, engine_error *err)
{
    engine_status status =
        session_find_scan(&run->session, name, &run->scan_id, err);

    if (status < 0)
        return status;
    status = scan_resume(context, run->scan_id, err);
    if (status == ENGINE_ECONFLICT) /* complete, or held by another engine */
        return status;
    return scan_finish(run, status, err);
}

static int scan_dry(struct scan_command *run, const struct cli_args *args,
                    engine_error *err)
{
    bson_t config;
    engine_status status = request_build(&run->session, args, &config, err);

    if (status == ENGINE_OK)
        status =
            plan_print(&run->session, &config, "all", run->output.format->name,
                       false, &run->output.out, err);
    bson_destroy(&config);
    return status;
}

/* a worker has another working directory: it gets an absolute path */
static engine_status scan_record_directory(struct scan_command *run,
                                           const char *path,
                                           engine_error *err)
{
    engine_status status = file_make_directory(path, err);

    if (status < 0)
        return status;
    run->record = realpath(path, NULL);
    return run->record ? ENGINE_OK
                       : engine_fail(err, engine_status_from_errno(errno),
                                     "--record %s: %s", path,
                                     strerror(errno));
}

static int scan_start(struct scan_command *run, const struct cli_args *args,
                      engine_error *err)
{
    const char *resume = cli_value(args, "resume");
    struct scan_context context;

    if (cli_flag(args, "dry-run"))
        return scan_dry(run, args, err);
    session_context(&run->session, &context);
    context.on_progress = scan_on_progress;
    context.user = run;
    if (cli_flag(args, "record") &&
        scan_record_directory(run, cli_value(args, "record"), err) < 0)
        return err->status;
    context.record = run->record;
    cli_signals_watch();
    return resume ? scan_old(run, resume, &context, err)
                  : scan_new(run, args, &context, err);
}

static engine_status scan_check_args(const struct cli_args *args,
                                     struct scan_command *run,
                                     engine_error *err)
{
    static const char *const alone[] = {"target",  "framework",   "benchmark",
                                        "profile", "rule",        "filter",
                                        "set",     "name",        "shards",
                                        "timeout", "allow-empty", "dry-run"};

    for (size_t i = 0; cli_flag(args, "resume") && i < CLI_COUNT(alone); i++)
        if (cli_flag(args, alone[i]))
            return engine_fail(err, ENGINE_EINVAL,
                               "--resume goes on with what the scan was; "
                               "--%s cannot change it",
                               alone[i]);
    return output_fail_on(args, &run->fail_on, err);
}

static int scan_command_run(struct cli *cli, const struct cli_args *args,
                            engine_error *err)
{
    struct scan_command run = {.scan_id = NULL};
    bool quiet = cli_flag(args, "quiet");
    engine_error close_err = {0};
    int code = scan_check_args(args, &run, err);

    if (code == ENGINE_OK)
        code = output_open(cli, args, &run.output, err);
    if (code == ENGINE_OK)
        code = session_open(cli, SESSION_STORE | SESSION_PLUGINS, &run.session,
                            err);
    if (code == ENGINE_OK) {
        cli_progress_init(&run.progress, &cli->messages, quiet);
        cli->progress = &run.progress;
        if (quiet)
            cli->log.level = LOG_LEVEL_ERROR;
        code = scan_start(&run, args, err);
        cli_progress_clear(&run.progress);
        cli->progress = NULL;
    }
    if (output_close(&run.output, &close_err) < 0 && code >= 0) {
        code = close_err.status;
        *err = close_err;
    }
    engine_free(run.scan_id);
    free(run.record);
    session_close(&run.session);
    return code;
}

static const struct cli_option scan_options[] = {
    REQUEST_TARGET_OPTION,
    REQUEST_SELECT_OPTIONS,
    {"name", "NAME", "a name to find the scan by", false},
    {"shards", "N",
     "processors that one group of rules may use; 0: as many "
     "as are free",
     false},
    {"timeout", "S", "seconds until the scan is ended", false},
    {"dry-run", NULL,
     "print the documents and commands of the scan, and run "
     "nothing",
     false},
    {"resume", "SCAN_ID", "go on with a scan that did not end", false},
    {"record", "DIR",
     "keep what scanners read from targets' APIs in this "
     "directory, to be scanned again as a dump",
     false},
    {"allow-empty", NULL,
     "a selection without rules is fine, and scanners with checks of their own "
     "scan, too",
     false},
    {"fail-on", "SEVERITY",
     "exit with 2 only for failures of this severity "
     "(info, low, medium, high, critical) or above",
     false},
    OUTPUT_OPTIONS,
    {"quiet", NULL, "no progress and no warnings", false},
    REMOTE_OPTIONS,
    {"queue", NULL,
     "with --server: when another scan has the target, wait for "
     "its end",
     false},
};

const struct cli_command command_scan = {
    .name = "scan",
    .words = "",
    .help = "scan targets, keep the results and print a report",
    .more = "Options come before the scan { } of the configuration, key by "
            "key. Without either, every latest rule is checked on this "
            "machine. Ids may be shortened to any end of them after a "
            "\"_\" that is unambiguous.\n"
            "SIGINT and SIGTERM cancel the scan and keep its results; a "
            "second one ends the program at once.\n"
            "With --server a daemon scans: targets, files and this machine "
            "are as it sees them. Its scan is followed and printed like one "
            "that is done here; SIGINT asks the daemon to cancel it.",
    .options = scan_options,
    .options_count = CLI_COUNT(scan_options),
    .run = scan_command_run};

/* ---- probe --------------------------------------------------------------- */

struct probe_command {
    struct session session;
    const char *format;
    size_t count, unreachable;
};

static void probe_put_list(const struct text_out *out, const bson_t *report,
                           const char *field, const char *lead)
{
    bson_t list;
    bson_iter_t iter;

    if (!document_child(report, field, &list) || !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter))
            text_paragraph(out, 2, lead, bson_iter_utf8(&iter, NULL),
                           TEXT_PLAIN);
}

static void probe_put(const struct text_out *out, const bson_t *report)
{
    const char *version = document_string(report, "version");
    const char *error = document_string(report, "error");
    const char *hint = document_string(report, "hint");
    bool reachable = document_bool(report, "reachable", false);

    text_cell(out, document_string(report, "target"), 0, false, TEXT_BOLD);
    fputs(" by ", out->file);
    text_cell(out, document_string(report, "scanner"), 0, false, TEXT_PLAIN);
    fputs(": ", out->file);
    text_styled(out, reachable ? TEXT_GREEN : TEXT_RED,
                reachable ? "reachable" : "not reachable");
    fputc('\n', out->file);
    if (version)
        text_paragraph(out, 2, "version ", version, TEXT_PLAIN);
    probe_put_list(out, report, "platforms", "platform ");
    probe_put_list(out, report, "missing", "missing ");
    if (error)
        text_paragraph(out, 2, "", error, TEXT_RED);
    if (hint)
        text_paragraph(out, 2, "", hint, TEXT_PLAIN);
}

static engine_status probe_on_report(const bson_t *report, void *user,
                                     engine_error *err)
{
    struct probe_command *run = user;
    const struct text_out *out = &session_cli(&run->session)->out;

    if (!document_bool(report, "reachable", false))
        run->unreachable++;
    if (strcmp(run->format, "table") == 0) {
        run->count++;
        probe_put(out, report);
        return ENGINE_OK;
    }
    if (strcmp(run->format, "json") == 0)
        fputs(run->count ? "," : "[\n", out->file);
    run->count++;
    return list_print_line(out, report, err);
}

static int probe_targets(struct probe_command *run, const struct cli_args *args,
                         engine_error *err)
{
    const struct text_out *out = &session_cli(&run->session)->out;
    struct scan_context context;
    bson_t config;
    engine_status status = request_build(&run->session, args, &config, err);

    session_context(&run->session, &context);
    cli_signals_watch();
    if (status == ENGINE_OK)
        status = scan_probe(&context, &config, probe_on_report, run, err);
    if (status == ENGINE_OK && strcmp(run->format, "json") == 0)
        fputs(run->count ? "]\n" : "[]\n", out->file);
    bson_destroy(&config);
    return status < 0 ? status : run->unreachable ? CLI_UNABLE : CLI_DONE;
}

static int probe_command_run(struct cli *cli, const struct cli_args *args,
                             engine_error *err)
{
    struct probe_command run = {.count = 0};
    int code;

    if (cli_choice(args, "format", list_formats, &run.format, err) < 0)
        return ENGINE_EINVAL;
    code = session_open(cli, SESSION_PLUGINS, &run.session, err);
    if (code < 0)
        return code;
    code = probe_targets(&run, args, err);
    session_close(&run.session);
    return code;
}

static const struct cli_option probe_options[] = {REQUEST_TARGET_OPTION,
                                                  LIST_FORMAT_OPTION};

const struct cli_command command_probe = {
    .name = "probe",
    .words = "",
    .help = "say whether targets can be reached, and with what rights",
    .more = "Exit status 1 when one of them cannot.",
    .options = probe_options,
    .options_count = CLI_COUNT(probe_options),
    .run = probe_command_run};
