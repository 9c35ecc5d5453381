/* SPDX-License-Identifier: Apache-2.0 */
/* test_condition.c - the operators of a check_content over the values of a
 * path, and quantities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <engine/scanner.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/check.h"
#include "sdk/kit/condition_quantity.h"

/* What the path .x gives of {"x": ...}, or .x[:] where the row says so. */
struct row {
    const char *condition; /* members of the check_content */
    const char *subject;   /* NULL: does not exist */
    int32_t status;
};

static struct check *check_of(const char *text, engine_error *err)
{
    const struct check_words words = {expr_language("yamlpath"), "yamlpath",
                                      "condition", "expected_value", NULL};
    struct check *check = NULL;
    bson_t content;

    if (document_from_json(text, strlen(text), "content", &content, err) < 0)
        fail_msg("%s: %s", text, err->message);
    if (check_compile(&content, &words, NULL, &check, err) < 0)
        check = NULL;
    bson_destroy(&content);
    return check;
}

static int32_t judge(const char *condition, const char *path,
                     const char *subject, struct check_outcome *outcome)
{
    engine_error err = {0};
    char *content = engine_strf("{\"yamlpath\": \"%s\", %s}", path, condition);
    struct check *check = check_of(content, &err);
    struct arena arena;
    struct value value;

    if (!check)
        fail_msg("%s: %s", content, err.message);
    arena_init(&arena, 1 << 20);
    if (subject && value_from_json(subject, strlen(subject), "subject",
                                   &arena, &value, &err) < 0)
        fail_msg("%s: %s", subject, err.message);
    if (check_subject(check, subject ? &value : NULL, &arena, outcome,
                      &err) < 0)
        fail_msg("%s on %s: %s", content, subject, err.message);
    arena_clear(&arena);
    check_free(check);
    engine_free(content);
    return outcome->status;
}

static void check_rows(const char *path, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct check_outcome outcome = {0};
        const int32_t status =
            judge(rows[i].condition, path, rows[i].subject, &outcome);

        if (status != rows[i].status)
            fail_msg("%s on %s: %d, expected %d (%s)", rows[i].condition,
                     rows[i].subject ? rows[i].subject : "nothing", status,
                     rows[i].status, outcome.message);
        assert_true(outcome.message[0] != '\0');
        assert_non_null(outcome.evidence);
        check_outcome_clear(&outcome);
    }
}

#define CHECK_ROWS(path, rows) \
    check_rows(path, rows, sizeof(rows) / sizeof(*(rows)))
#define PASS SCANNER_PASS
#define FAIL SCANNER_FAIL

#define EQUALS(value) "\"condition\": \"equals\", \"expected_value\": " value
#define NOT_EQUALS(value) \
    "\"condition\": \"not_equals\", \"expected_value\": " value
#define IS(name) "\"condition\": \"" name "\""
#define WITH(name, value) \
    "\"condition\": \"" name "\", \"expected_value\": " value
#define AS(type) ", \"value_type\": \"" type "\""
#define CHECK(word) ", \"entity_check\": \"" word "\""

static void compares_by_type(void **state)
{
    static const struct row rows[] = {
        {EQUALS("true"), "{\"x\": true}", PASS},
        {EQUALS("true"), "{\"x\": false}", FAIL},
        {EQUALS("true"), "{\"x\": \"true\"}", FAIL},
        {EQUALS("\"true\""), "{\"x\": true}", FAIL},
        {EQUALS("1"), "{\"x\": true}", FAIL},
        {EQUALS("1"), "{\"x\": 1}", PASS},
        {EQUALS("1"), "{\"x\": 1.0}", PASS},
        {EQUALS("1"), "{\"x\": 1.5}", FAIL},
        {EQUALS("9223372036854775807"), "{\"x\": 9223372036854775806}", FAIL},
        {EQUALS("\"a\""), "{\"x\": \"a\"}", PASS},
        {EQUALS("\"a\""), "{\"x\": \"A\"}", FAIL},
        {EQUALS("\"\""), "{\"x\": \"\"}", PASS},
        {EQUALS("null"), "{\"x\": null}", PASS},
        {EQUALS("null"), "{\"x\": 0}", FAIL},
        {EQUALS("\"\""), "{\"x\": null}", FAIL},
        {EQUALS("{\"a\": 1, \"b\": [2]}"), "{\"x\": {\"b\": [2], \"a\": 1}}",
         PASS},
        {EQUALS("[1, 2]"), "{\"x\": [1, 2]}", PASS},
        {EQUALS("[1, 2]"), "{\"x\": [2, 1]}", FAIL},
        {"\"expected_value\": 3", "{\"x\": 3}", PASS},
        {NOT_EQUALS("true"), "{\"x\": \"true\"}", PASS},
        {NOT_EQUALS("true"), "{\"x\": true}", FAIL},
        {NOT_EQUALS("1"), "{\"x\": null}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void converts_when_the_rule_says_so(void **state)
{
    static const struct row rows[] = {
        {EQUALS("true") AS("string"), "{\"x\": \"true\"}", PASS},
        {EQUALS("\"true\"") AS("string"), "{\"x\": true}", PASS},
        {EQUALS("\"true\"") AS("boolean"), "{\"x\": true}", PASS},
        {EQUALS("false") AS("boolean"), "{\"x\": \"false\"}", PASS},
        {EQUALS("false") AS("boolean"), "{\"x\": \"no\"}", FAIL},
        {EQUALS("5") AS("string"), "{\"x\": \"5\"}", PASS},
        {EQUALS("\"5.0\"") AS("string"), "{\"x\": 5}", FAIL},
        {EQUALS("\"1000m\"") AS("string"), "{\"x\": \"1\"}", FAIL},
        {EQUALS("\"5\"") AS("number"), "{\"x\": 5}", PASS},
        {EQUALS("\"1.10\"") AS("number"), "{\"x\": \"1.1\"}", PASS},
        {EQUALS("5") AS("number"), "{\"x\": \"5k\"}", FAIL},
        {EQUALS("\"1.10\"") AS("quantity"), "{\"x\": \"1.1\"}", PASS},
        {EQUALS("\"\"") AS("string"), "{\"x\": null}", FAIL},
        {WITH("greater_than", "\"2024-01-01T00:00:00Z\"") AS("string"),
         "{\"x\": \"2025-06-01T00:00:00Z\"}", PASS},
        {WITH("contains", "8") AS("string"), "{\"x\": 18080}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void compares_quantities_as_such(void **state)
{
    static const struct row rows[] = {
        {EQUALS("\"500m\""), "{\"x\": \"0.5\"}", PASS},
        {EQUALS("\"500m\""), "{\"x\": 0.5}", PASS},
        {EQUALS("0.5"), "{\"x\": \"500m\"}", PASS},
        {EQUALS("1"), "{\"x\": \"1\"}", PASS},
        {EQUALS("\"1Gi\""), "{\"x\": \"1024Mi\"}", PASS},
        {EQUALS("\"1Gi\""), "{\"x\": 1073741824}", PASS},
        {EQUALS("\"1G\""), "{\"x\": \"1Gi\"}", FAIL},
        {EQUALS("\"1e3\""), "{\"x\": 1000}", PASS},
        {EQUALS("\"1k\""), "{\"x\": \"1e3\"}", PASS},
        /* two texts of which none has a unit may be versions */
        {EQUALS("\"1.10\""), "{\"x\": \"1.1\"}", FAIL},
        {EQUALS("\"1e3\""), "{\"x\": \"1000\"}", FAIL},
        {EQUALS("\"0e1\""), "{\"x\": \"0e2\"}", FAIL},
        {EQUALS("\"1Gx\""), "{\"x\": \"1Gx\"}", PASS},
        {WITH("greater_than", "\"100m\""), "{\"x\": \"0.2\"}", PASS},
        {WITH("greater_than", "\"1Gi\""), "{\"x\": \"1024Mi\"}", FAIL},
        {WITH("greater_or_equal", "\"1Gi\""), "{\"x\": \"1024Mi\"}", PASS},
        {WITH("less_than", "\"1Gi\""), "{\"x\": \"1G\"}", PASS},
        {WITH("less_or_equal", "\"1Ei\""), "{\"x\": \"1152921504606846976\"}",
         PASS},
        {WITH("less_than", "\"1Ei\""), "{\"x\": \"1152921504606846976\"}",
         FAIL},
        {WITH("greater_than", "9007199254740992"),
         "{\"x\": 9007199254740993}", PASS},
        {WITH("greater_than", "5"), "{\"x\": \"abc\"}", FAIL},
        {WITH("less_than", "5"), "{\"x\": \"abc\"}", FAIL},
        {WITH("less_than", "5"), "{\"x\": true}", FAIL},
        {WITH("less_than", "5"), "{\"x\": null}", FAIL},
        {WITH("less_than", "5"), "{\"x\": [1]}", FAIL},
        {WITH("greater_or_equal", "-1.5"), "{\"x\": -1500e-3}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void looks_into_texts_lists_and_objects(void **state)
{
    static const struct row rows[] = {
        {WITH("contains", "\"b\""), "{\"x\": \"abc\"}", PASS},
        {WITH("contains", "\"d\""), "{\"x\": \"abc\"}", FAIL},
        {WITH("contains", "1"), "{\"x\": \"123\"}", FAIL},
        {WITH("contains", "\"b\""), "{\"x\": [\"a\", \"b\"]}", PASS},
        {WITH("contains", "\"b\""), "{\"x\": [\"abc\"]}", FAIL},
        {WITH("contains", "[\"b\", \"a\"]"), "{\"x\": [\"a\", \"b\"]}", PASS},
        {WITH("contains", "[\"b\", \"c\"]"), "{\"x\": [\"a\", \"b\"]}", FAIL},
        {WITH("contains", "[1]"), "{\"x\": [[1], 2]}", PASS},
        {WITH("contains", "{\"a\": 1}"), "{\"x\": [{\"a\": 1}]}", PASS},
        {WITH("contains", "\"k\""), "{\"x\": {\"k\": null}}", PASS},
        {WITH("contains", "\"v\""), "{\"x\": {\"k\": \"v\"}}", FAIL},
        {WITH("contains", "{\"k\": 1}"), "{\"x\": {\"k\": 1, \"l\": 2}}",
         PASS},
        {WITH("contains", "{\"k\": 2}"), "{\"x\": {\"k\": 1, \"l\": 2}}",
         FAIL},
        {WITH("contains", "\"a\""), "{\"x\": null}", FAIL},
        {WITH("contains", "\"a\""), "{\"x\": 5}", FAIL},
        {WITH("not_contains", "\"a\""), "{\"x\": null}", PASS},
        {WITH("not_contains", "\"d\""), "{\"x\": \"abc\"}", PASS},
        {WITH("not_contains", "\"b\""), "{\"x\": [\"a\", \"b\"]}", FAIL},
        {WITH("in", "[1, \"a\", null]"), "{\"x\": \"a\"}", PASS},
        {WITH("in", "[1, \"a\", null]"), "{\"x\": null}", PASS},
        {WITH("in", "[1, \"a\"]"), "{\"x\": true}", FAIL},
        {WITH("in", "[]"), "{\"x\": 1}", FAIL},
        {WITH("not_in", "[1, 2]"), "{\"x\": 3}", PASS},
        {WITH("not_in", "[1, 2]"), "{\"x\": 2}", FAIL},
        {WITH("matches", "\"^a.c$\""), "{\"x\": \"abc\"}", PASS},
        {WITH("pattern", "\"b\""), "{\"x\": \"abc\"}", PASS},
        {WITH("matches", "\"^4\""), "{\"x\": 443}", PASS},
        {WITH("matches", "\"true\""), "{\"x\": true}", PASS},
        {WITH("matches", "\".\""), "{\"x\": null}", FAIL},
        {WITH("matches", "\".\""), "{\"x\": [\"a\"]}", FAIL},
        {WITH("matches", "\"(?i)ABC\""), "{\"x\": \"abc\"}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void knows_what_is_missing(void **state)
{
    static const struct row rows[] = {
        {IS("exists"), "{\"x\": 0}", PASS},
        {IS("exists"), "{\"x\": []}", PASS},
        {IS("exists"), "{\"x\": null}", FAIL},
        {IS("exists"), "{}", FAIL},
        {IS("not_exists"), "{\"x\": false}", FAIL},
        {IS("not_exists"), "{\"x\": null}", PASS},
        {IS("not_exists"), "{}", PASS},
        {IS("any_exist"), "{\"x\": [1]}", PASS},
        {IS("any_exist"), "{\"x\": {\"a\": 1}}", PASS},
        {IS("any_exist"), "{\"x\": []}", FAIL},
        {IS("any_exist"), "{\"x\": {}}", FAIL},
        {IS("any_exist"), "{\"x\": null}", FAIL},
        {IS("any_exist"), "{}", FAIL},
        {IS("none_exist"), "{\"x\": [1]}", FAIL},
        {IS("none_exist"), "{\"x\": true}", FAIL},
        {IS("none_exist"), "{\"x\": []}", PASS},
        {IS("none_exist"), "{}", PASS},
        {EQUALS("1"), "{}", FAIL},
        {EQUALS("null"), "{}", FAIL},
        {WITH("contains", "\"a\""), "{}", FAIL},
        {WITH("greater_than", "1"), "{}", FAIL},
        {WITH("less_than", "1"), "{}", FAIL},
        {WITH("in", "[1]"), "{}", FAIL},
        {WITH("matches", "\"\""), "{}", FAIL},
        {NOT_EQUALS("1"), "{}", PASS},
        {WITH("not_contains", "\"a\""), "{}", PASS},
        {WITH("not_in", "[1]"), "{}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void fails_when_the_object_does_not_exist(void **state)
{
    static const struct row rows[] = {
        {IS("exists"), NULL, FAIL},
        {IS("any_exist"), NULL, FAIL},
        {IS("not_exists"), NULL, PASS},
        {IS("none_exist"), NULL, PASS},
        {EQUALS("1"), NULL, FAIL},
        {NOT_EQUALS("1"), NULL, FAIL},
        {WITH("not_contains", "\"a\""), NULL, FAIL},
        {WITH("not_in", "[1]"), NULL, FAIL},
        {EQUALS("1") ", \"not_found\": \"notapplicable\"", NULL,
         SCANNER_NOTAPPLICABLE},
        {EQUALS("1") ", \"not_found\": \"fail\"", NULL, FAIL},
    };

    (void)state;
    CHECK_ROWS(".x", rows);
}

static void asks_every_value_of_a_list(void **state)
{
    static const struct row rows[] = {
        {EQUALS("1"), "{\"x\": [1, 1]}", PASS},
        {EQUALS("1"), "{\"x\": [1, 2]}", FAIL},
        {EQUALS("1"), "{\"x\": [1, null]}", FAIL},
        {EQUALS("1"), "{\"x\": []}", FAIL},
        {EQUALS("[1, 2]"), "{\"x\": [1, 2]}", PASS},
        {EQUALS("[1, 2]"), "{\"x\": [1, 2, 3]}", FAIL},
        {NOT_EQUALS("[1, 2]"), "{\"x\": [1, 2]}", FAIL},
        {NOT_EQUALS("[1, 2]"), "{\"x\": [1]}", PASS},
        {NOT_EQUALS("1"), "{\"x\": [2, 3]}", PASS},
        {NOT_EQUALS("1"), "{\"x\": [2, 1]}", FAIL},
        {NOT_EQUALS("1"), "{\"x\": []}", PASS},
        {WITH("contains", "\"b\""), "{\"x\": [\"a\", \"b\"]}", PASS},
        {WITH("contains", "\"b\""), "{\"x\": [\"ab\", \"cb\"]}", PASS},
        {WITH("contains", "\"b\""), "{\"x\": [\"ab\", \"c\"]}", FAIL},
        {WITH("not_contains", "\"b\""), "{\"x\": [\"a\", \"c\"]}", PASS},
        {WITH("not_contains", "\"b\""), "{\"x\": [\"a\", \"cb\"]}", FAIL},
        {WITH("greater_than", "1"), "{\"x\": [2, 3]}", PASS},
        {WITH("greater_than", "1"), "{\"x\": [2, 1]}", FAIL},
        {WITH("in", "[1, 2]"), "{\"x\": [1, 2, 1]}", PASS},
        {WITH("in", "[1, 2]"), "{\"x\": [1, 3]}", FAIL},
        {WITH("not_in", "[1, 2]"), "{\"x\": [3, 1]}", FAIL},
        {WITH("matches", "\"^a\""), "{\"x\": [\"a\", \"ab\"]}", PASS},
        {WITH("matches", "\"^a\""), "{\"x\": [\"a\", \"b\"]}", FAIL},
        {IS("exists"), "{\"x\": [null, 1]}", PASS},
        {IS("exists"), "{\"x\": [null]}", FAIL},
        {IS("not_exists"), "{\"x\": [null, 1]}", FAIL},
        {IS("any_exist"), "{\"x\": [[], {}]}", FAIL},
        {EQUALS("1") CHECK("at least one"), "{\"x\": [2, 1]}", PASS},
        {EQUALS("1") CHECK("at least one"), "{\"x\": [2, 3]}", FAIL},
        {EQUALS("1") CHECK("at least one"), "{\"x\": []}", FAIL},
        {EQUALS("1") CHECK("only one"), "{\"x\": [2, 1]}", PASS},
        {EQUALS("1") CHECK("only one"), "{\"x\": [1, 1]}", FAIL},
        {EQUALS("1") CHECK("none satisfy"), "{\"x\": [2, 3]}", PASS},
        {EQUALS("1") CHECK("none satisfy"), "{\"x\": [2, 1]}", FAIL},
        {EQUALS("1") CHECK("none satisfy"), "{\"x\": []}", PASS},
        {WITH("contains", "\"b\"") CHECK("all"), "{\"x\": [\"a\", \"b\"]}",
         FAIL},
        {NOT_EQUALS("1") CHECK("at least one"), "{\"x\": [1, 2]}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x[:]", rows);
}

static void asks_every_value_of_lists_in_lists(void **state)
{
    static const struct row rows[] = {
        {EQUALS("1"), "{\"x\": [{\"y\": [1, 1]}, {\"y\": [1]}]}", PASS},
        {EQUALS("1"), "{\"x\": [{\"y\": [1, 1]}, {\"y\": [2]}]}", FAIL},
        {NOT_EQUALS("1"), "{\"x\": [{\"y\": [2, 1]}, {\"y\": [2]}]}", FAIL},
        {EQUALS("1"), "{\"x\": [{\"y\": []}, {}]}", FAIL},
        {WITH("contains", "\"b\""), "{\"x\": [{\"y\": [\"a\"]}, "
                                    "{\"y\": [\"b\"]}]}", PASS},
    };

    (void)state;
    CHECK_ROWS(".x[:].y[:]", rows);
}

static void refuses_what_makes_no_sense(void **state)
{
    static const char *const rows[][2] = {
        {"\"condition\": \"equal\", \"expected_value\": 1",
         "\"equal\" is no condition"},
        {"\"condition\": \"equals\"", "needs an expected value"},
        {"\"condition\": 5, \"expected_value\": 1", "condition is no text"},
        {"\"a\": 1", "there is no condition"},
        {WITH("greater_than", "\"abc\""), "cannot compare with a string"},
        {WITH("greater_than", "true"), "cannot compare with a boolean"},
        {WITH("in", "1"), "needs a list"},
        {WITH("in", "[\"x\"]") AS("number"), "cannot compare with a string"},
        {WITH("matches", "5"), "needs a pattern"},
        {WITH("matches", "\"(\""), "character 1"},
        {EQUALS("1") AS("integer"), "is no value_type"},
        {EQUALS("\"x\"") AS("number"), "as a number"},
        {EQUALS("1") CHECK("some"), "is no entity_check"},
        {EQUALS("1") ", \"not_found\": \"pass\"", "not_found"},
        {EQUALS("1") ", \"values\": []", "do not go together"},
        {EQUALS("\"{{.x}}\""), "variable \"x\" has no value"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *content =
            engine_strf("{\"yamlpath\": \".x\", %s}", rows[i][0]);
        engine_error err = {0};

        if (check_of(content, &err))
            fail_msg("%s: no error", content);
        if (!strstr(err.message, rows[i][1]))
            fail_msg("%s: \"%s\", expected \"%s\"", content, err.message,
                     rows[i][1]);
        engine_free(content);
    }
}

static void a_pattern_without_end_is_an_error(void **state)
{
    struct check_outcome outcome = {0};
    char subject[3000] = "{\"x\": \"";

    (void)state;
    assert_int_equal(judge(WITH("matches", "\"(a+)+$\""), ".x",
                           "{\"x\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}",
                           &outcome),
                     SCANNER_ERROR);
    assert_non_null(strstr(outcome.message, "too many steps"));
    check_outcome_clear(&outcome);
    memset(subject + strlen(subject), 'a', 2000);
    memcpy(subject + strlen(subject), "b\"}", 4);
    assert_int_equal(judge(WITH("matches", "\"(a*)*$\""), ".x", subject,
                           &outcome),
                     SCANNER_ERROR);
    check_outcome_clear(&outcome);
}

/* ---- quantities ---------------------------------------------------------------- */

static int compare(const char *a, const char *b)
{
    struct quantity x, y;

    if (!quantity_read(a, strlen(a), &x) || !quantity_read(b, strlen(b), &y))
        fail_msg("%s or %s is no quantity", a, b);
    assert_int_equal(quantity_compare(&y, &x), -quantity_compare(&x, &y));
    return quantity_compare(&x, &y);
}

static void orders_quantities_exactly(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"0", "-0", 0},       {"0", "0m", 0},        {"0", "0Ei", 0},
        {"1", "1000m", 0},    {"1m", "1000u", 0},    {"1u", "1000n", 0},
        {"1k", "1000", 0},    {"1Ki", "1024", 0},    {"1E", "1e18", 0},
        {"1Ei", "1024Pi", 0}, {"0.5Gi", "512Mi", 0}, {"1E3", "1000", 0},
        {"1e-3", "1m", 0},    {".5", "500m", 0},     {"5.", "5", 0},
        {"+5", "5", 0},       {"-1", "1", -1},       {"-2", "-1", -1},
        {"1n", "0", 1},       {"-1n", "0", -1},      {"1Gi", "1G", 1},
        {"007", "7", 0},      {"100", "1e2", 0},     {"1.0000000001", "1", 1},
        {"9223372036854775808", "9223372036854775807", 1},
        {"123456789012345678901234567890", "123456789012345678901234567891",
         -1},
        {"1e400", "1e-400", 1},
        {"1.7976931348623157e308", "1.7976931348623157e308", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const int order = compare(rows[i].a, rows[i].b);

        if (order != rows[i].order)
            fail_msg("%s, %s: %d", rows[i].a, rows[i].b, order);
    }
}

static void knows_what_is_no_quantity(void **state)
{
    static const char *const rows[] = {
        "",     "-",    ".",      "m",       "1 ",   " 1",     "1K",
        "1ki",  "1Mib", "1e",     "1e+",     "1e1.5", "1e1000", "0x10",
        "1,5",  "1e5m", "--1",    "1..2",    "inf",  "NaN",    "1h",
        "12345678901234567890123456789012345678901234567890123456789012345",
    };
    struct quantity quantity;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (quantity_read(rows[i], strlen(rows[i]), &quantity))
            fail_msg("\"%s\" is a quantity", rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_by_type),
        cmocka_unit_test(converts_when_the_rule_says_so),
        cmocka_unit_test(compares_quantities_as_such),
        cmocka_unit_test(looks_into_texts_lists_and_objects),
        cmocka_unit_test(knows_what_is_missing),
        cmocka_unit_test(fails_when_the_object_does_not_exist),
        cmocka_unit_test(asks_every_value_of_a_list),
        cmocka_unit_test(asks_every_value_of_lists_in_lists),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(a_pattern_without_end_is_an_error),
        cmocka_unit_test(orders_quantities_exactly),
        cmocka_unit_test(knows_what_is_no_quantity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
