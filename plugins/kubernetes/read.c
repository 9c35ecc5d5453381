/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - the answer of one read on its way from the source to the judge. */
#include "plugins/kubernetes/read.h"

#include <string.h>

#include "plugins/kubernetes/dump.h"
#include "plugins/kubernetes/record.h"
#include "plugins/kubernetes/seen.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"

#define READ_ITEM_MAXIMUM ((size_t)16 * 1024 * 1024)
#define READ_KEEP_MAXIMUM ((size_t)512 * 1024 * 1024)
#define READ_OBJECTS_MAXIMUM UINT64_C(10000000) /* that came, judged or not */

/** The objects of a list that have to stay until the end. */
struct kube_kept {
    struct value *items;
    size_t count, room;
};

static engine_status read_keep(struct kube_read *read,
                               const struct value *item, engine_error *err)
{
    struct kube_kept *kept = read->kept;

    if (kept->count == kept->room) {
        const size_t room = kept->room ? kept->room * 2 : 64;
        struct value *items =
            engine_realloc(kept->items, room * sizeof(*items));
        if (!items)
            return engine_fail_memory(err);
        kept->items = items;
        kept->room = room;
    }
    if (value_copy(item, &read->arena, &kept->items[kept->count], err) < 0) {
        engine_error_prefix(err, "the whole of %s is needed and too large",
                            read->path.key);
        engine_hint(err, "at most %zu MiB of a list are kept; a filter of "
                         "the form [.items[] | ...] needs no whole list",
                    READ_KEEP_MAXIMUM >> 20);
        return err ? err->status : ENGINE_ENOMEM;
    }
    kept->count++;
    return ENGINE_OK;
}

static bool read_is_wanted(struct kube_read *read, const struct value *item,
                           engine_error *err, engine_status *status)
{
    bool fresh;

    *status = kube_seen_add(read->seen, item, &fresh, err);
    if (*status < 0 || (read->overlaps && !fresh))
        return false;
    return !read->narrow || kube_selector_matches(read->narrow, item);
}

/* text is the object as it came; NULL: it came as a value */
static engine_status read_item(struct kube_read *read,
                               const struct value *item, const char *text,
                               size_t len, engine_error *err)
{
    engine_status status;

    read->has_list = read->page_list = true;
    if (value_stream_items(read->stream) > READ_OBJECTS_MAXIMUM)
        return engine_fail(err, ENGINE_ELIMIT,
                           "%s: the list does not end: more than %llu "
                           "objects came", read->path.key,
                           (unsigned long long)READ_OBJECTS_MAXIMUM);
    if (!read_is_wanted(read, item, err, &status))
        return status;
    read->items++;
    if (read->record)
        status = kube_record_item(read->record, item, text, len, err);
    if (status == ENGINE_OK && read->keep)
        status = read_keep(read, item, err);
    if (status == ENGINE_OK)
        status = read->events->item(read, item, &read->scratch, read->user,
                                    err);
    arena_reset(&read->scratch);
    return status;
}

engine_status kube_read_item(struct kube_read *read, const struct value *item,
                             engine_error *err)
{
    return read_item(read, item, NULL, 0, err);
}

static engine_status read_on_item(const struct value *item, const char *text,
                                  size_t len, void *user, engine_error *err)
{
    return read_item(user, item, text, len, err);
}

bool kube_read_is_named(const struct kube_read *read)
{
    struct kube_place place;

    return kube_place_of(read->path.plain, &place) && *place.name;
}

/* What was asked for says whether the answer is a list: objects may have
 * "items" of their own. */
static bool read_may_be_list(const struct kube_read *read)
{
    return !read->filtered && !kube_read_is_named(read);
}

engine_status kube_read_open(struct kube_read *read,
                             const struct kube_read_events *events,
                             void *user, engine_error *err)
{
    const struct value_stream_options options = {
        .name = read->path.key,
        .list = read_may_be_list(read) ? "items" : NULL,
        .mask = read->keep ? NULL : read->mask,
        .item_maximum = READ_ITEM_MAXIMUM,
        .rest_maximum = READ_KEEP_MAXIMUM,
        .item = read_on_item,
        .user = read,
    };

    read->events = events;
    read->user = user;
    arena_init(&read->scratch, READ_KEEP_MAXIMUM);
    arena_init(&read->arena, READ_KEEP_MAXIMUM);
    read->seen = kube_seen_new();
    read->kept = engine_calloc(1, sizeof(*read->kept));
    if (!read->seen || !read->kept)
        return engine_fail_memory(err);
    return value_stream_new(&options, &read->stream, err);
}

void kube_read_clear(struct kube_read *read)
{
    value_stream_free(read->stream);
    kube_seen_free(read->seen);
    if (read->kept)
        engine_free(read->kept->items);
    engine_free(read->kept);
    if (read->events) {
        arena_clear(&read->scratch);
        arena_clear(&read->arena);
    }
    kube_record_close(read->record);
    read->stream = NULL;
    read->seen = NULL;
    read->kept = NULL;
    read->record = NULL;
    read->document = NULL;
}

/* ---- what sources call --------------------------------------------------- */

engine_status kube_read_bytes(struct kube_read *read, const char *data,
                              size_t len, engine_error *err)
{
    read->open = true;
    return value_stream_feed(read->stream, data, len, err);
}

/* the document of the last page is the one that stays */
static engine_status read_take(struct kube_read *read,
                               const struct value *rest, engine_error *err)
{
    struct value *document = arena_alloc(&read->arena, sizeof(*document));

    if (!document)
        return engine_fail_memory(err);
    read->document = document;
    return value_copy(rest, &read->arena, document, err);
}

static engine_status read_check_list(const struct kube_read *read,
                                     const struct value *rest,
                                     engine_error *err)
{
    const char *kind = value_text(value_member(rest, "kind"));
    const struct value *items = value_member(rest, "items");
    const size_t len = kind ? strlen(kind) : 0;

    /* Go writes an empty list of items as null now and then */
    if (len < 4 || strcmp(kind + len - 4, "List") != 0 || read->has_list ||
        !read_may_be_list(read) ||
        !items || items->kind == VALUE_ARRAY || items->kind == VALUE_NULL)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EPARSE,
                       "%s: the items of the %s are no array but a %s",
                       read->path.key, kind, value_kind_name(items));
}

/* what a page says of the list that it belongs to */
static engine_status read_note_page(struct kube_read *read, const char **next,
                                    engine_error *err)
{
    const struct value *items = value_member(read->document, "items");
    const char *token =
        value_text(value_at(read->document, "metadata", "continue", NULL));

    *next = NULL;
    read->open = read->more = false;
    if (!read_may_be_list(read))
        return ENGINE_OK;
    if (items && (items->kind == VALUE_ARRAY || items->kind == VALUE_NULL))
        read->page_list = true;
    if (read->has_list && !read->page_list)
        return engine_fail(err, ENGINE_EPARSE,
                           "%s: the list goes on with a page that has no "
                           "items", read->path.key);
    read->has_list = read->page_list;
    read->page_list = false;
    read->more = read->has_list && token && *token;
    if (read->more)
        *next = token;
    return ENGINE_OK;
}

engine_status kube_read_page(struct kube_read *read, const char **next,
                             engine_error *err)
{
    const struct value *rest = NULL;
    engine_status status = value_stream_end(read->stream, &rest, err);

    *next = NULL;
    if (status == ENGINE_OK)
        status = read_check_list(read, rest, err);
    if (status == ENGINE_OK)
        status = read_take(read, rest, err);
    if (status == ENGINE_OK)
        status = read_note_page(read, next, err);
    if (status == ENGINE_OK)
        value_stream_again(read->stream);
    return status;
}

static engine_status read_value_list(struct kube_read *read,
                                     const struct value *items,
                                     engine_error *err)
{
    engine_status status = ENGINE_OK;

    read->page_list = true;
    for (uint32_t i = 0; status == ENGINE_OK && i < items->count; i++)
        status = kube_read_item(read, &items->items[i], err);
    return status;
}

engine_status kube_read_value(struct kube_read *read,
                              const struct value *document,
                              engine_error *err)
{
    const struct value *items =
        read_may_be_list(read) ? value_member(document, "items") : NULL;
    const char *next;

    if (items && items->kind == VALUE_ARRAY &&
        read_value_list(read, items, err) < 0)
        return err ? err->status : ENGINE_EIO;
    if (read_check_list(read, document, err) < 0)
        return ENGINE_EPARSE;
    if (read_take(read, document, err) < 0)
        return ENGINE_ENOMEM;
    return read_note_page(read, &next, err);
}

void kube_read_again(struct kube_read *read)
{
    value_stream_again(read->stream);
    read->open = read->page_list = false;
    read->overlaps = read->items > 0;
}

void kube_read_absent(struct kube_read *read)
{
    read->absent = true;
}

/* the answer as a rule that needs all of it wants to see it */
static engine_status read_join(struct kube_read *read, engine_error *err)
{
    const struct value *document = read->document;
    struct value_member *members;
    struct value *joined;

    if (!read->keep || !read->has_list || document->kind != VALUE_OBJECT)
        return ENGINE_OK;
    joined = arena_alloc(&read->arena, sizeof(*joined));
    members = arena_alloc(&read->arena,
                          (document->count + 1) * sizeof(*members));
    if (!joined || !members)
        return engine_fail_memory(err);
    *joined = (struct value){.kind = VALUE_OBJECT, .members = members};
    for (uint32_t i = 0; i < document->count; i++)
        if (strcmp(document->members[i].key, "items") != 0)
            members[joined->count++] = document->members[i];
    members[joined->count++] = (struct value_member){
        .key = "items",
        .key_len = 5,
        .value = {.kind = VALUE_ARRAY,
                  .count = (uint32_t)read->kept->count,
                  .items = read->kept->items}};
    read->document = joined;
    return ENGINE_OK;
}

/* what came is all there is, or nothing is known */
static void read_check_end(struct kube_read *read)
{
    if (read->open || read->more || (read->absent && read->items))
        engine_fail(&read->failure, ENGINE_EPARSE,
                    "%s: the list was cut off after %llu objects",
                    read->path.key, (unsigned long long)read->items);
    else if (!read->absent && !read->document)
        engine_fail(&read->failure, ENGINE_EPARSE, "%s: the answer is empty",
                    read->path.key);
    else if (read->document)
        (void)read_join(read, &read->failure);
}

void kube_read_done(struct kube_read *read, const engine_error *why)
{
    if (read->done)
        return;
    read->done = true;
    if (why && why->status < 0)
        read->failure = *why;
    else
        read_check_end(read);
    if (read->record)
        kube_record_end(read->record, read);
    read->events->done(read, read->user);
    kube_read_clear(read);
}
