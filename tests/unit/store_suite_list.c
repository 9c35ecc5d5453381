/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_list.c - fields of many texts, which have an index. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "tests/unit/store_suite_tests.h"

#define LIST_LATEST "{'started_at': -1}"

static void list_expect(const struct suite *suite, const char *filter,
                        const char *sort, int64_t skip, int64_t limit,
                        const char *wanted)
{
    char *ids =
        suite_ids(suite->store, STORE_SCANS, filter, sort, skip, limit);

    assert_string_equal(ids, wanted);
    engine_free(ids);
}

static void list_put(const struct suite *suite, const char *json)
{
    bson_t *document = suite_bson("%s", json);
    const bson_t *const list[] = {document};

    assert_int_equal(store_put(suite->store, STORE_SCANS, list, 1, NULL), 0);
    bson_destroy(document);
}

/* a: the first, at second 1; those of second 2 are in the order of their ids */
static void list_fill(const struct suite *suite)
{
    suite_add(suite->store, STORE_SCANS,
              "{'_id': 'a', 'status': 'failed', 'found_by': ['x', 'y', 'x'],"
              " 'started_at': {'$date': '2024-01-01T00:00:01Z'}}");
    suite_add(suite->store, STORE_SCANS,
              "{'_id': 'c', 'status': 'completed', 'found_by': ['x'],"
              " 'started_at': {'$date': '2024-01-01T00:00:02Z'}}");
    suite_add(suite->store, STORE_SCANS,
              "{'_id': 'b', 'status': 'failed', 'found_by': ['x', 'z'],"
              " 'started_at': {'$date': '2024-01-01T00:00:02Z'}}");
    suite_add(suite->store, STORE_SCANS,
              "{'_id': 'd', 'status': 'failed', 'found_by': 'z',"
              " 'started_at': {'$date': '2024-01-01T00:00:03Z'}}");
}

void finds_by_one_of_many_texts(const struct suite *suite)
{
    list_fill(suite);
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "b c a ");
    list_expect(suite, "{'found_by': 'x'}", "{'started_at': 1}", 0, 0,
                "a b c ");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 1, 1, "c ");
    list_expect(suite, "{'found_by': 'z'}", LIST_LATEST, 0, 0, "d b ");
    list_expect(suite, "{'found_by': 'x'}", NULL, 0, 0, "a b c ");
    list_expect(suite, "{'found_by': 'x'}", "{'_id': -1}", 0, 0, "c b a ");
    list_expect(suite, "{'found_by': 'x'}", "{'status': 1, 'started_at': -1}",
                0, 0, "c b a ");
    list_expect(suite, "{'found_by': 'X'}", LIST_LATEST, 0, 0, "");
    list_expect(suite, "{'$and': [{'found_by': 'x'}, {'found_by': 'z'}]}",
                LIST_LATEST, 0, 0, "b ");
    list_expect(suite, "{'status': 'failed', '$and': [{'found_by': 'x'}]}",
                LIST_LATEST, 0, 0, "b a ");
    list_expect(suite, "{'$or': [{'found_by': 'y'}, {'found_by': 'z'}]}",
                LIST_LATEST, 0, 0, "d b a ");
    assert_int_equal(suite_count(suite->store, STORE_SCANS,
                                 "{'found_by': 'x', 'status': 'failed'}"),
                     2);
}

void lists_follow_what_is_written(const struct suite *suite)
{
    bson_t *filter = suite_bson("{'_id': 'a'}");

    list_fill(suite);
    list_put(suite, "{'_id': 'c', 'found_by': ['w'],"
                    " 'started_at': {'$date': '2024-01-01T00:00:02Z'}}");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "b a ");
    list_expect(suite, "{'found_by': 'w'}", LIST_LATEST, 0, 0, "c ");
    list_put(suite, "{'_id': 'a', 'found_by': ['x', 'y', 'x'],"
                    " 'started_at': {'$date': '2024-01-01T00:00:09Z'}}");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "a b ");
    assert_int_equal(
        store_delete(suite->store, STORE_SCANS, filter, NULL, NULL), 0);
    list_expect(suite, "{'found_by': 'y'}", LIST_LATEST, 0, 0, "");
    list_put(suite, "{'_id': 'a',"
                    " 'started_at': {'$date': '2024-01-01T00:00:09Z'}}");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "b ");
    list_expect(suite, NULL, LIST_LATEST, 0, 0, "a d b c ");
    bson_destroy(filter);
}

void lists_follow_a_transaction(const struct suite *suite)
{
    list_fill(suite);
    assert_int_equal(store_begin(suite->store, NULL), 0);
    list_put(suite, "{'_id': 'e', 'found_by': ['x'],"
                    " 'started_at': {'$date': '2024-01-01T00:00:05Z'}}");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "e b c a ");
    store_rollback(suite->store);
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "b c a ");
    /* without a date it comes last; then no index has the order */
    list_put(suite, "{'_id': 'f', 'found_by': ['x']}");
    list_expect(suite, "{'found_by': 'x'}", LIST_LATEST, 0, 0, "b c a f ");
    list_expect(suite, "{'found_by': 'x'}", "{'started_at': 1}", 0, 2, "f a ");
}
