/* SPDX-License-Identifier: Apache-2.0 */
/* test_results.c - each result comes with its own verdict, and once. */
#include <stdlib.h>
#include <string.h>

#include "engine/scan/results.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "tests/unit/store_suite.h"

#define MANY ((size_t)1024 * 1024)

struct fixture {
    struct store *store;
    char *folder;
};

static int fixture_open(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char name[] = "/tmp/scan-engine-results-XXXXXX";
    char *uri;

    assert_non_null(mkdtemp(name));
    f->folder = engine_strdup(name);
    uri = engine_strf("sqlite:%s/engine.db", name);
    f->store = suite_open(uri);
    engine_free(uri);
    *state = f;
    return 0;
}

static int fixture_close(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    file_remove_tree(f->folder, NULL);
    engine_free(f->folder);
    free(f);
    return 0;
}

/* A verdict of target and rule, with so many results in the store; fewer than
 * none: without saying how many. */
static bson_t *add(const struct fixture *f, const char *target,
                   const char *rule, int count)
{
    for (int i = 0; i < abs(count); i++)
        suite_add(f->store, STORE_RESULTS,
                  "{'_id': 's/%s/b/%s/%d', 'scan_id': 's', 'target': '%s', "
                  "'benchmark': 'b', 'rule_id': '%s', 'message': '%s %s %d'}",
                  target, rule, i, target, rule, target, rule, i);
    if (count < 0)
        return suite_bson("{'_id': 's/%s/b/%s', 'scan_id': 's', "
                          "'rule_id': '%s'}",
                          target, rule, rule);
    return suite_bson("{'_id': 's/%s/b/%s', 'scan_id': 's', 'rule_id': '%s', "
                      "'resources': {'pass': %d}}",
                      target, rule, rule, count);
}

static void expect(struct scan_results *results, size_t verdict,
                   const char *what, int count)
{
    char *wanted;
    const bson_t *result;
    bson_iter_t iter;

    for (int i = 0; i < count; i++) {
        result = scan_results_next(results, verdict);
        assert_non_null(result);
        assert_true(bson_iter_init_find(&iter, result, "message"));
        wanted = engine_strf("%s %d", what, i);
        assert_string_equal(bson_iter_utf8(&iter, NULL), wanted);
        engine_free(wanted);
    }
    assert_null(scan_results_next(results, verdict));
}

static void read_all(const struct fixture *f, bson_t *const *verdicts,
                     size_t count, struct scan_results *out)
{
    engine_error err = {0};

    if (scan_results_read(f->store, (const bson_t *const *)verdicts, count,
                          MANY, out, &err) < 0)
        fail_msg("%s", err.message);
}

/* ---- tests ---------------------------------------------------------------- */

static void every_result_comes_with_its_verdict(void **state)
{
    const struct fixture *f = *state;
    struct scan_results results;
    /* ids of which one begins another, or comes between its results */
    bson_t *verdicts[] = {add(f, "t", "r-1", 2), add(f, "t", "r", 3),
                          add(f, "t", "r/1", 2), add(f, "t", "r0", 1),
                          add(f, "u", "r", 2)};

    read_all(f, verdicts, 5, &results);
    expect(&results, 0, "t r-1", 2);
    expect(&results, 1, "t r", 3);
    expect(&results, 2, "t r/1", 2);
    expect(&results, 3, "t r0", 1);
    expect(&results, 4, "u r", 2);
    scan_results_clear(&results);
    for (int i = 0; i < 5; i++)
        bson_destroy(verdicts[i]);
}

static void results_of_others_are_left_out(void **state)
{
    const struct fixture *f = *state;
    bson_t *other = add(f, "t2", "r", 3), *more = add(f, "t", "q", 3);
    bson_t *verdicts[] = {add(f, "t3", "r", 1), add(f, "t1", "r", 2)};
    struct scan_results results;

    read_all(f, verdicts, 2, &results);
    expect(&results, 0, "t3 r", 1);
    expect(&results, 1, "t1 r", 2);
    scan_results_clear(&results);
    bson_destroy(other);
    bson_destroy(more);
    bson_destroy(verdicts[0]);
    bson_destroy(verdicts[1]);
}

static void verdicts_may_have_none_or_not_say(void **state)
{
    const struct fixture *f = *state;
    bson_t *verdicts[] = {add(f, "t", "none", 0), add(f, "t", "some", -2)};
    struct scan_results results;

    assert_int_equal(scan_results_count(verdicts[0]), 0);
    assert_int_equal(scan_results_count(verdicts[1]), -1);
    read_all(f, verdicts, 1, &results);
    expect(&results, 0, "", 0);
    scan_results_clear(&results);
    read_all(f, verdicts, 2, &results);
    expect(&results, 0, "", 0);
    expect(&results, 1, "t some", 2);
    scan_results_clear(&results);
    bson_destroy(verdicts[0]);
    bson_destroy(verdicts[1]);
}

static void too_many_bytes_are_refused(void **state)
{
    const struct fixture *f = *state;
    bson_t *verdict = add(f, "t", "r", 30);
    const bson_t *const list[] = {verdict};
    struct scan_results results;
    engine_error err = {0};

    assert_int_equal(
        scan_results_read(f->store, list, 1, 1000, &results, &err),
        ENGINE_ELIMIT);
    scan_results_clear(&results);
    bson_destroy(verdict);
}

static void a_failed_allocation_is_reported(void **state)
{
    const struct fixture *f = *state;
    bson_t *verdict = add(f, "t", "r", 3);
    const bson_t *const list[] = {verdict};
    struct scan_results results;
    engine_status status = ENGINE_ENOMEM;
    int turn = 1;

    for (; status == ENGINE_ENOMEM && turn < 1000; turn++) {
        engine_alloc_fail_at(turn);
        status = scan_results_read(f->store, list, 1, MANY, &results, NULL);
        engine_alloc_fail_at(0);
        if (status == ENGINE_OK)
            expect(&results, 0, "t r", 3);
        scan_results_clear(&results);
    }
    assert_int_equal(status, ENGINE_OK);
    assert_true(turn > 5);
    bson_destroy(verdict);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_open, fixture_close)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_result_comes_with_its_verdict),
        TEST(results_of_others_are_left_out),
        TEST(verdicts_may_have_none_or_not_say),
        TEST(too_many_bytes_are_refused),
        TEST(a_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
