/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_variables.c - the variables of rules over clouds: defaults of
 * their own, overrides, types, and those that there are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cloud_stage.h"

static const char world[] =
    "accounts: [{name: a1}]\n"
    "ops:\n"
    "  Keys: {answers: {a1: {answer: {Keys: [{Id: k1, Age: 50},\n"
    "    {Id: k2, Age: 100}]}}}}\n";

static void scan(struct stage *stage, const char *rules, const char *variables)
{
    stage_open(stage, world, "{}");
    assert_int_equal(stage_scan(stage, rules, variables), 0);
    assert_int_equal(stage->prepared, stage->released);
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" has no \"%s\"", text, words);
}

/* two rules, which do not agree on the default of "days" */
static const char disputed[] =
    "rule_id: strict\n"
    "variables: {days: {type: number, default: '40'}}\n"
    "check_content: {calls: {k: {op: Keys}}, each: k.Keys,\n"
    "                assert: Age < $variables.days}\n"
    "---\n"
    "rule_id: lax\n"
    "variables: {days: {type: number, default: '60'}}\n"
    "check_content: {calls: {k: {op: Keys}}, each: k.Keys,\n"
    "                assert: Age < $variables.days}\n"
    "---\n"
    "rule_id: brief\n"
    "variables: {days: {type: number, default: '110'}}\n"
    "check_content: {op: Keys, foreach: Keys, path: Age,\n"
    "                operator: less_than, expected: '{{.days}}'}\n";

static void takes_the_defaults_of_each_rule(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, disputed, "{}");
    assert_int_equal(stage_count(&stage, "strict", SCANNER_FAIL), 2);
    assert_int_equal(stage_count(&stage, "lax", SCANNER_PASS), 1);
    assert_int_equal(stage_count(&stage, "lax", SCANNER_FAIL), 1);
    assert_int_equal(stage_count(&stage, "brief", SCANNER_PASS), 2);
    assert_string_equal(stage_end(&stage, "strict")->variables,
                        "{\"days\":40}");
    assert_string_equal(stage_end(&stage, "lax")->variables, "{\"days\":60}");
    assert_string_equal(stage_end(&stage, "brief")->variables,
                        "{\"days\":110}");
    stage_close(&stage);
}

static void lets_the_operator_override_them(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, disputed, "{days: '120.5'}");
    assert_int_equal(stage_count(&stage, "strict", SCANNER_PASS), 2);
    assert_int_equal(stage_count(&stage, "lax", SCANNER_PASS), 2);
    assert_string_equal(stage_end(&stage, "lax")->variables,
                        "{\"days\":120.5}");
    stage_close(&stage);
}

static void takes_the_types_that_are_declared(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: off\n"
         "variables: {on: {type: boolean, default: 'false'}}\n"
         "check_content: {calls: {k: {op: Keys}}, assert: '$variables.on'}\n"
         "---\n"
         "rule_id: given\n"
         "variables: {flag: {type: boolean, default: 'true'},\n"
         "            text: {type: string, default: '5'}}\n"
         "check_content: {calls: {k: {op: Keys}},\n"
         "  assert: \"$variables.flag == `false` && $variables.text == '5'\"}\n"
         "---\n"
         "rule_id: short\n"
         "xccdf_variables: {n: 7, s: x, b: false}\n"
         "check_content: {calls: {k: {op: Keys}},\n"
         "  assert: \"$variables.n == `7` && $variables.s == 'x'\n"
         "    && $variables.b == `false`\"}\n"
         "---\n"
         "rule_id: wrong\n"
         "variables: {n: {type: number, default: '0x10'}}\n"
         "check_content: {calls: {k: {op: Keys}}, assert: '$variables.n'}\n"
         "---\n"
         "rule_id: neither\n"
         "variables: {b: {type: boolean, default: maybe}}\n"
         "check_content: {calls: {k: {op: Keys}}, assert: '$variables.b'}\n",
         "{flag: '0'}");
    assert_int_equal(stage_end(&stage, "off")->status, SCANNER_FAIL);
    assert_string_equal(stage_end(&stage, "off")->variables, "{\"on\":false}");
    assert_int_equal(stage_end(&stage, "given")->status, SCANNER_PASS);
    assert_int_equal(stage_end(&stage, "short")->status, SCANNER_PASS);
    assert_says(stage_end(&stage, "wrong")->message,
                "variable \"n\": \"0x10\" is no number");
    assert_says(stage_end(&stage, "neither")->message,
                "variable \"b\": \"maybe\" is neither true nor false");
    stage_close(&stage);
}

static void check_refused(const char *rule, const char *words)
{
    struct stage stage;

    scan(&stage, rule, "{}");
    assert_int_equal(stage.ends[0].status, SCANNER_ERROR);
    assert_says(stage.ends[0].message, words);
    assert_int_equal(stage.calls, 0);
    stage_close(&stage);
}

static void refuses_variables_without_a_value(void **state)
{
    (void)state;
    check_refused("rule_id: r\n"
                  "variables: {days: {type: number, default: '40'}}\n"
                  "check_content: {calls: {k: {op: Keys}},\n"
                  "  assert: '!k.Keys[?Age > $variables.dayz]'}\n",
                  "there is no variable \"dayz\", which \"!k.Keys[?Age > "
                  "$variables.dayz]\" looks at");
    check_refused("rule_id: r\n"
                  "variables: {days: {type: number}}\n"
                  "check_content: {calls: {k: {op: Keys}}, each: k.Keys,\n"
                  "  when: Age > $variables.days, assert: Id}\n",
                  "the variable \"days\"");
    check_refused("rule_id: r\n"
                  "variables: {days: {type: number, default: null}}\n"
                  "check_content: {calls: {k: {op: Keys}, l: {op: Keys,\n"
                  "  foreach: '[$variables.days]'}}, assert: k}\n",
                  "has no value: it has no default and is not overridden");
    check_refused("rule_id: r\n"
                  "check_content: {calls: {k: {op: Keys,\n"
                  "  args: {a: 'x{$variables.days}'}}}, assert: k}\n",
                  "there is no variable \"days\"");
    check_refused("rule_id: r\n"
                  "check_content: {op: Keys, path: \"Keys[?Age > "
                  "$variables.days]\",\n"
                  "  operator: not_exists}\n",
                  "there is no variable \"days\"");
    check_refused("rule_id: r\n"
                  "check_content: {op: Keys, path: Keys, operator: exists,\n"
                  "  message: '{$variables.days} is too long'}\n",
                  "there is no variable \"days\"");
    check_refused("rule_id: r\n"
                  "check_content: {op: Keys, path: Keys, operator: equals,\n"
                  "  expected: '{{.days}}'}\n", "days");
    check_refused("rule_id: r\n"
                  "check_content: {calls: {k: {op: Keys}}, each: k.Keys,\n"
                  "  assert: 'let $v = $variables in Age < $v.dayz'}\n",
                  "there is no variable \"dayz\"");
}

static void says_which_were_used(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: r\n"
         "variables: {a: {default: '1'}, b: {default: '2'}, c: {default: x}}\n"
         "check_content: {calls: {k: {op: Keys}}, each: k.Keys,\n"
         "  assert: \"$variables.a && length('{{.b}}') == `1`\"}\n"
         "---\n"
         "rule_id: all\n"
         "variables: {a: {default: '1'}, d: {default: y}}\n"
         "check_content: {calls: {k: {op: Keys}},\n"
         "  assert: \"contains(values($variables), 'y')\"}\n",
         "{c: z, e: 'given to others'}");
    assert_string_equal(stage_end(&stage, "r")->variables,
                        "{\"b\":\"2\",\"a\":\"1\"}");
    assert_string_equal(stage_end(&stage, "all")->variables,
                        "{\"a\":\"1\",\"d\":\"y\"}");
    assert_int_equal(stage_end(&stage, "all")->status, SCANNER_PASS);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_defaults_of_each_rule),
        cmocka_unit_test(lets_the_operator_override_them),
        cmocka_unit_test(takes_the_types_that_are_declared),
        cmocka_unit_test(refuses_variables_without_a_value),
        cmocka_unit_test(says_which_were_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
