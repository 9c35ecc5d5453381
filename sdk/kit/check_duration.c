/* SPDX-License-Identifier: Apache-2.0 */
/* check_duration.c - durations as Go writes them (time.ParseDuration): 10m0s,
 * 1h30m, 500ms. */
#include <string.h>

#include "sdk/kit/check_oval.h"

#define DURATION_MAX (INT64_C(1000000000) * 3600 * 24 * 365 * 200)

struct duration_unit {
    const char *name;
    int64_t nanoseconds;
};

/* Longer names first. */
static const struct duration_unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", INT64_C(60) * 1000000000},
    {"h", INT64_C(3600) * 1000000000}};

/* A number of 18 digits at most, in billionths. */
static bool duration_number(const char **at, int64_t *whole, int64_t *parts)
{
    int64_t weight = 100000000;
    int digits = 0;

    *whole = *parts = 0;
    for (; **at >= '0' && **at <= '9'; ++*at, digits++) {
        if (digits >= 18)
            return false;
        *whole = *whole * 10 + (**at - '0');
    }
    if (**at != '.')
        return digits > 0;
    for (++*at; **at >= '0' && **at <= '9'; ++*at, digits++) {
        *parts += weight * (**at - '0');
        weight /= 10;
    }
    return digits > 0;
}

static const struct duration_unit *duration_unit(const char **at)
{
    for (size_t i = 0; i < sizeof(duration_units) / sizeof(*duration_units);
         i++) {
        const size_t len = strlen(duration_units[i].name);

        if (!strncmp(*at, duration_units[i].name, len)) {
            *at += len;
            return &duration_units[i];
        }
    }
    return NULL;
}

bool oval_duration(const char *text, bool seconds, bool *written,
                   int64_t *out)
{
    int64_t sum = 0;

    *written = false;
    while (*text) {
        const struct duration_unit *unit;
        int64_t whole, parts;

        if (!duration_number(&text, &whole, &parts))
            return false;
        unit = duration_unit(&text);
        if (!unit) { /* a bare number, alone */
            if (!seconds || *written || sum || *text)
                return false;
            unit = &duration_units[4];
        } else {
            *written = true;
        }
        if (whole > (DURATION_MAX - sum) / unit->nanoseconds)
            return false;
        sum += whole * unit->nanoseconds +
               (int64_t)((double)parts / 1e9 * (double)unit->nanoseconds);
        if (sum > DURATION_MAX)
            return false;
    }
    *out = sum;
    return true;
}
