/* SPDX-License-Identifier: Apache-2.0 */
/* setting.h - libconfig settings checked against option tables and turned
 * into plain data; private to engine/config. */
#ifndef ENGINE_CONFIG_SETTING_H
#define ENGINE_CONFIG_SETTING_H

#include <bson/bson.h>
#include <libconfig.h>
#include <stdbool.h>

#include "engine/config/config.h"
#include "engine/config/option.h"

/** Where the reading is: the file for messages, and where errors go. */
struct config_reader {
    const char *file;
    struct engine_config *config;
    engine_error *err;
};

/** Fails with "file:line: ..." of a setting. */
engine_status setting_fail(const struct config_reader *reader,
                           const config_setting_t *setting, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

const char *setting_file(const struct config_reader *reader,
                         const config_setting_t *setting);

/** Checks names, types and ranges of a group's settings. */
engine_status setting_check_group(const struct config_reader *reader,
                                  const config_setting_t *group,
                                  const struct option_table *table);

/** Stores the group's plain settings in reader->config. */
engine_status setting_apply(const struct config_reader *reader,
                            const config_setting_t *group,
                            const struct option_table *table);

/**
 * Appends a setting's value as `key` and notes lines as {path: line}. `texts`:
 * scalars become strings, as variables want them.
 */
engine_status setting_to_bson(const struct config_reader *reader,
                              const config_setting_t *setting, const char *key,
                              const char *path, bool texts, bson_t *out,
                              bson_t *lines);

/** Fills config->plugins; `plugins` and `options` may be NULL. */
engine_status plugins_read(const struct config_reader *reader,
                           const config_setting_t *plugins,
                           const config_setting_t *options);

/** The user that a setting names, resolved; NULL: as the engine. */
engine_status user_read(const struct config_reader *reader,
                        const config_setting_t *setting,
                        const struct plugin_user **out);

/** Fills config->scan and scan_lines. */
engine_status scan_read(const struct config_reader *reader,
                        const config_setting_t *group);

#endif
