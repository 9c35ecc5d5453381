/* SPDX-License-Identifier: Apache-2.0 */
/* results.c - lists of verdicts with the results that they came from. */
#include "engine/server/private.h"

#include "engine/scan/results.h"

#define RESULTS_BATCH 200 /* verdicts whose results are read at once */
#define RESULTS_MOST 1000 /* shown of one verdict */

struct results_batch {
    bson_t *verdicts[RESULTS_BATCH];
    size_t count, shown;
};

/* Opens the verdict's object again, for more of it. */
static void results_reopen(struct buffer *out)
{
    while (out->len && out->data[out->len - 1] != '}')
        out->len--;
    out->len -= out->len > 0;
}

/* More than is shown: these alone are asked for by themselves. */
static bool results_are_many(const bson_t *verdict)
{
    return scan_results_count(verdict) > RESULTS_MOST;
}

static engine_status results_put_many(struct request *request,
                                      struct response *response,
                                      const bson_t *verdict, bool *more,
                                      engine_error *err)
{
    struct page page = {.collection = STORE_RESULTS, .limit = RESULTS_MOST};
    bson_t *filter = scan_results_filter(verdict);
    engine_status status;

    page.query.filter = filter;
    page.query.skip = request_number(request, "resources_skip", 0);
    status = response_list(request, response, &page, more, err);
    bson_destroy(filter);
    return status;
}

static engine_status results_put_read(struct request *request,
                                      struct response *response,
                                      struct scan_results *results,
                                      size_t number, bool *more,
                                      engine_error *err)
{
    int64_t skip = request_number(request, "resources_skip", 0);
    struct buffer *out = &response->body;
    const bson_t *result;
    int count = 0;

    buffer_putc(out, '[');
    while ((result = scan_results_next(results, number)) != NULL) {
        if (skip-- > 0)
            continue;
        if (count == RESULTS_MOST) {
            *more = true;
            break;
        }
        buffer_puts(out, count++ ? ",\n" : "\n");
        response_add(response, result);
    }
    buffer_putc(out, ']');
    return buffer_status(out, err);
}

static engine_status results_put(struct request *request,
                                 struct response *response,
                                 const bson_t *verdict,
                                 struct scan_results *results, size_t number,
                                 engine_error *err)
{
    struct buffer *out = &response->body;
    engine_status status = response_add(response, verdict);
    bool more = false;

    if (status < 0)
        return buffer_status(out, err);
    results_reopen(out);
    buffer_puts(out, ",\"results\":");
    status = results_are_many(verdict)
                 ? results_put_many(request, response, verdict, &more, err)
                 : results_put_read(request, response, results, number, &more,
                                    err);
    buffer_puts(out, more ? ",\"more_results\":true}" : "}");
    return status < 0 ? status : buffer_status(out, err);
}

/* One query for the results of all verdicts of a batch. */
static engine_status results_put_batch(struct request *request,
                                       struct response *response,
                                       struct results_batch *batch,
                                       engine_error *err)
{
    const bson_t *asked[RESULTS_BATCH];
    size_t numbers[RESULTS_BATCH], count = 0;
    struct scan_results results;
    engine_status status;

    for (size_t i = 0; i < batch->count; i++) {
        numbers[i] = count;
        if (!results_are_many(batch->verdicts[i]))
            asked[count++] = batch->verdicts[i];
    }
    status = scan_results_read(request->store, asked, count, SERVER_BODY_MAX,
                               &results, err);
    for (size_t i = 0; status == ENGINE_OK && i < batch->count; i++) {
        buffer_puts(&response->body, batch->shown++ ? ",\n" : "\n");
        status = results_put(request, response, batch->verdicts[i], &results,
                             numbers[i], err);
    }
    scan_results_clear(&results);
    while (batch->count > 0)
        bson_destroy(batch->verdicts[--batch->count]);
    return status;
}

engine_status results_items(struct request *request, struct response *response,
                            const struct page *page,
                            struct store_cursor *cursor, bool *more,
                            engine_error *err)
{
    struct results_batch batch = {.count = 0};
    engine_status status = ENGINE_OK;
    const bson_t *verdict;
    int64_t left = page->limit ? page->limit : INT64_MAX;
    int next = 0;

    while (status == ENGINE_OK &&
           (next = store_cursor_next(cursor, &verdict, err)) == 1) {
        if (left-- == 0) {
            *more = true;
            break;
        }
        batch.verdicts[batch.count++] = bson_copy(verdict);
        if (batch.count == RESULTS_BATCH)
            status = results_put_batch(request, response, &batch, err);
    }
    if (status == ENGINE_OK && next < 0)
        status = (engine_status)next;
    if (status == ENGINE_OK && batch.count > 0)
        return results_put_batch(request, response, &batch, err);
    while (batch.count > 0)
        bson_destroy(batch.verdicts[--batch.count]);
    return status;
}
