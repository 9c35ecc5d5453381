/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads the configuration file: parse, check, keep. */
#include "engine/config/config.h"

#include <libconfig.h>
#include <string.h>

#include "engine/config/places.h"
#include "engine/config/prescan.h"
#include "engine/config/setting.h"
#include "sdk/base/alloc.h"

#define CONFIG_TEXT "configuration" /* stands for a file's name */
#define CONFIG_ARENA_MAX ((size_t)64 * 1024 * 1024)

static const config_setting_t *config_member(const config_setting_t *root,
                                             const char *name)
{
    return config_setting_get_member(root, name);
}

static engine_status config_keep_server(const struct config_reader *reader,
                                        const config_setting_t *server)
{
    const config_setting_t *tls = config_member(server, "tls");
    engine_status status =
        setting_check_group(reader, server, &option_table_server);

    if (status == ENGINE_OK && tls)
        status = setting_check_group(reader, tls, &option_table_server_tls);
    if (status == ENGINE_OK)
        status = setting_apply(reader, server, &option_table_server);
    if (status == ENGINE_OK && tls)
        status = setting_apply(reader, tls, &option_table_server_tls);
    return status;
}

static engine_status config_keep(const struct config_reader *reader,
                                 const config_setting_t *root)
{
    const config_setting_t *limits = config_member(root, "limits");
    const config_setting_t *scan = config_member(root, "scan");
    const config_setting_t *server = config_member(root, "server");
    const config_setting_t *spool = config_member(root, "spool");
    engine_status status;

    status = setting_check_group(reader, root, &option_table_engine);
    if (status == ENGINE_OK && limits)
        status = setting_check_group(reader, limits, &option_table_limits);
    if (status == ENGINE_OK && server)
        status = config_keep_server(reader, server);
    if (status == ENGINE_OK && spool)
        status = setting_check_group(reader, spool, &option_table_spool);
    if (status == ENGINE_OK)
        status = setting_apply(reader, root, &option_table_engine);
    if (status == ENGINE_OK && limits)
        status = setting_apply(reader, limits, &option_table_limits);
    if (status == ENGINE_OK && spool)
        status = setting_apply(reader, spool, &option_table_spool);
    /* before plugins: their paths depend on it */
    if (status == ENGINE_OK)
        status = places_environment(reader->config, reader->err);
    if (status == ENGINE_OK)
        status = user_read(reader, config_member(root, "user"),
                           &reader->config->worker_user);
    if (status == ENGINE_OK)
        status = plugins_read(reader, config_member(root, "plugins"),
                              config_member(root, "options"));
    if (status == ENGINE_OK && scan)
        status = scan_read(reader, scan);
    return status;
}

static engine_status config_fail_parse(const config_t *parsed, const char *path,
                                       engine_error *err)
{
    const char *file = config_error_file(parsed);
    const char *text = config_error_text(parsed);

    engine_fail(err, ENGINE_EPARSE, "%s:%d: %s", file ? file : path,
                config_error_line(parsed), text ? text : "not understood");
    if (text && strcmp(text, "syntax error") == 0)
        engine_hint(err, "a setting is name = value; lists are ( ), groups "
                         "{ }, text stands in double quotes");
    return ENGINE_EPARSE;
}

static engine_status config_parse(const char *path, const char *text,
                                  struct engine_config *config,
                                  engine_error *err)
{
    struct config_reader reader = {.file = path, .config = config, .err = err};
    const char *slash = strrchr(path, '/');
    char *directory = slash ? engine_strndup(path, (size_t)(slash - path) + 1)
                            : engine_strdup(".");
    config_t parsed;
    engine_status status;

    if (!directory)
        return engine_fail_memory(err);
    config_init(&parsed);
    config_set_include_dir(&parsed, directory);
    if (config_read_string(&parsed, text))
        status = config_keep(&reader, config_root_setting(&parsed));
    else
        status = config_fail_parse(&parsed, path, err);
    config_destroy(&parsed);
    engine_free(directory);
    return status;
}

static engine_status config_read_into(const char *path,
                                      struct engine_config *config,
                                      engine_error *err)
{
    char *text = NULL;
    engine_status status = prescan_file(path, &text, err);

    if (status < 0)
        return status;
    config->file = arena_strdup(&config->arena, path);
    status = config->file ? config_parse(path, text, config, err)
                          : engine_fail_memory(err);
    engine_free(text);
    return status;
}

static engine_status config_read_text(const char *text,
                                      struct engine_config *config,
                                      engine_error *err)
{
    engine_status status = prescan_memory(CONFIG_TEXT, text, err);

    if (status < 0)
        return status;
    config->file = CONFIG_TEXT;
    return config_parse(CONFIG_TEXT, text, config, err);
}

/* A file, or text in memory, or neither. */
static engine_status config_make(const char *path, const char *text,
                                 struct engine_config *out, engine_error *err)
{
    struct config_reader reader = {.file = "", .err = err};
    struct engine_config config;
    engine_status status;

    memset(&config, 0, sizeof(config));
    arena_init(&config.arena, CONFIG_ARENA_MAX);
    bson_init(&config.scan);
    bson_init(&config.scan_lines);
    reader.config = &config;
    status = places_defaults(&config, err);
    if (status == ENGINE_OK && path)
        status = config_read_into(path, &config, err);
    else if (status == ENGINE_OK && text)
        status = config_read_text(text, &config, err);
    else if (status == ENGINE_OK)
        status = plugins_read(&reader, NULL, NULL);
    if (status == ENGINE_OK)
        status = places_finish(&config, err);
    if (status < 0) {
        config_unload(&config);
        return status;
    }
    *out = config;
    /* a grown bson_t points into itself: it is moved, never copied */
    bson_steal(&out->scan, &config.scan);
    bson_steal(&out->scan_lines, &config.scan_lines);
    return ENGINE_OK;
}

engine_status config_load(const char *path, struct engine_config *out,
                          engine_error *err)
{
    const engine_status status = places_find(path, &path, err);

    return status < 0 ? status : config_make(path, NULL, out, err);
}

engine_status config_load_text(const char *text, struct engine_config *out,
                               engine_error *err)
{
    return config_make(NULL, text, out, err);
}

void config_unload(struct engine_config *config)
{
    for (size_t i = 0; i < config->plugins_count; i++) {
        bson_destroy((bson_t *)config->plugins[i].options);
        bson_destroy((bson_t *)config->plugins[i].option_lines);
        bson_destroy((bson_t *)config->plugins[i].limits);
    }
    bson_destroy(&config->scan);
    bson_destroy(&config->scan_lines);
    arena_clear(&config->arena);
    memset(config, 0, sizeof(*config));
    bson_init(&config->scan);
    bson_init(&config->scan_lines);
}
