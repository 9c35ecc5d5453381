/* SPDX-License-Identifier: Apache-2.0 */
/* value_parser.c - the machine: what may come where, and what is kept. */
#include "sdk/kit/value_parser.h"

#include <stdarg.h>
#include <stdio.h>

static const struct mask_node parser_all = {.all = true};

void parser_open(struct value_parser *parser, const char *name,
                 struct arena *arena, size_t nodes_maximum)
{
    *parser = (struct value_parser){.name = name, .rest_arena = arena};
    builder_init(&parser->builder, arena, nodes_maximum);
    parser_again(parser);
}

void parser_again(struct value_parser *parser)
{
    parser->builder.used = 0;
    builder_switch(&parser->builder, parser->rest_arena,
                   parser->builder.nodes_maximum);
    parser->status = ENGINE_OK;
    parser->depth = 0;
    parser->depth_maximum = VALUE_MAX_DEPTH;
    parser->state = PARSER_VALUE;
    parser->mask = &parser_all;
    parser->final = parser->listed = parser->list_next = false;
    parser->scanned = 0;
    parser->scanned_escaped = parser->scanned_high = false;
    parser->item = NULL;
    parser->offset = parser->lines = 0;
}

void parser_close(struct value_parser *parser)
{
    builder_clear(&parser->builder);
}

/* ---- failures ------------------------------------------------------------- */

static uint64_t parser_lines(const char *text, const char *end)
{
    uint64_t lines = 0;

    while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
        lines++;
        text++;
    }
    return lines;
}

void parser_passed(struct value_parser *parser, const char *text, size_t len)
{
    parser->lines += parser_lines(text, text + len);
    parser->offset += len;
}

const char *parser_fail(struct value_parser *parser, const char *at,
                        engine_status status, const char *format, ...)
{
    const uint64_t line = parser->lines + parser_lines(parser->text, at) + 1;
    const uint64_t byte = parser->offset + (uint64_t)(at - parser->text);
    char what[256];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    parser->status = engine_fail(parser->err, status, "%s:%llu: %s (byte %llu)",
                                 parser->name, (unsigned long long)line, what,
                                 (unsigned long long)byte);
    return NULL;
}

const char *parser_fail_builder(struct value_parser *parser, const char *at)
{
    engine_error err;
    const engine_status status = builder_fail(&parser->builder, &err);

    if (status == ENGINE_ELIMIT)
        return parser_fail(parser, at, status, "%s", err.message);
    parser->status = engine_fail_memory(parser->err);
    return NULL;
}

/* ---- values --------------------------------------------------------------- */

/* An element of the list is complete; its text ends at `end`. */
static const char *parser_deliver(struct value_parser *parser,
                                  const struct value *item, const char *end)
{
    const char *from = parser->item;

    parser->item = NULL;
    parser->depth_maximum = VALUE_MAX_DEPTH;
    parser->status = parser->item_fn(parser, item, from, (size_t)(end - from));
    arena_clear(parser->item_arena);
    return parser->status < 0 ? NULL : end;
}

/* A value is complete. */
static inline const char *parser_give(struct value_parser *parser,
                                      const struct value *value,
                                      const char *end)
{
    const struct value_parser_frame *top;
    struct value_member *place;

    if (!parser->depth) {
        parser->root = *value;
        parser->state = PARSER_DONE;
        return end;
    }
    parser->state = PARSER_COMMA;
    top = &parser->frames[parser->depth - 1];
    if (!top->array) { /* its key is there already */
        parser->builder.waiting[parser->builder.used - 1].value = *value;
        return end;
    }
    if (top->list)
        return parser_deliver(parser, value, end);
    place = builder_push(&parser->builder);
    if (!place)
        return parser_fail_builder(parser, end);
    place->value = *value;
    return end;
}

/* A container that nobody looks into; `value` stands for it, if it is not
 * NULL. */
static const char *parser_skip(struct value_parser *parser, const char *at,
                               const struct value *value)
{
    parser->wanted = value != NULL;
    if (value)
        parser->skipped = *value;
    parser->state = PARSER_SKIP;
    scan_skip_begin(&parser->skip, *at);
    return at + 1;
}

static const char *parser_go_on_skipping(struct value_parser *parser,
                                         const char *at, const char *end)
{
    const size_t used = scan_skip(&parser->skip, at, (size_t)(end - at),
                                  parser->depth_maximum - parser->depth);

    if (parser->skip.wrong)
        return parser_fail(parser, at + used,
                           parser->skip.too_deep ? ENGINE_ELIMIT
                                                 : ENGINE_EPARSE,
                           "%s", parser->skip.wrong);
    at += used;
    if (parser->skip.depth)
        return at;
    if (parser->wanted)
        return parser_give(parser, &parser->skipped, at);
    parser->state = PARSER_COMMA;
    return at;
}

static const char *parser_begin(struct value_parser *parser, const char *at)
{
    const struct mask_node *mask = parser->mask;
    const bool array = *at == '[';
    struct value_parser_frame *top;
    struct value empty = {.kind = array ? VALUE_ARRAY : VALUE_OBJECT};

    if (parser->depth == parser->depth_maximum)
        return parser_fail(parser, at, ENGINE_ELIMIT, "nested deeper than %d",
                           VALUE_MAX_DEPTH);
    if (!mask)
        return parser_skip(parser, at, NULL);
    if (mask_is_bare(mask, array))
        return parser_skip(parser, at, &empty);
    top = &parser->frames[parser->depth++];
    top->array = array;
    top->base = parser->builder.used;
    top->mask = mask;
    top->list = array && parser->list_next;
    if (top->list) {
        parser->listed = true;
        top->mask = NULL;
    }
    parser->list_next = false;
    parser->state = array ? PARSER_FIRST_VALUE : PARSER_FIRST_KEY;
    return at + 1;
}

static const char *parser_end(struct value_parser *parser, const char *at)
{
    const struct value_parser_frame *top = &parser->frames[parser->depth - 1];
    struct value value;

    if (top->array ? !builder_array(&parser->builder, top->base, &value)
                   : !builder_object(&parser->builder, top->base, &value, NULL))
        return parser_fail_builder(parser, at);
    parser->depth--;
    if (top->list)
        builder_switch(&parser->builder, parser->rest_arena,
                       parser->builder.nodes_maximum);
    return parser_give(parser, &value, at + 1);
}

static void parser_begin_item(struct value_parser *parser, const char *at)
{
    parser->item = at;
    parser->depth_maximum = parser->depth + VALUE_MAX_DEPTH;
    parser->mask = parser->item_mask;
    builder_switch(&parser->builder, parser->item_arena,
                   parser->builder.nodes_maximum);
}

static const char *parser_on_value(struct value_parser *parser, const char *at,
                                   const char *end)
{
    const struct value_parser_frame *top = NULL;
    enum parser_mode mode;
    struct value value;

    if (parser->depth)
        top = &parser->frames[parser->depth - 1];
    if (parser->state == PARSER_FIRST_VALUE && *at == ']')
        return parser_end(parser, at);
    if (top && top->list && !parser->item)
        parser_begin_item(parser, at);
    else if (top && top->array && !top->list)
        parser->mask = mask_element(top->mask);
    if (*at == '{' || *at == '[')
        return parser_begin(parser, at);
    mode = parser->mask ? PARSER_KEEP : PARSER_PASS;
    at = parser_scalar(parser, at, end, mode, &value);
    if (!at)
        return NULL;
    parser->list_next = false;
    if (mode == PARSER_KEEP)
        return parser_give(parser, &value, at);
    parser->state = PARSER_COMMA;
    return at;
}

/* ---- members -------------------------------------------------------------- */

/* The key of the list, in the document itself. */
static bool parser_is_list(struct value_parser *parser, const struct value *key)
{
    return parser->depth == 1 && parser->list &&
           key->count == parser->list_len &&
           memcmp(key->text, parser->list, parser->list_len) == 0;
}

static const char *parser_on_key(struct value_parser *parser, const char *at,
                                 const char *end)
{
    const struct value_parser_frame *top = &parser->frames[parser->depth - 1];
    struct value_member *place;
    struct value key;
    const char *next;

    if (*at == '}' && parser->state == PARSER_FIRST_KEY)
        return parser_end(parser, at);
    if (*at != '"')
        return parser_fail(parser, at, ENGINE_EPARSE, "a key should be here");
    next = parser_text(parser, at, end,
                       top->mask->all ? PARSER_KEEP : PARSER_PEEK, &key);
    if (!next)
        return NULL;
    parser->state = PARSER_COLON;
    parser->mask = mask_member(top->mask, key.text, key.count);
    parser->list_next = parser_is_list(parser, &key);
    if (parser->list_next && parser->listed)
        return parser_fail(parser, at, ENGINE_EPARSE, "\"%s\" comes twice",
                           parser->list);
    if (!parser->mask)
        return next;
    if (!top->mask->all)
        key.text = builder_text(&parser->builder, key.text, key.count);
    place = key.text ? builder_push(&parser->builder) : NULL;
    if (!place)
        return parser_fail_builder(parser, at);
    *place = (struct value_member){.key = key.text, .key_len = key.count};
    return next;
}

static const char *parser_on_colon(struct value_parser *parser, const char *at)
{
    if (*at != ':')
        return parser_fail(parser, at, ENGINE_EPARSE, "a ':' should be here");
    parser->state = PARSER_VALUE;
    return at + 1;
}

static const char *parser_on_comma(struct value_parser *parser, const char *at)
{
    const struct value_parser_frame *top = &parser->frames[parser->depth - 1];

    if (*at == ',') {
        parser->state = top->array ? PARSER_VALUE : PARSER_KEY;
        return at + 1;
    }
    if (*at == (top->array ? ']' : '}'))
        return parser_end(parser, at);
    return parser_fail(parser, at, ENGINE_EPARSE,
                       "a ',' or '%c' should be here", top->array ? ']' : '}');
}

static const char *parser_token(struct value_parser *parser, const char *at,
                                const char *end)
{
    switch (parser->state) {
    case PARSER_VALUE:
    case PARSER_FIRST_VALUE:
        return parser_on_value(parser, at, end);
    case PARSER_FIRST_KEY:
    case PARSER_KEY:
        return parser_on_key(parser, at, end);
    case PARSER_COLON:
        return parser_on_colon(parser, at);
    case PARSER_COMMA:
        return parser_on_comma(parser, at);
    case PARSER_SKIP:
        return parser_go_on_skipping(parser, at, end);
    default:
        return parser_fail(parser, at, ENGINE_EPARSE,
                           "more text after the document");
    }
}

static inline bool parser_is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

size_t parser_run(struct value_parser *parser, const char *text, size_t len,
                  size_t at)
{
    const char *const end = text + len;
    const char *here = text + at;
    const char *next;

    parser->text = text;
    if (parser->item)
        parser->item = text; /* what is kept begins with it */
    for (;;) {
        if (parser->state != PARSER_SKIP) {
            while (here < end && parser_is_space(*here))
                here++;
        }
        if (here == end)
            break;
        next = parser_token(parser, here, end);
        if (!next)
            break;
        here = next;
    }
    if (parser->final && parser->status == ENGINE_OK &&
        parser->state != PARSER_DONE)
        parser_fail(parser, end, ENGINE_EPARSE, "the document is cut off here");
    return (size_t)(here - text);
}

engine_status value_from_json(const char *text, size_t len, const char *name,
                              struct arena *arena, struct value *out,
                              engine_error *err)
{
    struct value_parser parser;
    engine_status status;

    if (len > UINT32_MAX)
        return engine_fail(err, ENGINE_ELIMIT, "%s: larger than 4 GiB", name);
    parser_open(&parser, name, arena, arena->maximum / sizeof(struct value));
    parser.err = err;
    parser.final = true;
    parser_run(&parser, text, len, 0);
    status = parser.status;
    if (status == ENGINE_OK)
        *out = parser.root;
    parser_close(&parser);
    return status;
}
