/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_match.c - two documents, one per line: comparison, sort keys, hashes
 * and equality filters must agree on their values.
 */
#include <stdlib.h>
#include <string.h>

#include "sdk/document/document.h"
#include "sdk/document/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Of scalars only: an array sorts by one of its elements. */
static int key_order(const bson_t *a, const bson_t *b, const char *path,
                     bool descending)
{
    struct buffer x, y;
    int order;

    buffer_init(&x, (size_t)32 << 20);
    buffer_init(&y, (size_t)32 << 20);
    if (document_sort_key(a, path, descending, &x) < 0 ||
        document_sort_key(b, path, descending, &y) < 0)
        abort();
    order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
    if (!order && x.len != y.len)
        abort();
    buffer_clear(&x);
    buffer_clear(&y);
    return sign(order);
}

static void check_values(const bson_t *a, const bson_t *b, const bson_iter_t *x,
                         const bson_iter_t *y)
{
    const char *path = bson_iter_key(x);
    const int order = sign(document_compare(x, y));

    if (sign(document_compare(y, x)) != -order || document_compare(x, x) != 0)
        abort();
    if (BSON_ITER_HOLDS_ARRAY(x) || BSON_ITER_HOLDS_ARRAY(y))
        return;
    if (key_order(a, b, path, false) != order ||
        key_order(a, b, path, true) != -order)
        abort();
}

/* A document is found by {field: its own value}. */
static void check_filter(const bson_t *document, const bson_iter_t *value)
{
    struct matcher *matcher = NULL;
    bson_t filter = BSON_INITIALIZER;
    bson_t equals;

    bson_append_document_begin(&filter, bson_iter_key(value), -1, &equals);
    document_copy_value(&equals, "$eq", value);
    bson_append_document_end(&filter, &equals);
    if (matcher_new(&filter, &matcher, NULL) == ENGINE_OK &&
        !matcher_test(matcher, document))
        abort();
    matcher_free(matcher);
    bson_destroy(&filter);
}

static void check(const bson_t *a, const bson_t *b)
{
    char x_hash[65], y_hash[65];
    bson_iter_t x, y, found;

    document_hash(a, x_hash);
    document_hash(b, y_hash);
    if (strlen(x_hash) != 64 || strlen(y_hash) != 64)
        abort();
    for (bson_iter_init(&x, a); bson_iter_next(&x);) {
        const char *key = bson_iter_key(&x);

        if (key[0] != '$' && strlen(key) < 500)
            check_filter(a, &x);
        /* the last of a dotted key is not what the path finds */
        if (strchr(key, '.') || !document_find(a, key, &found))
            continue;
        if (bson_iter_init_find(&y, b, key))
            check_values(a, b, &x, &y);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    const char *end = len ? memchr(text, '\n', len) : NULL;
    bson_t a, b;

    if (!end ||
        document_from_json(text, (size_t)(end - text), "a", &a, NULL) < 0)
        return 0;
    if (document_from_json(end + 1, len - (size_t)(end - text) - 1, "b", &b,
                           NULL) == ENGINE_OK) {
        check(&a, &b);
        bson_destroy(&b);
    }
    bson_destroy(&a);
    return 0;
}
