/* SPDX-License-Identifier: Apache-2.0 */
/* test_template.c - Go templates in paths and filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/template.h"

static const char variables_text[] =
    "{\"name\": \"web\", \"none\": null, \"text_none\": \"None\","
    " \"empty\": \"\", \"number\": 300, \"half\": 0.5, \"yes\": true,"
    " \"no\": false, \"zero\": 0, \"list\": [1],"
    " \"xccdf_org.example_value_long\": \"v\"}";

struct row {
    const char *text, *expected;
};

static void variables_new(bson_t *out)
{
    engine_error err = {0};

    if (document_from_json(variables_text, strlen(variables_text), "v", out,
                           &err) < 0)
        fail_msg("%s", err.message);
}

static void check_rows(const struct row *rows, size_t count)
{
    bson_t variables;

    variables_new(&variables);
    for (size_t i = 0; i < count; i++) {
        engine_error err = {0};
        char *out = NULL;

        if (template_expand(rows[i].text, &variables, NULL, NULL, &out,
                            &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.message);
        if (strcmp(out, rows[i].expected) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", rows[i].text, out,
                     rows[i].expected);
        engine_free(out);
    }
    bson_destroy(&variables);
}

/* expected is part of the message */
static void check_errors(const struct row *rows, size_t count)
{
    bson_t variables;

    variables_new(&variables);
    for (size_t i = 0; i < count; i++) {
        engine_error err = {0};
        char *out = NULL;

        if (template_expand(rows[i].text, &variables, NULL, NULL, &out,
                            &err) != ENGINE_EINVAL)
            fail_msg("%s: no error", rows[i].text);
        if (!strstr(err.message, rows[i].expected))
            fail_msg("%s: \"%s\", expected \"%s\"", rows[i].text,
                     err.message, rows[i].expected);
        assert_null(out);
    }
    bson_destroy(&variables);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))
#define CHECK_ERRORS(rows) check_errors(rows, sizeof(rows) / sizeof(*(rows)))

static void leaves_plain_text_alone(void **state)
{
    static const struct row rows[] = {
        {"", ""}, {"/api/v1/pods?limit=500", "/api/v1/pods?limit=500"},
        {"a { b } }} c", "a { b } }} c"}, {" \n x \t", " \n x \t"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void puts_variables_in(void **state)
{
    static const struct row rows[] = {
        {"{{.name}}", "web"},
        {"a-{{ .name }}-b", "a-web-b"},
        {"{{.none}}{{.number}}{{.yes}}{{.half}}", "None300true0.5"},
        {"{{.long}}", "v"},
        {"{{.name}}{{.name}}", "webweb"},
        {"{{\n.name\t}}", "web"},
        {"{{\"}}\\\"\\n\\x41\\u00e9\\101\"}}", "}}\"\nA\xc3\xa9" "A"},
        {"{{`a\\n\"b`}}", "a\\n\"b"},
        {"a{{/* a {{comment}} */}}b", "ab"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void takes_one_branch(void **state)
{
    static const struct row rows[] = {
        {"{{if ne .none \"None\"}}a{{else}}b{{end}}", "b"},
        {"{{if ne .text_none \"None\"}}a{{else}}b{{end}}", "b"},
        {"{{if eq .name \"web\"}}a{{else}}b{{end}}c", "ac"},
        {"{{if eq .name `web`}}a{{end}}", "a"},
        {"{{if eq .name \"x\" \"web\" \"y\"}}a{{end}}", "a"},
        {"{{if eq .name \"x\" \"y\"}}a{{end}}", ""},
        {"{{if eq \"\" .empty}}a{{end}}", "a"},
        {"{{if eq .number \"300\"}}a{{end}}", "a"},
        {"{{if eq .name \"x\"}}1{{else if eq .name \"web\"}}2"
         "{{else if eq .name \"web\"}}3{{else}}4{{end}}", "2"},
        {"{{if eq .name \"x\"}}1{{else if eq .name \"y\"}}2{{else}}4{{end}}",
         "4"},
        {"{{if eq .name \"web\"}}1{{else if eq .name \"web\"}}2{{end}}", "1"},
        {"{{if eq .name \"web\"}}{{if ne .name \"web\"}}1{{else}}2{{end}}"
         "{{else}}{{if eq .name \"web\"}}3{{else}}4{{end}}{{end}}", "2"},
        {"{{if eq .name \"x\"}}{{if eq .name \"web\"}}1{{else}}2{{end}}"
         "{{else}}3{{end}}", "3"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void knows_what_is_empty(void **state)
{
    static const struct row rows[] = {
        {"{{if .name}}a{{else}}b{{end}}", "a"},
        {"{{if .empty}}a{{else}}b{{end}}", "b"},
        {"{{if .yes}}a{{else}}b{{end}}", "a"},
        {"{{if .no}}a{{else}}b{{end}}", "b"},
        {"{{if .zero}}a{{else}}b{{end}}", "b"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void trims_spaces_like_go(void **state)
{
    static const struct row rows[] = {
        {"a \n {{- .name -}} \t b", "awebb"},
        {"a {{- .name}} b", "aweb b"},
        {"a {{.name -}} b", "a webb"},
        {"a {{- /* c */ -}} b", "ab"},
        {" {{- if eq .name \"web\" -}} x {{- else -}} y {{- end -}} ", "x"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void looks_up_only_what_is_taken(void **state)
{
    static const struct row rows[] = {
        {"{{if eq .name \"x\"}}{{.unknown}}{{else}}b{{end}}", "b"},
        {"{{if eq .name \"web\"}}a{{else if eq .unknown \"x\"}}b{{end}}",
         "a"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void says_what_is_wrong(void **state)
{
    static const struct row rows[] = {
        {"ab{{.unknown}}", "character 5: variable \"unknown\" has no value"},
        {"{{.list}}", "no text, number or boolean"},
        {"{{range .list}}{{end}}", "not \"range\""},
        {"{{.name | quote}}", "expected }}, not \"|\""},
        {"{{.name.first}}", "not \".name.first\""},
        {"{{.}}", "not \".\""},
        {"{{}}", "expected a variable, if, else or end"},
        {"{{if eq .name \"web\"}}a", "{{if}} without {{end}}"},
        {"{{if eq .name \"web\"}}a{{else}}b", "{{if}} without {{end}}"},
        {"a{{end}}", "character 2: {{end}} without {{if}}"},
        {"{{else}}", "{{else}} without {{if}}"},
        {"{{if eq .name \"x\"}}{{else}}{{else}}{{end}}",
         "{{else}} without {{if}}"},
        {"{{if eq .name \"x\"}}{{else}}{{else if eq .name \"x\"}}{{end}}",
         "{{else}} without {{if}}"},
        {"{{if gt .number 3}}{{end}}", "not \"gt\""},
        {"{{if eq .name}}{{end}}", "a variable or a text in quotes"},
        {"{{if ne .name \"a\" \"b\"}}{{end}}", "expected }}"},
        {"{{if eq .name web}}{{end}}", "not \"web\""},
        {"{{if eq .number 300}}{{end}}", "not \"300\""},
        {"{{if}}{{end}}", "expected eq, ne or a variable"},
        {"{{.name", "no closing braces"},
        {"{{", "no closing braces"},
        {"{{\"abc}}", "has no end"},
        {"{{`abc}}", "has no end"},
        {"{{/* abc }}", "a comment has no end"},
        {"{{\"\\q\"}}", "invalid escape"},
        {"{{\"\\xff\"}}", "not UTF-8"},
        {"{{\"\\000\"}}", "invalid escape"},
        {"{{end x}}", "expected }}, not \"x\""},
        {"{{if eq .name \"x\"}}{{.a b}}{{end}}", "not \"b\""},
    };

    (void)state;
    CHECK_ERRORS(rows);
}

static void limits_nesting_and_size(void **state)
{
    engine_error err = {0};
    char text[2000] = "";
    char *big, *out = NULL;
    bson_t variables;

    (void)state;
    variables_new(&variables);
    for (int i = 0; i < 33; i++)
        memcpy(text + strlen(text), "{{if eq .name \"a\"}}", 20);
    assert_int_equal(template_expand(text, &variables, NULL, NULL, &out,
                                     &err), ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "nested"));
    big = engine_calloc(1, 2 << 20);
    memset(big, 'a', (2 << 20) - 1);
    assert_int_equal(template_expand(big, &variables, NULL, NULL, &out, &err),
                     ENGINE_ELIMIT);
    engine_free(big);
    bson_destroy(&variables);
}

static void count_used(const char *name, void *user)
{
    assert_string_equal(name, "xccdf_org.example_value_long");
    ++*(int *)user;
}

static void tells_which_variables_it_used(void **state)
{
    bson_t variables;
    char *out = NULL;
    int count = 0;

    (void)state;
    variables_new(&variables);
    assert_int_equal(
        template_expand("{{.long}}{{if eq .long \"v\"}}{{else}}{{.name}}"
                        "{{end}}",
                        &variables, count_used, &count, &out, NULL),
        ENGINE_OK);
    assert_int_equal(count, 2);
    assert_string_equal(out, "v");
    engine_free(out);
    bson_destroy(&variables);
}

static void finds_a_lone_variable(void **state)
{
    bson_t variables;
    bson_iter_t value;

    (void)state;
    variables_new(&variables);
    assert_true(template_single("{{.number}}", &variables, &value));
    assert_int_equal(bson_iter_as_int64(&value), 300);
    assert_true(template_single("{{- .yes -}}", &variables, &value));
    assert_true(bson_iter_bool(&value));
    assert_true(template_single("{{.none}}", &variables, &value));
    assert_true(BSON_ITER_HOLDS_NULL(&value));
    assert_true(template_single("{{.xccdf_org.x}}", &variables, &value) ==
                false);
    assert_false(template_single(" {{.number}}", &variables, &value));
    assert_false(template_single("{{.number}}s", &variables, &value));
    assert_false(template_single("{{.unknown}}", &variables, &value));
    assert_false(template_single("{{if .yes}}{{end}}", &variables, &value));
    assert_false(template_single("{{.number", &variables, &value));
    assert_false(template_single("", &variables, &value));
    bson_destroy(&variables);
}

static void survives_every_failed_allocation(void **state)
{
    bson_t variables;

    (void)state;
    variables_new(&variables);
    for (long nth = 1;; nth++) {
        engine_error err = {0};
        engine_status status;
        char *out = NULL;

        engine_alloc_fail_at(nth);
        status = template_expand("a{{if eq .name \"web\"}}{{.name}}{{end}}b",
                                 &variables, NULL, NULL, &out, &err);
        engine_alloc_fail_at(0);
        if (status == ENGINE_OK) {
            assert_string_equal(out, "awebb");
            engine_free(out);
            break;
        }
        assert_int_equal(status, ENGINE_ENOMEM);
        assert_null(out);
    }
    bson_destroy(&variables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_plain_text_alone),
        cmocka_unit_test(puts_variables_in),
        cmocka_unit_test(takes_one_branch),
        cmocka_unit_test(knows_what_is_empty),
        cmocka_unit_test(trims_spaces_like_go),
        cmocka_unit_test(looks_up_only_what_is_taken),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(limits_nesting_and_size),
        cmocka_unit_test(tells_which_variables_it_used),
        cmocka_unit_test(finds_a_lone_variable),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
