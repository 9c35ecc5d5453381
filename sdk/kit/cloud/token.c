/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - asking for bearer tokens, and how long they are good. */
#include "sdk/kit/cloud/token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/clock.h"
#include "sdk/kit/cloud/token_private.h"
#include "sdk/kit/value.h"

#define TOKEN_ANSWER ((size_t)1024 * 1024)
#define TOKEN_MARGIN_MS 225000 /* as metadata servers renew theirs */
#define TOKEN_USUAL_S 300      /* where an answer does not say */
#define TOKEN_LONGEST_S (366.0 * 24 * 3600)

void token_init(struct token *token)
{
    secret_init(&token->text);
    token->expires_ms = 0;
}

void token_clear(struct token *token)
{
    secret_clear(&token->text);
    token->expires_ms = 0;
}

bool token_is_fresh(const struct token *token)
{
    return token->text.text && clock_now_ms() < token->expires_ms;
}

engine_status token_form(struct buffer *form, const char *name,
                         const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-._~";

    if (form->len)
        buffer_putc(form, '&');
    buffer_puts(form, name);
    buffer_putc(form, '=');
    for (; *value; value++) {
        const unsigned char byte = (unsigned char)*value;

        if (strchr(plain, byte)) {
            buffer_putc(form, *value);
            continue;
        }
        buffer_putc(form, '%');
        buffer_putc(form, hex[byte >> 4]);
        buffer_putc(form, hex[byte & 15]);
    }
    return buffer_status(form, NULL);
}

/* ---- refusals ----------------------------------------------------------- */

/* One line, nothing that a terminal would obey. */
static void token_say(char *out, size_t room, const char *text)
{
    size_t used = strlen(out);

    if (!text || !*text || used + 3 >= room)
        return;
    if (used) {
        memcpy(out + used, ": ", 3);
        used += 2;
    }
    for (; *text && used + 1 < room; text++)
        out[used++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' '
                                                                   : *text;
    out[used] = '\0';
}

/* OAuth's {error, error_description} (RFC 6749, 5.2); Google's APIs and
 * Azure's metadata have an object there. */
static void token_words(const struct value *answer, char *out, size_t room)
{
    const struct value *error = value_member(answer, "error");

    *out = '\0';
    if (error && error->kind == VALUE_OBJECT) {
        const char *code = value_text(value_member(error, "status"));

        token_say(out, room,
                  code ? code : value_text(value_member(error, "code")));
        token_say(out, room, value_text(value_member(error, "message")));
        return;
    }
    token_say(out, room, value_text(error));
    token_say(out, room,
              value_text(value_member(answer, "error_description")));
}

static engine_status token_refused(const struct http_call *call,
                                   const struct http_response *response,
                                   const struct value *answer,
                                   engine_error *err)
{
    const long code = response->status;
    const engine_status status =
        code == 400 || code == 401 || code == 403 ? ENGINE_EDENIED : ENGINE_EIO;
    char words[400];

    token_words(answer, words, sizeof(words));
    token_mask(call, words);
    return engine_fail(err, status, "\"%.300s\" gave no token: %ld%s%s",
                       response->url, code, *words ? " " : "", words);
}

/* ---- answers ------------------------------------------------------------ */

/* A number, also one written as a text. */
static bool token_number(const struct value *value, double *out)
{
    const char *text = value_text(value);
    char *end = NULL;

    if (value_number(value, out))
        return true;
    if (!text || !*text || text[strspn(text, "0123456789")] != '\0')
        return false;
    *out = strtod(text, &end);
    return true;
}

/* Seconds from now. */
static double token_seconds(const struct value *answer, int64_t now_ms)
{
    const char *date = value_text(value_member(answer, "expireTime"));
    int64_t at_ms;
    double number;

    if (token_number(value_member(answer, "expires_in"), &number))
        return number;
    if (token_number(value_member(answer, "expires_on"), &number))
        return number - (double)now_ms / 1000;
    if (date && clock_parse(date, &at_ms) == 0)
        return (double)(at_ms - now_ms) / 1000;
    return TOKEN_USUAL_S;
}

static int64_t token_until(const struct value *answer)
{
    const int64_t now_ms = clock_now_ms();
    double seconds = token_seconds(answer, now_ms);
    int64_t life_ms;

    if (!(seconds > 0))
        return now_ms;
    if (seconds > TOKEN_LONGEST_S)
        seconds = TOKEN_LONGEST_S;
    life_ms = (int64_t)(seconds * 1000);
    return now_ms + (life_ms / 2 < TOKEN_MARGIN_MS ? life_ms / 2
                                                   : life_ms - TOKEN_MARGIN_MS);
}

/* A header's worth of visible characters (RFC 6750, 2.1, and what is used
 * beyond it). */
static bool token_is_sound(const struct value *text)
{
    if (!text || text->kind != VALUE_STRING || !text->count)
        return false;
    for (uint32_t i = 0; i < text->count; i++)
        if ((unsigned char)text->text[i] <= 0x20 ||
            (unsigned char)text->text[i] >= 0x7f)
            return false;
    return true;
}

static engine_status token_take(struct token *token,
                                const struct http_response *response,
                                const struct value *answer, const char *member,
                                engine_error *err)
{
    const struct value *text = value_member(answer, member);
    const char *type = value_text(value_member(answer, "token_type"));
    engine_status status;

    if (!token_is_sound(text))
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%.300s\" gave no token: its answer has no usable "
                           "\"%s\"",
                           response->url, member);
    if (type && strcasecmp(type, "Bearer") != 0)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "\"%.300s\" gave no bearer token but one of another "
                           "type",
                           response->url);
    status = secret_set(&token->text, text->text, text->count, err);
    if (status == ENGINE_OK)
        token->expires_ms = token_until(answer);
    return status;
}

static engine_status token_read(struct token *token,
                                const struct http_call *call,
                                const struct http_response *response,
                                const struct buffer *body, const char *member,
                                engine_error *err)
{
    struct value answer = value_null;
    engine_error ignored;
    engine_status status;
    struct arena arena;

    arena_init(&arena, 4 * TOKEN_ANSWER);
    status = value_from_json(body->data ? body->data : "", body->len, "answer",
                             &arena, &answer, &ignored);
    if (status == ENGINE_ENOMEM)
        engine_fail_memory(err);
    else if (response->status != 200)
        status = token_refused(call, response, &answer, err);
    else if (status < 0) /* the parser's words may quote a token */
        status = engine_fail(err, ENGINE_EPARSE,
                             "\"%.300s\" gave no token: its answer is not JSON",
                             response->url);
    else
        status = token_take(token, response, &answer, member, err);
    arena_wipe(&arena);
    return status;
}

engine_status token_fetch(struct token *token, struct http_client *client,
                          const struct http_call *call, const char *member,
                          engine_error *err)
{
    struct http_call bounded = *call;
    struct http_response response = {0};
    struct buffer body;
    engine_status status;

    if (!bounded.body_maximum || bounded.body_maximum > TOKEN_ANSWER)
        bounded.body_maximum = TOKEN_ANSWER;
    status = http_fetch(client, &bounded, &response, &body, err);
    if (status == ENGINE_OK)
        status = token_read(token, call, &response, &body,
                            member ? member : "access_token", err);
    if (body.data)
        explicit_bzero(body.data, body.len);
    buffer_clear(&body);
    return status;
}
