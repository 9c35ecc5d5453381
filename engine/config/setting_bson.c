/* SPDX-License-Identifier: Apache-2.0 */
/* setting_bson.c - settings as BSON documents, with the lines they are on. */
#include <stdio.h>
#include <string.h>

#include "engine/config/setting.h"
#include "sdk/document/document.h"

#define SETTING_MAX_DEPTH 32 /* nesting inside scan and options */
#define SETTING_MAX_PATH 1024

static engine_status setting_append(const struct config_reader *reader,
                                    const config_setting_t *setting,
                                    const char *key, const char *path,
                                    bool texts, int depth, bson_t *out,
                                    bson_t *lines);

static engine_status setting_append_children(const struct config_reader *reader,
                                             const config_setting_t *setting,
                                             const char *path, bool texts,
                                             int depth, bson_t *out,
                                             bson_t *lines)
{
    int count = config_setting_length(setting);

    for (int i = 0; i < count; i++) {
        const config_setting_t *child =
            config_setting_get_elem(setting, (unsigned)i);
        const char *name = config_setting_name(child);
        char number[16], child_path[SETTING_MAX_PATH];
        engine_status status;

        snprintf(number, sizeof(number), "%d", i);
        name = name ? name : number;
        if ((size_t)snprintf(child_path, sizeof(child_path), "%s.%s", path,
                             name) >= sizeof(child_path))
            return setting_fail(reader, child, "the name is too long");
        status = setting_append(reader, child, name, child_path, texts,
                                depth + 1, out, lines);
        if (status < 0)
            return status;
    }
    return ENGINE_OK;
}

static engine_status setting_append_nested(const struct config_reader *reader,
                                           const config_setting_t *setting,
                                           const char *key, const char *path,
                                           bool texts, int depth, bson_t *out,
                                           bson_t *lines)
{
    bool group = config_setting_type(setting) == CONFIG_TYPE_GROUP;
    bson_t child = BSON_INITIALIZER;
    engine_status status;
    bool fits;

    if (depth >= SETTING_MAX_DEPTH) {
        bson_destroy(&child);
        return setting_fail(reader, setting, "nested more than %d deep",
                            SETTING_MAX_DEPTH);
    }
    status = setting_append_children(reader, setting, path, texts, depth,
                                     &child, lines);
    if (status == ENGINE_OK) {
        fits = group ? bson_append_document(out, key, -1, &child)
                     : bson_append_array(out, key, -1, &child);
        if (!fits)
            status = setting_fail(reader, setting, "too large");
    }
    bson_destroy(&child);
    return status;
}

/* The shortest text that reads back as the same number. */
static void setting_print_float(double value, char *out, size_t out_size)
{
    double back = 0;

    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out, out_size, "%.*g", digits, value);
        if (sscanf(out, "%lf", &back) == 1 && back == value)
            return;
    }
}

static bool setting_append_text(const config_setting_t *setting,
                                const char *key, bson_t *out)
{
    char text[64];

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(text, sizeof(text), "%lld", config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        setting_print_float(config_setting_get_float(setting), text,
                            sizeof(text));
        break;
    default:
        snprintf(text, sizeof(text), "%s",
                 config_setting_get_bool(setting) ? "true" : "false");
    }
    return bson_append_utf8(out, key, -1, text, -1);
}

static bool setting_append_scalar(const config_setting_t *setting,
                                  const char *key, bson_t *out)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
        return bson_append_int32(out, key, -1, config_setting_get_int(setting));
    case CONFIG_TYPE_INT64:
        return bson_append_int64(out, key, -1,
                                 config_setting_get_int64(setting));
    case CONFIG_TYPE_FLOAT:
        return bson_append_double(out, key, -1,
                                  config_setting_get_float(setting));
    default:
        return bson_append_bool(out, key, -1,
                                config_setting_get_bool(setting) != 0);
    }
}

static engine_status setting_append(const struct config_reader *reader,
                                    const config_setting_t *setting,
                                    const char *key, const char *path,
                                    bool texts, int depth, bson_t *out,
                                    bson_t *lines)
{
    const char *text;
    bool fits;

    if (lines)
        bson_append_int32(lines, path, -1,
                          (int32_t)config_setting_source_line(setting));
    if (config_setting_is_aggregate(setting))
        return setting_append_nested(reader, setting, key, path, texts, depth,
                                     out, lines);
    if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
        text = config_setting_get_string(setting);
        if (!bson_utf8_validate(text, strlen(text), false))
            return setting_fail(reader, setting, "%s is not UTF-8", path);
        fits = bson_append_utf8(out, key, -1, text, -1);
    } else if (texts) {
        fits = setting_append_text(setting, key, out);
    } else {
        fits = setting_append_scalar(setting, key, out);
    }
    if (!fits)
        return setting_fail(reader, setting, "%s is too large", path);
    return ENGINE_OK;
}

engine_status setting_to_bson(const struct config_reader *reader,
                              const config_setting_t *setting, const char *key,
                              const char *path, bool texts, bson_t *out,
                              bson_t *lines)
{
    return setting_append(reader, setting, key, path, texts, 0, out, lines);
}

/* ---- scan { } ------------------------------------------------------------ */

/* A filter with $operators can only be written as JSON in a string. */
static engine_status scan_read_json(const struct config_reader *reader,
                                    const config_setting_t *setting,
                                    bson_t *out)
{
    const char *name = config_setting_name(setting);
    const char *text = config_setting_get_string(setting);
    bson_t value;
    engine_status status =
        document_from_json(text, strlen(text), name, &value, reader->err);

    if (status < 0) {
        engine_error_prefix(reader->err, "%s:%u", setting_file(reader, setting),
                            config_setting_source_line(setting));
        return status;
    }
    if (!bson_append_document(out, name, -1, &value))
        status = setting_fail(reader, setting, "%s is too large", name);
    bson_destroy(&value);
    return status;
}

/* One text stands for a list of one. */
static engine_status scan_read_texts(const struct config_reader *reader,
                                     const config_setting_t *setting,
                                     bson_t *out, bson_t *lines)
{
    const char *name = config_setting_name(setting);
    bson_t list = BSON_INITIALIZER;
    engine_status status;

    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        bson_destroy(&list);
        return setting_append_nested(reader, setting, name, name, true, 0, out,
                                     lines);
    }
    status = setting_append(reader, setting, "0", name, true, 0, &list, lines);
    if (status == ENGINE_OK && !bson_append_array(out, name, -1, &list))
        status = setting_fail(reader, setting, "%s is too large", name);
    bson_destroy(&list);
    return status;
}

static engine_status scan_check_targets(const struct config_reader *reader,
                                        const config_setting_t *group)
{
    const config_setting_t *targets =
        config_setting_get_member(group, "targets");
    int count = targets ? config_setting_length(targets) : 0;

    if (targets && config_setting_get_member(group, "target"))
        return setting_fail(reader, targets,
                            "both target and targets are given");
    for (int i = 0; i < count; i++) {
        const config_setting_t *target =
            config_setting_get_elem(targets, (unsigned)i);

        if (config_setting_type(target) != CONFIG_TYPE_GROUP) {
            setting_fail(reader, targets,
                         "targets must hold groups, such as %s",
                         "( { type = \"local\"; } )");
            return ENGINE_EPARSE;
        }
    }
    return ENGINE_OK;
}

static engine_status scan_read_one(const struct config_reader *reader,
                                   const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    const struct option *option = option_find(&option_table_scan, name);
    bson_t *out = &reader->config->scan;
    bson_t *lines = &reader->config->scan_lines;

    if (option->type == OPTION_DOCUMENT &&
        config_setting_type(setting) == CONFIG_TYPE_STRING)
        return scan_read_json(reader, setting, out);
    if (option->type == OPTION_TEXTS)
        return scan_read_texts(reader, setting, out, lines);
    return setting_to_bson(reader, setting, name, name,
                           strcmp(name, "variable_overrides") == 0, out, lines);
}

engine_status scan_read(const struct config_reader *reader,
                        const config_setting_t *group)
{
    const config_setting_t *options;
    engine_status status;
    int count = config_setting_length(group);

    status = setting_check_group(reader, group, &option_table_scan);
    if (status < 0)
        return status;
    options = config_setting_get_member(group, "options");
    if (options)
        status =
            setting_check_group(reader, options, &option_table_scan_options);
    if (status == ENGINE_OK)
        status = scan_check_targets(reader, group);
    for (int i = 0; i < count && status == ENGINE_OK; i++)
        status =
            scan_read_one(reader, config_setting_get_elem(group, (unsigned)i));
    reader->config->has_scan = status == ENGINE_OK;
    return status;
}
