/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - documents that wait on disk until their store is back. A spool is
 * one file of mode 0600: frames that are only ever appended, each with its own
 * digest. They come in batches, each ended by a mark; what follows the last
 * mark does not count. One process at a time has a spool (flock(2)), so that
 * one without an owner can be told. One thread at a time.
 *
 * A frame, numbers little-endian: magic "SeSp", kind (4 bytes), length of the
 * document (4), 0 (4), number of the frame (8), the document as BSON, and the
 * first 32 hexadecimal digits of the SHA-256 of all that. Frame 0 is the head.
 */
#ifndef ENGINE_STORE_SPOOL_H
#define ENGINE_STORE_SPOOL_H

#include <bson/bson.h>

#include "sdk/base/error.h"

#define SPOOL_SUFFIX ".spool"
#define SPOOL_ASIDE ".aside" /* after the suffix: never written */
#define SPOOL_HEAD 0u        /* kinds; others are the caller's */
#define SPOOL_MARK 1u
#define SPOOL_FIRST_KIND 2u

struct store_spool;

/** Creates a spool; it is on disk, with its directory entry, on return.
 * `maximum`: bytes that the file may have. ENGINE_ECONFLICT when there is a
 * file, ENGINE_EFULL, ENGINE_EDENIED, ENGINE_EIO. */
engine_status store_spool_create(const char *path, const bson_t *head,
                                 int64_t maximum, struct store_spool **out,
                                 engine_error *err);
/** Opens one that was left behind. ENGINE_ECONFLICT: a process has it;
 * ENGINE_ENOTFOUND; ENGINE_ECORRUPT: not even its head can be read. */
engine_status store_spool_open(const char *path, struct store_spool **out,
                               engine_error *err);
/** Checks every frame of an opened spool, once, before anything is read. What
 * a killed process wrote half is left out quietly. Damage is no failure: what
 * comes before it can be read, and store_spool_damage tells. */
engine_status store_spool_check(struct store_spool *spool, engine_error *err);
/** Where the damage is; NULL: there is none. */
const char *store_spool_damage(const struct store_spool *spool);

/** Closes it; the file stays. */
void store_spool_close(struct store_spool *spool);
/** Closes it and removes the file. */
engine_status store_spool_remove(struct store_spool *spool, engine_error *err);
/** Renames the file so that nobody takes it for a spool any more. */
engine_status store_spool_set_aside(struct store_spool *spool,
                                    engine_error *err);

const bson_t *store_spool_head(const struct store_spool *spool);
const char *store_spool_path(const struct store_spool *spool);

/** Appends a document to the batch. On failure the whole batch is dropped:
 * ENGINE_ELIMIT over the maximum, ENGINE_EFULL, ENGINE_EIO. */
engine_status store_spool_append(struct store_spool *spool, uint32_t kind,
                                 const bson_t *document, engine_error *err);
/** Ends the batch; it is on disk on return, or dropped on failure. */
engine_status store_spool_mark(struct store_spool *spool, engine_error *err);

/** Reads frames in their order, marks (without a document) too. 1: *out is
 * valid until the next call, 0: nothing more; ENGINE_ECORRUPT: damaged. */
int store_spool_read(struct store_spool *spool, uint32_t *kind, bson_t *out,
                     engine_error *err);
/** What was read will not be read again, by this process. */
void store_spool_forget(struct store_spool *spool);
/** Reads on after what was forgotten last. */
void store_spool_rewind(struct store_spool *spool);
/** Documents and bytes that are marked and not forgotten. */
int64_t store_spool_frames(const struct store_spool *spool);
int64_t store_spool_bytes(const struct store_spool *spool);

/** Whether the store of a URI can be away at all. */
bool store_uri_is_remote(const char *uri);
/** A store's URI without user, password and options: to tell one from another
 * in a spool's head. NULL when out of memory. */
char *store_uri_name(const char *uri);

#endif
