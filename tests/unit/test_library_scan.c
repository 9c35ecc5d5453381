/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of libengine: side by side, told of, cancelled, resumed. */
#include "library_stage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define RULES 40
#define WITH_STAGE(test) \
    cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

static const char a_waiting_rule[] =
    "{\"rule_id\": \"waits\", \"title\": \"waits\", \"scanner_type\": "
    "\"fake\", \"check_content\": {\"wait\": true}}";

/* ---- side by side -------------------------------------------------------- */

struct runner {
    struct engine *engine;
    engine_error err;
    engine_status status;
    char *id;
};

static void *runner_main(void *user)
{
    struct runner *runner = user;

    runner->status = engine_scan_run(runner->engine, "{}", NULL, &runner->id,
                                     &runner->err);
    return NULL;
}

static void run_all(struct runner *runners, size_t count)
{
    pthread_t threads[8];

    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, runner_main, &runners[i]), 0);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < count; i++)
        if (runners[i].status != ENGINE_OK)
            fail_msg("scan %zu: %s", i, runners[i].err.message);
}

/* their stores hold different rules: each finds its own and no others */
static void two_engines_scan_at_the_same_time(void **state)
{
    struct stage *one = *state;
    struct stage other = {.engine = NULL};
    struct runner runners[2] = {{.engine = NULL}};

    stage_make(&other);
    stage_open(&other, 0, "plugins = ();");
    STAGE_OK(engine_register(other.engine, stage_query, NULL, &stage_err));
    stage_import(one->engine, "one", RULES, "pass");
    stage_import(other.engine, "other", RULES / 2, "fail");
    runners[0].engine = one->engine;
    runners[1].engine = other.engine;
    run_all(runners, 2);
    assert_int_equal(stage_count(one->engine, "verdicts",
                                 "{\"status\": \"pass\"}"), RULES);
    assert_int_equal(stage_count(one->engine, "verdicts", NULL), RULES);
    assert_int_equal(stage_count(other.engine, "verdicts",
                                 "{\"status\": \"fail\"}"), RULES / 2);
    assert_int_equal(stage_count(other.engine, "verdicts", NULL), RULES / 2);
    engine_text_free(runners[0].id);
    engine_text_free(runners[1].id);
    stage_remove(&other);
}

static void one_engine_runs_several_scans_at_once(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct runner runners[4] = {{.engine = NULL}};

    stage_import(engine, "rule", RULES, "pass");
    for (size_t i = 0; i < 4; i++)
        runners[i].engine = engine;
    run_all(runners, 4);
    assert_int_equal(stage_count(engine, "verdicts", NULL), 4 * RULES);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(runners[i].id);
        engine_text_free(runners[i].id);
    }
}

/* ---- callbacks ----------------------------------------------------------- */

struct listener {
    pthread_t thread;
    bool have_thread, mixed;
    atomic_int progress, results, verdicts;
    int early;      /* verdicts before a result of their rule */
    int64_t rules_done, rules;
    int32_t answer; /* of every callback */
    struct engine *engine; /* is used from within a callback; or NULL */
};

static void listen(struct listener *listener)
{
    if (listener->have_thread &&
        !pthread_equal(listener->thread, pthread_self()))
        listener->mixed = true;
    listener->thread = pthread_self();
    listener->have_thread = true;
}

static int32_t on_progress(const struct engine_progress *progress, void *user)
{
    struct listener *listener = user;

    listen(listener);
    atomic_fetch_add(&listener->progress, 1);
    listener->rules_done = progress->rules_done;
    listener->rules = progress->rules;
    return listener->answer;
}

static int32_t on_result(const char *json, void *user)
{
    struct listener *listener = user;

    listen(listener);
    if (strstr(json, "\"rule_id\":\"rule-"))
        atomic_fetch_add(&listener->results, 1);
    return listener->answer;
}

static int32_t on_verdict(const char *json, void *user)
{
    struct listener *listener = user;

    listen(listener);
    if (strstr(json, "\"origin\":\"plugin\""))
        atomic_fetch_add(&listener->verdicts, 1);
    if (atomic_load(&listener->verdicts) > atomic_load(&listener->results))
        listener->early++;
    if (listener->engine) {
        int64_t count = 0;

        if (engine_count(listener->engine, "verdicts", NULL, &count, NULL) ==
                ENGINE_OK &&
            count == 0)
            listener->early++;
    }
    return listener->answer;
}

static struct engine_callbacks callbacks_of(struct listener *listener)
{
    return (struct engine_callbacks){.size = sizeof(struct engine_callbacks),
                                     .user = listener,
                                     .progress = on_progress,
                                     .result = on_result,
                                     .verdict = on_verdict};
}

static void callbacks_tell_all_from_one_thread(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct listener listener = {.engine = engine};
    const struct engine_callbacks callbacks = callbacks_of(&listener);
    struct engine_scan *scan = NULL;

    stage_import(engine, "rule", RULES, "pass");
    STAGE_OK(engine_scan_start(engine, "{}", &callbacks, &scan, &stage_err));
    assert_int_equal(strlen(engine_scan_id(scan)), 36);
    STAGE_OK(engine_scan_result(scan, &stage_err));
    assert_int_equal(engine_scan_wait(scan, 0), 1);
    engine_scan_free(scan);
    assert_int_equal(atomic_load(&listener.results), RULES);
    assert_int_equal(atomic_load(&listener.verdicts), RULES);
    assert_int_equal(listener.early, 0);
    assert_true(atomic_load(&listener.progress) > 0);
    assert_int_equal(listener.rules, RULES);
    assert_int_equal(listener.rules_done, RULES);
    assert_false(listener.mixed);
    assert_false(pthread_equal(listener.thread, pthread_self()));
}

static void a_scan_run_calls_back_on_its_callers_thread(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct listener listener = {.answer = 0};
    struct engine_callbacks callbacks = callbacks_of(&listener);

    callbacks.progress = NULL;
    callbacks.result = NULL;
    listener.results = RULES; /* nobody counts */
    stage_import(engine, "rule", 3, "pass");
    STAGE_OK(engine_scan_run(engine, "{}", &callbacks, NULL, &stage_err));
    assert_int_equal(atomic_load(&listener.verdicts), 3);
    assert_true(pthread_equal(listener.thread, pthread_self()));
}

static void an_answer_of_a_callback_cancels(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct listener listener = {.answer = 1};
    const struct engine_callbacks callbacks = callbacks_of(&listener);
    engine_error err = {0};

    stage_import(engine, "rule", 3, "pass");
    stage_import_one(engine, a_waiting_rule);
    assert_int_equal(engine_scan_run(engine, "{}", &callbacks, NULL, &err),
                     ENGINE_ECANCELLED);
}

/* as a program of an older header has it */
static void callbacks_may_be_shorter(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct listener listener = {.answer = 0};
    struct engine_callbacks callbacks = callbacks_of(&listener);

    callbacks.size = offsetof(struct engine_callbacks, result);
    stage_import(engine, "rule", 3, "pass");
    STAGE_OK(engine_scan_run(engine, "{}", &callbacks, NULL, &stage_err));
    assert_true(atomic_load(&listener.progress) > 0);
    assert_int_equal(atomic_load(&listener.results), 0);
    callbacks.size = 0;
    assert_int_equal(engine_scan_run(engine, "{}", &callbacks, NULL, NULL),
                     ENGINE_EINVAL);
}

/* ---- cancelling and going on --------------------------------------------- */

static void *canceller_main(void *user)
{
    engine_scan_cancel(user);
    return NULL;
}

static void a_scan_is_cancelled_by_another_thread(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_scan *scan = NULL;
    engine_error err = {0};
    pthread_t thread;

    stage_import_one(engine, a_waiting_rule);
    STAGE_OK(engine_scan_start(engine, "{}", NULL, &scan, &stage_err));
    assert_int_equal(engine_scan_wait(scan, 0), 0);
    assert_int_equal(engine_scan_wait(scan, 20), 0);
    assert_int_equal(pthread_create(&thread, NULL, canceller_main, scan), 0);
    assert_int_equal(engine_scan_wait(scan, -1), 1);
    assert_int_equal(engine_scan_result(scan, &err), ENGINE_ECANCELLED);
    assert_int_equal(err.status, ENGINE_ECANCELLED);
    assert_true(err.message[0]);
    pthread_join(thread, NULL);
    engine_scan_free(scan);
    assert_int_equal(
        stage_count(engine, "scans", "{\"status\": \"cancelled\"}"), 1);
}

static void a_freed_scan_is_cancelled(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_scan *scan = NULL;

    stage_import_one(engine, a_waiting_rule);
    STAGE_OK(engine_scan_start(engine, "{}", NULL, &scan, &stage_err));
    engine_scan_free(scan);
    assert_int_equal(
        stage_count(engine, "scans", "{\"status\": \"cancelled\"}"), 1);
}

static void a_cancelled_scan_goes_on(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_scan *scan = NULL;
    char id[64];

    stage_import_one(engine, a_waiting_rule);
    STAGE_OK(engine_scan_start(engine, "{}", NULL, &scan, &stage_err));
    snprintf(id, sizeof(id), "%s", engine_scan_id(scan));
    engine_scan_free(scan);
    scan = NULL;
    STAGE_OK(engine_scan_resume(engine, id, NULL, &scan, &stage_err));
    assert_string_equal(engine_scan_id(scan), id);
    assert_int_equal(engine_scan_wait(scan, 20), 0);
    engine_scan_cancel(scan);
    assert_int_equal(engine_scan_result(scan, NULL), ENGINE_ECANCELLED);
    engine_scan_free(scan);
    assert_int_equal(stage_count(engine, "scans", NULL), 1);
    scan = NULL;
    assert_int_equal(engine_scan_resume(engine, "none", NULL, &scan, NULL),
                     ENGINE_ENOTFOUND);
    assert_null(scan);
}

/* ---- handles ------------------------------------------------------------- */

static void handles_outlive_their_engine(void **state)
{
    struct stage *stage = *state;
    struct engine_cursor *cursor = NULL;
    struct engine_scan *scan = NULL;
    const char *json = NULL;

    stage_import(stage->engine, "rule", 2, "pass");
    stage_import_one(stage->engine, a_waiting_rule);
    STAGE_OK(engine_query(stage->engine, "rules", NULL, &cursor, &stage_err));
    STAGE_OK(engine_scan_start(stage->engine, "{}", NULL, &scan, &stage_err));
    engine_close(stage->engine);
    stage->engine = NULL;
    for (int i = 0; i < 3; i++)
        assert_int_equal(engine_cursor_next(cursor, &json, NULL), 1);
    assert_int_equal(engine_cursor_next(cursor, &json, NULL), 0);
    engine_cursor_close(cursor);
    assert_int_equal(engine_scan_wait(scan, 0), 0);
    engine_scan_free(scan);
}

static void a_scanner_that_fails_fails_its_rules_alone(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    engine_error err = {0};
    char *id = NULL;

    stage_import(engine, "rule", 2, "pass");
    stage_import_one(engine,
                     "{\"rule_id\": \"worst\", \"title\": \"worst\", "
                     "\"scanner_type\": \"fake\", \"check_content\": "
                     "{\"crash\": true}}");
    assert_int_equal(engine_scan_run(engine, "{}", NULL, &id, &err),
                     ENGINE_EPLUGIN);
    assert_non_null(id);
    assert_non_null(strstr(err.message, "fake"));
    assert_int_equal(
        stage_count(engine, "verdicts", "{\"status\": \"pass\"}"), 2);
    assert_int_equal(stage_count(engine, "verdicts",
                                 "{\"status\": \"error\", \"origin\": "
                                 "\"engine\"}"), 1);
    engine_text_free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STAGE(two_engines_scan_at_the_same_time),
        WITH_STAGE(one_engine_runs_several_scans_at_once),
        WITH_STAGE(callbacks_tell_all_from_one_thread),
        WITH_STAGE(a_scan_run_calls_back_on_its_callers_thread),
        WITH_STAGE(an_answer_of_a_callback_cancels),
        WITH_STAGE(callbacks_may_be_shorter),
        WITH_STAGE(a_scan_is_cancelled_by_another_thread),
        WITH_STAGE(a_freed_scan_is_cancelled),
        WITH_STAGE(a_cancelled_scan_goes_on),
        WITH_STAGE(handles_outlive_their_engine),
        WITH_STAGE(a_scanner_that_fails_fails_its_rules_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
