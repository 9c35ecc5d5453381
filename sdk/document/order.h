/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - MongoDB's order of values, compared and as bytes. */
#ifndef SDK_DOCUMENT_ORDER_H
#define SDK_DOCUMENT_ORDER_H

#include "sdk/document/document.h"

/** Brackets of comparable types, in their order; numbers are all one. */
enum order_bracket {
    ORDER_MIN_KEY = 1,
    ORDER_NOTHING, /* sorts before null: an empty array's smallest element */
    ORDER_NULL,
    ORDER_NUMBER,
    ORDER_STRING,
    ORDER_OBJECT,
    ORDER_ARRAY,
    ORDER_BINARY,
    ORDER_OID,
    ORDER_BOOL,
    ORDER_DATE,
    ORDER_TIMESTAMP,
    ORDER_REGEX,
    ORDER_POINTER,
    ORDER_CODE,
    ORDER_CODE_SCOPE,
    ORDER_MAX_KEY
};

enum order_bracket order_bracket(bson_type_t type);

/** A number as the nearest double and what is missing to it, exactly. */
struct order_number {
    double nearest; /* no negative zero */
    int rest;       /* at most half the distance of two doubles near 2^63 */
};

struct order_number order_number(const bson_iter_t *value);

/** Where encoded bytes go: a buffer or a hash. */
typedef void (*order_fn)(const void *data, size_t len, void *user);

/**
 * Encodes a value so that memcmp of two encodings is their order; with
 * sorted_keys equal documents give equal bytes whatever their key order.
 */
engine_status order_encode(const bson_iter_t *value, bool sorted_keys,
                           order_fn fn, void *user);
engine_status order_encode_document(const bson_t *document, bool sorted_keys,
                                    order_fn fn, void *user);

#endif
