/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - moving a running program's data, and its end. */
#include "sdk/kit/process_private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define PROCESS_ASK_MS 100  /* stop and the deadline are looked at this often \
                             */
#define PROCESS_BLIND_MS 10 /* the same for the end, where there is no pidfd \
                             */
#define PROCESS_GRACE_MS 5000 /* a killed program may sleep in the kernel */

void process_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

void process_free(struct process *process)
{
    process_close(&process->pidfd);
    process_close(&process->input);
    process_close(&process->output);
    process_close(&process->errors);
    for (int i = 0; i < PROCESS_INPUTS; i++)
        process_close(&process->sources[i]);
    process_close(&process->file);
    engine_free(process->file_path);
    buffer_clear(&process->pending);
    process_result_clear(&process->result);
    engine_free(process);
}

void process_kill(struct process *process, int how)
{
    if (process->result.how == PROCESS_RUNNING)
        process->result.how = how;
    if (process->killed_ms || process->exited)
        return;
    process->killed_ms = clock_steady_ms();
    /* it is not reaped yet, so neither number can belong to another */
    kill(-process->pid, SIGKILL);
    kill(process->pid, SIGKILL); /* it may have left its group */
}

/* Writing to a program that reads no more must not kill us, and a library
 * has no business with the handlers of its process. */
static ssize_t process_write(int fd, const void *data, size_t len)
{
    const struct timespec now = {0, 0};
    sigset_t pipe, old, pending;
    ssize_t put;
    int code;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &old);
    put = write(fd, data, len);
    code = errno;
    if (put < 0 && code == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = code;
    return put;
}

/* Fills pending from the first source that has something left. */
static engine_status process_refill(struct process *process)
{
    engine_error *err = &process->failure;

    for (int i = 0; i < PROCESS_INPUTS; i++) {
        char *room;
        ssize_t got;

        if (process->sources[i] < 0)
            continue;
        room = buffer_room(&process->pending, PROCESS_CHUNK);
        if (!room)
            return engine_fail_memory(err);
        got = read(process->sources[i], room, PROCESS_CHUNK);
        if (got < 0 && errno == EINTR)
            return ENGINE_OK;
        if (got < 0)
            return engine_fail(err, engine_status_from_errno(errno),
                               "could not read input %d: %s", i + 1,
                               strerror(errno));
        if (got > 0) {
            buffer_grown(&process->pending, (size_t)got);
            return ENGINE_OK;
        }
        process_close(&process->sources[i]);
    }
    process_close(&process->input); /* all was fed: end of file */
    return ENGINE_OK;
}

static void process_feed(struct process *process)
{
    ssize_t put;

    if (!process->pending.len && process_refill(process) < 0) {
        process_kill(process, PROCESS_FAILED);
        process_close(&process->input);
    }
    if (process->input < 0 || !process->pending.len)
        return;
    put = process_write(process->input, process->pending.data,
                        process->pending.len);
    if (put > 0)
        buffer_consume(&process->pending, (size_t)put);
    else if (put < 0 && errno != EAGAIN && errno != EINTR)
        process_close(&process->input); /* it reads no more: its choice */
}

/* Standard output: into memory or the file, up to the maximum. */
static void process_keep_output(struct process *process, const char *data,
                                size_t len)
{
    const size_t left = process->output_maximum - process->output_total;
    const size_t kept = len < left ? len : left;
    engine_error *err = &process->failure;
    engine_status status;

    if (process->file >= 0) {
        status = file_write_all(process->file, data, kept, err);
        if (status < 0)
            engine_error_prefix(err, "\"%s\"", process->file_path);
    } else {
        status = buffer_append(&process->result.output, data, kept);
        if (status < 0)
            engine_fail_memory(err);
    }
    process->output_total += kept;
    if (status < 0) {
        process_kill(process, PROCESS_FAILED);
        process_close(&process->output);
    } else if (kept < len) {
        process_kill(process, PROCESS_OVERFLOW);
        process_close(&process->output);
    }
}

/* Standard error: the last part, where programs say why they gave up. */
static void process_keep_errors(struct process *process, const char *data,
                                size_t len)
{
    struct buffer *errors = &process->result.errors;

    if (errors->len + len > errors->maximum)
        buffer_consume(errors, errors->len - PROCESS_ERRORS);
    if (buffer_append(errors, data, len) < 0)
        buffer_reset(errors); /* out of memory: what comes next counts more */
}

/* Reads once, at most `most` bytes; how many, or 0 when there is no more. */
static size_t process_receive(struct process *process, int *fd, size_t most)
{
    char data[PROCESS_CHUNK / 4];
    ssize_t got;

    if (*fd < 0 || !most)
        return 0;
    got = read(*fd, data, most < sizeof(data) ? most : sizeof(data));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0) {
        process_close(fd);
        return 0;
    }
    if (fd == &process->output)
        process_keep_output(process, data, (size_t)got);
    else
        process_keep_errors(process, data, (size_t)got);
    return (size_t)got;
}

/* What was in the pipe when it ended: a grandchild that left the group may
 * hold the other end for ever, and write to it. */
static void process_drain(struct process *process, int *fd)
{
    int left = 0;

    if (*fd < 0 || ioctl(*fd, FIONREAD, &left) < 0)
        return;
    while (left > 0 && *fd >= 0) {
        const size_t got = process_receive(process, fd, (size_t)left);

        if (!got)
            return;
        left -= (int)got;
    }
}

/* Looks whether it ended; its number stays ours until process_reap. */
static void process_look(struct process *process)
{
    siginfo_t info = {0};

    if (process->exited)
        return;
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) <
        0) {
        if (errno != ECHILD)
            return;
        /* SIGCHLD is ignored here, or somebody waits for any child */
        process->pid = 0;
        engine_fail(&process->failure, ENGINE_EIO,
                    "somebody else collected the program's exit status");
        if (process->result.how == PROCESS_RUNNING)
            process->result.how = PROCESS_FAILED;
    } else if (info.si_pid != process->pid) {
        return;
    }
    process->exited = 1;
    if (process->pid)
        kill(-process->pid, SIGKILL); /* whom it left behind */
    process_drain(process, &process->output);
    process_drain(process, &process->errors);
}

static void process_judge(struct process *process)
{
    const int64_t now = clock_steady_ms();

    if (process->killed_ms || process->exited)
        return;
    if (process->deadline_ms && now >= process->deadline_ms) {
        process_kill(process, PROCESS_TIMEOUT);
        return;
    }
    if (!process->stop ||
        (process->asked_ms && now < process->asked_ms + PROCESS_ASK_MS / 2))
        return;
    process->asked_ms = now;
    if (process->stop(process->user))
        process_kill(process, PROCESS_STOPPED);
}

static int process_patience(const struct process *process, int64_t until_ms)
{
    const int64_t now = clock_steady_ms();
    int64_t left = until_ms - now;

    if (process->deadline_ms && process->deadline_ms - now < left)
        left = process->deadline_ms - now;
    if (left > (process->pidfd < 0 ? PROCESS_BLIND_MS : PROCESS_ASK_MS))
        left = process->pidfd < 0 ? PROCESS_BLIND_MS : PROCESS_ASK_MS;
    return left < 0 ? 0 : (int)left;
}

static void process_move(struct process *process, int timeout_ms)
{
    struct pollfd polled[4] = {
        {.fd = process->input, .events = POLLOUT},
        {.fd = process->output, .events = POLLIN},
        {.fd = process->errors, .events = POLLIN},
        {.fd = process->pidfd, .events = POLLIN},
    };

    if (poll(polled, 4, timeout_ms) <= 0)
        return;
    if (polled[0].revents)
        process_feed(process);
    if (polled[1].revents)
        process_receive(process, &process->output, PROCESS_CHUNK);
    if (polled[2].revents)
        process_receive(process, &process->errors, PROCESS_CHUNK);
}

static int process_ended(const struct process *process)
{
    return process->exited ||
           (process->killed_ms &&
            clock_steady_ms() >= process->killed_ms + PROCESS_GRACE_MS);
}

int process_step(struct process *process, int wait_ms)
{
    const int64_t until_ms = clock_steady_ms() + (wait_ms > 0 ? wait_ms : 0);

    while (!process_ended(process)) {
        process_judge(process);
        process_move(process, process_patience(process, until_ms));
        process_look(process);
        if (clock_steady_ms() >= until_ms)
            break;
    }
    return process_ended(process);
}

static int64_t process_ms(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void process_reap(struct process *process)
{
    struct process_result *result = &process->result;
    struct rusage usage = {0};
    int status = 0;

    /* one that cannot even be killed stays behind as our zombie */
    if (!process->pid ||
        wait4(process->pid, &status, process->exited ? 0 : WNOHANG, &usage) !=
            process->pid)
        return;
    result->cpu_ms = process_ms(usage.ru_utime) + process_ms(usage.ru_stime);
    result->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    if (WIFSIGNALED(status))
        result->code = WTERMSIG(status);
    else
        result->code = WEXITSTATUS(status);
    if (result->how == PROCESS_RUNNING)
        result->how = WIFSIGNALED(status) ? PROCESS_SIGNALED : PROCESS_EXITED;
}

/* Some file systems report a full disk only now. */
static void process_close_file(struct process *process)
{
    const int fd = process->file;

    process->file = -1;
    if (fd < 0 || close(fd) == 0 || process->result.how == PROCESS_FAILED)
        return;
    engine_fail(&process->failure, engine_status_from_errno(errno),
                "could not write \"%s\": %s", process->file_path,
                strerror(errno));
    process->result.how = PROCESS_FAILED;
}

static void process_end(struct process *process, struct process_result *result,
                        engine_error *err)
{
    struct buffer *errors = &process->result.errors;

    if (!process->exited)
        process_kill(process, PROCESS_STOPPED);
    while (!process_ended(process))
        process_step(process, PROCESS_GRACE_MS);
    process->result.wall_ms = clock_steady_ms() - process->started_ms;
    process_reap(process);
    process_close_file(process);
    if (process->result.how == PROCESS_FAILED) {
        const char *why = process->failure.message;

        process->result.code = process->failure.status;
        process_keep_errors(process, why, strlen(why));
        if (err)
            *err = process->failure;
    }
    if (errors->len > PROCESS_ERRORS)
        buffer_consume(errors, errors->len - PROCESS_ERRORS);
    *result = process->result;
    buffer_init(&process->result.output, 0); /* moved to the caller */
    buffer_init(&process->result.errors, 0);
    process_free(process);
}

void process_finish(struct process *process, struct process_result *result)
{
    process_end(process, result, NULL);
}

engine_status process_run(const struct process_options *options,
                          struct process_result *result, engine_error *err)
{
    struct process *process = NULL;
    engine_status status;

    *result = (struct process_result){.how = PROCESS_FAILED};
    buffer_init(&result->output, 0);
    buffer_init(&result->errors, 0);
    status = process_start(options, &process, err);
    if (status < 0) {
        result->code = status;
        return status;
    }
    while (!process_step(process, 10 * PROCESS_ASK_MS))
        continue;
    process_end(process, result, err);
    return result->how == PROCESS_FAILED ? result->code : ENGINE_OK;
}
