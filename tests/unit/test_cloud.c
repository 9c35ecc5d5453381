/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud.c - rules of clouds on a cloud in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/cloud_stage.h"

#define WORLD                                                                 \
    "accounts: [{name: a1, regions: [{name: r1}, {name: r2}]}]\n"             \
    "ops:\n"                                                                  \
    "  ListBuckets: {answers: {'*': {answer: {Buckets: [\n"                   \
    "    {Name: b1}, {Name: b2}, {Name: b3}]}}}}\n"                           \
    "  GetPolicy: {answers: {\n"                                              \
    "    'a1 {\"Bucket\":\"b1\"}': {answer: {Policy: deny}, late: true},\n"   \
    "    'a1 {\"Bucket\":\"b2\"}': {code: 'NoSuchPolicy 404',\n"              \
    "                               message: there is none},\n"               \
    "    'a1 {\"Bucket\":\"b3\"}': {code: AccessDenied,\n"                    \
    "       message: 'it needs s3:GetPolicy'}}}\n"                            \
    "  GetSummary: {answers: {'*': {answer: {Keys: 0, Mfa: 1}}}}\n"           \
    "  ListGroups: {level: region, answers: {\n"                              \
    "    a1/r1: {answer: {Groups: [{Id: g1, Open: true}, {Id: g2}]}},\n"      \
    "    a1/r2: {answer: {Groups: []}}}}\n"

static void judges_the_short_form(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, WORLD, "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: one\n"
                   "check_content: {op: GetSummary, path: Keys,\n"
                   "                operator: equals, expected: 0}\n"
                   "---\n"
                   "rule_id: each\n"
                   "check_content: {op: ListGroups, foreach: Groups, id: Id,\n"
                   "  path: Open, operator: not_equals, expected: true}\n",
                   NULL),
        0);
    assert_int_equal(stage_end(&stage, "one")->status, SCANNER_PASS);
    assert_int_equal(stage_end(&stage, "each")->status, SCANNER_FAIL);
    assert_int_equal(stage_result(&stage, "each", "g1")->status, SCANNER_FAIL);
    assert_int_equal(stage_result(&stage, "each", "g2")->status, SCANNER_PASS);
    assert_non_null(strstr(stage_result(&stage, "each", "g1")->resource,
                           "\"namespace\":\"a1\",\"region\":\"r1\""));
    assert_int_equal(stage_count(&stage, "each", 0), 2);
    assert_int_equal(stage.prepared, stage.released);
    stage_close(&stage);
}

static void puts_answers_into_the_elements(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, WORLD, "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: long\n"
                   "check_content:\n"
                   "  calls:\n"
                   "    pol: {op: GetPolicy, args: {Bucket: '{Name}'},\n"
                   "          foreach: buckets.Buckets,\n"
                   "          empty_on: [NoSuchPolicy]}\n"
                   "    buckets: {op: ListBuckets}\n"
                   "  each: buckets.Buckets\n"
                   "  id: Name\n"
                   "  assert: pol.Policy == 'deny'\n"
                   "  message: '{Name} of {$account} has no policy'\n",
                   NULL),
        0);
    assert_int_equal(stage_count(&stage, "long", 0), 3);
    assert_int_equal(stage_result(&stage, "long", "b1")->status, SCANNER_PASS);
    assert_int_equal(stage_result(&stage, "long", "b2")->status, SCANNER_FAIL);
    assert_string_equal(stage_result(&stage, "long", "b2")->message,
                        "b2 of a1 has no policy");
    assert_int_equal(stage_result(&stage, "long", "b3")->status,
                     SCANNER_ERROR);
    assert_string_equal(stage_result(&stage, "long", "b3")->message,
                        "b3: calls.pol: it needs s3:GetPolicy");
    assert_int_equal(stage_end(&stage, "long")->status, SCANNER_FAIL);
    stage_close(&stage);
}

static void makes_equal_calls_of_all_rules_once(void **state)
{
    struct stage stage;

    (void)state;
    stage_open(&stage, WORLD, "{}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: x\n"
                   "check_content:\n"
                   "  calls: {buckets: {op: ListBuckets}}\n"
                   "  assert: length(buckets.Buckets) == `3`\n"
                   "---\n"
                   "rule_id: y\n"
                   "check_content:\n"
                   "  calls:\n"
                   "    all: {op: ListBuckets}\n"
                   "    pol: {op: GetPolicy, args: {Bucket: '{Name}'},\n"
                   "          foreach: all.Buckets}\n"
                   "  each: all.Buckets[?Name == 'b1']\n"
                   "  assert: pol\n"
                   "---\n"
                   "rule_id: z\n"
                   "check_content:\n"
                   "  calls:\n"
                   "    all: {op: ListBuckets}\n"
                   "    pol: {op: GetPolicy, args: {Bucket: '{@}'},\n"
                   "          foreach: 'all.Buckets[].Name'}\n"
                   "  assert: length(pol) == `1`\n",
                   NULL),
        0);
    assert_int_equal(stage_made(&stage, "ListBuckets a1"), 1);
    assert_int_equal(stage_made(&stage, "GetPolicy a1 {\"Bucket\":\"b1\"}"), 1);
    assert_int_equal(stage.calls, 4);
    assert_int_equal(stage_end(&stage, "x")->status, SCANNER_PASS);
    /* b2 and b3 were filtered out, but what failed has its say */
    assert_int_equal(stage_count(&stage, "y", SCANNER_ERROR), 2);
    assert_int_equal(stage_count(&stage, "y", SCANNER_PASS), 1);
    stage_close(&stage);
}

/* Accounts are opened some at a time; every rule sees all of them. */
static void goes_through_many_accounts(void **state)
{
    enum { ACCOUNTS = 600, RULES = 60 };
    const size_t size = 1 << 20;
    char *world = malloc(size), *rules = malloc(size);
    struct stage stage;
    size_t used = 0;

    (void)state;
    assert_true(world && rules);
    used += (size_t)snprintf(world, size, "accounts:\n");
    for (int i = 0; i < ACCOUNTS; i++)
        used += (size_t)snprintf(world + used, size - used,
                                 "- {name: a%d}\n", i);
    snprintf(world + used, size - used,
             "ops: {Get: {answers: {'*': {answer: {V: 1}, late: true},\n"
             "  a7: {code: X, message: no}}}}\n");
    used = 0;
    for (int i = 0; i < RULES; i++)
        used += (size_t)snprintf(rules + used, size - used,
                                 "---\nrule_id: r%d\ncheck_content: {op: Get,"
                                 " path: V, operator: equals,\n"
                                 "  expected: 1}\n", i);
    stage_open(&stage, world, "{passing_results: 0}");
    assert_int_equal(stage_scan(&stage, rules, NULL), 0);
    assert_int_equal(stage.calls, ACCOUNTS);
    assert_int_equal(stage.ends_count, RULES);
    for (int i = 0; i < RULES; i++) {
        assert_int_equal(stage.ends[i].status, SCANNER_ERROR);
        assert_string_equal(stage.ends[i].resources, "{\"pass\":599}");
    }
    assert_int_equal(stage.emitted, RULES);
    assert_int_equal(stage.progress_done, RULES);
    stage_close(&stage);
    free(world);
    free(rules);
}

/* An API that answers late holds up none but its own calls. */
static void lets_calls_of_all_kinds_begin(void **state)
{
    char world[8192];
    struct stage stage;
    size_t used = 0;

    (void)state;
    used += (size_t)snprintf(world, sizeof(world), "accounts: [{name: a}]\n"
                             "ops:\n"
                             "  Slow: {answers: {'*': {answer: 1, late: "
                             "true}}}\n"
                             "  Fast: {answers: {'*': {answer: 1}}}\n"
                             "  List: {answers: {'*': {answer: {L: [0");
    for (int i = 1; i < 300; i++)
        used += (size_t)snprintf(world + used, sizeof(world) - used, ",%d", i);
    snprintf(world + used, sizeof(world) - used, "]}}}}\n");
    stage_open(&stage, world, "{concurrency: 1}");
    assert_int_equal(
        stage_scan(&stage,
                   "rule_id: slow\n"
                   "check_content: {calls: {l: {op: List},\n"
                   "  s: {op: Slow, args: '{@}', foreach: l.L}}, assert: s}\n"
                   "---\n"
                   "rule_id: fast\n"
                   "check_content: {calls: {l: {op: List},\n"
                   "  f: {op: Fast, args: '{@}', foreach: 'l.L[:9]'}},\n"
                   "  assert: f}\n",
                   NULL),
        0);
    assert_int_equal(stage_made(&stage, "Slow a 299"), 1);
    assert_true(strstr(stage.made, "\nFast a 8\n") <
                strstr(stage.made, "\nSlow a 100\n"));
    assert_int_equal(stage_end(&stage, "slow")->status, SCANNER_PASS);
    assert_int_equal(stage_end(&stage, "fast")->status, SCANNER_PASS);
    assert_string_equal(stage.ends[0].rule, "fast");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_the_short_form),
        cmocka_unit_test(puts_answers_into_the_elements),
        cmocka_unit_test(makes_equal_calls_of_all_rules_once),
        cmocka_unit_test(goes_through_many_accounts),
        cmocka_unit_test(lets_calls_of_all_kinds_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
