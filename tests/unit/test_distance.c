/* SPDX-License-Identifier: Apache-2.0 */
/* test_distance.c - how far apart names are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sdk/base/distance.h"

static void counts_what_is_put_in_left_out_and_changed(void **state)
{
    (void)state;
    assert_int_equal(name_distance("", "", false), 0);
    assert_int_equal(name_distance("store", "store", false), 0);
    assert_int_equal(name_distance("", "store", false), 5);
    assert_int_equal(name_distance("stoore", "store", false), 1);
    assert_int_equal(name_distance("stor", "store", false), 1);
    assert_int_equal(name_distance("shore", "store", false), 1);
    assert_int_equal(name_distance("kitten", "sitting", false), 3);
    assert_int_equal(name_distance("sitting", "kitten", false), 3);
}

static void the_case_of_letters_counts_unless_it_is_folded(void **state)
{
    (void)state;
    assert_int_equal(name_distance("ListUsers", "listusers", false), 2);
    assert_int_equal(name_distance("ListUsers", "listusers", true), 0);
    assert_int_equal(name_distance("[", "{", true), 1);
}

static void names_that_are_too_long_are_far_apart(void **state)
{
    char longest[DISTANCE_MAX + 1] = {0}, longer[DISTANCE_MAX + 2] = {0};

    (void)state;
    memset(longest, 'a', sizeof(longest) - 1);
    memset(longer, 'a', sizeof(longer) - 1);
    assert_int_equal(name_distance(longest, longest, false), 0);
    assert_int_equal(name_distance(longest, "", false), DISTANCE_MAX);
    assert_int_equal(name_distance(longer, longer, false), DISTANCE_MAX);
    assert_int_equal(name_distance("a", longer, false), DISTANCE_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_put_in_left_out_and_changed),
        cmocka_unit_test(the_case_of_letters_counts_unless_it_is_folded),
        cmocka_unit_test(names_that_are_too_long_are_far_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
