/* SPDX-License-Identifier: Apache-2.0 */
/* test_bench.h - the imported fixture that the tests of content work on. */
#ifndef PLUGINS_OSCAP_TEST_BENCH_H
#define PLUGINS_OSCAP_TEST_BENCH_H

#include "plugins/oscap/content.h"

#define RULE "xccdf_org.example_rule_"
#define BENCHMARK "xccdf_org.example_benchmark_zoo"

struct bench {
    char *directory, *fragments;
    bson_t *rules[64], *benchmark;
    size_t rules_count;
    char warnings[4096];
    struct oscap_content *content;
};

/** Path of the fixture, valid until the next call. */
const char *bench_fixture(void);
/** Keeps what an import delivers in a bench. */
struct oscap_import_sink bench_sink(struct bench *bench);
/** Frees what was kept. */
void bench_forget(struct bench *bench);

/** For cmocka: *state is a bench with the fixture imported and opened. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

/** The rule document with this id; fails the test when there is none. */
const bson_t *bench_rule(const struct bench *bench, const char *name);

/** Compiles some rules of the bench, without a cache, into its directory. */
struct oscap_compile_options bench_options(const struct bench *bench,
                                           const bson_t **rules, size_t count);

#endif
