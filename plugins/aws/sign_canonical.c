/* SPDX-License-Identifier: Apache-2.0 */
/* sign_canonical.c - the canonical request ("Create a signed AWS API request",
 * step 1). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/sign_private.h"
#include "sdk/base/alloc.h"

#define SIGN_PARAMETERS_MAXIMUM 65536

/* ---- encoding ------------------------------------------------------------ */

static bool sign_is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           c == '~';
}

static void sign_put_byte(struct buffer *out, unsigned char c, char keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

    if (sign_is_unreserved(c) || (keep && c == (unsigned char)keep))
        buffer_putc(out, (char)c);
    else
        buffer_append(out, escape, 3);
}

static int sign_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* encodes each byte of a text, or with `decode` what its escapes stand for */
static void sign_encode(struct buffer *out, const char *text, size_t len,
                        char keep, bool decode)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (decode && c == '%' && i + 2 < len &&
            sign_digit((unsigned char)text[i + 1]) >= 0 &&
            sign_digit((unsigned char)text[i + 2]) >= 0) {
            c = (unsigned char)(sign_digit((unsigned char)text[i + 1]) * 16 +
                                sign_digit((unsigned char)text[i + 2]));
            i += 2;
        }
        sign_put_byte(out, c, keep);
    }
}

/* ---- the URL ------------------------------------------------------------- */

/* "https://HOST[:PORT][/PATH][?QUERY]", in its parts */
struct sign_url {
    const char *host, *path, *query;
    size_t host_len, path_len, query_len;
};

static engine_status sign_url_split(const char *url, struct sign_url *out,
                                    engine_error *err)
{
    const char *scheme = strstr(url, "://"), *at;
    const bool https = strncasecmp(url, "https:", 6) == 0;
    const char *usual = https ? ":443" : ":80";

    if (!scheme)
        return engine_fail(err, ENGINE_EINVAL, "\"%.100s\" is no URL", url);
    out->host = scheme + 3;
    out->host_len = strcspn(out->host, "/?#");
    out->path = out->host + out->host_len;
    out->path_len = strcspn(out->path, "?#");
    out->query = out->path + out->path_len;
    if (*out->query == '?')
        out->query++;
    out->query_len = strcspn(out->query, "#");
    at = memchr(out->host, '@', out->host_len);
    if (at) {
        out->host_len -= (size_t)(at + 1 - out->host);
        out->host = at + 1;
    }
    /* the client sends no port that goes without saying */
    if (out->host_len > strlen(usual) &&
        strncmp(out->host + out->host_len - strlen(usual), usual,
                strlen(usual)) == 0)
        out->host_len -= strlen(usual);
    return ENGINE_OK;
}

/* the last segment in front of end, which is behind a slash */
static void sign_path_up(struct buffer *out, size_t base)
{
    size_t len = out->len;

    while (len > base && out->data[len - 1] == '/')
        len--;
    while (len > base && out->data[len - 1] != '/')
        len--;
    out->len = len;
}

/* without ".", ".." and empty segments (RFC 3986 section 6.2.2.3) */
static void sign_put_normal(struct buffer *out, const char *path, size_t len)
{
    const size_t base = out->len + 1;
    const char *end = path + len;

    buffer_putc(out, '/');
    while (path < end && out->status == ENGINE_OK) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        const size_t part = (size_t)((slash ? slash : end) - path);

        if (part == 2 && path[0] == '.' && path[1] == '.') {
            sign_path_up(out, base);
        } else if (part && !(part == 1 && path[0] == '.')) {
            sign_encode(out, path, part, '\0', false);
            if (slash)
                buffer_putc(out, '/');
        }
        path += part + (slash ? 1 : 0);
    }
}

static void sign_put_path(const struct aws_signed *what,
                          const struct sign_url *url, struct buffer *out)
{
    if (!url->path_len)
        buffer_putc(out, '/');
    else if (what->s3)
        sign_encode(out, url->path, url->path_len, '/', true);
    else if (what->raw_path)
        sign_encode(out, url->path, url->path_len, '/', false);
    else
        sign_put_normal(out, url->path, url->path_len);
}

/* ---- the query ----------------------------------------------------------- */

static struct sign_parameter *sign_parameter_add(struct aws_signer *signer)
{
    struct sign_parameter *more;
    size_t room = signer->parameters_room;

    if (signer->parameters_count == room) {
        room = room ? room * 2 : 32;
        if (room > SIGN_PARAMETERS_MAXIMUM)
            return NULL;
        more = engine_realloc(signer->parameters, room * sizeof(*more));
        if (!more)
            return NULL;
        signer->parameters = more;
        signer->parameters_room = room;
    }
    return &signer->parameters[signer->parameters_count++];
}

static engine_status sign_query_read(struct aws_signer *signer,
                                     const char *text, size_t len)
{
    const char *end = text + len;

    signer->parameters_count = 0;
    buffer_reset(&signer->query);
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        const size_t part = (size_t)((stop ? stop : end) - text);
        const char *equals = memchr(text, '=', part);
        const size_t key = equals ? (size_t)(equals - text) : part;
        struct sign_parameter *now = part ? sign_parameter_add(signer) : NULL;

        if (part && !now)
            return ENGINE_ENOMEM;
        if (now) {
            now->at = signer->query.len;
            sign_encode(&signer->query, text, key, '\0', true);
            now->key_len = signer->query.len - now->at;
            buffer_putc(&signer->query, '=');
            if (equals)
                sign_encode(&signer->query, equals + 1, part - key - 1, '\0',
                            true);
            now->len = signer->query.len - now->at;
        }
        text += part + (stop ? 1 : 0);
    }
    return signer->query.status;
}

static int sign_compare(const char *a, size_t a_len, const char *b,
                        size_t b_len)
{
    const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int sign_parameter_compare(const void *a, const void *b, void *user)
{
    const struct sign_parameter *left = a, *right = b;
    const char *text = user;
    const int order =
        sign_compare(text + left->at, left->key_len, text + right->at,
                     right->key_len);

    return order ? order
                 : sign_compare(text + left->at, left->len, text + right->at,
                                right->len);
}

static engine_status sign_put_query(struct aws_signer *signer,
                                    const struct sign_url *url)
{
    const engine_status status =
        sign_query_read(signer, url->query, url->query_len);

    if (status < 0 || !signer->parameters_count)
        return status;
    qsort_r(signer->parameters, signer->parameters_count,
            sizeof(*signer->parameters), sign_parameter_compare,
            signer->query.data);
    for (size_t i = 0; i < signer->parameters_count; i++) {
        const struct sign_parameter *now = &signer->parameters[i];

        if (i)
            buffer_putc(&signer->canonical, '&');
        buffer_append(&signer->canonical, signer->query.data + now->at,
                      now->len);
    }
    return ENGINE_OK;
}

/* ---- headers ------------------------------------------------------------- */

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

static engine_status sign_canonical_headers(
    struct aws_signer *signer, const struct aws_keys *keys,
    const struct aws_signed *what, const struct aws_signature *signature,
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

engine_status sign_canonical(struct aws_signer *signer,
                             const struct aws_keys *keys,
                             const struct aws_signed *what,
                             const struct aws_signature *signature,
                             const char *body_hash, engine_error *err)
{
    struct buffer *out = &signer->canonical;
    struct sign_url url = {0};
    engine_status status = sign_url_split(what->url, &url, err);

    if (status < 0)
        return status;
    buffer_reset(out);
    buffer_reset(&signer->names);
    buffer_puts(out, what->method);
    buffer_putc(out, '\n');
    sign_put_path(what, &url, out);
    buffer_putc(out, '\n');
    if (sign_put_query(signer, &url) < 0)
        return engine_fail_memory(err);
    buffer_putc(out, '\n');
    status = sign_canonical_headers(signer, keys, what, signature, &url, err);
    if (status < 0)
        return status;
    if (buffer_status(&signer->names, err) < 0)
        return signer->names.status;
    buffer_append(out, signer->names.data, signer->names.len);
    buffer_putc(out, '\n');
    buffer_puts(out, body_hash);
    return buffer_status(out, err);
}
