/* SPDX-License-Identifier: Apache-2.0 */
/* libengine when memory runs out: each allocation of each function fails. */
#include "library_stage.h"

#include <stdbool.h>

#include "sdk/base/alloc.h"

#define MOST 3000
#define QUIET 30 /* successes in a row: the failing one comes no more */

/* What is done with every allocation failing in turn. */
struct trial {
    engine_status (*run)(struct stage *stage, engine_error *err);
    long step;
};

static void try_all(struct stage *stage, const struct trial *trial)
{
    int quiet = 0;
    long failed = 0;

    for (long nth = 1; quiet < QUIET && nth < MOST; nth += trial->step) {
        engine_error err = {0};
        engine_status status;

        engine_alloc_fail_at(nth);
        status = trial->run(stage, &err);
        engine_alloc_fail_at(0);
        if (status < 0 && (!err.message[0] || err.status != status))
            fail_msg("allocation %ld: a failure without a message", nth);
        quiet = status < 0 ? 0 : quiet + 1;
        failed += status < 0;
    }
    assert_int_equal(quiet, QUIET);
    assert_true(failed > 0);
}

static engine_status open_and_register(struct stage *stage, engine_error *err)
{
    char config[4 * STAGE_PATH];
    const struct engine_options options = {.size = sizeof(options),
                                           .config_text = config};
    struct engine *engine = NULL;
    engine_status status;

    snprintf(config, sizeof(config),
             "store = \"sqlite:%s/other.db\";\nplugins = ();\n"
             "run_directory = \"%s/run\";\ncache_directory = \"%s/cache\";\n",
             stage->directory, stage->directory, stage->directory);
    status = engine_open(&options, &engine, err);
    if (status == ENGINE_OK)
        status = engine_register(engine, stage_query, "{}", err);
    engine_close(engine);
    return status;
}

static engine_status import(struct stage *stage, engine_error *err)
{
    char *report = NULL;
    const engine_status status = engine_import_text(
        stage->engine,
        "{\"rule_id\": \"rule\", \"title\": \"one\", \"scanner_type\": "
        "\"fake\", \"check_content\": {\"status\": \"pass\"}}",
        "{\"format\": \"json\"}", &report, err);

    engine_text_free(report);
    return status;
}

static engine_status look(struct stage *stage, engine_error *err)
{
    struct engine_cursor *cursor = NULL;
    const char *json = NULL;
    char *text = NULL;
    int64_t count = 0;
    engine_status status = engine_query(
        stage->engine, "rules", "{\"filter\": {\"rule_id\": \"rule\"}}",
        &cursor, err);

    while (status == ENGINE_OK) {
        const int32_t more = engine_cursor_next(cursor, &json, err);

        if (more == 0)
            break;
        if (more < 0)
            status = more;
    }
    engine_cursor_close(cursor);
    if (status == ENGINE_OK)
        status = engine_count(stage->engine, "rules", "{}", &count, err);
    if (status == ENGINE_OK)
        status = engine_scanners(stage->engine, &text, err);
    engine_text_free(text);
    return status;
}

static int32_t on_verdict(const char *json, void *user)
{
    (void)json;
    (void)user;
    return 0;
}

static engine_status scan(struct stage *stage, engine_error *err)
{
    const struct engine_callbacks callbacks = {.size = sizeof(callbacks),
                                               .result = on_verdict,
                                               .verdict = on_verdict};
    struct engine_scan *handle = NULL;
    engine_status status =
        engine_scan_start(stage->engine, "{}", &callbacks, &handle, err);

    if (status == ENGINE_OK)
        status = engine_scan_result(handle, err);
    engine_scan_free(handle);
    return status;
}

static void opening_fails_well(void **state)
{
    try_all(*state, &(struct trial){.run = open_and_register, .step = 1});
}

static void importing_fails_well(void **state)
{
    struct stage *stage = *state;

    try_all(stage, &(struct trial){.run = import, .step = 1});
    assert_int_equal(stage_count(stage->engine, "rules", NULL), 1);
}

static void looking_fails_well(void **state)
{
    struct stage *stage = *state;

    STAGE_OK(import(stage, &stage_err));
    try_all(stage, &(struct trial){.run = look, .step = 1});
}

static void scanning_fails_well(void **state)
{
    struct stage *stage = *state;

    STAGE_OK(import(stage, &stage_err));
    try_all(stage, &(struct trial){.run = scan, .step = 5});
    STAGE_OK(scan(stage, &stage_err));
    assert_int_equal(
        stage_count(stage->engine, "scans", "{\"status\": \"running\"}"), 0);
}

#define WITH_STAGE(test) \
    cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STAGE(opening_fails_well),
        WITH_STAGE(importing_fails_well),
        WITH_STAGE(looking_fails_well),
        WITH_STAGE(scanning_fails_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
