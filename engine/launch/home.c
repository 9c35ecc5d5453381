/* SPDX-License-Identifier: Apache-2.0 */
/* home.c - each engine has a directory for its jobs, with a lock that says
 * that it lives; whoever comes next removes those of the dead. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/launch/task.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define HOME_PREFIX "engine-"

/* An open file, locked; -1 when another has it and `wait` is not set. */
static int home_lock(const char *path, bool wait)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int got;

    if (fd < 0)
        return -1;
    do
        got = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return fd;
    close(fd);
    return -1;
}

static void home_remove_dead(const struct conduct *conduct, const char *name)
{
    char *path = engine_strf("%s/%s", conduct->options.run_directory, name);
    char *lock_path = path ? engine_strf("%s/lock", path) : NULL;
    const int lock = lock_path ? home_lock(lock_path, false) : -1;
    engine_error err = {0};

    if (lock >= 0) {
        log_write(conduct->options.log, LOG_LEVEL_DEBUG,
                  "removing what a dead engine left in %s", path);
        if (file_remove_tree(path, &err) < 0)
            log_write(conduct->options.log, LOG_LEVEL_WARNING, "%s",
                      err.message);
        close(lock);
    }
    engine_free(lock_path);
    engine_free(path);
}

static void home_remove_all_dead(const struct conduct *conduct)
{
    DIR *folder = opendir(conduct->options.run_directory);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (strncmp(entry->d_name, HOME_PREFIX, sizeof(HOME_PREFIX) - 1) == 0)
            home_remove_dead(conduct, entry->d_name);
    if (folder)
        closedir(folder);
}

static engine_status home_create(struct conduct *conduct, engine_error *err)
{
    engine_status status = file_make_temporary(
        conduct->options.run_directory, HOME_PREFIX, &conduct->home, err);
    char *path;

    if (status < 0)
        return status;
    path = engine_strf("%s/lock", conduct->home);
    conduct->home_lock = path ? home_lock(path, false) : -1;
    engine_free(path);
    if (conduct->home_lock >= 0)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EIO, "could not lock \"%s\": %s",
                       conduct->home, strerror(errno));
}

engine_status home_open(struct conduct *conduct, engine_error *err)
{
    const char *parent = conduct->options.run_directory;
    engine_status status;
    char *path;
    int lock;

    if (conduct->home)
        return ENGINE_OK;
    if (!parent)
        return engine_fail(err, ENGINE_EINVAL, "no directory for jobs");
    status = file_make_directory(parent, err);
    if (status < 0)
        return status;
    /* between making a directory and locking it, it looks like a dead one */
    path = engine_strf("%s/lock", parent);
    lock = path ? home_lock(path, true) : -1;
    engine_free(path);
    if (lock < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not lock \"%s\": %s", parent,
                           strerror(errno));
    home_remove_all_dead(conduct);
    status = home_create(conduct, err);
    close(lock);
    return status;
}

void home_close(struct conduct *conduct)
{
    if (conduct->home)
        (void)file_remove_tree(conduct->home, NULL);
    if (conduct->home_lock >= 0)
        close(conduct->home_lock);
    engine_free(conduct->home);
    conduct->home = NULL;
    conduct->home_lock = -1;
}

engine_status home_open_door(const char *path, engine_error *err)
{
    const mode_t pass = S_IXGRP | S_IXOTH;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    engine_status status = ENGINE_OK;
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0 ||
        /* of somebody else's the worker will say whether it can pass */
        (info.st_uid == geteuid() && (info.st_mode & pass) != pass &&
         fchmod(fd, (info.st_mode & 07777) | pass) < 0))
        status = engine_fail(err, engine_status_from_errno(errno),
                             "could not open \"%s\" for workers: %s", path,
                             strerror(errno));
    if (fd >= 0)
        close(fd);
    return status;
}

static engine_status home_give(const char *path, int fd,
                               const struct plugin_user *user,
                               engine_error *err)
{
    if (fd >= 0 && (!user || fchown(fd, user->uid, user->gid) == 0))
        return ENGINE_OK;
    return engine_fail(err, engine_status_from_errno(errno),
                       "could not make \"%s\" a working directory: %s", path,
                       strerror(errno));
}

engine_status home_make_workdir(struct conduct *conduct,
                                const struct plugin_user *user, char **out,
                                int *fd, engine_error *err)
{
    engine_status status = home_open(conduct, err);

    if (status == ENGINE_OK && user)
        status = home_open_door(conduct->options.run_directory, err);
    if (status == ENGINE_OK && user)
        status = home_open_door(conduct->home, err);
    if (status == ENGINE_OK)
        status = file_make_temporary(conduct->home, "job-", out, err);
    if (status < 0)
        return status;
    *fd = open(*out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return home_give(*out, *fd, user, err);
}
