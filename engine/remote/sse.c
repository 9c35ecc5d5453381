/* SPDX-License-Identifier: Apache-2.0 */
/* sse.c - lines, fields and events. */
#include "engine/remote/sse.h"

#include <string.h>

void sse_init(struct sse *sse, sse_fn fn, void *user)
{
    memset(sse, 0, sizeof(*sse));
    sse->fn = fn;
    sse->user = user;
    buffer_init(&sse->line, SSE_DATA_MAX + SSE_ID_MAX);
    buffer_init(&sse->data, SSE_DATA_MAX);
}

void sse_clear(struct sse *sse)
{
    buffer_clear(&sse->line);
    buffer_clear(&sse->data);
}

/* Empties a buffer; what has failed starts anew. */
static void sse_empty(struct buffer *buffer)
{
    const size_t most = buffer->maximum;

    if (buffer_status(buffer, NULL) == ENGINE_OK) {
        buffer_reset(buffer);
        return;
    }
    buffer_clear(buffer);
    buffer_init(buffer, most);
}

static void sse_reset(struct sse *sse)
{
    sse_empty(&sse->data);
    sse->name[0] = '\0';
    sse->has_data = sse->cut = false;
    sse->event_bytes = 0;
}

void sse_restart(struct sse *sse)
{
    sse_reset(sse);
    sse_empty(&sse->line);
    sse->begun = sse->line_cut = sse->after_cr = false;
}

const char *sse_last_id(const struct sse *sse)
{
    return sse->id;
}

static engine_status sse_dispatch(struct sse *sse, engine_error *err)
{
    const struct sse_event event = {
        .name = sse->name[0] ? sse->name : "message",
        .data = sse->cut || !sse->data.data ? "" : sse->data.data,
        .len = sse->cut ? 0 : sse->data.len,
        .cut = sse->cut};
    engine_status status = ENGINE_OK;

    if (sse->has_data)
        status = sse->fn(&event, sse->user, err);
    sse_reset(sse);
    return status;
}

/* A header cannot hold everything that an id could. */
static void sse_take_id(struct sse *sse, const char *value, size_t len)
{
    if (len >= sizeof(sse->id))
        return;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < 0x21 || (unsigned char)value[i] > 0x7e)
            return;
    memcpy(sse->id, value, len);
    sse->id[len] = '\0';
}

static void sse_field(struct sse *sse, const char *name, size_t name_len,
                      const char *value, size_t len)
{
    if (name_len == 4 && memcmp(name, "data", 4) == 0) {
        if (sse->has_data)
            buffer_putc(&sse->data, '\n');
        sse->has_data = true;
        if (buffer_append(&sse->data, value, len) < 0)
            sse->cut = true;
    } else if (name_len == 5 && memcmp(name, "event", 5) == 0) {
        if (len >= sizeof(sse->name) || memchr(value, '\0', len))
            len = 0;
        memcpy(sse->name, value, len);
        sse->name[len] = '\0';
    } else if (name_len == 2 && memcmp(name, "id", 2) == 0) {
        sse_take_id(sse, value, len);
    }
}

/* A line without its end; empty: the event is complete. */
static engine_status sse_line(struct sse *sse, engine_error *err)
{
    const char *line = sse->line.data ? sse->line.data : "";
    size_t len = sse->line.len, name_len;
    const char *colon;

    if (!sse->begun && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        len -= 3;
    }
    sse->begun = true;
    if (sse->line_cut) { /* only data is that long */
        sse->has_data = sse->cut = true;
        return ENGINE_OK;
    }
    if (!len)
        return sse_dispatch(sse, err);
    colon = memchr(line, ':', len);
    name_len = colon ? (size_t)(colon - line) : len;
    if (colon == line) { /* a comment: a sign of life, and no part of it */
        if (!sse->has_data)
            sse->event_bytes = 0;
        return ENGINE_OK;
    }
    if (colon)
        colon += 1 + (name_len + 1 < len && colon[1] == ' ');
    else
        colon = line + len;
    sse_field(sse, line, name_len, colon, (size_t)(line + len - colon));
    return ENGINE_OK;
}

static engine_status sse_end_line(struct sse *sse, engine_error *err)
{
    const engine_status status = sse_line(sse, err);

    sse_empty(&sse->line);
    sse->line_cut = false;
    return status;
}

engine_status sse_feed(struct sse *sse, const char *data, size_t len,
                       engine_error *err)
{
    engine_status status = ENGINE_OK;

    while (len && status == ENGINE_OK) {
        size_t run = 0;

        if (sse->after_cr && *data == '\n') { /* CR LF is one end */
            sse->after_cr = false;
            data++;
            len--;
            continue;
        }
        sse->after_cr = false;
        while (run < len && data[run] != '\n' && data[run] != '\r')
            run++;
        sse->event_bytes += run + 1;
        if (sse->event_bytes > SSE_EVENT_MAX)
            return engine_fail(err, ENGINE_ELIMIT,
                               "an event is larger than %zu MiB",
                               SSE_EVENT_MAX / 1024 / 1024);
        if (run && !sse->line_cut && buffer_append(&sse->line, data, run) < 0)
            sse->line_cut = true;
        if (run < len) {
            sse->after_cr = data[run] == '\r';
            run++;
            status = sse_end_line(sse, err);
        }
        data += run;
        len -= run;
    }
    return status;
}
