/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_schema.c - tables, their columns, and how old files become new. */
#include "engine/store/sqlite.h"

#include <string.h>

#include "sdk/base/clock.h"

#define SCHEMA_APPLICATION 0x53434e45 /* "SCNE" in the file's header */
#define SCHEMA_WAIT_MS 10000

/* ---- columns -------------------------------------------------------------- */

#define SCHEMA_COLUMNS(array) array, sizeof(array) / sizeof((array)[0])

/* True for rows with the marker in some column; an index has just those. */
#define SCHEMA_RULES_MARKED                                 \
    "benchmark = x'' OR rule_id = x'' OR version = x'' OR " \
    "is_latest = x'' OR scanner_type = x'' OR severity = x''"
#define SCHEMA_BENCHMARKS_MARKED "benchmark = x''"
#define SCHEMA_SCANS_MARKED "scan_id = x'' OR status = x'' OR started_at = x''"
#define SCHEMA_SELECTIONS_MARKED "scan_id = x''"
#define SCHEMA_VERDICTS_MARKED                                           \
    "scan_id = x'' OR status = x'' OR rule_id = x'' OR target = x'' OR " \
    "origin = x'' OR severity = x''"
#define SCHEMA_RESULTS_MARKED \
    "scan_id = x'' OR rule_id = x'' OR target = x'' OR status = x''"
#define SCHEMA_EFFECTS_MARKED "scan_id = x'' OR state = x''"

static const struct sqlite_column schema_rules[] = {
    {"benchmark", COLUMN_STRING},    {"rule_id", COLUMN_STRING},
    {"version", COLUMN_NUMBER},      {"is_latest", COLUMN_FLAG},
    {"scanner_type", COLUMN_STRING}, {"severity", COLUMN_STRING},
};
static const struct sqlite_column schema_benchmarks[] = {
    {"benchmark", COLUMN_STRING},
};
static const struct sqlite_column schema_scans[] = {
    {"scan_id", COLUMN_STRING},
    {"status", COLUMN_STRING},
    {"started_at", COLUMN_DATE},
};
static const struct sqlite_column schema_selections[] = {
    {"scan_id", COLUMN_STRING},
};
static const struct sqlite_column schema_verdicts[] = {
    {"scan_id", COLUMN_STRING}, {"status", COLUMN_STRING},
    {"rule_id", COLUMN_STRING}, {"target", COLUMN_STRING},
    {"origin", COLUMN_STRING},  {"severity", COLUMN_STRING},
};
static const struct sqlite_column schema_results[] = {
    {"scan_id", COLUMN_STRING},
    {"rule_id", COLUMN_STRING},
    {"target", COLUMN_STRING},
    {"status", COLUMN_STRING},
};
static const struct sqlite_column schema_effects[] = {
    {"scan_id", COLUMN_STRING},
    {"state", COLUMN_STRING},
};

static const struct sqlite_table schema_tables[] = {
    {STORE_RULES, SCHEMA_COLUMNS(schema_rules), SCHEMA_RULES_MARKED, NULL,
     NULL},
    {STORE_BENCHMARKS, SCHEMA_COLUMNS(schema_benchmarks),
     SCHEMA_BENCHMARKS_MARKED, NULL, NULL},
    {STORE_SCANS, SCHEMA_COLUMNS(schema_scans), SCHEMA_SCANS_MARKED,
     "found_by", "started_at"},
    {STORE_SELECTIONS, SCHEMA_COLUMNS(schema_selections),
     SCHEMA_SELECTIONS_MARKED, NULL, NULL},
    {STORE_VERDICTS, SCHEMA_COLUMNS(schema_verdicts), SCHEMA_VERDICTS_MARKED,
     NULL, NULL},
    {STORE_RESULTS, SCHEMA_COLUMNS(schema_results), SCHEMA_RESULTS_MARKED,
     NULL, NULL},
    {STORE_EFFECTS, SCHEMA_COLUMNS(schema_effects), SCHEMA_EFFECTS_MARKED,
     NULL, NULL},
    {STORE_SCHEDULES, NULL, 0, NULL, NULL, NULL},
    {STORE_WINDOWS, NULL, 0, NULL, NULL, NULL},
    {STORE_WAIVERS, NULL, 0, NULL, NULL, NULL},
    {STORE_TOKENS, NULL, 0, NULL, NULL, NULL},
};

const struct sqlite_table *sqlite_table_at(size_t index)
{
    return index < sizeof(schema_tables) / sizeof(schema_tables[0])
               ? &schema_tables[index]
               : NULL;
}

const struct sqlite_table *sqlite_table_get(const char *collection)
{
    const struct sqlite_table *table = NULL;

    for (size_t i = 0; (table = sqlite_table_at(i)) != NULL; i++)
        if (strcmp(table->name, collection) == 0)
            break;
    return table;
}

const struct sqlite_column *sqlite_table_column(
    const struct sqlite_table *table, const char *field)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, field) == 0)
            return &table->columns[i];
    return NULL;
}

/* ---- migrations ----------------------------------------------------------- */

/*
 * Columns have no type, so that SQLite never converts a value. doc is last:
 * what comes before it is read without following a large document's pages.
 */
#define SCHEMA_TABLE(name, columns)                                \
    "CREATE TABLE " name "(id TEXT PRIMARY KEY NOT NULL, " columns \
    "doc BLOB NOT NULL);"
/* Indexes end with id: without a sort, what is found comes in that order. */
#define SCHEMA_INDEX(table, name, columns) \
    "CREATE INDEX " table "_" name " ON " table "(" columns ");"
#define SCHEMA_MARKED(table, marked) \
    "CREATE INDEX " table "_marked ON " table "(id) WHERE " marked ";"

/* Its rows go when their document goes. */
#define SCHEMA_LIST(table, field)                                           \
    "CREATE TABLE " table "_" field "(value TEXT NOT NULL, at,"              \
    " owner TEXT NOT NULL);"                                                 \
    "CREATE UNIQUE INDEX " table "_" field "_value ON " table "_" field      \
    "(value, at DESC, owner);"                                               \
    "CREATE INDEX " table "_" field "_owner ON " table "_" field "(owner);"  \
    "CREATE TRIGGER " table "_" field "_gone AFTER DELETE ON " table         \
    " BEGIN DELETE FROM " table "_" field " WHERE owner = old.id; END;"

/* The nth brings a file from version n to n + 1. Never change one that was
 * released: append. */
/* clang-format off: it takes the macros for an expression */
static const char *const schema_migrations[] = {
    SCHEMA_TABLE("rules", "benchmark, rule_id, version, is_latest, "
                          "scanner_type, severity, ")
    SCHEMA_INDEX("rules", "latest", "is_latest, benchmark, id")
    SCHEMA_INDEX("rules", "rule", "rule_id, id")
    SCHEMA_INDEX("rules", "benchmark", "benchmark, rule_id, id")
    SCHEMA_MARKED("rules", SCHEMA_RULES_MARKED)
    SCHEMA_TABLE("benchmarks", "benchmark, ")
    SCHEMA_INDEX("benchmarks", "benchmark", "benchmark, id")
    SCHEMA_MARKED("benchmarks", SCHEMA_BENCHMARKS_MARKED)
    SCHEMA_TABLE("scans", "scan_id, status, started_at, ")
    SCHEMA_INDEX("scans", "scan", "scan_id, id")
    SCHEMA_INDEX("scans", "status", "status, id")
    SCHEMA_INDEX("scans", "started", "started_at")
    SCHEMA_MARKED("scans", SCHEMA_SCANS_MARKED)
    SCHEMA_TABLE("selections", "scan_id, ")
    SCHEMA_INDEX("selections", "scan", "scan_id, id")
    SCHEMA_MARKED("selections", SCHEMA_SELECTIONS_MARKED)
    SCHEMA_TABLE("verdicts", "scan_id, status, rule_id, target, origin, "
                             "severity, ")
    SCHEMA_INDEX("verdicts", "scan", "scan_id, id")
    SCHEMA_INDEX("verdicts", "rule", "scan_id, rule_id, id")
    SCHEMA_MARKED("verdicts", SCHEMA_VERDICTS_MARKED)
    SCHEMA_TABLE("results", "scan_id, rule_id, target, status, ")
    SCHEMA_INDEX("results", "scan", "scan_id, id")
    SCHEMA_INDEX("results", "rule", "scan_id, rule_id, id")
    SCHEMA_MARKED("results", SCHEMA_RESULTS_MARKED)
    SCHEMA_TABLE("effects", "scan_id, state, ")
    SCHEMA_INDEX("effects", "scan", "scan_id, id")
    SCHEMA_INDEX("effects", "state", "state, id")
    SCHEMA_MARKED("effects", SCHEMA_EFFECTS_MARKED)
    SCHEMA_TABLE("schedules", "")
    SCHEMA_TABLE("windows", "")
    SCHEMA_TABLE("waivers", "")
    SCHEMA_TABLE("tokens", "")
    "CREATE TABLE artifacts(id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL,"
    " media_type TEXT NOT NULL, size INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL);"
    "CREATE TABLE artifact_chunks(id TEXT NOT NULL, n INTEGER NOT NULL,"
    " data BLOB NOT NULL, UNIQUE(id, n));",
    /* lists of scans, the latest first, of any number of scans */
    "DROP INDEX scans_status;"
    "DROP INDEX scans_started;"
    SCHEMA_INDEX("scans", "recent", "status, started_at DESC, id")
    SCHEMA_INDEX("scans", "started", "started_at DESC, id")
    SCHEMA_LIST("scans", "found_by"),
};
/* clang-format on */

#define SCHEMA_VERSION \
    ((int64_t)(sizeof(schema_migrations) / sizeof(schema_migrations[0])))

static engine_status schema_refuse_foreign(const struct sqlite_link *link,
                                           engine_error *err)
{
    engine_fail(err, ENGINE_EINVAL,
                "\"%s\" is an SQLite database of another program", link->path);
    engine_hint(err, "nothing was changed; name a file of its own for the "
                     "store");
    return ENGINE_EINVAL;
}

static engine_status schema_refuse_newer(const struct sqlite_link *link,
                                         int64_t version, engine_error *err)
{
    engine_fail(err, ENGINE_EVERSION,
                "\"%s\" has store schema %lld, this release knows schema %lld",
                link->path, (long long)version, (long long)SCHEMA_VERSION);
    engine_hint(err, "nothing was changed; use the release that wrote it or a "
                     "later one, or name another file");
    return ENGINE_EVERSION;
}

static engine_status schema_refuse_older(const struct sqlite_link *link,
                                         int64_t version, engine_error *err)
{
    engine_fail(err, ENGINE_EVERSION,
                "\"%s\" has store schema %lld, this release needs schema "
                "%lld and may not write here",
                link->path, (long long)version, (long long)SCHEMA_VERSION);
    engine_hint(err, "open it once for writing, such as with `scan-engine "
                     "import PATH`, to bring it up to date");
    return ENGINE_EVERSION;
}

/* What is in the file, before anything is changed. */
static engine_status schema_read(const struct sqlite_link *link,
                                 int64_t *version, engine_error *err)
{
    int64_t application = 0, tables = 0;
    engine_status status =
        sqlite_ask(link, "PRAGMA application_id", &application, err);

    if (status == ENGINE_OK)
        status = sqlite_ask(link, "SELECT count(*) FROM sqlite_master", &tables,
                            err);
    if (status == ENGINE_OK)
        status = sqlite_ask(link, "PRAGMA user_version", version, err);
    if (status < 0)
        return status;
    if (application != SCHEMA_APPLICATION &&
        (application != 0 || tables != 0 || *version != 0))
        return schema_refuse_foreign(link, err);
    if (*version > SCHEMA_VERSION || *version < 0)
        return schema_refuse_newer(link, *version, err);
    return ENGINE_OK;
}

/* All three from one state of the file: another process may be making it. */
static engine_status schema_read_at_once(const struct sqlite_link *link,
                                         int64_t *version, engine_error *err)
{
    engine_status status = sqlite_exec(link, "BEGIN", err);

    if (status < 0)
        return status;
    status = schema_read(link, version, err);
    if (status == ENGINE_OK)
        status = sqlite_exec(link, "COMMIT", err);
    if (!sqlite3_get_autocommit(link->db))
        sqlite_exec(link, "ROLLBACK", NULL);
    return status;
}

/* Under the write lock: another process may have been first. */
static engine_status schema_migrate_locked(const struct sqlite_link *link,
                                           engine_error *err)
{
    int64_t version = 0;
    engine_status status = schema_read(link, &version, err);
    char pragma[64];

    while (status == ENGINE_OK && version < SCHEMA_VERSION)
        status = sqlite_exec(link, schema_migrations[version++], err);
    if (status < 0)
        return status;
    sqlite3_snprintf(sizeof(pragma), pragma, "PRAGMA user_version = %lld",
                     (long long)version);
    status = sqlite_exec(link, pragma, err);
    if (status < 0)
        return status;
    sqlite3_snprintf(sizeof(pragma), pragma, "PRAGMA application_id = %d",
                     SCHEMA_APPLICATION);
    return sqlite_exec(link, pragma, err);
}

static engine_status schema_migrate(const struct sqlite_link *link,
                                    engine_error *err)
{
    engine_status status = sqlite_exec(link, "BEGIN IMMEDIATE", err);

    if (status < 0)
        return status;
    status = schema_migrate_locked(link, err);
    if (status == ENGINE_OK)
        status = sqlite_exec(link, "COMMIT", err);
    if (!sqlite3_get_autocommit(link->db))
        sqlite_exec(link, "ROLLBACK", NULL);
    return status;
}

/*
 * The change of a fresh file to WAL needs it for itself for a moment, and
 * SQLite does not wait for that by itself when several processes try at once.
 */
static engine_status schema_use_wal(const struct sqlite_link *link,
                                    engine_error *err)
{
    const int64_t end = clock_steady_ms() + SCHEMA_WAIT_MS;
    sqlite3_stmt *handle = NULL;
    bool wal = false;
    int rc;

    do {
        rc = sqlite3_prepare_v2(link->db, "PRAGMA journal_mode = WAL", -1,
                                &handle, NULL);
        if (rc == SQLITE_OK && sqlite3_step(handle) == SQLITE_ROW)
            wal = sqlite3_stricmp((const char *)sqlite3_column_text(handle, 0),
                                  "wal") == 0;
        rc = sqlite3_finalize(handle) & 0xff;
    } while ((rc == SQLITE_BUSY || rc == SQLITE_LOCKED) &&
             clock_steady_ms() < end && sqlite3_sleep(20) >= 0);
    if (rc != SQLITE_OK)
        return sqlite_fail(link, "open", err);
    if (wal)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "\"%s\" is on a file system without shared memory for "
                "write-ahead logging",
                link->path);
    engine_hint(err, "put the store on a local file system");
    return ENGINE_EUNSUPPORTED;
}

engine_status sqlite_schema_verify(const struct sqlite_link *link,
                                   bool read_only, engine_error *err)
{
    int64_t version = 0;
    engine_status status = schema_read_at_once(link, &version, err);

    if (status < 0)
        return status;
    if (read_only)
        return version == SCHEMA_VERSION
                   ? ENGINE_OK
                   : schema_refuse_older(link, version, err);
    status = schema_use_wal(link, err);
    if (status < 0 || version == SCHEMA_VERSION)
        return status;
    return schema_migrate(link, err);
}
