/* SPDX-License-Identifier: Apache-2.0 */
/* spool_read.c - reading spools, and telling what was written half from what
 * is damaged. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/store/spool_private.h"

/* ---- one frame ----------------------------------------------------------- */

static uint64_t frame_get(const uint8_t *data, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | data[i];
    return value;
}

/* Bytes read, fewer only at the end of the file; negative: a status. */
static ssize_t spool_pread(struct store_spool *spool, int64_t offset, char *out,
                           size_t len, engine_error *err)
{
    size_t have = 0;

    while (have < len) {
        const ssize_t got =
            pread(spool->fd, out + have, len - have, offset + (int64_t)have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return store_spool_fail(spool, "read", err);
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static int frame_fail(const struct store_spool *spool,
                      const struct spool_place *at, engine_error *err)
{
    return engine_fail(err, ENGINE_ECORRUPT,
                       "the spool \"%s\" is damaged at byte %lld", spool->path,
                       (long long)at->offset);
}

/* Its head and all of it into spool->frame; 0: the file ends before. */
static int frame_load(struct store_spool *spool, const struct spool_place *at,
                      int64_t end, uint32_t *length, engine_error *err)
{
    struct buffer *frame = &spool->frame;
    ssize_t got;
    char *room;

    buffer_reset(frame);
    if (end - at->offset < (int64_t)SPOOL_FRAME_EXTRA)
        return 0;
    room = buffer_room(frame, SPOOL_FRAME_EXTRA);
    if (!room)
        return engine_fail_memory(err);
    got = spool_pread(spool, at->offset, room, SPOOL_FRAME_EXTRA, err);
    if (got < (ssize_t)SPOOL_FRAME_EXTRA)
        return got < 0 ? (int)got : 0;
    buffer_grown(frame, SPOOL_FRAME_EXTRA);
    *length = (uint32_t)frame_get((const uint8_t *)frame->data + 8, 4);
    if (memcmp(frame->data, "SeSp", 4) != 0 || *length > SPOOL_DOCUMENT_MAX)
        return frame_fail(spool, at, err);
    if (end - at->offset < (int64_t)(SPOOL_FRAME_EXTRA + *length))
        return 0;
    room = *length ? buffer_room(frame, *length) : frame->data;
    if (!room)
        return engine_fail_memory(err);
    got = spool_pread(spool, at->offset + (int64_t)SPOOL_FRAME_EXTRA, room,
                      *length, err);
    if (got < (ssize_t)*length)
        return got < 0 ? (int)got : 0;
    buffer_grown(frame, *length);
    return 1;
}

int store_spool_frame_read(struct store_spool *spool, struct spool_place *at,
                           int64_t end, uint32_t *kind, engine_error *err)
{
    const uint8_t *data;
    char digest[SPOOL_FRAME_END];
    uint32_t length = 0;
    bson_t document;
    int got = frame_load(spool, at, end, &length, err);

    if (got <= 0)
        return got;
    data = (const uint8_t *)spool->frame.data;
    if (store_spool_frame_digest(data, data + SPOOL_FRAME_HEAD, length, digest,
                                 err) < 0)
        return ENGINE_ENOMEM;
    *kind = (uint32_t)frame_get(data + 4, 4);
    if (memcmp(digest, data + SPOOL_FRAME_HEAD + length, sizeof(digest)) != 0 ||
        frame_get(data + 16, 8) != at->number)
        return frame_fail(spool, at, err);
    if (*kind != SPOOL_MARK &&
        (!bson_init_static(&document, data + SPOOL_FRAME_HEAD, length) ||
         !bson_validate(&document, BSON_VALIDATE_NONE, NULL)))
        return frame_fail(spool, at, err);
    at->offset += (int64_t)(SPOOL_FRAME_EXTRA + length);
    at->number++;
    at->documents += *kind >= SPOOL_FIRST_KIND;
    return 1;
}

/* ---- checking ------------------------------------------------------------ */

/* A frame's first bytes and a sound digest, whatever its number. */
static int check_is_frame(struct store_spool *spool, int64_t offset,
                          int64_t end, engine_error *err)
{
    struct spool_place at = {.offset = offset};
    uint8_t number[8];
    uint32_t kind;
    ssize_t got =
        spool_pread(spool, offset + 16, (char *)number, sizeof(number), err);

    if (got < 0)
        return (int)got;
    at.number = got == (ssize_t)sizeof(number) ? frame_get(number, 8) : 0;
    got = store_spool_frame_read(spool, &at, end, &kind, err);
    return got == ENGINE_ECORRUPT ? 0 : (int)got;
}

/* Does any whole frame begin at or after `from`? Then what is before it was
 * damaged later: a process that dies writes nothing behind its last frame. */
static int check_frame_after(struct store_spool *spool, int64_t from,
                             int64_t end, engine_error *err)
{
    char window[4096 + 3];
    int found = 0;

    for (int64_t at = from; found == 0 && at < end; at += 4096) {
        const ssize_t got = spool_pread(spool, at, window, sizeof(window), err);

        if (got < 0)
            return (int)got;
        for (ssize_t i = 0; found == 0 && i + 3 < got && i < 4096; i++)
            if (memcmp(window + i, "SeSp", 4) == 0)
                found = check_is_frame(spool, at + i, end, err);
    }
    return found;
}

/* The frame at `at` is not whole: is the rest only what a dead process left? */
static engine_status check_tail(struct store_spool *spool,
                                const struct spool_place *at, int64_t end,
                                engine_error *err)
{
    const int found = check_frame_after(spool, at->offset + 1, end, err);

    if (found < 0)
        return (engine_status)found;
    if (found > 0)
        snprintf(spool->damage, sizeof(spool->damage), "at byte %lld of %lld",
                 (long long)at->offset, (long long)end);
    return ENGINE_OK;
}

engine_status store_spool_check(struct store_spool *spool, engine_error *err)
{
    struct spool_place at = spool->first;
    engine_error why = {0};
    uint32_t kind = 0;
    struct stat info;
    int got;

    if (fstat(spool->fd, &info) < 0)
        return store_spool_fail(spool, "look at", err);
    while ((got = store_spool_frame_read(spool, &at, info.st_size, &kind,
                                         &why)) > 0)
        if (kind == SPOOL_MARK)
            spool->marked = at;
    spool->written = spool->marked;
    if (got < 0 && got != ENGINE_ECORRUPT) {
        if (err)
            *err = why;
        return (engine_status)got;
    }
    return at.offset == info.st_size
               ? ENGINE_OK
               : check_tail(spool, &at, info.st_size, err);
}

const char *store_spool_damage(const struct store_spool *spool)
{
    return spool->damage[0] ? spool->damage : NULL;
}

/* ---- reading ------------------------------------------------------------- */

int store_spool_read(struct store_spool *spool, uint32_t *kind, bson_t *out,
                     engine_error *err)
{
    const uint8_t *data;
    int got;

    if (spool->reading.offset >= spool->marked.offset)
        return 0;
    got = store_spool_frame_read(spool, &spool->reading, spool->marked.offset,
                                 kind, err);
    if (got == 0) /* somebody cut it off */
        return frame_fail(spool, &spool->reading, err);
    if (got < 0 || *kind == SPOOL_MARK)
        return got;
    data = (const uint8_t *)spool->frame.data + SPOOL_FRAME_HEAD;
    bson_init_static(out, data, spool->frame.len - SPOOL_FRAME_EXTRA);
    return 1;
}

void store_spool_forget(struct store_spool *spool)
{
    spool->forgotten = spool->reading;
}

void store_spool_rewind(struct store_spool *spool)
{
    spool->reading = spool->forgotten;
}

int64_t store_spool_frames(const struct store_spool *spool)
{
    return spool->marked.documents - spool->forgotten.documents;
}

int64_t store_spool_bytes(const struct store_spool *spool)
{
    return spool->marked.offset - spool->forgotten.offset;
}
