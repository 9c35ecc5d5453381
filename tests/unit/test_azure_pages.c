/* SPDX-License-Identifier: Apache-2.0 */
/* test_azure_pages.c - pages of answers: where they lead, what is no end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "plugins/azure/pager.h"
#include "sdk/base/alloc.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct pages {
    struct arena arena;
    struct azure_pager pager;
    engine_error err;
};

static void pages_open(struct pages *pages, bool tokens)
{
    *pages = (struct pages){0};
    arena_init(&pages->arena, 1 << 20);
    azure_pager_init(&pages->pager, "https://m.example", tokens,
                     &pages->arena);
}

static void pages_close(struct pages *pages)
{
    azure_pager_clear(&pages->pager);
    arena_clear(&pages->arena);
}

static engine_status pages_add(struct pages *pages, const char *text)
{
    return azure_pager_add(&pages->pager, text, strlen(text), &pages->err);
}

static void follows_links_to_the_same_host_only(void **state)
{
    static const char *const hostile[] = {
        "https://evil.example/x", "http://m.example/x",
        "https://m.example.evil/x", "https://m.example@evil/x",
        "https://m.example/../x", "//m.example/x", "/x", "https://m.example",
        "https://m.example/a/listKeys?x=1"};
    struct pages pages;

    (void)state;
    pages_open(&pages, false);
    assert_int_equal(pages_add(&pages, "{\"value\":[1],\"nextLink\":"
                                       "\"https://M.example:443/x?y=1\"}"),
                     ENGINE_OK);
    assert_string_equal(pages.pager.next, "/x?y=1");
    pages_close(&pages);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char text[256];

        snprintf(text, sizeof(text), "{\"value\":[],\"nextLink\":\"%s\"}",
                 hostile[i]);
        pages_open(&pages, false);
        if (pages_add(&pages, text) == ENGINE_OK)
            fail_msg("followed: %s", hostile[i]);
        assert_null(pages.pager.next);
        pages_close(&pages);
    }
}

static void ends_when_there_is_no_more(void **state)
{
    static const char *const cases[] = {
        "{\"value\":[]}", "{\"value\":[],\"nextLink\":null}",
        "{\"value\":[],\"nextLink\":\"\"}", "{\"id\":\"a\"}", "[1]",
        "{\"@odata.context\":\"c\",\"value\":\"text\"}"};
    struct pages pages;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        pages_open(&pages, false);
        assert_int_equal(pages_add(&pages, cases[i]), ENGINE_OK);
        assert_null(pages.pager.next);
        pages_close(&pages);
    }
}

static void does_not_take_what_is_no_page_for_the_end(void **state)
{
    static const char *const firsts[2][9] = {
        {"", "null", "{\"nextLink\":\"https://m.example/x\"}",
         "{\"value\":null,\"nextLink\":\"https://m.example/x\"}",
         "{\"id\":\"a\",\"nextLink\":\"https://m.example/x\"}", "{}",
         "{\"value\":null}", "{\"error\":{\"code\":\"x\"}}",
         "{\"@odata.context\":\"x\",\"nextLink\":null}"},
        {"", "{}", "[1]", "{\"data\":{},\"$skipToken\":\"t\"}", "null",
         "{\"value\":[]}", "{\"data\":null}", "{\"error\":{}}",
         "{\"totalRecords\":0}"}};
    static const char *const seconds[2][5] = {
        {"", "null", "{}", "{\"value\":null}", "[1]"},
        {"", "null", "{}", "{\"value\":[]}", "{\"data\":{}}"}};
    static const char *const good[2] = {
        "{\"value\":[1],\"nextLink\":\"https://m.example/x\"}",
        "{\"data\":[1],\"$skipToken\":\"t\"}"};
    struct pages pages;

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(firsts[0]); i++) {
        pages_open(&pages, i % 2);
        if (pages_add(&pages, firsts[i % 2][i / 2]) != ENGINE_EPARSE)
            fail_msg("accepted: %s", firsts[i % 2][i / 2]);
        assert_true(pages.err.message[0]);
        pages_close(&pages);
    }
    for (size_t i = 0; i < 2 * COUNT(seconds[0]); i++) {
        pages_open(&pages, i % 2);
        assert_int_equal(pages_add(&pages, good[i % 2]), ENGINE_OK);
        if (pages_add(&pages, seconds[i % 2][i / 2]) != ENGINE_EPARSE)
            fail_msg("accepted: %s", seconds[i % 2][i / 2]);
        assert_non_null(strstr(pages.err.message, "page 2"));
        pages_close(&pages);
    }
}

static void minds_what_expand_left_out(void **state)
{
    static const char *const cases[] = {
        "{\"value\":[{},{\"members@odata.nextLink\":\"https://x\"}]}",
        "{\"value\":[{\"owners\":[{\"of@odata.nextLink\":\"x\"}]}]}",
        "{\"id\":\"a\",\"members@odata.nextLink\":\"https://x\"}"};
    struct pages pages;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        pages_open(&pages, false);
        assert_int_equal(pages_add(&pages, cases[i]), ENGINE_ELIMIT);
        assert_non_null(strstr(pages.err.message, "@odata.nextLink"));
        pages_close(&pages);
    }
}

/* {"value": [{"members": [{"id": 0}, ...]}]} */
static void pages_expanded(struct pages *pages, const char *expand,
                           unsigned count, engine_status wanted)
{
    struct buffer text;

    buffer_init(&text, 4096);
    buffer_puts(&text, "{\"value\":[{\"members\":[");
    for (unsigned i = 0; i < count; i++)
        buffer_printf(&text, "%s{\"id\":%u}", i ? "," : "", i);
    buffer_puts(&text, "]}]}");
    pages_open(pages, false);
    pages->pager.expand = expand;
    assert_int_equal(pages_add(pages, text.data), wanted);
    pages_close(pages);
    buffer_clear(&text);
}

static void takes_twenty_expanded_objects_for_a_part(void **state)
{
    struct pages pages;

    (void)state;
    pages_expanded(&pages, "members($select=id)", 20, ENGINE_ELIMIT);
    assert_non_null(strstr(pages.err.message, "members"));
    assert_non_null(strstr(pages.err.hint, "foreach"));
    pages_expanded(&pages, "*", 20, ENGINE_ELIMIT);
    pages_expanded(&pages, "members", 19, ENGINE_OK);
    pages_expanded(&pages, "members", 21, ENGINE_OK);
    pages_expanded(&pages, "owners", 20, ENGINE_OK);
    pages_expanded(&pages, NULL, 20, ENGINE_OK);
}

static void notices_a_page_that_leads_to_itself(void **state)
{
    struct pages pages;

    (void)state;
    pages_open(&pages, true);
    assert_int_equal(pages_add(&pages, "{\"data\":[1],\"$skipToken\":\"t\"}"),
                     ENGINE_OK);
    assert_string_equal(pages.pager.next, "t");
    pages.pager.count = 1;
    pages.pager.pages = NULL;
    assert_int_equal(pages_add(&pages, "{\"data\":[2],\"$skipToken\":\"t\"}"),
                     ENGINE_ELIMIT);
    pages_close(&pages);
}

static void minds_rows_that_resource_graph_left_out(void **state)
{
    struct pages pages;

    (void)state;
    pages_open(&pages, true);
    assert_int_equal(
        pages_add(&pages, "{\"data\":[1],\"resultTruncated\":\"true\"}"),
        ENGINE_ELIMIT);
    assert_non_null(strstr(pages.err.hint, "id"));
    pages_close(&pages);
}

static void pages_run_out_of_memory_cleanly(void **state)
{
    (void)state;
    for (long nth = 1; nth < 60; nth++) {
        struct pages pages;

        pages_open(&pages, true);
        engine_alloc_fail_at(nth);
        (void)pages_add(&pages, "{\"data\":[1],\"$skipToken\":\"t\"}");
        (void)pages_add(&pages, "{\"data\":[1],\"$skipToken\":\"u\"}");
        engine_alloc_fail_at(0);
        pages_close(&pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_links_to_the_same_host_only),
        cmocka_unit_test(ends_when_there_is_no_more),
        cmocka_unit_test(does_not_take_what_is_no_page_for_the_end),
        cmocka_unit_test(minds_what_expand_left_out),
        cmocka_unit_test(takes_twenty_expanded_objects_for_a_part),
        cmocka_unit_test(notices_a_page_that_leads_to_itself),
        cmocka_unit_test(minds_rows_that_resource_graph_left_out),
        cmocka_unit_test(pages_run_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
