/* SPDX-License-Identifier: Apache-2.0 */
/* test_content.c - importing SCAP content and compiling it. */
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
#include "plugins/oscap/xml.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/base/hash.h"
#include "sdk/document/document.h"

#define RULE "xccdf_org.example_rule_"
#define BENCHMARK "xccdf_org.example_benchmark_zoo"

struct bench {
    char *directory, *fragments;
    bson_t *rules[64], *benchmark;
    size_t rules_count;
    char warnings[4096];
    struct oscap_content *content;
};

/* ---- a sink that remembers ---------------------------------------------- */

static engine_status keep_artifact(void *user, const char *path,
                                   const char *name, const char *media_type,
                                   char id[65], engine_error *err)
{
    struct bench *bench = user;

    (void)media_type;
    if (strcmp(name, "fragments") == 0) {
        engine_free(bench->fragments);
        bench->fragments = engine_strdup(path);
        if (!bench->fragments)
            return engine_fail(err, ENGINE_ENOMEM, "out of memory");
    }
    return hash_file(path, id, err);
}

static engine_status keep_document(void *user, const char *kind,
                                   const bson_t *document, engine_error *err)
{
    struct bench *bench = user;

    (void)err;
    if (strcmp(kind, "benchmark") == 0) {
        if (bench->benchmark)
            bson_destroy(bench->benchmark);
        bench->benchmark = bson_copy(document);
    } else if (bench->rules_count < 64) {
        bench->rules[bench->rules_count++] = bson_copy(document);
    }
    return ENGINE_OK;
}

static void keep_warning(void *user, const char *text)
{
    struct bench *bench = user;
    const size_t len = strlen(bench->warnings);

    snprintf(bench->warnings + len, sizeof(bench->warnings) - len, "%s\n",
             text);
}

static void bench_forget(struct bench *bench)
{
    for (size_t i = 0; i < bench->rules_count; i++)
        bson_destroy(bench->rules[i]);
    if (bench->benchmark)
        bson_destroy(bench->benchmark);
    engine_free(bench->fragments);
    bench->rules_count = 0;
    bench->benchmark = NULL;
    bench->fragments = NULL;
    bench->warnings[0] = '\0';
}

static struct oscap_import_sink bench_sink(struct bench *bench)
{
    return (struct oscap_import_sink){keep_artifact, keep_document,
                                      keep_warning, bench};
}

static const char *fixture(void)
{
    static char path[4096];
    const char *top = getenv("SCAN_ENGINE_SRC");

    snprintf(path, sizeof(path), "%s/tests/fixtures/content/zoo-ds.xml",
             top ? top : ".");
    return path;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct oscap_import_sink sink = bench_sink(bench);
    engine_error err = {0};

    if (file_make_temporary("/tmp", "content-", &bench->directory, &err) < 0 ||
        oscap_import(fixture(), bench->directory, &sink, &err) < 0 ||
        oscap_content_open(bench->fragments, &bench->content, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return -1;
    }
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    oscap_content_close(bench->content);
    bench_forget(bench);
    file_remove_tree(bench->directory, NULL);
    engine_free(bench->directory);
    free(bench);
    return 0;
}

static const bson_t *rule_of(const struct bench *bench, const char *name)
{
    for (size_t i = 0; i < bench->rules_count; i++)
        if (strcmp(document_string(bench->rules[i], "rule_id") + strlen(RULE),
                   name) == 0)
            return bench->rules[i];
    fail_msg("no rule %s", name);
    return NULL;
}

/* ---- documents ---------------------------------------------------------- */

static void imports_every_rule_with_its_texts(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rule = rule_of(bench, "simple");

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
    const bson_t *rule = rule_of(*state, "simple");

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
    const bson_t *word = rule_of(*state, "simple");
    const bson_t *number = rule_of(*state, "number");
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
        document_string(rule_of(bench, "simple"), "check_content.notchecked"));
    assert_string_equal(
        document_string(rule_of(bench, "manual"), "check_content.notchecked"),
        "the rule has no automated check");
    assert_false(
        oscap_rule_is_automated(bench->content, rule_of(bench, "manual")));
    assert_false(
        oscap_rule_is_automated(bench->content, rule_of(bench, "missing")));
    assert_true(
        oscap_rule_is_automated(bench->content, rule_of(bench, "complex")));
    assert_string_equal(
        oscap_rule_definition(bench->content, rule_of(bench, "simple")),
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

/* ---- compiling ---------------------------------------------------------- */

static struct oscap_compile_options options_of(const struct bench *bench,
                                               const bson_t **rules,
                                               size_t count)
{
    return (struct oscap_compile_options){.content = bench->content,
                                          .rules = rules,
                                          .rules_count = count,
                                          .directory = bench->directory};
}

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
    const bson_t *rules[] = {rule_of(bench, "simple"),
                             rule_of(bench, "flooded")};
    const struct oscap_compile_options options = options_of(bench, rules, 2);
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
    const bson_t *rules[] = {rule_of(bench, "needs-either"),
                             rule_of(bench, "needs-text"),
                             rule_of(bench, "simple")};
    struct oscap_compile_options options = options_of(bench, rules, 3);
    char *text = compile_text(&options);

    assert_non_null(strstr(text, "<requires idref=\"" RULE "simple\"/>"));
    assert_null(strstr(text, RULE "text"));
    engine_free(text);
}

static void makes_a_named_platform_apply(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {rule_of(bench, "simple")};
    struct oscap_compile_options options = options_of(bench, rules, 1);
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
    const bson_t *rules[] = {rule_of(bench, "refined"),
                             rule_of(bench, "negated")};
    struct oscap_compile_options options = options_of(bench, rules, 2);
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
    const bson_t *one[] = {rule_of(bench, "simple"), rule_of(bench, "text")};
    const bson_t *two[] = {one[1], one[0], one[1]};
    const struct oscap_compile_options first = options_of(bench, one, 2);
    const struct oscap_compile_options second = options_of(bench, two, 3);
    char *a = compile_text(&first), *b = compile_text(&second);

    assert_string_equal(a, b);
    engine_free(a);
    engine_free(b);
}

static void caches_and_notices_a_torn_file(void **state)
{
    const struct bench *bench = *state;
    const bson_t *rules[] = {rule_of(bench, "simple")};
    struct oscap_compile_options options = options_of(bench, rules, 1);
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
    const struct oscap_compile_options options = options_of(bench, rules, 1);
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
    const bson_t *rules[] = {rule_of(bench, "simple")};
    const struct oscap_compile_options options = options_of(bench, rules, 1);
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
    const bson_t *rules[] = {rule_of(bench, "simple")};
    const struct oscap_compile_options options = options_of(bench, rules, 1);
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
                                          rule_of(bench, "simple"), variables,
                                          &out, NULL),
                     ENGINE_OK);
    assert_int_equal(bson_count_keys(&out), 1);
    assert_string_equal(document_string(&out, "word"), "lion");
    bson_destroy(&out);
    assert_int_equal(oscap_rule_variables(bench->content,
                                          rule_of(bench, "complex"), NULL, &out,
                                          NULL),
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
        const unsigned used = oscap_shard(bench->content, rules,
                                          bench->rules_count, shards, NULL,
                                          part);

        assert_in_range(used, 1, shards);
        for (size_t i = 0; i < bench->rules_count; i++)
            assert_in_range(part[i], 0, used - 1);
        assert_int_equal(part[simple], part[either]);
        assert_int_equal(part[simple], part[hates]);
    }
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
        const bson_t *rules[] = {rule_of(bench, "collected")};
        struct oscap_compile_options options = options_of(bench, rules, 1);
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
        status = oscap_import(fixture(), bench->directory, &sink, &err);
        engine_alloc_fail_at(0);
        if (status != ENGINE_OK)
            assert_int_equal(status, ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    assert_in_range(nth, 100, 20000); /* no failure went unnoticed early */
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
    struct oscap_compile_options options = options_of(bench, rules, 2);
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
        cmocka_unit_test(imports_every_rule_with_its_texts),
        cmocka_unit_test(maps_references_to_frameworks),
        cmocka_unit_test(keeps_variables_with_their_constraints),
        cmocka_unit_test(says_which_rules_oscap_cannot_check),
        cmocka_unit_test(resolves_profiles_as_oscap_does),
        cmocka_unit_test(carries_refined_values_into_profiles),
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
        cmocka_unit_test(refuses_what_is_no_content),
        cmocka_unit_test(refuses_a_doctype_before_its_entities),
        cmocka_unit_test(reads_and_writes_references_in_attributes),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_damaged_fragments),
        cmocka_unit_test(compiles_rules_with_oval_of_their_own),
        cmocka_unit_test(names_the_rule_whose_own_oval_is_wrong),
        /* last: it imports again */
        cmocka_unit_test(survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
