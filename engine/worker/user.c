/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - a worker that root has started becomes another user, before it has
 * seen anything of its job, and for good. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/worker/worker_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define USER_GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */
#define USER_STATUS_MAX 1024  /* of /proc/PID/status, up to the user */
#define USER_NEW_SESSION 1    /* KEYCTL_JOIN_SESSION_KEYRING, keyctl(2) */

static engine_status user_fail(const char *what, engine_error *err)
{
    const int code = errno;
    const char *name = getenv("LOGNAME");

    engine_fail(err, ENGINE_EDENIED, "could not become user \"%s\": %s%s%s",
                name ? name : "", what, code ? ": " : "",
                code ? strerror(code) : "");
    engine_hint(err, "see \"user\" in the configuration");
    return ENGINE_EDENIED;
}

/* ---- how much it runs already -------------------------------------------- */

/* Threads of one process, if it is the user's. Its status has their number as
 * well, but behind a line of groups, which may be of any length. */
static int64_t user_tasks_of(int proc, const char *pid, uid_t uid)
{
    static const char field[] = "\nUid:";
    char path[64], text[USER_STATUS_MAX];
    struct stat threads;
    const char *at;

    snprintf(path, sizeof(path), "%.32s/status", pid);
    at = file_peek(proc, path, text, sizeof(text)) ? strstr(text, field) : NULL;
    if (!at || strtoul(at + sizeof(field) - 1, NULL, 10) != uid)
        return 0;
    snprintf(path, sizeof(path), "%.32s/task", pid);
    if (fstatat(proc, path, &threads, 0) < 0)
        return 0;
    /* a folder for each of them, and "." and ".." */
    return threads.st_nlink > 2 ? (int64_t)threads.st_nlink - 2 : 1;
}

/* What RLIMIT_NPROC compares with: all tasks of the user, ours or not. */
static int64_t user_tasks(uid_t uid)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    int64_t count = 0;

    while (folder && (entry = readdir(folder)))
        if (isdigit((unsigned char)entry->d_name[0]))
            count += user_tasks_of(dirfd(folder), entry->d_name, uid);
    if (folder)
        closedir(folder);
    return count;
}

/* ---- becoming it --------------------------------------------------------- */

/* A number and what ends it; false: it is none. */
static bool user_number(const char **text, char end, unsigned *out)
{
    unsigned long value;
    char *rest;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    value = strtoul(*text, &rest, 10);
    if (errno || value >= UINT_MAX || (*rest != end && *rest != '\0'))
        return false;
    *out = (unsigned)value;
    *text = *rest ? rest + 1 : rest;
    return true;
}

/* "UID:GID:GROUP,GROUP" */
static int user_parse(const char *text, uid_t *uid, gid_t *gid, gid_t *groups)
{
    int count = 0;

    if (!user_number(&text, ':', uid) || !user_number(&text, ':', gid) ||
        *uid == 0)
        return -1;
    while (*text)
        if (count == USER_GROUPS_MAX ||
            !user_number(&text, ',', &groups[count++]))
            return -1;
    return count;
}

/* Also those that root may keep across setuid(2), see capabilities(7). */
static int user_drop_capabilities(void)
{
    struct __user_cap_header_struct head = {
        .version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};

    return (int)syscall(SYS_capset, &head, none);
}

static engine_status user_become(uid_t uid, gid_t gid, const gid_t *groups,
                                 int count, engine_error *err)
{
    uid_t uids[3];
    gid_t gids[3];

    /* the keys of root's session are no business of a scanner; where there
     * are none, as in most containers, this fails */
    (void)syscall(SYS_keyctl, USER_NEW_SESSION, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return user_fail("no_new_privs", err);
    if (setgroups((size_t)count, groups) < 0)
        return user_fail("setgroups", err);
    if (setresgid(gid, gid, gid) < 0)
        return user_fail("setresgid", err);
    if (setresuid(uid, uid, uid) < 0)
        return user_fail("setresuid", err);
    if (user_drop_capabilities() < 0)
        return user_fail("capset", err);
    errno = 0;
    if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0 ||
        getresuid(&uids[0], &uids[1], &uids[2]) < 0 || uids[0] != uid ||
        uids[1] != uid || uids[2] != uid ||
        getresgid(&gids[0], &gids[1], &gids[2]) < 0 || gids[0] != gid ||
        gids[1] != gid || gids[2] != gid)
        return user_fail("it can become root again", err);
    return ENGINE_OK;
}

engine_status user_enter(const char *text, int64_t *tasks, engine_error *err)
{
    gid_t *groups = engine_calloc(USER_GROUPS_MAX, sizeof(*groups));
    engine_status status;
    uid_t uid = 0;
    gid_t gid = 0;
    int count;

    if (!groups)
        return engine_fail_memory(err);
    count = user_parse(text, &uid, &gid, groups);
    if (count < 0) {
        status = engine_fail(err, ENGINE_EPARSE, "\"%.200s\" is no user", text);
    } else {
        *tasks = user_tasks(uid); /* while all of /proc is to be seen */
        status = user_become(uid, gid, groups, count, err);
    }
    engine_free(groups);
    return status;
}

/* ---- what it needs ------------------------------------------------------- */

static engine_status user_cannot(const bson_t *job, const char *path,
                                 const char *part, const char *advice,
                                 engine_error *err)
{
    const int code = errno;
    const char *name = getenv("LOGNAME");

    engine_fail(err, engine_status_from_errno(code),
                "scanner \"%s\": user \"%s\" cannot use \"%s\": \"%s\": %s",
                document_string(job, "plugin.name"), name ? name : "", path,
                part, strerror(code));
    engine_hint(err, "%s", advice);
    return engine_status_from_errno(code);
}

/* The first part of the way that the user may not pass is named. */
static engine_status user_check_path(const bson_t *job, const char *path,
                                     int rights, const char *advice,
                                     engine_error *err)
{
    char part[PATH_MAX];
    const size_t len = strlen(path);

    if (len >= sizeof(part) || access(path, rights) == 0)
        return ENGINE_OK;
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        if (access(part, X_OK) < 0)
            return user_cannot(job, path, part, advice, err);
    }
    return access(path, rights) < 0
               ? user_cannot(job, path, path, advice, err)
               : ENGINE_OK;
}

engine_status user_check(const bson_t *job, engine_error *err)
{
    static const struct {
        const char *field, *advice;
        int rights;
    } needed[] = {
        {"plugin.path", "let it in (chmod o+x, and o+r for the file), or "
                        "install the scanner elsewhere", R_OK},
        {"workdir", "let it in (chmod o+x), or set run_directory to another "
                    "one", R_OK | W_OK | X_OK},
        {"cachedir", "let it in (chmod o+x), or set cache_directory to "
                     "another one", R_OK | W_OK | X_OK}};
    const int64_t uid = document_int(job, "uid", -1);
    engine_status status = ENGINE_OK;

    if (uid < 0)
        return ENGINE_OK;
    /* a program between the engine and us may have lost our argument */
    if (getuid() != (uid_t)uid || geteuid() != (uid_t)uid) {
        errno = EPERM;
        return user_fail("it was not told to", err);
    }
    for (size_t i = 0; i < 3 && status == ENGINE_OK; i++)
        status = user_check_path(job, document_string(job, needed[i].field),
                                 needed[i].rights, needed[i].advice, err);
    return status;
}
