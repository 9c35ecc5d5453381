/* SPDX-License-Identifier: Apache-2.0 */
/* libengine as others see it: engine.h, libengine.so and nothing else. */
#include "library_stage.h"

#include <engine/version.h>

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

/* ---- what is refused, and how -------------------------------------------- */

static void refused(engine_status status, engine_status wanted,
                    const engine_error *err, const char *part)
{
    assert_int_equal(status, wanted);
    assert_int_equal(err->status, wanted);
    if (!strstr(err->message, part))
        fail_msg("\"%s\" does not say \"%s\"", err->message, part);
}

static void a_wrong_configuration_is_named_by_its_line(void **state)
{
    struct engine_options options = {.size = sizeof(options)};
    struct engine *engine = NULL;
    engine_error err = {0};

    (void)state;
    options.config_text = "log_level = \"info\";\nnonsense = 1;\n";
    refused(engine_open(&options, &engine, &err), ENGINE_EPARSE, &err,
            "configuration:2: ");
    options.config_text = "plugins = (";
    refused(engine_open(&options, &engine, &err), ENGINE_EPARSE, &err,
            "configuration:1: ");
    options.config_text = "workers = 99999999999;";
    refused(engine_open(&options, &engine, &err), ENGINE_EPARSE, &err,
            "too large");
    options.config_file = "/nonexistent/engine.conf";
    refused(engine_open(&options, &engine, &err), ENGINE_EINVAL, &err,
            "config_text");
    options.config_text = NULL;
    assert_int_equal(engine_open(&options, &engine, &err), ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "/nonexistent/engine.conf"));
    assert_null(engine);
}

static void options_of_another_release_are_checked(void **state)
{
    struct engine_options options = {.size = sizeof(options), .flags = 1u << 9};
    struct engine *engine = NULL;

    (void)state;
    assert_int_equal(engine_open(&options, &engine, NULL), ENGINE_EINVAL);
    options = (struct engine_options){.size = 0};
    assert_int_equal(engine_open(&options, &engine, NULL), ENGINE_EINVAL);
    options = (struct engine_options){.size = sizeof(options), .log_level = 9};
    assert_int_equal(engine_open(&options, &engine, NULL), ENGINE_EINVAL);
    assert_null(engine);
}

static void queries_outside_of_the_subset_are_refused(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_cursor *cursor = NULL;
    engine_error err = {0};
    char *json = NULL;
    int64_t count = 5;

    refused(engine_query(engine, "tokens", NULL, &cursor, &err),
            ENGINE_EINVAL, &err, "tokens");
    refused(engine_query(engine, "rules", "{\"filter\": {\"$where\": \"1\"}}",
                         &cursor, &err), ENGINE_EINVAL, &err, "$where");
    refused(engine_query(engine, "rules", "{\"filters\": {}}", &cursor, &err),
            ENGINE_EINVAL, &err, "filters");
    refused(engine_query(engine, "rules", "{\"limit\": -1}", &cursor, &err),
            ENGINE_EINVAL, &err, "limit");
    refused(engine_query(engine, "rules", "{\"sort\": 1}", &cursor, &err),
            ENGINE_EINVAL, &err, "sort");
    refused(engine_query(engine, "rules", "{", &cursor, &err), ENGINE_EPARSE,
            &err, "query:1");
    refused(engine_count(engine, "rules", "{\"a\": {\"$bad\": 1}}", &count,
                         &err), ENGINE_EINVAL, &err, "$bad");
    assert_int_equal(engine_get(engine, "scans", "none", &json, NULL),
                     ENGINE_ENOTFOUND);
    assert_null(cursor);
    assert_null(json);
    assert_int_equal(count, 5);
}

static void rejected_rules_are_an_error_and_the_others_stay(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    engine_error err = {0};
    char *report = NULL;

    refused(engine_import_text(
                engine,
                "rule_id: good\ntitle: good\nscanner_type: fake\n"
                "check_content: {status: pass}\n"
                "---\nrule_id: bad\nseverity: purple\ntitle: bad\n"
                "scanner_type: fake\n",
                NULL, &report, &err),
            ENGINE_EINVAL, &err, "text:6: rule \"bad\"");
    assert_non_null(report);
    assert_non_null(strstr(report, "\"rejected\":1"));
    engine_text_free(report);
    assert_int_equal(stage_count(engine, "rules", NULL), 1);
    refused(engine_import_text(engine, "<xml/>", NULL, NULL, &err),
            ENGINE_EINVAL, &err, "text: ");
    refused(engine_import_path(engine, "/nonexistent", NULL, NULL, &err),
            ENGINE_EINVAL, &err, "/nonexistent: could not open");
    refused(engine_import_text(engine, "{}", "{\"speed\": 1}", NULL, &err),
            ENGINE_EINVAL, &err, "speed");
}

static void a_check_stores_nothing(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    char *report = NULL;

    STAGE_OK(engine_import_text(
        engine,
        "{\"rule_id\": \"one\", \"title\": \"one\", \"scanner_type\": "
        "\"fake\", \"check_content\": {\"status\": \"pass\"}}",
        "{\"check\": true}", &report, &stage_err));
    assert_non_null(strstr(report, "\"rejected\":0"));
    engine_text_free(report);
    assert_int_equal(stage_count(engine, "rules", NULL), 0);
}

static void scans_that_cannot_be_say_why_at_once(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_scan *scan = NULL;
    engine_error err = {0};
    char *id = NULL;

    assert_int_equal(engine_scan_start(engine, "{}", NULL, &scan, &err),
                     ENGINE_ENOTFOUND); /* there are no rules */
    stage_import(engine, "rule", 1, "pass");
    refused(engine_scan_start(engine, "{\"speed\": 1}", NULL, &scan, &err),
            ENGINE_EINVAL, &err, "speed");
    refused(engine_scan_run(engine, "{\"rules\": [\"none\"]}", NULL, &id,
                            &err), ENGINE_EINVAL, &err, "none");
    assert_int_equal(engine_scan_run(engine, "not json", NULL, &id, &err),
                     ENGINE_EPARSE);
    assert_null(scan);
    assert_null(id);
    assert_int_equal(stage_count(engine, "scans", NULL), 0);
}

/* ---- scanners ------------------------------------------------------------ */

static const struct scanner_ops *too_new_query(uint16_t host_major)
{
    static const struct scanner_ops ops = {
        .magic = SCANNER_MAGIC,
        .size = sizeof(ops),
        .abi_major = SCANNER_ABI_MAJOR + 1,
        .name = "new",
        .version = "2",
    };

    (void)host_major;
    return &ops;
}

static const struct scanner_ops *no_query(uint16_t host_major)
{
    (void)host_major;
    return NULL;
}

static void scanners_are_listed_with_those_refused(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    engine_error err = {0};
    char *list = NULL;

    refused(engine_register(engine, stage_query, NULL, &err),
            ENGINE_ECONFLICT, &err, "fake");
    assert_int_equal(engine_register(engine, too_new_query, NULL, &err),
                     ENGINE_EVERSION);
    assert_int_equal(engine_register(engine, no_query, NULL, &err),
                     ENGINE_EVERSION);
    assert_int_equal(
        engine_register(engine, stage_query, "{\"none\": 1}", &err),
        ENGINE_EINVAL);
    STAGE_OK(engine_scanners(engine, &list, &stage_err));
    assert_int_equal(list[0], '[');
    assert_non_null(strstr(list, "\"state\":\"loaded\""));
    assert_non_null(strstr(list, "\"state\":\"refused\""));
    engine_text_free(list);
}

static void what_runs_in_a_thread_is_shown_without_a_process_s_limits(
    void **state)
{
    struct stage *stage = *state;
    char *list = NULL;

    engine_close(stage->engine);
    stage_open(stage, 0, "plugins = (); limits = {wall = 77; files = 78;};");
    STAGE_OK(engine_register(stage->engine, stage_query, NULL, &stage_err));
    STAGE_OK(engine_scanners(stage->engine, &list, &stage_err));
    assert_non_null(strstr(list, "\"text\":\"none (it runs in a thread)\""));
    assert_non_null(strstr(list, "\"limits\":{\"wall\":77,\"results\":"));
    assert_null(strstr(list, "\"files\":"));
    engine_text_free(list);
}

static void nothing_is_registered_while_a_scan_runs(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_scan *scan = NULL;
    engine_error err = {0};

    stage_import_one(engine,
                     "{\"rule_id\": \"waits\", \"title\": \"waits\", "
                     "\"scanner_type\": \"fake\", \"check_content\": "
                     "{\"wait\": true}}");
    STAGE_OK(engine_scan_start(engine, NULL, NULL, &scan, &stage_err));
    refused(engine_register(engine, stage_query, NULL, &err),
            ENGINE_ECONFLICT, &err, "running");
    engine_scan_free(scan);
}

static void targets_are_probed(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    engine_error err = {0};
    char *list = NULL;

    STAGE_OK(engine_probe(engine, "{}", &list, &stage_err));
    assert_int_equal(list[0], '[');
    engine_text_free(list);
    list = NULL;
    refused(engine_probe(engine, "{\"targets\": [{\"type\": \"moon\"}]}",
                         &list, &err), ENGINE_EINVAL, &err, "moon");
    assert_null(list);
}

/* ---- nothing where something is needed ----------------------------------- */

static void null_is_refused(void **state)
{
    struct engine *engine = ((struct stage *)*state)->engine;
    struct engine_cursor *cursor = NULL;
    struct engine_scan *scan = NULL;
    char *text = NULL;

    assert_int_equal(engine_open(NULL, NULL, NULL), ENGINE_EINVAL);
    assert_int_equal(engine_register(engine, NULL, NULL, NULL), ENGINE_EINVAL);
    assert_int_equal(engine_scanners(NULL, &text, NULL), ENGINE_EINVAL);
    assert_int_equal(engine_import_path(engine, NULL, NULL, NULL, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_import_text(engine, NULL, NULL, NULL, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_scan_run(NULL, "{}", NULL, NULL, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_scan_start(engine, "{}", NULL, NULL, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_scan_resume(engine, NULL, NULL, &scan, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_scan_result(NULL, NULL), ENGINE_EINVAL);
    assert_int_equal(engine_query(engine, NULL, NULL, &cursor, NULL),
                     ENGINE_EINVAL);
    assert_int_equal(engine_cursor_next(NULL, NULL, NULL), ENGINE_EINVAL);
    assert_int_equal(engine_artifact_save(engine, "none", "/tmp/none", NULL),
                     ENGINE_EINVAL);
    assert_null(engine_scan_id(NULL));
    assert_int_equal(engine_scan_wait(NULL, 0), 1);
    engine_scan_cancel(NULL);
    engine_scan_free(NULL);
    engine_cursor_close(NULL);
    engine_text_free(NULL);
    engine_close(NULL);
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
        cmocka_unit_test(a_wrong_configuration_is_named_by_its_line),
        cmocka_unit_test(options_of_another_release_are_checked),
        WITH_STAGE(queries_outside_of_the_subset_are_refused),
        WITH_STAGE(rejected_rules_are_an_error_and_the_others_stay),
        WITH_STAGE(a_check_stores_nothing),
        WITH_STAGE(scans_that_cannot_be_say_why_at_once),
        WITH_STAGE(scanners_are_listed_with_those_refused),
        WITH_STAGE(what_runs_in_a_thread_is_shown_without_a_process_s_limits),
        WITH_STAGE(nothing_is_registered_while_a_scan_runs),
        WITH_STAGE(targets_are_probed),
        WITH_STAGE(null_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
