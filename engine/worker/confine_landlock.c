/* SPDX-License-Identifier: Apache-2.0 */
/* confine_landlock.c - files and TCP by landlock(7); without libc's help, which
 * has no functions for it, and without the headers' newer constants. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/worker/confine_private.h"

/* the same numbers on every architecture, as all since 5.1 */
#define LANDLOCK_CREATE 444
#define LANDLOCK_ADD 445
#define LANDLOCK_RESTRICT 446
#define LANDLOCK_VERSION 1u /* flag of LANDLOCK_CREATE */
#define LANDLOCK_PATH 1     /* LANDLOCK_RULE_PATH_BENEATH */

/* linux/landlock.h, LANDLOCK_ACCESS_FS_* */
#define RIGHT_EXECUTE (UINT64_C(1) << 0)
#define RIGHT_WRITE_FILE (UINT64_C(1) << 1)
#define RIGHT_READ_FILE (UINT64_C(1) << 2)
#define RIGHT_READ_DIR (UINT64_C(1) << 3)
#define RIGHT_CHANGE_DIR (UINT64_C(0x1ff) << 4) /* remove_*, make_* */
#define RIGHT_REFER (UINT64_C(1) << 13)         /* ABI 2 */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)      /* ABI 3 */
#define RIGHT_TCP UINT64_C(3)                   /* ABI 4: bind, connect */
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)       /* ABI 6: abstract sockets */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)         /* ABI 6: signals */

#define RIGHTS_OF_FILES                                         \
    (RIGHT_EXECUTE | RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_TRUNCATE)

struct landlock_ruleset {
    uint64_t files, network, scope;
};

struct landlock_path {
    uint64_t rights;
    int32_t fd;
} __attribute__((packed));

int landlock_version(void)
{
    const long got =
        syscall(LANDLOCK_CREATE, NULL, (size_t)0, LANDLOCK_VERSION);

    return got > 0 ? (int)got : 0;
}

uint64_t landlock_handled(int version, bool execute)
{
    uint64_t out = RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_READ_DIR |
                   RIGHT_CHANGE_DIR;

    if (execute)
        out |= RIGHT_EXECUTE;
    if (version >= 2)
        out |= RIGHT_REFER;
    if (version >= 3)
        out |= RIGHT_TRUNCATE;
    return out;
}

uint64_t landlock_rights(unsigned rights, bool folder)
{
    uint64_t out = RIGHT_READ_FILE | RIGHT_READ_DIR;

    if (rights & CONFINE_WRITE)
        out |= RIGHT_WRITE_FILE | RIGHT_CHANGE_DIR | RIGHT_REFER |
               RIGHT_TRUNCATE;
    if (rights & CONFINE_EXECUTE)
        out |= RIGHT_EXECUTE;
    return folder ? out : out & RIGHTS_OF_FILES;
}

/* One that is not there, or that we may not reach, is left out. */
static int landlock_add(int ruleset, const struct confine_path *path,
                        uint64_t handled)
{
    struct landlock_path rule = {
        .fd = open(path->path, O_PATH | O_CLOEXEC)};
    struct stat info;
    long got = 0;

    if (rule.fd < 0)
        return 0;
    if (fstat(rule.fd, &info) == 0) {
        rule.rights =
            landlock_rights(path->rights, S_ISDIR(info.st_mode)) & handled;
        got = syscall(LANDLOCK_ADD, ruleset, LANDLOCK_PATH, &rule, 0u);
    }
    close(rule.fd);
    return (int)got;
}

/* Each version takes the struct as long as it knows it. */
static int landlock_create(const struct confinement *plan, int version,
                           uint64_t handled)
{
    struct landlock_ruleset set = {.files = handled};
    size_t size = sizeof(set.files);

    if (version >= 4) {
        size = 2 * sizeof(set.files);
        set.network = plan->network ? 0 : RIGHT_TCP;
    }
    if (version >= 6) {
        size = sizeof(set);
        set.scope = (plan->signals ? 0 : SCOPE_SIGNAL) |
                    (plan->network ? 0 : SCOPE_ABSTRACT);
    }
    return (int)syscall(LANDLOCK_CREATE, &set, size, 0u);
}

static engine_status landlock_fail(const char *what, engine_error *err)
{
    return engine_fail(err, ENGINE_EUNSUPPORTED,
                       "could not confine the scanner's files: %s: %s", what,
                       strerror(errno));
}

engine_status landlock_enter(const struct confinement *plan, int version,
                             engine_error *err)
{
    const uint64_t handled = landlock_handled(version, !plan->any);
    const int ruleset = landlock_create(plan, version, handled);
    engine_status status = ENGINE_OK;

    if (ruleset < 0)
        return landlock_fail("landlock_create_ruleset", err);
    for (size_t i = 0; i < plan->count && status == ENGINE_OK; i++)
        if (landlock_add(ruleset, &plan->paths[i], handled) < 0)
            status = landlock_fail(plan->paths[i].path, err);
    if (status == ENGINE_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        status = landlock_fail("no_new_privs", err);
    if (status == ENGINE_OK && syscall(LANDLOCK_RESTRICT, ruleset, 0u) < 0)
        status = landlock_fail("landlock_restrict_self", err);
    close(ruleset);
    return status;
}
