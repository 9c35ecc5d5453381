/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition_quantity.h - numbers and Kubernetes quantities (resource.Quantity:
 * 500m, 1Gi, 1e3, 0.5), compared exactly.
 */
#ifndef SDK_KIT_CONDITION_QUANTITY_H
#define SDK_KIT_CONDITION_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/kit/value.h"

#define QUANTITY_DIGITS 64    /* significant ones */
#define QUANTITY_EXPONENT 400 /* of ten, at most; every double is in it */

/** digits * 10^exponent * 2^shift */
struct quantity {
    uint8_t digits[QUANTITY_DIGITS]; /* the first is not 0; none: zero */
    uint8_t count;
    uint8_t shift;
    int16_t exponent;
    bool negative;
    bool unit; /* it was written with a suffix that is a letter or two */
};

/** Reads all of a text; false when it is none or out of range. */
bool quantity_read(const char *text, size_t len, struct quantity *out);
/** False of most strings that are none, quickly. */
static inline bool quantity_may_be(const struct value *value)
{
    return value->kind != VALUE_STRING ||
           (value->count && *value->text <= '9' && *value->text >= '+');
}
/** A number, or a string that is a quantity. */
bool quantity_from_value(const struct value *value, struct quantity *out);
/** <0, 0, >0 */
int quantity_compare(const struct quantity *a, const struct quantity *b);

#endif
