/* SPDX-License-Identifier: Apache-2.0 */
/* test_content.c - importing SCAP content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "plugins/oscap/content.h"
#include "plugins/oscap/fragments.h"
#include "plugins/oscap/import_private.h"
#include "plugins/oscap/test_bench.h"
#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

/* ---- documents ---------------------------------------------------------- */

static void imports_every_rule_with_its_texts(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rule = bench_rule(bench, "simple");

    assert_int_equal(bench->rules_count, 22);
    assert_string_equal(document_string(rule, "benchmark"), BENCHMARK);
    assert_string_equal(document_string(rule, "title"), "Simple <one>");
    assert_string_equal(document_string(rule, "description"),
                        "See:\n- one thing\n- the word\n  keep\n    this");
    assert_string_equal(document_string(rule, "rationale"), "Because.");
    assert_string_equal(document_string(rule, "severity"), "low");
    assert_string_equal(document_string(rule, "scanner_type"), "oscap");
    assert_string_equal(document_string(rule, "tags.0"), "First");
    assert_string_equal(document_string(rule, "identifiers.cce"),
                        "CCE-80000-1");
    assert_string_equal(document_string(rule, "remediation.code.bash"),
                        "echo \"zebra\"\nexit 0");
    assert_string_equal(document_string(rule, "check_content.rule"),
                        RULE "simple");
    assert_int_equal(strlen(document_string(rule, "check_content.artifact")),
                     64);
}

static void maps_references_to_frameworks(void **state)
{
    const bson_t *rule = bench_rule(*state, "simple");

    assert_string_equal(document_string(rule, "frameworks.nist.800-53r4.0"),
                        "AC-1");
    assert_string_equal(document_string(rule, "frameworks.nist.800-53r4.1"),
                        "AC-2");
    assert_string_equal(document_string(rule, "frameworks.pci_dss.v4.0.0"),
                        "2.2");
    assert_string_equal(document_string(rule, "frameworks.ism.current.0"),
                        "1034");
    assert_string_equal(document_string(rule, "references.3.text"), "1034");
}

static void keeps_variables_with_their_constraints(void **state)
{
    const bson_t *word = bench_rule(*state, "simple");
    const bson_t *number = bench_rule(*state, "number");
    bson_iter_t at;

    assert_string_equal(document_string(word, "variables.word.type"), "string");
    assert_string_equal(document_string(word, "variables.word.default"),
                        "zebra");
    assert_string_equal(document_string(word, "variables.word.options.lion"),
                        "lion");
    assert_string_equal(document_string(word, "variables.word.options.empty"),
                        "");
    assert_string_equal(document_string(word, "variables.word.pattern"),
                        "^[a-z]*$");
    assert_string_equal(document_string(word, "variables.word.choices.1"),
                        "lion");
    assert_string_equal(document_string(word, "variables.word.xccdf_id"),
                        "xccdf_org.example_value_word");
    assert_false(document_find(number, "variables.number.default", &at));
    assert_true(document_double(number, "variables.number.maximum", 0) == 10);
    assert_string_equal(document_string(number, "variables.number.operator"),
                        "greater than");
}

static void says_which_rules_oscap_cannot_check(void **state)
{
    const struct bench *bench = *state;

    assert_null(
        document_string(bench_rule(bench, "simple"), "check_content.notchecked"));
    assert_string_equal(
        document_string(bench_rule(bench, "manual"), "check_content.notchecked"),
        "the rule has no automated check");
    assert_false(
        oscap_rule_is_automated(bench->content, bench_rule(bench, "manual")));
    assert_false(
        oscap_rule_is_automated(bench->content, bench_rule(bench, "missing")));
    assert_true(
        oscap_rule_is_automated(bench->content, bench_rule(bench, "complex")));
    assert_string_equal(
        oscap_rule_definition(bench->content, bench_rule(bench, "simple")),
        "oval:zoo-word:def:1");
    assert_non_null(strstr(bench->warnings, "zoo-ds.xml:"));
    assert_non_null(strstr(bench->warnings, "oval:zoo-missing:def:1"));
}

/* The rules of a profile, as "a b c". */
static void profile_list(const bson_t *benchmark, int number, char *out,
                         size_t size)
{
    char path[64];
    bson_iter_t at;
    bson_t list;

    snprintf(path, sizeof(path), "profiles.%d.rules", number);
    assert_true(document_child(benchmark, path, &list));
    *out = '\0';
    for (bson_iter_init(&at, &list); bson_iter_next(&at);)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "",
                 bson_iter_utf8(&at, NULL) + strlen(RULE));
}

/* What oscap 1.3.7 evaluated for each profile. */
static void resolves_profiles_as_oscap_does(void **state)
{
    const struct bench *bench = *state;
    char list[2048];

    profile_list(bench->benchmark, 0, list, sizeof(list));
    assert_string_equal(list, "simple number flooded text needs-text "
                              "needs-either needs-group in-group complex multi "
                              "whole negated alternatives missing refined "
                              "unchecked unscored manual collected");
    profile_list(bench->benchmark, 1, list, sizeof(list));
    assert_string_equal(list, "text clustered needs-text needs-either "
                              "hates-simple needs-group chained complex multi "
                              "whole negated alternatives missing refined "
                              "unchecked unscored manual collected");
    profile_list(bench->benchmark, 2, list, sizeof(list));
    assert_string_equal(list,
                        "simple number flooded needs-text needs-either "
                        "in-group complex multi whole negated alternatives "
                        "missing refined unchecked unscored manual "
                        "collected");
}

static void carries_refined_values_into_profiles(void **state)
{
    const struct bench *bench = *state;
    const bson_t *benchmark = bench->benchmark;

    assert_string_equal(document_string(benchmark, "_id"), BENCHMARK);
    assert_string_equal(document_string(benchmark, "title"),
                        "The zoo & its keepers");
    assert_int_equal(document_int(benchmark, "rules_count", 0), 22);
    assert_string_equal(document_string(benchmark, "platforms.0"),
                        "cpe:/o:example:zoo:1");
    assert_string_equal(document_string(benchmark, "profiles.0.variables.word"),
                        "lion");
    assert_string_equal(
        document_string(benchmark, "profiles.0.variables.number"), "2");
    assert_string_equal(document_string(benchmark, "profiles.1.variables.word"),
                        "a <tiger> & \"friends\"");
    assert_string_equal(
        document_string(benchmark, "profiles.1.variables.number"), "3");
    assert_string_equal(document_string(benchmark, "profiles.2.variables.text"),
                        "first line\n second  line & more");
    assert_string_equal(
        document_string(benchmark, "profiles.2.severities." RULE "simple"),
        "high");
    assert_string_equal(document_string(benchmark, "groups.1.parent"),
                        "xccdf_org.example_group_first");
}

/* ---- bad input ---------------------------------------------------------- */

static void refuse(const char *text, engine_status want, const char *message)
{
    struct bench bench = {.directory = NULL};
    const struct oscap_import_sink sink = bench_sink(&bench);
    engine_error err = {0};
    engine_status status = import_text(text, strlen(text), "/nowhere/bad.xml",
                                       "/nowhere", &sink, &err);

    if (status != want || !strstr(err.message, message))
        fail_msg("%d \"%s\", not %d \"%s\"", status, err.message, want,
                 message);
    bench_forget(&bench);
}

static void refuses_what_is_no_content(void **state)
{
    (void)state;
    refuse("", ENGINE_EPARSE, "bad.xml:1:");
    refuse("hello", ENGINE_EPARSE, "bad.xml:1:");
    refuse("<a>\n<b>\n</a>", ENGINE_EPARSE, "bad.xml:3:");
    refuse("<a/>", ENGINE_EUNSUPPORTED, "bad.xml:1: <a>");
    refuse("<Benchmark xmlns=\"http://checklists.nist.gov/xccdf/1.1\"/>",
           ENGINE_EUNSUPPORTED, "XCCDF 1.1");
    refuse("\xff\xfe<\0a", ENGINE_EPARSE, "bad.xml:");
}

static void refuses_a_doctype_before_its_entities(void **state)
{
    (void)state;
    refuse("<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]>\n"
           "<a>&c;</a>",
           ENGINE_EPARSE, "bad.xml:1: a DOCTYPE");
    refuse("<?xml version=\"1.0\"?>\n<!DOCTYPE a SYSTEM "
           "\"file:///etc/passwd\">\n<a/>",
           ENGINE_EPARSE, "a DOCTYPE");
    refuse("<a>&undeclared;</a>", ENGINE_EPARSE, "bad.xml:1:");
}

static void reads_and_writes_references_in_attributes(void **state)
{
    static const char text[] = "<a x:b=\"1 &amp; 2 &lt; &#10; &quot;3\" "
                               "xmlns:x=\"u\" c=\"&#38;amp;\">&lt;&#13;</a>";
    struct xml_names names;
    struct buffer out;
    xmlDoc *doc = NULL;
    xmlNode *root;

    (void)state;
    assert_int_equal(xml_parse(text, strlen(text), "a", &doc, NULL), ENGINE_OK);
    root = xmlDocGetRootElement(doc);
    assert_string_equal(xml_attr_ns(root, "u", "b"), "1 & 2 < \n \"3");
    assert_string_equal(xml_attr(root, "c"), "&amp;");
    xml_names_init(&names, "none");
    buffer_init(&out, 1000);
    xml_write(&out, root, 0, &names, NULL, NULL);
    assert_string_equal(out.data, "<a x:b=\"1 &amp; 2 &lt; &#10; &quot;3\" "
                                  "c=\"&amp;amp;\">&lt;&#13;</a>\n");
    buffer_clear(&out);
    xmlFreeDoc(doc);
}

static void refuses_deep_nesting(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buffer_puts(&text, "<a>");
    refuse(text.data, ENGINE_ELIMIT, "200 deep");
    buffer_clear(&text);
}

static void refuses_damaged_fragments(void **state)
{
    const struct bench *bench = *state;
    char *path = engine_strf("%s/damaged", bench->directory);
    struct oscap_content *content = NULL;
    engine_error err = {0};
    char *data = NULL;
    size_t len = 0;

    assert_int_equal(file_read(bench->fragments, 1 << 24, &data, &len, NULL),
                     ENGINE_OK);
    for (size_t cut = 0; cut < len; cut += len / 17) {
        assert_int_equal(file_write(path, data, cut, 0600, NULL), ENGINE_OK);
        assert_int_equal(oscap_content_open(path, &content, &err),
                         ENGINE_ECORRUPT);
        assert_non_null(strstr(err.message, "damaged"));
    }
    /* whatever is flipped in the index, nothing reads out of bounds */
    for (size_t at = 8; at < 4096 && at < len; at += 3) {
        const char kept = data[at];
        const bson_t *rules[] = {bench_rule(bench, "collected")};
        struct oscap_compile_options options = bench_options(bench, rules, 1);
        struct buffer out;

        data[at] = (char)(kept ^ 0x15);
        file_write(path, data, len, 0600, NULL);
        data[at] = kept;
        if (oscap_content_open(path, &content, NULL) < 0)
            continue;
        options.content = content;
        buffer_init(&out, 1 << 22);
        (void)oscap_benchmark_write(&options, &out, NULL);
        buffer_clear(&out);
        oscap_content_close(content);
    }
    engine_free(data);
    engine_free(path);
}

static void survives_running_out_of_memory(void **state)
{
    struct bench *bench = *state;
    const struct oscap_import_sink sink = bench_sink(bench);
    engine_status status = ENGINE_ENOMEM;
    long nth;

    for (nth = 1; status != ENGINE_OK && nth < 20000; nth++) {
        engine_error err = {0};

        bench_forget(bench);
        engine_alloc_fail_at(nth);
        status = oscap_import(bench_fixture(), bench->directory, &sink, &err);
        engine_alloc_fail_at(0);
        if (status != ENGINE_OK)
            assert_int_equal(status, ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    assert_in_range(nth, 100, 20000); /* no failure went unnoticed early */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_every_rule_with_its_texts),
        cmocka_unit_test(maps_references_to_frameworks),
        cmocka_unit_test(keeps_variables_with_their_constraints),
        cmocka_unit_test(says_which_rules_oscap_cannot_check),
        cmocka_unit_test(resolves_profiles_as_oscap_does),
        cmocka_unit_test(carries_refined_values_into_profiles),
        cmocka_unit_test(refuses_what_is_no_content),
        cmocka_unit_test(refuses_a_doctype_before_its_entities),
        cmocka_unit_test(reads_and_writes_references_in_attributes),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_damaged_fragments),
        /* last: it imports again */
        cmocka_unit_test(survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
