/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c - MongoDB's comparison order of BSON values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/document/match.h"
#include "sdk/document/order.h"
#include "sdk/document/path.h"

enum order_bracket order_bracket(bson_type_t type)
{
    switch (type) {
    case BSON_TYPE_MINKEY:
        return ORDER_MIN_KEY;
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DOUBLE:
    case BSON_TYPE_DECIMAL128:
        return ORDER_NUMBER;
    case BSON_TYPE_UTF8:
    case BSON_TYPE_SYMBOL:
        return ORDER_STRING;
    case BSON_TYPE_DOCUMENT:
        return ORDER_OBJECT;
    case BSON_TYPE_ARRAY:
        return ORDER_ARRAY;
    case BSON_TYPE_BINARY:
        return ORDER_BINARY;
    case BSON_TYPE_OID:
        return ORDER_OID;
    case BSON_TYPE_BOOL:
        return ORDER_BOOL;
    case BSON_TYPE_DATE_TIME:
        return ORDER_DATE;
    case BSON_TYPE_TIMESTAMP:
        return ORDER_TIMESTAMP;
    case BSON_TYPE_REGEX:
        return ORDER_REGEX;
    case BSON_TYPE_DBPOINTER:
        return ORDER_POINTER;
    case BSON_TYPE_CODE:
        return ORDER_CODE;
    case BSON_TYPE_CODEWSCOPE:
        return ORDER_CODE_SCOPE;
    case BSON_TYPE_MAXKEY:
        return ORDER_MAX_KEY;
    default: /* null and undefined */
        return ORDER_NULL;
    }
}

/* ---- numbers ----------------------------------------------------------- */

static struct order_number order_integer(int64_t value)
{
    const double nearest = (double)value;

    if (nearest >= 9223372036854775808.0) /* too large to convert back */
        return (struct order_number){nearest, (int)(value - INT64_MAX) - 1};
    return (struct order_number){nearest, (int)(value - (int64_t)nearest)};
}

static double order_decimal(const bson_iter_t *value)
{
    char text[BSON_DECIMAL128_STRING];
    bson_decimal128_t decimal;

    bson_iter_decimal128(value, &decimal);
    bson_decimal128_to_string(&decimal, text);
    return strtod(text, NULL);
}

struct order_number order_number(const bson_iter_t *value)
{
    double number;

    switch (bson_iter_type(value)) {
    case BSON_TYPE_INT32:
        return order_integer(bson_iter_int32(value));
    case BSON_TYPE_INT64:
        return order_integer(bson_iter_int64(value));
    case BSON_TYPE_DOUBLE:
        number = bson_iter_double(value);
        break;
    default:
        number = order_decimal(value);
        break;
    }
    return (struct order_number){number == 0 ? 0.0 : number, 0};
}

static int compare_sign(bool less, bool greater)
{
    return (int)greater - (int)less;
}

static int compare_numbers(const bson_iter_t *a, const bson_iter_t *b)
{
    const struct order_number x = order_number(a), y = order_number(b);

    if (isnan(x.nearest) || isnan(y.nearest))
        return compare_sign(!isnan(y.nearest), !isnan(x.nearest));
    if (x.nearest != y.nearest)
        return compare_sign(x.nearest<y.nearest, x.nearest> y.nearest);
    return compare_sign(x.rest<y.rest, x.rest> y.rest);
}

/* ---- the other scalars ------------------------------------------------- */

static int compare_bytes(const void *a, size_t a_len, const void *b,
                         size_t b_len)
{
    const size_t len = a_len < b_len ? a_len : b_len;
    const int order = len ? memcmp(a, b, len) : 0;

    return order ? order : compare_sign(a_len<b_len, a_len> b_len);
}

static const char *compare_text(const bson_iter_t *value, uint32_t *len)
{
    *len = 0;
    switch (bson_iter_type(value)) {
    case BSON_TYPE_UTF8:
        return bson_iter_utf8(value, len);
    case BSON_TYPE_SYMBOL:
        return bson_iter_symbol(value, len);
    case BSON_TYPE_CODE:
        return bson_iter_code(value, len);
    default:
        return "";
    }
}

static int compare_texts(const bson_iter_t *a, const bson_iter_t *b)
{
    uint32_t a_len, b_len;
    const char *x = compare_text(a, &a_len);
    const char *y = compare_text(b, &b_len);

    return compare_bytes(x, a_len, y, b_len);
}

static int compare_binaries(const bson_iter_t *a, const bson_iter_t *b)
{
    bson_subtype_t a_type = 0, b_type = 0;
    const uint8_t *x = NULL, *y = NULL;
    uint32_t a_len = 0, b_len = 0;

    bson_iter_binary(a, &a_type, &a_len, &x);
    bson_iter_binary(b, &b_type, &b_len, &y);
    if (a_len != b_len)
        return compare_sign(a_len<b_len, a_len> b_len);
    if (a_type != b_type)
        return compare_sign(a_type<b_type, a_type> b_type);
    return compare_bytes(x, a_len, y, b_len);
}

static int compare_timestamps(const bson_iter_t *a, const bson_iter_t *b)
{
    uint32_t a_time, a_step, b_time, b_step;

    bson_iter_timestamp(a, &a_time, &a_step);
    bson_iter_timestamp(b, &b_time, &b_step);
    if (a_time != b_time)
        return compare_sign(a_time<b_time, a_time> b_time);
    return compare_sign(a_step<b_step, a_step> b_step);
}

static int compare_regexes(const bson_iter_t *a, const bson_iter_t *b)
{
    const char *a_options, *b_options;
    const char *x = bson_iter_regex(a, &a_options);
    const char *y = bson_iter_regex(b, &b_options);
    const int order = strcmp(x, y);

    return order ? order : strcmp(a_options, b_options);
}

static int compare_scalars(enum order_bracket bracket, const bson_iter_t *a,
                           const bson_iter_t *b)
{
    switch (bracket) {
    case ORDER_NUMBER:
        return compare_numbers(a, b);
    case ORDER_STRING:
    case ORDER_CODE:
        return compare_texts(a, b);
    case ORDER_BINARY:
        return compare_binaries(a, b);
    case ORDER_OID:
        return bson_oid_compare(bson_iter_oid(a), bson_iter_oid(b));
    case ORDER_BOOL:
        return (int)bson_iter_bool(a) - (int)bson_iter_bool(b);
    case ORDER_DATE:
        return compare_sign(bson_iter_date_time(a) < bson_iter_date_time(b),
                            bson_iter_date_time(a) > bson_iter_date_time(b));
    case ORDER_TIMESTAMP:
        return compare_timestamps(a, b);
    case ORDER_REGEX:
        return compare_regexes(a, b);
    default: /* one value each, or (pointers, scoped code) none of ours */
        return 0;
    }
}

/* ---- documents and arrays ---------------------------------------------- */

static int compare_values(const bson_iter_t *a, const bson_iter_t *b,
                          bool named, int depth);

static int compare_children(const bson_iter_t *a, const bson_iter_t *b,
                            bool named, int depth)
{
    bson_iter_t x, y;

    if (depth > PATH_MAX_DEPTH || !bson_iter_recurse(a, &x) ||
        !bson_iter_recurse(b, &y))
        return 0;
    for (;;) {
        const bool a_more = bson_iter_next(&x), b_more = bson_iter_next(&y);
        int order;

        if (!a_more || !b_more)
            return compare_sign(b_more, a_more);
        order = compare_values(&x, &y, named, depth + 1);
        if (order)
            return order;
    }
}

/* Fields differ by type first, then by name, then by value. */
static int compare_values(const bson_iter_t *a, const bson_iter_t *b,
                          bool named, int depth)
{
    const enum order_bracket x = order_bracket(bson_iter_type(a));
    const enum order_bracket y = order_bracket(bson_iter_type(b));
    int order;

    if (x != y)
        return compare_sign(x<y, x> y);
    order = named ? strcmp(bson_iter_key(a), bson_iter_key(b)) : 0;
    if (order)
        return order;
    if (x == ORDER_OBJECT || x == ORDER_ARRAY)
        return compare_children(a, b, x == ORDER_OBJECT, depth);
    return compare_scalars(x, a, b);
}

int document_compare(const bson_iter_t *a, const bson_iter_t *b)
{
    return compare_values(a, b, false, 0);
}
