/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - one interface over the document stores. A document has a string
 * "_id", unique in its collection. Filters are those of document/match.h.
 * Threads: a store may be used by one thread at a time; open one per thread.
 * A forked child opens its own and leaves its parent's alone.
 */
#ifndef ENGINE_STORE_STORE_H
#define ENGINE_STORE_STORE_H

#include <bson/bson.h>

#include "sdk/base/error.h"
#include "sdk/base/log.h"

/* Collections (architecture.md, section 6). */
#define STORE_RULES "rules"
#define STORE_BENCHMARKS "benchmarks"
#define STORE_SCANS "scans"
#define STORE_SELECTIONS "selections"
#define STORE_VERDICTS "verdicts"
#define STORE_RESULTS "results"
#define STORE_EFFECTS "effects"
#define STORE_SCHEDULES "schedules"
#define STORE_WINDOWS "windows"
#define STORE_WAIVERS "waivers"
#define STORE_TOKENS "tokens"

#define STORE_READ_ONLY 1u /* open flag: refuse to change anything */
#define STORE_NO_CREATE 2u /* open flag: ENGINE_ENOTFOUND when absent */

struct store;
struct store_cursor;

struct store_query {
    const bson_t *filter; /* NULL: everything */
    const bson_t *sort;   /* {path: 1 or -1, ...}; NULL: by _id */
    const bson_t *fields; /* {path: 1, ...} top-level names; NULL: all */
    int64_t skip, limit;  /* limit 0: none */
};

/** Opens by URI ("sqlite:PATH"); creates and migrates what is needed. */
engine_status store_open(const char *uri, unsigned flags,
                         const struct log *log, struct store **out,
                         engine_error *err);
void store_close(struct store *store);

/** Checks the whole store; ENGINE_ECORRUPT says what is damaged. */
engine_status store_check(struct store *store, engine_error *err);

/**
 * Writes documents, each with "_id". insert fails with ENGINE_ECONFLICT when
 * one exists; put replaces. All or nothing for one call.
 */
engine_status store_insert(struct store *store, const char *collection,
                           const bson_t *const *documents, size_t count,
                           engine_error *err);
engine_status store_put(struct store *store, const char *collection,
                        const bson_t *const *documents, size_t count,
                        engine_error *err);

/** Several calls become one commit; nothing is visible before store_commit.
 * Not nestable. store_rollback undoes. Where the store has no transactions
 * (MongoDB without a replica set) they are batched, verdicts last. */
engine_status store_begin(struct store *store, engine_error *err);
engine_status store_commit(struct store *store, engine_error *err);
void store_rollback(struct store *store);

/** One document by id; ENGINE_ENOTFOUND. *out is initialised on success. */
engine_status store_get(struct store *store, const char *collection,
                        const char *id, bson_t *out, engine_error *err);

/** Compare-and-set: replaces the document only when it matches `expected`
 * (a filter) now; ENGINE_ECONFLICT when it does not, ENGINE_ENOTFOUND. */
engine_status store_swap(struct store *store, const char *collection,
                         const char *id, const bson_t *expected,
                         const bson_t *replacement, engine_error *err);

/** Streams what matches; documents are valid until the next call. A cursor
 * sees the state at store_find, whatever is written later; within store_begin
 * also what was written before. Close it before the store. */
engine_status store_find(struct store *store, const char *collection,
                         const struct store_query *query,
                         struct store_cursor **out, engine_error *err);
/** 1: *out is the next document, 0: the end, negative: a status. */
int store_cursor_next(struct store_cursor *cursor, const bson_t **out,
                      engine_error *err);
void store_cursor_close(struct store_cursor *cursor);

engine_status store_count(struct store *store, const char *collection,
                          const bson_t *filter, int64_t *out,
                          engine_error *err);
/** {value: count} over a top-level string field of what matches. */
engine_status store_group(struct store *store, const char *collection,
                          const bson_t *filter, const char *field, bson_t *out,
                          engine_error *err);
engine_status store_delete(struct store *store, const char *collection,
                           const bson_t *filter, int64_t *deleted,
                           engine_error *err);

/* ---- artifacts: content by its sha256, in chunks ----------------------- */

/** Stores a file's content (once); id is its sha256. `name` and `media_type`
 * are kept from the first time. */
engine_status store_artifact_put(struct store *store, const char *path,
                                 const char *name, const char *media_type,
                                 char id[65], engine_error *err);
/** A file that is open already, with the size that was found: what it is
 * given beyond that, now or later, is not read. */
struct store_file {
    int fd;
    int64_t size;
    const char *path; /* for messages */
};
engine_status store_artifact_put_file(struct store *store,
                                      const struct store_file *file,
                                      const char *name,
                                      const char *media_type, char id[65],
                                      engine_error *err);
/** Writes an artifact to a new file (mode 0400), checking its hash. */
engine_status store_artifact_get(struct store *store, const char *id,
                                 const char *path, engine_error *err);
/** {_id, name, media_type, size, created_at}; ENGINE_ENOTFOUND. */
engine_status store_artifact_info(struct store *store, const char *id,
                                  bson_t *out, engine_error *err);

#endif
