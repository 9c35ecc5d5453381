/* SPDX-License-Identifier: Apache-2.0 */
/* test_check.c - the OVAL form against what oscap said, variables, evidence and
 * secrets. */
#include "tests/unit/test_check_fixture.h"

/* ---- what oscap said ----------------------------------------------------------- */

static const char *verdict_of(int32_t status)
{
    return status == PASS ? "true" : status == FAIL ? "false" : "error";
}

static engine_status oracle_case(const bson_t *document,
                                 const struct document_origin *origin,
                                 void *user, engine_error *err)
{
    const char *expected = document_string(document, "result");
    struct check_outcome outcome = {0};
    struct check *check = NULL;
    bson_t content;
    bson_iter_t iter;
    struct arena arena;
    struct value value;
    bool exists;

    (void)origin;
    ++*(int *)user;
    arena_init(&arena, 1 << 20);
    assert_true(document_child(document, "content", &content));
    if (compile(&content, &check, err) < 0)
        fail_msg("case %d: %s", *(int *)user, err->message);
    exists = bson_iter_init_find(&iter, document, "document");
    if (exists)
        assert_int_equal(value_from_bson(&iter, &arena, &value, NULL), 0);
    assert_int_equal(check_subject(check, exists ? &value : NULL, &arena,
                                   &outcome, err), ENGINE_OK);
    if (strcmp(verdict_of(outcome.status), expected) != 0) {
        char *text = bson_as_relaxed_extended_json(document, NULL);

        print_error("%s: \"%s\" (%s)\n", text,
                    verdict_of(outcome.status), outcome.message);
        bson_free(text);
        ((int *)user)[1]++;
    }
    check_outcome_clear(&outcome);
    check_free(check);
    arena_clear(&arena);
    return ENGINE_OK;
}

static void agrees_with_oscap(void **state)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    char *path = engine_strf("%s/tests/fixtures/check/oval.json",
                             source ? source : ".");
    engine_error err = {0};
    int counts[2] = {0, 0};
    char *text;
    size_t len;

    (void)state;
    if (file_read(path, 1 << 20, &text, &len, &err) < 0 ||
        document_read_json(text, len, path, oracle_case, counts, &err) < 0)
        fail_msg("%s", err.message);
    engine_free(text);
    engine_free(path);
    assert_true(counts[0] > 900);
    assert_int_equal(counts[1], 0);
}

static void is_right_where_oscap_is_not(void **state)
{
    static const struct {
        const char *path, *document, *text;
        int32_t status;
    } rows[] = {
        {".a", "{\"a\": 99999999999}", "99999999999", PASS},
        {".a", "{\"a\": 1.5}", "1.5", PASS},
        {".a", "{\"a\": [2, [1]]}", "1", FAIL},
        {".a", "{\"a\": [{\"l\": 1}, 5]}", "1", ERROR},
        {".a", "{\"a\": [5, {\"l\": 1}]}", "1", ERROR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *content = engine_strf(
            "{\"yamlpath\": \"%s\", \"values\": [{\"value\": \"%s\"}]}",
            rows[i].path, rows[i].text);

        if (judge_once(content, rows[i].document) != rows[i].status)
            fail_msg("%s on %s", content, rows[i].document);
        engine_free(content);
    }
}

/* ---- what the template does beyond the one test --------------------------------- */

static void an_object_of_the_cluster_has_to_exist(void **state)
{
    static const char with[] = "{\"ocp_data\": \"true\", \"yamlpath\": "
                               "\"[:]\", \"check_existence\": \"none_exist\"}";
    static const char without[] =
        "{\"filepath\": \"/x\", \"yamlpath\": \"[:]\", "
        "\"check_existence\": \"none_exist\"}";

    (void)state;
    assert_int_equal(judge_once(with, "[]"), PASS);
    assert_int_equal(judge_once(with, "[1]"), FAIL);
    assert_int_equal(judge_once(with, NULL), FAIL);
    assert_int_equal(judge_once(without, NULL), PASS);
}

static void compares_with_a_variable(void **state)
{
    static const char equals[] =
        "{\"yamlpath\": \".a\", \"xccdf_variable\": \"var_name\"}";
    static const char number[] =
        "{\"yamlpath\": \".a\", \"xccdf_variable\": \"var_number\"}";
    static const char pattern[] = "{\"yamlpath\": \".a\", \"regex_data\": "
                                  "true, \"xccdf_variable\": "
                                  "\"xccdf_x_value_var_pattern\"}";

    (void)state;
    assert_int_equal(judge_once(equals, "{\"a\": \"web\"}"), PASS);
    assert_int_equal(judge_once(equals, "{\"a\": \"wob\"}"), FAIL);
    assert_int_equal(judge_once(number, "{\"a\": 300}"), PASS);
    assert_int_equal(judge_once(number, "{\"a\": \"300\"}"), PASS);
    assert_int_equal(judge_once(pattern, "{\"a\": [\"a\", \"b\"]}"), PASS);
    assert_int_equal(judge_once(pattern, "{\"a\": [\"a\", \"c\"]}"), FAIL);
}

static void knows_a_duration_of_the_same_length(void **state)
{
    static const char *const same[] = {"10m0s", "10m", "600s", "0.5m570s",
                                       "600000ms", "0h10m"};
    static const char *const other[] = {"10m1s", "10", "10 m", "-10m", "10mm",
                                        "m", "", "1e2s", "99999999999999999h"};
    static const char *const forms[] = {
        "{\"yamlpath\": \".a\", \"xccdf_variable\": \"var_timeout\"}",
        "{\"yamlpath\": \".a\", \"xccdf_variable\": \"var_seconds\"}"};

    (void)state;
    for (size_t form = 0; form < 2; form++) {
        for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
            char *subject = engine_strf("{\"a\": \"%s\"}", same[i]);

            if (judge_once(forms[form], subject) != PASS)
                fail_msg("%s", same[i]);
            engine_free(subject);
        }
        for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
            char *subject = engine_strf("{\"a\": \"%s\"}", other[i]);

            if (judge_once(forms[form], subject) != FAIL)
                fail_msg("%s", other[i]);
            engine_free(subject);
        }
    }
    assert_int_equal(judge_once(forms[0], "{\"a\": \"600\"}"), FAIL);
    assert_int_equal(judge_once(forms[1], "{\"a\": 600}"), PASS);
    assert_int_equal(judge_once("{\"yamlpath\": \".a\", \"values\": "
                                "[{\"value\": \"{{.var_timeout}}\"}]}",
                                "{\"a\": \"10m\"}"), FAIL);
}

static void compares_an_embedded_part_with_a_variable(void **state)
{
    static const char content[] =
        "{\"yamlpath\": \".v[:]\", \"xccdf_variable\": \"var_number\", "
        "\"embedded_data\": \"true\", \"values\": [{\"value\": \"(\\\\d+)\", "
        "\"operation\": \"pattern match\", \"type\": \"string\"}]}";
    static const struct {
        const char *document;
        int32_t status;
    } rows[] = {
        {"{\"v\": [\"300\"]}", PASS},         {"{\"v\": [\"a300b\"]}", PASS},
        {"{\"v\": [\"x300y400\"]}", PASS},    {"{\"v\": [\"400\"]}", FAIL},
        {"{\"v\": [\"300\", \"400\"]}", FAIL}, {"{\"v\": [\"x\"]}", FAIL},
        {"{\"v\": [\"300\", \"x\"]}", FAIL},  {"{\"v\": []}", FAIL},
        {"{\"z\": 1}", FAIL},                 {"{\"v\": 300}", FAIL},
        {NULL, FAIL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (judge_once(content, rows[i].document) != rows[i].status)
            fail_msg("%s", rows[i].document);
}

static void counts_values_at_another_path(void **state)
{
    static const char content[] =
        "{\"yamlpath\": \".s.h\", \"check_existence\": \"any_exist\", "
        "\"check_existence_yamlpath\": \".m.n\"}";
    static const struct {
        const char *document;
        int32_t status;
    } rows[] = {
        {"{\"m\": {\"n\": 1}, \"s\": {\"h\": 2}}", PASS},
        {"{\"m\": {\"n\": [1, 2]}, \"s\": {\"h\": [3, 4]}}", PASS},
        {"{\"m\": {\"n\": [1, 2]}, \"s\": {\"h\": [3]}}", FAIL},
        {"{\"m\": {\"n\": 1}}", FAIL},
        {"{\"z\": 1}", FAIL},
        {NULL, FAIL},
        {"{\"s\": {\"h\": 2}}", ERROR},
        {"{\"m\": {\"n\": 1}, \"s\": {\"h\": {\"q\": 1}}}", ERROR},
        {"{\"m\": {\"n\": {\"q\": 1}}, \"s\": {\"h\": 1}}", ERROR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (judge_once(content, rows[i].document) != rows[i].status)
            fail_msg("%s", rows[i].document);
}

static void refuses_what_makes_no_sense(void **state)
{
    static const char *const rows[][2] = {
        {"\"check_existence\": \"some_exist\"", "\"some_exist\" is unknown"},
        {"\"entity_check\": \"any\", \"values\": []", "\"any\" is unknown"},
        {"\"values\": 5", "values is no list"},
        {"\"values\": [5]", "values.0: it is no object"},
        {"\"values\": [{\"value\": \"a\"}, {\"type\": \"int\"}]",
         "values.1: value is missing"},
        {"\"values\": [{\"value\": \"a\", \"type\": \"int\"}]",
         "values.0: value \"a\" is not of type int"},
        {"\"values\": [{\"value\": \"a\", \"type\": \"date\"}]",
         "\"date\" is unknown"},
        {"\"values\": [{\"value\": \"a\", \"operaton\": \"equals\"}]",
         "\"operaton\" is unknown"},
        {"\"values\": [{\"value\": \"a\", \"operation\": \"like\"}]",
         "\"like\" is unknown"},
        {"\"values\": [{\"value\": \"1\", \"type\": \"int\", "
         "\"operation\": \"pattern match\"}]",
         "does not go with type int"},
        {"\"values\": [{\"value\": \"(\", \"operation\": \"pattern match\"}]",
         "values.0: pattern \"(\""},
        {"\"values\": [{\"value\": [1]}]", "values.0: value: a list"},
        {"\"xccdf_variable\": \"var_x\"", "\"var_x\" has no value"},
        {"\"xccdf_variable\": \"var_list\"", "variable \"var_list\""},
        {"\"xccdf_variable\": \"var_name\", \"embedded_data\": true",
         "embedded_data needs one value"},
        {"\"ocp_data\": \"yes\"", "ocp_data is neither true nor false"},
        {"\"values\": [{\"value\": \"{{.var_x}}\"}]",
         "variable \"var_x\" has no value"},
        {"\"values\": [], \"condition\": \"exists\"", "do not go together"},
        {"\"check_existence\": \"all_exist\", \"check_existence_yamlpath\": "
         "\"a[\"",
         "check_existence_yamlpath: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *text = engine_strf("{\"yamlpath\": \".x\", %s}", rows[i][0]);
        struct check *check = NULL;
        engine_error err = {0};
        bson_t content;

        parse(text, &content);
        if (compile(&content, &check, &err) != ENGINE_EINVAL)
            fail_msg("%s: no error", text);
        if (!strstr(err.message, rows[i][1]))
            fail_msg("%s: \"%s\", expected \"%s\"", text, err.message,
                     rows[i][1]);
        bson_destroy(&content);
        engine_free(text);
    }
}

static void puts_variables_in(void **state)
{
    struct check *check = check_of(
        "{\"yamlpath\": \".{{.var_name}}\", \"condition\": \"in\", "
        "\"expected_value\": [\"{{.var_number}}\", \"{{.var_number}}s\"]}");
    struct check_outcome outcome = {0};
    bson_iter_t name;

    (void)state;
    assert_int_equal(check_form(check), CHECK_CONDITION);
    assert_int_equal(judge(check, "{\"web\": 300}", &outcome), PASS);
    assert_int_equal(judge(check, "{\"web\": \"300s\"}", &outcome), PASS);
    assert_int_equal(judge(check, "{\"web\": 301}", &outcome), FAIL);
    assert_int_equal(bson_count_keys(check_variables(check)), 2);
    assert_true(bson_iter_init_find(
        &name, check_variables(check),
        "xccdf_org.ssgproject.content_value_var_name"));
    check_outcome_clear(&outcome);
    check_free(check);
}

/* ---- reasons ------------------------------------------------------------------------ */

static void says_what_was_there(void **state)
{
    struct check_outcome outcome = {0};
    struct check *check = check_of(
        "{\"yamlpath\": \".a[:]\", \"condition\": \"greater_than\", "
        "\"expected_value\": 2, \"resource_type\": \"pod\"}");

    (void)state;
    assert_int_equal(judge(check, "{\"a\": [3, 1, 2]}", &outcome), FAIL);
    assert_string_equal(outcome.message,
                        ".a[:]: 2 of 3 values, the first is 1: does not do "
                        "(greater_than 2)");
    assert_string_equal(document_string(outcome.evidence, "yamlpath"),
                        ".a[:]");
    assert_string_equal(document_string(outcome.evidence, "condition"),
                        "greater_than");
    assert_int_equal(document_int(outcome.evidence, "expected_value", 0), 2);
    assert_int_equal(document_int(outcome.evidence, "found", 0), 3);
    assert_int_equal(document_int(outcome.evidence, "unsatisfied", 0), 2);
    assert_int_equal(document_int(outcome.evidence, "actual.0", 0), 1);
    assert_int_equal(document_int(outcome.evidence, "actual.1", 0), 2);
    assert_false(bson_has_field(outcome.evidence, "resource_type"));
    check_free(check);

    check = check_of("{\"yamlpath\": \".a\", \"values\": [{\"key\": \"k\", "
                     "\"value\": \"x\"}]}");
    assert_int_equal(judge(check, "{\"a\": {\"k\": \"y\"}}", &outcome), FAIL);
    assert_string_equal(document_string(outcome.evidence, "actual.0.k"), "y");
    assert_string_equal(outcome.message,
                        ".a: 1 of 1 values, the first is \"y\": does not do "
                        "(key \"k\" equals \"x\")");
    assert_int_equal(judge(check, "{\"a\": {\"l\": \"y\"}}", &outcome),
                     ERROR);
    assert_string_equal(outcome.message,
                        ".a: a record has no field \"k\"");
    check_outcome_clear(&outcome);
    check_free(check);
}

static void a_terse_pass_has_no_reasons(void **state)
{
    struct check_outcome outcome = {0};
    struct check *check =
        check_of("{\"yamlpath\": \".a\", \"expected_value\": 2}");

    (void)state;
    check_terse(check, true);
    assert_int_equal(judge(check, "{\"a\": 2}", &outcome), PASS);
    assert_null(outcome.evidence);
    assert_int_equal(judge(check, "{\"a\": 3}", &outcome), FAIL);
    assert_non_null(outcome.evidence);
    assert_int_equal(judge(check, "{\"a\": 2}", &outcome), PASS);
    assert_null(outcome.evidence);
    check_outcome_clear(&outcome);
    check_free(check);
}

/* Judges by values that another check found, and compares all of it. */
static void judge_beside(const char *one, const char *other,
                         const char *subject)
{
    struct check *finder = check_of(other), *check = check_of(one);
    struct check_outcome alone = {0}, beside = {0};
    const int32_t status = judge(check, subject, &alone);
    struct expr_values values;
    engine_error err = {0};
    struct arena arena;
    struct value value;
    bool holds;

    arena_init(&arena, 8 << 20);
    assert_int_equal(value_from_json(subject, strlen(subject), "subject",
                                     &arena, &value, &err), ENGINE_OK);
    assert_true(check_has_values_of(check, finder));
    assert_int_equal(check_values(finder, &value, &arena, &values, &err),
                     ENGINE_OK);
    if (check_holds(check, &values, &holds, &err) < 0) {
        assert_int_equal(status, ERROR);
    } else {
        assert_int_equal(status, holds ? PASS : FAIL);
        assert_int_equal(check_subject_values(check, &value, &values, &beside,
                                              &err), ENGINE_OK);
        assert_int_equal(beside.status, status);
        assert_string_equal(beside.message, alone.message);
        assert_true(bson_equal(beside.evidence, alone.evidence));
    }
    check_outcome_clear(&alone);
    check_outcome_clear(&beside);
    check_free(finder);
    check_free(check);
    arena_clear(&arena);
}

static void checks_of_one_path_judge_as_each_alone(void **state)
{
    static const char *const subjects[] = {
        "{}", "{\"a\": []}", "{\"a\": [{\"b\": [1, 2]}, {\"b\": [3]}]}",
        "{\"a\": [{\"b\": [\"x\"]}, {\"c\": 1}]}", "{\"a\": 5}",
        "{\"kind\": \"Secret\", \"a\": [{\"b\": [\"SESAME\"]}]}"};
    static const char *const rests[] = {
        "\"condition\": \"exists\"", "\"condition\": \"none_exist\"",
        "\"condition\": \"equals\", \"expected_value\": 1",
        "\"condition\": \"not_in\", \"expected_value\": [\"x\", \"2\"]",
        "\"condition\": \"matches\", \"expected_value\": \"(a+)+$\"",
        /* clang: one string of two */
        ("\"condition\": \"less_than\", \"expected_value\": 3, "
         "\"entity_check\": \"at least one\"")};

    (void)state;
    for (size_t i = 0; i < sizeof(rests) / sizeof(*rests); i++)
        for (size_t j = 0; j < sizeof(subjects) / sizeof(*subjects); j++) {
            char one[200], other[200];

            snprintf(one, sizeof(one), "{\"yamlpath\": \".a[:].b[:]\", %s}",
                     rests[i]);
            snprintf(other, sizeof(other),
                     "{\"yamlpath\": \".a[:].b[:]\", %s}",
                     rests[(i + 1) % 6]);
            judge_beside(one, other, subjects[j]);
        }
}

static void only_equal_checks_are_the_same(void **state)
{
    static const char *const rows[] = {
        "{\"yamlpath\": \".a\", \"condition\": \"exists\"}",
        "{\"yamlpath\": \".a\", \"condition\": \"not_exists\"}",
        "{\"yamlpath\": \".a\", \"expected_value\": 1}",
        "{\"yamlpath\": \".a\", \"expected_value\": \"1\"}",
        "{\"yamlpath\": \".b\", \"condition\": \"exists\"}",
        "{\"yamlpath\": \".a\", \"values\": [{\"value\": \"1\"}]}"};

    (void)state;
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++) {
            struct check *a = check_of(rows[i]), *b = check_of(rows[j]);

            /* the OVAL form has no values of one subject */
            assert_int_equal(check_is_same(a, b), i == j && i < 5);
            assert_int_equal(check_has_values_of(a, b),
                             (i < 4 && j < 4) || (i == 4 && j == 4));
            check_redact(b, true);
            assert_false(check_is_same(a, b));
            check_free(a);
            check_free(b);
        }
}

static void evidence_is_bounded(void **state)
{
    static const char *const forms[] = {
        "{\"yamlpath\": \".a[:]\", \"expected_value\": \"x\"}",
        "{\"yamlpath\": \".a[:]\", \"values\": [{\"value\": \"x\"}]}",
        "{\"yamlpath\": \".a\", \"expected_value\": \"x\"}"};
    struct buffer text;
    char *subject;

    (void)state;
    buffer_init(&text, 4 << 20);
    buffer_puts(&text, "{\"a\": [");
    for (int i = 0; i < 300; i++) {
        buffer_puts(&text, i ? ",\"" : "\"");
        for (int j = 0; j < 5000; j++)
            buffer_puts(&text, i % 2 ? "aa" : "\xc3\xa4");
        buffer_putc(&text, '"');
    }
    buffer_puts(&text, "]}");
    subject = buffer_take(&text);
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        struct check_outcome outcome = {0};
        struct check *check = check_of(forms[i]);

        assert_int_equal(judge(check, subject, &outcome), FAIL);
        assert_true(outcome.evidence->len < 64 * 1024);
        assert_true(document_bool(outcome.evidence, "truncated", false));
        assert_true(bson_validate(outcome.evidence, BSON_VALIDATE_UTF8, NULL));
        check_outcome_clear(&outcome);
        check_free(check);
    }
    engine_free(subject);
}

static void shows_nothing_of_a_secret(void **state)
{
    static const char *const forms[] = {
        "{\"yamlpath\": \".data.p\", \"expected_value\": \"x\"}",
        "{\"yamlpath\": \".data\", \"condition\": \"not_exists\"}",
        "{\"yamlpath\": \".data.p\", \"condition\": \"exists\"}",
        "{\"yamlpath\": \".data.p\", \"values\": [{\"value\": \"x\"}]}",
        "{\"yamlpath\": \".data.p\", \"values\": [{\"value\": \"1\", "
        "\"type\": \"int\"}]}",
        "{\"yamlpath\": \".data\", \"values\": [{\"key\": \"p\", "
        "\"value\": \"x\"}]}",
        "{\"yamlpath\": \".data\", \"check_existence\": \"none_exist\"}"};
    static const char secret[] =
        "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"s\"}, "
        "\"data\": {\"p\": \"SESAME\"}}";
    static const char plain[] = "{\"data\": {\"p\": \"SESAME\"}}";

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(forms) / sizeof(*forms); i++) {
        struct check_outcome outcome = {0};
        struct check *check = check_of(forms[i / 2]);
        char *json;

        check_redact(check, i % 2);
        judge(check, i % 2 ? plain : secret, &outcome);
        json = bson_as_relaxed_extended_json(outcome.evidence, NULL);
        if (strstr(json, "SESAME") || strstr(outcome.message, "SESAME"))
            fail_msg("%s: %s %s", forms[i / 2], outcome.message, json);
        assert_true(document_bool(outcome.evidence, "redacted", false));
        bson_free(json);
        check_redact(check, false);
        judge(check, plain, &outcome);
        assert_false(bson_has_field(outcome.evidence, "redacted"));
        check_outcome_clear(&outcome);
        check_free(check);
    }
}

static void survives_every_failed_allocation(void **state)
{
    static const char content[] =
        "{\"yamlpath\": \".a[:].b[:]\", \"check_existence_yamlpath\": "
        "\".a[:].b[:]\", \"values\": [{\"value\": \"^{{.var_name}}$\", "
        "\"operation\": \"pattern match\"}]}";
    static const char subject[] =
        "{\"a\": [{\"b\": [\"web\", \"web\"]}, {\"b\": [\"x\"]}]}";
    struct arena arena;
    struct value value;
    bson_t document, variables;

    (void)state;
    parse(content, &document);
    parse(variables_text, &variables);
    arena_init(&arena, 1 << 20);
    assert_int_equal(value_from_json(subject, strlen(subject), "s", &arena,
                                     &value, NULL), 0);
    for (long nth = 1;; nth++) {
        struct check_outcome outcome = {0};
        struct check *check = NULL;
        engine_error err = {0};
        engine_status status;

        engine_alloc_fail_at(nth);
        status = compile_with(&document, &variables, &check, &err);
        if (status == ENGINE_OK)
            status = check_subject(check, &value, &arena, &outcome, &err);
        engine_alloc_fail_at(0);
        check_free(check);
        if (status == ENGINE_OK) {
            assert_int_equal(outcome.status, FAIL);
            check_outcome_clear(&outcome);
            break;
        }
        check_outcome_clear(&outcome);
        assert_int_equal(status, ENGINE_ENOMEM);
    }
    bson_destroy(&document);
    bson_destroy(&variables);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_oscap),
        cmocka_unit_test(is_right_where_oscap_is_not),
        cmocka_unit_test(an_object_of_the_cluster_has_to_exist),
        cmocka_unit_test(compares_with_a_variable),
        cmocka_unit_test(knows_a_duration_of_the_same_length),
        cmocka_unit_test(compares_an_embedded_part_with_a_variable),
        cmocka_unit_test(counts_values_at_another_path),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(puts_variables_in),
        cmocka_unit_test(says_what_was_there),
        cmocka_unit_test(a_terse_pass_has_no_reasons),
        cmocka_unit_test(checks_of_one_path_judge_as_each_alone),
        cmocka_unit_test(only_equal_checks_are_the_same),
        cmocka_unit_test(evidence_is_bounded),
        cmocka_unit_test(shows_nothing_of_a_secret),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
