/* SPDX-License-Identifier: Apache-2.0 */
/* test_jmespath.c - JMESPath: the compliance suite, let, functions, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/value_mask_private.h"

/* 2026-11-21T12:00:00Z */
#define NOW_MS 1795262400000

static engine_error err;

static const struct value *read_json(struct arena *arena, const char *json)
{
    struct value *value = arena_alloc(arena, sizeof(*value));

    if (value_from_json(json, strlen(json), "test", arena, value, &err) < 0)
        fail_msg("%s", err.message);
    return value;
}

/* What an expression gives for a document; NULL: err says why not. */
static const struct value *search(struct arena *arena, const char *expression,
                                  const struct value *input, struct expr **out)
{
    const struct expr_limits limits = {.now_ms = NOW_MS};
    struct expr_values values;

    *out = NULL;
    if (expr_compile(expr_language("jmespath"), expression, &limits, out,
                     &err) < 0 ||
        expr_evaluate(*out, input, arena, &values, &err) < 0)
        return NULL;
    assert_int_equal(values.count, 1);
    return values.values[0];
}

static void assert_json(const char *expression, const struct value *value,
                        const char *expected)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    value_to_json(value, 0, &text);
    if (strcmp(text.data, expected) != 0)
        fail_msg("%s gives %s instead of %s", expression, text.data, expected);
    buffer_clear(&text);
}

/* expected: JSON, byte for byte. */
static void assert_gives(const char *document, const char *expression,
                         const char *expected)
{
    struct arena arena;
    struct expr *expr;
    const struct value *value;

    arena_init(&arena, (size_t)64 << 20);
    value = search(&arena, expression, read_json(&arena, document), &expr);
    if (!value)
        fail_msg("%s: %s", expression, err.message);
    assert_json(expression, value, expected);
    expr_free(expr);
    arena_clear(&arena);
}

/* words: a part of the message. */
static void assert_refuses(const char *document, const char *expression,
                           const char *words)
{
    struct arena arena;
    struct expr *expr;

    arena_init(&arena, (size_t)64 << 20);
    memset(&err, 0, sizeof(err));
    if (search(&arena, expression, read_json(&arena, document), &expr))
        fail_msg("%s is accepted", expression);
    if (!strstr(err.message, words))
        fail_msg("%s: \"%s\" without \"%s\"", expression, err.message, words);
    expr_free(expr);
    arena_clear(&arena);
}

/* ---- what expressions look at ------------------------------------------------- */

/* What a reader with this mask makes of a value. */
static struct value pruned(struct arena *arena, const struct value *value,
                           const struct mask_node *mask)
{
    const bool array = value->kind == VALUE_ARRAY;
    struct value out = *value;
    struct value_member *members;
    struct value *items;

    if (mask->all || (!array && value->kind != VALUE_OBJECT))
        return out;
    items = arena_alloc(arena, (value->count + 1) * sizeof(*items));
    members = arena_alloc(arena, (value->count + 1) * sizeof(*members));
    out.count = 0;
    if (array)
        out.items = items;
    else
        out.members = members;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct mask_node *inner =
            array ? mask_element(mask)
                  : mask_member(mask, value->members[i].key,
                                value->members[i].key_len);

        if (!inner)
            continue;
        if (array) {
            items[out.count++] = pruned(arena, &value->items[i], inner);
            continue;
        }
        members[out.count] = value->members[i];
        members[out.count++].value =
            pruned(arena, &value->members[i].value, inner);
    }
    return out;
}

/* The same is found in what wants asks for. */
static bool is_enough(struct arena *arena, struct expr *expr,
                      const struct value *given, const struct value *got)
{
    struct value_mask *mask = value_mask_new();
    struct expr_values values = {0};
    struct value some;
    bool same;

    assert_int_equal(expr_wants(expr, mask), ENGINE_OK);
    some = pruned(arena, given, &mask->root);
    same = expr_evaluate(expr, &some, arena, &values, &err) == ENGINE_OK &&
           value_equal(values.values[0], got);
    value_mask_free(mask);
    return same;
}

static void assert_wants(const char *expression, const char *document,
                         const char *expected)
{
    struct value_mask *mask = value_mask_new();
    struct arena arena;
    struct expr *expr;
    struct value some;

    arena_init(&arena, 1 << 20);
    assert_int_equal(
        expr_compile(expr_language("jmespath"), expression, NULL, &expr, &err),
        ENGINE_OK);
    assert_int_equal(expr_wants(expr, mask), ENGINE_OK);
    some = pruned(&arena, read_json(&arena, document), &mask->root);
    assert_json(expression, &some, expected);
    expr_free(expr);
    value_mask_free(mask);
    arena_clear(&arena);
}

/* ---- the compliance suite ------------------------------------------------------- */

struct suite {
    size_t cases, benchmarks, failed;
};

static void suite_error(struct suite *suite, const char *expression,
                        const char *kind, const struct value *got)
{
    char words[40];

    snprintf(words, sizeof(words), ": %s: ", kind);
    if (!got && strstr(err.message, words))
        return;
    print_error("%s: %s instead of %s\n", expression,
                got ? "a result" : err.message, kind);
    suite->failed++;
}

static void suite_case(struct suite *suite, const struct value *given,
                       const struct value *test)
{
    const char *expression = value_text(value_member(test, "expression"));
    const char *kind = value_text(value_member(test, "error"));
    const struct value *expected = value_member(test, "result"), *got;
    struct arena arena;
    struct expr *expr;

    arena_init(&arena, (size_t)16 << 20);
    suite->cases++;
    got = search(&arena, expression, given, &expr);
    if (kind) {
        suite_error(suite, expression, kind, got);
    } else if (!got || (expected && !value_equal(got, expected))) {
        print_error("%s: %s\n", expression,
                    got ? "another result" : err.message);
        suite->failed++;
    }
    if (got && !is_enough(&arena, expr, given, got)) {
        print_error("%s: wants too little\n", expression);
        suite->failed++;
    }
    suite->benchmarks += !kind && !expected;
    expr_free(expr);
    arena_clear(&arena);
}

static void suite_run(struct suite *suite, const char *file)
{
    const char *source = getenv("SCAN_ENGINE_SRC");
    char *path = engine_strf("%s/tests/fixtures/jmespath/%s.json",
                             source ? source : ".", file);
    const struct value *groups;
    struct arena arena;
    char *text = NULL;
    size_t len = 0;

    arena_init(&arena, (size_t)64 << 20);
    if (file_read(path, 1 << 20, &text, &len, &err) < 0)
        fail_msg("%s", err.message);
    groups = read_json(&arena, text);
    for (uint32_t i = 0; i < groups->count; i++) {
        const struct value *group = &groups->items[i];
        const struct value *cases = value_member(group, "cases");

        for (uint32_t k = 0; k < cases->count; k++)
            suite_case(suite, value_member(group, "given"), &cases->items[k]);
    }
    arena_clear(&arena);
    engine_free(text);
    engine_free(path);
}

static void passes_the_compliance_suite(void **state)
{
    static const char *const files[] = {
        "basic",   "benchmarks", "boolean",     "current",
        "escape",  "filters",    "functions",   "identifiers",
        "indices", "literal",    "multiselect", "pipe",
        "slice",   "syntax",     "unicode",     "wildcard"};
    struct suite suite = {0};
    char file[64];

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(file, sizeof(file), "compliance/%s", files[i]);
        suite_run(&suite, file);
    }
    assert_int_equal(suite.failed, 0);
    assert_int_equal(suite.cases, 908);
    assert_int_equal(suite.benchmarks, 16);
}

static void passes_its_own_cases(void **state)
{
    struct suite suite = {0};

    (void)state;
    suite_run(&suite, "let");
    suite_run(&suite, "functions");
    assert_int_equal(suite.failed, 0);
    assert_true(suite.cases > 190);
    assert_int_equal(suite.benchmarks, 0);
}

static void errors_name_the_character(void **state)
{
    (void)state;
    assert_refuses("{}", "a[?b == ]", "character 9: syntax: ");
    assert_refuses("{}", "'\303\244' == nope(@)",
                   "character 8: unknown-function: ");
    assert_refuses("{}", "length(@, @)", "character 1: invalid-arity: ");
    assert_refuses("{\"a\":1}", "[length(a)]",
                   "character 9: invalid-type: length() takes a string or an "
                   "array or an object here, not number");
    assert_refuses("{}", "a || $x", "character 6: undefined-variable: ");
    assert_refuses("{}", "a |", "at its end: syntax: ");
}

static void a_path_to_nowhere_is_null(void **state)
{
    (void)state;
    assert_gives("{\"a\":1}", "b.c[0].d", "null");
}

static void wants_what_it_looks_at(void **state)
{
    static const char document[] =
        "{\"a\":{\"b\":[{\"c\":1,\"d\":2,\"e\":[3]}],\"f\":4},\"g\":5}";

    (void)state;
    assert_wants("g", document, "{\"g\":5}");
    assert_wants("a.f == g", document, "{\"a\":{\"f\":4},\"g\":5}");
    assert_wants("a.b[*].c", document, "{\"a\":{\"b\":[{\"c\":1}]}}");
    assert_wants("a.b[?d].c | [0]", document,
                 "{\"a\":{\"b\":[{\"c\":1,\"d\":2}]}}");
    assert_wants("a.b[0].e[0]", document, "{\"a\":{\"b\":[{\"e\":[3]}]}}");
    assert_wants("let $g = g in a.b[?c == $g].d", document,
                 "{\"a\":{\"b\":[{\"c\":1,\"d\":2}]},\"g\":5}");
    assert_wants("length(a.b)", document,
                 "{\"a\":{\"b\":[{\"c\":1,\"d\":2,\"e\":[3]}]}}");
    assert_wants("@", document, document);
}

/* ---- limits ------------------------------------------------------------------- */

/* ---- variables from outside --------------------------------------------------- */

static const char *const outside[] = {"root", "account", NULL};

static struct expr *bound(const char *text)
{
    const struct expr_limits limits = {.variables = outside};
    struct expr *expr = NULL;

    assert_int_equal(expr_compile(expr_language("jmespath"), text, &limits,
                                  &expr, &err), ENGINE_OK);
    return expr;
}

static void takes_variables_from_outside(void **state)
{
    static const char text[] =
        "let $x = $account in [$root.a.b, n, $x, let $root = `1` in $root]";
    struct expr *expr = bound(text);
    const struct value *values[2];
    struct expr_values found;
    struct arena arena;

    (void)state;
    arena_init(&arena, (size_t)1 << 20);
    values[0] = read_json(&arena, "{\"a\":{\"b\":5}}");
    values[1] = read_json(&arena, "\"me\"");
    assert_int_equal(expr_evaluate(expr, read_json(&arena, "{\"n\":2}"),
                                   &arena, &found, &err), ENGINE_OK);
    assert_json(text, found.values[0], "[null,2,null,1]"); /* nothing is bound */
    expr_bind(expr, values);
    assert_int_equal(expr_evaluate(expr, read_json(&arena, "{\"n\":2}"),
                                   &arena, &found, &err), ENGINE_OK);
    assert_json(text, found.values[0], "[5,2,\"me\",1]");
    expr_free(expr);
    arena_clear(&arena);
    assert_refuses("{}", "$root", "undefined-variable");
}

static void knows_which_variables_it_looks_at(void **state)
{
    struct expr *expr = bound("a[?c == $root.b.x] | [0].d");
    struct value_mask *mask = value_mask_new();
    struct value kept;
    struct arena arena;

    (void)state;
    arena_init(&arena, (size_t)1 << 20);
    assert_true(expr_uses(expr, 0));
    assert_false(expr_uses(expr, 1));
    assert_false(expr_uses(expr, 2));
    assert_true(expr_mentions(expr, "d"));
    assert_true(expr_mentions(expr, "b"));
    assert_false(expr_mentions(expr, "e"));
    assert_non_null(mask);
    assert_int_equal(expr_wants_of(expr, 0, mask), ENGINE_OK);
    assert_int_equal(value_copy_masked(
        read_json(&arena, "{\"a\":1,\"b\":{\"x\":2,\"y\":3}}"), mask,
        &arena, &kept, &err), ENGINE_OK);
    assert_json("$root.b.x", &kept, "{\"b\":{\"x\":2}}");
    value_mask_free(mask);
    expr_free(expr);
    arena_clear(&arena);
}

static void assert_too_much(const char *expression, const char *document,
                            size_t values)
{
    const struct expr_limits limits = {.values = values};
    struct expr_values found;
    struct arena arena;
    struct expr *expr;

    arena_init(&arena, (size_t)64 << 20);
    assert_int_equal(expr_compile(expr_language("jmespath"), expression,
                                  &limits, &expr, &err),
                     ENGINE_OK);
    assert_int_equal(
        expr_evaluate(expr, read_json(&arena, document), &arena, &found, &err),
        ENGINE_ELIMIT);
    assert_true(err.message[0]);
    expr_free(expr);
    arena_clear(&arena);
}

static void evaluation_is_bounded(void **state)
{
    char text[4096] = "let $a0 = [@, @]";
    size_t len = strlen(text);

    (void)state;
    assert_too_much("[@, @, @, @, @, @][].[@, @, @]", "1", 20);
    /* 2^40 elements, that take no memory, to compare */
    for (int i = 1; i < 40; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                " in let $a%d = [$a%d, $a%d]", i, i - 1, i - 1);
    snprintf(text + len, sizeof(text) - len, " in $a39 == [$a38, $a38]");
    assert_too_much(text, "1", 0);
}

static void expressions_are_bounded(void **state)
{
    char *text = engine_calloc(1, 70001);

    (void)state;
    memset(text, '!', 70000);
    assert_refuses("{}", text, "longer than 65536 bytes");
    text[60000] = '\0';
    assert_refuses("{}", text, "nested too deeply");
    memset(text, '(', 60000);
    assert_refuses("{}", text, "nested too deeply");
    for (int i = 0; i < 60000; i += 2)
        memcpy(text + i, "a.", 2);
    text[59999] = '\0';
    assert_refuses("{}", text, "nested too deeply");
    engine_free(text);
}

static void survives_every_failed_allocation(void **state)
{
    static const char expression[] =
        "let $x = {a: from_json(j), b: sort_by(l, &k)} in "
        "[$x.b[].k, matches(j, '^.'), replace(j, '1', '2'), to_string($x), "
        "from_csv(j), l[?k > `1`] | [0], join(',', split(j, ':'))]";
    static const char document[] =
        "{\"j\":\"{\\\"q\\\":1}\",\"l\":[{\"k\":2},{\"k\":1}]}";
    bool done = false;

    (void)state;
    for (long nth = 1; !done; nth++) {
        struct arena arena;
        struct expr *expr;
        const struct value *input;

        arena_init(&arena, (size_t)64 << 20);
        input = read_json(&arena, document);
        memset(&err, 0, sizeof(err));
        engine_alloc_fail_at(nth);
        done = search(&arena, expression, input, &expr) != NULL;
        engine_alloc_fail_at(0);
        if (!done && !strstr(err.message, "memory"))
            fail_msg("allocation %ld: \"%s\"", nth, err.message);
        expr_free(expr);
        arena_clear(&arena);
        assert_true(nth < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_the_compliance_suite),
        cmocka_unit_test(passes_its_own_cases),
        cmocka_unit_test(wants_what_it_looks_at),
        cmocka_unit_test(takes_variables_from_outside),
        cmocka_unit_test(knows_which_variables_it_looks_at),
        cmocka_unit_test(evaluation_is_bounded),
        cmocka_unit_test(expressions_are_bounded),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(errors_name_the_character),
        cmocka_unit_test(a_path_to_nowhere_is_null)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
