/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_read.c - keys out of JSON, and small things that all sources
 * of credentials need. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/clock.h"

/* ---- keys ---------------------------------------------------------------- */

/* what goes into a header is visible ASCII */
static bool read_is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text > '~')
            return false;
    return true;
}

engine_status aws_keys_set(struct aws_keys *out, const char *id,
                           const char *secret, const char *token,
                           engine_error *err)
{
    engine_status status;

    if (!*id || strlen(id) >= sizeof(out->id) || !read_is_plain(id) ||
        strpbrk(id, "/,"))
        return engine_fail(err, ENGINE_EINVAL,
                           "what is given as the access key id is none");
    if (!*secret || !read_is_plain(secret))
        return engine_fail(err, ENGINE_EINVAL,
                           "what is given as the secret access key is none");
    if (token && !read_is_plain(token))
        return engine_fail(err, ENGINE_EINVAL,
                           "what is given as the session token is none");
    snprintf(out->id, sizeof(out->id), "%s", id);
    status = secret_set(&out->secret, secret, strlen(secret), err);
    if (status == ENGINE_OK && token && *token)
        status = secret_set(&out->token, token, strlen(token), err);
    return status;
}

static engine_status read_expiry(const struct value *object,
                                 const struct aws_names *names,
                                 struct aws_keys *out, engine_error *err)
{
    const struct value *value = value_member(object, names->expires);
    const char *text = value_text(value);

    if (!value || value->kind == VALUE_NULL) {
        if (names->must_expire)
            return engine_fail(err, ENGINE_EPARSE, "there is no %s in it",
                               names->expires);
        return ENGINE_OK;
    }
    if (value->kind == VALUE_INT)
        out->expires_ms = value->integer;
    else if (!text || clock_parse(text, &out->expires_ms) < 0)
        return engine_fail(err, ENGINE_EPARSE, "its %s is no date",
                           names->expires);
    if (out->expires_ms <= 0)
        return engine_fail(err, ENGINE_EPARSE, "its %s is no date",
                           names->expires);
    return ENGINE_OK;
}

static const char *read_text(const struct value *object, const char *key)
{
    const struct value *value = value_member(object, key);
    const char *text = value_text(value);

    return text && strlen(text) == value->count ? text : NULL;
}

engine_status aws_keys_read(const struct value *object,
                            const struct aws_names *names,
                            struct aws_keys *out, engine_error *err)
{
    const char *id = read_text(object, names->id);
    const char *secret = read_text(object, names->secret);

    if (!id || !secret)
        return engine_fail(err, ENGINE_EPARSE, "there is no %s in it",
                           id ? names->secret : names->id);
    if (read_expiry(object, names, out, err) < 0)
        return ENGINE_EPARSE;
    return aws_keys_set(out, id, secret, read_text(object, names->token), err);
}

/* ---- texts --------------------------------------------------------------- */

void aws_line(const char *text, size_t len, char *out, size_t room)
{
    size_t used = 0;

    while (len && (unsigned char)*text <= ' ') {
        text++;
        len--;
    }
    /* the first line alone: behind it may be what was signed */
    for (size_t i = 0; i < len && used + 1 < room; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '\n' || c == '\r' || !c)
            break;
        out[used++] = c < ' ' || c == 127 ? ' ' : (char)c;
    }
    while (used && out[used - 1] == ' ')
        used--;
    /* no half characters of UTF-8 */
    if (used + 1 == room)
        while (used && ((unsigned char)out[used - 1] & 0x80))
            used--;
    out[used] = '\0';
}

/* Also where it was cut short: its first letters tell. */
static void read_redact(char *text, const char *secret, size_t len)
{
    char begin[17];

    if (len < 8)
        return;
    snprintf(begin, sizeof(begin), "%s", secret);
    for (char *at = text; (at = strstr(at, begin));)
        for (; *at && *at != ' '; at++)
            *at = '*';
    explicit_bzero(begin, sizeof(begin));
}

void aws_redact(char *text, const struct aws_keys *keys,
                const struct secret *token)
{
    if (keys && keys->secret.len)
        read_redact(text, keys->secret.text, keys->secret.len);
    if (keys && keys->token.len)
        read_redact(text, keys->token.text, keys->token.len);
    if (token && token->len)
        read_redact(text, token->text, token->len);
}

void aws_wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_clear(buffer);
}

void aws_host(const char *url, char *out, size_t room)
{
    const char *at = strstr(url, "://"), *user;
    size_t len;

    at = at ? at + 3 : url;
    len = strcspn(at, "/?#");
    user = memchr(at, '@', len);
    if (user) {
        len -= (size_t)(user + 1 - at);
        at = user + 1;
    }
    aws_line(at, len, out, room);
}

/* ---- surroundings -------------------------------------------------------- */

const char *aws_env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

bool aws_env_true(const char *name)
{
    const char *value = aws_env(name);

    return value && strcasecmp(value, "true") == 0;
}

const char *aws_home_path(struct arena *arena, const char *path)
{
    const char *home = aws_env("HOME");

    if (path[0] != '~' || path[1] != '/')
        return arena_strdup(arena, path);
    return home ? arena_strf(arena, "%s%s", home, path + 1) : NULL;
}

void aws_say(const struct aws_setup *setup, int level, const char *format, ...)
{
    char text[1400];
    va_list args;

    if (!setup->log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    setup->log(level, text, setup->user);
}

static long read_number(const char *name, long usual, long most)
{
    const char *text = aws_env(name);
    char *end;
    const long value = text ? strtol(text, &end, 10) : usual;

    return text && (*end || value < 1 || value > most) ? usual : value;
}

engine_status aws_local_client(struct aws_setup *setup, engine_error *err)
{
    const long seconds = read_number("AWS_METADATA_SERVICE_TIMEOUT", 1, 60);
    const long tries = read_number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 2, 20);
    const struct http_client_options options = {
        .retries = tries > 1 ? (unsigned)tries - 1 : HTTP_NO_RETRIES,
        .connect_ms = seconds * 1000,
        .stall_ms = seconds * 1000 + 4000,
        .request_ms = tries * (seconds * 1000 + 5000),
        .http1 = true,
        .user_agent = "scan-engine/" SCAN_ENGINE_VERSION,
    };

    if (setup->local)
        return ENGINE_OK;
    return http_client_new(&options, &setup->local, err);
}
