/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - drives a format over a stored scan. */
#include "engine/report/report.h"

#include <errno.h>
#include <string.h>

#include "engine/report/formats.h"
#include "engine/scan/results.h"

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

/* ---- verdicts with their results ------------------------------------------ */

#define REPORT_BATCH 200          /* verdicts whose results are read at once */
#define REPORT_BATCH_RESULTS 2000 /* of them; more are streamed */
#define REPORT_BATCH_BYTES ((size_t)32 * 1024 * 1024)

struct report_batch {
    struct report *report;
    bson_t *verdicts[REPORT_BATCH];
    size_t count;
    int64_t results;
};

/* The results of one verdict, of which there may be any number. */
static engine_status report_stream(struct report *report,
                                   const bson_t *verdict, engine_error *err)
{
    struct store_query query = {0};
    bson_t *filter = scan_results_filter(verdict);
    engine_status status = report->format->verdict(report, verdict, err);

    query.filter = filter;
    if (status == ENGINE_OK)
        status = report_each(report->store, STORE_RESULTS, &query,
                             report_one_result, report, err);
    bson_destroy(filter);
    return status;
}

static engine_status report_batch_put(const struct report_batch *batch,
                                      struct scan_results *results,
                                      engine_error *err)
{
    struct report *report = batch->report;
    engine_status status = ENGINE_OK;
    const bson_t *result;

    for (size_t i = 0; status == ENGINE_OK && i < batch->count; i++) {
        status = report->format->verdict(report, batch->verdicts[i], err);
        while (status == ENGINE_OK &&
               (result = scan_results_next(results, i)) != NULL)
            status = report->format->result(report, result, err);
    }
    return status;
}

/* One query for all of them, unless their results are too large to hold. */
static engine_status report_batch_end(struct report_batch *batch,
                                      engine_error *err)
{
    struct scan_results results = {0};
    engine_status status = ENGINE_ELIMIT;

    if (batch->results <= REPORT_BATCH_RESULTS)
        status = scan_results_read(
            batch->report->store, (const bson_t *const *)batch->verdicts,
            batch->count, REPORT_BATCH_BYTES, &results, err);
    if (status == ENGINE_OK) {
        status = report_batch_put(batch, &results, err);
    } else if (status == ENGINE_ELIMIT) {
        status = ENGINE_OK;
        for (size_t i = 0; status == ENGINE_OK && i < batch->count; i++)
            status = report_stream(batch->report, batch->verdicts[i], err);
    }
    scan_results_clear(&results);
    while (batch->count > 0)
        bson_destroy(batch->verdicts[--batch->count]);
    batch->results = 0;
    return status;
}

static engine_status report_batch_add(const bson_t *verdict, void *user,
                                      engine_error *err)
{
    struct report_batch *batch = user;
    const int64_t results = scan_results_count(verdict);
    engine_status status = ENGINE_OK;

    if (batch->count == REPORT_BATCH ||
        (batch->count > 0 && batch->results + results > REPORT_BATCH_RESULTS))
        status = report_batch_end(batch, err);
    if (status < 0)
        return status;
    batch->verdicts[batch->count++] = bson_copy(verdict);
    batch->results += results > 0 ? results : 0;
    return ENGINE_OK;
}

static engine_status report_with_results(struct report *report,
                                         const struct store_query *query,
                                         engine_error *err)
{
    struct report_batch batch = {.report = report};
    engine_status status = report_each(report->store, STORE_VERDICTS, query,
                                       report_batch_add, &batch, err);

    if (status == ENGINE_OK && batch.count > 0)
        return report_batch_end(&batch, err);
    while (batch.count > 0)
        bson_destroy(batch.verdicts[--batch.count]);
    return status;
}

static engine_status report_one_verdict(const bson_t *verdict, void *user,
                                        engine_error *err)
{
    struct report *report = user;

    return report->format->verdict(report, verdict, err);
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
    status = report->format->wants_results
                 ? report_with_results(report, &query, err)
                 : report_each(report->store, STORE_VERDICTS, &query,
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
