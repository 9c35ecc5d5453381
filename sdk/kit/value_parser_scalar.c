/* SPDX-License-Identifier: Apache-2.0 */
/* value_parser_scalar.c - strings, numbers and words of JSON (RFC 8259). */
#include <math.h>

#include "sdk/document/number.h"
#include "sdk/document/utf8.h"
#include "sdk/kit/value_parser.h"

#define PARSER_NUMBER 400 /* characters; more have no meaning for a double */

/* ---- strings ---------------------------------------------------------------- */

/* Four hexadecimal digits, or -1. */
static int parser_hex(const char *digits)
{
    int code = 0;

    for (int i = 0; i < 4; i++) {
        const char digit = digits[i];

        if (digit >= '0' && digit <= '9')
            code = code << 4 | (digit - '0');
        else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
            code = code << 4 | ((digit | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return code;
}

static char *parser_put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xe0 | code >> 12);
        } else {
            *out++ = (char)(0xf0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (code & 0x3f));
    return out;
}

/*
 * The escape \uXXXX at *at (on the u), with its other half if it is one of a
 * pair. Half a pair stands for no character: U+FFFD, as jq and Go have it.
 */
static bool parser_unicode(const char **at, const char *end, unsigned *code)
{
    const char *text = *at + 1;
    int low;

    *code = 0xfffd;
    if (end - text < 4 || (low = parser_hex(text)) < 0)
        return false;
    *at = text += 4;
    if (low < 0xd800 || low > 0xdfff) {
        *code = (unsigned)low;
        return true;
    }
    if (low > 0xdbff || end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return true;
    *code = ((unsigned)low - 0xd800) << 10;
    low = parser_hex(text + 2);
    if (low < 0xdc00 || low > 0xdfff) {
        *code = 0xfffd;
        return true; /* it is looked at again */
    }
    *code += 0x10000 + (unsigned)low - 0xdc00;
    *at = text + 6;
    return true;
}

/* The escape at *at, behind the backslash. */
static char *parser_unescape_one(const char **at, const char *end, char *out)
{
    static const char letters[128] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const unsigned char letter = (unsigned char)**at;
    unsigned code;

    if (letter == 'u')
        return parser_unicode(at, end, &code) ? parser_put_utf8(out, code)
                                              : NULL;
    if (letter > 127 || !letters[letter])
        return NULL;
    (*at)++;
    *out = letters[letter];
    return out + 1;
}

/* What a raw string means, as long as it at most; *bad is where it is wrong. */
static const char *parser_unescape(struct value_builder *builder,
                                   const char *raw, size_t len,
                                   uint32_t *out_len, const char **bad)
{
    const char *const end = raw + len;
    char *text = builder_room(builder, len);
    char *out = text;

    *bad = NULL;
    if (!text)
        return NULL;
    while (raw < end) {
        const char *slash = memchr(raw, '\\', (size_t)(end - raw));
        const size_t plain = (size_t)((slash ? slash : end) - raw);

        memcpy(out, raw, plain);
        out += plain;
        raw += plain;
        if (!slash)
            break;
        raw++;
        *bad = slash;
        out = parser_unescape_one(&raw, end, out);
        if (!out)
            return NULL;
        *bad = NULL;
    }
    *out = '\0';
    *out_len = (uint32_t)(out - text);
    return text;
}

static const char *parser_keep(struct value_parser *parser, const char *raw,
                               size_t len, bool escaped, struct value *out)
{
    const char *bad = NULL;

    *out = (struct value){.kind = VALUE_STRING, .count = (uint32_t)len};
    if (escaped)
        out->text =
            parser_unescape(&parser->builder, raw, len, &out->count, &bad);
    else
        out->text = builder_text(&parser->builder, raw, len);
    if (out->text)
        return raw + len + 1;
    if (bad)
        return parser_fail(parser, bad, ENGINE_EPARSE,
                           "unknown escape in a string");
    return parser_fail_builder(parser, raw);
}

const char *parser_text(struct value_parser *parser, const char *at,
                        const char *end, enum parser_mode mode,
                        struct value *out)
{
    const char *const raw = at + 1;
    const char *to = raw + parser->scanned;
    bool high = parser->scanned_high;
    bool escaped = parser->scanned_escaped;

    for (;;) {
        to += scan_plain(to, (size_t)(end - to), &high);
        if (end - to < 2 && (to == end || *to == '\\')) {
            /* so that a long string is looked at once, not with every piece */
            parser->scanned = (size_t)(to - raw);
            parser->scanned_escaped = escaped;
            parser->scanned_high = high;
            return NULL;
        }
        if (*to != '\\')
            break;
        escaped = true;
        to += 2;
    }
    parser->scanned = 0;
    parser->scanned_escaped = parser->scanned_high = false;
    if (*to != '"')
        return parser_fail(parser, to, ENGINE_EPARSE,
                           "control character in a string");
    if (mode == PARSER_PASS)
        return to + 1;
    if (high && utf8_span(raw, (size_t)(to - raw)) != (size_t)(to - raw))
        return parser_fail(parser, raw + utf8_span(raw, (size_t)(to - raw)),
                           ENGINE_EPARSE, "string that is not UTF-8");
    if (mode == PARSER_KEEP || escaped)
        return parser_keep(parser, raw, (size_t)(to - raw), escaped, out);
    *out = (struct value){
        .kind = VALUE_STRING, .count = (uint32_t)(to - raw), .text = raw};
    return to + 1;
}

/* ---- numbers ------------------------------------------------------------------- */

struct parser_number {
    const char *end;
    uint64_t digits; /* all of them, the point left out */
    int count, fraction;
    bool negative, exponent;
};

static const char *parser_digits(struct parser_number *number, const char *at,
                                 const char *end)
{
    const char *from = at;

    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (number->count < 19)
            number->digits = number->digits * 10 + (uint64_t)(*at - '0');
        number->count += number->count || *at != '0';
    }
    return at == from ? NULL : at;
}

/* [-] 0 | 1-9 digits [ . digits ] [ e [+-] digits ]; NULL: it is none. */
static const char *parser_number_span(struct parser_number *number,
                                      const char *at, const char *end)
{
    const char *from;

    number->negative = *at == '-';
    at += number->negative;
    if (at < end && *at == '0')
        at++;
    else if (!(at = parser_digits(number, at, end)))
        return NULL;
    if (at < end && *at == '.') {
        from = ++at;
        if (!(at = parser_digits(number, at, end)))
            return NULL;
        number->fraction = (int)(at - from);
    }
    if (at < end && (*at | 0x20) == 'e') {
        struct parser_number ignored = {0};

        number->exponent = true;
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = parser_digits(&ignored, at, end);
    }
    return at;
}

static bool parser_number_value(const struct parser_number *number,
                                const char *text, size_t len, struct value *out)
{
    static const double powers[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    struct reader_scalar scalar = {.text = text, .len = len};

    *out = (struct value){.kind = VALUE_INT};
    if (!number->exponent && !number->fraction && number->count < 19) {
        out->integer = number->negative ? -(int64_t)number->digits
                                        : (int64_t)number->digits;
        return true;
    }
    /* Both are exact as doubles, so the quotient is rounded once. */
    if (!number->exponent && number->fraction <= 22 && number->count < 16) {
        out->kind = VALUE_DOUBLE;
        out->number = (double)number->digits / powers[number->fraction];
        if (number->negative)
            out->number = -out->number;
        return true;
    }
    if (!number_parse(text, len, &scalar))
        return false;
    if (scalar.type == BSON_TYPE_DOUBLE) {
        out->kind = VALUE_DOUBLE;
        out->number = scalar.number;
    } else {
        out->integer = scalar.integer;
    }
    return true;
}

static const char *parser_on_number(struct value_parser *parser, const char *at,
                                    const char *end, bool keep,
                                    struct value *out)
{
    struct parser_number number = {0};
    const char *stop = parser_number_span(&number, at, end);
    const char *last = stop;

    if (!last) { /* it may go on in the next piece */
        last = at;
        while (last < end && memchr("+-.0123456789eE", *last, 15))
            last++;
    }
    if (last - at > PARSER_NUMBER)
        return parser_fail(parser, at, ENGINE_EPARSE, "number is too long");
    if (last == end && !parser->final)
        return NULL;
    if (!stop)
        return parser_fail(parser, at, ENGINE_EPARSE, "malformed number");
    if (keep && !parser_number_value(&number, at, (size_t)(stop - at), out))
        return parser_fail(parser, at, ENGINE_EPARSE,
                           "number %.*s is out of range",
                           stop - at > 40 ? 40 : (int)(stop - at), at);
    return stop;
}

/* ---- words ---------------------------------------------------------------------- */

static const char *parser_on_word(struct value_parser *parser, const char *at,
                                  const char *end, struct value *out)
{
    const char *word = *at == 't'   ? "true"
                       : *at == 'f' ? "false"
                       : *at == 'n' ? "null"
                                    : "";
    const size_t len = strlen(word);
    const size_t left = (size_t)(end - at);

    if (!len)
        return parser_fail(parser, at, ENGINE_EPARSE, "a value should be here");
    if (left < len && memcmp(at, word, left) == 0 && !parser->final)
        return NULL;
    if (left < len || memcmp(at, word, len) != 0)
        return parser_fail(parser, at, ENGINE_EPARSE,
                           "a word that is not true, false or null");
    *out = (struct value){.kind = *at == 'n' ? VALUE_NULL : VALUE_BOOL};
    out->boolean = *at == 't';
    return at + len;
}

const char *parser_scalar(struct value_parser *parser, const char *at,
                          const char *end, enum parser_mode mode,
                          struct value *out)
{
    if (*at == '"')
        return parser_text(parser, at, end, mode, out);
    if (*at == '-' || (*at >= '0' && *at <= '9'))
        return parser_on_number(parser, at, end, mode != PARSER_PASS, out);
    return parser_on_word(parser, at, end, out);
}
