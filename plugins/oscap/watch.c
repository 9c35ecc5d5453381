/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - what a local oscap has ended, and whether it still does anything. */
#include "plugins/oscap/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define FOLLOW_MAX ((size_t)1024 * 1024) /* of lines not yet read */
#define FOLLOW_CHUNK 16384
#define WATCH_LOOK_MS 500
#define WATCH_LOCKED_MS 10000 /* every thread waits for another */

/* ---- following ----------------------------------------------------------- */

void oscap_follow_open(struct oscap_follow *follow, const char *path,
                       oscap_on_rule_fn on_rule, void *user)
{
    *follow = (struct oscap_follow){.on_rule = on_rule, .user = user};
    buffer_init(&follow->text, FOLLOW_MAX);
    follow->fd = path && on_rule ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    follow->last_ms = clock_steady_ms();
}

void oscap_follow_close(struct oscap_follow *follow)
{
    if (follow->fd >= 0)
        close(follow->fd);
    follow->fd = -1;
    buffer_clear(&follow->text);
}

static void follow_tell(const struct oscap_follow *follow, char *line,
                        char *end, int64_t tenths)
{
    char *colon = memrchr(line, ':', (size_t)(end - line));

    if (!colon)
        return;
    *colon = '\0';
    follow->on_rule(follow->user, line,
                    tenths > 0 && tenths < 100000000 ? (uint32_t)tenths : 1);
}

/* lines that came together share the time since the last ones */
static void follow_lines(struct oscap_follow *follow, size_t lines)
{
    const int64_t now = clock_steady_ms();
    const int64_t tenths = 10 * (now - follow->last_ms) / (int64_t)lines;
    char *at = follow->text.data;

    for (size_t i = 0; i < lines; i++) {
        char *end = strchr(at, '\n');
        follow_tell(follow, at, end, tenths);
        at = end + 1;
    }
    follow->last_ms = now;
    buffer_consume(&follow->text, (size_t)(at - follow->text.data));
}

void oscap_follow_step(struct oscap_follow *follow)
{
    char *room =
        follow->fd < 0 ? NULL : buffer_room(&follow->text, FOLLOW_CHUNK);
    size_t lines = 0;
    ssize_t got;

    if (!room)
        return;
    got = read(follow->fd, room, FOLLOW_CHUNK);
    if (got <= 0)
        return;
    for (ssize_t i = 0; i < got; i++) {
        if (!room[i])
            room[i] = '?'; /* no string ends before its line does */
        lines += room[i] == '\n';
    }
    buffer_grown(&follow->text, (size_t)got);
    if (lines)
        follow_lines(follow, lines);
}

/* ---- watching ------------------------------------------------------------ */

void oscap_watch_init(struct oscap_watch *watch, pid_t pid, int64_t limit_ms)
{
    *watch = (struct oscap_watch){.pid = pid, .limit_ms = limit_ms};
    watch->looked_ms = watch->progressed_ms = clock_steady_ms();
}

/* state and cpu ticks (utime + stime) of a process, proc(5) */
static bool watch_read_stat(pid_t pid, char *state, unsigned long long *ticks)
{
    unsigned long long user, kernel;
    char path[64], *text = NULL, *at;
    bool found;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    if (file_read(path, 4096, &text, NULL, NULL) < 0)
        return false;
    at = strrchr(text, ')');
    found = at && sscanf(at + 1,
                         " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu "
                         "%llu",
                         state, &user, &kernel) == 3;
    if (found)
        *ticks = user + kernel;
    engine_free(text);
    return found;
}

/* futex(2): a lock or a condition variable; proc(5), /proc/PID/syscall */
static bool watch_thread_is_locked(pid_t pid, const char *thread)
{
    char *path = engine_strf("/proc/%ld/task/%s/syscall", (long)pid, thread);
    char *text = NULL, *end;
    bool locked = false;

    if (path && file_read(path, 512, &text, NULL, NULL) == ENGINE_OK)
        locked = strtol(text, &end, 10) == SYS_futex && end != text;
    engine_free(text);
    engine_free(path);
    return locked;
}

static bool watch_is_locked(pid_t pid)
{
    const struct dirent *entry;
    size_t threads = 0;
    bool locked = true;
    char path[64];
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    tasks = opendir(path);
    while (locked && tasks && (entry = readdir(tasks))) {
        if (entry->d_name[0] == '.')
            continue;
        threads++;
        locked = watch_thread_is_locked(pid, entry->d_name);
    }
    if (tasks)
        closedir(tasks);
    return locked && threads > 0;
}

bool oscap_watch_is_hung(struct oscap_watch *watch)
{
    const int64_t now = clock_steady_ms();
    unsigned long long ticks = 0;
    char state = '?';

    if (!watch->limit_ms || now - watch->looked_ms < WATCH_LOOK_MS)
        return false;
    watch->looked_ms = now;
    if (!watch_read_stat(watch->pid, &state, &ticks) || ticks != watch->ticks ||
        state == 'D' || state == 'R') {
        watch->ticks = ticks;
        watch->progressed_ms = now;
        return false;
    }
    if (now - watch->progressed_ms >= watch->limit_ms)
        return true;
    return now - watch->progressed_ms >= WATCH_LOCKED_MS &&
           watch_is_locked(watch->pid);
}
