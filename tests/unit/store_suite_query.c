/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_query.c - queries: the store and the matcher must agree. */
#include "tests/unit/store_suite_tests.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/document/match.h"

/* ---- the store against the matcher ---------------------------------------- */

/* Values that a store with typed columns could get wrong. */
static const char *const query_values[] = {
    "'a'",
    "'b'",
    "'B'",
    "''",
    "'10'",
    "'2'",
    "'\xc3\xa9'",
    "true",
    "false",
    "null",
    "1",
    "2",
    "10",
    "-1",
    "1.0",
    "1.5",
    "{'$numberLong': '2'}",
    "{'$numberLong': '9007199254740993'}",
    "{'$date': '2026-01-02T00:00:00Z'}",
    "{'$date': '2026-03-04T00:00:00Z'}",
    "{'$oid': '0123456789abcdef01234567'}",
    "{'$numberDecimal': '2'}",
    "{'$binary': {'base64': 'YQ==', 'subType': '00'}}",
    "{'$numberDouble': 'NaN'}",
    "{'$numberDouble': 'Infinity'}",
    "['a', 'b']",
    "['b']",
    "[]",
    "[['a']]",
    "[1, 2]",
    "[true]",
    "[null]",
    "[{'$date': '2026-01-02T00:00:00Z'}]",
    "{'a': 'b'}",
    "{}",
    "'a\\u0000b'",
};
#define QUERY_VALUES (sizeof(query_values) / sizeof(query_values[0]))

/* Every value in every field that a store may treat specially. */
static const char *const query_fields[] = {"rule_id", "version", "is_latest",
                                           "severity", "other"};
#define QUERY_FIELDS (sizeof(query_fields) / sizeof(query_fields[0]))

static const char *const query_operators[] = {"$eq",  "$ne", "$gt",
                                              "$gte", "$lt", "$lte"};

struct query_set {
    bson_t *documents[QUERY_FIELDS * QUERY_VALUES + 1];
    size_t count;
};

static void query_set_fill(struct query_set *set, struct store *store)
{
    engine_error err = {0};

    set->count = 0;
    for (size_t f = 0; f < QUERY_FIELDS; f++)
        for (size_t v = 0; v < QUERY_VALUES; v++)
            set->documents[set->count++] =
                suite_bson("{'_id': '%zu-%02zu', '%s': %s}", f, v,
                           query_fields[f], query_values[v]);
    set->documents[set->count++] = suite_bson("{'_id': 'nothing'}");
    if (store_insert(store, STORE_RULES, (const bson_t *const *)set->documents,
                     set->count, &err) < 0)
        fail_msg("%s", err.message);
}

static void query_set_clear(struct query_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        bson_destroy(set->documents[i]);
}

/* What the matcher says, in the order of ids. */
static char *query_expected(const struct query_set *set, const bson_t *filter)
{
    struct matcher *matcher = NULL;
    engine_error err = {0};
    struct buffer ids;
    bson_iter_t iter;

    if (matcher_new(filter, &matcher, &err) < 0)
        fail_msg("%s", err.message);
    buffer_init(&ids, (size_t)1 << 20);
    buffer_puts(&ids, "");
    for (size_t i = 0; i < set->count; i++)
        if (matcher_test(matcher, set->documents[i])) {
            bson_iter_init_find(&iter, set->documents[i], "_id");
            buffer_printf(&ids, "%s ", bson_iter_utf8(&iter, NULL));
        }
    matcher_free(matcher);
    return buffer_take(&ids);
}

static void query_check(const struct suite *suite, const struct query_set *set,
                        const char *json)
{
    bson_t *filter = suite_bson("%s", json);
    char *expected = query_expected(set, filter);
    char *found = suite_ids(suite->store, STORE_RULES, json, NULL, 0, 0);
    size_t count = 0;

    if (strcmp(found, expected) != 0)
        fail_msg("%s: found %s, expected %s", json, found, expected);
    for (const char *at = expected; *at; at++)
        count += *at == ' ';
    assert_int_equal(suite_count(suite->store, STORE_RULES, json), count);
    engine_free(expected);
    engine_free(found);
    bson_destroy(filter);
}

/* A filter from a shape, in which @ is the field and # the value. */
static void query_check_shape(const struct suite *suite,
                              const struct query_set *set, const char *shape,
                              const char *field, const char *value)
{
    struct buffer json;

    buffer_init(&json, 4096);
    for (; *shape; shape++) {
        if (*shape == '@')
            buffer_puts(&json, field);
        else if (*shape == '#')
            buffer_puts(&json, value);
        else
            buffer_putc(&json, *shape);
    }
    query_check(suite, set, json.data);
    buffer_clear(&json);
}

static void query_check_each(const struct suite *suite,
                             const struct query_set *set, const char *shape)
{
    for (size_t f = 0; f < QUERY_FIELDS; f++)
        for (size_t v = 0; v < QUERY_VALUES; v++)
            query_check_shape(suite, set, shape, query_fields[f],
                              query_values[v]);
}

void filters_answer_like_the_matcher(const struct suite *suite)
{
    struct query_set set;
    char shape[64];

    query_set_fill(&set, suite->store);
    query_check_each(suite, &set, "{'@': #}");
    query_check_each(suite, &set, "{'@': {'$in': ['a', #, 2, true]}}");
    query_check_each(suite, &set, "{'@': {'$in': [#]}}");
    query_check_each(suite, &set, "{'@': {'$nin': [#]}}");
    for (size_t i = 0; i < sizeof(query_operators) / sizeof(*query_operators);
         i++) {
        snprintf(shape, sizeof(shape), "{'@': {'%s': #}}", query_operators[i]);
        query_check_each(suite, &set, shape);
    }
    for (size_t f = 0; f < QUERY_FIELDS; f++) {
        query_check_shape(suite, &set, "{'@': {'$exists': true}}",
                          query_fields[f], "");
        query_check_shape(suite, &set, "{'@': {'$in': []}}", query_fields[f],
                          "");
    }
    query_set_clear(&set);
}

void filters_within_and_answer_like_the_matcher(const struct suite *suite)
{
    struct query_set set;

    query_set_fill(&set, suite->store);
    query_check_each(suite, &set,
                     "{'$and': [{'@': #}, {'_id': {'$gt': '0-03'}}]}");
    query_check_each(suite, &set,
                     "{'$and': [{'$and': [{'@': {'$gte': #}}]}, "
                     "{'$or': [{'rule_id': 'a'}, {'version': 1}]}]}");
    query_check_each(suite, &set, "{'@': {'$gt': 'A', '$lte': 'b', '$ne': #}}");
    query_check(suite, &set, "{'_id': {'$in': ['0-01', 'nothing', 'x']}}");
    query_check(suite, &set, "{'_id': '0-01', 'rule_id': 'b'}");
    query_check(suite, &set, "{'_id': '0-01', 'rule_id': 'a'}");
    query_check(suite, &set, "{'_id': {'$lt': '0-05'}}");
    query_check(suite, &set, "{'_id': 1}");
    query_check(suite, &set, "{}");
    query_set_clear(&set);
}

/* ---- order ---------------------------------------------------------------- */

static void query_expect(const struct suite *suite, const char *filter,
                         const char *sort, int64_t skip, int64_t limit,
                         const char *expected)
{
    char *found =
        suite_ids(suite->store, STORE_RULES, filter, sort, skip, limit);

    assert_string_equal(found, expected);
    engine_free(found);
}

void sorts_by_the_order_of_values(const struct suite *suite)
{
    suite_add(suite->store, STORE_RULES, "{'_id': '1', 'rule_id': 'b'}");
    suite_add(suite->store, STORE_RULES, "{'_id': '2', 'rule_id': 'B'}");
    suite_add(suite->store, STORE_RULES, "{'_id': '3', 'rule_id': 7}");
    suite_add(suite->store, STORE_RULES, "{'_id': '4', 'rule_id': 1.5}");
    suite_add(suite->store, STORE_RULES, "{'_id': '5'}");
    suite_add(suite->store, STORE_RULES, "{'_id': '6', 'rule_id': ['a', 'z']}");
    suite_add(suite->store, STORE_RULES, "{'_id': '7', 'rule_id': 'b'}");
    query_expect(suite, NULL, "{'rule_id': 1, '_id': 1}", 0, 0,
                 "5 4 3 2 6 1 7 ");
    query_expect(suite, NULL, "{'rule_id': -1, '_id': -1}", 0, 0,
                 "6 7 1 2 3 4 5 ");
    query_expect(suite, "{'rule_id': 'b'}", "{'_id': -1}", 0, 0, "7 1 ");
    query_expect(suite, "{'rule_id': {'$gt': 'A'}}", "{'rule_id': 1, '_id': 1}",
                 1, 2, "6 1 ");
}

void finds_by_id_without_a_sort(const struct suite *suite)
{
    suite_add(suite->store, STORE_RULES, "{'_id': 'c', 'benchmark': 'x'}");
    suite_add(suite->store, STORE_RULES, "{'_id': 'a', 'benchmark': 'x'}");
    suite_add(suite->store, STORE_RULES, "{'_id': 'b', 'benchmark': 'y'}");
    query_expect(suite, NULL, NULL, 0, 0, "a b c ");
    query_expect(suite, "{'benchmark': 'x'}", NULL, 0, 0, "a c ");
    query_expect(suite, "{'benchmark': {'$in': ['y', 'x']}}", NULL, 0, 0,
                 "a b c ");
}

void skips_and_limits(const struct suite *suite)
{
    for (int i = 0; i < 9; i++)
        suite_add(suite->store, STORE_RULES, "{'_id': '%d'}", i);
    query_expect(suite, NULL, NULL, 2, 3, "2 3 4 ");
    query_expect(suite, NULL, NULL, 7, 0, "7 8 ");
    query_expect(suite, NULL, NULL, 0, 1, "0 ");
    query_expect(suite, NULL, NULL, 20, 1, "");
    query_expect(suite, "{'_id': {'$gte': '5'}}", NULL, 1, 2, "6 7 ");
}

void gives_only_the_asked_fields(const struct suite *suite)
{
    bson_t *fields = suite_bson("{'rule_id': 1, 'absent': 1}");
    bson_t *expected = suite_bson("{'_id': '1', 'rule_id': ['a', {'b': 1}]}");
    const struct store_query query = {.fields = fields};
    struct store_cursor *cursor = NULL;
    const bson_t *found = NULL;

    suite_add(suite->store, STORE_RULES,
              "{'_id': '1', 'title': 't', 'rule_id': ['a', {'b': 1}], "
              "'x': 1}");
    assert_int_equal(
        store_find(suite->store, STORE_RULES, &query, &cursor, NULL), 0);
    assert_int_equal(store_cursor_next(cursor, &found, NULL), 1);
    assert_true(bson_equal(found, expected));
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(expected);
}

/* ---- refusals ------------------------------------------------------------- */

static void query_refused(const struct suite *suite, const char *filter,
                          const char *sort, const char *fields,
                          engine_status expected)
{
    bson_t *parts[] = {suite_bson("%s", filter), suite_bson("%s", sort),
                       suite_bson("%s", fields)};
    const struct store_query query = {
        .filter = parts[0], .sort = parts[1], .fields = parts[2]};
    struct store_cursor *cursor = NULL;
    engine_error err = {0};

    assert_int_equal(
        store_find(suite->store, STORE_RULES, &query, &cursor, &err), expected);
    assert_null(cursor);
    assert_true(err.message[0] != '\0');
    for (size_t i = 0; i < 3; i++)
        bson_destroy(parts[i]);
}

void refuses_bad_queries(const struct suite *suite)
{
    const struct store_query negative = {.skip = -1};
    struct store_cursor *cursor = NULL;
    bson_t *where = suite_bson("{'$where': '1'}");
    int64_t count = 7;

    query_refused(suite, "{'$where': 'true'}", "{}", "{}", ENGINE_EINVAL);
    query_refused(suite, "{}", "{'a': 2}", "{}", ENGINE_EINVAL);
    query_refused(suite, "{}", "{'a': 'b'}", "{}", ENGINE_EINVAL);
    query_refused(suite, "{}", "{}", "{'a': 0}", ENGINE_EINVAL);
    query_refused(suite, "{}", "{}", "{'a.b': 1}", ENGINE_EINVAL);
    query_refused(suite, "{}",
                  "{'a': 1, 'b': 1, 'c': 1, 'd': 1, 'e': 1, 'f': 1, 'g': 1, "
                  "'h': 1, 'i': 1}",
                  "{}", ENGINE_ELIMIT);
    assert_int_equal(
        store_find(suite->store, STORE_RULES, &negative, &cursor, NULL),
        ENGINE_EINVAL);
    assert_int_equal(store_find(suite->store, "nope", NULL, &cursor, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(
        store_count(suite->store, STORE_RULES, where, &count, NULL),
        ENGINE_EINVAL);
    assert_int_equal(
        store_delete(suite->store, STORE_RULES, where, &count, NULL),
        ENGINE_EINVAL);
    assert_int_equal(count, 7);
    bson_destroy(where);
}

/* ---- group, delete -------------------------------------------------------- */

static void query_expect_group(const struct suite *suite, const char *filter,
                               const char *field, const char *json)
{
    bson_t *where = filter ? suite_bson("%s", filter) : NULL;
    bson_t *expected = suite_bson("%s", json);
    bson_iter_t want, have;
    bson_t found;

    assert_int_equal(
        store_group(suite->store, STORE_VERDICTS, where, field, &found, NULL),
        0);
    assert_int_equal(bson_count_keys(&found), bson_count_keys(expected));
    bson_iter_init(&want, expected);
    while (bson_iter_next(&want)) {
        assert_true(bson_iter_init_find(&have, &found, bson_iter_key(&want)));
        assert_int_equal(bson_iter_as_int64(&have), bson_iter_as_int64(&want));
    }
    bson_destroy(&found);
    bson_destroy(expected);
    bson_destroy(where);
}

void counts_by_a_string_field(const struct suite *suite)
{
    static const char *const more[] = {"7", "null", "['pass']", "true"};

    for (int i = 0; i < 6; i++)
        suite_add(suite->store, STORE_VERDICTS,
                  "{'_id': '%d', 'scan_id': 's', 'status': '%s', "
                  "'kind': 'k%d'}",
                  i, i < 4 ? "pass" : "fail", i % 3);
    for (int i = 0; i < 4; i++) /* no strings: not counted */
        suite_add(suite->store, STORE_VERDICTS,
                  "{'_id': 'x%d', 'scan_id': 't', 'status': %s, 'kind': %s}", i,
                  more[i], more[i]);
    query_expect_group(suite, NULL, "status", "{'pass': 4, 'fail': 2}");
    query_expect_group(suite, "{'scan_id': 's'}", "kind",
                       "{'k0': 2, 'k1': 2, 'k2': 2}");
    query_expect_group(suite, "{'kind': {'$ne': 'k0'}, 'status': 'pass'}",
                       "status", "{'pass': 2}");
    query_expect_group(suite, "{'scan_id': 't'}", "status", "{}");
    query_expect_group(suite, NULL, "absent", "{}");
}

void deletes_what_matches(const struct suite *suite)
{
    bson_t *filter = suite_bson("{'scan_id': 's', 'status': {'$ne': 'x'}}");
    int64_t deleted = -1;

    suite_add(suite->store, STORE_RESULTS, "{'_id': '1', 'scan_id': 's'}");
    suite_add(suite->store, STORE_RESULTS,
              "{'_id': '2', 'scan_id': 's', 'status': 'x'}");
    suite_add(suite->store, STORE_RESULTS, "{'_id': '3', 'scan_id': 't'}");
    suite_add(suite->store, STORE_RESULTS,
              "{'_id': '4', 'scan_id': ['s', 't']}");
    assert_int_equal(
        store_delete(suite->store, STORE_RESULTS, filter, &deleted, NULL), 0);
    assert_int_equal(deleted, 2);
    assert_int_equal(suite_count(suite->store, STORE_RESULTS, NULL), 2);
    assert_int_equal(
        store_delete(suite->store, STORE_RESULTS, NULL, &deleted, NULL), 0);
    assert_int_equal(deleted, 2);
    bson_destroy(filter);
}

void a_long_in_list_finds_all(const struct suite *suite)
{
    bson_t filter = BSON_INITIALIZER, in, list;
    int64_t count = 0;
    char key[16];

    suite_add(suite->store, STORE_RULES, "{'_id': 'a', 'rule_id': 'r3'}");
    suite_add(suite->store, STORE_RULES, "{'_id': 'b', 'rule_id': 'r9999'}");
    suite_add(suite->store, STORE_RULES, "{'_id': 'c', 'rule_id': 'r10000'}");
    bson_append_document_begin(&filter, "rule_id", -1, &in);
    bson_append_array_begin(&in, "$in", -1, &list);
    for (int i = 0; i < 10000; i++) {
        char text[16];
        snprintf(key, sizeof(key), "%d", i);
        snprintf(text, sizeof(text), "r%d", i);
        BSON_APPEND_UTF8(&list, key, text);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(&filter, &in);
    assert_int_equal(
        store_count(suite->store, STORE_RULES, &filter, &count, NULL), 0);
    assert_int_equal(count, 2);
    bson_destroy(&filter);
}
