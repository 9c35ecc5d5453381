/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - times, percent-encoding and base64 of AWS's protocols. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/aws/model_private.h"

#define TIME_LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define TIME_FIRST INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */

static const char time_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char time_days[] = "SunMonTueWedThuFriSat";

/* ---- times ---------------------------------------------------------------- */

struct time_parts {
    int year, month, day, hour, minute, second;
    long micros;
    int offset; /* seconds east */
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar, by eras of 400
 * years that begin in March. */
static int64_t time_to_days(int year, int month, int day)
{
    const int64_t shifted = year - (month <= 2);
    const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    const int64_t of_era = shifted - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
                            day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static void time_from_days(int64_t days, struct time_parts *out)
{
    const int64_t shifted = days + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t of_era = shifted - era * 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
                                 of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 -
                                      year_of_era / 100);
    const int64_t month = (5 * of_year + 2) / 153;

    out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = (int)(year_of_era + era * 400 + (out->month <= 2));
}

/* Exactly `digits` digits; moves *text behind them. */
static bool time_digits(const char **text, int digits, int *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static bool time_byte(const char **text, const char *any)
{
    if (!**text || !strchr(any, **text))
        return false;
    (*text)++;
    return true;
}

static bool time_fraction(const char **text, long *micros)
{
    long unit = 100000;

    *micros = 0;
    if (**text != '.')
        return true;
    (*text)++;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        *micros += (**text - '0') * unit;
    return true;
}

static bool time_clock(const char **text, struct time_parts *out)
{
    return time_digits(text, 2, &out->hour) && time_byte(text, ":") &&
           time_digits(text, 2, &out->minute) && time_byte(text, ":") &&
           time_digits(text, 2, &out->second) &&
           time_fraction(text, &out->micros);
}

/* "Z", "+01:00", "-0100", or nothing: UTC. */
static bool time_zone(const char **text, struct time_parts *out)
{
    const bool west = **text == '-';
    int hours, minutes;

    out->offset = 0;
    if (!**text || (time_byte(text, "Zz") && !**text))
        return true;
    if (!time_byte(text, "+-") || !time_digits(text, 2, &hours))
        return false;
    (void)time_byte(text, ":");
    if (!time_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    out->offset = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return !**text;
}

/* 2019-12-16T23:48:18.123+01:00, or the date alone. */
static bool time_iso(const char *text, struct time_parts *out)
{
    if (!time_digits(&text, 4, &out->year) || !time_byte(&text, "-") ||
        !time_digits(&text, 2, &out->month) || !time_byte(&text, "-") ||
        !time_digits(&text, 2, &out->day))
        return false;
    if (!*text)
        return true;
    return time_byte(&text, "Tt ") && time_clock(&text, out) &&
           time_zone(&text, out);
}

/* Sun, 06 Nov 1994 08:49:37 GMT (RFC 7231 section 7.1.1.1). */
static bool time_http(const char *text, struct time_parts *out)
{
    const char *month;
    char name[4] = "";

    if (strlen(text) < 25 || text[3] != ',' || text[4] != ' ')
        return false;
    text += 5;
    if (!time_digits(&text, 2, &out->day) || !time_byte(&text, " "))
        return false;
    memcpy(name, text, 3);
    month = strstr(time_months, name);
    if (!month || (month - time_months) % 3)
        return false;
    out->month = (int)(month - time_months) / 3 + 1;
    text += 3;
    if (!time_byte(&text, " ") || !time_digits(&text, 4, &out->year) ||
        !time_byte(&text, " ") || !time_clock(&text, out) ||
        !time_byte(&text, " "))
        return false;
    return strcmp(text, "GMT") == 0 || strcmp(text, "UTC") == 0 ||
           time_zone(&text, out);
}

/* Seconds since 1970, maybe with a fraction or an exponent. */
static int time_number(const char *text, int64_t *unix_us)
{
    char *end;
    double seconds;

    if (strspn(text, "0123456789+-.eE") != strlen(text))
        return -1;
    seconds = strtod(text, &end);
    if (end == text || *end || !(seconds <= (double)TIME_LAST) ||
        !(seconds >= (double)TIME_FIRST))
        return -1;
    *unix_us = (int64_t)llround(seconds * 1e6);
    return 0;
}

int aws_time_parse(const char *text, int64_t *unix_us)
{
    struct time_parts parts = {0};

    if (!time_iso(text, &parts)) {
        parts = (struct time_parts){0};
        if (!time_http(text, &parts))
            return time_number(text, unix_us);
    }
    if (parts.year < 1 || parts.month < 1 || parts.month > 12 ||
        parts.day < 1 || parts.day > 31 || parts.hour > 24 ||
        parts.minute > 59 || parts.second > 60)
        return -1;
    *unix_us = ((time_to_days(parts.year, parts.month, parts.day) * 86400 +
                 parts.hour * 3600 + parts.minute * 60 + parts.second -
                 parts.offset) * 1000000) + parts.micros;
    return 0;
}

static void time_split(int64_t unix_us, struct time_parts *out, int *weekday)
{
    int64_t seconds = unix_us / 1000000, days;

    out->micros = (long)(unix_us % 1000000);
    if (out->micros < 0) {
        out->micros += 1000000;
        seconds--;
    }
    days = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400);
    seconds -= days * 86400;
    time_from_days(days, out);
    out->hour = (int)(seconds / 3600);
    out->minute = (int)(seconds / 60 % 60);
    out->second = (int)(seconds % 60);
    *weekday = (int)(((days + 4) % 7 + 7) % 7);
}

static void time_put(char *out, int value, int digits)
{
    while (digits--) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void aws_time_format(int64_t unix_us, char out[40])
{
    struct time_parts parts;
    int weekday;
    char *at = out + 19;

    time_split(unix_us, &parts, &weekday);
    memcpy(out, "0000-00-00T00:00:00", 19);
    time_put(out, parts.year, 4);
    time_put(out + 5, parts.month, 2);
    time_put(out + 8, parts.day, 2);
    time_put(out + 11, parts.hour, 2);
    time_put(out + 14, parts.minute, 2);
    time_put(out + 17, parts.second, 2);
    if (parts.micros) {
        const bool millis = parts.micros % 1000 == 0;

        *at++ = '.';
        time_put(at, (int)(millis ? parts.micros / 1000 : parts.micros),
                 millis ? 3 : 6);
        at += millis ? 3 : 6;
    }
    memcpy(at, "Z", 2);
}

void aws_time_send(int64_t unix_us, uint32_t format, char out[40])
{
    struct time_parts parts;
    int weekday;

    if (format == MODEL_ISO8601) {
        aws_time_format(unix_us, out);
        return;
    }
    time_split(unix_us, &parts, &weekday);
    if (format == MODEL_UNIX) {
        const int64_t seconds = (unix_us - parts.micros) / 1000000;

        snprintf(out, 40, "%lld", (long long)seconds);
        return;
    }
    snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             time_days + 3 * (weekday % 7), parts.day,
             time_months + 3 * ((parts.month - 1) % 12), parts.year,
             parts.hour, parts.minute, parts.second);
}

/* ---- encodings ------------------------------------------------------------ */

/* RFC 3986 section 2.3 */
static bool text_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

void aws_encode(struct buffer *out, const char *text, size_t len, bool slash)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (text_unreserved(text[i]) || (byte == '/' && !slash)) {
            buffer_putc(out, text[i]);
            continue;
        }
        buffer_putc(out, '%');
        buffer_putc(out, digits[byte >> 4]);
        buffer_putc(out, digits[byte & 15]);
    }
}

static int text_hex(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

size_t aws_decode(char *text, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        const int high = i + 2 < len && text[i] == '%' ? text_hex(text[i + 1])
                                                       : -1;
        const int low = high >= 0 ? text_hex(text[i + 2]) : -1;

        if (low < 0) {
            text[used++] = text[i];
            continue;
        }
        text[used++] = (char)(high << 4 | low);
        i += 2;
    }
    text[used] = '\0';
    return used;
}

void aws_base64(struct buffer *out, const char *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t word =
            (uint32_t)(unsigned char)data[i] << 16 |
            (left > 1 ? (uint32_t)(unsigned char)data[i + 1] << 8 : 0) |
            (left > 2 ? (uint32_t)(unsigned char)data[i + 2] : 0);

        buffer_putc(out, digits[word >> 18]);
        buffer_putc(out, digits[word >> 12 & 63]);
        buffer_putc(out, left > 1 ? digits[word >> 6 & 63] : '=');
        buffer_putc(out, left > 2 ? digits[word & 63] : '=');
    }
}

static int text_sextet(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

bool aws_unbase64(struct buffer *out, const char *text, size_t len)
{
    uint32_t word = 0;
    int bits = 0;

    while (len && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        const int sextet = text_sextet(text[i]);

        if (sextet < 0)
            return false;
        word = word << 6 | (uint32_t)sextet;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        buffer_putc(out, (char)(word >> bits & 0xff));
    }
    return out->status == ENGINE_OK;
}
