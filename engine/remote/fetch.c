/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - scans and verdicts, page by page into the spool. */
#include <string.h>

#include "engine/remote/remote.h"
#include "engine/remote/url.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define FETCH_VERDICTS 200 /* in one page, until one is too large */
#define FETCH_SCANS 100
#define FETCH_PATH_MAX ((size_t)16 * 1024)
#define FETCH_PART 1000       /* results that come with a verdict */
#define FETCH_PARTS_MAX 10000 /* of one verdict's results */
#define FETCH_VERDICTS_MAX 10000000

/* ---- pages --------------------------------------------------------------- */

/** A list that is read page by page. */
struct fetch {
    struct remote *remote;
    const char *name; /* of the list */
    bool results;     /* of verdicts, too */
    int64_t most;     /* verdicts that there can be */
    int64_t got;      /* items of this page */
    uint32_t part;    /* of one verdict's results */
    bool more;
};

/* One page; its items are one commit. */
static engine_status fetch_page(struct fetch *fetch, const char *path,
                                page_fn fn, engine_error *err)
{
    struct remote *remote = fetch->remote;
    struct http_answer answer;
    bson_t rest;
    engine_status status;

    fetch->got = 0;
    http_answer_init(&answer);
    status = remote_ask(remote, "GET", path, NULL, &answer, err);
    if (status == ENGINE_OK)
        status = store_begin(remote->spool, err);
    if (status == ENGINE_OK) {
        status = page_read(answer.body.data ? answer.body.data : "",
                           answer.body.len, fetch->name, fn, fetch, &rest, err);
        if (status == ENGINE_EPARSE)
            status = remote_fail_misread(remote, err);
        if (status == ENGINE_OK) {
            fetch->more = document_bool(&rest, "has_more", false);
            bson_destroy(&rest);
            status = spool_flush(remote, err);
        }
        if (status == ENGINE_OK)
            status = store_commit(remote->spool, err);
        else
            store_rollback(remote->spool);
        spool_drop(remote);
    }
    http_answer_clear(&answer);
    return status;
}

static char *fetch_path(const char *scan_id, const char *what)
{
    struct buffer path;
    char *out;

    buffer_init(&path, FETCH_PATH_MAX);
    buffer_puts(&path, "/scans/");
    url_escape(scan_id, &path);
    buffer_puts(&path, what);
    out = buffer_status(&path, NULL) == ENGINE_OK ? buffer_take(&path) : NULL;
    buffer_clear(&path);
    return out;
}

/* ---- verdicts ------------------------------------------------------------ */

static engine_status fetch_on_part(const bson_t *verdict, void *user,
                                   engine_error *err)
{
    struct fetch *fetch = user;

    fetch->got++;
    fetch->more = document_bool(verdict, "more_results", false);
    return spool_put_results(fetch->remote, verdict, fetch->part, err);
}

static void fetch_put_parameter(struct buffer *path, const char *name,
                                const char *value)
{
    if (!value)
        return;
    buffer_printf(path, "&%s=", name);
    url_escape(value, path);
}

/* A verdict's results behind those that came with it. */
static engine_status fetch_part(struct fetch *fetch, const char *scan_id,
                                const bson_t *verdict, engine_error *err)
{
    struct buffer path;
    struct http_answer answer;
    bson_t rest;
    engine_status status;

    buffer_init(&path, FETCH_PATH_MAX);
    http_answer_init(&answer);
    buffer_puts(&path, "/scans/");
    url_escape(scan_id, &path);
    buffer_printf(&path, "/results?limit=1&resources_skip=%u",
                  fetch->part * FETCH_PART);
    fetch_put_parameter(&path, "rule", document_string(verdict, "rule_id"));
    fetch_put_parameter(&path, "benchmark",
                        document_string(verdict, "benchmark"));
    fetch_put_parameter(&path, "target", document_string(verdict, "target"));
    fetch->got = 0;
    status = buffer_status(&path, err);
    if (status == ENGINE_OK)
        status =
            remote_ask(fetch->remote, "GET", path.data, NULL, &answer, err);
    if (status == ENGINE_OK)
        status =
            page_read(answer.body.data ? answer.body.data : "", answer.body.len,
                      "results", fetch_on_part, fetch, &rest, err);
    if (status == ENGINE_OK)
        bson_destroy(&rest);
    http_answer_clear(&answer);
    buffer_clear(&path);
    return status;
}

static engine_status fetch_parts(struct remote *remote, const bson_t *verdict,
                                 engine_error *err)
{
    struct fetch fetch = {.remote = remote, .name = "results", .more = true};
    engine_status status = ENGINE_OK;

    for (fetch.part = 1; status == ENGINE_OK && fetch.more; fetch.part++) {
        if (fetch.part > FETCH_PARTS_MAX)
            return engine_fail(err, ENGINE_ELIMIT,
                               "rule \"%.200s\" has more than %d results",
                               document_string(verdict, "rule_id"),
                               FETCH_PARTS_MAX * FETCH_PART);
        fetch.more = false;
        status = fetch_part(&fetch, document_string(verdict, "scan_id"),
                            verdict, err);
    }
    return status;
}

static engine_status fetch_on_verdict(const bson_t *verdict, void *user,
                                      engine_error *err)
{
    struct fetch *fetch = user;
    engine_status status;

    fetch->got++;
    if (fetch->remote->spooled >= fetch->most)
        return engine_fail(err, ENGINE_ECORRUPT,
                           "\"%s\" sends more verdicts than the scan has",
                           http_name(fetch->remote->http));
    status = spool_put_verdict(fetch->remote, verdict, err);
    if (status == ENGINE_OK && fetch->results)
        status = spool_put_results(fetch->remote, verdict, 0, err);
    if (status == ENGINE_OK && fetch->results &&
        document_bool(verdict, "more_results", false))
        status = fetch_parts(fetch->remote, verdict, err);
    return status;
}

static engine_status fetch_verdicts(struct remote *remote, const char *scan_id,
                                    bool results, int64_t most,
                                    engine_error *err)
{
    struct fetch fetch = {.remote = remote,
                          .name = "results",
                          .results = results,
                          .most = most,
                          .more = true};
    char *base = fetch_path(scan_id, "/results");
    int64_t limit = FETCH_VERDICTS, skip = 0;
    engine_status status = base ? ENGINE_OK : engine_fail_memory(err);

    while (status == ENGINE_OK && fetch.more) {
        char *path = engine_strf("%s?skip=%lld&limit=%lld", base,
                                 (long long)skip, (long long)limit);
        const int64_t kept = remote->spooled;

        status = path ? fetch_page(&fetch, path, fetch_on_verdict, err)
                      : engine_fail_memory(err);
        engine_free(path);
        if (status == ENGINE_OK && fetch.more && !fetch.got)
            status = engine_fail(err, ENGINE_EPARSE,
                                 "\"%s\" promises more verdicts and sends "
                                 "none",
                                 http_name(remote->http));
        if (status == ENGINE_OK) {
            skip += fetch.got;
        } else if ((status == ENGINE_ELIMIT || status == ENGINE_EINVAL) &&
                   limit > 1) { /* too much for it, or for us */
            remote->spooled = kept;
            limit = limit / 4 ? limit / 4 : 1;
            status = ENGINE_OK;
            fetch.more = true;
        }
    }
    engine_free(base);
    return status;
}

/* ---- scans --------------------------------------------------------------- */

/* How many verdicts a scan has; negative: it is still at work. */
static int64_t fetch_count(const bson_t *scan)
{
    const char *state = document_string(scan, "status");

    if (!state || strcmp(state, "running") == 0 ||
        strcmp(state, "pending") == 0)
        return -1;
    return document_int(scan, "total_verdicts", -1);
}

engine_status remote_fetch_scan(struct remote *remote, const char *scan_id,
                                const char *format, engine_error *err)
{
    const bool lines = strncmp(format, "json", 4) == 0;
    const bool table = strcmp(format, "table") == 0;
    char *path = fetch_path(scan_id, "?results_limit=0");
    bson_t scan;
    int64_t count;
    engine_status status =
        path ? spool_open(remote, err) : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = remote_ask_document(remote, "GET", path, NULL, &scan, err);
    engine_free(path);
    if (status < 0)
        return status;
    count = fetch_count(&scan);
    status = spool_put_scan(remote, &scan, err);
    if (status == ENGINE_OK &&
        strcmp(document_string(&scan, "scan_id"), scan_id) != 0)
        status = engine_fail(err, ENGINE_EPARSE,
                             "\"%s\" sends another scan than it was asked for",
                             http_name(remote->http));
    if (status == ENGINE_OK)
        status = fetch_verdicts(remote, scan_id, !table,
                                count < 0 ? FETCH_VERDICTS_MAX : count, err);
    if (status == ENGINE_OK && count >= 0 && remote->spooled != count)
        status = engine_fail(err, ENGINE_ECORRUPT,
                             "\"%s\" sent %lld verdicts of a scan that has "
                             "%lld",
                             http_name(remote->http),
                             (long long)remote->spooled, (long long)count);
    if (status == ENGINE_OK && !lines)
        status = remote_fetch_rules_of(remote, table, err);
    bson_destroy(&scan);
    return status;
}

static engine_status fetch_on_scan(const bson_t *scan, void *user,
                                   engine_error *err)
{
    struct fetch *fetch = user;

    fetch->got++;
    return spool_put_scan(fetch->remote, scan, err);
}

engine_status remote_fetch_scans(struct remote *remote, const char *state,
                                 int64_t limit, engine_error *err)
{
    struct fetch fetch = {.remote = remote, .name = "scans", .more = true};
    int64_t skip = 0;
    engine_status status = spool_open(remote, err);

    while (status == ENGINE_OK && fetch.more && (!limit || skip < limit)) {
        const int64_t left = limit ? limit - skip : FETCH_SCANS;
        char *path =
            engine_strf("/scans?skip=%lld&limit=%lld%s%s", (long long)skip,
                        (long long)(left < FETCH_SCANS ? left : FETCH_SCANS),
                        state ? "&status=" : "", state ? state : "");

        status = path ? fetch_page(&fetch, path, fetch_on_scan, err)
                      : engine_fail_memory(err);
        engine_free(path);
        if (status == ENGINE_OK && !fetch.got)
            break;
        skip += fetch.got;
    }
    return status;
}
