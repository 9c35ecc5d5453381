/* SPDX-License-Identifier: Apache-2.0 */
/* test_kube_read.c - answers in pieces and pages, and what ends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "plugins/kubernetes/read.h"
#include "sdk/base/alloc.h"

/** What came out of a read. */
struct judge {
    char names[256];
    unsigned done;
    engine_error failure;
    bool absent, has_list;
    uint64_t kept;
};

static engine_status judge_item(struct kube_read *read,
                                const struct value *item, struct arena *arena,
                                void *user, engine_error *err)
{
    struct judge *judge = user;
    const char *name = value_text(value_at(item, "metadata", "name", NULL));

    (void)read;
    (void)arena;
    (void)err;
    strncat(judge->names, name ? name : "?", 8);
    return ENGINE_OK;
}

static void judge_done(struct kube_read *read, void *user)
{
    struct judge *judge = user;
    const struct value *items = value_member(read->document, "items");

    judge->done++;
    judge->failure = read->failure;
    judge->absent = read->absent;
    judge->has_list = read->has_list;
    judge->kept = items ? items->count : 0;
}

static const struct kube_read_events events = {.item = judge_item,
                                               .done = judge_done};

static void read_begin(struct kube_read *read, struct judge *judge)
{
    memset(read, 0, sizeof(*read));
    memset(judge, 0, sizeof(*judge));
    read->mask = value_mask_new();
    assert_non_null(read->mask);
    assert_int_equal(value_mask_keys(read->mask, "metadata", NULL),
                     ENGINE_OK);
    assert_int_equal(kube_path_parse("/api/v1/pods", &read->path, NULL),
                     ENGINE_OK);
    assert_int_equal(kube_read_open(read, &events, judge, NULL), ENGINE_OK);
}

static void read_end(struct kube_read *read, const engine_error *why)
{
    kube_read_done(read, why);
    kube_read_done(read, NULL); /* is once enough */
    kube_read_clear(read);
    value_mask_free(read->mask);
    kube_path_clear(&read->path);
}

static engine_status read_feed(struct kube_read *read, const char *text)
{
    return kube_read_bytes(read, text, strlen(text), NULL);
}

#define ITEM(name) "{\"metadata\":{\"name\":\"" name "\"}}"
#define PAGE(items, more) \
    "{\"kind\":\"PodList\",\"metadata\":{" more "},\"items\":[" items "]}"
#define NEXT "\"continue\":\"t\""

static void pages_make_one_list(void **state)
{
    struct kube_read read;
    struct judge judge;
    const char *next;

    (void)state;
    read_begin(&read, &judge);
    read.keep = true;
    assert_int_equal(read_feed(&read, PAGE(ITEM("a") "," ITEM("b"), NEXT)),
                     ENGINE_OK);
    assert_int_equal(kube_read_page(&read, &next, NULL), ENGINE_OK);
    assert_string_equal(next, "t");
    assert_int_equal(read_feed(&read, PAGE(ITEM("c"), "")), ENGINE_OK);
    assert_int_equal(kube_read_page(&read, &next, NULL), ENGINE_OK);
    assert_null(next);
    read_end(&read, NULL);
    assert_string_equal(judge.names, "abc");
    assert_int_equal(judge.done, 1);
    assert_int_equal(judge.failure.status, ENGINE_OK);
    assert_int_equal(judge.kept, 3);
}

static void what_comes_again_is_judged_once(void **state)
{
    struct kube_read read;
    struct judge judge;
    const char *next;

    (void)state;
    read_begin(&read, &judge);
    assert_int_equal(read_feed(&read, "{\"items\":[" ITEM("a") ","),
                     ENGINE_OK);
    kube_read_again(&read);
    assert_int_equal(read_feed(&read, PAGE(ITEM("a") "," ITEM("b"), "")),
                     ENGINE_OK);
    assert_int_equal(kube_read_page(&read, &next, NULL), ENGINE_OK);
    read_end(&read, NULL);
    assert_string_equal(judge.names, "ab");
    assert_int_equal(judge.failure.status, ENGINE_OK);
}

/* a source that forgets what it promised makes no verdict of it */
static void a_list_that_is_not_whole_is_a_failure(void **state)
{
    static const char *const pages[][2] = {
        {PAGE(ITEM("a"), NEXT), NULL},
        {PAGE("", NEXT), NULL},
        {PAGE(ITEM("a"), NEXT), "{}"},
        {PAGE(ITEM("a"), NEXT), "{\"kind\":\"Status\"}"},
        {PAGE(ITEM("a"), NEXT), "null"},
        {"{\"items\":[" ITEM("a"), NULL},
        {"", NULL},
        {"{\"kind\":\"PodList\",\"items\":3}", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        struct kube_read read;
        struct judge judge;
        engine_error err = {0};
        engine_status status = ENGINE_OK;
        const char *next;
        read_begin(&read, &judge);
        for (size_t j = 0; j < 2 && pages[i][j] && status == ENGINE_OK; j++) {
            status = kube_read_bytes(&read, pages[i][j],
                                     strlen(pages[i][j]), &err);
            if (status == ENGINE_OK)
                status = kube_read_page(&read, &next, &err);
        }
        read_end(&read, &err);
        if (judge.failure.status >= 0)
            fail_msg("%zu", i);
        assert_int_equal(judge.done, 1);
    }
}

static void bytes_without_an_end_are_a_failure(void **state)
{
    struct kube_read read;
    struct judge judge;

    (void)state;
    read_begin(&read, &judge);
    assert_int_equal(read_feed(&read, PAGE(ITEM("a"), "")), ENGINE_OK);
    read_end(&read, NULL);
    assert_int_equal(judge.failure.status, ENGINE_EPARSE);
}

static void absent_is_an_answer_but_not_in_the_middle(void **state)
{
    struct kube_read read;
    struct judge judge;
    const char *next;

    (void)state;
    read_begin(&read, &judge);
    kube_read_absent(&read);
    read_end(&read, NULL);
    assert_true(judge.absent);
    assert_int_equal(judge.failure.status, ENGINE_OK);
    read_begin(&read, &judge);
    assert_int_equal(read_feed(&read, PAGE(ITEM("a"), NEXT)), ENGINE_OK);
    assert_int_equal(kube_read_page(&read, &next, NULL), ENGINE_OK);
    kube_read_absent(&read);
    read_end(&read, NULL);
    assert_true(judge.failure.status < 0);
}

static void null_items_are_an_empty_list(void **state)
{
    struct kube_read read;
    struct judge judge;
    const char *next;

    (void)state;
    read_begin(&read, &judge);
    assert_int_equal(read_feed(&read, "{\"kind\":\"PodList\",\"items\":null}"),
                     ENGINE_OK);
    assert_int_equal(kube_read_page(&read, &next, NULL), ENGINE_OK);
    read_end(&read, NULL);
    assert_true(judge.has_list);
    assert_int_equal(judge.failure.status, ENGINE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_make_one_list),
        cmocka_unit_test(what_comes_again_is_judged_once),
        cmocka_unit_test(a_list_that_is_not_whole_is_a_failure),
        cmocka_unit_test(bytes_without_an_end_are_a_failure),
        cmocka_unit_test(absent_is_an_answer_but_not_in_the_middle),
        cmocka_unit_test(null_items_are_an_empty_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
