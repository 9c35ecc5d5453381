/* SPDX-License-Identifier: Apache-2.0 */
/* test_gcp_parts.c - calls, endpoints, refusals and files of credentials, as
 * far as they need no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/credentials_private.h"
#include "plugins/gcp/failure.h"
#include "plugins/gcp/request.h"
#include "plugins/gcp/target.h"
#include "sdk/base/alloc.h"
#include "tests/unit/cloud_key.h"

static struct value read_value(struct arena *arena, const char *json)
{
    struct value value;

    assert_int_equal(value_from_json(json, strlen(json), "test", arena, &value,
                                     NULL),
                     0);
    return value;
}

/* ---- calls --------------------------------------------------------------- */

static void asks(const char *request, const char *api, const char *path)
{
    struct gcp_request made = {0};
    struct arena arena;
    char *json = engine_strf("{\"request\": \"%s\"}", request);
    struct value call;

    arena_init(&arena, 100000);
    call = read_value(&arena, json);
    assert_int_equal(gcp_request_init(&call, &made, NULL), 0);
    assert_string_equal(made.api, api);
    assert_string_equal(made.path, path);
    gcp_request_clear(&made);
    arena_clear(&arena);
    engine_free(json);
}

static void the_first_segment_is_the_api(void **state)
{
    (void)state;
    asks("iam/v1/projects/p/serviceAccounts", "iam",
         "/v1/projects/p/serviceAccounts");
    asks("compute/v1/projects/p", "compute", "/compute/v1/projects/p");
    asks("sqladmin/sql/v1beta4/x", "sqladmin", "/sql/v1beta4/x");
    asks("https://compute.googleapis.com/compute/v1/x", "compute",
         "/compute/v1/x");
    asks("https://eu-run.googleapis.com/v1/x?a=b", "eu-run", "/v1/x?a=b");
    asks("dns/v1/a b#c", "dns", "/dns/v1/a%20b%23c");
    asks("compute/v1/projects/p/aggregated/instances", "compute",
         "/compute/v1/projects/p/aggregated/instances?maxResults=500");
    asks("storage/v1/b/x/o?alt=json&fields=a(b,c)", "storage",
         "/storage/v1/b/x/o?alt=json&fields=a(b,c)");
    asks("storage/v1/b/x/o/a%2Fb", "storage", "/storage/v1/b/x/o/a%2Fb");
    asks("cloudasset/v1/organizations/1/assets?pageSize=7", "cloudasset",
         "/v1/organizations/1/assets?pageSize=7");
}

static void says_of_which_level_a_call_is(void **state)
{
    static const struct {
        const char *json;
        bool project;
    } calls[] = {
        {"{\"request\": \"iam/v1/projects/{project}/roles\"}", true},
        {"{\"request\": \"iam/v1/projects/{$project}/roles\"}", true},
        {"{\"request\": \"iam/v1/projects/p/roles\"}", false},
        {"{\"request\": \"iam/v1/{name}/keys\"}", false},
        {"{\"request\": \"logging/v2/entries:list\", \"method\": \"POST\","
         " \"body\": {\"resourceNames\": [\"projects/{project}\"]}}",
         true},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 100000);
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        const struct value call = read_value(&arena, calls[i].json);
        engine_error err = {0};
        bool project;

        if (gcp_request_check(&call, &project, &err) < 0)
            fail_msg("%s: %s", calls[i].json, err.message);
        assert_int_equal(project, calls[i].project);
    }
    arena_clear(&arena);
}

static void puts_the_token_of_a_page_where_it_belongs(void **state)
{
    struct gcp_request get = {.path = (char *)"/v1/x?a=b"};
    struct gcp_request post = {
        .post = true, .path = (char *)"/v2/entries:list", .body = (char *)"{}"};
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    gcp_request_path(&get, "t&=", &out);
    assert_string_equal(out.data, "/v1/x?a=b&pageToken=t%26%3D");
    buffer_reset(&out);
    gcp_request_path(&post, "t", &out);
    assert_string_equal(out.data, "/v2/entries:list");
    buffer_reset(&out);
    gcp_request_body(&post, "\"", &out);
    assert_string_equal(out.data, "{\"pageToken\":\"\\\"\"}");
    post.body = (char *)"{\"a\":1}";
    buffer_reset(&out);
    gcp_request_body(&post, "t", &out);
    assert_string_equal(out.data, "{\"a\":1,\"pageToken\":\"t\"}");
    buffer_clear(&out);
}

/* ---- endpoints ----------------------------------------------------------- */

static void goes(const struct gcp_target *target, const char *url)
{
    char *out = NULL;

    assert_int_equal(gcp_target_url(target, "compute", "/compute/v1/x", &out,
                                    NULL),
                     0);
    assert_string_equal(out, url);
    engine_free(out);
}

static void endpoints_may_have_the_version_in_them(void **state)
{
    static const char name[] = "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE";
    struct gcp_target target = {0};
    char *out = NULL;

    (void)state;
    bson_init(&target.endpoints);
    unsetenv(name);
    goes(&target, "https://compute.googleapis.com/compute/v1/x");
    setenv(name, "http://localhost:8080/compute/v1/", 1);
    goes(&target, "http://localhost:8080/compute/v1/x");
    setenv(name, "http://evil.test/", 1);
    assert_int_equal(gcp_target_url(&target, "compute", "/x", &out, NULL),
                     ENGINE_EINVAL);
    target.endpoint = "http://127.0.0.1:1/{api}";
    goes(&target, "http://127.0.0.1:1/compute/compute/v1/x");
    BSON_APPEND_UTF8(&target.endpoints, "compute", "https://x.test/");
    goes(&target, "https://x.test/compute/v1/x");
    unsetenv(name);
    bson_destroy(&target.endpoints);
}

/* ---- refusals ------------------------------------------------------------ */

static void says_which_api_is_off(void **state)
{
    static const char body[] =
        "[{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\","
        "\"message\":\"off\\nhere\",\"details\":[{\"reason\":"
        "\"SERVICE_DISABLED\",\"metadata\":{\"service\":\"x.googleapis.com\","
        "\"consumer\":\"projects/7\"}}]}}]";
    struct gcp_failure failure;
    engine_error err = {0};
    char codes[300];

    (void)state;
    gcp_failure_read(body, strlen(body), &failure);
    assert_int_equal(gcp_failure_fail(&failure, 403, "GET x", &err),
                     ENGINE_EDENIED);
    assert_string_equal(err.message,
                        "GET x: 403 PERMISSION_DENIED: off here");
    assert_non_null(strstr(err.hint, "projects/7: gcloud services enable "
                                     "x.googleapis.com"));
    gcp_failure_codes(&failure, 403, codes, sizeof(codes));
    assert_string_equal(codes, "PERMISSION_DENIED SERVICE_DISABLED 403");
}

static void knows_throttling_from_denial(void **state)
{
    static const char limit[] = "{\"error\":{\"errors\":[{\"reason\":"
                                "\"userRateLimitExceeded\"}]}}";
    static const char denied[] = "{\"error\":{\"errors\":[{\"reason\":"
                                 "\"forbidden\"}]}}";
    struct gcp_failure failure;

    (void)state;
    gcp_failure_read(limit, strlen(limit), &failure);
    assert_true(gcp_failure_throttles(&failure, 403));
    gcp_failure_read(denied, strlen(denied), &failure);
    assert_false(gcp_failure_throttles(&failure, 403));
    assert_true(gcp_failure_throttles(&failure, 429));
}

static void no_results_on_a_page_is_no_gap(void **state)
{
    struct arena arena;
    struct value answer;

    (void)state;
    arena_init(&arena, 100000);
    answer = read_value(&arena,
                        "{\"items\":{\"zones/a\":{\"warning\":{\"code\":"
                        "\"NO_RESULTS_ON_PAGE\"}}},\"unreachable\":[]}");
    assert_int_equal(gcp_answer_whole(&answer, NULL), 0);
    answer = read_value(&arena, "{\"unreachable\":[\"us\"]}");
    assert_int_equal(gcp_answer_whole(&answer, NULL), ENGINE_EIO);
    answer = read_value(&arena, "[]");
    assert_int_equal(gcp_answer_whole(&answer, NULL), ENGINE_EPARSE);
    arena_clear(&arena);
}

static void a_page_of_a_proxy_has_no_codes(void **state)
{
    struct gcp_failure failure;
    char codes[300] = "x";

    (void)state;
    gcp_failure_read("<html>", 6, &failure);
    gcp_failure_codes(&failure, 404, codes, sizeof(codes));
    assert_string_equal(codes, "");
    assert_false(gcp_failure_concerns_consumer(&failure));
}

/* ---- files --------------------------------------------------------------- */

/* Of a workload of AWS that signs what `url` is. */
static engine_status workload(const char *sts, const char *url)
{
    struct gcp_credentials *credentials = NULL;
    char *text = engine_strf(
        "{\"type\":\"external_account\",\"audience\":\"a\","
        "\"subject_token_type\":\"s\",\"token_url\":\"%s\","
        "\"credential_source\":{\"environment_id\":\"aws1\","
        "\"regional_cred_verification_url\":\"%s\"}}",
        sts, url);
    const engine_status status = gcp_credentials_parse(
        text, strlen(text), "f", &credentials, NULL);

    gcp_credentials_free(credentials);
    engine_free(text);
    return status;
}

static void signs_for_aws_only_who_it_is(void **state)
{
#define WHO "?Action=GetCallerIdentity&Version=2011-06-15"
    static const char sts[] = "https://sts.googleapis.com/v1/token";
    static const char *const good[] = {
        "https://sts.{region}.amazonaws.com" WHO,
        "https://sts.{region}.amazonaws.com/" WHO,
        "https://sts.amazonaws.com" WHO,
        "https://sts.cn-north-1.amazonaws.com.cn" WHO,
        "https://sts.eu-west-1.api.aws" WHO};
    static const char *const bad[] = {
        "", "https://sts", "http://sts.{region}.amazonaws.com" WHO,
        "https://iam.amazonaws.com" WHO, "https://sts.evil.example" WHO,
        "https://sts.evil.example/.amazonaws.com" WHO,
        "https://sts.a@evil.amazonaws.com" WHO,
        "https://sts.{region}.amazonaws.com?Action=AssumeRole",
        "https://sts.{region}.amazonaws.com" WHO "&Action=AssumeRole"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(workload(sts, good[i]), ENGINE_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(workload(sts, bad[i]), ENGINE_EPARSE);
}

static void tokens_are_asked_of_google_or_this_machine(void **state)
{
    static const char url[] = "https://sts.{region}.amazonaws.com" WHO;
    static const char *const good[] = {
        "https://sts.googleapis.com/v1/token",
        "https://STS.Googleapis.com/v1/token",
        "https://sts.europe-west1.rep.googleapis.com/v1/token",
        "https://eu-sts.googleapis.com:443/v1/token",
        "http://127.0.0.1:1/token", "http://localhost:1/token"};
    static const char *const bad[] = {
        "https://evil.example", "https://googleapis.com.evil.example/",
        "https://evilgoogleapis.com", "https://.googleapis.com/",
        "https://sts.googleapis.com@evil.example/",
        "https://evil.example?.googleapis.com",
        "https://evil.example#.googleapis.com",
        "https://evil.example\\\\.googleapis.com",
        "https://sts.googleapis.com./v1/token",
        "http://sts.googleapis.com/v1/token",
        "http://169.254.169.254/token", "https://10.0.0.1/"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(workload(good[i], url), ENGINE_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(workload(bad[i], url), ENGINE_EINVAL);
#undef WHO
}

static char *service_account(void)
{
    struct buffer out;

    buffer_init(&out, 100000);
    buffer_puts(&out, "{\"type\":\"service_account\",\"client_email\":\"a@b\","
                      "\"project_id\":\"p\",\"quota_project_id\":\"q\","
                      "\"token_uri\":\"https://oauth2.googleapis.com/token\","
                      "\"private_key\":\"");
    for (const char *at = cloud_key; *at; at++)
        buffer_puts(&out, *at == '\n' ? "\\n" : (char[]){*at, '\0'});
    buffer_puts(&out, "\"}");
    return buffer_take(&out);
}

static void reads_what_a_file_names(void **state)
{
    struct gcp_credentials *credentials = NULL;
    char *text = service_account();

    (void)state;
    assert_int_equal(gcp_credentials_parse(text, strlen(text), "f.json",
                                           &credentials, NULL),
                     0);
    assert_string_equal(gcp_credentials_project(credentials), "p");
    assert_string_equal(gcp_credentials_quota(credentials), "q");
    assert_string_equal(gcp_credentials_source(credentials),
                        "service account a@b of \"f.json\"");
    gcp_credentials_free(credentials);
    engine_free(text);
}

static void survives_want_of_memory(void **state)
{
    struct gcp_credentials *credentials = NULL;
    char *text = service_account();
    engine_status status = ENGINE_ENOMEM;

    (void)state;
    for (long nth = 1; status != ENGINE_OK && nth < 1000; nth++) {
        engine_alloc_fail_at(nth);
        status = gcp_credentials_parse(text, strlen(text), "f", &credentials,
                                       NULL);
        engine_alloc_fail_at(0);
        assert_true(status == ENGINE_OK || status == ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    gcp_credentials_free(credentials);
    engine_free(text);
}

/* What Google is told of a workload at AWS, without a call to anybody. */
static void signing_for_aws_survives_want_of_memory(void **state)
{
    static const char text[] =
        "{\"type\":\"external_account\",\"audience\":\"//iam/pool\","
        "\"subject_token_type\":\"s\",\"token_url\":"
        "\"https://sts.googleapis.com/v1/token\",\"credential_source\":"
        "{\"environment_id\":\"aws1\",\"regional_cred_verification_url\":"
        "\"https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&"
        "Version=2011-06-15\"}}";
    struct gcp_credentials *credentials = NULL;
    engine_status status = ENGINE_ENOMEM;
    struct secret subject;

    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_SESSION_TOKEN", "session", 1);
    setenv("AWS_REGION", "eu-west-1", 1);
    assert_int_equal(gcp_credentials_parse(text, strlen(text), "f",
                                           &credentials, NULL),
                     ENGINE_OK);
    for (long nth = 1; status != ENGINE_OK && nth < 1000; nth++) {
        secret_init(&subject);
        engine_alloc_fail_at(nth);
        status = gcp_aws_subject(credentials, &subject, NULL);
        engine_alloc_fail_at(0);
        if (status == ENGINE_OK)
            assert_non_null(strstr(subject.text, "sts.eu-west-1.amazonaws"));
        else
            assert_int_equal(status, ENGINE_ENOMEM);
        secret_clear(&subject);
    }
    assert_int_equal(status, ENGINE_OK);
    gcp_credentials_free(credentials);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_REGION");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_segment_is_the_api),
        cmocka_unit_test(says_of_which_level_a_call_is),
        cmocka_unit_test(puts_the_token_of_a_page_where_it_belongs),
        cmocka_unit_test(endpoints_may_have_the_version_in_them),
        cmocka_unit_test(says_which_api_is_off),
        cmocka_unit_test(knows_throttling_from_denial),
        cmocka_unit_test(no_results_on_a_page_is_no_gap),
        cmocka_unit_test(a_page_of_a_proxy_has_no_codes),
        cmocka_unit_test(signs_for_aws_only_who_it_is),
        cmocka_unit_test(tokens_are_asked_of_google_or_this_machine),
        cmocka_unit_test(reads_what_a_file_names),
        cmocka_unit_test(survives_want_of_memory),
        cmocka_unit_test(signing_for_aws_survives_want_of_memory),
    };

    return cmocka_run_group_tests_name("gcp_parts", tests, NULL, NULL);
}
