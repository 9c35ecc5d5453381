/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_pending.c - changes between store_begin and store_commit. */
#include "engine/store/mongodb.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"

/* ---- keys ----------------------------------------------------------------- */

#define PENDING_KEY 128 /* the longest collection's name, a hash */

/* An id may be of any length; looking one up must not fail. */
static void pending_key(const char *collection, const char *id,
                        char key[PENDING_KEY])
{
    char digest[HASH_HEX_SIZE];

    hash_bytes(id, strlen(id), digest);
    snprintf(key, PENDING_KEY, "%s/%s", collection, digest);
}

/* The number of the last change of a document, from 1; 0 for none. */
static uintptr_t pending_number(const struct mongodb *self,
                                const char *collection, const char *id)
{
    char key[PENDING_KEY];

    if (self->pending.latest.count == 0)
        return 0;
    pending_key(collection, id, key);
    return (uintptr_t)table_get(&self->pending.latest, key);
}

/* ---- adding --------------------------------------------------------------- */

static engine_status pending_room(struct mongodb_pending *pending, size_t bytes,
                                  engine_error *err)
{
    const size_t room = pending->room ? 2 * pending->room : 64;
    struct mongodb_change *items;

    if (pending->bytes + bytes > MONGODB_MAX_HELD) {
        engine_fail(err, ENGINE_ELIMIT, "a transaction is larger than %zu MiB",
                    MONGODB_MAX_HELD / (1024 * 1024));
        engine_hint(err, "write less at once");
        return ENGINE_ELIMIT;
    }
    if (pending->count < pending->room)
        return ENGINE_OK;
    items = engine_realloc(pending->items, room * sizeof(*items));
    if (!items)
        return engine_fail_memory(err);
    pending->items = items;
    pending->room = room;
    return ENGINE_OK;
}

static void pending_change_clear(struct mongodb_change *change)
{
    matcher_free(change->matcher);
    bson_destroy(change->filter);
    if (change->owned)
        bson_destroy((bson_t *)(uintptr_t)change->document);
}

/* What was the last word about the document is so no more. */
static engine_status pending_show(struct mongodb *self,
                                  struct mongodb_change *change,
                                  engine_error *err)
{
    struct mongodb_pending *pending = &self->pending;
    const char *id = mongodb_id(change->document);
    const uintptr_t before = pending_number(self, change->collection, id);
    char key[PENDING_KEY];

    pending_key(change->collection, id, key);
    if (table_set(&pending->latest, key, (void *)(pending->count + 1)) < 0)
        return engine_fail_memory(err);
    if (before)
        pending->items[before - 1].shown = false;
    change->shown = true;
    return ENGINE_OK;
}

/* What a removal finds among the pending documents is gone. */
static void pending_hide(struct mongodb *self,
                         const struct mongodb_change *removal)
{
    for (size_t i = 0; i < self->pending.count; i++) {
        struct mongodb_change *change = &self->pending.items[i];
        if (change->shown &&
            strcmp(change->collection, removal->collection) == 0 &&
            (!removal->matcher ||
             matcher_test(removal->matcher, change->document)))
            change->shown = false;
    }
}

static engine_status pending_settle(struct mongodb *self,
                                    struct mongodb_change *change, bool copy,
                                    engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (change->kind == MONGODB_REMOVE) {
        if (change->filter && !bson_empty(change->filter))
            status = matcher_new(change->filter, &change->matcher, err);
        if (status == ENGINE_OK)
            pending_hide(self, change);
        return status;
    }
    if (!copy)
        return ENGINE_OK;
    change->document = bson_copy(change->document);
    change->owned = true;
    return pending_show(self, change, err);
}

engine_status mongodb_pending_add(struct mongodb *self, enum mongodb_kind kind,
                                  const char *collection,
                                  const bson_t *document, bson_t *filter,
                                  bool copy, engine_error *err)
{
    struct mongodb_pending *pending = &self->pending;
    const size_t bytes = copy && document ? document->len : 0;
    struct mongodb_change change = {.kind = kind,
                                    .collection = collection,
                                    .document = document,
                                    .filter = filter};
    engine_status status = pending_room(pending, bytes, err);

    if (status == ENGINE_OK)
        status = pending_settle(self, &change, copy, err);
    if (status < 0) {
        pending_change_clear(&change);
        pending->lost = copy; /* the call's other changes are there already */
        return status;
    }
    pending->bytes += bytes;
    pending->items[pending->count++] = change;
    return ENGINE_OK;
}

void mongodb_pending_clear(struct mongodb *self)
{
    struct mongodb_pending *pending = &self->pending;

    for (size_t i = 0; i < pending->count; i++)
        pending_change_clear(&pending->items[i]);
    engine_free(pending->items);
    table_clear(&pending->latest);
    *pending = (struct mongodb_pending){0};
    table_init(&pending->latest);
}

/* ---- asking --------------------------------------------------------------- */

bool mongodb_pending_touches(const struct mongodb *self, const char *collection)
{
    if (!self->base.in_transaction)
        return false;
    for (size_t i = 0; i < self->pending.count; i++)
        if (strcmp(self->pending.items[i].collection, collection) == 0)
            return true;
    return false;
}

const struct mongodb_change *mongodb_pending_find(const struct mongodb *self,
                                                  const char *collection,
                                                  const char *id)
{
    const uintptr_t number = pending_number(self, collection, id);

    return number && self->pending.items[number - 1].shown
               ? &self->pending.items[number - 1]
               : NULL;
}

bool mongodb_pending_hides(const struct mongodb *self, const char *collection,
                           const bson_t *document)
{
    if (!self->base.in_transaction)
        return false;
    if (pending_number(self, collection, mongodb_id(document)))
        return true;
    for (size_t i = 0; i < self->pending.count; i++) {
        const struct mongodb_change *change = &self->pending.items[i];
        if (change->kind == MONGODB_REMOVE &&
            strcmp(change->collection, collection) == 0 &&
            (!change->matcher || matcher_test(change->matcher, document)))
            return true;
    }
    return false;
}
