/* SPDX-License-Identifier: Apache-2.0 */
/* test_server.c - admission, limits and routing, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "engine/server/private.h"
#include "engine/server/xccdf.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

static enum admit_verdict ask(struct admit_state state)
{
    return admit(1000, &state).verdict;
}

static void a_scan_runs_when_there_is_room(void **state)
{
    (void)state;
    assert_int_equal(ask((struct admit_state){.running_most = 1}), ADMIT_RUN);
    assert_int_equal(ask((struct admit_state){.running = 1,
                                              .running_most = 1,
                                              .waiting_most = 5}),
                     ADMIT_QUEUE);
}

static void a_full_queue_refuses(void **state)
{
    const struct admit_state full = {
        .running = 1, .running_most = 1, .waiting = 5, .waiting_most = 5};

    (void)state;
    assert_int_equal(ask(full), ADMIT_REFUSE);
    assert_string_equal(admit(0, &full).why, "full");
}

static void a_busy_target_refuses_or_waits(void **state)
{
    struct admit_state busy = {
        .running_most = 4, .waiting_most = 5, .target_busy = true};

    (void)state;
    assert_int_equal(ask(busy), ADMIT_REFUSE);
    assert_string_equal(admit(0, &busy).why, "busy");
    busy.may_wait = true;
    assert_int_equal(ask(busy), ADMIT_QUEUE);
}

static void a_later_time_is_told_by_the_clock_that_is_given(void **state)
{
    const struct admit_state later = {.running_most = 1,
                                      .not_before_ms = 2000};
    const struct admit_answer answer = admit(1999, &later);

    (void)state;
    assert_int_equal(answer.verdict, ADMIT_LATER);
    assert_int_equal(answer.not_before_ms, 2000);
    assert_int_equal(admit(2000, &later).verdict, ADMIT_RUN);
}

static void a_stopping_daemon_refuses_everything(void **state)
{
    (void)state;
    assert_int_equal(ask((struct admit_state){.running_most = 1,
                                              .stopping = true}),
                     ADMIT_REFUSE);
}

static void a_rate_allows_its_burst_and_then_one_at_a_time(void **state)
{
    struct rate *rate = rate_new();

    (void)state;
    assert_non_null(rate);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rate_take(rate, "a", 60, 5, 1000), 0);
    assert_in_range(rate_take(rate, "a", 60, 5, 1000), 900, 1100);
    assert_int_equal(rate_take(rate, "b", 60, 5, 1000), 0);
    assert_int_equal(rate_take(rate, "a", 60, 5, 2100), 0);
    assert_true(rate_take(rate, "a", 60, 5, 2100) > 0);
    assert_int_equal(rate_take(rate, "a", 0, 5, 2100), 0);
    rate_free(rate);
}

static void many_clients_do_not_grow_the_table(void **state)
{
    struct rate *rate = rate_new();
    char name[32];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "client-%d", i);
        assert_int_equal(rate_take(rate, name, 60, 5, 1000 + i), 0);
    }
    rate_free(rate);
}

static unsigned match(const char *method, const char *path,
                      const char **template, const char **word)
{
    static char kept[64];
    struct request request;
    const char *allow = NULL;
    unsigned status;

    request_init(&request, NULL);
    request.method = method;
    request.path = path;
    status = routes_match(&request, &allow);
    *template = request.route ? request.route->path : NULL;
    snprintf(kept, sizeof(kept), "%s",
             request.words[0] ? request.words[0] : allow ? allow : "");
    *word = kept;
    request_clear(&request);
    return status;
}

static void literal_words_win_over_ids(void **state)
{
    const char *template, *word;

    (void)state;
    assert_int_equal(match("GET", "/api/v1/scans/archives", &template, &word),
                     0);
    assert_string_equal(template, "/scans/archives");
    assert_int_equal(match("GET", "/api/v1/scans/abc", &template, &word), 0);
    assert_string_equal(template, "/scans/{scan_id}");
    assert_string_equal(word, "abc");
    assert_int_equal(match("GET", "/api/v1/scans/", &template, &word), 0);
    assert_string_equal(template, "/scans");
}

static void other_methods_are_named(void **state)
{
    const char *template, *word;

    (void)state;
    assert_int_equal(match("PUT", "/api/v1/scans/abc", &template, &word), 405);
    assert_int_equal(match("GET", "/api/v1/scans/execute", &template, &word),
                     405);
    assert_string_equal(word, "POST, OPTIONS");
}

static void nothing_else_matches(void **state)
{
    static const char *const paths[] = {
        "", "/", "/api", "/api/v1", "/api/v1/", "/api/v2/scans",
        "/api/v1/scans//status", "/api/v1/scans/a/b/c", "/scans",
        "/api/v1/scansx", "/api/v1/scan", "x/api/v1/scans"};
    const char *template, *word;

    (void)state;
    for (size_t i = 0; i < SERVER_COUNT(paths); i++)
        assert_int_equal(match("GET", paths[i], &template, &word), 404);
}

static void the_description_is_json_and_has_every_route(void **state)
{
    struct buffer text;
    engine_error err;
    bson_t document, paths;
    bson_iter_t iter;

    (void)state;
    buffer_init(&text, SERVER_BODY_MAX);
    assert_int_equal(openapi_put(&text, &err), 0);
    if (document_from_json(text.data, text.len, "openapi", &document, &err) <
        0)
        fail_msg("%s", err.message);
    assert_true(document_child(&document, "paths", &paths));
    for (size_t i = 0; i < routes_count; i++)
        assert_true(bson_iter_init_find(&iter, &paths, routes[i].path));
    bson_destroy(&document);
    buffer_clear(&text);
}

/* ---- XCCDF --------------------------------------------------------------- */

static void ids_are_kept_when_they_are_some_and_made_otherwise(void **state)
{
    static const char *const cases[][2] = {
        {"xccdf_org.x_rule_a-b.c", "xccdf_org.x_rule_a-b.c"},
        {"a b/c", XCCDF_PREFIX "rule_a_b_c"},
        {"", XCCDF_PREFIX "rule_x"},
        {"xccdf_org.x_rule_", XCCDF_PREFIX "rule_xccdf_org.x_rule_"},
        {"xccdf_org.x_value_a", XCCDF_PREFIX "rule_xccdf_org.x_value_a"},
        {"xccdf__rule_a", XCCDF_PREFIX "rule_xccdf__rule_a"},
        {"\xc3\xbc<", XCCDF_PREFIX "rule____"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < SERVER_COUNT(cases); i++)
        assert_string_equal(xccdf_id(&arena, "rule", cases[i][0]),
                            cases[i][1]);
    assert_string_equal(xccdf_profile_id(&arena, "nist", "800-53r5"),
                        XCCDF_PREFIX "profile_nist_800_53r5");
    arena_clear(&arena);
}

static void texts_hold_only_what_xml_can_carry(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 4096);
    xccdf_text(&out, "<a b=\"c\">&\x01\t\xef\xbf\xbe\xef\xbf\xbd]]>");
    assert_string_equal(out.data, "&lt;a b=&quot;c&quot;&gt;&amp;?\t?"
                                  "\xef\xbf\xbd]]&gt;");
    buffer_reset(&out);
    xccdf_uri(&out, "http://a/b c?d=1&e=<\xc3\xbc>");
    assert_string_equal(out.data, "http://a/b%20c?d=1&amp;e=%3C%C3%BC%3E");
    buffer_clear(&out);
}

/* ---- tokens -------------------------------------------------------------- */

static engine_status check_token(struct store *store, const char *text,
                                 enum server_role *role)
{
    struct request request;
    engine_error err = {0};
    char *header = engine_strf("Bearer %s", text);
    engine_status status;

    request_init(&request, NULL);
    request.authorization = header;
    status = auth_check(&request, store, &err);
    *role = request.role;
    request_clear(&request);
    engine_free(header);
    return status;
}

static void tokens_are_checked_with_role_and_expiry(void **state)
{
    char *directory = NULL, *uri, *good = NULL, *late = NULL;
    const int64_t now = clock_now_ms();
    struct store *store = NULL;
    enum server_role role;
    engine_error err;

    (void)state;
    assert_int_equal(file_make_temporary("/tmp", "tokens-", &directory, &err),
                     0);
    uri = engine_strf("sqlite:%s/engine.db", directory);
    assert_int_equal(store_open(uri, 0, NULL, &store, &err), 0);
    assert_int_equal(server_token_create(store, "a", "operator", now + 60000,
                                         &good, &err), 0);
    assert_int_equal(server_token_create(store, "b", "admin", now - 1, &late,
                                         &err), 0);
    assert_int_equal(server_token_create(store, "c", "king", 0, &uri, &err),
                     ENGINE_EINVAL);
    assert_int_equal(check_token(store, good, &role), ENGINE_OK);
    assert_int_equal(role, ROLE_OPERATOR);
    assert_int_equal(check_token(store, late, &role), ENGINE_EDENIED);
    assert_int_equal(role, ROLE_OPEN);
    good[strlen(good) - 1] ^= 1;
    assert_int_equal(check_token(store, good, &role), ENGINE_EDENIED);
    good[3] ^= 1; /* another id: none */
    assert_int_equal(check_token(store, good, &role), ENGINE_EDENIED);
    store_close(store);
    assert_int_equal(file_remove_tree(directory, &err), 0);
    engine_free(late);
    engine_free(good);
    engine_free(uri);
    engine_free(directory);
}

/* ---- forms --------------------------------------------------------------- */

static void inline_secrets_leave_the_document(void **state)
{
    static const char text[] =
        "{\"target\": {\"type\": \"ssh_host\", \"identifier\": \"db1\","
        " \"credentials\": {\"username\": \"u\", \"password\": \"pw\","
        " \"ssh_key\": \"-----BEGIN X\"}}, \"profile_id\": \"p\"}";
    bson_t out = BSON_INITIALIZER, files = BSON_INITIALIZER;
    struct request request;
    engine_error err = {0};
    char *shown;

    (void)state;
    request_init(&request, NULL);
    bson_destroy(&request.json);
    assert_int_equal(document_from_json(text, strlen(text), "body",
                                        &request.json, &err), 0);
    assert_int_equal(form_scan(&request, &out, &files, &err), 0);
    assert_int_equal(bson_count_keys(&files), 2);
    assert_string_equal(document_string(&out, "target.host"), "db1");
    assert_string_equal(document_string(&out, "target.username"), "u");
    assert_string_equal(document_string(&out, "profile"), "p");
    shown = bson_as_relaxed_extended_json(&out, NULL);
    assert_null(strstr(shown, "pw"));
    assert_null(strstr(shown, "BEGIN"));
    bson_free(shown);
    assert_int_equal(
        file_read(document_string(&out, "target.password.file"), 100, &shown,
                  NULL, &err), 0);
    assert_string_equal(shown, "pw");
    engine_free(shown);
    secrets_close(&files);
    bson_destroy(&files);
    bson_destroy(&out);
    request_clear(&request);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scan_runs_when_there_is_room),
        TEST(a_full_queue_refuses),
        TEST(a_busy_target_refuses_or_waits),
        TEST(a_later_time_is_told_by_the_clock_that_is_given),
        TEST(a_stopping_daemon_refuses_everything),
        TEST(a_rate_allows_its_burst_and_then_one_at_a_time),
        TEST(many_clients_do_not_grow_the_table),
        TEST(literal_words_win_over_ids),
        TEST(other_methods_are_named),
        TEST(nothing_else_matches),
        TEST(the_description_is_json_and_has_every_route),
        TEST(ids_are_kept_when_they_are_some_and_made_otherwise),
        TEST(texts_hold_only_what_xml_can_carry),
        TEST(tokens_are_checked_with_role_and_expiry),
        TEST(inline_secrets_leave_the_document),
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
