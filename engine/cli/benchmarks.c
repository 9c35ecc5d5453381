/* SPDX-License-Identifier: Apache-2.0 */
/* benchmarks.c - the commands benchmarks list and show. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/rules/rules.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

static void benchmarks_profiles(const bson_t *benchmark, char *out,
                                size_t out_size)
{
    bson_t profiles;
    unsigned count = 0;

    if (document_child(benchmark, "profiles", &profiles))
        count = bson_count_keys(&profiles);
    snprintf(out, out_size, "%u", count);
}

static const struct list_column benchmarks_columns[] = {
    {"BENCHMARK", "benchmark", 52, 30, true, NULL},
    {"RULES", "rules_count", 6, 6, false, NULL},
    {"PROFILES", NULL, 8, 8, false, benchmarks_profiles},
    {"TITLE", "title", 0, 0, false, NULL},
};

static int benchmarks_list(struct cli *cli, const struct cli_args *args,
                           engine_error *err)
{
    struct list list = {.collection = STORE_BENCHMARKS,
                        .columns = benchmarks_columns,
                        .columns_count = CLI_COUNT(benchmarks_columns),
                        .nothing = "no benchmarks: scan-engine import of SCAP "
                                   "content brings some"};
    struct session session;
    engine_status status;

    if (cli_choice(args, "format", list_formats, &list.format, err) < 0)
        return ENGINE_EINVAL;
    status = session_open(cli, SESSION_READ, &session, err);
    if (status < 0)
        return status;
    status = list_print(&session, &list, err);
    session_close(&session);
    return status;
}

static void benchmarks_put_profiles(const struct text_out *out,
                                    const bson_t *benchmark)
{
    bson_t profiles, profile;
    bson_iter_t iter;

    if (!document_child(benchmark, "profiles", &profiles) ||
        !bson_iter_init(&iter, &profiles))
        return;
    text_styled(out, TEXT_BOLD, "\nProfiles\n");
    while (bson_iter_next(&iter)) {
        const char *id, *title;

        if (!document_iter_child(&iter, &profile))
            continue;
        id = document_string(&profile, "id");
        title = document_string(&profile, "title");
        if (!id)
            id = document_string(&profile, "profile_id");
        text_paragraph(out, 2, "", id ? id : bson_iter_key(&iter), TEXT_PLAIN);
        if (title)
            text_paragraph(out, 4, "", title, TEXT_DIM);
    }
}

static engine_status benchmarks_count_rules(struct session *session,
                                            const char *id, int64_t *count,
                                            engine_error *err)
{
    bson_t *filter =
        BCON_NEW("benchmark", BCON_UTF8(id), "is_latest", BCON_BOOL(true));
    engine_status status =
        store_count(session->store, STORE_RULES, filter, count, err);

    bson_destroy(filter);
    return status;
}

static engine_status benchmarks_put(struct session *session, const char *id,
                                    const bson_t *benchmark, engine_error *err)
{
    const struct text_out *out = &session_cli(session)->out;
    const char *title = document_string(benchmark, "title");
    const char *version = document_string(benchmark, "version");
    int64_t count = 0;
    engine_status status = benchmarks_count_rules(session, id, &count, err);

    if (status < 0)
        return status;
    text_paragraph(out, 0, "", title ? title : id, TEXT_BOLD);
    text_paragraph(out, 2, "benchmark   ", id, TEXT_PLAIN);
    if (version)
        text_paragraph(out, 2, "version     ", version, TEXT_PLAIN);
    fprintf(out->file, "  rules       %lld\n", (long long)count);
    benchmarks_put_profiles(out, benchmark);
    return ENGINE_OK;
}

static int benchmarks_show(struct cli *cli, const struct cli_args *args,
                           engine_error *err)
{
    static const char *const formats[] = {"table", "json", NULL};
    struct session session;
    const char *format;
    char *id = NULL;
    bson_t benchmark;
    engine_status status;

    if (cli_choice(args, "format", formats, &format, err) < 0)
        return ENGINE_EINVAL;
    status = session_open(cli, SESSION_READ, &session, err);
    if (status < 0)
        return status;
    status = rules_find_benchmark(session.store, args->words[0], &id, err);
    if (status == ENGINE_OK)
        status =
            store_get(session.store, STORE_BENCHMARKS, id, &benchmark, err);
    if (status == ENGINE_OK) {
        status = strcmp(format, "json") == 0
                     ? list_print_document(&cli->out, &benchmark, err)
                     : benchmarks_put(&session, id, &benchmark, err);
        bson_destroy(&benchmark);
    }
    engine_free(id);
    session_close(&session);
    return status;
}

static const struct cli_option benchmarks_list_options[] = {LIST_FORMAT_OPTION};
static const struct cli_option benchmarks_show_options[] = {
    {"format", "FORMAT", "table (the default) or json", false}};

const struct cli_command command_benchmarks_list = {
    .group = "benchmarks",
    .name = "list",
    .words = "",
    .help = "list the benchmarks that were imported",
    .options = benchmarks_list_options,
    .options_count = CLI_COUNT(benchmarks_list_options),
    .run = benchmarks_list};

const struct cli_command command_benchmarks_show = {
    .group = "benchmarks",
    .name = "show",
    .words = "ID",
    .help = "print a benchmark with its profiles",
    .options = benchmarks_show_options,
    .options_count = CLI_COUNT(benchmarks_show_options),
    .words_min = 1,
    .words_max = 1,
    .run = benchmarks_show};
