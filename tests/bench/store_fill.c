/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fill.c - fills a store with scans as the engine writes them.
 *
 * store_fill URI FROM TO [VERDICTS]: scans of these numbers, a minute apart,
 * and so many verdicts, each with a result, of the last of them. Nothing is
 * measured here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/scan/found.h"
#include "engine/store/store.h"

#define FILL_BATCH 1000
#define FILL_BEGUN INT64_C(1700000000000)

static void fill_fail(const engine_error *err)
{
    fprintf(stderr, "store_fill: %s\n", err->message);
    exit(1);
}

static void fill_config(long number, bson_t *out)
{
    static const char *const frameworks[] = {"nist", "cis", "stig", "pci_dss"};
    bson_t targets, target;
    char text[32];

    BSON_APPEND_UTF8(out, "framework", frameworks[number % 4]);
    BSON_APPEND_UTF8(out, "framework_version", "800-53r5");
    BSON_APPEND_ARRAY_BEGIN(out, "targets", &targets);
    BSON_APPEND_DOCUMENT_BEGIN(&targets, "0", &target);
    BSON_APPEND_UTF8(&target, "type", "ssh");
    snprintf(text, sizeof(text), "host-%ld", number % 50);
    BSON_APPEND_UTF8(&target, "id", text);
    BSON_APPEND_UTF8(&target, "host", text);
    bson_append_document_end(&targets, &target);
    bson_append_array_end(out, &targets);
}

static void fill_counts(bson_t *out)
{
    static const char *const names[] = {
        "passed",        "failed",      "error", "unknown", "not_applicable",
        "not_checked",   "fixed",       "waived", "not_selected",
        "informational", "total_rules", "total_verdicts"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        BSON_APPEND_INT64(out, names[i], (int64_t)(i * 7));
    BSON_APPEND_DOUBLE(out, "compliance_percentage", 71.4);
}

/* About 1000 bytes. */
static bson_t *fill_scan(long number)
{
    const int64_t started = FILL_BEGUN + number * 60000;
    bson_t *out = bson_new(), config = BSON_INITIALIZER;
    engine_error err = {0};
    char id[32];

    snprintf(id, sizeof(id), "scan-%08ld", number);
    fill_config(number, &config);
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "scan_id", id);
    BSON_APPEND_INT64(out, "rev", 7);
    BSON_APPEND_UTF8(out, "name", "nightly");
    BSON_APPEND_UTF8(out, "trigger", "api");
    BSON_APPEND_DOCUMENT(out, "scan_config", &config);
    BSON_APPEND_UTF8(out, "status", number % 10 ? "completed" : "failed");
    BSON_APPEND_DATE_TIME(out, "started_at", started);
    BSON_APPEND_DATE_TIME(out, "completed_at", started + 30000);
    if (scan_found_add(&config, out, &err) < 0)
        fill_fail(&err);
    fill_counts(out);
    bson_destroy(&config);
    return out;
}

static bson_t *fill_head(const char *scan, const char *id, const char *rule,
                         bool pass)
{
    bson_t *out = bson_new();

    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "scan_id", scan);
    BSON_APPEND_UTF8(out, "target", "host");
    BSON_APPEND_UTF8(out, "benchmark", "benchmark");
    BSON_APPEND_UTF8(out, "rule_id", rule);
    BSON_APPEND_UTF8(out, "status", pass ? "pass" : "fail");
    return out;
}

static void fill_put(struct store *store, const char *collection,
                     bson_t **documents, size_t count)
{
    engine_error err = {0};

    if (store_put(store, collection, (const bson_t *const *)documents, count,
                  &err) < 0)
        fill_fail(&err);
    for (size_t i = 0; i < count; i++)
        bson_destroy(documents[i]);
}

static void fill_verdicts(struct store *store, long scan, long count)
{
    bson_t *verdict, *result, resources;
    char id[32], key[160], rule[80];

    snprintf(id, sizeof(id), "scan-%08ld", scan);
    for (long i = 0; i < count; i++) {
        snprintf(rule, sizeof(rule), "xccdf_org.example.content_rule_%ld", i);
        snprintf(key, sizeof(key), "%s/host/benchmark/%s", id, rule);
        verdict = fill_head(id, key, rule, i % 3);
        BSON_APPEND_UTF8(verdict, "title", "Ensure that it is as it ought to "
                                           "be on every machine");
        BSON_APPEND_UTF8(verdict, "severity", i % 2 ? "medium" : "high");
        BSON_APPEND_DOCUMENT_BEGIN(verdict, "resources", &resources);
        BSON_APPEND_INT32(&resources, i % 3 ? "pass" : "fail", 1);
        bson_append_document_end(verdict, &resources);
        fill_put(store, STORE_VERDICTS, &verdict, 1);
        snprintf(key, sizeof(key), "%s/host/benchmark/%s/0", id, rule);
        result = fill_head(id, key, rule, i % 3);
        BSON_APPEND_UTF8(result, "message", "expected a mode of 0600 or "
                                            "stricter and found 0644");
        fill_put(store, STORE_RESULTS, &result, 1);
    }
}

int main(int argc, char **argv)
{
    const long from = argc > 3 ? atol(argv[2]) : 0;
    const long to = argc > 3 ? atol(argv[3]) : -1;
    bson_t *batch[FILL_BATCH];
    struct store *store = NULL;
    engine_error err = {0};
    size_t count = 0;

    if (to < from) {
        fprintf(stderr, "usage: store_fill URI FROM TO [VERDICTS]\n");
        return 1;
    }
    if (store_open(argv[1], 0, NULL, &store, &err) < 0)
        fill_fail(&err);
    for (long i = from; i < to; i++) {
        batch[count++] = fill_scan(i);
        if (count < FILL_BATCH && i + 1 < to)
            continue;
        fill_put(store, STORE_SCANS, batch, count);
        count = 0;
    }
    if (argc > 4)
        fill_verdicts(store, to - 1, atol(argv[4]));
    store_close(store);
    return 0;
}
