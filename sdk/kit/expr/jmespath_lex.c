/* SPDX-License-Identifier: Apache-2.0 */
/* jmespath_lex.c - the tokens of JMESPath expressions. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr/jmespath.h"

struct jmespath_source {
    const char *text;
    size_t at, len;
    struct arena *arena;
    struct jmespath_token *token; /* the one that is read */
    engine_error *err;
};

static engine_status jmespath_bad(const struct jmespath_source *source,
                                  const char *why)
{
    return jmespath_fail(source->text, source->at, source->err, "syntax", "%s",
                         why);
}

static bool jmespath_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_';
}

static bool jmespath_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Length of a name from at on; 0: none. */
static size_t jmespath_name(const char *at)
{
    size_t len = 0;

    if (!jmespath_letter(*at))
        return 0;
    while (jmespath_letter(at[len]) || jmespath_digit(at[len]))
        len++;
    return len;
}

static engine_status jmespath_word(struct jmespath_source *source, size_t skip)
{
    const char *name = source->text + source->at + skip;
    const size_t len = jmespath_name(name);
    struct value *value = &source->token->value;

    if (!len)
        return jmespath_bad(source, "a name should be behind '$'");
    value->text = arena_strndup(source->arena, name, len);
    if (!value->text)
        return engine_fail_memory(source->err);
    value->kind = VALUE_STRING;
    value->count = (uint32_t)len;
    source->token->sign = skip ? JMESPATH_VARIABLE : JMESPATH_NAME;
    source->token->len = (uint32_t)(len + skip);
    return ENGINE_OK;
}

static engine_status jmespath_number(struct jmespath_source *source)
{
    const char *from = source->text + source->at;
    const bool negative = *from == '-';
    size_t len = negative;
    int64_t number = 0;

    if (!jmespath_digit(from[len]))
        return jmespath_bad(source, "a digit should be behind '-'");
    for (; jmespath_digit(from[len]); len++) {
        number = number * 10 + (from[len] - '0');
        if (number > INT32_MAX)
            return jmespath_bad(source, "this number is too large here");
    }
    source->token->sign = JMESPATH_NUMBER;
    source->token->len = (uint32_t)len;
    source->token->value.kind = VALUE_INT;
    source->token->value.integer = negative ? -number : number;
    return ENGINE_OK;
}

/* Up to the quote that ends it; *inside is its length without quotes. */
static engine_status jmespath_quote(struct jmespath_source *source,
                                    size_t *inside)
{
    const char *from = source->text + source->at;
    const char quote = *from;
    size_t len = 1;

    while (from[len] && from[len] != quote)
        len += from[len] == '\\' && from[len + 1] ? 2 : 1;
    if (!from[len])
        return jmespath_bad(source, "this quote is never closed");
    *inside = len - 1;
    source->token->len = (uint32_t)(len + 1);
    return ENGINE_OK;
}

/* A copy of what is between quotes, without backslashes before the quote. */
static char *jmespath_unquote(struct jmespath_source *source, size_t *len)
{
    const char *from = source->text + source->at;
    char *copy = arena_alloc(source->arena, *len + 1);
    size_t used = 0;

    if (!copy)
        return NULL;
    for (size_t i = 1; i <= *len; i++) {
        if (from[i] == '\\' && i < *len && from[i + 1] == *from)
            i++;
        else if (from[i] == '\\' && i < *len)
            copy[used++] = from[i++]; /* keeps "\\" and "\n" in one piece */
        copy[used++] = from[i];
    }
    copy[used] = '\0';
    *len = used;
    return copy;
}

static engine_status jmespath_raw(struct jmespath_source *source)
{
    struct value *value = &source->token->value;
    size_t len;
    engine_status status = jmespath_quote(source, &len);

    if (status < 0)
        return status;
    value->text = jmespath_unquote(source, &len);
    if (!value->text)
        return engine_fail_memory(source->err);
    value->kind = VALUE_STRING;
    value->count = (uint32_t)len;
    source->token->sign = JMESPATH_LITERAL;
    return ENGINE_OK;
}

static engine_status jmespath_json(struct jmespath_source *source)
{
    engine_error why = {0};
    const char *json;
    size_t len;
    engine_status status = jmespath_quote(source, &len);

    if (status < 0)
        return status;
    json = jmespath_unquote(source, &len);
    if (!json)
        return engine_fail_memory(source->err);
    status = value_from_json(json, len, "line", source->arena,
                             &source->token->value, &why);
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(source->err);
    if (status < 0)
        return jmespath_fail(source->text, source->at, source->err, "syntax",
                             "between the backticks there is no JSON (%.200s); "
                             "a text is 'text'", why.message);
    source->token->sign = JMESPATH_LITERAL;
    return ENGINE_OK;
}

static engine_status jmespath_quoted(struct jmespath_source *source)
{
    engine_error why = {0};
    size_t len;
    engine_status status = jmespath_quote(source, &len);

    if (status < 0)
        return status;
    status = value_from_json(source->text + source->at, len + 2, "line",
                             source->arena, &source->token->value, &why);
    if (status == ENGINE_ENOMEM)
        return engine_fail_memory(source->err);
    if (status < 0)
        return jmespath_fail(source->text, source->at, source->err, "syntax",
                             "this is no JSON string (%.200s)", why.message);
    source->token->sign = JMESPATH_QUOTED;
    return ENGINE_OK;
}

/* Longer signs come before their beginnings. */
static engine_status jmespath_sign(struct jmespath_source *source)
{
    static const struct {
        const char *text;
        enum jmespath_sign sign;
    } signs[] = {{"[?", JMESPATH_QUESTION},
                 {"[]", JMESPATH_FLAT},
                 {"[", JMESPATH_BRACKET},
                 {"]", JMESPATH_BRACKET_END},
                 {"||", JMESPATH_SIGN_OR},
                 {"|", JMESPATH_SIGN_PIPE},
                 {"&&", JMESPATH_SIGN_AND},
                 {"&", JMESPATH_AMPERSAND},
                 {"==", JMESPATH_SIGN_EQUAL},
                 {"=", JMESPATH_ASSIGN},
                 {"!=", JMESPATH_SIGN_UNEQUAL},
                 {"!", JMESPATH_SIGN_NOT},
                 {"<=", JMESPATH_SIGN_AT_MOST},
                 {"<", JMESPATH_SIGN_LESS},
                 {">=", JMESPATH_SIGN_AT_LEAST},
                 {">", JMESPATH_SIGN_GREATER},
                 {".", JMESPATH_DOT},
                 {"*", JMESPATH_STAR},
                 {",", JMESPATH_COMMA},
                 {":", JMESPATH_COLON},
                 {"@", JMESPATH_CURRENT},
                 {"(", JMESPATH_OPEN},
                 {")", JMESPATH_CLOSE},
                 {"{", JMESPATH_BRACE},
                 {"}", JMESPATH_BRACE_END}};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const size_t len = strlen(signs[i].text);

        if (strncmp(source->text + source->at, signs[i].text, len) == 0) {
            source->token->sign = signs[i].sign;
            source->token->len = (uint32_t)len;
            return ENGINE_OK;
        }
    }
    return jmespath_bad(source, "this character means nothing here");
}

static engine_status jmespath_token(struct jmespath_source *source)
{
    const char first = source->text[source->at];

    if (jmespath_letter(first))
        return jmespath_word(source, 0);
    if (jmespath_digit(first) || first == '-')
        return jmespath_number(source);
    switch (first) {
    case '$':
        return jmespath_word(source, 1);
    case '\'':
        return jmespath_raw(source);
    case '`':
        return jmespath_json(source);
    case '"':
        return jmespath_quoted(source);
    default:
        return jmespath_sign(source);
    }
}

engine_status jmespath_read(const char *text, struct arena *arena,
                            struct jmespath_token **out, engine_error *err)
{
    struct jmespath_source source = {
        .text = text, .len = strlen(text), .arena = arena, .err = err};
    struct jmespath_token *tokens;
    engine_status status = ENGINE_OK;
    size_t count = 0;

    if (source.len > JMESPATH_TEXT)
        return engine_fail(err, ENGINE_ELIMIT,
                           "jmespath \"%.100s...\" is longer than %d bytes",
                           text, JMESPATH_TEXT);
    tokens = engine_calloc(source.len + 1, sizeof(*tokens));
    if (!tokens)
        return engine_fail_memory(err);
    while (status == ENGINE_OK) {
        source.at += strspn(text + source.at, " \t\r\n");
        source.token = &tokens[count];
        source.token->at = (uint32_t)source.at;
        if (source.at == source.len) /* JMESPATH_END is 0 */
            break;
        status = jmespath_token(&source);
        source.at += source.token->len;
        count++;
    }
    if (status == ENGINE_OK)
        *out = tokens;
    else
        engine_free(tokens);
    return status;
}
