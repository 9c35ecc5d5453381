/* SPDX-License-Identifier: Apache-2.0 */
/* test_evidence.c - items and expected states out of OVAL results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/oscap/evidence.h"
#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/base/file.h"

#define OVAL "http://oval.mitre.org/XMLSchema/oval-"

static const char *const ids[] = {"d", "e", "other"};

static char *fixture(const char *name)
{
    const char *source = getenv("SCAN_ENGINE_SRC");

    return engine_strf("%s/tests/fixtures/oscap/%s", source ? source : ".",
                       name);
}

/* The evidence of a definition as libbson's JSON; the caller frees it. */
static char *as_json(struct oscap_evidence *evidence, const char *id)
{
    bson_t document;
    char *json;

    assert_int_equal(oscap_evidence_build(evidence, id, &document, NULL), 0);
    assert_true(bson_validate(&document, BSON_VALIDATE_UTF8, NULL));
    json = bson_as_relaxed_extended_json(&document, NULL);
    bson_destroy(&document);
    return json;
}

static engine_status read_text(const char *text, struct oscap_evidence **out,
                               engine_error *err)
{
    char path[] = "/tmp/evidence-XXXXXX";
    engine_status status;

    close(mkstemp(path));
    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
    status = oscap_evidence_read(path, ids, 3, out, err);
    unlink(path);
    return status;
}

struct parts {
    const char *tests, *states;                /* of the definitions */
    const char *definitions, *results, *items; /* of the results */
};

static char *oval(const struct parts *parts)
{
    return engine_strf(
        "<oval_results xmlns='" OVAL "results-5'>"
        "<oval_definitions xmlns='" OVAL "definitions-5'>"
        "<tests>%s</tests><states>%s</states></oval_definitions>"
        "<results><system><definitions>%s</definitions><tests>%s</tests>"
        "<oval_system_characteristics xmlns='" OVAL
        "system-characteristics-5'><system_data>%s</system_data>"
        "</oval_system_characteristics></system></results></oval_results>",
        parts->tests, parts->states, parts->definitions, parts->results,
        parts->items);
}

static char *json_of(const struct parts *parts, const char *id)
{
    struct oscap_evidence *evidence = NULL;
    char *text = oval(parts);
    char *json;

    assert_int_equal(read_text(text, &evidence, NULL), 0);
    json = as_json(evidence, id);
    oscap_evidence_free(evidence);
    engine_free(text);
    return json;
}

static void assert_json(char *json, const char *expected)
{
    assert_string_equal(json, expected);
    bson_free(json);
}

static void check_sample(const char *name, int all)
{
    static const char *const wanted[] = {
        "oval:ssg-accounts_maximum_age_login_defs:def:1",
        "oval:ssg-sysctl_fs_protected_symlinks:def:1"};
    struct oscap_evidence *evidence = NULL;
    char *path = fixture(name);
    bson_t document;
    char *json;

    assert_int_equal(oscap_evidence_read(path, wanted, 2, &evidence, NULL), 0);
    engine_free(path);
    json = as_json(evidence, wanted[0]);
    assert_non_null(strstr(json, "\"result\" : \"false\""));
    assert_non_null(strstr(
        json, "\"expected\" : [ { \"field\" : \"value\", \"operation\" : "
              "\"less than or equal\", \"value\" : \"60\", \"variable\" : "
              "\"oval:ssg-var_accounts_maximum_age_login_defs:var:1\" }"));
    assert_non_null(strstr(json, "{ \"type\" : \"variable\", \"result\" : "
                                 "\"false\", \"fields\" : {"));
    assert_non_null(strstr(json, "\"value\" : \"99999\""));
    bson_free(json);
    if (all) {
        json = as_json(evidence, wanted[1]);
        assert_non_null(strstr(json, "\"name\" : \"fs.protected_symlinks\""));
        bson_free(json);
    }
    /* in the file, but not asked for: its tests were not kept */
    assert_int_equal(
        oscap_evidence_build(evidence, "oval:none:def:1", &document, NULL),
        ENGINE_ENOTFOUND);
    oscap_evidence_free(evidence);
}

static void reads_what_oscap_wrote(void **state)
{
    (void)state;
    check_sample("oval-results.xml", 1);
}

static void reads_the_same_from_an_arf(void **state)
{
    (void)state;
    check_sample("arf.xml", 0);
}

static const struct parts plain = {
    .tests = "<file_test id='t' comment='c' check='all'>"
             "<state state_ref='s'/></file_test>",
    .states = "<file_state id='s'><mode operation='not equal'>1</mode>"
              "<size var_ref='v'/></file_state>",
    .definitions = "<definition definition_id='d' result='true'><criteria>"
                   "<criterion test_ref='t'/></criteria></definition>",
    .results = "<test test_id='t' result='false'>"
               "<tested_item item_id='1' result='false'/>"
               "<tested_variable variable_id='v'>a</tested_variable>"
               "<tested_variable variable_id='w'>x</tested_variable>"
               "<tested_variable variable_id='v'>b</tested_variable></test>",
    .items = "<file_item id='1'><path>/p</path><mode>0</mode><mode>2</mode>"
             "<size status='does not exist'/></file_item>",
};

static void shows_expected_and_actual_values(void **state)
{
    (void)state;
    assert_json(
        json_of(&plain, "d"),
        "{ \"result\" : \"true\", \"tests\" : [ { \"id\" : \"t\", "
        "\"comment\" : \"c\", \"result\" : \"false\", \"check\" : \"all\", "
        "\"existence\" : \"at_least_one_exists\", \"expected\" : [ "
        "{ \"field\" : \"mode\", \"operation\" : \"not equal\", "
        "\"value\" : \"1\" }, { \"field\" : \"size\", \"operation\" : "
        "\"equals\", \"value\" : [ \"a\", \"b\" ], \"variable\" : \"v\" } ], "
        "\"items\" : [ { \"type\" : \"file\", \"result\" : \"false\", "
        "\"fields\" : { \"path\" : \"/p\", \"mode\" : [ \"0\", \"2\" ], "
        "\"size\" : null } } ] } ] }");
}

static void shows_the_fields_of_records(void **state)
{
    struct parts parts = plain;

    (void)state;
    parts.states = "<file_state id='s'><value datatype='record'><field "
                   "name='#' operation='pattern match'>x</field></value>"
                   "</file_state>";
    parts.items = "<file_item id='1'><value><field name='#'>y</field>"
                  "<field name='#'>z</field></value></file_item>";
    parts.results = "<test test_id='t' result='true'><tested_item "
                    "item_id='1' result='true'/></test>";
    assert_json(
        json_of(&parts, "d"),
        "{ \"result\" : \"true\", \"tests\" : [ { \"id\" : \"t\", "
        "\"comment\" : \"c\", \"result\" : \"true\", \"check\" : \"all\", "
        "\"existence\" : \"at_least_one_exists\", \"expected\" : [ "
        "{ \"field\" : \"value[#]\", \"operation\" : \"pattern match\", "
        "\"value\" : \"x\" } ], \"items\" : [ { \"type\" : \"file\", "
        "\"result\" : \"true\", \"fields\" : { \"value[#]\" : [ \"y\", \"z\" "
        "] } } ] } ] }");
}

static void follows_extended_definitions_once_and_negations(void **state)
{
    struct parts parts = plain;
    char *json;

    (void)state;
    parts.definitions =
        "<definition definition_id='d' result='true'><criteria negate='true'>"
        "<criteria><criterion test_ref='t' negate='true'/></criteria>"
        "<extend_definition definition_ref='e'/>"
        "<extend_definition definition_ref='missing'/></criteria></definition>"
        "<definition definition_id='e' result='true'><criteria>"
        "<extend_definition definition_ref='d'/>"
        "<criterion test_ref='u'/><criterion test_ref='t'/></criteria>"
        "</definition>";
    parts.results = "<test test_id='t' result='true'/>"
                    "<test test_id='u' result='false'/>"
                    "<test test_id='unrelated' result='true'/>";
    json = json_of(&parts, "d");
    assert_non_null(strstr(json, "\"id\" : \"t\", \"comment\" : \"c\", "
                                 "\"result\" : \"true\", \"check\" : \"all\", "
                                 "\"existence\" : \"at_least_one_exists\", "
                                 "\"expected\""));
    assert_non_null(strstr(json, "\"id\" : \"u\", \"result\" : \"false\", "
                                 "\"negate\" : true"));
    assert_null(strstr(json, "unrelated"));
    assert_null(strstr(strstr(json, "\"id\" : \"t\"") + 1, "\"id\" : \"t\""));
    bson_free(json);
}

static void keeps_failing_items_when_there_are_too_many(void **state)
{
    struct parts parts = plain;
    struct buffer tested, items;
    char *json;

    (void)state;
    buffer_init(&tested, 1 << 20);
    buffer_init(&items, 1 << 20);
    buffer_puts(&tested, "<test test_id='t' result='false'>");
    for (int i = 1; i <= 500; i++) {
        buffer_printf(&tested, "<tested_item item_id='%d' result='%s'/>", i,
                      i == 400 ? "false" : "true");
        buffer_printf(&items, "<file_item id='%d'><n>%d.</n></file_item>", i,
                      i);
    }
    buffer_puts(&tested, "</test>");
    parts.results = tested.data;
    parts.items = items.data;
    json = json_of(&parts, "d");
    assert_non_null(strstr(json, "\"1.\""));
    assert_non_null(strstr(json, "\"49.\""));
    assert_non_null(strstr(json, "\"400.\""));
    assert_null(strstr(json, "\"50.\""));
    assert_non_null(strstr(json, "\"more_items\" : 450"));
    bson_free(json);
    buffer_clear(&tested);
    buffer_clear(&items);
}

static void bounds_values_and_documents(void **state)
{
    struct parts parts = plain;
    struct buffer tested, items;
    struct oscap_evidence *evidence = NULL;
    bson_t document;
    bson_iter_t iter;
    char *text;

    (void)state;
    buffer_init(&tested, 1 << 20);
    buffer_init(&items, 1 << 24);
    buffer_puts(&tested, "<test test_id='t' result='false'>");
    for (int i = 1; i <= 50; i++) {
        buffer_printf(&tested, "<tested_item item_id='%d' result='false'/>", i);
        buffer_printf(&items, "<file_item id='%d'>", i);
        for (int k = 0; k < 70; k++) {
            buffer_printf(&items, "<n%d>", k);
            for (int c = 0; c < 1000; c++)
                buffer_puts(&items, "\xe2\x82\xac");
            buffer_printf(&items, "</n%d>", k);
        }
        buffer_puts(&items, "</file_item>");
    }
    buffer_puts(&tested, "</test>");
    parts.results = tested.data;
    parts.items = items.data;
    text = oval(&parts);
    assert_int_equal(read_text(text, &evidence, NULL), 0);
    assert_int_equal(oscap_evidence_build(evidence, "d", &document, NULL), 0);
    assert_true(document.len < OSCAP_EVIDENCE_RULE);
    assert_true(bson_iter_init_find(&iter, &document, "truncated"));
    bson_destroy(&document);
    oscap_evidence_free(evidence);
    engine_free(text);
    buffer_clear(&tested);
    buffer_clear(&items);
}

static void an_undefined_test_still_shows_its_result(void **state)
{
    struct parts parts = plain;

    (void)state;
    parts.tests = parts.states = parts.items = "";
    assert_json(json_of(&parts, "d"),
                "{ \"result\" : \"true\", \"tests\" : [ { \"id\" : \"t\", "
                "\"result\" : \"false\", \"expected\" : [  ], \"items\" : [ "
                "{ \"result\" : \"false\", \"fields\" : {  } } ] } ] }");
}

static void damaged_files_are_errors(void **state)
{
    struct oscap_evidence *evidence = NULL;
    char *text = oval(&plain);
    engine_error err;

    (void)state;
    for (size_t len = strlen(text) - 1; len > 0; len -= len > 20 ? 13 : 1) {
        text[len] = '\0';
        assert_int_equal(read_text(text, &evidence, &err), ENGINE_EPARSE);
        assert_non_null(strstr(err.message, "/tmp/evidence-"));
    }
    engine_free(text);
    assert_int_equal(read_text("<a/>", &evidence, &err), ENGINE_EPARSE);
    assert_non_null(strstr(err.message, "no OVAL results"));
    assert_int_equal(oscap_evidence_read("/nowhere", ids, 3, &evidence, &err),
                     ENGINE_ENOTFOUND);
    assert_null(evidence);
}

static void survives_every_failing_allocation(void **state)
{
    struct oscap_evidence *evidence = NULL;
    char path[] = "/tmp/evidence-XXXXXX";
    char *text = oval(&plain);
    engine_status status = ENGINE_ENOMEM;

    (void)state;
    close(mkstemp(path));
    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), 0);
    for (long nth = 1; nth < 500 && status != ENGINE_OK; nth++) {
        engine_alloc_fail_at(nth);
        status = oscap_evidence_read(path, ids, 3, &evidence, NULL);
        engine_alloc_fail_at(0);
        assert_true(status == ENGINE_OK || status == ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    oscap_evidence_free(evidence);
    engine_free(text);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_oscap_wrote),
        cmocka_unit_test(reads_the_same_from_an_arf),
        cmocka_unit_test(shows_expected_and_actual_values),
        cmocka_unit_test(shows_the_fields_of_records),
        cmocka_unit_test(follows_extended_definitions_once_and_negations),
        cmocka_unit_test(keeps_failing_items_when_there_are_too_many),
        cmocka_unit_test(bounds_values_and_documents),
        cmocka_unit_test(an_undefined_test_still_shows_its_result),
        cmocka_unit_test(damaged_files_are_errors),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
