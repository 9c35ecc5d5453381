/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_process.c - several processes on one store, some of them shot. */
#include "tests/unit/store_suite_tests.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESS_WRITERS 4
#define PROCESS_INSERTS 200
#define PROCESS_BATCH 20
#define PROCESS_KILLS 12

/* A child must not return into cmocka, nor use the parent's connection. */
typedef int (*process_fn)(struct store *store, int number);

static pid_t process_start(const char *uri, process_fn fn, int number)
{
    const pid_t pid = fork();
    struct store *store = NULL;
    int code;

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    alarm(600);
    if (store_open(uri, 0, NULL, &store, NULL) < 0)
        _exit(100);
    code = fn(store, number);
    store_close(store);
    _exit(code);
}

/* The exit code; a child that died otherwise fails the test. */
static int process_end(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- writers -------------------------------------------------------------- */

static int process_insert(struct store *store, int number)
{
    for (int i = 0; i < PROCESS_INSERTS; i++) {
        bson_t document = BSON_INITIALIZER;
        const bson_t *one = &document;
        char id[32];
        snprintf(id, sizeof(id), "%d-%03d", number, i);
        BSON_APPEND_UTF8(&document, "_id", id);
        BSON_APPEND_UTF8(&document, "scan_id", "s");
        if (store_insert(store, STORE_VERDICTS, &one, 1, NULL) < 0)
            return 1;
        bson_destroy(&document);
    }
    return 0;
}

void four_processes_write_at_once(const struct suite *suite)
{
    pid_t pids[PROCESS_WRITERS];

    for (int i = 0; i < PROCESS_WRITERS; i++)
        pids[i] = process_start(suite->uri, process_insert, i);
    for (int i = 0; i < PROCESS_WRITERS; i++)
        assert_int_equal(process_end(pids[i]), 0);
    assert_int_equal(
        suite_count(suite->store, STORE_VERDICTS, "{'scan_id': 's'}"),
        PROCESS_WRITERS * PROCESS_INSERTS);
    assert_int_equal(store_check(suite->store, NULL), 0);
}

/* ---- compare and set ------------------------------------------------------ */

static engine_status process_claim(struct store *store, int turn)
{
    bson_t *expected = suite_bson("{'turn': %d}", turn);
    bson_t *next = suite_bson("{'_id': 'lease', 'turn': %d}", turn + 1);
    const engine_status status =
        store_swap(store, STORE_SCANS, "lease", expected, next, NULL);

    bson_destroy(expected);
    bson_destroy(next);
    return status;
}

/* Tries every turn once; the exit code counts those it won. */
static int process_claim_all(struct store *store, int number)
{
    int won = 0;

    (void)number;
    for (int turn = 0; turn < 50; turn++) {
        engine_status status = process_claim(store, turn);
        won += status == ENGINE_OK;
        if (status < 0 && status != ENGINE_ECONFLICT)
            return 101;
    }
    return won;
}

void only_one_process_wins_each_swap(const struct suite *suite)
{
    pid_t pids[PROCESS_WRITERS];
    int won = 0;

    suite_add(suite->store, STORE_SCANS, "{'_id': 'lease', 'turn': 0}");
    for (int i = 0; i < PROCESS_WRITERS; i++)
        pids[i] = process_start(suite->uri, process_claim_all, i);
    for (int i = 0; i < PROCESS_WRITERS; i++)
        won += process_end(pids[i]);
    assert_int_equal(won, 50);
    assert_int_equal(suite_count(suite->store, STORE_SCANS, "{'turn': 50}"), 1);
}

/* ---- kill -9 -------------------------------------------------------------- */

static int process_batch(struct store *store, int number, int batch)
{
    if (store_begin(store, NULL) < 0)
        return 1;
    for (int i = 0; i < PROCESS_BATCH; i++) {
        bson_t *document =
            suite_bson("{'_id': '%d-%d-%d', 'scan_id': '%d-%d', 'text': "
                       "'%0999d'}",
                       number, batch, i, number, batch, i);
        const engine_status status = store_insert(
            store, STORE_RESULTS, (const bson_t *const *)&document, 1, NULL);
        bson_destroy(document);
        if (status < 0)
            return 1;
    }
    return store_commit(store, NULL) < 0;
}

static int process_batches(struct store *store, int number)
{
    for (int batch = 0; process_batch(store, number, batch) == 0;)
        batch++;
    return 1;
}

static void process_check_batches(struct store *store)
{
    bson_iter_t iter;
    bson_t counts;

    assert_int_equal(
        store_group(store, STORE_RESULTS, NULL, "scan_id", &counts, NULL), 0);
    bson_iter_init(&iter, &counts);
    while (bson_iter_next(&iter))
        assert_int_equal(bson_iter_as_int64(&iter), PROCESS_BATCH);
    bson_destroy(&counts);
}

void a_killed_writer_leaves_whole_batches(const struct suite *suite)
{
    int64_t count = 0, before;

    /* more of them, which live longer, on a machine where none gets so far */
    for (int i = 0; i < PROCESS_KILLS || (count == 0 && i < 120); i++) {
        const pid_t pid = process_start(suite->uri, process_batches, i);
        const struct timespec pause = {.tv_nsec = 30000000 + i * 7777777};
        nanosleep(&pause, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        before = count;
        count = suite_count(suite->store, STORE_RESULTS, NULL);
        assert_true(count >= before);
        process_check_batches(suite->store);
        suite_add(suite->store, STORE_SCANS, "{'_id': '%d'}", i);
    }
    assert_true(count > 0);
    assert_int_equal(store_check(suite->store, NULL), 0);
}
