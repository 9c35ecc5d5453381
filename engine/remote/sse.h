/* SPDX-License-Identifier: Apache-2.0 */
/* sse.h - server-sent events (HTML Living Standard, 9.2.6) as they come in
 * pieces. What an event may hold is bounded; what is longer is let through. */
#ifndef ENGINE_REMOTE_SSE_H
#define ENGINE_REMOTE_SSE_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define SSE_DATA_MAX ((size_t)1024 * 1024)       /* of one event, kept */
#define SSE_EVENT_MAX ((size_t)64 * 1024 * 1024) /* of one event, at all */
#define SSE_NAME_MAX 64
#define SSE_ID_MAX 256

struct sse_event {
    const char *name; /* "message" when it has none */
    const char *data; /* NUL-terminated */
    size_t len;
    bool cut; /* data was longer than SSE_DATA_MAX and is not there */
};

typedef engine_status (*sse_fn)(const struct sse_event *event, void *user,
                                engine_error *err);

struct sse {
    sse_fn fn;
    void *user;
    struct buffer line, data;
    char name[SSE_NAME_MAX], id[SSE_ID_MAX];
    size_t event_bytes; /* since the last event ended */
    bool begun, has_data, cut, line_cut, after_cr;
};

void sse_init(struct sse *sse, sse_fn fn, void *user);
void sse_clear(struct sse *sse);
/** A new stream; what was half an event is forgotten, the last id is not. */
void sse_restart(struct sse *sse);

/** Takes a piece; ENGINE_ELIMIT beyond SSE_EVENT_MAX, or what fn returns. */
engine_status sse_feed(struct sse *sse, const char *data, size_t len,
                       engine_error *err);
/** The id of the last event that had one, for Last-Event-ID, or "". */
const char *sse_last_id(const struct sse *sse);

#endif
