/* SPDX-License-Identifier: Apache-2.0 */
/* plugins.c - which plugins the configuration names, and their options. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/config/setting.h"
#include "sdk/base/alloc.h"

#define PLUGINS_MAX 256

/* What configure built, as one text of names with spaces between. */
#ifndef SCAN_ENGINE_PLUGINS
#define SCAN_ENGINE_PLUGINS "oscap"
#endif

/* A name is also the start of a C symbol and a file's name. */
static bool plugins_name_is_good(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > 64 || isdigit((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' &&
            name[i] != '-')
            return false;
    return true;
}

static struct plugin_spec *plugins_find(struct engine_config *config,
                                        const char *name)
{
    for (size_t i = 0; i < config->plugins_count; i++)
        if (strcmp(config->plugins[i].name, name) == 0)
            return &config->plugins[i];
    return NULL;
}

/* Adds a plugin; *out may be NULL. `setting` is NULL for built-in names. */
static engine_status plugins_add(const struct config_reader *reader,
                                 const config_setting_t *setting,
                                 const char *name, const char *path,
                                 struct plugin_spec **out)
{
    struct engine_config *config = reader->config;
    struct plugin_spec *spec = &config->plugins[config->plugins_count];

    if (plugins_find(config, name))
        return setting_fail(reader, setting, "plugin \"%s\" is named twice",
                            name);
    if (config->plugins_count == PLUGINS_MAX)
        return setting_fail(reader, setting, "more than %d plugins",
                            PLUGINS_MAX);
    spec->user = config->worker_user;
    spec->name = arena_strdup(&config->arena, name);
    spec->path = path ? arena_strdup(&config->arena, path)
                      : arena_strf(&config->arena, "%s/%s.so",
                                   config->plugin_directory, name);
    if (setting) {
        spec->file =
            arena_strdup(&config->arena, setting_file(reader, setting));
        spec->line = config_setting_source_line(setting);
    }
    if (!spec->name || !spec->path || (setting && !spec->file))
        return engine_fail_memory(reader->err);
    config->plugins_count++;
    if (out)
        *out = spec;
    return ENGINE_OK;
}

/* ---- "*" ----------------------------------------------------------------- */

static int plugins_is_module(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && dot != entry->d_name && strcmp(dot, ".so") == 0;
}

static engine_status plugins_add_all(const struct config_reader *reader,
                                     const config_setting_t *setting)
{
    const char *directory = reader->config->plugin_directory;
    struct dirent **entries = NULL;
    engine_status status = ENGINE_OK;
    int count = scandir(directory, &entries, plugins_is_module, alphasort);

    if (count < 0)
        return setting_fail(reader, setting,
                            "could not list the plugin directory \"%s\": %s",
                            directory, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;

        *strrchr(name, '.') = '\0';
        /* those that have an entry of their own keep it */
        if (status == ENGINE_OK && plugins_name_is_good(name) &&
            !plugins_find(reader->config, name))
            status = plugins_add(reader, setting, name, NULL, NULL);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* ---- one entry ----------------------------------------------------------- */

/* A list of texts, or one; NULL stays NULL. */
static engine_status plugins_read_texts(const struct config_reader *reader,
                                        const config_setting_t *setting,
                                        const char *const **out)
{
    bool one = setting && config_setting_type(setting) == CONFIG_TYPE_STRING;
    int count = one ? 1 : setting ? config_setting_length(setting) : 0;
    const char **texts = arena_alloc(&reader->config->arena,
                                     ((size_t)count + 1) * sizeof(*texts));

    if (!setting)
        return ENGINE_OK;
    if (!texts)
        return engine_fail_memory(reader->err);
    for (int i = 0; i < count; i++) {
        const char *text = one ? config_setting_get_string(setting)
                               : config_setting_get_string_elem(setting, i);

        texts[i] = arena_strdup(&reader->config->arena, text);
        if (!texts[i])
            return engine_fail_memory(reader->err);
    }
    *out = texts;
    return ENGINE_OK;
}

/* Those that are set; conduct_limits lays them over those of all plugins. */
static engine_status plugins_read_limits(const struct config_reader *reader,
                                         const config_setting_t *group,
                                         struct plugin_spec *spec)
{
    const int count = config_setting_length(group);
    engine_status status =
        setting_check_group(reader, group, &option_table_limits);

    if (status < 0)
        return status;
    spec->limits = bson_new();
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting =
            config_setting_get_elem(group, (unsigned)i);

        bson_append_int64((bson_t *)spec->limits, config_setting_name(setting),
                          -1, config_setting_get_int64(setting));
    }
    return ENGINE_OK;
}

static bool plugins_sha256_is_good(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static engine_status plugins_keep_sha256(const struct config_reader *reader,
                                         const config_setting_t *group,
                                         const char *text,
                                         struct plugin_spec *spec)
{
    char *copy;

    if (!plugins_sha256_is_good(text))
        return setting_fail(reader, group,
                            "sha256 is \"%s\": expected 64 hexadecimal "
                            "digits",
                            text);
    copy = arena_strdup(&reader->config->arena, text);
    if (!copy)
        return engine_fail_memory(reader->err);
    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    spec->sha256 = copy;
    return ENGINE_OK;
}

static engine_status plugins_read_group(const struct config_reader *reader,
                                        const config_setting_t *group)
{
    const char *name = NULL, *path = NULL, *sha256 = NULL;
    const config_setting_t *limits, *user;
    struct plugin_spec *spec;
    engine_status status;

    status = setting_check_group(reader, group, &option_table_plugin);
    if (status < 0)
        return status;
    config_setting_lookup_string(group, "name", &name);
    config_setting_lookup_string(group, "path", &path);
    config_setting_lookup_string(group, "sha256", &sha256);
    limits = config_setting_get_member(group, "limits");
    user = config_setting_get_member(group, "user");
    if (!name || !plugins_name_is_good(name))
        return setting_fail(reader, group,
                            "a plugin needs a name of letters, digits, _ "
                            "and -, not \"%s\"",
                            name ? name : "");
    status = plugins_add(reader, group, name, path, &spec);
    if (status == ENGINE_OK && sha256)
        status = plugins_keep_sha256(reader, group, sha256, spec);
    if (status == ENGINE_OK)
        status = plugins_read_texts(
            reader, config_setting_get_member(group, "types"), &spec->types);
    if (status == ENGINE_OK)
        status = plugins_read_texts(
            reader, config_setting_get_member(group, "reads"), &spec->reads);
    if (status == ENGINE_OK)
        status = plugins_read_texts(
            reader, config_setting_get_member(group, "writes"), &spec->writes);
    if (status == ENGINE_OK && limits)
        status = plugins_read_limits(reader, limits, spec);
    if (status == ENGINE_OK && user)
        status = user_read(reader, user, &spec->user);
    return status;
}

static engine_status plugins_read_one(const struct config_reader *reader,
                                      const config_setting_t *list,
                                      const config_setting_t *setting)
{
    const char *name;

    if (config_setting_type(setting) == CONFIG_TYPE_GROUP)
        return plugins_read_group(reader, setting);
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return setting_fail(reader, list, "plugins must hold names or groups");
    name = config_setting_get_string(setting);
    if (strcmp(name, "*") == 0)
        return ENGINE_OK; /* after all others, which win */
    if (!plugins_name_is_good(name)) {
        setting_fail(reader, list, "\"%s\" is no name of a plugin", name);
        engine_hint(reader->err, "for a file elsewhere write "
                                 "{ name = \"x\"; path = \"/opt/x/x.so\"; }");
        return ENGINE_EPARSE;
    }
    return plugins_add(reader, setting, name, NULL, NULL);
}

static engine_status plugins_read_list(const struct config_reader *reader,
                                       const config_setting_t *list)
{
    const config_setting_t *star = NULL;
    int count = config_setting_length(list);
    engine_status status = ENGINE_OK;

    for (int i = 0; i < count && status == ENGINE_OK; i++) {
        const config_setting_t *setting =
            config_setting_get_elem(list, (unsigned)i);

        if (config_setting_type(setting) == CONFIG_TYPE_STRING &&
            strcmp(config_setting_get_string(setting), "*") == 0)
            star = setting;
        status = plugins_read_one(reader, list, setting);
    }
    if (status == ENGINE_OK && star)
        status = plugins_add_all(reader, star);
    return status;
}

static engine_status plugins_add_built(const struct config_reader *reader)
{
    char *names = engine_strdup(SCAN_ENGINE_PLUGINS);
    char *rest = NULL;
    engine_status status = ENGINE_OK;

    if (!names)
        return engine_fail_memory(reader->err);
    for (char *name = strtok_r(names, " ", &rest); name && status == ENGINE_OK;
         name = strtok_r(NULL, " ", &rest))
        status = plugins_add(reader, NULL, name, NULL, NULL);
    engine_free(names);
    return status;
}

/* ---- options ------------------------------------------------------------- */

/* Options of one plugin as a flat document; the plugin's own table, which
 * only the plugin knows, checks them later. */
static engine_status plugins_read_options(const struct config_reader *reader,
                                          const config_setting_t *group)
{
    const char *name = config_setting_name(group);
    struct plugin_spec *spec = plugins_find(reader->config, name);
    int count;

    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return setting_fail(reader, group,
                            "options.%s: expected a group, { ... }", name);
    if (!spec) {
        setting_fail(reader, group,
                     "options for \"%s\", which is not among "
                     "the plugins",
                     name);
        engine_hint(reader->err, "add it to plugins = ( ... )");
        return ENGINE_EPARSE;
    }
    spec->options = bson_new();
    spec->option_lines = bson_new();
    if (!spec->file) {
        spec->file =
            arena_strdup(&reader->config->arena, setting_file(reader, group));
        spec->line = config_setting_source_line(group);
    }
    count = config_setting_length(group);
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting =
            config_setting_get_elem(group, (unsigned)i);
        const char *key = config_setting_name(setting);
        engine_status status;

        status = setting_to_bson(reader, setting, key, key, false,
                                 (bson_t *)spec->options,
                                 (bson_t *)spec->option_lines);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

engine_status plugins_read(const struct config_reader *reader,
                           const config_setting_t *plugins,
                           const config_setting_t *options)
{
    struct engine_config *config = reader->config;
    engine_status status;
    int count;

    config->plugins =
        arena_alloc(&config->arena, PLUGINS_MAX * sizeof(*config->plugins));
    if (!config->plugins)
        return engine_fail_memory(reader->err);
    status = plugins ? plugins_read_list(reader, plugins)
                     : plugins_add_built(reader);
    count = options ? config_setting_length(options) : 0;
    for (int i = 0; i < count && status == ENGINE_OK; i++)
        status = plugins_read_options(
            reader, config_setting_get_elem(options, (unsigned)i));
    return status;
}
