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
    status = sign_headers(signer, keys, what, signature, &url, err);
    if (status < 0)
        return status;
    if (buffer_status(&signer->names, err) < 0)
        return signer->names.status;
    buffer_append(out, signer->names.data, signer->names.len);
    buffer_putc(out, '\n');
    buffer_puts(out, body_hash);
    return buffer_status(out, err);
}
