/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - events become BSON bytes and the origin tree. */
#include "sdk/document/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/document/utf8.h"

void reader_init(struct reader *reader, const char *name, document_fn fn,
                 void *user, engine_error *err)
{
    memset(reader, 0, sizeof(*reader));
    reader->name = name;
    reader->fn = fn;
    reader->user = user;
    reader->err = err;
    buffer_init(&reader->bson, DOCUMENT_MAX_BYTES);
    arena_init(&reader->arena, READER_MAX_MEMORY);
    keys_init(&reader->keys);
}

void reader_clear(struct reader *reader)
{
    buffer_clear(&reader->bson);
    reader_anchors_forget(reader);
    keys_clear(&reader->keys);
}

bool reader_fail(struct reader *reader, engine_status status, long line,
                 const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    reader->status = engine_fail(reader->err, status, "%s:%ld: %s",
                                 reader->name, line, text);
    return false;
}

bool reader_fail_memory(struct reader *reader)
{
    reader->status = engine_fail_memory(reader->err);
    return false;
}

/* The arena says no when memory is out and when its limit is reached. */
static bool reader_fail_arena(struct reader *reader, long line)
{
    if (reader->arena.used + reader->kept_used <
        READER_MAX_MEMORY - DOCUMENT_MAX_BYTES)
        return reader_fail_memory(reader);
    return reader_fail(reader, ENGINE_ELIMIT, line,
                       "more than %zu MiB of memory are needed",
                       READER_MAX_MEMORY >> 20);
}

bool reader_bytes(struct reader *reader, const void *data, size_t len)
{
    engine_status status = buffer_append(&reader->bson, data, len);

    if (status == ENGINE_OK)
        return true;
    if (status != ENGINE_ELIMIT)
        return reader_fail_memory(reader);
    return reader_fail(
        reader, ENGINE_ELIMIT, reader->depth ? reader->frames[0].node->line : 1,
        "a document is larger than %zu MiB", DOCUMENT_MAX_BYTES >> 20);
}

/* BSON is little-endian whatever the machine is. */
static bool reader_u32(struct reader *reader, uint32_t value)
{
    const uint32_t little = BSON_UINT32_TO_LE(value);

    return reader_bytes(reader, &little, sizeof(little));
}

static bool reader_u64(struct reader *reader, uint64_t value)
{
    const uint64_t little = BSON_UINT64_TO_LE(value);

    return reader_bytes(reader, &little, sizeof(little));
}

static struct reader_frame *reader_top(struct reader *reader)
{
    return reader->depth ? &reader->frames[reader->depth - 1] : NULL;
}

static bool reader_text_valid(struct reader *reader, long line,
                              const char *text, size_t len)
{
    const size_t valid = utf8_span(text, len);

    if (valid == len)
        return true;
    if (text[valid] == '\0')
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "a NUL character is not allowed in text");
    return reader_fail(reader, ENGINE_EPARSE, line, "text is not UTF-8");
}

bool reader_expects(struct reader *reader, long line, bool document)
{
    if (reader->depth) {
        const size_t limit = DOCUMENT_MAX_NODES;

        if (++reader->nodes > limit)
            return reader_fail(reader, ENGINE_ELIMIT, line,
                               "a document has more than %zu values", limit);
        return true;
    }
    if (!document)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "expected a mapping (a document) here");
    if (reader->single && reader->delivered)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "expected one document, found another");
    return true;
}

bool reader_key(struct reader *reader, long line, const char *text, size_t len)
{
    struct reader_frame *top = reader_top(reader);
    const char *key;

    if (!reader_text_valid(reader, line, text, len))
        return false;
    key = arena_strndup(&reader->arena, text, len);
    if (!key)
        return reader_fail_arena(reader, line);
    switch (keys_add(&reader->keys, top->mapping, key)) {
    case ENGINE_OK:
        break;
    case ENGINE_ECONFLICT:
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "duplicate key \"%.200s\"", key);
    default:
        return reader_fail_memory(reader);
    }
    top->key = key;
    top->key_line = line;
    return true;
}

static struct origin_node *reader_node(struct reader *reader, long line,
                                       const char *key)
{
    struct origin_node *node = arena_alloc(&reader->arena, sizeof(*node));

    if (!node) {
        reader_fail_arena(reader, line);
        return NULL;
    }
    node->key = key;
    node->line = line;
    return node;
}

bool reader_element(struct reader *reader, long line, uint8_t type,
                    struct origin_node **out)
{
    struct reader_frame *top = reader_top(reader);
    const char *key = top->key;
    struct origin_node *node;
    char digits[16];

    node = reader_node(reader, key ? top->key_line : line, key);
    if (!node)
        return false;
    if (top->array) {
        snprintf(digits, sizeof(digits), "%u", (unsigned)top->index++);
        key = digits;
    }
    if (!reader_bytes(reader, &type, 1) ||
        !reader_bytes(reader, key, strlen(key) + 1))
        return false;
    /* what << brings is linked when the mapping ends */
    if (!top->merging) {
        if (top->last)
            top->last->next = node;
        else
            top->node->first = node;
        top->last = node;
    }
    top->key = NULL;
    *out = node;
    return true;
}

bool reader_element_done(struct reader *reader, size_t element,
                         const struct origin_node *node, int height)
{
    struct reader_frame *top = reader_top(reader);

    if (top->height < height)
        top->height = height;
    if (!top->merging)
        return true;
    top->merging = false;
    return reader_merge_take(reader, element, node);
}

/* ---- mappings and lists ------------------------------------------------ */

static bool reader_push(struct reader *reader, long line, bool array,
                        struct origin_node *node, size_t element)
{
    struct reader_frame *frame;

    if (reader->depth == DOCUMENT_MAX_DEPTH)
        return reader_fail(reader, ENGINE_ELIMIT, line,
                           "nested more than %d levels deep",
                           DOCUMENT_MAX_DEPTH);
    frame = &reader->frames[reader->depth++];
    *frame = (struct reader_frame){.node = node,
                                   .at = reader->bson.len,
                                   .element = element,
                                   .nodes = reader->nodes,
                                   .mapping = ++reader->mapping,
                                   .array = array};
    return reader_u32(reader, 0);
}

bool reader_begin(struct reader *reader, long line, bool array,
                  struct reader_anchor *anchor)
{
    const size_t element = reader->bson.len;
    struct origin_node *node;

    if (!reader->depth && array && !reader->listed && !reader->single) {
        reader->listed = true;
        return true;
    }
    if (!reader_expects(reader, line, !array))
        return false;
    if (!reader->depth)
        node = reader_node(reader, line, NULL);
    else if (!reader_element(reader, line,
                             array ? BSON_TYPE_ARRAY : BSON_TYPE_DOCUMENT,
                             &node))
        return false;
    if (!node || !reader_push(reader, line, array, node, element))
        return false;
    reader->frames[reader->depth - 1].anchor = anchor;
    return true;
}

static void reader_anchor_fill(struct reader *reader,
                               const struct reader_frame *frame)
{
    struct reader_anchor *anchor = frame->anchor;

    if (!anchor)
        return;
    anchor->node = frame->node;
    anchor->at = frame->at;
    anchor->len = reader->bson.len - frame->at;
    anchor->nodes = reader->nodes - frame->nodes + 1;
    anchor->height = frame->height + 1;
    anchor->type = frame->array ? BSON_TYPE_ARRAY : BSON_TYPE_DOCUMENT;
}

bool reader_end(struct reader *reader)
{
    struct reader_frame *top = reader_top(reader);
    uint32_t len;

    if (!top) {
        reader->listed = false;
        return true;
    }
    if (top->merges && !reader_merge_apply(reader))
        return false;
    if (!reader_bytes(reader, "", 1))
        return false;
    len = BSON_UINT32_TO_LE((uint32_t)(reader->bson.len - top->at));
    memcpy(reader->bson.data + top->at, &len, sizeof(len));
    reader_anchor_fill(reader, top);
    reader->depth--;
    if (!reader->depth)
        return reader_deliver(reader, top->node);
    return reader_element_done(reader, top->element, top->node,
                               top->height + 1);
}

bool reader_deliver(struct reader *reader, const struct origin_node *root)
{
    const struct document_origin origin = {reader->name, root};
    bson_t document;

    if (!bson_init_static(&document, (const uint8_t *)reader->bson.data,
                          reader->bson.len))
        return reader_fail(reader, ENGINE_EPARSE, root->line,
                           "the document is malformed");
    reader->delivered++;
    reader->status = reader->fn(&document, &origin, reader->user, reader->err);
    if (reader->status < 0)
        return false;
    if (reader->anchored && !reader_anchors_keep(reader))
        return false;
    arena_clear(&reader->arena);
    buffer_reset(&reader->bson);
    keys_reset(&reader->keys);
    reader->nodes = 0;
    return true;
}

/* ---- scalars ----------------------------------------------------------- */

void reader_integer(struct reader_scalar *scalar, int64_t value)
{
    scalar->type = value >= INT32_MIN && value <= INT32_MAX ? BSON_TYPE_INT32
                                                            : BSON_TYPE_INT64;
    scalar->integer = value;
}

static bool reader_value(struct reader *reader,
                         const struct reader_scalar *scalar)
{
    const uint8_t subtype_generic = 0;
    const char truth = scalar->integer != 0;
    uint64_t bits;

    switch (scalar->type) {
    case BSON_TYPE_UTF8:
        return reader_u32(reader, (uint32_t)scalar->len + 1) &&
               reader_bytes(reader, scalar->text, scalar->len) &&
               reader_bytes(reader, "", 1);
    case BSON_TYPE_BOOL:
        return reader_bytes(reader, &truth, 1);
    case BSON_TYPE_INT32:
        return reader_u32(reader, (uint32_t)scalar->integer);
    case BSON_TYPE_INT64:
        return reader_u64(reader, (uint64_t)scalar->integer);
    case BSON_TYPE_DOUBLE:
        memcpy(&bits, &scalar->number, sizeof(bits));
        return reader_u64(reader, bits);
    case BSON_TYPE_BINARY:
        return reader_u32(reader, scalar->binary_len) &&
               reader_bytes(reader, &subtype_generic, 1) &&
               reader_bytes(reader, scalar->binary, scalar->binary_len);
    default: /* null has no bytes */
        return true;
    }
}

bool reader_scalar(struct reader *reader, long line,
                   const struct reader_scalar *scalar,
                   struct reader_anchor *anchor)
{
    const size_t element = reader->bson.len;
    struct origin_node *node;
    size_t at;

    if (!reader_expects(reader, line, false) ||
        !reader_text_valid(reader, line, scalar->text, scalar->len) ||
        !reader_element(reader, line, (uint8_t)scalar->type, &node))
        return false;
    node->text = arena_strndup(&reader->arena, scalar->text, scalar->len);
    if (!node->text)
        return reader_fail_arena(reader, line);
    at = reader->bson.len;
    if (!reader_value(reader, scalar))
        return false;
    if (anchor)
        *anchor = (struct reader_anchor){.next = anchor->next,
                                         .name = anchor->name,
                                         .node = node,
                                         .at = at,
                                         .len = reader->bson.len - at,
                                         .nodes = 1,
                                         .type = (uint8_t)scalar->type};
    return reader_element_done(reader, element, node, 0);
}
