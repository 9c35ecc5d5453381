/* SPDX-License-Identifier: Apache-2.0 */
/* check_field.c - one field of an OVAL state against one scalar. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/kit/check_oval.h"
#include "sdk/kit/condition_private.h"

/* ---- texts of every type ---------------------------------------------------- */

/* As OpenSCAP reads integers: spaces and a sign may come first. */
static bool oval_integer(const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoimax(text, &end, 10);
    return !errno && end != text && !*end;
}

static bool oval_number(const char *text, double *out)
{
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    return !errno && end != text && !*end;
}

static bool oval_is_true(const char *text)
{
    return !strcmp(text, "true") || !strcmp(text, "1");
}

/* Of a state: content made by other tools has True for true. */
static bool oval_boolean(const char *text, bool *out)
{
    *out = !strcasecmp(text, "true") || !strcmp(text, "1");
    return *out || !strcasecmp(text, "false") || !strcmp(text, "0");
}

/* ---- preparing a field ------------------------------------------------------ */

static bool oval_goes_with(enum oval_datatype datatype,
                           enum oval_operation operation)
{
    if (operation == OVAL_EQUALS || operation == OVAL_NOT_EQUAL)
        return true;
    switch (datatype) {
    case OVAL_STRING:
        return operation == OVAL_PATTERN_MATCH ||
               operation == OVAL_IEQUALS || operation == OVAL_INOT_EQUAL;
    case OVAL_INT:
        return operation >= OVAL_GREATER && operation <= OVAL_BITWISE_OR;
    case OVAL_FLOAT:
        return operation >= OVAL_GREATER &&
               operation <= OVAL_LESS_OR_EQUAL;
    default:
        return false;
    }
}

engine_status oval_field_prepare(struct oval_field *field, engine_error *err)
{
    static const char *const types[] = {"string", "int", "float", "boolean"};
    const char *type = types[field->datatype];
    bool valid = true;

    if (!oval_goes_with(field->datatype, field->operation))
        return engine_fail(err, ENGINE_EINVAL,
                           "operation \"%s\" does not go with type %s",
                           oval_operation_name(field->operation), type);
    if (field->operation == OVAL_PATTERN_MATCH)
        return pattern_new(field->value, NULL, &field->pattern, err);
    if (field->datatype == OVAL_INT)
        valid = oval_integer(field->value, &field->integer);
    else if (field->datatype == OVAL_FLOAT)
        valid = oval_number(field->value, &field->number);
    else if (field->datatype == OVAL_BOOLEAN)
        valid = oval_boolean(field->value, &field->boolean);
    return valid ? ENGINE_OK
                 : engine_fail(err, ENGINE_EINVAL,
                               "value \"%.60s\" is not of type %s",
                               field->value, type);
}

/* ---- comparing -------------------------------------------------------------- */

static enum oval_result oval_truth(bool holds)
{
    return holds ? OVAL_TRUE : OVAL_FALSE;
}

static enum oval_result oval_by_order(enum oval_operation operation, int order)
{
    switch (operation) {
    case OVAL_EQUALS:
        return oval_truth(order == 0);
    case OVAL_NOT_EQUAL:
        return oval_truth(order != 0);
    case OVAL_GREATER:
        return oval_truth(order > 0);
    case OVAL_LESS:
        return oval_truth(order < 0);
    case OVAL_GREATER_OR_EQUAL:
        return oval_truth(order >= 0);
    default:
        return oval_truth(order <= 0);
    }
}

static enum oval_result oval_test_integer(const struct oval_field *field,
                                          const char *text)
{
    int64_t number;

    if (!oval_integer(text, &number))
        return OVAL_ERROR;
    if (field->operation == OVAL_BITWISE_AND)
        return oval_truth((number & field->integer) == field->integer);
    if (field->operation == OVAL_BITWISE_OR)
        return oval_truth((number | field->integer) == field->integer);
    return oval_by_order(field->operation, (number > field->integer) -
                                               (number < field->integer));
}

/* Equal within a billionth, as OpenSCAP has it. */
static enum oval_result oval_test_number(const struct oval_field *field,
                                         const char *text)
{
    const double wanted = field->number;
    double number, larger;
    int order;

    if (!oval_number(text, &number))
        return OVAL_ERROR;
    larger = fabs(number) > fabs(wanted) ? fabs(number) : fabs(wanted);
    order = (number > wanted) - (number < wanted);
    if (order && fabs(number - wanted) / larger <= 0.000000001)
        order = 0;
    return oval_by_order(field->operation, order);
}

static engine_status oval_test_pattern(const struct oval_field *field,
                                       const struct condition_text *text,
                                       enum oval_result *out,
                                       engine_error *err)
{
    bool found;
    engine_status status =
        pattern_find(field->pattern, text->text, text->len, &found, err);

    if (status == ENGINE_ENOMEM)
        return status;
    *out = status < 0 ? OVAL_ERROR : oval_truth(found);
    return ENGINE_OK;
}

/* 10m0s and 600, where numbers are seconds. */
static bool oval_same_duration(const struct oval_field *field,
                               const char *text)
{
    bool unit, other;
    int64_t a, b;

    return field->duration &&
           oval_duration(text, field->seconds, &unit, &a) &&
           oval_duration(field->value, field->seconds, &other, &b) &&
           (unit || other) && a == b;
}

static enum oval_result oval_test_string(const struct oval_field *field,
                                         const struct condition_text *text)
{
    const bool blind = field->operation == OVAL_IEQUALS ||
                       field->operation == OVAL_INOT_EQUAL;
    const bool negative = field->operation == OVAL_NOT_EQUAL ||
                          field->operation == OVAL_INOT_EQUAL;
    bool same = text->len == strlen(field->value);

    if (same)
        same = blind ? !strncasecmp(text->text, field->value, text->len)
                     : !memcmp(text->text, field->value, text->len);
    same = same || oval_same_duration(field, text->text);
    return oval_truth(same != negative);
}

engine_status oval_field_test(const struct oval_field *field,
                              const struct value *value,
                              enum oval_result *out, engine_error *err)
{
    struct condition_text text;

    if (!condition_text(value, &text)) {
        text.text = "(null)";
        text.len = strlen(text.text);
    }
    if (field->operation == OVAL_PATTERN_MATCH)
        return oval_test_pattern(field, &text, out, err);
    if (field->datatype == OVAL_INT)
        *out = oval_test_integer(field, text.text);
    else if (field->datatype == OVAL_FLOAT)
        *out = oval_test_number(field, text.text);
    else if (field->datatype == OVAL_BOOLEAN)
        *out = oval_truth((oval_is_true(text.text) == field->boolean) ==
                          (field->operation == OVAL_EQUALS));
    else
        *out = oval_test_string(field, &text);
    return ENGINE_OK;
}

/* Keys of a state may be escaped as OVAL has them: ^ and the lower case
 * letter for an upper case one. */
bool oval_field_is(const struct oval_field *field, const char *key,
                   size_t len)
{
    const char *at = field->key;

    if (!key)
        return !strcmp(at, "#");
    if (strlen(at) == len && !memcmp(at, key, len))
        return true;
    for (size_t i = 0; i < len; i++, at++) {
        const bool upper = key[i] >= 'A' && key[i] <= 'Z';

        if ((upper || key[i] == '^') && *at++ != '^')
            return false;
        if (*at != (upper ? key[i] + ('a' - 'A') : key[i]))
            return false;
    }
    return !*at;
}
