/* SPDX-License-Identifier: Apache-2.0 */
/* test_scanner_util.c - what authors of scanners get beside the ABI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <bson/bson.h>
#include <engine/scanner_util.h>
#include <stdlib.h>

/* A host that remembers what it was told. */
struct heard {
    char log[SCANNER_MESSAGE_MAX], warning[SCANNER_MESSAGE_MAX];
    char message[SCANNER_MESSAGE_MAX];
    uint32_t level;
    int32_t status, end, refuse;
    int results, ends;
};

static struct heard *heard_of(const struct scanner_host *host)
{
    return host->internal;
}

static void hear_log(const struct scanner_host *host, uint32_t level,
                     const char *text)
{
    heard_of(host)->level = level;
    snprintf(heard_of(host)->log, SCANNER_MESSAGE_MAX, "%s", text);
}

static int32_t hear_warn(const struct scanner_host *host,
                         const struct scanner_job *job, const char *message)
{
    (void)job;
    snprintf(heard_of(host)->warning, SCANNER_MESSAGE_MAX, "%s", message);
    return heard_of(host)->refuse;
}

static int32_t hear_emit(const struct scanner_host *host,
                         const struct scanner_job *job,
                         const struct scanner_result *result)
{
    struct heard *heard = heard_of(host);

    (void)job;
    heard->results++;
    heard->status = result->status;
    snprintf(heard->message, SCANNER_MESSAGE_MAX, "%s",
             result->message ? result->message : "");
    return heard->refuse;
}

static int32_t hear_end(const struct scanner_host *host,
                        const struct scanner_job *job,
                        const struct scanner_rule_end *end)
{
    (void)job;
    assert_int_equal(end->size, sizeof(*end));
    heard_of(host)->ends++;
    heard_of(host)->end = end->status;
    return SCANNER_OK;
}

static int32_t hear_cancelled(const struct scanner_host *host,
                              const struct scanner_job *job)
{
    (void)host;
    (void)job;
    return 1;
}

static struct scanner_host host_of(struct heard *heard)
{
    memset(heard, 0, sizeof(*heard));
    return (struct scanner_host){
        .magic = SCANNER_MAGIC, .size = sizeof(struct scanner_host),
        .internal = heard, .log = hear_log, .emit = hear_emit,
        .rule_done = hear_end, .cancelled = hear_cancelled,
        .warn = hear_warn};
}

static bool is_utf8(const char *text)
{
    return bson_utf8_validate(text, strlen(text), false);
}

/* ---- text ---------------------------------------------------------------- */

static void makes_every_text_valid_utf8(void **state)
{
    static const struct {
        const char *text, *clean;
    } cases[] = {
        {"", ""}, {"plain", "plain"}, {"Grüße €", "Grüße €"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, {"caf\xe9", "caf?"},
        {"\xc0\x80", "??"}, {"\xed\xa0\x80", "???"},
        {"\xf4\x90\x80\x80", "????"}, {"\xe2\x82", "??"},
        {"\xe2\x82" "a", "??a"}, {"\xff\xfe", "??"}, {"\x80" "b", "?b"},
        {"\xe0\x80\x80", "???"}, {"\xf0\x80\x80\x80", "????"},
    };
    char room[32];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(room, sizeof(room), "%s", cases[i].text);
        scanner_clean(room);
        assert_string_equal(room, cases[i].clean);
        assert_true(is_utf8(room));
    }
}

static void agrees_with_libbson_on_all_short_texts(void **state)
{
    /* the bytes at which something changes in RFC 3629, section 4 */
    static const unsigned char bytes[] = {
        0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
        0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4,
        0xf5, 0xff};
    const unsigned count = sizeof(bytes);

    (void)state;
    for (unsigned i = 0; i < count * count * count * count; i++) {
        char text[5] = {(char)bytes[i % count],
                        (char)bytes[i / count % count],
                        (char)bytes[i / count / count % count],
                        (char)bytes[i / count / count / count], 0};
        const bool valid = is_utf8(text);
        char before[5];

        memcpy(before, text, sizeof(text));
        scanner_clean(text);
        assert_true(is_utf8(text));
        assert_int_equal(valid, strcmp(text, before) == 0);
    }
}

static void cuts_messages_between_characters(void **state)
{
    char room[16];

    (void)state;
    for (size_t size = 1; size <= sizeof(room); size++) {
        scanner_format(room, size, "%s", "€€€€€€€€");
        assert_true(strlen(room) < size);
        assert_true(is_utf8(room));
    }
}

/* ---- errors and the log -------------------------------------------------- */

static void fills_errors_and_accepts_none(void **state)
{
    struct scanner_error err = {.size = sizeof(err), .hint = "old"};

    (void)state;
    assert_int_equal(scanner_fail(&err, SCANNER_EIO, "no \"%s\"", "x"),
                     SCANNER_EIO);
    assert_int_equal(err.status, SCANNER_EIO);
    assert_string_equal(err.message, "no \"x\"");
    assert_string_equal(err.hint, "");
    scanner_hint(&err, "make %d", 1);
    assert_string_equal(err.hint, "make 1");
    assert_int_equal(scanner_fail(NULL, SCANNER_EIO, "x"), SCANNER_EIO);
    scanner_hint(NULL, "x");
}

static void warns_in_the_log_of_an_engine_without_warnings(void **state)
{
    struct heard heard;
    struct scanner_host host = host_of(&heard);

    (void)state;
    scanner_warn(&host, NULL, "odd: %d", 1);
    assert_string_equal(heard.warning, "odd: 1");
    assert_string_equal(heard.log, "");
    heard.refuse = SCANNER_EINVAL;
    scanner_warn(&host, NULL, "odd: %d", 2);
    assert_string_equal(heard.log, "odd: 2");
    host.size = offsetof(struct scanner_host, warn); /* an engine without it */
    scanner_warn(&host, NULL, "odd: %d", 3);
    assert_string_equal(heard.log, "odd: 3");
    assert_int_equal(heard.level, SCANNER_LOG_WARNING);
    assert_string_equal(heard.warning, "odd: 2");
}

static void asks_only_services_that_are_there(void **state)
{
    struct heard heard;
    struct scanner_host host = host_of(&heard);

    (void)state;
    assert_int_equal(scanner_cancelled(&host, NULL), 1);
    host.size = offsetof(struct scanner_host, cancelled);
    assert_int_equal(scanner_cancelled(&host, NULL), 0);
    host.size = offsetof(struct scanner_host, log);
    scanner_log(&host, SCANNER_LOG_INFO, "nobody hears");
    assert_string_equal(heard.log, "");
}

/* ---- documents ----------------------------------------------------------- */

static struct scanner_doc write_all(struct scanner_writer *writer, void *room,
                                    uint32_t size)
{
    scanner_write_begin(writer, room, size);
    scanner_write_text(writer, "text", "a\xff" "b");
    scanner_write_text(writer, "none", NULL);
    scanner_write_int(writer, "int", -2);
    scanner_write_bool(writer, "bool", 5);
    return scanner_write_end(writer);
}

static void writes_bson(void **state)
{
    struct scanner_writer writer;
    struct scanner_doc document;
    char room[256];
    bson_t *wanted = BCON_NEW("text", "a?b", "int", BCON_INT64(-2), "bool",
                              BCON_BOOL(true));

    (void)state;
    document = write_all(&writer, room, sizeof(room));
    assert_int_equal(document.len, wanted->len);
    assert_memory_equal(document.data, bson_get_data(wanted), wanted->len);
    bson_destroy(wanted);
    scanner_write_begin(&writer, room, sizeof(room));
    document = scanner_write_end(&writer);
    assert_int_equal(document.len, 5);
}

static void a_document_that_does_not_fit_is_none(void **state)
{
    struct scanner_writer writer;
    const uint32_t whole = write_all(&writer, (char[256]){0}, 256).len;

    (void)state;
    for (uint32_t size = 0; size < whole; size++) {
        /* its end is memory's, so that a sanitizer sees what is too long */
        void *room = malloc(size ? size : 1);
        const struct scanner_doc document = write_all(&writer, room, size);

        assert_null(document.data);
        assert_int_equal(document.len, 0);
        free(room);
    }
}

/* ---- results ------------------------------------------------------------- */

static void reports_a_result_and_the_end_of_its_rule(void **state)
{
    struct heard heard;
    struct scanner_host host = host_of(&heard);
    struct scanner_result result = {.size = sizeof(result),
                                    .status = SCANNER_PASS, .rule_id = "r"};

    (void)state;
    assert_int_equal(scanner_report(&host, NULL, &result), SCANNER_OK);
    assert_int_equal(heard.results, 1);
    assert_int_equal(heard.ends, 1);
    assert_int_equal(scanner_rule_error(&host, NULL, "r", "no %s", "file"),
                     SCANNER_OK);
    assert_int_equal(heard.status, SCANNER_ERROR);
    assert_string_equal(heard.message, "no file");
    assert_int_equal(heard.ends, 2);
    assert_int_equal(scanner_rule_finish(&host, NULL, "r", SCANNER_ERROR), 0);
    assert_int_equal(heard.end, SCANNER_ERROR);
}

static void a_rule_whose_result_was_refused_is_not_ended(void **state)
{
    struct heard heard;
    struct scanner_host host = host_of(&heard);

    (void)state;
    heard.refuse = SCANNER_ECANCELLED;
    assert_int_equal(scanner_rule_error(&host, NULL, "r", "x"),
                     SCANNER_ECANCELLED);
    assert_int_equal(heard.ends, 0);
}

static void finds_rules_whatever_their_stride(void **state)
{
    struct {
        struct scanner_doc document;
        uint64_t later[2]; /* of a later engine */
    } rules[3] = {{.document = {.len = 1}},
                  {.document = {.len = 2}},
                  {.document = {.len = 3}}};
    const struct scanner_job job = {.rules = &rules[0].document,
                                    .rules_count = 3,
                                    .rules_stride = sizeof(rules[0])};

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(scanner_rule(&job, i)->len, i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_every_text_valid_utf8),
        cmocka_unit_test(agrees_with_libbson_on_all_short_texts),
        cmocka_unit_test(cuts_messages_between_characters),
        cmocka_unit_test(fills_errors_and_accepts_none),
        cmocka_unit_test(warns_in_the_log_of_an_engine_without_warnings),
        cmocka_unit_test(asks_only_services_that_are_there),
        cmocka_unit_test(writes_bson),
        cmocka_unit_test(a_document_that_does_not_fit_is_none),
        cmocka_unit_test(reports_a_result_and_the_end_of_its_rule),
        cmocka_unit_test(a_rule_whose_result_was_refused_is_not_ended),
        cmocka_unit_test(finds_rules_whatever_their_stride),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
