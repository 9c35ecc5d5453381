/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_many.c - many requests: limits, reuse, cancelling, requests out of
 * callbacks, and what is logged. */
#include "tests/unit/http_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define MANY 24

static void add_many(struct http_stage *stage, struct http_reply *replies,
                     const char *path)
{
    for (size_t i = 0; i < MANY; i++)
        http_reply_add(&replies[i], stage->client, http_stage_url(stage, path),
                       NULL);
}

static void clear_many(struct http_reply *replies)
{
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(replies[i].dones, 1);
        http_reply_clear(&replies[i]);
    }
}

/* The most that the server ever had under way; first of all tests. */
static void keeps_the_limit_of_all_requests(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    long most;

    http_stage_options(stage, &(struct http_client_options){.concurrent = 3});
    add_many(stage, replies, "/slow/50");
    assert_int_equal(http_run(stage->client, NULL), 0);
    most = http_stage_count(stage, "most_parallel");
    assert_in_range(most, 2, 3);
    clear_many(replies);
}

static void keeps_the_limit_of_a_host(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}}, other = {0};
    char url[64];

    http_stage_options(stage,
                       &(struct http_client_options){.concurrent_host = 2});
    add_many(stage, replies, "/slow/50");
    snprintf(url, sizeof(url), "http://localhost:%d/hello", stage->port);
    http_reply_add(&other, stage->client, url, NULL);
    assert_int_equal(http_run(stage->client, NULL), 0);
    assert_int_equal(other.response.status, 200);
    assert_in_range(http_stage_count(stage, "most_parallel"), 2, 3);
    clear_many(replies);
    http_reply_clear(&other);
}

static void uses_connections_again(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    struct http_counts counts;

    http_stage_options(stage, &(struct http_client_options){.concurrent = 2});
    add_many(stage, replies, "/hello");
    assert_int_equal(http_run(stage->client, NULL), 0);
    http_counts(stage->client, &counts);
    assert_in_range(counts.connections, 1, 2);
    assert_int_equal(counts.tries, MANY);
    assert_int_equal(counts.bytes, 5 * MANY);
    clear_many(replies);
}

static void keeps_to_a_rate(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    const int64_t start = clock_steady_ms();

    http_stage_options(stage, &(struct http_client_options){.rate = 40});
    add_many(stage, replies, "/hello");
    assert_int_equal(http_run(stage->client, NULL), 0);
    /* a quarter of a second may be caught up */
    assert_true(clock_steady_ms() - start >= (MANY - 11) * 25);
    clear_many(replies);
}

/* ---- the end ------------------------------------------------------------- */

static int stop_after(void *user)
{
    const int64_t *when = user;

    return clock_steady_ms() >= *when;
}

static void gives_up_when_it_is_told_to(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    int64_t when = clock_steady_ms() + 200;
    engine_error err;

    http_stage_options(stage, &(struct http_client_options){.stop = stop_after,
                                                            .user = &when});
    add_many(stage, replies, "/silent");
    assert_int_equal(http_run(stage->client, &err), ENGINE_ECANCELLED);
    assert_true(clock_steady_ms() - when < 55000);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(replies[i].status, ENGINE_ECANCELLED);
        assert_non_null(strstr(replies[i].err.message, "cancelled"));
    }
    clear_many(replies);
    /* and can be used again */
    when = INT64_MAX;
    http_reply_get(&replies[0], stage->client, http_stage_url(stage, "/hello"),
                   NULL);
    assert_int_equal(replies[0].response.status, 200);
    http_reply_clear(&replies[0]);
}

static void gives_up_what_runs_when_it_is_freed(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    const struct http_call call = {
        .url = engine_strf("http://127.0.0.1:%d/slow/200", stage->port)};
    struct http_response response;
    struct buffer body;

    http_stage_options(stage, &(struct http_client_options){.concurrent = 4});
    add_many(stage, replies, "/silent");
    /* the others run meanwhile; it gets a place when one of them has none */
    http_client_free(stage->client);
    stage->client = NULL;
    clear_many(replies);
    http_stage_options(stage, NULL);
    add_many(stage, replies, "/stall");
    assert_int_equal(http_fetch(stage->client, &call, &response, &body, NULL),
                     0);
    assert_int_equal(response.status, 200);
    buffer_clear(&body);
    http_client_free(stage->client);
    stage->client = NULL;
    clear_many(replies);
    engine_free((char *)call.url);
}

/* ---- requests out of callbacks ------------------------------------------- */

struct chain {
    struct http_client *client;
    struct http_call call;
    unsigned left, failed;
};

static void chain_done(struct http_request *request, engine_status status,
                       const struct http_response *response,
                       const engine_error *err, void *user)
{
    struct chain *chain = user;

    (void)request;
    (void)err;
    chain->failed += status < 0 || response->status != 200;
    if (chain->left-- > 1)
        chain->failed += http_add(chain->client, &chain->call, NULL, NULL) < 0;
}

static const struct http_handler chain_handler = {.done = chain_done};

static void done_may_add_requests(void **state)
{
    struct http_stage *stage = *state;
    struct chain chain = {.client = stage->client, .left = 10};

    chain.call = (struct http_call){.url = http_stage_url(stage, "/hello"),
                                    .handler = &chain_handler,
                                    .user = &chain};
    assert_int_equal(http_add(stage->client, &chain.call, NULL, NULL), 0);
    assert_int_equal(http_run(stage->client, NULL), 0);
    assert_int_equal(chain.left, 0);
    assert_int_equal(chain.failed, 0);
}

struct tokens {
    struct http_client *client;
    struct http_call call;
    unsigned fetched, depth, deepest;
};

/* Gets a token by a request of the same client, and keeps it. */
static engine_status tokens_auth(struct http_request *request, bool refused,
                                 void *user, engine_error *err)
{
    struct tokens *tokens = user;
    struct buffer body;
    engine_status status;

    if (!tokens->fetched || refused) {
        if (++tokens->depth > tokens->deepest)
            tokens->deepest = tokens->depth;
        status = http_fetch(tokens->client, &tokens->call, NULL, &body, err);
        tokens->depth--;
        buffer_clear(&body);
        if (status < 0)
            return status;
        tokens->fetched++;
    }
    return http_request_header(request, "Authorization", "Bearer fresh");
}

static void auth_may_fetch_a_token(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply replies[MANY] = {{0}};
    char *url = engine_strf("http://127.0.0.1:%d/slow/50", stage->port);
    struct tokens tokens = {.client = stage->client, .call = {.url = url}};
    const struct http_call call = {.auth = tokens_auth, .auth_user = &tokens};

    for (size_t i = 0; i < MANY; i++)
        http_reply_add(&replies[i], stage->client,
                       http_stage_url(stage, "/auth"), &call);
    assert_int_equal(http_run(stage->client, NULL), 0);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(replies[i].response.status, 200);
    assert_int_equal(tokens.fetched, 1);
    assert_int_equal(tokens.deepest, 1);
    clear_many(replies);
    engine_free(url);
}

static void a_failure_of_auth_is_that_of_its_request(void **state)
{
    struct http_stage *stage = *state;
    struct tokens tokens = {.client = stage->client,
                            .call = {.url = "nothing"}};
    const struct http_call call = {.auth = tokens_auth, .auth_user = &tokens};
    struct http_reply reply = {0};

    http_reply_get(&reply, stage->client, http_stage_url(stage, "/auth"),
                   &call);
    assert_int_equal(reply.status, ENGINE_EINVAL);
    assert_int_equal(reply.response.tries, 0);
    http_reply_clear(&reply);
}

/* ---- what is logged ------------------------------------------------------ */

static void note_line(int level, const char *text, void *user)
{
    (void)level;
    buffer_puts(user, text);
    buffer_putc(user, '\n');
}

static void logs_retries_without_secrets(void **state)
{
    static const char *const headers[] = {"Authorization: Bearer s3cret", NULL};
    struct http_stage *stage = *state;
    const struct http_call call = {.headers = headers};
    struct http_reply reply = {0};
    struct buffer log;

    buffer_init(&log, 65536);
    http_stage_options(
        stage, &(struct http_client_options){.log = note_line, .user = &log});
    http_reply_get(&reply, stage->client,
                   http_stage_url(stage, "/flaky/1/503/0/log?key=s3cret"),
                   &call);
    assert_int_equal(reply.response.status, 200);
    assert_non_null(strstr(log.data, "/flaky/1/503/0/log\": answered with "
                                     "503; again in "));
    assert_null(strstr(log.data, "s3cret"));
    http_reply_clear(&reply);
    buffer_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(keeps_the_limit_of_all_requests),
        HTTP_TEST(keeps_the_limit_of_a_host),
        HTTP_TEST(uses_connections_again),
        HTTP_TEST(keeps_to_a_rate),
        HTTP_TEST(gives_up_when_it_is_told_to),
        HTTP_TEST(gives_up_what_runs_when_it_is_freed),
        HTTP_TEST(done_may_add_requests),
        HTTP_TEST(auth_may_fetch_a_token),
        HTTP_TEST(a_failure_of_auth_is_that_of_its_request),
        HTTP_TEST(logs_retries_without_secrets),
    };

    return cmocka_run_group_tests(tests, http_stage_open, http_stage_close);
}
