/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_faults.c - servers which are busy, slow, broken or hostile. */
#include "tests/unit/http_stage.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk/base/clock.h"

/* Milliseconds between the first two tries of a path, as the server saw. */
static long gap(struct http_stage *stage, const char *path)
{
    struct http_reply reply = {0};
    char gaps[128];
    long first;

    snprintf(gaps, sizeof(gaps), "/gaps%s", path);
    http_reply_get(&reply, stage->client, http_stage_url(stage, gaps), NULL);
    first = strtol(reply.body.data, NULL, 10);
    http_reply_clear(&reply);
    return first;
}

static void get(struct http_reply *reply, struct http_stage *stage,
                const char *path, const struct http_call *call)
{
    *reply = (struct http_reply){.no_again = reply->no_again};
    http_reply_get(reply, stage->client, http_stage_url(stage, path), call);
}

/* ---- busy ---------------------------------------------------------------- */

static void tries_again_what_a_busy_server_refused(void **state)
{
    struct http_stage *stage = *state;
    struct http_counts counts;
    struct http_reply reply = {0};

    get(&reply, stage, "/flaky/2/503", NULL);
    assert_int_equal(reply.response.status, 200);
    assert_string_equal(reply.body.data, "at last");
    assert_int_equal(reply.response.tries, 3);
    assert_int_equal(reply.heads, 1);
    assert_int_equal(reply.agains, 0);
    http_counts(stage->client, &counts);
    assert_int_equal(counts.retries, 2);
    assert_int_equal(counts.tries, 3);
    assert_int_equal(counts.requests, 1);
    http_reply_clear(&reply);
}

static void waits_as_long_as_the_server_says(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/flaky/1/429/1", NULL);
    assert_int_equal(reply.response.status, 200);
    assert_true(gap(stage, "/flaky/1/429/1") >= 1000);
    http_reply_clear(&reply);
    get(&reply, stage, "/flaky/1/503/date", NULL);
    assert_int_equal(reply.response.status, 200);
    assert_true(gap(stage, "/flaky/1/503/date") >= 900);
    http_reply_clear(&reply);
}

static void waits_longer_from_try_to_try(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/flaky/1/500", NULL);
    assert_true(gap(stage, "/flaky/1/500") >= 90);
    http_reply_clear(&reply);
}

static void takes_the_last_refusal_for_the_answer(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_stage_options(stage, &(struct http_client_options){.retries = 1});
    get(&reply, stage, "/status/503", NULL);
    assert_int_equal(reply.status, 0);
    assert_int_equal(reply.response.status, 503);
    assert_string_equal(reply.body.data, "status 503");
    assert_int_equal(reply.response.tries, 2);
    http_reply_clear(&reply);
    http_stage_options(
        stage, &(struct http_client_options){.retries = HTTP_NO_RETRIES});
    get(&reply, stage, "/status/503", NULL);
    assert_int_equal(reply.response.tries, 1);
    http_reply_clear(&reply);
}

static void does_not_wait_beyond_its_deadline(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_stage_options(stage,
                       &(struct http_client_options){.request_ms = 20000});
    get(&reply, stage, "/status/429/30", NULL);
    assert_int_equal(reply.response.status, 429);
    assert_int_equal(reply.response.tries, 1);
    http_reply_clear(&reply);
}

static void repeats_a_post_only_where_that_is_safe(void **state)
{
    struct http_stage *stage = *state;
    struct http_call call = {.method = "POST", .body = "x", .body_len = 1};
    struct http_reply reply = {0};

    get(&reply, stage, "/flaky/1/502", &call);
    assert_int_equal(reply.response.status, 502);
    http_reply_clear(&reply);
    get(&reply, stage, "/flaky/1/429", &call);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    get(&reply, stage, "/drop/1", &call);
    assert_int_equal(reply.status, ENGINE_EIO);
    assert_int_equal(reply.response.tries, 1);
    http_reply_clear(&reply);
    call.retry_unsafe = true;
    get(&reply, stage, "/flaky/1/504", &call);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
}

static void asks_a_throttling_server_less_often(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[12] = {{0}};
    struct http_counts counts;

    for (size_t i = 0; i < 12; i++) {
        char path[64];

        snprintf(path, sizeof(path), "/flaky/1/429/0/%zu", i);
        http_reply_add(&replies[i], stage->client, http_stage_url(stage, path),
                       NULL);
    }
    assert_int_equal(http_run(stage->client, NULL), 0);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(replies[i].response.status, 200);
        http_reply_clear(&replies[i]);
    }
    http_counts(stage->client, &counts);
    assert_int_equal(counts.throttled, 12);
}

/* An API which says "Throttling" with status 400, as some clouds do. */
static enum http_verdict read_verdict(struct http_request *request,
                                      const struct http_response *response,
                                      const char *body, size_t len, void *user)
{
    (void)request;
    (void)len;
    assert_int_equal(response->status, 400);
    if (strcmp(body, "not yet") != 0)
        return HTTP_USUAL;
    return *(enum http_verdict *)user;
}

static void lets_the_caller_say_what_an_answer_means(void **state)
{
    struct http_stage *stage = *state;
    enum http_verdict verdict = HTTP_THROTTLED;
    const struct http_call call = {.classify = read_verdict,
                                   .classify_user = &verdict,
                                   .bucket = "account 1"};
    struct http_reply reply = {0};
    struct http_counts counts;

    get(&reply, stage, "/flaky/1/400/a", &call);
    assert_int_equal(reply.response.status, 200);
    assert_int_equal(reply.heads, 1);
    http_reply_clear(&reply);
    http_counts(stage->client, &counts);
    assert_int_equal(counts.throttled, 1);
    verdict = HTTP_USUAL; /* 400 is final: it is handed on after all */
    get(&reply, stage, "/flaky/1/400/b", &call);
    assert_int_equal(reply.response.status, 400);
    assert_int_equal(reply.heads, 1);
    assert_string_equal(reply.body.data, "not yet");
    http_reply_clear(&reply);
}

/* ---- broken -------------------------------------------------------------- */

static void tries_again_after_a_closed_connection(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/drop/2/x", NULL);
    assert_int_equal(reply.response.status, 200);
    assert_string_equal(reply.body.data, "kept");
    http_reply_clear(&reply);
}

static void begins_a_body_that_was_cut_off_again(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/cut/1", NULL);
    assert_int_equal(reply.status, 0);
    assert_string_equal(reply.body.data, "whole");
    assert_int_equal(reply.agains, 1);
    assert_int_equal(reply.heads, 2);
    http_reply_clear(&reply);
    reply.no_again = true;
    get(&reply, stage, "/cut/9", NULL);
    assert_int_equal(reply.status, ENGINE_EIO);
    assert_int_equal(reply.response.tries, 1);
    assert_int_equal(reply.response.status, 0);
    assert_non_null(strstr(reply.err.message, "cut off"));
    http_reply_clear(&reply);
}

/* A port that nobody listens on, and nobody else can while *fd is open. */
static int closed_port(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    *fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(*fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void says_who_refused_and_keeps_the_query_to_itself(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};
    char url[128], subject[128];
    int bound;
    const int port = closed_port(&bound);

    snprintf(url, sizeof(url), "http://u:pw@127.0.0.1:%d/p?token=s3cret", port);
    snprintf(subject, sizeof(subject), "GET \"http://127.0.0.1:%d/p\": ", port);
    http_stage_options(
        stage, &(struct http_client_options){.retries = HTTP_NO_RETRIES});
    http_reply_get(&reply, stage->client, url, NULL);
    assert_int_equal(reply.status, ENGINE_EIO);
    assert_memory_equal(reply.err.message, subject, strlen(subject));
    assert_non_null(strstr(reply.err.message, "Connection refused"));
    assert_null(strstr(reply.err.message, "s3cret"));
    assert_null(strstr(reply.err.message, "pw"));
    assert_true(reply.err.hint[0] != '\0');
    assert_null(strstr(reply.shown, "s3cret"));
    http_reply_clear(&reply);
    close(bound);
}

static void says_that_a_host_has_no_address(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_stage_options(
        stage, &(struct http_client_options){.retries = HTTP_NO_RETRIES});
    http_reply_get(&reply, stage->client, "http://nobody.invalid/", NULL);
    assert_true(reply.status < 0);
    assert_non_null(strstr(reply.err.message, "nobody.invalid"));
    http_reply_clear(&reply);
}

static void refuses_what_is_no_http(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/garbage", NULL);
    assert_int_equal(reply.status, ENGINE_EPARSE);
    assert_non_null(strstr(reply.err.message, "not an HTTP answer"));
    http_reply_clear(&reply);
    get(&reply, stage, "/badgzip", NULL);
    assert_int_equal(reply.status, ENGINE_EPARSE);
    http_reply_clear(&reply);
}

static void refuses_urls_headers_and_methods_that_are_none(void **state)
{
    static const char *const headers[] = {"X: a\r\nY: b", NULL};
    struct http_stage *stage = *state;
    const struct http_call bad[] = {
        {.url = "file:///etc/passwd"},
        {.url = "ftp://127.0.0.1/"},
        {.url = "127.0.0.1/x"},
        {.url = "http://127.0.0.1/a b"},
        {.url = "http://127.0.0.1/a\nb"},
        {.url = "http:///x"},
        {.url = "http://127.0.0.1:70000/"},
        {.url = "http://127.0.0.1/", .method = "GE T"},
        {.url = "http://127.0.0.1/", .headers = headers},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        engine_error err;

        assert_int_equal(http_add(stage->client, &bad[i], NULL, &err),
                         ENGINE_EINVAL);
    }
}

/* ---- slow ---------------------------------------------------------------- */

static void ends_a_try_that_stalls(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_stage_options(
        stage, &(struct http_client_options){.stall_ms = 1500, .retries = 20});
    get(&reply, stage, "/stall/1", NULL);
    assert_int_equal(reply.status, 0);
    assert_string_equal(reply.body.data, "awake");
    assert_true(reply.agains >= 1); /* a busy machine stalls as well */
    http_reply_clear(&reply);
    http_stage_options(
        stage, &(struct http_client_options){.stall_ms = 300, .retries = 1});
    get(&reply, stage, "/silent", NULL);
    assert_int_equal(reply.status, ENGINE_ETIMEOUT);
    assert_int_equal(reply.response.tries, 2);
    assert_non_null(strstr(reply.err.message, "nothing was heard for 300 ms"));
    http_reply_clear(&reply);
}

static void ends_a_request_at_its_deadline(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    http_stage_options(stage, &(struct http_client_options){.request_ms = 500});
    get(&reply, stage, "/silent", NULL);
    assert_int_equal(reply.status, ENGINE_ETIMEOUT);
    assert_non_null(strstr(reply.err.message, "not done within 500 ms"));
    http_reply_clear(&reply);
}

/* ---- too much ------------------------------------------------------------ */

static void bounds_bodies_as_they_are_after_decoding(void **state)
{
    struct http_stage *stage = *state;
    const struct http_call call = {.body_maximum = 1 << 20};
    struct http_reply reply = {0};

    get(&reply, stage, "/endless", &call);
    assert_int_equal(reply.status, ENGINE_ELIMIT);
    assert_true(reply.body.len <= 1 << 20);
    http_reply_clear(&reply);
    get(&reply, stage, "/bomb", &call);
    assert_int_equal(reply.status, ENGINE_ELIMIT);
    assert_non_null(strstr(reply.err.message, "1048576 bytes"));
    http_reply_clear(&reply);
    get(&reply, stage, "/gzip", &call);
    assert_int_equal(reply.body.len, 6000);
    http_reply_clear(&reply);
}

static void bounds_headers(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/flood", NULL);
    assert_int_equal(reply.status, ENGINE_ELIMIT);
    http_reply_clear(&reply);
    get(&reply, stage, "/continues", NULL);
    assert_true(reply.status < 0);
    http_reply_clear(&reply);
}

static void takes_early_hints_and_trailers_as_they_come(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply = {0};

    get(&reply, stage, "/hints", NULL);
    assert_string_equal(reply.body.data, "after hints");
    assert_int_equal(reply.heads, 1);
    http_reply_clear(&reply);
    get(&reply, stage, "/trailers", NULL);
    assert_string_equal(reply.body.data, "with trailers");
    assert_int_equal(reply.heads, 1);
    http_reply_clear(&reply);
}

static void a_handler_that_fails_ends_its_request_only(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply bad = {.fail_body = ENGINE_EPARSE}, good = {0};

    http_reply_add(&good, stage->client, http_stage_url(stage, "/slow/100"),
                   NULL);
    http_reply_add(&bad, stage->client, http_stage_url(stage, "/big/4"), NULL);
    assert_int_equal(http_run(stage->client, NULL), 0);
    assert_int_equal(bad.status, ENGINE_EPARSE);
    assert_string_equal(bad.err.message, "the handler said so");
    assert_int_equal(good.response.status, 200);
    assert_int_equal(good.dones + bad.dones, 2);
    http_reply_clear(&bad);
    http_reply_clear(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(tries_again_what_a_busy_server_refused),
        HTTP_TEST(waits_as_long_as_the_server_says),
        HTTP_TEST(waits_longer_from_try_to_try),
        HTTP_TEST(takes_the_last_refusal_for_the_answer),
        HTTP_TEST(does_not_wait_beyond_its_deadline),
        HTTP_TEST(repeats_a_post_only_where_that_is_safe),
        HTTP_TEST(asks_a_throttling_server_less_often),
        HTTP_TEST(lets_the_caller_say_what_an_answer_means),
        HTTP_TEST(tries_again_after_a_closed_connection),
        HTTP_TEST(begins_a_body_that_was_cut_off_again),
        HTTP_TEST(says_who_refused_and_keeps_the_query_to_itself),
        HTTP_TEST(says_that_a_host_has_no_address),
        HTTP_TEST(refuses_what_is_no_http),
        HTTP_TEST(refuses_urls_headers_and_methods_that_are_none),
        HTTP_TEST(ends_a_try_that_stalls),
        HTTP_TEST(ends_a_request_at_its_deadline),
        HTTP_TEST(bounds_bodies_as_they_are_after_decoding),
        HTTP_TEST(bounds_headers),
        HTTP_TEST(takes_early_hints_and_trailers_as_they_come),
        HTTP_TEST(a_handler_that_fails_ends_its_request_only),
    };

    return cmocka_run_group_tests(tests, http_stage_open, http_stage_close);
}
