/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cloud_rule.c - documents as the check_content of rules of clouds, on a
 * cloud in memory: whatever they are, every rule ends exactly once, what is
 * no pass has reasons, and every call that was made ready is let go.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/document/document.h"
#include "tests/unit/cloud_stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char world[] =
    "accounts:\n"
    "- {name: a1, regions: [{name: r1}, {name: r2}]}\n"
    "- {name: a2, why: broken, regions: [{name: r1}]}\n"
    "ops:\n"
    "  List: {answers: {'*': {answer: {L: [{Name: x, Tags: [{K: k, V: v}]},\n"
    "    {Name: y}, {Name: z, Tags: []}], Ids: [i, j], N: [1, 2], O: {},\n"
    "    S: s, B: true, Deep: {Deep: {Deep: [[{Name: d}]]}}}}}}\n"
    "  Get: {answers: {'a1 {\"Name\":\"x\"}': {answer: {P: deny}, late: true},\n"
    "    'a1 {\"Name\":\"y\"}': {code: 'NoSuch 404', message: none},\n"
    "    'a1 {\"Name\":\"z\"}': {code: Denied, message: denied},\n"
    "    '*': {answer: {P: allow, L: [{Name: q}]}}}}\n"
    "  Vols: {level: region, answers: {a1/r1: {answer: {V: [{Id: v1}]}},\n"
    "    a1/r2: {answer: {V: [{Id: v2}], X: 1}, late: true}}}\n"
    "  Null: {answers: {'*': {answer: null}}}\n"
    "  Text: {answers: {'*': {answer: [a, b]}}}\n";

static engine_status take(const bson_t *document,
                          const struct document_origin *origin, void *user,
                          engine_error *err)
{
    bson_t *rules = user, rule;
    const uint32_t count = bson_count_keys(rules);
    char key[16], id[16];

    (void)origin;
    if (count == 8)
        return engine_fail(err, ENGINE_ELIMIT, "enough");
    snprintf(key, sizeof(key), "%u", count);
    snprintf(id, sizeof(id), "r%u", count);
    bson_append_document_begin(rules, key, -1, &rule);
    bson_append_utf8(&rule, "rule_id", -1, id, -1);
    bson_append_document(&rule, "check_content", -1, document);
    bson_append_document_end(rules, &rule);
    return ENGINE_OK;
}

static void check(const struct stage *stage, uint32_t rules)
{
    if (stage->prepared != stage->released || stage->ends_count != rules)
        abort();
    for (size_t i = 0; i < stage->ends_count; i++) {
        const struct stage_end *end = &stage->ends[i];

        if (end->status <= 0 || end->status > SCANNER_NOTAPPLICABLE ||
            (end->status != SCANNER_PASS && !end->message[0]) ||
            stage_end(stage, end->rule) != end)
            abort();
    }
    for (size_t i = 0; i < stage->results_count; i++) {
        const struct stage_result *result = &stage->results[i];

        /* a rule that cannot be read has no resource */
        if (!result->message[0] ||
            (!strstr(result->resource, "\"name\"") &&
             (result->resource[0] || result->status != SCANNER_ERROR)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    bson_t rules = BSON_INITIALIZER, variables = BSON_INITIALIZER;
    engine_error err = {0};
    struct stage stage;

    bson_append_utf8(&variables, "v", -1, "x", -1);
    bson_append_int32(&variables, "n", -1, 7);
    document_read_yaml((const char *)data, len, "fuzz", take, &rules, &err);
    stage_open(&stage, world, "{passing_results: 3}");
    if (stage_scan_documents(&stage, &rules, &variables) != 0)
        abort();
    check(&stage, bson_count_keys(&rules));
    stage_close(&stage);
    bson_destroy(&rules);
    bson_destroy(&variables);
    return 0;
}
