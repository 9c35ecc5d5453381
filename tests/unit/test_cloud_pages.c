/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_pages.c - pages of an answer become one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/kit/cloud/cloud.h"

static void joins(const char *const *pages, const char *const *lists,
                  const char *expected)
{
    struct cloud_pages *all = NULL;
    const struct value *answer;
    engine_error err = {0};
    struct arena arena;
    struct buffer json;

    arena_init(&arena, (size_t)1 << 20);
    buffer_init(&json, 1 << 16);
    assert_int_equal(cloud_pages_new(&all), 0);
    for (; *pages; pages++) {
        struct value page;

        assert_int_equal(value_from_json(*pages, strlen(*pages), "page",
                                         &arena, &page, &err), 0);
        assert_int_equal(cloud_pages_add(all, &page, lists, &err), 0);
    }
    assert_int_equal(cloud_pages_join(all, &arena, &answer, &err), 0);
    assert_int_equal(value_to_json(answer, 0, &json), 0);
    assert_string_equal(json.data, expected);
    buffer_clear(&json);
    cloud_pages_free(all);
    arena_clear(&arena);
}

static void joins_lists(void **state)
{
    (void)state;
    joins((const char *const[]){"{\"L\":[1,2],\"Next\":\"t\",\"Max\":5}",
                                "{\"L\":[3],\"Max\":5}", "{\"L\":[]}", NULL},
          (const char *const[]){"L", NULL},
          "{\"L\":[1,2,3],\"Next\":\"t\",\"Max\":5}");
    joins((const char *const[]){"{\"A\":{\"B\":[1],\"C\":0}}",
                                "{\"A\":{\"B\":[2]}}", NULL},
          (const char *const[]){"A.B", NULL}, "{\"A\":{\"B\":[1,2],\"C\":0}}");
    joins((const char *const[]){"{}", "{\"A\":{\"B\":[2]}}",
                                "{\"A\":{\"B\":[3]},\"D\":[4]}", NULL},
          (const char *const[]){"A.B", "D", NULL},
          "{\"A\":{\"B\":[2,3]},\"D\":[4]}");
    joins((const char *const[]){"{\"L\":null}", "{\"L\":[1]}", NULL},
          (const char *const[]){"L", NULL}, "{\"L\":[1]}");
    joins((const char *const[]){"[1]", "[2]", NULL},
          (const char *const[]){"", NULL}, "[1,2]");
}

static void joins_objects_and_the_lists_in_them(void **state)
{
    (void)state;
    joins((const char *const[]){
              "{\"items\":{\"z1\":{\"instances\":[1]},\"z2\":{\"w\":1}}}",
              "{\"items\":{\"z2\":{\"instances\":[2]},\"z3\":{}}}",
              "{\"items\":{\"z1\":{\"instances\":[3],\"w\":2}}}", NULL},
          (const char *const[]){"items", NULL},
          "{\"items\":{\"z1\":{\"instances\":[1,3],\"w\":2},"
          "\"z2\":{\"w\":1,\"instances\":[2]},\"z3\":{}}}");
}

static void leaves_one_page_as_it_is(void **state)
{
    (void)state;
    joins((const char *const[]){"{\"L\":[1]}", NULL},
          (const char *const[]){"L", NULL}, "{\"L\":[1]}");
    joins((const char *const[]){"{\"L\":[1]}", "{\"L\":[2]}", NULL}, NULL,
          "{\"L\":[1]}");
    joins((const char *const[]){NULL}, NULL, "null");
}

static void is_linear_in_the_number_of_elements(void **state)
{
    static const char *const lists[] = {"items", NULL};
    struct cloud_pages *all = NULL;
    const struct value *answer;
    engine_error err = {0};
    struct arena arena;
    char text[256];

    (void)state;
    arena_init(&arena, (size_t)512 << 20);
    assert_int_equal(cloud_pages_new(&all), 0);
    /* 40,000 members of an object: minutes, were it quadratic */
    for (int i = 0; i < 20000; i++) {
        struct value page;

        snprintf(text, sizeof(text), "{\"items\":{\"a%d\":{\"l\":[1]},"
                 "\"b%d\":{\"l\":[1]},\"same\":{\"l\":[%d]}}}", i, i, i);
        assert_int_equal(value_from_json(text, strlen(text), "page", &arena,
                                         &page, &err), 0);
        assert_int_equal(cloud_pages_add(all, &page, lists, &err), 0);
    }
    assert_int_equal(cloud_pages_join(all, &arena, &answer, &err), 0);
    answer = value_member(answer, "items");
    assert_int_equal(answer->count, 40001);
    answer = value_at(answer, "same", "l", NULL);
    assert_int_equal(answer->count, 20000);
    assert_int_equal(answer->items[19999].integer, 19999);
    cloud_pages_free(all);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_lists),
        cmocka_unit_test(joins_objects_and_the_lists_in_them),
        cmocka_unit_test(leaves_one_page_as_it_is),
        cmocka_unit_test(is_linear_in_the_number_of_elements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
