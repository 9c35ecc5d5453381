/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader_alias.c - aliases repeat finished values, << merges them. Nothing is
 * expanded twice: an alias copies bytes and shares the origin.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/reader.h"

/* An expansion counts its values, and long texts as several. */
#define ALIAS_BYTES_PER_NODE 64

/** One value of <<, kept until its mapping ends. */
struct reader_merge {
    struct reader_merge *next;
    const uint8_t *data;
    size_t len;
    const struct origin_node *node;
    uint8_t type;
    long line;
};

/** The memory of a document that has anchors. */
struct reader_kept {
    struct reader_kept *next;
    struct arena arena;
};

struct reader_anchor *reader_anchor(struct reader *reader, const char *name)
{
    struct reader_anchor *anchor = arena_alloc(&reader->arena, sizeof(*anchor));

    if (anchor)
        anchor->name = arena_strdup(&reader->arena, name);
    if (!anchor || !anchor->name) {
        reader_fail_memory(reader);
        return NULL;
    }
    anchor->next = reader->anchors;
    reader->anchors = anchor;
    reader->anchored = true;
    return anchor;
}

struct reader_anchor *reader_anchor_find(const struct reader *reader,
                                         const char *name)
{
    struct reader_anchor *anchor = reader->anchors;

    while (anchor && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    return anchor;
}

void reader_anchors_forget(struct reader *reader)
{
    struct reader_kept *kept = reader->kept;

    while (kept) {
        struct reader_kept *next = kept->next;

        arena_clear(&kept->arena);
        engine_free(kept);
        kept = next;
    }
    reader->kept = NULL;
    reader->kept_used = 0;
    reader->anchors = NULL;
    reader->anchored = false;
    arena_clear(&reader->arena);
    arena_init(&reader->arena, READER_MAX_MEMORY);
}

/* The anchors of the newest values, which lie behind `at`, move to a copy. */
static void alias_relocate(struct reader *reader, size_t at,
                           const uint8_t *copy)
{
    for (struct reader_anchor *anchor = reader->anchors;
         anchor && anchor->node && !anchor->data && anchor->at >= at;
         anchor = anchor->next)
        anchor->data = copy + (anchor->at - at);
}

/* The whole arena is kept: the anchors and their origins are in it. */
static bool alias_keep_arena(struct reader *reader)
{
    struct reader_kept *kept = engine_calloc(1, sizeof(*kept));

    if (!kept)
        return reader_fail_memory(reader);
    kept->arena = reader->arena;
    kept->next = reader->kept;
    reader->kept = kept;
    reader->kept_used += kept->arena.used;
    reader->anchored = false;
    if (reader->kept_used > READER_MAX_MEMORY) /* arenas round up */
        reader->kept_used = READER_MAX_MEMORY;
    arena_init(&reader->arena, READER_MAX_MEMORY - reader->kept_used);
    return true;
}

bool reader_anchors_keep(struct reader *reader)
{
    const struct reader_anchor *newest = reader->anchors;
    uint8_t *copy;

    if (newest->node && !newest->data) {
        copy = arena_alloc(&reader->arena, reader->bson.len);
        if (!copy)
            return reader_fail_memory(reader);
        memcpy(copy, reader->bson.data, reader->bson.len);
        alias_relocate(reader, 0, copy);
    }
    return alias_keep_arena(reader);
}

static bool alias_allowed(struct reader *reader, long line,
                          const struct reader_anchor *anchor)
{
    const size_t cost = anchor->nodes + anchor->len / ALIAS_BYTES_PER_NODE;

    if (!anchor->node)
        return reader_fail(reader, ENGINE_EPARSE, line,
                           "alias *%.100s is part of what it stands for",
                           anchor->name);
    reader->expanded += cost;
    reader->nodes += anchor->nodes - 1;
    if (reader->expanded > DOCUMENT_MAX_NODES ||
        reader->nodes > DOCUMENT_MAX_NODES)
        return reader_fail(reader, ENGINE_ELIMIT, line,
                           "aliases expand to more than %d values",
                           DOCUMENT_MAX_NODES);
    if (reader->depth + anchor->height > DOCUMENT_MAX_DEPTH)
        return reader_fail(reader, ENGINE_ELIMIT, line,
                           "nested more than %d levels deep",
                           DOCUMENT_MAX_DEPTH);
    return reader_expects(reader, line, anchor->type == BSON_TYPE_DOCUMENT);
}

/* buffer_append may move the buffer, so the copy starts from an offset. */
static bool alias_bytes(struct reader *reader,
                        const struct reader_anchor *anchor)
{
    char *room;

    if (anchor->data)
        return reader_bytes(reader, anchor->data, anchor->len);
    room = buffer_room(&reader->bson, anchor->len);
    if (!room)
        return reader_bytes(reader, "", 1); /* fails as the room did */
    memcpy(room, reader->bson.data + anchor->at, anchor->len);
    buffer_grown(&reader->bson, anchor->len);
    return true;
}

bool reader_alias(struct reader *reader, long line,
                  const struct reader_anchor *anchor)
{
    const size_t element = reader->bson.len;
    struct origin_node *node;

    if (!alias_allowed(reader, line, anchor))
        return false;
    if (!reader->depth)
        return alias_bytes(reader, anchor) &&
               reader_deliver(reader, anchor->node);
    if (!reader_element(reader, line, anchor->type, &node))
        return false;
    node->text = anchor->node->text;
    node->first = anchor->node->first;
    return alias_bytes(reader, anchor) &&
           reader_element_done(reader, element, node, anchor->height);
}

/* ---- merge keys -------------------------------------------------------- */

bool reader_merge_key(struct reader *reader, long line)
{
    if (!reader_key(reader, line, "<<", 2))
        return false;
    reader->frames[reader->depth - 1].merging = true;
    return true;
}

bool reader_merge_take(struct reader *reader, size_t element,
                       const struct origin_node *node)
{
    struct reader_frame *top = &reader->frames[reader->depth - 1];
    const size_t at = element + 1 + sizeof("<<"); /* type and key */
    const size_t len = reader->bson.len - at;
    const uint8_t type = (uint8_t)reader->bson.data[element];
    struct reader_merge *merge = arena_alloc(&reader->arena, sizeof(*merge));
    uint8_t *copy = arena_alloc(&reader->arena, len + 1);

    if (!merge || !copy)
        return reader_fail_memory(reader);
    if (type != BSON_TYPE_DOCUMENT && type != BSON_TYPE_ARRAY)
        return reader_fail(reader, ENGINE_EPARSE, node->line,
                           "<< needs a mapping or a list of mappings");
    memcpy(copy, reader->bson.data + at, len);
    alias_relocate(reader, at, copy);
    *merge = (struct reader_merge){NULL, copy, len, node, type, node->line};
    if (top->last_merge)
        top->last_merge->next = merge;
    else
        top->merges = merge;
    top->last_merge = merge;
    reader->bson.len = element;
    return true;
}

/* Where the value of the element begins that an iterator stands on. */
static const uint8_t *merge_value(const bson_iter_t *iter, size_t *len)
{
    const uint8_t *key = (const uint8_t *)bson_iter_key(iter);
    const uint8_t *value = key + strlen((const char *)key) + 1;

    *len = iter->next_off - (size_t)(value - iter->raw);
    return value;
}

static bool merge_element(struct reader *reader, const bson_iter_t *iter,
                          const struct origin_node *from)
{
    struct reader_frame *top = &reader->frames[reader->depth - 1];
    struct origin_node *node;
    const uint8_t *value;
    size_t len;

    if (keys_have(&reader->keys, top->mapping, from->key))
        return true;
    if (!reader_key(reader, from->line, from->key, strlen(from->key)) ||
        !reader_element(reader, from->line, (uint8_t)bson_iter_type(iter),
                        &node))
        return false;
    node->text = from->text;
    node->first = from->first;
    value = merge_value(iter, &len);
    return reader_bytes(reader, value, len);
}

static bool merge_mapping(struct reader *reader, const uint8_t *data,
                          size_t len, const struct origin_node *node)
{
    const struct origin_node *from = node->first;
    bson_iter_t iter;

    if (!bson_iter_init_from_data(&iter, data, len))
        return reader_fail(reader, ENGINE_EPARSE, node->line,
                           "<< needs a mapping");
    for (; from && bson_iter_next(&iter); from = from->next)
        if (!merge_element(reader, &iter, from))
            return false;
    return true;
}

static bool merge_list(struct reader *reader, const struct reader_merge *merge)
{
    const struct origin_node *node = merge->node->first;
    bson_iter_t iter;

    if (!bson_iter_init_from_data(&iter, merge->data, merge->len))
        return reader_fail(reader, ENGINE_EPARSE, merge->line,
                           "<< needs a list of mappings");
    for (; node && bson_iter_next(&iter); node = node->next) {
        const uint8_t *value;
        size_t len;

        if (!BSON_ITER_HOLDS_DOCUMENT(&iter))
            return reader_fail(reader, ENGINE_EPARSE, merge->line,
                               "<< needs a list of mappings");
        value = merge_value(&iter, &len);
        if (!merge_mapping(reader, value, len, node))
            return false;
    }
    return true;
}

bool reader_merge_apply(struct reader *reader)
{
    struct reader_frame *top = &reader->frames[reader->depth - 1];

    for (const struct reader_merge *merge = top->merges; merge;
         merge = merge->next) {
        const bool done =
            merge->type == BSON_TYPE_ARRAY
                ? merge_list(reader, merge)
                : merge_mapping(reader, merge->data, merge->len, merge->node);

        if (!done)
            return false;
    }
    return true;
}
