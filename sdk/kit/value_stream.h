/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_stream.h - a JSON document as it arrives, in chunks of any size. The
 * elements of one array are handed out one by one and forgotten again, so
 * memory depends on the largest element and not on the answer.
 */
#ifndef SDK_KIT_VALUE_STREAM_H
#define SDK_KIT_VALUE_STREAM_H

#include "sdk/kit/value.h"
#include "sdk/kit/value_mask.h"

/** Receives an element; it lives until the call returns. `text` is its JSON
 * as it came, for recording. A failure ends the stream. */
typedef engine_status (*value_item_fn)(const struct value *item,
                                       const char *text, size_t len,
                                       void *user, engine_error *err);

struct value_stream_options {
    const char *name; /* for messages: a host and path, a file */
    const char *list; /* member of the document whose elements go to item,
                       * such as "items"; NULL: there is none */
    const struct value_mask *mask; /* of an element; NULL: all of it */
    size_t item_maximum;           /* bytes of one element; 0: 16 MiB */
    size_t rest_maximum; /* bytes of all the rest together; 0: 16 MiB */
    value_item_fn item;  /* may be NULL without list */
    void *user;
};

struct value_stream;

engine_status value_stream_new(const struct value_stream_options *options,
                               struct value_stream **out, engine_error *err);
void value_stream_free(struct value_stream *stream);
engine_status value_stream_feed(struct value_stream *stream, const char *data,
                                size_t len, engine_error *err);
/**
 * Says that nothing more comes: ENGINE_EPARSE when the document is cut off.
 * *rest is the document with an empty list; it lives until the stream is
 * freed or begun again.
 */
engine_status value_stream_end(struct value_stream *stream,
                               const struct value **rest, engine_error *err);
/** Makes it ready for the next document (a page of the same list). */
void value_stream_again(struct value_stream *stream);
/** Bytes and elements so far, over all documents. */
uint64_t value_stream_bytes(const struct value_stream *stream);
uint64_t value_stream_items(const struct value_stream *stream);

#endif
