/* SPDX-License-Identifier: Apache-2.0 */
/* test_compile.c - compiling content, tailoring, parts. */
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

/* ---- compiling ---------------------------------------------------------- */

static char *compile_text(const struct oscap_compile_options *options)
{
    struct oscap_compiled compiled = {0};
    engine_error err = {0};
    char *text = NULL;
    xmlDoc *doc = NULL;
    size_t len = 0;

    if (oscap_compile(options, &compiled, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(
        file_read(compiled.datastream_path, 1 << 24, &text, &len, &err),
        ENGINE_OK);
    assert_int_equal(xml_parse(text, len, "compiled", &doc, &err), ENGINE_OK);
    xmlFreeDoc(doc);
    oscap_compiled_clear(&compiled);
    return text;
}

static void compiles_only_what_the_rules_need(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "simple"),
                             bench_rule(bench, "flooded")};
    const struct oscap_compile_options options = bench_options(bench, rules, 2);
    char *text = compile_text(&options);

    assert_non_null(strstr(text, "id=\"oval:zoo-word:def:1\""));
    assert_non_null(strstr(text, "id=\"oval:zoo-word:var:1\""));
    assert_non_null(strstr(text, "id=\"oval:zoo-word:ste:1\""));
    assert_non_null(strstr(text, "id=\"xccdf_org.example_value_word\""));
    assert_non_null(strstr(text, "name=\"cpe:/a:pond\""));
    assert_non_null(strstr(text, "name=\"cpe:/a:cage\"")); /* its group's */
    assert_null(strstr(text, "oval:zoo-number"));
    assert_null(strstr(text, "unused"));
    assert_null(strstr(text, "ocil"));
    assert_null(strstr(text, "zoo-more-oval.xml"));
    assert_null(strstr(text, "needs-text"));
    engine_free(text);
}

static void leaves_out_requirements_that_are_not_there(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "needs-either"),
                             bench_rule(bench, "needs-text"),
                             bench_rule(bench, "simple")};
    struct oscap_compile_options options = bench_options(bench, rules, 3);
    char *text = compile_text(&options);

    assert_non_null(strstr(text, "<requires idref=\"" RULE "simple\"/>"));
    assert_null(strstr(text, RULE "text"));
    engine_free(text);
}

static void makes_a_named_platform_apply(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "simple")};
    struct oscap_compile_options options = bench_options(bench, rules, 1);
    char *text = compile_text(&options);

    assert_non_null(strstr(text, "oval:zoo-never:def:1"));
    assert_null(strstr(text, "oval:scan-engine:def:1"));
    engine_free(text);
    options.cpe = "cpe:/o:example:zoo:1";
    text = compile_text(&options);
    assert_non_null(strstr(text, "oval:scan-engine:def:1</check>"));
    assert_null(strstr(text, "oval:zoo-never:def:1</check>"));
    engine_free(text);
    options.cpe = "cpe:/o:x\x01";
    assert_int_equal(oscap_compile(&options, &(struct oscap_compiled){0}, NULL),
                     ENGINE_EINVAL);
}

static void applies_what_a_profile_refines(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "refined"),
                             bench_rule(bench, "negated")};
    struct oscap_compile_options options = bench_options(bench, rules, 2);
    char *text;

    options.profile = "xccdf_org.example_profile_refine";
    text = compile_text(&options);
    assert_non_null(strstr(text, "<refine-rule idref=\"" RULE
                                 "refined\" selector=\"other\"/>"));
    assert_non_null(strstr(text, "<refine-rule idref=\"" RULE
                                 "negated\" role=\"unscored\"/>"));
    assert_null(strstr(text, RULE "complex"));
    engine_free(text);
}

static void gives_the_same_bytes_in_any_order(void **state)
{
    const struct bench *bench = *state;
    const bson_t *one[] = {bench_rule(bench, "simple"),
                           bench_rule(bench, "text")};
    const bson_t *two[] = {one[1], one[0], one[1]};
    const struct oscap_compile_options first = bench_options(bench, one, 2);
    const struct oscap_compile_options second = bench_options(bench, two, 3);
    char *a = compile_text(&first), *b = compile_text(&second);

    assert_string_equal(a, b);
    engine_free(a);
    engine_free(b);
}

static void caches_and_notices_a_torn_file(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "simple")};
    struct oscap_compile_options options = bench_options(bench, rules, 1);
    char *cache = engine_strf("%s/cache", bench->directory);
    struct oscap_compiled compiled = {0};

    options.cachedir = cache;
    assert_int_equal(oscap_compile(&options, &compiled, NULL), ENGINE_OK);
    assert_false(compiled.cached);
    oscap_compiled_clear(&compiled);
    assert_int_equal(oscap_compile(&options, &compiled, NULL), ENGINE_OK);
    assert_true(compiled.cached);
    assert_int_equal(truncate(compiled.datastream_path, 1000), 0);
    oscap_compiled_clear(&compiled);
    assert_int_equal(oscap_compile(&options, &compiled, NULL), ENGINE_OK);
    assert_false(compiled.cached);
    oscap_compiled_clear(&compiled);
    assert_int_equal(oscap_compile(&options, &compiled, NULL), ENGINE_OK);
    assert_true(compiled.cached);
    oscap_compiled_clear(&compiled);
    engine_free(cache);
}

static void names_a_rule_that_is_not_in_the_content(void **state)
{
    const struct bench *bench = *state;
    bson_t *stranger = BCON_NEW("rule_id", "xccdf_x_rule_y");
    const bson_t *rules[] = {stranger};
    const struct oscap_compile_options options = bench_options(bench, rules, 1);
    engine_error err = {0};

    assert_int_equal(oscap_compile(&options, &(struct oscap_compiled){0}, &err),
                     ENGINE_ENOTFOUND);
    assert_non_null(strstr(err.message, "xccdf_x_rule_y"));
    assert_non_null(strstr(err.message, BENCHMARK));
    bson_destroy(stranger);
}

static void writes_the_benchmark_alone(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {bench_rule(bench, "simple")};
    const struct oscap_compile_options options = bench_options(bench, rules, 1);
    struct buffer out;
    xmlDoc *doc = NULL;

    buffer_init(&out, 1 << 20);
    assert_int_equal(oscap_benchmark_write(&options, &out, NULL), ENGINE_OK);
    assert_int_equal(xml_parse(out.data, out.len, "benchmark", &doc, NULL),
                     ENGINE_OK);
    assert_true(xml_is(xmlDocGetRootElement(doc), XML_XCCDF, "Benchmark"));
    xmlFreeDoc(doc);
    buffer_clear(&out);
}

/* ---- tailoring ---------------------------------------------------------- */

static engine_status tailor(const struct bench *bench, const bson_t *variables,
                            char **text, engine_error *err)
{
    const bson_t *rules[] = {bench_rule(bench, "simple")};
    const struct oscap_compile_options options = bench_options(bench, rules, 1);
    struct oscap_compiled compiled = {0};
    char *path = engine_strf("%s/tailoring.xml", bench->directory);
    char *profile = NULL;
    engine_status status = oscap_compile(&options, &compiled, err);

    if (status == ENGINE_OK)
        status = oscap_tailoring_write(&options, &compiled, variables, path,
                                       &profile, err);
    if (status == ENGINE_OK) {
        assert_non_null(strstr(profile, "_profile_"));
        status = file_read(path, 1 << 20, text, NULL, err);
    }
    engine_free(path);
    engine_free(profile);
    oscap_compiled_clear(&compiled);
    return status;
}

static void escapes_values_and_leaves_out_strangers(void **state)
{
    bson_t *variables = BCON_NEW("word", "<b>&\"'\n\tx", "number",
                                 BCON_INT32(3), "stranger", "x");
    char *text = NULL;

    assert_int_equal(tailor(*state, variables, &text, NULL), ENGINE_OK);
    assert_non_null(strstr(text, "<set-value idref=\"xccdf_org.example_value_"
                                 "word\">&lt;b&gt;&amp;\"'\n\tx</set-value>"));
    assert_null(strstr(text, "number"));
    assert_null(strstr(text, "stranger"));
    engine_free(text);
    bson_destroy(variables);
}

static void refuses_values_that_xml_cannot_carry(void **state)
{
    static const char *const bad[] = {"a\x01z", "\x1b[0m", "\xef\xbf\xbe"};
    engine_error err = {0};
    char *text = NULL;

    for (size_t i = 0; i < 3; i++) {
        bson_t *variables = BCON_NEW("word", bad[i]);

        assert_int_equal(tailor(*state, variables, &text, &err), ENGINE_EINVAL);
        assert_non_null(strstr(err.message, "\"word\""));
        bson_destroy(variables);
    }
}

static void tells_the_variables_of_a_rule(void **state)
{
    const struct bench *bench = *state;
    bson_t *variables = BCON_NEW("word", "lion", "text", "x");
    bson_t out;

    assert_int_equal(oscap_rule_variables(bench->content,
                                          bench_rule(bench, "simple"),
                                          variables, &out, NULL),
                     ENGINE_OK);
    assert_int_equal(bson_count_keys(&out), 1);
    assert_string_equal(document_string(&out, "word"), "lion");
    bson_destroy(&out);
    assert_int_equal(oscap_rule_variables(bench->content,
                                          bench_rule(bench, "complex"), NULL,
                                          &out, NULL),
                     ENGINE_OK);
    assert_string_equal(document_string(&out, "word"), "zebra");
    bson_destroy(&out);
    bson_destroy(variables);
}

/* ---- sharding ----------------------------------------------------------- */

static void keeps_linked_rules_in_one_part(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[64];
    unsigned part[64];
    size_t simple = 0, either = 0, hates = 0;

    for (size_t i = 0; i < bench->rules_count; i++) {
        const char *id = document_string(bench->rules[i], "rule_id");

        rules[i] = bench->rules[i];
        if (strstr(id, "_rule_simple"))
            simple = i;
        if (strstr(id, "needs-either"))
            either = i;
        if (strstr(id, "hates-simple"))
            hates = i;
    }
    for (unsigned shards = 1; shards < 9; shards++) {
        const unsigned used = oscap_shard(
            bench->content, rules, bench->rules_count, shards, NULL, part);

        assert_in_range(used, 1, shards);
        for (size_t i = 0; i < bench->rules_count; i++)
            assert_in_range(part[i], 0, used - 1);
        assert_int_equal(part[simple], part[either]);
        assert_int_equal(part[simple], part[hates]);
    }
}

/* ---- rules that bring their OVAL along ---------------------------------- */

static const char own_oval[] =
    "<oval_definitions xmlns=\"" XML_OVAL "\" xmlns:i=\"" XML_OVAL_IND "\">"
    "<definitions><definition id=\"oval:own:def:1\" version=\"1\" "
    "class=\"compliance\"><metadata><title>t</title><description/>"
    "</metadata><criteria><criterion test_ref=\"oval:own:tst:1\"/>"
    "</criteria></definition></definitions>"
    "<tests><i:variable_test id=\"oval:own:tst:1\" version=\"1\" "
    "comment=\"c\" check=\"all\"><i:object object_ref=\"oval:own:obj:1\"/>"
    "</i:variable_test></tests>"
    "<objects><i:variable_object id=\"oval:own:obj:1\" version=\"1\">"
    "<i:var_ref>oval:own-limit:var:1</i:var_ref></i:variable_object>"
    "</objects><variables><external_variable id=\"oval:own-limit:var:1\" "
    "version=\"1\" comment=\"c\" datatype=\"int\"/></variables>"
    "</oval_definitions>";

static bson_t *own_rule(const char *id, const char *definition)
{
    return BCON_NEW("rule_id", BCON_UTF8(id), "variables", "{", "limit", "{",
                    "type", "number", "default", "5", "}", "}", "check_content",
                    "{", "oval", "{", "definition", BCON_UTF8(definition),
                    "content", BCON_UTF8(own_oval), "}", "}");
}

static void compiles_rules_with_oval_of_their_own(void **state)
{
    const struct bench *bench = *state;
    char *path = engine_strf("%s/own", bench->directory);
    bson_t *one = own_rule("My rule/1", "oval:own:def:1");
    bson_t *two = own_rule("other", "oval:own:def:1");
    const bson_t *rules[] = {one, two};
    struct oscap_compile_options options = bench_options(bench, rules, 2);
    struct oscap_content *content = NULL;
    engine_error err = {0};
    char *text;

    if (oscap_content_from_rules(rules, 2, path, &content, &err) < 0)
        fail_msg("%s", err.message);
    options.content = content;
    text = compile_text(&options);
    assert_non_null(strstr(text, "xccdf_org.scan-engine_rule_My_rule_1_"));
    assert_non_null(strstr(text, "xccdf_org.scan-engine_rule_other\""));
    assert_non_null(strstr(text, "export-name=\"oval:own-limit:var:1\""));
    assert_non_null(strstr(text, "<value>5</value>"));
    engine_free(text);
    oscap_content_close(content);
    bson_destroy(one);
    bson_destroy(two);
    engine_free(path);
}

static void names_the_rule_whose_own_oval_is_wrong(void **state)
{
    const struct bench *bench = *state;
    char *path = engine_strf("%s/own", bench->directory);
    bson_t *rule = own_rule("mine", "oval:absent:def:1");
    const bson_t *rules[] = {rule};
    struct oscap_content *content = NULL;
    engine_error err = {0};

    assert_int_equal(oscap_content_from_rules(rules, 1, path, &content, &err),
                     ENGINE_EINVAL);
    assert_non_null(strstr(err.message, "\"mine\""));
    assert_non_null(strstr(err.message, "oval:absent:def:1"));
    bson_destroy(rule);
    engine_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiles_only_what_the_rules_need),
        cmocka_unit_test(leaves_out_requirements_that_are_not_there),
        cmocka_unit_test(makes_a_named_platform_apply),
        cmocka_unit_test(applies_what_a_profile_refines),
        cmocka_unit_test(gives_the_same_bytes_in_any_order),
        cmocka_unit_test(caches_and_notices_a_torn_file),
        cmocka_unit_test(names_a_rule_that_is_not_in_the_content),
        cmocka_unit_test(writes_the_benchmark_alone),
        cmocka_unit_test(escapes_values_and_leaves_out_strangers),
        cmocka_unit_test(refuses_values_that_xml_cannot_carry),
        cmocka_unit_test(tells_the_variables_of_a_rule),
        cmocka_unit_test(keeps_linked_rules_in_one_part),
        cmocka_unit_test(compiles_rules_with_oval_of_their_own),
        cmocka_unit_test(names_the_rule_whose_own_oval_is_wrong),
    };

    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}
