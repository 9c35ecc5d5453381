/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.h - the worker protocol: a stream of BSON documents, each with a
 * field "t" that names its kind. Documents carry their own length, so nothing
 * else frames them. Used by both ends of a socket.
 *
 * To the worker
 *   job          {op: describe|scan|import|plan|probe|undo, plugin: {name,
 *                path, sha256?, reads, writes}, options?, target?, variables?,
 *                request?, workdir, cachedir, parallel, limits: {wall_ms,
 *                memory_bytes, cpu_seconds, file_bytes, files, processes,
 *                results, result_bytes, artifacts, artifact_bytes}, workers,
 *                uid?, confinement?, effects: bool, artifacts: [{id, path}]}
 *                A limit of 0 is none; `workers`: how many there may be at
 *                once; `uid`: whom it must be by now
 *   rule         {rule: {...}} once per rule
 *   start        {} after the last rule: the operation begins
 *   cancel       {}
 *   effect_ok    {id} the effect is stored
 * From the worker
 *   result       {rule_id, status, message?, resource?, evidence?, details?}
 *   rule_done    {rule_id, status, message?, duration_ms?, resources?,
 *                variables_applied?}
 *   document     {kind, document}
 *   artifact     {id, path, name, media_type}
 *   effect       {id, undo}      effect_undone {id}
 *   progress     {done, expected, what}
 *   log          {level, text}
 *   warning      {message} about the whole job
 *   done         {status, message?, hint?} the last frame; for op describe
 *                also {description}
 * The status of result and rule_done is a number, SCANNER_PASS and so on; 0 in
 * rule_done: the worst of the results. That of done is an engine_status.
 */
#ifndef ENGINE_WORKER_FRAMES_H
#define ENGINE_WORKER_FRAMES_H

#include <bson/bson.h>

#include "engine/worker/ring.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define FRAME_MAX_BYTES ((size_t)32 * 1024 * 1024)
#define FRAME_MAX_DEPTH 110

/**
 * Reads and writes frames on a non-blocking stream socket. With a ring frames
 * from the worker go through that, and the socket has a byte when they are to
 * be looked at; that it ends is still said by the socket.
 */
struct channel {
    int fd;                    /* owned */
    struct ring ring;          /* owned, set after channel_init; or none */
    struct buffer in, out;
    size_t in_used;            /* bytes of `in` already delivered */
    size_t out_used;           /* bytes of `out` already sent */
    bool closed;               /* the other side is gone: nothing will come */
    bool deaf;                 /* the other side does not read any more */
};

void channel_init(struct channel *channel, int fd);
void channel_clear(struct channel *channel);

/** Appends a frame, to be sent by channel_write. */
engine_status channel_put(struct channel *channel, const bson_t *frame,
                          engine_error *err);
/** Queues a frame; sends what the socket takes now. */
engine_status channel_send(struct channel *channel, const bson_t *frame,
                           engine_error *err);
/** Bytes not sent yet. */
size_t channel_pending(const struct channel *channel);
/** With those that wait in the ring. */
size_t channel_filled(const struct channel *channel);
/** poll(2) events that would make progress. */
short channel_events(const struct channel *channel);
/** Before and after poll(2): whether frames wait in the ring, of which the
 * socket says nothing. Between these calls the worker wakes us for one. */
bool channel_sleep(struct channel *channel);
bool channel_wake(struct channel *channel);
/** From the worker: the engine is to look now. */
void channel_rouse(struct channel *channel);
/** Waits for room to write, at most so long; whether there is any is for the
 * next write to see. */
void channel_await_room(struct channel *channel, int timeout_ms);
/** Moves bytes one way without blocking; a worker's threads have one each. */
engine_status channel_read(struct channel *channel, engine_error *err);
engine_status channel_write(struct channel *channel, engine_error *err);
/** Moves bytes both ways without blocking. */
engine_status channel_pump(struct channel *channel, engine_error *err);
/** 1 and a borrowed frame (valid until the next call), 0 none complete yet;
 * negative: malformed (ENGINE_EPARSE) or too large (ENGINE_ELIMIT). */
int channel_next(struct channel *channel, bson_t *frame, engine_error *err);
/** Sends until everything queued is sent or timeout_ms passed. */
engine_status channel_flush(struct channel *channel, int timeout_ms,
                            engine_error *err);

/** The kind of a frame, its field "t"; "" when it has none. */
const char *frame_kind(const bson_t *frame);
/** Starts a frame of a kind; the caller appends fields and destroys it. */
void frame_init(bson_t *frame, const char *kind);

/**
 * Checks BSON that came from elsewhere, without recursion: every length, type
 * and string, at most `depth` levels deep. ENGINE_EPARSE says what is wrong,
 * and where.
 */
engine_status frame_check(const uint8_t *data, size_t len, unsigned depth,
                          engine_error *err);

#endif
