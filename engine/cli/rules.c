/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the commands rules list, show and export. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/cli/remote.h"
#include "engine/rules/rules.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/document/match.h"

/* ---- which rules --------------------------------------------------------- */

static engine_status rules_add_benchmark(struct session *session,
                                         const char *name, bson_t *filter,
                                         engine_error *err)
{
    char *id = NULL;
    engine_status status = rules_find_benchmark(session->store, name, &id, err);

    if (status < 0)
        return status;
    BSON_APPEND_UTF8(filter, "benchmark", id);
    engine_free(id);
    return ENGINE_OK;
}

/* Initialises *out also on failure. */
static engine_status rules_filter(struct session *session,
                                  const struct cli_args *args, bson_t *out,
                                  engine_error *err)
{
    static const char *const severities[] = {
        "critical", "high", "medium", "low", "info", "unknown", NULL};
    bson_t ours = BSON_INITIALIZER, user;
    const char *benchmark = cli_value(args, "benchmark");
    const char *framework = cli_value(args, "framework");
    const char *severity = NULL;
    const char *scanner = cli_value(args, "scanner");
    const char *text = cli_value(args, "filter");
    engine_status status = ENGINE_OK;

    bson_init(out);
    BSON_APPEND_BOOL(&ours, "is_latest", true);
    if (cli_flag(args, "severity"))
        status = cli_choice(args, "severity", severities, &severity, err);
    if (severity)
        BSON_APPEND_UTF8(&ours, "severity", severity);
    if (scanner)
        BSON_APPEND_UTF8(&ours, "scanner_type", scanner);
    if (framework)
        rules_filter_framework_word(framework, &ours);
    if (status == ENGINE_OK && benchmark)
        status = rules_add_benchmark(session, benchmark, &ours, err);
    if (status == ENGINE_OK && text)
        status = document_from_json(text, strlen(text), "--filter", &user, err);
    if (status == ENGINE_OK && text) {
        bson_destroy(out);
        matcher_and(&ours, &user, out);
        bson_destroy(&user);
    } else {
        bson_concat(out, &ours);
    }
    bson_destroy(&ours);
    return status;
}

/* ---- list and export ----------------------------------------------------- */

static const struct list_column rules_columns[] = {
    {"SEVERITY", "severity", 8, 8, false, NULL},
    {"SCANNER", "scanner_type", 10, 0, false, NULL},
    {"BENCHMARK", "benchmark", 20, 0, true, NULL},
    {"RULE", "rule_id", 44, 36, true, NULL},
    {"TITLE", "title", 0, 0, false, NULL},
};

static int rules_put(struct cli *cli, const struct cli_args *args,
                     const char *format, const bson_t *fields,
                     engine_error *err)
{
    struct session session;
    struct list list = {.collection = STORE_RULES,
                        .columns = rules_columns,
                        .columns_count = CLI_COUNT(rules_columns),
                        .format = format,
                        .nothing = "no rules: scan-engine import PATH "
                                   "brings some"};
    bson_t filter, *sort;
    long long limit = 0;
    engine_status status =
        cli_number(args, "limit", 0, 1000000000, &limit, err);

    if (status == ENGINE_OK)
        status = session_open(cli, SESSION_READ, &session, err);
    if (status < 0)
        return status;
    sort = BCON_NEW("benchmark", BCON_INT32(1), "rule_id", BCON_INT32(1));
    status = rules_filter(&session, args, &filter, err);
    list.query.filter = &filter;
    list.query.sort = sort;
    list.query.fields = fields;
    list.query.limit = limit;
    if (bson_count_keys(&filter) > 1) /* more than is_latest */
        list.nothing = "no rule is like that";
    if (status == ENGINE_OK)
        status = list_print(&session, &list, err);
    bson_destroy(sort);
    bson_destroy(&filter);
    session_close(&session);
    return status;
}

static int rules_list(struct cli *cli, const struct cli_args *args,
                      engine_error *err)
{
    const char *format;
    bson_t *fields;
    int code;

    if (cli_choice(args, "format", list_formats, &format, err) < 0)
        return ENGINE_EINVAL;
    fields = BCON_NEW("benchmark", BCON_INT32(1), "rule_id", BCON_INT32(1),
                      "version", BCON_INT32(1), "title", BCON_INT32(1),
                      "severity", BCON_INT32(1), "scanner_type", BCON_INT32(1));
    code = rules_put(cli, args, format, fields, err);
    bson_destroy(fields);
    return code;
}

static int rules_export(struct cli *cli, const struct cli_args *args,
                        engine_error *err)
{
    static const char *const formats[] = {"jsonl", "json", NULL};
    const char *format;

    if (cli_choice(args, "format", formats, &format, err) < 0)
        return ENGINE_EINVAL;
    return rules_put(cli, args, format, NULL, err);
}

/* ---- show ---------------------------------------------------------------- */

static void rules_put_text(const struct text_out *out, const bson_t *rule,
                           const char *heading, const char *path)
{
    const char *text = document_string(rule, path);

    if (!text || !*text)
        return;
    fputc('\n', out->file);
    text_styled(out, TEXT_BOLD, heading);
    fputc('\n', out->file);
    while (*text) {
        size_t len = strcspn(text, "\n");
        char *line = engine_strndup(text, len);

        if (line && *line)
            text_paragraph(out, 2, "", line, TEXT_PLAIN);
        else
            fputc('\n', out->file);
        engine_free(line);
        text += len + (text[len] == '\n');
    }
}

static void rules_put_pair(const struct text_out *out, const bson_t *rule,
                           const char *name, const char *path)
{
    const char *text = document_string(rule, path);
    char lead[24];

    if (!text || !*text)
        return;
    snprintf(lead, sizeof(lead), "%-12s", name);
    text_paragraph(out, 2, lead, text, TEXT_PLAIN);
}

static void rules_put_frameworks(const struct text_out *out, const bson_t *rule)
{
    bson_t list, item;
    bson_iter_t iter;
    bool some = false;

    if (!document_child(rule, "framework_refs", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        char line[512];
        const char *framework, *version, *control;

        if (!document_iter_child(&iter, &item))
            continue;
        framework = document_string(&item, "framework");
        version = document_string(&item, "version");
        control = document_string(&item, "control");
        snprintf(line, sizeof(line), "%.100s %.100s  %.200s",
                 framework ? framework : "", version ? version : "",
                 control ? control : "");
        if (!some)
            text_styled(out, TEXT_BOLD, "\nFrameworks\n");
        some = true;
        text_paragraph(out, 2, "", line, TEXT_PLAIN);
    }
}

static void rules_put_variables(const struct text_out *out, const bson_t *rule)
{
    bson_t variables, variable;
    bson_iter_t iter;

    if (!document_child(rule, "variables", &variables) ||
        !bson_iter_init(&iter, &variables) || !bson_count_keys(&variables))
        return;
    text_styled(out, TEXT_BOLD, "\nVariables\n");
    while (bson_iter_next(&iter)) {
        const char *value = NULL, *title = NULL;
        char line[768];

        if (document_iter_child(&iter, &variable)) {
            value = document_string(&variable, "default");
            title = document_string(&variable, "title");
        }
        snprintf(line, sizeof(line), "%.200s = %.200s%s%.200s",
                 bson_iter_key(&iter), value ? value : "(none)",
                 title ? "  " : "", title ? title : "");
        text_paragraph(out, 2, "", line, TEXT_PLAIN);
    }
}

/* Code keeps its lines and indentation. */
static void rules_put_code(const struct text_out *out, const bson_t *rule)
{
    bson_t code;
    bson_iter_t iter;

    if (!document_child(rule, "remediation.code", &code) ||
        !bson_iter_init(&iter, &code))
        return;
    while (bson_iter_next(&iter)) {
        const char *text =
            BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL) : "";

        text += strspn(text, "\n");
        fputs("\nFix by ", out->file);
        text_cell(out, bson_iter_key(&iter), 0, false, TEXT_BOLD);
        fputc('\n', out->file);
        while (*text) {
            size_t len = strcspn(text, "\n");
            char *line = engine_strndup(text, len);

            fputs("  ", out->file);
            text_cell(out, line, 0, false, TEXT_PLAIN);
            fputc('\n', out->file);
            engine_free(line);
            text += len + (text[len] == '\n');
        }
    }
}

static void rules_put_commands(const struct text_out *out, const bson_t *rule)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(rule, "remediation.commands", &list) ||
        !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter))
        if (document_iter_child(&iter, &item) &&
            document_string(&item, "command"))
            rules_put_text(out, &item, "Command", "command");
}

static void rules_put_rule(const struct text_out *out, const bson_t *rule)
{
    const char *title = document_string(rule, "title");

    text_paragraph(out, 0, "", title ? title : "", TEXT_BOLD);
    rules_put_pair(out, rule, "rule", "rule_id");
    rules_put_pair(out, rule, "benchmark", "benchmark");
    rules_put_pair(out, rule, "severity", "severity");
    rules_put_pair(out, rule, "scanner", "scanner_type");
    fprintf(out->file, "  version     %lld\n",
            (long long)document_int(rule, "version", 0));
    rules_put_pair(out, rule, "from", "source.file");
    rules_put_text(out, rule, "Description", "description");
    rules_put_text(out, rule, "Rationale", "rationale");
    rules_put_frameworks(out, rule);
    rules_put_variables(out, rule);
    rules_put_text(out, rule, "How to fix", "remediation.text");
    rules_put_commands(out, rule);
    rules_put_code(out, rule);
}

static engine_status rules_find(struct session *session,
                                const struct cli_args *args, bson_t *out,
                                engine_error *err)
{
    const char *name = cli_value(args, "benchmark");
    char *benchmark = NULL;
    engine_status status = ENGINE_OK;

    if (name)
        status = rules_find_benchmark(session->store, name, &benchmark, err);
    if (status == ENGINE_OK)
        status = rules_find_rule(session->store, benchmark, args->words[0], out,
                                 err);
    engine_free(benchmark);
    return status;
}

static int rules_show(struct cli *cli, const struct cli_args *args,
                      engine_error *err)
{
    static const char *const formats[] = {"table", "json", NULL};
    struct session session;
    const char *format;
    bson_t rule;
    engine_status status;

    if (cli_choice(args, "format", formats, &format, err) < 0)
        return ENGINE_EINVAL;
    status = session_open(cli, SESSION_READ, &session, err);
    if (status < 0)
        return status;
    status = rules_find(&session, args, &rule, err);
    if (status == ENGINE_OK) {
        if (strcmp(format, "json") == 0)
            status = list_print_document(&cli->out, &rule, err);
        else
            rules_put_rule(&cli->out, &rule);
        bson_destroy(&rule);
    }
    session_close(&session);
    return status;
}

/* ---- tables -------------------------------------------------------------- */

#define RULES_FILTER_OPTIONS                                            \
    {"benchmark", "ID", "only rules of this benchmark", false},         \
        {"framework", "NAME[:VERSION]", "only rules of this framework", \
         false},                                                        \
        {"severity", "SEVERITY", "only rules of this severity", false}, \
        {"scanner", "TYPE", "only rules of this scanner type", false},  \
        {"filter", "JSON", "only rules that match this query", false},  \
    {                                                                   \
        "limit", "N", "at most so many", false                          \
    }

static const struct cli_option rules_list_options[] = {RULES_FILTER_OPTIONS,
                                                       LIST_FORMAT_OPTION};

static const struct cli_option rules_export_options[] = {
    RULES_FILTER_OPTIONS,
    {"format", "FORMAT", "jsonl (the default) or json", false}};

static const struct cli_option rules_show_options[] = {
    {"benchmark", "ID",
     "where the rule is, when several have one of its "
     "name",
     false},
    {"format", "FORMAT", "table (the default) or json", false},
    REMOTE_OPTIONS};

const struct cli_command command_rules_list = {
    .group = "rules",
    .name = "list",
    .words = "",
    .help = "list the latest version of every stored rule",
    .options = rules_list_options,
    .options_count = CLI_COUNT(rules_list_options),
    .run = rules_list};

const struct cli_command command_rules_export = {
    .group = "rules",
    .name = "export",
    .words = "",
    .help = "print whole rule documents, as import reads them",
    .options = rules_export_options,
    .options_count = CLI_COUNT(rules_export_options),
    .run = rules_export};

const struct cli_command command_rules_show = {
    .group = "rules",
    .name = "show",
    .words = "ID",
    .help = "print one rule: what it is about, and how to fix it",
    .more = "Any end of the rule's id after a \"_\" will do that is "
            "unambiguous.",
    .options = rules_show_options,
    .options_count = CLI_COUNT(rules_show_options),
    .words_min = 1,
    .words_max = 1,
    .run = rules_show};
