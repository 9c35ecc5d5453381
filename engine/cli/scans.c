/* SPDX-License-Identifier: Apache-2.0 */
/* scans.c - the commands about stored scans. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/cli/output.h"
#include "engine/cli/remote.h"
#include "engine/scan/scan.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/* ---- list ---------------------------------------------------------------- */

static void scans_compliance(const bson_t *scan, char *out, size_t out_size)
{
    double value = document_double(scan, "compliance_percentage", -1);

    if (value >= 0)
        snprintf(out, out_size, "%.1f %%", value);
}

static void scans_duration(const bson_t *scan, char *out, size_t out_size)
{
    double value = document_double(scan, "duration_seconds", -1);

    if (value >= 0)
        snprintf(out, out_size, "%.1f s", value);
}

/* a scan whose engine died goes on with --resume, and says so */
static void scans_status(const bson_t *scan, char *out, size_t out_size)
{
    const char *status = document_string(scan, "status");
    const bool died = status && strcmp(status, "running") == 0 &&
                      !scan_is_running(scan);

    snprintf(out, out_size, "%s", died ? "died" : status ? status : "");
}

static const struct list_column scans_columns[] = {
    {"SCAN", "scan_id", 36, 10, false, NULL},
    {"STARTED", "started_at", 20, 20, false, NULL},
    {"STATUS", NULL, 9, 9, false, scans_status},
    {"RULES", "total_rules", 6, 5, false, NULL},
    {"FAIL", "failed", 5, 4, false, NULL},
    {"ERROR", "error", 5, 0, false, NULL},
    {"COMPLIANT", NULL, 9, 9, false, scans_compliance},
    {"TOOK", NULL, 9, 0, false, scans_duration},
    {"NAME", "name", 0, 0, false, NULL},
};

static int scans_list(struct cli *cli, const struct cli_args *args,
                      engine_error *err)
{
    struct list list = {.collection = STORE_SCANS,
                        .columns = scans_columns,
                        .columns_count = CLI_COUNT(scans_columns),
                        .nothing = "no scans yet"};
    static const char *const states[] = {"pending",   "running",   "completed",
                                         "failed",    "cancelled", "timed_out",
                                         NULL};
    const char *status_name = NULL;
    struct session session;
    long long limit = 0;
    bson_t filter = BSON_INITIALIZER, *sort;
    engine_status status;

    if (cli_choice(args, "format", list_formats, &list.format, err) < 0 ||
        cli_number(args, "limit", 0, 1000000000, &limit, err) < 0)
        return ENGINE_EINVAL;
    if (cli_flag(args, "status") &&
        cli_choice(args, "status", states, &status_name, err) < 0)
        return ENGINE_EINVAL;
    status = session_open(cli, SESSION_READ, &session, err);
    if (status < 0)
        return status;
    if (status_name) {
        BSON_APPEND_UTF8(&filter, "status", status_name);
        list.nothing = "no scan has this status";
    }
    sort = BCON_NEW("started_at", BCON_INT32(-1));
    list.query.filter = &filter;
    list.query.sort = sort;
    list.query.limit = limit;
    status = list_print(&session, &list, err);
    bson_destroy(sort);
    bson_destroy(&filter);
    session_close(&session);
    return status;
}

/* ---- one scan ------------------------------------------------------------ */

static int scans_report(struct cli *cli, const struct cli_args *args, bool all,
                        engine_error *err)
{
    struct session session = {.loaded = false};
    struct output output;
    engine_error close_err = {0};
    char *id = NULL;
    int code = output_open(cli, args, &output, err);

    if (code == ENGINE_OK)
        code = session_open(cli, SESSION_READ, &session, err);
    if (code == ENGINE_OK)
        code = session_find_scan(&session, args->words[0], &id, err);
    if (code == ENGINE_OK)
        code = output_scan(&output, session.store, id, all, err);
    if (output_close(&output, &close_err) < 0 && code >= 0) {
        code = close_err.status;
        *err = close_err;
    }
    engine_free(id);
    session_close(&session);
    return code;
}

static int scans_show(struct cli *cli, const struct cli_args *args,
                      engine_error *err)
{
    return scans_report(cli, args, false, err);
}

static int scans_results(struct cli *cli, const struct cli_args *args,
                         engine_error *err)
{
    return scans_report(cli, args, true, err);
}

static int scans_each(struct cli *cli, const struct cli_args *args,
                      engine_status (*fn)(struct store *store,
                                          const char *scan_id,
                                          engine_error *err),
                      engine_error *err)
{
    struct session session;
    engine_status status = session_open(cli, SESSION_STORE, &session, err);

    if (status < 0)
        return status;
    for (size_t i = 0; i < args->words_count && status == ENGINE_OK; i++) {
        char *id = NULL;

        status = session_find_scan(&session, args->words[i], &id, err);
        if (status == ENGINE_OK)
            status = fn(session.store, id, err);
        engine_free(id);
    }
    session_close(&session);
    return status;
}

static int scans_cancel(struct cli *cli, const struct cli_args *args,
                        engine_error *err)
{
    return scans_each(cli, args, scan_cancel, err);
}

static int scans_delete(struct cli *cli, const struct cli_args *args,
                        engine_error *err)
{
    return scans_each(cli, args, scan_delete, err);
}

static int scans_check(struct cli *cli, const struct cli_args *args,
                       engine_error *err)
{
    struct session session;
    engine_status status = session_open(cli, SESSION_READ, &session, err);

    (void)args;
    if (status < 0)
        return status;
    status = store_check(session.store, err);
    if (status == ENGINE_OK)
        fputs("the store is sound\n", cli->out.file);
    session_close(&session);
    return status;
}

/* ---- tables -------------------------------------------------------------- */

static const struct cli_option scans_list_options[] = {
    {"status", "STATUS",
     "only scans that are pending, running, completed, "
     "failed, cancelled or timed_out",
     false},
    {"limit", "N", "at most so many, the newest first", false},
    LIST_FORMAT_OPTION,
    REMOTE_OPTIONS};
static const struct cli_option scans_report_options[] = {OUTPUT_OPTIONS,
                                                         REMOTE_OPTIONS};
static const struct cli_option scans_change_options[] = {REMOTE_OPTIONS};

#define SCANS_ID_HELP \
    "ID is a scan's id, the start or the end of one, or \"last\"."

const struct cli_command command_scans_list = {
    .group = "scans",
    .name = "list",
    .words = "",
    .help = "list stored scans, the newest first",
    .options = scans_list_options,
    .options_count = CLI_COUNT(scans_list_options),
    .run = scans_list};

const struct cli_command command_scans_show = {
    .group = "scans",
    .name = "show",
    .words = "ID",
    .help = "print the report of a stored scan",
    .more = SCANS_ID_HELP,
    .options = scans_report_options,
    .options_count = CLI_COUNT(scans_report_options),
    .words_min = 1,
    .words_max = 1,
    .run = scans_show};

const struct cli_command command_scans_results = {
    .group = "scans",
    .name = "results",
    .words = "ID",
    .help = "print every verdict of a stored scan, passes too",
    .more = SCANS_ID_HELP,
    .options = scans_report_options,
    .options_count = CLI_COUNT(scans_report_options),
    .words_min = 1,
    .words_max = 1,
    .run = scans_results};

const struct cli_command command_scans_cancel = {
    .group = "scans",
    .name = "cancel",
    .words = "ID...",
    .help = "ask running scans of any process to stop",
    .more = SCANS_ID_HELP,
    .words_min = 1,
    .words_max = SIZE_MAX,
    .options = scans_change_options,
    .options_count = CLI_COUNT(scans_change_options),
    .run = scans_cancel};

const struct cli_command command_scans_delete = {
    .group = "scans",
    .name = "delete",
    .words = "ID...",
    .help = "remove scans with all their verdicts and results",
    .more = SCANS_ID_HELP " Running scans are refused.",
    .words_min = 1,
    .words_max = SIZE_MAX,
    .options = scans_change_options,
    .options_count = CLI_COUNT(scans_change_options),
    .run = scans_delete};

const struct cli_command command_scans_check = {
    .group = "scans",
    .name = "check",
    .words = "",
    .help = "check the store for damage",
    .run = scans_check};
