/* SPDX-License-Identifier: Apache-2.0 */
/* compile_cache.c - keeps the cache of compiled content from growing. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plugins/oscap/compile.h"

#define CACHE_FILES 256       /* more than these: only fresh ones stay */
#define CACHE_FRESH (60 * 60) /* seconds; a scan may be using them */
#define CACHE_OLD (30 * 24 * 3600)

void compile_cache_used(const char *path)
{
    (void)utimensat(AT_FDCWD, path, NULL, 0);
}

/* removes what is older than `age`; how many files are left */
static size_t cache_remove(DIR *folder, time_t age)
{
    const time_t now = time(NULL);
    const struct dirent *entry;
    size_t left = 0;

    rewinddir(folder);
    while ((entry = readdir(folder))) {
        struct stat info;
        if (strncmp(entry->d_name, "compiled-", 9) != 0 ||
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) <
                0)
            continue;
        if (now - info.st_mtime > age)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        else
            left++;
    }
    return left;
}

void compile_cache_sweep(const char *directory)
{
    DIR *folder = opendir(directory);

    if (!folder)
        return;
    if (cache_remove(folder, CACHE_OLD) > CACHE_FILES)
        (void)cache_remove(folder, CACHE_FRESH);
    closedir(folder);
}
