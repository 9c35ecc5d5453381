/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scan_faults.c - whole scans in which the Nth allocation fails, for every
 * N: a scan ends and says why, and what it did not finish a resume does, so
 * that each rule has the verdict it would have had, once.
 */
#include "tests/unit/conduct_stage.h"

#include <stdio.h>
#include <string.h>

#include "engine/scan/scan.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define FAULTS_EVERY 5000 /* beyond this many, every hundredth */

static const char rules_text[] =
    "{\"rule_id\":\"a-pass\",\"title\":\"t\",\"severity\":\"low\","
    "\"scanner_type\":\"alpha\",\"check_content\":{\"status\":\"pass\","
    "\"resources\":3}}\n"
    "{\"rule_id\":\"a-fail\",\"title\":\"t\",\"severity\":\"high\","
    "\"scanner_type\":\"alpha\",\"check_content\":{\"status\":\"fail\"}}\n"
    "{\"rule_id\":\"b-pass\",\"title\":\"t\",\"severity\":\"low\","
    "\"scanner_type\":\"beta\",\"check_content\":{\"status\":\"pass\"}}\n"
    "{\"rule_id\":\"nobody\",\"title\":\"t\",\"severity\":\"low\","
    "\"scanner_type\":\"gamma\",\"check_content\":{\"status\":\"pass\"}}\n";

static const char *const expected[][2] = {{"a-pass", "pass"},
                                          {"a-fail", "fail"},
                                          {"b-pass", "pass"},
                                          {"nobody", "notchecked"}};
#define RULES (sizeof(expected) / sizeof(expected[0]))

struct faults {
    struct stage stage;
    struct registry *registry;
    struct plugin_spec specs[2];
    struct scan_context context;
};

static void faults_import(struct faults *f)
{
    const struct rules_import_options options = {.store = f->stage.store};
    char *path = stage_path(&f->stage, "rules.jsonl");
    struct rules_import *import = NULL;
    engine_error err = {0};

    assert_int_equal(file_write(path, rules_text, strlen(rules_text), 0600,
                                &err), ENGINE_OK);
    if (rules_import_new(&options, &import, &err) < 0 ||
        rules_import_path(import, path, &err) < 0 ||
        rules_import_finish(import, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(document_int(rules_import_report(import), "totals.added",
                                  0), RULES);
    rules_import_free(import);
    engine_free(path);
}

static void faults_open(struct faults *f, unsigned flags)
{
    static const char *const names[] = {"alpha", "beta"};
    engine_error err = {0};

    *f = (struct faults){0};
    stage_open(&f->stage, STAGE_STORE | flags);
    f->stage.options.store = NULL; /* the scan's own */
    for (int i = 0; i < 2; i++)
        f->specs[i] = (struct plugin_spec){
            .name = names[i], .path = stage_plugin(names[i]), .file = "test"};
    assert_int_equal(registry_new(&f->registry, &err), ENGINE_OK);
    if (conduct_describe(&f->stage.options, f->specs, 2, f->registry, &err) <
        0)
        fail_msg("%s", err.message);
    faults_import(f);
    f->context = (struct scan_context){.store = f->stage.store,
                                       .registry = f->registry,
                                       .conduct = &f->stage.options,
                                       .log = &f->stage.log};
}

static void faults_close(struct faults *f)
{
    f->stage.options.store = f->stage.store;
    registry_free(f->registry);
    for (int i = 0; i < 2; i++)
        engine_free((char *)f->specs[i].path);
    stage_close(&f->stage);
}

static void faults_note(const bson_t *verdict, long nth, bool whole,
                        unsigned seen[RULES])
{
    const char *rule = document_string(verdict, "rule_id");
    const char *status = document_string(verdict, "status");

    for (size_t i = 0; i < RULES; i++) {
        if (strcmp(rule, expected[i][0]) != 0)
            continue;
        seen[i]++;
        if (strcmp(status, expected[i][1]) == 0 ||
            (!whole && (strcmp(status, "error") == 0 ||
                        strcmp(status, "notchecked") == 0)))
            return;
        fail_msg("allocation %ld: %s is %s: %s", nth, rule, status,
                 document_string(verdict, "message"));
    }
}

/* No rule has two verdicts or a wrong one; when it is `whole`, each has the
 * right one; when it `ended`, each has one. */
static void faults_check(struct faults *f, const char *scan_id, long nth,
                         bool whole, bool ended)
{
    bson_t *filter = BCON_NEW("scan_id", BCON_UTF8(scan_id));
    const struct store_query query = {.filter = filter};
    struct store_cursor *cursor = NULL;
    unsigned seen[RULES] = {0};
    const bson_t *verdict;

    assert_int_equal(store_find(f->stage.store, STORE_VERDICTS, &query,
                                &cursor, NULL), ENGINE_OK);
    while (store_cursor_next(cursor, &verdict, NULL) == 1)
        faults_note(verdict, nth, whole, seen);
    store_cursor_close(cursor);
    for (size_t i = 0; i < RULES; i++)
        if (seen[i] > 1 || (ended && !seen[i]))
            fail_msg("allocation %ld: %s has %u verdicts", nth,
                     expected[i][0], seen[i]);
    bson_destroy(filter);
}

static void faults_resume(struct faults *f, const char *scan_id, long nth,
                          const engine_error *why)
{
    engine_error err = {0};

    if (scan_resume(&f->context, scan_id, &err) < 0)
        fail_msg("allocation %ld: %s; the resume: %s", nth, why->message,
                 err.message);
    faults_check(f, scan_id, nth, false, true);
}

/* A scan with a failing allocation, then, if it could not be finished, its
 * resume without one. False: it has fewer allocations. */
static bool faults_scan(struct faults *f, long nth)
{
    bson_t config = BSON_INITIALIZER;
    engine_error err = {0};
    engine_status status;
    char *scan_id = NULL;
    bool waits;

    engine_alloc_fail_at(nth);
    status = scan_run(&f->context, &config, "test", &scan_id, &err);
    waits = engine_alloc_fail_waits();
    engine_alloc_fail_at(0);
    if (status < 0 && !err.message[0])
        fail_msg("allocation %ld: no message", nth);
    if (waits && status < 0)
        fail_msg("nothing failed, and yet: %s", err.message);
    if (scan_id)
        faults_check(f, scan_id, nth, waits, status == ENGINE_OK);
    if (scan_id && status < 0)
        faults_resume(f, scan_id, nth, &err);
    engine_free(scan_id);
    bson_destroy(&config);
    buffer_reset(&f->stage.logged);
    return !waits;
}

static void survives_every_failed_allocation(void **state)
{
    struct faults f;
    long nth = 1;

    (void)state;
    faults_open(&f, STAGE_THREADS);
    while (faults_scan(&f, nth))
        nth += nth < FAULTS_EVERY ? 1 : 100;
    assert_true(nth > 100); /* it did something */
    faults_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
