/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c - the process between the engine and the worker, which runs nothing
 * of a plugin. A worker that ends, or turns its reaping off, orphans what it
 * started, in a session of its own perhaps: that comes to the keeper, and goes
 * with it. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/worker/sweep.h"
#include "engine/worker/worker_private.h"

#define KEEPER_LOOK_S 1    /* between looks at who our parent is */
#define KEEPER_FILES 1024  /* without close_range(2) */

/* Ends as the worker did: that is what the engine asks about. */
static void keeper_end(int status)
{
    const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    sigset_t one;

    if (sweep_is_parent())
        (void)sweep_session(getpid());
    if (number) {
        sigemptyset(&one);
        sigaddset(&one, number);
        signal(number, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        (void)raise(number);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

/* For whoever looks at processes: "scan-worker" is the one that works. */
static void keeper_rename(void)
{
    static const char name[] = "keeper", other[] = "worker";
    char *found = strstr(program_invocation_name, other);

    if (found)
        memcpy(found, name, sizeof(name) - 1);
    prctl(PR_SET_NAME, "scan-keeper", 0, 0, 0);
}

/* Nothing of the engine's is held open by us. */
static void keeper_close(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 0u, ~0u, 0u) == 0)
        return;
#endif
    for (int fd = 0; fd < KEEPER_FILES; fd++)
        close(fd);
}

static void keeper_watch(pid_t worker, pid_t engine)
{
    const struct timespec look = {.tv_sec = KEEPER_LOOK_S};
    sigset_t children;
    int status;
    pid_t pid;

    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    for (;;) {
        (void)sigtimedwait(&children, NULL, &look);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == worker)
                keeper_end(status);
        if (getppid() == engine)
            continue;
        (void)sweep_session(getpid());
        _exit(EXIT_FAILURE);
    }
}

void keeper_enter(void)
{
    const struct rlimit none = {0};
    const pid_t engine = getppid();
    sigset_t all, before;
    pid_t worker;

    if (getsid(0) != getpid())
        (void)setsid();
    (void)setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGCHLD, SIG_DFL);
    /* what a plugin sends to its whole group is not for us */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    worker = fork();
    if (worker <= 0) { /* unkept, where there is no room for another process */
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    keeper_rename();
    keeper_close();
    keeper_watch(worker, engine);
}
