/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - bytes from a worker to its engine through memory that both see, so
 * that a result costs no system call, and what was written stays there when
 * the worker is killed. One end writes, one reads, both without locks; each
 * keeps its own place to itself, and what the other says of its place is
 * checked. Bytes are copied out before anybody looks at them: the worker may
 * write anything, anywhere and at any time.
 */
#ifndef ENGINE_WORKER_RING_H
#define ENGINE_WORKER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RING_BYTES ((size_t)1024 * 1024)

/** One end. */
struct ring {
    struct ring_memory *memory; /* NULL: there is none */
    bool writes;                /* it is the worker's end */
    uint64_t place;             /* bytes moved by this end */
    uint64_t end;               /* the reader's, once `ended` */
    bool ended;
};

/** The engine's end of a new one, and the descriptor for the worker's, above
 * the numbers that a worker is started with. Negative, and no end: memory is
 * short, or the kernel has none of this kind; a socket alone will do. */
int ring_make(struct ring *reader);
/** The worker's end; the descriptor stays the caller's. */
bool ring_open(struct ring *writer, int fd);
void ring_close(struct ring *ring);

/** Writes as many bytes as there is room for. */
size_t ring_put(struct ring *ring, const void *data, size_t len);
/** Bytes that the reader has not taken yet. */
size_t ring_filled(const struct ring *ring);
/** True when the reader sleeps, and this call is the one to wake it. */
bool ring_rouse(struct ring *ring);

/** Takes up to len bytes; 0: there are none. ENGINE_EPARSE: the writer lies,
 * and nothing of it is taken any more. */
ssize_t ring_get(struct ring *ring, void *room, size_t len);
/** The writer is gone: what is there now is all there is. */
void ring_end(struct ring *ring);
bool ring_is_empty(const struct ring *ring);
/** Before it waits for the writer, and after. False: there is something. */
bool ring_sleep(struct ring *ring);
void ring_wake(struct ring *ring);

#endif
