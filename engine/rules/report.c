/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - what an import did, file by file, within bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"

#define REPORT_PER_FILE 100                         /* notes; rejections */
#define REPORT_DETAILS_MAX ((size_t)32 * 1024 * 1024) /* bytes, in all */
#define REPORT_FILES_MAX 20000 /* files by name; the totals count all */

/* a bson_t wants an alignment that the allocator does not give: pointers */
struct rules_report_list {
    bson_t *items; /* NULL: none yet */
    unsigned count;
};

#define REPORT_TYPES 16 /* scanner types by name; a rule of another is counted
                         * with all rules only */

/* How many rules are for which scanner. */
struct rules_report_types {
    struct {
        char name[32];
        int64_t rules;
    } items[REPORT_TYPES];
    size_t count;
};

struct rules_report_file {
    char *name;
    struct rules_counts counts;
    struct rules_report_types *types; /* NULL: no rule was taken yet */
    struct rules_report_list notes, rejections;
};

struct rules_report {
    struct rules_report_file *files;
    struct rules_report_file beyond; /* stands for all files past the limit */
    size_t count, room, details, files_total;
    struct rules_report_file *current;
    bson_t *benchmarks, *document;
    unsigned benchmarks_count;
    int64_t removed;
};

static void report_file_clear(struct rules_report_file *file)
{
    engine_free(file->name);
    engine_free(file->types);
    bson_destroy(file->notes.items);
    bson_destroy(file->rejections.items);
}

struct rules_report *rules_report_new(void)
{
    struct rules_report *report = engine_calloc(1, sizeof(*report));

    if (!report)
        return NULL;
    report->current = &report->beyond;
    report->benchmarks = bson_new();
    report->document = bson_new();
    return report;
}

void rules_report_free(struct rules_report *report)
{
    if (!report)
        return;
    for (size_t i = 0; i < report->count; i++)
        report_file_clear(&report->files[i]);
    engine_free(report->files);
    report_file_clear(&report->beyond);
    bson_destroy(report->benchmarks);
    bson_destroy(report->document);
    engine_free(report);
}

static engine_status report_grow(struct rules_report *report,
                                 engine_error *err)
{
    const size_t room = report->room ? 2 * report->room : 16;
    struct rules_report_file *files =
        engine_realloc(report->files, room * sizeof(*files));

    if (!files)
        return engine_fail_memory(err);
    report->files = files;
    report->room = room;
    return ENGINE_OK;
}

engine_status rules_report_start(struct rules_report *report,
                                 const char *name, engine_error *err)
{
    const bool beyond = report->count >= REPORT_FILES_MAX;
    struct rules_report_file *file = &report->beyond;
    engine_status status;

    if (!beyond && report->count == report->room) {
        status = report_grow(report, err);
        if (status < 0)
            return status;
    }
    if (!beyond) {
        file = &report->files[report->count];
        *file = (struct rules_report_file){0};
    } else {
        engine_free(file->name);
    }
    file->name = engine_strdup(name);
    if (!file->name)
        return engine_fail_memory(err);
    if (!beyond)
        report->count++;
    report->files_total++;
    report->current = file;
    return ENGINE_OK;
}

const char *rules_report_current(const struct rules_report *report)
{
    return report->current->name ? report->current->name : "";
}

struct rules_counts *rules_report_counts(struct rules_report *report)
{
    return &report->current->counts;
}

static void report_types_add(struct rules_report_types *types,
                             const char *name, int64_t rules)
{
    size_t i = 0;

    while (i < types->count && strcmp(types->items[i].name, name) != 0)
        i++;
    if (i == REPORT_TYPES || strlen(name) >= sizeof(types->items[i].name))
        return;
    if (i == types->count) {
        snprintf(types->items[i].name, sizeof(types->items[i].name), "%s",
                 name);
        types->items[i].rules = 0;
        types->count++;
    }
    types->items[i].rules += rules;
}

void rules_report_type(struct rules_report *report, const char *name)
{
    struct rules_report_file *file = report->current;

    if (!file->types)
        file->types = engine_calloc(1, sizeof(*file->types));
    if (file->types)
        report_types_add(file->types, name, 1);
}

static void report_append_types(bson_t *to,
                                const struct rules_report_types *types)
{
    bson_t child;

    bson_append_document_begin(to, "by_scanner", -1, &child);
    for (size_t i = 0; types && i < types->count; i++)
        BSON_APPEND_INT64(&child, types->items[i].name,
                          types->items[i].rules);
    bson_append_document_end(to, &child);
}

/* appends one detail while there is room for it */
static void report_detail(struct rules_report *report,
                          struct rules_report_list *list,
                          const bson_t *detail)
{
    char number[16];

    if (list->count >= REPORT_PER_FILE || report->current == &report->beyond ||
        report->details + detail->len > REPORT_DETAILS_MAX)
        return;
    if (!list->items)
        list->items = bson_new();
    snprintf(number, sizeof(number), "%u", list->count++);
    BSON_APPEND_DOCUMENT(list->items, number, detail);
    report->details += detail->len;
}

void rules_report_note(struct rules_report *report, const char *rule_id,
                       long line, const char *what)
{
    struct rules_report_file *file = report->current;
    bson_t detail;

    if (file->notes.count >= REPORT_PER_FILE)
        return;
    bson_init(&detail);
    if (rule_id)
        BSON_APPEND_UTF8(&detail, "rule_id", rule_id);
    if (line > 0)
        BSON_APPEND_INT64(&detail, "line", line);
    BSON_APPEND_UTF8(&detail, "what", what);
    report_detail(report, &file->notes, &detail);
    bson_destroy(&detail);
}

/* "file:12: reason" is file, line and reason of the report */
static const char *report_reason(const char *message, const char *file,
                                 long *line)
{
    const size_t len = file ? strlen(file) : 0;
    char *end = NULL;
    long number;

    if (len == 0 || strncmp(message, file, len) != 0 || message[len] != ':')
        return message;
    number = strtol(message + len + 1, &end, 10);
    if (end == message + len + 1 && *end == ' ')
        return end + 1; /* "file: reason" */
    if (end == message + len + 1 || end[0] != ':' || end[1] != ' ')
        return message;
    *line = number;
    return end + 2;
}

void rules_report_reject(struct rules_report *report, const char *rule_id,
                         long line, const engine_error *why)
{
    struct rules_report_file *file = report->current;
    const char *reason = report_reason(why->message, file->name, &line);
    bson_t detail;

    file->counts.rejected++;
    bson_init(&detail);
    if (line > 0)
        BSON_APPEND_INT64(&detail, "line", line);
    if (rule_id)
        BSON_APPEND_UTF8(&detail, "rule_id", rule_id);
    BSON_APPEND_UTF8(&detail, "reason", reason);
    if (why->hint[0])
        BSON_APPEND_UTF8(&detail, "hint", why->hint);
    report_detail(report, &file->rejections, &detail);
    bson_destroy(&detail);
}

void rules_report_benchmark(struct rules_report *report, const char *id)
{
    char number[16];
    bson_iter_t seen;

    bson_iter_init(&seen, report->benchmarks);
    while (bson_iter_next(&seen))
        if (strcmp(bson_iter_utf8(&seen, NULL), id) == 0)
            return;
    snprintf(number, sizeof(number), "%u", report->benchmarks_count++);
    BSON_APPEND_UTF8(report->benchmarks, number, id);
}

void rules_report_removed(struct rules_report *report, int64_t count)
{
    report->removed += count;
}

static void report_append_counts(bson_t *to, const struct rules_counts *from)
{
    BSON_APPEND_INT64(to, "documents", from->documents);
    BSON_APPEND_INT64(to, "added", from->added);
    BSON_APPEND_INT64(to, "changed", from->changed);
    BSON_APPEND_INT64(to, "unchanged", from->unchanged);
    BSON_APPEND_INT64(to, "rejected", from->rejected);
    BSON_APPEND_INT64(to, "skipped", from->skipped);
}

static void report_add(struct rules_counts *to,
                       const struct rules_counts *from)
{
    to->documents += from->documents;
    to->added += from->added;
    to->changed += from->changed;
    to->unchanged += from->unchanged;
    to->normalised += from->normalised;
    to->rejected += from->rejected;
    to->skipped += from->skipped;
}

static void report_sum_types(struct rules_report_types *to,
                             const struct rules_report_types *from)
{
    for (size_t i = 0; from && i < from->count; i++)
        report_types_add(to, from->items[i].name, from->items[i].rules);
}

static void report_append_list(bson_t *to, const char *key,
                               const struct rules_report_list *list)
{
    bson_t empty;

    if (list->items) {
        BSON_APPEND_ARRAY(to, key, list->items);
        return;
    }
    bson_append_array_begin(to, key, -1, &empty);
    bson_append_array_end(to, &empty);
}

static void report_append_file(bson_t *files, size_t at,
                               const struct rules_report_file *file)
{
    char number[24];
    bson_t entry;

    snprintf(number, sizeof(number), "%zu", at);
    bson_append_document_begin(files, number, -1, &entry);
    BSON_APPEND_UTF8(&entry, "file", file->name);
    report_append_counts(&entry, &file->counts);
    report_append_types(&entry, file->types);
    BSON_APPEND_INT64(&entry, "normalised_count", file->counts.normalised);
    report_append_list(&entry, "normalised", &file->notes);
    report_append_list(&entry, "rejections", &file->rejections);
    bson_append_document_end(files, &entry);
}

const bson_t *rules_report_document(struct rules_report *report)
{
    struct rules_counts totals = report->beyond.counts;
    struct rules_report_types types = {.count = 0};
    bson_t *out = report->document;
    bson_t files, sums;

    bson_reinit(out);
    bson_append_array_begin(out, "files", -1, &files);
    for (size_t i = 0; i < report->count; i++) {
        report_append_file(&files, i, &report->files[i]);
        report_add(&totals, &report->files[i].counts);
        report_sum_types(&types, report->files[i].types);
    }
    bson_append_array_end(out, &files);
    report_sum_types(&types, report->beyond.types);
    BSON_APPEND_ARRAY(out, "benchmarks", report->benchmarks);
    bson_append_document_begin(out, "totals", -1, &sums);
    BSON_APPEND_INT64(&sums, "files", (int64_t)report->files_total);
    report_append_counts(&sums, &totals);
    report_append_types(&sums, &types);
    BSON_APPEND_INT64(&sums, "normalised", totals.normalised);
    BSON_APPEND_INT64(&sums, "removed", report->removed);
    bson_append_document_end(out, &sums);
    return out;
}
