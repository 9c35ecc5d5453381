/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - who could have changed a module's file? Only root and we may. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plugin/loader.h"

/* A path on which somebody else could have put something. */
struct path {
    const char *what, *path;
};

static engine_status path_fail(engine_error *err, const struct path *at,
                               const char *part, const char *why)
{
    if (strcmp(at->path, part) == 0)
        return engine_fail(err, ENGINE_EDENIED, "%s \"%s\" %s", at->what,
                           at->path, why);
    return engine_fail(err, ENGINE_EDENIED, "%s \"%s\": directory \"%s\" %s",
                       at->what, at->path, part, why);
}

static engine_status path_link(const struct path *at, const char *part,
                               engine_error *err)
{
    char *real = realpath(at->path, NULL);

    path_fail(err, at, part, "is a symbolic link");
    if (real)
        engine_hint(err, "give the real path: %s", real);
    free(real);
    return ENGINE_EDENIED;
}

/* One step of the way; the last one is the file itself. */
static engine_status path_step(const struct path *at, const char *part,
                               engine_error *err)
{
    const int last = strcmp(at->path, part) == 0;
    struct stat info;

    if (lstat(part, &info) < 0) {
        const int code = errno;
        return engine_fail(err, engine_status_from_errno(code),
                           "could not open %s \"%s\": %s", at->what,
                           at->path, strerror(code));
    }
    if (S_ISLNK(info.st_mode))
        return path_link(at, part, err);
    if (last && !S_ISREG(info.st_mode))
        return path_fail(err, at, part, "is no regular file");
    if (info.st_uid != 0 && info.st_uid != geteuid()) {
        path_fail(err, at, part, "belongs to neither root nor this user");
        engine_hint(err, "chown root %s", part);
        return ENGINE_EDENIED;
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) &&
        !(S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX))) {
        path_fail(err, at, part, "may be written by group or others");
        engine_hint(err, "chmod go-w %s", part);
        return ENGINE_EDENIED;
    }
    return ENGINE_OK;
}

engine_status loader_check_file(const char *what, const char *path,
                                engine_error *err)
{
    const struct path at = {what, path};
    const size_t len = strlen(path);
    char part[PATH_MAX];

    if (path[0] != '/') {
        engine_fail(err, ENGINE_EINVAL,
                    "%s \"%s\": not an absolute path", what, path);
        engine_hint(err, "give the path from / on");
        return ENGINE_EINVAL;
    }
    if (len >= sizeof(part))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: its path is too long", what);
    for (size_t i = 0; i <= len; i++) {
        engine_status status;

        if (i > 0 && i < len && path[i] != '/')
            continue;
        if (i > 1 && path[i - 1] == '/')
            continue; /* "//" */
        memcpy(part, path, len + 1);
        part[i ? i : 1] = '\0';
        status = path_step(&at, part, err);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

engine_status loader_check_path(const char *path, engine_error *err)
{
    return loader_check_file("scanner file", path, err);
}
