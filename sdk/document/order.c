/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - values as bytes whose memcmp order is the values' order. No
 * encoding is the beginning of another one, so that keys can be appended.
 */
#include "sdk/document/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"
#include "sdk/document/match.h"
#include "sdk/document/path.h"
#include "sdk/document/ref.h"
#include "sdk/document/walk.h"

struct order {
    order_fn fn;
    void *user;
    bool sorted_keys;
    engine_status status;
};

static void order_value(struct order *order, const bson_iter_t *value,
                        const char *key, int depth);

static void order_byte(const struct order *order, unsigned byte)
{
    const uint8_t one = (uint8_t)byte;

    order->fn(&one, 1, order->user);
}

/* Most significant byte first. */
static void order_unsigned(const struct order *order, uint64_t value,
                           unsigned bytes)
{
    uint8_t out[8];

    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    order->fn(out, bytes, order->user);
}

static void order_signed(const struct order *order, int64_t value)
{
    order_unsigned(order, (uint64_t)value ^ UINT64_C(1) << 63, 8);
}

/* NUL becomes 00 ff and the end is 00 00: a prefix sorts first. */
static void order_text(const struct order *order, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *nul = memchr(text + at, '\0', len - at);
        const size_t span = nul ? (size_t)(nul - text) - at : len - at;

        order->fn(text + at, span, order->user);
        at += span;
        if (nul) {
            order->fn("\0\xff", 2, order->user);
            at++;
        }
    }
    order->fn("\0", 2, order->user);
}

static void order_put_number(const struct order *order,
                             const bson_iter_t *value)
{
    const struct order_number number = order_number(value);
    uint64_t bits = 0;

    /* NaN is the smallest: all zeros, which no other number becomes */
    if (!isnan(number.nearest)) {
        memcpy(&bits, &number.nearest, sizeof(bits));
        bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
    }
    order_unsigned(order, bits, 8);
    order_unsigned(order, (uint64_t)(number.rest + 0x8000), 2);
}

static void order_put_binary(const struct order *order,
                             const bson_iter_t *value)
{
    bson_subtype_t subtype = BSON_SUBTYPE_BINARY;
    const uint8_t *data = NULL;
    uint32_t len = 0;

    bson_iter_binary(value, &subtype, &len, &data);
    order_unsigned(order, len, 4);
    order_byte(order, subtype);
    if (len)
        order->fn(data, len, order->user);
}

static void order_put_regex(const struct order *order, const bson_iter_t *value)
{
    const char *options;
    const char *pattern = bson_iter_regex(value, &options);

    order_text(order, pattern, strlen(pattern));
    order_text(order, options, strlen(options));
}

static void order_put_timestamp(const struct order *order,
                                const bson_iter_t *value)
{
    uint32_t seconds, increment;

    bson_iter_timestamp(value, &seconds, &increment);
    order_unsigned(order, seconds, 4);
    order_unsigned(order, increment, 4);
}

static void order_put_text(const struct order *order, const bson_iter_t *value)
{
    uint32_t len = 0;
    const char *text;

    if (BSON_ITER_HOLDS_UTF8(value))
        text = bson_iter_utf8(value, &len);
    else if (BSON_ITER_HOLDS_SYMBOL(value))
        text = bson_iter_symbol(value, &len);
    else
        text = bson_iter_code(value, &len);
    order_text(order, text ? text : "", text ? len : 0);
}

/* ---- documents --------------------------------------------------------- */

static int order_by_key(const void *a, const void *b)
{
    return strcmp(ref_key(a), ref_key(b));
}

static void order_sorted(struct order *order, const bson_iter_t *first,
                         size_t count, int depth)
{
    struct ref *fields = engine_calloc(count, sizeof(*fields));
    bson_iter_t iter = *first;
    size_t at = 0;

    if (!fields) {
        order->status = ENGINE_ENOMEM;
        return;
    }
    while (at < count && bson_iter_next(&iter))
        fields[at++] = ref_of(&iter);
    qsort(fields, at, sizeof(*fields), order_by_key);
    for (size_t i = 0; i < at; i++)
        if (ref_iter(&fields[i], &iter))
            order_value(order, &iter, bson_iter_key(&iter), depth);
    engine_free(fields);
}

static void order_fields(struct order *order, const bson_iter_t *first,
                         bool named, int depth)
{
    bson_iter_t iter = *first;
    size_t count = 0;

    if (depth > PATH_MAX_DEPTH) {
        order->status = ENGINE_ELIMIT;
        return;
    }
    if (named && order->sorted_keys) {
        while (bson_iter_next(&iter))
            count++;
        order_sorted(order, first, count, depth);
    } else {
        while (bson_iter_next(&iter))
            order_value(order, &iter, named ? bson_iter_key(&iter) : NULL,
                        depth);
    }
    order_byte(order, 0); /* sorts before any further field */
}

static void order_content(struct order *order, enum order_bracket bracket,
                          const bson_iter_t *value, int depth)
{
    bson_iter_t child;

    switch (bracket) {
    case ORDER_NUMBER:
        order_put_number(order, value);
        break;
    case ORDER_STRING:
    case ORDER_CODE:
        order_put_text(order, value);
        break;
    case ORDER_OBJECT:
    case ORDER_ARRAY:
        if (bson_iter_recurse(value, &child))
            order_fields(order, &child, bracket == ORDER_OBJECT, depth + 1);
        break;
    case ORDER_BINARY:
        order_put_binary(order, value);
        break;
    case ORDER_OID:
        order->fn(bson_iter_oid(value)->bytes, 12, order->user);
        break;
    case ORDER_BOOL:
        order_byte(order, bson_iter_bool(value));
        break;
    case ORDER_DATE:
        order_signed(order, bson_iter_date_time(value));
        break;
    case ORDER_TIMESTAMP:
        order_put_timestamp(order, value);
        break;
    case ORDER_REGEX:
        order_put_regex(order, value);
        break;
    default:
        break;
    }
}

static void order_value(struct order *order, const bson_iter_t *value,
                        const char *key, int depth)
{
    const enum order_bracket bracket = order_bracket(bson_iter_type(value));

    order_byte(order, bracket);
    if (key)
        order_text(order, key, strlen(key));
    order_content(order, bracket, value, depth);
}

engine_status order_encode(const bson_iter_t *value, bool sorted_keys,
                           order_fn fn, void *user)
{
    struct order order = {fn, user, sorted_keys, ENGINE_OK};

    order_value(&order, value, NULL, 0);
    return order.status;
}

engine_status order_encode_document(const bson_t *document, bool sorted_keys,
                                    order_fn fn, void *user)
{
    struct order order = {fn, user, sorted_keys, ENGINE_OK};
    bson_iter_t iter;

    if (bson_iter_init(&iter, document))
        order_fields(&order, &iter, true, 0);
    return order.status;
}

/* ---- sort keys --------------------------------------------------------- */

struct order_choice {
    bson_iter_t best;
    bool any, descending;
    bool missing; /* somewhere on the way: counts as null */
    bool nothing; /* an empty array */
};

static bool order_choose(const bson_iter_t *value, void *user)
{
    struct order_choice *choice = user;
    bson_iter_t child;
    int order;

    if (!value) {
        choice->missing = true;
        return false;
    }
    if (BSON_ITER_HOLDS_ARRAY(value) && bson_iter_recurse(value, &child) &&
        !bson_iter_next(&child)) {
        choice->nothing = true;
        return false;
    }
    order = choice->any ? document_compare(value, &choice->best) : 0;
    if (!choice->any || (choice->descending ? order > 0 : order < 0))
        choice->best = *value;
    choice->any = true;
    return false;
}

static void order_to_buffer(const void *data, size_t len, void *user)
{
    buffer_append(user, data, len);
}

/* Everything that can be beside a real value sorts before it, so ascending
 * prefers it and descending does not. */
static engine_status order_chosen(const struct order_choice *choice,
                                  struct buffer *out)
{
    const bool below_null =
        choice->any &&
        order_bracket(bson_iter_type(&choice->best)) == ORDER_MIN_KEY;

    if (choice->any && (choice->descending || below_null ||
                        (!choice->missing && !choice->nothing)))
        return order_encode(&choice->best, false, order_to_buffer, out);
    if (choice->nothing && !(choice->descending && choice->missing))
        buffer_putc(out, ORDER_NOTHING);
    else
        buffer_putc(out, ORDER_NULL);
    return ENGINE_OK;
}

engine_status document_sort_key(const bson_t *document, const char *path,
                                bool descending, struct buffer *out)
{
    struct order_choice choice = {.descending = descending};
    const size_t start = out->len;
    engine_status status;

    walk_path(document, path, WALK_ELEMENTS, order_choose, &choice);
    status = order_chosen(&choice, out);
    if (status == ENGINE_OK)
        status = out->status;
    for (size_t at = start; descending && at < out->len; at++)
        out->data[at] = (char)~out->data[at];
    return status;
}

/* ---- the canonical hash ------------------------------------------------ */

static void order_to_hash(const void *data, size_t len, void *user)
{
    hash_add(user, data, len);
}

void document_hash(const bson_t *document, char out[65])
{
    struct hash *hash = hash_new();

    /* out of memory: no hash is better than a wrong one */
    out[0] = '\0';
    if (!hash)
        return;
    if (order_encode_document(document, true, order_to_hash, hash) < 0) {
        char discarded[HASH_HEX_SIZE];

        hash_end(hash, discarded);
        return;
    }
    hash_end(hash, out);
}
