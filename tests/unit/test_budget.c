/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c - what ends a job that takes too much, and how it is said. */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/conduct_stage.h"
#include "tests/unit/skip.h"

#include "engine/launch/task.h"

#define MB (INT64_C(1024) * 1024)

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#define RULE(id, more)                                                      \
    "{\"rule_id\": \"" id "\", \"check_content\": {\"status\": \"pass\"" more \
    "}}"

/* A job of one good rule and one that takes too much. */
static void take(void **state, const char *rule,
                 const struct job_limits *limits, engine_status status,
                 const char *message, const char *hint)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    stage_open(&stage, STAGE_FLAGS(state));
    trial_open(&trial, "greedy", "scan");
    trial_rule(&trial, RULE("ok", ""));
    trial_rule(&trial, rule);
    trial.job.limits = *limits;
    if (status < 0)
        assert_int_equal(trial_run(&trial, &stage, &err), status);
    else
        assert_true(trial_run(&trial, &stage, &err) < 0);
    if (message && strcmp(err.message, message) != 0)
        fail_msg("%s / %s", err.message, err.hint);
    if (hint && !strstr(err.hint, hint))
        fail_msg("%s / %s", err.message, err.hint);
    /* what was finished before counts */
    assert_string_equal(trial.said.data, "r:ok=1 d:ok=0 ");
    trial_close(&trial);
    stage_close(&stage);
}

static void ends_a_job_with_too_many_processes(void **state)
{
    const struct job_limits limits = {.processes = 40, .wall_ms = 300000};
    const char *rule = RULE("bad", ", \"take\": \"processes\"");

#ifdef SANITIZED
    /* the kernel may refuse the process as well with which a sanitizer looks
     * for leaks at the worker's end */
    if (STAGE_FLAGS(state) & STAGE_DROPPED)
        skip_since("a sanitizer needs a process of its own");
#endif
    /* of another user the kernel itself refuses some, and the plugin gives up:
     * it is counted at the same time */
    if (STAGE_FLAGS(state) & STAGE_DROPPED)
        take(state, rule, &limits, 0, NULL, "limits.processes");
    else
        take(state, rule, &limits, ENGINE_ELIMIT,
             "scanner \"greedy\" had more than 40 processes at once "
             "(limits.processes)",
             "raise limits.processes");
}

static int64_t always_sixty(const struct launch *launch)
{
    (void)launch;
    return 60;
}

/* A worker that was quicker than our first look, or forks while others end:
 * the machine has no more tasks than before. */
static void counts_processes_now_and_then(void **state)
{
    static const struct launcher_ops ops = {.name = "test",
                                            .processes = always_sixty};
    struct launcher launcher = {.ops = &ops};
    struct job job = {.limits = {.processes = 40}};
    struct task task = {.name = "quick", .job = &job,
                        .launch = {.launcher = &launcher}};
    engine_error err = {0};

    (void)state;
    budget_begin(&task);
    assert_true(task.tasks_least > 0);
    task.tasks_least = INT64_MAX;
    assert_false(budget_forked(&task, &err));
    task.look_ms = task.count_ms = 0;
    assert_true(budget_forked(&task, &err));
    assert_string_equal(err.message,
                        "scanner \"quick\" had more than 40 processes at "
                        "once (limits.processes)");
}

static void names_the_limit_of_open_files(void **state)
{
    const struct job_limits limits = {.files = 64, .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"files\""), &limits, ENGINE_EIO,
         "scanner \"greedy\": Too many open files",
         "its limit is 64 open files (limits.files)");
}

static void names_the_limit_of_a_file(void **state)
{
    const struct job_limits limits = {.file_bytes = 4 * MB,
                                      .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"file\""), &limits, ENGINE_EIO,
         "scanner \"greedy\": File too large",
         "its limit is 4 MiB (limits.file_mb)");
}

static void names_the_limit_of_memory(void **state)
{
    const struct job_limits limits = {.memory_bytes = 512 * MB,
                                      .wall_ms = 300000};

#ifdef SANITIZED
    (void)limits;
    (void)state;
    skip_since("an address space limit does not go with sanitizers");
#else
    if (getenv("SCAN_ENGINE_VALGRIND"))
        skip_since("Valgrind does not bear an address space limit");
    take(state, RULE("bad", ", \"take\": \"memory\""), &limits, ENGINE_ENOMEM, NULL,
         "its limit is 512 MiB (limits.memory_mb)");
#endif
}

/* The right to look into processes that hide, which only root has; true: it was
 * there. */
static bool look_closely(bool may)
{
    struct __user_cap_header_struct head = {
        .version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2] = {{0}};
    const uint32_t bit = 1u << CAP_SYS_PTRACE;
    bool could;

    assert_int_equal(syscall(SYS_capget, &head, caps), 0);
    could = (caps[0].effective & bit) != 0;
    caps[0].effective &= ~bit;
    if (may)
        caps[0].effective |= bit;
    assert_int_equal(syscall(SYS_capset, &head, caps), 0);
    return could;
}

static void take_family(void **state)
{
    const struct job_limits limits = {.memory_bytes = 400 * MB,
                                      .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"family\""), &limits, ENGINE_ELIMIT,
         "scanner \"greedy\" took more than 400 MiB of memory in all its "
         "processes (limits.memory_mb)",
         "raise limits.memory_mb");
}

static void ends_a_job_whose_processes_take_too_much_together(void **state)
{
    if (getenv("SCAN_ENGINE_VALGRIND"))
        skip_since("Valgrind takes more memory than the limit");
    take_family(state);
}

static void ends_it_also_without_the_right_to_look_closely(void **state)
{
    bool could;

    if (getenv("SCAN_ENGINE_VALGRIND"))
        skip_since("Valgrind takes more memory than the limit");
    could = look_closely(false);
    take_family(state);
    (void)look_closely(could);
}

static void ends_a_job_whose_processes_compute_too_much_together(void **state)
{
    const struct job_limits limits = {.cpu_seconds = 2, .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"time\""), &limits, ENGINE_ELIMIT,
         "scanner \"greedy\" used more than 2 s of processor time (limits.cpu)",
         "raise limits.cpu");
}

/* 6 processes and their parent have the same 90 MiB. */
static void share_memory(void **state)
{
    engine_error err = {0};
    struct stage stage;
    struct trial trial;

    stage_open(&stage, STAGE_FLAGS(state));
    trial_open(&trial, "greedy", "scan");
    trial_rule(&trial, RULE("ok", ", \"take\": \"shared\""));
    trial.job.limits.memory_bytes = 400 * MB;
#ifdef SANITIZED /* which remembers all memory in more memory */
    trial.job.limits.memory_bytes *= 6;
#endif
    trial.job.limits.wall_ms = 300000;
    if (trial_run(&trial, &stage, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(trial.said.data, "r:ok=1 d:ok=0 ");
    trial_close(&trial);
    stage_close(&stage);
}

static void counts_shared_memory_once(void **state)
{
    share_memory(state);
}

static void counts_it_once_also_without_that_right(void **state)
{
    const bool could = look_closely(false);

    share_memory(state);
    (void)look_closely(could);
}

static void ends_a_job_that_keeps_too_many_files(void **state)
{
    const struct job_limits limits = {.artifacts = 7, .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"artifacts\""), &limits, ENGINE_ELIMIT,
         "scanner \"greedy\" kept more than 7 files (limits.artifacts)",
         "raise limits.artifacts");
}

static void ends_a_job_that_keeps_too_large_files(void **state)
{
    const struct job_limits limits = {.artifact_bytes = 8 * MB,
                                      .wall_ms = 300000};

    take(state, RULE("bad", ", \"take\": \"artifact\""), &limits, ENGINE_ELIMIT,
         "scanner \"greedy\" kept more than 8 MiB of files "
         "(limits.artifact_mb)",
         "raise limits.artifact_mb");
}

static void lays_limits_of_a_plugin_over_those_of_all(void **state)
{
    bson_t *own = BCON_NEW("wall", BCON_INT64(7), "memory_mb", BCON_INT64(0),
                           "artifacts", BCON_INT64(3));
    const struct job_limits all = {.wall_ms = 1, .memory_bytes = 2,
                                   .results = 9};
    struct plugin_spec spec = {.limits = own};
    const struct plugin_entry plugin = {.spec = &spec};
    struct job_limits got = conduct_limits(&plugin, &all);

    (void)state;
    assert_int_equal(got.wall_ms, 7000);
    assert_int_equal(got.memory_bytes, 0);
    assert_int_equal(got.artifacts, 3);
    assert_int_equal(got.results, 9);
    spec.limits = NULL;
    got = conduct_limits(&plugin, &all);
    assert_int_equal(got.wall_ms, 1);
    bson_destroy(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(ends_a_job_with_too_many_processes),
        STAGE_TEST_DROPPED(ends_a_job_with_too_many_processes),
        STAGE_TEST(counts_processes_now_and_then),
        STAGE_TEST(names_the_limit_of_open_files),
        STAGE_TEST_DROPPED(names_the_limit_of_open_files),
        STAGE_TEST(names_the_limit_of_a_file),
        STAGE_TEST_DROPPED(names_the_limit_of_a_file),
        STAGE_TEST(names_the_limit_of_memory),
        STAGE_TEST_DROPPED(names_the_limit_of_memory),
        STAGE_TEST(ends_a_job_whose_processes_take_too_much_together),
        STAGE_TEST_DROPPED(ends_a_job_whose_processes_take_too_much_together),
        STAGE_TEST(ends_it_also_without_the_right_to_look_closely),
        STAGE_TEST_DROPPED(ends_it_also_without_the_right_to_look_closely),
        STAGE_TEST(counts_it_once_also_without_that_right),
        STAGE_TEST_DROPPED(counts_it_once_also_without_that_right),
        STAGE_TEST(
            ends_a_job_whose_processes_compute_too_much_together),
        STAGE_TEST_DROPPED(
            ends_a_job_whose_processes_compute_too_much_together),
        STAGE_TEST(counts_shared_memory_once),
        STAGE_TEST_DROPPED(counts_shared_memory_once),
        STAGE_TEST(ends_a_job_that_keeps_too_many_files),
        STAGE_TEST_DROPPED(ends_a_job_that_keeps_too_many_files),
        STAGE_TEST(ends_a_job_that_keeps_too_large_files),
        STAGE_TEST_DROPPED(ends_a_job_that_keeps_too_large_files),
        STAGE_TEST(lays_limits_of_a_plugin_over_those_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
