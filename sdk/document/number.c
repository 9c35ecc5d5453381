/* SPDX-License-Identifier: Apache-2.0 */
/* number.c - numbers to and from text, in no locale but C's. */
#include "sdk/document/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 400 /* longer texts add no digit that a double keeps */

/* strtod wants the decimal point of the locale, which a program may set. */
static bool number_to_double(const char *text, size_t len, double *out)
{
    const char *point = localeconv()->decimal_point;
    const size_t point_len = strlen(point);
    char copy[NUMBER_MAX + 16];
    size_t to = 0;
    char *end;

    if (len > NUMBER_MAX || point_len > 8)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            memcpy(copy + to, point, point_len);
            to += point_len;
        } else {
            copy[to++] = text[i];
        }
    }
    copy[to] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static bool number_to_integer(const char *text, size_t len, int64_t *out)
{
    char copy[32];
    char *end;
    long long value;

    while (len > 20 && text[0] == '0') {
        text++;
        len--;
    }
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    errno = 0;
    value = strtoll(copy, &end, 10);
    if (errno || *end)
        return false;
    *out = value;
    return true;
}

bool number_parse(const char *text, size_t len, struct reader_scalar *scalar)
{
    bool whole = true;
    int64_t integer;

    for (size_t i = 0; i < len; i++)
        whole = whole && text[i] != '.' && text[i] != 'e' && text[i] != 'E';
    if (whole && number_to_integer(text, len, &integer)) {
        reader_integer(scalar, integer);
        return true;
    }
    scalar->type = BSON_TYPE_DOUBLE;
    return number_to_double(text, len, &scalar->number);
}

static unsigned number_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    return (unsigned)((digit | 0x20) - 'a') + 10;
}

void number_parse_base(const char *digits, size_t len, unsigned base,
                       struct reader_scalar *scalar)
{
    double number = 0;
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        const unsigned digit = number_digit(digits[i]);

        number = number * base + digit;
        if (number < 9223372036854775808.0)
            value = value * base + digit;
    }
    if (number < 9223372036854775808.0 && value <= INT64_MAX) {
        reader_integer(scalar, (int64_t)value);
        return;
    }
    scalar->type = BSON_TYPE_DOUBLE;
    scalar->number = number;
}

void number_format(double number, char out[40])
{
    const char *point = localeconv()->decimal_point;
    char *found;

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 36, "%.*g", digits, number);
        if (strtod(out, NULL) == number)
            break;
    }
    found = strstr(out, point);
    if (found && strcmp(point, ".") != 0) {
        *found = '.';
        memmove(found + 1, found + strlen(point),
                strlen(found + strlen(point)) + 1);
    }
    if (!strpbrk(out, ".e"))
        memcpy(out + strlen(out), ".0", 3);
}

void number_put(struct buffer *out, double number)
{
    char text[40];

    if (!isfinite(number)) {
        buffer_puts(out, "null");
        return;
    }
    number_format(number, text);
    buffer_puts(out, text);
}
