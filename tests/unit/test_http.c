/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - requests, answers, credentials, limits of how many. */
#include "tests/unit/http_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

/* ---- one request --------------------------------------------------------- */

static void hands_on_status_headers_and_body(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client,
                   http_stage_url(stage, "/hello?token=s3cret"), NULL);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.response.status, 200);
    assert_int_equal(reply.head_status, 200);
    assert_string_equal(reply.body.data, "hello");
    assert_string_equal(reply.content_type, "text/plain");
    assert_int_equal(reply.response.bytes, 5);
    assert_int_equal(reply.response.tries, 1);
    assert_int_equal(reply.heads, 1);
    http_reply_clear(&reply);
}

static void sends_method_path_headers_and_body_as_they_are(void **state)
{
    struct http_stage *stage = *state;
    static const char *const headers[] = {"X-One: 1", "Accept: a/b",
                                          "X-Empty:", NULL};
    const struct http_call call = {
        .method = "POST", .headers = headers, .body = "a\0b", .body_len = 3};
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client,
                   http_stage_url(stage, "/a/../%7e//b%2fc?x=/,&y"), &call);
    assert_memory_equal(reply.body.data, "POST /a/../%7e//b%2fc?x=/,&y\n", 29);
    assert_non_null(strstr(reply.body.data, "\nx-one: 1\n"));
    assert_non_null(strstr(reply.body.data, "\naccept: a/b\n"));
    assert_non_null(strstr(reply.body.data, "\nx-empty: \n"));
    assert_non_null(strstr(reply.body.data, "\nuser-agent: scan-engine\n"));
    assert_non_null(strstr(reply.body.data, "\ncontent-length: 3\n"));
    assert_null(strstr(reply.body.data, "\ncontent-type:"));
    assert_null(strstr(reply.body.data, "\nexpect:"));
    assert_memory_equal(reply.body.data + reply.body.len - 3, "a\0b", 3);
    http_reply_clear(&reply);
}

static void takes_any_final_status_for_an_answer(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/status/404"),
                   NULL);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.response.status, 404);
    assert_string_equal(reply.body.data, "status 404");
    http_reply_clear(&reply);
}

static void does_not_follow_redirects(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/redirect"),
                   NULL);
    assert_int_equal(reply.response.status, 302);
    assert_string_equal(reply.body.data, "elsewhere");
    http_reply_clear(&reply);
}

static void fetches_one_answer_into_a_buffer(void **state)
{
    struct http_stage *stage = *state;
    const struct http_call call = {.url = http_stage_url(stage, "/hello")};
    struct http_response response;
    struct buffer body;

    assert_int_equal(http_fetch(stage->client, &call, &response, &body, NULL),
                     0);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "text/plain");
    assert_string_equal(body.data, "hello");
    buffer_clear(&body);
}

/* ---- credentials --------------------------------------------------------- */

struct auth_note {
    unsigned asked, refused;
    engine_status deny;
};

static engine_status note_auth(struct http_request *request, bool refused,
                               void *user, engine_error *err)
{
    struct auth_note *note = user;

    note->asked++;
    note->refused += refused;
    if (refused && note->deny < 0)
        return engine_fail(err, note->deny, "no other token");
    return http_request_header(request, "Authorization",
                               refused ? "Bearer fresh" : "Bearer stale");
}

static void asks_for_fresh_credentials_once(void **state)
{
    struct http_stage *stage = *state;
    struct auth_note note = {0};
    const struct http_call call = {.auth = note_auth, .auth_user = &note};
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/auth"),
                   &call);
    assert_int_equal(reply.response.status, 200);
    assert_string_equal(reply.body.data, "welcome");
    assert_int_equal(note.asked, 2);
    assert_int_equal(note.refused, 1);
    assert_int_equal(reply.heads, 1);
    assert_int_equal(reply.agains, 0);
    http_reply_clear(&reply);
}

static void takes_the_second_401_for_the_answer(void **state)
{
    struct http_stage *stage = *state;
    struct auth_note note = {0};
    const struct http_call call = {.auth = note_auth, .auth_user = &note};
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/status/401"),
                   &call);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.response.status, 401);
    assert_int_equal(note.asked, 2);
    http_reply_clear(&reply);
}

static void takes_the_401_when_there_are_no_other_credentials(void **state)
{
    struct http_stage *stage = *state;
    struct auth_note note = {.deny = ENGINE_EDENIED};
    const struct http_call call = {.auth = note_auth, .auth_user = &note};
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/auth"),
                   &call);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.response.status, 401);
    assert_int_equal(reply.heads, 1);
    assert_string_equal(reply.body.data, "who are you?");
    http_reply_clear(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(hands_on_status_headers_and_body),
        HTTP_TEST(sends_method_path_headers_and_body_as_they_are),
        HTTP_TEST(takes_any_final_status_for_an_answer),
        HTTP_TEST(does_not_follow_redirects),
        HTTP_TEST(fetches_one_answer_into_a_buffer),
        HTTP_TEST(asks_for_fresh_credentials_once),
        HTTP_TEST(takes_the_second_401_for_the_answer),
        HTTP_TEST(takes_the_401_when_there_are_no_other_credentials),
    };

    return cmocka_run_group_tests(tests, http_stage_open, http_stage_close);
}
