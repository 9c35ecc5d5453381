/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - drives a format over a stored scan. */
#include "engine/report/report.h"

#include <errno.h>
#include <string.h>

#include "engine/report/formats.h"

const struct report_format *const report_formats[] = {
    &report_format_table, &report_format_json, &report_format_jsonl, NULL};

const struct report_format *report_format_find(const char *name)
{
    for (size_t i = 0; report_formats[i]; i++)
        if (strcmp(report_formats[i]->name, name) == 0)
            return report_formats[i];
    return NULL;
}

engine_status report_each(struct store *store, const char *collection,
                          const struct store_query *query, report_each_fn fn,
                          void *user, engine_error *err)
{
    struct store_cursor *cursor = NULL;
    const bson_t *document;
    engine_status status = store_find(store, collection, query, &cursor, err);
    int more;

    if (status < 0)
        return status;
    while ((more = store_cursor_next(cursor, &document, err)) == 1) {
        status = fn(document, user, err);
        if (status < 0)
            break;
    }
    store_cursor_close(cursor);
    return more < 0 ? more : status;
}

static engine_status report_one_result(const bson_t *result, void *user,
                                       engine_error *err)
{
    struct report *report = user;

    return report->format->result(report, result, err);
}

/* The results that one verdict came from. */
static engine_status report_results(struct report *report,
                                    const bson_t *verdict, engine_error *err)
{
    static const char *const keys[] = {"scan_id", "target", "benchmark",
                                       "rule_id"};
    struct store_query query = {0};
    bson_t filter = BSON_INITIALIZER;
    engine_status status;

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const char *value = document_string(verdict, keys[i]);

        if (value)
            bson_append_utf8(&filter, keys[i], -1, value, -1);
    }
    query.filter = &filter;
    status = report_each(report->store, STORE_RESULTS, &query,
                         report_one_result, report, err);
    bson_destroy(&filter);
    return status;
}

static engine_status report_one_verdict(const bson_t *verdict, void *user,
                                        engine_error *err)
{
    struct report *report = user;
    engine_status status = report->format->verdict(report, verdict, err);

    if (status == ENGINE_OK && report->format->wants_results)
        status = report_results(report, verdict, err);
    return status;
}

static engine_status report_verdicts(struct report *report, const char *scan_id,
                                     engine_error *err)
{
    struct store_query query = {0};
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(scan_id));
    bson_t *sort =
        BCON_NEW("severity_rank", BCON_INT32(-1), "status", BCON_INT32(1),
                 "rule_id", BCON_INT32(1), "target", BCON_INT32(1));
    engine_status status;

    query.filter = filter;
    query.sort = sort;
    status = report_each(report->store, STORE_VERDICTS, &query,
                         report_one_verdict, report, err);
    bson_destroy(filter);
    bson_destroy(sort);
    return status;
}

static engine_status report_check_output(FILE *out, engine_error *err)
{
    if (fflush(out) == 0 && !ferror(out))
        return ENGINE_OK;
    return engine_fail(err, engine_status_from_errno(errno),
                       "could not write the report: %s", strerror(errno));
}

engine_status report_scan(struct store *store, const char *scan_id,
                          const struct report_format *format,
                          const struct report_options *options,
                          engine_error *err)
{
    struct report report = {
        .format = format, .options = options, .store = store};
    bson_t scan;
    engine_status status;

    status = store_get(store, STORE_SCANS, scan_id, &scan, err);
    if (status == ENGINE_ENOTFOUND) {
        engine_fail(err, status, "there is no scan \"%s\"", scan_id);
        engine_hint(err, "scan-engine scans list shows those there are");
    }
    if (status < 0)
        return status;
    status = format->begin(&report, &scan, err);
    if (status == ENGINE_OK)
        status = report_verdicts(&report, scan_id, err);
    /* also after a failure: it frees the state */
    if (status == ENGINE_OK)
        status = format->end(&report, &scan, err);
    else
        format->end(&report, NULL, NULL);
    if (status == ENGINE_OK)
        status = report_check_output(options->out, err);
    bson_destroy(&scan);
    return status;
}
