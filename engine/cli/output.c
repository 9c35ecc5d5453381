/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - reports of stored scans, and what they mean as an exit code. */
#include "engine/cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

/* What the report advises must find the same store again. */
static engine_status output_command(const struct cli *cli, struct output *out,
                                    engine_error *err)
{
    const char *config = cli->config_path;
    const char *store = cli->store_uri;

    if (store && strncmp(store, "sqlite:", 7) != 0)
        store = NULL; /* it may hold a password */
    out->command = engine_strf("scan-engine%s%s%s%s",
                               config ? " --config " : "", config ? config : "",
                               store ? " --store " : "", store ? store : "");
    return out->command ? ENGINE_OK : engine_fail_memory(err);
}

engine_status output_open(struct cli *cli, const struct cli_args *args,
                          struct output *out, engine_error *err)
{
    const char *choices[8] = {NULL};
    const char *format = NULL;
    engine_status status;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; report_formats[i] && i + 1 < CLI_COUNT(choices); i++)
        choices[i] = report_formats[i]->name;
    status = cli_choice(args, "format", choices, &format, err);
    if (status == ENGINE_OK)
        status = output_command(cli, out, err);
    if (status < 0)
        return status;
    out->format = report_format_find(format);
    out->out = cli->out;
    out->server = cli->server;
    out->path = cli_value(args, "output");
    if (!out->path)
        return ENGINE_OK;
    /* an older report stays until there is a new one */
    out->created = !file_exists(out->path);
    out->out.file = fopen(out->path, "ae");
    out->out.color = false;
    out->out.width = 0;
    if (!out->out.file)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not write \"%s\": %s", out->path,
                           strerror(errno));
    return ENGINE_OK;
}

engine_status output_scan(struct output *output, struct store *store,
                          const char *scan_id, bool all, engine_error *err)
{
    struct report_options options = {.out = output->out.file,
                                     .color = output->out.color,
                                     .width = output->out.width,
                                     .all = all,
                                     .command = output->command,
                                     .server = output->server};

    output->created = false;
    /* what cannot be cut is no regular file */
    if (output->path && ftruncate(fileno(output->out.file), 0) < 0 &&
        errno != EINVAL)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not write \"%s\": %s", output->path,
                           strerror(errno));
    return report_scan(store, scan_id, output->format, &options, err);
}

engine_status output_close(struct output *output, engine_error *err)
{
    FILE *file = output->out.file;
    bool failed;

    engine_free(output->command);
    output->command = NULL;
    if (!output->path || !file)
        return ENGINE_OK;
    output->out.file = NULL;
    if (output->created) /* there was no report */
        (void)unlink(output->path);
    failed = ferror(file) != 0;
    if (fclose(file) == 0 && !failed)
        return ENGINE_OK;
    return engine_fail(err, engine_status_from_errno(errno),
                       "could not write \"%s\": %s", output->path,
                       strerror(errno));
}

static const char *const output_severities[] = {"info", "low",      "medium",
                                                "high", "critical", NULL};

engine_status output_fail_on(const struct cli_args *args, const char **out,
                             engine_error *err)
{
    *out = NULL;
    return cli_flag(args, "fail-on")
               ? cli_choice(args, "fail-on", output_severities, out, err)
               : ENGINE_OK;
}

static int output_rank(const char *severity)
{
    for (int i = 0; output_severities[i]; i++)
        if (strcmp(output_severities[i], severity) == 0)
            return i + 1; /* as the pipeline stores severity_rank */
    return 0;
}

static engine_status output_count_failed(struct store *store,
                                         const char *scan_id,
                                         const char *fail_on, int64_t *count,
                                         engine_error *err)
{
    bson_t *filter =
        BCON_NEW("scan_id", BCON_UTF8(scan_id), "status", BCON_UTF8("fail"));
    bson_t least;
    engine_status status;

    if (fail_on) {
        BSON_APPEND_DOCUMENT_BEGIN(filter, "severity_rank", &least);
        BSON_APPEND_INT32(&least, "$gte", output_rank(fail_on));
        bson_append_document_end(filter, &least);
    }
    status = store_count(store, STORE_VERDICTS, filter, count, err);
    bson_destroy(filter);
    return status;
}

int output_exit_code(struct store *store, const char *scan_id,
                     const char *fail_on, engine_error *err)
{
    bson_t *unsure =
        BCON_NEW("scan_id", BCON_UTF8(scan_id), "status", "{", "$in", "[",
                 BCON_UTF8("error"), BCON_UTF8("unknown"), "]", "}");
    int64_t failed = 0, errors = 0;
    engine_status status =
        output_count_failed(store, scan_id, fail_on, &failed, err);

    if (status == ENGINE_OK)
        status = store_count(store, STORE_VERDICTS, unsure, &errors, err);
    bson_destroy(unsure);
    if (status < 0)
        return status;
    return failed ? CLI_FAILED : errors ? CLI_UNSURE : CLI_DONE;
}
