/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - finds a worker's processes by session and descent, and kills or
 * counts them. */
#include "engine/worker/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define SWEEP_PIDS ((size_t)4 * 1024 * 1024) /* PID_MAX_LIMIT, proc(5) */
#define SWEEP_PASSES 256 /* while it keeps forking */
#define SWEEP_BLIND 16   /* without memory to know what was found before */

struct sweep {
    pid_t worker;
    uint8_t *seen; /* a bit for each number; NULL: only the first remove */
    bool kills;
    size_t living;
};

static bool sweep_knows(const struct sweep *sweep, pid_t pid)
{
    return sweep->seen && (size_t)pid < SWEEP_PIDS &&
           (sweep->seen[pid / 8] >> (pid % 8) & 1);
}

static void sweep_note(struct sweep *sweep, pid_t pid)
{
    if (sweep->seen && (size_t)pid < SWEEP_PIDS)
        sweep->seen[pid / 8] |= (uint8_t)(1u << (pid % 8));
}

/* Parent and session; the name may hold anything, so look behind its end. */
static bool sweep_read(int proc, const char *pid, char *state, pid_t *parent,
                       pid_t *session)
{
    char path[64], text[1024];
    const char *rest;
    int group, ppid, sid;

    snprintf(path, sizeof(path), "%.32s/stat", pid);
    if (!file_peek(proc, path, text, sizeof(text)))
        return false;
    rest = strrchr(text, ')');
    if (!rest ||
        sscanf(rest + 1, " %c %d %d %d", state, &ppid, &group, &sid) != 4)
        return false;
    *parent = ppid;
    *session = sid;
    return true;
}

/* True when it had not known it. One that it knows may be another by now. */
static bool sweep_take(struct sweep *sweep, pid_t pid, char state)
{
    const bool known = sweep_knows(sweep, pid);

    sweep_note(sweep, pid);
    sweep->living += state != 'Z' && !known;
    if (sweep->kills && state != 'Z')
        kill(pid, SIGKILL);
    return !known;
}

/* How many it found that it had not known. */
static size_t sweep_pass(struct sweep *sweep, DIR *folder)
{
    const struct dirent *entry;
    size_t found = 0;

    rewinddir(folder);
    while ((entry = readdir(folder))) {
        pid_t pid, parent, session;
        char state;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && pid != sweep->worker &&
            sweep_read(dirfd(folder), entry->d_name, &state, &parent,
                       &session) &&
            (session == sweep->worker || parent == sweep->worker ||
             sweep_knows(sweep, parent)))
            found += sweep_take(sweep, pid, state);
    }
    return found;
}

static size_t sweep_run(pid_t worker, bool kills)
{
    struct sweep sweep = {.worker = worker, .kills = kills};
    int passes = 1;
    DIR *folder;

    if (worker <= 1)
        return 0;
    folder = opendir("/proc");
    if (!folder)
        return 0;
    sweep.seen = engine_calloc(SWEEP_PIDS / 8, 1);
    if (kills)
        passes = sweep.seen ? SWEEP_PASSES : SWEEP_BLIND;
    while (passes-- > 0 && sweep_pass(&sweep, folder))
        continue;
    engine_free(sweep.seen);
    closedir(folder);
    return sweep.living;
}

size_t sweep_session(pid_t worker)
{
    return sweep_run(worker, true);
}

bool sweep_is_parent(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

size_t sweep_count(pid_t worker)
{
    return sweep_run(worker, false);
}

int64_t sweep_tasks(void)
{
    long long tasks = 0;
    char text[128];
    const char *slash;

    if (!file_peek(AT_FDCWD, "/proc/loadavg", text, sizeof(text)))
        return 0;
    slash = strchr(text, '/');
    return slash && sscanf(slash + 1, "%lld", &tasks) == 1 ? tasks : 0;
}
