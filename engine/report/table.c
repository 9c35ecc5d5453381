/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the format table: what a person must act on, then the counts. */
#include <string.h>

#include "engine/report/table.h"
#include "sdk/base/alloc.h"

#define TABLE_RULE_COLUMNS 100 /* a rule id beside others */

static void table_indent(const struct text_out *out, const char *lead,
                         const char *text)
{
    text_paragraph(out, 4, lead, text, TEXT_PLAIN);
}

static enum text_style table_severity_style(const char *severity)
{
    if (strcmp(severity, "critical") == 0 || strcmp(severity, "high") == 0)
        return TEXT_RED;
    return strcmp(severity, "medium") == 0 ? TEXT_YELLOW : TEXT_BOLD;
}

static void table_upper(const char *text, char *out, size_t out_size)
{
    size_t i = 0;

    for (; text[i] && i + 1 < out_size; i++)
        out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A')
                                                  : text[i];
    out[i] = '\0';
}

/* ---- how to fix ---------------------------------------------------------- */

static engine_status table_keep_rule(const bson_t *rule, void *user,
                                     engine_error *err)
{
    bson_t *out = user;

    (void)err;
    bson_concat(out, rule);
    return ENGINE_OK;
}

/* The first line of a text that has something on it. */
static bool table_first_line(const char *text, char *out, size_t out_size)
{
    size_t len;

    text += strspn(text, " \t\r\n");
    len = strcspn(text, "\r\n");
    if (len >= out_size)
        len = out_size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
    return len > 0;
}

/* Where the rule says more: "scan-engine rules show ID (ansible, bash)". */
static void table_put_more(struct report *report, const bson_t *rule,
                           const char *rule_id)
{
    const struct table_state *state = report->state;
    const char *command = report->options->command;
    const char *server = report->options->server;
    struct buffer line;
    bson_t code;
    bson_iter_t iter;
    const char *before = " (";

    buffer_init(&line, 4096);
    buffer_printf(&line, "%s rules show %s%s%s",
                  command ? command : "scan-engine", server ? server : "",
                  server ? " " : "", rule_id);
    if (document_child(rule, "remediation.code", &code) &&
        bson_iter_init(&iter, &code) && bson_count_keys(&code)) {
        for (; bson_iter_next(&iter); before = ", ")
            buffer_printf(&line, "%s%s", before, bson_iter_key(&iter));
        buffer_putc(&line, ')');
    }
    table_indent(&state->out, "fix: ", line.data ? line.data : "");
    buffer_clear(&line);
}

/* The rule as it was when it was scanned says how to fix it. */
static engine_status table_put_fix(struct report *report, const bson_t *verdict,
                                   engine_error *err)
{
    struct table_state *state = report->state;
    const char *given = document_string(verdict, "rule_id");
    const char *rule_id = given ? given : "";
    const char *benchmark = document_string(verdict, "benchmark");
    bson_t *filter =
        BCON_NEW("rule_id", BCON_UTF8(rule_id), "benchmark",
                 BCON_UTF8(benchmark ? benchmark : ""), "version",
                 BCON_INT64(document_int(verdict, "rule_version", 1)));
    bson_t *fields = BCON_NEW("remediation", BCON_INT32(1));
    struct store_query query = {.filter = filter, .fields = fields, .limit = 1};
    bson_t rule = BSON_INITIALIZER;
    const char *text;
    char line[1024];
    engine_status status;

    status = report_each(report->store, STORE_RULES, &query, table_keep_rule,
                         &rule, err);
    text = document_string(&rule, "remediation.text");
    if (!text)
        text = document_string(&rule, "remediation.commands.0.command");
    if (text && table_first_line(text, line, sizeof(line)))
        table_indent(&state->out, "fix: ", line);
    else if (document_int(verdict, "rule_version", 1) > 0) /* no finding */
        table_put_more(report, &rule, rule_id);
    bson_destroy(&rule);
    bson_destroy(filter);
    bson_destroy(fields);
    return status;
}

/* ---- failures ------------------------------------------------------------ */

static void table_put_severity(struct report *report, const char *severity)
{
    struct table_state *state = report->state;
    char title[32];

    if (strcmp(state->severity, severity) == 0)
        return;
    snprintf(state->severity, sizeof(state->severity), "%s", severity);
    table_upper(severity, title, sizeof(title));
    text_cell(&state->out, title, 0, false, table_severity_style(severity));
    fputc('\n', state->out.file);
}

static engine_status table_verdict(struct report *report, const bson_t *verdict,
                                   engine_error *err)
{
    struct table_state *state = report->state;
    const char *status = document_string(verdict, "status");
    const char *severity = document_string(verdict, "severity");
    const char *title = document_string(verdict, "title");
    const char *rule_id = document_string(verdict, "rule_id");
    const char *message = document_string(verdict, "message");
    const char *target = document_string(verdict, "target");
    engine_status outcome;

    if (!status || strcmp(status, "fail") != 0)
        return ENGINE_OK; /* errors come after all failures */
    table_put_severity(report, severity ? severity : "unknown");
    rule_id = rule_id ? rule_id : "";
    text_paragraph(&state->out, 2, "", title && *title ? title : rule_id,
                   TEXT_BOLD);
    text_paragraph(&state->out, 4, "", rule_id, TEXT_DIM);
    if (state->several_targets && target)
        table_indent(&state->out, "on: ", target);
    if (message && *message)
        table_indent(&state->out, "", message);
    outcome = table_put_fix(report, verdict, err);
    fputc('\n', state->out.file);
    return outcome;
}

/* ---- errors and the rest ------------------------------------------------- */

/* Rules that ended with the same words stand together under them. */
static engine_status table_put_grouped(const bson_t *verdict, void *user,
                                       engine_error *err)
{
    struct report *report = user;
    struct table_state *state = report->state;
    const char *message = document_string(verdict, "message");
    const char *status = document_string(verdict, "status");
    const char *rule_id = document_string(verdict, "rule_id");
    const char *target = document_string(verdict, "target");
    char line[TABLE_RULE_COLUMNS + 300];

    (void)err;
    message = message && *message ? message : "no message";
    if (!state->message || strcmp(state->message, message) != 0) {
        engine_free(state->message);
        state->message = engine_strdup(message);
        text_paragraph(&state->out, 2, "", message, TEXT_PLAIN);
    }
    snprintf(line, sizeof(line), "%.15s  %.180s%s%.180s", status ? status : "",
             rule_id ? rule_id : "", state->several_targets ? "  on " : "",
             state->several_targets && target ? target : "");
    text_paragraph(&state->out, 4, "", line, TEXT_DIM);
    return ENGINE_OK;
}

static engine_status table_put_section(struct report *report,
                                       const char *scan_id, const char *heading,
                                       const char *const *statuses,
                                       engine_error *err)
{
    struct table_state *state = report->state;
    struct store_query query = {0};
    bson_t filter = BSON_INITIALIZER, in, list;
    bson_t *sort = BCON_NEW("message", BCON_INT32(1), "rule_id", BCON_INT32(1),
                            "target", BCON_INT32(1));
    int64_t count = 0;
    engine_status status;

    BSON_APPEND_UTF8(&filter, "scan_id", scan_id);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "status", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
    for (uint32_t i = 0; statuses[i]; i++) {
        char key[16];

        snprintf(key, sizeof(key), "%u", i);
        BSON_APPEND_UTF8(&list, key, statuses[i]);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(&filter, &in);
    query.filter = &filter;
    query.sort = sort;
    status = store_count(report->store, STORE_VERDICTS, &filter, &count, err);
    if (status == ENGINE_OK && count > 0) {
        text_styled(&state->out, TEXT_YELLOW, heading);
        fputc('\n', state->out.file);
        status = report_each(report->store, STORE_VERDICTS, &query,
                             table_put_grouped, report, err);
        fputc('\n', state->out.file);
    }
    engine_free(state->message);
    state->message = NULL;
    bson_destroy(&filter);
    bson_destroy(sort);
    return status;
}

/* With `all`, one line for each verdict that is neither. */
static engine_status table_put_line(const bson_t *verdict, void *user,
                                    engine_error *err)
{
    struct report *report = user;
    struct table_state *state = report->state;
    const char *status = document_string(verdict, "status");
    const char *rule_id = document_string(verdict, "rule_id");
    const char *title = document_string(verdict, "title");
    const char *target = document_string(verdict, "target");
    bool pass = status && strcmp(status, "pass") == 0;

    (void)err;
    if (!state->others) {
        text_styled(&state->out, TEXT_BOLD, "ALL OTHERS");
        fputc('\n', state->out.file);
    }
    state->others = true;
    fputs("  ", state->out.file);
    text_cell(&state->out, status ? status : "", 14, true,
              pass ? TEXT_GREEN : TEXT_PLAIN);
    text_cell(&state->out, title && *title ? title : "", 0, false, TEXT_PLAIN);
    if (state->several_targets && target) {
        fputs("  on ", state->out.file);
        text_cell(&state->out, target, 0, false, TEXT_PLAIN);
    }
    fputs("\n                ", state->out.file);
    text_cell(&state->out, rule_id ? rule_id : "", 0, false, TEXT_DIM);
    fputc('\n', state->out.file);
    return ENGINE_OK;
}

static engine_status table_put_rest(struct report *report, const char *scan_id,
                                    engine_error *err)
{
    struct table_state *state = report->state;
    bson_t *filter = BCON_NEW(
        "scan_id", BCON_UTF8(scan_id), "status", "{", "$nin", "[",
        BCON_UTF8("fail"), BCON_UTF8("error"), BCON_UTF8("unknown"), "]", "}");
    bson_t *sort = BCON_NEW("status", BCON_INT32(-1), "rule_id", BCON_INT32(1),
                            "target", BCON_INT32(1));
    struct store_query query = {.filter = filter, .sort = sort};
    engine_status status;

    status = report_each(report->store, STORE_VERDICTS, &query, table_put_line,
                         report, err);
    if (state->others)
        fputc('\n', state->out.file);
    bson_destroy(filter);
    bson_destroy(sort);
    return status;
}

/* ---- the format ---------------------------------------------------------- */

static engine_status table_begin(struct report *report, const bson_t *scan,
                                 engine_error *err)
{
    struct table_state *state = engine_calloc(1, sizeof(*state));
    bson_t targets;

    if (!state)
        return engine_fail_memory(err);
    state->out.file = report->options->out;
    state->out.color = report->options->color;
    state->out.width = report->options->width;
    if (document_child(scan, "scan_config.targets", &targets))
        state->several_targets = bson_count_keys(&targets) > 1;
    report->state = state;
    return ENGINE_OK;
}

static engine_status table_sections(struct report *report, const bson_t *scan,
                                    engine_error *err)
{
    static const char *const errors[] = {"error", "unknown", NULL};
    const char *scan_id = document_string(scan, "scan_id");
    engine_status status;

    status =
        table_put_section(report, scan_id, "WITHOUT A VERDICT", errors, err);
    if (status == ENGINE_OK && report->options->all)
        status = table_put_rest(report, scan_id, err);
    if (status == ENGINE_OK)
        table_put_summary(report, scan);
    return status;
}

static engine_status table_end(struct report *report, const bson_t *scan,
                               engine_error *err)
{
    struct table_state *state = report->state;
    engine_status status = ENGINE_OK;

    if (!state)
        return ENGINE_OK;
    if (scan)
        status = table_sections(report, scan, err);
    engine_free(state->message);
    engine_free(state);
    report->state = NULL;
    return status;
}

const struct report_format report_format_table = {
    .name = "table",
    .help = "for people: what failed and how to fix it, then the counts",
    .begin = table_begin,
    .verdict = table_verdict,
    .end = table_end};
