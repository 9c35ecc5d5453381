/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_yamlpath.c - a path, a newline, a JSON document: what the path says it
 * looks at is enough for it, and item by item it gives what it gives at once.
 */
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/value_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char usual[] =
    "{\"items\":[{\"a\":1,\"b\":[1,[2],{\"a\":3}]},{\"a\":null,\"b\":{\"c\":[]"
    "}},[],\"x\"],\"a\":{\"b\":{\"c\":[{\"a\":1},{\"b\":2}]}},\"0\":\"zero\"}";

static engine_status keep_text(const struct value *item, const char *text,
                               size_t len, void *user, engine_error *err)
{
    struct buffer *out = user;

    (void)text;
    (void)len;
    (void)err;
    if (out->len)
        buffer_putc(out, ',');
    return value_to_json(item, 0, out);
}

static void put_results(struct expr *expr, const struct value *input,
                        struct arena *arena, struct buffer *out)
{
    struct expr_values values;
    engine_error err = {0};

    buffer_init(out, (size_t)1 << 28);
    buffer_puts(out, "");
    if (expr_evaluate(expr, input, arena, &values, &err) != ENGINE_OK)
        abort();
    for (size_t i = 0; i < values.count; i++) {
        value_to_json(values.values[i], 0, out);
        buffer_putc(out, '\n');
    }
}

/* The document through its mask, as the only element of a list. */
static void read_masked(const struct expr *expr, const struct value *document,
                        struct arena *arena, struct value *out)
{
    struct value_mask *mask = value_mask_new();
    struct buffer text, kept;
    const struct value_stream_options options = {
        .list = "l", .mask = mask, .item = keep_text, .user = &kept};
    struct value_stream *stream;
    const struct value *rest;

    buffer_init(&text, (size_t)1 << 28);
    buffer_init(&kept, (size_t)1 << 28);
    buffer_puts(&text, "{\"l\":[");
    value_to_json(document, 0, &text);
    buffer_puts(&text, "]}");
    if (expr_wants(expr, mask) < 0 ||
        value_stream_new(&options, &stream, NULL) < 0 ||
        value_stream_feed(stream, text.data, text.len, NULL) < 0 ||
        value_stream_end(stream, &rest, NULL) < 0 ||
        value_from_json(kept.data, kept.len, "kept", arena, out, NULL) < 0)
        abort();
    value_stream_free(stream);
    value_mask_free(mask);
    buffer_clear(&text);
    buffer_clear(&kept);
}

static void compare_split(const char *path, const struct value *document,
                          const struct buffer *expected, struct arena *arena)
{
    const struct expr_language *language = expr_language("yamlpath");
    const struct value *items = value_member(document, "items");
    struct buffer all, one;
    struct expr *expr;
    char *item, *rest;

    if (expr_split(language, path, "items", &item, &rest, NULL) < 0)
        return;
    if (expr_compile(language, item, NULL, &expr, NULL) < 0)
        abort();
    buffer_init(&all, (size_t)1 << 28);
    buffer_puts(&all, "");
    for (uint32_t i = 0;
         items && items->kind == VALUE_ARRAY && i < items->count; i++) {
        put_results(expr, &items->items[i], arena, &one);
        buffer_append(&all, one.data, one.len);
        buffer_clear(&one);
    }
    if (strcmp(all.data, expected->data) != 0)
        abort();
    buffer_clear(&all);
    expr_free(expr);
    engine_free(item);
    engine_free(rest);
}

static void compare(const char *path, struct expr *expr,
                    const struct value *document, struct arena *arena)
{
    struct buffer whole, part;
    struct value masked;

    put_results(expr, document, arena, &whole);
    read_masked(expr, document, arena, &masked);
    put_results(expr, &masked, arena, &part);
    if (strcmp(whole.data, part.data) != 0)
        abort();
    compare_split(path, document, &whole, arena);
    buffer_clear(&whole);
    buffer_clear(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *line = memchr(data, '\n', len);
    const size_t path_len = line ? (size_t)(line - (const char *)data) : len;
    char *path = engine_strndup((const char *)data, path_len);
    struct expr *expr = NULL;
    struct value document;
    struct arena arena;
    engine_error err = {0};

    arena_init(&arena, (size_t)1 << 28);
    if (expr_compile(expr_language("yamlpath"), path, NULL, &expr, &err) < 0) {
        if (!err.message[0])
            abort();
    } else {
        if (value_from_json(usual, strlen(usual), "usual", &arena, &document,
                            NULL) < 0)
            abort();
        compare(path, expr, &document, &arena);
        if (line && value_from_json(line + 1, len - path_len - 1, "input",
                                    &arena, &document, NULL) == ENGINE_OK)
            compare(path, expr, &document, &arena);
    }
    expr_free(expr);
    engine_free(path);
    arena_clear(&arena);
    return 0;
}
