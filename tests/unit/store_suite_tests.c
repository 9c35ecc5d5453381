/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_tests.c - documents, transactions, cursors and artifacts. */
#include "tests/unit/store_suite_tests.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"

/* ---- documents ------------------------------------------------------------ */

static engine_status suite_insert(struct store *store, const char *collection,
                                  const char *json, engine_error *err)
{
    bson_t *document = suite_bson("%s", json);
    const engine_status status = store_insert(
        store, collection, (const bson_t *const *)&document, 1, err);

    bson_destroy(document);
    return status;
}

static engine_status suite_put(struct store *store, const char *collection,
                               const char *json)
{
    bson_t *document = suite_bson("%s", json);
    const engine_status status =
        store_put(store, collection, (const bson_t *const *)&document, 1, NULL);

    bson_destroy(document);
    return status;
}

static void suite_expect(struct store *store, const char *collection,
                         const char *id, const char *json)
{
    bson_t *expected = suite_bson("%s", json);
    engine_error err = {0};
    bson_t found;

    if (store_get(store, collection, id, &found, &err) < 0)
        fail_msg("%s", err.message);
    assert_true(bson_equal(&found, expected));
    bson_destroy(&found);
    bson_destroy(expected);
}

static void gives_back_what_was_inserted(const struct suite *suite)
{
    static const char *const json =
        "{'_id': 'a', 'rule_id': 'r', 'version': 3, 'is_latest': true, "
        "'frameworks': {'cis': {'v2.0.0': ['5.2.10']}}, 'n': null}";

    assert_int_equal(suite_insert(suite->store, STORE_RULES, json, NULL), 0);
    suite_expect(suite->store, STORE_RULES, "a", json);
    /* another collection has ids of its own */
    assert_int_equal(
        suite_insert(suite->store, STORE_SCHEDULES, "{'_id': 'a'}", NULL), 0);
    suite_expect(suite->store, STORE_SCHEDULES, "a", "{'_id': 'a'}");
}

static void says_when_there_is_no_such_document(const struct suite *suite)
{
    engine_error err = {0};
    bson_t found;

    assert_int_equal(
        store_get(suite->store, STORE_RULES, "absent", &found, &err),
        ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "absent"));
}

static void insert_refuses_what_exists_and_keeps_nothing(
    const struct suite *suite)
{
    bson_t *documents[] = {suite_bson("{'_id': 'new'}"),
                           suite_bson("{'_id': 'old', 'v': 2}")};
    engine_error err = {0};

    suite_add(suite->store, STORE_SCANS, "{'_id': 'old', 'v': 1}");
    assert_int_equal(store_insert(suite->store, STORE_SCANS,
                                  (const bson_t *const *)documents, 2, &err),
                     ENGINE_ECONFLICT);
    assert_non_null(strstr(err.message, "old"));
    suite_expect(suite->store, STORE_SCANS, "old", "{'_id': 'old', 'v': 1}");
    assert_int_equal(suite_count(suite->store, STORE_SCANS, NULL), 1);
    bson_destroy(documents[0]);
    bson_destroy(documents[1]);
}

static void put_adds_and_replaces(const struct suite *suite)
{
    assert_int_equal(suite_put(suite->store, STORE_SCANS,
                               "{'_id': 'a', 'status': 'x', 'k': 1}"),
                     0);
    assert_int_equal(
        suite_put(suite->store, STORE_SCANS, "{'_id': 'a', 'status': 'y'}"), 0);
    suite_expect(suite->store, STORE_SCANS, "a", "{'_id': 'a', 'status': 'y'}");
    assert_int_equal(suite_count(suite->store, STORE_SCANS, "{'status': 'x'}"),
                     0);
    assert_int_equal(suite_count(suite->store, STORE_SCANS, "{'status': 'y'}"),
                     1);
}

static void refuses_documents_without_a_plain_id(const struct suite *suite)
{
    static const char *const bad[] = {"{}",
                                      "{'_id': 1}",
                                      "{'_id': ''}",
                                      "{'_id': null}",
                                      "{'_id': 'a\\u0000b'}",
                                      "{'id': 'a'}"};
    engine_error err = {0};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(suite_insert(suite->store, STORE_RULES, bad[i], &err),
                         ENGINE_EINVAL);
        assert_non_null(strstr(err.message, "_id"));
    }
    assert_int_equal(suite_count(suite->store, STORE_RULES, NULL), 0);
    assert_int_equal(suite_insert(suite->store, "nope", "{'_id': 'a'}", &err),
                     ENGINE_EINVAL);
    assert_int_equal(suite_insert(suite->store, NULL, "{'_id': 'a'}", &err),
                     ENGINE_EINVAL);
}

static void keeps_a_large_document_and_refuses_a_larger(
    const struct suite *suite)
{
    const size_t size = (size_t)15 * 1024 * 1024;
    char *text = calloc(1, size + 2 * 1024 * 1024);
    bson_t document = BSON_INITIALIZER, larger = BSON_INITIALIZER, found;
    const bson_t *one = &document, *two = &larger;

    memset(text, 'x', size);
    BSON_APPEND_UTF8(&document, "_id", "large");
    BSON_APPEND_UTF8(&document, "text", text);
    assert_int_equal(store_insert(suite->store, STORE_RULES, &one, 1, NULL), 0);
    assert_int_equal(
        store_get(suite->store, STORE_RULES, "large", &found, NULL), 0);
    assert_true(bson_equal(&document, &found));
    memset(text + size, 'x', (size_t)1024 * 1024 + 100);
    BSON_APPEND_UTF8(&larger, "_id", "larger");
    BSON_APPEND_UTF8(&larger, "text", text);
    assert_int_equal(store_insert(suite->store, STORE_RULES, &two, 1, NULL),
                     ENGINE_ELIMIT);
    bson_destroy(&found);
    bson_destroy(&document);
    bson_destroy(&larger);
    free(text);
}

/* ---- compare and set ------------------------------------------------------ */

static engine_status suite_swap(struct store *store, const char *id,
                                const char *expected, const char *replacement)
{
    bson_t *was = expected ? suite_bson("%s", expected) : NULL;
    bson_t *will = suite_bson("%s", replacement);
    const engine_status status =
        store_swap(store, STORE_SCANS, id, was, will, NULL);

    bson_destroy(was);
    bson_destroy(will);
    return status;
}

static void swaps_only_what_is_as_expected(const struct suite *suite)
{
    struct store *store = suite->store;

    suite_add(store, STORE_SCANS, "{'_id': 'a', 'owner': null, 'n': 1}");
    assert_int_equal(suite_swap(store, "a", "{'owner': 'x'}", "{'_id': 'a'}"),
                     ENGINE_ECONFLICT);
    assert_int_equal(suite_swap(store, "b", "{}", "{'_id': 'b'}"),
                     ENGINE_ENOTFOUND);
    assert_int_equal(suite_swap(store, "a", "{}", "{'_id': 'b'}"),
                     ENGINE_EINVAL);
    assert_int_equal(suite_swap(store, "a", "{}", "{'x': 'b'}"), ENGINE_EINVAL);
    suite_expect(store, STORE_SCANS, "a",
                 "{'_id': 'a', 'owner': null, 'n': 1}");
    assert_int_equal(suite_swap(store, "a", "{'owner': null, 'n': {'$lt': 2}}",
                                "{'_id': 'a', 'owner': 'me'}"),
                     0);
    suite_expect(store, STORE_SCANS, "a", "{'_id': 'a', 'owner': 'me'}");
    assert_int_equal(suite_swap(store, "a", NULL, "{'_id': 'a', 'n': 2}"), 0);
    suite_expect(store, STORE_SCANS, "a", "{'_id': 'a', 'n': 2}");
    assert_int_equal(suite_count(store, STORE_SCANS, NULL), 1);
}

/* ---- transactions --------------------------------------------------------- */

static void a_transaction_appears_as_a_whole(const struct suite *suite)
{
    struct store *other = suite_open(suite->uri);

    assert_int_equal(store_begin(suite->store, NULL), 0);
    suite_add(suite->store, STORE_RESULTS, "{'_id': '1', 'scan_id': 's'}");
    suite_add(suite->store, STORE_VERDICTS, "{'_id': '1', 'scan_id': 's'}");
    assert_int_equal(suite_count(other, STORE_RESULTS, NULL), 0);
    assert_int_equal(store_commit(suite->store, NULL), 0);
    assert_int_equal(suite_count(other, STORE_RESULTS, NULL), 1);
    assert_int_equal(suite_count(other, STORE_VERDICTS, NULL), 1);
    store_close(other);
}

static void rollback_undoes_everything(const struct suite *suite)
{
    suite_add(suite->store, STORE_SCANS, "{'_id': 'a', 'n': 1}");
    assert_int_equal(store_begin(suite->store, NULL), 0);
    suite_add(suite->store, STORE_RESULTS, "{'_id': '1'}");
    assert_int_equal(
        suite_put(suite->store, STORE_SCANS, "{'_id': 'a', 'n': 2}"), 0);
    store_rollback(suite->store);
    assert_int_equal(suite_count(suite->store, STORE_RESULTS, NULL), 0);
    suite_expect(suite->store, STORE_SCANS, "a", "{'_id': 'a', 'n': 1}");
    store_rollback(suite->store); /* nothing to undo: nothing happens */
    suite_add(suite->store, STORE_RESULTS, "{'_id': '1'}");
}

static void transactions_do_not_nest(const struct suite *suite)
{
    assert_int_equal(store_commit(suite->store, NULL), ENGINE_EINVAL);
    assert_int_equal(store_begin(suite->store, NULL), 0);
    assert_int_equal(store_begin(suite->store, NULL), ENGINE_EINVAL);
    assert_int_equal(store_commit(suite->store, NULL), 0);
    assert_int_equal(store_commit(suite->store, NULL), ENGINE_EINVAL);
}

static void a_refused_call_does_not_spoil_its_transaction(
    const struct suite *suite)
{
    bson_t *documents[] = {suite_bson("{'_id': 'b'}"),
                           suite_bson("{'_id': 'a'}")};

    assert_int_equal(store_begin(suite->store, NULL), 0);
    suite_add(suite->store, STORE_RESULTS, "{'_id': 'a'}");
    assert_int_equal(store_insert(suite->store, STORE_RESULTS,
                                  (const bson_t *const *)documents, 2, NULL),
                     ENGINE_ECONFLICT);
    suite_add(suite->store, STORE_RESULTS, "{'_id': 'c'}");
    assert_int_equal(store_commit(suite->store, NULL), 0);
    assert_int_equal(suite_count(suite->store, STORE_RESULTS, NULL), 2);
    bson_destroy(documents[0]);
    bson_destroy(documents[1]);
}

/* ---- cursors -------------------------------------------------------------- */

static void a_cursor_is_not_disturbed_by_writes(const struct suite *suite)
{
    struct store *other = suite_open(suite->uri);
    struct store_cursor *cursor = NULL;
    const bson_t *document = NULL;
    int count = 0;

    for (int i = 0; i < 300; i++)
        suite_add(suite->store, STORE_VERDICTS,
                  "{'_id': '%03d', 'scan_id': 's'}", i);
    assert_int_equal(
        store_find(suite->store, STORE_VERDICTS, NULL, &cursor, NULL), 0);
    while (store_cursor_next(cursor, &document, NULL) == 1) {
        bson_t *behind = suite_bson("{'_id': '%03d'}", count);
        suite_add(count % 2 ? suite->store : other, STORE_VERDICTS,
                  "{'_id': '%03d-%d', 'scan_id': 's'}", count + 50, count);
        assert_int_equal(
            store_delete(suite->store, STORE_VERDICTS, behind, NULL, NULL), 0);
        bson_destroy(behind);
        count++;
        assert_true(count <= 300);
    }
    assert_int_equal(count, 300);
    assert_int_equal(suite_count(suite->store, STORE_VERDICTS, NULL), 300);
    store_cursor_close(cursor);
    store_close(other);
}

static void a_later_cursor_sees_what_was_written(const struct suite *suite)
{
    struct store_cursor *first = NULL;
    const bson_t *document = NULL;
    char *ids;

    suite_add(suite->store, STORE_RULES, "{'_id': 'a'}");
    assert_int_equal(store_find(suite->store, STORE_RULES, NULL, &first, NULL),
                     0);
    suite_add(suite->store, STORE_RULES, "{'_id': 'b'}");
    ids = suite_ids(suite->store, STORE_RULES, NULL, NULL, 0, 0);
    assert_string_equal(ids, "a b ");
    assert_int_equal(store_cursor_next(first, &document, NULL), 1);
    assert_int_equal(store_cursor_next(first, &document, NULL), 0);
    store_cursor_close(first);
    engine_free(ids);
}

/* ---- artifacts ------------------------------------------------------------ */

static char *suite_file(const struct suite *suite, const char *name,
                        size_t size)
{
    char *path = engine_strf("%s/%s", suite->folder, name);
    char *data = calloc(1, size + 1);

    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 31 + i / 251);
    assert_int_equal(file_write(path, data, size, 0600, NULL), 0);
    free(data);
    return path;
}

static void suite_round_trip(const struct suite *suite, size_t size)
{
    char *path = suite_file(suite, "content", size);
    char *copy = engine_strf("%s/copy", suite->folder);
    char id[65], again[65], digest[65], expected[65];
    engine_error err = {0};
    struct stat info;

    assert_int_equal(hash_file(path, expected, NULL), 0);
    if (store_artifact_put(suite->store, path, "n", "m", id, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(id, expected);
    assert_int_equal(
        store_artifact_put(suite->store, path, "x", "y", again, NULL), 0);
    assert_string_equal(id, again);
    assert_int_equal(store_artifact_get(suite->store, id, copy, NULL), 0);
    assert_int_equal(hash_file(copy, digest, NULL), 0);
    assert_string_equal(digest, expected);
    assert_int_equal(stat(copy, &info), 0);
    assert_int_equal(info.st_size, size);
    assert_int_equal(info.st_mode & 07777, 0400);
    unlink(copy);
    engine_free(copy);
    engine_free(path);
}

static void artifacts_come_back_byte_by_byte(const struct suite *suite)
{
    suite_round_trip(suite, 0);
    suite_round_trip(suite, 1);
    suite_round_trip(suite, (size_t)1024 * 1024);
    suite_round_trip(suite, (size_t)24 * 1024 * 1024 + 5);
}

static void describes_an_artifact_as_first_stored(const struct suite *suite)
{
    char *path = suite_file(suite, "content", 12345);
    bson_iter_t iter;
    bson_t info;
    char id[65];

    assert_int_equal(
        store_artifact_put(suite->store, path, "first", "text/xml", id, NULL),
        0);
    assert_int_equal(
        store_artifact_put(suite->store, path, "second", NULL, id, NULL), 0);
    assert_int_equal(store_artifact_info(suite->store, id, &info, NULL), 0);
    assert_true(bson_iter_init_find(&iter, &info, "_id"));
    assert_string_equal(bson_iter_utf8(&iter, NULL), id);
    assert_true(bson_iter_init_find(&iter, &info, "name"));
    assert_string_equal(bson_iter_utf8(&iter, NULL), "first");
    assert_true(bson_iter_init_find(&iter, &info, "media_type"));
    assert_string_equal(bson_iter_utf8(&iter, NULL), "text/xml");
    assert_true(bson_iter_init_find(&iter, &info, "size"));
    assert_int_equal(bson_iter_as_int64(&iter), 12345);
    assert_true(bson_iter_init_find(&iter, &info, "created_at") &&
                BSON_ITER_HOLDS_DATE_TIME(&iter));
    bson_destroy(&info);
    engine_free(path);
}

static void says_when_there_is_no_such_artifact(const struct suite *suite)
{
    static const char absent[] =
        "00000000000000000000000000000000000000000000000000000000deadbeef";
    char *copy = engine_strf("%s/copy", suite->folder);
    bson_t info;
    char id[65];

    assert_int_equal(store_artifact_info(suite->store, absent, &info, NULL),
                     ENGINE_ENOTFOUND);
    assert_int_equal(store_artifact_get(suite->store, absent, copy, NULL),
                     ENGINE_ENOTFOUND);
    assert_int_equal(store_artifact_info(suite->store, "x", &info, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(store_artifact_put(suite->store, copy, "n", "m", id, NULL),
                     ENGINE_ENOTFOUND);
    assert_false(file_exists(copy));
    engine_free(copy);
}

static void an_artifact_is_part_of_a_transaction(const struct suite *suite)
{
    char *path = suite_file(suite, "content", 4321);
    bson_t info;
    char id[65];

    assert_int_equal(store_begin(suite->store, NULL), 0);
    assert_int_equal(store_artifact_put(suite->store, path, "n", "m", id, NULL),
                     0);
    store_rollback(suite->store);
    assert_int_equal(store_artifact_info(suite->store, id, &info, NULL),
                     ENGINE_ENOTFOUND);
    engine_free(path);
}

static void finds_nothing_wrong_with_a_good_store(const struct suite *suite)
{
    suite_add(suite->store, STORE_RULES, "{'_id': 'a', 'b': [1, {'c': 2}]}");
    assert_int_equal(store_check(suite->store, NULL), 0);
}

#define SUITE_TEST(fn) \
    {                  \
#fn, fn        \
    }

const struct store_suite_test store_suite_tests[] = {
    SUITE_TEST(gives_back_what_was_inserted),
    SUITE_TEST(says_when_there_is_no_such_document),
    SUITE_TEST(insert_refuses_what_exists_and_keeps_nothing),
    SUITE_TEST(put_adds_and_replaces),
    SUITE_TEST(refuses_documents_without_a_plain_id),
    SUITE_TEST(keeps_a_large_document_and_refuses_a_larger),
    SUITE_TEST(swaps_only_what_is_as_expected),
    SUITE_TEST(a_transaction_appears_as_a_whole),
    SUITE_TEST(rollback_undoes_everything),
    SUITE_TEST(transactions_do_not_nest),
    SUITE_TEST(a_refused_call_does_not_spoil_its_transaction),
    SUITE_TEST(a_cursor_is_not_disturbed_by_writes),
    SUITE_TEST(a_later_cursor_sees_what_was_written),
    SUITE_TEST(filters_answer_like_the_matcher),
    SUITE_TEST(filters_within_and_answer_like_the_matcher),
    SUITE_TEST(sorts_by_the_order_of_values),
    SUITE_TEST(finds_by_id_without_a_sort),
    SUITE_TEST(skips_and_limits),
    SUITE_TEST(gives_only_the_asked_fields),
    SUITE_TEST(refuses_bad_queries),
    SUITE_TEST(counts_by_a_string_field),
    SUITE_TEST(deletes_what_matches),
    SUITE_TEST(a_long_in_list_finds_all),
    SUITE_TEST(finds_by_one_of_many_texts),
    SUITE_TEST(lists_follow_what_is_written),
    SUITE_TEST(lists_follow_a_transaction),
    SUITE_TEST(filters_find_keys_with_dots),
    SUITE_TEST(filters_take_every_operator),
    SUITE_TEST(sorts_by_keys_with_dots),
    SUITE_TEST(groups_and_deletes_by_keys_with_dots),
    SUITE_TEST(swaps_by_keys_with_dots),
    SUITE_TEST(many_documents_come_in_order),
    SUITE_TEST(many_documents_are_deleted_by_keys_with_dots),
    SUITE_TEST(a_transaction_reads_its_own_writes),
    SUITE_TEST(a_transaction_deletes_what_it_wrote),
    SUITE_TEST(a_transaction_swaps_what_it_sees),
    SUITE_TEST(the_last_of_equal_ids_is_kept),
    SUITE_TEST(artifacts_come_back_byte_by_byte),
    SUITE_TEST(describes_an_artifact_as_first_stored),
    SUITE_TEST(says_when_there_is_no_such_artifact),
    SUITE_TEST(an_artifact_is_part_of_a_transaction),
    SUITE_TEST(finds_nothing_wrong_with_a_good_store),
    SUITE_TEST(four_processes_write_at_once),
    SUITE_TEST(only_one_process_wins_each_swap),
    SUITE_TEST(a_killed_writer_leaves_whole_batches),
    {NULL, NULL},
};
