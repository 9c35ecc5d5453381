/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_sqlite.c - what is particular to the SQLite store. */
#include "tests/unit/store_suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/store/sqlite.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

struct fixture {
    char *folder, *path, *uri;
    struct store *store; /* closed by the teardown */
    engine_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_int_equal(file_make_temporary("/tmp", "sqlite-", &f->folder, NULL),
                     0);
    f->path = engine_strf("%s/engine.db", f->folder);
    f->uri = engine_strf("sqlite:%s", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    file_remove_tree(f->folder, NULL);
    engine_free(f->folder);
    engine_free(f->path);
    engine_free(f->uri);
    free(f);
    return 0;
}

static engine_status try_open(struct fixture *f, const char *uri,
                              unsigned flags)
{
    store_close(f->store);
    f->store = NULL;
    return store_open(uri, flags, NULL, &f->store, &f->err);
}

static void expect_message(const struct fixture *f, const char *part)
{
    if (!strstr(f->err.message, part) && !strstr(f->err.hint, part))
        fail_msg("\"%s\" (%s) does not say \"%s\"", f->err.message, f->err.hint,
                 part);
}

/* Runs SQL behind the store's back. */
static void run_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

/* ---- which store ---------------------------------------------------------- */

#ifndef HAVE_MONGODB
static void refuses_mongodb_when_built_without(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(try_open(f, "mongodb://me:secret@host/db", 0),
                     ENGINE_EUNSUPPORTED);
    expect_message(f, "without MongoDB");
    assert_null(strstr(f->err.message, "secret"));
    assert_int_equal(try_open(f, "mongodb+srv://host", 0), ENGINE_EUNSUPPORTED);
}
#endif

static void refuses_what_is_no_store(void **state)
{
    static const char *const bad[] = {
        "",        "engine.db",       "postgres://h/d", "sqlite",
        "sqlite:", "sqlite::memory:", "sqlite:/tmp",    "sqlite:/dev/null"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(try_open(f, bad[i], 0), ENGINE_EINVAL);
        assert_true(f->err.message[0] != '\0');
    }
    assert_int_equal(try_open(f, f->uri, 1u << 9), ENGINE_EINVAL);
}

/* ---- files ---------------------------------------------------------------- */

static unsigned mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void makes_private_files_and_directories(void **state)
{
    struct fixture *f = *state;
    char *parent = engine_strf("%s/a", f->folder);
    char *path = engine_strf("%s/a/b/engine.db", f->folder);
    char *uri = engine_strf("sqlite:%s", path);
    char *wal = engine_strf("%s-wal", path);
    const mode_t mask = umask(0);

    assert_int_equal(try_open(f, uri, 0), 0);
    umask(mask);
    suite_add(f->store, STORE_RULES, "{'_id': 'a'}");
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(wal), 0600);
    assert_int_equal(mode_of(parent), 0700);
    engine_free(wal);
    engine_free(uri);
    engine_free(path);
    engine_free(parent);
}

static void makes_nothing_when_told_so(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(try_open(f, f->uri, STORE_NO_CREATE), ENGINE_ENOTFOUND);
    expect_message(f, f->path);
    assert_int_equal(try_open(f, f->uri, STORE_READ_ONLY), ENGINE_ENOTFOUND);
    assert_false(file_exists(f->path));
}

static void a_relative_path_survives_a_change_of_directory(void **state)
{
    struct fixture *f = *state;
    char here[4096];
    char *ids;

    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(f->folder), 0);
    assert_int_equal(try_open(f, "sqlite:engine.db", 0), 0);
    assert_int_equal(chdir(here), 0);
    suite_add(f->store, STORE_RULES, "{'_id': 'a'}");
    ids = suite_ids(f->store, STORE_RULES, NULL, NULL, 0, 0);
    assert_string_equal(ids, "a ");
    assert_true(file_exists(f->path));
    engine_free(ids);
}

static void a_path_may_hold_what_uris_give_a_meaning(void **state)
{
    struct fixture *f = *state;
    char *path = engine_strf("%s/a %%41?mode=memory#x.db", f->folder);
    char *uri = engine_strf("sqlite:%s", path);

    assert_int_equal(try_open(f, uri, 0), 0);
    assert_true(file_exists(path));
    engine_free(uri);
    engine_free(path);
}

/* ---- reading only --------------------------------------------------------- */

static void a_read_only_store_refuses_every_change(void **state)
{
    struct fixture *f = *state;
    struct store *writer = suite_open(f->uri);
    bson_t *document = suite_bson("{'_id': 'b'}");
    const bson_t *one = document;
    char id[65];

    suite_add(writer, STORE_RULES, "{'_id': 'a'}");
    assert_int_equal(try_open(f, f->uri, STORE_READ_ONLY), 0);
    assert_int_equal(store_insert(f->store, STORE_RULES, &one, 1, &f->err),
                     ENGINE_EDENIED);
    assert_int_equal(store_put(f->store, STORE_RULES, &one, 1, NULL),
                     ENGINE_EDENIED);
    assert_int_equal(store_swap(f->store, STORE_RULES, "b", NULL, one, NULL),
                     ENGINE_EDENIED);
    assert_int_equal(store_delete(f->store, STORE_RULES, NULL, NULL, NULL),
                     ENGINE_EDENIED);
    assert_int_equal(store_begin(f->store, NULL), ENGINE_EDENIED);
    assert_int_equal(store_artifact_put(f->store, f->path, "n", "m", id, NULL),
                     ENGINE_EDENIED);
    suite_add(writer, STORE_RULES, "{'_id': 'c'}");
    assert_int_equal(suite_count(f->store, STORE_RULES, NULL), 2);
    bson_destroy(document);
    store_close(writer);
}

/* ---- schema --------------------------------------------------------------- */

static void hash_of(const struct fixture *f, char out[HASH_HEX_SIZE])
{
    assert_int_equal(hash_file(f->path, out, NULL), 0);
}

static void refuses_a_newer_schema_and_leaves_it_alone(void **state)
{
    struct fixture *f = *state;
    char before[HASH_HEX_SIZE], after[HASH_HEX_SIZE];

    assert_int_equal(try_open(f, f->uri, 0), 0);
    store_close(f->store);
    f->store = NULL;
    run_sql(f, "PRAGMA user_version = 999");
    hash_of(f, before);
    assert_int_equal(try_open(f, f->uri, 0), ENGINE_EVERSION);
    expect_message(f, "999");
    expect_message(f, "schema 2");
    expect_message(f, "later");
    hash_of(f, after);
    assert_string_equal(before, after);
}

static void refuses_to_read_an_older_schema(void **state)
{
    struct fixture *f = *state;

    fclose(fopen(f->path, "w"));
    assert_int_equal(try_open(f, f->uri, STORE_READ_ONLY), ENGINE_EVERSION);
    expect_message(f, "schema 0");
    /* an empty file is a fresh database to SQLite */
    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(try_open(f, f->uri, STORE_READ_ONLY), 0);
}

static void refuses_the_database_of_another_program(void **state)
{
    static const char *const others[] = {"CREATE TABLE rules(x)",
                                         "PRAGMA application_id = 7",
                                         "PRAGMA user_version = 1"};
    struct fixture *f = *state;
    char before[HASH_HEX_SIZE], after[HASH_HEX_SIZE];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        unlink(f->path);
        run_sql(f, others[i]);
        hash_of(f, before);
        assert_int_equal(try_open(f, f->uri, 0), ENGINE_EINVAL);
        expect_message(f, "another program");
        hash_of(f, after);
        assert_string_equal(before, after);
    }
}

static int count_columns(void *user, int count, char **values, char **names)
{
    (void)count;
    (void)values;
    (void)names;
    ++*(size_t *)user;
    return 0;
}

static void tables_have_the_columns_that_are_filled(void **state)
{
    struct fixture *f = *state;
    const struct sqlite_table *table;
    sqlite3 *db = NULL;

    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; (table = sqlite_table_at(i)) != NULL; i++) {
        size_t found = 0, marked = 0;
        char *sql = sqlite3_mprintf("PRAGMA table_info(%s)", table->name);
        assert_int_equal(sqlite3_exec(db, sql, count_columns, &found, NULL),
                         SQLITE_OK);
        assert_int_equal(found, table->count + 2);
        sqlite3_free(sql);
        for (const char *at = table->marked;
             at && (at = strstr(at, "= x''")) != NULL; at++)
            marked++;
        assert_int_equal(marked, table->count);
    }
    sqlite3_close(db);
}

/* ---- plans ---------------------------------------------------------------- */

static int collect_plan(void *user, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    buffer_printf(user, "%s; ", values[3]);
    return 0;
}

static void expect_plan(const struct fixture *f, const char *collection,
                        const char *json, const char *plan)
{
    struct sqlite *self = (struct sqlite *)f->store;
    bson_t *filter = suite_bson("%s", json);
    struct sqlite_where where;
    struct buffer sql, found;

    buffer_init(&sql, 10000);
    buffer_init(&found, 10000);
    buffer_printf(&sql, "EXPLAIN QUERY PLAN SELECT doc FROM %s", collection);
    assert_int_equal(sqlite_where_compile(&where, sqlite_table_get(collection),
                                          filter, self->main, &sql, NULL),
                     0);
    assert_false(where.matches); /* SQL decides alone */
    buffer_puts(&sql, " ORDER BY id");
    assert_int_equal(
        sqlite3_exec(self->main->db, sql.data, collect_plan, &found, NULL),
        SQLITE_OK);
    if (!strstr(found.data, plan) || strstr(found.data, "B-TREE"))
        fail_msg("%s: %s instead of %s", json, found.data, plan);
    sqlite_where_clear(&where);
    buffer_clear(&sql);
    buffer_clear(&found);
    bson_destroy(filter);
}

static void the_usual_filters_walk_an_index(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(try_open(f, f->uri, 0), 0);
    expect_plan(f, STORE_VERDICTS, "{'scan_id': 's'}",
                "verdicts_scan (scan_id=?)");
    expect_plan(f, STORE_VERDICTS, "{'scan_id': 's', 'status': 'fail'}",
                "verdicts_scan (scan_id=?)");
    expect_plan(f, STORE_RESULTS,
                "{'scan_id': 's', 'rule_id': {'$eq': 'r'}, 'target': 't'}",
                "results_rule (scan_id=? AND rule_id=?)");
    expect_plan(f, STORE_RULES, "{'benchmark': 'b', 'is_latest': true}",
                "rules_latest (is_latest=? AND benchmark=?)");
    expect_plan(f, STORE_RULES, "{'_id': 'x'}", "(id=?)");
    expect_plan(f, STORE_SELECTIONS, "{'$and': [{'scan_id': 's'}]}",
                "selections_scan (scan_id=?)");
}

static int count_step(void *user)
{
    ++*(int *)user;
    return 0;
}

/* What SQLite does for the first page of a list. */
static int list_cost(const struct fixture *f, const char *filter)
{
    struct sqlite *self = (struct sqlite *)f->store;
    int steps = 0;
    char *ids = suite_ids(f->store, STORE_SCANS, filter, "{'started_at': -1}",
                          0, 20);

    engine_free(ids);
    sqlite3_progress_handler(self->idle->db, 1, count_step, &steps);
    ids = suite_ids(f->store, STORE_SCANS, filter, "{'started_at': -1}", 0, 20);
    assert_int_equal(strlen(ids), 20 * strlen("00000 "));
    engine_free(ids);
    sqlite3_progress_handler(self->idle->db, 0, NULL, NULL);
    return steps;
}

static void add_scans(const struct fixture *f, int from, int to)
{
    assert_int_equal(store_begin(f->store, NULL), 0);
    for (int i = from; i < to; i++)
        suite_add(f->store, STORE_SCANS,
                  "{'_id': '%05d', 'status': '%s', 'started_at': {'$date': "
                  "'2024-01-01T%02d:%02d:%02dZ'}, 'found_by': ['all', 'h%d']}",
                  i, i % 2 ? "failed" : "completed", i / 3600, i / 60 % 60,
                  i % 60, i % 3);
    assert_int_equal(store_commit(f->store, NULL), 0);
}

static void lists_of_scans_cost_the_same_however_many_there_are(void **state)
{
    static const char *const filters[] = {
        NULL, "{'status': 'failed'}", "{'found_by': 'all'}",
        "{'found_by': 'h1'}", "{'status': 'failed', 'found_by': 'all'}"};
    enum { COUNT = sizeof(filters) / sizeof(filters[0]) };
    struct fixture *f = *state;
    int few[COUNT];

    assert_int_equal(try_open(f, f->uri, 0), 0);
    add_scans(f, 0, 100);
    for (int i = 0; i < COUNT; i++)
        few[i] = list_cost(f, filters[i]);
    add_scans(f, 100, 5000);
    for (int i = 0; i < COUNT; i++)
        assert_in_range(list_cost(f, filters[i]), 1, 2 * few[i]);
}

/* ---- cursors within a transaction ----------------------------------------- */

static void a_cursor_in_a_transaction_sees_what_was_written_before(void **state)
{
    struct fixture *f = *state;
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    int count = 0;

    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(store_begin(f->store, NULL), 0);
    for (int i = 0; i < 100; i++)
        suite_add(f->store, STORE_RULES, "{'_id': '%02d'}", i);
    assert_int_equal(store_find(f->store, STORE_RULES, NULL, &cursor, NULL), 0);
    while (store_cursor_next(cursor, &document, NULL) == 1)
        suite_add(f->store, STORE_RULES, "{'_id': '%02d-x'}", count++);
    assert_int_equal(count, 100);
    assert_int_equal(store_commit(f->store, NULL), 0);
    store_cursor_close(cursor);
    assert_int_equal(suite_count(f->store, STORE_RULES, NULL), 200);
}

static void a_cursor_outlives_its_transaction(void **state)
{
    struct fixture *f = *state;
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    int count = 0;

    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(store_begin(f->store, NULL), 0);
    for (int i = 0; i < 20; i++)
        suite_add(f->store, STORE_RULES, "{'_id': '%02d'}", i);
    assert_int_equal(store_find(f->store, STORE_RULES, NULL, &cursor, NULL), 0);
    store_rollback(f->store);
    while (store_cursor_next(cursor, &document, NULL) == 1)
        count++;
    assert_int_equal(count, 20);
    store_cursor_close(cursor);
    assert_int_equal(suite_count(f->store, STORE_RULES, NULL), 0);
}

/* ---- several at once ------------------------------------------------------ */

static void several_processes_make_the_same_store_at_once(void **state)
{
    struct fixture *f = *state;
    int status = 0;

    for (int i = 0; i < 6; i++) {
        const pid_t pid = fork();
        struct store *store = NULL;
        assert_true(pid >= 0);
        if (pid == 0) {
            const engine_status made =
                store_open(f->uri, 0, NULL, &store, NULL);
            store_close(store);
            _exit(-made);
        }
    }
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(store_check(f->store, NULL), 0);
}

struct thread {
    pthread_t id;
    const char *uri;
    int number, failed;
};

static void *thread_run(void *user)
{
    struct thread *thread = user;
    struct store *store = NULL;

    thread->failed = store_open(thread->uri, 0, NULL, &store, NULL) < 0;
    for (int i = 0; !thread->failed && i < 40; i++) {
        bson_t document = BSON_INITIALIZER;
        const bson_t *one = &document;
        char id[32];
        snprintf(id, sizeof(id), "%d-%d", thread->number, i);
        BSON_APPEND_UTF8(&document, "_id", id);
        thread->failed = store_insert(store, STORE_RESULTS, &one, 1, NULL) < 0;
        bson_destroy(&document);
    }
    store_close(store);
    return NULL;
}

static void threads_with_a_handle_each_lose_nothing(void **state)
{
    struct fixture *f = *state;
    struct thread threads[3] = {0};

    for (int i = 0; i < 3; i++) {
        threads[i].uri = f->uri;
        threads[i].number = i;
        assert_int_equal(
            pthread_create(&threads[i].id, NULL, thread_run, &threads[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i].id, NULL);
        assert_int_equal(threads[i].failed, 0);
    }
    assert_int_equal(try_open(f, f->uri, 0), 0);
    assert_int_equal(suite_count(f->store, STORE_RESULTS, NULL), 120);
}

/* ---- sorting by a column's index ------------------------------------------ */

static void add_dated(struct store *store, const char *id, int64_t date)
{
    bson_t *scan = BCON_NEW("_id", BCON_UTF8(id));
    const bson_t *const list[] = {scan};

    if (date)
        BSON_APPEND_DATE_TIME(scan, "started_at", date);
    assert_int_equal(store_insert(store, "scans", list, 1, NULL), 0);
    bson_destroy(scan);
}

static void expect_sorted(struct store *store, const char *sort, int64_t skip,
                          int64_t limit, const char *wanted)
{
    char *ids = suite_ids(store, "scans", "{}", sort, skip, limit);

    assert_string_equal(ids, wanted);
    engine_free(ids);
}

static void dates_sort_the_same_with_and_without_their_index(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(try_open(f, f->uri, 0), 0);
    add_dated(f->store, "b", 2000);
    add_dated(f->store, "a", 2000);
    add_dated(f->store, "c", 3000);
    add_dated(f->store, "d", -1000);
    for (int round = 0; round < 2; round++) {
        expect_sorted(f->store, "{'started_at': -1}", 0, 3, "c a b ");
        expect_sorted(f->store, "{'started_at': 1}", 1, 0,
                      round ? "d a b c " : "a b c ");
        expect_sorted(f->store, "{'started_at': -1, '_id': -1}", 0, 0,
                      round ? "c b a d e " : "c b a d ");
        expect_sorted(f->store, "{'started_at': 1, 'x': 1, '_id': -1}", 0, 0,
                      round ? "e d b a c " : "d b a c ");
        if (!round)
            add_dated(f->store, "e", 0); /* without: the index is no help */
    }
    suite_add(f->store, "scans", "{'_id': 'f', 'started_at': [1]}");
    expect_sorted(f->store, "{'started_at': 1}", 0, 3, "e f d ");
    assert_int_equal(store_begin(f->store, NULL), 0);
    expect_sorted(f->store, "{'started_at': -1}", 0, 2, "c a ");
    store_rollback(f->store);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
#ifndef HAVE_MONGODB
        TEST(refuses_mongodb_when_built_without),
#endif
        TEST(refuses_what_is_no_store),
        TEST(makes_private_files_and_directories),
        TEST(makes_nothing_when_told_so),
        TEST(a_relative_path_survives_a_change_of_directory),
        TEST(a_path_may_hold_what_uris_give_a_meaning),
        TEST(a_read_only_store_refuses_every_change),
        TEST(refuses_a_newer_schema_and_leaves_it_alone),
        TEST(refuses_to_read_an_older_schema),
        TEST(refuses_the_database_of_another_program),
        TEST(tables_have_the_columns_that_are_filled),
        TEST(the_usual_filters_walk_an_index),
        TEST(lists_of_scans_cost_the_same_however_many_there_are),
        TEST(a_cursor_in_a_transaction_sees_what_was_written_before),
        TEST(a_cursor_outlives_its_transaction),
        TEST(several_processes_make_the_same_store_at_once),
        TEST(dates_sort_the_same_with_and_without_their_index),
        TEST(threads_with_a_handle_each_lose_nothing),
    };

    return cmocka_run_group_tests_name("sqlite store", tests, NULL, NULL);
}
