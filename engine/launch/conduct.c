/* SPDX-License-Identifier: Apache-2.0 */
/* conduct.c - the loop over all jobs: admit, poll, give each its turn. */
#include "engine/launch/conduct.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "engine/launch/task.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define CONDUCT_TICK_MS 100
#define CONDUCT_LEAVE_MS 1 /* for a worker whose socket is closed to end */

engine_status conduct_new(const struct conduct_options *options,
                          struct conduct **out, engine_error *err)
{
    struct conduct *conduct;
    long processors;

    if (!options->launcher)
        return engine_fail(err, ENGINE_EINVAL, "no launcher for workers");
    conduct = engine_calloc(1, sizeof(*conduct));
    if (!conduct)
        return engine_fail_memory(err);
    conduct->options = *options;
    conduct->home_lock = -1;
    conduct->workers = options->workers;
    if (!conduct->workers) {
        processors = sysconf(_SC_NPROCESSORS_ONLN);
        conduct->workers = processors > 0 ? (unsigned)processors : 1;
    }
    *out = conduct;
    return ENGINE_OK;
}

/* Jobs that never ran are told so; those that run are killed. */
void conduct_free(struct conduct *conduct)
{
    engine_error gone = {0};

    if (!conduct)
        return;
    engine_fail(&gone, ENGINE_ECANCELLED, "the engine stopped");
    while (conduct->running) {
        struct task *task = conduct->running;
        conduct->running = task->next;
        task_kill(task, &gone);
        task_end(task);
    }
    while (conduct->queued) {
        struct task *task = conduct->queued;
        conduct->queued = task->next;
        task->error = gone;
        task_end(task);
    }
    home_close(conduct);
    engine_free(conduct);
}

static engine_status conduct_queue(struct conduct *conduct, struct job *job,
                                   struct job_end *end, engine_error *err)
{
    struct task *task = engine_calloc(1, sizeof(*task));
    struct task **last = &conduct->queued;

    if (!task)
        return engine_fail_memory(err);
    task->conduct = conduct;
    task->workdir_fd = -1;
    task->job = job;
    task->end = end;
    task->name = job->plugin->spec->name;
    table_init(&task->rules);
    while (*last)
        last = &(*last)->next;
    *last = task;
    return ENGINE_OK;
}

engine_status conduct_add(struct conduct *conduct, struct job *job,
                          engine_error *err)
{
    return conduct_queue(conduct, job, NULL, err);
}

bool conduct_away(struct conduct *conduct, const engine_error *why)
{
    const struct conduct_options *options = &conduct->options;

    return options->away && options->away(options->user, why);
}

/* Moves jobs from the queue into freed places, in order. One whose content is
 * in a store that is away stays the first. */
static void conduct_admit(struct conduct *conduct)
{
    while (conduct->queued && !conduct->cancelled &&
           conduct->running_count < conduct->workers &&
           !conduct_away(conduct, NULL)) {
        struct task *task = conduct->queued;

        task_start(task);
        if (!task->launch.launcher && conduct_away(conduct, &task->error)) {
            task_reset(task);
            break;
        }
        conduct->queued = task->next;
        if (!task->launch.launcher) { /* it could not even start */
            task_end(task);
            continue;
        }
        task->next = conduct->running;
        conduct->running = task;
        conduct->running_count++;
    }
}

static void conduct_cancel(struct conduct *conduct)
{
    engine_error err = {0};

    if (conduct->cancelled || !conduct->options.cancelled ||
        !conduct->options.cancelled(conduct->options.user))
        return;
    conduct->cancelled = true;
    engine_fail(&err, ENGINE_ECANCELLED, "cancelled");
    for (struct task *task = conduct->running; task; task = task->next)
        task_stop(task, &err);
}

/* After a cancel nothing new starts, also what was added later. */
static void conduct_drop_queued(struct conduct *conduct)
{
    while (conduct->cancelled && conduct->queued) {
        struct task *task = conduct->queued;

        conduct->queued = task->next;
        engine_fail(&task->error, ENGINE_ECANCELLED, "cancelled");
        task_end(task);
    }
}

static void conduct_tick(struct conduct *conduct)
{
    const int64_t now = clock_steady_ms();

    if (!conduct->options.tick ||
        now - conduct->ticked_ms < CONDUCT_TICK_MS / 2)
        return;
    conduct->ticked_ms = now;
    conduct->options.tick(conduct->options.user);
}

static void conduct_turns(struct conduct *conduct, const struct pollfd *fds)
{
    struct task **link = &conduct->running;
    size_t index = 0;

    while (*link) {
        struct task *task = *link;
        struct task *next = task->next;

        if (task_turn(task, fds[index++].revents)) {
            *link = next;
            conduct->running_count--;
        } else {
            link = &task->next;
        }
    }
}

static engine_status conduct_poll(struct conduct *conduct, engine_error *err)
{
    struct pollfd *fds =
        engine_calloc(conduct->running_count + 1, sizeof(*fds));
    int timeout_ms = CONDUCT_TICK_MS;
    size_t count = 0;

    if (!fds)
        return engine_fail_memory(err);
    for (struct task *task = conduct->running; task; task = task->next) {
        struct channel *channel = &task->launch.channel;

        fds[count].events = channel_events(channel);
        /* full, or at its end, and not to be taken now */
        fds[count].fd = (task->stalled || channel->closed) &&
                                !(fds[count].events & POLLIN)
                            ? -1
                            : channel->fd;
        if (channel_sleep(channel))
            timeout_ms = 0;
        else if (channel->closed && !task->stalled && timeout_ms)
            timeout_ms = CONDUCT_LEAVE_MS;
        count++;
    }
    if (poll(fds, (nfds_t)count, timeout_ms) < 0 && errno != EINTR) {
        engine_free(fds);
        return engine_fail(err, ENGINE_EIO, "could not wait for workers: %s",
                           strerror(errno));
    }
    conduct_turns(conduct, fds);
    engine_free(fds);
    return ENGINE_OK;
}

engine_status conduct_run(struct conduct *conduct, engine_error *err)
{
    engine_status status = ENGINE_OK;

    while (status == ENGINE_OK) {
        conduct_cancel(conduct);
        conduct_drop_queued(conduct);
        conduct_admit(conduct);
        if (!conduct->running && !conduct->queued)
            break;
        /* also without a worker: queued jobs may wait for the store */
        status = conduct_poll(conduct, err);
        conduct_tick(conduct);
    }
    return status;
}

/* ---- one job ------------------------------------------------------------ */

engine_status conduct_one(const struct conduct_options *options,
                          struct job *job, engine_error *err)
{
    struct conduct *conduct = NULL;
    struct job_end end = {0};
    engine_status status = conduct_new(options, &conduct, err);

    if (status < 0)
        return status;
    status = conduct_queue(conduct, job, &end, err);
    if (status == ENGINE_OK)
        status = conduct_run(conduct, err);
    conduct_free(conduct);
    if (status < 0)
        return status;
    if (err && end.error.status < 0)
        *err = end.error;
    return end.error.status;
}
