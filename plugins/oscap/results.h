/* SPDX-License-Identifier: Apache-2.0 */
/* results.h - reading the rule results of an XCCDF results file or an ARF. */
#ifndef PLUGINS_OSCAP_RESULTS_H
#define PLUGINS_OSCAP_RESULTS_H

#include <stddef.h>

#include "sdk/base/error.h"

#define OSCAP_RESULTS_FILE_MAX ((size_t)1024 * 1024 * 1024)
#define OSCAP_RESULTS_MESSAGES 16   /* of one rule-result; more are left out */
#define OSCAP_RESULTS_TEXT_MAX 4096 /* of one message; more is cut off */

/** One rule-result; strings are valid during the callback, NULL if absent. */
struct oscap_rule_result {
    const char *rule_id; /* the full XCCDF id */
    int status;          /* SCANNER_PASS ... SCANNER_FIXED */
    const char *time, *severity, *weight, *role;
    const char *instance; /* of a multiply instantiated rule */
    const char *message, *message_severity;             /* the first one */
    const char *check_system, *check_href, *check_name; /* the first check */
    const char *const *messages; /* all of them, NULL-ended, never NULL */
};

/** Receives each rule-result, also several of one rule; a failure ends the
 * reading and is returned. */
typedef engine_status (*oscap_rule_result_fn)(
    const struct oscap_rule_result *result, void *user, engine_error *err);

struct oscap_results_summary {
    char benchmark_id[512], profile_id[512]; /* "" when absent */
    char start_time[64], end_time[64];       /* as written, often RFC 3339 */
    int has_score;
    double score, score_maximum; /* urn:xccdf:scoring:default, or the first */
    size_t rule_results;
    size_t counts[10]; /* by SCANNER_* */
    size_t set_values;
};

/**
 * Reads the TestResult of a file (XCCDF 1.1 or 1.2: alone, in a Benchmark or
 * in an ARF), fills *out when all was read (out may be NULL). A malformed or
 * truncated file, two TestResults or none, a document type, an unknown result
 * word: an error with file and line; results before it were delivered.
 */
engine_status oscap_results_read(const char *path, oscap_rule_result_fn fn,
                                 void *user, struct oscap_results_summary *out,
                                 engine_error *err);

/** SCANNER_* of an XCCDF result word; 0 when there is no such word. */
int oscap_result_status(const char *word);

#endif
