/* SPDX-License-Identifier: Apache-2.0 */
/* test_line.c - what others say, as one line of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "sdk/kit/line.h"

static void expect(const char *text, size_t room, const char *wanted)
{
    char out[64];

    memset(out, 'x', sizeof(out));
    line_clean(text, strlen(text), out, room);
    assert_string_equal(out, wanted);
    for (size_t i = room; i < sizeof(out); i++)
        assert_int_equal(out[i], 'x');
}

static void keeps_what_a_terminal_does_not_mind(void **state)
{
    (void)state;
    expect("", 64, "");
    expect("not found: \"a~b\"", 64, "not found: \"a~b\"");
}

static void nothing_else_gets_to_a_terminal(void **state)
{
    (void)state;
    expect("a\nb\tc\033[1m", 64, "a b c [1m");
    expect("\xc3\xa4\x7f", 64, "???");
    expect("ends here \r\n\n", 64, "ends here");
    expect("\n", 64, "");
}

static void no_more_than_the_room_is_filled(void **state)
{
    (void)state;
    expect("abcdef", 4, "abc");
    expect("abcdef", 1, "");
    expect("abc", 4, "abc");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_a_terminal_does_not_mind),
        cmocka_unit_test(nothing_else_gets_to_a_terminal),
        cmocka_unit_test(no_more_than_the_room_is_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
