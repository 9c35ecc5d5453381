/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_verdicts.c - what failed calls, missing things and broken scopes
 * make of a rule; plans, probes, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cloud_stage.h"

static const char world[] =
    "accounts:\n"
    "- {name: a1, regions: [{name: r1}, {name: r2, why: r2 is not enabled}]}\n"
    "- {name: a2, why: 'the role cannot be assumed'}\n"
    "ops:\n"
    "  Buckets: {answers: {a1: {answer: {Buckets: [\n"
    "    {Name: b1, Secret: hunter2}, {Name: b2}, {Name: b3}]}}}}\n"
    "  Policy: {answers: {\n"
    "    'a1 {\"Bucket\":\"b1\"}': {answer: {Policy: deny}, late: true},\n"
    "    'a1 {\"Bucket\":\"b2\"}': {code: 'NoSuchPolicy 404', message: none},\n"
    "    'a1 {\"Bucket\":\"b3\"}': {code: AccessDenied, message: denied}}}\n"
    "  Numbers: {answers: {a1: {answer: {N: [1, 2]}}}}\n"
    "  Number: {answers: {'a1 {\"n\":1}': {answer: {v: 1}},\n"
    "                     'a1 {\"n\":2}': {code: X, message: no two}}}\n"
    "  Denied: {answers: {a1: {code: AccessDenied,\n"
    "                          message: 'it needs sky:Denied'}}}\n"
    "  Nothing: {answers: {a1: {answer: {List: []}}}}\n"
    "  Null: {answers: {a1: {code: NoSuchEntity, message: none}}}\n"
    "  Odd: {answers: {a1: {start: 'no socket'}}}\n"
    "  Lost: {answers: {a1: {lost: true}}}\n"
    "  Regional: {level: region, answers: {a1/r1: {answer: {ok: true}}}}\n"
    "  Closed: {level: region, answers: {a1/r1: {code: X, message: no}}}\n"
    "  Mixed: {answers: {a1: {answer: {L: [{Name: x, n: 5},\n"
    "    {Name: y, n: five}, {Name: z, n: -5}]}}}}\n"
    "  Users: {answers: {a1: {answer: {Users: [{name: u1, password: hunter2,\n"
    "     access_key_1_active: true, password_enabled: true,\n"
    "     Environment: {Variables: {A: hunter2}}, SecretString: hunter2,\n"
    "     env: [{name: ok}], settings: {appSettings:\n"
    "       [{name: seen, value: hunter2}]}}]}}}}\n";

static void scan(struct stage *stage, const char *rules)
{
    stage_open(stage, world, "{}");
    assert_int_equal(stage_scan(stage, rules, NULL), 0);
    assert_int_equal(stage->prepared, stage->released);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" has no \"%s\"", text, words);
}

/* ---- failures ----------------------------------------------------------- */

static void is_an_error_where_a_whole_call_failed(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: d\n"
                 "check_content: {op: Denied, path: a, operator: not_exists}\n"
                 "---\n"
                 "rule_id: e\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    x: {op: Denied, empty_on: [NoSuchEntity]}\n"
                 "    y: {op: Number, args: {n: '{@}'}, foreach: x.List}\n"
                 "  assert: '!x'\n");
    assert_int_equal(stage_result(&stage, "d", "a1")->status, SCANNER_ERROR);
    assert_string_equal(stage_result(&stage, "d", "a1")->message,
                        "a1: it needs sky:Denied");
    assert_string_equal(stage_result(&stage, "e", "a1")->message,
                        "a1: calls.x: it needs sky:Denied");
    assert_int_equal(stage_end(&stage, "e")->status, SCANNER_ERROR);
    assert_int_equal(stage_made(&stage, "Denied a1"), 1);
    stage_close(&stage);
}

static void is_an_error_of_each_item_whose_call_failed(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: all\n"
         "check_content:\n"
         "  calls:\n"
         "    b: {op: Buckets}\n"
         "    pol: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets,\n"
         "          empty_on: ['404']}\n"
         "  each: b.Buckets\n"
         "  assert: pol.Policy == 'deny'\n"
         "---\n"
         "rule_id: filtered\n"
         "check_content:\n"
         "  calls:\n"
         "    b: {op: Buckets}\n"
         "    pol: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets,\n"
         "          empty_on: NoSuchPolicy}\n"
         "  each: 'b.Buckets[?pol.Policy]'\n"
         "  assert: pol.Policy == 'deny'\n"
         "---\n"
         "rule_id: within\n"
         "check_content:\n"
         "  calls:\n"
         "    b: {op: Buckets}\n"
         "    pol: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets,\n"
         "          empty_on: NoSuchPolicy}\n"
         "  assert: length(b.Buckets[?pol.Policy]) == `1`\n"
         "---\n"
         "rule_id: root\n"
         "check_content:\n"
         "  calls:\n"
         "    b: {op: Buckets}\n"
         "    pol: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets,\n"
         "          empty_on: NoSuchPolicy}\n"
         "  each: b.Buckets\n"
         "  assert: length($root.pol) == `2`\n");
    assert_int_equal(stage_result(&stage, "all", "b1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "all", "b2")->status, SCANNER_FAIL);
    assert_string_equal(stage_result(&stage, "all", "b3")->message,
                        "b3: calls.pol: denied");
    assert_int_equal(stage_count(&stage, "filtered", SCANNER_PASS), 1);
    assert_int_equal(stage_result(&stage, "filtered", "b3")->status,
                     SCANNER_ERROR);
    assert_int_equal(stage_count(&stage, "filtered", 0), 2 + 1); /* and a2 */
    assert_int_equal(stage_result(&stage, "within", "a1")->status,
                     SCANNER_ERROR);
    assert_int_equal(stage_count(&stage, "root", SCANNER_ERROR), 3 + 1);
    stage_close(&stage);
}

static void is_an_error_of_all_where_it_belongs_to_none(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: n\n"
         "check_content:\n"
         "  calls:\n"
         "    n: {op: Numbers}\n"
         "    one: {op: Number, args: {n: '{@}'}, foreach: n.N}\n"
         "  each: n.N\n"
         "  assert: '@ > `0`'\n"
         "---\n"
         "rule_id: listed\n"
         "check_content:\n"
         "  calls:\n"
         "    n: {op: Numbers}\n"
         "    one: {op: Number, args: {n: '{@}'}, foreach: 'n.N[:1]'}\n"
         "  assert: one[0].item == `1` && one[0].answer.v == `1`\n"
         "---\n"
         "rule_id: none\n"
         "check_content:\n"
         "  calls:\n"
         "    n: {op: Numbers}\n"
         "    one: {op: Number, args: {n: '{@}'}, foreach: n.N}\n"
         "  each: 'n.N[?@ > `5`]'\n"
         "  assert: one\n");
    assert_int_equal(stage_count(&stage, "n", SCANNER_ERROR), 2 + 1);
    assert_says(stage_result(&stage, "n", "\"1\"")->message,
                "calls.one: no two");
    assert_int_equal(stage_result(&stage, "listed", "a1")->status,
                     SCANNER_PASS);
    assert_int_equal(stage_count(&stage, "none", SCANNER_ERROR), 1 + 1);
    stage_close(&stage);
}

static void is_an_error_where_an_expression_fails(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: m\n"
                 "check_content:\n"
                 "  calls: {m: {op: Mixed}}\n"
                 "  each: m.L\n"
                 "  when: Name != 'z'\n"
                 "  assert: abs(n) == `5`\n"
                 "---\n"
                 "rule_id: each\n"
                 "check_content:\n"
                 "  calls: {m: {op: Mixed}}\n"
                 "  each: abs(m)\n"
                 "  assert: n\n");
    assert_int_equal(stage_result(&stage, "m", "x")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "m", "\"y\"")->status,
                     SCANNER_ERROR);
    assert_says(stage_result(&stage, "m", "\"y\"")->message, "y: jmespath");
    assert_int_equal(stage_result(&stage, "m", "\"z\"")->status,
                     SCANNER_NOTAPPLICABLE);
    assert_says(stage_result(&stage, "each", "a1")->message, "each: jmespath");
    stage_close(&stage);
}

static void is_not_applicable_where_nothing_is(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage,
               "accounts: [{name: a}]\n"
               "ops: {L: {answers: {'*': {answer: {L: []}}}},\n"
               "      N: {answers: {'*': {code: Gone, message: gone}}}}\n",
               "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: l\n"
                   "check_content: {op: L, foreach: L, path: a,\n"
                   "                operator: exists}\n"
                   "---\n"
                   "rule_id: n\n"
                   "check_content: {calls: {n: {op: N, empty_on: Gone}},\n"
                   "                each: n.List, assert: a}\n"
                   "---\n"
                   "rule_id: o\n"
                   "check_content: {calls: {n: {op: N, empty_on: Gone}},\n"
                   "                assert: '!n'}\n",
                   NULL),
        0);
    assert_int_equal(stage_end(&stage, "l")->status, SCANNER_NOTAPPLICABLE);
    assert_says(stage_end(&stage, "l")->message, "L gives nothing");
    assert_int_equal(stage_end(&stage, "n")->status, SCANNER_NOTAPPLICABLE);
    assert_says(stage_end(&stage, "n")->message, "n.List gives nothing");
    assert_int_equal(stage_end(&stage, "o")->status, SCANNER_PASS);
    stage_close(&stage);
}

static void is_an_error_in_scopes_that_cannot_be_used(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content: {op: Regional, path: ok, operator: equals,\n"
                 "                expected: true}\n"
                 "---\n"
                 "rule_id: f\n"
                 "check_content: {calls: {r: {op: Regional, regions: all}},\n"
                 "                assert: r}\n"
                 "---\n"
                 "rule_id: c\n"
                 "check_content: {calls: {r: {op: Closed, regions: [r1]}},\n"
                 "                assert: r}\n"
                 "---\n"
                 "rule_id: o\n"
                 "check_content: {scope: region, calls: {r: {op: Denied}},\n"
                 "                assert: r}\n"
                 "---\n"
                 "rule_id: n\n"
                 "check_content: {calls: {r: {op: Mixed}},\n"
                 "  each: '[r.nothing, r.L[0]]', assert: Name}\n");
    assert_string_equal(stage_result(&stage, "c", "a1")->message,
                        "a1: calls.r: a1/r1: no");
    assert_string_equal(stage_result(&stage, "o", "a1/r1")->message,
                        "a1/r1: calls.r: a1: it needs sky:Denied");
    assert_int_equal(stage_count(&stage, "n", SCANNER_PASS), 1);
    assert_int_equal(stage_count(&stage, "n", 0), 1 + 1);
    assert_int_equal(stage_count(&stage, "r", 0), 3);
    assert_int_equal(stage_result(&stage, "r", "a1/r1")->status, SCANNER_PASS);
    assert_string_equal(stage_result(&stage, "r", "a1/r2")->message,
                        "a1/r2: r2 is not enabled");
    assert_string_equal(stage_result(&stage, "r", "a2")->message,
                        "a2: the role cannot be assumed");
    assert_says(stage_result(&stage, "f", "a1")->message,
                "a1: calls.r: a1/r2: r2 is not enabled");
    assert_int_equal(stage_end(&stage, "r")->status, SCANNER_ERROR);
    stage_close(&stage);
}

static void is_an_error_where_a_call_cannot_begin(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: o\n"
                 "check_content: {op: Odd, path: a, operator: exists}\n"
                 "---\n"
                 "rule_id: l\n"
                 "check_content: {op: Lost, path: a, operator: exists}\n"
                 "---\n"
                 "rule_id: p\n"
                 "check_content: {op: Nothing, args: {bad: 1}, path: a,\n"
                 "                operator: exists}\n");
    assert_says(stage_result(&stage, "o", "a1")->message, "no socket");
    assert_says(stage_result(&stage, "l", "a1")->message, "without an answer");
    assert_says(stage_result(&stage, "p", "a1")->message,
                "bad is no parameter");
    stage_close(&stage);
}

/* ---- results ------------------------------------------------------------ */

static void counts_passes_beyond_those_wanted(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, world, "{passing_results: 1}");
    assert_int_equal(stage_scan(&stage,
                                "rule_id: r\n"
                                "check_content:\n"
                                "  calls: {b: {op: Buckets}}\n"
                                "  each: b.Buckets\n"
                                "  assert: Name\n",
                                NULL),
                     0);
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 1);
    assert_string_equal(stage_end(&stage, "r")->resources, "{\"pass\":2}");
    stage_close(&stage);
}

static void shows_what_was_looked_at_without_secrets(void **state)
{
    struct stage stage;
    const struct stage_result *result;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls: {u: {op: Users}}\n"
                 "  each: u.Users\n"
                 "  type: sky_user\n"
                 "  id: join('/', [$account, name])\n"
                 "  assert: 'password && !access_key_1_active && Environment\n"
                 "    && SecretString && settings && env && password_enabled'\n"
                 "---\n"
                 "rule_id: s\n"
                 "check_content:\n"
                 "  calls: {b: {op: Buckets}}\n"
                 "  each: b.Buckets\n"
                 "  assert: Name != 'b1'\n"
                 "---\n"
                 "rule_id: t\n"
                 "check_content: {op: Users, foreach: Users, id: name,\n"
                 "  path: SecretString, operator: equals, expected: x}\n"
                 "---\n"
                 "rule_id: v\n"
                 "check_content: {op: Users, foreach: Users, id: name,\n"
                 "  path: '@', operator: equals, expected: x}\n");
    result = stage_result(&stage, "r", "a1/u1");
    assert_int_equal(result->status, SCANNER_FAIL);
    assert_null(strstr(result->evidence, "hunter2"));
    assert_says(result->evidence, "\"access_key_1_active\":true");
    assert_says(result->evidence, "\"password_enabled\":true");
    assert_says(result->evidence, "\"name\":\"seen\"");
    assert_says(result->resource, "\"type\":\"sky_user\",\"uid\":\"a1/u1\"");
    assert_says(result->message, "u1: this does not hold: password");
    result = stage_result(&stage, "t", "u1");
    assert_null(strstr(result->evidence, "hunter2"));
    assert_null(strstr(result->message, "hunter2"));
    result = stage_result(&stage, "v", "u1");
    assert_null(strstr(result->evidence, "hunter2"));
    assert_says(result->evidence, "\"password\":\"(redacted)\"");
    assert_string_equal(stage_result(&stage, "s", "b1")->evidence,
                        "{\"assert\":\"Name != 'b1'\","
                        "\"subject\":{\"Name\":\"b1\"}}");
    stage_close(&stage);
}

/* ---- operations --------------------------------------------------------- */

static void plans_without_a_call(void **state)
{
    struct stage stage;
    static const char rules[] =
        "rule_id: a\n"
        "check_content:\n"
        "  calls:\n"
        "    b: {op: Buckets}\n"
        "    p: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets}\n"
        "  assert: p\n"
        "---\n"
        "rule_id: b\n"
        "check_content: {op: Buckets, path: a, operator: exists}\n"
        "---\n"
        "rule_id: c\n"
        "check_content: {op: Bucketz, path: a, operator: exists}\n";

    (void)state;
    stage_open(&stage, world, "{}");
    assert_int_equal(stage_plan(&stage, rules), 0);
    assert_int_equal(stage.notes_count, 3);
    assert_string_equal(stage.notes[0],
                        "note {\"rule_id\":\"c\",\"status\":\"error\","
                        "\"message\":\"there is no operation "
                        "\\\"Bucketz\\\"\"}");
    assert_string_equal(stage.notes[1],
                        "note {\"message\":\"Buckets in each account, for 2 "
                        "rules\",\"level\":\"account\",\"call\":\"Buckets\","
                        "\"rules\":2}");
    assert_says(stage.notes[2], "for each of b.Buckets");
    assert_int_equal(stage.calls, 0);
    stage_close(&stage);
}

static void probes(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, world, "{}");
    assert_int_equal(stage_probe(&stage), 0);
    assert_int_equal(stage.deepest, 1);
    assert_string_equal(stage.notes[0], "probe {\"reachable\":true}");
    stage_close(&stage);
}

static const char many[] =
    "rule_id: all\n"
    "check_content:\n"
    "  calls:\n"
    "    b: {op: Buckets}\n"
    "    pol: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets}\n"
    "    again: {op: Policy, args: {Bucket: '{Name}'}, foreach: b.Buckets,\n"
    "            empty_on: NoSuchPolicy}\n"
    "  each: b.Buckets\n"
    "  message: '{Name} of {$account}'\n"
    "  assert: pol.Policy == 'deny'\n"
    "---\n"
    "rule_id: f\n"
    "check_content: {calls: {r: {op: Regional, regions: all}}, assert: r}\n"
    "---\n"
    "rule_id: d\n"
    "check_content: {op: Denied, path: a, operator: not_exists}\n"
    "---\n"
    "rule_id: u\n"
    "check_content: {op: Users, foreach: Users, path: name,\n"
    "                operator: equals, expected: u1}\n";

static void stops_when_it_is_cancelled(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, world, "{}");
    stage.cancel_at = 1;
    assert_int_equal(stage_scan(&stage, many, NULL), SCANNER_ECANCELLED);
    assert_int_equal(stage.prepared, stage.released);
    assert_null(stage_end(&stage, "all"));
    stage_close(&stage);
}

static void survives_running_out_of_memory(void **state)
{
    int32_t status = SCANNER_ENOMEM;

    (void)state;
    for (long n = 1; status != 0 && n < 20000; n++) {
        struct stage stage;

        stage_open(&stage, world, "{}");
        stage.fail_at = n;
        status = stage_scan(&stage, many, NULL);
        if (status != 0 && status != SCANNER_ENOMEM)
            fail_msg("allocation %ld: %d: %s", n, status,
                     stage.error.message);
        assert_int_equal(stage.prepared, stage.released);
        for (size_t i = 0; status != 0 && i < stage.ends_count; i++)
            if (stage.ends[i].status == SCANNER_PASS)
                assert_string_equal(stage.ends[i].rule, "u");
        stage_close(&stage);
    }
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_an_error_where_a_whole_call_failed),
        cmocka_unit_test(is_an_error_of_each_item_whose_call_failed),
        cmocka_unit_test(is_an_error_of_all_where_it_belongs_to_none),
        cmocka_unit_test(is_an_error_where_an_expression_fails),
        cmocka_unit_test(is_not_applicable_where_nothing_is),
        cmocka_unit_test(is_an_error_in_scopes_that_cannot_be_used),
        cmocka_unit_test(is_an_error_where_a_call_cannot_begin),
        cmocka_unit_test(counts_passes_beyond_those_wanted),
        cmocka_unit_test(shows_what_was_looked_at_without_secrets),
        cmocka_unit_test(plans_without_a_call),
        cmocka_unit_test(probes),
        cmocka_unit_test(stops_when_it_is_cancelled),
        cmocka_unit_test(survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
