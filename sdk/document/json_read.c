/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c - JSON documents from yajl's events. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "sdk/base/alloc.h"
#include "sdk/document/number.h"
#include "sdk/document/reader.h"

struct json_reader {
    struct reader reader;
    yajl_handle parser;
    const char *text;
    size_t len;
    size_t at; /* how far lines have been counted: the end of the last token */
    long line;
};

/* The line of the token that yajl has just read: tokens span no lines. */
static long json_line(struct json_reader *json, size_t at)
{
    const char *from = json->text + json->at;
    const char *end = json->text + at;

    while (from < end && (from = memchr(from, '\n', (size_t)(end - from)))) {
        json->line++;
        from++;
    }
    if (at > json->at)
        json->at = at;
    return json->line;
}

static long json_token_line(struct json_reader *json)
{
    return json_line(json, yajl_get_bytes_consumed(json->parser));
}

/* yajl turns half a surrogate pair into "?", silently. */
static bool json_escapes_whole(const char *raw, const char *end)
{
    while ((raw = memchr(raw, '\\', (size_t)(end - raw)))) {
        unsigned long unit;

        if (end - raw < 6 || raw[1] != 'u') {
            raw += 2;
            if (raw >= end)
                return true;
            continue;
        }
        unit = strtoul((char[]){raw[2], raw[3], raw[4], raw[5], 0}, NULL, 16);
        raw += 6;
        if (unit >= 0xdc00 && unit <= 0xdfff)
            return false;
        if (unit < 0xd800 || unit > 0xdbff)
            continue;
        if (end - raw < 6 || raw[0] != '\\' || raw[1] != 'u')
            return false;
        unit = strtoul((char[]){raw[2], raw[3], raw[4], raw[5], 0}, NULL, 16);
        raw += 6;
        if (unit < 0xdc00 || unit > 0xdfff)
            return false;
    }
    return true;
}

/* The text was unescaped when it is no part of the input. */
static bool json_text_whole(struct json_reader *json, const char *text,
                            size_t before, long line)
{
    const size_t end = yajl_get_bytes_consumed(json->parser);
    const char *raw;

    if ((uintptr_t)text - (uintptr_t)json->text < json->len)
        return true;
    raw = memchr(json->text + before, '"', end - before);
    if (!raw || json_escapes_whole(raw, json->text + end))
        return true;
    return reader_fail(&json->reader, ENGINE_EPARSE, line,
                       "a \\u escape is half of a surrogate pair");
}

static int json_on_null(void *user)
{
    struct json_reader *json = user;
    const struct reader_scalar scalar = {
        .type = BSON_TYPE_NULL, .text = "null", .len = 4};

    return reader_scalar(&json->reader, json_token_line(json), &scalar, NULL);
}

static int json_on_boolean(void *user, int value)
{
    struct json_reader *json = user;
    const struct reader_scalar scalar = {.type = BSON_TYPE_BOOL,
                                         .text = value ? "true" : "false",
                                         .len = value ? 4 : 5,
                                         .integer = value};

    return reader_scalar(&json->reader, json_token_line(json), &scalar, NULL);
}

static int json_on_number(void *user, const char *text, size_t len)
{
    struct json_reader *json = user;
    const long line = json_token_line(json);
    struct reader_scalar scalar = {.text = text, .len = len};

    if (!number_parse(text, len, &scalar))
        return reader_fail(&json->reader, ENGINE_EPARSE, line,
                           "number %.*s is out of range",
                           len > 40 ? 40 : (int)len, text);
    return reader_scalar(&json->reader, line, &scalar, NULL);
}

static int json_on_string(void *user, const unsigned char *text, size_t len)
{
    struct json_reader *json = user;
    const size_t before = json->at;
    const long line = json_token_line(json);
    const struct reader_scalar scalar = {
        .type = BSON_TYPE_UTF8, .text = (const char *)text, .len = len};

    return json_text_whole(json, scalar.text, before, line) &&
           reader_scalar(&json->reader, line, &scalar, NULL);
}

static int json_on_key(void *user, const unsigned char *text, size_t len)
{
    struct json_reader *json = user;
    const size_t before = json->at;
    const long line = json_token_line(json);

    return json_text_whole(json, (const char *)text, before, line) &&
           reader_key(&json->reader, line, (const char *)text, len);
}

static int json_on_start_map(void *user)
{
    struct json_reader *json = user;

    return reader_begin(&json->reader, json_token_line(json), false, NULL);
}

static int json_on_start_array(void *user)
{
    struct json_reader *json = user;

    return reader_begin(&json->reader, json_token_line(json), true, NULL);
}

static int json_on_end(void *user)
{
    struct json_reader *json = user;

    (void)json_token_line(json);
    return reader_end(&json->reader);
}

static const yajl_callbacks json_callbacks = {
    .yajl_null = json_on_null,
    .yajl_boolean = json_on_boolean,
    .yajl_number = json_on_number,
    .yajl_string = json_on_string,
    .yajl_start_map = json_on_start_map,
    .yajl_map_key = json_on_key,
    .yajl_end_map = json_on_end,
    .yajl_start_array = json_on_start_array,
    .yajl_end_array = json_on_end,
};

/* yajl's words without its newline, at the line where it stopped. */
static engine_status json_fail(struct json_reader *json)
{
    const size_t at = yajl_get_bytes_consumed(json->parser);
    const long line = json_line(json, at < json->len ? at : json->len);
    unsigned char *text = yajl_get_error(json->parser, 0, NULL, 0);
    const char *words = text ? (const char *)text : "malformed JSON";

    reader_fail(&json->reader, ENGINE_EPARSE, line, "%.*s",
                (int)strcspn(words, "\n"), words);
    yajl_free_error(json->parser, text);
    return json->reader.status;
}

static size_t json_blank_span(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    return at;
}

/*
 * yajl_complete_parse is not asked: with multiple values it wants another one
 * after a final newline.
 */
static engine_status json_run(struct json_reader *json)
{
    size_t rest;
    yajl_status status =
        yajl_parse(json->parser, (const unsigned char *)json->text, json->len);

    if (status == yajl_status_client_canceled)
        return json->reader.status;
    if (status != yajl_status_ok)
        return json_fail(json);
    rest = json->at;
    rest += json_blank_span(json->text + rest, json->len - rest);
    (void)json_line(json, json->len);
    if (rest < json->len || json->reader.depth || json->reader.listed)
        reader_fail(&json->reader, ENGINE_EPARSE, json->line,
                    "the text ends inside a document");
    else if (!json->reader.delivered && json->reader.single)
        reader_fail(&json->reader, ENGINE_EPARSE, json->line,
                    "expected a document, found nothing");
    return json->reader.status;
}

static engine_status json_read(struct json_reader *json, const char *text,
                               size_t len)
{
    engine_status status;

    /* a byte order mark says nothing about UTF-8, but some editors write it */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    json->text = text;
    json->len = len;
    json->line = 1;
    json->parser = yajl_alloc(&json_callbacks, NULL, json);
    if (!json->parser) {
        reader_fail_memory(&json->reader);
        return json->reader.status;
    }
    /* reader.c validates more strictly, and what was unescaped too */
    yajl_config(json->parser, yajl_dont_validate_strings, 1);
    yajl_config(json->parser, yajl_allow_multiple_values, 1);
    status = json_run(json);
    yajl_free(json->parser);
    return status;
}

static engine_status json_start(const char *text, size_t len, const char *name,
                                bool single, document_fn fn, void *user,
                                engine_error *err)
{
    struct json_reader *json = engine_calloc(1, sizeof(*json));
    engine_status status;

    if (!json)
        return engine_fail_memory(err);
    reader_init(&json->reader, name, fn, user, err);
    json->reader.single = single;
    status = json_read(json, text, len);
    reader_clear(&json->reader);
    engine_free(json);
    return status;
}

engine_status document_read_json(const char *text, size_t len, const char *name,
                                 document_fn fn, void *user, engine_error *err)
{
    return json_start(text, len, name, false, fn, user, err);
}

struct json_one {
    bson_t *out;
    bool found;
};

static engine_status json_take_one(const bson_t *document,
                                   const struct document_origin *origin,
                                   void *user, engine_error *err)
{
    struct json_one *one = user;

    (void)origin;
    (void)err;
    bson_copy_to(document, one->out);
    one->found = true;
    return ENGINE_OK;
}

engine_status document_from_json(const char *text, size_t len, const char *name,
                                 bson_t *out, engine_error *err)
{
    bson_t document;
    struct json_one one = {&document, false};
    const engine_status status =
        json_start(text, len, name, true, json_take_one, &one, err);

    if (status == ENGINE_OK && bson_steal(out, &document))
        return ENGINE_OK;
    if (one.found)
        bson_destroy(&document);
    return status;
}
