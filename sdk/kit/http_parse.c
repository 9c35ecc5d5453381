/* SPDX-License-Identifier: Apache-2.0 */
/* http_parse.c - header lines and Retry-After (RFC 9110, 5.5 and 10.2.3). */
#include <ctype.h>
#include <string.h>

#include "sdk/kit/http_private.h"

bool http_parse_token(const char *text, size_t len)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];

        if (byte >= 0x80 || (!isalnum(byte) && !strchr(others, byte)) || !byte)
            return false;
    }
    return len > 0;
}

bool http_parse_clean(const char *text, bool spaces)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte == 0x7f || (byte < 0x20 && !(spaces && byte == '\t')) ||
            (byte == ' ' && !spaces))
            return false;
    }
    return true;
}

bool http_parse_header(const char *line, size_t len, const char **name,
                       size_t *name_len, const char **value, size_t *value_len)
{
    const char *colon = memchr(line, ':', len);
    const char *end = line + len;

    if (!colon || !http_parse_token(line, (size_t)(colon - line)) ||
        memchr(line, '\0', len))
        return false;
    *name = line;
    *name_len = (size_t)(colon - line);
    for (colon++; colon < end && (*colon == ' ' || *colon == '\t'); colon++)
        ;
    while (end > colon && strchr(" \t\r\n", end[-1]))
        end--;
    *value = colon;
    *value_len = (size_t)(end - colon);
    return true;
}

int64_t http_parse_retry_after(const char *value, int64_t now_unix_ms)
{
    const size_t digits = strspn(value, "0123456789");
    int64_t seconds = 0;
    time_t date;

    if (digits && value[digits] == '\0') {
        for (size_t i = 0; i < digits && seconds < INT32_MAX; i++)
            seconds = seconds * 10 + (value[i] - '0');
        return seconds * 1000;
    }
    if (digits || strlen(value) > 64) /* a date begins with its day */
        return -1;
    if (http_curl_load(NULL) < 0)
        return -1;
    date = curl_getdate(value, NULL);
    if (date < 0 || date > INT64_MAX / 1000)
        return -1;
    return (int64_t)date * 1000 > now_unix_ms
               ? (int64_t)date * 1000 - now_unix_ms
               : 0;
}
