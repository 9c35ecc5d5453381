/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c - BSON leaves as plain JSON. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/clock.h"
#include "sdk/document/document.h"
#include "sdk/document/number.h"
#include "sdk/document/path.h"
#include "sdk/document/utf8.h"

struct json_writer {
    struct buffer *out;
    bool pretty;
    engine_status status; /* beside the buffer's own */
    const char *const *without; /* members of the document that are left out,
                                 * ended by NULL; NULL: none */
};

/* ---- strings ----------------------------------------------------------- */

/* How many bytes at text need no escape. */
static size_t json_plain_span(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && (unsigned char)text[at] >= 0x20 && text[at] != '"' &&
           text[at] != '\\')
        at++;
    return at;
}

static void json_put_escape(struct buffer *out, unsigned char byte)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (byte < sizeof(letters) && letters[byte])
        buffer_append(out, (char[]){'\\', letters[byte]}, 2);
    else
        buffer_printf(out, "\\u%04x", byte);
}

static void json_put_valid(struct buffer *out, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const size_t span = json_plain_span(text + at, len - at);

        buffer_append(out, text + at, span);
        at += span;
        if (at < len)
            json_put_escape(out, (unsigned char)text[at++]);
    }
}

/* True of ASCII without escapes, eight bytes at a time: most of all texts. */
static bool json_is_plain(const char *text, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;

    for (; len - at >= 8; at += 8) {
        uint64_t word, quotes, slashes;

        memcpy(&word, text + at, sizeof(word));
        quotes = word ^ ones * '"';
        slashes = word ^ ones * '\\';
        if ((word | (word - ones * 0x20) | (quotes - ones) |
             (slashes - ones)) & high)
            break; /* or a byte that only looks like one beside another */
    }
    while (at < len && (signed char)text[at] >= 0x20 && text[at] != '"' &&
           text[at] != '\\')
        at++;
    return at == len;
}

/* A plain text, and what comes behind it unless that is NUL; false: it is
 * none, and nothing was done. */
static bool json_put_plain(struct buffer *out, const char *text, size_t len,
                           char behind)
{
    char *room;

    if (len > SIZE_MAX - 3 || !json_is_plain(text, len))
        return false;
    room = buffer_room(out, len + 3);
    if (!room)
        return true; /* the buffer says so */
    room[0] = room[len + 1] = '"';
    memcpy(room + 1, text, len);
    room[len + 2] = behind;
    buffer_grown(out, behind ? len + 3 : len + 2);
    return true;
}

/* Documents from elsewhere may hold anything; JSON may not. */
static void json_put_string(struct buffer *out, const char *text, size_t len)
{
    size_t at = 0;

    if (json_put_plain(out, text, len, '\0'))
        return;
    buffer_putc(out, '"');
    while (at < len) {
        const size_t span = utf8_span(text + at, len - at);

        json_put_valid(out, text + at, span);
        at += span;
        if (at < len) {
            buffer_puts(out, text[at] ? "\xef\xbf\xbd" : "\\u0000");
            at++;
        }
    }
    buffer_putc(out, '"');
}

engine_status document_text_to_json(const char *text, size_t len,
                                    struct buffer *out)
{
    json_put_string(out, text, len);
    return out->status;
}

engine_status document_string_to_json(const char *text, struct buffer *out)
{
    return document_text_to_json(text, strlen(text), out);
}

static void json_put_base64(struct buffer *out, const uint8_t *data,
                            uint32_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";

    buffer_putc(out, '"');
    for (uint32_t i = 0; i < len; i += 3) {
        const uint32_t left = len - i;
        const uint32_t bits = (uint32_t)data[i] << 16 |
                              (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                              (left > 2 ? data[i + 2] : 0u);

        buffer_putc(out, digits[bits >> 18]);
        buffer_putc(out, digits[bits >> 12 & 63]);
        buffer_putc(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        buffer_putc(out, left > 2 ? digits[bits & 63] : '=');
    }
    buffer_putc(out, '"');
}

/* ---- values ------------------------------------------------------------ */

static void json_put_integer(struct buffer *out, int64_t number)
{
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char text[24];
    size_t at = sizeof(text);

    do
        text[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        text[--at] = '-';
    buffer_append(out, text + at, sizeof(text) - at);
}

static void json_put_decimal(struct buffer *out, const bson_iter_t *iter)
{
    char text[BSON_DECIMAL128_STRING];
    bson_decimal128_t decimal;

    bson_iter_decimal128(iter, &decimal);
    bson_decimal128_to_string(&decimal, text);
    buffer_puts(out, strpbrk(text, "Nn") ? "null" : text);
}

static void json_put_date(struct buffer *out, int64_t ms)
{
    char text[32];

    clock_format(ms, text);
    buffer_printf(out, "\"%s\"", text);
}

static void json_put_oid(struct buffer *out, const bson_oid_t *oid)
{
    char text[25];

    bson_oid_to_string(oid, text);
    buffer_printf(out, "\"%s\"", text);
}

static void json_put_regex(struct buffer *out, const bson_iter_t *iter)
{
    const char *options;
    const char *pattern = bson_iter_regex(iter, &options);

    buffer_puts(out, "{\"$regex\":");
    json_put_string(out, pattern, strlen(pattern));
    buffer_puts(out, ",\"$options\":");
    json_put_string(out, options, strlen(options));
    buffer_putc(out, '}');
}

static void json_put_binary(struct buffer *out, const bson_iter_t *iter)
{
    const uint8_t *data = NULL;
    bson_subtype_t subtype;
    uint32_t len = 0;

    bson_iter_binary(iter, &subtype, &len, &data);
    json_put_base64(out, data, len);
}

static void json_put_timestamp(struct buffer *out, const bson_iter_t *iter)
{
    uint32_t seconds, increment;

    bson_iter_timestamp(iter, &seconds, &increment);
    json_put_date(out, (int64_t)seconds * 1000);
}

static void json_put_text(struct buffer *out, const bson_iter_t *iter)
{
    uint32_t len = 0;
    const char *text;

    if (BSON_ITER_HOLDS_UTF8(iter))
        text = bson_iter_utf8(iter, &len);
    else if (BSON_ITER_HOLDS_SYMBOL(iter))
        text = bson_iter_symbol(iter, &len);
    else
        text = bson_iter_code(iter, &len);
    json_put_string(out, text ? text : "", text ? len : 0);
}

static void json_put_scalar(struct buffer *out, const bson_iter_t *iter)
{
    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8:
    case BSON_TYPE_SYMBOL:
    case BSON_TYPE_CODE:
        json_put_text(out, iter);
        break;
    case BSON_TYPE_BOOL:
        buffer_puts(out, bson_iter_bool(iter) ? "true" : "false");
        break;
    case BSON_TYPE_INT32:
        json_put_integer(out, bson_iter_int32(iter));
        break;
    case BSON_TYPE_INT64:
        json_put_integer(out, bson_iter_int64(iter));
        break;
    case BSON_TYPE_DOUBLE:
        number_put(out, bson_iter_double(iter));
        break;
    case BSON_TYPE_DECIMAL128:
        json_put_decimal(out, iter);
        break;
    case BSON_TYPE_DATE_TIME:
        json_put_date(out, bson_iter_date_time(iter));
        break;
    case BSON_TYPE_TIMESTAMP:
        json_put_timestamp(out, iter);
        break;
    case BSON_TYPE_OID:
        json_put_oid(out, bson_iter_oid(iter));
        break;
    case BSON_TYPE_BINARY:
        json_put_binary(out, iter);
        break;
    case BSON_TYPE_REGEX:
        json_put_regex(out, iter);
        break;
    default: /* null, undefined, and what JSON has no word for */
        buffer_puts(out, "null");
        break;
    }
}

/* ---- documents --------------------------------------------------------- */

static void json_new_line(struct json_writer *writer, int depth)
{
    if (writer->pretty)
        buffer_printf(writer->out, "\n%*s", 2 * depth, "");
}

static void json_put_children(struct json_writer *writer, bson_iter_t *iter,
                              bool array, int depth);

static void json_put_value(struct json_writer *writer, const bson_iter_t *value,
                           int depth)
{
    bson_iter_t child;

    if (!BSON_ITER_HOLDS_DOCUMENT(value) && !BSON_ITER_HOLDS_ARRAY(value)) {
        json_put_scalar(writer->out, value);
        return;
    }
    if (depth > PATH_MAX_DEPTH)
        writer->status = ENGINE_ELIMIT;
    else if (!bson_iter_recurse(value, &child))
        writer->status = ENGINE_EPARSE;
    else
        json_put_children(writer, &child, BSON_ITER_HOLDS_ARRAY(value), depth);
}

static bool json_is_left_out(const struct json_writer *writer, const char *key)
{
    for (const char *const *name = writer->without; *name; name++)
        if (**name == *key && strcmp(*name, key) == 0)
            return true;
    return false;
}

static void json_put_key(struct json_writer *writer, const char *key)
{
    const size_t len = strlen(key);

    if (!json_put_plain(writer->out, key, len, ':')) {
        json_put_string(writer->out, key, len);
        buffer_putc(writer->out, ':');
    }
    if (writer->pretty)
        buffer_putc(writer->out, ' ');
}

static void json_put_children(struct json_writer *writer, bson_iter_t *iter,
                              bool array, int depth)
{
    struct buffer *out = writer->out;
    bool any = false;

    buffer_putc(out, array ? '[' : '{');
    while (writer->status == ENGINE_OK && out->status == ENGINE_OK &&
           bson_iter_next(iter)) {
        if (!depth && writer->without &&
            json_is_left_out(writer, bson_iter_key(iter)))
            continue;
        if (any)
            buffer_putc(out, ',');
        any = true;
        json_new_line(writer, depth + 1);
        if (!array) {
            json_put_key(writer, bson_iter_key(iter));
        }
        json_put_value(writer, iter, depth + 1);
    }
    if (iter->err_off)
        writer->status = ENGINE_EPARSE;
    if (any)
        json_new_line(writer, depth);
    buffer_putc(out, array ? ']' : '}');
}

static engine_status json_written(const struct json_writer *writer)
{
    return writer->status < 0 ? writer->status : writer->out->status;
}

engine_status document_to_json(const bson_t *document, unsigned flags,
                               struct buffer *out)
{
    return document_to_json_without(document, NULL, flags, out);
}

engine_status document_to_json_without(const bson_t *document,
                                       const char *const *keys,
                                       unsigned flags, struct buffer *out)
{
    struct json_writer writer = {out, flags & DOCUMENT_JSON_PRETTY, ENGINE_OK,
                                 keys};
    bson_iter_t iter;

    if (!bson_iter_init(&iter, document))
        return ENGINE_EPARSE;
    json_put_children(&writer, &iter, false, 0);
    return json_written(&writer);
}

engine_status document_value_to_json(const bson_iter_t *value, unsigned flags,
                                     struct buffer *out)
{
    struct json_writer writer = {out, flags & DOCUMENT_JSON_PRETTY, ENGINE_OK,
                                 NULL};

    json_put_value(&writer, value, 0);
    return json_written(&writer);
}
