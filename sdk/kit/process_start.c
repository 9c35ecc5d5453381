/* SPDX-License-Identifier: Apache-2.0 */
/* process_start.c - finding a program and starting it with pipes around it. */
#include "sdk/kit/process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

extern char **environ;

static int process_is_program(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
           access(path, X_OK) == 0;
}

static char *process_absolute(const char *program)
{
    char *folder = NULL;
    char *path = NULL;

    if (program[0] == '/')
        return engine_strdup(program);
    folder = getcwd(NULL, 0);
    if (folder)
        path = engine_strf("%s/%s", folder, program);
    free(folder); /* from getcwd, so not engine_free */
    return path;
}

char *process_find(const char *program)
{
    const char *at = getenv("PATH");

    if (strchr(program, '/')) {
        if (!process_is_program(program))
            return NULL;
        return process_absolute(program);
    }
    for (at = at ? at : "/usr/local/bin:/usr/bin:/bin"; *program; at++) {
        const size_t len = strcspn(at, ":");

        /* only absolute folders: "." on PATH is how one runs a stranger's */
        if (*at == '/' && len < PATH_MAX) {
            char *path = engine_strf("%.*s/%s", (int)len, at, program);

            if (!path || process_is_program(path))
                return path;
            engine_free(path);
        }
        at += len;
        if (!*at)
            break;
    }
    return NULL;
}

static engine_status process_missing(const char *program, engine_error *err)
{
    const int named = strchr(program, '/') != NULL;

    engine_fail(err, ENGINE_ENOTFOUND, "program \"%s\" was not found%s",
                program, named ? "" : " on PATH");
    engine_hint(err, named ? "check that the file is there and executable"
                           : "install it, or add its directory to PATH");
    return ENGINE_ENOTFOUND;
}

/* Above the standard ones, so that no dup2 in the child overwrites another. */
static engine_status process_raise(int *fd)
{
    const int old = *fd;

    if (old > STDERR_FILENO)
        return ENGINE_OK;
    *fd = fcntl(old, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(old);
    return *fd < 0 ? ENGINE_EIO : ENGINE_OK;
}

/* ours does not block; theirs is what a program expects of a pipe */
static engine_status process_pipe(int *ours, int *theirs, int ours_writes,
                                  engine_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not make a pipe: %s", strerror(errno));
    *ours = ends[ours_writes];
    *theirs = ends[!ours_writes];
    if (process_raise(ours) < 0 || process_raise(theirs) < 0 ||
        fcntl(*ours, F_SETFL, O_NONBLOCK) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not set up a pipe: %s", strerror(errno));
    return ENGINE_OK;
}

/* Regular files only: reading anything else could wait for ever. */
static engine_status process_open_source(const char *path, int *out,
                                         engine_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;

    *out = fd;
    if (fd < 0 || fstat(fd, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not open \"%s\": %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return engine_fail(err, ENGINE_EINVAL, "\"%s\" is no regular file",
                           path);
    return ENGINE_OK;
}

static engine_status process_open_input(struct process *process,
                                        const struct process_options *options,
                                        int *child, engine_error *err)
{
    int count = 0;

    for (int i = 0; i < PROCESS_INPUTS && options->input_paths[i]; i++) {
        const engine_status status = process_open_source(
            options->input_paths[i], &process->sources[i], err);

        if (status < 0)
            return status;
        count++;
    }
    if (count)
        return process_pipe(&process->input, child, 1, err);
    *child = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (*child < 0 || process_raise(child) < 0)
        return engine_fail(err, ENGINE_EIO, "could not open /dev/null: %s",
                           strerror(errno));
    return ENGINE_OK;
}

static engine_status process_open_file(struct process *process,
                                       const char *path, engine_error *err)
{
    process->file_path = engine_strdup(path);
    if (!process->file_path)
        return engine_fail_memory(err);
    process->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (process->file < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not create \"%s\": %s", path,
                           strerror(errno));
    return ENGINE_OK;
}

static int process_spawn_actions(posix_spawn_file_actions_t *actions,
                                 const char *directory, const int child[3])
{
    int code = 0;

    for (int i = 0; i < 3 && !code; i++)
        code = posix_spawn_file_actions_adddup2(actions, child[i], i);
        /* ours are close-on-exec; this is for those of others */
#if __GLIBC_PREREQ(2, 34)
    if (!code)
        code = posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
    if (!code && directory)
        code = posix_spawn_file_actions_addchdir_np(actions, directory);
    return code;
}

/* Its own group, no signal blocked or ignored, whatever the caller has. */
static int process_spawn_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int code;

    sigemptyset(&none);
    sigfillset(&all);
    code = posix_spawnattr_setpgroup(attributes, 0);
    if (!code)
        code = posix_spawnattr_setsigmask(attributes, &none);
    if (!code)
        code = posix_spawnattr_setsigdefault(attributes, &all);
    if (!code)
        code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                        POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETSIGDEF);
    return code;
}

/* An errno value, as posix_spawn itself returns. */
static int process_spawn(struct process *process, const char *path,
                         const struct process_options *options,
                         const int child[3])
{
    char *const *env = (char *const *)options->env;
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
    code = process_spawn_actions(&actions, options->directory, child);
    if (!code)
        code = process_spawn_attributes(&attributes);
    process->started_ms = clock_steady_ms();
    if (!code)
        code = posix_spawn(&process->pid, path, &actions, &attributes,
                           (char *const *)options->argv, env ? env : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static engine_status process_launch(struct process *process,
                                    const struct process_options *options,
                                    const int child[3], engine_error *err)
{
    char *path;
    int code;

    if (options->directory && access(options->directory, X_OK) < 0)
        return engine_fail(
            err, ENGINE_EIO, "could not run \"%s\" in directory \"%s\": %s",
            options->argv[0], options->directory, strerror(errno));
    path = process_find(options->argv[0]);
    if (!path)
        return process_missing(options->argv[0], err);
    code = process_spawn(process, path, options, child);
    engine_free(path);
    if (!code)
        return ENGINE_OK;
    /* ENGINE_ENOTFOUND means the program; here its interpreter is missing */
    return engine_fail(
        err, code == ENOENT ? ENGINE_EIO : engine_status_from_errno(code),
        "could not run \"%s\": %s", options->argv[0], strerror(code));
}

static struct process *process_new(const struct process_options *options)
{
    struct process *process = engine_calloc(1, sizeof(*process));

    if (!process)
        return NULL;
    process->pidfd = process->input = process->output = -1;
    process->errors = process->file = -1;
    for (int i = 0; i < PROCESS_INPUTS; i++)
        process->sources[i] = -1;
    process->output_maximum =
        options->output_maximum ? options->output_maximum : PROCESS_CHUNK;
    process->stop = options->stop;
    process->user = options->user;
    process->result.how = PROCESS_RUNNING;
    buffer_init(&process->pending, PROCESS_CHUNK);
    buffer_init(&process->result.output, process->output_maximum);
    /* twice what is kept, so that dropping the front is rare */
    buffer_init(&process->result.errors, 2 * PROCESS_ERRORS);
    return process;
}

static void process_started(struct process *process,
                            const struct process_options *options)
{
    if (options->timeout_ms > 0)
        process->deadline_ms = process->started_ms + options->timeout_ms;
#ifdef SYS_pidfd_open
    process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
#endif
}

engine_status process_start(const struct process_options *options,
                            struct process **out, engine_error *err)
{
    int child[3] = {-1, -1, -1};
    engine_status status;
    struct process *process;

    if (!options->argv || !options->argv[0])
        return engine_fail(err, ENGINE_EINVAL, "no program to run");
    process = process_new(options);
    if (!process)
        return engine_fail_memory(err);
    status = process_open_input(process, options, &child[0], err);
    if (status == ENGINE_OK)
        status = process_pipe(&process->output, &child[1], 0, err);
    if (status == ENGINE_OK)
        status = process_pipe(&process->errors, &child[2], 0, err);
    if (status == ENGINE_OK && options->output_path)
        status = process_open_file(process, options->output_path, err);
    if (status == ENGINE_OK)
        status = process_launch(process, options, child, err);
    for (int i = 0; i < 3; i++)
        process_close(&child[i]);
    if (status < 0) {
        if (process->file >= 0)
            unlink(process->file_path);
        process_free(process);
        return status;
    }
    process_started(process, options);
    *out = process;
    return ENGINE_OK;
}
