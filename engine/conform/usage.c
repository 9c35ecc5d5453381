/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - what this process has open, and how its settings are. */
#include "engine/conform/usage.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Sanitizers have an allocator of their own; where there is none, NULL. */
extern size_t __sanitizer_get_current_allocated_bytes(void)
    __attribute__((weak));

static int usage_count(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* FNV-1a over all variables in their order. */
static size_t usage_environment(void)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (char **at = environ; at && *at; at++)
        for (const char *text = *at; ; text++) {
            hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
            if (!*text)
                break;
        }
    return (size_t)hash;
}

/* Orphans that are dead already are nobody's fault: they came to us, the
 * reaper of this session. */
static bool usage_children(void)
{
    pid_t pid;

    do
        pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

void usage_take(struct usage *out)
{
    struct sigaction action;

    memset(out, 0, sizeof(*out));
    out->descriptors = usage_count("/proc/self/fd");
    out->threads = usage_count("/proc/self/task");
    out->children = usage_children();
    if (!getcwd(out->directory, sizeof(out->directory)))
        out->directory[0] = '\0';
    out->umask = umask(077);
    umask(out->umask);
    out->environment = usage_environment();
    for (int i = 1; i < USAGE_SIGNALS; i++)
        if (sigaction(i, NULL, &action) == 0)
            out->handlers[i] = action.sa_handler;
}

const char *usage_differs(const struct usage *before,
                          const struct usage *after, char *text, size_t size)
{
    for (int i = 1; i < USAGE_SIGNALS; i++)
        if (before->handlers[i] != after->handlers[i]) {
            snprintf(text, size, "it handles signal %d (%s) otherwise", i,
                     strsignal(i));
            return text;
        }
    if (before->descriptors != after->descriptors)
        snprintf(text, size, "there were %d open descriptors, now there are "
                 "%d", before->descriptors, after->descriptors);
    else if (before->threads != after->threads)
        snprintf(text, size, "there were %d threads, now there are %d",
                 before->threads, after->threads);
    else if (after->children && !before->children)
        snprintf(text, size, "a process that it started is still running");
    else if (strcmp(before->directory, after->directory) != 0)
        snprintf(text, size, "it changed the working directory to "
                 "\"%.200s\"", after->directory);
    else if (before->umask != after->umask)
        snprintf(text, size, "it changed the umask from %03o to %03o",
                 before->umask, after->umask);
    else if (before->environment != after->environment)
        snprintf(text, size, "it changed the environment");
    else
        return NULL;
    return text;
}

size_t usage_heap(void)
{
    struct mallinfo2 info;

    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

size_t usage_space(void)
{
    unsigned long pages = 0;
    FILE *file;

    if (__sanitizer_get_current_allocated_bytes)
        return 0; /* freed memory is kept for a while */
    file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}
