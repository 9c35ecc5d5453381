/* SPDX-License-Identifier: Apache-2.0 */
/* setting.c - checks settings against option tables and keeps their values. */
#include "engine/config/setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/config/nearest.h"

const char *setting_file(const struct config_reader *reader,
                         const config_setting_t *setting)
{
    const char *file = config_setting_source_file(setting);

    return file ? file : reader->file; /* NULL: not an included one */
}

engine_status setting_fail(const struct config_reader *reader,
                           const config_setting_t *setting, const char *format,
                           ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return engine_fail(reader->err, ENGINE_EPARSE, "%s:%u: %s",
                       setting_file(reader, setting),
                       config_setting_source_line(setting), text);
}

static engine_status setting_fail_unknown(const struct config_reader *reader,
                                          const config_setting_t *setting,
                                          const struct option_table *table)
{
    const char *name = config_setting_name(setting);
    struct nearest nearest;
    char known[ENGINE_HINT_MAX] = "";
    size_t used = 0;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < table->count && used < sizeof(known); i++) {
        nearest_offer(&nearest, table->options[i].name);
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
                                 i ? ", " : "", table->options[i].name);
    }
    setting_fail(reader, setting, "unknown option \"%s\" in %s", name,
                 table->name[0] ? table->name : "the file");
    if (nearest.best)
        engine_hint(reader->err, "did you mean \"%s\"?", nearest.best);
    else
        engine_hint(reader->err, "known here: %s", known);
    return ENGINE_EPARSE;
}

static engine_status setting_check_number(const struct config_reader *reader,
                                          const config_setting_t *setting,
                                          const struct option *option)
{
    long long value = config_setting_get_int64(setting);
    char wanted[160];

    if (value >= option->minimum && value <= option->maximum)
        return ENGINE_OK;
    option_describe(option, wanted, sizeof(wanted));
    return setting_fail(reader, setting, "%s is %lld: expected %s",
                        option->name, value, wanted);
}

static engine_status setting_check_choice(const struct config_reader *reader,
                                          const config_setting_t *setting,
                                          const struct option *option)
{
    const char *value = config_setting_get_string(setting);
    char wanted[160];

    for (size_t i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], value) == 0)
            return ENGINE_OK;
    option_describe(option, wanted, sizeof(wanted));
    return setting_fail(reader, setting, "%s is \"%s\": expected %s",
                        option->name, value, wanted);
}

static bool setting_has_type(const config_setting_t *setting,
                             enum option_type type)
{
    int is = config_setting_type(setting);

    switch (type) {
    case OPTION_TEXT:
    case OPTION_DIRECTORY:
    case OPTION_CHOICE:
        return is == CONFIG_TYPE_STRING;
    case OPTION_NUMBER:
        return is == CONFIG_TYPE_INT || is == CONFIG_TYPE_INT64;
    case OPTION_BOOL:
        return is == CONFIG_TYPE_BOOL;
    case OPTION_TEXTS:
        return is == CONFIG_TYPE_STRING || is == CONFIG_TYPE_ARRAY ||
               is == CONFIG_TYPE_LIST;
    case OPTION_GROUP:
        return is == CONFIG_TYPE_GROUP;
    case OPTION_LIST:
        return is == CONFIG_TYPE_LIST || is == CONFIG_TYPE_ARRAY;
    case OPTION_DOCUMENT:
        return is == CONFIG_TYPE_GROUP || is == CONFIG_TYPE_STRING;
    }
    return false;
}

static engine_status setting_check_texts(const struct config_reader *reader,
                                         const config_setting_t *setting)
{
    int count = config_setting_type(setting) == CONFIG_TYPE_STRING
                    ? 0
                    : config_setting_length(setting);

    for (int i = 0; i < count; i++)
        if (config_setting_type(config_setting_get_elem(
                setting, (unsigned)i)) != CONFIG_TYPE_STRING)
            return setting_fail(reader, setting,
                                "%s holds something else than text",
                                config_setting_name(setting));
    return ENGINE_OK;
}

static engine_status setting_check(const struct config_reader *reader,
                                   const config_setting_t *setting,
                                   const struct option *option)
{
    char wanted[160];

    if (!setting_has_type(setting, option->type)) {
        option_describe(option, wanted, sizeof(wanted));
        return setting_fail(reader, setting, "%s: expected %s", option->name,
                            wanted);
    }
    if (option->type == OPTION_NUMBER)
        return setting_check_number(reader, setting, option);
    if (option->type == OPTION_CHOICE)
        return setting_check_choice(reader, setting, option);
    if (option->type == OPTION_TEXTS)
        return setting_check_texts(reader, setting);
    if (option->type == OPTION_DIRECTORY &&
        config_setting_get_string(setting)[0] != '/')
        return setting_fail(reader, setting,
                            "%s is \"%s\": expected an absolute path",
                            option->name, config_setting_get_string(setting));
    return ENGINE_OK;
}

engine_status setting_check_group(const struct config_reader *reader,
                                  const config_setting_t *group,
                                  const struct option_table *table)
{
    int count = config_setting_length(group);

    for (int i = 0; i < count; i++) {
        const config_setting_t *setting =
            config_setting_get_elem(group, (unsigned)i);
        const struct option *option =
            option_find(table, config_setting_name(setting));
        engine_status status;

        if (!option)
            return setting_fail_unknown(reader, setting, table);
        status = setting_check(reader, setting, option);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

/* ---- keeping ------------------------------------------------------------- */

static engine_status setting_keep_text(const struct config_reader *reader,
                                       const struct option *option,
                                       const char *value)
{
    char *copy = arena_strdup(&reader->config->arena, value);

    if (!copy)
        return engine_fail_memory(reader->err);
    *(const char **)(void *)((char *)reader->config + option->offset) = copy;
    return ENGINE_OK;
}

/* The two numbers that are no int64_t in struct engine_config. */
static void setting_keep_number(const struct config_reader *reader,
                                const struct option *option, int64_t value)
{
    if (option->offset == offsetof(struct engine_config, workers))
        reader->config->workers = (uint32_t)value;
    else
        *(int64_t *)(void *)((char *)reader->config + option->offset) = value;
}

static void setting_keep_level(const struct config_reader *reader,
                               const char *value)
{
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (strcmp(log_level_name((enum log_level)level), value) == 0)
            reader->config->log_level = (enum log_level)level;
}

engine_status setting_apply(const struct config_reader *reader,
                            const config_setting_t *group,
                            const struct option_table *table)
{
    engine_status status = ENGINE_OK;
    int count = config_setting_length(group);

    for (int i = 0; i < count && status == ENGINE_OK; i++) {
        const config_setting_t *setting =
            config_setting_get_elem(group, (unsigned)i);
        const struct option *option =
            option_find(table, config_setting_name(setting));

        if (!option)
            continue;
        if (option->type == OPTION_TEXT || option->type == OPTION_DIRECTORY)
            status = setting_keep_text(reader, option,
                                       config_setting_get_string(setting));
        else if (option->type == OPTION_NUMBER)
            setting_keep_number(reader, option,
                                config_setting_get_int64(setting));
        else if (option->type == OPTION_CHOICE &&
                 option->offset != offsetof(struct engine_config, log_level))
            status = setting_keep_text(reader, option,
                                       config_setting_get_string(setting));
        else if (option->type == OPTION_CHOICE)
            setting_keep_level(reader, config_setting_get_string(setting));
    }
    return status;
}
