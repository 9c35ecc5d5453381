/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite.c - helpers of the store tests, and the suite's runner. */
#include "tests/unit/store_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/base/file.h"
#include "tests/unit/store_suite_tests.h"

bson_t *suite_bson(const char *json, ...)
{
    struct buffer text;
    bson_error_t error;
    bson_t *document;
    va_list args;

    buffer_init(&text, (size_t)1 << 20);
    va_start(args, json);
    assert_int_equal(buffer_vprintf(&text, json, args), ENGINE_OK);
    va_end(args);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    document = bson_new_from_json((const uint8_t *)text.data,
                                  (ssize_t)text.len, &error);
    if (!document)
        fail_msg("%s: %s", text.data, error.message);
    buffer_clear(&text);
    return document;
}

struct store *suite_open(const char *uri)
{
    struct store *store = NULL;
    engine_error err = {0};

    if (store_open(uri, 0, NULL, &store, &err) < 0)
        fail_msg("%s", err.message);
    return store;
}

void suite_add(struct store *store, const char *collection, const char *json,
               ...)
{
    engine_error err = {0};
    char *text = NULL;
    bson_t *document;
    va_list args;

    va_start(args, json);
    assert_true(vasprintf(&text, json, args) >= 0);
    va_end(args);
    document = suite_bson("%s", text);
    if (store_insert(store, collection, (const bson_t *const *)&document, 1,
                     &err) < 0)
        fail_msg("%s: %s", text, err.message);
    bson_destroy(document);
    free(text);
}

int64_t suite_count(struct store *store, const char *collection,
                    const char *json)
{
    bson_t *filter = json ? suite_bson("%s", json) : NULL;
    engine_error err = {0};
    int64_t count = -1;

    if (store_count(store, collection, filter, &count, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(filter);
    return count;
}

char *suite_ids(struct store *store, const char *collection,
                const char *filter, const char *sort, int64_t skip,
                int64_t limit)
{
    bson_t *where = filter ? suite_bson("%s", filter) : NULL;
    bson_t *order = sort ? suite_bson("%s", sort) : NULL;
    const struct store_query query = {
        .filter = where, .sort = order, .skip = skip, .limit = limit};
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    engine_error err = {0};
    struct buffer ids;
    bson_iter_t iter;
    int more;

    buffer_init(&ids, (size_t)1 << 24);
    if (store_find(store, collection, &query, &cursor, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(where); /* a cursor must not need them any more */
    bson_destroy(order);
    while ((more = store_cursor_next(cursor, &document, &err)) == 1) {
        assert_true(bson_iter_init_find(&iter, document, "_id"));
        buffer_printf(&ids, "%s ", bson_iter_utf8(&iter, NULL));
    }
    assert_int_equal(more, 0);
    assert_int_equal(store_cursor_next(cursor, &document, &err), 0);
    store_cursor_close(cursor);
    return buffer_take(&ids);
}

/* ---- runner --------------------------------------------------------------- */

struct suite_start {
    const struct store_suite_test *test;
    suite_uri_fn fn;
    struct suite suite;
};

static void suite_empty(struct store *store)
{
    static const char *const all[] = {
        STORE_RULES,   STORE_BENCHMARKS, STORE_SCANS,   STORE_SELECTIONS,
        STORE_VERDICTS, STORE_RESULTS,   STORE_EFFECTS, STORE_SCHEDULES,
        STORE_WINDOWS, STORE_WAIVERS,    STORE_TOKENS};

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
