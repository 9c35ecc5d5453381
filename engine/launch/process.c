/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - workers as processes of this machine. No signal handlers: this
 * is a library, SIGCHLD belongs to the program around it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/launch/launch_private.h"
#include "engine/launch/launcher.h"
#include "engine/worker/sweep.h"
#include "engine/worker/weigh.h"
#include "engine/worker/worker.h"
#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"

#define PROCESS_USER_MAX ((size_t)120 * 1024) /* as one argument */

struct process_launcher {
    struct launcher base;
    char *worker_path;
};

static int process_actions(posix_spawn_file_actions_t *actions, int socket,
                           int ring)
{
    int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null",
                                                O_RDONLY, 0);

    if (!code)
        code = posix_spawn_file_actions_adddup2(actions, socket,
                                                WORKER_SOCKET);
    if (!code && ring >= 0)
        code = posix_spawn_file_actions_adddup2(actions, ring, WORKER_RING);
    /* ours are close-on-exec; this is for those of others */
#if __GLIBC_PREREQ(2, 34)
    if (!code)
        code = posix_spawn_file_actions_addclosefrom_np(
            actions, ring >= 0 ? WORKER_RING + 1 : WORKER_RING);
#endif
    return code;
}

/* A session of its own, hence a group too and no terminal; no signal blocked
 * or ignored, whatever the caller has. */
static int process_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int code;

    sigemptyset(&none);
    sigfillset(&all);
    code = posix_spawnattr_setsigmask(attributes, &none);
    if (!code)
        code = posix_spawnattr_setsigdefault(attributes, &all);
    if (!code)
        code = posix_spawnattr_setflags(attributes,
                                        POSIX_SPAWN_SETSID |
                                            POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
    return code;
}

/* An errno value, as posix_spawn itself returns. */
static int process_spawn(const char *path, char *user, const int fds[2],
                         char **env, pid_t *out)
{
    char name[] = "scan-worker";
    char *argv[] = {name, user, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);

    if (code)
        return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    code = process_actions(&actions, fds[0], fds[1]);
    if (!code)
        code = process_attributes(&attributes);
    if (!code)
        code = posix_spawn(out, path, &actions, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* As worker_run wants it: "UID:GID:GROUP,GROUP". */
static engine_status process_user(const struct plugin_user *user, char **out,
                                  engine_error *err)
{
    engine_status status;
    struct buffer text;

    if (!user)
        return ENGINE_OK;
    buffer_init(&text, PROCESS_USER_MAX);
    buffer_printf(&text, "%lu:%lu:", (unsigned long)user->uid,
                  (unsigned long)user->gid);
    for (int i = 0; i < user->groups_count; i++)
        buffer_printf(&text, "%s%lu", i ? "," : "",
                      (unsigned long)user->groups[i]);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        *out = buffer_take(&text);
    else if (status == ENGINE_ELIMIT)
        engine_fail(err, ENGINE_ELIMIT, "user \"%s\" is in too many groups",
                    user->name);
    buffer_clear(&text);
    return status;
}

static engine_status process_start(struct launcher *launcher,
                                   struct launch *launch, engine_error *err)
{
    const struct process_launcher *self = (const void *)launcher;
    struct ring reader;
    char **env = NULL, *user = NULL;
    engine_status status = process_user(launch->user, &user, err);
    int ends[2], ring, code;
    pid_t pid = 0;

    if (status == ENGINE_OK) {
        env = launch_environment(launch->target, launch->user);
        status = env ? launch_sockets(ends, err) : engine_fail_memory(err);
    }
    if (status < 0) {
        launch_environment_free(env);
        engine_free(user);
        return status;
    }
    ring = ring_make(&reader);
    code = process_spawn(self->worker_path, user,
                         (const int[2]){ends[1], ring}, env, &pid);
    launch_environment_free(env);
    engine_free(user);
    close(ends[1]);
    if (ring >= 0)
        close(ring);
    if (code) {
        ring_close(&reader);
        close(ends[0]);
        engine_fail(err, engine_status_from_errno(code),
                    "could not start the worker \"%s\": %s",
                    self->worker_path, strerror(code));
        engine_hint(err, "scan-worker is installed beside the engine");
        return engine_status_from_errno(code);
    }
    *launch = (struct launch){.launcher = launcher, .id = pid};
    channel_init(&launch->channel, ends[0]);
    launch->channel.ring = reader;
    return ENGINE_OK;
}

/* Tools of a plugin have groups of their own, so the session goes first. What
 * escapes may have the socket still, whose end nobody is to wait for. */
static void process_kill(struct launch *launch)
{
    const pid_t pid = (pid_t)launch->id;

    launch->internal = launch; /* remembered for launch_end.killed */
    (void)sweep_session(pid);
    kill(-pid, SIGKILL);
    (void)shutdown(launch->channel.fd, SHUT_RDWR);
}

static bool process_ended(const struct launch *launch)
{
    siginfo_t info = {0};
    const int got = waitid(P_PID, (id_t)launch->id, &info,
                           WEXITED | WNOWAIT | WNOHANG);

    return got < 0 ? errno != EINTR : info.si_pid != 0;
}

static void process_reap(struct launch *launch, struct launch_end *out)
{
    const pid_t pid = (pid_t)launch->id;
    struct rusage usage = {0};
    siginfo_t info;
    int status = 0;
    int got;

    channel_clear(&launch->channel);
    /* while it is a zombie its id is its own: end what it left behind */
    do
        got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    while (got < 0 && errno == EINTR);
    (void)sweep_session(pid);
    do
        got = wait4(pid, &status, 0, &usage);
    while (got < 0 && errno == EINTR);
    *out = (struct launch_end){.killed = launch->internal != NULL};
    if (got < 0) /* the program around us ignores or collects children */
        out->exited = 1;
    else if (WIFSIGNALED(status))
        out->code = WTERMSIG(status);
    else {
        out->exited = 1;
        out->code = WEXITSTATUS(status);
    }
    out->cpu_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
                      1000 +
                  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    out->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
}

static int64_t process_count(const struct launch *launch)
{
    const size_t count = sweep_count((pid_t)launch->id);

    return count ? (int64_t)count - 1 : 0; /* the keeper's child */
}

static int64_t process_memory(const struct launch *launch, int64_t limit)
{
    return weigh_session((pid_t)launch->id, limit);
}

static int64_t process_seconds(const struct launch *launch)
{
    return weigh_time((pid_t)launch->id);
}

static void process_free(struct launcher *launcher)
{
    struct process_launcher *self = (void *)launcher;

    engine_free(self->worker_path);
    engine_free(self);
}

engine_status launcher_process_new(const char *worker_path,
                                   struct launcher **out, engine_error *err)
{
    static const struct launcher_ops ops = {
        .name = "process",
        .users = true,
        .start = process_start,
        .kill = process_kill,
        .reap = process_reap,
        .ended = process_ended,
        .processes = process_count,
        .memory = process_memory,
        .seconds = process_seconds,
        .free = process_free,
    };
    struct process_launcher *self;

    if (!worker_path || worker_path[0] != '/' ||
        access(worker_path, X_OK) < 0) {
        engine_fail(err, ENGINE_ENOTFOUND,
                    "worker program \"%s\" is missing, or cannot be run",
                    worker_path ? worker_path : "");
        engine_hint(err, "scan-worker is installed beside the engine");
        return ENGINE_ENOTFOUND;
    }
    self = engine_calloc(1, sizeof(*self));
    if (!self)
        return engine_fail_memory(err);
    self->base.ops = &ops;
    self->worker_path = engine_strdup(worker_path);
    if (!self->worker_path) {
        engine_free(self);
        return engine_fail_memory(err);
    }
    *out = &self->base;
    return ENGINE_OK;
}
