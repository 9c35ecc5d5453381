/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_calls.c - levels, scopes, calls for each item of others, and
 * where their answers go. */
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
    "- {name: a1, regions: [{name: r1}, {name: r2}]}\n"
    "- {name: a2, regions: [{name: r1}]}\n"
    "ops:\n"
    "  Account: {answers: {a1: {answer: {Tier: gold}},\n"
    "                      a2: {answer: {Tier: lead}}}}\n"
    "  Vols: {level: region, answers: {\n"
    "    a1/r1: {answer: {Vols: [{Id: v1}, {Id: v2}], Enc: true, Max: 5}},\n"
    "    a1/r2: {answer: {Vols: [{Id: v3}], Enc: false, Max: 5}, late: true},\n"
    "    a2/r1: {answer: {Vols: [], Enc: true}}}}\n"
    "  Vol: {level: region, answers: {\n"
    "    'a1/r1 {\"Id\":\"v1\"}': {answer: {Size: 1}},\n"
    "    'a1/r1 {\"Id\":\"v2\"}': {answer: {Size: 2}, late: true},\n"
    "    'a1/r2 {\"Id\":\"v3\"}': {answer: {Size: 3}}}}\n"
    "  Servers: {answers: {'*': {answer: {value: [{id: /s1}, {id: /s2}]}}}}\n"
    "  Databases: {answers: {\n"
    "    'a1 {\"path\":\"/s1/databases\"}':\n"
    "      {answer: {value: [{id: /s1/d1}, {id: /s1/d2}]}},\n"
    "    'a1 {\"path\":\"/s2/databases\"}': {answer: {value: [{id: /s2/d1}]},\n"
    "      late: true},\n"
    "    '*': {answer: {value: []}}}}\n"
    "  Tde: {answers: {\n"
    "    'a1 {\"of\":\"/s1/d1\"}': {answer: {state: 'on'}},\n"
    "    'a1 {\"of\":\"/s1/d2\"}': {answer: {state: 'off'}, late: true},\n"
    "    'a1 {\"of\":\"/s2/d1\"}': {answer: {state: 'on'}}}}\n"
    "  Audit: {answers: {\n"
    "    'a1 {\"of\":\"/s1\"}': {answer: {audit: yes it is}},\n"
    "    'a1 {\"of\":\"/s2\"}': {answer: {audit: yes it is}, late: true}}}\n"
    "  Detectors: {answers: {'*': {answer: {Ids: [d1, d2]}}}}\n"
    "  Detector: {answers: {\n"
    "    'a1 {\"Id\":\"d1\"}': {answer: {Status: 'ON'}},\n"
    "    'a1 {\"Id\":\"d2\"}': {answer: {Status: 'OFF'}, late: true},\n"
    "    '*': {answer: {Status: 'ON'}}}}\n"
    "  Trails: {answers: {a1: {answer: {Trails: [{Id: v1, Home: r1},\n"
    "    {Id: v3, Home: r2}, {Id: v9, Home: r9}]}}}}\n"
    "  Homes: {answers: {a1: {answer: {L: [{Name: both, In: [r1, r2]},\n"
    "    {Name: none, In: []}, {Name: 'null'}]}},\n"
    "    '*': {answer: {L: []}}}}\n"
    "  Home: {level: region, answers: {'*': {answer: {ok: true}}}}\n"
    "  Echo: {answers: {'*': {answer: {ok: true}}}}\n";

static void scan(struct stage *stage, const char *rules)
{
    stage_open(stage, world, "{}");
    assert_int_equal(stage_scan(stage, rules, NULL), 0);
    assert_int_equal(stage->prepared, stage->released);
}

static void check_error(const char *content, const char *words)
{
    struct stage stage;
    char rule[1024];

    snprintf(rule, sizeof(rule), "rule_id: wrong\ncheck_content: %s\n",
             content);
    scan(&stage, rule);
    assert_int_equal(stage_end(&stage, "wrong")->status, SCANNER_ERROR);
    if (!strstr(stage_end(&stage, "wrong")->message, words))
        fail_msg("\"%s\" has no \"%s\"", stage_end(&stage, "wrong")->message,
                 words);
    assert_int_equal(stage.calls, 0);
    stage_close(&stage);
}

/* ---- levels ------------------------------------------------------------- */

static void visits_every_scope_of_the_innermost_level(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls: {acc: {op: Account}, vols: {op: Vols}}\n"
                 "  assert: acc.Tier == 'gold' && vols.Enc\n");
    assert_int_equal(stage_count(&stage, "r", 0), 3);
    assert_int_equal(stage_result(&stage, "r", "a1/r1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "r", "a1/r2")->status, SCANNER_FAIL);
    assert_int_equal(stage_result(&stage, "r", "a2/r1")->status, SCANNER_FAIL);
    /* the call of the outer level is made once for all its regions */
    assert_int_equal(stage_made(&stage, "Account a1"), 1);
    assert_string_equal(
        stage_result(&stage, "r", "a2/r1")->resource,
        "{\"type\":\"sky_thing\",\"uid\":\"a2/r1\",\"name\":\"a2/r1\","
        "\"namespace\":\"a2\",\"region\":\"r1\"}");
    stage_close(&stage);
}

static void takes_the_level_that_a_rule_names(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  scope: region\n"
                 "  calls: [{name: acc, op: Account}]\n"
                 "  assert: acc.Tier == 'gold' && $region\n");
    assert_int_equal(stage_count(&stage, "r", 0), 3);
    assert_int_equal(stage.deepest, 1);
    stage_close(&stage);
    scan(&stage, "rule_id: r\n"
                 "check_content: {op: Account, path: Tier, operator: exists}\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 2);
    assert_int_equal(stage.deepest, 0);
    stage_close(&stage);
}

static void refuses_levels_that_do_not_fit(void **state)
{
    (void)state;
    check_error("{scope: account, calls: {v: {op: Vols}}, assert: v}",
                "it needs \"regions\": all");
    check_error("{scope: planet, calls: {v: {op: Vols}}, assert: v}",
                "there is no \"planet\"");
    check_error("{calls: {v: {op: Account, regions: all}}, assert: v}",
                "\"regions\" is for calls of a level within");
    check_error("{scope: region, calls: {v: {op: Vols, regions: all}}, "
                "assert: v}", "\"regions\" is for calls of a level within");
}

/* ---- fanning out -------------------------------------------------------- */

static void joins_the_answers_of_inner_scopes(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: r\n"
         "check_content:\n"
         "  calls: {v: {op: Vols, regions: all}}\n"
         "  each: v.Vols\n"
         "  id: Id\n"
         "  assert: _region == 'r1' && _account == $account\n"
         "---\n"
         "rule_id: s\n"
         "check_content:\n"
         "  calls: {v: {op: Vols, regions: [r1]}}\n"
         "  assert: length(v._scopes[?Enc]) == `1`\n"
         "---\n"
         "rule_id: t\n"
         "check_content:\n"
         "  calls: {v: {op: Vols, regions: all}}\n"
         "  assert: v.Max == `5` && v.Enc == `null` && length(v._scopes) == `2`\n");
    assert_int_equal(stage_count(&stage, "r", 0), 3);
    assert_int_equal(stage_result(&stage, "r", "v1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "r", "v2")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "r", "v3")->status, SCANNER_FAIL);
    assert_non_null(strstr(stage_result(&stage, "r", "v3")->resource,
                           "\"region\":\"r2\""));
    assert_int_equal(stage_count(&stage, "s", SCANNER_PASS), 2);
    assert_int_equal(stage_result(&stage, "t", "a1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "t", "a2")->status, SCANNER_FAIL);
    assert_int_equal(stage_made(&stage, "Vols a1/r1"), 1);
    stage_close(&stage);
}

static void asks_about_an_item_where_it_is(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    v: {op: Vols, regions: all}\n"
                 "    one: {op: Vol, args: {Id: '{Id}'}, foreach: v.Vols,\n"
                 "          regions: all}\n"
                 "  each: v.Vols\n"
                 "  id: Id\n"
                 "  assert: one.Size > `0`\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 3);
    assert_int_equal(stage_count(&stage, "r", 0), 3);
    assert_int_equal(stage_made(&stage, "Vol a1/r2 {\"Id\":\"v1\"}"), 0);
    assert_int_equal(stage_made(&stage, "Vol a1/r2 {\"Id\":\"v3\"}"), 1);
    stage_close(&stage);
}

static void asks_about_an_item_where_it_says(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    t: {op: Trails}\n"
                 "    s: {op: Vol, args: {Id: '{Id}'}, foreach: t.Trails,\n"
                 "        regions: ['{Home}']}\n"
                 "  each: t.Trails\n"
                 "  id: Id\n"
                 "  assert: s.Size > `0`\n");
    assert_int_equal(stage_result(&stage, "r", "v1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "r", "v3")->status, SCANNER_PASS);
    assert_int_equal(stage_made(&stage, "Vol a1/r2 {\"Id\":\"v3\"}"), 1);
    assert_int_equal(stage_made(&stage, "Vol a1/r1 {\"Id\":\"v3\"}"), 0);
    assert_string_equal(stage_result(&stage, "r", "v9")->message,
                        "v9: calls.s: a1 has no region \"r9\" that is "
                        "scanned");
    stage_close(&stage);
}

static void says_that_there_is_no_such_scope(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls: {v: {op: Vols, regions: [r1, r2]}}\n"
                 "  assert: v\n");
    assert_int_equal(stage_result(&stage, "r", "a1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "r", "a2")->status, SCANNER_ERROR);
    assert_string_equal(stage_result(&stage, "r", "a2")->message,
                        "a2: calls.v: a2 has no region \"r2\" that is "
                        "scanned");
    stage_close(&stage);
}

/* A list that is written down holds for all elements, wherever they are from;
 * of none, null would be an answer. */
static void asks_where_a_list_says(void **state)
{
    struct stage stage;

    (void)state;
    check_error("{calls: {v: {op: Vols, regions: []}}, assert: '!v'}",
                "calls.v: regions is an empty list");
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    v: {op: Vols, regions: all}\n"
                 "    e: {op: Home, args: {Id: '{Id}'}, foreach: v.Vols,\n"
                 "        regions: [r1]}\n"
                 "  each: v.Vols\n"
                 "  id: Id\n"
                 "  assert: e.ok\n"
                 "---\n"
                 "rule_id: l\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    h: {op: Homes}\n"
                 "    e: {op: Home, foreach: h.L, regions: '{In}'}\n"
                 "  each: h.L\n"
                 "  assert: length(e._scopes) == `2`\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 3);
    assert_int_equal(stage_made(&stage, "Home a1/r1 {\"Id\":\"v3\"}"), 1);
    assert_int_equal(stage_result(&stage, "l", "both")->status, SCANNER_PASS);
    assert_string_equal(stage_result(&stage, "l", "none")->message,
                        "none: calls.e: it is made nowhere: regions gives no "
                        "region");
    assert_int_equal(stage_result(&stage, "l", "null")->status, SCANNER_ERROR);
    stage_close(&stage);
}

/* ---- for each item ------------------------------------------------------ */

static void follows_items_of_items(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: r\n"
         "check_content:\n"
         "  calls:\n"
         "    tde: {op: Tde, args: {of: '{id}'},\n"
         "          foreach: 'servers.value[].databases.value[]'}\n"
         "    audit: {op: Audit, args: {of: '{id}'}, foreach: servers.value}\n"
         "    databases: {op: Databases, args: {path: '{id}/databases'},\n"
         "                foreach: servers.value}\n"
         "    servers: {op: Servers}\n"
         "  each: servers.value[?audit.audit == 'yes it is'].databases.value[]\n"
         "  id: id\n"
         "  assert: tde.state == 'on' && $account == 'a1'\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 2);
    assert_int_equal(stage_result(&stage, "r", "/s1/d2")->status,
                     SCANNER_FAIL);
    /* a2 has answers to Audit for none of its servers */
    assert_int_equal(stage_count(&stage, "r", SCANNER_ERROR), 2);
    stage_close(&stage);
}

static void puts_an_answer_wherever_the_element_is(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage,
         "rule_id: r\n"
         "check_content:\n"
         "  calls:\n"
         "    servers: {op: Servers}\n"
         "    databases: {op: Databases, args: {path: '{id}/databases'},\n"
         "                foreach: servers.value}\n"
         "    tde: {op: Tde, args: {of: '{id}'},\n"
         "          foreach: 'databases[].answer.value[]'}\n"
         "  assert: $account == 'a2' || (\n"
         "    servers.value[].databases.value[].tde.state ==\n"
         "      databases[].answer.value[].tde.state &&\n"
         "    length(tde) == `3` && tde[0].item.id == '/s1/d1' &&\n"
         "    length(databases[].answer.value[].tde.state) == `3`)\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 2);
    stage_close(&stage);
}

static void makes_objects_of_what_is_none(void **state)
{
    struct stage stage;

    (void)state;
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    ids: {op: Detectors}\n"
                 "    det: {op: Detector, args: {Id: '{@}'}, foreach: ids.Ids}\n"
                 "    more: {op: Detector, args: {Id: '{@}'}, foreach: ids.Ids}\n"
                 "  each: ids.Ids\n"
                 "  assert: det.Status == 'ON' && more == det\n");
    assert_int_equal(stage_count(&stage, "r", 0), 4);
    assert_int_equal(stage_count(&stage, "r", SCANNER_PASS), 3);
    assert_int_equal(stage_result(&stage, "r", "d2\",\"namespace\":\"a1")
                         ->status, SCANNER_FAIL);
    assert_int_equal(stage_made(&stage, "Detector a1 {\"Id\":\"d1\"}"), 1);
    stage_close(&stage);
}

static void refuses_calls_that_go_in_circles(void **state)
{
    (void)state;
    check_error("{calls: {a: {op: Echo, foreach: b}, "
                "b: {op: Echo, foreach: a}}, assert: a}",
                "needs answers that need its own");
    check_error("{calls: {a: {op: Echo, foreach: nobody.list}}, assert: a}",
                "calls.a: there is no call \"nobody\"");
    check_error("{calls: {a: {op: Echo}}, each: b.list, assert: a}",
                "there is no call \"b\"");
    check_error("{calls: {a: {op: Echo}}, assert: 'length($root.b) > `0`'}",
                "there is no call \"b\"");
    check_error("{calls: {a: {op: Echo, args: {x: '{$root.c.d}'}}}, assert: a}",
                "there is no call \"c\"");
}

/* ---- what subjects are called ------------------------------------------- */

static void calls_subjects_what_they_are(void **state)
{
    struct stage stage;
    const struct stage_result *result;

    (void)state;
    stage_open(&stage,
               "accounts: [{name: a}]\n"
               "ops:\n"
               "  L: {answers: {a: {answer: {\n"
               "    SecurityGroups: [{KeyId: x, GroupId: g1, GroupName: n1}],\n"
               "    clusterSummaryList: [{x: 1, clusterArn: 'arn:c',\n"
               "                          clusterName: n2}],\n"
               "    Policies: [{PolicyName: p1}], DBInstances:\n"
               "      [{DBInstanceIdentifier: d1, Tags: [1]}],\n"
               "    Statements: [{Effect: Allow}]}}}}\n",
               "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: g\n"
                   "check_content: {calls: {l: {op: L}}, assert: '`true`',\n"
                   "  each: 'l.SecurityGroups[?GroupId] | [?GroupName]'}\n"
                   "---\n"
                   "rule_id: c\n"
                   "check_content: {calls: {l: {op: L}}, assert: x,\n"
                   "  each: 'let $x = l.Policies in l.clusterSummaryList'}\n"
                   "---\n"
                   "rule_id: p\n"
                   "check_content: {op: L, foreach: Policies, type: T,\n"
                   "  path: PolicyName, operator: exists}\n"
                   "---\n"
                   "rule_id: d\n"
                   "check_content: {op: L, foreach: 'DBInstances[?Tags[0]]',\n"
                   "  path: Tags, operator: exists}\n"
                   "---\n"
                   "rule_id: s\n"
                   "check_content: {op: L, foreach: Statements,\n"
                   "  path: Effect, operator: exists}\n",
                   NULL),
        0);
    assert_string_equal(stage_result(&stage, "g", "")->resource,
                        "{\"type\":\"SecurityGroup\",\"uid\":\"g1\",\"name\":"
                        "\"n1\",\"namespace\":\"a\"}");
    assert_string_equal(stage_result(&stage, "c", "")->resource,
                        "{\"type\":\"cluster\",\"uid\":\"arn:c\",\"name\":"
                        "\"n2\",\"namespace\":\"a\"}");
    assert_string_equal(stage_result(&stage, "p", "")->resource,
                        "{\"type\":\"T\",\"uid\":\"p1\",\"name\":\"p1\","
                        "\"namespace\":\"a\"}");
    assert_string_equal(stage_result(&stage, "d", "")->resource,
                        "{\"type\":\"DBInstance\",\"uid\":\"d1\",\"name\":"
                        "\"d1\",\"namespace\":\"a\"}");
    result = stage_result(&stage, "s", "");
    assert_non_null(strstr(result->resource, "\"uid\":\"Statement "));
    stage_close(&stage);
}

/* ---- placeholders ------------------------------------------------------- */

static void fills_placeholders(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, world, "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: r\n"
                   "variables: {n: {type: number}}\n"
                   "check_content:\n"
                   "  calls:\n"
                   "    s: {op: Servers}\n"
                   "    e: {op: Echo, foreach: 's.value[:1]', args: {\n"
                   "      a: '{@}', b: ['{length(id)}', 'x{id}-{`1.5`}'],\n"
                   "      c: \"{'{'}{$account}}\", d: '{{.n}}', e: 'n{{.n}}',\n"
                   "      f: '{$variables.n}', g: '{$scope}', h: '{nothing}',\n"
                   "      i: '{{.t}}'}}\n"
                   "  assert: e && `{{.n}}` == $variables.n && $variables.u\n",
                   "{n: '7', t: '7', u: 'x', v: 'y'}"),
        0);
    assert_int_equal(
        stage_made(&stage,
                   "Echo a1 {\"a\":{\"id\":\"/s1\"},\"b\":[3,\"x/s1-1.5\"],"
                   "\"c\":\"{a1}\",\"d\":7,\"e\":\"n7\",\"f\":7,"
                   "\"g\":{\"account\":\"a1\"},\"h\":null,\"i\":\"7\"}"),
        1);
    assert_string_equal(stage_end(&stage, "r")->variables,
                        "{\"n\":7,\"t\":\"7\",\"u\":\"x\"}");
    assert_int_equal(stage_end(&stage, "r")->status, SCANNER_PASS);
    stage_close(&stage);
}

static void refuses_wrong_placeholders(void **state)
{
    struct stage stage;

    (void)state;
    check_error("{calls: {a: {op: Echo, args: {x: '{Name'}}}, assert: a}",
                "a placeholder is not closed");
    check_error("{calls: {a: {op: Echo, args: {x: '{[}'}}}, assert: a}",
                "jmespath");
    check_error("{calls: {a: {op: Echo, args: {x: '{$nobody}'}}}, assert: a}",
                "undefined-variable");
    check_error("{calls: {a: {op: Echo}}, assert: a, message: '{'}",
                "message: ");
    check_error("{calls: {a: {op: Echo, args: {x: '{{.v}}'}}}, assert: a}",
                "calls: ");
    check_error("{calls: {s: {op: Servers}, a: {op: Echo,\n"
                "  args: {x: '{s.value}'}}}, assert: a}",
                "calls.a: \"s.value\" looks at \"s\", and without foreach a "
                "placeholder looks at the scope, which has account and the "
                "like; answers of other calls are $root.NAME");
    check_error("{op: Echo, args: {x: '{acount}'}, path: a,\n"
                "  operator: exists}", "\"acount\" looks at \"acount\"");
    scan(&stage, "rule_id: r\n"
                 "check_content:\n"
                 "  calls:\n"
                 "    s: {op: Servers}\n"
                 "    e: {op: Echo, foreach: 's.value[:1]',\n"
                 "        args: {x: 'a{nothing}'}}\n"
                 "  assert: e\n");
    assert_int_equal(stage_count(&stage, "r", SCANNER_ERROR), 2);
    assert_non_null(strstr(stage_result(&stage, "r", "a1")->message,
                           "{nothing} gives nothing"));
    assert_int_equal(stage.calls, 2);
    stage_close(&stage);
}

static void refuses_what_is_no_rule(void **state)
{
    (void)state;
    check_error("{calls: {a: {op: Echo}}}", "there is no assert");
    check_error("{calls: {}, assert: a}", "calls is neither");
    check_error("{calls: [{op: Echo}], assert: a}", "has no name");
    check_error("{calls: {a-b: {op: Echo}}, assert: a}", "letters, digits");
    check_error("{calls: [{name: a, op: Echo}, {name: a, op: Echo}], "
                "assert: a}", "two calls have the name");
    check_error("{calls: {a: 5}, assert: a}", "a call is no object");
    check_error("{calls: {a: {op: Echo, arg: 1}}, assert: a}",
                "\"arg\" is not known");
    check_error("{calls: {a: {op: Nothing}}, assert: a}",
                "calls.a: there is no operation \"Nothing\"");
    check_error("{calls: {a: {op: Echo, empty_on: 5}}, assert: a}",
                "empty_on is neither");
    check_error("{calls: {a: {op: Echo}}, assert: 'a['}", "assert: jmespath");
    check_error("{calls: {a: {op: Echo}}, assert: a, each: 5}",
                "each is no text");
    check_error("{calls: {a: {op: Echo}}, assert: a, path: b}",
                "\"path\" is not known in the long form");
    check_error("{op: Echo, path: a, operator: exists, assert: b}",
                "\"assert\" is not known in the short form");
    check_error("{op: Echo, path: a}", "there is no operator");
    check_error("{op: Echo, operator: exists}", "there is no path");
    check_error("{path: a, operator: exists}", "there is no op");
    check_error("5", "it has no check_content");
    check_error("{calls: {a: {op: Echo, foreach: a.L}}, assert: a}",
                "calls.a: its foreach needs its own answer");
    check_error("{op: Echo, path: a, operator: equals,\n"
                "  expected: $variables.x}", "a variable is {{.x}}");
    check_error("{op: Echo, path: a, operator: equal, expected: 1}",
                "operator and expected: \"equal\" is no condition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits_every_scope_of_the_innermost_level),
        cmocka_unit_test(takes_the_level_that_a_rule_names),
        cmocka_unit_test(refuses_levels_that_do_not_fit),
        cmocka_unit_test(joins_the_answers_of_inner_scopes),
        cmocka_unit_test(asks_about_an_item_where_it_is),
        cmocka_unit_test(asks_about_an_item_where_it_says),
        cmocka_unit_test(says_that_there_is_no_such_scope),
        cmocka_unit_test(asks_where_a_list_says),
        cmocka_unit_test(follows_items_of_items),
        cmocka_unit_test(puts_an_answer_wherever_the_element_is),
        cmocka_unit_test(makes_objects_of_what_is_none),
        cmocka_unit_test(refuses_calls_that_go_in_circles),
        cmocka_unit_test(calls_subjects_what_they_are),
        cmocka_unit_test(fills_placeholders),
        cmocka_unit_test(refuses_wrong_placeholders),
        cmocka_unit_test(refuses_what_is_no_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
