/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - finds a worker's processes by session and descent, kills them. */
#include "engine/worker/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_MAX 4096  /* processes of one worker */
#define SWEEP_PASSES 16 /* while it keeps forking */

struct sweep {
    pid_t worker;
    pid_t killed[SWEEP_MAX];
    size_t count;
};

static bool sweep_knows(const struct sweep *sweep, pid_t pid)
{
    for (size_t i = 0; i < sweep->count; i++)
        if (sweep->killed[i] == pid)
            return true;
    return false;
}

/* Parent and session; the name may hold anything, so look behind its end. */
static bool sweep_read(int proc, const char *pid, pid_t *parent,
                       pid_t *session)
{
    char path[64], text[1024];
    const char *rest;
    int fd, group, ppid, sid;
    ssize_t len;

    snprintf(path, sizeof(path), "%.32s/stat", pid);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1, " %*c %d %d %d", &ppid, &group, &sid) != 3)
        return false;
    *parent = ppid;
    *session = sid;
    return true;
}

static size_t sweep_pass(struct sweep *sweep, DIR *folder)
{
    const struct dirent *entry;
    size_t found = 0;

    rewinddir(folder);
    while ((entry = readdir(folder)) && sweep->count < SWEEP_MAX) {
        pid_t pid, parent, session;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid == sweep->worker || sweep_knows(sweep, pid) ||
            !sweep_read(dirfd(folder), entry->d_name, &parent, &session))
            continue;
        if (session != sweep->worker && parent != sweep->worker &&
            !sweep_knows(sweep, parent))
            continue;
        sweep->killed[sweep->count++] = pid;
        kill(pid, SIGKILL);
        found++;
    }
    return found;
}

void sweep_session(pid_t worker)
{
    struct sweep sweep = {.worker = worker};
    DIR *folder;

    if (worker <= 1)
        return;
    folder = opendir("/proc");
    if (!folder)
        return;
    for (int i = 0; i < SWEEP_PASSES && sweep_pass(&sweep, folder); i++)
        continue;
    closedir(folder);
}
