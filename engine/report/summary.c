/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - the end of the table: counts per severity, scanner, target. */
#include <string.h>

#include "engine/report/table.h"

#define SUMMARY_NAME_COLUMNS 24

static const char *const summary_headings[] = {"pass", "fail",       "error",
                                               "n/a",  "notchecked", "other"};

/* The counters of contract.md that a column adds up. */
static int64_t summary_cell(const bson_t *counts, size_t column)
{
    static const char *const names[][6] = {
        {"passed"},
        {"failed"},
        {"error", "unknown"},
        {"not_applicable"},
        {"not_checked"},
        {"not_selected", "informational", "fixed", "waived"}};
    int64_t sum = 0;

    for (size_t i = 0; i < 6 && names[column][i]; i++)
        sum += document_int(counts, names[column][i], 0);
    return sum;
}

static void summary_row(const struct text_out *out, const char *name,
                        const bson_t *counts)
{
    fputs("  ", out->file);
    text_cell(out, name, SUMMARY_NAME_COLUMNS, true, TEXT_PLAIN);
    for (size_t i = 0; i < 6; i++) {
        int64_t count = summary_cell(counts, i);
        bool red = i == 1 && count > 0;
        char text[24];

        snprintf(text, sizeof(text), i == 4 ? "%11lld" : "%8lld",
                 (long long)count);
        text_styled(out, red ? TEXT_RED : TEXT_PLAIN, text);
    }
    fputc('\n', out->file);
}

static void summary_header(const struct text_out *out)
{
    fprintf(out->file, "  %*s", SUMMARY_NAME_COLUMNS, "");
    for (size_t i = 0; i < 6; i++)
        fprintf(out->file, i == 4 ? "%11s" : "%8s", summary_headings[i]);
    fputc('\n', out->file);
}

static void summary_severities(const struct text_out *out, const bson_t *scan)
{
    static const char *const names[] = {"critical", "high", "medium",
                                        "low",      "info", "unknown"};
    bson_t all, counts;

    if (!document_child(scan, "by_severity", &all))
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (document_child(&all, names[i], &counts))
            summary_row(out, names[i], &counts);
}

/* Scanners and targets: only where there is more than one to compare. */
static void summary_parts(const struct text_out *out, const bson_t *scan,
                          const char *field, const char *what)
{
    bson_t all, counts;
    bson_iter_t iter;
    char name[256];

    if (!document_child(scan, field, &all) || bson_count_keys(&all) < 2 ||
        !bson_iter_init(&iter, &all))
        return;
    while (bson_iter_next(&iter)) {
        if (!document_iter_child(&iter, &counts))
            continue;
        snprintf(name, sizeof(name), "%s %s", what, bson_iter_key(&iter));
        summary_row(out, name, &counts);
    }
}

static void summary_percentage(const struct text_out *out, const bson_t *scan,
                               const char *path, const char *name)
{
    double value = document_double(scan, path, -1);

    if (value >= 0)
        fprintf(out->file, ", %s %.1f %%", name, value);
}

static void summary_problems(const struct text_out *out, const bson_t *scan,
                             const char *field)
{
    bson_t list, item;
    bson_iter_t iter;

    if (!document_child(scan, field, &list) || !bson_iter_init(&iter, &list))
        return;
    while (bson_iter_next(&iter)) {
        const char *text = NULL, *hint = NULL;
        char lead[96] = "";

        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            text = bson_iter_utf8(&iter, NULL);
        } else if (document_iter_child(&iter, &item)) {
            const char *scanner = document_string(&item, "scanner");

            text = document_string(&item, "message");
            hint = document_string(&item, "hint");
            if (scanner && text && !strstr(text, scanner))
                snprintf(lead, sizeof(lead), "%.64s: ", scanner);
        }
        if (text)
            text_paragraph(out, 2, lead, text, TEXT_YELLOW);
        if (hint && *hint)
            text_paragraph(out, 4, "", hint, TEXT_PLAIN);
    }
}

static enum text_style summary_style(const char *status)
{
    if (strcmp(status, "completed") == 0)
        return TEXT_BOLD;
    return strcmp(status, "running") == 0 ? TEXT_PLAIN : TEXT_RED;
}

static void summary_head(const struct text_out *out, const bson_t *scan)
{
    const char *status = document_string(scan, "status");
    const char *name = document_string(scan, "name");
    double seconds = document_double(scan, "duration_seconds", -1);
    long long rules = (long long)document_int(scan, "total_rules", 0);

    status = status ? status : "unknown";
    fputs("Scan ", out->file);
    if (name && *name) {
        text_cell(out, name, 0, false, TEXT_BOLD);
        fputc(' ', out->file);
    }
    text_cell(out, status, 0, false, summary_style(status));
    if (seconds >= 0)
        fprintf(out->file, " in %.1f s", seconds);
    fprintf(out->file, ", %lld rule%s", rules, rules == 1 ? "" : "s");
    summary_percentage(out, scan, "compliance_percentage", "compliance");
    summary_percentage(out, scan, "coverage_percentage", "coverage");
    fputc('\n', out->file);
}

/* "What for:  scan-engine ARGUMENTS [SERVER] ID" */
static void summary_advice(const struct text_out *out, const char *what,
                           const struct report_options *options,
                           const char *arguments, const char *id)
{
    const char *command = options->command;

    fprintf(out->file, "%-19s ", what);
    text_cell(out, command ? command : "scan-engine", 0, false, TEXT_PLAIN);
    fprintf(out->file, " %s ", arguments);
    if (options->server) {
        text_cell(out, options->server, 0, false, TEXT_PLAIN);
        fputc(' ', out->file);
    }
    text_cell(out, id, 0, false, TEXT_PLAIN);
    fputc('\n', out->file);
}

static void summary_next(const struct text_out *out, const bson_t *scan,
                         const struct report_options *options)
{
    const char *scan_id = document_string(scan, "scan_id");
    const char *status = document_string(scan, "status");

    fputs("\nScan id ", out->file);
    text_cell(out, scan_id, 0, false, TEXT_BOLD);
    fputc('\n', out->file);
    if (document_int(scan, "failed", 0) > 0)
        summary_advice(out, "More about a rule:", options, "rules show",
                       "RULE_ID");
    if (!options->server && status && strcmp(status, "completed") != 0 &&
        strcmp(status, "running") != 0 &&
        document_bool(scan, "resumable", false))
        summary_advice(out, "Go on with it:", options, "scan --resume",
                       scan_id);
    summary_advice(out, "Every verdict:", options, "scans results", scan_id);
}

void table_put_summary(struct report *report, const bson_t *scan)
{
    const struct table_state *state = report->state;
    const struct text_out *out = &state->out;

    summary_head(out, scan);
    summary_problems(out, scan, "errors");
    summary_problems(out, scan, "warnings");
    fputc('\n', out->file);
    summary_header(out);
    summary_severities(out, scan);
    summary_parts(out, scan, "by_scanner", "scanner");
    summary_parts(out, scan, "by_target", "target");
    summary_row(out, "all", scan);
    summary_next(out, scan, report->options);
}
