/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_path.c - keys with dots, and operators that only the matcher
 * knows: every operation must mean the same documents. */
#include "tests/unit/store_suite_tests.h"

#include <stdlib.h>

#include "sdk/base/alloc.h"

#define PATH_MANY 2500 /* more than one message of any server */

static void path_fill(struct store *store)
{
    static const char *const documents[] = {
        "{'_id': '1', 'kind': 'x', 'frameworks': {'pci': {'v4.0': ['1.1', "
        "'2.2']}}, 'tags': ['a', 'b']}",
        "{'_id': '2', 'kind': 'y', 'frameworks': {'pci': {'v4.0': ['3.3']}}, "
        "'tags': ['b']}",
        "{'_id': '3', 'kind': 'x', 'frameworks': {'pci': {'v4': {'0': "
        "'1.1'}}}, 'parts': [{'n': 1, 'm': 2}, {'n': 3, 'm': 4}]}",
        "{'_id': '4', 'kind': 'y', 'frameworks.pci': {'v4.0': '1.1'}, "
        "'parts': [{'n': 1, 'm': 4}]}",
        "{'_id': '5', 'kind': 'z', 'frameworks': {'cis': {'v4.0': '1.1'}}, "
        "'title': 'Ensure X'}",
    };

    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        suite_add(store, STORE_VERDICTS, "%s", documents[i]);
}

static void path_expect(const struct suite *suite, const char *filter,
                        const char *sort, int64_t skip, int64_t limit,
                        const char *expected)
{
    char *found =
        suite_ids(suite->store, STORE_VERDICTS, filter, sort, skip, limit);

    assert_string_equal(found, expected);
    engine_free(found);
}

void filters_find_keys_with_dots(const struct suite *suite)
{
    path_fill(suite->store);
    path_expect(suite, "{'frameworks.pci.v4.0': '1.1'}", NULL, 0, 0, "1 3 4 ");
    path_expect(suite, "{'frameworks.pci.v4.0': {'$exists': true}}", NULL, 0, 0,
                "1 2 3 4 ");
    path_expect(suite, "{'frameworks.pci.v4.0': {'$exists': false}}", NULL, 0,
                0, "5 ");
    path_expect(suite, "{'kind': 'x', 'frameworks.pci.v4.0': {'$ne': '2.2'}}",
                NULL, 0, 0, "3 ");
    path_expect(suite, "{'frameworks.pci.v4.0': {'$exists': true}}", NULL, 1, 2,
                "2 3 ");
    path_expect(suite, "{'frameworks.pci.v4.0': {'$exists': true}}",
                "{'kind': -1}", 1, 2, "4 1 ");
    assert_int_equal(suite_count(suite->store, STORE_VERDICTS,
                                 "{'frameworks.pci.v4.0': '1.1'}"),
                     3);
}

void filters_take_every_operator(const struct suite *suite)
{
    path_fill(suite->store);
    path_expect(suite, "{'title': {'$regex': '^ensure', '$options': 'i'}}",
                NULL, 0, 0, "5 ");
    path_expect(suite, "{'tags': {'$all': ['b', 'a']}}", NULL, 0, 0, "1 ");
    path_expect(suite, "{'tags': {'$size': 1}}", NULL, 0, 0, "2 ");
    path_expect(suite, "{'parts': {'$elemMatch': {'n': 1, 'm': 4}}}", NULL, 0,
                0, "4 ");
    path_expect(suite, "{'parts.n': 3}", NULL, 0, 0, "3 ");
    path_expect(suite, "{'kind': {'$not': {'$in': ['x', 'y']}}}", NULL, 0, 0,
                "5 ");
    path_expect(suite, "{'$or': [{'kind': 'z'}, {'_id': {'$lt': '2'}}]}", NULL,
                0, 0, "1 5 ");
    path_expect(suite, "{'$or': [{'kind': 'z'}, {'tags': {'$size': 2}}]}", NULL,
                0, 0, "1 5 ");
    path_expect(suite, "{'$nor': [{'kind': 'x'}, {'kind': 'z'}]}", NULL, 0, 0,
                "2 4 ");
    path_expect(suite, "{'$nor': [{'kind': 'x'}, {'parts.m': 4}]}", NULL, 0, 0,
                "2 5 ");
    path_expect(suite,
                "{'$and': [{'$or': [{'kind': 'x'}, {'kind': 'y'}]}, "
                "{'$nor': [{'_id': '1'}]}, {'tags': {'$exists': false}}]}",
                NULL, 0, 0, "3 4 ");
}

void sorts_by_keys_with_dots(const struct suite *suite)
{
    path_fill(suite->store);
    path_expect(suite, NULL, "{'frameworks.pci.v4.0': 1}", 0, 0, "5 1 3 4 2 ");
    path_expect(suite, NULL, "{'frameworks.pci.v4.0': -1, '_id': -1}", 0, 0,
                "2 1 4 3 5 ");
    path_expect(suite, "{'kind': {'$ne': 'z'}}",
                "{'kind': -1, 'frameworks.pci.v4.0': 1}", 1, 2, "2 1 ");
}

void groups_and_deletes_by_keys_with_dots(const struct suite *suite)
{
    bson_t *filter = suite_bson("{'frameworks.pci.v4.0': '1.1'}");
    bson_iter_t iter;
    int64_t deleted = 0;
    bson_t counts;

    path_fill(suite->store);
    assert_int_equal(store_group(suite->store, STORE_VERDICTS, filter, "kind",
                                 &counts, NULL),
                     0);
    assert_int_equal(bson_count_keys(&counts), 2);
    assert_true(bson_iter_init_find(&iter, &counts, "x"));
    assert_int_equal(bson_iter_as_int64(&iter), 2);
    assert_true(bson_iter_init_find(&iter, &counts, "y"));
    assert_int_equal(bson_iter_as_int64(&iter), 1);
    bson_destroy(&counts);
    assert_int_equal(
        store_delete(suite->store, STORE_VERDICTS, filter, &deleted, NULL), 0);
    assert_int_equal(deleted, 3);
    path_expect(suite, NULL, NULL, 0, 0, "2 5 ");
    bson_destroy(filter);
}

void swaps_by_keys_with_dots(const struct suite *suite)
{
    bson_t *wrong = suite_bson("{'frameworks.pci.v4.0': '9.9'}");
    bson_t *right = suite_bson("{'frameworks.pci.v4.0': '2.2'}");
    bson_t *next = suite_bson("{'_id': '1', 'kind': 'new'}");

    path_fill(suite->store);
    assert_int_equal(
        store_swap(suite->store, STORE_VERDICTS, "1", wrong, next, NULL),
        ENGINE_ECONFLICT);
    assert_int_equal(
        store_swap(suite->store, STORE_VERDICTS, "1", right, next, NULL), 0);
    assert_int_equal(
        store_swap(suite->store, STORE_VERDICTS, "1", right, next, NULL),
        ENGINE_ECONFLICT);
    path_expect(suite, "{'kind': 'new'}", NULL, 0, 0, "1 ");
    bson_destroy(wrong);
    bson_destroy(right);
    bson_destroy(next);
}

/* Every third has the key with a dot. */
static void path_fill_many(struct store *store)
{
    bson_t **documents = engine_calloc(PATH_MANY, sizeof(*documents));

    for (int i = 0; i < PATH_MANY; i++)
        documents[i] =
            suite_bson("{'_id': '%05d', 'scan_id': '%s', "
                       "'v': {'%s': %d}}",
                       i, i % 2 ? "odd" : "even", i % 3 ? "1" : "1.0", i);
    assert_int_equal(store_put(store, STORE_RESULTS,
                               (const bson_t *const *)documents, PATH_MANY,
                               NULL),
                     0);
    for (int i = 0; i < PATH_MANY; i++)
        bson_destroy(documents[i]);
    engine_free(documents);
}

void many_documents_come_in_order(const struct suite *suite)
{
    static const char *const filters[] = {
        "{'scan_id': 'even'}", "{'scan_id': 'even', 'v.1.0': {'$gte': 0}}"};
    const int step[] = {2, 6};

    path_fill_many(suite->store);
    for (size_t f = 0; f < 2; f++) {
        char *ids =
            suite_ids(suite->store, STORE_RESULTS, filters[f], NULL, 0, 0);
        const char *at = ids;
        for (int i = 0; i < PATH_MANY; i += step[f], at += 6)
            assert_int_equal(atoi(at), i);
        assert_string_equal(at, "");
        engine_free(ids);
    }
    assert_int_equal(
        suite_count(suite->store, STORE_RESULTS, "{'v.1.0': {'$gte': 0}}"),
        (PATH_MANY + 2) / 3);
}

void many_documents_are_deleted_by_keys_with_dots(const struct suite *suite)
{
    bson_t *filter = suite_bson("{'v.1': {'$exists': true}}");
    int64_t deleted = 0;

    path_fill_many(suite->store);
    assert_int_equal(
        store_delete(suite->store, STORE_RESULTS, filter, &deleted, NULL), 0);
    assert_int_equal(deleted, PATH_MANY - (PATH_MANY + 2) / 3);
    assert_int_equal(suite_count(suite->store, STORE_RESULTS, NULL),
                     (PATH_MANY + 2) / 3);
    bson_destroy(filter);
}
