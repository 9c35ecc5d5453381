/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_transaction.c - a transaction sees its own changes, in whatever
 * order they came. */
#include "tests/unit/store_suite_tests.h"

#include <string.h>

#include "sdk/base/alloc.h"

static engine_status transaction_put(struct store *store, const char *json)
{
    bson_t *document = suite_bson("%s", json);
    const engine_status status = store_put(
        store, STORE_VERDICTS, (const bson_t *const *)&document, 1, NULL);

    bson_destroy(document);
    return status;
}

static int64_t transaction_delete(struct store *store, const char *json)
{
    bson_t *filter = suite_bson("%s", json);
    int64_t deleted = -1;

    assert_int_equal(
        store_delete(store, STORE_VERDICTS, filter, &deleted, NULL), 0);
    bson_destroy(filter);
    return deleted;
}

static void transaction_expect(struct store *store, const char *filter,
                               const char *sort, const char *expected)
{
    char *found = suite_ids(store, STORE_VERDICTS, filter, sort, 0, 0);

    assert_string_equal(found, expected);
    engine_free(found);
}

static void transaction_fill(struct store *store)
{
    for (int i = 1; i <= 4; i++)
        suite_add(store, STORE_VERDICTS,
                  "{'_id': '%d', 'status': '%s', 'n': %d}", i,
                  i % 2 ? "pass" : "fail", 10 - i);
}

void a_transaction_reads_its_own_writes(const struct suite *suite)
{
    struct store *store = suite->store;
    bson_iter_t iter;
    bson_t found;

    transaction_fill(store);
    assert_int_equal(store_begin(store, NULL), 0);
    assert_int_equal(
        transaction_put(store, "{'_id': '2', 'status': 'pass', 'n': 0}"), 0);
    suite_add(store, STORE_VERDICTS, "{'_id': '0', 'status': 'fail', 'n': 50}");
    transaction_expect(store, NULL, NULL, "0 1 2 3 4 ");
    transaction_expect(store, "{'status': 'pass'}", NULL, "1 2 3 ");
    transaction_expect(store, NULL, "{'n': 1}", "2 4 3 1 0 ");
    assert_int_equal(suite_count(store, STORE_VERDICTS, "{'status': 'fail'}"),
                     2);
    assert_int_equal(store_get(store, STORE_VERDICTS, "2", &found, NULL), 0);
    assert_true(bson_iter_init_find(&iter, &found, "n"));
    assert_int_equal(bson_iter_as_int64(&iter), 0);
    bson_destroy(&found);
    assert_int_equal(
        store_group(store, STORE_VERDICTS, NULL, "status", &found, NULL), 0);
    assert_true(bson_iter_init_find(&iter, &found, "pass"));
    assert_int_equal(bson_iter_as_int64(&iter), 3);
    bson_destroy(&found);
    store_rollback(store);
    transaction_expect(store, "{'status': 'pass'}", NULL, "1 3 ");
}

void a_transaction_deletes_what_it_wrote(const struct suite *suite)
{
    struct store *store = suite->store;
    bson_t found;

    transaction_fill(store);
    assert_int_equal(store_begin(store, NULL), 0);
    suite_add(store, STORE_VERDICTS, "{'_id': '5', 'status': 'pass'}");
    assert_int_equal(transaction_put(store, "{'_id': '1', 'status': 'kept'}"),
                     0);
    assert_int_equal(transaction_delete(store, "{'status': 'pass'}"), 2);
    assert_int_equal(transaction_delete(store, "{'status': 'pass'}"), 0);
    transaction_expect(store, NULL, NULL, "1 2 4 ");
    assert_int_equal(store_get(store, STORE_VERDICTS, "3", &found, NULL),
                     ENGINE_ENOTFOUND);
    suite_add(store, STORE_VERDICTS, "{'_id': '3', 'status': 'again'}");
    transaction_expect(store, "{'status': 'again'}", NULL, "3 ");
    assert_int_equal(store_commit(store, NULL), 0);
    transaction_expect(store, NULL, NULL, "1 2 3 4 ");
    transaction_expect(store, "{'status': {'$in': ['kept', 'again']}}", NULL,
                       "1 3 ");
}

static engine_status transaction_swap(struct store *store, const char *expected,
                                      const char *next)
{
    bson_t *was = suite_bson("%s", expected), *will = suite_bson("%s", next);
    const engine_status status =
        store_swap(store, STORE_VERDICTS, "1", was, will, NULL);

    bson_destroy(was);
    bson_destroy(will);
    return status;
}

void a_transaction_swaps_what_it_sees(const struct suite *suite)
{
    struct store *store = suite->store;

    transaction_fill(store);
    assert_int_equal(store_begin(store, NULL), 0);
    assert_int_equal(transaction_swap(store, "{'n': 8}", "{'_id': '1'}"),
                     ENGINE_ECONFLICT);
    assert_int_equal(
        transaction_swap(store, "{'n': 9}", "{'_id': '1', 'n': 20}"), 0);
    assert_int_equal(transaction_swap(store, "{'n': 9}", "{'_id': '1'}"),
                     ENGINE_ECONFLICT);
    assert_int_equal(
        transaction_swap(store, "{'n': 20}", "{'_id': '1', 'n': 21}"), 0);
    assert_int_equal(store_commit(store, NULL), 0);
    transaction_expect(store, "{'n': 21}", NULL, "1 ");
    assert_int_equal(store_begin(store, NULL), 0);
    transaction_delete(store, "{'_id': '1'}");
    assert_int_equal(transaction_swap(store, "{}", "{'_id': '1'}"),
                     ENGINE_ENOTFOUND);
    store_rollback(store);
}

void the_last_of_equal_ids_is_kept(const struct suite *suite)
{
    bson_t *documents[] = {suite_bson("{'_id': '7', 'n': 1}"),
                           suite_bson("{'_id': '8', 'n': 1}"),
                           suite_bson("{'_id': '7', 'n': 2}")};

    assert_int_equal(store_insert(suite->store, STORE_VERDICTS,
                                  (const bson_t *const *)documents, 3, NULL),
                     ENGINE_ECONFLICT);
    assert_int_equal(suite_count(suite->store, STORE_VERDICTS, NULL), 0);
    for (int i = 0; i < 2; i++) { /* new, and replacing */
        assert_int_equal(store_put(suite->store, STORE_VERDICTS,
                                   (const bson_t *const *)documents, 3, NULL),
                         0);
        transaction_expect(suite->store, "{'n': 1}", NULL, "8 ");
        transaction_expect(suite->store, "{'n': 2}", NULL, "7 ");
    }
    for (size_t i = 0; i < 3; i++)
        bson_destroy(documents[i]);
}
