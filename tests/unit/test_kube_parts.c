/* SPDX-License-Identifier: Apache-2.0 */
/* test_kube_parts.c - API paths, selectors, names of types, objects seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "plugins/kubernetes/dump.h"
#include "plugins/kubernetes/kinds.h"
#include "plugins/kubernetes/path.h"
#include "plugins/kubernetes/seen.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"

/* ---- paths --------------------------------------------------------------- */

static void paging_is_no_part_of_a_path(void **state)
{
    static const char *const same[] = {
        "/api/v1/pods", "/api/v1/pods?limit=500",
        "/api/v1/pods?limit=5&continue=abc#0123", "/api/v1/pods?"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kube_path path;
        assert_int_equal(kube_path_parse(same[i], &path, NULL), ENGINE_OK);
        assert_string_equal(path.key, "/api/v1/pods");
        assert_string_equal(path.plain, "/api/v1/pods");
        kube_path_clear(&path);
    }
}

static void selectors_of_a_path_are_decoded(void **state)
{
    struct kube_path path;

    (void)state;
    assert_int_equal(kube_path_parse("/api/v1/pods?limit=1&labelSelector="
                                     "a%3Db%2Fc+d&fieldSelector=x=y",
                                     &path, NULL),
                     ENGINE_OK);
    assert_string_equal(path.labels, "a=b/c d");
    assert_string_equal(path.fields, "x=y");
    assert_string_equal(path.query,
                        "labelSelector=a%3Db%2Fc+d&fieldSelector=x=y");
    kube_path_clear(&path);
}

static void paths_lead_nowhere_else(void **state)
{
    static const char *const bad[] = {
        "", "api/v1", "/api/../x", "/api//v1", "/api/./v1", "/api/v1/",
        "/api/v1/a b", "/api/v1/a\nb", "/api\\v1", "?a=b", "#x"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct kube_path path;
        engine_error err = {0};
        assert_int_equal(kube_path_parse(bad[i], &path, &err),
                         ENGINE_EINVAL);
        assert_true(err.message[0]);
    }
}

static void what_is_built_is_taken_apart_again(void **state)
{
    const struct kube_path_parts parts = {
        .group = "rbac.authorization.k8s.io", .version = "v1",
        .plural = "roles", .namespace = "a", .name = "system:x",
        .labels = "app in (a, b)"};
    struct kube_place place;
    struct kube_path path;
    char *text = NULL;

    (void)state;
    assert_int_equal(kube_path_build(&parts, &text, NULL), ENGINE_OK);
    assert_int_equal(kube_path_parse(text, &path, NULL), ENGINE_OK);
    assert_string_equal(path.plain, "/apis/rbac.authorization.k8s.io/v1/"
                                    "namespaces/a/roles/system:x");
    assert_string_equal(path.labels, parts.labels);
    assert_true(kube_path_is_api(&path));
    assert_true(kube_place_of(path.plain, &place));
    assert_string_equal(place.group, parts.group);
    assert_string_equal(place.plural, "roles");
    assert_string_equal(place.namespace, "a");
    assert_string_equal(place.name, "system:x");
    kube_path_clear(&path);
    engine_free(text);
}

/* ---- selectors ----------------------------------------------------------- */

static const char object_text[] =
    "{\"metadata\": {\"name\": \"a\", \"labels\": {\"app\": \"web\", "
    "\"empty\": \"\"}}, \"spec\": {\"nodeName\": \"n1\", \"on\": true}}";

static void selectors_match_as_the_server_has_it(void **state)
{
    static const struct {
        const char *labels, *fields;
        bool matches;
    } rows[] = {
        {NULL, NULL, true},           {"app=web", NULL, true},
        {"app==web", NULL, true},     {"app = web , empty", NULL, true},
        {"app!=web", NULL, false},    {"tier!=x", NULL, true},
        {"tier", NULL, false},        {"!tier", NULL, true},
        {"app in (db, web)", NULL, true},
        {"app notin (db,web)", NULL, false},
        {"tier notin (db)", NULL, true},
        {"empty=", NULL, true},       {"tier in (db)", NULL, false},
        {NULL, "metadata.name=a", true},
        {NULL, "spec.nodeName!=n1", false},
        {NULL, "spec.on=true", true}, {NULL, "spec.other=", true},
        {"app=web", "metadata.name=b", false}};
    struct arena arena;
    struct value object;

    (void)state;
    arena_init(&arena, 1 << 16);
    assert_int_equal(value_from_json(object_text, strlen(object_text), "o",
                                     &arena, &object, NULL), ENGINE_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kube_selector *selector = NULL;
        assert_int_equal(kube_selector_new(rows[i].labels, rows[i].fields,
                                           &selector, NULL), ENGINE_OK);
        if (kube_selector_matches(selector, &object) != rows[i].matches)
            fail_msg("%s %s", rows[i].labels ? rows[i].labels : "",
                     rows[i].fields ? rows[i].fields : "");
        kube_selector_free(selector);
    }
    arena_clear(&arena);
}

static void what_is_no_selector_is_refused(void **state)
{
    static const char *const bad[] = {"a b c", "=x", "a in b", "a in (b",
                                      "a,,b", ",", "!", "a notin", "! a b"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct kube_selector *selector = NULL;
        engine_error err = {0};
        if (kube_selector_new(bad[i], NULL, &selector, &err) !=
            ENGINE_EINVAL)
            fail_msg("%s", bad[i]);
        assert_null(selector);
    }
}

static void memory_that_runs_out_leaks_nothing(void **state)
{
    engine_status status = ENGINE_ENOMEM;

    (void)state;
    for (long nth = 1; status == ENGINE_ENOMEM; nth++) {
        struct kube_selector *selector = NULL;
        struct kube_path path;
        engine_alloc_fail_at(nth);
        status = kube_path_parse("/api/v1/pods?labelSelector=a%3Db#x", &path,
                                 NULL);
        if (status == ENGINE_OK) {
            status = kube_selector_new("a in (b, c),!d", "e=f", &selector,
                                       NULL);
            kube_path_clear(&path);
        }
        kube_selector_free(selector);
        engine_alloc_fail_at(0);
        assert_true(nth < 1000);
    }
    assert_int_equal(status, ENGINE_OK);
}

/* ---- types --------------------------------------------------------------- */

static void a_type_has_many_names(void **state)
{
    static const char *const names[] = {
        "deployments", "Deployment", "deploy", "deployment.apps",
        "deployments.v1.apps", "apps/v1/Deployment", "DEPLOYMENTS"};
    struct kube_kinds *kinds = kube_kinds_new();

    (void)state;
    assert_non_null(kinds);
    assert_int_equal(kube_kinds_add_common(kinds, NULL), ENGINE_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct kube_resource *found = kube_kinds_find(kinds, names[i]);
        if (!found || strcmp(found->plural, "deployments") != 0 ||
            strcmp(found->group, "apps") != 0)
            fail_msg("%s", names[i]);
    }
    assert_null(kube_kinds_find(kinds, "deployments.batch"));
    assert_null(kube_kinds_find(kinds, "v1/Deployment"));
    assert_null(kube_kinds_find(kinds, ""));
    assert_null(kube_kinds_find(kinds, "/"));
    assert_non_null(kube_kinds_of(kinds, "v1", "Pod"));
    assert_null(kube_kinds_of(kinds, "apps/v1", "Pod"));
    kube_kinds_free(kinds);
}

/* ---- seen ---------------------------------------------------------------- */

static void many_objects_are_told_apart(void **state)
{
    struct kube_seen *seen = kube_seen_new();
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (unsigned i = 0; i < 20000; i++) {
        const char *text = arena_strf(
            &arena, "{\"metadata\":{\"%s\":\"n%u\"}}",
            i % 2 ? "uid" : "name", i % 10000);
        struct value object;
        bool fresh = i >= 10000;
        assert_int_equal(value_from_json(text, strlen(text), "o", &arena,
                                         &object, NULL), ENGINE_OK);
        assert_int_equal(kube_seen_add(seen, &object, &fresh, NULL),
                         ENGINE_OK);
        assert_int_equal(fresh, i < 10000);
        arena_reset(&arena);
    }
    arena_clear(&arena);
    kube_seen_free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paging_is_no_part_of_a_path),
        cmocka_unit_test(selectors_of_a_path_are_decoded),
        cmocka_unit_test(paths_lead_nowhere_else),
        cmocka_unit_test(what_is_built_is_taken_apart_again),
        cmocka_unit_test(selectors_match_as_the_server_has_it),
        cmocka_unit_test(what_is_no_selector_is_refused),
        cmocka_unit_test(memory_that_runs_out_leaks_nothing),
        cmocka_unit_test(a_type_has_many_names),
        cmocka_unit_test(many_objects_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
