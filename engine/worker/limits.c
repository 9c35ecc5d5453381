/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - what a worker's process does to itself before it loads anything:
 * session, limits, no core dumps, captured output. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/worker/sweep.h"
#include "engine/worker/worker_private.h"
#include "sdk/document/document.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITS_SANITIZED 1
#endif

#ifdef LIMITS_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

/* Standard output and error become a pipe that the watcher empties. */
static engine_status limits_capture(struct worker *worker, engine_error *err)
{
    int ends[2];

#ifdef LIMITS_SANITIZED
    /* a report of a sanitizer comes last, when nobody empties the pipe */
    __sanitizer_set_report_fd((void *)(intptr_t)fcntl(2, F_DUPFD_CLOEXEC, 10));
#endif
    if (pipe2(ends, O_CLOEXEC) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    worker->output = ends[0];
    if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not capture output: %s", strerror(errno));
    close(ends[1]);
    return ENGINE_OK;
}

static void limits_set(__rlimit_resource_t which, int64_t soft, int64_t hard)
{
    const struct rlimit limit = {.rlim_cur = (rlim_t)soft,
                                 .rlim_max = (rlim_t)hard};

    /* a lower one that is in force already is as good */
    (void)setrlimit(which, &limit);
}

/* When memory runs out on the machine, we go before others. */
static void limits_expendable(void)
{
    static const char score[] = "500";
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, score, sizeof(score) - 1);
    close(fd);
}

engine_status limits_enter(struct worker *worker, const char *user,
                           engine_error *err)
{
    engine_status status = ENGINE_OK;

    /* orphans of the plugin stay our descendants, for sweep_session; and no
     * PR_SET_PDEATHSIG, which would kill us before we could sweep */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    worker->parent = getppid();
    limits_expendable(); /* while our files in /proc are our own */
    if (user)
        status = user_enter(user, &worker->user_tasks, err);
    if (status < 0)
        return status;
#ifdef LIMITS_SANITIZED
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#else
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    /* writing to a tool that died is an error of that write, not the end;
     * the same for a file at its size limit */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return limits_capture(worker, err);
}

/* RLIMIT_NPROC counts all that our user runs, also beside us: it only keeps a
 * flood small until the engine, which counts ours (budget.c), ends it. Root it
 * does not bind; another user has room for what runs already and for each
 * worker that may be beside us, and for some that start later: who is at fault
 * is found by counting, not by whose fork the kernel refuses. */
static void limits_processes(const struct worker *worker, int64_t limit)
{
    const int64_t workers = document_int(&worker->job, "workers", 1);
    const int64_t machine = sweep_tasks();
    int64_t most;

    if (limit <= 0 || !machine)
        return;
    most = worker->user_tasks < 0 ? machine + 4 * limit
                                  : worker->user_tasks + 4 * limit * workers;
    limits_set(RLIMIT_NPROC, most, most);
}

void limits_apply(const struct worker *worker)
{
    const bson_t *job = &worker->job;
    const int64_t cpu = document_int(job, "limits.cpu_seconds", 0);
    const int64_t file = document_int(job, "limits.file_bytes", 0);
    const int64_t files = document_int(job, "limits.files", 0);
#ifndef LIMITS_SANITIZED /* shadow memory counts as address space */
    const int64_t memory = document_int(job, "limits.memory_bytes", 0);

    if (memory > 0)
        limits_set(RLIMIT_AS, memory, memory);
#endif
    if (cpu > 0)
        limits_set(RLIMIT_CPU, cpu, cpu + 5);
    if (file > 0)
        limits_set(RLIMIT_FSIZE, file, file);
    if (files > 0)
        limits_set(RLIMIT_NOFILE, files, files);
    limits_processes(worker, document_int(job, "limits.processes", 0));
}
