/* SPDX-License-Identifier: Apache-2.0 */
/* fragments_write.c - building a fragments file in memory. */
#include <stdlib.h>
#include <string.h>

#include "plugins/oscap/fragments.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

void fragments_writer_init(struct fragments_writer *writer)
{
    *writer = (struct fragments_writer){0};
    buffer_init(&writer->pool, FRAGMENTS_MAX);
    buffer_append(&writer->pool, "", 1); /* offset 0: the empty string */
}

void fragments_writer_clear(struct fragments_writer *writer)
{
    engine_free(writer->items);
    engine_free(writer->refs);
    buffer_clear(&writer->pool);
    *writer = (struct fragments_writer){0};
}

/* Room for one more; failures stick to the pool's status. */
static bool fragments_grow(struct fragments_writer *writer, void **array,
                           size_t count, size_t *room, size_t size)
{
    const size_t more = *room ? *room * 2 : 256;
    void *grown;

    if (writer->pool.status < 0)
        return false;
    if (count < *room)
        return true;
    grown = count < UINT32_MAX / 2 ? engine_realloc(*array, more * size) : NULL;
    if (!grown) {
        writer->pool.status = ENGINE_ENOMEM;
        return false;
    }
    *array = grown;
    *room = more;
    return true;
}

uint32_t fragments_intern(struct fragments_writer *writer, const char *text)
{
    const size_t at = writer->pool.len;

    if (!*text)
        return 0;
    buffer_append(&writer->pool, text, strlen(text) + 1);
    return (uint32_t)at;
}

uint32_t fragments_add(struct fragments_writer *writer, enum fragment_kind kind,
                       uint32_t component, const char *id)
{
    void *items = writer->items;
    struct fragment *item;

    if (!fragments_grow(writer, &items, writer->items_count,
                        &writer->items_room, sizeof(*writer->items)))
        return FRAGMENT_NONE;
    writer->items = items;
    item = &writer->items[writer->items_count];
    *item = (struct fragment){.kind = kind,
                              .component = component,
                              .parent = FRAGMENT_NONE,
                              .id = fragments_intern(writer, id)};
    return (uint32_t)writer->items_count++;
}

void fragments_slice(struct fragments_writer *writer, uint32_t item,
                     size_t from)
{
    if (item == FRAGMENT_NONE || writer->pool.status < 0)
        return;
    writer->items[item].slice = (uint32_t)from;
    writer->items[item].slice_len = (uint32_t)(writer->pool.len - from);
}

void fragments_refs_begin(struct fragments_writer *writer, uint32_t item)
{
    if (item == FRAGMENT_NONE)
        return;
    writer->items[item].refs = (uint32_t)writer->refs_count;
    writer->items[item].refs_count = 0;
}

void fragments_ref(struct fragments_writer *writer, uint32_t item, uint32_t to)
{
    void *refs = writer->refs;
    struct fragment *from;

    if (item == FRAGMENT_NONE || to == FRAGMENT_NONE ||
        !fragments_grow(writer, &refs, writer->refs_count, &writer->refs_room,
                        sizeof(*writer->refs)))
        return;
    writer->refs = refs;
    from = &writer->items[item];
    for (uint32_t i = 0; i < from->refs_count; i++)
        if (writer->refs[from->refs + i] == to)
            return;
    writer->refs[writer->refs_count++] = to;
    from->refs_count++;
}

static int fragments_compare(const void *a, const void *b, void *user)
{
    const struct fragments_writer *writer = user;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const struct fragment *x = &writer->items[left];
    const struct fragment *y = &writer->items[right];
    int order;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->component != y->component)
        return x->component < y->component ? -1 : 1;
    order = strcmp(writer->pool.data + x->id, writer->pool.data + y->id);
    if (order)
        return order;
    return left < right ? -1 : left > right; /* the first of two wins */
}

engine_status fragments_write(struct fragments_writer *writer, const char *path,
                              engine_error *err)
{
    const size_t count = writer->items_count;
    struct fragments_head head = {.order = FRAGMENTS_ORDER};
    uint32_t *sorted = engine_malloc((count + 1) * sizeof(*sorted));
    engine_status status;
    struct buffer file;

    buffer_append(&writer->pool, "", 1); /* the pool ends with a NUL */
    status = buffer_status(&writer->pool, err);
    if (status < 0 || !sorted) {
        engine_free(sorted);
        return status < 0 ? status : engine_fail_memory(err);
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = (uint32_t)i;
    qsort_r(sorted, count, sizeof(*sorted), fragments_compare, writer);
    memcpy(head.magic, FRAGMENTS_MAGIC, sizeof(head.magic));
    head.items_count = (uint32_t)count;
    head.refs_count = (uint32_t)writer->refs_count;
    head.pool_len = (uint32_t)writer->pool.len;
    buffer_init(&file, 2 * FRAGMENTS_MAX);
    buffer_append(&file, &head, sizeof(head));
    buffer_append(&file, writer->items, count * sizeof(*writer->items));
    buffer_append(&file, writer->refs,
                  writer->refs_count * sizeof(*writer->refs));
    buffer_append(&file, sorted, count * sizeof(*sorted));
    buffer_append(&file, writer->pool.data, writer->pool.len);
    status = buffer_status(&file, err);
    if (status == ENGINE_OK)
        status = file_write(path, file.data, file.len, 0600, err);
    buffer_clear(&file);
    engine_free(sorted);
    return status;
}
