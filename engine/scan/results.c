/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results.c - the results of several verdicts, read by one query.
 *
 * A result's id is its verdict's, a slash and a number: so all that is asked
 * for lies between two ids, and tells which verdict it belongs to.
 */
#include "engine/scan/results.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

#define RESULTS_NONE SIZE_MAX

struct scan_results_row {
    bson_t *document;
    size_t next; /* of the same verdict, or RESULTS_NONE */
};

struct scan_results_of {
    size_t first, last, at; /* rows; RESULTS_NONE for none */
};

int64_t scan_results_count(const bson_t *verdict)
{
    int64_t count = 0;
    bson_t resources;
    bson_iter_t iter;

    if (!document_child(verdict, "resources", &resources) ||
        !bson_iter_init(&iter, &resources))
        return -1;
    while (bson_iter_next(&iter))
        count += bson_iter_as_int64(&iter);
    return count;
}

bson_t *scan_results_filter(const bson_t *verdict)
{
    static const char *const keys[] = {"scan_id", "target", "benchmark",
                                       "rule_id"};
    bson_t *out = bson_new();

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *value = document_string(verdict, keys[i]);

        if (value)
            bson_append_utf8(out, keys[i], -1, value, -1);
    }
    return out;
}

/* ---- the query ------------------------------------------------------------ */

/* Below and above all results of some verdicts. */
struct results_range {
    char *low, *high;
};

static engine_status results_widen(struct results_range *range,
                                   const char *verdict, engine_error *err)
{
    char *low = engine_strf("%s/", verdict);
    char *high = engine_strf("%s0", verdict); /* "0" comes after "/" */

    if (!low || !high) {
        engine_free(low);
        engine_free(high);
        return engine_fail_memory(err);
    }
    if (!range->low || strcmp(low, range->low) < 0) {
        engine_free(range->low);
        range->low = low;
    } else {
        engine_free(low);
    }
    if (!range->high || strcmp(high, range->high) > 0) {
        engine_free(range->high);
        range->high = high;
    } else {
        engine_free(high);
    }
    return ENGINE_OK;
}

/* {scan_id, rule_id: {$in}, _id: {$gte, $lt}} */
static engine_status results_filter(const bson_t *const *verdicts, size_t count,
                                    bson_t *out, engine_error *err)
{
    struct results_range range = {NULL, NULL};
    engine_status status = ENGINE_OK;
    bson_t in, list, between;
    const char *key = NULL;
    char room[16];

    BSON_APPEND_UTF8(out, "scan_id", document_string(verdicts[0], "scan_id"));
    BSON_APPEND_DOCUMENT_BEGIN(out, "rule_id", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        bson_uint32_to_string((uint32_t)i, &key, room, sizeof(room));
        BSON_APPEND_UTF8(&list, key, document_string(verdicts[i], "rule_id"));
        status =
            results_widen(&range, document_string(verdicts[i], "_id"), err);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(out, &in);
    if (status == ENGINE_OK) {
        BSON_APPEND_DOCUMENT_BEGIN(out, "_id", &between);
        BSON_APPEND_UTF8(&between, "$gte", range.low);
        BSON_APPEND_UTF8(&between, "$lt", range.high);
        bson_append_document_end(out, &between);
    }
    engine_free(range.low);
    engine_free(range.high);
    return status;
}

/* ---- what comes back ------------------------------------------------------ */

struct results_reading {
    struct scan_results *out;
    struct table verdicts; /* id: number, from 1 */
    size_t max_bytes;
};

static engine_status results_room(struct scan_results *out, engine_error *err)
{
    const size_t room = out->rows_room ? 2 * out->rows_room : 256;
    struct scan_results_row *rows;

    if (out->rows_count < out->rows_room)
        return ENGINE_OK;
    rows = engine_realloc(out->rows, room * sizeof(*rows));
    if (!rows)
        return engine_fail_memory(err);
    out->rows = rows;
    out->rows_room = room;
    return ENGINE_OK;
}

/* The number of a result's verdict, from 1; 0: it was not asked for. */
static engine_status results_owner(const struct results_reading *reading,
                                   const bson_t *result, size_t *number,
                                   engine_error *err)
{
    const char *id = document_string(result, "_id");
    const char *slash = id ? strrchr(id, '/') : NULL;
    char *verdict = slash ? engine_strndup(id, (size_t)(slash - id)) : NULL;

    *number = 0;
    if (slash && !verdict)
        return engine_fail_memory(err);
    if (verdict)
        *number = (uintptr_t)table_get(&reading->verdicts, verdict);
    engine_free(verdict);
    return ENGINE_OK;
}

static engine_status results_keep(struct results_reading *reading,
                                  const bson_t *result, engine_error *err)
{
    struct scan_results *out = reading->out;
    size_t owner = 0;
    engine_status status = results_owner(reading, result, &owner, err);
    struct scan_results_of *of = &out->of[owner ? owner - 1 : 0];

    if (status < 0 || !owner)
        return status;
    out->bytes += result->len;
    if (out->bytes > reading->max_bytes)
        return engine_fail(err, ENGINE_ELIMIT,
                           "the results of these rules are more than %zu MiB",
                           reading->max_bytes / (1024 * 1024));
    status = results_room(out, err);
    if (status < 0)
        return status;
    out->rows[out->rows_count].document = bson_copy(result);
    out->rows[out->rows_count].next = RESULTS_NONE;
    if (of->first == RESULTS_NONE)
        of->first = of->at = out->rows_count;
    else
        out->rows[of->last].next = out->rows_count;
    of->last = out->rows_count++;
    return ENGINE_OK;
}

static engine_status results_query(struct store *store, const bson_t *filter,
                                   struct results_reading *reading,
                                   engine_error *err)
{
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    const bson_t *result;
    engine_status status =
        store_find(store, STORE_RESULTS, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &result, err)) == 1)
        status = results_keep(reading, result, err);
    store_cursor_close(cursor);
    return status == ENGINE_OK && more < 0 ? (engine_status)more : status;
}

/* Verdicts that may have results; their numbers in the table. */
static engine_status results_asked(const bson_t *const *verdicts, size_t count,
                                   const bson_t **asked, size_t *asked_count,
                                   struct table *numbers, engine_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *id = document_string(verdicts[i], "_id");

        if (!id || !document_string(verdicts[i], "rule_id") ||
            !document_string(verdicts[i], "scan_id") ||
            scan_results_count(verdicts[i]) == 0)
            continue;
        asked[(*asked_count)++] = verdicts[i];
        if (table_set(numbers, id, (void *)(i + 1)) < 0)
            return engine_fail_memory(err);
    }
    return ENGINE_OK;
}

engine_status scan_results_read(struct store *store,
                                const bson_t *const *verdicts, size_t count,
                                size_t max_bytes, struct scan_results *out,
                                engine_error *err)
{
    struct results_reading reading = {.out = out, .max_bytes = max_bytes};
    const bson_t **asked = engine_calloc(count, sizeof(*asked));
    bson_t filter = BSON_INITIALIZER;
    size_t asked_count = 0;
    engine_status status = ENGINE_OK;

    *out = (struct scan_results){0};
    out->of = engine_calloc(count, sizeof(*out->of));
    table_init(&reading.verdicts);
    if (!asked || !out->of)
        status = engine_fail_memory(err);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        out->of[i].first = out->of[i].at = RESULTS_NONE;
    if (status == ENGINE_OK)
        status = results_asked(verdicts, count, asked, &asked_count,
                               &reading.verdicts, err);
    if (status == ENGINE_OK && asked_count > 0) {
        status = results_filter(asked, asked_count, &filter, err);
        if (status == ENGINE_OK)
            status = results_query(store, &filter, &reading, err);
    }
    table_clear(&reading.verdicts);
    bson_destroy(&filter);
    engine_free(asked);
    return status;
}

const bson_t *scan_results_next(struct scan_results *results, size_t verdict)
{
    struct scan_results_of *of = &results->of[verdict];
    const size_t at = of->at;

    if (at == RESULTS_NONE)
        return NULL;
    of->at = results->rows[at].next;
    return results->rows[at].document;
}

void scan_results_clear(struct scan_results *results)
{
    for (size_t i = 0; i < results->rows_count; i++)
        bson_destroy(results->rows[i].document);
    engine_free(results->rows);
    engine_free(results->of);
    *results = (struct scan_results){0};
}
