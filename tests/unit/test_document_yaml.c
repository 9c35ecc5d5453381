/* SPDX-License-Identifier: Apache-2.0 */
/* test_document_yaml.c - YAML 1.2 core schema, aliases, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

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
    status = document_read_yaml(text, len, "in", collect, &lines, err);
    *out = buffer_take(&lines);
    return status;
}

struct row {
    const char *text, *lines;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        engine_error err = {0};
        char *lines;

        if (read_text(rows[i].text, strlen(rows[i].text), &lines, &err) < 0)
            fail_msg("%s: %s", rows[i].text, err.message);
        assert_string_equal(lines, rows[i].lines);
        engine_free(lines);
    }
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

static void reads_documents_lists_and_streams(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {"# nothing\n", ""},
        {"---\n---\n...\n", ""},
        {"a: 1\n", "{\"a\":1}\n"},
        {"\xef\xbb\xbf"
         "a: 1\n",
         "{\"a\":1}\n"},
        {"- a: 1\n- a: 2\n", "{\"a\":1}\n{\"a\":2}\n"},
        {"a: 1\n---\na: 2\n", "{\"a\":1}\n{\"a\":2}\n"},
        {"- a: 1\n---\na: 2\n--- [{a: 3}]\n",
         "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"},
        {"%YAML 1.2\n---\na: {b: [1, {c: d}], e: }\n",
         "{\"a\":{\"b\":[1,{\"c\":\"d\"}],\"e\":null}}\n"},
        {"1: x\ntrue: y\n5.10: z\n~: n\n",
         "{\"1\":\"x\",\"true\":\"y\",\"5.10\":\"z\",\"~\":\"n\"}\n"},
        {"a: |\n  x\n   y\nb: >-\n  c\n  d\n",
         "{\"a\":\"x\\n y\\n\",\"b\":\"c d\"}\n"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void follows_the_core_schema(void **state)
{
    static const struct row rows[] = {
        {"a: [null, Null, NULL, ~, ]", "{\"a\":[null,null,null,null]}\n"},
        {"a: [nULL, 'null', \"~\"]", "{\"a\":[\"nULL\",\"null\",\"~\"]}\n"},
        {"a: [true, True, TRUE, false, False, FALSE]",
         "{\"a\":[true,true,true,false,false,false]}\n"},
        {"a: [yes, no, on, off, y, n, tRue]",
         "{\"a\":[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"tRue\"]}\n"},
        {"a: [0, -1, +2, 017, 0o17, 0x1F, 0xff]",
         "{\"a\":[0,-1,2,17,15,31,255]}\n"},
        {"a: [0o8, 0xg, 1_000, 0b1, -0x1, 12:30, 0o, 0x]",
         "{\"a\":[\"0o8\",\"0xg\",\"1_000\",\"0b1\",\"-0x1\",\"12:30\",\"0o\","
         "\"0x\"]}\n"},
        {"a: [1.5, -.5, 1., 1e3, 1.5E-1, +1.0]",
         "{\"a\":[1.5,-0.5,1.0,1000.0,0.15,1.0]}\n"},
        {"a: [., -, +, e1, 1e, 1.2.3, 2024-01-02]",
         "{\"a\":[\".\",\"-\",\"+\",\"e1\",\"1e\",\"1.2.3\","
         "\"2024-01-02\"]}\n"},
        {"a: [.inf, -.Inf, +.INF, .nan]", "{\"a\":[null,null,null,null]}\n"},
        {"a: [-.nan, .iNF, inf]", "{\"a\":[\"-.nan\",\".iNF\",\"inf\"]}\n"},
        {"a: 9223372036854775808", "{\"a\":9.223372036854776e+18}\n"},
        {"a: 0xffffffffffffffff", "{\"a\":1.8446744073709552e+19}\n"},
        {"a: ['1', \"2\", '']\nb: |\n 3\n",
         "{\"a\":[\"1\",\"2\",\"\"],\"b\":\"3\\n\"}\n"},
        {"a: [!!str 1, !!int '2', !!float 3, !!bool 'true', !!null '']",
         "{\"a\":[\"1\",2,3.0,true,null]}\n"},
        {"a: !!map {b: !!seq [!!binary 'aGVs bG8=']}",
         "{\"a\":{\"b\":[\"aGVsbG8=\"]}}\n"},
        {"a: !!timestamp 2024-01-02", "{\"a\":\"2024-01-02\"}\n"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void expands_aliases_and_merges(void **state)
{
    static const struct row rows[] = {
        {"a: &x 5.10\nb: *x\n", "{\"a\":5.1,\"b\":5.1}\n"},
        {"a: &x {k: [1]}\nb: [*x, *x]\n",
         "{\"a\":{\"k\":[1]},\"b\":[{\"k\":[1]},{\"k\":[1]}]}\n"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}\n"},
        {"a: &x {i: &y [1, 2]}\nb: *y\nc: *x\n",
         "{\"a\":{\"i\":[1,2]},\"b\":[1,2],\"c\":{\"i\":[1,2]}}\n"},
        {"a: &x k\n*x : 1\n", "{\"a\":\"k\",\"k\":1}\n"},
        {"a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n",
         "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"l\":3,\"k\":1}}\n"},
        {"b: {l: 3, <<: {k: 1, l: 2}}\n", "{\"b\":{\"l\":3,\"k\":1}}\n"},
        {"a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}\n",
         "{\"a\":{\"k\":1},\"b\":{\"k\":2,\"m\":3},"
         "\"c\":{\"k\":1,\"m\":3}}\n"},
        {"a: {<<: {x: &z [1], y: &w 2}, b: *z}\nc: [*w, *z]\n",
         "{\"a\":{\"b\":[1],\"x\":[1],\"y\":2},\"c\":[2,[1]]}\n"},
        {"a: {<<: {<<: {x: 1}, y: 2}}\n", "{\"a\":{\"y\":2,\"x\":1}}\n"},
        {"'<<': 1\n", "{\"<<\":1}\n"},
        {"- &x {k: &v [1]}\n- *x\n- {<<: *x, j: *v}\n- j: &u {o: 1}\n- *u\n",
         "{\"k\":[1]}\n{\"k\":[1]}\n{\"j\":[1],\"k\":[1]}\n"
         "{\"j\":{\"o\":1}}\n{\"o\":1}\n"},
    };

    (void)state;
    CHECK_ROWS(rows);
}

static void refuses_malformed_text_with_its_line(void **state)
{
    static const struct row rows[] = {
        {"a: [1]\nb: [1\nc: 1\n", "in:3: "},
        {"a: 1\n b: 2", "in:2: "},
        {"a: 1\n\tb: 2", "in:2: "},
        {"a: 'x", "in:1: "},
        {"x", "in:1: expected a mapping"},
        {"- a: 1\n- 5", "in:2: expected a mapping"},
        {"- - a: 1", "in:1: expected a mapping"},
        {"- ", "in:1: expected a mapping"},
        {"a: 1\nb: 2\na: 3", "in:3: duplicate key \"a\""},
        {"a: 1\n'a': 3", "in:2: duplicate key \"a\""},
        {"a:\n  b: 1\n  b: 2", "in:3: duplicate key \"b\""},
        {"[a, b]: 1", "in:1: a key must be text"},
        {"{a: 1}: 1", "in:1: "},
        {"a: &x [1]\n*x : 2", "in:2: a key must be text"},
        {"a: *x", "in:1: alias *x stands for nothing"},
        {"a: &x 1\n---\nb: *x", "in:3: alias *x stands for nothing"},
        {"a: &x [1, *x]", "in:1: alias *x is part of what"},
        {"&x a: 1", "in:1: an anchor on a key"},
        {"&x\na: *x", "in:2: alias *x is part of what"},
        {"a: &x {b: *x}", "in:1: alias *x is part of what"},
        {"a: 1\nb: {<<: 5}", "in:2: << needs a mapping"},
        {"a: {<<: [1]}", "in:1: << needs a list of mappings"},
        {"a: {<<: {b: 1}, <<: {c: 1}}", "in:1: duplicate key \"<<\""},
        {"a:\n- !foo 1", "in:2: "},
        {"a: !!set {b}", "in:1: tag"},
        {"a: !!int x", "in:1: \"x\" with tag"},
        {"a: !!bool 1", "in:1: \"1\" with tag"},
        {"a: !!binary '*'", "in:1: \"*\" with tag"},
        {"a: !!binary 'QQ'", "in:1: \"QQ\" with tag"},
        {"a: 1e999", "in:1: \"1e999\" is a number out of range"},
        {"a: \"x\\0y\"", "in:1: a NUL character"},
        {"\"a\\0\": 1", "in:1: a NUL character"},
        {"a: 1\nb: \xff", "in:2: text is not UTF-8"},
        {"a: \xed\xa0\x80", "in:1: text is not UTF-8"},
        {"a: \x01", "in:1: text is not UTF-8 or not printable"},
        {"\xff\xfe"
         "a",
         "in:1: text is not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        engine_error err = {0};
        char *lines;

        if (read_text(rows[i].text, strlen(rows[i].text), &lines, &err) !=
                ENGINE_EPARSE ||
            strncmp(err.message, rows[i].lines, strlen(rows[i].lines)))
            fail_msg("%s: \"%s\"", rows[i].text, err.message);
        engine_free(lines);
    }
}

static engine_status check_origin(const bson_t *document,
                                  const struct document_origin *origin,
                                  void *user, engine_error *err)
{
    (void)document;
    (void)err;
    *(bool *)user = true;
    assert_int_equal(document_origin_line(origin, ""), 2);
    assert_string_equal(document_origin_text(origin, "a"), "5.10");
    assert_int_equal(document_origin_line(origin, "b"), 3);
    assert_int_equal(document_origin_line(origin, "b.c"), 5);
    assert_string_equal(document_origin_text(origin, "b.c"), "0x1F");
    assert_int_equal(document_origin_line(origin, "b.v1.0.0"), 7);
    assert_string_equal(document_origin_text(origin, "b.v1.0.0"), "5.2.10");
    /* an alias stands on its own line, what it brings where it came from */
    assert_int_equal(document_origin_line(origin, "d"), 8);
    assert_int_equal(document_origin_line(origin, "d.c"), 5);
    assert_string_equal(document_origin_text(origin, "d.c"), "0x1F");
    assert_string_equal(document_origin_text(origin, "e.c"), "0x1F");
    assert_int_equal(document_origin_line(origin, "e.f"), 9);
    assert_null(document_origin_text(origin, "e"));
    return ENGINE_OK;
}

static void remembers_lines_and_texts(void **state)
{
    static const char text[] = "---\n"
                               "a: 5.10\n"
                               "b: &b\n"
                               "\n"
                               "  c: 0x1F\n"
                               "  v1.0:\n"
                               "  - 5.2.10\n"
                               "d: *b\n"
                               "e: {<<: *b, f: 1}\n";
    bool called = false;

    (void)state;
    assert_int_equal(document_read_yaml(text, sizeof(text) - 1, "in",
                                        check_origin, &called, NULL),
                     ENGINE_OK);
    assert_true(called);
}

static engine_status status_of(const char *text, size_t len)
{
    engine_error err = {0};
    char *lines;
    engine_status status = read_text(text, len, &lines, &err);

    engine_free(lines);
    return status;
}

static void put_repeated(struct buffer *text, const char *what, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_puts(text, what);
}

static void a_bomb_of_aliases_is_cheap(void **state)
{
    const clock_t start = clock();
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    buffer_puts(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 40; i++) {
        buffer_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            buffer_printf(&text, "*a%d, ", i - 1);
        buffer_puts(&text, "]\n");
    }
    assert_int_equal(status_of(text.data, text.len), ENGINE_ELIMIT);
    assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
    buffer_clear(&text);
}

static void a_long_text_is_not_repeated_for_ever(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 16 << 20);
    buffer_puts(&text, "- a: &a ");
    put_repeated(&text, "x", 1 << 20);
    put_repeated(&text, "\n- {b: *a}", 100000);
    assert_int_equal(status_of(text.data, text.len), ENGINE_ELIMIT);
    buffer_clear(&text);
}

static void limits_depth(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    put_repeated(&text, "{a: ", 100);
    put_repeated(&text, "}", 100);
    assert_int_equal(status_of(text.data, text.len), ENGINE_OK);
    buffer_reset(&text);
    put_repeated(&text, "{a: ", 101);
    put_repeated(&text, "}", 101);
    assert_int_equal(status_of(text.data, text.len), ENGINE_ELIMIT);
    buffer_reset(&text);
    buffer_puts(&text, "a: [");
    put_repeated(&text, "[", 100000);
    assert_int_equal(status_of(text.data, text.len), ENGINE_ELIMIT);
    buffer_reset(&text);
    /* sixty levels inside sixty */
    buffer_puts(&text, "a: &a ");
    put_repeated(&text, "[", 60);
    put_repeated(&text, "]", 60);
    buffer_puts(&text, "\nb: ");
    put_repeated(&text, "[", 60);
    buffer_puts(&text, "*a");
    put_repeated(&text, "]", 60);
    assert_int_equal(status_of(text.data, text.len), ENGINE_ELIMIT);
    buffer_clear(&text);
}

static void reads_many_rules_quickly(void **state)
{
    const clock_t start = clock();
    struct buffer text;
    engine_error err = {0};
    char *lines;

    (void)state;
    buffer_init(&text, 64 << 20);
    buffer_puts(&text, "- &common {tags: [a, b]}\n");
    for (int i = 0; i < 20000; i++)
        buffer_printf(&text,
                      "- {rule_id: r%d, severity: high, <<: *common,\n"
                      "   frameworks: {cis: {v1.0: [5.2.%d]}}, n: %d}\n",
                      i, i, i);
    assert_int_equal(read_text(text.data, text.len, &lines, &err), ENGINE_OK);
    assert_non_null(strstr(lines, "\"rule_id\":\"r19999\""));
    assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
    engine_free(lines);
    buffer_clear(&text);
}

static void survives_failing_allocations(void **state)
{
    static const char text[] = "- &x {k: &v [1]}\n- {<<: *x, j: *v}\n"
                               "- {b: !!binary aGVsbG8=}\n";
    engine_status status;
    long nth = 1;

    (void)state;
    do {
        engine_error err = {0};
        struct buffer lines;

        buffer_init(&lines, 1 << 20);
        buffer_puts(&lines, "room for all that is written here, surely so, as "
                            "it is long enough for three short lines");
        buffer_reset(&lines);
        engine_alloc_fail_at(nth++);
        status = document_read_yaml(text, sizeof(text) - 1, "in", collect,
                                    &lines, &err);
        engine_alloc_fail_at(0);
        buffer_clear(&lines);
    } while (status == ENGINE_ENOMEM);
    assert_int_equal(status, ENGINE_OK);
    assert_true(nth > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_documents_lists_and_streams),
        cmocka_unit_test(follows_the_core_schema),
        cmocka_unit_test(expands_aliases_and_merges),
        cmocka_unit_test(refuses_malformed_text_with_its_line),
        cmocka_unit_test(remembers_lines_and_texts),
        cmocka_unit_test(a_bomb_of_aliases_is_cheap),
        cmocka_unit_test(a_long_text_is_not_repeated_for_ever),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(reads_many_rules_quickly),
        cmocka_unit_test(survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
