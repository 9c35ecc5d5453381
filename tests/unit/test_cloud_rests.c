/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_rests.c - what rests on a call that failed has no verdict, and
 * what does not has one. */
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
    "  Buckets: {answers: {a1: {answer: {Owner: me, Buckets: [\n"
    "    {Name: b1, N: 1}, {Name: b2, N: 2}, {Name: b3, N: 3}]}}}}\n"
    "  Policy: {answers: {\n"
    "    'a1 {\"B\":\"b1\"}': {answer: {Policy: deny, L: [{Id: s1}]}},\n"
    "    'a1 {\"B\":\"b2\"}': {answer: {Policy: allow, L: [{Id: s2}]}},\n"
    "    'a1 {\"B\":\"b3\"}': {code: AccessDenied, message: denied,\n"
    "                          late: true}}}\n"
    "  Block: {answers: {a1: {answer: {On: true}}}}\n"
    "  Alarms: {answers: {a1: {answer: {Alarms: [{Name: b2}, {Name: b3},\n"
    "    {Name: b4}]}}}}\n"
    "  Servers: {answers: {a1: {answer: {value: [{id: v1}, {id: v2}]}}}}\n"
    "  Databases: {answers: {\n"
    "    'a1 {\"of\":\"v1\"}': {answer: {value: [{id: d1}, {id: d2}]}},\n"
    "    'a1 {\"of\":\"v2\"}': {answer: {value: [{id: d3}]}}}}\n"
    "  Tde: {answers: {\n"
    "    'a1 {\"of\":\"d1\"}': {answer: {state: 'on'}},\n"
    "    'a1 {\"of\":\"d2\"}': {code: X, message: no tde, late: true},\n"
    "    'a1 {\"of\":\"d3\"}': {answer: {state: 'on'}}}}\n"
    "  More: {answers: {'*': {answer: {more: true}}}}\n";

#define POLICIES                                                            \
    "    b: {op: Buckets}\n"                                                \
    "    pol: {op: Policy, args: {B: '{Name}'}, foreach: b.Buckets}\n"
#define DATABASES                                                           \
    "    s: {op: Servers}\n"                                                \
    "    db: {op: Databases, args: {of: '{id}'}, foreach: s.value}\n"       \
    "    tde: {op: Tde, args: {of: '{id}'},\n"                              \
    "          foreach: 's.value[].db.value[]'}\n"

/* passes, fails and errors of a rule with these calls */
static void judges(const char *calls, const char *rest, size_t passes,
                   size_t fails, size_t errors)
{
    struct stage stage;
    char rule[2048];

    snprintf(rule, sizeof(rule),
             "rule_id: r\ncheck_content:\n  calls:\n%s%s", calls, rest);
    stage_open(&stage, world, "{}");
    assert_int_equal(stage_scan(&stage, rule, NULL), 0);
    if (stage_count(&stage, "r", SCANNER_PASS) != passes ||
        stage_count(&stage, "r", SCANNER_FAIL) != fails ||
        stage_count(&stage, "r", SCANNER_ERROR) != errors) {
        for (size_t i = 0; i < stage.results_count; i++)
            print_message("%d %s: %s\n", stage.results[i].status,
                          stage.results[i].resource,
                          stage.results[i].message);
        fail_msg("not as expected:\n%s", rest);
    }
    stage_close(&stage);
}

static void keeps_verdicts_of_the_other_elements(void **state)
{
    (void)state;
    judges(POLICIES, "  each: b.Buckets\n"
                     "  assert: pol.Policy == 'deny'\n", 1, 1, 1);
    judges(POLICIES, "  each: 'b.Buckets[?pol.Policy]'\n"
                     "  assert: pol.Policy == 'deny'\n", 1, 1, 1);
    judges(POLICIES, "  each: 'sort_by(b.Buckets, &Name)'\n"
                     "  assert: pol.Policy == 'deny'\n", 1, 1, 1);
    judges(POLICIES, "  each: b.Buckets[].pol.L[]\n"
                     "  assert: Id == 's1'\n", 1, 1, 1);
    judges(POLICIES, "  each: pol[].answer.L[]\n"
                     "  assert: Id == 's1'\n", 1, 1, 1);
    judges(POLICIES, "  each: pol\n"
                     "  assert: answer.Policy == 'deny'\n", 1, 1, 1);
    judges(POLICIES, "  each: 'b.Buckets[?!pol.Policy].Name'\n"
                     "  assert: \"@ == 'none'\"\n", 0, 0, 1);
    judges(DATABASES, "  each: \"s.value[].db.value[?id != 'd9'][]\"\n"
                      "  assert: tde.state == 'on'\n", 2, 0, 1);
    judges(DATABASES, "  each: s.value\n"
                      "  assert: \"length(db.value[?tde.state == 'on'])\n"
                      "    == length(db.value)\"\n", 1, 0, 1);
    /* what is looked at has nothing to do with it */
    judges(POLICIES "    x: {op: Block}\n",
           "  each: b.Buckets\n  assert: $root.x.On && N != `2`\n", 1, 1, 1);
    judges(POLICIES "    x: {op: Block}\n",
           "  each: 'let $on = x.On in b.Buckets[?pol.Policy]'\n"
           "  assert: pol.Policy == 'deny'\n", 1, 1, 1);
}

static void keeps_verdicts_of_what_holds_its_element(void **state)
{
    (void)state;
    judges(POLICIES, "  each: 'b.Buckets[].{bucket: @, p: pol.Policy}'\n"
                     "  assert: p == 'deny'\n", 1, 1, 1);
    judges(POLICIES, "  each: 'b.Buckets[?pol.Policy].{bucket: @}'\n"
                     "  assert: bucket.pol.Policy == 'deny'\n", 1, 1, 1);
    judges(POLICIES "    x: {op: Block}\n",
           "  each: 'let $x = x.On in b.Buckets[].{bucket: @, on: $x}'\n"
           "  assert: on && bucket.pol.Policy == 'deny'\n", 1, 1, 1);
    /* a name is enough to know what it is of */
    judges(POLICIES, "  each: 'b.Buckets[].{a: Name, p: pol.Policy}'\n"
                     "  assert: p == 'deny'\n", 1, 1, 1);
    judges(DATABASES,
           "  each: 's.value[].db.value[].{d: @, t: tde.state}'\n"
           "  assert: t == 'on'\n", 2, 0, 1);
}

static void has_no_verdict_of_what_is_made_of_what_failed(void **state)
{
    (void)state;
    judges(POLICIES, "  each: 'b.Buckets[].{n: N, p: pol.Policy}'\n"
                     "  assert: p == 'deny'\n", 0, 0, 3);
    judges(POLICIES, "  each: 'b.Buckets[].[N, pol.Policy]'\n"
                     "  assert: \"[1] == 'deny'\"\n", 0, 0, 3);
    judges(POLICIES, "  each: '{ok: b.Buckets[?pol.Policy]}'\n"
                     "  assert: length(ok) == `2`\n", 0, 0, 1);
    judges(DATABASES,
           "  each: 's.value[].{s: id, on: length(db.value[?tde.state])}'\n"
           "  assert: on == `1`\n", 0, 0, 2);
    judges(DATABASES,
           "  each: 's.value[].{s: id, on: db.value[?tde.state]}'\n"
           "  assert: length(on) == `1`\n", 0, 0, 2);
    judges(DATABASES, "  each: 's.value[].[db.value[?tde.state] | [0]][]'\n"
                      "  assert: id\n", 0, 0, 2);
    judges(DATABASES, "  each: 's.value[?!db.value[?tde.state]].id'\n"
                      "  assert: '`false`'\n", 0, 0, 1);
    judges(POLICIES, "  each: length(b.Buckets[?pol.Policy])\n"
                     "  assert: '@ == `2`'\n", 0, 0, 1);
    judges(POLICIES, "  each: 'b.Buckets[?pol.Policy] | [0]'\n"
                     "  assert: Name\n", 0, 0, 1);
    judges(POLICIES, "  each: 'b.Buckets[].to_string(N)'\n"
                     "  assert: '@'\n", 0, 0, 3);
}

static void has_no_verdict_of_what_is_joined_with_what_failed(void **state)
{
    (void)state;
    judges(POLICIES "    al: {op: Alarms}\n",
           "  each: 'let $ok = pol[].item.Name in\n"
           "    al.Alarms[?!contains($ok, Name)]'\n"
           "  assert: '`false`'\n", 0, 0, 2);
    judges(POLICIES "    al: {op: Alarms}\n",
           "  each: al.Alarms\n"
           "  assert: 'let $n = Name in $root.b.Buckets[?Name == $n\n"
           "    && pol.Policy]'\n", 0, 0, 3);
    judges(POLICIES "    al: {op: Alarms}\n",
           "  each: al.Alarms\n"
           "  when: \"Name != 'b2'\"\n"
           "  assert: 'contains($root.pol[].item.Name, Name)'\n", 0, 0, 3);
    /* a call that was not made, or otherwise, for what another one denied */
    judges(POLICIES
           "    al: {op: Alarms}\n"
           "    m: {op: More, foreach: 'let $ok = pol[].item.Name in\n"
           "        al.Alarms[?contains($ok, Name)]'}\n",
           "  each: al.Alarms\n  assert: m.more\n", 0, 0, 3);
    judges(POLICIES
           "    al: {op: Alarms}\n"
           "    m: {op: More, foreach: al.Alarms,\n"
           "        args: {n: '{length($root.pol)}'}}\n",
           "  each: al.Alarms\n  assert: m.more\n", 0, 0, 3);
    judges(POLICIES
           "    al: {op: Alarms}\n"
           "    m: {op: More, foreach: al.Alarms,\n"
           "        args: {n: '{$root.b.Owner}'}}\n",
           "  each: al.Alarms\n  assert: m.more\n", 3, 0, 1);
    judges(POLICIES
           "    m: {op: More, args: {n: '{n}'},\n"
           "        foreach: 'b.Buckets[].{n: pol.Policy}'}\n",
           "  each: m[].answer\n  assert: more\n", 0, 0, 3);
}

static void tells_a_failure_once_at_least(void **state)
{
    (void)state;
    judges(POLICIES, "  each: b.Nothing\n  assert: Name\n", 0, 0, 1);
    judges(POLICIES, "  each: '[b.Nothing, b.None]'\n  assert: Name\n", 0, 0,
           1);
    judges(POLICIES, "  each: \"b.Buckets[?Name == 'b1']\"\n"
                     "  assert: pol.Policy == 'deny'\n", 1, 0, 1);
    judges(POLICIES, "  assert: length(pol) == `2`\n", 0, 0, 1);
    judges(POLICIES, "  assert: b.Owner\n", 0, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_verdicts_of_the_other_elements),
        cmocka_unit_test(keeps_verdicts_of_what_holds_its_element),
        cmocka_unit_test(has_no_verdict_of_what_is_made_of_what_failed),
        cmocka_unit_test(has_no_verdict_of_what_is_joined_with_what_failed),
        cmocka_unit_test(tells_a_failure_once_at_least),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
