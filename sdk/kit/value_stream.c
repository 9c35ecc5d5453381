/* SPDX-License-Identifier: Apache-2.0 */
/* value_stream.c - a JSON document as it arrives; its list element by
 * element. */
#include "sdk/kit/value_stream.h"

#include "sdk/base/alloc.h"
#include "sdk/kit/value_parser.h"

#define STREAM_MAXIMUM ((size_t)16 << 20)
#define STREAM_NODES 1000000 /* of an element, and of the rest */
#define STREAM_SLICE ((size_t)32 << 10)
/* A node takes 32 bytes at most, and has its text beside it. */
#define STREAM_MEMORY(text) ((size_t)STREAM_NODES * 40 + 2 * (text))

struct value_stream {
    struct value_parser parser;
    struct value_stream_options options;
    char *name, *list;
    struct arena rest_arena, item_arena;
    struct buffer tail; /* text that is needed again with the next chunk */
    size_t at;          /* how far the parser got in it */
    uint64_t bytes, items;
    uint64_t begun, item_bytes; /* of this document */
    bool ended;
};

static engine_status stream_item(struct value_parser *parser,
                                 const struct value *item, const char *text,
                                 size_t len)
{
    /* the parser is the first member */
    struct value_stream *stream = (struct value_stream *)parser;

    stream->items++;
    stream->item_bytes += len;
    if (len > stream->options.item_maximum) {
        parser_fail(parser, text, ENGINE_ELIMIT,
                    "an element is larger than %zu bytes",
                    stream->options.item_maximum);
        return parser->status;
    }
    return stream->options.item(item, text, len, stream->options.user,
                                parser->err);
}

static engine_status stream_prepare(struct value_stream *stream)
{
    struct value_stream_options *options = &stream->options;
    struct value_parser *parser = &stream->parser;
    static const struct mask_node all = {.all = true};

    if (!options->item_maximum)
        options->item_maximum = STREAM_MAXIMUM;
    if (!options->rest_maximum)
        options->rest_maximum = STREAM_MAXIMUM;
    stream->name = engine_strdup(options->name ? options->name : "input");
    if (!stream->name)
        return ENGINE_ENOMEM;
    arena_init(&stream->rest_arena, STREAM_MEMORY(options->rest_maximum));
    arena_init(&stream->item_arena, STREAM_MEMORY(options->item_maximum));
    buffer_init(&stream->tail, SIZE_MAX / 2);
    parser_open(parser, stream->name, &stream->rest_arena, STREAM_NODES);
    parser->item_arena = &stream->item_arena;
    parser->item_fn = stream_item;
    parser->item_mask = options->mask ? &options->mask->root : &all;
    if (!options->list)
        return ENGINE_OK;
    stream->list = engine_strdup(options->list);
    parser->list = stream->list;
    parser->list_len = strlen(options->list);
    return stream->list ? ENGINE_OK : ENGINE_ENOMEM;
}

engine_status value_stream_new(const struct value_stream_options *options,
                               struct value_stream **out, engine_error *err)
{
    struct value_stream *stream;

    if (options->list && !options->item)
        return engine_fail(err, ENGINE_EINVAL,
                           "a stream with a list needs somebody to take it");
    stream = engine_calloc(1, sizeof(*stream));
    if (!stream)
        return engine_fail_memory(err);
    stream->options = *options;
    if (stream_prepare(stream) < 0) {
        value_stream_free(stream);
        return engine_fail_memory(err);
    }
    *out = stream;
    return ENGINE_OK;
}

void value_stream_free(struct value_stream *stream)
{
    if (!stream)
        return;
    parser_close(&stream->parser);
    arena_clear(&stream->rest_arena);
    arena_clear(&stream->item_arena);
    buffer_clear(&stream->tail);
    engine_free(stream->name);
    engine_free(stream->list);
    engine_free(stream);
}

void value_stream_again(struct value_stream *stream)
{
    arena_clear(&stream->rest_arena);
    arena_clear(&stream->item_arena);
    buffer_reset(&stream->tail);
    stream->at = 0;
    stream->begun = stream->bytes;
    stream->item_bytes = 0;
    stream->ended = false;
    parser_again(&stream->parser);
}

/* Reads text[at..]; *used is where what is still needed begins. */
static engine_status stream_run(struct value_stream *stream, const char *text,
                                size_t len, size_t *used)
{
    struct value_parser *parser = &stream->parser;
    const size_t at = parser_run(parser, text, len, stream->at);
    uint64_t rest;

    if (parser->status < 0)
        return parser->status;
    *used = parser->item ? (size_t)(parser->item - text) : at;
    stream->at = at - *used;
    if (parser->item && len - *used > stream->options.item_maximum) {
        parser_fail(parser, parser->item, ENGINE_ELIMIT,
                    "an element is larger than %zu bytes",
                    stream->options.item_maximum);
        return parser->status;
    }
    parser_passed(parser, text, *used);
    rest = parser->offset - stream->item_bytes;
    if (!parser->item)
        rest += len - *used;
    if (rest > stream->options.rest_maximum) {
        parser->text = text + *used;
        parser_fail(parser, parser->text, ENGINE_ELIMIT,
                    "more than %zu bytes besides its elements",
                    stream->options.rest_maximum);
    }
    return parser->status;
}

/* The tail and what comes next to it, as long as both are needed. Returns how
 * much of data was used, 0 on failure. */
static size_t stream_run_tail(struct value_stream *stream, const char *data,
                              size_t len)
{
    struct buffer *tail = &stream->tail;
    const size_t before = tail->len;
    const size_t slice = len < STREAM_SLICE ? len : STREAM_SLICE;
    size_t used = 0;

    if (buffer_append(tail, data, slice) < 0) {
        stream->parser.status = engine_fail_memory(stream->parser.err);
        return 0;
    }
    if (stream_run(stream, tail->data, tail->len, &used) < 0)
        return 0;
    if (used < before) {
        buffer_consume(tail, used);
        return slice;
    }
    /* from here on it is all in data */
    buffer_reset(tail);
    return used - before;
}

engine_status value_stream_feed(struct value_stream *stream, const char *data,
                                size_t len, engine_error *err)
{
    struct value_parser *parser = &stream->parser;
    size_t used = 0;

    parser->err = err;
    if (parser->status < 0 || stream->ended)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: the stream has ended already", stream->name);
    stream->bytes += len;
    while (len && stream->tail.len) {
        used = stream_run_tail(stream, data, len);
        if (parser->status < 0)
            return parser->status;
        data += used;
        len -= used;
    }
    if (!len)
        return ENGINE_OK;
    if (stream_run(stream, data, len, &used) < 0)
        return parser->status;
    if (used < len && buffer_append(&stream->tail, data + used, len - used) < 0)
        parser->status = engine_fail_memory(err);
    return parser->status;
}

engine_status value_stream_end(struct value_stream *stream,
                               const struct value **rest, engine_error *err)
{
    struct value_parser *parser = &stream->parser;
    size_t used;

    parser->err = err;
    if (parser->status < 0 || stream->ended)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: the stream has ended already", stream->name);
    parser->final = stream->ended = true;
    if (stream_run(stream, stream->tail.data ? stream->tail.data : "",
                   stream->tail.len, &used) < 0)
        return parser->status;
    *rest = &parser->root;
    return ENGINE_OK;
}

uint64_t value_stream_bytes(const struct value_stream *stream)
{
    return stream->bytes;
}

uint64_t value_stream_items(const struct value_stream *stream)
{
    return stream->items;
}
