/* SPDX-License-Identifier: Apache-2.0 */
/* test_azure_credentials.c - certificates, what az prints, and how Azure Arc
 * is asked: by a server of this process, which looks at what it is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/azure/certificate.h"
#include "plugins/azure/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/kit/process.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- certificates -------------------------------------------------------- */

struct stage {
    char *folder;
};

static void stage_run(const struct stage *stage, const char *const *argv)
{
    const struct process_options options = {.argv = argv,
                                            .directory = stage->folder};
    struct process_result result = {0};

    assert_int_equal(process_run(&options, &result, NULL), ENGINE_OK);
    assert_int_equal(result.how, PROCESS_EXITED);
    assert_int_equal(result.code, 0);
    process_result_clear(&result);
}

static int stage_open(void **state)
{
    static const char *const make[] = {
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "2", "-subj", "/CN=scanner", "-keyout", "key.pem", "-out", "cert.pem",
        NULL};
    static const char *const other[] = {
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=other", "-keyout", "ec.pem", "-out", "eccert.pem", NULL};
    static const char *const lock[] = {
        "openssl", "rsa", "-aes256", "-passout", "pass:word", "-in",
        "key.pem", "-out", "locked.pem", NULL};
    static const char *const pack[] = {
        "openssl", "pkcs12", "-export", "-inkey", "key.pem", "-in",
        "cert.pem", "-certfile", "eccert.pem", "-passout", "pass:word",
        "-out", "client.pfx", NULL};
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage || file_make_temporary("/tmp", "azure-", &stage->folder, NULL))
        return -1;
    stage_run(stage, make);
    stage_run(stage, other);
    stage_run(stage, lock);
    stage_run(stage, pack);
    *state = stage;
    return 0;
}

static int stage_close(void **state)
{
    struct stage *stage = *state;

    file_remove_tree(stage->folder, NULL);
    engine_free(stage->folder);
    free(stage);
    return 0;
}

/* the files, one behind the other; the nth allocation fails then */
static engine_status read_failing(const struct stage *stage,
                                  const char *const *names,
                                  const char *password, long nth,
                                  struct azure_certificate *out,
                                  engine_error *err)
{
    struct buffer all;
    engine_status status;

    buffer_init(&all, 1 << 20);
    for (; *names; names++) {
        char *path = engine_strf("%s/%s", stage->folder, *names);
        char *data = NULL;
        size_t len = 0;

        assert_int_equal(file_read(path, 1 << 20, &data, &len, NULL), 0);
        buffer_append(&all, data, len);
        engine_free(data);
        engine_free(path);
    }
    engine_alloc_fail_at(nth);
    status = azure_certificate_read(all.data ? all.data : "", all.len,
                                    password, "it.pem", out, err);
    engine_alloc_fail_at(0);
    buffer_clear(&all);
    return status;
}

static engine_status read_files(const struct stage *stage,
                                const char *const *names,
                                const char *password,
                                struct azure_certificate *out,
                                engine_error *err)
{
    return read_failing(stage, names, password, 0, out, err);
}

static void reads_certificates_of_all_kinds(void **state)
{
    static const struct {
        const char *names[4], *password;
        size_t chain;
    } cases[] = {{{"key.pem", "cert.pem"}, NULL, 1},
                 {{"cert.pem", "key.pem"}, "unused", 1},
                 {{"eccert.pem", "cert.pem", "key.pem"}, NULL, 2},
                 {{"cert.pem", "locked.pem"}, "word", 1},
                 {{"client.pfx"}, "word", 2}};
    char print[44] = "";

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct azure_certificate certificate;
        engine_error err = {0};

        assert_int_equal(read_files(*state, cases[i].names, cases[i].password,
                                    &certificate, &err),
                         ENGINE_OK);
        assert_non_null(strstr(certificate.key.text, "BEGIN PRIVATE KEY"));
        assert_int_equal(strlen(certificate.sha256), 43);
        assert_int_equal(strlen(certificate.sha1), 27);
        assert_int_equal(certificate.chain_count, cases[i].chain);
        if (i)
            assert_string_equal(print, certificate.sha256);
        memcpy(print, certificate.sha256, sizeof(print));
        azure_certificate_clear(&certificate);
    }
}

static void says_what_is_wrong_with_a_certificate(void **state)
{
    static const struct {
        const char *names[4], *password, *word;
        engine_status status;
    } cases[] = {
        {{NULL}, NULL, "empty", ENGINE_EPARSE},
        {{"cert.pem"}, NULL, "no private key", ENGINE_EPARSE},
        {{"key.pem"}, NULL, "no certificate", ENGINE_EPARSE},
        {{"key.pem", "eccert.pem"}, NULL, "belongs to", ENGINE_EPARSE},
        {{"ec.pem", "eccert.pem"}, NULL, "no RSA key", ENGINE_EPARSE},
        {{"locked.pem", "cert.pem"}, NULL, "encrypted", ENGINE_EDENIED},
        {{"locked.pem", "cert.pem"}, "wrong", "password", ENGINE_EDENIED},
        {{"client.pfx"}, "wrong", "password", ENGINE_EDENIED}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct azure_certificate certificate;
        engine_error err = {0};

        assert_int_equal(read_files(*state, cases[i].names, cases[i].password,
                                    &certificate, &err),
                         cases[i].status);
        if (!strstr(err.message, cases[i].word))
            fail_msg("%s", err.message);
        assert_non_null(strstr(err.message, "it.pem"));
        azure_certificate_clear(&certificate);
    }
}

static void survives_a_lack_of_memory(void **state)
{
    static const char *const names[] = {"cert.pem", "key.pem", NULL};

    for (long nth = 1; nth < 12; nth++) {
        struct azure_certificate certificate;

        (void)read_failing(*state, names, NULL, nth, &certificate, NULL);
        azure_certificate_clear(&certificate);
    }
}

/* ---- az ------------------------------------------------------------------ */

static engine_status parse_az(const char *text, struct token *token)
{
    token_init(token);
    return azure_cli_parse(text, strlen(text), token, NULL);
}

static void reads_what_az_prints(void **state)
{
    static const char *const wrong[] = {
        "", "[]", "{}", "ERROR", "{\"accessToken\": \"\", \"expires_on\": 1}",
        "{\"accessToken\": 1, \"expires_on\": 1}",
        "{\"accessToken\": \"a\\nb\", \"expires_on\": 2000000000}",
        "{\"accessToken\": \"a\"}",
        "{\"accessToken\": \"a\", \"expiresOn\": \"soon\"}",
        "{\"accessToken\": \"a\\u0000b\", \"expires_on\": 2000000000}"};
    struct token token;

    (void)state;
    assert_int_equal(parse_az("{\"accessToken\": \"abc\", \"expires_on\": "
                              "2000000000, \"expiresOn\": \"x\"}",
                              &token),
                     ENGINE_OK);
    assert_string_equal(token.text.text, "abc");
    assert_int_equal(token.expires_ms, 2000000000000 - 225000);
    token_clear(&token);
    assert_int_equal(parse_az("{\"accessToken\": \"abc\", \"expiresOn\": "
                              "\"2033-05-18 05:33:20.000000\"}",
                              &token),
                     ENGINE_OK);
    assert_true(llabs(token.expires_ms - 2000000000000) < 86400000);
    token_clear(&token);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_not_equal(parse_az(wrong[i], &token), ENGINE_OK);
        token_clear(&token);
    }
}

/* ---- Azure Arc ----------------------------------------------------------- */

/* Answers the first request with a challenge, the second with a token if it
 * has what the key file holds. */
struct agent {
    pthread_t thread;
    int listener;
    char *realm;
    const char *expected;
    char seen[2][2048];
    int requests;
    int stop[2];
};

static void agent_say(int to, const char *status, const char *header,
                      const char *body)
{
    char *text = engine_strf("HTTP/1.1 %s\r\n%sConnection: close\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             status, header, strlen(body), body);

    assert_int_equal(file_write_all(to, text, strlen(text), NULL), 0);
    engine_free(text);
}

static void agent_serve(struct agent *agent, int to)
{
    char *seen = agent->seen[agent->requests < 2 ? agent->requests : 1];
    char *challenge =
        engine_strf("WWW-Authenticate: Basic realm=%s\r\n", agent->realm);
    size_t used = 0;
    ssize_t got;

    while (used + 1 < sizeof(agent->seen[0]) &&
           (got = read(to, seen + used, sizeof(agent->seen[0]) - used - 1)) >
               0) {
        used += (size_t)got;
        seen[used] = '\0';
        if (strstr(seen, "\r\n\r\n"))
            break;
    }
    agent->requests++;
    if (strstr(seen, agent->expected))
        agent_say(to, "200 OK", "",
                  "{\"access_token\":\"good\",\"expires_in\":\"3600\","
                  "\"token_type\":\"Bearer\"}");
    else
        agent_say(to, "401 Unauthorized", challenge, "{}");
    engine_free(challenge);
}

static void *agent_run(void *user)
{
    struct agent *agent = user;

    for (;;) {
        struct pollfd waits[] = {{agent->listener, POLLIN, 0},
                                 {agent->stop[0], POLLIN, 0}};
        int to;

        if (poll(waits, 2, -1) < 0 || waits[1].revents)
            return NULL;
        to = accept(agent->listener, NULL, NULL);
        if (to < 0)
            return NULL;
        agent_serve(agent, to);
        close(to);
    }
}

static char *agent_open(struct agent *agent, const char *realm,
                        const char *expected)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(here);

    *agent = (struct agent){.realm = engine_strdup(realm),
                            .expected = expected,
                            .listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(agent->listener, (struct sockaddr *)&here, len), 0);
    assert_int_equal(listen(agent->listener, 8), 0);
    getsockname(agent->listener, (struct sockaddr *)&here, &len);
    assert_int_equal(pipe(agent->stop), 0);
    assert_int_equal(pthread_create(&agent->thread, NULL, agent_run, agent),
                     0);
    return engine_strf("http://127.0.0.1:%u/metadata/identity/oauth2/token",
                       ntohs(here.sin_port));
}

static void agent_close(struct agent *agent)
{
    assert_int_equal(write(agent->stop[1], "x", 1), 1);
    pthread_join(agent->thread, NULL);
    close(agent->stop[0]);
    close(agent->stop[1]);
    close(agent->listener);
    engine_free(agent->realm);
}

static engine_status ask_arc(const struct stage *stage, const char *endpoint,
                             engine_error *err)
{
    const struct azure_identity identity = {
        .sources = {[AZURE_MANAGED] = true},
        .chosen = true,
        .imds = "http://169.254.169.254",
        .endpoint = endpoint,
        .arc = true};
    struct http_client *client = NULL;
    const struct http_client_options http = {.retries = HTTP_NO_RETRIES};
    struct azure_credentials_options options = {
        .identity = &identity,
        .authority = "https://login.example",
        .arc_directory = stage->folder};
    struct azure_credentials *credentials = NULL;
    const struct secret *token = NULL;
    engine_status status;

    assert_int_equal(http_client_new(&http, &client, NULL), 0);
    options.client = client;
    assert_int_equal(azure_credentials_new(&options, &credentials, NULL), 0);
    status = azure_credentials_get(credentials, "https://management.azure.com",
                                   false, &token, err);
    if (status == ENGINE_OK) {
        assert_string_equal(token->text, "good");
        assert_string_equal(azure_credentials_source(credentials),
                            "managed identity");
    }
    azure_credentials_free(credentials);
    http_client_free(client);
    return status;
}

static void shows_azure_arc_what_its_key_file_holds(void **state)
{
    const struct stage *stage = *state;
    char *path = engine_strf("%s/one.key", stage->folder);
    struct agent agent;
    char *url;
    engine_error err = {0};

    assert_int_equal(file_write(path, "planted\n", 8, 0600, NULL), 0);
    url = agent_open(&agent, path, "Authorization: Basic planted\r\n");
    if (ask_arc(stage, url, &err) != ENGINE_OK)
        fail_msg("%s", err.message);
    agent_close(&agent);
    assert_int_equal(agent.requests, 2);
    assert_non_null(strstr(agent.seen[0], "Metadata: true"));
    assert_null(strstr(agent.seen[0], "Authorization"));
    assert_non_null(strstr(agent.seen[0],
                           "api-version=2019-11-01&resource=https%3A%2F%2F"
                           "management.azure.com"));
    engine_free(url);
    engine_free(path);
}

static void reads_no_other_file_for_azure_arc(void **state)
{
    const struct stage *stage = *state;
    char *outside = engine_strf("%s/../x.key", stage->folder);
    char *deeper = engine_strf("%s/a/b.key", stage->folder);
    char *other = engine_strf("%s/key.pem", stage->folder);
    char *prefix = engine_strf("%sx/b.key", stage->folder);
    char *linked = engine_strf("%s/link.key", stage->folder);
    const char *const realms[] = {"/etc/passwd", outside, deeper, other,
                                  prefix,        linked,  "\"\""};

    assert_int_equal(symlink("/etc/hostname", linked), 0);
    for (size_t i = 0; i < COUNT(realms); i++) {
        struct agent agent;
        engine_error err = {0};
        char *url = agent_open(&agent, realms[i], "Authorization: Basic ");

        assert_int_equal(ask_arc(stage, url, &err), ENGINE_EDENIED);
        agent_close(&agent);
        assert_int_equal(agent.requests, 1);
        engine_free(url);
    }
    engine_free(linked);
    engine_free(prefix);
    engine_free(other);
    engine_free(deeper);
    engine_free(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_certificates_of_all_kinds),
        cmocka_unit_test(says_what_is_wrong_with_a_certificate),
        cmocka_unit_test(survives_a_lack_of_memory),
        cmocka_unit_test(reads_what_az_prints),
        cmocka_unit_test(shows_azure_arc_what_its_key_file_holds),
        cmocka_unit_test(reads_no_other_file_for_azure_arc),
    };

    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
