/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - the user that workers run as: from a name to numbers. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "engine/config/setting.h"
#include "sdk/base/alloc.h"

#define USER_ROOM ((size_t)64 * 1024) /* of one entry, as text */
#define USER_GROUPS_MAX 65536         /* NGROUPS_MAX of Linux */

static engine_status user_fail_unknown(const struct config_reader *reader,
                                       const config_setting_t *setting,
                                       const char *name, int code)
{
    setting_fail(reader, setting, "user is \"%s\": %s", name,
                 code ? strerror(code) : "there is no such user");
    engine_hint(reader->err, "make one: adduser --system --group %.64s", name);
    return ENGINE_EPARSE;
}

static engine_status user_groups(const struct config_reader *reader,
                                 struct plugin_user *user)
{
    struct arena *arena = &reader->config->arena;
    int count = 64;
    gid_t *groups = arena_alloc(arena, (size_t)count * sizeof(*groups));

    if (groups &&
        getgrouplist(user->name, user->gid, groups, &count) < 0) {
        if (count < 1 || count > USER_GROUPS_MAX)
            count = USER_GROUPS_MAX;
        groups = arena_alloc(arena, (size_t)count * sizeof(*groups));
        if (groups && getgrouplist(user->name, user->gid, groups, &count) < 0)
            return engine_fail(reader->err, ENGINE_ELIMIT,
                               "user \"%s\" is in too many groups",
                               user->name);
    }
    if (!groups)
        return engine_fail_memory(reader->err);
    user->groups = groups;
    user->groups_count = count;
    return ENGINE_OK;
}

static engine_status user_make(const struct config_reader *reader,
                               const config_setting_t *setting,
                               const struct passwd *entry,
                               const struct plugin_user **out)
{
    struct arena *arena = &reader->config->arena;
    struct plugin_user *user = arena_alloc(arena, sizeof(*user));
    engine_status status;

    if (!user)
        return engine_fail_memory(reader->err);
    *user = (struct plugin_user){
        .name = arena_strdup(arena, entry->pw_name),
        .home = arena_strdup(arena, entry->pw_dir),
        .file = arena_strdup(arena, setting_file(reader, setting)),
        .line = config_setting_source_line(setting),
        .uid = entry->pw_uid,
        .gid = entry->pw_gid};
    if (!user->name || !user->home || !user->file)
        return engine_fail_memory(reader->err);
    status = user_groups(reader, user);
    if (status == ENGINE_OK)
        *out = user;
    return status;
}

/* "root" of one plugin says that it stays as the engine is, whoever that is;
 * of all, that the engine is to be root. */
static bool user_is_ours(const config_setting_t *setting, const char *name)
{
    return !name[0] ||
           (strcmp(name, "root") == 0 &&
            !config_setting_is_root(config_setting_parent(setting)));
}

engine_status user_read(const struct config_reader *reader,
                        const config_setting_t *setting,
                        const struct plugin_user **out)
{
    const char *name = setting ? config_setting_get_string(setting) : NULL;
    struct passwd entry, *found = NULL;
    engine_status status = ENGINE_OK;
    char *room;
    int code;

    if (!setting)
        return ENGINE_OK;
    *out = NULL;
    if (user_is_ours(setting, name))
        return ENGINE_OK;
    room = engine_malloc(USER_ROOM);
    if (!room)
        return engine_fail_memory(reader->err);
    code = getpwnam_r(name, &entry, room, USER_ROOM, &found);
    if (!found)
        status = user_fail_unknown(reader, setting, name, code);
    else if (entry.pw_uid != geteuid())
        status = user_make(reader, setting, &entry, out);
    engine_free(room);
    return status;
}

engine_status config_check_users(const struct engine_config *config,
                                 engine_error *err)
{
    if (geteuid() == 0)
        return ENGINE_OK;
    for (size_t i = 0; i < config->plugins_count; i++) {
        const struct plugin_user *user = config->plugins[i].user;

        if (!user)
            continue;
        engine_fail(err, ENGINE_EDENIED,
                    "%s:%ld: scanner \"%s\" is to run as user \"%s\", and only "
                    "root can start it so", user->file, user->line,
                    config->plugins[i].name, user->name);
        engine_hint(err, "run the engine as root or as \"%s\", or set user = "
                    "\"\"", user->name);
        return ENGINE_EDENIED;
    }
    return ENGINE_OK;
}
