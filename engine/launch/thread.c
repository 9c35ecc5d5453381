/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c - workers as threads of this process, for embedders who want it:
 * no limits, and what hangs cannot be killed. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/launch/launch_private.h"
#include "engine/launch/launcher.h"
#include "engine/worker/worker.h"
#include "sdk/base/alloc.h"

#define THREAD_PATIENCE_S 10 /* for a thread that was told to end */

struct thread_launcher {
    struct launcher base;
    atomic_llong count; /* several loops may share the launcher */
};

struct thread_worker {
    pthread_t thread;
    bool killed;
};

/* Of the worker's own, since a hanging one is left behind. */
struct thread_job {
    int fd, ring;
    scanner_query_fn query;
};

static void *thread_main(void *user)
{
    const struct thread_job job = *(struct thread_job *)user;

    engine_free(user);
    (void)worker_run_thread(job.fd, job.ring, job.query);
    return NULL;
}

/* The caller's signals stay the caller's. */
static int thread_spawn(pthread_t *thread, void *user)
{
    sigset_t all, old;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(thread, NULL, thread_main, user);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

static engine_status thread_start(struct launcher *launcher,
                                  struct launch *launch, engine_error *err)
{
    struct thread_launcher *self = (void *)launcher;
    struct thread_worker *worker = engine_calloc(1, sizeof(*worker));
    struct thread_job *job = engine_malloc(sizeof(*job));
    struct ring reader;
    int ends[2] = {-1, -1};
    int ring, code;

    if (!worker || !job || launch_sockets(ends, err) < 0) {
        const bool memory = !worker || !job;

        engine_free(worker);
        engine_free(job);
        return memory ? engine_fail_memory(err) : ENGINE_EIO;
    }
    /* mapped twice: a thread that hangs keeps its own end */
    ring = ring_make(&reader);
    *job = (struct thread_job){
        .fd = ends[1], .ring = ring, .query = launch->query};
    code = thread_spawn(&worker->thread, job);
    if (code) {
        ring_close(&reader);
        if (ring >= 0)
            close(ring);
        close(ends[0]);
        close(ends[1]);
        engine_free(worker);
        engine_free(job);
        return engine_fail(err, engine_status_from_errno(code),
                           "could not start a thread: %s", strerror(code));
    }
    *launch = (struct launch){.launcher = launcher,
                              .id = atomic_fetch_add(&self->count, 1) + 1,
                              .internal = worker};
    channel_init(&launch->channel, ends[0]);
    launch->channel.ring = reader;
    return ENGINE_OK;
}

/* All that can be done: its next call of the host says so. */
static void thread_kill(struct launch *launch)
{
    struct thread_worker *worker = launch->internal;

    worker->killed = true;
    (void)shutdown(launch->channel.fd, SHUT_RDWR);
}

static void thread_reap(struct launch *launch, struct launch_end *out)
{
    struct thread_worker *worker = launch->internal;
    struct timespec until;

    channel_clear(&launch->channel);
    /* not the steady clock: ThreadSanitizer does not know pthread_clockjoin_np,
     * and takes what the thread did for races */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += THREAD_PATIENCE_S;
    *out = (struct launch_end){.exited = 1, .killed = worker->killed};
    if (pthread_timedjoin_np(worker->thread, NULL, &until) != 0) {
        pthread_detach(worker->thread); /* it hangs: nothing more to do */
        out->code = 1;
    }
    engine_free(worker);
    launch->internal = NULL;
}

static void thread_free(struct launcher *launcher)
{
    engine_free(launcher);
}

engine_status launcher_thread_new(struct launcher **out, engine_error *err)
{
    static const struct launcher_ops ops = {
        .name = "thread",
        .start = thread_start,
        .kill = thread_kill,
        .reap = thread_reap,
        .free = thread_free,
    };
    struct thread_launcher *self = engine_calloc(1, sizeof(*self));

    if (!self)
        return engine_fail_memory(err);
    self->base.ops = &ops;
    *out = &self->base;
    return ENGINE_OK;
}
