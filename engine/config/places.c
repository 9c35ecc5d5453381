/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - default files and directories, by the XDG conventions. */
#include "engine/config/places.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/config/option.h"
#include "sdk/base/file.h"

#define PLACES_SYSTEM_FILE "/etc/scan-engine/engine.conf"

/* An environment variable that holds an absolute path, or NULL. */
static const char *places_variable(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] == '/' ? value : NULL;
}

static const char *places_default_text(const char *name)
{
    return option_find(&option_table_server, name)->fallback;
}

static void places_default_number(const struct option_table *table,
                                  const char *name, int64_t *out)
{
    const struct option *option = option_find(table, name);

    *out = strtoll(option->fallback, NULL, 10);
}

static void places_server(struct engine_config *config)
{
    const struct option_table *server = &option_table_server;

    config->server_listen = places_default_text("listen");
    config->server_auth = places_default_text("auth");
    config->server_recover = places_default_text("recover");
    config->server_visibility = places_default_text("visibility");
    places_default_number(server, "max_concurrent_scans",
                          &config->server_scans);
    places_default_number(server, "queue", &config->server_queue);
    places_default_number(server, "connections", &config->server_connections);
    places_default_number(server, "request_mb", &config->server_request_mb);
    places_default_number(server, "request_seconds",
                          &config->server_request_s);
    places_default_number(server, "rate", &config->server_rate);
    places_default_number(server, "burst", &config->server_burst);
}

engine_status places_defaults(struct engine_config *config, engine_error *err)
{
    const struct option_table *limits = &option_table_limits;

    config->log_level = LOG_LEVEL_WARNING;
    config->confinement = "auto";
    config->plugin_directory = SCAN_ENGINE_PLUGINDIR;
    places_default_number(limits, "wall", &config->limit_wall_s);
    places_default_number(limits, "memory_mb", &config->limit_memory_mb);
    places_default_number(limits, "cpu", &config->limit_cpu_s);
    places_default_number(limits, "file_mb", &config->limit_file_mb);
    places_default_number(limits, "processes", &config->limit_processes);
    places_default_number(limits, "files", &config->limit_files);
    places_default_number(limits, "results", &config->limit_results);
    places_default_number(limits, "result_mb", &config->limit_result_mb);
    places_default_number(limits, "artifacts", &config->limit_artifacts);
    places_default_number(limits, "artifact_mb", &config->limit_artifact_mb);
    places_default_number(&option_table_spool, "maximum_mb",
                          &config->spool_maximum_mb);
    places_default_number(&option_table_spool, "wait", &config->spool_wait_s);
    config->worker_path = SCAN_ENGINE_LIBEXECDIR "/scan-worker";
    places_server(config);
    return places_environment(config, err);
}

static engine_status places_override(struct engine_config *config,
                                     const char *name, const char **out,
                                     engine_error *err)
{
    const char *value = secure_getenv(name); /* it names code */

    if (!value || !*value)
        return ENGINE_OK;
    if (value[0] != '/')
        return engine_fail(err, ENGINE_EINVAL,
                           "%s is \"%s\": expected an absolute path", name,
                           value);
    *out = arena_strdup(&config->arena, value);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

engine_status places_environment(struct engine_config *config,
                                 engine_error *err)
{
    engine_status status = places_override(config, "SCAN_ENGINE_PLUGIN_DIR",
                                           &config->plugin_directory, err);

    if (status == ENGINE_OK)
        status = places_override(config, "SCAN_ENGINE_WORKER",
                                 &config->worker_path, err);
    return status;
}

/* $HOME, or for services without it what the system knows. */
static const char *places_home(struct engine_config *config)
{
    const char *home = places_variable("HOME");
    struct passwd entry, *found = NULL;
    char room[4096];

    if (home)
        return home;
    if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) != 0 ||
        !found || found->pw_dir[0] != '/')
        return NULL;
    return arena_strdup(&config->arena, found->pw_dir);
}

/* $VARIABLE, or a directory under the home. Never under /tmp, where anybody
 * could have made it first. */
static engine_status places_user(struct engine_config *config,
                                 const char *variable, const char *under_home,
                                 const char *setting, const char **out,
                                 engine_error *err)
{
    const char *home;

    *out = places_variable(variable);
    if (*out)
        return ENGINE_OK;
    home = places_home(config);
    if (!home) {
        engine_fail(err, ENGINE_EINVAL,
                    "there is no %s, and this user has no home", setting);
        engine_hint(err, "set %s in the configuration, or $%s", setting,
                    variable);
        return ENGINE_EINVAL;
    }
    *out = arena_strf(&config->arena, "%s/%s", home, under_home);
    return *out ? ENGINE_OK : engine_fail_memory(err);
}

static const char *places_run(struct engine_config *config)
{
    const char *parent = places_variable("TMPDIR");

    return arena_strf(&config->arena, "%s/scan-engine-%ld",
                      parent ? parent : "/tmp", (long)geteuid());
}

/* A service without a home has its cache. */
static const char *places_spool(struct engine_config *config)
{
    const char *base = NULL;

    if (places_user(config, "XDG_STATE_HOME", ".local/state",
                    "spool.directory", &base, NULL) < 0)
        return arena_strf(&config->arena, "%s/spool", config->cache_directory);
    return arena_strf(&config->arena, "%s/scan-engine/spool", base);
}

engine_status places_finish(struct engine_config *config, engine_error *err)
{
    struct arena *arena = &config->arena;
    engine_status status = ENGINE_OK;
    const char *base = NULL;

    if (!config->store_uri) {
        status = places_user(config, "XDG_DATA_HOME", ".local/share", "store",
                             &base, err);
        if (status < 0)
            return status;
        config->store_uri =
            arena_strf(arena, "sqlite:%s/scan-engine/engine.db", base);
    }
    if (!config->cache_directory) {
        status = places_user(config, "XDG_CACHE_HOME", ".cache",
                             "cache_directory", &base, err);
        if (status < 0)
            return status;
        config->cache_directory = arena_strf(arena, "%s/scan-engine", base);
    }
    if (!config->spool_directory)
        config->spool_directory = places_spool(config);
    if (!config->run_directory)
        config->run_directory = places_run(config);
    if (!config->server_archive_directory && config->cache_directory)
        config->server_archive_directory =
            arena_strf(arena, "%s/archives", config->cache_directory);
    if (!config->store_uri || !config->cache_directory ||
        !config->spool_directory || !config->run_directory ||
        !config->server_archive_directory)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

engine_status places_find(const char *path, const char **out, engine_error *err)
{
    static const char *const system_files[] = {
        SCAN_ENGINE_SYSCONFDIR "/engine.conf", PLACES_SYSTEM_FILE};
    const char *variable = getenv("SCAN_ENGINE_CONFIG");

    *out = NULL;
    if (path && !*path)
        return engine_fail(err, ENGINE_EINVAL,
                           "the name of the configuration file is empty");
    if (!path && variable && *variable)
        path = variable;
    for (size_t i = 0; !path && i < 2; i++)
        if (access(system_files[i], F_OK) == 0 || errno == EACCES)
            path = system_files[i];
    *out = path;
    return ENGINE_OK;
}

engine_status config_private_directory(const char *path, engine_error *err)
{
    struct stat info;
    engine_status status = file_make_directory(path, err);

    if (status < 0)
        return status;
    if (lstat(path, &info) < 0)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not look at \"%s\": %s", path,
                           strerror(errno));
    if (S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
        !(info.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)))
        return ENGINE_OK; /* workers of another user may pass */
    engine_fail(err, ENGINE_EDENIED,
                "\"%s\" is not a directory that only this user can list",
                path);
    engine_hint(err, "remove it, or set run_directory to another one");
    return ENGINE_EDENIED;
}
