/* SPDX-License-Identifier: Apache-2.0 */
/* test_table.c - what makes a million rules cheap: the string table, members
 * found in one walk, documents put together in a buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"
#include "sdk/document/put.h"

#define MANY 20000

static const char *key_of(size_t number, char room[32])
{
    snprintf(room, 32, "key-%zu", number);
    return room;
}

static void finds_what_was_set(void **state)
{
    struct table table;
    char key[32];

    (void)state;
    table_init(&table);
    assert_null(table_get(&table, "none"));
    assert_false(table_has(&table, ""));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(
            table_set(&table, key_of(i, key), (void *)(uintptr_t)(i + 1)),
            ENGINE_OK);
    assert_int_equal(table.count, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal((uintptr_t)table_get(&table, key_of(i, key)), i + 1);
    assert_false(table_has(&table, key_of(MANY, key)));
    table_clear(&table);
    assert_int_equal(table.count, 0);
    table_clear(&table);
}

static void replaces_or_leaves_what_is_there(void **state)
{
    int one, two;
    struct table table;

    (void)state;
    table_init(&table);
    assert_int_equal(table_add(&table, "a", &one), 1);
    assert_int_equal(table_add(&table, "a", &two), 0);
    assert_ptr_equal(table_get(&table, "a"), &one);
    assert_int_equal(table_set(&table, "a", &two), ENGINE_OK);
    assert_ptr_equal(table_get(&table, "a"), &two);
    assert_int_equal(table_set(&table, "b", NULL), ENGINE_OK);
    assert_null(table_get(&table, "b"));
    assert_true(table_has(&table, "b"));
    assert_int_equal(table.count, 2);
    table_clear(&table);
}

static void walks_in_order(void **state)
{
    static const char *const words[] = {"z", "a", "m", "", "b"};
    struct table table;
    const char *key;
    size_t at = 0, seen = 0;

    (void)state;
    table_init(&table);
    assert_null(table_next(&table, &at, NULL));
    for (size_t i = 0; i < 5; i++)
        table_set(&table, words[i], NULL);
    table_set(&table, "a", NULL);
    while ((key = table_next(&table, &at, NULL)))
        assert_string_equal(key, words[seen++]);
    assert_int_equal(seen, 5);
    table_clear(&table);
}

static void a_wrong_guess_finds_it_too(void **state)
{
    struct table table;
    size_t guess = 0;
    char key[32];

    (void)state;
    table_init(&table);
    assert_null(table_at(&table, "a", &guess));
    for (size_t i = 0; i < 100; i++)
        table_set(&table, key_of(i, key), (void *)(uintptr_t)(i + 1));
    for (size_t i = 0; i < 400; i++) { /* twice each, then at random */
        const size_t number = i < 200 ? i / 2 : i * 37 % 100;
        void **value = table_at(&table, key_of(number, key), &guess);

        assert_non_null(value);
        assert_int_equal((uintptr_t)*value, number + 1);
        assert_int_equal(guess, number);
    }
    assert_null(table_at(&table, "none", &guess));
    guess = SIZE_MAX;
    assert_non_null(table_at(&table, "key-7", &guess));
    *table_at(&table, "key-7", &guess) = NULL;
    assert_null(table_get(&table, "key-7"));
    table_clear(&table);
}

static void keeps_keys_of_any_length(void **state)
{
    static char keys[60][4000];
    struct table table;

    (void)state;
    table_init(&table);
    for (size_t i = 0; i < 60; i++) {
        memset(keys[i], 'a' + (int)(i % 26), 60 * i + i / 26);
        assert_int_equal(table_set(&table, keys[i], keys[i]), ENGINE_OK);
    }
    for (size_t i = 0; i < 60; i++)
        assert_ptr_equal(table_get(&table, keys[i]), keys[i]);
    table_clear(&table);
}

static void is_as_it_was_when_memory_is_short(void **state)
{
    char key[32];

    (void)state;
    for (long nth = 1; nth < 40; nth++) {
        struct table table;
        size_t set = 0;

        table_init(&table);
        engine_alloc_fail_at(nth);
        for (size_t i = 0; i < 200; i++)
            if (table_set(&table, key_of(i, key), (void *)1) == ENGINE_OK)
                set++;
            else
                assert_false(table_has(&table, key));
        engine_alloc_fail_at(0);
        assert_true(set >= 199);
        assert_int_equal(table.count, set);
        table_clear(&table);
    }
}

static void members_are_found_in_one_walk(void **state)
{
    static const char *const names[] = {"b", "none", "a", "bb"};
    struct document_member found[4];
    bson_t document = BSON_INITIALIZER;

    (void)state;
    BSON_APPEND_UTF8(&document, "a", "text");
    BSON_APPEND_DOUBLE(&document, "b", 7.9);
    BSON_APPEND_UTF8(&document, "a", "second");
    BSON_APPEND_INT64(&document, "bb", 1LL << 40);
    document_members(&document, names, 4, found);
    assert_true(found[0].has);
    assert_int_equal(document_member_int(&found[0], -1), 7);
    assert_null(document_member_string(&found[0]));
    assert_false(found[1].has);
    assert_int_equal(document_member_int(&found[1], -1), -1);
    assert_null(document_member_string(&found[1]));
    assert_string_equal(document_member_string(&found[2]), "text");
    assert_int_equal(document_member_int(&found[2], -1), -1);
    assert_int_equal(document_member_int(&found[3], -1), 1LL << 40);
    bson_destroy(&document);
}

static void put_makes_what_libbson_makes(void **state)
{
    static const uint8_t empty[] = {5, 0, 0, 0, 0};
    bson_t expected = BSON_INITIALIZER, child, list, none, made;
    struct buffer buffer;
    size_t outer, inner;

    (void)state;
    assert_true(bson_init_static(&none, empty, sizeof(empty)));
    BSON_APPEND_UTF8(&expected, "text", "a \xc3\xa4 b");
    BSON_APPEND_UTF8(&expected, "", "");
    BSON_APPEND_INT32(&expected, "i32", -2);
    BSON_APPEND_INT64(&expected, "i64", INT64_MIN);
    BSON_APPEND_DATE_TIME(&expected, "date", 1700000000123);
    BSON_APPEND_DOCUMENT(&expected, "none", &none);
    BSON_APPEND_DOCUMENT_BEGIN(&expected, "child", &child);
    BSON_APPEND_ARRAY_BEGIN(&child, "list", &list);
    BSON_APPEND_UTF8(&list, "0", "x");
    bson_append_array_end(&child, &list);
    bson_append_document_end(&expected, &child);
    buffer_init(&buffer, 1000);
    for (int i = 0; i < 2; i++) { /* and again in the same buffer */
        put_begin(&buffer);
        put_text(&buffer, "text", "a \xc3\xa4 b");
        put_text(&buffer, "", "");
        put_int32(&buffer, "i32", -2);
        put_int64(&buffer, "i64", INT64_MIN);
        put_date(&buffer, "date", 1700000000123);
        put_document(&buffer, "none", &none);
        outer = put_open(&buffer, "child", false);
        inner = put_open(&buffer, "list", true);
        put_text(&buffer, "0", "x");
        put_close(&buffer, inner);
        put_close(&buffer, outer);
        assert_true(put_end(&buffer, &made));
        assert_true(bson_equal(&made, &expected));
    }
    bson_destroy(&expected);
    buffer_clear(&buffer);
}

static void put_says_that_it_was_too_much(void **state)
{
    static char text[2000];
    struct buffer buffer;
    bson_t made;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (size_t maximum = 0; maximum < 60; maximum++) {
        size_t opened;

        buffer_init(&buffer, maximum);
        put_begin(&buffer);
        put_int32(&buffer, "a", 1);
        opened = put_open(&buffer, "b", false);
        put_text(&buffer, "c", text);
        put_close(&buffer, opened);
        put_date(&buffer, "d", 1);
        assert_false(put_end(&buffer, &made));
        buffer_clear(&buffer);
    }
    for (long nth = 1; nth < 6; nth++) {
        buffer_init(&buffer, 10000);
        engine_alloc_fail_at(nth);
        put_begin(&buffer);
        put_text(&buffer, "c", text);
        put_close(&buffer, put_open(&buffer, "b", false));
        assert_true(put_end(&buffer, &made) || !engine_alloc_fail_waits());
        engine_alloc_fail_at(0);
        buffer_clear(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_set),
        cmocka_unit_test(replaces_or_leaves_what_is_there),
        cmocka_unit_test(walks_in_order),
        cmocka_unit_test(a_wrong_guess_finds_it_too),
        cmocka_unit_test(keeps_keys_of_any_length),
        cmocka_unit_test(is_as_it_was_when_memory_is_short),
        cmocka_unit_test(members_are_found_in_one_walk),
        cmocka_unit_test(put_makes_what_libbson_makes),
        cmocka_unit_test(put_says_that_it_was_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
