/* SPDX-License-Identifier: Apache-2.0 */
/* mongodb_send.c - pending changes go to the server, many at a time. */
#include "engine/store/mongodb.h"

#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"

#define SEND_DUPLICATE 11000

/* Changes of one kind on one collection that go as one message. */
struct send_run {
    const struct mongodb_change *items;
    size_t count;
};

/* ---- errors and options --------------------------------------------------- */

bson_t *mongodb_sender_options(const struct mongodb_sender *sender)
{
    bson_t *options = bson_new();
    bson_error_t error;

    if (sender->session &&
        !mongoc_client_session_append(sender->session, options, &error))
        bson_reinit(options); /* the server then refuses the transaction */
    return options;
}

engine_status mongodb_sender_fail(struct mongodb_sender *sender,
                                  const char *doing, const bson_error_t *error,
                                  const bson_t *reply, engine_error *err)
{
    sender->error = *error;
    bson_destroy(sender->reply);
    sender->reply = reply ? bson_copy(reply) : NULL;
    return mongodb_fail(sender->self, doing, error, err);
}

static engine_status send_conflict(const struct mongodb_change *change,
                                   engine_error *err)
{
    return engine_fail(err, ENGINE_ECONFLICT,
                       "%s: there is a document \"%s\" already",
                       change->collection, mongodb_id(change->document));
}

/* ---- bulks ---------------------------------------------------------------- */

static bool send_add_keep(mongoc_bulk_operation_t *bulk, const bson_t *id,
                          const bson_t *document, bson_error_t *error)
{
    bson_t *options = BCON_NEW("upsert", BCON_BOOL(true));
    bson_t change = BSON_INITIALIZER, fields = BSON_INITIALIZER;
    bool done;

    bson_copy_to_excluding_noinit(document, &fields, "_id", NULL);
    BSON_APPEND_DOCUMENT(&change, "$setOnInsert", &fields);
    done = mongoc_bulk_operation_update_one_with_opts(bulk, id, &change,
                                                      options, error);
    bson_destroy(&fields);
    bson_destroy(&change);
    bson_destroy(options);
    return done;
}

/* Keys of any kind are let through: the server knows which it takes. */
static bool send_add_put(mongoc_bulk_operation_t *bulk, const bson_t *id,
                         const bson_t *document, bson_error_t *error)
{
    bson_t *options =
        BCON_NEW("upsert", BCON_BOOL(true), "validate", BCON_BOOL(false));
    const bool done = mongoc_bulk_operation_replace_one_with_opts(
        bulk, id, document, options, error);

    bson_destroy(options);
    return done;
}

static bool send_add(mongoc_bulk_operation_t *bulk, enum mongodb_kind kind,
                     const bson_t *document, bson_error_t *error)
{
    bson_t filter = BSON_INITIALIZER;
    bson_t *options;
    bool done;

    if (kind == MONGODB_INSERT) {
        options = BCON_NEW("validate", BCON_BOOL(false));
        done = mongoc_bulk_operation_insert_with_opts(bulk, document, options,
                                                      error);
        bson_destroy(options);
        return done;
    }
    BSON_APPEND_UTF8(&filter, "_id", mongodb_id(document));
    done = kind == MONGODB_KEEP ? send_add_keep(bulk, &filter, document, error)
                                : send_add_put(bulk, &filter, document, error);
    bson_destroy(&filter);
    return done;
}

static mongoc_bulk_operation_t *send_bulk(const struct mongodb_sender *sender,
                                          mongoc_collection_t *collection,
                                          bool ordered)
{
    bson_t *options = mongodb_sender_options(sender);
    mongoc_bulk_operation_t *bulk;

    BSON_APPEND_BOOL(options, "ordered", ordered);
    bulk =
        mongoc_collection_create_bulk_operation_with_opts(collection, options);
    bson_destroy(options);
    return bulk;
}

/* True when every document was inserted or is there already, which is then
 * noted in twice[]. */
static bool send_only_duplicates(const bson_t *reply, bool *twice, size_t count)
{
    bson_iter_t iter, list, field;
    int64_t done = 0;

    if (bson_iter_init_find(&iter, reply, "nInserted"))
        done = bson_iter_as_int64(&iter);
    if (bson_iter_init_find(&iter, reply, "writeConcernErrors") &&
        bson_iter_recurse(&iter, &list) && bson_iter_next(&list))
        return false;
    if (!bson_iter_init_find(&iter, reply, "writeErrors") ||
        !bson_iter_recurse(&iter, &list))
        return false;
    while (bson_iter_next(&list)) {
        int64_t code = 0, at = -1;
        if (bson_iter_recurse(&list, &field) && bson_iter_find(&field, "code"))
            code = bson_iter_as_int64(&field);
        if (bson_iter_recurse(&list, &field) && bson_iter_find(&field, "index"))
            at = bson_iter_as_int64(&field);
        if (code != SEND_DUPLICATE || at < 0 || (size_t)at >= count)
            return false;
        done += !twice[at];
        twice[at] = true;
    }
    return done == (int64_t)count;
}

/* Sends the documents as changes of a kind. `only`, if given, says which;
 * `twice`, if given, learns which were there: that is no failure then. */
static engine_status send_documents(struct mongodb_sender *sender,
                                    const struct send_run *run,
                                    enum mongodb_kind kind, bool ordered,
                                    const bool *only, bool *twice,
                                    engine_error *err)
{
    mongoc_collection_t *collection =
        mongodb_collection(sender->self, run->items[0].collection);
    mongoc_bulk_operation_t *bulk = send_bulk(sender, collection, ordered);
    engine_status status = ENGINE_OK;
    bson_error_t error = {0};
    bool added = true;
    bson_t reply;

    for (size_t i = 0; added && i < run->count; i++)
        if (!only || only[i])
            added = send_add(bulk, kind, run->items[i].document, &error);
    if (!added) {
        status = mongodb_sender_fail(sender, "write to", &error, NULL, err);
    } else {
        if (!mongoc_bulk_operation_execute(bulk, &reply, &error) &&
            !(twice && send_only_duplicates(&reply, twice, run->count)))
            status =
                mongodb_sender_fail(sender, "write to", &error, &reply, err);
        bson_destroy(&reply);
    }
    mongoc_bulk_operation_destroy(bulk);
    mongoc_collection_destroy(collection);
    return status;
}

/* ---- one run -------------------------------------------------------------- */

/* Takes back what an insert that failed in the middle has written. */
static void send_undo_insert(struct mongodb_sender *sender,
                             const struct send_run *run, const bool *twice)
{
    const bson_t **documents = engine_calloc(run->count, sizeof(*documents));
    bson_t filter = BSON_INITIALIZER;
    int64_t deleted = 0;
    size_t count = 0;

    for (size_t i = 0; documents && i < run->count; i++)
        if (!twice[i])
            documents[count++] = run->items[i].document;
    if (count > 0) {
        mongodb_filter_ids(documents, count, &filter);
        mongodb_send_remove(sender, run->items[0].collection, &filter, &deleted,
                            NULL);
    }
    bson_destroy(&filter);
    engine_free(documents);
}

/* Another engine was first, between our look and our insert. */
static engine_status send_insert(struct mongodb_sender *sender,
                                 const struct send_run *run, bool *twice,
                                 engine_error *err)
{
    engine_status status =
        send_documents(sender, run, MONGODB_INSERT, false, NULL,
                       sender->session ? NULL : twice, err);

    for (size_t i = 0; status == ENGINE_OK && i < run->count; i++)
        if (twice[i]) {
            send_undo_insert(sender, run, twice);
            status = send_conflict(&run->items[i], err);
        }
    return status;
}

/* Most documents are new, and inserting is cheaper than replacing: what was
 * there is replaced afterwards. In a transaction a failed insert would end
 * it. */
static engine_status send_put(struct mongodb_sender *sender,
                              const struct send_run *run, bool *twice,
                              engine_error *err)
{
    engine_status status;
    bool any = false;

    if (sender->session || run->count == 1)
        return send_documents(sender, run, MONGODB_PUT, true, NULL, NULL, err);
    status =
        send_documents(sender, run, MONGODB_INSERT, false, NULL, twice, err);
    for (size_t i = 0; i < run->count; i++)
        any = any || twice[i];
    if (status < 0 || !any)
        return status;
    return send_documents(sender, run, MONGODB_PUT, true, twice, NULL, err);
}

static engine_status send_run(struct mongodb_sender *sender,
                              const struct send_run *run, engine_error *err)
{
    const struct mongodb_change *first = &run->items[0];
    engine_status status;
    int64_t deleted = 0;
    bool *twice;

    if (first->kind == MONGODB_SWAP)
        return mongodb_send_swap(sender, first, err);
    if (first->kind == MONGODB_REMOVE)
        return mongodb_send_remove(sender, first->collection, first->filter,
                                   &deleted, err);
    if (first->kind == MONGODB_KEEP)
        return send_documents(sender, run, MONGODB_KEEP, true, NULL, NULL, err);
    twice = engine_calloc(run->count, sizeof(*twice));
    if (!twice)
        return engine_fail_memory(err);
    status = first->kind == MONGODB_INSERT
                 ? send_insert(sender, run, twice, err)
                 : send_put(sender, run, twice, err);
    engine_free(twice);
    return status;
}

/* The longest run from a change on that is one message. */
static struct send_run send_next(const struct mongodb_pending *pending,
                                 size_t at)
{
    const struct mongodb_change *first = &pending->items[at];
    struct send_run run = {first, 1};
    size_t bytes = first->document ? first->document->len : 0;

    if (first->kind == MONGODB_SWAP || first->kind == MONGODB_REMOVE)
        return run;
    for (; run.count < MONGODB_BATCH && at + run.count < pending->count;
         run.count++) {
        const struct mongodb_change *next = &first[run.count];
        if (next->kind != first->kind || next->collection != first->collection)
            break;
        bytes += next->document->len;
        if (bytes > MONGODB_BATCH_BYTES)
            break;
    }
    return run;
}

static engine_status send_all(struct mongodb_sender *sender, engine_error *err)
{
    const struct mongodb_pending *pending = &sender->self->pending;
    engine_status status = ENGINE_OK;

    for (size_t at = 0; status == ENGINE_OK && at < pending->count;) {
        const struct send_run run = send_next(pending, at);
        status = send_run(sender, &run, err);
        at += run.count;
    }
    return status;
}

/* ---- transactions --------------------------------------------------------- */

struct send_attempt {
    struct mongodb *self;
    engine_status status;
    engine_error *err;
};

/* The driver calls it again when the server asks for that. */
static bool send_attempt(mongoc_client_session_t *session, void *user,
                         bson_t **reply, bson_error_t *error)
{
    struct send_attempt *attempt = user;
    struct mongodb_sender sender = {.self = attempt->self, .session = session};

    attempt->status = send_all(&sender, attempt->err);
    if (attempt->status == ENGINE_OK)
        return true;
    *reply = sender.reply ? sender.reply : bson_new();
    *error = sender.error;
    if (error->code == 0)
        bson_set_error(error, MONGOC_ERROR_TRANSACTION, 1, "refused");
    return false;
}

static engine_status send_transaction(struct mongodb *self, engine_error *err)
{
    struct send_attempt attempt = {.self = self, .err = err};
    bson_error_t error = {0};
    mongoc_client_session_t *session =
        mongoc_client_start_session(self->client, NULL, &error);
    engine_status status = ENGINE_OK;
    bson_t reply = BSON_INITIALIZER;

    if (!session)
        return mongodb_fail(self, "write to", &error, err);
    bson_destroy(&reply);
    if (!mongoc_client_session_with_transaction(session, send_attempt, NULL,
                                                &attempt, &reply, &error))
        status = attempt.status < 0
                     ? attempt.status
                     : mongodb_fail(self, "commit to", &error, err);
    bson_destroy(&reply);
    mongoc_client_session_destroy(session);
    return status;
}

engine_status mongodb_send(struct mongodb *self, engine_error *err)
{
    struct mongodb_sender sender = {.self = self};
    const struct send_run first = self->pending.count
                                      ? send_next(&self->pending, 0)
                                      : (struct send_run){NULL, 0};
    engine_status status;

    if (first.count == 0)
        return ENGINE_OK;
    /* one document is all or nothing by itself */
    if (self->transactions &&
        (self->pending.count > 1 || first.items[0].kind == MONGODB_REMOVE))
        return send_transaction(self, err);
    status = send_all(&sender, err);
    bson_destroy(sender.reply);
    return status;
}
