/* SPDX-License-Identifier: Apache-2.0 */
/* test_jq.c - jq programs: results, errors, and what they cannot reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr.h"

static struct arena arena;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)16 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static struct value *read_json(const char *text)
{
    struct value *value = arena_alloc(&arena, sizeof(*value));

    if (value_from_json(text, strlen(text), "in", &arena, value, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static struct expr *compile(const char *text, struct expr_pool *pool)
{
    const struct expr_limits limits = {.values = 1000, .pool = pool};
    struct expr *expr = NULL;

    if (expr_compile(expr_language("jq"), text, &limits, &expr, &err) < 0)
        fail_msg("%s", err.message);
    return expr;
}

/* Results as JSON, a space between them; an error as its message. */
static char *results(struct expr *expr, const struct value *input)
{
    struct expr_values values;
    struct buffer out;

    buffer_init(&out, 1 << 20);
    buffer_puts(&out, "");
    if (expr_evaluate(expr, input, &arena, &values, &err) < 0) {
        buffer_printf(&out, "%s: %s", engine_status_name(err.status),
                      err.message);
        return buffer_take(&out);
    }
    for (size_t i = 0; i < values.count; i++) {
        if (i)
            buffer_putc(&out, ' ');
        value_to_json(values.values[i], 0, &out);
    }
    return buffer_take(&out);
}

static void assert_jq(const char *text, const char *input, const char *expected)
{
    struct expr *expr = compile(text, NULL);
    char *found = results(expr, read_json(input));

    if (strcmp(found, expected) != 0)
        fail_msg("%s: %s instead of %s", text, found, expected);
    engine_free(found);
    expr_free(expr);
}

static void gives_every_result(void **state)
{
    (void)state;
    assert_jq(".", "{\"b\":[1,2.5,\"x\\u0000\\u20ac\",null,true,{}],\"a\":-1}",
              "{\"b\":[1,2.5,\"x\\u0000\xe2\x82\xac\",null,true,{}],\"a\":-1}");
    assert_jq(".[] | select(. > 1)", "[1,2,3]", "2 3");
    assert_jq("empty", "null", "");
    assert_jq("[.[] | test(\"^a+$\")]", "[\"aa\",\"b\"]", "[true,false]");
    assert_jq(".a | fromjson | .b", "{\"a\":\"{\\\"b\\\":[0.1,1e3]}\"}",
              "[0.1,1000]");
    assert_jq("def f: . + 1; f | f", "1", "3");
    assert_jq("1e1000, -1e1000, nan, 9007199254740993", "null",
              "1.7976931348623157e+308 -1.7976931348623157e+308 null "
              "9007199254740992");
}

static void errors_keep_their_words(void **state)
{
    (void)state;
    assert_jq("try .a catch .[:20]", "\"x\"", "\"Cannot index string \"");
    assert_jq("error(\"so it is\")", "null",
              "invalid: jq \"error(\"so it is\")\": so it is");
    assert_jq("1, error({a: 1})", "null",
              "invalid: jq \"1, error({a: 1})\": {\"a\":1}");
    assert_jq("1, halt, 2", "null", "invalid: jq \"1, halt, 2\": it halted");
    assert_jq("\"x\" | halt_error", "null",
              "invalid: jq \"\"x\" | halt_error\": it halted");
    assert_jq("try error(\"x\") catch .", "null", "\"x\"");
}

static void assert_refused(const char *text, struct expr_pool *pool,
                           const char *message)
{
    const struct expr_limits limits = {.pool = pool};
    struct expr *expr = NULL;

    assert_int_equal(
        expr_compile(expr_language("jq"), text, &limits, &expr, &err),
        ENGINE_EINVAL);
    if (!strstr(err.message, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", text, message, err.message);
}

static void malformed_programs_are_refused(void **state)
{
    struct expr_pool *pool = expr_pool_new();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct expr_pool *in = i ? pool : NULL;

        assert_refused(".[", in, "jq \".[\": syntax error");
        assert_refused(".a |\n| .b", in, "unexpected '|' in line 2");
        assert_refused(".) | (.", in, "syntax error");
        assert_refused("import \"a\" as a; .", in, "unexpected import");
        assert_refused("include \"a\"; .", in, "unexpected include");
    }
    assert_refused("no_such_thing", NULL, "no_such_thing/0 is not defined");
    expr_pool_free(pool);
}

static void nothing_outside_can_be_reached(void **state)
{
    (void)state;
    assert_int_equal(setenv("SCAN_ENGINE_TEST_SECRET", "hunter2", 1), 0);
    assert_jq("env", "null", "{}");
    assert_jq("$ENV", "null", "{}");
    assert_jq("def f: $ENV; [f, env] | tojson", "null", "\"[{},{}]\"");
    assert_jq("[inputs]", "null", "[]");
    assert_jq("input", "null", "invalid: jq \"input\": No more inputs");
    assert_jq("try input catch .", "null", "\"No more inputs\"");
    assert_jq("\"x\" | modulemeta", "null",
              "invalid: jq \"\"x\" | modulemeta\": modules are not available");
    assert_jq("get_search_list", "null", "[]");
    assert_jq("input_filename", "null", "null");
    assert_jq("\"x\" | debug | stderr", "null", "\"x\"");
}

static void results_are_limited(void **state)
{
    (void)state;
    assert_jq("range(1001)", "null",
              "limit: jq \"range(1001)\" has more than 1000 results");
    assert_jq("reduce range(150) as $i (0; [.])", "null",
              "limit: jq \"reduce range(150) as $i (0; [.])\" nests deeper "
              "than 100");
    assert_jq("[range(2000000)]", "null",
              "limit: jq \"[range(2000000)]\" makes more than 1048576 values");
}

static void programs_of_a_pool_run_together(void **state)
{
    struct expr_pool *pool = expr_pool_new();
    const struct value *input = read_json("{\"a\":1,\"b\":[2,3]}");
    static const char *const programs[][2] = {
        {".a", "1"},
        {".b[]", "2 3"},
        {"def scan_engine_1: 5; scan_engine_1 # comment", "5"},
        {"error(\"no\")", "invalid: jq \"error(\"no\")\": no"},
        {"first(.b[])\n, $ENV", "2 {}"},
        {"path(..)", "[] [\"a\"] [\"b\"] [\"b\",0] [\"b\",1]"},
        {"label $out | .b[] | ., break $out", "2"}};
    const size_t count = sizeof(programs) / sizeof(programs[0]);
    struct expr *exprs[sizeof(programs) / sizeof(programs[0])];

    (void)state;
    for (size_t i = 0; i < count; i++)
        exprs[i] = compile(programs[i][0], pool);
    for (size_t i = 0; i < 2 * count; i++) {
        char *found;

        expr_pool_hold(pool, i < count ? input : NULL);
        found = results(exprs[i % count], input);
        assert_string_equal(found, programs[i % count][1]);
        engine_free(found);
    }
    for (size_t i = 0; i < count; i++)
        expr_free(exprs[i]);
    expr_pool_free(pool);
}

static void a_pool_does_without_what_cannot_run(void **state)
{
    struct expr_pool *pool = expr_pool_new();
    struct expr *good = compile(".a", pool);
    struct expr *bad = compile(".a\n| no_such_thing", pool);
    struct expr *other = compile("[.a]", pool);
    const struct value *input = read_json("{\"a\":1}");
    char *found;

    (void)state;
    found = results(good, input);
    assert_string_equal(found, "1");
    engine_free(found);
    found = results(bad, input);
    assert_string_equal(found, "invalid: jq \".a\n| no_such_thing\": "
                               "no_such_thing/0 is not defined in line 2");
    engine_free(found);
    expr_free(good);
    expr_free(bad);
    good = compile(".b", pool); /* joins later */
    found = results(other, input);
    assert_string_equal(found, "[1]");
    engine_free(found);
    found = results(good, input);
    assert_string_equal(found, "null");
    engine_free(found);
    expr_free(good);
    expr_free(other);
    expr_pool_free(pool);
}

static void what_is_held_is_converted_once(void **state)
{
    struct expr_pool *pool = expr_pool_new();
    struct expr *expr = compile(".", pool);
    struct value input = {.kind = VALUE_INT, .integer = 1};
    char *found;

    (void)state;
    expr_pool_hold(pool, &input);
    found = results(expr, &input);
    assert_string_equal(found, "1");
    engine_free(found);
    input.integer = 2; /* a broken promise shows that it was kept */
    found = results(expr, &input);
    assert_string_equal(found, "1");
    engine_free(found);
    expr_pool_hold(pool, &input);
    found = results(expr, &input);
    assert_string_equal(found, "2");
    engine_free(found);
    expr_pool_hold(pool, NULL);
    input.integer = 3;
    found = results(expr, &input);
    assert_string_equal(found, "3");
    engine_free(found);
    expr_free(expr);
    expr_pool_free(pool);
}

/* ---- item by item ------------------------------------------------------------- */

static void assert_split(const char *text, const char *item, const char *rest)
{
    char *first = NULL, *second = NULL;
    const engine_status status =
        expr_split(expr_language("jq"), text, "items", &first, &second, &err);

    if (status != (item ? ENGINE_OK : ENGINE_EUNSUPPORTED))
        fail_msg("%s: %s", text, status ? err.message : first);
    if (item && (strcmp(first, item) != 0 || strcmp(second, rest) != 0))
        fail_msg("%s: %s and then %s", text, first, second);
    engine_free(first);
    engine_free(second);
}

static void splits_programs_over_the_list(void **state)
{
    (void)state;
    assert_split("[.items[] | .a]", ".a", ".");
    assert_split(" [ .items[] | .a | .b ] ", ".a | .b", ".");
    assert_split("[.items[] | .a] | unique | length", ".a", "unique | length");
    assert_split(".items[] | .a, .b", ".a, .b", ".[]");
    assert_split(".items[]", ".", ".[]");
    assert_split("[.items[]]", ".", ".");
    assert_split("[.items[]] | map(.a)", ".", "map(.a)");
    assert_split(".items[].spec", ".spec", ".[]");
    assert_split("[.items[].spec.groups[].rules[].expr]",
                 ".spec.groups[].rules[].expr", ".");
    assert_split(".items[][\"a b\"][0] | f", ".[\"a b\"][0] | f", ".[]");
    assert_split(".items[].\"a b\".c|f", ".\"a b\".c | f", ".[]");
    assert_split(".items | map(.a)", ".a", ".");
    assert_split(".items|map(select(.a == \"|)\")) | length",
                 "select(.a == \"|)\")", "length");
    assert_split("[[.items[] | (.a and .b)] | any]", "(.a and .b)", "[any]");
    assert_split("[[.items[] | .a] | any] | .[0]", ".a", "[any] | .[0]");
    assert_split("[.items[] | \"x\\(.a | \"]\")y\"]", "\"x\\(.a | \"]\")y\"",
                 ".");
    assert_split("[.items[] | . as $i | $i.a]", ". as $i | $i.a", ".");
}

static void does_not_split_what_it_does_not_understand(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        ".items",
        ".items | length",
        ".itemsx[]",
        ".items[0]",
        ".items[:3]",
        ".items[]?",
        ".items[]? | .a",
        ".items[].a == 1",
        ".items[].a // 1 | .b",
        ".items[], .kind",
        ".items[] as $i | .kind",
        ".items[] |= 1",
        ".items[] || 1",
        ".items[][.kind] | .a",
        ".items[][\"\\(.kind)\"] | .a",
        ".items[].\"\\(.kind)\" | .a",
        "[.items[] | .a] == []",
        "[.items[] | .a][0]",
        "[.items[] | .a], 1",
        "[.items[] | .a] as $x | .kind",
        "[.kind, .items[] | .a]",
        "[.items[] | .a # comment\n]",
        "[limit(3; .items[])]",
        "[first(.items[] | .a)]",
        "try [.items[] | .a] catch []",
        "def f: 1; [.items[] | f]",
        "if .items then [.items[] | .a] else . end",
        "reduce .items[] as $i (0; . + 1)",
        ".items | map(.a) == []",
        ".items | map(.a), 1",
        ".items | map(.a",
        ".items | mapx(.a)",
        "{a: [.items[] | .a]}",
        "([.items[] | .a])",
        "[.items[] | \"x]",
        "[.items[] | .a)",
        ".items[] |"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_split(texts[i], NULL, NULL);
}

/* Both parts together give what the whole program gives. */
static void assert_same(const char *text, const struct value *list)
{
    const struct value *items = value_member(list, "items");
    struct expr *whole = compile(text, NULL), *first, *second;
    char *expected = results(whole, list), *found, *item, *rest;
    struct value collected = {.kind = VALUE_ARRAY};
    struct value *outputs = arena_alloc(&arena, 1000 * sizeof(*outputs));

    assert_int_equal(
        expr_split(expr_language("jq"), text, "items", &item, &rest, &err),
        ENGINE_OK);
    first = compile(item, NULL);
    second = compile(rest, NULL);
    for (uint32_t i = 0; i < items->count; i++) {
        struct expr_values values;

        assert_int_equal(
            expr_evaluate(first, &items->items[i], &arena, &values, &err),
            ENGINE_OK);
        for (size_t j = 0; j < values.count; j++)
            outputs[collected.count++] = *values.values[j];
    }
    collected.items = outputs;
    found = results(second, &collected);
    assert_string_equal(found, expected);
    engine_free(found);
    engine_free(expected);
    engine_free(item);
    engine_free(rest);
    expr_free(whole);
    expr_free(first);
    expr_free(second);
}

static void both_parts_give_what_the_whole_gives(void **state)
{
    static const char *const programs[] = {
        "[.items[] | select(.metadata.namespace | startswith(\"kube-\") or "
        "startswith(\"openshift-\") | not) | .metadata.name]",
        "[.items[] | select ( .subjects[]?.name == \"default\" ) | "
        ".metadata.namespace + \"/\" + .metadata.name ] | unique",
        "[[.items[] | (.subjects | length == 0) or (.metadata.labels.x != "
        "null)] | any]",
        ".items | map(select(.metadata.labels[\"x\"] == \"\") | "
        ".metadata.namespace) | unique | length",
        ".items[].metadata | .name, .namespace",
        "[.items[] | .metadata.labels[\"x\"] != null]",
        "[.items[] | .subjects[]?.name]"};
    const struct value *list = read_json(
        "{\"items\":[{\"metadata\":{\"name\":\"a\",\"namespace\":\"kube-x\","
        "\"labels\":{\"x\":\"\"}},\"subjects\":[{\"name\":\"default\"},{"
        "\"name\":\"default\"}]},{\"metadata\":{\"name\":\"b\",\"namespace\":"
        "\"n\"},\"subjects\":[{\"name\":\"default\"}]},{\"metadata\":{\"name\":"
        "\"c\",\"namespace\":\"n\",\"labels\":{}}}]}");

    (void)state;
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        assert_same(programs[i], list);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(gives_every_result),
        T(errors_keep_their_words),
        T(malformed_programs_are_refused),
        T(nothing_outside_can_be_reached),
        T(results_are_limited),
        T(programs_of_a_pool_run_together),
        T(a_pool_does_without_what_cannot_run),
        T(what_is_held_is_converted_once),
        T(splits_programs_over_the_list),
        T(does_not_split_what_it_does_not_understand),
        T(both_parts_give_what_the_whole_gives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
