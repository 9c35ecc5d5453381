/* SPDX-License-Identifier: Apache-2.0 */
/* test_azure_parts.c - what the azure plugin reads: paths, targets, errors,
 * challenges, versions. No calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plugins/azure/problem.h"
#include "plugins/azure/target.h"
#include "plugins/azure/versions.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- paths --------------------------------------------------------------- */

static engine_status read_path(const char *method, const char *text,
                               char *out, size_t room, engine_error *err)
{
    struct azure_request request;
    const engine_status status =
        azure_request_read(method, text, &request, err);

    snprintf(out, room, "%s%s%s", request.api == AZURE_GRAPH ? "graph " : "",
             request.versioned ? "versioned " : "",
             request.path.data ? request.path.data : "");
    azure_request_clear(&request);
    return status;
}

static void encodes_what_a_url_cannot_hold(void **state)
{
    static const char *const cases[][2] = {
        {"/subscriptions/s/providers/A.B/c", "/subscriptions/s/providers/A.B/c"},
        {"/a?$filter=type eq 'CustomRole'",
         "/a?$filter=type%20eq%20'CustomRole'"},
        {"/a/b%20c?api-version=2020-01-01", "versioned /a/b%20c?"
                                            "api-version=2020-01-01"},
        {"/a?x=1&API-version=2020-01-01", "versioned /a?x=1&API-version="
                                          "2020-01-01"},
        {"/a?x=100%", "/a?x=100%25"},
        {"/a/\xc3\xa9\"<>", "/a/%C3%A9%22%3C%3E"},
        {"/%61/%4dicrosoft%2eX/b%7E?%61pi-version=2020-01-01",
         "versioned /a/Microsoft.X/b~?api-version=2020-01-01"},
        {"/a/x%23EXT%23@y%3B100%25", "/a/x%23EXT%23@y%3B100%25"},
        {"https://management.azure.com/subscriptions", "/subscriptions"},
        {"https://graph.microsoft.com/v1.0/users?$top=5",
         "graph /v1.0/users?$top=5"},
        {"https://graph.microsoft.us/v1.0/policies/x",
         "graph /v1.0/policies/x"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[512];
        engine_error err = {0};

        assert_int_equal(read_path(NULL, cases[i][0], out, sizeof(out), &err),
                         ENGINE_OK);
        assert_string_equal(out, cases[i][1]);
    }
}

static void refuses_other_hosts_and_paths_that_lead_elsewhere(void **state)
{
    static const char *const cases[] = {
        "https://evil.example/subscriptions", "//evil.example/a", "a/b", "",
        "https://management.azure.com.evil.example/a",
        "https://management.azure.com@evil.example/a",
        "http://management.azure.com/a", "/a/../b", "/a/%2e%2E/b", "/a/./b",
        "/a//b", "/a/b%2fc", "/a#b", "/a\nb", "/a\\b", "/a/x%00",
        "/a/%5cb", "/a/b%3Fc", "/a/%256cistKeys", "/a/%252e%252e/b",
        "/a/.%2e/b", "/a/%2e/b",
        "https://graph.microsoft.com/users", "file:///etc/passwd"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[512];
        engine_error err = {0};

        if (read_path(NULL, cases[i], out, sizeof(out), &err) !=
            ENGINE_EINVAL)
            fail_msg("accepted: %s", cases[i]);
        assert_true(err.message[0]);
    }
}

static void never_asks_for_secrets_or_changes_anything(void **state)
{
    static const char *const cases[][2] = {
        {"POST", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage"
                 "/storageAccounts/a/listKeys"},
        {"GET", "/subscriptions/s/x/a/ListKeys?api-version=2020-01-01"},
        {"POST", "/subscriptions/s/x/a/listSecrets"},
        {"POST", "/subscriptions/s/providers/Microsoft.Web/sites/a/config/"
                 "appsettings/list"},
        {"POST", "/subscriptions/s/x/a/restart"},
        {"PUT", "/a"},
        {"DELETE", "/a"},
        {"get", "/a"},
        {"GET", "https://graph.microsoft.com/v1.0/informationProtection/"
                "bitlocker/recoveryKeys/1?$select=key"},
        {"GET", "/subscriptions/s/x/databaseAccounts/a/readonlykeys"},
        {"GET", "/subscriptions/s/x/a/%6cistKeys"},
        {"GET", "/subscriptions/s/x/a/list%4B%65ys?api-version=2020-01-01"},
        {"GET", "/subscriptions/s/x/a/listKeys%20"},
        {"GET", "/subscriptions/s/x/a/listKeys;a=b/c"},
        {"GET", "/subscriptions/s/x/a/ns.listKeys()"},
        {"GET", "https://graph.microsoft.com/v1.0/directory/"
                "deviceLocalCredentials('1')?$select=credentials"},
        {"POST", "/subscriptions/s/providers/Microsoft.PolicyInsights/"
                 "policyStates/%6catest/triggerEvaluation"}};
    char out[512];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        engine_error err = {0};

        if (read_path(cases[i][0], cases[i][1], out, sizeof(out), &err) !=
            ENGINE_EDENIED)
            fail_msg("accepted: %s %s", cases[i][0], cases[i][1]);
    }
    assert_int_equal(
        read_path("POST", "/providers/Microsoft.ResourceGraph/resources", out,
                  sizeof(out), NULL),
        ENGINE_OK);
    assert_int_equal(read_path("POST",
                               "/subscriptions/s/providers/Microsoft."
                               "PolicyInsights/policyStates/latest/"
                               "queryResults",
                               out, sizeof(out), NULL),
                     ENGINE_OK);
}

static void compares_names_of_secrets_as_a_whole(void **state)
{
    static const char *const cases[] = {"/a/listKeysOf", "/a/listkeys-b",
                                        "/a/mylistkeys", "/a/list"};
    char out[512];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (read_path(NULL, cases[i], out, sizeof(out), NULL) != ENGINE_OK)
            fail_msg("refused: %s", cases[i]);
}

static void finds_what_is_expanded(void **state)
{
    static const char *const cases[][2] = {
        {"/a", NULL},
        {"/expand=b", NULL},
        {"/a?$select=expand=", NULL},
        {"/a?$expand=b($select=c)&d=e", "b($select=c)&d=e"},
        {"/a?x=y&%24Expand=b", "b"},
        {"/a?x=y&expand=*", "*"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = azure_request_expand(cases[i][0]);

        if (cases[i][1] ? !found || strcmp(found, cases[i][1]) != 0 : !!found)
            fail_msg("%s: %s", cases[i][0], found ? found : "nothing");
    }
}

static void knows_what_type_a_path_is_about(void **state)
{
    static const char *const cases[][2] = {
        {"/subscriptions/s/providers/Microsoft.Storage/storageAccounts?x=1",
         "Microsoft.Storage/storageAccounts"},
        {"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/"
         "storageAccounts/a/blobServices/default",
         "Microsoft.Storage/storageAccounts/blobServices"},
        {"/subscriptions/s/providers/A.B/c/d/providers/Microsoft.Insights/"
         "diagnosticSettings",
         "Microsoft.Insights/diagnosticSettings"},
        {"/subscriptions", "Microsoft.Resources/subscriptions"},
        {"/subscriptions/s/resourceGroups",
         "Microsoft.Resources/resourceGroups"},
        {"/subscriptions/s/resources", "Microsoft.Resources/resources"},
        {"/nothing", ""},
        {"/providers/Microsoft.Storage", ""}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char type[256];

        azure_request_type(cases[i][0], type, sizeof(type));
        assert_string_equal(type, cases[i][1]);
    }
}

static void compares_origins_as_browsers_do(void **state)
{
    static const char *const same[][2] = {
        {"https://a.example/x", "https://A.example:443/y"},
        {"http://127.0.0.1:80", "http://127.0.0.1/x"},
        {"https://[::1]:8443/", "https://[::1]:8443"}};
    static const char *const other[][2] = {
        {"https://a.example", "http://a.example"},
        {"https://a.example", "https://a.example.evil"},
        {"https://a.example", "https://a.example:444"},
        {"https://a.example", "https://a.example@evil/"},
        {"https://a.example", "https://user@a.example/"},
        {"https://a.example", "https://a.example\\@evil/"},
        {"https://a.example", "https://a.example:/"},
        {"https://a.example", "//a.example"},
        {"https://a.example", "https://"}};

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        assert_true(azure_same_origin(same[i][0], same[i][1]));
    for (size_t i = 0; i < COUNT(other); i++)
        assert_false(azure_same_origin(other[i][0], other[i][1]));
}

static bool needs_subscription(const char *text)
{
    const struct value member = {.kind = VALUE_STRING,
                                 .count = (uint32_t)strlen(text),
                                 .text = text};

    return azure_call_needs_subscription(&member);
}

static void knows_which_calls_belong_to_a_subscription(void **state)
{
    (void)state;
    assert_true(needs_subscription("/subscriptions/{subscription}/x"));
    assert_true(needs_subscription("/subscriptions/{ $subscription }/x"));
    assert_false(needs_subscription("/subscriptions/{subscriptionId}/x"));
    assert_false(needs_subscription("/subscriptions/{a.subscription}/x"));
    assert_false(needs_subscription("/subscriptions/subscription"));
    assert_false(needs_subscription("{id}/blobServices/default"));
}

static void checks_api_versions(void **state)
{
    (void)state;
    assert_int_equal(azure_version_check("2023-05-01", NULL), ENGINE_OK);
    assert_int_equal(azure_version_check("2023-05-01-preview", NULL),
                     ENGINE_OK);
    assert_int_equal(azure_version_check("2023-05-01&x=1", NULL),
                     ENGINE_EINVAL);
    assert_int_equal(azure_version_check("latest", NULL), ENGINE_EINVAL);
    assert_int_equal(azure_version_check("2023-05-01-", NULL), ENGINE_EINVAL);
    assert_int_equal(azure_version_check("", NULL), ENGINE_EINVAL);
}

/* ---- targets ------------------------------------------------------------- */

static const char *const *target_variables;

static const char *target_env(const char *name)
{
    for (size_t i = 0; target_variables && target_variables[i]; i += 2)
        if (strcmp(target_variables[i], name) == 0)
            return target_variables[i + 1];
    return NULL;
}

static engine_status read_target(const char *json, bool custom,
                                 struct azure_target *out, engine_error *err)
{
    bson_t document;
    engine_status status;

    assert_int_equal(
        document_from_json(json, strlen(json), "target", &document, NULL), 0);
    status = azure_target_read(&document, target_env, custom, out, err);
    bson_destroy(&document);
    return status;
}

static void reads_which_subscriptions(void **state)
{
    struct azure_target target;

    (void)state;
    target_variables = NULL;
    assert_int_equal(read_target("{\"subscription\": \"a-1\"}", false, &target,
                                 NULL),
                     ENGINE_OK);
    assert_string_equal(target.subscriptions[0], "a-1");
    assert_null(target.subscriptions[1]);
    assert_string_equal(target.resource_manager,
                        "https://management.azure.com");
    azure_target_clear(&target);
    assert_int_equal(read_target("{\"subscriptions\": [\"a\", \"B\", \"b\"],"
                                 " \"cloud\": \"AzureUSGovernment\"}",
                                 false, &target, NULL),
                     ENGINE_OK);
    assert_string_equal(target.subscriptions[1], "B");
    assert_null(target.subscriptions[2]);
    assert_string_equal(target.authority, "https://login.microsoftonline.us");
    azure_target_clear(&target);
    assert_int_equal(read_target("{\"subscriptions\": \"all\"}", false,
                                 &target, NULL),
                     ENGINE_OK);
    assert_null(target.subscriptions);
    azure_target_clear(&target);
    assert_int_equal(read_target("{\"management_group\": \"mg\"}", false,
                                 &target, NULL),
                     ENGINE_OK);
    assert_string_equal(target.management_group, "mg");
    azure_target_clear(&target);
}

static void refuses_targets_that_say_too_much_or_nothing(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"subscription\": \"a/b\"}",
        "{\"subscription\": \"..\"}",
        "{\"subscriptions\": []}",
        "{\"subscriptions\": [1]}",
        "{\"subscription\": \"a\", \"management_group\": \"b\"}",
        "{\"subscription\": \"a\", \"cloud\": \"moon\"}",
        "{\"subscription\": \"a\", \"tenant\": \"a/b\"}",
        "{\"subscription\": \"a\", \"credentials\": \"x\"}",
        "{\"subscription\": \"a\", \"credentials\": {\"what\": 1}}",
        "{\"subscription\": \"a\", \"credentials\": {\"use\": \"magic\"}}",
        "{\"subscription\": \"a\", \"credentials\": {\"client_secret\":"
        " \"plain\"}}",
        "{\"subscription\": \"a\", \"credentials\": {\"client_secret\":"
        " {\"file\": \"a\", \"env\": \"b\"}}}",
        "{\"subscription\": \"a\", \"endpoints\": {\"resource_manager\":"
        " \"http://example.org\"}}",
        "{\"subscription\": \"a\", \"endpoints\": {\"resource_manager\":"
        " \"https://127.0.0.1:1/path\"}}"};

    (void)state;
    target_variables = NULL;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct azure_target target;
        engine_error err = {0};

        if (read_target(cases[i], true, &target, &err) == ENGINE_OK)
            fail_msg("accepted: %s", cases[i]);
        assert_true(err.message[0]);
        azure_target_clear(&target);
    }
}

static void sends_tokens_to_no_other_host_unless_the_operator_says_so(
    void **state)
{
    static const char json[] =
        "{\"subscription\": \"a\", \"endpoints\": {\"resource_manager\":"
        " \"https://stack.example.org/\"}}";
    static const char here[] =
        "{\"subscription\": \"a\", \"endpoints\": {\"resource_manager\":"
        " \"https://localhost:4568\", \"authority\": \"http://127.0.0.1:1\"}}";
    struct azure_target target;
    engine_error err = {0};

    (void)state;
    target_variables = NULL;
    assert_int_equal(read_target(json, false, &target, &err), ENGINE_EDENIED);
    assert_non_null(strstr(err.hint, "custom_endpoints"));
    azure_target_clear(&target);
    assert_int_equal(read_target(json, true, &target, &err), ENGINE_OK);
    assert_string_equal(target.resource_manager, "https://stack.example.org");
    assert_string_equal(target.audience, "https://management.azure.com");
    azure_target_clear(&target);
    assert_int_equal(read_target(here, false, &target, &err), ENGINE_OK);
    azure_target_clear(&target);
}

static void takes_what_is_not_said_from_the_environment(void **state)
{
    static const char *const variables[] = {
        "AZURE_TENANT_ID",       "t",
        "AZURE_CLIENT_ID",       "c",
        "AZURE_CLIENT_SECRET",   "planted",
        "AZURE_SUBSCRIPTION_ID", "s",
        "AZURE_AUTHORITY_HOST",  "login.microsoftonline.us",
        NULL};
    struct azure_target target;

    (void)state;
    target_variables = variables;
    assert_int_equal(read_target("{}", false, &target, NULL), ENGINE_OK);
    assert_string_equal(target.subscriptions[0], "s");
    assert_string_equal(target.identity.tenant, "t");
    assert_string_equal(target.identity.secret.env, "AZURE_CLIENT_SECRET");
    assert_string_equal(target.authority, "https://login.microsoftonline.us");
    assert_true(target.identity.sources[AZURE_CLI]);
    azure_target_clear(&target);
    assert_int_equal(
        read_target("{\"tenant\": \"own\", \"credentials\": {\"client_id\":"
                    " \"d\", \"client_certificate\": {\"file\": \"/x\"}}}",
                    false, &target, NULL),
        ENGINE_OK);
    assert_string_equal(target.identity.tenant, "own");
    assert_string_equal(target.identity.client_id, "d");
    assert_true(target.identity.chosen);
    assert_true(target.identity.sources[AZURE_CERTIFICATE]);
    assert_false(target.identity.sources[AZURE_SECRET]);
    azure_target_clear(&target);
    target_variables = NULL;
}

/* ---- refusals ------------------------------------------------------------ */

static void says_which_action_is_missing(void **state)
{
    static const char body[] =
        "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"The client "
        "'c' with object id 'o' does not have authorization to perform action "
        "'Microsoft.Storage/storageAccounts/read' over scope "
        "'/subscriptions/s' or the scope is invalid.\"}}";
    struct azure_problem problem;
    engine_error err = {0};
    char codes[300];

    (void)state;
    azure_problem_read(body, strlen(body), "application/json", &problem);
    assert_string_equal(problem.code, "AuthorizationFailed");
    assert_string_equal(problem.action,
                        "Microsoft.Storage/storageAccounts/read");
    azure_problem_codes(&problem, 403, codes, sizeof(codes));
    assert_string_equal(codes, "AuthorizationFailed 403");
    assert_int_equal(azure_problem_fail(&problem, AZURE_ARM, "GET https://x/y",
                                        403, NULL, &err),
                     ENGINE_EDENIED);
    assert_string_equal(err.message,
                        "GET https://x/y: 403 AuthorizationFailed: The client "
                        "'c' with object id 'o' may not perform "
                        "Microsoft.Storage/storageAccounts/read");
    assert_string_equal(err.hint, "grant it on /subscriptions/s; the role "
                                  "Reader has it");
}

static void reads_errors_in_all_their_shapes(void **state)
{
    static const char *const cases[][3] = {
        {"{\"error\":{\"code\":\"A\",\"message\":\"m\",\"details\":[{\"code\":"
         "\"B\"}]}}",
         "A B 404", "m"},
        {"{\"code\":\"A\",\"message\":\"m\"}", "A 404", "m"},
        {"{\"Code\":\"A\",\"Message\":\"m\"}", "A 404", "m"},
        {"{\"odata.error\":{\"code\":\"A\",\"message\":{\"lang\":\"en\","
         "\"value\":\"m\"}}}",
         "A 404", "m"},
        {"\xef\xbb\xbf{\"error\":{\"code\":\"A b\"}}", "A_b 404", ""},
        {"", "404", ""},
        {"plain\ntext\n", "404", "plain text"},
        {"{\"error\":[1]}", "404", ""},
        {"[", "404", "["}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct azure_problem problem;
        char codes[300];

        azure_problem_read(cases[i][0], strlen(cases[i][0]), NULL, &problem);
        azure_problem_codes(&problem, 404, codes, sizeof(codes));
        assert_string_equal(codes, cases[i][1]);
        assert_string_equal(problem.message, cases[i][2]);
    }
}

static void takes_a_wrong_question_for_no_status(void **state)
{
    static const char *const cases[][2] = {
        {"{\"error\":{\"code\":\"SubscriptionNotFound\"}}",
         "SubscriptionNotFound"},
        {"{\"code\":\"InvalidSubscriptionId\"}", "InvalidSubscriptionId"},
        {"{\"code\":\"InvalidResourceType\"}", "InvalidResourceType"},
        {"{\"code\":\"A\",\"details\":[{\"code\":"
         "\"InvalidResourceNamespace\"}]}",
         "A InvalidResourceNamespace"},
        {"{\"code\":\"ResourceNotFound\"}", "ResourceNotFound 404"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct azure_problem problem;
        char codes[300];

        azure_problem_read(cases[i][0], strlen(cases[i][0]), NULL, &problem);
        azure_problem_codes(&problem, 404, codes, sizeof(codes));
        assert_string_equal(codes, cases[i][1]);
    }
}

static void takes_a_page_of_html_for_no_status(void **state)
{
    struct azure_problem problem;
    char codes[300];

    (void)state;
    azure_problem_read("<html>", 6, "text/html; charset=utf-8", &problem);
    azure_problem_codes(&problem, 404, codes, sizeof(codes));
    assert_string_equal(codes, "");
}

static void names_the_permission_of_microsoft_graph(void **state)
{
    struct azure_problem problem = {.code = "Authorization_RequestDenied"};
    engine_error err = {0};

    (void)state;
    azure_problem_fail(&problem, AZURE_GRAPH,
                       "GET https://graph.microsoft.com/v1.0/policies/"
                       "authorizationPolicy",
                       403, NULL, &err);
    assert_non_null(strstr(err.hint, "Policy.Read.All"));
}

static void finds_parameters_of_challenges(void **state)
{
    static const char *const cases[][4] = {
        {"Basic realm=/var/opt/x/a.key", "basic", "Realm", "/var/opt/x/a.key"},
        {"Bearer a=\"b, c\", error=\"x \\\"y\\\"\"", "Bearer", "error",
         "x \"y\""},
        {"Negotiate, Basic realm=\"r\"", "Basic", "realm", "r"},
        {"Basic abc=, Bearer authorization_uri = \"https://l/t\"", "Bearer",
         "authorization_uri", "https://l/t"},
        {"Bearer realm=\"\", Basic realm=x", "Basic", "realm", "x"}};
    static const char *const none[][3] = {
        {"", "Basic", "realm"},
        {"Basic", "Basic", "realm"},
        {"Basic realm", "Basic", "realm"},
        {"Basic realm=\"open", "Basic", "realm"},
        {"Bearer realm=x", "Basic", "realm"},
        {"Basic xrealm=x", "Basic", "realm"},
        {"\"Basic realm=x", "Basic", "realm"},
        {"Basic realm=0123456789012345678901234567890123456789", "Basic",
         "realm"}};
    char out[32];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(azure_challenge(cases[i][0], cases[i][1], cases[i][2], out,
                                    sizeof(out)));
        assert_string_equal(out, cases[i][3]);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(azure_challenge(none[i][0], none[i][1], none[i][2], out,
                                     sizeof(out)));
}

static void reads_when_a_quota_is_reset(void **state)
{
    (void)state;
    assert_int_equal(azure_reset_ms("00:00:05"), 5000);
    assert_int_equal(azure_reset_ms("01:02:03"), 3723000);
    assert_int_equal(azure_reset_ms("5"), -1);
    assert_int_equal(azure_reset_ms("00:00:05.1"), -1);
    assert_int_equal(azure_reset_ms(""), -1);
}

/* ---- versions ------------------------------------------------------------ */

static void prefers_what_the_provider_says_then_the_newest(void **state)
{
    static const char json[] =
        "{\"value\":[{\"namespace\":\"Microsoft.Storage\",\"resourceTypes\":["
        "{\"resourceType\":\"storageAccounts\",\"defaultApiVersion\":"
        "\"2022-09-01\",\"apiVersions\":[\"2023-01-01\",\"2022-09-01\"]},"
        "{\"resourceType\":\"b\",\"apiVersions\":[\"2024-01-01-preview\","
        "\"2022-01-01\",\"2023-01-01\"]},"
        "{\"resourceType\":\"c\",\"apiVersions\":[\"2024-01-01-preview\"]},"
        "{\"resourceType\":\"d\",\"apiVersions\":[\"x&y\"]}]}]}";
    struct azure_versions versions;
    struct arena arena;
    struct value answer;

    (void)state;
    arena_init(&arena, 1 << 20);
    azure_versions_init(&versions);
    assert_int_equal(
        value_from_json(json, strlen(json), "x", &arena, &answer, NULL), 0);
    assert_int_equal(azure_versions_read(&versions, &answer, NULL), 0);
    assert_string_equal(
        azure_versions_get(&versions, "microsoft.storage/StorageAccounts"),
        "2022-09-01");
    assert_string_equal(
        azure_versions_get(&versions,
                           "Microsoft.Storage/storageAccounts/blobServices"),
        "2022-09-01");
    assert_string_equal(azure_versions_get(&versions, "Microsoft.Storage/b"),
                        "2023-01-01");
    assert_string_equal(azure_versions_get(&versions, "Microsoft.Storage/c"),
                        "2024-01-01-preview");
    assert_null(azure_versions_get(&versions, "Microsoft.Storage/d"));
    assert_null(azure_versions_get(&versions, "Microsoft.Storage"));
    assert_null(azure_versions_get(&versions, ""));
    azure_versions_clear(&versions);
    arena_clear(&arena);
}

/* ---- memory -------------------------------------------------------------- */

static void runs_out_of_memory_cleanly(void **state)
{
    static const char json[] =
        "{\"subscriptions\": [\"a\", \"b\"], \"tenant\": \"t\","
        " \"credentials\": {\"client_id\": \"c\", \"client_secret\":"
        " {\"env\": \"X\"}}}";
    bson_t document;

    (void)state;
    assert_int_equal(
        document_from_json(json, strlen(json), "target", &document, NULL), 0);
    for (long nth = 1; nth < 60; nth++) {
        struct azure_target target;
        struct azure_request request;

        engine_alloc_fail_at(nth);
        (void)azure_target_read(&document, target_env, false, &target, NULL);
        azure_target_clear(&target);
        (void)azure_request_read(NULL, "/a/b c", &request, NULL);
        azure_request_clear(&request);
        engine_alloc_fail_at(0);
    }
    bson_destroy(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_what_a_url_cannot_hold),
        cmocka_unit_test(refuses_other_hosts_and_paths_that_lead_elsewhere),
        cmocka_unit_test(never_asks_for_secrets_or_changes_anything),
        cmocka_unit_test(compares_names_of_secrets_as_a_whole),
        cmocka_unit_test(finds_what_is_expanded),
        cmocka_unit_test(knows_what_type_a_path_is_about),
        cmocka_unit_test(compares_origins_as_browsers_do),
        cmocka_unit_test(knows_which_calls_belong_to_a_subscription),
        cmocka_unit_test(checks_api_versions),
        cmocka_unit_test(reads_which_subscriptions),
        cmocka_unit_test(refuses_targets_that_say_too_much_or_nothing),
        cmocka_unit_test(
            sends_tokens_to_no_other_host_unless_the_operator_says_so),
        cmocka_unit_test(takes_what_is_not_said_from_the_environment),
        cmocka_unit_test(says_which_action_is_missing),
        cmocka_unit_test(reads_errors_in_all_their_shapes),
        cmocka_unit_test(takes_a_wrong_question_for_no_status),
        cmocka_unit_test(takes_a_page_of_html_for_no_status),
        cmocka_unit_test(names_the_permission_of_microsoft_graph),
        cmocka_unit_test(finds_parameters_of_challenges),
        cmocka_unit_test(reads_when_a_quota_is_reset),
        cmocka_unit_test(prefers_what_the_provider_says_then_the_newest),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
