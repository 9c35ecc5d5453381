/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_scans.c - stored scans: lists, one of them, its verdicts. */
#include <string.h>

#include "engine/scan/found.h"
#include "engine/server/private.h"
#include "engine/server/scan_view.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define SCANS_DAY_MS INT64_C(86400000)

/* ---- lists --------------------------------------------------------------- */

static engine_status scans_put(struct request *request,
                               struct response *response, const bson_t *scan,
                               engine_error *err)
{
    bson_t view = BSON_INITIALIZER;

    (void)request;
    (void)err;
    scan_view(scan, &view);
    response_add(response, &view);
    bson_destroy(&view);
    return ENGINE_OK;
}

static void scans_add_found(bson_t *list, const char *key, const char *kind,
                            const char *what)
{
    bson_t item;
    char *text = what ? engine_strf("%s%s", kind, what) : NULL;

    if (!text)
        return;
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, SCAN_FOUND_BY, text);
    bson_append_document_end(list, &item);
    engine_free(text);
}

/* What a store has indexes for, at any number of scans. */
static void scans_filter(const struct request *request, bson_t *filter)
{
    const char *state = request_query(request, "status");
    const char *framework = request_query(request, "framework");
    const char *target = request_query(request, "target");
    bson_t list;

    if (state)
        BSON_APPEND_UTF8(filter, "status", state);
    if (!framework && !target)
        return;
    BSON_APPEND_ARRAY_BEGIN(filter, "$and", &list);
    scans_add_found(&list, "0", SCAN_FOUND_TARGET,
                    target);
    scans_add_found(&list, target ? "1" : "0", SCAN_FOUND_FRAMEWORK,
                    framework);
    bson_append_array_end(filter, &list);
}

engine_status handle_scans(struct request *request, struct response *response,
                           engine_error *err)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *sort = BCON_NEW("started_at", BCON_INT32(-1));
    struct page page = {.collection = STORE_SCANS, .name = "scans",
                        .limit = 50, .put = scans_put};
    engine_status status;

    request_narrow(request, &filter);
    scans_filter(request, &filter);
    page.query.filter = &filter;
    page.query.sort = sort;
    status = response_page(request, response, &page, err);
    bson_destroy(sort);
    bson_destroy(&filter);
    return status;
}

/* ---- one scan ------------------------------------------------------------ */

static engine_status scan_put_results(struct request *request,
                                      struct response *response,
                                      const bson_t *scan, engine_error *err)
{
    struct page page = {.collection = STORE_VERDICTS,
                        .items = results_items};
    bson_t *filter =
        BCON_NEW("scan_id", BCON_UTF8(document_string(scan, "scan_id")));
    engine_status status = ENGINE_OK;
    bool more = false;

    page.query.filter = filter;
    page.query.skip = request_number(request, "results_skip", 0);
    page.limit = request_number(request, "results_limit", 100);
    buffer_puts(&response->body, ",\n\"results_by_rule\":");
    if (page.limit == 0)
        buffer_puts(&response->body, "[]");
    else
        status = response_list(request, response, &page, &more, err);
    buffer_printf(&response->body, ",\"results_has_more\":%s}\n",
                  more ? "true" : "false");
    bson_destroy(filter);
    return status;
}

engine_status scan_respond(struct request *request, struct response *response,
                           unsigned code, const bson_t *scan,
                           engine_error *err)
{
    struct buffer *out = &response->body;
    engine_status status = scans_put(request, response, scan, err);

    while (out->len && out->data[out->len - 1] != '}')
        out->len--;
    out->len -= out->len > 0;
    if (status == ENGINE_OK)
        status = scan_put_results(request, response, scan, err);
    if (status == ENGINE_OK)
        response->status = code;
    return status;
}

engine_status handle_scan(struct request *request, struct response *response,
                          engine_error *err)
{
    bson_t scan;
    engine_status status = request_scan(request, request->words[0], &scan, err);

    if (status < 0)
        return status;
    status = scan_respond(request, response, 200, &scan, err);
    bson_destroy(&scan);
    return status;
}

engine_status scan_respond_status(struct request *request,
                                  struct response *response, unsigned code,
                                  engine_error *err)
{
    bson_t scan, view = BSON_INITIALIZER;
    engine_status status = request_scan(request, request->words[0], &scan, err);

    if (status == ENGINE_OK) {
        status = scan_view_status(request->store, &scan, &view, err);
        bson_destroy(&scan);
    }
    if (status == ENGINE_OK)
        status = response_document(response, code, &view, err);
    bson_destroy(&view);
    return status;
}

engine_status handle_scan_status(struct request *request,
                                 struct response *response, engine_error *err)
{
    return scan_respond_status(request, response, 200, err);
}

engine_status handle_scan_results(struct request *request,
                                  struct response *response, engine_error *err)
{
    static const char *const names[][2] = {{"status", "status"},
                                           {"severity", "severity"},
                                           {"target", "target"},
                                           {"benchmark", "benchmark"},
                                           {"rule", "rule_id"}};
    struct page page = {.collection = STORE_VERDICTS, .name = "results",
                        .limit = 100, .items = results_items};
    bson_t scan, filter = BSON_INITIALIZER;
    engine_status status = request_scan(request, request->words[0], &scan, err);

    if (status == ENGINE_OK) {
        bson_destroy(&scan);
        BSON_APPEND_UTF8(&filter, "scan_id", request->words[0]);
        for (size_t i = 0; i < SERVER_COUNT(names); i++)
            if (request_query(request, names[i][0]))
                bson_append_utf8(&filter, names[i][1], -1,
                                 request_query(request, names[i][0]), -1);
        page.query.filter = &filter;
        status = response_page(request, response, &page, err);
    }
    bson_destroy(&filter);
    return status;
}

engine_status handle_scan_errors(struct request *request,
                                 struct response *response, engine_error *err)
{
    bson_t scan, view = BSON_INITIALIZER;
    engine_status status = request_scan(request, request->words[0], &scan, err);

    if (status == ENGINE_OK) {
        scan_view_errors(&scan, &view);
        status = response_document(response, 200, &view, err);
        bson_destroy(&scan);
    }
    bson_destroy(&view);
    return status;
}

engine_status handle_scan_events(struct request *request,
                                 struct response *response, engine_error *err)
{
    bson_t scan;
    engine_status status = request_scan(request, request->words[0], &scan, err);

    if (status < 0)
        return status;
    bson_destroy(&scan);
    response->status = 200;
    response->media_type = "text/event-stream";
    return events_open(request, request->words[0], &response->stream, err);
}

/* ---- sums ---------------------------------------------------------------- */

struct scans_sums {
    int64_t scans, completed, failed, rules, passed, fails, measured;
    double compliance;
};

static void scans_sum(const bson_t *scan, struct scans_sums *sums)
{
    const char *state = document_string(scan, "status");
    const double share = document_double(scan, "compliance_percentage", -1);

    sums->scans++;
    sums->completed += state && strcmp(state, "completed") == 0;
    sums->failed += state && strcmp(state, "failed") == 0;
    sums->rules += document_int(scan, "total_rules", 0);
    sums->passed += document_int(scan, "passed", 0);
    sums->fails += document_int(scan, "failed", 0);
    if (share >= 0) {
        sums->compliance += share;
        sums->measured++;
    }
}

static engine_status scans_sum_all(struct store *store, const bson_t *filter,
                                   struct scans_sums *sums, engine_error *err)
{
    bson_t *fields = BCON_NEW(
        "status", BCON_INT32(1), "total_rules", BCON_INT32(1), "passed",
        BCON_INT32(1), "failed", BCON_INT32(1), "compliance_percentage",
        BCON_INT32(1));
    const struct store_query query = {.filter = filter, .fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *scan;
    engine_status status =
        store_find(store, STORE_SCANS, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &scan, err)) == 1)
        scans_sum(scan, sums);
    store_cursor_close(cursor);
    bson_destroy(fields);
    return status == ENGINE_OK && more < 0 ? more : status;
}

static void scans_sums_put(const struct scans_sums *sums, int64_t days,
                           bson_t *out)
{
    BSON_APPEND_INT64(out, "days", days);
    BSON_APPEND_INT64(out, "total_scans", sums->scans);
    BSON_APPEND_INT64(out, "completed_scans", sums->completed);
    BSON_APPEND_INT64(out, "failed_scans", sums->failed);
    if (sums->measured)
        BSON_APPEND_DOUBLE(out, "avg_compliance",
                           sums->compliance / (double)sums->measured);
    else
        BSON_APPEND_NULL(out, "avg_compliance");
    BSON_APPEND_INT64(out, "total_rules_checked", sums->rules);
    BSON_APPEND_INT64(out, "total_passed", sums->passed);
    BSON_APPEND_INT64(out, "total_failed", sums->fails);
}

engine_status handle_statistics(struct request *request,
                                struct response *response, engine_error *err)
{
    const char *framework = request_query(request, "framework");
    const char *type = request_query(request, "target_type");
    bson_t filter = BSON_INITIALIZER, out = BSON_INITIALIZER, since;
    struct scans_sums sums = {0};
    const int64_t days = request_number(request, "days", 30);
    engine_status status;

    BSON_APPEND_DOCUMENT_BEGIN(&filter, "started_at", &since);
    BSON_APPEND_DATE_TIME(&since, "$gte",
                          clock_now_ms() - days * SCANS_DAY_MS);
    bson_append_document_end(&filter, &since);
    if (framework)
        BSON_APPEND_UTF8(&filter, "scan_config.framework", framework);
    if (type)
        BSON_APPEND_UTF8(&filter, "scan_config.targets.type", type);
    request_narrow(request, &filter);
    status = scans_sum_all(request->store, &filter, &sums, err);
    if (status == ENGINE_OK) {
        scans_sums_put(&sums, days, &out);
        status = response_document(response, 200, &out, err);
    }
    bson_destroy(&out);
    bson_destroy(&filter);
    return status;
}
