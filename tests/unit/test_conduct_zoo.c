/* SPDX-License-Identifier: Apache-2.0 */
/* test_conduct_zoo.c - bad scanners cost their own rules and nothing else. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"
#include "tests/unit/conduct_stage.h"

#define RULE(id, check) \
    "{\"rule_id\": \"" id "\", \"check_content\": {" check "}}"

/* Runs one scan of a bad scanner over up to two rules. */
static void run_bad(struct stage *stage, struct trial *trial,
                    const char *plugin, const char *first, const char *second,
                    engine_error *err)
{
    stage_open(stage, 0);
    trial_open(trial, plugin, "scan");
    if (first)
        trial_rule(trial, first);
    if (second)
        trial_rule(trial, second);
    memset(err, 0, sizeof(*err));
    (void)trial_run(trial, stage, err);
}

static void names_the_signal_of_a_crash(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "crash_scan", RULE("ok", "\"status\": \"pass\""),
            RULE("bad", "\"crash\": \"segv\""), &err);
    assert_int_equal(err.status, ENGINE_EPLUGIN);
    assert_string_equal(err.message, "scanner \"crash_scan\" crashed: signal "
                        "11 (Segmentation fault)");
    /* what was finished before counts */
    assert_string_equal(trial.said.data, "r:ok=1 d:ok=0 ");
    trial_close(&trial);
    stage_close(&stage);
}

static void says_that_memory_ran_out(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "crash_scan",
            RULE("bad", "\"crash\": \"kill\""), NULL, &err);
    assert_int_equal(err.status, ENGINE_EPLUGIN);
    assert_non_null(strstr(err.message, "most likely because memory ran out"));
    trial_close(&trial);
    stage_close(&stage);
}

static void names_the_code_of_an_exit(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "crash_scan",
            RULE("bad", "\"crash\": \"exit\""), NULL, &err);
    assert_int_equal(err.status, ENGINE_EPLUGIN);
    assert_string_equal(err.message, "scanner \"crash_scan\" ended without a "
                        "word, with exit code 7");
    trial_close(&trial);
    stage_close(&stage);
}

static void limits_processor_time(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "crash_scan", "scan");
    trial_rule(&trial, RULE("bad", "\"crash\": \"cpu\""));
    trial.job.limits.cpu_seconds = 1;
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_ELIMIT);
    assert_non_null(strstr(err.message, "processor time"));
    trial_close(&trial);
    stage_close(&stage);
}

static void a_crash_leaves_other_jobs_alone(void **state)
{
    static const char *const names[] = {"crash_scan", "alpha", "crash_scan"};
    struct conduct *conduct = NULL;
    engine_error err = {0};
    struct stage stage;
    struct trial trials[3];

    (void)state;
    stage_open(&stage, 0);
    stage.options.workers = 3;
    assert_int_equal(conduct_new(&stage.options, &conduct, &err), ENGINE_OK);
    for (int i = 0; i < 3; i++) {
        trial_open(&trials[i], names[i], "scan");
        trial_rule(&trials[i], RULE("one", "\"status\": \"fail\", "
                                    "\"sleep_ms\": 100, \"crash\": \"segv\""));
        assert_int_equal(conduct_add(conduct, &trials[i].job, &err), 0);
    }
    assert_int_equal(conduct_run(conduct, &err), ENGINE_OK);
    assert_int_equal(trials[0].end.error.status, ENGINE_EPLUGIN);
    assert_int_equal(trials[1].end.error.status, ENGINE_OK);
    assert_string_equal(trials[1].said.data, "r:one=2 d:one=0 ");
    assert_int_equal(trials[2].end.error.status, ENGINE_EPLUGIN);
    for (int i = 0; i < 3; i++)
        trial_close(&trials[i]);
    conduct_free(conduct);
    stage_close(&stage);
}

/* false: the machine is so busy that the rule was not even begun */
static bool is_killed_after(int64_t ms)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    bool begun;

    stage_open(&stage, 0);
    trial_open(&trial, "hang", "scan");
    trial_rule(&trial, RULE("one", "\"spin\": 1"));
    trial.job.limits.wall_ms = ms;
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_ETIMEOUT);
    begun = trial.ends > 0;
    if (begun)
        assert_string_equal(trial.said.data, "d:one=1 ");
    trial_close(&trial);
    stage_close(&stage);
    return begun;
}

static void kills_what_ignores_cancel(void **state)
{
    (void)state;
    assert_true(is_killed_after(2000) || is_killed_after(10000) ||
                is_killed_after(60000));
}

static void stops_a_flood_of_results(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "flood", "scan");
    trial_rule(&trial, RULE("one", ""));
    trial.job.limits.results = 500;
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_ELIMIT);
    assert_string_equal(err.message,
                        "scanner \"flood\" reported more than 500 results "
                        "(limits.results)");
    assert_int_equal(trial.results, 500);
    trial_close(&trial);
    stage_close(&stage);
}

static void ends_a_job_whose_results_cannot_be_kept(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "flood", "scan");
    trial_rule(&trial, RULE("one", ""));
    trial.fail_at = 100;
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_EFULL);
    assert_string_equal(err.message, "the disk is full");
    assert_int_equal(trial.results, 100);
    trial_close(&trial);
    stage_close(&stage);
}

static void captures_what_a_scanner_prints(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "prints", RULE("one", "\"status\": \"pass\""),
            NULL, &err);
    assert_int_equal(err.status, ENGINE_OK);
    assert_non_null(strstr(stage.logged.data,
                           "info prints: prints to standard output\n"));
    assert_non_null(strstr(stage.logged.data,
                           "info prints: prints to standard error ?\n"));
    assert_non_null(strstr(stage.logged.data,
                           "info prints: without an end\n"));
    trial_close(&trial);
    stage_close(&stage);
}

static void cuts_a_flood_of_output(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "prints",
            RULE("one", "\"status\": \"pass\", \"lines\": 100000"), NULL,
            &err);
    assert_int_equal(err.status, ENGINE_OK);
    assert_int_equal(trial.ends, 1);
    assert_non_null(strstr(stage.logged.data,
                           "further output of the scanner is left out"));
    assert_true(stage.logged.len < (size_t)1024 * 1024);
    trial_close(&trial);
    stage_close(&stage);
}

static void refuses_breaches_of_the_contract(void **state)
{
    engine_error err;
    struct stage stage;
    struct trial trial;

    (void)state;
    run_bad(&stage, &trial, "wrong_rule",
            RULE("one", "\"wrong\": \"unknown\""), NULL, &err);
    assert_int_equal(err.status, ENGINE_EPLUGIN);
    assert_string_equal(err.message,
                        "scanner \"wrong_rule\" reported on rule "
                        "\"not-mine\", which is not in its job");
    trial_close(&trial);
    stage_close(&stage);

    run_bad(&stage, &trial, "wrong_rule", RULE("one", "\"wrong\": \"twice\""),
            NULL, &err);
    assert_int_equal(err.status, ENGINE_EPLUGIN);
    assert_string_equal(err.message, "scanner \"wrong_rule\" ended rule "
                        "\"one\" after its end");
    trial_close(&trial);
    stage_close(&stage);
}

/* A result that cannot be taken may have been a fail. */
static void makes_a_rule_with_a_refused_result_an_error(void **state)
{
    static const char *const hows[] = {
        RULE("one", "\"wrong\": \"utf8\""), RULE("one", "\"wrong\": \"bson\""),
        RULE("one", "\"wrong\": \"status\"")};

    (void)state;
    for (int i = 0; i < 3; i++) {
        engine_error err;
        struct stage stage;
        struct trial trial;

        run_bad(&stage, &trial, "wrong_rule", hows[i], NULL, &err);
        assert_int_equal(err.status, ENGINE_OK);
        assert_string_equal(trial.said.data, "r:one=1 d:one=3 ");
        trial_close(&trial);
        stage_close(&stage);
    }
}

static void takes_findings_without_rules(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    (void)state;
    stage_open(&stage, 0);
    trial_open(&trial, "findings", "scan");
    trial.plugin.caps = 1u << 1; /* SCANNER_CAP_FINDINGS */
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_OK);
    assert_string_equal(trial.said.data,
                        "r:finding-1=2 d:finding-1=0 d:finding-2=1 ");
    assert_string_equal(document_string(&trial.document, "details.title"),
                        "A finding");
    trial_close(&trial);
    stage_close(&stage);
}

/* ---- what is left when something dies ------------------------------------ */

static void read_pids(const char *path, long pids[3])
{
    char *text = NULL;
    size_t len = 0;

    for (int i = 0; i < 12000 && !file_exists(path); i++)
        usleep(10000);
    assert_int_equal(file_read(path, 1000, &text, &len, NULL), ENGINE_OK);
    assert_int_equal(sscanf(text, "%ld %ld %ld", &pids[0], &pids[1],
                            &pids[2]), 3);
    engine_free(text);
}

static void expect_gone(const long pids[3])
{
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 12000 && !stage_process_gone(pids[i]); j++)
            usleep(10000);
        if (!stage_process_gone(pids[i]))
            fail_msg("process %d of the worker is alive", i);
    }
}

static char *child_rule(const char *path)
{
    return engine_strf(RULE("one", "\"child\": \"%s\", \"spin\": 1"), path);
}

/* false: the machine is so busy that it had no children yet */
static bool is_killed_with_children(int64_t ms)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;
    char *path, *rule;
    long pids[3];
    bool begun;

    stage_open(&stage, 0);
    path = stage_path(&stage, "pids");
    rule = child_rule(path);
    trial_open(&trial, "hang", "scan");
    trial_rule(&trial, rule);
    trial.job.limits.wall_ms = ms;
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_ETIMEOUT);
    begun = file_exists(path);
    if (begun) {
        read_pids(path, pids);
        expect_gone(pids);
    }
    engine_free(path);
    engine_free(rule);
    trial_close(&trial);
    stage_close(&stage);
    return begun;
}

static void nothing_survives_a_killed_worker(void **state)
{
    (void)state;
    assert_true(is_killed_with_children(3000) ||
                is_killed_with_children(15000) ||
                is_killed_with_children(60000));
}

static void check_engine_killed(void)
{
    struct stage stage;
    struct trial trial;
    char *path, *rule;
    long pids[3];
    pid_t engine;

    stage_open(&stage, 0);
    path = stage_path(&stage, "pids");
    rule = child_rule(path);
    trial_open(&trial, "hang", "scan");
    trial_rule(&trial, rule);
    engine = fork();
    if (engine == 0) {
        (void)conduct_one(&stage.options, &trial.job, NULL);
        _exit(0);
    }
    read_pids(path, pids);
    assert_int_equal(kill(engine, SIGKILL), 0);
    assert_int_equal(waitpid(engine, NULL, 0), engine);
    expect_gone(pids);

    /* the next engine removes what the dead one left on disk */
    trial_close(&trial);
    trial_open(&trial, "beta", "scan");
    assert_int_equal(trial_run(&trial, &stage, NULL), ENGINE_OK);
    engine_free(path);
    engine_free(rule);
    trial_close(&trial);
    stage_close(&stage);
}

static void nothing_survives_a_killed_engine(void **state)
{
    (void)state;
    check_engine_killed();
}

/* ---- a worker that was taken over ---------------------------------------- */

/* Sends what it is told instead of doing a job. */
struct liar {
    struct launcher base;
    const char *const *frames; /* JSON */
    int there;
};

static engine_status liar_start(struct launcher *launcher,
                                struct launch *launch, engine_error *err)
{
    struct liar *liar = (void *)launcher;
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (size_t i = 0; liar->frames[i]; i++) {
        const char *text = liar->frames[i];
        bson_t frame;

        if (text[0] != '{') { /* raw bytes */
            assert_true(write(ends[1], text, strlen(text)) > 0);
            continue;
        }
        assert_int_equal(document_from_json(text, strlen(text), "test",
                                            &frame, err), ENGINE_OK);
        assert_int_equal(write(ends[1], bson_get_data(&frame), frame.len),
                         frame.len);
        bson_destroy(&frame);
    }
    liar->there = ends[1];
    *launch = (struct launch){.launcher = launcher};
    channel_init(&launch->channel, ends[0]);
    return ENGINE_OK;
}

static void liar_kill(struct launch *launch)
{
    shutdown(launch->channel.fd, SHUT_RDWR);
}

static void liar_reap(struct launch *launch, struct launch_end *out)
{
    struct liar *liar = (void *)launch->launcher;

    channel_clear(&launch->channel);
    close(liar->there);
    *out = (struct launch_end){.exited = 1};
}

static void check_lie(const char *first, const char *second,
                      const char *expected)
{
    static const struct launcher_ops ops = {
        .name = "liar",
        .start = liar_start,
        .kill = liar_kill,
        .reap = liar_reap,
    };
    const char *frames[] = {first, second, NULL};
    struct liar liar = {.base = {&ops}, .frames = frames};
    engine_error err = {0};
    struct stage stage;
    struct launcher *real;
    struct trial trial;

    stage_open(&stage, 0);
    real = stage.options.launcher;
    stage.options.launcher = &liar.base;
    trial_open(&trial, "alpha", "scan");
    trial_rule(&trial, RULE("one", ""));
    assert_int_equal(trial_run(&trial, &stage, &err), ENGINE_EPLUGIN);
    if (!strstr(err.message, expected))
        fail_msg("\"%s\" lacks \"%s\"", err.message, expected);
    stage.options.launcher = real;
    trial_close(&trial);
    stage_close(&stage);
}

static void believes_no_worker(void **state)
{
    (void)state;
    check_lie("{\"t\": \"result\", \"rule_id\": \"x\", \"status\": 1}", NULL,
              "reported on rule \"x\", which is not in its job");
    check_lie("{\"t\": \"result\", \"rule_id\": \"one\", \"status\": 10}",
              NULL, "unknown status 10");
    check_lie("{\"t\": \"rule_done\", \"rule_id\": \"one\", \"status\": 1}",
              "{\"t\": \"result\", \"rule_id\": \"one\", \"status\": 1}",
              "after its end");
    check_lie("{\"t\": \"hello\"}", NULL, "unknown frame \"hello\"");
    check_lie("{\"t\": \"done\", \"status\": 0}", "{\"t\": \"log\"}",
              "went on after its last word");
    check_lie("{\"t\": \"artifact\", \"id\": \"x\", \"path\": "
              "\"/etc/passwd\", \"name\": \"n\", \"media_type\": \"m\"}",
              NULL, "named a file outside its directory");
    check_lie("Content-Type: text/plain", NULL, "sent nonsense: a frame of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_signal_of_a_crash),
        cmocka_unit_test(says_that_memory_ran_out),
        cmocka_unit_test(names_the_code_of_an_exit),
        cmocka_unit_test(limits_processor_time),
        cmocka_unit_test(a_crash_leaves_other_jobs_alone),
        cmocka_unit_test(kills_what_ignores_cancel),
        cmocka_unit_test(stops_a_flood_of_results),
        cmocka_unit_test(ends_a_job_whose_results_cannot_be_kept),
        cmocka_unit_test(captures_what_a_scanner_prints),
        cmocka_unit_test(cuts_a_flood_of_output),
        cmocka_unit_test(refuses_breaches_of_the_contract),
        cmocka_unit_test(makes_a_rule_with_a_refused_result_an_error),
        cmocka_unit_test(takes_findings_without_rules),
        cmocka_unit_test(nothing_survives_a_killed_worker),
        cmocka_unit_test(nothing_survives_a_killed_engine),
        cmocka_unit_test(believes_no_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
