/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c - what a daemon sent, in a private store on disk: reports read it as
 * they read any other, and memory does not grow with a scan. */
#include <stdlib.h>
#include <string.h>

#include "engine/remote/remote.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define SPOOL_PART 1000000 /* more than there are results in one part */
#define SPOOL_BATCH_BYTES ((size_t)4 * 1024 * 1024)

/* What the daemon adds to a stored scan for other clients. */
static const char *const spool_added[] = {
    "scan_name",       "config",           "summary", "scanner_versions",
    "results_by_rule", "results_has_more", "results", "more_results"};

engine_status spool_open(struct remote *remote, engine_error *err)
{
    const char *parent = getenv("TMPDIR");
    sigset_t wait;
    char *uri;
    engine_status status;

    if (remote->spool)
        return ENGINE_OK;
    /* a file that is left behind would tell what was found */
    sigemptyset(&wait);
    sigaddset(&wait, SIGINT);
    sigaddset(&wait, SIGTERM);
    sigprocmask(SIG_BLOCK, &wait, &remote->signals);
    status = file_make_temporary(parent && parent[0] == '/' ? parent : "/tmp",
                                 "scan-remote-", &remote->spool_directory, err);
    uri = status == ENGINE_OK
              ? engine_strf("sqlite:%s/spool.db", remote->spool_directory)
              : NULL;
    if (status == ENGINE_OK && !uri)
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = store_open(uri, 0, &remote->cli->log, &remote->spool, err);
    engine_free(uri);
    if (status < 0) {
        spool_close(remote);
        sigprocmask(SIG_SETMASK, &remote->signals, NULL);
        return status;
    }
    remote->cli->store = remote->spool;
    return ENGINE_OK;
}

void spool_close(struct remote *remote)
{
    const bool open = remote->spool != NULL;

    spool_drop(remote);
    remote->cli->store = NULL;
    store_close(remote->spool);
    remote->spool = NULL;
    if (remote->spool_directory)
        (void)file_remove_tree(remote->spool_directory, NULL);
    engine_free(remote->spool_directory);
    remote->spool_directory = NULL;
    if (open)
        sigprocmask(SIG_SETMASK, &remote->signals, NULL);
}

/* ---- batches ------------------------------------------------------------- */

static void spool_batch_drop(struct remote_batch *batch)
{
    while (batch->count)
        bson_destroy(batch->documents[--batch->count]);
    batch->bytes = 0;
}

void spool_drop(struct remote *remote)
{
    spool_batch_drop(&remote->verdicts);
    spool_batch_drop(&remote->results);
}

static engine_status spool_batch_flush(struct remote *remote,
                                       struct remote_batch *batch,
                                       engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (batch->count)
        status = store_put(remote->spool, batch->collection,
                           (const bson_t *const *)batch->documents,
                           batch->count, err);
    spool_batch_drop(batch);
    return status;
}

engine_status spool_flush(struct remote *remote, engine_error *err)
{
    engine_status status = spool_batch_flush(remote, &remote->verdicts, err);

    if (status == ENGINE_OK)
        status = spool_batch_flush(remote, &remote->results, err);
    return status;
}

/* Takes the document. */
static engine_status spool_batch_add(struct remote *remote,
                                     struct remote_batch *batch,
                                     const char *collection, bson_t *document,
                                     engine_error *err)
{
    batch->collection = collection;
    batch->bytes += document->len;
    batch->documents[batch->count++] = document;
    return batch->count < REMOTE_BATCH && batch->bytes < SPOOL_BATCH_BYTES
               ? ENGINE_OK
               : spool_batch_flush(remote, batch, err);
}

/* ---- documents ----------------------------------------------------------- */

static bool spool_ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* A date that JSON made a text of; it would be the same text again. */
static bool spool_date(const bson_iter_t *value, int64_t *out)
{
    const char *key = bson_iter_key(value);
    char text[32];

    if (!BSON_ITER_HOLDS_UTF8(value) ||
        (!spool_ends_with(key, "_at") && !spool_ends_with(key, "_until")))
        return false;
    if (clock_parse(bson_iter_utf8(value, NULL), out) < 0)
        return false;
    clock_format(*out, text);
    return strcmp(text, bson_iter_utf8(value, NULL)) == 0;
}

static bool spool_is_added(const char *key)
{
    for (size_t i = 0; i < CLI_COUNT(spool_added); i++)
        if (strcmp(spool_added[i], key) == 0)
            return true;
    return strcmp(key, "_id") == 0 || strcmp(key, "severity_rank") == 0;
}

static void spool_copy(const bson_t *from, bool only_ours, bson_t *out)
{
    bson_iter_t iter;
    int64_t date;

    bson_iter_init(&iter, from);
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (only_ours ? spool_is_added(key) : strcmp(key, "_id") == 0)
            continue;
        if (spool_date(&iter, &date))
            bson_append_date_time(out, key, -1, date);
        else
            document_copy_value(out, key, &iter);
    }
}

static engine_status spool_put(struct remote *remote, const char *collection,
                               const bson_t *document, engine_error *err)
{
    return store_put(remote->spool, collection, &document, 1, err);
}

engine_status spool_put_scan(struct remote *remote, const bson_t *scan,
                             engine_error *err)
{
    const char *id = document_string(scan, "scan_id");
    bson_t out = BSON_INITIALIZER;
    engine_status status;

    if (!id || !*id || !document_string(scan, "status")) {
        bson_destroy(&out);
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%s\" sends a scan without id or status",
                           http_name(remote->http));
    }
    BSON_APPEND_UTF8(&out, "_id", id);
    spool_copy(scan, true, &out);
    status = spool_put(remote, STORE_SCANS, &out, err);
    bson_destroy(&out);
    return status;
}

/* As the pipeline ranks severities. */
static int32_t spool_rank(const char *severity)
{
    static const char *const names[] = {"info", "low", "medium", "high",
                                        "critical"};

    for (size_t i = 0; severity && i < CLI_COUNT(names); i++)
        if (strcmp(names[i], severity) == 0)
            return (int32_t)i + 1;
    return 0;
}

engine_status spool_put_results(struct remote *remote, const bson_t *verdict,
                                uint32_t part, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t list, item;
    bson_iter_t iter;
    char id[48];
    uint32_t count = 0;

    if (!document_child(verdict, "results", &list) ||
        !bson_iter_init(&iter, &list))
        return ENGINE_OK;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        bson_t *out;

        if (!document_iter_child(&iter, &item))
            continue;
        out = bson_new();
        /* its verdict's, a slash and a number (engine/scan/results.h), in the
         * order in which they came */
        snprintf(id, sizeof(id), "%012lld/%010llu", (long long)remote->spooled,
                 (unsigned long long)part * SPOOL_PART + count++);
        BSON_APPEND_UTF8(out, "_id", id);
        spool_copy(&item, false, out);
        status =
            spool_batch_add(remote, &remote->results, STORE_RESULTS, out, err);
    }
    return status;
}

engine_status spool_put_verdict(struct remote *remote, const bson_t *verdict,
                                engine_error *err)
{
    bson_t *out;
    char id[32];

    if (!document_string(verdict, "rule_id") ||
        !document_string(verdict, "status") ||
        !document_string(verdict, "scan_id"))
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%s\" sends a verdict without rule or status",
                           http_name(remote->http));
    out = bson_new();
    remote->spooled++;
    snprintf(id, sizeof(id), "%012lld", (long long)remote->spooled);
    BSON_APPEND_UTF8(out, "_id", id);
    spool_copy(verdict, true, out);
    BSON_APPEND_INT32(out, "severity_rank",
                      spool_rank(document_string(verdict, "severity")));
    return spool_batch_add(remote, &remote->verdicts, STORE_VERDICTS, out, err);
}

engine_status spool_put_rule(struct remote *remote, const bson_t *rule,
                             engine_error *err)
{
    const char *rule_id = document_string(rule, "rule_id");
    const char *benchmark = document_string(rule, "benchmark");
    bson_t out = BSON_INITIALIZER;
    engine_status status;
    char *id;

    if (!rule_id) {
        bson_destroy(&out);
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%s\" sends a rule without an id",
                           http_name(remote->http));
    }
    id = engine_strf("%s/%s", benchmark ? benchmark : "", rule_id);
    if (!id) {
        bson_destroy(&out);
        return engine_fail_memory(err);
    }
    BSON_APPEND_UTF8(&out, "_id", id);
    spool_copy(rule, false, &out);
    status = spool_put(remote, STORE_RULES, &out, err);
    engine_free(id);
    bson_destroy(&out);
    return status;
}
