/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - the output formats over a stored scan; text for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/report.h"
#include "engine/report/text.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

struct fixture {
    char *directory;
    struct store *store;
};

static void put(struct store *store, const char *collection, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

static void put(struct store *store, const char *collection, const char *format,
                ...)
{
    char text[4096];
    bson_t document;
    const bson_t *list[] = {&document};
    engine_error err;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (document_from_json(text, strlen(text), "test", &document, &err) < 0)
        fail_msg("%s", err.message);
    if (store_put(store, collection, list, 1, &err) < 0)
        fail_msg("%s", err.message);
    bson_destroy(&document);
}

static void put_verdict(struct store *store, const char *rule,
                        const char *status, const char *severity, int rank,
                        const char *message)
{
    put(store, STORE_VERDICTS,
        "{\"_id\": \"s1/local/b/%s\", \"scan_id\": \"s1\", \"target\": "
        "\"local\", \"benchmark\": \"b\", \"rule_id\": \"%s\", "
        "\"rule_version\": 2, \"title\": \"Title of %s\", \"status\": "
        "\"%s\", \"severity\": \"%s\", \"severity_rank\": %d, \"message\": "
        "\"%s\", \"origin\": \"plugin\"}",
        rule, rule, rule, status, severity, rank, message);
}

static void put_scan(struct store *store)
{
    put(store, STORE_SCANS,
        "{\"_id\": \"s1\", \"scan_id\": \"s1\", \"rev\": 3, \"status\": "
        "\"completed\", \"name\": \"nightly\", \"scan_config\": {\"targets\": "
        "[{\"type\": \"local\"}]}, \"duration_seconds\": 12.34, "
        "\"total_rules\": 5, \"passed\": 1, \"failed\": 2, \"error\": 2, "
        "\"compliance_percentage\": 33.333, \"coverage_percentage\": 100.0, "
        "\"by_severity\": {\"high\": {\"passed\": 0, \"failed\": 1, \"error\":"
        " 2}, \"low\": {\"failed\": 1, \"passed\": 1}}}");
    put_verdict(store, "r-low", "fail", "low", 2, "found 3");
    put_verdict(store, "r-high", "fail", "high", 4, "expected 027");
    put_verdict(store, "r-pass", "pass", "low", 2, "");
    put_verdict(store, "r-error1", "error", "high", 4, "no oscap here");
    put_verdict(store, "r-error2", "error", "high", 4, "no oscap here");
    put(store, STORE_RESULTS,
        "{\"_id\": \"s1/local/b/r-high/0\", \"scan_id\": \"s1\", "
        "\"target\": \"local\", \"benchmark\": \"b\", "
        "\"rule_id\": \"r-high\", \"status\": \"fail\","
        " \"fingerprint\": \"f1\"}");
    put(store, STORE_RESULTS,
        "{\"_id\": \"s1/local/other/r-high/0\", \"scan_id\": \"s1\", "
        "\"target\": \"local\", \"benchmark\": \"other\", "
        "\"rule_id\": \"r-high\", \"status\": \"fail\"}");
    put(store, STORE_RULES,
        "{\"_id\": \"b/r-high/2\", \"benchmark\": \"b\", \"rule_id\": "
        "\"r-high\", \"version\": 2, \"remediation\": {\"text\": "
        "\"\\n  umask 027\\nsecond line\"}}");
    put(store, STORE_RULES,
        "{\"_id\": \"b/r-high/3\", \"benchmark\": \"b\", \"rule_id\": "
        "\"r-high\", \"version\": 3, \"remediation\": {\"text\": "
        "\"a newer rule\"}}");
    put(store, STORE_RULES,
        "{\"_id\": \"b/r-low/2\", \"benchmark\": \"b\", \"rule_id\": "
        "\"r-low\", \"version\": 2, \"remediation\": {\"code\": "
        "{\"ansible\": \"x\", \"bash\": \"y\"}}}");
}

static int setup(void **state)
{
    struct fixture *fixture = engine_calloc(1, sizeof(*fixture));
    engine_error err;
    char *uri;

    assert_int_equal(
        file_make_temporary("/tmp", "test-report-", &fixture->directory, &err),
        0);
    uri = engine_strf("sqlite:%s/engine.db", fixture->directory);
    if (store_open(uri, 0, NULL, &fixture->store, &err) < 0)
        fail_msg("%s", err.message);
    engine_free(uri);
    put_scan(fixture->store);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    store_close(fixture->store);
    file_remove_tree(fixture->directory, NULL);
    engine_free(fixture->directory);
    engine_free(fixture);
    return 0;
}

/* The whole report as text; freed by the caller with free(). */
static char *report(void **state, const char *format,
                    struct report_options *options)
{
    struct fixture *fixture = *state;
    char *text = NULL;
    size_t len = 0;
    engine_error err;

    options->out = open_memstream(&text, &len);
    if (report_scan(fixture->store, "s1", report_format_find(format), options,
                    &err) < 0)
        fail_msg("%s", err.message);
    fclose(options->out);
    return text;
}

static void expect_order(const char *text, const char *const *words)
{
    for (; *words; words++) {
        const char *found = strstr(text, *words);

        if (!found)
            fail_msg("\"%s\" is not in, or not after what comes before:\n%s",
                     *words, text);
        text = found + strlen(*words);
    }
}

static void a_finding_has_no_rule_to_show(void **state)
{
    struct fixture *fixture = *state;
    struct report_options options = {.width = 80};
    char *text;

    put(fixture->store, STORE_VERDICTS,
        "{\"_id\": \"v-finding\", \"scan_id\": \"s1\", \"target\": \"local\", "
        "\"benchmark\": \"tool\", \"rule_id\": \"finding-1\", "
        "\"rule_version\": 0, \"status\": \"fail\", \"severity\": \"high\", "
        "\"severity_rank\": 4}");
    text = report(state, "table", &options);
    assert_non_null(strstr(text, "finding-1"));
    assert_null(strstr(text, "rules show finding-1"));
    free(text);
}

static void the_table_puts_the_worst_first(void **state)
{
    static const char *const words[] = {
        "HIGH\n",
        "Title of r-high",
        "r-high",
        "expected 027",
        "fix: umask 027\n",
        "LOW\n",
        "Title of r-low",
        "found 3",
        "fix: scan-engine rules show r-low (ansible, bash)\n",
        "WITHOUT A VERDICT\n",
        "no oscap here\n",
        "r-error1",
        "r-error2",
        "Scan nightly completed in 12.3 s, 5 rules, compliance 33.3 %, "
        "coverage 100.0 %",
        "high",
        "low",
        "all",
        "Scan id s1",
        NULL};
    struct report_options options = {.width = 80};
    char *text = report(state, "table", &options);

    expect_order(text, words);
    assert_null(strstr(text, "second line"));
    assert_null(strstr(text, "a newer rule"));
    assert_null(strstr(text, "r-pass"));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void the_table_shows_passes_when_asked(void **state)
{
    static const char *const words[] = {"ALL OTHERS\n", "pass",
                                        "Title of r-pass", "r-pass", NULL};
    struct report_options options = {.all = true};
    char *text = report(state, "table", &options);

    expect_order(text, words);
    free(text);
}

static void the_table_has_no_heading_over_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct report_options options = {.all = true};
    bson_t passed = BSON_INITIALIZER;
    char *text;

    BSON_APPEND_UTF8(&passed, "rule_id", "r-pass");
    assert_int_equal(store_delete(fixture->store, STORE_VERDICTS, &passed,
                                  NULL, NULL), ENGINE_OK);
    bson_destroy(&passed);
    text = report(state, "table", &options);
    assert_null(strstr(text, "ALL OTHERS"));
    free(text);
}

static void the_table_is_coloured_only_when_told(void **state)
{
    struct report_options options = {.color = true};
    char *text = report(state, "table", &options);

    assert_non_null(strstr(text, "\033[31mHIGH\033[0m"));
    free(text);
}

static void scanners_cannot_control_the_terminal(void **state)
{
    struct fixture *fixture = *state;
    struct report_options options = {.width = 80};
    char *text;

    put_verdict(fixture->store, "r-evil", "fail", "high", 4,
                "\\u001b[2Jgone\\u202e \\u0007 \\u009b31m two\\nlines");
    text = report(state, "table", &options);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "gone"));
    assert_non_null(strstr(text, "two lines"));
    free(text);
}

static void json_holds_verdicts_with_their_results(void **state)
{
    struct report_options options = {.width = 0};
    char *text = report(state, "json", &options);
    engine_error err;
    bson_t scan, list;

    if (document_from_json(text, strlen(text), "report", &scan, &err) < 0)
        fail_msg("%s\n%s", err.message, text);
    assert_string_equal(document_string(&scan, "scan_id"), "s1");
    assert_true(document_child(&scan, "results_by_rule", &list));
    assert_int_equal(bson_count_keys(&list), 5);
    assert_string_equal(document_string(&list, "2.rule_id"), "r-high");
    assert_string_equal(document_string(&list, "2.results.0.fingerprint"),
                        "f1");
    assert_null(document_string(&list, "2.results.1.status"));
    assert_null(document_string(&scan, "_id"));
    assert_int_equal(document_int(&scan, "rev", -1), -1);
    assert_int_equal(document_int(&list, "0.severity_rank", -1), -1);
    bson_destroy(&scan);
    free(text);
}

static engine_status count_line(const bson_t *document,
                                const struct document_origin *origin,
                                void *user, engine_error *err)
{
    int *count = user;

    (void)origin;
    (void)err;
    assert_non_null(document_string(document, "scan_id"));
    ++*count;
    return ENGINE_OK;
}

static void jsonl_has_one_document_per_line(void **state)
{
    struct report_options options = {.width = 0};
    char *text = report(state, "jsonl", &options);
    int count = 0, lines = 0;
    engine_error err;

    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 6);
    if (document_read_json(text, strlen(text), "report", count_line, &count,
                           &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(count, 6);
    free(text);
}

static void names_a_scan_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    struct report_options options = {.out = stdout};
    engine_error err;

    assert_int_equal(report_scan(fixture->store, "s2",
                                 report_format_find("table"), &options, &err),
                     ENGINE_ENOTFOUND);
    assert_string_equal(err.message, "there is no scan \"s2\"");
    assert_null(report_format_find("xml"));
}

static void says_when_the_report_could_not_be_written(void **state)
{
    struct fixture *fixture = *state;
    struct report_options options = {.out = fopen("/dev/full", "w")};
    engine_error err;

    assert_non_null(options.out);
    assert_true(report_scan(fixture->store, "s1", report_format_find("json"),
                            &options, &err) < 0);
    assert_non_null(strstr(err.message, "could not write the report"));
    fclose(options.out);
}

/* ---- text ---------------------------------------------------------------- */

static void counts_columns_and_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_width("plain"), 5);
    assert_int_equal(text_width("\xc3\xa4\xc3\xb6"), 2);
    assert_int_equal(text_width("\xe6\xbc\xa2\xe5\xad\x97"), 4);
    assert_int_equal(text_width("e\xcc\x81"), 1);
}

static void replaces_malformed_bytes(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1024);
    text_clean(&out, "a\xff\xc3(\xe2\x82\tb\xed\xa0\x80");
    assert_non_null(strstr(out.data, "a\xef\xbf\xbd\xef\xbf\xbd("));
    assert_null(strchr(out.data, '\t'));
    assert_null(strchr(out.data, '\xff'));
    buffer_clear(&out);
}

static char *paragraph(const char *text, unsigned width, unsigned indent,
                       const char *lead)
{
    struct text_out out = {.width = width};
    char *result = NULL;
    size_t len = 0;

    out.file = open_memstream(&result, &len);
    text_paragraph(&out, indent, lead, text, TEXT_PLAIN);
    fclose(out.file);
    return result;
}

static void wraps_at_words_and_indents_what_follows(void **state)
{
    char *text = paragraph("one two three four five six", 24, 2, "fix: ");

    (void)state;
    assert_string_equal(text, "  fix: one two three\n       four five six\n");
    free(text);
}

static void breaks_words_longer_than_the_line(void **state)
{
    char *text = paragraph("abcdefghijklmnopqrstuvwxyz", 20, 0, "");

    (void)state;
    assert_string_equal(text, "abcdefghijklmnopqrst\nuvwxyz\n");
    free(text);
    text = paragraph("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 1, 30, "");
    assert_non_null(strstr(text, "\xe6\xbc\xa2"));
    free(text);
}

static void leaves_lines_alone_without_a_terminal(void **state)
{
    char *text = paragraph("one two three four five six", 0, 0, "");

    (void)state;
    assert_string_equal(text, "one two three four five six\n");
    free(text);
}

static void cuts_cells_with_an_ellipsis(void **state)
{
    struct text_out out = {.width = 0};
    char *result = NULL;
    size_t len = 0;

    (void)state;
    out.file = open_memstream(&result, &len);
    text_cell(&out, "abcdef", 4, true, TEXT_PLAIN);
    text_cell(&out, "ab", 4, true, TEXT_PLAIN);
    text_cell(&out, NULL, 1, true, TEXT_PLAIN);
    fputc('|', out.file);
    text_cell_end(&out, "abcdef", 4, true, TEXT_PLAIN);
    text_cell_end(&out, "ab", 4, true, TEXT_PLAIN);
    fclose(out.file);
    assert_string_equal(result, "abc\xe2\x80\xa6"
                                "ab   |\xe2\x80\xa6"
                                "defab  ");
    free(result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_puts_the_worst_first),
        TEST(a_finding_has_no_rule_to_show),
        TEST(the_table_shows_passes_when_asked),
        TEST(the_table_has_no_heading_over_nothing),
        TEST(the_table_is_coloured_only_when_told),
        TEST(scanners_cannot_control_the_terminal),
        TEST(json_holds_verdicts_with_their_results),
        TEST(jsonl_has_one_document_per_line),
        TEST(names_a_scan_that_is_not_there),
        TEST(says_when_the_report_could_not_be_written),
        cmocka_unit_test(counts_columns_and_not_bytes),
        cmocka_unit_test(replaces_malformed_bytes),
        cmocka_unit_test(wraps_at_words_and_indents_what_follows),
        cmocka_unit_test(breaks_words_longer_than_the_line),
        cmocka_unit_test(leaves_lines_alone_without_a_terminal),
        cmocka_unit_test(cuts_cells_with_an_ellipsis),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
