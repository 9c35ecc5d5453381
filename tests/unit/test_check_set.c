/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_set.c - the OVAL form over sets of documents, and over lists in
 * pieces. */
#include "tests/unit/test_check_fixture.h"

static int32_t judge_pieces(const char *content, const char *list)
{
    struct check_outcome outcome = {0};
    struct check *check = check_of(content);
    engine_error err = {0};
    struct arena arena;
    struct value value;
    int32_t status;

    arena_init(&arena, 1 << 20);
    assert_int_equal(value_from_json(list, strlen(list), "list", &arena,
                                     &value, &err), 0);
    if (check_split(check, "items", &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(check_open(check, &err), 0);
    for (uint32_t i = 0; i < value.count; i++)
        assert_int_equal(check_add(check, &value.items[i], &arena, &err), 0);
    assert_int_equal(check_close(check, &outcome, &err), 0);
    status = outcome.status;
    check_outcome_clear(&outcome);
    check_free(check);
    arena_clear(&arena);
    return status;
}

static void a_list_in_pieces_is_judged_as_the_whole(void **state)
{
    static const char *const paths[] = {
        ".items[:].l", "$.items[:].l[:]", "items[:]", ".items[:].l[:].x",
        ".items[:]['l','m']", ".items[:].l.x", ".items[:]['l','m'][:]",
        ".items[:].*[:]", ".items[:].l[0,1]", ".items[:]['l','m'][0,1]",
        ".items[:].l[0,1][:]", ".items[:][:]['l','m']"};
    static const char *const lists[] = {
        "[]", "[{\"l\": 1}, {\"l\": 2}]", "[{\"l\": 1}, {}]", "[{}]",
        "[{\"l\": [1, 2]}, {\"l\": [3]}]", "[{\"l\": {\"x\": 1}}]",
        "[{\"l\": [{\"x\": 1}, {\"x\": 1}]}, {\"l\": [{\"x\": 2}]}]",
        "[{\"l\": 1, \"m\": 1}]", "[1, 1]", "[[1], [1, 2]]", "[{\"l\": 1}, 1]",
        "[{\"l\": [[1]]}]", "[{\"l\": []}]"};
    static const char *const forms[] = {
        "\"check_existence\": \"none_exist\"",
        "\"ocp_data\": true, \"values\": [{\"value\": \"1\"}]",
        "\"entity_check\": \"at least one\", \"values\": [{\"value\": \"1\", "
        "\"entity_check\": \"at least one\"}]",
        "\"check_existence\": \"any_exist\", \"entity_check\": \"only one\", "
        "\"values\": [{\"value\": \"1\"}]",
        "\"values\": [{\"value\": \"1\", \"key\": \"l\"}]",
        "\"check_existence\": \"any_exist\", \"check_existence_yamlpath\": "
        "\".items[:].m\""};

    (void)state;
    for (size_t p = 0; p < sizeof(paths) / sizeof(*paths); p++)
        for (size_t l = 0; l < sizeof(lists) / sizeof(*lists); l++)
            for (size_t f = 0; f < sizeof(forms) / sizeof(*forms); f++) {
                char *content = engine_strf("{\"yamlpath\": \"%s\", %s}",
                                            paths[p], forms[f]);
                char *whole = engine_strf("{\"items\": %s}", lists[l]);

                if (judge_once(content, whole) !=
                    judge_pieces(content, lists[l]))
                    fail_msg("%s on %s", content, whole);
                engine_free(content);
                engine_free(whole);
            }
}

static void splits_only_what_it_can(void **state)
{
    static const char *const rows[] = {
        "{\"yamlpath\": \".items[0].x\", \"values\": []}",
        "{\"yamlpath\": \".data\", \"values\": []}",
        "{\"yamlpath\": \"[:]\", \"values\": []}",
        "{\"yamlpath\": \".itemsX[:]\", \"values\": []}",
        "{\"yamlpath\": \".items[:].x\", \"condition\": \"exists\"}",
        ("{\"yamlpath\": \".items[:].x\", \"check_existence_yamlpath\": "
         "\".metadata.name\"}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct check *check = check_of(rows[i]);

        if (check_split(check, "items", NULL) != ENGINE_EUNSUPPORTED)
            fail_msg("%s", rows[i]);
        check_free(check);
    }
}

static void several_documents_are_one_set(void **state)
{
    struct check_outcome outcome = {0};
    struct check *check = check_of(
        "{\"yamlpath\": \".a\", \"check_existence\": \"all_exist\", "
        "\"check\": \"at least one\", \"values\": [{\"value\": \"1\"}]}");
    struct value number = {.kind = VALUE_INT, .integer = 2};
    struct value_member member = {.key = "a", .key_len = 1};
    struct value document = {
        .kind = VALUE_OBJECT, .count = 1, .members = &member};
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(check_add(check, &document, &arena, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(check_close(check, &outcome, NULL), ENGINE_EINVAL);
    for (int64_t last = 2; last >= 1; last--) {
        assert_int_equal(check_open(check, NULL), 0);
        member.value = number;
        assert_int_equal(check_add(check, &document, &arena, NULL), 0);
        member.value.integer = last;
        assert_int_equal(check_add(check, &document, &arena, NULL), 0);
        assert_int_equal(check_close(check, &outcome, NULL), 0);
        assert_int_equal(outcome.status, last == 1 ? PASS : FAIL);
    }
    assert_int_equal(check_open(check, NULL), 0);
    assert_int_equal(check_close(check, &outcome, NULL), 0);
    assert_int_equal(outcome.status, FAIL);
    check_outcome_clear(&outcome);
    check_free(check);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_in_pieces_is_judged_as_the_whole),
        cmocka_unit_test(splits_only_what_it_can),
        cmocka_unit_test(several_documents_are_one_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
