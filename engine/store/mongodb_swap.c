/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_swap.c - replaces a document that is as expected, at one stroke. */
#include "engine/store/mongodb.h"

static engine_status swap_changed(const char *collection, const char *id,
                                  engine_error *err)
{
    return engine_fail(err, ENGINE_ECONFLICT,
                       "%s: \"%s\" has changed meanwhile", collection, id);
}

/* Fails unless the document is there and as expected. */
static engine_status swap_expect(struct mongodb *self, const char *collection,
                                 const char *id,
                                 const struct mongodb_filter *expected,
                                 bson_t *now, engine_error *err)
{
    const engine_status status =
        mongodb_get(&self->base, collection, id, now, err);

    if (status < 0)
        return status;
    if (mongodb_filter_test(expected, now))
        return ENGINE_OK;
    bson_destroy(now);
    return swap_changed(collection, id, err);
}

/* The server compares with the whole document that was looked at here. */
static void swap_guard(const bson_t *now, bson_t *list)
{
    bson_t *same = BCON_NEW("$expr", "{", "$eq", "[", "$$ROOT", "{", "$literal",
                            BCON_DOCUMENT(now), "}", "]", "}");

    BSON_APPEND_DOCUMENT(list, "1", same);
    bson_destroy(same);
}

static engine_status swap_replace(struct mongodb_sender *sender,
                                  const struct mongodb_change *change,
                                  const bson_t *filter, int64_t *matched,
                                  engine_error *err)
{
    mongoc_collection_t *collection =
        mongodb_collection(sender->self, change->collection);
    bson_t *options = mongodb_sender_options(sender);
    engine_status status = ENGINE_OK;
    bson_error_t error = {0};
    bson_iter_t iter;
    bson_t reply;

    BSON_APPEND_BOOL(options, "validate", false);
    if (!mongoc_collection_replace_one(collection, filter, change->document,
                                       options, &reply, &error))
        status = mongodb_sender_fail(sender, "write to", &error, &reply, err);
    else if (bson_iter_init_find(&iter, &reply, "matchedCount"))
        *matched = bson_iter_as_int64(&iter);
    bson_destroy(&reply);
    bson_destroy(options);
    mongoc_collection_destroy(collection);
    return status;
}

/* {"$and": [{"_id": ...}, guard or what is expected]} */
static engine_status swap_filter(struct mongodb_sender *sender,
                                 const struct mongodb_change *change,
                                 const struct mongodb_filter *expected,
                                 bson_t *out, engine_error *err)
{
    const char *id = mongodb_id(change->document);
    bson_t list, one, now;
    engine_status status = ENGINE_OK;

    if (!expected->exact)
        status = swap_expect(sender->self, change->collection, id, expected,
                             &now, err);
    if (status < 0)
        return status;
    BSON_APPEND_ARRAY_BEGIN(out, "$and", &list);
    BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &one);
    BSON_APPEND_UTF8(&one, "_id", id);
    bson_append_document_end(&list, &one);
    if (expected->exact) {
        BSON_APPEND_DOCUMENT(&list, "1", expected->pushed);
    } else {
        swap_guard(&now, &list);
        bson_destroy(&now);
    }
    bson_append_array_end(out, &list);
    return ENGINE_OK;
}

engine_status mongodb_send_swap(struct mongodb_sender *sender,
                                const struct mongodb_change *change,
                                engine_error *err)
{
    const char *id = mongodb_id(change->document);
    bson_t filter = BSON_INITIALIZER, now;
    struct mongodb_filter expected;
    engine_status status = mongodb_filter_init(&expected, change->filter, err);
    int64_t matched = 0;

    if (status == ENGINE_OK)
        status = swap_filter(sender, change, &expected, &filter, err);
    if (status == ENGINE_OK)
        status = swap_replace(sender, change, &filter, &matched, err);
    if (status == ENGINE_OK && matched == 0) {
        status =
            mongodb_get(&sender->self->base, change->collection, id, &now, err);
        if (status == ENGINE_OK) {
            bson_destroy(&now);
            status = swap_changed(change->collection, id, err);
        }
    }
    bson_destroy(&filter);
    mongodb_filter_clear(&expected);
    return status;
}

/* In a transaction: looked at now, and by the server when it is sent. What the
 * transaction itself has written nobody else can have changed. */
static engine_status swap_later(struct mongodb *self, const char *collection,
                                const char *id, const bson_t *expected,
                                const bson_t *replacement, engine_error *err)
{
    const bool ours = mongodb_pending_find(self, collection, id) != NULL;
    struct mongodb_filter filter;
    engine_status status = mongodb_filter_init(&filter, expected, err);
    bson_t now;

    if (status == ENGINE_OK)
        status = swap_expect(self, collection, id, &filter, &now, err);
    if (status == ENGINE_OK) {
        bson_destroy(&now);
        status = mongodb_pending_add(
            self, ours ? MONGODB_PUT : MONGODB_SWAP, collection, replacement,
            expected && !ours ? bson_copy(expected) : NULL, true, err);
    }
    mongodb_filter_clear(&filter);
    return status;
}

engine_status mongodb_swap(struct store *store, const char *collection,
                           const char *id, const bson_t *expected,
                           const bson_t *replacement, engine_error *err)
{
    struct mongodb *self = (struct mongodb *)store;
    struct mongodb_sender sender = {.self = self};
    const struct mongodb_change change = {
        .kind = MONGODB_SWAP,
        .collection = mongodb_collection_name(collection),
        .document = replacement,
        .filter = (bson_t *)(uintptr_t)expected};
    engine_status status;

    if (self->base.in_transaction)
        return swap_later(self, change.collection, id, expected, replacement,
                          err);
    status = mongodb_send_swap(&sender, &change, err);
    bson_destroy(sender.reply);
    return status;
}
