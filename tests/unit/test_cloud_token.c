/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_token.c - bearer tokens: how long they are good, refusals, and
 * that nothing which was sent comes back in a message. */
#include "tests/unit/http_stage.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/cloud/token.h"

#define SENT "s3cr3t-of-the-client/+=%"

/* POSTs a form; the server answers with this status and text. */
static engine_status ask(struct http_stage *stage, int code, const char *text,
                         struct token *token, const char *member,
                         engine_error *err)
{
    static const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded",
        "X-Identity-Header: h3ader-s3cr3t", NULL};
    struct http_call call = {.method = "POST",
                             .headers = headers,
                             .retry_unsafe = true};
    struct buffer form, path;
    engine_status status;

    buffer_init(&form, 4096);
    buffer_init(&path, 4096);
    assert_int_equal(token_form(&form, "client_id", "app-4711-id"), 0);
    assert_int_equal(token_form(&form, "client_secret", SENT), 0);
    buffer_printf(&path, "/answer/%d/", code);
    for (; *text; text++)
        buffer_printf(&path, "%%%02x", (unsigned char)*text);
    buffer_puts(&path, "?query=qu3ry-s3cr3t");
    call.url = http_stage_url(stage, path.data);
    call.body = form.data;
    call.body_len = form.len;
    status = token_fetch(token, stage->client, &call, member, err);
    buffer_clear(&form);
    buffer_clear(&path);
    return status;
}

static void gives(struct http_stage *stage, const char *text,
                  const char *member, int64_t from_s, int64_t to_s)
{
    const int64_t before_ms = clock_now_ms();
    struct token token;
    engine_error err = {0};

    token_init(&token);
    assert_false(token_is_fresh(&token));
    if (ask(stage, 200, text, &token, member, &err) != 0)
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(token.text.text, "t0ken");
    assert_true(token.expires_ms >= before_ms + from_s * 1000 - 1000);
    assert_true(token.expires_ms <= clock_now_ms() + to_s * 1000 + 1000);
    assert_int_equal(token_is_fresh(&token), to_s > 0);
    token_clear(&token);
    assert_false(token_is_fresh(&token));
}

static void encodes_forms_byte_by_byte(void **state)
{
    struct buffer form;

    (void)state;
    buffer_init(&form, 1000);
    token_form(&form, "a", "b c&d=e+f%/\xc3\xbc~-._");
    token_form(&form, "g", "");
    assert_string_equal(form.data, "a=b%20c%26d%3De%2Bf%25%2F%C3%BC~-._&g=");
    buffer_clear(&form);
}

static void renews_tokens_before_they_expire(void **state)
{
    struct http_stage *stage = *state;
    char text[200];

    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":3600}", NULL,
          3375, 3375);
    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":\"3600\","
                 "\"token_type\":\"bearer\"}",
          NULL, 3375, 3375);
    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":100}", NULL, 50,
          50);
    gives(stage, "{\"access_token\":\"t0ken\"}", NULL, 150, 150);
    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":0}", NULL, 0, 0);
    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":-5}", NULL, 0, 0);
    gives(stage, "{\"access_token\":\"t0ken\",\"expires_in\":1e300}", NULL,
          365 * 24 * 3600, 366 * 24 * 3600);
    snprintf(text, sizeof(text),
             "{\"access_token\":\"t0ken\",\"expires_on\":\"%lld\"}",
             (long long)(clock_now_ms() / 1000 + 7200));
    gives(stage, text, NULL, 6900, 6975);
}

static void reads_the_date_of_generated_tokens(void **state)
{
    char date[32], text[200];

    clock_format(clock_now_ms() + 3600 * 1000, date);
    snprintf(text, sizeof(text),
             "{\"accessToken\":\"t0ken\",\"expireTime\":\"%s\"}", date);
    gives(*state, text, "accessToken", 3300, 3375);
}

static void fails(struct http_stage *stage, int code, const char *text,
                  engine_status status, const char *message)
{
    struct token token;
    engine_error err = {0};

    token_init(&token);
    assert_int_equal(secret_set(&token.text, "old", 3, NULL), 0);
    assert_int_equal(ask(stage, code, text, &token, NULL, &err), status);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" has no \"%s\"", err.message, message);
    assert_non_null(strstr(err.message, "127.0.0.1"));
    assert_null(strstr(err.message, "s3cr3t"));
    assert_null(strstr(err.message, "t0ken"));
    assert_string_equal(token.text.text, "old");
    token_clear(&token);
}

static void says_how_it_was_refused(void **state)
{
    fails(*state, 400,
          "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}",
          ENGINE_EDENIED, "gave no token: 400 invalid_grant: expired");
    fails(*state, 401, "{\"error\":\"invalid_client\"}", ENGINE_EDENIED,
          "401 invalid_client");
    fails(*state, 403,
          "{\"error\":{\"code\":403,\"message\":\"no way\","
          "\"status\":\"PERMISSION_DENIED\"}}",
          ENGINE_EDENIED, "403 PERMISSION_DENIED: no way");
    fails(*state, 404, "nothing", ENGINE_EIO, "404");
    fails(*state, 302, "{}", ENGINE_EIO, "302");
    fails(*state, 400, "{\"error\":\"a\\u001b[31m\\nb\"}", ENGINE_EDENIED,
          "400 a [31m b");
}

static void refuses_answers_without_a_usable_token(void **state)
{
    fails(*state, 200, "", ENGINE_EPARSE, "not JSON");
    fails(*state, 200, "<html>t0ken", ENGINE_EPARSE, "not JSON");
    fails(*state, 200, "{\"access_token\":\"t0ken\"", ENGINE_EPARSE,
          "not JSON");
    fails(*state, 200, "[]", ENGINE_EPARSE, "\"access_token\"");
    fails(*state, 200, "{\"access_token\":7}", ENGINE_EPARSE,
          "\"access_token\"");
    fails(*state, 200, "{\"access_token\":\"\"}", ENGINE_EPARSE,
          "\"access_token\"");
    fails(*state, 200, "{\"access_token\":\"t0ken\\r\\nX: y\"}",
          ENGINE_EPARSE, "\"access_token\"");
    fails(*state, 200, "{\"access_token\":\"t0ken\",\"token_type\":\"mac\"}",
          ENGINE_EUNSUPPORTED, "no bearer token");
}

static void masks_what_servers_quote(void **state)
{
    struct http_stage *stage = *state;
    static const char *const quotes[] = {
        "bad secret " SENT " for app-4711-id",      /* whole */
        "bad secret s3cr3t-of-the for app-4711-id", /* its beginning */
        "bad secret=s3cr3t-of-the-client%2F%2B%3D%25, app-4711-id",
        "x-identity-header h3ader-s3cr3t! app-4711-id",
        "h3ader-s3cr3ts3cr3t-of-the-client/+=%!app-4711-id",
        NULL};

    for (size_t i = 0; quotes[i]; i++) {
        char text[300];
        struct token token;
        engine_error err = {0};

        token_init(&token);
        snprintf(text, sizeof(text),
                 "{\"error\":\"invalid_client\",\"error_description\":\"%s\"}",
                 quotes[i]);
        assert_int_equal(ask(stage, 401, text, &token, NULL, &err),
                         ENGINE_EDENIED);
        if (strstr(err.message, "s3cr3t"))
            fail_msg("%s", err.message);
        assert_non_null(strstr(err.message, "app-4711-id"));
        assert_non_null(strstr(err.message, "***"));
        token_clear(&token);
    }
}

static void says_what_is_wrong_with_the_connection(void **state)
{
    struct http_stage *stage = *state;
    const struct http_call call = {.url = http_stage_url(stage, "/cut?q=1")};
    struct http_client_options options = {.retries = HTTP_NO_RETRIES};
    struct token token;
    engine_error err = {0};

    token_init(&token);
    http_stage_options(stage, &options);
    assert_int_equal(token_fetch(&token, stage->client, &call, NULL, &err),
                     ENGINE_EIO);
    assert_null(strstr(err.message, "q=1"));
    assert_null(token.text.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_forms_byte_by_byte),
        HTTP_TEST(renews_tokens_before_they_expire),
        HTTP_TEST(reads_the_date_of_generated_tokens),
        HTTP_TEST(says_how_it_was_refused),
        HTTP_TEST(refuses_answers_without_a_usable_token),
        HTTP_TEST(masks_what_servers_quote),
        HTTP_TEST(says_what_is_wrong_with_the_connection),
    };

    return cmocka_run_group_tests_name("cloud_token", tests, http_stage_open,
                                       http_stage_close);
}
