/* SPDX-License-Identifier: Apache-2.0 */
/* test_results.c - XCCDF results: what oscap writes, and damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <engine/scanner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/oscap/results.h"
#include "plugins/oscap/results_reader.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define XCCDF "http://checklists.nist.gov/xccdf/1.2"
#define RULE "xccdf_org.ssgproject.content_rule_"
#define TEST_RESULT(inside) \
    "<TestResult xmlns=\"" XCCDF "\">" inside "</TestResult>"
#define RULE_RESULT(inside) "<rule-result idref=\"r\">" inside "</rule-result>"

struct seen {
    char log[8192]; /* "rule=status;" of each */
    char details[8192];
    engine_status answer; /* of the callback */
    struct oscap_results_summary summary;
    engine_error err;
};

static void add(char *to, size_t room, const char *text)
{
    const size_t len = strlen(to);

    snprintf(to + len, room - len, "%s;", text ? text : "-");
}

static engine_status note(const struct oscap_rule_result *result, void *user,
                          engine_error *err)
{
    struct seen *seen = user;
    const size_t len = strlen(seen->log);

    snprintf(seen->log + len, sizeof(seen->log) - len, "%s=%d;",
             result->rule_id, result->status);
    add(seen->details, sizeof(seen->details), result->time);
    add(seen->details, sizeof(seen->details), result->severity);
    add(seen->details, sizeof(seen->details), result->weight);
    add(seen->details, sizeof(seen->details), result->instance);
    add(seen->details, sizeof(seen->details), result->message_severity);
    for (size_t i = 0; result->messages[i]; i++)
        add(seen->details, sizeof(seen->details), result->messages[i]);
    assert_ptr_equal(result->message, result->messages[0]);
    add(seen->details, sizeof(seen->details), result->check_system);
    add(seen->details, sizeof(seen->details), result->check_href);
    add(seen->details, sizeof(seen->details), result->check_name);
    if (seen->answer < 0)
        return engine_fail(err, seen->answer, "enough");
    return ENGINE_OK;
}

static engine_status read_path(struct seen *seen, const char *path)
{
    const engine_status answer = seen->answer;

    memset(seen, 0, sizeof(*seen));
    seen->answer = answer;
    return oscap_results_read(path, note, seen, &seen->summary, &seen->err);
}

static engine_status read_bytes(struct seen *seen, const char *text, size_t len)
{
    char path[] = "/tmp/results-XXXXXX";
    const int fd = mkstemp(path);
    engine_status status;

    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text, len, NULL), 0);
    close(fd);
    status = read_path(seen, path);
    unlink(path);
    return status;
}

static engine_status read_text(struct seen *seen, const char *text)
{
    return read_bytes(seen, text, strlen(text));
}

static char *fixture(const char *name)
{
    const char *source = getenv("SCAN_ENGINE_SRC");

    return engine_strf("%s/tests/fixtures/oscap/%s", source ? source : ".",
                       name);
}

static void check_sample(struct seen *seen, const char *name)
{
    char *path = fixture(name);
    const struct oscap_results_summary *summary = &seen->summary;

    assert_int_equal(read_path(seen, path), 0);
    engine_free(path);
    assert_int_equal(summary->rule_results, 11);
    assert_int_equal(summary->counts[SCANNER_PASS], 3);
    assert_int_equal(summary->counts[SCANNER_FAIL], 6);
    assert_int_equal(summary->counts[SCANNER_NOTSELECTED], 2);
    assert_int_equal(summary->set_values, 2);
    assert_string_equal(summary->profile_id, "(all)");
    assert_string_equal(summary->benchmark_id,
                        "xccdf_org.ssgproject.content_benchmark_DEBIAN-11");
    assert_string_equal(summary->start_time, "2026-11-20T21:57:06+00:00");
    assert_string_equal(summary->end_time, "2026-11-20T21:57:07+00:00");
    assert_true(summary->has_score);
    assert_true(summary->score > 38.3 && summary->score < 38.4);
    assert_true(summary->score_maximum > 99 && summary->score_maximum < 101);
    assert_non_null(strstr(seen->log, RULE "sudo_remove_nopasswd=1;"));
    assert_non_null(strstr(seen->log, RULE "package_audit_installed=2;"));
    assert_non_null(strstr(seen->log, RULE "prefer_64bit_os=7;"));
    assert_non_null(strstr(seen->details,
                           "2026-11-20T21:57:06+00:00;medium;1.000000;-;-;"
                           "http://oval.mitre.org/XMLSchema/oval-definitions-5;"
                           "ssg-debian11-oval.xml;"
                           "oval:ssg-accounts_umask_etc_login_defs:def:1;"));
}

static void reads_what_oscap_wrote(void **state)
{
    static struct seen seen;

    (void)state;
    check_sample(&seen, "results.xml");
}

static void reads_the_same_from_an_arf(void **state)
{
    static struct seen seen;

    (void)state;
    check_sample(&seen, "arf.xml");
}

static void maps_all_nine_results(void **state)
{
    static const char *const words[] = {
        "pass",        "fail",          "error",
        "unknown",     "notapplicable", "notchecked",
        "notselected", "informational", "fixed"};
    static struct seen seen;

    (void)state;
    for (int i = 0; i < 9; i++) {
        char text[512], expected[32];

        snprintf(text, sizeof(text),
                 "<TestResult xmlns='" XCCDF "'><rule-result idref='r'>"
                 "<result> \n%s </result></rule-result></TestResult>",
                 words[i]);
        snprintf(expected, sizeof(expected), "r=%d;", i + 1);
        assert_int_equal(read_text(&seen, text), 0);
        assert_string_equal(seen.log, expected);
        assert_int_equal(seen.summary.counts[i + 1], 1);
    }
}

static void refuses_an_unknown_result_naming_rule_and_line(void **state)
{
    static struct seen seen;

    (void)state;
    assert_int_equal(read_text(&seen, TEST_RESULT("\n" RULE_RESULT(
                                          "<result>maybe</result>"))),
                     ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, ":2: rule \"r\": \"maybe\""));
    assert_string_equal(seen.log, "");
    assert_int_equal(read_text(&seen, TEST_RESULT(RULE_RESULT("<result/>"))),
                     ENGINE_EPARSE);
    assert_int_equal(read_text(&seen, TEST_RESULT(RULE_RESULT(""))),
                     ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, "rule \"r\" has no result"));
    assert_int_equal(read_text(&seen, TEST_RESULT("<rule-result/>")),
                     ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, "idref"));
}

static void takes_messages_instances_and_the_first_check(void **state)
{
    static struct seen seen;

    (void)state;
    assert_int_equal(
        read_text(&seen,
                  TEST_RESULT(RULE_RESULT(
                      "<result>fail</result><override><old-result>pass"
                      "</old-result><result>pass</result></override>"
                      "<message severity='warning'>a &amp; <![CDATA[b]]>"
                      "</message><message severity='info'>c</message>"
                      "<instance>i</instance><complex-check operator='OR'>"
                      "<check system='s'><check-content-ref href='h' name='n'"
                      "/><check-content-ref href='x'/></check>"
                      "<check system='t'><check-content-ref href='y'/></check>"
                      "</complex-check>"))),
        0);
    assert_string_equal(seen.log, "r=2;");
    assert_string_equal(seen.details, "-;-;-;i;warning;a & b;c;s;h;n;");
}

static void another_namespace_is_not_ours(void **state)
{
    static struct seen seen;

    (void)state;
    assert_int_equal(
        read_text(&seen,
                  TEST_RESULT("<x:rule-result xmlns:x='urn:x' idref='r'/>"
                              "<a><rule-result idref='deeper'/></a>")),
        0);
    assert_string_equal(seen.log, "");
    assert_int_equal(read_text(&seen, "<TestResult/>"), ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, "no XCCDF TestResult"));
    assert_int_equal(read_text(&seen,
                               "<TestResult xmlns='http://checklists.nist.gov/"
                               "xccdf/1.1'/>"),
                     0);
}

static void delivers_every_rule_result_of_one_rule(void **state)
{
    static struct seen seen;

    (void)state;
    assert_int_equal(
        read_text(&seen, TEST_RESULT(RULE_RESULT("<result>pass</result>")
                                         RULE_RESULT("<result>fail</result>"))),
        0);
    assert_string_equal(seen.log, "r=1;r=2;");
}

static void refuses_a_second_testresult(void **state)
{
    static struct seen seen;

    (void)state;
    assert_int_equal(
        read_text(&seen, "<a>" TEST_RESULT("") "\n" TEST_RESULT("") "</a>"),
        ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, ":2: a second TestResult"));
}

static void a_failing_callback_ends_the_reading(void **state)
{
    static struct seen seen;

    (void)state;
    seen.answer = ENGINE_ECANCELLED;
    assert_int_equal(
        read_text(&seen, TEST_RESULT(RULE_RESULT("<result>pass</result>")
                                         RULE_RESULT("<result>fail</result>"))),
        ENGINE_ECANCELLED);
    assert_string_equal(seen.log, "r=1;");
    assert_string_equal(seen.err.message, "enough");
    assert_int_equal(seen.summary.rule_results, 0);
}

/* Wherever the file ends, it is never taken for a whole one. */
static void a_truncated_file_is_an_error_with_its_line(void **state)
{
    static struct seen seen;
    char *path = fixture("results.xml");
    char *text = NULL;
    size_t len = 0, end;

    (void)state;
    assert_int_equal(file_read(path, 1 << 20, &text, &len, NULL), 0);
    engine_free(path);
    while (text[len - 1] == '\n')
        len--;
    for (end = 0; end < len; end += end < 200 ? 7 : 97) {
        assert_int_equal(read_bytes(&seen, text, end), ENGINE_EPARSE);
        assert_non_null(strstr(seen.err.message, "/tmp/results-"));
    }
    assert_int_equal(read_bytes(&seen, text, len - 1), ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, "malformed XML"));
    assert_int_equal(read_bytes(&seen, text, len), 0);
    engine_free(text);
}

static void malformed_files_are_errors(void **state)
{
    static const char *const bad[] = {
        "",
        "hello",
        "<a></b>",
        "<a b='1' b='2'/>",
        "<a>&undefined;</a>",
        "<x:a/>",
        TEST_RESULT("") "trailing",
        "<a>\xff\xfe</a>",
        "<?xml version='1.0' encoding='klingon'?><a/>"};
    static struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_text(&seen, bad[i]), ENGINE_EPARSE);
        assert_non_null(strstr(seen.err.message, ":1: malformed XML: "));
    }
    assert_int_equal(read_path(&seen, "/nowhere/results.xml"),
                     ENGINE_ENOTFOUND);
    assert_int_equal(read_path(&seen, "/dev/null"), ENGINE_EINVAL);
}

static void refuses_document_types_and_reads_no_other_file(void **state)
{
    static struct seen seen;
    char secret[] = "/tmp/results-secret-XXXXXX";
    const int fd = mkstemp(secret);
    char text[1024];

    (void)state;
    assert_int_equal(file_write_all(fd, "pass", 4, NULL), 0);
    close(fd);
    snprintf(text, sizeof(text),
             "<!DOCTYPE TestResult [<!ENTITY x SYSTEM 'file://%s'>"
             "<!ENTITY %% y SYSTEM 'file://%s'> %%y;]>"
             "<TestResult xmlns='" XCCDF "'><rule-result idref='r'><result>"
             "&x;</result></rule-result></TestResult>",
             secret, secret);
    assert_int_equal(read_text(&seen, text), ENGINE_EPARSE);
    assert_string_equal(seen.log, "");
    assert_int_equal(
        read_text(
            &seen,
            "<!DOCTYPE TestResult SYSTEM 'http://127.0.0.1:1/d'>" TEST_RESULT(
                "")),
        ENGINE_EPARSE);
    assert_non_null(strstr(seen.err.message, "document types"));
    unlink(secret);
}

static void a_billion_laughs_end_early(void **state)
{
    static struct seen seen;
    static char text[16384];
    size_t len;

    (void)state;
    len = (size_t)snprintf(text, sizeof(text),
                           "<!DOCTYPE a [<!ENTITY a0 'lollollollol'>");
    for (int i = 1; i < 12; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "<!ENTITY a%d '", i);
        for (int k = 0; k < 20; k++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "&a%d;",
                                    i - 1);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "'>");
    }
    snprintf(text + len, sizeof(text) - len, "]><a b='&a11;'>&a11;</a>");
    assert_int_equal(read_text(&seen, text), ENGINE_EPARSE);
}

static void deep_nesting_is_refused(void **state)
{
    static struct seen seen;
    const size_t levels = 100000;
    char *text = malloc(levels * 3 + 1);

    (void)state;
    for (size_t i = 0; i < levels; i++)
        memcpy(text + 3 * i, "<a>", 3);
    text[levels * 3] = '\0';
    assert_int_equal(read_text(&seen, text), ENGINE_EPARSE);
    free(text);
}

static engine_status measure(const struct oscap_rule_result *result, void *user,
                             engine_error *err)
{
    size_t *sizes = user;

    (void)err;
    while (result->messages[sizes[0]])
        sizes[0]++;
    sizes[1] = strlen(result->message);
    return ENGINE_OK;
}

static void bounds_the_number_and_size_of_messages(void **state)
{
    size_t sizes[2] = {0, 0};
    char path[] = "/tmp/results-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    fputs("<TestResult xmlns='" XCCDF "'><rule-result idref='r'>"
          "<result>pass</result>",
          file);
    for (int i = 0; i < 1000; i++) {
        fputs("<message>x", file);
        for (int k = 0; k < 2000; k++)
            fputs("\xe2\x82\xac", file);
        fputs("</message>", file);
    }
    fputs("</rule-result></TestResult>", file);
    fclose(file);
    assert_int_equal(oscap_results_read(path, measure, sizes, NULL, NULL), 0);
    unlink(path);
    assert_int_equal(sizes[0], OSCAP_RESULTS_MESSAGES);
    assert_int_equal(sizes[1], OSCAP_RESULTS_TEXT_MAX); /* 1 + 1365 * 3 */
}

static void refuses_an_endless_attribute(void **state)
{
    static struct seen seen;
    const size_t len = 100000;
    char *text = malloc(len + 256);
    size_t at;

    (void)state;
    at = (size_t)snprintf(text, 128,
                          "<TestResult xmlns='" XCCDF "'><rule-result idref='");
    memset(text + at, 'r', len);
    snprintf(text + at + len, 128, "'/></TestResult>");
    assert_int_equal(read_text(&seen, text), ENGINE_ELIMIT);
    assert_non_null(strstr(seen.err.message, "idref"));
    free(text);
}

static void cuts_only_between_characters(void **state)
{
    (void)state;
    assert_int_equal(results_cut("abc", 3), 3);
    assert_int_equal(results_cut("ab\xc3\xa9", 4), 4);
    assert_int_equal(results_cut("ab\xc3\xa9", 3), 2);
    assert_int_equal(results_cut("\xe2\x82\xac", 2), 0);
    assert_int_equal(results_cut("\xf0\x9f\x98\x80", 3), 0);
    assert_int_equal(results_cut("\xf0\x9f\x98\x80", 4), 4);
    assert_int_equal(results_cut("", 0), 0);
}

static void survives_every_failing_allocation(void **state)
{
    static struct seen seen;
    char *path = fixture("results.xml");
    engine_status status = ENGINE_ENOMEM;

    (void)state;
    for (long nth = 1; nth < 200 && status != ENGINE_OK; nth++) {
        engine_alloc_fail_at(nth);
        status = read_path(&seen, path);
        engine_alloc_fail_at(0);
        assert_true(status == ENGINE_OK || status == ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    engine_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_oscap_wrote),
        cmocka_unit_test(reads_the_same_from_an_arf),
        cmocka_unit_test(maps_all_nine_results),
        cmocka_unit_test(refuses_an_unknown_result_naming_rule_and_line),
        cmocka_unit_test(takes_messages_instances_and_the_first_check),
        cmocka_unit_test(another_namespace_is_not_ours),
        cmocka_unit_test(delivers_every_rule_result_of_one_rule),
        cmocka_unit_test(refuses_a_second_testresult),
        cmocka_unit_test(a_failing_callback_ends_the_reading),
        cmocka_unit_test(a_truncated_file_is_an_error_with_its_line),
        cmocka_unit_test(malformed_files_are_errors),
        cmocka_unit_test(refuses_document_types_and_reads_no_other_file),
        cmocka_unit_test(a_billion_laughs_end_early),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(bounds_the_number_and_size_of_messages),
        cmocka_unit_test(refuses_an_endless_attribute),
        cmocka_unit_test(cuts_only_between_characters),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
