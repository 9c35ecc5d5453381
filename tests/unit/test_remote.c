/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote.c - what a client reads from a daemon: addresses, events and
 * pages, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/remote/page.h"
#include "engine/remote/sse.h"
#include "engine/remote/url.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/* ---- addresses ----------------------------------------------------------- */

static void check_url(const char *url, bool insecure, const char *wanted)
{
    engine_error err = {0};
    char *out = NULL;
    const engine_status status = url_check(url, insecure, &out, &err);

    if (!wanted) {
        assert_true(status < 0);
        assert_true(err.message[0] != '\0');
        assert_null(strstr(err.message, "hunter2"));
        assert_null(out);
        return;
    }
    assert_int_equal(status, ENGINE_OK);
    assert_string_equal(out, wanted);
    engine_free(out);
}

static void makes_the_address_of_the_api(void **state)
{
    (void)state;
    check_url("https://host", false, "https://host/api/v1");
    check_url("https://host:8734/", false, "https://host:8734/api/v1");
    check_url("https://host/some/where/", false,
              "https://host/some/where/api/v1");
    check_url("https://host/api/v1/", false, "https://host/api/v1");
    check_url("http://127.0.0.1:1", false, "http://127.0.0.1:1/api/v1");
    check_url("http://[::1]:1", false, "http://[::1]:1/api/v1");
    check_url("http://host", true, "http://host/api/v1");
}

static void refuses_addresses_that_give_the_token_away(void **state)
{
    (void)state;
    check_url("http://host", false, NULL);
    check_url("http://127.0.0.1.host", false, NULL);
    check_url("http://128.0.0.1", false, NULL);
    check_url("http://[::2]", false, NULL);
    check_url("http://[::ffff:192.0.2.1]", false, NULL);
    check_url("https://u:hunter2@host", false, NULL);
    check_url("https://hunter2@host", false, NULL);
    check_url("http://127.0.0.1@host", false, NULL);
    check_url("https://host/?hunter2", false, NULL);
    check_url("https://host/#hunter2", false, NULL);
    check_url("https://host/\r\nX: y", false, NULL);
    check_url("file:///etc/passwd", true, NULL);
    check_url("gopher://127.0.0.1", true, NULL);
    check_url("host:8734", true, NULL);
    check_url("", true, NULL);
}

static void knows_this_machine(void **state)
{
    (void)state;
    assert_true(url_is_loopback("localhost"));
    assert_true(url_is_loopback("LOCALHOST"));
    assert_true(url_is_loopback("127.9.8.7"));
    assert_true(url_is_loopback("[::1]"));
    assert_false(url_is_loopback("localhost.host"));
    assert_false(url_is_loopback("127.1"));
    assert_false(url_is_loopback("126.0.0.1"));
    assert_false(url_is_loopback("[::"));
    assert_false(url_is_loopback("[]"));
    assert_false(url_is_loopback(""));
}

static void reads_how_long_to_wait(void **state)
{
    (void)state;
    assert_int_equal(url_retry_after("0"), 0);
    assert_int_equal(url_retry_after(" 17 "), 17);
    assert_int_equal(url_retry_after("99999999999999999999"), 86400);
    assert_int_equal(url_retry_after("-1"), -1);
    assert_int_equal(url_retry_after(""), -1);
    assert_int_equal(url_retry_after("5 minutes"), -1);
    assert_int_equal(url_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), -1);
}

/* ---- events -------------------------------------------------------------- */

struct seen {
    char text[512];
    size_t cut;
};

static engine_status note_event(const struct sse_event *event, void *user,
                                engine_error *err)
{
    struct seen *seen = user;
    const size_t len = strlen(seen->text);

    if (strcmp(event->name, "stop") == 0)
        return engine_fail(err, ENGINE_ECANCELLED, "stop");
    seen->cut += event->cut;
    snprintf(seen->text + len, sizeof(seen->text) - len, "%s=%.100s;",
             event->name, event->data);
    return ENGINE_OK;
}

static void check_events(const char *text, size_t step, const char *wanted)
{
    struct seen seen = {{0}, 0};
    struct sse sse;
    const size_t len = strlen(text);

    sse_init(&sse, note_event, &seen);
    for (size_t at = 0; at < len; at += step)
        assert_int_equal(
            sse_feed(&sse, text + at, len - at < step ? len - at : step, NULL),
            ENGINE_OK);
    assert_string_equal(seen.text, wanted);
    sse_clear(&sse);
}

static void reads_events_however_they_are_cut(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf: hello\n\nevent: one\ndata: {\"a\":1}\n\n"
        "data\ndata:  b\r\ndata:c\r\n\r\n"
        "event: nothing\n\nid: 5\rdata: cr\r\rretry: 3\nother: x\n"
        "data: not ended\n";

    (void)state;
    for (size_t step = 1; step < sizeof(text); step++)
        check_events(text, step, "one={\"a\":1};message=\n b\nc;message=cr;");
}

static void keeps_the_last_id_over_connections(void **state)
{
    struct seen seen = {{0}, 0};
    struct sse sse;

    (void)state;
    sse_init(&sse, note_event, &seen);
    assert_string_equal(sse_last_id(&sse), "");
    sse_feed(&sse, "id: 12\ndata: half", 17, NULL);
    sse_restart(&sse);
    assert_string_equal(sse_last_id(&sse), "12");
    sse_feed(&sse, "data: new\n\n", 11, NULL);
    assert_string_equal(seen.text, "message=new;");
    sse_feed(&sse, "id: a\x01\n\nid: b c\n", 15, NULL);
    assert_string_equal(sse_last_id(&sse), "12");
    sse_clear(&sse);
}

static void lets_long_events_pass_without_their_data(void **state)
{
    struct seen seen = {{0}, 0};
    struct sse sse;
    char block[4096];

    (void)state;
    memset(block, 'x', sizeof(block));
    sse_init(&sse, note_event, &seen);
    sse_feed(&sse, "event: big\ndata: ", 17, NULL);
    for (size_t i = 0; i < 2 * SSE_DATA_MAX / sizeof(block); i++)
        assert_int_equal(sse_feed(&sse, block, sizeof(block), NULL), ENGINE_OK);
    assert_true(sse.line.room <= 2 * (SSE_DATA_MAX + SSE_ID_MAX));
    sse_feed(&sse, "\n\ndata: after\n\n", 15, NULL);
    assert_int_equal(seen.cut, 1);
    assert_string_equal(seen.text, "big=;message=after;");
    sse_clear(&sse);
}

static void refuses_an_event_without_end(void **state)
{
    struct seen seen = {{0}, 0};
    struct sse sse;
    static char block[1024 * 1024];
    engine_error err = {0};
    engine_status status = ENGINE_OK;
    size_t fed = 0;

    (void)state;
    memset(block, 'x', sizeof(block));
    sse_init(&sse, note_event, &seen);
    for (; status == ENGINE_OK && fed < 2 * SSE_EVENT_MAX; fed += sizeof(block))
        status = sse_feed(&sse, block, sizeof(block), &err);
    assert_int_equal(status, ENGINE_ELIMIT);
    assert_true(fed <= SSE_EVENT_MAX + sizeof(block));
    sse_clear(&sse);
}

static void stops_when_it_is_told_to(void **state)
{
    struct seen seen = {{0}, 0};
    struct sse sse;
    engine_error err = {0};

    (void)state;
    sse_init(&sse, note_event, &seen);
    assert_int_equal(
        sse_feed(&sse, "event: stop\ndata: x\n\ndata: y\n\n", 30, &err),
        ENGINE_ECANCELLED);
    assert_string_equal(seen.text, "");
    sse_clear(&sse);
}

/* ---- pages --------------------------------------------------------------- */

static engine_status note_item(const bson_t *item, void *user,
                               engine_error *err)
{
    char *out = user;
    const size_t len = strlen(out);

    if (document_bool(item, "stop", false))
        return engine_fail(err, ENGINE_ECANCELLED, "stop");
    snprintf(out + len, 256 - len, "%lld;",
             (long long)document_int(item, "n", -1));
    return ENGINE_OK;
}

static void check_page(const char *text, const char *items, const char *rest)
{
    char seen[256] = "";
    engine_error err = {0};
    bson_t out;
    struct buffer json;

    assert_int_equal(
        page_read(text, strlen(text), "list", note_item, seen, &out, &err),
        ENGINE_OK);
    assert_string_equal(seen, items);
    buffer_init(&json, 4096);
    document_to_json(&out, 0, &json);
    assert_string_equal(json.data, rest);
    buffer_clear(&json);
    bson_destroy(&out);
}

static void gives_the_items_of_a_page(void **state)
{
    (void)state;
    check_page("{\"list\":[]}", "", "{\"list\":[]}");
    check_page("{\"list\" : [ {\"n\":1} , {\"n\":2}\n]\n, \"more\": true}",
               "1;2;", "{\"list\":[],\"more\":true}");
    check_page("{\"a\":{\"list\":[{\"n\":9}]},\"b\":\"list\","
               "\"list\":[{\"n\":1,\"list\":[{\"n\":8}]}]}",
               "1;",
               "{\"a\":{\"list\":[{\"n\":9}]},\"b\":\"list\","
               "\"list\":[]}");
    check_page("{\"list\":[{\"s\":\"}]\\\"\\\\\",\"n\":3}]}", "3;",
               "{\"list\":[]}");
}

static void refuses_what_is_no_page(void **state)
{
    static const char *const wrong[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "null",
                                        "{\"list\":{}}",
                                        "{\"list\":1}",
                                        "{\"list\":[1]}",
                                        "{\"list\":[{}",
                                        "{\"list\":[{}{}]}",
                                        "{\"list\":[{},]}",
                                        "{\"list\":[{}]",
                                        "{\"list\":[{\"n\":]}",
                                        "{\"list\":[{}]}}",
                                        "{\"list\":[]} x",
                                        "{\"list\":[[]]}",
                                        "{\"list\":[\"",
                                        "[{\"list\":[{\"n\":1}]}]",
                                        "{\"list\":[],\"list\":[{}]}",
                                        "{\"a\":\"\\",
                                        "{\"list\":[{\"a\":\"\\"};
    char seen[256] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        engine_error err = {0};
        bson_t out;

        seen[0] = '\0';
        assert_int_equal(page_read(wrong[i], strlen(wrong[i]), "list",
                                   note_item, seen, &out, &err),
                         ENGINE_EPARSE);
        assert_true(err.message[0] != '\0');
    }
}

static void ends_a_page_when_it_is_told_to(void **state)
{
    static const char text[] =
        "{\"list\":[{\"n\":1},{\"stop\":true},{\"n\":2}]}";
    char seen[256] = "";
    bson_t out;

    (void)state;
    assert_int_equal(
        page_read(text, strlen(text), "list", note_item, seen, &out, NULL),
        ENGINE_ECANCELLED);
    assert_string_equal(seen, "1;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_address_of_the_api),
        cmocka_unit_test(refuses_addresses_that_give_the_token_away),
        cmocka_unit_test(knows_this_machine),
        cmocka_unit_test(reads_how_long_to_wait),
        cmocka_unit_test(reads_events_however_they_are_cut),
        cmocka_unit_test(keeps_the_last_id_over_connections),
        cmocka_unit_test(lets_long_events_pass_without_their_data),
        cmocka_unit_test(refuses_an_event_without_end),
        cmocka_unit_test(stops_when_it_is_told_to),
        cmocka_unit_test(gives_the_items_of_a_page),
        cmocka_unit_test(refuses_what_is_no_page),
        cmocka_unit_test(ends_a_page_when_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
