/* SPDX-License-Identifier: Apache-2.0 */
/* test_value_stream.c - documents that arrive in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/value_scan.h"
#include "sdk/kit/value_stream.h"

static engine_error err;

/* What came: items one per line, as values and as text. */
struct heard {
    struct buffer items, texts;
    size_t fail_at, count;
};

static engine_status hear(const struct value *item, const char *text,
                          size_t len, void *user, engine_error *error)
{
    struct heard *heard = user;

    value_to_json(item, 0, &heard->items);
    buffer_putc(&heard->items, '\n');
    buffer_append(&heard->texts, text, len);
    buffer_putc(&heard->texts, '\n');
    if (++heard->count == heard->fail_at)
        return engine_fail(error, ENGINE_ECANCELLED, "enough");
    return ENGINE_OK;
}

static void heard_init(struct heard *heard)
{
    *heard = (struct heard){0};
    buffer_init(&heard->items, 1 << 24);
    buffer_init(&heard->texts, 1 << 24);
    buffer_puts(&heard->items, "");
    buffer_puts(&heard->texts, "");
}

static void heard_clear(struct heard *heard)
{
    buffer_clear(&heard->items);
    buffer_clear(&heard->texts);
}

static struct value_stream *open_stream(struct value_stream_options options)
{
    struct value_stream *stream = NULL;

    options.name = "list";
    assert_int_equal(value_stream_new(&options, &stream, &err), ENGINE_OK);
    return stream;
}

static engine_status feed(struct value_stream *stream, const char *text,
                          size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step) {
        /* a copy of exactly this size, so that sanitizers see its end */
        const size_t size = len - at < step ? len - at : step;
        char *piece = malloc(size);
        engine_status status;

        memcpy(piece, text + at, size);
        status = value_stream_feed(stream, piece, size, &err);
        free(piece);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

static void assert_rest(struct value_stream *stream, const char *expected)
{
    const struct value *rest = NULL;
    struct buffer out;

    if (value_stream_end(stream, &rest, &err) != ENGINE_OK)
        fail_msg("%s", err.message);
    buffer_init(&out, 1 << 24);
    value_to_json(rest, 0, &out);
    assert_string_equal(out.data, expected);
    buffer_clear(&out);
}

static const char list[] =
    "{\"kind\":\"PodList\", \"metadata\":{\"continue\":\"abc\\n\"},\n"
    "\"items\" : [ {\"a\":1, \"b\":{\"c\":[1,2,{\"d\":\"\\\"}]\"}]}} ,"
    "\"text\\u20ac\xe2\x82\xac\",-12.5e1,[], {\"a\":\"0123456789abcdef0123456789"
    "abcdef\",\"b\":true} ], \"apiVersion\":\"v1\", \"n\": 12 }\n";
static const char list_items[] =
    "{\"a\":1,\"b\":{\"c\":[1,2,{\"d\":\"\\\"}]\"}]}}\n"
    "\"text\xe2\x82\xac\xe2\x82\xac\"\n-125.0\n[]\n"
    "{\"a\":\"0123456789abcdef0123456789abcdef\",\"b\":true}\n";
static const char list_texts[] =
    "{\"a\":1, \"b\":{\"c\":[1,2,{\"d\":\"\\\"}]\"}]}}\n"
    "\"text\\u20ac\xe2\x82\xac\"\n-12.5e1\n[]\n"
    "{\"a\":\"0123456789abcdef0123456789abcdef\",\"b\":true}\n";
static const char list_rest[] =
    "{\"kind\":\"PodList\",\"metadata\":{\"continue\":\"abc\\n\"},"
    "\"items\":[],\"apiVersion\":\"v1\",\"n\":12}";

static void hands_out_elements_whatever_the_pieces(void **state)
{
    struct heard heard;
    struct value_stream *stream = open_stream((struct value_stream_options){
        .list = "items", .item = hear, .user = &heard});

    (void)state;
    for (size_t step = 1; step <= sizeof(list); step++) {
        heard_init(&heard);
        if (feed(stream, list, strlen(list), step) != ENGINE_OK)
            fail_msg("%zu: %s", step, err.message);
        assert_rest(stream, list_rest);
        assert_string_equal(heard.items.data, list_items);
        assert_string_equal(heard.texts.data, list_texts);
        assert_int_equal(value_stream_items(stream), 5 * step);
        assert_int_equal(value_stream_bytes(stream), strlen(list) * step);
        heard_clear(&heard);
        value_stream_again(stream);
    }
    value_stream_free(stream);
}

static void a_document_without_a_list_is_all_rest(void **state)
{
    struct value_stream *stream =
        open_stream((struct value_stream_options){.list = NULL});

    (void)state;
    for (size_t step = 1; step < 12; step++) {
        feed(stream, "{\"items\":[1,{\"a\":null}]}", 24, step);
        assert_rest(stream, "{\"items\":[1,{\"a\":null}]}");
        value_stream_again(stream);
        feed(stream, " 12345 ", 7, step);
        assert_rest(stream, "12345");
        value_stream_again(stream);
        feed(stream, "123", 3, step);
        assert_rest(stream, "123");
        value_stream_again(stream);
    }
    value_stream_free(stream);
}

static void only_the_documents_own_list_is_handed_out(void **state)
{
    static const char text[] =
        "{\"a\":{\"items\":[1]},\"items\":{\"items\":[2]},\"b\":[{\"items\":[3"
        "]}]}";
    struct heard heard;
    struct value_stream *stream = open_stream((struct value_stream_options){
        .list = "items", .item = hear, .user = &heard});

    (void)state;
    heard_init(&heard);
    feed(stream, text, strlen(text), 7);
    assert_rest(stream, text);
    value_stream_again(stream);
    feed(stream, "[{\"items\":[1]}]", 15, 4);
    assert_rest(stream, "[{\"items\":[1]}]");
    value_stream_again(stream);
    feed(stream, "{\"items\":null}", 14, 4);
    assert_rest(stream, "{\"items\":null}");
    assert_int_equal(heard.count, 0);
    heard_clear(&heard);
    value_stream_free(stream);
}

static void assert_masked(const struct value_mask *mask, const char *text,
                          const char *expected)
{
    struct heard heard;
    struct value_stream *stream = open_stream((struct value_stream_options){
        .list = "items", .mask = mask, .item = hear, .user = &heard});
    struct buffer whole;

    buffer_init(&whole, 1 << 20);
    buffer_printf(&whole, "{\"items\":[%s]}", text);
    for (size_t step = 1; step <= whole.len; step += 1 + step / 4) {
        heard_init(&heard);
        if (feed(stream, whole.data, whole.len, step) != ENGINE_OK)
            fail_msg("%s", err.message);
        assert_rest(stream, "{\"items\":[]}");
        assert_memory_equal(heard.items.data, expected, strlen(expected));
        assert_int_equal(heard.items.len, strlen(expected) + 1);
        /* the text is whole, whatever was wanted of it */
        assert_memory_equal(heard.texts.data, text, strlen(text));
        heard_clear(&heard);
        value_stream_again(stream);
    }
    buffer_clear(&whole);
    value_stream_free(stream);
}

static void builds_what_the_mask_wants(void **state)
{
    static const char pod[] =
        "{\"metadata\":{\"name\":\"p\",\"managedFields\":[{\"f\":{\"k:{\\\"x"
        "\\\":\\\"]}\\\"}\":{}}},[[]]],\"labels\":{\"a\\u0062\":\"1\"}},\"spec"
        "\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"ports\":[{\"p\":"
        "1}]},{\"name\":\"d\"}],\"x\":-1.5e3,\"hostNetwork\":true},\"status\":"
        "{\"long\":\"0123456789012345678901234567890123456789012345678901234567"
        "8901234567890\\\\\"}}";
    struct value_mask *mask = value_mask_new();
    const struct value_step name[] = {
        {"spec", 4}, {"containers", 10}, {NULL, 0}, {"name", 4}};
    const struct value_step any[] = {{"metadata", 8}, {NULL, 0}, {"ab", 2}};

    (void)state;
    assert_masked(mask, pod, "{}");
    assert_int_equal(value_mask_add(mask, name, 4), ENGINE_OK);
    assert_masked(mask, pod,
                  "{\"spec\":{\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"}"
                  "]}}");
    assert_int_equal(value_mask_keys(mask, "metadata", "name", (char *)NULL),
                     ENGINE_OK);
    assert_int_equal(value_mask_add(mask, any, 3), ENGINE_OK);
    assert_int_equal(value_mask_keys(mask, "spec", "x", "y", (char *)NULL),
                     ENGINE_OK);
    assert_masked(mask, pod,
                  "{\"metadata\":{\"name\":\"p\",\"managedFields\":[],"
                  "\"labels\":{\"ab\":\"1\"}},"
                  "\"spec\":{\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"}"
                  "],\"x\":-1500.0}}");
    assert_int_equal(value_mask_keys(mask, "spec", "containers", (char *)NULL),
                     ENGINE_OK);
    assert_int_equal(value_mask_keys(mask, "status", (char *)NULL), ENGINE_OK);
    assert_false(value_mask_is_all(mask));
    assert_int_equal(value_mask_keys(mask, (char *)NULL), ENGINE_OK);
    assert_true(value_mask_is_all(mask));
    value_mask_free(mask);
}

static void a_key_has_what_any_key_has(void **state)
{
    static const char text[] = "{\"a\":{\"x\":1,\"y\":2,\"z\":3},"
                               "\"b\":{\"x\":1,\"y\":2,\"z\":3}}";
    const struct value_step any_x[] = {{NULL, 0}, {"x", 1}};
    const struct value_step any_z[] = {{NULL, 0}, {"z", 1}};
    const struct value_step a_y[] = {{"a", 1}, {"y", 1}};
    struct value_mask *mask = value_mask_new();

    (void)state;
    assert_int_equal(value_mask_add(mask, any_x, 2), ENGINE_OK);
    assert_int_equal(value_mask_add(mask, a_y, 2), ENGINE_OK);
    assert_masked(mask, text, "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1}}");
    assert_int_equal(value_mask_add(mask, any_z, 2), ENGINE_OK);
    assert_masked(mask, text,
                  "{\"a\":{\"x\":1,\"y\":2,\"z\":3},\"b\":{\"x\":1,\"z\":3}}");
    value_mask_free(mask);
}

static void assert_refused(const char *text, struct value_stream_options *with,
                           engine_status status, const char *message)
{
    const struct value *rest;
    struct heard heard;

    for (size_t step = 1; step < 40; step += 3) {
        struct value_stream_options options = *with;
        struct value_stream *stream;
        engine_status got;

        heard_init(&heard);
        options.list = "items";
        options.item = hear;
        options.user = &heard;
        stream = open_stream(options);
        memset(&err, 0, sizeof(err));
        got = feed(stream, text, strlen(text), step);
        if (got == ENGINE_OK)
            got = value_stream_end(stream, &rest, &err);
        if (got != status)
            fail_msg("%s: status %d: %s", text, (int)got, err.message);
        if (!strstr(err.message, message))
            fail_msg("%s: \"%s\" is not in \"%s\"", text, message, err.message);
        assert_int_equal(value_stream_feed(stream, "1", 1, &err),
                         ENGINE_EINVAL);
        value_stream_free(stream);
        heard_clear(&heard);
    }
}

/* Byte by byte; how many of them were used. */
static size_t skip_slowly(const char *text, size_t len, int maximum,
                          int *depth, const char **wrong)
{
    bool in_text = false, escaped = false;
    int open[2] = {0, 1};

    *wrong = NULL;
    for (size_t at = 0; at < len; at++) {
        const int kind = text[at] == '{' || text[at] == '}';

        const bool taken = escaped; /* by a backslash, in a string or not */

        *depth = open[0] + open[1];
        escaped = !taken && text[at] == '\\';
        if (in_text && (unsigned char)text[at] < 0x20)
            *wrong = "control";
        else if (text[at] == '"' && !taken)
            in_text = !in_text;
        else if (!in_text && (text[at] == '{' || text[at] == '['))
            open[kind]++, *wrong = *depth >= maximum ? "nested" : NULL;
        else if (!in_text && (text[at] == '}' || text[at] == ']'))
            *wrong = open[kind]-- ? NULL : "closes";
        if (*wrong)
            return at;
        *depth = open[0] + open[1];
        if (!*depth)
            return at + 1;
    }
    return len;
}

typedef size_t (*skip_fn)(struct scan_skip *skip, const char *text,
                          size_t len, int maximum_depth);

static void assert_skips(skip_fn skip_it, const char *text, size_t len,
                         size_t chunk, int maximum)
{
    struct scan_skip skip;
    const char *wrong;
    size_t used = 0;
    int depth = 1;

    scan_skip_begin(&skip, '{');
    while (used < len && skip.depth && !skip.wrong)
        used += skip_it(&skip, text + used,
                        len - used < chunk ? len - used : chunk, maximum);
    assert_int_equal(used, skip_slowly(text, len, maximum, &depth, &wrong));
    assert_int_equal(!skip.wrong, !wrong);
    if (wrong)
        assert_non_null(strstr(skip.wrong, wrong));
    else
        assert_int_equal(skip.depth, depth);
}

static void passes_over_as_byte_by_byte(void **state)
{
    static const char bytes[] = "{}[]{}[]\"\"\\xxxxxxxxxxxxxxxxxxxxxxxx\n";
    static const char texts[] = "\"\"\"\\\\\\xxxxxxxxxxxxxxxx{}[]";
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        const char *from = round % 2 ? bytes : texts;
        const size_t count = strlen(from);
        char text[400];
        size_t len;

        seed = seed * 1664525 + 1013904223;
        len = 1 + (seed >> 8) % sizeof(text);
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = from[(seed >> 16) % count];
            if (i < 200 && round % 3 == 0 && text[i] == '}')
                text[i] = '{'; /* deeper, and it ends later */
        }
        seed = seed * 1664525 + 1013904223;
        assert_skips(scan_skip, text, len, 1 + (seed >> 20) % 200, 40);
        assert_skips(scan_skip_plain, text, len, 1 + (seed >> 20) % 200, 40);
    }
}

static void refuses_what_is_cut_off_or_malformed(void **state)
{
    struct value_mask *nothing = value_mask_new();
    struct value_stream_options masked = {.mask = nothing};
    struct value_stream_options whole = {.mask = NULL};

    (void)state;
    assert_refused("{\"items\":[{\"a\":1}", &whole, ENGINE_EPARSE, "cut off");
    assert_refused("{\"items\":[{\"a\":1}]", &whole, ENGINE_EPARSE, "cut off");
    assert_refused("", &whole, ENGINE_EPARSE, "list:1: the document is cut");
    assert_refused("{\"items\":[{\"a\":1}]}\n\nx", &whole, ENGINE_EPARSE,
                   "list:3: more text after the document (byte 21)");
    assert_refused("{\"items\":[{}],\"items\":[{}]}", &whole, ENGINE_EPARSE,
                   "comes twice");
    assert_refused("{\"items\":[{\"a\":[1}]}", &whole, ENGINE_EPARSE,
                   "should be here");
    /* brackets of what nobody looks at are counted */
    assert_refused("{\"items\":[{\"a\":[1}]}", &masked, ENGINE_EPARSE,
                   "should be here (byte 19)");
    assert_refused("{\"items\":[{\"a\":[}}]}", &masked, ENGINE_EPARSE,
                   "closes what was not opened (byte 17)");
    assert_refused("{\"items\":[{\"a\":]}]}", &masked, ENGINE_EPARSE,
                   "closes what was not opened (byte 15)");
    assert_refused("{\"items\":[{\"a\":\"\n\"}]}", &masked, ENGINE_EPARSE,
                   "control character");
    assert_refused("{\"items\":[{\"a\":\"x}]}", &masked, ENGINE_EPARSE,
                   "cut off");
    assert_refused("{\"items\":[\n{} {}]}", &masked, ENGINE_EPARSE,
                   "list:2: a ',' or ']' should be here");
    value_mask_free(nothing);
}

static void refuses_what_is_over_a_limit(void **state)
{
    struct value_stream_options small = {.item_maximum = 50,
                                         .rest_maximum = 60};
    struct buffer deep;

    (void)state;
    assert_refused("{\"items\":[{\"a\":\"0123456789012345678901234567890123456"
                   "789012345678901234567890\"}]}",
                   &small, ENGINE_ELIMIT, "larger than 50 bytes");
    assert_refused("{\"x\":\"0123456789012345678901234567890123456789012345678"
                   "90123456789012345678901234567890\"}",
                   &small, ENGINE_ELIMIT, "more than 60 bytes besides");
    assert_refused("{\"items\":[1,2                                           "
                   "                      ]}",
                   &small, ENGINE_ELIMIT, "more than 60 bytes besides");
    buffer_init(&deep, 1000);
    buffer_puts(&deep, "{\"items\":[");
    for (int i = 0; i <= VALUE_MAX_DEPTH; i++)
        buffer_putc(&deep, '[');
    small.item_maximum = 0;
    small.rest_maximum = 0;
    assert_refused(deep.data, &small, ENGINE_ELIMIT, "deeper than 100");
    small.mask = value_mask_new();
    assert_refused(deep.data, &small, ENGINE_ELIMIT, "too deeply");
    value_mask_free((struct value_mask *)small.mask);
    buffer_clear(&deep);
}

static void an_element_is_as_deep_as_a_document(void **state)
{
    struct heard heard;
    struct value_stream *stream = open_stream((struct value_stream_options){
        .list = "items", .item = hear, .user = &heard});
    struct buffer deep;

    (void)state;
    heard_init(&heard);
    buffer_init(&deep, 1000);
    buffer_puts(&deep, "{\"items\":[");
    for (int i = 0; i < VALUE_MAX_DEPTH; i++)
        buffer_putc(&deep, '[');
    for (int i = 0; i < VALUE_MAX_DEPTH; i++)
        buffer_putc(&deep, ']');
    buffer_puts(&deep, "]}");
    assert_int_equal(feed(stream, deep.data, deep.len, 5), ENGINE_OK);
    assert_rest(stream, "{\"items\":[]}");
    assert_int_equal(heard.count, 1);
    buffer_clear(&deep);
    heard_clear(&heard);
    value_stream_free(stream);
}

static void whoever_takes_elements_can_stop(void **state)
{
    struct heard heard;
    struct value_stream *stream = open_stream((struct value_stream_options){
        .list = "items", .item = hear, .user = &heard});

    (void)state;
    heard_init(&heard);
    heard.fail_at = 2;
    assert_int_equal(feed(stream, "{\"items\":[1,2,3]}", 17, 100),
                     ENGINE_ECANCELLED);
    assert_string_equal(err.message, "enough");
    assert_string_equal(heard.items.data, "1\n2\n");
    heard_clear(&heard);
    value_stream_free(stream);
}

static void out_of_memory_is_an_error(void **state)
{
    bool done = false;

    (void)state;
    for (long nth = 1; !done && nth < 200; nth++) {
        struct value_stream *stream = NULL;
        struct heard heard;
        const struct value_stream_options options = {
            .list = "items", .item = hear, .user = &heard};
        const struct value *rest;
        engine_status status;

        heard_init(&heard);
        engine_alloc_fail_at(nth);
        status = value_stream_new(&options, &stream, &err);
        if (status == ENGINE_OK)
            status = feed(stream, list, strlen(list), 10);
        if (status == ENGINE_OK)
            status = value_stream_end(stream, &rest, &err);
        done = status == ENGINE_OK && strcmp(heard.items.data, list_items) == 0;
        engine_alloc_fail_at(0);
        assert_true(done || status == ENGINE_ENOMEM ||
                    heard.items.status == ENGINE_ENOMEM ||
                    heard.texts.status == ENGINE_ENOMEM);
        value_stream_free(stream);
        heard_clear(&heard);
    }
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_elements_whatever_the_pieces),
        cmocka_unit_test(a_document_without_a_list_is_all_rest),
        cmocka_unit_test(only_the_documents_own_list_is_handed_out),
        cmocka_unit_test(builds_what_the_mask_wants),
        cmocka_unit_test(a_key_has_what_any_key_has),
        cmocka_unit_test(passes_over_as_byte_by_byte),
        cmocka_unit_test(refuses_what_is_cut_off_or_malformed),
        cmocka_unit_test(refuses_what_is_over_a_limit),
        cmocka_unit_test(an_element_is_as_deep_as_a_document),
        cmocka_unit_test(whoever_takes_elements_can_stop),
        cmocka_unit_test(out_of_memory_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
