/* SPDX-License-Identifier: Apache-2.0 */
/* ring.c - bytes from a worker to its engine through shared memory. */
#include "engine/worker/ring.h"

#include <fcntl.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/error.h"

#define RING_LINE 64         /* so that the ends do not share cache lines */
#define RING_FD_LEAST 16     /* above what a worker finds at fixed numbers */
/* who could shrink it would end the other side with SIGBUS */
#define RING_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct ring_memory {
    alignas(RING_LINE) _Atomic uint64_t written; /* bytes, ever */
    alignas(RING_LINE) _Atomic uint64_t taken;
    alignas(RING_LINE) _Atomic uint32_t asleep;  /* the reader waits */
    alignas(RING_LINE) uint8_t data[RING_BYTES];
};

static bool ring_map(struct ring *ring, int fd, bool writes)
{
    void *memory = mmap(NULL, sizeof(struct ring_memory),
                        PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    *ring = (struct ring){.writes = writes};
    if (memory == MAP_FAILED)
        return false;
    /* children of a scanner have no business here */
    (void)madvise(memory, sizeof(struct ring_memory), MADV_DONTFORK);
    ring->memory = memory;
    return true;
}

int ring_make(struct ring *reader)
{
    const int made = memfd_create("scan-results",
                                  MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int fd = -1;

    *reader = (struct ring){0};
    if (made < 0)
        return -1;
    if (ftruncate(made, sizeof(struct ring_memory)) == 0 &&
        fcntl(made, F_ADD_SEALS, RING_SEALS) == 0)
        fd = fcntl(made, F_DUPFD_CLOEXEC, RING_FD_LEAST);
    close(made);
    if (fd >= 0 && !ring_map(reader, fd, false)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool ring_open(struct ring *writer, int fd)
{
    const int seals = fcntl(fd, F_GET_SEALS);
    struct stat info;

    /* some machines seal all of them against being executed as well */
    return seals > 0 && (seals & RING_SEALS) == RING_SEALS &&
           fstat(fd, &info) == 0 &&
           info.st_size == (off_t)sizeof(struct ring_memory) &&
           ring_map(writer, fd, true);
}

void ring_close(struct ring *ring)
{
    if (ring->memory)
        munmap(ring->memory, sizeof(*ring->memory));
    *ring = (struct ring){0};
}

/* ---- the writer ---------------------------------------------------------- */

size_t ring_filled(const struct ring *ring)
{
    return (size_t)(ring->place - atomic_load_explicit(&ring->memory->taken,
                                                       memory_order_acquire));
}

size_t ring_put(struct ring *ring, const void *data, size_t len)
{
    const size_t filled = ring_filled(ring);
    const size_t at = (size_t)(ring->place % RING_BYTES);
    size_t first = RING_BYTES - at;

    if (filled > RING_BYTES) /* a scanner wrote where it must not */
        return 0;
    if (len > RING_BYTES - filled)
        len = RING_BYTES - filled;
    if (first > len)
        first = len;
    memcpy(ring->memory->data + at, data, first);
    memcpy(ring->memory->data, (const uint8_t *)data + first, len - first);
    ring->place += len;
    atomic_store(&ring->memory->written, ring->place);
    return len;
}

/* The reader says that it sleeps and looks once more; we write and look
 * whether it sleeps. All four in one order, so that one of both sees the
 * other. */
bool ring_rouse(struct ring *ring)
{
    return atomic_load(&ring->memory->asleep) &&
           atomic_exchange(&ring->memory->asleep, 0);
}

/* ---- the reader ---------------------------------------------------------- */

static uint64_t ring_written(const struct ring *ring)
{
    return ring->ended ? ring->end : atomic_load(&ring->memory->written);
}

ssize_t ring_get(struct ring *ring, void *room, size_t len)
{
    const uint64_t left = ring_written(ring) - ring->place;
    const size_t at = (size_t)(ring->place % RING_BYTES);
    size_t first = RING_BYTES - at;

    if (left > RING_BYTES) {
        ring->end = ring->place;
        ring->ended = true;
        return ENGINE_EPARSE;
    }
    if (len > left)
        len = (size_t)left;
    if (first > len)
        first = len;
    memcpy(room, ring->memory->data + at, first);
    memcpy((uint8_t *)room + first, ring->memory->data, len - first);
    ring->place += len;
    atomic_store_explicit(&ring->memory->taken, ring->place,
                          memory_order_release);
    return (ssize_t)len;
}

void ring_end(struct ring *ring)
{
    if (ring->ended)
        return;
    ring->end = ring_written(ring);
    ring->ended = true;
}

bool ring_is_empty(const struct ring *ring)
{
    return ring_written(ring) == ring->place;
}

bool ring_sleep(struct ring *ring)
{
    atomic_store(&ring->memory->asleep, 1);
    return ring_is_empty(ring);
}

void ring_wake(struct ring *ring)
{
    atomic_store(&ring->memory->asleep, 0);
}
