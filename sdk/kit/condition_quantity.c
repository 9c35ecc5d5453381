/* SPDX-License-Identifier: Apache-2.0 */
/* condition_quantity.c - exact arithmetic of decimal numbers with suffixes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sdk/document/number.h"
#include "sdk/kit/condition_quantity.h"

/* ---- reading -------------------------------------------------------------- */

struct quantity_suffix {
    const char *text;
    int exponent, shift;
};

/* resource.Quantity's own; an upper case E with digits is an exponent. */
static const struct quantity_suffix quantity_suffixes[] = {
    {"n", -9, 0}, {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},
    {"M", 6, 0},  {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},
    {"E", 18, 0}, {"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30},
    {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

static bool quantity_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Digits before or after the point. */
static bool quantity_digits(const char **at, const char *end, bool fraction,
                            struct quantity *out, int *exponent)
{
    for (; quantity_digit(*at, end); ++*at) {
        const uint8_t digit = (uint8_t)(**at - '0');

        if (*exponent < -4 * QUANTITY_EXPONENT)
            return false;
        *exponent -= fraction;
        if (!digit && !out->count)
            continue;
        if (out->count == QUANTITY_DIGITS)
            return false;
        out->digits[out->count++] = digit;
    }
    return true;
}

/* e3, E-3 */
static bool quantity_exponent(const char *at, const char *end, int *exponent)
{
    bool negative = false;
    int number = 0;

    if (++at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    if (!quantity_digit(at, end))
        return false;
    for (; quantity_digit(at, end); at++) {
        number = number * 10 + (*at - '0');
        if (number > 4 * QUANTITY_EXPONENT)
            return false;
    }
    *exponent += negative ? -number : number;
    return at == end;
}

static bool quantity_suffix(const char *at, const char *end,
                            struct quantity *out, int *exponent)
{
    const size_t len = (size_t)(end - at);

    if (!len)
        return true;
    for (size_t i = 0;
         i < sizeof(quantity_suffixes) / sizeof(*quantity_suffixes); i++) {
        const struct quantity_suffix *suffix = &quantity_suffixes[i];

        if (*suffix->text == *at && len == strlen(suffix->text) &&
            !memcmp(at, suffix->text, len)) {
            *exponent += suffix->exponent;
            out->shift = (uint8_t)suffix->shift;
            out->unit = true;
            return true;
        }
    }
    return (*at == 'e' || *at == 'E') && quantity_exponent(at, end, exponent);
}

/* Zeros at the end are the exponent's: equal numbers have equal digits. */
static void quantity_normalise(struct quantity *out, int *exponent)
{
    while (out->count && !out->digits[out->count - 1]) {
        out->count--;
        ++*exponent;
    }
    if (!out->count) {
        *exponent = 0;
        out->negative = false;
        out->shift = 0;
    }
}

bool quantity_read(const char *text, size_t len, struct quantity *out)
{
    const char *at = text, *end = text + len;
    const char *first;
    int exponent = 0;
    bool point = false;

    if (!len || (*text > '9' || *text < '+')) /* as most texts */
        return false;
    memset(out, 0, sizeof(*out));
    if (at < end && (*at == '-' || *at == '+'))
        out->negative = *at++ == '-';
    first = at;
    if (!quantity_digits(&at, end, false, out, &exponent))
        return false;
    if (at < end && *at == '.') {
        point = true;
        at++;
        if (!quantity_digits(&at, end, true, out, &exponent))
            return false;
    }
    if (at - first <= point) /* no digit at all */
        return false;
    if (!quantity_suffix(at, end, out, &exponent))
        return false;
    quantity_normalise(out, &exponent);
    if (exponent > QUANTITY_EXPONENT || exponent < -QUANTITY_EXPONENT)
        return false;
    out->exponent = (int16_t)exponent;
    return true;
}

bool quantity_from_value(const struct value *value, struct quantity *out)
{
    char text[40];

    switch (value->kind) {
    case VALUE_INT:
        snprintf(text, sizeof(text), "%lld", (long long)value->integer);
        return quantity_read(text, strlen(text), out);
    case VALUE_DOUBLE:
        if (!isfinite(value->number))
            return false;
        number_format(value->number, text);
        return quantity_read(text, strlen(text), out);
    case VALUE_STRING:
        return quantity_read(value->text, value->count, out);
    default:
        return false;
    }
}

/* ---- comparing ------------------------------------------------------------ */

#define LIMB 1000000000u /* nine digits */
/* 64 digits, 800 of the exponents, 19 of 2^60, in nines */
#define LIMBS 104

struct quantity_big {
    uint32_t limbs[LIMBS]; /* the least first */
    unsigned count;
};

static void quantity_multiply(struct quantity_big *big, uint32_t by,
                              uint32_t add)
{
    uint64_t carry = add;

    for (unsigned i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * by;
        big->limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    while (carry && big->count < LIMBS) {
        big->limbs[big->count++] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
}

/* The size of a quantity in units of 10^scale, which is not above its own. */
static void quantity_expand(const struct quantity *quantity, int scale,
                            struct quantity_big *out)
{
    int tens = quantity->exponent - scale;

    out->count = 0;
    for (unsigned i = 0; i < quantity->count; i++)
        quantity_multiply(out, 10, quantity->digits[i]);
    for (; tens >= 9; tens -= 9)
        quantity_multiply(out, LIMB, 0);
    for (; tens > 0; tens--)
        quantity_multiply(out, 10, 0);
    for (unsigned i = 0; i < quantity->shift; i += 10)
        quantity_multiply(out, 1024, 0);
}

static int quantity_compare_big(const struct quantity_big *a,
                                const struct quantity_big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (unsigned i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
    const int scale = a->exponent < b->exponent ? a->exponent : b->exponent;
    struct quantity_big x, y;
    int order;

    if (!a->count || !b->count) {
        if (a->count)
            return a->negative ? -1 : 1;
        return !b->count ? 0 : b->negative ? 1 : -1;
    }
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    quantity_expand(a, scale, &x);
    quantity_expand(b, scale, &y);
    order = quantity_compare_big(&x, &y);
    return a->negative ? -order : order;
}
