/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - the thread beside the plugin: reads the socket, carries off what
 * the plugin prints, and ends everything when the engine is gone. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/worker/sweep.h"
#include "engine/worker/worker_private.h"
#include "sdk/base/clock.h"
#include "sdk/base/steady.h"

#define WATCH_OUTPUT_MAX ((size_t)256 * 1024)  /* printed by one job, kept */
#define WATCH_LINE_MAX ((size_t)2000)
#define WATCH_RETRY_MS 10
#define WATCH_PARENT_MS 1000 /* between looks at who our parent is */
#define WATCH_LATER_MS 10    /* that a result waits for others */
#define WATCH_LATER_BYTES ((size_t)32 * 1024)

static void watch_wake(struct worker *worker)
{
    const uint64_t one = 1;

    (void)!write(worker->wake, &one, sizeof(one));
}

/* Sends all there is, waiting for room; under the lock. */
static engine_status watch_send_all(struct worker *worker)
{
    struct channel *writer = &worker->writer;
    engine_status status = channel_write(writer, NULL);

    while (status == ENGINE_OK && channel_pending(writer)) {
        channel_rouse(writer);
        channel_await_room(writer, 1000);
        status = channel_write(writer, NULL);
    }
    return status == ENGINE_OK && writer->deaf ? ENGINE_EIO : status;
}

/* The engine is told now, or, unless there is much, by the watcher in a few
 * milliseconds; under the lock. */
static void watch_tell(struct worker *worker, bool now)
{
    if (now || channel_filled(&worker->writer) >= WATCH_LATER_BYTES) {
        worker->later = false;
        channel_rouse(&worker->writer);
    } else if (!worker->later) {
        worker->later = true;
        worker->later_ms = clock_steady_ms();
        watch_wake(worker);
    }
}

/* Nothing stays behind, where the end of this process would take it along:
 * `now` is only about when the engine looks. */
static engine_status watch_send(struct worker *worker, const bson_t *frame,
                                bool now)
{
    engine_status status;

    pthread_mutex_lock(&worker->send_lock);
    status = atomic_load(&worker->gone)
                 ? ENGINE_EIO
                 : channel_put(&worker->writer, frame, NULL);
    if (status == ENGINE_OK)
        status = watch_send_all(worker);
    if (status == ENGINE_OK)
        watch_tell(worker, now || !worker->writer.ring.memory);
    pthread_mutex_unlock(&worker->send_lock);
    return status;
}

engine_status worker_send(struct worker *worker, const bson_t *frame)
{
    return watch_send(worker, frame, true);
}

engine_status worker_send_soon(struct worker *worker, const bson_t *frame)
{
    return watch_send(worker, frame, false);
}

engine_status worker_send_later(struct worker *worker, const bson_t *frame)
{
    engine_status status;

    if (worker->writer.ring.memory)
        return worker_send_soon(worker, frame);
    pthread_mutex_lock(&worker->send_lock);
    status = channel_put(&worker->writer, frame, NULL);
    if (status == ENGINE_OK &&
        channel_pending(&worker->writer) >= WATCH_LATER_BYTES)
        status = watch_send_all(worker);
    else
        watch_tell(worker, false);
    pthread_mutex_unlock(&worker->send_lock);
    return status;
}

static void watch_log_frame(bson_t *frame, uint32_t level, const char *text,
                            size_t len)
{
    frame_init(frame, "log");
    BSON_APPEND_INT32(frame, "level", (int32_t)level);
    bson_append_utf8(frame, "text", -1, text, (int)len);
}

void worker_log(struct worker *worker, uint32_t level, const char *text)
{
    static const char cut[] = "further messages of the scanner are left out";
    size_t len = strlen(text);
    bson_t frame;

    if (!worker->log_left)
        return;
    if (len > 2 * WATCH_LINE_MAX)
        len = 2 * WATCH_LINE_MAX;
    while (len && !bson_utf8_validate(text, len, false))
        len--; /* a character cut in two, or bytes that are no text */
    if (worker->log_left > len) {
        worker->log_left -= len + 1 < worker->log_left ? len + 1 : 1;
        watch_log_frame(&frame, level, text, len);
    } else {
        worker->log_left = 0;
        watch_log_frame(&frame, SCANNER_LOG_WARNING, cut, sizeof(cut) - 1);
    }
    (void)worker_send(worker, &frame);
    bson_destroy(&frame);
}

/* ---- captured output --------------------------------------------------- */

/* Sends a line unless the plugin's thread is sending: never wait for it. */
static bool watch_line(struct worker *worker, char *text, size_t len)
{
    bson_t frame;

    if (pthread_mutex_trylock(&worker->send_lock) != 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    if (!bson_utf8_validate(text, len, false))
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)text[i] >= 0x80)
                text[i] = '?';
    watch_log_frame(&frame, SCANNER_LOG_INFO, text, len);
    (void)channel_send(&worker->writer, &frame, NULL);
    watch_tell(worker, true);
    bson_destroy(&frame);
    pthread_mutex_unlock(&worker->send_lock);
    return true;
}

/* What was not taken at once, and what the engine has not been told of. False:
 * try again soon. */
static bool watch_flush(struct worker *worker)
{
    bool sent;

    if (pthread_mutex_trylock(&worker->send_lock) != 0)
        return false; /* the plugin's thread is at it */
    if (clock_steady_ms() - worker->later_ms >= WATCH_LATER_MS) {
        (void)channel_write(&worker->writer, NULL);
        if (worker->later)
            watch_tell(worker, true);
    }
    sent = !channel_pending(&worker->writer) && !worker->later;
    pthread_mutex_unlock(&worker->send_lock);
    return sent;
}

/* Complete lines, and the rest when `all`. False: try again soon. */
static bool watch_lines(struct worker *worker, bool all)
{
    struct buffer *buffer = &worker->captured;

    while (buffer->len) {
        const char *newline = memchr(buffer->data, '\n', buffer->len);
        size_t len = newline ? (size_t)(newline - buffer->data) : buffer->len;

        if (!newline && !all && len < WATCH_LINE_MAX)
            return true;
        if (len > WATCH_LINE_MAX) {
            len = WATCH_LINE_MAX;
            newline = NULL;
        }
        if (len && !watch_line(worker, buffer->data, len))
            return false;
        buffer_consume(buffer, newline ? len + 1 : len);
    }
    return true;
}

static void watch_keep(struct worker *worker, const char *data, size_t len)
{
    static const char cut[] = "\nfurther output of the scanner is left out\n";
    const size_t left = WATCH_OUTPUT_MAX - worker->captured_total;

    if (!left)
        return;
    if (len < left) {
        buffer_append(&worker->captured, data, len);
        worker->captured_total += len;
        return;
    }
    buffer_append(&worker->captured, data, left);
    buffer_append(&worker->captured, cut, sizeof(cut) - 1);
    worker->captured_total = WATCH_OUTPUT_MAX;
}

/* Takes what is there; false when nothing more is. */
static bool watch_output(struct worker *worker)
{
    char data[8192];
    ssize_t got;

    if (worker->output < 0)
        return false;
    do
        got = read(worker->output, data, sizeof(data));
    while (got < 0 && errno == EINTR);
    if (got > 0)
        watch_keep(worker, data, (size_t)got);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        close(worker->output);
        worker->output = -1;
    }
    return got > 0;
}

/* ---- the loop ---------------------------------------------------------- */

/* Whether what was our socket is another's by now, or nobody's: of a scanner
 * that closes what it has not opened. */
static bool watch_unplugged(const struct worker *worker)
{
    struct stat info;

    return !(worker->flags & WORKER_IN_THREAD) &&
           (fstat(worker->reader.fd, &info) < 0 ||
            info.st_ino != worker->socket);
}

/* The engine has gone: in a process of its own nothing is left to do. */
static void watch_gone(struct worker *worker)
{
    bool finished;

    pthread_mutex_lock(&worker->lock);
    finished = worker->finished;
    worker->closed = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    atomic_store(&worker->cancelled, 1);
    atomic_store(&worker->gone, true);
    if (finished || (worker->flags & WORKER_IN_THREAD))
        return;
    (void)sweep_session(getpid());
    if (watch_unplugged(worker))
        _exit(WORKER_UNPLUGGED);
    kill(0, SIGKILL);
}

/* A second line: a process that the engine's program forked may keep the
 * socket open after the engine's death. */
static bool watch_orphaned(const struct worker *worker)
{
    return worker->parent && getppid() != worker->parent;
}

static engine_status watch_socket(struct worker *worker, engine_error *err)
{
    engine_status status = channel_read(&worker->reader, err);
    bson_t frame;
    int got;

    if (status < 0)
        return status;
    while ((got = channel_next(&worker->reader, &frame, err)) > 0) {
        status = worker_take(worker, &frame, err);
        if (status < 0)
            return status;
    }
    return (engine_status)got;
}

/* Nonsense from the engine: the job ends and says why. */
static void watch_broken(struct worker *worker, const engine_error *err)
{
    pthread_mutex_lock(&worker->lock);
    worker->broken = *err;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    atomic_store(&worker->cancelled, 1);
}

/* What the plugin's thread asked for; true: the thread is to end. */
static bool watch_woken(struct worker *worker)
{
    uint64_t count;
    bool draining, leaving;

    (void)!read(worker->wake, &count, sizeof(count));
    pthread_mutex_lock(&worker->lock);
    draining = worker->draining && !worker->drained;
    leaving = worker->leaving;
    pthread_mutex_unlock(&worker->lock);
    if (!draining)
        return leaving;
    while (watch_output(worker))
        continue;
    while (!watch_lines(worker, true))
        usleep(1000);
    pthread_mutex_lock(&worker->lock);
    worker->drained = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    return false;
}

static void *watch_main(void *user)
{
    struct worker *worker = user;
    bool waiting = false, broken = false;

    for (;;) {
        struct pollfd fds[3] = {
            {.fd = worker->wake, .events = POLLIN},
            {.fd = worker->reader.fd, .events = POLLIN},
            {.fd = worker->output, .events = POLLIN},
        };
        engine_error err = {0};

        (void)poll(fds, 3, waiting ? WATCH_RETRY_MS : WATCH_PARENT_MS);
        if (fds[0].revents && watch_woken(worker))
            return NULL;
        if (fds[1].revents && !broken && watch_socket(worker, &err) < 0) {
            broken = true;
            watch_broken(worker, &err);
        } else if (fds[1].revents && broken) {
            buffer_reset(&worker->reader.in);
            worker->reader.in_used = 0;
            (void)channel_read(&worker->reader, NULL);
        }
        if (worker->reader.closed || watch_orphaned(worker) ||
            watch_unplugged(worker)) {
            watch_gone(worker);
            return NULL;
        }
        if (fds[2].revents)
            watch_output(worker);
        waiting = !watch_lines(worker, false) || !watch_flush(worker);
    }
}

engine_status watch_start(struct worker *worker, engine_error *err)
{
    sigset_t all, old;
    struct stat info;
    int code;

    if (fstat(worker->reader.fd, &info) == 0)
        worker->socket = info.st_ino;
    /* the plugin's signals belong to the plugin's thread */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(&worker->watcher, NULL, watch_main, worker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (code)
        return engine_fail(err, engine_status_from_errno(code),
                           "could not start a thread: %s", strerror(code));
    worker->watching = true;
    return ENGINE_OK;
}

void watch_drain(struct worker *worker)
{
    if (worker->output < 0 || (worker->flags & WORKER_IN_THREAD))
        return;
    pthread_mutex_lock(&worker->lock);
    worker->draining = true;
    watch_wake(worker);
    while (!worker->drained && !worker->closed)
        pthread_cond_wait(&worker->changed, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
}

void watch_stop(struct worker *worker, int timeout_ms)
{
    const struct timespec until = steady_after(timeout_ms);

    if (!worker->watching)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->finished = true;
    while (!worker->closed)
        if (pthread_cond_timedwait(&worker->changed, &worker->lock, &until))
            break;
    worker->leaving = true;
    watch_wake(worker);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->watcher, NULL);
    worker->watching = false;
}
