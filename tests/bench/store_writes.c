/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_writes.c - verdicts per second into a store.
 *
 * store_writes URI [COUNT [ROUNDS]]: URI names a store of its own, which is
 * emptied. Every round is compared with bare inserts of the same documents,
 * with the same indexes: for MongoDB unordered bulks, for SQLite transactions
 * on a file beside the store. The medians are printed. Figures, no verdicts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "engine/store/store.h"
#include "sdk/base/clock.h"

#ifdef HAVE_MONGODB
#include <mongoc/mongoc.h>
#endif

#define BENCH_BATCH 1000
#define BENCH_ROUNDS 31

static void bench_fail(const engine_error *err)
{
    fprintf(stderr, "store_writes: %s\n", err->message);
    exit(1);
}

/* A verdict as scans write them, about 600 bytes. */
static bson_t *bench_verdict(int round, int number)
{
    bson_t *out = bson_new();
    char text[160];

    snprintf(text, sizeof(text), "scan-%d/local/benchmark/rule-%08d", round,
             number);
    BSON_APPEND_UTF8(out, "_id", text);
    snprintf(text, sizeof(text), "scan-%d", round);
    BSON_APPEND_UTF8(out, "scan_id", text);
    BSON_APPEND_UTF8(out, "target", "local");
    BSON_APPEND_UTF8(out, "benchmark", "benchmark");
    snprintf(text, sizeof(text), "xccdf_org.ssgproject.content_rule_%d",
             number);
    BSON_APPEND_UTF8(out, "rule_id", text);
    BSON_APPEND_UTF8(out, "status", number % 3 ? "pass" : "fail");
    BSON_APPEND_UTF8(out, "target_type", "local");
    BSON_APPEND_INT32(out, "rule_version", 1);
    BSON_APPEND_UTF8(out, "title",
                     "Ensure that something is set as it ought "
                     "to be set on every machine");
    BSON_APPEND_UTF8(out, "severity", number % 2 ? "medium" : "high");
    BSON_APPEND_UTF8(out, "scanner_type", "oscap");
    BSON_APPEND_UTF8(out, "origin", "plugin");
    BSON_APPEND_UTF8(out, "message",
                     "expected a mode of 0600 or stricter and "
                     "found 0644, owner root, group root");
    BSON_APPEND_DATE_TIME(out, "finished_at", clock_now_ms());
    BSON_APPEND_INT64(out, "duration_ms", 12);
    return out;
}

static double bench_store(struct store *store, bson_t *const *documents,
                          int count)
{
    const int64_t start = clock_steady_ms();
    engine_error err = {0};

    for (int at = 0; at < count; at += BENCH_BATCH) {
        const int left = count - at;
        if (store_begin(store, &err) < 0 ||
            store_put(
                store, STORE_VERDICTS, (const bson_t *const *)documents + at,
                (size_t)(left < BENCH_BATCH ? left : BENCH_BATCH), &err) < 0 ||
            store_commit(store, &err) < 0)
            bench_fail(&err);
    }
    return 1000.0 * count / (double)(clock_steady_ms() - start + 1);
}

/* ---- bare SQLite ---------------------------------------------------------- */

/* The same columns and indexes, as the store makes them. */
#define BENCH_SQL                                                           \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"               \
    "PRAGMA cache_size = -8192;"                                            \
    "DROP TABLE IF EXISTS verdicts;"                                        \
    "CREATE TABLE verdicts(id TEXT PRIMARY KEY NOT NULL, scan_id, status,"  \
    " rule_id, target, origin, severity, doc BLOB NOT NULL);"               \
    "CREATE INDEX verdicts_scan ON verdicts(scan_id, id);"                  \
    "CREATE INDEX verdicts_rule ON verdicts(scan_id, rule_id, id);"

static void bench_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "store_writes: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void bench_insert(sqlite3_stmt *handle, const bson_t *document)
{
    static const char *const names[] = {"_id",     "scan_id", "status",
                                        "rule_id", "target",  "origin",
                                        "severity"};
    bson_iter_t iter;

    for (int i = 0; i < 7; i++)
        if (bson_iter_init_find(&iter, document, names[i]))
            sqlite3_bind_text(handle, i + 1, bson_iter_utf8(&iter, NULL), -1,
                              SQLITE_STATIC);
    sqlite3_bind_blob(handle, 8, bson_get_data(document), (int)document->len,
                      SQLITE_STATIC);
    if (sqlite3_step(handle) != SQLITE_DONE) {
        fprintf(stderr, "store_writes: a bare insert failed\n");
        exit(1);
    }
    sqlite3_reset(handle);
}

static double bench_bare_sqlite(const char *uri, bson_t *const *documents,
                                int count)
{
    char path[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *handle = NULL;
    int64_t start;

    snprintf(path, sizeof(path), "%s-bare", uri + strlen("sqlite:"));
    if (sqlite3_open(path, &db) != SQLITE_OK)
        exit(1);
    bench_sql(db, BENCH_SQL);
    sqlite3_prepare_v2(db,
                       "INSERT INTO verdicts VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                       -1, &handle, NULL);
    start = clock_steady_ms();
    for (int at = 0; at < count;) {
        bench_sql(db, "BEGIN IMMEDIATE");
        for (int i = 0; i < BENCH_BATCH && at < count; i++, at++)
            bench_insert(handle, documents[at]);
        bench_sql(db, "COMMIT");
    }
    start = clock_steady_ms() - start + 1;
    sqlite3_finalize(handle);
    sqlite3_close(db);
    return 1000.0 * count / (double)start;
}

/* ---- bare MongoDB --------------------------------------------------------- */

#ifdef HAVE_MONGODB
/* The same indexes, as the store makes them. */
static void bench_indexes(mongoc_client_t *client, const char *database)
{
    bson_t *command = BCON_NEW(
        "createIndexes", "bare", "indexes", "[", "{", "key", "{", "scan_id",
        BCON_INT32(1), "_id", BCON_INT32(1), "}", "name", "scan", "}", "{",
        "key", "{", "scan_id", BCON_INT32(1), "rule_id", BCON_INT32(1), "_id",
        BCON_INT32(1), "}", "name", "rule", "}", "]");

    mongoc_client_command_simple(client, database, command, NULL, NULL, NULL);
    bson_destroy(command);
}

static double bench_bare(const char *uri, bson_t *const *documents, int count)
{
    mongoc_uri_t *parsed = mongoc_uri_new(uri);
    mongoc_client_t *client = mongoc_client_new_from_uri(parsed);
    const char *database = mongoc_uri_get_database(parsed);
    mongoc_collection_t *collection =
        mongoc_client_get_collection(client, database, "bare");
    bson_t *options = BCON_NEW("ordered", BCON_BOOL(false));
    bson_error_t error;
    int64_t start;

    bench_indexes(client, database);
    start = clock_steady_ms();
    for (int at = 0; at < count;) {
        mongoc_bulk_operation_t *bulk =
            mongoc_collection_create_bulk_operation_with_opts(collection,
                                                              options);
        for (int i = 0; i < BENCH_BATCH && at < count; i++, at++)
            mongoc_bulk_operation_insert(bulk, documents[at]);
        if (!mongoc_bulk_operation_execute(bulk, NULL, &error)) {
            fprintf(stderr, "store_writes: %s\n", error.message);
            exit(1);
        }
        mongoc_bulk_operation_destroy(bulk);
    }
    start = clock_steady_ms() - start + 1;
    mongoc_collection_drop(collection, NULL);
    bson_destroy(options);
    mongoc_collection_destroy(collection);
    mongoc_client_destroy(client);
    mongoc_uri_destroy(parsed);
    return 1000.0 * count / (double)start;
}
#else
static double bench_bare(const char *uri, bson_t *const *documents, int count)
{
    (void)uri;
    (void)documents;
    (void)count;
    return 0;
}
#endif

static int bench_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), bench_order);
    return values[count / 2];
}

int main(int argc, char **argv)
{
    const int count = argc > 2 ? atoi(argv[2]) : 100000;
    const int rounds = argc > 3 ? atoi(argv[3]) : 3;
    double ours[BENCH_ROUNDS], bare[BENCH_ROUNDS];
    struct store *store = NULL;
    engine_error err = {0};
    bson_t **documents;

    if (argc < 2 || count < 1 || rounds < 1 || rounds > BENCH_ROUNDS) {
        fprintf(stderr, "usage: store_writes URI [COUNT [ROUNDS]]\n");
        return 1;
    }
    if (store_open(argv[1], 0, NULL, &store, &err) < 0)
        bench_fail(&err);
    documents = calloc((size_t)count, sizeof(*documents));
    for (int round = 0; round < rounds; round++) {
        if (store_delete(store, STORE_VERDICTS, NULL, NULL, &err) < 0)
            bench_fail(&err);
        for (int i = 0; i < count; i++)
            documents[i] = bench_verdict(round, i);
        bare[round] = strncmp(argv[1], "mongodb", 7) == 0
                          ? bench_bare(argv[1], documents, count)
                          : bench_bare_sqlite(argv[1], documents, count);
        ours[round] = bench_store(store, documents, count);
        fprintf(stderr, "round %d: %.0f/s, bare %.0f/s\n", round + 1,
                ours[round], bare[round]);
        for (int i = 0; i < count; i++)
            bson_destroy(documents[i]);
    }
    free(documents);
    printf("%d verdicts: %.0f/s", count, bench_median(ours, rounds));
    if (bench_median(bare, rounds) > 0)
        printf(", bare inserts %.0f/s, ratio %.2f",
               bench_median(bare, rounds),
               bench_median(ours, rounds) / bench_median(bare, rounds));
    printf("\n");
    store_close(store);
    return 0;
}
