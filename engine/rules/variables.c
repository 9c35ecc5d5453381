/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c - ids and values of rule variables. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/pattern.h"

#define VARIABLE_PATTERN_MAX 4096

const char *rules_variable_short(const char *id)
{
    const char *at = strncmp(id, "xccdf_", 6) == 0 ? strstr(id, "_value_")
                                                   : NULL;

    return at && at[7] ? at + 7 : id;
}

/* strtod alone would take hexadecimal, infinities and leading blanks */
static bool variable_number(const char *text, double *out)
{
    char *end = NULL;
    size_t len = strlen(text);

    if (len == 0 || strspn(text, "+-0123456789.eE") != len)
        return false;
    errno = 0;
    *out = strtod(text, &end);
    return *end == '\0' && errno == 0 && isfinite(*out);
}

/* a bound may be a number or, from YAML with quotes, its text */
static bool variable_bound(const bson_t *variable, const char *name,
                           double *out)
{
    bson_iter_t value;

    if (!bson_iter_init_find(&value, variable, name))
        return false;
    if (BSON_ITER_HOLDS_UTF8(&value))
        return variable_number(bson_iter_utf8(&value, NULL), out);
    if (!BSON_ITER_HOLDS_NUMBER(&value))
        return false;
    *out = bson_iter_as_double(&value);
    return isfinite(*out);
}

static engine_status variable_check_number(const char *id,
                                           const bson_t *variable,
                                           const char *value,
                                           engine_error *err)
{
    double number = 0, bound = 0;

    if (!variable_number(value, &number))
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": \"%s\" is not a number", id,
                           value);
    if (variable_bound(variable, "minimum", &bound) && number < bound)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": %s is less than the minimum %g",
                           id, value, bound);
    if (variable_bound(variable, "maximum", &bound) && number > bound)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": %s is more than the maximum %g",
                           id, value, bound);
    return ENGINE_OK;
}

static engine_status variable_check_length(const char *id,
                                           const bson_t *variable,
                                           const char *value,
                                           engine_error *err)
{
    double bound = 0;
    size_t len = 0;

    for (const char *at = value; *at; at++)
        len += ((unsigned char)*at & 0xc0) != 0x80; /* characters, not bytes */
    if (variable_bound(variable, "min_length", &bound) && (double)len < bound)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": \"%s\" is shorter than "
                           "min_length %g", id, value, bound);
    if (variable_bound(variable, "max_length", &bound) && (double)len > bound)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": a value of %zu characters is "
                           "longer than max_length %g", id, len, bound);
    return ENGINE_OK;
}

static void variable_list_choices(const bson_iter_t *choices,
                                  engine_error *err)
{
    char text[ENGINE_HINT_MAX - 16];
    struct name_list list;
    bson_iter_t choice;

    name_list_init(&list, text, sizeof(text));
    bson_iter_recurse(choices, &choice);
    while (bson_iter_next(&choice))
        if (BSON_ITER_HOLDS_UTF8(&choice))
            name_list_add(&list, bson_iter_utf8(&choice, NULL));
    engine_hint(err, "choices: %s", text);
}

/* a choice of a number is meant by any way of writing it */
static bool variable_same(const char *a, const char *b, bool number)
{
    double left = 0, right = 0;

    if (strcmp(a, b) == 0)
        return true;
    return number && variable_number(a, &left) &&
           variable_number(b, &right) && left == right;
}

static engine_status variable_check_choices(const char *id,
                                            const bson_t *variable,
                                            const char *value, bool number,
                                            engine_error *err)
{
    bson_iter_t choices, choice;
    bool any = false;

    if (!bson_iter_init_find(&choices, variable, "choices") ||
        !BSON_ITER_HOLDS_ARRAY(&choices))
        return ENGINE_OK;
    bson_iter_recurse(&choices, &choice);
    while (bson_iter_next(&choice)) {
        if (!BSON_ITER_HOLDS_UTF8(&choice))
            continue;
        any = true;
        if (variable_same(bson_iter_utf8(&choice, NULL), value, number))
            return ENGINE_OK;
    }
    if (!any)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EINVAL,
                "variable \"%s\": \"%s\" is not one of its choices", id,
                value);
    variable_list_choices(&choices, err);
    return ENGINE_EINVAL;
}

/* The whole value must match, as in XML Schema. */
static engine_status variable_match(const char *text, const char *value,
                                    bool *found, engine_error *err)
{
    char *whole = engine_strf("\\A(?:%s)\\z", text);
    struct pattern *pattern = NULL;
    engine_status status = whole ? pattern_new(whole, NULL, &pattern, err)
                                 : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = pattern_find(pattern, value, strlen(value), found, err);
    pattern_free(pattern);
    engine_free(whole);
    return status;
}

static engine_status variable_check_pattern(const char *id,
                                            const bson_t *variable,
                                            const char *value,
                                            engine_error *err)
{
    const char *text = document_string(variable, "pattern");
    struct pattern *pattern = NULL;
    engine_status status;
    bool found = true;

    if (!text || !*text)
        return ENGINE_OK;
    if (strlen(text) > VARIABLE_PATTERN_MAX)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": pattern is longer than %d bytes",
                           id, VARIABLE_PATTERN_MAX);
    /* by itself, so that "a)(b" is no pattern */
    status = pattern_new(text, NULL, &pattern, err);
    pattern_free(pattern);
    if (status == ENGINE_OK && value)
        status = variable_match(text, value, &found, err);
    if (status == ENGINE_ELIMIT)
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": pattern \"%s\" needs too many "
                           "steps to be matched", id, text);
    if (status < 0) {
        engine_error_prefix(err, "variable \"%s\"", id);
        return status;
    }
    return found ? ENGINE_OK
                 : engine_fail(err, ENGINE_EINVAL,
                               "variable \"%s\": \"%s\" does not match its "
                               "pattern \"%s\"", id, value, text);
}

engine_status rules_variable_check(const char *id, const bson_t *variable,
                                   const char *value, engine_error *err)
{
    const char *type = document_string(variable, "type");
    const bool number = type && strcmp(type, "number") == 0;
    engine_status status = ENGINE_OK;

    if (number)
        status = variable_check_number(id, variable, value, err);
    else if (type && strcmp(type, "boolean") == 0 &&
             strcmp(value, "true") != 0 && strcmp(value, "false") != 0 &&
             strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
        status = engine_fail(err, ENGINE_EINVAL,
                             "variable \"%s\": \"%s\" is neither true nor "
                             "false", id, value);
    if (status == ENGINE_OK)
        status = variable_check_length(id, variable, value, err);
    if (status == ENGINE_OK)
        status = variable_check_choices(id, variable, value, number, err);
    if (status == ENGINE_OK)
        status = variable_check_pattern(id, variable, value, err);
    return status;
}

static engine_status variable_check_bounds(const char *id,
                                           const bson_t *variable,
                                           const char *low, const char *high,
                                           engine_error *err)
{
    const char *const names[] = {low, high};
    double bounds[2] = {0, 0};
    bool known[2];

    for (size_t i = 0; i < 2; i++) {
        known[i] = variable_bound(variable, names[i], &bounds[i]);
        if (!known[i] && bson_has_field(variable, names[i]))
            return engine_fail(err, ENGINE_EINVAL,
                               "variable \"%s\": %s is not a number", id,
                               names[i]);
    }
    if (known[0] && known[1] && bounds[0] > bounds[1])
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": %s %g is more than %s %g", id,
                           low, bounds[0], high, bounds[1]);
    return ENGINE_OK;
}

engine_status rules_variable_declared(const char *id, const bson_t *variable,
                                      engine_error *err)
{
    const char *type = document_string(variable, "type");
    const char *value = document_string(variable, "default");
    engine_status status;

    if (!type || (strcmp(type, "string") != 0 &&
                  strcmp(type, "number") != 0 &&
                  strcmp(type, "boolean") != 0))
        return engine_fail(err, ENGINE_EINVAL,
                           "variable \"%s\": type \"%s\" is not string, "
                           "number or boolean", id, type ? type : "");
    status = variable_check_bounds(id, variable, "minimum", "maximum", err);
    if (status == ENGINE_OK)
        status = variable_check_bounds(id, variable, "min_length",
                                       "max_length", err);
    if (status == ENGINE_OK && !value)
        status = variable_check_pattern(id, variable, NULL, err);
    if (status == ENGINE_OK && value) {
        status = rules_variable_check(id, variable, value, err);
        if (status < 0)
            engine_error_prefix(err, "default");
    }
    return status;
}
