/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_tls.c - whose word is taken: CAs, names, client certificates,
 * proxies; HTTP/2 where a server for it is installed. */
#include "tests/unit/http_stage.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/process.h"
#include "tests/unit/skip.h"

static void get(struct http_reply *reply, struct http_stage *stage, int port,
                const char *host, const struct http_endpoint *endpoint)
{
    const struct http_call call = {.endpoint = endpoint};

    *reply = (struct http_reply){0};
    http_reply_get(reply, stage->client,
                   http_stage_tls_url(stage, port, host, "/echo"), &call);
}

/* ---- servers ------------------------------------------------------------- */

static void trusts_the_ca_it_was_given(void **state)
{
    struct http_stage *stage = *state;
    char *path = engine_strf("%s/ca.pem", stage->folder);
    struct http_reply reply;

    get(&reply, stage, stage->tls, "127.0.0.1",
        &(struct http_endpoint){.ca_data = stage->ca,
                                .ca_len = strlen(stage->ca)});
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    get(&reply, stage, stage->tls, "127.0.0.1",
        &(struct http_endpoint){.ca_file = path});
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    engine_free(path);
}

static void refuses_a_certificate_of_another_ca(void **state)
{
    struct http_stage *stage = *state;
    char *other = http_stage_file(stage, "other.pem");
    struct http_reply reply;

    get(&reply, stage, stage->tls, "127.0.0.1", NULL);
    assert_int_equal(reply.status, ENGINE_EIO);
    assert_int_equal(reply.response.tries, 1);
    assert_non_null(
        strstr(reply.err.message, "the server's certificate was refused"));
    assert_non_null(strstr(reply.err.hint, "CA"));
    http_reply_clear(&reply);
    get(&reply, stage, stage->tls, "127.0.0.1",
        &(struct http_endpoint){.ca_data = other, .ca_len = strlen(other)});
    assert_int_equal(reply.status, ENGINE_EIO);
    http_reply_clear(&reply);
    engine_free(other);
}

static void accepts_any_certificate_when_told_so(void **state)
{
    struct http_stage *stage = *state;
    struct http_reply reply;

    get(&reply, stage, stage->tls, "localhost",
        &(struct http_endpoint){.insecure = true});
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    /* and the connection is not used for who asks for more */
    get(&reply, stage, stage->tls, "localhost", NULL);
    assert_int_equal(reply.status, ENGINE_EIO);
    http_reply_clear(&reply);
}

static void checks_the_name_that_is_asked_for(void **state)
{
    struct http_stage *stage = *state;
    struct http_endpoint endpoint = {.ca_data = stage->ca,
                                     .ca_len = strlen(stage->ca)};
    struct http_reply reply;
    char host[64];

    get(&reply, stage, stage->tls, "localhost", &endpoint);
    assert_int_equal(reply.status, ENGINE_EIO);
    assert_non_null(strstr(reply.err.hint, "name"));
    http_reply_clear(&reply);
    endpoint.server_name = "server.test";
    get(&reply, stage, stage->tls, "localhost", &endpoint);
    assert_int_equal(reply.response.status, 200);
    snprintf(host, sizeof(host), "\nhost: localhost:%d\n", stage->tls);
    assert_non_null(strstr(reply.body.data, host));
    http_reply_clear(&reply);
    endpoint.server_name = "other.test";
    get(&reply, stage, stage->tls, "127.0.0.1", &endpoint);
    assert_int_equal(reply.status, ENGINE_EIO);
    http_reply_clear(&reply);
}

/* ---- clients ------------------------------------------------------------- */

static void shows_a_certificate_from_memory_or_files(void **state)
{
    struct http_stage *stage = *state;
    char *cert = http_stage_file(stage, "client.pem");
    char *key = http_stage_file(stage, "client.key");
    char *cert_path = engine_strf("%s/client.pem", stage->folder);
    char *key_path = engine_strf("%s/client.key", stage->folder);
    struct http_endpoint endpoint = {.ca_data = stage->ca,
                                     .ca_len = strlen(stage->ca)};
    struct http_reply reply;

    http_stage_options(
        stage, &(struct http_client_options){.retries = HTTP_NO_RETRIES});
    get(&reply, stage, stage->mutual, "127.0.0.1", &endpoint);
    assert_true(reply.status < 0);
    http_reply_clear(&reply);
    endpoint.cert_file = cert_path;
    endpoint.key_file = key_path;
    get(&reply, stage, stage->mutual, "127.0.0.1", &endpoint);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    endpoint = (struct http_endpoint){.ca_data = stage->ca,
                                      .ca_len = strlen(stage->ca),
                                      .cert_data = cert,
                                      .cert_len = strlen(cert),
                                      .key_data = key,
                                      .key_len = strlen(key)};
    get(&reply, stage, stage->mutual, "127.0.0.1", &endpoint);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    engine_free(cert);
    engine_free(key);
    engine_free(cert_path);
    engine_free(key_path);
}

static void refuses_a_key_that_is_none(void **state)
{
    struct http_stage *stage = *state;
    char *cert = http_stage_file(stage, "client.pem");
    struct http_reply reply;

    get(&reply, stage, stage->mutual, "127.0.0.1",
        &(struct http_endpoint){.ca_data = stage->ca,
                                .ca_len = strlen(stage->ca),
                                .cert_data = cert,
                                .cert_len = strlen(cert),
                                .key_data = "not a key",
                                .key_len = 9});
    assert_int_equal(reply.status, ENGINE_EINVAL);
    assert_null(strstr(reply.err.message, "not a key"));
    http_reply_clear(&reply);
    engine_free(cert);
}

static void resumes_tls_sessions(void **state)
{
    struct http_stage *stage = *state;
    const struct http_endpoint endpoint = {.ca_data = stage->ca,
                                           .ca_len = strlen(stage->ca)};
    const struct http_call call = {.endpoint = &endpoint};
    struct http_reply reply;

    for (int i = 0; i < 3; i++) {
        reply = (struct http_reply){0};
        http_reply_get(
            &reply, stage->client,
            http_stage_tls_url(stage, stage->tls, "127.0.0.1", "/close"),
            &call);
        assert_int_equal(reply.response.status, 200);
        http_reply_clear(&reply);
    }
    assert_true(http_stage_count(stage, "sessions_reused") > 0);
}

/* ---- proxies ------------------------------------------------------------- */

static void goes_through_a_proxy_and_keeps_credentials_from_it(void **state)
{
    static const char *const headers[] = {"Authorization: Bearer s3cret", NULL};
    struct http_stage *stage = *state;
    char proxy[64];
    struct http_endpoint endpoint = {
        .ca_data = stage->ca, .ca_len = strlen(stage->ca), .proxy = proxy};
    const struct http_call call = {.endpoint = &endpoint, .headers = headers};
    const long before = http_stage_count(stage, "tunnels");
    struct http_reply reply = {0};

    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", stage->proxy);
    http_reply_get(&reply, stage->client,
                   http_stage_tls_url(stage, stage->tls, "127.0.0.1", "/echo"),
                   &call);
    assert_int_equal(reply.response.status, 200);
    assert_non_null(strstr(reply.body.data, "Bearer s3cret"));
    assert_int_equal(reply.heads, 1);
    http_reply_clear(&reply);
    assert_int_equal(http_stage_count(stage, "tunnels"), before + 1);
    assert_int_equal(http_stage_count(stage, "leaked"), 0);
}

static void asks_the_environment_for_a_proxy_unless_told_not_to(void **state)
{
    struct http_stage *stage = *state;
    struct http_endpoint endpoint = {.ca_data = stage->ca,
                                     .ca_len = strlen(stage->ca)};
    const long before = http_stage_count(stage, "tunnels");
    struct http_reply reply;
    char proxy[64];

    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", stage->proxy);
    setenv("https_proxy", proxy, 1);
    get(&reply, stage, stage->tls, "127.0.0.1", &endpoint);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    endpoint.proxy = "";
    get(&reply, stage, stage->tls, "127.0.0.1", &endpoint);
    assert_int_equal(reply.response.status, 200);
    http_reply_clear(&reply);
    unsetenv("https_proxy");
    assert_int_equal(http_stage_count(stage, "tunnels"), before + 1);
}

/* ---- HTTP/2 -------------------------------------------------------------- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static struct process *http2_start(const struct http_stage *stage, int port)
{
    char *key = engine_strf("%s/server.key", stage->folder);
    char *cert = engine_strf("%s/server.pem", stage->folder);
    char number[16];
    const char *const argv[] = {"nghttpd", "-a",          "127.0.0.1",
                                "-d",      stage->folder, number,
                                key,       cert,          NULL};
    const struct process_options options = {.argv = argv, .timeout_ms = 600000};
    struct process *process = NULL;

    snprintf(number, sizeof(number), "%d", port);
    if (process_start(&options, &process, NULL) < 0)
        process = NULL;
    engine_free(key);
    engine_free(cert);
    return process;
}

/* Until it listens; NULL: it does not, since the port was taken meanwhile. */
static struct process *http2_serve(struct http_stage *stage, int port,
                                   const struct http_call *call)
{
    struct process *process = http2_start(stage, port);
    struct process_result result;
    bool ended = false;

    if (!process)
        skip_without("nghttpd: install nghttp2-server");
    http_stage_tls_url(stage, port, "127.0.0.1", "/ca.pem");
    for (int tries = 0; !ended && tries < 2000; tries++) {
        struct http_reply reply = {0};
        bool good;

        http_reply_get(&reply, stage->client, stage->url, call);
        good = reply.status == ENGINE_OK &&
               strcmp(reply.body.data, stage->ca) == 0;
        http_reply_clear(&reply);
        if (good)
            return process;
        ended = process_step(process, 50);
    }
    process_finish(process, &result);
    process_result_clear(&result);
    return NULL;
}

static void shares_one_http2_connection(void **state)
{
    struct http_stage *stage = *state;
    const struct http_endpoint endpoint = {.ca_data = stage->ca,
                                           .ca_len = strlen(stage->ca)};
    const struct http_call call = {.endpoint = &endpoint};
    struct process *process = NULL;
    struct http_reply replies[8] = {{0}};
    struct process_result result;
    struct http_counts counts;

    for (int tries = 0; !process && tries < 5; tries++)
        process = http2_serve(stage, free_port(), &call);
    assert_non_null(process);
    http_stage_options(stage, NULL);
    for (size_t i = 0; i < 8; i++)
        http_reply_add(&replies[i], stage->client, stage->url, &call);
    assert_int_equal(http_run(stage->client, NULL), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(replies[i].response.status, 200);
        assert_string_equal(replies[i].body.data, stage->ca);
        http_reply_clear(&replies[i]);
    }
    http_counts(stage->client, &counts);
    assert_int_equal(counts.connections, 1);
    kill(process_pid(process), SIGTERM);
    while (!process_step(process, 100))
        ;
    process_finish(process, &result);
    process_result_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(trusts_the_ca_it_was_given),
        HTTP_TEST(refuses_a_certificate_of_another_ca),
        HTTP_TEST(accepts_any_certificate_when_told_so),
        HTTP_TEST(checks_the_name_that_is_asked_for),
        HTTP_TEST(shows_a_certificate_from_memory_or_files),
        HTTP_TEST(refuses_a_key_that_is_none),
        HTTP_TEST(resumes_tls_sessions),
        HTTP_TEST(goes_through_a_proxy_and_keeps_credentials_from_it),
        HTTP_TEST(asks_the_environment_for_a_proxy_unless_told_not_to),
        HTTP_TEST(shares_one_http2_connection),
    };

    return cmocka_run_group_tests(tests, http_stage_open, http_stage_close);
}
