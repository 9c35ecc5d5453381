/* SPDX-License-Identifier: Apache-2.0 */
/* test_deliver.c - results while the store is away, with one that can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/scan/deliver.h"
#include "engine/store/store_ops.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define SCAN "0e7f3bd1-4d6c-4f6e-9a53-0d6a0f5a0001"
#define STORE "mongodb://h/db"

/* SQLite's operations, and how often (-1: always) they fail with what. */
static struct {
    struct store_ops ops;
    const struct store_ops *real;
    engine_status status;
    int commits;  /* let through before that */
    bool answers; /* reading works all the same */
} flaky;

static engine_status flaky_fail(engine_error *err)
{
    return engine_fail(err, flaky.status, "the test's store is away");
}

static engine_status flaky_get(struct store *store, const char *collection,
                               const char *id, bson_t *out, engine_error *err)
{
    if (flaky.status && !flaky.answers && flaky.commits <= 0)
        return flaky_fail(err);
    return flaky.real->get(store, collection, id, out, err);
}

static engine_status flaky_swap(struct store *store, const char *collection,
                                const char *id, const bson_t *expected,
                                const bson_t *replacement, engine_error *err)
{
    if (flaky.status && !flaky.answers && flaky.commits <= 0)
        return flaky_fail(err);
    return flaky.real->swap(store, collection, id, expected, replacement, err);
}

static engine_status flaky_commit(struct store *store, engine_error *err)
{
    if (flaky.status && flaky.commits-- <= 0) {
        flaky.real->rollback(store);
        return flaky_fail(err);
    }
    return flaky.real->commit(store, err);
}

struct fixture {
    char *directory, *spools;
    struct store *store;
    struct conduct_options conduct;
    struct scan_spool_figures figures;
    struct scan_spool spool;
    struct scan_context context;
    struct scan_run run;
    int cancelled;
};

static int fixture_cancelled(void *user)
{
    return ((struct fixture *)user)->cancelled;
}

/* A scan that runs here. */
static void fixture_scan(struct fixture *fixture)
{
    struct scan_run *run = &fixture->run;
    bson_t *scan;
    const bson_t *list[1];

    *run = (struct scan_run){.context = &fixture->context};
    snprintf(run->scan_id, sizeof(run->scan_id), SCAN);
    run->owner = scan_owner_new();
    run->leased_ms = run->checked_ms = clock_steady_ms();
    scan = BCON_NEW("_id", BCON_UTF8(SCAN), "scan_id", BCON_UTF8(SCAN), "rev",
                    BCON_INT64(1), "status", BCON_UTF8("running"), "owner",
                    BCON_UTF8(run->owner), "lease_until",
                    BCON_DATE_TIME(clock_now_ms() + SCAN_LEASE_MS));
    list[0] = scan;
    assert_int_equal(store_put(fixture->store, STORE_SCANS, list, 1, NULL), 0);
    bson_destroy(scan);
}

static int fixture_open(void **state)
{
    struct fixture *fixture =
        engine_calloc_aligned(_Alignof(struct fixture), 1, sizeof(*fixture));
    char *uri;

    memset(&flaky, 0, sizeof(flaky));
    assert_int_equal(
        file_make_temporary("/tmp", "test-deliver-", &fixture->directory, NULL),
        0);
    fixture->spools = engine_strf("%s/spool", fixture->directory);
    uri = engine_strf("sqlite:%s/engine.db", fixture->directory);
    assert_int_equal(store_open(uri, 0, NULL, &fixture->store, NULL), 0);
    engine_free(uri);
    flaky.real = fixture->store->ops;
    flaky.ops = *flaky.real;
    flaky.ops.get = flaky_get;
    flaky.ops.swap = flaky_swap;
    flaky.ops.commit = flaky_commit;
    fixture->store->ops = &flaky.ops;
    fixture->spool = (struct scan_spool){.directory = fixture->spools,
                                         .store = STORE,
                                         .maximum = 1024 * 1024,
                                         .figures = &fixture->figures};
    fixture->context = (struct scan_context){.store = fixture->store,
                                             .conduct = &fixture->conduct,
                                             .spool = &fixture->spool,
                                             .cancelled = fixture_cancelled,
                                             .user = fixture};
    fixture_scan(fixture);
    *state = fixture;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;

    scan_run_clear(&fixture->run);
    fixture->store->ops = flaky.real;
    store_close(fixture->store);
    (void)file_remove_tree(fixture->directory, NULL);
    engine_free(fixture->directory);
    engine_free(fixture->spools);
    engine_free(fixture);
    return 0;
}

/* ---- what tests do and see ------------------------------------------------ */

static void away(bool is)
{
    flaky.status = is ? ENGINE_EAWAY : ENGINE_OK;
    flaky.commits = 0;
    flaky.answers = false;
}

/* A rule's result and its verdict, and what a commit says to them. */
static engine_status find(struct fixture *fixture, int number)
{
    struct scan_run *run = &fixture->run;
    char verdict[80], result[90];
    engine_error err = {0};

    snprintf(verdict, sizeof(verdict), SCAN "/local/b/rule-%03d", number);
    snprintf(result, sizeof(result), "%s/0", verdict);
    assert_int_equal(
        scan_batch_add(&run->results, BCON_NEW("_id", BCON_UTF8(result),
                                               "scan_id", BCON_UTF8(SCAN))),
        0);
    assert_int_equal(
        scan_batch_add(&run->verdicts, BCON_NEW("_id", BCON_UTF8(verdict),
                                                "scan_id", BCON_UTF8(SCAN),
                                                "origin", BCON_UTF8("plugin"))),
        0);
    return scan_collect_commit(run, &err);
}

/* The store is asked again, whatever the pause. */
static engine_status again(struct fixture *fixture)
{
    engine_error err = {0};

    fixture->run.delivery.next_ms = 0;
    return scan_collect_commit(&fixture->run, &err);
}

static int64_t stored(struct fixture *fixture, const char *collection)
{
    const engine_status status = flaky.status;
    int64_t count = -1;

    flaky.status = 0;
    assert_int_equal(
        store_count(fixture->store, collection, NULL, &count, NULL), 0);
    flaky.status = status;
    return count;
}

static void stored_is(struct fixture *fixture, int64_t rules)
{
    assert_int_equal(stored(fixture, STORE_VERDICTS), rules);
    assert_int_equal(stored(fixture, STORE_RESULTS), rules);
}

static size_t files(struct fixture *fixture, const char *end)
{
    char *pattern = engine_strf("%s/*%s", fixture->spools, end);
    glob_t found = {0};
    size_t count;

    (void)glob(pattern, 0, NULL, &found);
    count = found.gl_pathc;
    globfree(&found);
    engine_free(pattern);
    return count;
}

static void file_of(struct fixture *fixture, char *out, size_t size)
{
    char *pattern = engine_strf("%s/*" SPOOL_SUFFIX, fixture->spools);
    glob_t found = {0};

    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    snprintf(out, size, "%s", found.gl_pathv[0]);
    globfree(&found);
    engine_free(pattern);
}

static void scan_get(struct fixture *fixture, bson_t *out)
{
    assert_int_equal(
        flaky.real->get(fixture->store, STORE_SCANS, SCAN, out, NULL), 0);
}

static void scan_says(struct fixture *fixture, const char *name,
                      const char *value)
{
    bson_t scan;

    scan_get(fixture, &scan);
    assert_string_equal(document_string(&scan, name), value);
    bson_destroy(&scan);
}

static void scan_set(struct fixture *fixture, const char *name,
                     const char *value)
{
    bson_t none = BSON_INITIALIZER, *changes = BCON_NEW(name, BCON_UTF8(value));
    const engine_status status = flaky.status;

    flaky.status = 0;
    assert_int_equal(scan_change(fixture->store, SCAN, &none, changes, NULL),
                     0);
    flaky.status = status;
    bson_destroy(changes);
}

static void scan_remove(struct fixture *fixture)
{
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(SCAN));
    int64_t count;

    assert_int_equal(
        flaky.real->remove(fixture->store, STORE_SCANS, filter, &count, NULL),
        0);
    bson_destroy(filter);
}

/* The engine dies; what it spooled is left. */
static void die(struct fixture *fixture)
{
    scan_deliver_close(&fixture->run);
    assert_int_equal(files(fixture, SPOOL_SUFFIX), 1);
}

static engine_status recover(struct fixture *fixture)
{
    engine_error err = {0};

    return scan_recover_spools(&fixture->context, &err);
}

/* ---- a scan at work ------------------------------------------------------- */

static void nothing_is_spooled_while_the_store_is_there(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(find(fixture, 1), ENGINE_OK);
    stored_is(fixture, 1);
    assert_int_equal(files(fixture, ""), 0);
}

static void what_is_found_meanwhile_is_written_afterwards(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(find(fixture, 1), ENGINE_OK);
    away(true);
    for (int i = 2; i <= 4; i++)
        assert_int_equal(find(fixture, i), ENGINE_OK);
    assert_int_equal(again(fixture), ENGINE_OK);
    assert_true(fixture->run.delivery.away);
    stored_is(fixture, 1);
    assert_int_equal(files(fixture, SPOOL_SUFFIX), 1);
    assert_int_equal(atomic_load(&fixture->figures.frames), 6);
    assert_true(atomic_load(&fixture->figures.bytes) > 6 * 80);
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    stored_is(fixture, 4);
    assert_false(fixture->run.delivery.away);
    assert_int_equal(files(fixture, ""), 0);
    assert_int_equal(atomic_load(&fixture->figures.frames), 0);
    assert_int_equal(atomic_load(&fixture->figures.bytes), 0);
    assert_int_equal(find(fixture, 5), ENGINE_OK);
    stored_is(fixture, 5);
}

/* Each time the store goes after one more batch. */
static void a_store_that_comes_and_goes_gets_everything_once(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    for (int i = 0; i < 3 * DELIVER_BATCH; i++)
        assert_int_equal(find(fixture, i), ENGINE_OK);
    for (int i = 0; i < 20 && fixture->run.delivery.spool; i++) {
        flaky.status = ENGINE_EAWAY;
        flaky.commits = 2; /* one is the lease's */
        assert_int_equal(again(fixture), ENGINE_OK);
    }
    assert_null(fixture->run.delivery.spool);
    stored_is(fixture, 3 * DELIVER_BATCH);
}

static void the_store_is_asked_less_and_less_often(void **state)
{
    struct fixture *fixture = *state;
    int64_t last = 0;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    for (int i = 0; i < 10; i++) {
        assert_true(fixture->run.delivery.pause_ms >= last);
        assert_true(fixture->run.delivery.pause_ms <= 20000);
        last = fixture->run.delivery.pause_ms;
        assert_int_equal(again(fixture), ENGINE_OK);
    }
    away(false);
    assert_int_equal(find(fixture, 2), ENGINE_OK); /* not yet */
    stored_is(fixture, 0);
}

static void a_scan_that_another_engine_took_is_let_go(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    scan_set(fixture, "owner", "other/boot/1/1/deadbeef");
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    assert_true(fixture->run.lost);
    assert_int_equal(find(fixture, 2), ENGINE_OK);
    stored_is(fixture, 0);
    assert_int_equal(files(fixture, ""), 0);
    scan_says(fixture, "owner", "other/boot/1/1/deadbeef");
}

static void a_scan_that_was_deleted_is_let_go(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    scan_remove(fixture);
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    assert_true(fixture->run.lost && fixture->run.deleted);
    stored_is(fixture, 0);
    assert_int_equal(files(fixture, ""), 0);
}

static void a_scan_given_up_for_dead_is_taken_back(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    scan_set(fixture, "status", "failed");
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    assert_false(fixture->run.lost);
    stored_is(fixture, 1);
    scan_says(fixture, "status", "running");
    scan_says(fixture, "owner", fixture->run.owner);
}

/* ---- refusals and limits -------------------------------------------------- */

static void a_store_may_refuse_now_and_then(void **state)
{
    struct fixture *fixture = *state;

    flaky.status = ENGINE_EIO;
    flaky.answers = true;
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    assert_int_equal(again(fixture), ENGINE_OK);
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    stored_is(fixture, 1);
}

static void what_is_refused_again_and_again_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    engine_status status;

    flaky.status = ENGINE_EIO;
    flaky.answers = true;
    status = find(fixture, 1);
    for (int i = 0; i < 5 && status == ENGINE_OK; i++)
        status = again(fixture);
    assert_int_equal(status, ENGINE_EIO);
    assert_int_equal(fixture->run.failure.status, ENGINE_EIO);
    assert_true(fixture->run.stop);
    assert_int_equal(files(fixture, SPOOL_ASIDE), 1);
    assert_non_null(strstr(fixture->run.failure.hint, SPOOL_ASIDE));
}

static void other_errors_of_a_store_are_not_waited_for(void **state)
{
    struct fixture *fixture = *state;

    flaky.status = ENGINE_EFULL;
    flaky.answers = true;
    assert_int_equal(find(fixture, 1), ENGINE_EFULL);
    assert_int_equal(files(fixture, ""), 0);
}

static void a_full_spool_ends_the_scan_and_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    engine_status status = ENGINE_OK;
    engine_error err = {0};
    int count = 0;

    fixture->spool.maximum = 4096;
    away(true);
    while (status == ENGINE_OK && count < 100)
        status = find(fixture, count++);
    assert_int_equal(status, ENGINE_ELIMIT);
    assert_true(count > 3);
    assert_true(fixture->run.stop);
    assert_int_equal(fixture->run.failure.status, ENGINE_ELIMIT);
    assert_non_null(strstr(fixture->run.failure.message, "cannot be kept"));
    assert_int_equal(find(fixture, count++), ENGINE_OK); /* in memory */
    away(false);
    assert_int_equal(scan_deliver_finish(&fixture->run, &err), ENGINE_OK);
    stored_is(fixture, count);
    assert_int_equal(files(fixture, ""), 0);
}

static void a_spool_that_cannot_be_made_is_told(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(file_write(fixture->spools, "x", 1, 0600, NULL), 0);
    away(true);
    assert_true(find(fixture, 1) < 0);
    assert_non_null(strstr(fixture->run.failure.message, fixture->spools));
    assert_non_null(strstr(fixture->run.failure.hint, "spool.directory"));
    away(false);
    assert_int_equal(again(fixture), ENGINE_OK);
    stored_is(fixture, 1);
}

static void a_damaged_spool_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    char path[512];

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    file_of(fixture, path, sizeof(path));
    assert_int_equal(truncate(path, 400), 0);
    away(false);
    assert_int_equal(again(fixture), ENGINE_ECORRUPT);
    assert_int_equal(files(fixture, SPOOL_ASIDE), 1);
    assert_int_equal(fixture->run.failure.status, ENGINE_ECORRUPT);
    stored_is(fixture, 0);
}

/* ---- the end of a scan ---------------------------------------------------- */

static void a_scan_waits_no_longer_than_it_may(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    fixture->spool.wait_ms = 1;
    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    assert_int_equal(scan_deliver_finish(&fixture->run, &err), ENGINE_EAWAY);
    assert_true(fixture->run.delivery.left);
    assert_non_null(strstr(err.message, "the test's store is away"));
    assert_non_null(strstr(err.hint, SPOOL_SUFFIX));
    die(fixture);
}

static void a_cancelled_scan_is_cancelled_by_the_next_engine(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    fixture->cancelled = 1;
    assert_int_equal(scan_deliver_finish(&fixture->run, &err),
                     ENGINE_ECANCELLED);
    die(fixture);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 1);
    scan_says(fixture, "status", "cancelled");
}

static void a_suspended_scan_stays_for_the_next_engine(void **state)
{
    struct fixture *fixture = *state;
    engine_error err = {0};

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    fixture->cancelled = SCAN_SUSPEND;
    assert_int_equal(scan_deliver_finish(&fixture->run, &err),
                     ENGINE_ECANCELLED);
    die(fixture);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 1);
    scan_says(fixture, "status", "running");
}

/* ---- what dead engines left ----------------------------------------------- */

static void what_a_dead_engine_spooled_is_written(void **state)
{
    struct fixture *fixture = *state;
    const char *owner;
    bson_t scan;

    away(true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(find(fixture, i), ENGINE_OK);
    die(fixture);
    assert_int_equal(recover(fixture), ENGINE_EAWAY);
    assert_int_equal(files(fixture, SPOOL_SUFFIX), 1);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 3);
    assert_int_equal(files(fixture, ""), 0);
    scan_get(fixture, &scan);
    assert_false(scan_is_running(&scan)); /* anybody may go on with it */
    owner = document_string(&scan, "owner");
    assert_string_equal(strrchr(owner, '/'), strrchr(fixture->run.owner, '/'));
    bson_destroy(&scan);
}

static void who_writes_it_may_die_as_well(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    for (int i = 0; i < 3 * DELIVER_BATCH; i++)
        assert_int_equal(find(fixture, i), ENGINE_OK);
    die(fixture);
    flaky.commits = 2;
    assert_int_equal(recover(fixture), ENGINE_EAWAY);
    assert_true(stored(fixture, STORE_VERDICTS) > 0);
    assert_true(stored(fixture, STORE_VERDICTS) < 3 * DELIVER_BATCH);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 3 * DELIVER_BATCH);
}

static void what_another_engine_took_is_not_written(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    die(fixture);
    away(false);
    scan_set(fixture, "owner", "other/boot/1/1/deadbeef");
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 0);
    assert_int_equal(files(fixture, ""), 0);
    scan_says(fixture, "owner", "other/boot/1/1/deadbeef");
}

static void a_spool_of_a_deleted_scan_is_removed(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    die(fixture);
    away(false);
    scan_remove(fixture);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 0);
    assert_int_equal(files(fixture, ""), 0);
}

static void spools_of_others_are_left_alone(void **state)
{
    struct fixture *fixture = *state;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK); /* it has its engine */
    stored_is(fixture, 0);
    die(fixture);
    fixture->spool.store = "mongodb://h/other";
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 0);
    fixture->spool.store = STORE;
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 1);
}

static void what_is_before_the_damage_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct stat info;
    char path[512];
    FILE *file;

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    file_of(fixture, path, sizeof(path));
    assert_int_equal(stat(path, &info), 0);
    for (int i = 2; i < 5; i++)
        assert_int_equal(find(fixture, i), ENGINE_OK);
    die(fixture);
    file = fopen(path, "r+");
    assert_int_equal(fseek(file, info.st_size + 40, SEEK_SET), 0);
    fputc('!', file);
    fclose(file);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    stored_is(fixture, 1);
    assert_int_equal(files(fixture, SPOOL_SUFFIX), 0);
    assert_int_equal(files(fixture, SPOOL_ASIDE), 1);
}

static void a_spool_without_a_sound_head_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    char path[512];

    away(true);
    assert_int_equal(find(fixture, 1), ENGINE_OK);
    die(fixture);
    file_of(fixture, path, sizeof(path));
    assert_int_equal(truncate(path, 40), 0);
    away(false);
    assert_int_equal(recover(fixture), ENGINE_OK);
    assert_int_equal(files(fixture, SPOOL_SUFFIX), 0);
    assert_int_equal(files(fixture, SPOOL_ASIDE), 1);
}

#define DELIVER_TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DELIVER_TEST(nothing_is_spooled_while_the_store_is_there),
        DELIVER_TEST(what_is_found_meanwhile_is_written_afterwards),
        DELIVER_TEST(a_store_that_comes_and_goes_gets_everything_once),
        DELIVER_TEST(the_store_is_asked_less_and_less_often),
        DELIVER_TEST(a_scan_that_another_engine_took_is_let_go),
        DELIVER_TEST(a_scan_that_was_deleted_is_let_go),
        DELIVER_TEST(a_scan_given_up_for_dead_is_taken_back),
        DELIVER_TEST(a_store_may_refuse_now_and_then),
        DELIVER_TEST(what_is_refused_again_and_again_is_set_aside),
        DELIVER_TEST(other_errors_of_a_store_are_not_waited_for),
        DELIVER_TEST(a_full_spool_ends_the_scan_and_loses_nothing),
        DELIVER_TEST(a_spool_that_cannot_be_made_is_told),
        DELIVER_TEST(a_damaged_spool_is_set_aside),
        DELIVER_TEST(a_scan_waits_no_longer_than_it_may),
        DELIVER_TEST(a_cancelled_scan_is_cancelled_by_the_next_engine),
        DELIVER_TEST(a_suspended_scan_stays_for_the_next_engine),
        DELIVER_TEST(what_a_dead_engine_spooled_is_written),
        DELIVER_TEST(who_writes_it_may_die_as_well),
        DELIVER_TEST(what_another_engine_took_is_not_written),
        DELIVER_TEST(a_spool_of_a_deleted_scan_is_removed),
        DELIVER_TEST(spools_of_others_are_left_alone),
        DELIVER_TEST(what_is_before_the_damage_is_written),
        DELIVER_TEST(a_spool_without_a_sound_head_is_set_aside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
