/* SPDX-License-Identifier: Apache-2.0 */
/* test_document_order.c - comparing values, and sort keys that agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/match.h"

/* Values in ascending order; equal ones share a rank. */
struct ranked {
    bson_t *document;
    int rank;
};

#define MAX_RANKED 80

static size_t ranked_values(struct ranked out[MAX_RANKED])
{
    static const uint8_t bytes[] = "ab\xff";
    bson_oid_t small, large;
    size_t count = 0;
    int rank = 0;

#define NEXT(...) \
    out[count++] = (struct ranked){BCON_NEW("v", __VA_ARGS__), ++rank}
#define SAME(...)                        \
    out[count++] = (struct ranked)       \
    {                                    \
        BCON_NEW("v", __VA_ARGS__), rank \
    }
    bson_oid_init_from_string(&small, "0123456789abcdef01234567");
    bson_oid_init_from_string(&large, "f123456789abcdef01234567");
    NEXT(BCON_MINKEY);
    NEXT(BCON_NULL);
    NEXT(BCON_DOUBLE(NAN));
    NEXT(BCON_DOUBLE(-INFINITY));
    NEXT(BCON_DOUBLE(-1e300));
    NEXT(BCON_INT64(INT64_MIN));
    SAME(BCON_DOUBLE(-9223372036854775808.0));
    NEXT(BCON_INT64(INT64_MIN + 1));
    NEXT(BCON_INT32(-5));
    SAME(BCON_DOUBLE(-5));
    NEXT(BCON_DOUBLE(-0.5));
    NEXT(BCON_DOUBLE(-0.0));
    SAME(BCON_INT32(0));
    SAME(BCON_DOUBLE(0.0));
    SAME(BCON_INT64(0));
    NEXT(BCON_DOUBLE(0.5));
    NEXT(BCON_INT32(1));
    NEXT(BCON_INT64(9007199254740991));
    NEXT(BCON_INT64(9007199254740992));
    SAME(BCON_DOUBLE(9007199254740992.0));
    NEXT(BCON_INT64(9007199254740993));
    NEXT(BCON_INT64(9007199254740994));
    SAME(BCON_DOUBLE(9007199254740994.0));
    NEXT(BCON_INT64(9007199254740995));
    NEXT(BCON_INT64(9223372036854775296));
    NEXT(BCON_INT64(INT64_MAX - 1));
    NEXT(BCON_INT64(INT64_MAX));
    NEXT(BCON_DOUBLE(9223372036854775808.0));
    NEXT(BCON_DOUBLE(INFINITY));
    NEXT("");
    NEXT("A");
    NEXT("a");
    NEXT("ab");
    NEXT("b");
    NEXT("\xc3\xa9");
    NEXT("{", "}");
    NEXT("{", "a", BCON_INT32(1), "}");
    NEXT("{", "a", BCON_INT32(1), "b", BCON_INT32(0), "}");
    NEXT("{", "a", BCON_INT32(2), "}");
    NEXT("{", "b", BCON_INT32(0), "}");
    NEXT("{", "a", "x", "}");
    NEXT(BCON_BIN(BSON_SUBTYPE_BINARY, bytes, 1));
    NEXT(BCON_BIN(BSON_SUBTYPE_UUID, bytes, 1));
    NEXT(BCON_BIN(BSON_SUBTYPE_BINARY, bytes, 2));
    NEXT(BCON_BIN(BSON_SUBTYPE_BINARY, bytes + 1, 2));
    NEXT(BCON_OID(&small));
    NEXT(BCON_OID(&large));
    NEXT(BCON_BOOL(false));
    NEXT(BCON_BOOL(true));
    NEXT(BCON_DATE_TIME(-1));
    NEXT(BCON_DATE_TIME(0));
    NEXT(BCON_DATE_TIME(1000));
    NEXT(BCON_TIMESTAMP(1, 2));
    NEXT(BCON_TIMESTAMP(2, 1));
    NEXT(BCON_REGEX("a", "i"));
    NEXT(BCON_REGEX("b", ""));
    NEXT(BCON_MAXKEY);
#undef NEXT
#undef SAME
    return count;
}

static void forget(struct ranked *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bson_destroy(values[i].document);
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_keys(const bson_t *a, const bson_t *b, bool descending)
{
    struct buffer x, y;
    size_t len;
    int order;

    buffer_init(&x, 1 << 20);
    buffer_init(&y, 1 << 20);
    assert_int_equal(document_sort_key(a, "v", descending, &x), ENGINE_OK);
    assert_int_equal(document_sort_key(b, "v", descending, &y), ENGINE_OK);
    len = x.len < y.len ? x.len : y.len;
    order = memcmp(x.data, y.data, len);
    /* no key is the beginning of another one */
    if (!order)
        assert_int_equal(x.len, y.len);
    buffer_clear(&x);
    buffer_clear(&y);
    return sign(order);
}

static void every_pair_has_its_order(void **state)
{
    struct ranked values[MAX_RANKED];
    const size_t count = ranked_values(values);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int expected = sign(values[i].rank - values[j].rank);
            bson_iter_t a, b;

            assert_true(document_find(values[i].document, "v", &a));
            assert_true(document_find(values[j].document, "v", &b));
            if (sign(document_compare(&a, &b)) != expected)
                fail_msg("ranks %d and %d compare as %d", values[i].rank,
                         values[j].rank, document_compare(&a, &b));
        }
    }
    forget(values, count);
}

static void sort_keys_have_the_same_order(void **state)
{
    struct ranked values[MAX_RANKED];
    const size_t count = ranked_values(values);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int expected = sign(values[i].rank - values[j].rank);

            if (compare_keys(values[i].document, values[j].document, false) !=
                    expected ||
                compare_keys(values[i].document, values[j].document, true) !=
                    -expected)
                fail_msg("keys of ranks %d and %d", values[i].rank,
                         values[j].rank);
        }
    }
    forget(values, count);
}

static void arrays_compare_by_element(void **state)
{
    static const char *const ascending[] = {
        "{\"v\":[]}",  "{\"v\":[1]}",     "{\"v\":[1,2]}",
        "{\"v\":[2]}", "{\"v\":[\"a\"]}", "{\"v\":[[]]}",
    };
    bson_t documents[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        document_from_json(ascending[i], strlen(ascending[i]), "x",
                           &documents[i], NULL);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            bson_iter_t a, b;

            document_find(&documents[i], "v", &a);
            document_find(&documents[j], "v", &b);
            assert_int_equal(sign(document_compare(&a, &b)),
                             sign((int)i - (int)j));
        }
    }
    for (size_t i = 0; i < 6; i++)
        bson_destroy(&documents[i]);
}

static int compare_text_keys(const char *a, const char *b, bool descending)
{
    bson_t x, y;
    int order;

    document_from_json(a, strlen(a), "a", &x, NULL);
    document_from_json(b, strlen(b), "b", &y, NULL);
    order = compare_keys(&x, &y, descending);
    bson_destroy(&x);
    bson_destroy(&y);
    return order;
}

static void arrays_sort_by_their_extreme_element(void **state)
{
    (void)state;
    assert_int_equal(compare_text_keys("{\"v\":[1,9]}", "{\"v\":[2,3]}", false),
                     -1);
    assert_int_equal(compare_text_keys("{\"v\":[1,9]}", "{\"v\":[2,3]}", true),
                     -1);
    assert_int_equal(compare_text_keys("{\"v\":[1,9]}", "{\"v\":1}", false), 0);
    assert_int_equal(compare_text_keys("{\"v\":[1,9]}", "{\"v\":9}", true), 0);
    assert_int_equal(compare_text_keys("{}", "{\"v\":null}", false), 0);
    assert_int_equal(compare_text_keys("{\"v\":[]}", "{}", false), -1);
    assert_int_equal(compare_text_keys("{}", "{\"v\":0}", false), -1);
    assert_int_equal(compare_text_keys("{}", "{\"v\":0}", true), 1);
}

static void paths_of_sort_keys_fan_out(void **state)
{
    static const char text[] = "{\"x\":[{\"y\":3},{\"y\":[7,2]}],\"z\":2}";
    bson_t document;
    struct buffer a, b;

    (void)state;
    assert_int_equal(
        document_from_json(text, sizeof(text) - 1, "x", &document, NULL),
        ENGINE_OK);
    buffer_init(&a, 100);
    buffer_init(&b, 100);
    document_sort_key(&document, "x.y", false, &a);
    document_sort_key(&document, "z", false, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    buffer_clear(&a);
    buffer_clear(&b);
    bson_destroy(&document);
}

static void keys_append_to_one_another(void **state)
{
    bson_t *x = BCON_NEW("v", "a", "w", "b");
    bson_t *y = BCON_NEW("v", "ab", "w", "a");
    struct buffer a, b;

    (void)state;
    buffer_init(&a, 100);
    buffer_init(&b, 100);
    document_sort_key(x, "v", false, &a);
    document_sort_key(x, "w", true, &a);
    document_sort_key(y, "v", false, &b);
    document_sort_key(y, "w", true, &b);
    assert_true(memcmp(a.data, b.data, a.len < b.len ? a.len : b.len) < 0);
    buffer_clear(&a);
    buffer_clear(&b);
    bson_destroy(x);
    bson_destroy(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_has_its_order),
        cmocka_unit_test(sort_keys_have_the_same_order),
        cmocka_unit_test(arrays_compare_by_element),
        cmocka_unit_test(arrays_sort_by_their_extreme_element),
        cmocka_unit_test(paths_of_sort_keys_fan_out),
        cmocka_unit_test(keys_append_to_one_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
