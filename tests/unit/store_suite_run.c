/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_run.c - runs the suite's tests, each on an empty store. */
#include "tests/unit/store_suite.h"

#include <stdlib.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "tests/unit/store_suite_tests.h"

struct suite_start {
    const struct store_suite_test *test;
    suite_uri_fn fn;
    struct suite suite;
};

static void suite_empty(struct store *store)
{
    static const char *const all[] = {
        STORE_RULES,    STORE_BENCHMARKS, STORE_SCANS,   STORE_SELECTIONS,
        STORE_VERDICTS, STORE_RESULTS,    STORE_EFFECTS, STORE_SCHEDULES,
        STORE_WINDOWS,  STORE_WAIVERS,    STORE_TOKENS};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_int_equal(store_delete(store, all[i], NULL, NULL, NULL), 0);
}

static int suite_setup(void **state)
{
    struct suite_start *start = *state;
    struct suite *suite = &start->suite;
    const char *given = getenv("SCAN_ENGINE_TEST_STORE_URI");

    assert_int_equal(
        file_make_temporary("/tmp", "store-", &suite->folder, NULL), 0);
    suite->uri = given ? engine_strdup(given) : start->fn(suite->folder);
    assert_non_null(suite->uri);
    suite->store = suite_open(suite->uri);
    suite_empty(suite->store);
    return 0;
}

static void suite_test(void **state)
{
    struct suite_start *start = *state;

    start->test->fn(&start->suite);
}

static int suite_teardown(void **state)
{
    struct suite_start *start = *state;

    store_close(start->suite.store);
    file_remove_tree(start->suite.folder, NULL);
    engine_free(start->suite.folder);
    engine_free(start->suite.uri);
    return 0;
}

int store_suite_run(const char *name, suite_uri_fn fn)
{
    struct suite_start *starts;
    struct CMUnitTest *tests;
    size_t count = 0;
    int failed;

    while (store_suite_tests[count].name)
        count++;
    starts = calloc(count, sizeof(*starts));
    tests = calloc(count, sizeof(*tests));
    for (size_t i = 0; starts && tests && i < count; i++) {
        starts[i].test = &store_suite_tests[i];
        starts[i].fn = fn;
        tests[i] = (struct CMUnitTest){
            .name = store_suite_tests[i].name,
            .test_func = suite_test,
            .setup_func = suite_setup,
            .teardown_func = suite_teardown,
            .initial_state = &starts[i],
        };
    }
    failed = tests && starts
                 ? _cmocka_run_group_tests(name, tests, count, NULL, NULL)
                 : 1;
    free(tests);
    free(starts);
    return failed;
}
