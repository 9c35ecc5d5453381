/* SPDX-License-Identifier: Apache-2.0 */
/* test_frames.c - the worker protocol's channel, and BSON from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/worker/frames.h"

struct pair {
    struct channel a, b;
};

static void pair_open(struct pair *pair)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_init(&pair->a, ends[0]);
    channel_init(&pair->b, ends[1]);
}

static void pair_close(struct pair *pair)
{
    channel_clear(&pair->a);
    channel_clear(&pair->b);
}

static void send_number(struct channel *channel, int number)
{
    bson_t frame;

    frame_init(&frame, "rule");
    BSON_APPEND_INT32(&frame, "n", number);
    assert_int_equal(channel_send(channel, &frame, NULL), ENGINE_OK);
    bson_destroy(&frame);
}

static int number_of(const bson_t *frame)
{
    bson_iter_t iter;

    assert_string_equal(frame_kind(frame), "rule");
    assert_true(bson_iter_init_find(&iter, frame, "n"));
    return bson_iter_int32(&iter);
}

static void delivers_frames_in_order(void **state)
{
    struct pair pair;
    bson_t frame;

    (void)state;
    pair_open(&pair);
    for (int i = 0; i < 100; i++)
        send_number(&pair.a, i);
    assert_int_equal(channel_flush(&pair.a, 1000, NULL), ENGINE_OK);
    assert_int_equal(channel_pump(&pair.b, NULL), ENGINE_OK);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(channel_next(&pair.b, &frame, NULL), 1);
        assert_int_equal(number_of(&frame), i);
    }
    assert_int_equal(channel_next(&pair.b, &frame, NULL), 0);
    pair_close(&pair);
}

static void waits_for_the_rest_of_a_frame(void **state)
{
    struct pair pair;
    bson_t frame, sent;

    (void)state;
    pair_open(&pair);
    frame_init(&sent, "rule");
    BSON_APPEND_INT32(&sent, "n", 7);
    for (uint32_t i = 0; i < sent.len; i++) {
        assert_int_equal(channel_next(&pair.b, &frame, NULL), 0);
        assert_int_equal(write(pair.a.fd, bson_get_data(&sent) + i, 1), 1);
        assert_int_equal(channel_pump(&pair.b, NULL), ENGINE_OK);
    }
    assert_int_equal(channel_next(&pair.b, &frame, NULL), 1);
    assert_int_equal(number_of(&frame), 7);
    bson_destroy(&sent);
    pair_close(&pair);
}

static void carries_large_frames_both_ways(void **state)
{
    const size_t size = (size_t)10 * 1024 * 1024;
    uint8_t *data = calloc(1, size);
    struct pair pair;
    bson_t frame, got;
    int seen = 0;

    (void)state;
    assert_non_null(data);
    pair_open(&pair);
    frame_init(&frame, "blob");
    BSON_APPEND_BINARY(&frame, "data", BSON_SUBTYPE_BINARY, data,
                       (uint32_t)size);
    assert_int_equal(channel_send(&pair.a, &frame, NULL), ENGINE_OK);
    assert_int_equal(channel_send(&pair.b, &frame, NULL), ENGINE_OK);
    assert_true(channel_pending(&pair.a) > 0);
    for (int i = 0; i < 10000 && seen != 3; i++) {
        assert_int_equal(channel_pump(&pair.a, NULL), ENGINE_OK);
        assert_int_equal(channel_pump(&pair.b, NULL), ENGINE_OK);
        if (channel_next(&pair.a, &got, NULL) == 1)
            seen |= bson_equal(&got, &frame) ? 1 : 4;
        if (channel_next(&pair.b, &got, NULL) == 1)
            seen |= bson_equal(&got, &frame) ? 2 : 4;
    }
    assert_int_equal(seen, 3);
    assert_int_equal(channel_pending(&pair.a), 0);
    bson_destroy(&frame);
    free(data);
    pair_close(&pair);
}

static void refuses_too_large_a_frame_before_reading_it(void **state)
{
    static const uint8_t huge[] = {0, 0, 0, 64, 1};
    engine_error err = {0};
    struct pair pair;
    bson_t frame;

    (void)state;
    pair_open(&pair);
    assert_int_equal(write(pair.a.fd, huge, sizeof(huge)), sizeof(huge));
    assert_int_equal(channel_pump(&pair.b, &err), ENGINE_OK);
    assert_int_equal(channel_next(&pair.b, &frame, &err), ENGINE_ELIMIT);
    assert_non_null(strstr(err.message, "over the limit"));
    pair_close(&pair);
}

static void stops_reading_what_nobody_takes(void **state)
{
    static uint8_t junk[65536];
    struct pair pair;

    (void)state;
    pair_open(&pair);
    for (int i = 0; i < 3000; i++) {
        (void)!send(pair.a.fd, junk, sizeof(junk), MSG_DONTWAIT);
        (void)channel_pump(&pair.b, NULL);
    }
    assert_true(pair.b.in.len <= FRAME_MAX_BYTES + 2 * sizeof(junk));
    assert_int_equal(channel_events(&pair.b), 0);
    pair_close(&pair);
}

static void delivers_what_came_before_the_end(void **state)
{
    struct pair pair;
    bson_t frame;

    (void)state;
    pair_open(&pair);
    send_number(&pair.a, 1);
    send_number(&pair.b, 2); /* never read: a reset, not just an end */
    channel_clear(&pair.a);
    assert_int_equal(channel_pump(&pair.b, NULL), ENGINE_OK);
    assert_int_equal(channel_next(&pair.b, &frame, NULL), 1);
    assert_int_equal(number_of(&frame), 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(channel_pump(&pair.b, NULL), ENGINE_OK);
    assert_true(pair.b.closed);
    frame_init(&frame, "rule");
    assert_int_equal(channel_send(&pair.b, &frame, NULL), ENGINE_EIO);
    bson_destroy(&frame);
    pair_close(&pair);
}

static void gives_up_flushing_after_a_while(void **state)
{
    static uint8_t data[1024 * 1024];
    struct pair pair;
    bson_t frame;

    (void)state;
    pair_open(&pair);
    frame_init(&frame, "blob");
    BSON_APPEND_BINARY(&frame, "data", BSON_SUBTYPE_BINARY, data,
                       sizeof(data));
    assert_int_equal(channel_send(&pair.a, &frame, NULL), ENGINE_OK);
    assert_int_equal(channel_flush(&pair.a, 50, NULL), ENGINE_ETIMEOUT);
    bson_destroy(&frame);
    pair_close(&pair);
}

/* ---- BSON from outside -------------------------------------------------- */

static engine_status check(const char *bytes, size_t len)
{
    /* exactly as long as it is, so that reading past it is noticed */
    uint8_t *copy = malloc(len ? len : 1);
    engine_error err = {0};
    engine_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    status = frame_check(copy, len, FRAME_MAX_DEPTH, &err);
    free(copy);
    if (status < 0)
        assert_string_not_equal(err.message, "");
    return status;
}

#define CHECK(bytes) check(bytes, sizeof(bytes) - 1)

static void accepts_every_type(void **state)
{
    bson_t *document = BCON_NEW(
        "double", BCON_DOUBLE(1.5), "text", BCON_UTF8("\xc3\xa4"), "doc", "{",
        "in", "[", BCON_INT32(1), "{", "}", "]", "}", "binary",
        BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)"abc", 3), "bool",
        BCON_BOOL(true), "date", BCON_DATE_TIME(1), "null", BCON_NULL,
        "regex", BCON_REGEX("a", "i"), "code", BCON_CODE("x"), "symbol",
        BCON_SYMBOL("y"), "int", BCON_INT64(1), "min", BCON_MINKEY, "max",
        BCON_MAXKEY, "stamp", BCON_TIMESTAMP(1, 2), "undefined",
        BCON_UNDEFINED);
    bson_oid_t oid;
    bson_decimal128_t decimal = {1, 2};

    (void)state;
    bson_oid_init(&oid, NULL);
    BSON_APPEND_OID(document, "oid", &oid);
    BSON_APPEND_DECIMAL128(document, "decimal", &decimal);
    assert_int_equal(check((const char *)bson_get_data(document),
                           document->len), ENGINE_OK);
    /* every cut of it is refused, and read no further than it goes */
    for (uint32_t i = 0; i < document->len; i++)
        assert_int_equal(check((const char *)bson_get_data(document), i),
                         ENGINE_EPARSE);
    bson_destroy(document);
}

static void refuses_malformed_documents(void **state)
{
    (void)state;
    assert_int_equal(CHECK("\x05\0\0\0\0"), ENGINE_OK);
    assert_int_equal(CHECK("\x05\0\0\0\x01"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\x05\0\0\0\0\0"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\x06\0\0\0\0"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\xff\xff\xff\xff\0"), ENGINE_EPARSE);
    /* no such type; a name without an end; text that is not UTF-8 */
    assert_int_equal(CHECK("\x08\0\0\0\x20g\0\0"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\x08\0\0\0\x0agg\x0a"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\x0e\0\0\0\x02t\0\x02\0\0\0\xff\0\0"),
                     ENGINE_EPARSE);
    /* strings of length 0 and of a length beyond the document */
    assert_int_equal(CHECK("\x0c\0\0\0\x02t\0\0\0\0\0\0"), ENGINE_EPARSE);
    assert_int_equal(CHECK("\x0e\0\0\0\x02t\0\x7f\0\0\0x\0\0"),
                     ENGINE_EPARSE);
    assert_int_equal(CHECK("\x0e\0\0\0\x02t\0\x02\0\0\0x\0\0"), ENGINE_OK);
    /* a child that is longer than its parent, and one that ends early */
    assert_int_equal(CHECK("\x0d\0\0\0\x03g\0\x06\0\0\0\0\0"),
                     ENGINE_EPARSE);
    assert_int_equal(CHECK("\x0e\0\0\0\x03g\0\x06\0\0\0\0\0\0"),
                     ENGINE_EPARSE);
}

/* Documents in documents: 7 bytes each and the innermost 5. */
static uint8_t *nested(unsigned depth, size_t *len)
{
    uint8_t *data = calloc(1, (size_t)8 * depth);

    assert_non_null(data);
    *len = (size_t)8 * depth - 3;
    for (unsigned i = 0; i < depth; i++) {
        const size_t at = (size_t)7 * i;
        const uint32_t size = (uint32_t)(*len - (size_t)8 * i);

        for (int j = 0; j < 4; j++)
            data[at + (size_t)j] = (uint8_t)(size >> (8 * j));
        if (i + 1 < depth) {
            data[at + 4] = 3;
            data[at + 5] = 'd';
        }
    }
    return data;
}

static void bounds_the_depth_without_recursion(void **state)
{
    engine_error err = {0};
    uint8_t *data;
    size_t len;

    (void)state;
    data = nested(10, &len);
    assert_int_equal(frame_check(data, len, 10, &err), ENGINE_OK);
    assert_int_equal(frame_check(data, len, 9, &err), ENGINE_EPARSE);
    assert_non_null(strstr(err.message, "nested too deeply"));
    free(data);
    data = nested(4000000, &len);
    assert_int_equal(frame_check(data, len, 1000000000, &err),
                     ENGINE_EPARSE);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_frames_in_order),
        cmocka_unit_test(waits_for_the_rest_of_a_frame),
        cmocka_unit_test(carries_large_frames_both_ways),
        cmocka_unit_test(refuses_too_large_a_frame_before_reading_it),
        cmocka_unit_test(stops_reading_what_nobody_takes),
        cmocka_unit_test(delivers_what_came_before_the_end),
        cmocka_unit_test(gives_up_flushing_after_a_while),
        cmocka_unit_test(accepts_every_type),
        cmocka_unit_test(refuses_malformed_documents),
        cmocka_unit_test(bounds_the_depth_without_recursion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
