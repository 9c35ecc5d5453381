/* SPDX-License-Identifier: Apache-2.0 */
/* test_document_json.c - JSON in and out, line numbers, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "tests/unit/skip.h"

/* All documents of an input as lines of JSON. */
static engine_status collect(const bson_t *document,
                             const struct document_origin *origin, void *user,
                             engine_error *err)
{
    struct buffer *out = user;

    (void)origin;
    (void)err;
    if (!bson_validate(document, BSON_VALIDATE_UTF8, NULL))
        return ENGINE_ECORRUPT;
    document_to_json(document, 0, out);
    return buffer_putc(out, '\n');
}

static engine_status read_text(const char *text, size_t len, char **out,
                               engine_error *err)
{
    struct buffer lines;
    engine_status status;

    buffer_init(&lines, 64 << 20);
    status = document_read_json(text, len, "in", collect, &lines, err);
    *out = buffer_take(&lines);
    return status;
}

static void reads_one_document_a_list_and_lines(void **state)
{
    static const struct {
        const char *text, *lines;
    } rows[] = {
        {"", ""},
        {" \n", ""},
        {"{}", "{}\n"},
        {"[]", ""},
        {"\xef\xbb\xbf{\"a\":1}", "{\"a\":1}\n"},
        {"{\"a\":[1,[],{}],\"b\":{\"c\":null}}",
         "{\"a\":[1,[],{}],\"b\":{\"c\":null}}\n"},
        {"[{\"a\":1},\n{\"a\":2}]\n", "{\"a\":1}\n{\"a\":2}\n"},
        {"{\"a\":1}\n{\"a\":2}\n\n", "{\"a\":1}\n{\"a\":2}\n"},
        {"{\"a\":1}{\"a\":2}", "{\"a\":1}\n{\"a\":2}\n"},
        {"[{\"a\":1}] {\"a\":2}", "{\"a\":1}\n{\"a\":2}\n"},
        {"{\"\":1,\"$x\":2,\"a.b\":3}", "{\"\":1,\"$x\":2,\"a.b\":3}\n"},
        {"{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}",
         "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}\n"},
        {"{\"a\":\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\"}",
         "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\\n\\\"\\\\/\"}\n"},
        {"{\"a\":\"\\\\ud800\"}", "{\"a\":\"\\\\ud800\"}\n"},
        {"{\"a\":[2147483647,2147483648,-9223372036854775808,-0,1.5,1e2]}",
         "{\"a\":[2147483647,2147483648,-9223372036854775808,0,1.5,100.0]}\n"},
        {"{\"a\":9223372036854775808}", "{\"a\":9.223372036854776e+18}\n"},
        {"{\"a\":[0.1,1e-7,123456789012345678.0,true,false]}",
         "{\"a\":[0.1,1e-07,1.2345678901234568e+17,true,false]}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        engine_error err = {0};
        char *lines;

        if (read_text(rows[i].text, strlen(rows[i].text), &lines, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.message);
        assert_string_equal(lines, rows[i].lines);
        engine_free(lines);
    }
}

static void refuses_malformed_text_with_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{", "in:1: "},
        {"{\"a\":1\n", "in:2: "},
        {"[{}\n", "in:2: "},
        {"{} \"abc", "in:1: "},
        {"{}\n tru", "in:2: "},
        {"1", "in:1: "},
        {"\n\"x\"", "in:2: expected a mapping"},
        {"[[{}]]", "in:1: expected a mapping"},
        {"[1]", "in:1: expected a mapping"},
        {"[null]", "in:1: expected a mapping"},
        {"{\"a\":1,\n\"a\":2}", "in:2: duplicate key \"a\""},
        {"{\"a\":1,\"\\u0061\":2}", "in:1: duplicate key \"a\""},
        {"{\n\"b\":{\"a\":1,\n\n\"a\":2}}", "in:4: duplicate key \"a\""},
        {"{\"a\":01}", "in:1: "},
        {"{\"a\":+1}", "in:1: "},
        {"{\"a\":.5}", "in:1: "},
        {"{\"a\":NaN}", "in:1: "},
        {"{\"a\":1,}", "in:1: "},
        {"{\n/* x */}", "in:2: "},
        {"{'a':1}", "in:1: "},
        {"{a:1}", "in:1: "},
        {"{},{}", "in:1: "},
        {"{}}", "in:1: "},
        {"{\"a\":\"\n\"}", "in:1: "},
        {"{\"a\":\n1e400}", "in:2: number 1e400 is out of range"},
        {"{\"a\":\n\"\\u0000\"}", "in:2: a NUL character"},
        {"{\"a\\u0000b\":1}", "in:1: a NUL character"},
        {"{\"a\":\"\xff\"}", "in:1: text is not UTF-8"},
        {"{\"\xc0\x80\":1}", "in:1: text is not UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "in:1: text is not UTF-8"},
        {"{\"a\":\"\xe2\x82\"}", "in:1: text is not UTF-8"},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", "in:1: text is not UTF-8"},
        {"{\"a\":\"x\\ud800\"}", "in:1: a \\u escape is half"},
        {"{\"a\":\"x\\udc00\"}", "in:1: a \\u escape is half"},
        {"{\"a\":\"\\ud800\\ud800\"}", "in:1: a \\u escape is half"},
        {"{\"\\ud800\\n\":1}", "in:1: a \\u escape is half"},
        {"\xff\xfe{\x01", "in:1: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        engine_error err = {0};
        char *lines;

        if (read_text(rows[i].text, strlen(rows[i].text), &lines, &err) !=
                ENGINE_EPARSE ||
            strncmp(err.message, rows[i].message, strlen(rows[i].message)))
            fail_msg("%s: \"%s\"", rows[i].text, err.message);
        assert_null(strchr(err.message, '\n'));
        engine_free(lines);
    }
}

static void delivers_what_came_before_an_error(void **state)
{
    engine_error err = {0};
    char *lines;

    (void)state;
    assert_int_equal(
        read_text("{\"a\":1}\n{\"a\":2}\n{\"a\":", 22, &lines, &err),
        ENGINE_EPARSE);
    assert_string_equal(lines, "{\"a\":1}\n{\"a\":2}\n");
    engine_free(lines);
}

static engine_status stop(const bson_t *document,
                          const struct document_origin *origin, void *user,
                          engine_error *err)
{
    (void)document;
    (void)origin;
    (*(int *)user)++;
    return engine_fail(err, ENGINE_ECANCELLED, "enough");
}

static void a_callbacks_failure_ends_the_reading(void **state)
{
    engine_error err = {0};
    int calls = 0;

    (void)state;
    assert_int_equal(document_read_json("{}{}", 4, "in", stop, &calls, &err),
                     ENGINE_ECANCELLED);
    assert_int_equal(calls, 1);
    assert_string_equal(err.message, "enough");
}

static char *repeat(const char *before, size_t count, const char *middle,
                    const char *after)
{
    struct buffer text;

    buffer_init(&text, 64 << 20);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&text, before);
    buffer_puts(&text, middle);
    for (size_t i = 0; i < count; i++)
        buffer_puts(&text, after);
    return buffer_take(&text);
}

static engine_status status_of(char *text)
{
    engine_error err = {0};
    char *lines;
    engine_status status = read_text(text, strlen(text), &lines, &err);

    engine_free(lines);
    engine_free(text);
    return status;
}

static void limits_depth_values_and_size(void **state)
{
    char *text;

    (void)state;
    assert_int_equal(status_of(repeat("{\"a\":", 99, "{}", "}")), ENGINE_OK);
    assert_int_equal(status_of(repeat("{\"a\":", 100, "{}", "}")),
                     ENGINE_ELIMIT);
    assert_int_equal(status_of(repeat("[", 100000, "", "]")), ENGINE_EPARSE);
    text = repeat("1,", 1000001, "1]}", "");
    assert_int_equal(status_of(engine_strf("{\"a\":[%s", text)), ENGINE_ELIMIT);
    engine_free(text);
    text = repeat("x", 17 << 20, "", "");
    assert_int_equal(status_of(engine_strf("{\"a\":\"%s\"}", text)),
                     ENGINE_ELIMIT);
    engine_free(text);
}

static void many_documents_are_within_the_limits(void **state)
{
    (void)state;
    assert_int_equal(
        status_of(repeat("{\"a\":[1,2,3,4,5,6,7,8,9,10]}\n", 120000, "", "")),
        ENGINE_OK);
}

static void a_filter_is_exactly_one_object(void **state)
{
    static const char *const bad[] = {"", "[]", "[{}]", "{}{}", "{} x", "1"};
    bson_t out;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        engine_error err = {0};

        assert_int_equal(
            document_from_json(bad[i], strlen(bad[i]), "filter", &out, &err),
            ENGINE_EPARSE);
        assert_memory_equal(err.message, "filter:1: ", 10);
    }
    assert_int_equal(document_from_json("{\"a\":1}", 7, "filter", &out, NULL),
                     ENGINE_OK);
    assert_int_equal(document_int(&out, "a", 0), 1);
    bson_destroy(&out);
}

static engine_status check_origin(const bson_t *document,
                                  const struct document_origin *origin,
                                  void *user, engine_error *err)
{
    (void)document;
    (void)err;
    *(bool *)user = true;
    assert_string_equal(document_origin_file(origin), "in");
    assert_int_equal(document_origin_line(origin, ""), 2);
    assert_int_equal(document_origin_line(origin, "a"), 3);
    assert_int_equal(document_origin_line(origin, "b.c"), 6);
    assert_int_equal(document_origin_line(origin, "b.c.1"), 7);
    assert_int_equal(document_origin_line(origin, "b.c.2"), 6);
    assert_int_equal(document_origin_line(origin, "b.x.y"), 5);
    assert_int_equal(document_origin_line(origin, "x"), 2);
    assert_int_equal(document_origin_line(origin, "v1.0.z"), 8);
    assert_string_equal(document_origin_text(origin, "a"), "5.10");
    assert_string_equal(document_origin_text(origin, "b.c.0"), "x");
    assert_string_equal(document_origin_text(origin, "b.c.1"), "null");
    assert_string_equal(document_origin_text(origin, "v1.0.z"), "true");
    assert_null(document_origin_text(origin, "b"));
    assert_null(document_origin_text(origin, "b.c"));
    assert_null(document_origin_text(origin, "b.c.2"));
    assert_null(document_origin_text(origin, "x"));
    return ENGINE_OK;
}

static void remembers_lines_and_texts(void **state)
{
    static const char text[] = "\n{\n\"a\": 5.10,\n\n\"b\": {\n\"c\": [\"x\","
                               "\nnull]},\n\"v1.0\": {\"z\": true}}";
    bool called = false;

    (void)state;
    assert_int_equal(document_read_json(text, sizeof(text) - 1, "in",
                                        check_origin, &called, NULL),
                     ENGINE_OK);
    assert_true(called);
}

static char *written(const bson_t *document, unsigned flags)
{
    struct buffer out;

    buffer_init(&out, 1 << 20);
    assert_int_equal(document_to_json(document, flags, &out), ENGINE_OK);
    return buffer_take(&out);
}

static void writes_every_type_as_plain_json(void **state)
{
    bson_oid_t oid;
    bson_decimal128_t decimal;
    bson_t *document;
    char *text;

    (void)state;
    bson_oid_init_from_string(&oid, "0123456789abcdef01234567");
    bson_decimal128_from_string("1.5", &decimal);
    document = BCON_NEW(
        "d", BCON_DATE_TIME(1500), "o", BCON_OID(&oid), "b",
        BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)"hello", 5), "n",
        BCON_DOUBLE(NAN), "i", BCON_DOUBLE(-INFINITY), "w", BCON_DOUBLE(5), "r",
        BCON_REGEX("a\"b", "i"), "m", BCON_MINKEY, "u", BCON_UNDEFINED, "e",
        BCON_DECIMAL128(&decimal), "t", BCON_TIMESTAMP(1, 2));
    text = written(document, 0);
    assert_string_equal(text,
                        "{\"d\":\"1970-01-01T00:00:01.500Z\","
                        "\"o\":\"0123456789abcdef01234567\",\"b\":\"aGVsbG8=\","
                        "\"n\":null,\"i\":null,\"w\":5.0,"
                        "\"r\":{\"$regex\":\"a\\\"b\",\"$options\":\"i\"},"
                        "\"m\":null,\"u\":null,\"e\":1.5,"
                        "\"t\":\"1970-01-01T00:00:01.000Z\"}");
    engine_free(text);
    bson_destroy(document);
}

/* Strings are looked at eight bytes at a time: each byte, at each place. */
static void escapes_every_byte_wherever_it_is(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++)
        for (size_t at = 0; at < 17; at++) {
            char text[] = "aaaaaaaaaaaaaaaaa";
            const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' &&
                               byte != '\\';
            struct buffer out;

            text[at] = (char)byte;
            buffer_init(&out, 100);
            assert_int_equal(document_string_to_json(text, &out), ENGINE_OK);
            assert_int_equal(out.len == 19, plain);
            assert_memory_equal(out.data + 1, "aaaaaaaaaaaaaaaaa", at);
            assert_int_equal(out.data[1 + at] == (char)byte,
                             plain || byte == '\\' || byte == 0xef);
            assert_memory_equal(out.data + out.len - 17 + at,
                                "aaaaaaaaaaaaaaaa", 16 - at);
            buffer_clear(&out);
        }
}

static void leaves_members_out_and_writes_integers(void **state)
{
    const char *const without[] = {"a", "long", NULL};
    bson_t *document = BCON_NEW(
        "a", BCON_INT32(1), "b", "{", "a", BCON_INT32(-2147483647 - 1), "}",
        "long", BCON_INT64(5), "c", BCON_INT64(INT64_MIN), "d", BCON_INT32(0));
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_int_equal(document_to_json_without(document, without, 0, &out),
                     ENGINE_OK);
    assert_string_equal(out.data, "{\"b\":{\"a\":-2147483648},"
                                  "\"c\":-9223372036854775808,\"d\":0}");
    buffer_clear(&out);
    bson_destroy(document);
}

static void escapes_and_mends_strings(void **state)
{
    bson_t document = BSON_INITIALIZER;
    struct buffer out;
    char *text;

    (void)state;
    bson_append_utf8(&document, "a\n", -1, "\"\\\b\f\r\t\x01\x7f/\xe2\x80\xa8",
                     -1);
    bson_append_utf8(&document, "b", -1, "x\0y\xffz", 5);
    text = written(&document, 0);
    assert_string_equal(text,
                        "{\"a\\n\":\"\\\"\\\\\\b\\f\\r\\t\\u0001\x7f/"
                        "\xe2\x80\xa8\",\"b\":\"x\\u0000y\xef\xbf\xbdz\"}");
    engine_free(text);
    bson_destroy(&document);
    buffer_init(&out, 100);
    assert_int_equal(document_string_to_json("a\"b", &out), ENGINE_OK);
    assert_string_equal(out.data, "\"a\\\"b\"");
    buffer_clear(&out);
}

static void indents_by_two_spaces(void **state)
{
    bson_t *document = BCON_NEW("a", "[", BCON_INT32(1), "{", "b", "x", "}",
                                "]", "c", "{", "}", "d", "[", "]");
    char *text = written(document, DOCUMENT_JSON_PRETTY);

    (void)state;
    assert_string_equal(text, "{\n  \"a\": [\n    1,\n    {\n      \"b\": "
                              "\"x\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []"
                              "\n}");
    engine_free(text);
    bson_destroy(document);
}

/* A locale of our own, for Debian has none with a comma unless it is asked for:
 * glibc's LC_NUMERIC is six places in the file and what is there. */
static void put_locale(const char *folder)
{
    struct {
        uint32_t magic, count, place[6];
        char point[2], separator[2], grouping[4];
        uint32_t wide_point, wide_separator;
        char charset[8];
    } file = {UINT32_C(0x20031115) ^ LC_NUMERIC,
              6,
              {32, 34, 36, 40, 44, 48},
              ",",
              ".",
              "\3\3",
              ',',
              '.',
              "UTF-8"};
    char *path = engine_strf("%s/comma", folder);

    assert_int_equal(file_make_directory(path, NULL), ENGINE_OK);
    engine_free(path);
    path = engine_strf("%s/comma/LC_NUMERIC", folder);
    assert_int_equal(file_write(path, &file, sizeof(file), 0600, NULL),
                     ENGINE_OK);
    engine_free(path);
}

static void the_locale_does_not_matter(void **state)
{
    char *folder = NULL, *text;
    bson_t document;
    bool set;

    (void)state;
    assert_int_equal(file_make_temporary("/tmp", "locale-", &folder, NULL),
                     ENGINE_OK);
    put_locale(folder);
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    set = setlocale(LC_NUMERIC, "comma") &&
          strcmp(localeconv()->decimal_point, ",") == 0;
    unsetenv("LOCPATH");
    assert_int_equal(file_remove_tree(folder, NULL), ENGINE_OK);
    engine_free(folder);
    if (!set)
        skip_since("this C library has locales in another form");
    assert_int_equal(document_from_json("{\"a\":1.5}", 9, "x", &document, NULL),
                     ENGINE_OK);
    text = written(&document, 0);
    setlocale(LC_ALL, "C");
    assert_string_equal(text, "{\"a\":1.5}");
    engine_free(text);
    bson_destroy(&document);
}

static void refuses_to_write_endless_depth_and_overflow(void **state)
{
    bson_t *document = BCON_NEW("a", BCON_INT32(1));
    struct buffer out;

    (void)state;
    for (int i = 0; i < 300; i++) {
        bson_t *outer = BCON_NEW("a", BCON_DOCUMENT(document));

        bson_destroy(document);
        document = outer;
    }
    buffer_init(&out, 1 << 20);
    assert_int_equal(document_to_json(document, 0, &out), ENGINE_ELIMIT);
    buffer_clear(&out);
    bson_destroy(document);
    document = BCON_NEW("a", "a long enough text");
    buffer_init(&out, 10);
    assert_int_equal(document_to_json(document, 0, &out), ENGINE_ELIMIT);
    buffer_clear(&out);
    bson_destroy(document);
}

static void looks_up_by_dotted_path(void **state)
{
    static const char text[] =
        "{\"s\":\"x\",\"i\":7,\"l\":8589934592,\"f\":2.75,\"b\":true,"
        "\"a\":[{\"k\":\"v\"},[5,6]],\"frameworks\":{\"pci\":{\"v4.0\":"
        "[\"1.1\"],\"v4\":{\"0\":\"no\",\"1\":\"yes\"}}},\"n\":null}";
    bson_t document, child;
    bson_iter_t iter;

    (void)state;
    assert_int_equal(
        document_from_json(text, sizeof(text) - 1, "x", &document, NULL),
        ENGINE_OK);
    assert_string_equal(document_string(&document, "s"), "x");
    assert_string_equal(document_string(&document, "a.0.k"), "v");
    assert_null(document_string(&document, "i"));
    assert_null(document_string(&document, "s.x"));
    assert_null(document_string(&document, ""));
    assert_int_equal(document_int(&document, "i", 0), 7);
    assert_int_equal(document_int(&document, "l", 0), 8589934592);
    assert_int_equal(document_int(&document, "f", 0), 2);
    assert_int_equal(document_int(&document, "s", -3), -3);
    assert_int_equal(document_int(&document, "a.1.1", 0), 6);
    assert_int_equal(document_int(&document, "a.1.2", -1), -1);
    assert_int_equal(document_int(&document, "a.1.x", -1), -1);
    assert_true(document_double(&document, "f", 0) == 2.75);
    assert_true(document_double(&document, "i", 0) == 7);
    assert_true(document_bool(&document, "b", false));
    assert_true(document_bool(&document, "i", true));
    assert_string_equal(document_string(&document, "frameworks.pci.v4.0.0"),
                        "1.1");
    assert_string_equal(document_string(&document, "frameworks.pci.v4.1"),
                        "yes");
    assert_true(document_find(&document, "frameworks.pci.v4.0", &iter));
    assert_true(BSON_ITER_HOLDS_ARRAY(&iter));
    assert_true(document_child(&document, "a.0", &child));
    assert_string_equal(document_string(&child, "k"), "v");
    assert_false(document_child(&document, "s", &child));
    assert_true(document_find(&document, "n", &iter));
    assert_int_equal(document_date(&document, "n", 12), 12);
    bson_destroy(&document);
}

static void the_hash_knows_values_not_their_form(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{\"a\":1,\"b\":{\"x\":1,\"y\":[2]}}",
         "{\"b\":{\"y\":[2],\"x\":1},\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1.0}", true},
        {"{\"a\":1}", "{\"a\":2}", false},
        {"{\"a\":1}", "{\"a\":\"1\"}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
        {"{\"a\":[1,2]}", "{\"a\":{\"0\":1,\"1\":2}}", false},
        {"{\"a\":\"b\",\"c\":\"d\"}", "{\"a\":\"bc\",\"\":\"d\"}", false},
        {"{}", "{\"a\":null}", false},
        {"{\"a\":[]}", "{\"a\":{}}", false},
    };
    bson_t *narrow = BCON_NEW("a", BCON_INT32(5));
    bson_t *wide = BCON_NEW("a", BCON_INT64(5));
    char x[65], y[65];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bson_t a, b;

        document_from_json(rows[i].a, strlen(rows[i].a), "a", &a, NULL);
        document_from_json(rows[i].b, strlen(rows[i].b), "b", &b, NULL);
        document_hash(&a, x);
        document_hash(&b, y);
        assert_int_equal(strlen(x), 64);
        assert_int_equal(strcmp(x, y) == 0, rows[i].equal);
        bson_destroy(&a);
        bson_destroy(&b);
    }
    document_hash(narrow, x);
    document_hash(wide, y);
    assert_string_equal(x, y);
    bson_destroy(narrow);
    bson_destroy(wide);
}

static void survives_failing_allocations(void **state)
{
    static const char text[] = "[{\"a\":[1,{\"b\":\"x\"}]},{\"c\":1.5}]";
    engine_status status;
    long nth = 1;

    (void)state;
    do {
        engine_error err = {0};
        int calls = 0;

        engine_alloc_fail_at(nth++);
        status = document_read_json(text, sizeof(text) - 1, "in", stop, &calls,
                                    &err);
        engine_alloc_fail_at(0);
    } while (status == ENGINE_ENOMEM);
    assert_int_equal(status, ENGINE_ECANCELLED);
    assert_true(nth > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_document_a_list_and_lines),
        cmocka_unit_test(refuses_malformed_text_with_its_line),
        cmocka_unit_test(delivers_what_came_before_an_error),
        cmocka_unit_test(a_callbacks_failure_ends_the_reading),
        cmocka_unit_test(limits_depth_values_and_size),
        cmocka_unit_test(many_documents_are_within_the_limits),
        cmocka_unit_test(a_filter_is_exactly_one_object),
        cmocka_unit_test(remembers_lines_and_texts),
        cmocka_unit_test(writes_every_type_as_plain_json),
        cmocka_unit_test(escapes_every_byte_wherever_it_is),
        cmocka_unit_test(leaves_members_out_and_writes_integers),
        cmocka_unit_test(escapes_and_mends_strings),
        cmocka_unit_test(indents_by_two_spaces),
        cmocka_unit_test(the_locale_does_not_matter),
        cmocka_unit_test(refuses_to_write_endless_depth_and_overflow),
        cmocka_unit_test(looks_up_by_dotted_path),
        cmocka_unit_test(the_hash_knows_values_not_their_form),
        cmocka_unit_test(survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
