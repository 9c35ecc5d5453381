/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_time.c - dates in JMESPath expressions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/clock.h"
#include "sdk/kit/expr/jmespath_functions.h"

#define JMESPATH_DAY_MS 86400000
#define JMESPATH_FAR 253402300800.0 /* seconds to the year 10000 */

/* One time for all of an evaluation. */
static int64_t jmespath_clock(struct jmespath_walk *walk)
{
    if (!walk->now_ms)
        walk->now_ms = clock_now_ms();
    return walk->now_ms;
}

/* YYYY-MM-DD, and with 'T' (or a blank) hh:mm:ss; the length of that, or 0. */
static size_t jmespath_shape(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00";
    size_t len = 0;

    for (; shape[len]; len++) {
        const bool digit = text[len] >= '0' && text[len] <= '9';
        const bool blank = len == 10 && text[len] && strchr("t ", text[len]);

        if (shape[len] == '0' ? !digit : text[len] != shape[len] && !blank)
            break;
    }
    return len == 10 && !text[10] ? 10 : shape[len] ? 0 : len;
}

/* A date in the words that clock_parse knows. */
static bool jmespath_parse_date(const struct value *date, int64_t *out)
{
    char text[64];
    size_t len;

    if (date->count > 40 || strlen(date->text) != date->count)
        return false;
    len = jmespath_shape(date->text);
    if (!len)
        return false;
    if (len == 10) {
        snprintf(text, sizeof(text), "%sT00:00:00Z", date->text);
    } else {
        const char *rest = date->text + len;

        if (*rest == '.')
            rest += 1 + strspn(rest + 1, "0123456789");
        snprintf(text, sizeof(text), "%s%s", date->text, *rest ? "" : "Z");
        text[10] = 'T';
    }
    return clock_parse(text, out) == 0;
}

/* Milliseconds since 1970; a failure names the argument. */
static bool jmespath_date(struct jmespath_walk *walk,
                          const struct jmespath_node *node,
                          const struct value *date, int64_t *out)
{
    double seconds;

    if (value_number(date, &seconds)) {
        if (fabs(seconds) < JMESPATH_FAR) {
            *out = (int64_t)floor(seconds * 1000);
            return true;
        }
    } else if (jmespath_parse_date(date, out)) {
        return true;
    }
    if (date->kind == VALUE_STRING)
        jmespath_wrong(walk, node, "invalid-value", "\"%.40s\" is no date",
                       date->text);
    else
        jmespath_wrong(walk, node, "invalid-value", "this is no time");
    return false;
}

JMESPATH_FN(now)
{
    char text[32];

    (void)call;
    (void)args;
    clock_format(jmespath_clock(walk), text);
    return jmespath_text(walk, text, strlen(text));
}

JMESPATH_FN(unix_time)
{
    int64_t when;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (!jmespath_date(walk, call->nodes[0], args[0], &when))
        return NULL;
    return jmespath_double(walk, call, (double)when / 1000);
}

JMESPATH_FN(age_days)
{
    int64_t then, now;

    if (args[0]->kind == VALUE_NULL)
        return args[0];
    if (!jmespath_date(walk, call->nodes[0], args[0], &then))
        return NULL;
    if (call->count < 2)
        now = jmespath_clock(walk);
    else if (!jmespath_date(walk, call->nodes[1], args[1], &now))
        return NULL;
    return jmespath_double(walk, call,
                           floor((double)(now - then) / JMESPATH_DAY_MS));
}
