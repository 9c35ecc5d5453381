/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongodb.h - what the files of the MongoDB store share.
 *
 * One collection per collection, documents as they are. Every handle has one
 * client of its own, single-threaded: nothing runs in the background, a store
 * is used by one thread at a time anyway, and a forked child opens its own.
 *
 * What the matcher would answer differently from a server, or what a server
 * cannot be asked, is not sent: the server then gives too much rather than too
 * little, and the matcher decides here (mongodb_filter.c).
 *
 * Between store_begin and store_commit changes are kept here and overlaid on
 * what the server gives (mongodb_pending.c). store_commit sends them in their
 * order, in a server's transaction where it has those.
 */
#ifndef ENGINE_STORE_MONGODB_H
#define ENGINE_STORE_MONGODB_H

#include <mongoc/mongoc.h>

#include "engine/store/store_ops.h"
#include "sdk/base/hash.h"
#include "sdk/document/match.h"

#define MONGODB_BATCH 1000 /* documents of one message */
#define MONGODB_BATCH_BYTES ((size_t)8 * 1024 * 1024) /* and their bytes */
#define MONGODB_MAX_HELD ((size_t)256 * 1024 * 1024)  /* kept in memory */

#define MONGODB_META "meta"
#define MONGODB_ARTIFACTS "artifacts"
#define MONGODB_CHUNKS "artifact_chunks"

/* ---- changes not yet sent (mongodb_pending.c) ----------------------------- */

enum mongodb_kind {
    MONGODB_INSERT,
    MONGODB_PUT,
    MONGODB_SWAP,
    MONGODB_KEEP, /* insert, but what is there already stays */
    MONGODB_REMOVE
};

struct mongodb_change {
    enum mongodb_kind kind;
    const char *collection;  /* of mongodb_collection_name */
    const bson_t *document;  /* NULL for MONGODB_REMOVE */
    bson_t *filter;          /* MONGODB_SWAP and MONGODB_REMOVE */
    struct matcher *matcher; /* of MONGODB_REMOVE; NULL: everything */
    bool owned;              /* document is a copy of ours */
    bool shown;              /* it is the last word about its document */
};

struct mongodb_pending {
    struct mongodb_change *items;
    size_t count, room, bytes;
    struct table latest; /* collection and id: a change's number, from 1 */
    bool lost;           /* something is missing: it must not be sent */
};

struct mongodb {
    struct store base;
    mongoc_client_t *client;
    char *where;  /* "host:port/database" for messages, no credentials */
    char *secret; /* the password, to keep it out of messages; or NULL */
    char *database;
    bool tls;          /* the URI asks for it */
    bool transactions; /* the server has real ones */
    struct mongodb_pending pending;
};

/* ---- the server (mongodb_link.c) ------------------------------------------ */

engine_status mongodb_link_open(struct mongodb *self, const char *uri,
                                engine_error *err);
void mongodb_link_close(struct mongodb *self);
/** Fails with what the driver's error means to a user. */
engine_status mongodb_fail(const struct mongodb *self, const char *doing,
                           const bson_error_t *error, engine_error *err);
/** Never NULL; destroyed with mongoc_collection_destroy. */
mongoc_collection_t *mongodb_collection(const struct mongodb *self,
                                        const char *name);

/* ---- schema (mongodb_schema.c) -------------------------------------------- */

/** Names that outlive the call; NULL for one that is not known. */
const char *mongodb_collection_name(const char *collection);
/** Walks the collections of store.h; NULL at the end. */
const char *mongodb_collection_at(size_t index);
/** Reads or creates what the store needs; see mongodb_schema.c. */
engine_status mongodb_schema_verify(struct mongodb *self, engine_error *err);

/* ---- filters (mongodb_filter.c) ------------------------------------------- */

struct mongodb_filter {
    bson_t *filter;          /* a copy: the matcher may borrow from it */
    struct matcher *matcher; /* NULL: everything matches */
    bson_t *pushed;          /* what the server is asked */
    bool exact;              /* and it answers as the matcher would */
};

/** Clear `out` always. */
engine_status mongodb_filter_init(struct mongodb_filter *out,
                                  const bson_t *filter, engine_error *err);
void mongodb_filter_clear(struct mongodb_filter *filter);
bool mongodb_filter_test(const struct mongodb_filter *filter,
                         const bson_t *document);
/** Appends {"_id": {"$in": [...]}} of these documents. */
void mongodb_filter_ids(const bson_t *const *documents, size_t count,
                        bson_t *out);
/** The document's "_id", which is a string. */
const char *mongodb_id(const bson_t *document);
/** True for a name that MongoDB takes for one field, not for a path or an
 * operator. */
bool mongodb_is_plain_name(const char *name);

/* ---- documents held in memory (mongodb_gather.c) --------------------------- */

struct mongodb_gathered {
    struct mongodb_row *rows;
    size_t count, room, bytes, at;
};

/** Copies a document with its place in the order of sort (NULL: by _id). */
engine_status mongodb_gather_add(struct mongodb_gathered *gathered,
                                 const bson_t *document, const bson_t *sort,
                                 engine_error *err);
void mongodb_gather_sort(struct mongodb_gathered *gathered);
/** NULL at the end. */
const bson_t *mongodb_gather_next(struct mongodb_gathered *gathered);
void mongodb_gather_clear(struct mongodb_gathered *gathered);

/* ---- pending changes ------------------------------------------------------ */

/** Takes over filter, also when it fails. With `copy` the document is copied
 * and will be shown by reads until it is sent; else it is borrowed. */
engine_status mongodb_pending_add(struct mongodb *self, enum mongodb_kind kind,
                                  const char *collection,
                                  const bson_t *document, bson_t *filter,
                                  bool copy, engine_error *err);
void mongodb_pending_clear(struct mongodb *self);
/** True when a read of this collection must look at pending changes. */
bool mongodb_pending_touches(const struct mongodb *self,
                             const char *collection);
/** True when a document of the server is not as it will be. */
bool mongodb_pending_hides(const struct mongodb *self, const char *collection,
                           const bson_t *document);
/** The pending version of a document; NULL when there is none. */
const struct mongodb_change *mongodb_pending_find(const struct mongodb *self,
                                                  const char *collection,
                                                  const char *id);

/* ---- operations ----------------------------------------------------------- */

engine_status mongodb_write(struct store *store, const char *collection,
                            const bson_t *const *documents, size_t count,
                            bool replace, engine_error *err);
engine_status mongodb_begin(struct store *store, engine_error *err);
engine_status mongodb_commit(struct store *store, engine_error *err);
void mongodb_rollback(struct store *store);
engine_status mongodb_swap(struct store *store, const char *collection,
                           const char *id, const bson_t *expected,
                           const bson_t *replacement, engine_error *err);
engine_status mongodb_remove(struct store *store, const char *collection,
                             const bson_t *filter, int64_t *deleted,
                             engine_error *err);

/** A session of a running transaction, or NULL; and the driver's last reply
 * when something failed, for its error labels. */
struct mongodb_sender {
    struct mongodb *self;
    mongoc_client_session_t *session;
    bson_t *reply;
    bson_error_t error;
};

/** Sends all pending changes, in their order (mongodb_send.c). */
engine_status mongodb_send(struct mongodb *self, engine_error *err);
engine_status mongodb_send_swap(struct mongodb_sender *sender,
                                const struct mongodb_change *change,
                                engine_error *err);
engine_status mongodb_send_remove(struct mongodb_sender *sender,
                                  const char *collection, const bson_t *filter,
                                  int64_t *deleted, engine_error *err);
/** Options of a command: the session; destroyed by the caller. */
bson_t *mongodb_sender_options(const struct mongodb_sender *sender);
/** Keeps the driver's error and reply, destroying reply, and fails. */
engine_status mongodb_sender_fail(struct mongodb_sender *sender,
                                  const char *doing, const bson_error_t *error,
                                  const bson_t *reply, engine_error *err);

engine_status mongodb_get(struct store *store, const char *collection,
                          const char *id, bson_t *out, engine_error *err);
engine_status mongodb_find(struct store *store, const char *collection,
                           const struct store_query *query,
                           struct store_cursor **out, engine_error *err);
int mongodb_cursor_next(struct store_cursor *cursor, const bson_t **out,
                        engine_error *err);
void mongodb_cursor_close(struct store_cursor *cursor);
engine_status mongodb_count(struct store *store, const char *collection,
                            const bson_t *filter, int64_t *out,
                            engine_error *err);
engine_status mongodb_group(struct store *store, const char *collection,
                            const bson_t *filter, const char *field,
                            bson_t *out, engine_error *err);

engine_status mongodb_artifact_put(struct store *store,
                                   const struct store_file *file,
                                   const char *name, const char *media_type,
                                   char id[65], engine_error *err);
engine_status mongodb_artifact_get(struct store *store, const char *id,
                                   const char *path, engine_error *err);
engine_status mongodb_artifact_info(struct store *store, const char *id,
                                    bson_t *out, engine_error *err);
/** Removes the content of pending artifacts that are not stored after all, or
 * that another engine had stored first. */
void mongodb_artifact_settle(struct mongodb *self);
/** Every artifact has all of its content. */
engine_status mongodb_artifact_check(struct mongodb *self, engine_error *err);

#endif
