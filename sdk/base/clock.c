/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - time and ids. */
#include "sdk/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_steady_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_format(int64_t unix_ms, char out[32])
{
    int64_t seconds = unix_ms / 1000;
    int millis = (int)(unix_ms % 1000);
    struct tm parts;
    time_t when;
    size_t len;

    if (millis < 0) {
        millis += 1000;
        seconds--;
    }
    when = (time_t)seconds;
    if (!gmtime_r(&when, &parts))
        memset(&parts, 0, sizeof(parts));
    len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + len, 32 - len, ".%03dZ", millis);
}

/* "Z", "+01:00" or "-0130" as seconds east of UTC; -1 when malformed */
static int clock_offset(const char *text, long *seconds)
{
    int hours, minutes, used = 0;

    *seconds = 0;
    if (!*text)
        return -1; /* no offset at all */
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 &&
        sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &used) != 2)
        return -1;
    if ((text[0] != '+' && text[0] != '-') || text[1 + used] != '\0' ||
        hours > 23 || minutes > 59)
        return -1;
    *seconds = (hours * 60L + minutes) * 60L * (text[0] == '-' ? -1 : 1);
    return 0;
}

int clock_parse(const char *text, int64_t *unix_ms)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    long millis = 0, offset;

    if (!rest)
        return -1;
    if (*rest == '.') {
        char *end;
        const double fraction = strtod(rest, &end);
        if (end == rest || fraction < 0 || fraction >= 1)
            return -1;
        millis = (long)(fraction * 1000 + 0.5);
        rest = end;
    }
    if (clock_offset(rest, &offset) < 0)
        return -1;
    *unix_ms = ((int64_t)timegm(&parts) - offset) * 1000 + millis;
    return 0;
}

void id_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void id_uuid(char out[37])
{
    uint8_t raw[16];
    char hex[33];

    /* 16 bytes never block or come short once the pool is initialised */
    if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
        abort();
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
    id_hex(raw, sizeof(raw), hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
             hex + 16, hex + 20);
}
