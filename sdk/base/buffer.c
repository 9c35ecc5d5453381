/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.c - a growing byte buffer with a hard maximum. */
#include "sdk/base/buffer.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"

void buffer_init(struct buffer *buffer, size_t maximum)
{
    *buffer = (struct buffer){.maximum = maximum};
}

void buffer_clear(struct buffer *buffer)
{
    engine_free(buffer->data);
    buffer_init(buffer, buffer->maximum);
}

void buffer_reset(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->status = ENGINE_OK;
    if (buffer->data)
        buffer->data[0] = '\0';
}

static engine_status buffer_reserve(struct buffer *buffer, size_t len)
{
    size_t room = buffer->room ? buffer->room : 64;
    char *data;

    if (buffer->status < 0)
        return buffer->status;
    if (len > buffer->maximum || buffer->len > buffer->maximum - len)
        return buffer->status = ENGINE_ELIMIT;
    if (buffer->data && buffer->len + len + 1 <= buffer->room)
        return ENGINE_OK;
    while (room < buffer->len + len + 1)
        room *= 2;
    data = engine_realloc(buffer->data, room);
    if (!data)
        return buffer->status = ENGINE_ENOMEM;
    buffer->data = data;
    buffer->room = room;
    return ENGINE_OK;
}

char *buffer_room(struct buffer *buffer, size_t len)
{
    if (buffer_reserve(buffer, len) < 0)
        return NULL;
    return buffer->data + buffer->len;
}

void buffer_grown(struct buffer *buffer, size_t len)
{
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
}

engine_status buffer_append(struct buffer *buffer, const void *data,
                            size_t len)
{
    char *room = buffer_room(buffer, len);

    if (!room)
        return buffer->status;
    if (len)
        memcpy(room, data, len);
    buffer_grown(buffer, len);
    return ENGINE_OK;
}

engine_status buffer_puts(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

engine_status buffer_putc(struct buffer *buffer, char byte)
{
    if (buffer->status < 0 || !buffer->data ||
        buffer->len >= buffer->maximum || buffer->room - buffer->len < 2)
        return buffer_append(buffer, &byte, 1);
    buffer->data[buffer->len++] = byte;
    buffer->data[buffer->len] = '\0';
    return ENGINE_OK;
}

engine_status buffer_vprintf(struct buffer *buffer, const char *format,
                             va_list args)
{
    va_list again;
    char *room;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        va_end(again);
        return buffer->status = ENGINE_EINVAL;
    }
    room = buffer_room(buffer, (size_t)len);
    if (room) {
        vsnprintf(room, (size_t)len + 1, format, again);
        buffer_grown(buffer, (size_t)len);
    }
    va_end(again);
    return buffer->status;
}

engine_status buffer_printf(struct buffer *buffer, const char *format, ...)
{
    engine_status status;
    va_list args;

    va_start(args, format);
    status = buffer_vprintf(buffer, format, args);
    va_end(args);
    return status;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
    if (!len)
        return;
    memmove(buffer->data, buffer->data + len, buffer->len - len);
    buffer->len -= len;
    buffer->data[buffer->len] = '\0';
}

engine_status buffer_status(const struct buffer *buffer, engine_error *err)
{
    if (buffer->status == ENGINE_ELIMIT)
        return engine_fail(err, ENGINE_ELIMIT, "more than %zu bytes",
                           buffer->maximum);
    if (buffer->status < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

char *buffer_take(struct buffer *buffer)
{
    char *data = buffer->data;

    if (!data && buffer_reserve(buffer, 0) == ENGINE_OK) {
        data = buffer->data;
        data[0] = '\0';
    }
    buffer->data = NULL;
    buffer_init(buffer, buffer->maximum);
    return data;
}
