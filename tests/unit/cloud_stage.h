/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloud_stage.h - a cloud in memory and a host that keeps what it is told: for
 * tests of the core of cloud scanners.
 *
 * A call is {op, args}. The world is a document
 *   {accounts: [{name, why?, regions: [{name, why?}]}],
 *    ops: {Op: {level?, answers: {KEY: {answer | code + message, late?}}}}}
 * KEY is "SCOPE ARGS" (compact JSON), "SCOPE", or "*"; SCOPE is
 * "account" or "account/region".
 */
#ifndef TESTS_UNIT_CLOUD_STAGE_H
#define TESTS_UNIT_CLOUD_STAGE_H

#include "sdk/kit/cloud/cloud.h"

struct stage_result {
    char rule[64];
    int32_t status;
    char message[512];
    char resource[512]; /* as JSON */
    char evidence[4096];
};

struct stage_end {
    char rule[64];
    int32_t status;
    char message[512];
    char resources[256], variables[256];
};

struct stage {
    struct scanner_host host;
    struct cloud_plugin *plugin;
    bson_t world;
    /* what the scanner said */
    struct stage_result *results;
    size_t results_count, results_room;
    struct stage_end *ends;
    size_t ends_count, ends_room;
    char **notes;
    size_t notes_count;
    char made[16384]; /* calls in their order, one per line */
    size_t calls, prepared, released, progress;
    uint64_t progress_done, progress_expected;
    long fail_at;   /* the allocation of an operation that fails; 0: none */
    long cancel_at; /* polls until it is cancelled; 0: never */
    size_t give_up_at; /* calls after which it is cancelled, and all calls on
                        * their way are refused; 0: never */
    long late_at;   /* polls until its time is over; 0: never */
    size_t calls_most; /* alive at a time; 0: as always */
    bool quiet;     /* keep no results, count them only */
    uint64_t emitted;
    struct scanner_error error;
    unsigned deepest;
};

void stage_open(struct stage *stage, const char *world, const char *options);
void stage_close(struct stage *stage);
/** Runs an operation with rules (YAML, a stream of documents). */
int32_t stage_scan(struct stage *stage, const char *rules,
                   const char *variables);
/** The same with rule documents {0: .., 1: ..}. */
int32_t stage_scan_documents(struct stage *stage, const bson_t *rules,
                             const bson_t *variables);
int32_t stage_plan(struct stage *stage, const char *rules);
int32_t stage_probe(struct stage *stage);
/** The one result of a rule whose resource has this in its JSON. */
const struct stage_result *stage_result(const struct stage *stage,
                                        const char *rule, const char *name);
const struct stage_end *stage_end(const struct stage *stage,
                                  const char *rule);
size_t stage_count(const struct stage *stage, const char *rule,
                   int32_t status);
/** How often a call was made. */
size_t stage_made(const struct stage *stage, const char *line);

#endif
