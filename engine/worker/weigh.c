/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.c - a worker's processes by descent, and what they take. Orphans are
 * the worker's children, since it is a subreaper (limits.c). It costs what the
 * worker has, however much else the machine runs. */
#include "engine/worker/weigh.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define WEIGH_PIDS 4096 /* more are not looked at */
#define WEIGH_TEXT (WEIGH_PIDS * sizeof("4194303")) /* of one file */

struct weigh {
    pid_t pids[WEIGH_PIDS];
    pid_t parents[WEIGH_PIDS];
    size_t count;
    char text[WEIGH_TEXT];
};

static bool weigh_read(struct weigh *weigh, int folder, const char *path)
{
    return file_peek(folder, path, weigh->text, sizeof(weigh->text)) > 0;
}

/* Each number has a space behind it, unless the end was cut off. */
static void weigh_add(struct weigh *weigh, pid_t parent)
{
    char *at = weigh->text, *end;
    long pid;

    while (weigh->count < WEIGH_PIDS && (pid = strtol(at, &end, 10)) > 0 &&
           *end == ' ') {
        weigh->parents[weigh->count] = parent;
        weigh->pids[weigh->count++] = (pid_t)pid;
        at = end;
    }
}

static void weigh_add_children(struct weigh *weigh, pid_t pid)
{
    const struct dirent *entry;
    char path[300];
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    folder = opendir(path);
    while (folder && (entry = readdir(folder))) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "%s/children", entry->d_name);
        if (weigh_read(weigh, dirfd(folder), path))
            weigh_add(weigh, pid);
    }
    if (folder)
        closedir(folder);
}

static int64_t weigh_resident(struct weigh *weigh, pid_t pid)
{
    long long size, resident;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    if (!weigh_read(weigh, AT_FDCWD, path) ||
        sscanf(weigh->text, "%lld %lld", &size, &resident) != 2)
        return 0;
    return resident * sysconf(_SC_PAGESIZE);
}

/* A line "NAME: N kB" of a file of a process, in bytes; -1: there is none. */
static int64_t weigh_line(struct weigh *weigh, pid_t pid, const char *file,
                          const char *name)
{
    const char *at;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    if (!weigh_read(weigh, AT_FDCWD, path))
        return -1;
    at = strstr(weigh->text, name);
    return at ? strtoll(at + strlen(name), NULL, 10) * 1024 : -1;
}

/* Of what cannot be looked into closely: what it must have taken since it was
 * forked. Before, it had no more than its parent ever had. */
static int64_t weigh_own(struct weigh *weigh, size_t i)
{
    const int64_t own = weigh_line(weigh, weigh->pids[i], "status",
                                   "\nRssAnon:");
    const int64_t before = weigh_line(weigh, weigh->parents[i], "status",
                                      "\nVmHWM:");

    return before >= 0 && own > before ? own - before : 0;
}

static int64_t weigh_share(struct weigh *weigh, size_t i)
{
    const int64_t share = weigh_line(weigh, weigh->pids[i], "smaps_rollup",
                                     "\nPss:");

    return share >= 0 ? share : weigh_own(weigh, i);
}

/* With those that it has waited for. */
static int64_t weigh_ticks(struct weigh *weigh, pid_t pid)
{
    long long user, system, waited_user, waited_system;
    const char *rest;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!weigh_read(weigh, AT_FDCWD, path))
        return 0;
    rest = strrchr(weigh->text, ')'); /* the name may hold anything */
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
                        "%lld %lld %lld %lld", &user, &system, &waited_user,
                        &waited_system) != 4)
        return 0;
    return user + system + waited_user + waited_system;
}

/* The worker, and those that it started; NULL: no memory. */
static struct weigh *weigh_new(pid_t worker)
{
    struct weigh *weigh = engine_calloc(1, sizeof(*weigh));

    if (!weigh)
        return NULL;
    weigh->pids[weigh->count++] = worker;
    for (size_t i = 0; i < weigh->count; i++)
        weigh_add_children(weigh, weigh->pids[i]);
    return weigh;
}

int64_t weigh_session(pid_t worker, int64_t limit)
{
    struct weigh *weigh = weigh_new(worker);
    int64_t resident = 0, share = 0;

    if (!weigh)
        return 0;
    /* the first is the keeper, the second has a limit of its own */
    for (size_t i = 1; i < weigh->count && weigh->count > 2; i++)
        resident += weigh_resident(weigh, weigh->pids[i]);
    for (size_t i = 1; i < weigh->count && resident > limit; i++)
        share += weigh_share(weigh, i);
    engine_free(weigh);
    return resident > limit ? share : resident;
}

int64_t weigh_time(pid_t worker)
{
    struct weigh *weigh = weigh_new(worker);
    int64_t ticks = 0;

    for (size_t i = 0; weigh && i < weigh->count; i++)
        ticks += weigh_ticks(weigh, weigh->pids[i]);
    engine_free(weigh);
    return ticks / sysconf(_SC_CLK_TCK);
}
