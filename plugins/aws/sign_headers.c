/* SPDX-License-Identifier: Apache-2.0 */
/* sign_headers.c - the headers of a canonical request, and their names. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/sign_private.h"

static bool sign_name_is(const char *name, size_t len, const char *other)
{
    return strlen(other) == len && strncasecmp(name, other, len) == 0;
}

/* what is made here, and is among the headers of a call by mistake at most */
static bool sign_is_own(const char *name, size_t len)
{
    return sign_name_is(name, len, "x-amz-date") ||
           sign_name_is(name, len, "x-amz-content-sha256") ||
           sign_name_is(name, len, "x-amz-security-token") ||
           sign_name_is(name, len, "authorization");
}

static bool sign_wants(const struct aws_signed *what, const char *name,
                       size_t len)
{
    return what->all || sign_name_is(name, len, "host") ||
           sign_name_is(name, len, "content-type") ||
           (len > 6 && strncasecmp(name, "x-amz-", 6) == 0) ||
           (len > 7 && strncasecmp(name, "x-amzn-", 7) == 0);
}

static bool sign_header_add(struct aws_signer *signer, const char *name,
                            size_t name_len, const char *value,
                            size_t value_len)
{
    const unsigned at = signer->headers_count;

    if (at == SIGN_HEADERS_MAXIMUM)
        return false;
    signer->headers[at] =
        (struct sign_header){name, value, name_len, value_len, at};
    signer->headers_count++;
    return true;
}

static bool sign_header_text(struct aws_signer *signer, const char *name,
                             const char *value)
{
    return sign_header_add(signer, name, strlen(name), value, strlen(value));
}

static engine_status sign_headers_read(struct aws_signer *signer,
                                       const struct aws_signed *what,
                                       const struct sign_url *url,
                                       engine_error *err)
{
    bool host = false, fits = true;

    signer->headers_count = 0;
    for (size_t i = 0; what->headers && what->headers[i] && fits; i++) {
        const char *line = what->headers[i], *colon = strchr(line, ':');
        const size_t len = colon ? (size_t)(colon - line) : 0;

        if (!colon)
            return engine_fail(err, ENGINE_EINVAL,
                               "header %zu of a call has no colon", i + 1);
        if (sign_is_own(line, len) || !sign_wants(what, line, len))
            continue;
        host = host || sign_name_is(line, len, "host");
        fits = sign_header_add(signer, line, len, colon + 1,
                               strlen(colon + 1));
    }
    if (fits && !host)
        fits = sign_header_add(signer, "host", 4, url->host, url->host_len);
    if (!fits)
        return engine_fail(err, ENGINE_ELIMIT, "a call with more than %d "
                                               "headers",
                           SIGN_HEADERS_MAXIMUM);
    return ENGINE_OK;
}

static int sign_header_compare(const void *a, const void *b)
{
    const struct sign_header *left = a, *right = b;
    const size_t len =
        left->name_len < right->name_len ? left->name_len : right->name_len;
    const int order = strncasecmp(left->name, right->name, len);

    if (order)
        return order;
    if (left->name_len != right->name_len)
        return left->name_len < right->name_len ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void sign_put_name(struct buffer *out, const struct sign_header *header)
{
    for (size_t i = 0; i < header->name_len; i++) {
        const char c = header->name[i];

        buffer_putc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
}

static bool sign_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* trimmed, and one space where there are more */
static void sign_put_value(struct buffer *out, const struct sign_header *header)
{
    const char *at = header->value, *end = at + header->value_len;

    while (at < end && sign_is_space(*at))
        at++;
    while (end > at && sign_is_space(end[-1]))
        end--;
    for (; at < end; at++) {
        if (!sign_is_space(*at))
            buffer_putc(out, *at);
        else if (!sign_is_space(at[-1]))
            buffer_putc(out, ' ');
    }
}

static void sign_put_headers(struct aws_signer *signer)
{
    struct buffer *out = &signer->canonical;

    for (unsigned i = 0; i < signer->headers_count; i++) {
        const struct sign_header *now = &signer->headers[i];
        const struct sign_header *last = i ? now - 1 : NULL;

        if (last && last->name_len == now->name_len &&
            !strncasecmp(last->name, now->name, now->name_len)) {
            buffer_putc(out, ',');
        } else {
            if (last)
                buffer_putc(out, '\n');
            sign_put_name(out, now);
            buffer_putc(out, ':');
            if (last)
                buffer_putc(&signer->names, ';');
            sign_put_name(&signer->names, now);
        }
        sign_put_value(out, now);
    }
    buffer_puts(out, "\n\n");
}

engine_status sign_headers(struct aws_signer *signer,
                           const struct aws_keys *keys,
                           const struct aws_signed *what,
                           const struct aws_signature *signature,
                           const struct sign_url *url, engine_error *err)
{
    engine_status status = sign_headers_read(signer, what, url, err);
    bool fits;

    if (status < 0)
        return status;
    fits = sign_header_text(signer, "x-amz-date", signature->date);
    if (signature->content_sha256[0])
        fits = fits && sign_header_text(signer, "x-amz-content-sha256",
                                        signature->content_sha256);
    if (keys->token.len && !what->unsigned_token)
        fits = fits && sign_header_text(signer, "x-amz-security-token",
                                        keys->token.text);
    if (!fits)
        return engine_fail(err, ENGINE_ELIMIT, "a call with too many headers");
    qsort(signer->headers, signer->headers_count, sizeof(*signer->headers),
          sign_header_compare);
    sign_put_headers(signer);
    return ENGINE_OK;
}
