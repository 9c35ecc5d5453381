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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_the_compliance_suite),
        cmocka_unit_test(passes_its_own_cases),
        cmocka_unit_test(errors_name_the_character),
        cmocka_unit_test(a_path_to_nowhere_is_null)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
