/* SPDX-License-Identifier: Apache-2.0 */
/* libengine as others see it: engine.h, libengine.so and nothing else. */
#include "library_stage.h"

#include <engine/version.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define WITH_STAGE(test) \
    cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

/* ---- one after the other ------------------------------------------------- */

static void a_scan_is_run_and_its_verdicts_are_found(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_cursor *cursor = NULL;
    const char *json = NULL;
    char *id = NULL, *scan = NULL;
    char query[128];

    stage_import(engine, "good", 3, "pass");
    stage_import(engine, "bad", 2, "fail");
    STAGE_OK(engine_scan_run(engine, "{}", NULL, &id, &stage_err));
    assert_non_null(id);
    snprintf(query, sizeof(query),
             "{\"filter\": {\"scan_id\": \"%s\", \"status\": \"fail\"}, "
             "\"sort\": {\"rule_id\": -1}, \"limit\": 1}", id);
    STAGE_OK(engine_query(engine, "verdicts", query, &cursor, &stage_err));
    assert_int_equal(engine_cursor_next(cursor, &json, NULL), 1);
    assert_non_null(strstr(json, "\"rule_id\":\"bad-1\""));
    assert_int_equal(engine_cursor_next(cursor, &json, NULL), 0);
    assert_int_equal(engine_cursor_next(cursor, &json, NULL), 0);
    engine_cursor_close(cursor);
    STAGE_OK(engine_get(engine, "scans", id, &scan, &stage_err));
    assert_non_null(strstr(scan, "\"passed\":3"));
    assert_non_null(strstr(scan, "\"status\":\"completed\""));
    assert_int_equal(stage_count(engine, "results", NULL), 5);
    engine_text_free(scan);
    STAGE_OK(engine_scan_delete(engine, id, &stage_err));
    assert_int_equal(stage_count(engine, "verdicts", NULL), 0);
    engine_text_free(id);
}

static void documents_come_as_bson_too(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_cursor *cursor = NULL;
    const uint8_t *data = NULL;
    uint32_t len = 0;

    stage_import(engine, "rule", 1, "pass");
    STAGE_OK(engine_query(engine, "rules", NULL, &cursor, &stage_err));
    assert_int_equal(engine_cursor_next_bson(cursor, &data, &len, NULL), 1);
    assert_true(len > 4);
    assert_int_equal((uint32_t)data[0] | (uint32_t)data[1] << 8 |
                         (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24,
                     len);
    assert_int_equal(data[len - 1], 0);
    assert_int_equal(engine_cursor_next_bson(cursor, &data, &len, NULL), 0);
    engine_cursor_close(cursor);
}

static void the_version_is_the_headers(void **state)
{
    (void)state;
    assert_string_equal(engine_version(), ENGINE_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_version_is_the_headers),
        WITH_STAGE(a_scan_is_run_and_its_verdicts_are_found),
        WITH_STAGE(documents_come_as_bson_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
