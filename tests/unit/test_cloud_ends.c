/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_ends.c - operations that end before their time, and those of many
 * accounts that must not fill memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cloud_stage.h"

#define ACCOUNTS 40

static const char rules[] =
    "rule_id: each\n"
    "check_content:\n"
    "  calls:\n"
    "    l: {op: List}\n"
    "    i: {op: Item, args: '{@}', foreach: l.L}\n"
    "  each: i[].answer\n"
    "  assert: ok\n"
    "---\n"
    "rule_id: one\n"
    "check_content: {op: List, path: 'length(L)', operator: equals,\n"
    "                expected: 8}\n";

static void open_world(struct stage *stage, int accounts)
{
    char world[4096] = "accounts: [";
    size_t used = strlen(world);

    for (int i = 0; i < accounts; i++)
        used += (size_t)snprintf(world + used, sizeof(world) - used,
                                 "{name: a%d}, ", i);
    snprintf(world + used, sizeof(world) - used,
             "]\nops:\n"
             "  List: {answers: {'*': {answer: {L: [1,2,3,4,5,6,7,8]}, late: "
             "true}}}\n"
             "  Item: {answers: {'*': {answer: {ok: true}, late: true}}}\n");
    stage_open(stage, world, "{passing_results: 1000}");
}

static void forgets_the_calls_of_what_is_done(void **state)
{
    struct stage stage;

    (void)state;
    open_world(&stage, ACCOUNTS);
    stage.calls_most = 48;
    assert_int_equal(stage_scan(&stage, rules, NULL), 0);
    assert_int_equal(stage.calls, 9 * ACCOUNTS);
    assert_int_equal(stage_count(&stage, "each", SCANNER_PASS), 8 * ACCOUNTS);
    assert_int_equal(stage_count(&stage, "each", 0), 8 * ACCOUNTS);
    assert_int_equal(stage_count(&stage, "one", SCANNER_PASS), ACCOUNTS);
    assert_int_equal(stage.prepared, stage.released);
    stage_close(&stage);
}

static void says_what_to_do_about_too_many_calls(void **state)
{
    struct stage stage;

    (void)state;
    open_world(&stage, 1);
    stage.calls_most = 4;
    assert_int_equal(stage_scan(&stage, rules, NULL), 0);
    assert_int_equal(stage_end(&stage, "each")->status, SCANNER_ERROR);
    assert_int_equal(stage_end(&stage, "one")->status, SCANNER_PASS);
    assert_non_null(strstr(stage_end(&stage, "each")->message,
                           "calls.i: the rules need more than 4 different "
                           "calls at a time; scan with fewer rules"));
    stage_close(&stage);
}

/* What was not asked for want of time is no error of a call. */
static void ends_with_what_it_was_stopped_by(bool late, int32_t expected)
{
    int32_t status = expected;

    for (long at = 1; status == expected && at < 10000; at++) {
        struct stage stage;

        open_world(&stage, 3);
        *(late ? &stage.late_at : &stage.cancel_at) = at;
        status = stage_scan(&stage, rules, NULL);
        assert_true(status == expected || status == 0);
        assert_int_equal(stage.prepared, stage.released);
        assert_int_equal(stage_count(&stage, "each", SCANNER_ERROR), 0);
        assert_int_equal(stage_count(&stage, "one", SCANNER_ERROR), 0);
        for (size_t i = 0; i < stage.ends_count; i++)
            assert_int_equal(stage.ends[i].status, SCANNER_PASS);
        if (status == 0)
            assert_int_equal(stage.ends_count, 2);
        stage_close(&stage);
    }
    assert_int_equal(status, 0);
}

static void makes_no_errors_of_being_cancelled(void **state)
{
    (void)state;
    ends_with_what_it_was_stopped_by(false, SCANNER_ECANCELLED);
}

static void makes_no_errors_of_being_late(void **state)
{
    (void)state;
    ends_with_what_it_was_stopped_by(true, SCANNER_ETIMEOUT);
}

/* an HTTP client gives up all that it does, one by one */
static void makes_no_errors_of_calls_that_were_given_up(void **state)
{
    struct stage stage;

    (void)state;
    open_world(&stage, 3);
    stage.give_up_at = 5;
    assert_int_equal(stage_scan(&stage, rules, NULL), SCANNER_ECANCELLED);
    assert_int_equal(stage_count(&stage, "each", SCANNER_ERROR), 0);
    assert_int_equal(stage_count(&stage, "one", SCANNER_ERROR), 0);
    assert_int_equal(stage.ends_count, 0);
    assert_int_equal(stage.prepared, stage.released);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgets_the_calls_of_what_is_done),
        cmocka_unit_test(says_what_to_do_about_too_many_calls),
        cmocka_unit_test(makes_no_errors_of_being_cancelled),
        cmocka_unit_test(makes_no_errors_of_being_late),
        cmocka_unit_test(makes_no_errors_of_calls_that_were_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
