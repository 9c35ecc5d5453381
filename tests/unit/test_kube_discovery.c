/* SPDX-License-Identifier: Apache-2.0 */
/* test_kube_discovery.c - what servers say of their resource types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "plugins/kubernetes/discovery.h"

static engine_status take_root(struct kube_discovery *out, const char *text)
{
    return kube_discovery_root(out, "/apis", text, strlen(text), NULL);
}

static void takes_the_aggregated_form(void **state)
{
    struct kube_discovery *found = kube_discovery_new();
    const struct kube_resource *resource;

    (void)state;
    assert_int_equal(
        take_root(found,
                  "{\"kind\":\"APIGroupDiscoveryList\",\"items\":["
                  "{\"metadata\":{\"name\":\"apps\"},\"versions\":["
                  "{\"version\":\"v1\",\"freshness\":\"Current\","
                  "\"resources\":[{\"resource\":\"deployments\","
                  "\"responseKind\":{\"kind\":\"Deployment\"},"
                  "\"scope\":\"Namespaced\",\"shortNames\":[\"deploy\"]}]},"
                  "{\"version\":\"v2\",\"freshness\":\"Stale\"}]}]}"),
        ENGINE_OK);
    resource = kube_kinds_find(found->kinds, "deploy");
    assert_non_null(resource);
    assert_string_equal(resource->group, "apps");
    assert_true(resource->namespaced);
    assert_string_equal(found->failed->version, "v2");
    assert_null(found->failed->next);
    kube_discovery_free(found);
}

static void asks_for_the_preferred_version_first(void **state)
{
    struct kube_discovery *found = kube_discovery_new();

    (void)state;
    assert_int_equal(
        take_root(found, "{\"kind\":\"APIGroupList\",\"groups\":["
                         "{\"name\":\"a.test\",\"versions\":["
                         "{\"version\":\"v1beta1\"},{\"version\":\"v1\"}],"
                         "\"preferredVersion\":{\"version\":\"v1\"}}]}"),
        ENGINE_OK);
    assert_int_equal(found->versions_count, 2);
    assert_string_equal(found->versions[0].path, "/apis/a.test/v1");
    assert_string_equal(found->versions[1].path, "/apis/a.test/v1beta1");
    kube_discovery_free(found);
}

static void leaves_out_names_that_no_path_has(void **state)
{
    static const char text[] =
        "{\"kind\":\"APIResourceList\",\"resources\":["
        "{\"name\":\"pods\",\"kind\":\"Pod\",\"namespaced\":true},"
        "{\"name\":\"pods/log\",\"kind\":\"Pod\"},"
        "{\"name\":\"..\",\"kind\":\"Up\"},"
        "{\"name\":\"a?b\",\"kind\":\"Query\"},"
        "{\"name\":7,\"kind\":\"Number\"}]}";
    const struct kube_version version = {"", "v1", "/api/v1"};
    struct kube_discovery *found = kube_discovery_new();

    (void)state;
    assert_int_equal(kube_discovery_resources(found, &version, text,
                                              strlen(text), NULL), ENGINE_OK);
    assert_int_equal(kube_kinds_count(found->kinds), 1);
    kube_discovery_free(found);
}

static void refuses_what_is_no_discovery(void **state)
{
    static const char *const rows[] = {"", "[]", "{}", "<html>",
                                       "{\"kind\":\"Status\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct kube_discovery *found = kube_discovery_new();

        assert_int_equal(take_root(found, rows[i]), ENGINE_EPARSE);
        kube_discovery_free(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_aggregated_form),
        cmocka_unit_test(asks_for_the_preferred_version_first),
        cmocka_unit_test(leaves_out_names_that_no_path_has),
        cmocka_unit_test(refuses_what_is_no_discovery),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
