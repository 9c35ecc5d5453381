/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - one job's life in the loop: start, feeding, turns, its end. */
#include "engine/launch/task.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/worker/worker.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define TASK_QUEUE_MAX ((size_t)1024 * 1024) /* unsent rules of one job */
#define TASK_WRITE_BYTES ((size_t)32 * 1024)
#define TASK_GRACE_MS 5000
#define TASK_LOOK_MS 200 /* between looks at whether its worker has ended */
#define TASK_MB (1024 * 1024)

/* ---- ending ------------------------------------------------------------- */

void task_stop(struct task *task, const engine_error *why)
{
    const int64_t grace = task->conduct->options.grace_ms;
    bson_t frame;

    if (task->stopping || task->killed || task->state == TASK_DONE)
        return;
    task->stopping = true;
    task->error = *why;
    task->kill_ms = clock_steady_ms() + (grace > 0 ? grace : TASK_GRACE_MS);
    /* a worker that still waits for rules is told that there are no more */
    frame_init(&frame, "cancel");
    (void)channel_send(&task->launch.channel, &frame, NULL);
    bson_destroy(&frame);
    if (task->state != TASK_FEEDING)
        return;
    frame_init(&frame, "start");
    (void)channel_send(&task->launch.channel, &frame, NULL);
    bson_destroy(&frame);
    task->state = TASK_RUNNING;
}

void task_kill(struct task *task, const engine_error *why)
{
    if (task->killed)
        return;
    if (!task->stopping && why)
        task->error = *why;
    task->killed = true;
    task->kill_ms = 0;
    task->launch.launcher->ops->kill(&task->launch);
}

void task_violation(struct task *task, const char *format, ...)
{
    engine_error err = {0};
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    engine_fail(&err, ENGINE_EPLUGIN, "scanner \"%s\" %s", task->name, text);
    engine_hint(&err, "report this to the scanner's authors");
    task->stopping = false; /* this reason is the better one */
    task_kill(task, &err);
}

static void task_unplugged(const struct task *task, engine_error *err)
{
    engine_fail(err, ENGINE_EPLUGIN,
                "scanner \"%s\" closed the connection of its worker with the "
                "engine", task->name);
    engine_hint(err, "report this to the scanner's authors");
}

static void task_crashed(struct task *task, const struct launch_end *end)
{
    engine_error *err = &task->error;

    if (end->exited && end->code == WORKER_UNPLUGGED) {
        task_unplugged(task, err);
    } else if (end->exited) {
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner \"%s\" ended without a word, with exit code %d",
                    task->name, end->code);
        engine_hint(err, "a scanner must not call exit");
    } else if (end->code == SIGXCPU) {
        budget_fail(task, "used", task->job->limits.cpu_seconds,
                    "s of processor time", "limits.cpu", err);
    } else if (end->code == SIGKILL) {
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner \"%s\" was killed from outside: signal 9, most "
                    "likely because memory ran out", task->name);
        engine_hint(err, "see the kernel's log; give it more memory, or run "
                    "fewer workers at once");
    } else {
        engine_fail(err, ENGINE_EPLUGIN,
                    "scanner \"%s\" crashed: signal %d (%s)", task->name,
                    end->code, strsignal(end->code));
        if (end->code == SIGABRT && task->job->limits.memory_bytes > 0)
            engine_hint(err, "perhaps its memory limit of %lld MiB is too low "
                        "(limits.memory_mb)",
                        (long long)task->job->limits.memory_bytes / TASK_MB);
        else
            engine_hint(err, "report this to the scanner's authors");
    }
}

static void task_remove_workdir(struct task *task)
{
    if (task->workdir_fd >= 0)
        close(task->workdir_fd);
    if (task->workdir)
        (void)file_remove_tree(task->workdir, NULL);
    engine_free(task->workdir);
    task->workdir = NULL;
    task->workdir_fd = -1;
}

static void task_free(struct task *task)
{
    task_remove_workdir(task);
    table_clear(&task->rules);
    engine_free(task);
}

const struct plugin_user *task_user(const struct task *task)
{
    return task->job->plugin->spec->user;
}

void task_end(struct task *task)
{
    const struct job *job = task->job;
    struct launch_end how = {.exited = 1};
    struct job_end end = {0};

    if (task->launch.launcher) {
        task->launch.launcher->ops->reap(&task->launch, &how);
        end.started = true;
        end.duration_ms = clock_steady_ms() - task->started_ms;
        end.cpu_ms = how.cpu_ms;
        end.peak_bytes = how.peak_bytes;
        if (task->state != TASK_DONE && !task->stopping && !task->killed)
            task_crashed(task, &how);
        else if (task->state == TASK_DONE && !how.killed &&
                 (!how.exited || how.code))
            log_write(task->conduct->options.log, LOG_LEVEL_WARNING,
                      "the worker of scanner \"%s\" ended badly: %s %d",
                      task->name, how.exited ? "exit code" : "signal",
                      how.code);
    }
    end.error = task->error;
    if (task->end)
        *task->end = end;
    task_free(task);
    if (job->on_end)
        job->on_end(job->user, &end);
}

/* ---- starting and feeding ----------------------------------------------- */

static engine_status task_launch(struct task *task, engine_error *err)
{
    const struct conduct_options *options = &task->conduct->options;
    const scanner_query_fn query = task->job->plugin->spec->query;
    struct launcher *launcher = query ? options->threads : options->launcher;
    engine_status status;
    bson_t frame;

    if (!launcher)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "scanner \"%s\" is linked in, and there are no "
                           "threads to run it", task->name);
    if (task_user(task) && !launcher->ops->users)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "scanner \"%s\" is to run as user \"%s\", and its "
                           "worker is a thread", task->name,
                           task_user(task)->name);
    frame_init(&frame, "job");
    status = prepare_job(task, &frame, err);
    task->launch.target = task->job->target;
    task->launch.user = task_user(task);
    task->launch.query = query;
    budget_begin(task);
    if (status == ENGINE_OK)
        status = launcher->ops->start(launcher, &task->launch, err);
    if (status == ENGINE_OK) {
        task->launch.launcher = launcher;
        task->state = TASK_FEEDING;
        status = channel_send(&task->launch.channel, &frame, err);
    }
    bson_destroy(&frame);
    return status;
}

void task_start(struct task *task)
{
    engine_error err = {0};
    engine_status status;

    task->started_ms = clock_steady_ms();
    if (task->job->limits.wall_ms > 0)
        task->deadline_ms = task->started_ms + task->job->limits.wall_ms;
    status = task_launch(task, &err);
    if (status == ENGINE_OK) {
        task_feed(task);
        return;
    }
    err.status = status;
    if (task->launch.launcher)
        task_kill(task, &err);
    else
        task->error = err;
}

void task_reset(struct task *task)
{
    task_remove_workdir(task);
    task->error = (engine_error){0};
    task->started_ms = task->deadline_ms = 0;
}

/* `frame` has room already, mostly: it is used again for each rule. */
static engine_status task_send_rule(struct task *task, const bson_t *rule,
                                    bson_t *frame, engine_error *err)
{
    const char *id = document_string(rule, "rule_id");
    size_t before, after;
    engine_status status;
    int added;

    if (!id)
        return engine_fail(err, ENGINE_EINVAL, "a rule has no rule_id");
    added = table_add(&task->rules, id, TASK_RULE_FED);
    if (added < 0)
        return engine_fail_memory(err);
    if (!added)
        return engine_fail(err, ENGINE_EINVAL,
                           "rule \"%s\" is twice in one job", id);
    bson_reinit(frame);
    BSON_APPEND_UTF8(frame, "t", "rule");
    BSON_APPEND_DOCUMENT(frame, "rule", rule);
    before = channel_pending(&task->launch.channel);
    status = channel_put(&task->launch.channel, frame, err);
    after = channel_pending(&task->launch.channel);
    /* some at a time: small rules would cost a system call each */
    if (status == ENGINE_OK &&
        before / TASK_WRITE_BYTES != after / TASK_WRITE_BYTES)
        status = channel_write(&task->launch.channel, err);
    return status;
}

static engine_status task_send_start(struct task *task, engine_error *err)
{
    engine_status status;
    bson_t frame;

    frame_init(&frame, "start");
    status = channel_send(&task->launch.channel, &frame, err);
    bson_destroy(&frame);
    task->state = TASK_RUNNING;
    return status;
}

void task_feed(struct task *task)
{
    const struct job *job = task->job;
    engine_error err = {0};
    engine_status status = ENGINE_OK;
    bson_t frame = BSON_INITIALIZER;

    while (status == ENGINE_OK && task->state == TASK_FEEDING &&
           !task->launch.channel.deaf &&
           channel_pending(&task->launch.channel) < TASK_QUEUE_MAX) {
        const bson_t *rule = NULL;
        const int got = job->next_rule
                            ? job->next_rule(job->user, &rule, &err)
                            : 0;

        if (got == JOB_RULE_LATER)
            break;
        if (got > 0)
            status = task_send_rule(task, rule, &frame, &err);
        else if (got == 0)
            status = task_send_start(task, &err);
        else
            status = (engine_status)got;
    }
    bson_destroy(&frame);
    if (status == ENGINE_OK && !task->launch.channel.deaf)
        status = channel_write(&task->launch.channel, &err);
    if (status == ENGINE_OK || task->launch.channel.deaf)
        return; /* when it is deaf, its end will say why */
    err.status = status;
    task_kill(task, &err);
}

/* ---- turns -------------------------------------------------------------- */

bool task_is_late(const struct task *task, engine_error *err)
{
    if (!task->deadline_ms || clock_steady_ms() < task->deadline_ms)
        return false;
    budget_late(task, err);
    return true;
}

static void task_check_time(struct task *task)
{
    engine_error err = {0};

    if (task->kill_ms && clock_steady_ms() >= task->kill_ms)
        task_kill(task, NULL);
    else if (task_is_late(task, &err))
        task_stop(task, &err);
    if (!task->killed &&
        (budget_forked(task, &err) || budget_grown(task, &err) ||
         budget_burned(task, &err))) {
        task->stopping = false; /* this reason is the better one */
        task_kill(task, &err);
    }
}

/* Its worker may have ended while something that it started has the socket:
 * what it said is taken, and nobody waits for more. */
static void task_check_end(struct task *task)
{
    const struct launcher_ops *ops = task->launch.launcher->ops;
    const int64_t now = clock_steady_ms();

    if (!ops->ended || task->launch.channel.closed || now < task->ended_ms)
        return;
    task->ended_ms = now + TASK_LOOK_MS;
    if (ops->ended(&task->launch))
        (void)shutdown(task->launch.channel.fd, SHUT_RDWR);
}

/* Once there is no socket. A worker that lives on without it is waited for by
 * no other task. */
static bool task_is_over(struct task *task)
{
    const struct launcher_ops *ops = task->launch.launcher->ops;
    const int64_t now = clock_steady_ms();
    engine_error err = {0};

    if (!ops->ended || ops->ended(&task->launch))
        return true;
    if (!task->closed_ms)
        task->closed_ms = now;
    if (task->killed || now - task->closed_ms < TASK_GRACE_MS)
        return false;
    task_unplugged(task, &err);
    task_kill(task, task->state == TASK_DONE ? NULL : &err);
    return false;
}

static void task_take_frames(struct task *task)
{
    struct channel *channel = &task->launch.channel;
    engine_error err = {0};
    bson_t frame;
    int got = 0;

    if (task->stalled && conduct_away(task->conduct, NULL))
        return;
    task->stalled = false;
    while (!task->killed && !task->stalled &&
           (got = channel_next(channel, &frame, &err)) > 0) {
        task_receive(task, &frame);
        if (task->stalled) /* once more, later */
            channel->in_used -= frame.len;
    }
    if (got < 0 && !task->killed)
        task_violation(task, "sent nonsense: %s", err.message);
}

static void task_broken(struct task *task, engine_error *err)
{
    if (err->status == ENGINE_EPARSE)
        task_violation(task, "sent nonsense: %s", err->message);
    else
        task_kill(task, err);
}

bool task_turn(struct task *task, short revents)
{
    struct channel *channel = &task->launch.channel;
    engine_error err = {0};

    if (task->killed) { /* only its end matters, not what it says */
        buffer_reset(&channel->in);
        channel->in_used = 0;
    }
    if ((channel_wake(channel) || revents) && channel_pump(channel, &err) < 0)
        task_broken(task, &err);
    if (!task->killed) {
        task_take_frames(task);
        task_check_time(task);
    }
    task_check_end(task);
    if (channel->closed && (task->killed || !task->stalled) &&
        task_is_over(task)) {
        task_end(task);
        return true;
    }
    if (!task->killed && !task->stalled)
        task_feed(task);
    return false;
}
