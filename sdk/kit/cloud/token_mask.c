/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_mask.c - servers quote in their errors what they were sent. Whatever
 * is long enough to be told from a word, and is part of what was sent, is
 * masked before anybody reads it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sdk/kit/cloud/token_private.h"

#define MASK_SHORTEST 8 /* of a secret; shorter secrets as a whole */

/* Names, no secrets: messages are of no use without them. */
static const char *const mask_harmless[] = {
    "grant_type",         "client_id",          "client_assertion_type",
    "scope",              "resource",           "audience",
    "subject_token_type", "requested_token_type", "api-version"};

static bool mask_is_harmless(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(mask_harmless) / sizeof(*mask_harmless); i++)
        if (strlen(mask_harmless[i]) == len &&
            memcmp(mask_harmless[i], name, len) == 0)
            return true;
    return false;
}

/* How long a part of the secret (of which some bytes are as in a form) begins
 * with text; 0: none that is long enough. */
static size_t mask_common(const char *text, const char *secret, size_t len)
{
    const size_t shortest = len < MASK_SHORTEST ? len : MASK_SHORTEST;
    size_t longest = 0;

    for (size_t from = 0; from + shortest <= len; from++) {
        size_t same = 0;

        while (from + same < len && text[same] &&
               text[same] == secret[from + same])
            same++;
        longest = same > longest ? same : longest;
    }
    return longest >= shortest ? longest : 0;
}

static void mask_secret(char *text, const char *secret, size_t len)
{
    if (len == 0)
        return;
    while (*text) {
        const size_t same = mask_common(text, secret, len);

        memset(text, '*', same);
        text += same ? same : 1;
    }
}

/* A hexadecimal digit's value; the caller knows that it is one. */
static int mask_digit(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0'
                                         : (digit | 0x20) - 'a' + 10;
}

/* One value of a form: as it was sent, and decoded, in pieces. */
static void mask_value(char *text, const char *value, size_t len)
{
    char piece[512];
    size_t used = 0;

    mask_secret(text, value, len);
    if (!memchr(value, '%', len) && !memchr(value, '+', len))
        return;
    for (size_t i = 0; i < len; i++) {
        char byte = value[i] == '+' ? ' ' : value[i];

        if (byte == '%' && i + 2 < len &&
            isxdigit((unsigned char)value[i + 1]) &&
            isxdigit((unsigned char)value[i + 2])) {
            byte = (char)(mask_digit(value[i + 1]) * 16 +
                          mask_digit(value[i + 2]));
            i += 2;
        }
        piece[used++] = byte;
        if (used == sizeof(piece) || i + 1 == len) {
            mask_secret(text, piece, used);
            memmove(piece, piece + used / 2, used - used / 2);
            used -= used / 2;
        }
    }
    explicit_bzero(piece, sizeof(piece));
}

static void mask_form(char *text, const char *form, size_t len)
{
    const char *end = form + len;

    while (form < end) {
        const char *next = memchr(form, '&', (size_t)(end - form));
        const char *stop = next ? next : end;
        const char *value = memchr(form, '=', (size_t)(stop - form));

        if (value && !mask_is_harmless(form, (size_t)(value - form)))
            mask_value(text, value + 1, (size_t)(stop - value - 1));
        form = stop + 1;
    }
}

/* What a header says, without a scheme before it. */
static void mask_header(char *text, const char *header)
{
    const char *value = strchr(header, ':');
    const char *space;

    if (!value || strncasecmp(header, "Content-Type:", 13) == 0 ||
        strncasecmp(header, "Accept:", 7) == 0 ||
        strncasecmp(header, "Metadata", 8) == 0)
        return;
    value += 1 + strspn(value + 1, " \t");
    space = strrchr(value, ' ');
    value = space ? space + 1 : value;
    mask_secret(text, value, strlen(value));
}

void token_mask(const struct http_call *call, char *text)
{
    for (const char *const *header = call->headers; header && *header; header++)
        mask_header(text, *header);
    if (call->body && call->body_len && *(const char *)call->body != '{')
        mask_form(text, call->body, call->body_len);
}
