/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.h - a growing byte buffer with a hard maximum. */
#ifndef SDK_BASE_BUFFER_H
#define SDK_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

#include "sdk/base/error.h"

/** data is always NUL-terminated once something was appended. */
struct buffer {
    char *data;
    size_t len, room, maximum;
    engine_status status; /* the first failure; sticky, see buffer_status */
};

/** Prepares an empty buffer that never holds more than maximum bytes. */
void buffer_init(struct buffer *buffer, size_t maximum);
void buffer_clear(struct buffer *buffer);
/** Empties it but keeps the memory. */
void buffer_reset(struct buffer *buffer);

/**
 * Append; ENGINE_ELIMIT or ENGINE_ENOMEM when it does not fit. A failure is
 * sticky: later appends do nothing, so a writer may check once at the end.
 */
engine_status buffer_append(struct buffer *buffer, const void *data,
                            size_t len);
engine_status buffer_puts(struct buffer *buffer, const char *text);
engine_status buffer_putc(struct buffer *buffer, char byte);
engine_status buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
engine_status buffer_vprintf(struct buffer *buffer, const char *format,
                             va_list args)
    __attribute__((format(printf, 2, 0)));
/** Appends a text for XML: bytes that are in `special` (ASCII) become
 * references, &amp; &lt; &gt; &quot; or a number. */
void buffer_xml(struct buffer *buffer, const char *text, size_t len,
                const char *special);
/** Makes room for len more bytes; NULL on failure. Commit with buffer_grown. */
char *buffer_room(struct buffer *buffer, size_t len);
void buffer_grown(struct buffer *buffer, size_t len);
/** Drops the first len bytes. */
void buffer_consume(struct buffer *buffer, size_t len);

/** The first failure of any append, filled into err; ENGINE_OK if none. */
engine_status buffer_status(const struct buffer *buffer, engine_error *err);

/** Moves the contents out (caller frees with engine_free); never NULL on OK. */
char *buffer_take(struct buffer *buffer);

#endif
