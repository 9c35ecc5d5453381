/* SPDX-License-Identifier: Apache-2.0 */
/* file_tree.c - removes what somebody else has made, who may still be changing
 * it and may have fewer rights than we: names are looked up in folders that
 * are held open, never in paths, and never through links. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdk/base/file.h"

#define TREE_DEPTH 32    /* folders open at once; deeper ones are moved up */
#define TREE_PASSES 1000 /* over the top, as long as something goes */

struct tree_level {
    DIR *folder;
    char name[NAME_MAX + 1];
};

struct tree {
    struct tree_level levels[TREE_DEPTH];
    size_t depth;
    dev_t device;
    unsigned long moved;
    bool progress;
    int code; /* the first failure of this pass over the top */
};

static void tree_note(struct tree *tree, int code)
{
    if (!tree->code && code != ENOENT)
        tree->code = code;
}

static int tree_top(const struct tree *tree)
{
    return dirfd(tree->levels[tree->depth - 1].folder);
}

/* A folder that we may not read is opened to its owner, if that is us. */
static int tree_open(int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int fd = openat(parent, name, flags);

    if (fd >= 0 || errno != EACCES)
        return fd;
    if (fchmodat(parent, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) < 0) {
        errno = EACCES;
        return -1;
    }
    return openat(parent, name, flags);
}

/* Goes down into a folder; a file system that is mounted there stays. */
static void tree_enter(struct tree *tree, int parent, const char *name)
{
    const int fd = tree_open(parent, name);
    struct tree_level *level = &tree->levels[tree->depth];
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0) {
        tree_note(tree, errno);
    } else if (tree->depth && info.st_dev != tree->device) {
        tree_note(tree, EXDEV);
    } else if (!(level->folder = fdopendir(fd))) {
        tree_note(tree, errno);
    } else {
        /* without it what is in it could not be removed */
        if (info.st_uid == geteuid() && (info.st_mode & S_IRWXU) != S_IRWXU)
            (void)fchmod(fd, S_IRWXU);
        tree->device = info.st_dev;
        snprintf(level->name, sizeof(level->name), "%s", name);
        tree->depth++;
        return;
    }
    if (fd >= 0)
        close(fd);
}

/* Too deep: it goes on at the top, where the next pass finds it. */
static void tree_lift(struct tree *tree, const char *name)
{
    char other[32];

    snprintf(other, sizeof(other), ".removed-%lu", tree->moved++);
    if (renameat(tree_top(tree), name, dirfd(tree->levels[0].folder), other) <
        0)
        tree_note(tree, errno);
    else
        tree->progress = true;
}

static void tree_take(struct tree *tree, const char *name)
{
    const int parent = tree_top(tree);

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if (unlinkat(parent, name, 0) == 0 ||
        ((errno == EISDIR || errno == EPERM) &&
         unlinkat(parent, name, AT_REMOVEDIR) == 0))
        tree->progress = true;
    else if (errno != ENOTEMPTY && errno != EEXIST)
        tree_note(tree, errno);
    else if (tree->depth == TREE_DEPTH)
        tree_lift(tree, name);
    else
        tree_enter(tree, parent, name);
}

static void tree_leave(struct tree *tree)
{
    const struct tree_level *level = &tree->levels[--tree->depth];

    closedir(level->folder);
    if (!tree->depth)
        return;
    if (unlinkat(tree_top(tree), level->name, AT_REMOVEDIR) == 0)
        tree->progress = true;
    else
        tree_note(tree, errno);
}

/* Passes over the top until one of them finds nothing to remove. */
static void tree_run(struct tree *tree)
{
    int passes = TREE_PASSES;

    while (tree->depth) {
        struct tree_level *level = &tree->levels[tree->depth - 1];
        const struct dirent *entry = readdir(level->folder);

        if (entry) {
            tree_take(tree, entry->d_name);
        } else if (tree->depth == 1 && tree->progress && passes-- > 0) {
            tree->progress = false;
            tree->code = 0;
            rewinddir(level->folder);
        } else {
            tree_leave(tree);
        }
    }
}

engine_status file_remove_tree(const char *path, engine_error *err)
{
    struct tree tree = {.depth = 0};

    tree_enter(&tree, AT_FDCWD, path);
    if (tree.depth)
        tree_run(&tree);
    else if (tree.code == ENOTDIR || tree.code == ELOOP)
        tree.code = unlink(path) < 0 ? errno : 0;
    if (!tree.code && rmdir(path) < 0 && errno != ENOENT && errno != ENOTDIR)
        tree.code = errno;
    if (!tree.code || tree.code == ENOENT)
        return ENGINE_OK;
    return engine_fail(err, engine_status_from_errno(tree.code),
                       "could not remove \"%s\": %s", path,
                       strerror(tree.code));
}
