/* SPDX-License-Identifier: Apache-2.0 */
/* test_value.c - values from JSON, YAML and BSON, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/value.h"

static struct arena arena;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    memset(&err, 0, sizeof(err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static struct value read_json(const char *text)
{
    struct value value;

    if (value_from_json(text, strlen(text), "in.json", &arena, &value, &err) !=
        ENGINE_OK)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void assert_refused(const char *text, engine_status status,
                           const char *message)
{
    struct value value;

    assert_int_equal(
        value_from_json(text, strlen(text), "in.json", &arena, &value, &err),
        status);
    if (!strstr(err.message, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", text, message, err.message);
}

/* *out is freed by the caller. */
static char *write_json(const struct value *value, unsigned flags)
{
    struct buffer out;

    buffer_init(&out, (size_t)64 << 20);
    assert_int_equal(value_to_json(value, flags, &out), ENGINE_OK);
    return buffer_take(&out);
}

static void assert_json(const struct value *value, const char *expected)
{
    char *text = write_json(value, 0);

    assert_string_equal(text, expected);
    engine_free(text);
}

static void assert_reads(const char *text, const char *expected)
{
    const struct value value = read_json(text);

    assert_json(&value, expected);
}

static void reads_and_writes_json(void **state)
{
    (void)state;
    assert_reads("null", "null");
    assert_reads(" true ", "true");
    assert_reads("\n[ ]\n", "[]");
    assert_reads("{ }", "{}");
    assert_reads("[1, -2 ,3.5,\"x\", null,false]",
                 "[1,-2,3.5,\"x\",null,false]");
    assert_reads("{\"a\" : {\"b\":[{}]}, \"c\":[[]]}",
                 "{\"a\":{\"b\":[{}]},\"c\":[[]]}");
}

static void numbers_keep_their_type_and_value(void **state)
{
    struct value value;

    (void)state;
    value = read_json("9223372036854775807");
    assert_int_equal(value.kind, VALUE_INT);
    assert_true(value.integer == INT64_MAX);
    value = read_json("-9223372036854775808");
    assert_true(value.kind == VALUE_INT && value.integer == INT64_MIN);
    value = read_json("9223372036854775808");
    assert_true(value.kind == VALUE_DOUBLE &&
                value.number == 9223372036854775808.0);
    value = read_json("1e2");
    assert_true(value.kind == VALUE_DOUBLE && value.number == 100);
    value = read_json("0.1");
    assert_true(value.number == 0.1);
    value = read_json("-12.375E-1");
    assert_true(value.number == -1.2375);
    value = read_json("123456789012345.67");
    assert_true(value.number == 123456789012345.67);
    value = read_json("-0.0");
    assert_true(value.number == 0 && signbit(value.number));
    value = read_json("0.000000000000000000000000000001");
    assert_true(value.number == 1e-30);
}

static void strings_are_unescaped(void **state)
{
    struct value value;

    (void)state;
    value = read_json("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\"");
    assert_string_equal(value.text, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac");
    value = read_json("\"\\ud83d\\ude00\"");
    assert_string_equal(value.text, "\xf0\x9f\x98\x80");
    value = read_json("\"a\\u0000b\"");
    assert_int_equal(value.count, 3);
    assert_memory_equal(value.text, "a\0b", 4);
    assert_json(&value, "\"a\\u0000b\"");
    assert_json(value_member_n(&(struct value){.kind = VALUE_NULL}, "", 0)
                    ? &value_null
                    : &value,
                "\"a\\u0000b\"");
}

static void half_a_surrogate_pair_is_a_replacement_character(void **state)
{
    (void)state;
    assert_reads("\"\\ud800\"", "\"\xef\xbf\xbd\"");
    assert_reads("\"\\udc00x\"", "\"\xef\xbf\xbdx\"");
    assert_reads("\"\\ud800\\u0041\"", "\"\xef\xbf\xbd"
                                       "A\"");
    assert_reads("\"\\ud800\\ud83d\\ude00\"",
                 "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"");
}

static void the_last_of_equal_keys_counts(void **state)
{
    struct buffer many;
    struct value value;

    (void)state;
    assert_reads("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
    assert_reads("{\"a\":1,\"a\":2,\"a\":{\"x\":1,\"x\":2}}",
                 "{\"a\":{\"x\":2}}");
    buffer_init(&many, 1 << 20);
    buffer_puts(&many, "{\"x\":-1");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&many, ",\"k%d\":%d", i % 500, i);
    buffer_puts(&many, ",\"x\":1}");
    value = read_json(many.data);
    buffer_clear(&many);
    assert_int_equal(value.count, 501);
    assert_string_equal(value.members[0].key, "x");
    assert_int_equal(value.members[0].value.integer, 1);
    assert_string_equal(value.members[500].key, "k499");
    for (int i = 0; i < 500; i++)
        assert_int_equal(value.members[i + 1].value.integer, 500 + i);
}

static void refuses_what_is_no_json(void **state)
{
    static const char *const texts[] = {"",           " ",
                                        "nul",        "nulll",
                                        "[1,]",       "[,1]",
                                        "[1 2]",      "{\"a\"}",
                                        "{\"a\":}",   "{a:1}",
                                        "{\"a\":1,}", "[",
                                        "{",          "]",
                                        "}",          "[}",
                                        "{]",         "01",
                                        "1.",         ".5",
                                        "-",          "+1",
                                        "1e",         "1e+",
                                        "0x1",        "\"",
                                        "\"\\\"",     "\"\\x\"",
                                        "\"\\u12\"",  "\"\\u12g4\"",
                                        "\"a\nb\"",   "'a'",
                                        "NaN",        "Infinity",
                                        "true false", "[1]]",
                                        "/* */ 1",    "{\"a\":1 \"b\":2}",
                                        "[\"a\":1]",  "--1"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], ENGINE_EPARSE, "in.json:");
    assert_refused("\"\xff\"", ENGINE_EPARSE, "not UTF-8");
    assert_refused("{\"\xc0\x80\":1}", ENGINE_EPARSE, "not UTF-8");
    assert_refused("1e999", ENGINE_EPARSE, "out of range");
}

static void messages_have_line_and_byte(void **state)
{
    (void)state;
    assert_refused("{\n\"a\": 1,\n\"b\" 2}", ENGINE_EPARSE,
                   "in.json:3: a ':' should be here (byte 14)");
    assert_refused("[1,\n", ENGINE_EPARSE, "in.json:2: the document is cut");
}

static void refuses_what_is_too_deep_or_too_large(void **state)
{
    char deep[2 * (VALUE_MAX_DEPTH + 1) + 1];
    struct arena small;
    struct value value;

    (void)state;
    memset(deep, '[', sizeof(deep));
    memset(deep + VALUE_MAX_DEPTH, ']', VALUE_MAX_DEPTH);
    deep[2 * VALUE_MAX_DEPTH] = '\0';
    read_json(deep);
    memset(deep, '[', VALUE_MAX_DEPTH + 1);
    memset(deep + VALUE_MAX_DEPTH + 1, ']', VALUE_MAX_DEPTH + 1);
    deep[2 * VALUE_MAX_DEPTH + 2] = '\0';
    assert_refused(deep, ENGINE_ELIMIT, "nested deeper than 100");
    arena_init(&small, 10000);
    memset(deep, ' ', sizeof(deep));
    assert_int_equal(
        value_from_json("[[1,2],{\"a\":1}]", 15, "x", &small, &value, &err),
        ENGINE_OK);
    arena_clear(&small);
    arena_init(&small, 100);
    assert_int_equal(
        value_from_json("[[1,2],{\"a\":1}]", 15, "x", &small, &value, &err),
        ENGINE_ELIMIT);
    arena_clear(&small);
}

static void looks_inside(void **state)
{
    const struct value value =
        read_json("{\"a\":{\"b\":{\"c\":\"deep\"}},\"n\":2,\"d\":2.5}");
    double number = 0;

    (void)state;
    assert_string_equal(
        value_text(value_at(&value, "a", "b", "c", (char *)NULL)), "deep");
    assert_null(value_at(&value, "a", "x", "c", (char *)NULL));
    assert_null(value_at(&value, "n", "x", (char *)NULL));
    assert_null(value_member(NULL, "a"));
    assert_null(value_text(NULL));
    assert_null(value_text(value_member(&value, "n")));
    assert_true(value_number(value_member(&value, "n"), &number));
    assert_true(number == 2);
    assert_true(value_number(value_member(&value, "d"), &number));
    assert_true(number == 2.5);
    assert_false(value_number(value_member(&value, "a"), &number));
    assert_string_equal(value_kind_name(&value), "object");
    assert_string_equal(value_kind_name(value_member(&value, "d")), "number");
}

static void assert_equality(const char *left, const char *right, bool equal)
{
    const struct value a = read_json(left), b = read_json(right);

    if (value_equal(&a, &b) != equal || value_equal(&b, &a) != equal)
        fail_msg("%s and %s", left, right);
}

static void equality_is_by_value_and_type(void **state)
{
    (void)state;
    assert_equality("1", "1.0", true);
    assert_equality("1", "2", false);
    assert_equality("1", "\"1\"", false);
    assert_equality("true", "\"true\"", false);
    assert_equality("true", "false", false);
    assert_equality("null", "null", true);
    assert_equality("null", "false", false);
    assert_equality("9007199254740993", "9007199254740992.0", false);
    assert_equality("9223372036854775807", "9223372036854775807.0", false);
    assert_equality("{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2.0],\"a\":1}", true);
    assert_equality("{\"a\":1}", "{\"b\":1}", false);
    assert_equality("{\"a\":1}", "{\"a\":1,\"b\":1}", false);
    assert_equality("[1,2]", "[2,1]", false);
    assert_equality("[]", "{}", false);
    assert_equality("\"ab\"", "\"abc\"", false);
}

static void writes_with_indentation(void **state)
{
    const struct value value = read_json("{\"a\":[1,{}],\"b\":[],\"c\":1e300}");
    char *text = write_json(&value, VALUE_JSON_PRETTY);

    (void)state;
    assert_string_equal(text, "{\n  \"a\": [\n    1,\n    {}\n  ],\n"
                              "  \"b\": [],\n  \"c\": 1e+300\n}");
    engine_free(text);
}

/* ---- YAML -------------------------------------------------------------------- */

struct documents {
    struct value values[8];
    long lines[8];
    size_t count;
};

static engine_status collect(const struct value *value, long line, void *user,
                             engine_error *error)
{
    struct documents *documents = user;

    (void)error;
    assert_true(documents->count < 8);
    documents->lines[documents->count] = line;
    documents->values[documents->count++] = *value;
    return ENGINE_OK;
}

static struct documents read_yaml(const char *text)
{
    struct documents documents = {.count = 0};

    if (value_from_yaml(text, strlen(text), "in.yaml", &arena, collect,
                        &documents, &err) != ENGINE_OK)
        fail_msg("%s: %s", text, err.message);
    return documents;
}

static void assert_yaml(const char *text, const char *expected)
{
    const struct documents documents = read_yaml(text);

    assert_int_equal(documents.count, 1);
    assert_json(&documents.values[0], expected);
}

static void assert_yaml_refused(const char *text, engine_status status,
                                const char *message)
{
    struct documents documents = {.count = 0};

    assert_int_equal(value_from_yaml(text, strlen(text), "in.yaml", &arena,
                                     collect, &documents, &err),
                     status);
    if (!strstr(err.message, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", text, message, err.message);
}

static void yaml_has_the_core_schema(void **state)
{
    (void)state;
    assert_yaml("a: 1\nb: [yes, no, on, 'true', true, ~, null, 017, 0x1f, "
                "1.5, 1e3, \"5\"]\n1: x\n",
                "{\"a\":1,\"b\":[\"yes\",\"no\",\"on\",\"true\",true,null,"
                "null,17,31,1.5,1000.0,\"5\"],\"1\":\"x\"}");
    assert_yaml("{\"json\": [1, \"a\\u0041\"]}", "{\"json\":[1,\"aA\"]}");
    assert_yaml("a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}");
    assert_yaml("!!str 5", "\"5\"");
    assert_yaml("null", "null");
}

static void yaml_has_many_documents(void **state)
{
    const struct documents documents =
        read_yaml("a: 1\n---\n---\n- 2\n---\n# nothing\n---\ntext\n");

    (void)state;
    assert_int_equal(documents.count, 3);
    assert_json(&documents.values[0], "{\"a\":1}");
    assert_json(&documents.values[1], "[2]");
    assert_json(&documents.values[2], "\"text\"");
}

static void yaml_aliases_and_merges_are_resolved(void **state)
{
    (void)state;
    assert_yaml(
        "a: &x {k: 1}\nb: *x\nc: [*x, *x]\n",
        "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":[{\"k\":1},{\"k\":1}]}");
    assert_yaml("a: &x {k: 1, l: 2}\nb: &y {l: 3, m: 4}\n"
                "c:\n  <<: [*x, *y]\n  k: 9\n",
                "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"l\":3,\"m\":4},"
                "\"c\":{\"l\":2,\"m\":4,\"k\":9}}");
    assert_yaml("- &k key\n- *k : 1\n", "[\"key\",{\"key\":1}]");
}

static void yaml_refuses_what_documents_refuse(void **state)
{
    (void)state;
    assert_yaml_refused("a: 1\na: 2\n", ENGINE_EPARSE, "key \"a\" twice");
    assert_yaml_refused("a: *x\n", ENGINE_EPARSE, "in.yaml:1: alias *x");
    assert_yaml_refused("a: &x [*x]\n", ENGINE_EPARSE, "part of what");
    assert_yaml_refused("x: 1\n? [a]\n: 1\n", ENGINE_EPARSE, "in.yaml:2:");
    assert_yaml_refused("a: !thing 1\n", ENGINE_EPARSE, "not known here");
    assert_yaml_refused("<<: 1\n", ENGINE_EPARSE, "<< needs");
    assert_yaml_refused("a: [\n", ENGINE_EPARSE, "in.yaml:2:");
    assert_yaml_refused("a: \xff\n", ENGINE_EPARSE, "not UTF-8");
}

static void yaml_aliases_cannot_explode(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        buffer_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            buffer_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
        buffer_puts(&text, "]\n");
    }
    assert_yaml_refused(text.data, ENGINE_ELIMIT, "aliases expand to more");
    buffer_clear(&text);
}

/* ---- BSON -------------------------------------------------------------------- */

static void bson_becomes_values(void **state)
{
    const uint8_t bytes[] = {1, 2, 3};
    struct value value;
    bson_iter_t iter;
    bson_oid_t oid;
    bson_t *document = bson_new_from_json(
        (const uint8_t *)"{\"a\":[1,2.5,\"x\",null,true],\"b\":{\"c\":"
                         "{\"$numberLong\":\"5000000000\"}}}",
        -1, NULL);
    bson_t outer;

    (void)state;
    assert_non_null(document);
    bson_append_date_time(document, "d", 1, 0);
    bson_oid_init_from_string(&oid, "0123456789abcdef01234567");
    bson_append_oid(document, "o", 1, &oid);
    bson_append_binary(document, "x", 1, BSON_SUBTYPE_BINARY, bytes, 3);
    bson_init(&outer);
    bson_append_document(&outer, "doc", 3, document);
    assert_true(bson_iter_init_find(&iter, &outer, "doc"));
    assert_int_equal(value_from_bson(&iter, &arena, &value, &err), ENGINE_OK);
    bson_destroy(&outer);
    bson_destroy(document);
    assert_json(&value,
                "{\"a\":[1,2.5,\"x\",null,true],\"b\":{\"c\":5000000000},"
                "\"d\":\"1970-01-01T00:00:00.000Z\","
                "\"o\":\"0123456789abcdef01234567\",\"x\":\"AQID\"}");
}

static void assert_to_bson(const char *text, size_t maximum,
                           const char *expected, bool was_cut)
{
    const struct value value = read_json(text);
    struct value again;
    bool cut = !was_cut;
    bson_iter_t iter;
    bson_t document;

    bson_init(&document);
    assert_int_equal(value_to_bson(&value, "v", maximum, &document, &cut),
                     ENGINE_OK);
    assert_true(bson_validate(&document, BSON_VALIDATE_UTF8, NULL));
    assert_true(bson_iter_init_find(&iter, &document, "v"));
    assert_int_equal(value_from_bson(&iter, &arena, &again, &err), ENGINE_OK);
    bson_destroy(&document);
    assert_json(&again, expected);
    assert_int_equal(cut, was_cut);
}

static void values_become_bson(void **state)
{
    const char *all = "{\"a\":[1,-5000000000,2.5,\"x\",null,true,[],{}]}";

    (void)state;
    assert_to_bson(all, 10000, all, false);
    assert_to_bson("\"abcdef\"", 10000, "\"abcdef\"", false);
    assert_to_bson("\"\xe2\x82\xac\xe2\x82\xac\"", 16, "\"\xe2\x82\xac...\"",
                   true);
    assert_to_bson("[1,2,3,4,5,6,7,8,9]", 50, "[1,2,3]", true);
    assert_to_bson("{\"a\":{\"b\":\"0123456789\"},\"c\":1}", 40,
                   "{\"a\":{\"b\":\"0123...\"}}", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_and_writes_json, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_keep_their_type_and_value,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(strings_are_unescaped, setup, teardown),
        cmocka_unit_test_setup_teardown(
            half_a_surrogate_pair_is_a_replacement_character, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_of_equal_keys_counts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_json, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(messages_have_line_and_byte, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_deep_or_too_large,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(looks_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(equality_is_by_value_and_type, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(writes_with_indentation, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(yaml_has_the_core_schema, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(yaml_has_many_documents, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(yaml_aliases_and_merges_are_resolved,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(yaml_refuses_what_documents_refuse,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(yaml_aliases_cannot_explode, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bson_becomes_values, setup, teardown),
        cmocka_unit_test_setup_teardown(values_become_bson, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
