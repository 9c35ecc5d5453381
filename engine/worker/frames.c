/* SPDX-License-Identifier: Apache-2.0 */
/* frames.c - a stream of BSON documents over a socket, never blocking. */
#include "engine/worker/frames.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk/base/clock.h"

#define CHANNEL_CHUNK ((size_t)64 * 1024)
#define CHANNEL_CHUNKS_PER_READ 8 /* so that one flood starves nobody */
#define CHANNEL_OUT_MAX (2 * FRAME_MAX_BYTES)
#define CHANNEL_NAP_MS 2 /* for a reader who has a full ring to take */

void channel_init(struct channel *channel, int fd)
{
    *channel = (struct channel){.fd = fd};
    buffer_init(&channel->in, FRAME_MAX_BYTES + CHANNEL_CHUNK);
    buffer_init(&channel->out, CHANNEL_OUT_MAX);
}

/* Whether frames go this way through the ring. */
static bool channel_puts(const struct channel *channel)
{
    return channel->ring.memory && channel->ring.writes;
}

static bool channel_gets(const struct channel *channel)
{
    return channel->ring.memory && !channel->ring.writes;
}

void channel_clear(struct channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    ring_close(&channel->ring);
    buffer_clear(&channel->in);
    buffer_clear(&channel->out);
    channel->fd = -1;
    channel->closed = channel->deaf = true;
    channel->in_used = channel->out_used = 0;
}

size_t channel_pending(const struct channel *channel)
{
    return channel->out.len - channel->out_used;
}

size_t channel_filled(const struct channel *channel)
{
    return channel_pending(channel) +
           (channel_puts(channel) ? ring_filled(&channel->ring) : 0);
}

static bool channel_has_room(const struct channel *channel)
{
    return channel->in.len - channel->in_used <= FRAME_MAX_BYTES;
}

short channel_events(const struct channel *channel)
{
    short events = 0;

    if (channel_has_room(channel) && !channel->closed)
        events |= POLLIN;
    if (channel_pending(channel) && !channel->deaf)
        events |= POLLOUT;
    return events;
}

bool channel_sleep(struct channel *channel)
{
    return channel_gets(channel) && !ring_sleep(&channel->ring) &&
           channel_has_room(channel);
}

bool channel_wake(struct channel *channel)
{
    if (!channel_gets(channel))
        return false;
    ring_wake(&channel->ring);
    return !ring_is_empty(&channel->ring);
}

static void channel_deafen(struct channel *channel)
{
    channel->deaf = true;
    channel->out_used = 0;
    buffer_clear(&channel->out);
}

/* Forgets what was sent, but does not move much memory for every bit of it. */
static void channel_forget(struct channel *channel)
{
    if (channel->out_used == channel->out.len) {
        buffer_reset(&channel->out);
        channel->out_used = 0;
    } else if (2 * channel->out_used > channel->out.len) {
        buffer_consume(&channel->out, channel->out_used);
        channel->out_used = 0;
    }
}

static void channel_write_ring(struct channel *channel)
{
    channel->out_used +=
        ring_put(&channel->ring, channel->out.data + channel->out_used,
                 channel_pending(channel));
    channel_forget(channel);
}

void channel_rouse(struct channel *channel)
{
    static const char byte = 0;

    if (!channel_puts(channel) || !ring_rouse(&channel->ring))
        return;
    /* a socket that is full of such bytes wakes it as well */
    if (send(channel->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        (errno == EPIPE || errno == ECONNRESET))
        channel_deafen(channel);
}

engine_status channel_write(struct channel *channel, engine_error *err)
{
    if (channel_puts(channel) && !channel->deaf && channel_pending(channel)) {
        channel_write_ring(channel);
        return ENGINE_OK;
    }
    while (channel_pending(channel) && !channel->deaf) {
        const ssize_t sent =
            send(channel->fd, channel->out.data + channel->out_used,
                 channel_pending(channel), MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent >= 0) {
            channel->out_used += (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            break;
        if (errno == EPIPE || errno == ECONNRESET) {
            channel_deafen(channel);
            return ENGINE_OK;
        }
        return engine_fail(err, ENGINE_EIO, "could not send to a worker: %s",
                           strerror(errno));
    }
    channel_forget(channel);
    return ENGINE_OK;
}

engine_status channel_put(struct channel *channel, const bson_t *frame,
                          engine_error *err)
{
    if (frame->len > FRAME_MAX_BYTES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a frame of %u bytes is over the limit of %zu",
                           frame->len, FRAME_MAX_BYTES);
    if (channel->deaf)
        return engine_fail(err, ENGINE_EIO, "the other side is gone");
    buffer_append(&channel->out, bson_get_data(frame), frame->len);
    return buffer_status(&channel->out, err);
}

engine_status channel_send(struct channel *channel, const bson_t *frame,
                           engine_error *err)
{
    const engine_status status = channel_put(channel, frame, err);

    return status < 0 ? status : channel_write(channel, err);
}

/* One recv: bytes, 0 when there is nothing now, negative a status. */
static ssize_t channel_receive(struct channel *channel, engine_error *err)
{
    char *room = buffer_room(&channel->in, CHANNEL_CHUNK);
    ssize_t got;

    if (!room)
        return buffer_status(&channel->in, err);
    do
        got = recv(channel->fd, room, CHANNEL_CHUNK, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        buffer_grown(&channel->in, (size_t)got);
        return got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    channel->closed = true;
    channel_deafen(channel);
    if (got == 0 || errno == ECONNRESET)
        return 0;
    return engine_fail(err, ENGINE_EIO, "could not read from a worker: %s",
                       strerror(errno));
}

/* The bytes that woke us; and whether the worker is still there. */
static void channel_drain(struct channel *channel)
{
    char bytes[4096];
    ssize_t got;

    do /* what is left is seen in the next turn */
        got = recv(channel->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
        ring_end(&channel->ring);
}

/* What a worker wrote before its end is taken too. */
static engine_status channel_read_ring(struct channel *channel,
                                       engine_error *err)
{
    channel_drain(channel);
    for (int i = 0; i < CHANNEL_CHUNKS_PER_READ && channel_has_room(channel);
         i++) {
        char *room = buffer_room(&channel->in, CHANNEL_CHUNK);
        ssize_t got;

        if (!room)
            return buffer_status(&channel->in, err);
        got = ring_get(&channel->ring, room, CHANNEL_CHUNK);
        if (got < 0)
            return engine_fail(err, ENGINE_EPARSE,
                               "a worker overwrote what it shares with us");
        if (got == 0)
            break;
        buffer_grown(&channel->in, (size_t)got);
    }
    if (channel->ring.ended && ring_is_empty(&channel->ring)) {
        channel->closed = true;
        channel_deafen(channel);
    }
    return ENGINE_OK;
}

engine_status channel_read(struct channel *channel, engine_error *err)
{
    buffer_consume(&channel->in, channel->in_used);
    channel->in_used = 0;
    if (channel_gets(channel) && !channel->closed)
        return channel_read_ring(channel, err);
    for (int i = 0; i < CHANNEL_CHUNKS_PER_READ; i++) {
        ssize_t got;

        if (channel->closed || channel->in.len > FRAME_MAX_BYTES)
            return ENGINE_OK;
        got = channel_receive(channel, err);
        if (got <= 0)
            return (engine_status)got;
        if ((size_t)got < CHANNEL_CHUNK)
            return ENGINE_OK;
    }
    return ENGINE_OK;
}

engine_status channel_pump(struct channel *channel, engine_error *err)
{
    const engine_status status = channel_write(channel, err);

    return status < 0 ? status : channel_read(channel, err);
}

static size_t channel_length(const uint8_t *data)
{
    return (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16 |
           (size_t)data[3] << 24;
}

int channel_next(struct channel *channel, bson_t *frame, engine_error *err)
{
    const size_t left = channel->in.len - channel->in_used;
    const uint8_t *data;
    size_t len;

    if (left < 4)
        return 0;
    data = (const uint8_t *)channel->in.data + channel->in_used;
    len = channel_length(data);
    if (len > FRAME_MAX_BYTES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "a frame of %zu bytes is over the limit of %zu",
                           len, FRAME_MAX_BYTES);
    if (len < 5)
        return engine_fail(err, ENGINE_EPARSE,
                           "a frame of %zu bytes is no document", len);
    if (left < len)
        return 0;
    if (frame_check(data, len, FRAME_MAX_DEPTH, err) < 0 ||
        !bson_init_static(frame, data, len))
        return ENGINE_EPARSE;
    channel->in_used += len;
    return 1;
}

void channel_await_room(struct channel *channel, int timeout_ms)
{
    struct pollfd one = {.fd = channel->fd, .events = POLLOUT};

    if (!channel_puts(channel)) {
        (void)poll(&one, 1, timeout_ms);
        return;
    }
    one.events = 0; /* only its end */
    if (timeout_ms > CHANNEL_NAP_MS)
        timeout_ms = CHANNEL_NAP_MS;
    if (poll(&one, 1, timeout_ms) > 0 && (one.revents & (POLLHUP | POLLERR)))
        channel_deafen(channel);
}

engine_status channel_flush(struct channel *channel, int timeout_ms,
                            engine_error *err)
{
    const int64_t until = clock_steady_ms() + timeout_ms;

    for (;;) {
        engine_status status = channel_write(channel, err);
        int64_t left;

        channel_rouse(channel);
        if (status < 0 || !channel_pending(channel))
            return status;
        left = until - clock_steady_ms();
        if (left <= 0)
            return engine_fail(err, ENGINE_ETIMEOUT,
                               "a worker did not take its input in time");
        channel_await_room(channel, (int)left);
    }
}

const char *frame_kind(const bson_t *frame)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, frame, "t") && BSON_ITER_HOLDS_UTF8(&iter))
        return bson_iter_utf8(&iter, NULL);
    return "";
}

void frame_init(bson_t *frame, const char *kind)
{
    bson_init(frame);
    BSON_APPEND_UTF8(frame, "t", kind);
}
