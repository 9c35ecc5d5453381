/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - JSON and YAML become BSON at the door; BSON leaves as plain
 * JSON. Documents are libbson's bson_t everywhere in engine and plugins.
 */
#ifndef SDK_DOCUMENT_DOCUMENT_H
#define SDK_DOCUMENT_DOCUMENT_H

#include <bson/bson.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define DOCUMENT_MAX_DEPTH 100                     /* nesting, as BSON has it */
#define DOCUMENT_MAX_BYTES ((size_t)16 * 1024 * 1024) /* one document */
#define DOCUMENT_MAX_NODES 1000000  /* of one document; and of all that the
                                     * aliases of an input expand to */

/* ---- reading ---------------------------------------------------------- */

/**
 * Where a document came from: file, line and scalar text of every path.
 * Valid during the callback only.
 */
struct document_origin;

const char *document_origin_file(const struct document_origin *origin);
/** Line (from 1) of a dotted path; of the nearest parent when it is absent. */
long document_origin_line(const struct document_origin *origin,
                          const char *path);
/**
 * The text of a scalar as it was written, so that "5.10" stays "5.10"; NULL
 * when the path is absent or no scalar.
 */
const char *document_origin_text(const struct document_origin *origin,
                                 const char *path);

/** Receives each document of an input; a failure ends the reading. */
typedef engine_status (*document_fn)(const bson_t *document,
                                     const struct document_origin *origin,
                                     void *user, engine_error *err);

/**
 * Reads one document, a list of documents, a multi-document stream or JSON
 * Lines, and calls fn for each mapping. `name` is used in messages
 * ("name:line: ..."). Anything malformed, wrongly encoded (only UTF-8), too
 * deep, too large, with a duplicate key, or cyclic through aliases fails with
 * ENGINE_EPARSE or ENGINE_ELIMIT; documents before it were delivered.
 * YAML follows the 1.2 core schema (yes/no are strings).
 */
engine_status document_read_json(const char *text, size_t len,
                                 const char *name, document_fn fn, void *user,
                                 engine_error *err);
engine_status document_read_yaml(const char *text, size_t len,
                                 const char *name, document_fn fn, void *user,
                                 engine_error *err);

/** Exactly one JSON object, such as a filter; *out is initialised on success
 * and the caller calls bson_destroy. */
engine_status document_from_json(const char *text, size_t len,
                                 const char *name, bson_t *out,
                                 engine_error *err);

/* ---- writing ---------------------------------------------------------- */

#define DOCUMENT_JSON_PRETTY 1u /* two spaces of indentation */

/** Plain JSON: dates as RFC 3339 UTC, numbers as numbers, binary as base64,
 * ObjectId as hex, NaN and infinities as null. */
engine_status document_to_json(const bson_t *document, unsigned flags,
                               struct buffer *out);
/** The same without those of its members (NULL-ended; NULL: all of them). */
engine_status document_to_json_without(const bson_t *document,
                                       const char *const *keys,
                                       unsigned flags, struct buffer *out);
/** The same for one value, and for a JSON string literal. */
engine_status document_value_to_json(const bson_iter_t *value, unsigned flags,
                                     struct buffer *out);
engine_status document_string_to_json(const char *text, struct buffer *out);
/** The same for a text that may hold NUL. */
engine_status document_text_to_json(const char *text, size_t len,
                                    struct buffer *out);

/** Hash of a document's canonical form (keys sorted), for change detection. */
void document_hash(const bson_t *document, char out[65]);

/* ---- looking inside --------------------------------------------------- */

/**
 * Finds a dotted path; digits index arrays. A key that contains dots is found
 * too (the longest literal key wins), so "frameworks.pci.v4.0" works.
 */
bool document_find(const bson_t *document, const char *path,
                   bson_iter_t *out);

/** Appends the members that fields has too, in the document's order; "_id"
 * always. */
void document_project(const bson_t *document, const bson_t *fields,
                      bson_t *out);

/** A member, if it is there. Iterators are aligned: an array needs this. */
struct document_member {
    bool has;
    bson_iter_t iter;
};

/** The first member of each of these names, which are no paths: one walk for
 * all of them. */
void document_members(const bson_t *document, const char *const *names,
                      size_t count, struct document_member *found);
/** Borrowed text of one, or NULL. */
const char *document_member_string(const struct document_member *member);
/** Numbers of any width, as document_int. */
int64_t document_member_int(const struct document_member *member,
                            int64_t fallback);

/** Borrowed text of a string at path, or NULL. */
const char *document_string(const bson_t *document, const char *path);
/** Numbers of any width; fallback when absent or not a number. */
int64_t document_int(const bson_t *document, const char *path,
                     int64_t fallback);
double document_double(const bson_t *document, const char *path,
                       double fallback);
bool document_bool(const bson_t *document, const char *path, bool fallback);
/** Borrows the document or array at path into *out (bson_init_static). */
bool document_child(const bson_t *document, const char *path, bson_t *out);
/** Milliseconds of a date, or fallback. */
int64_t document_date(const bson_t *document, const char *path,
                      int64_t fallback);

/** Borrows the document or array an iterator stands on. */
bool document_iter_child(const bson_iter_t *iter, bson_t *out);

/** Appends a value under another key (bson_append_iter with checks). */
void document_copy_value(bson_t *to, const char *key,
                         const bson_iter_t *value);

#endif
