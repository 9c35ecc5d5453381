/* SPDX-License-Identifier: Apache-2.0 */
/* test_server.c - admission, limits and routing, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "engine/server/private.h"

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
    assert_string_equal(word, "POST");
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
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
