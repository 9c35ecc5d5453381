/* SPDX-License-Identifier: Apache-2.0 */
/* test_conduct.c - jobs of test plugins on real workers. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"
#include "tests/unit/conduct_stage.h"

static void expect_ok(engine_status status, const engine_error *err)
{
    if (status != ENGINE_OK)
        fail_msg("%d: %s", status, err->message);
}

/* ---- good scanners ------------------------------------------------------ */

static void check_scan(unsigned flags)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    bson_t target = BSON_INITIALIZER;

    stage_open(&stage, flags);
    trial_open(&trial, "alpha", "scan");
    BSON_APPEND_UTF8(&target, "type", "local");
    trial.job.target = &target;
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\"}}");
    trial_rule(&trial, "{\"rule_id\": \"two\", \"check_content\": "
                       "{\"status\": \"fail\", \"resources\": 2, "
                       "\"message\": \"why\", \"evidence\": \"what\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_string_equal(trial.said.data,
                        "r:one=1 d:one=0 r:two=2 r:two=2 d:two=0 ");
    assert_string_equal(document_string(&trial.document, "message"), "why");
    assert_string_equal(document_string(&trial.document, "evidence.seen"),
                        "what");
    assert_string_equal(document_string(&trial.document, "resource.uid"),
                        "resource-1");
    assert_int_equal(trial.progress, 2);
    assert_true(trial.end.started);
    bson_destroy(&target);
    trial_close(&trial);
    stage_close(&stage);
}

static void scans_in_a_process(void **state)
{
    (void)state;
    check_scan(0);
}

static void scans_in_a_thread(void **state)
{
    (void)state;
    check_scan(STAGE_THREADS);
}

static void scans_with_no_rules_at_all(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "beta", "scan");
    trial.job.next_rule = NULL;
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_int_equal(trial.ends, 0);
    trial_close(&trial);
    stage_close(&stage);
}

static void feeds_twenty_thousand_rules(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "alpha", "scan");
    trial.generated = 20000;
    snprintf(trial.generated_check, sizeof(trial.generated_check),
             "{\"status\": \"pass\"}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_int_equal(trial.results, 20000);
    assert_int_equal(trial.ends, 20000);
    assert_non_null(strstr(trial.said.data, "d:rule-19999=0 "));
    trial_close(&trial);
    stage_close(&stage);
}

static void plans_probes_and_imports(void **state)
{
    static const char *const ops[] = {"plan", "probe", "import"};
    static const char *const kinds[] = {"note", "probe", "rule"};
    static const char *const paths[] = {"text", "platforms.0", "rule_id"};
    static const char *const texts[] = {"0 rules, limit 7",
                                        "cpe:/o:alpha:os:1", "/some/file"};
    bson_t *request = BCON_NEW("paths", "[", BCON_UTF8("/some/file"), "]");
    struct stage stage;

    (void)state;
    stage_open(&stage, 0);
    for (int i = 0; i < 3; i++) {
        engine_error err = {0};
        struct trial trial;

        trial_open(&trial, "alpha", ops[i]);
        BSON_APPEND_INT64(&trial.plugin.options, "limit", 7);
        trial.job.request = request;
        expect_ok(trial_run(&trial, &stage, &err), &err);
        assert_string_equal(trial.kind, kinds[i]);
        assert_string_equal(document_string(&trial.document, paths[i]),
                            texts[i]);
        trial_close(&trial);
    }
    bson_destroy(request);
    stage_close(&stage);
}

static void refuses_an_operation_that_a_scanner_lacks(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "beta", "plan");
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_EUNSUPPORTED);
    assert_string_equal(err.message, "scanner \"beta\" cannot plan");
    trial_close(&trial);
    stage_close(&stage);
}

static void runs_at_most_as_many_as_admitted(void **state)
{
    struct conduct *conduct = NULL;
    engine_error err = {0};
    struct stage stage;
    struct trial trials[4];
    const int64_t began = clock_steady_ms();

    (void)state;
    stage_open(&stage, 0);
    expect_ok(conduct_new(&stage.options, &conduct, &err), &err);
    for (int i = 0; i < 4; i++) {
        trial_open(&trials[i], i % 2 ? "alpha" : "beta", "scan");
        trial_rule(&trials[i], "{\"rule_id\": \"slow\", \"check_content\": "
                               "{\"status\": \"pass\", \"sleep_ms\": 300}}");
        expect_ok(conduct_add(conduct, &trials[i].job, &err), &err);
    }
    expect_ok(conduct_run(conduct, &err), &err);
    /* two at a time: two rounds, and less than four */
    assert_true(clock_steady_ms() - began >= 600);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(trials[i].ended, 1);
        assert_int_equal(trials[i].ends, 1);
        assert_int_equal(trials[i].end.error.status, ENGINE_OK);
        trial_close(&trials[i]);
    }
    conduct_free(conduct);
    stage_close(&stage);
}

/* ---- warnings ------------------------------------------------------------ */

static void a_warning_is_told_once_said(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\", \"warn\": \"beware\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_string_equal(trial.warning, "beware");
    assert_null(strstr(stage.logged.data ? stage.logged.data : "", "beware"));
    trial_close(&trial);
    stage_close(&stage);
}

static void a_warning_that_nobody_takes_is_logged(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "alpha", "scan");
    trial.job.on_warning = NULL;
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\", \"warn\": \"beware\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_non_null(strstr(stage.logged.data, "alpha: beware"));
    trial_close(&trial);
    stage_close(&stage);
}

static void an_empty_warning_is_refused(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\", \"warn\": \"\"}}");
    assert_int_not_equal(trial_run(&trial, &stage, &err), ENGINE_OK);
    assert_string_equal(trial.warning, "");
    trial_close(&trial);
    stage_close(&stage);
}

/* ---- artifacts and effects ---------------------------------------------- */

static void keeps_artifacts_and_opens_them(void **state)
{
    static const char text[] = "raw results";
    char id[HASH_HEX_SIZE], rule[256];
    const char *ids[] = {id, NULL};
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    hash_bytes(text, strlen(text), id);
    stage_open(&stage, STAGE_STORE);
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\", \"artifact\": "
                       "\"raw results\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_string_equal(trial.artifact, id);
    trial_close(&trial);

    trial_open(&trial, "alpha", "scan");
    trial.job.artifacts = ids;
    snprintf(rule, sizeof(rule), "{\"rule_id\": \"two\", \"check_content\": "
             "{\"resources\": 0, \"open\": \"%s\"}}", id);
    trial_rule(&trial, rule);
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_string_equal(document_string(&trial.document, "message"), text);
    trial_close(&trial);
    stage_close(&stage);
}

static void keeps_artifacts_below_a_linked_directory(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char *real;

    (void)state;
    stage_open(&stage, STAGE_STORE);
    real = stage_path(&stage, "real");
    assert_int_equal(file_make_directory(real, &err), ENGINE_OK);
    assert_int_equal(symlink(real, stage.options.run_directory), 0);
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                       "{\"status\": \"pass\", \"artifact\": \"x\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_int_equal(strlen(trial.artifact), HASH_HEX_SIZE - 1);
    engine_free(real);
    trial_close(&trial);
    stage_close(&stage);
}

static void a_missing_artifact_costs_the_rules_that_need_it(void **state)
{
    char id[HASH_HEX_SIZE], rule[256];
    const char *ids[] = {id, "no hash at all", NULL};
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    hash_bytes("nobody", 6, id);
    stage_open(&stage, STAGE_STORE);
    trial_open(&trial, "alpha", "scan");
    trial.job.artifacts = ids;
    snprintf(rule, sizeof(rule), "{\"rule_id\": \"one\", \"check_content\": "
             "{\"resources\": 0, \"open\": \"%s\"}}", id);
    trial_rule(&trial, rule);
    trial_rule(&trial, "{\"rule_id\": \"two\", \"check_content\": "
                       "{\"status\": \"pass\"}}");
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_string_equal(trial.said.data, "r:one=3 d:one=0 r:two=1 d:two=0 ");
    assert_non_null(strstr(stage.logged.data, id));
    assert_non_null(strstr(stage.logged.data, "no hash at all"));
    trial_close(&trial);
    stage_close(&stage);
}

static int64_t effects_in_state(struct store *store, const char *state)
{
    bson_t *filter = BCON_NEW("state", BCON_UTF8(state));
    int64_t count = -1;

    assert_int_equal(store_count(store, STORE_EFFECTS, filter, &count, NULL),
                     ENGINE_OK);
    bson_destroy(filter);
    return count;
}

static void add_effect_rule(struct trial *trial, const char *path, int keep)
{
    char *rule = engine_strf(
        "{\"rule_id\": \"one\", \"check_content\": {\"status\": \"pass\", "
        "\"effect\": \"%s\", \"keep\": %d}}", path, keep);

    trial_rule(trial, rule);
    engine_free(rule);
}

static void journals_effects_and_their_undoing(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char *path;

    (void)state;
    stage_open(&stage, STAGE_STORE);
    path = stage_path(&stage, "created");
    trial_open(&trial, "alpha", "scan");
    add_effect_rule(&trial, path, 0);
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_int_equal(effects_in_state(stage.store, "open"), 0);
    assert_int_equal(effects_in_state(stage.store, "undone"), 1);
    assert_false(file_exists(path));
    engine_free(path);
    trial_close(&trial);
    stage_close(&stage);
}

static void undoes_effects_that_were_left(void **state)
{
    bson_t *description = BCON_NEW("name", BCON_UTF8("alpha"));
    struct registry *registry = NULL;
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char *path;

    (void)state;
    stage_open(&stage, STAGE_STORE);
    path = stage_path(&stage, "created");
    trial_open(&trial, "alpha", "scan");
    add_effect_rule(&trial, path, 1);
    expect_ok(trial_run(&trial, &stage, &err), &err);
    assert_true(file_exists(path));
    assert_int_equal(effects_in_state(stage.store, "open"), 1);

    expect_ok(registry_new(&registry, &err), &err);
    expect_ok(registry_add(registry, &trial.spec, description, &err), &err);
    expect_ok(conduct_undo(&stage.options, registry, "another", &err), &err);
    assert_true(file_exists(path));
    expect_ok(conduct_undo(&stage.options, registry, NULL, &err), &err);
    assert_false(file_exists(path));
    assert_int_equal(effects_in_state(stage.store, "open"), 0);
    registry_free(registry);
    bson_destroy(description);
    engine_free(path);
    trial_close(&trial);
    stage_close(&stage);
}

/* No store, no journal: then nothing may be created either. */
static void creates_nothing_that_is_not_journalled(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char *path;

    (void)state;
    stage_open(&stage, 0);
    path = stage_path(&stage, "created");
    trial_open(&trial, "alpha", "scan");
    add_effect_rule(&trial, path, 1);
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_EPLUGIN);
    assert_false(file_exists(path));
    engine_free(path);
    trial_close(&trial);
    stage_close(&stage);
}

/* ---- time --------------------------------------------------------------- */

/* When the two that may run have done a rule each. */
static int cancel_both(void *user)
{
    const struct trial *trials = user;

    return trials[0].ends && trials[1].ends;
}

static void cancels_what_runs_and_what_waits(void **state)
{
    struct conduct *conduct = NULL;
    engine_error err = {0};
    struct stage stage;
    struct trial trials[3];
    int64_t began;

    (void)state;
    stage_open(&stage, 0);
    stage.options.cancelled = cancel_both;
    stage.options.user = trials;
    stage.options.grace_ms = 10000;
    expect_ok(conduct_new(&stage.options, &conduct, &err), &err);
    for (int i = 0; i < 3; i++) {
        trial_open(&trials[i], "alpha", "scan");
        trial_rule(&trials[i], "{\"rule_id\": \"fast\", \"check_content\": "
                               "{\"status\": \"pass\"}}");
        trial_rule(&trials[i], "{\"rule_id\": \"slow\", \"check_content\": "
                               "{\"status\": \"pass\", \"sleep_ms\": 600000}}");
        expect_ok(conduct_add(conduct, &trials[i].job, &err), &err);
    }
    began = clock_steady_ms();
    expect_ok(conduct_run(conduct, &err), &err);
    assert_true(clock_steady_ms() - began < 300000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trials[i].end.error.status, ENGINE_ECANCELLED);
        assert_int_equal(trials[i].end.started, i < 2);
        assert_int_equal(trials[i].ends, i < 2);
        trial_close(&trials[i]);
    }
    conduct_free(conduct);
    stage_close(&stage);
}

/* false: the machine is so busy that not even the first rule was done */
static bool is_stopped_after(int64_t seconds)
{
    const int64_t began = clock_steady_ms();
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char message[128];
    bool began_well;

    snprintf(message, sizeof(message), "scanner \"alpha\" did not finish "
             "within %lld s (limits.wall)", (long long)seconds);
    stage_open(&stage, 0);
    trial_open(&trial, "alpha", "scan");
    trial.job.limits.wall_ms = seconds * 1000;
    trial_rule(&trial, "{\"rule_id\": \"fast\", \"check_content\": "
                       "{\"status\": \"pass\"}}");
    trial_rule(&trial, "{\"rule_id\": \"slow\", \"check_content\": "
                       "{\"status\": \"pass\", \"sleep_ms\": 600000}}");
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_ETIMEOUT);
    assert_string_equal(err.message, message);
    assert_true(clock_steady_ms() - began < 300000);
    began_well = trial.ends > 0;
    if (began_well)
        assert_string_equal(trial.said.data, "r:fast=1 d:fast=0 ");
    trial_close(&trial);
    stage_close(&stage);
    return began_well;
}

static void stops_a_job_at_its_deadline(void **state)
{
    (void)state;
    assert_true(is_stopped_after(2) || is_stopped_after(10) ||
                is_stopped_after(60));
}

/* ---- out of memory ------------------------------------------------------ */

/* Fails each allocation in turn; in a thread also those of the worker. */
static void check_memory(unsigned flags)
{
    engine_status status = ENGINE_ENOMEM;

    for (long nth = 1; status != ENGINE_OK && nth < 500; nth++) {
        engine_error err = {0};
        struct stage stage;
        struct trial trial;

        stage_open(&stage, flags);
        trial_open(&trial, "alpha", "scan");
        trial_rule(&trial, "{\"rule_id\": \"one\", \"check_content\": "
                           "{\"status\": \"pass\"}}");
        engine_alloc_fail_at(nth);
        status = conduct_one(&stage.options, &trial.job, &err);
        engine_alloc_fail_at(0);
        if (status < 0 && !err.message[0])
            fail_msg("allocation %ld: a failure without a message", nth);
        if (status == ENGINE_OK)
            assert_int_equal(trial.ends, 1);
        trial_close(&trial);
        stage_close(&stage);
    }
    assert_int_equal(status, ENGINE_OK);
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    check_memory(0);
    check_memory(STAGE_THREADS);
}

/* ---- describing --------------------------------------------------------- */

static void describes_plugins_and_refuses_the_bad_ones(void **state)
{
    static const char *const names[] = {"alpha", "wrong_major",
                                        "failing_init", "duplicate_type",
                                        "no_symbol", "beta"};
    struct plugin_spec specs[6] = {{0}};
    struct stage stage;

    (void)state;
    stage_open(&stage, 0);
    for (int i = 0; i < 6; i++) {
        specs[i].name = names[i];
        specs[i].path = stage_plugin(names[i]);
    }
    for (int round = 0; round < 2; round++) { /* the second from the cache */
        struct registry *registry = NULL;
        engine_error err = {0};
        const struct plugin_entry *entry;

        expect_ok(registry_new(&registry, &err), &err);
        expect_ok(conduct_describe(&stage.options, specs, 6, registry, &err),
                  &err);
        assert_int_equal(registry_count(registry), 6);
        entry = registry_type(registry, "alpha_alias");
        assert_non_null(entry);
        assert_string_equal(entry->spec->name, "alpha");
        assert_int_equal(document_int(&entry->options, "limit", 0), 10);
        assert_string_equal(document_string(&entry->description, "version"),
                            "1.2.3");
        assert_string_equal(registry_type_name(registry, "alpha_alias"),
                            "alpha");
        assert_string_equal(registry_target_name(registry, "alpha_t"),
                            "alpha_target");
        assert_ptr_equal(registry_content(registry, NULL, "alpha-content"),
                         entry);
        entry = registry_at(registry, 1);
        assert_int_equal(entry->refused.status, ENGINE_EVERSION);
        assert_non_null(strstr(entry->refused.message,
                               "built for scanner ABI 3.1, this engine "
                               "provides 1.0"));
        assert_string_equal(entry->refused.hint,
                            "rebuild it against this engine's SDK");
        entry = registry_at(registry, 2);
        assert_non_null(strstr(entry->refused.message, specs[2].path));
        assert_non_null(strstr(entry->refused.message,
                               ": scanner \"failing_init\": the frobnicator "
                               "is not there"));
        assert_string_equal(entry->refused.hint, "start the frobnicator");
        assert_int_equal(registry_at(registry, 3)->refused.status,
                         ENGINE_ECONFLICT);
        assert_non_null(strstr(registry_at(registry, 4)->refused.message,
                               "is no scanner"));
        assert_int_equal(registry_at(registry, 5)->refused.status, ENGINE_OK);
        registry_free(registry);
    }
    for (int i = 0; i < 6; i++)
        engine_free((char *)specs[i].path);
    stage_close(&stage);
}

static void spoil_files(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int spoilt = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        char *file = engine_strf("%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && ++spoilt)
            assert_int_equal(file_write(file, "rubbish", 7, 0600, NULL), 0);
        engine_free(file);
    }
    closedir(folder);
    assert_int_equal(spoilt, 1);
}

static void remembers_descriptions_but_not_damaged_ones(void **state)
{
    struct plugin_spec spec = {.name = "alpha"};
    struct stage stage;
    char *folder;

    (void)state;
    stage_open(&stage, 0);
    spec.path = stage_plugin("alpha");
    folder = stage_path(&stage, "cache/describe");
    for (int round = 0; round < 3; round++) {
        struct registry *registry = NULL;
        engine_error err = {0};

        expect_ok(registry_new(&registry, &err), &err);
        expect_ok(conduct_describe(&stage.options, &spec, 1, registry, &err),
                  &err);
        assert_non_null(registry_type(registry, "alpha"));
        registry_free(registry);
        assert_true(file_exists(folder));
        if (round == 0) { /* no run directory is needed with a cache */
            assert_int_equal(file_remove_tree(stage.options.run_directory,
                                              NULL), ENGINE_OK);
        } else if (round == 1) {
            assert_false(file_exists(stage.options.run_directory));
            spoil_files(folder);
        }
    }
    engine_free(folder);
    engine_free((char *)spec.path);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_in_a_process),
        cmocka_unit_test(scans_in_a_thread),
        cmocka_unit_test(scans_with_no_rules_at_all),
        cmocka_unit_test(feeds_twenty_thousand_rules),
        cmocka_unit_test(plans_probes_and_imports),
        cmocka_unit_test(refuses_an_operation_that_a_scanner_lacks),
        cmocka_unit_test(runs_at_most_as_many_as_admitted),
        cmocka_unit_test(a_warning_is_told_once_said),
        cmocka_unit_test(a_warning_that_nobody_takes_is_logged),
        cmocka_unit_test(an_empty_warning_is_refused),
        cmocka_unit_test(keeps_artifacts_and_opens_them),
        cmocka_unit_test(keeps_artifacts_below_a_linked_directory),
        cmocka_unit_test(a_missing_artifact_costs_the_rules_that_need_it),
        cmocka_unit_test(journals_effects_and_their_undoing),
        cmocka_unit_test(undoes_effects_that_were_left),
        cmocka_unit_test(creates_nothing_that_is_not_journalled),
        cmocka_unit_test(cancels_what_runs_and_what_waits),
        cmocka_unit_test(stops_a_job_at_its_deadline),
        cmocka_unit_test(survives_every_failed_allocation),
        cmocka_unit_test(describes_plugins_and_refuses_the_bad_ones),
        cmocka_unit_test(remembers_descriptions_but_not_damaged_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
