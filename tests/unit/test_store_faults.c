/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_faults.c - damage, missing rights, full disks, no memory. */
#include "tests/unit/store_suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "tests/unit/skip.h"

struct fixture {
    char *folder, *path, *uri;
    struct store *store;
    engine_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_int_equal(file_make_temporary("/tmp", "faults-", &f->folder, NULL),
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

static engine_status try_open(struct fixture *f, unsigned flags)
{
    store_close(f->store);
    f->store = NULL;
    return store_open(f->uri, flags, NULL, &f->store, &f->err);
}

static void fill(struct fixture *f, int count)
{
    assert_int_equal(try_open(f, 0), 0);
    assert_int_equal(store_begin(f->store, NULL), 0);
    for (int i = 0; i < count; i++)
        suite_add(f->store, STORE_VERDICTS,
                  "{'_id': '%05d', 'scan_id': 's', 'text': '%0999d'}", i, i);
    assert_int_equal(store_commit(f->store, NULL), 0);
    store_close(f->store);
    f->store = NULL;
}

static void run_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- damage --------------------------------------------------------------- */

static void expect_corrupt(struct fixture *f, engine_status status)
{
    assert_int_equal(status, ENGINE_ECORRUPT);
    assert_non_null(strstr(f->err.message, f->path));
    assert_true(f->err.hint[0] != '\0');
}

static void refuses_what_is_no_database_and_leaves_it_alone(void **state)
{
    static const size_t sizes[] = {1, 30, 600, 5000, 20000};
    struct fixture *f = *state;
    char before[HASH_HEX_SIZE], after[HASH_HEX_SIZE];
    char data[20000];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)('a' + i % 23);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(file_write(f->path, data, sizes[i], 0600, NULL), 0);
        assert_int_equal(hash_file(f->path, before, NULL), 0);
        expect_corrupt(f, try_open(f, 0));
        expect_corrupt(f, try_open(f, STORE_READ_ONLY));
        assert_int_equal(hash_file(f->path, after, NULL), 0);
        assert_string_equal(before, after);
    }
}

static void notices_a_truncated_database(void **state)
{
    struct fixture *f = *state;
    char before[HASH_HEX_SIZE], after[HASH_HEX_SIZE];

    fill(f, 300);
    assert_int_equal(truncate(f->path, 150000), 0);
    assert_int_equal(hash_file(f->path, before, NULL), 0);
    expect_corrupt(f, try_open(f, 0));
    assert_int_equal(hash_file(f->path, after, NULL), 0);
    assert_string_equal(before, after);
}

static void a_check_finds_overwritten_pages(void **state)
{
    struct fixture *f = *state;
    char noise[8192];
    int fd;

    fill(f, 300);
    memset(noise, 0x5a, sizeof(noise));
    fd = open(f->path, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 40 * 4096),
                     sizeof(noise));
    close(fd);
    assert_int_equal(try_open(f, 0), 0);
    expect_corrupt(f, store_check(f->store, &f->err));
}

static void notices_a_damaged_document(void **state)
{
    struct fixture *f = *state;
    bson_t *filter = suite_bson("{'scan_id': {'$ne': 'x'}}");
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    bson_t found;
    int64_t count;

    fill(f, 3);
    run_sql(f, "UPDATE verdicts SET doc = x'0102' WHERE id = '00000'");
    assert_int_equal(try_open(f, 0), 0);
    expect_corrupt(
        f, store_get(f->store, STORE_VERDICTS, "00000", &found, &f->err));
    expect_corrupt(
        f, store_count(f->store, STORE_VERDICTS, filter, &count, &f->err));
    expect_corrupt(
        f, store_find(f->store, STORE_VERDICTS, &query, &cursor, &f->err));
    expect_corrupt(f, store_check(f->store, &f->err));
    assert_non_null(strstr(f->err.message, "00000"));
    bson_destroy(filter);
}

static void notices_a_damaged_artifact(void **state)
{
    struct fixture *f = *state;
    char *copy = engine_strf("%s/copy", f->folder);
    char id[65];

    assert_int_equal(try_open(f, 0), 0);
    assert_int_equal(
        store_artifact_put(f->store, "/bin/sh", "sh", "x", id, NULL), 0);
    run_sql(f, "UPDATE artifact_chunks SET data = zeroblob(length(data))");
    expect_corrupt(f, store_artifact_get(f->store, id, copy, &f->err));
    assert_false(file_exists(copy));
    run_sql(f, "DELETE FROM artifact_chunks");
    expect_corrupt(f, store_artifact_get(f->store, id, copy, &f->err));
    expect_corrupt(f, store_check(f->store, &f->err));
    assert_non_null(strstr(f->err.message, id));
    engine_free(copy);
}

/* ---- rights: as a user who is not root ------------------------------------ */

static int as_nobody(struct fixture *f, unsigned flags)
{
    const pid_t pid = fork();
    struct store *store = NULL;
    engine_status status;
    int result = 0;

    assert_true(pid >= 0);
    if (pid > 0) {
        assert_int_equal(waitpid(pid, &result, 0), pid);
        assert_true(WIFEXITED(result));
        return -WEXITSTATUS(result);
    }
    if (geteuid() == 0 && setuid(65534) < 0)
        _exit(99);
    status = store_open(f->uri, flags, NULL, &store, &f->err);
    if (status == ENGINE_OK) { /* reading works, and through a cursor too */
        char *ids = suite_ids(store, STORE_VERDICTS, NULL, NULL, 0, 0);
        result = strcmp(ids, "00000 00001 ") == 0 ? 0 : 98;
        engine_free(ids);
        store_close(store);
        _exit(result);
    }
    if (!strstr(f->err.message, f->path) || f->err.hint[0] == '\0')
        _exit(97);
    _exit(-status);
}

static void says_what_may_not_be_opened_or_made(void **state)
{
    struct fixture *f = *state;

    chmod(f->folder, 0555);
    if (geteuid() == 0)
        assert_int_equal(as_nobody(f, 0), ENGINE_EDENIED);
    chmod(f->folder, 0755);
    fill(f, 2);
    chmod(f->path, 0666);
    chmod(f->folder, 0555);
    assert_int_equal(as_nobody(f, 0), ENGINE_EDENIED);
    chmod(f->folder, 0755);
    chmod(f->path, 0000);
    assert_int_equal(as_nobody(f, 0), ENGINE_EDENIED);
    assert_int_equal(as_nobody(f, STORE_READ_ONLY), ENGINE_EDENIED);
    chmod(f->path, 0444);
    assert_int_equal(as_nobody(f, 0), ENGINE_EDENIED);
}

static void reads_in_a_directory_that_is_read_only(void **state)
{
    struct fixture *f = *state;

    fill(f, 2);
    chmod(f->path, 0444);
    chmod(f->folder, 0555);
    assert_int_equal(as_nobody(f, STORE_READ_ONLY), 0);
    chmod(f->folder, 0755);
}

/* Changes that wait in the log of a store nobody has open must not be missed. */
static void does_not_read_past_a_waiting_log(void **state)
{
    struct fixture *f = *state;
    char *wal = engine_strf("%s-wal", f->path);
    char *shm = engine_strf("%s-shm", f->path);
    int status = 0;
    pid_t pid;

    fill(f, 1);
    pid = fork();
    if (pid == 0) {
        f->store = suite_open(f->uri);
        suite_add(f->store, STORE_VERDICTS, "{'_id': '00001'}");
        raise(SIGKILL); /* without closing: the log stays */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(file_exists(wal));
    unlink(shm);
    chmod(f->path, 0444);
    chmod(wal, 0444);
    chmod(f->folder, 0555);
    if (geteuid() == 0)
        assert_int_not_equal(as_nobody(f, STORE_READ_ONLY), -98);
    chmod(f->folder, 0755);
    engine_free(wal);
    engine_free(shm);
}

/* ---- full disks ----------------------------------------------------------- */

/* Batches of 10 until one fails; its status. */
static engine_status fill_up(struct store *store, int *batches,
                             engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (*batches = 0; status == ENGINE_OK && *batches < 100000;) {
        bson_t *documents[10];
        for (int i = 0; i < 10; i++)
            documents[i] = suite_bson("{'_id': '%d-%d', 'scan_id': '%d', "
                                      "'text': '%0999d'}",
                                      *batches, i, *batches, i);
        status = store_insert(store, STORE_RESULTS,
                              (const bson_t *const *)documents, 10, err);
        for (int i = 0; i < 10; i++)
            bson_destroy(documents[i]);
        *batches += status == ENGINE_OK;
    }
    return status;
}

/* In the child: 0 when the store bears a full disk as it should. */
static int bear_full_disk(struct fixture *f)
{
    struct store *store = NULL;
    int64_t count = -1;
    int batches = 0;

    if (store_open(f->uri, 0, NULL, &store, &f->err) < 0)
        return 1;
    if (fill_up(store, &batches, &f->err) != ENGINE_EFULL || batches == 0)
        return 2;
    if (!strstr(f->err.message, f->path) || f->err.hint[0] == '\0')
        return 3;
    if (store_count(store, STORE_RESULTS, NULL, &count, NULL) < 0 ||
        count != batches * 10)
        return 4;
    if (store_check(store, NULL) < 0)
        return 5;
    store_close(store);
    return 0;
}

/* In the child: a transaction that SQLite gave up must not half succeed. */
static int bear_lost_transaction(struct fixture *f)
{
    bson_t *late = suite_bson("{'_id': 'late'}");
    struct store *store = NULL;
    int64_t count = -1;
    int batches = 0;

    if (store_open(f->uri, 0, NULL, &store, &f->err) < 0 ||
        store_begin(store, NULL) < 0)
        return 11;
    if (fill_up(store, &batches, &f->err) != ENGINE_EFULL)
        return 12;
    if (store_put(store, STORE_RESULTS, (const bson_t *const *)&late, 1,
                  NULL) == ENGINE_OK &&
        store_commit(store, NULL) == 0)
        return 0; /* the disk held the call alone: all of the rest is there */
    store_rollback(store);
    if (store_count(store, STORE_RESULTS, NULL, &count, NULL) < 0 || count != 0)
        return 13;
    bson_destroy(late);
    store_close(store);
    return 0;
}

static void limit_file_size(void)
{
    const struct rlimit limit = {1 << 20, 1 << 20};

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        _exit(90);
}

/* In a mount namespace of the child's own, so that nothing is left over. */
static void mount_small_disk(const char *folder)
{
    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=1m") < 0)
        _exit(77);
}

static int in_child(struct fixture *f, int (*fn)(struct fixture *f),
                    bool small_disk)
{
    const pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(600);
        if (small_disk)
            mount_small_disk(f->folder);
        else
            limit_file_size();
        _exit(fn(f));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_file_size_limit_loses_no_committed_batch(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(in_child(f, bear_full_disk, false), 0);
    assert_int_equal(try_open(f, 0), 0);
    assert_int_equal(store_check(f->store, NULL), 0);
    assert_true(suite_count(f->store, STORE_RESULTS, NULL) > 0);
    suite_add(f->store, STORE_RESULTS, "{'_id': 'new'}");
}

static void a_full_disk_loses_no_committed_batch(void **state)
{
    const int code = in_child(*state, bear_full_disk, true);

    if (code == 77)
        skip_since("no right to mount");
    assert_int_equal(code, 0);
}

static void a_transaction_on_a_full_disk_leaves_nothing(void **state)
{
    int code;

    assert_int_equal(in_child(*state, bear_lost_transaction, false), 0);
    code = in_child(*state, bear_lost_transaction, true);
    if (code == 77)
        skip_since("no right to mount");
    assert_int_equal(code, 0);
}

/* ---- memory --------------------------------------------------------------- */

static engine_status do_some_of_everything(const char *uri, int turn)
{
    bson_t *document =
        suite_bson("{'_id': 'a', 'scan_id': 's', 'n': %d}", turn);
    bson_t *filter = suite_bson("{'scan_id': 's', 'n': {'$gte': 0}}");
    const struct store_query plain = {.filter = filter};
    struct store_cursor *cursor = NULL;
    struct store *store = NULL;
    const bson_t *found = NULL;
    int64_t count = 0;
    bson_t groups;
    engine_status status;

    engine_alloc_fail_at(turn);
    status = store_open(uri, 0, NULL, &store, NULL);
    if (status == ENGINE_OK)
        status = store_put(store, STORE_VERDICTS,
                           (const bson_t *const *)&document, 1, NULL);
    if (status == ENGINE_OK)
        status = store_find(store, STORE_VERDICTS, &plain, &cursor, NULL);
    if (status == ENGINE_OK && store_cursor_next(cursor, &found, NULL) < 0)
        status = ENGINE_ENOMEM;
    store_cursor_close(cursor);
    if (status == ENGINE_OK)
        status = store_swap(store, STORE_VERDICTS, "a", filter, document, NULL);
    if (status == ENGINE_OK)
        status = store_group(store, STORE_VERDICTS, filter, "x", &groups, NULL);
    if (status == ENGINE_OK)
        bson_destroy(&groups);
    if (status == ENGINE_OK)
        status = store_delete(store, STORE_VERDICTS, filter, &count, NULL);
    engine_alloc_fail_at(0);
    store_close(store);
    bson_destroy(filter);
    bson_destroy(document);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    struct fixture *f = *state;
    engine_status status = ENGINE_ENOMEM;
    int turn = 1;

    for (; status == ENGINE_ENOMEM && turn < 1000; turn++)
        status = do_some_of_everything(f->uri, turn);
    assert_int_equal(status, ENGINE_OK);
    assert_true(turn > 10);
    assert_int_equal(try_open(f, 0), 0);
    assert_int_equal(store_check(f->store, NULL), 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_is_no_database_and_leaves_it_alone),
        TEST(notices_a_truncated_database),
        TEST(a_check_finds_overwritten_pages),
        TEST(notices_a_damaged_document),
        TEST(notices_a_damaged_artifact),
        TEST(says_what_may_not_be_opened_or_made),
        TEST(reads_in_a_directory_that_is_read_only),
        TEST(does_not_read_past_a_waiting_log),
        TEST(a_file_size_limit_loses_no_committed_batch),
        TEST(a_full_disk_loses_no_committed_batch),
        TEST(a_transaction_on_a_full_disk_leaves_nothing),
        TEST(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("sqlite store, faults", tests, NULL,
                                       NULL);
}
