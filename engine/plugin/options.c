/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - configured options against a plugin's option table. */
#include "engine/plugin/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/document/document.h"

/* "engine.conf:12: scanner "oscap": ..."; the line of the option if known */
static engine_status options_fail(const struct plugin_spec *spec,
                                  const char *option, engine_error *err,
                                  const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static engine_status options_fail(const struct plugin_spec *spec,
                                  const char *option, engine_error *err,
                                  const char *format, ...)
{
    char text[512];
    int64_t line = spec->line;
    va_list args;

    if (spec->option_lines)
        line = document_int(spec->option_lines, option, line);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (spec->file)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%" PRId64 ": scanner \"%s\": %s", spec->file,
                           line, spec->name, text);
    return engine_fail(err, ENGINE_EINVAL, "scanner \"%s\": %s", spec->name,
                       text);
}

/* Looks a name up in the table; false: there is no such option. */
static bool options_find(const bson_t *table, const char *name, bson_t *out)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, table))
        return false;
    while (bson_iter_next(&iter)) {
        const char *known;

        if (!document_iter_child(&iter, out))
            continue;
        known = document_string(out, "name");
        if (known && strcmp(known, name) == 0)
            return true;
    }
    return false;
}

static void options_hint_known(const bson_t *table, engine_error *err)
{
    char text[ENGINE_HINT_MAX] = "";
    size_t used = 0;
    bson_iter_t iter;
    bson_t option;

    if (!bson_iter_init(&iter, table))
        return;
    while (bson_iter_next(&iter) && used < sizeof(text) - 1) {
        const char *name = NULL;

        if (document_iter_child(&iter, &option))
            name = document_string(&option, "name");
        if (name)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                     used ? ", " : "", name);
    }
    if (used)
        engine_hint(err, "known options: %s", text);
    else
        engine_hint(err, "this scanner has no options");
}

static engine_status options_check_known(const struct plugin_spec *spec,
                                         const bson_t *table,
                                         engine_error *err)
{
    bson_iter_t iter;
    bson_t option;

    if (!spec->options || !bson_iter_init(&iter, spec->options))
        return ENGINE_OK;
    while (bson_iter_next(&iter)) {
        const char *name = bson_iter_key(&iter);

        if (options_find(table, name, &option))
            continue;
        options_fail(spec, name, err, "unknown option \"%s\"", name);
        options_hint_known(table, err);
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static engine_status options_int(const struct plugin_spec *spec,
                                 const bson_t *option, bson_iter_t *value,
                                 bson_t *out, engine_error *err)
{
    const char *name = document_string(option, "name");
    const int64_t low = document_int(option, "minimum", INT64_MIN);
    const int64_t high = document_int(option, "maximum", INT64_MAX);
    int64_t number;

    if (!BSON_ITER_HOLDS_INT32(value) && !BSON_ITER_HOLDS_INT64(value))
        return options_fail(spec, name, err,
                            "option \"%s\" must be a whole number", name);
    number = bson_iter_as_int64(value);
    if (number < low || number > high)
        return options_fail(spec, name, err,
                            "option \"%s\" is %" PRId64 ", it must be from "
                            "%" PRId64 " to %" PRId64, name, number, low,
                            high);
    BSON_APPEND_INT64(out, name, number);
    return ENGINE_OK;
}

/* One configured value, by the type that the table gives it. */
static engine_status options_value(const struct plugin_spec *spec,
                                   const bson_t *option, bson_iter_t *value,
                                   bson_t *out, engine_error *err)
{
    const char *name = document_string(option, "name");
    const char *type = document_string(option, "type");

    if (!type)
        return options_fail(spec, name, err, "option \"%s\" has no type",
                            name);
    if (strcmp(type, "int") == 0)
        return options_int(spec, option, value, out, err);
    if (strcmp(type, "bool") == 0) {
        if (!BSON_ITER_HOLDS_BOOL(value))
            return options_fail(spec, name, err,
                                "option \"%s\" must be true or false", name);
        BSON_APPEND_BOOL(out, name, bson_iter_bool(value));
        return ENGINE_OK;
    }
    if (!BSON_ITER_HOLDS_UTF8(value))
        return options_fail(spec, name, err,
                            "option \"%s\" must be a text in quotes", name);
    BSON_APPEND_UTF8(out, name, bson_iter_utf8(value, NULL));
    return ENGINE_OK;
}

engine_status options_validate(const struct plugin_spec *spec,
                               const bson_t *description, bson_t *out,
                               engine_error *err)
{
    bson_t table, option;
    bson_iter_t iter, value;
    engine_status status;

    if (!document_child(description, "options", &table))
        return ENGINE_OK;
    status = options_check_known(spec, &table, err);
    if (status < 0 || !bson_iter_init(&iter, &table))
        return status;
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *name = NULL;

        if (document_iter_child(&iter, &option))
            name = document_string(&option, "name");
        if (!name)
            continue;
        if (spec->options &&
            bson_iter_init_find(&value, spec->options, name))
            status = options_value(spec, &option, &value, out, err);
        else if (bson_iter_init_find(&value, &option, "default"))
            document_copy_value(out, name, &value);
        else
            BSON_APPEND_NULL(out, name);
    }
    return status;
}
