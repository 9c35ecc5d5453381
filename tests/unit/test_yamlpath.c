/* SPDX-License-Identifier: Apache-2.0 */
/* test_yamlpath.c - YAML paths as OpenSCAP's yaml-filter has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr.h"

static const char document[] =
    "{\"first\":{\"Map\":{\"1\":\"1\"},\"Nop\":0,\"Yep\":\"1\",\"Arr\":[[11,12"
    "],2,[\"31\",\"32\"],[4,5,6,7,8,9],{\"k\":\"val\",\"0\":0}]},"
    "\"second\":[{\"abc\":[1,2],\"def\":[11,22],\"q\":\"Q\"},"
    "{\"abc\":[3,4],\"def\":{\"z\":\"!\"},\"z\":\"zzz\"}],"
    "\"a.b\":{\"c-d\":{\"e'f\":1,\"g\\\"h\":2,\"*\":3}},"
    "\"none\":null,\"empty\":[],\"bare\":{}}";

static struct arena arena;
static struct value input;
static engine_error err;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)1 << 20);
    return value_from_json(document, strlen(document), "doc", &arena, &input,
                           &err);
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static struct expr *compile(const char *path)
{
    struct expr *expr = NULL;

    if (expr_compile(expr_language("yamlpath"), path, NULL, &expr, &err) !=
        ENGINE_OK)
        fail_msg("%s", err.message);
    return expr;
}

/* Results as JSON, a space between them. */
static void assert_path(const char *path, const char *expected)
{
    struct expr *expr = compile(path);
    struct expr_values values;
    struct buffer out;

    assert_int_equal(expr_evaluate(expr, &input, &arena, &values, &err),
                     ENGINE_OK);
    buffer_init(&out, 1 << 20);
    buffer_puts(&out, "");
    for (size_t i = 0; i < values.count; i++) {
        if (i)
            buffer_putc(&out, ' ');
        value_to_json(values.values[i], 0, &out);
    }
    if (strcmp(out.data, expected) != 0)
        fail_msg("%s: %s instead of %s", path, out.data, expected);
    buffer_clear(&out);
    expr_free(expr);
}

static void follows_keys_and_indices(void **state)
{
    (void)state;
    assert_path("$.first.Map", "{\"1\":\"1\"}");
    assert_path(".first.Nop", "0");
    assert_path("first.Nop", "0");
    assert_path("['first']['Nop']", "0");
    assert_path("first[\"Nop\"]", "0");
    assert_path(".first.Arr[0]", "[11,12]");
    assert_path(".first.Arr[1]", "2");
    assert_path(".first.Arr[2][0]", "\"31\"");
    assert_path(".first.Arr[4].k", "\"val\"");
    assert_path(".first.Arr[4].0", "0");
    assert_path(".first.Arr[ 2][\t1]", "\"32\"");
    assert_path(".none", "null");
    assert_path(".empty", "[]");
    assert_path(".bare", "{}");
}

static void the_root_is_the_document(void **state)
{
    (void)state;
    assert_path("$", document);
}

static void empty_brackets_are_the_first_element(void **state)
{
    (void)state;
    assert_path(".second[].abc", "[1,2]");
}

static void quoted_keys_may_hold_anything(void **state)
{
    (void)state;
    assert_path("['a.b'].c-d[\"e'f\"]", "1");
    assert_path("[\"a.b\"]['c-d']['g\"h']", "2");
    assert_path("['a.b']['c-d']['*']", "3");
}

static void what_leads_nowhere_is_no_result(void **state)
{
    (void)state;
    assert_path(".nothing", "");
    assert_path(".first.Nop.x", "");
    assert_path(".first[0]", "");
    assert_path(".second.abc", "");
    assert_path(".second[2].abc", "");
    assert_path(".second[4294967295]", "");
    assert_path(".empty[:]", "");
    assert_path(".first[:]", "");
    assert_path(".none[:]", "");
    assert_path(".second['abc','def']", "");
    assert_path(".first['x','y']", "");
    assert_path(".bare.*", "");
    assert_path(".second.*", "");
    assert_path(".second[:].nothing[:]", "");
}

static void every_element_is_a_result(void **state)
{
    (void)state;
    assert_path(".first.Arr[3][:]", "4 5 6 7 8 9");
    assert_path(".first.Arr[:][0]", "11 \"31\" 4");
    assert_path(".first.Arr[:].k", "\"val\"");
    assert_path(".first.Arr[:][2]", "6");
    assert_path(".second[:].abc", "[1,2] [3,4]");
    assert_path(".first.Arr[3][0,2,1,2,9]", "4 5 6");
}

static void elements_below_elements_are_lists(void **state)
{
    (void)state;
    assert_path(".first.Arr[:][:]", "[11,12] [\"31\",\"32\"] [4,5,6,7,8,9]");
    assert_path(".first.Arr[:][0,1]", "[11,12] [\"31\",\"32\"] [4,5]");
    assert_path(".second[:].abc[:]", "[1,2] [3,4]");
}

static void selections_are_objects(void **state)
{
    (void)state;
    assert_path(".first['Nop','Yep']", "{\"Nop\":0,\"Yep\":\"1\"}");
    assert_path(".first[\"Yep\",'Nop','x']", "{\"Nop\":0,\"Yep\":\"1\"}");
    assert_path(".second[0]['abc','def'][0]", "{\"abc\":1,\"def\":11}");
    assert_path(".second[:]['abc','def'][0]",
                "{\"abc\":1,\"def\":11} {\"abc\":3,\"def\":null}");
    assert_path(".second[:]['abc','def'].z",
                "{\"abc\":null,\"def\":null} {\"abc\":null,\"def\":\"!\"}");
    assert_path(".second[:]['abc','q']",
                "{\"abc\":[1,2],\"q\":\"Q\"} {\"abc\":[3,4]}");
    assert_path(".second[:]['abc','def'][:]",
                "{\"abc\":[1,2],\"def\":[11,22]} {\"abc\":[3,4],\"def\":null}");
    assert_path(".second[1].*.z", "{\"abc\":null,\"def\":\"!\",\"z\":null}");
    assert_path(".second[1][*].z", "{\"abc\":null,\"def\":\"!\",\"z\":null}");
}

static void assert_refused(const char *path, const char *message)
{
    struct expr *expr = NULL;

    assert_int_equal(
        expr_compile(expr_language("yamlpath"), path, NULL, &expr, &err),
        ENGINE_EINVAL);
    if (!strstr(err.message, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", path, message, err.message);
}

static void refuses_and_names_the_character(void **state)
{
    (void)state;
    assert_refused("", "at its end: a path must not be empty");
    assert_refused(".", "at its end: a key should be here");
    assert_refused("$.", "at its end: a key");
    assert_refused(".a..b", "'.' at character 4: a key");
    assert_refused("a.[0]", "'[' at character 3: a key");
    assert_refused(".a[-1]", "'-' at character 4: an index cannot be negative");
    assert_refused(".a[1,-1]", "'-' at character 6");
    assert_refused(".a[0:2]", "':' at character 5: slices");
    assert_refused(".a[:2]", "':' at character 4: slices");
    assert_refused("[::]", "':' at character 2: slices");
    assert_refused(".a[?(@.b)]", "'?' at character 4: filters");
    assert_refused(".a[(1)]", "'(' at character 4: filters");
    assert_refused(".a[", "at its end: an index");
    assert_refused(".a[1", "at its end");
    assert_refused(".a[1 ]", "' ' at character 5");
    assert_refused(".a[1,]", "']' at character 6");
    assert_refused(".a[,1]", "',' at character 4");
    assert_refused(".a[b]", "'b' at character 4");
    assert_refused(".a['b]", "''' at character 4: this quote is never closed");
    assert_refused(".a['b\"]", "never closed");
    assert_refused(".a['b'", "at its end: ',' or ']'");
    assert_refused(".a['b',]", "']' at character 8: a quoted key");
    assert_refused(".a['b',c]", "'c' at character 8: a quoted key");
    assert_refused(".a['b';'c']", "';' at character 7");
    assert_refused(".a['']", "must not be empty");
    assert_refused(".a['b']c", "'c' at character 8: '.' or '[' should be here");
    assert_refused("$a", "'a' at character 2");
    assert_refused("$$", "'$' at character 2");
    assert_refused(".*x", "'x' at character 3: '*' stands alone");
    assert_refused("&anchor", "'&' at character 1: anchors");
    assert_refused(".a[99999999999]", "too large");
    assert_refused(".a['\xe2\x82\xac'\xe2\x82\xac]",
                   "'\xe2\x82\xac' at character 9");
}

static void wants_what_it_looks_at(void **state)
{
    static const char *const paths[] = {
        ".first.Nop",      ".first.Arr[:].k", ".second[0]['abc','q']",
        ".second[:].*.z",  "['a.b'].c-d",     ".first.Map['1','2']",
        ".nothing.at.all", ".first.Arr[1,4]"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct value_mask *mask = value_mask_new();
        struct expr *expr = compile(paths[i]);

        assert_int_equal(expr_wants(expr, mask), ENGINE_OK);
        assert_false(value_mask_is_all(mask));
        expr_free(expr);
        value_mask_free(mask);
    }
}

static void the_root_wants_everything(void **state)
{
    struct value_mask *mask = value_mask_new();
    struct expr *expr = compile("$");

    (void)state;
    assert_int_equal(expr_wants(expr, mask), ENGINE_OK);
    assert_true(value_mask_is_all(mask));
    expr_free(expr);
    value_mask_free(mask);
}

static void assert_split(const char *path, const char *expected)
{
    char *item = NULL, *rest = NULL;
    const engine_status status = expr_split(expr_language("yamlpath"), path,
                                            "items", &item, &rest, &err);

    assert_int_equal(status, expected ? ENGINE_OK : ENGINE_EUNSUPPORTED);
    if (!expected)
        return;
    assert_string_equal(item, expected);
    assert_string_equal(rest, "$");
    engine_free(item);
    engine_free(rest);
}

static void splits_off_the_list(void **state)
{
    (void)state;
    assert_split(".items[:].spec.host", "$.spec.host");
    assert_split("$['items'][:]['a[:]']", "$['a[:]']");
    assert_split("items[:]", "$");
    assert_split(".items[:].spec['a','b'].c", "$.spec['a','b'].c");
    assert_split(".items[:]['subjects'][:].name", NULL);
    assert_split(".items[0].name", NULL);
    assert_split(".other[:].name", NULL);
    assert_split(".items", NULL);
    assert_split("$", NULL);
}

static void results_are_limited(void **state)
{
    const struct expr_limits limits = {.values = 5};
    struct expr_values values;
    struct expr *expr = NULL;

    (void)state;
    assert_int_equal(expr_compile(expr_language("yamlpath"), ".first.Arr[3][:]",
                                  &limits, &expr, &err),
                     ENGINE_OK);
    assert_int_equal(expr_evaluate(expr, &input, &arena, &values, &err),
                     ENGINE_ELIMIT);
    assert_string_equal(err.message, "yamlpath \".first.Arr[3][:]\" has more "
                                     "than 5 results");
    expr_free(expr);
}

static void unknown_languages_are_unsupported(void **state)
{
    struct expr *expr = NULL;

    (void)state;
    assert_null(expr_language("cobol"));
    assert_int_equal(
        expr_compile(expr_language("cobol"), ".a", NULL, &expr, &err),
        ENGINE_EUNSUPPORTED);
    assert_string_equal(expr_languages()[0], "yamlpath");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(follows_keys_and_indices),
        T(the_root_is_the_document),
        T(empty_brackets_are_the_first_element),
        T(quoted_keys_may_hold_anything),
        T(what_leads_nowhere_is_no_result),
        T(every_element_is_a_result),
        T(elements_below_elements_are_lists),
        T(selections_are_objects),
        T(refuses_and_names_the_character),
        T(wants_what_it_looks_at),
        T(the_root_wants_everything),
        T(splits_off_the_list),
        T(results_are_limited),
        T(unknown_languages_are_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
