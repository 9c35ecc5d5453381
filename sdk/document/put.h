/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put.h - BSON made member by member in a buffer that is used again: for
 * documents made by the million, of which bson_append_* is the largest part.
 * What fails is remembered by the buffer, and told by put_end.
 */
#ifndef SDK_DOCUMENT_PUT_H
#define SDK_DOCUMENT_PUT_H

#include <bson/bson.h>

#include "sdk/base/buffer.h"

/** Empties the buffer and begins a document. */
void put_begin(struct buffer *out);
void put_text(struct buffer *out, const char *key, const char *text);
void put_int32(struct buffer *out, const char *key, int32_t value);
void put_int64(struct buffer *out, const char *key, int64_t value);
/** Milliseconds since 1970-01-01 UTC. */
void put_date(struct buffer *out, const char *key, int64_t unix_ms);
void put_document(struct buffer *out, const char *key, const bson_t *value);
/** Begins a document (or, with keys "0", "1" and so on, an array) within; the
 * number is for put_close. */
size_t put_open(struct buffer *out, const char *key, bool array);
void put_close(struct buffer *out, size_t opened);
/** Ends it and lends it until the buffer is used again; false: out of memory,
 * or larger than the buffer may be. */
bool put_end(struct buffer *out, bson_t *document);

#endif
