/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_check.c - parameters against the shape of an operation's input:
 * names, types, what is required. What comes out has the model's own names.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugins/aws/model_private.h"
#include "sdk/base/clock.h"

#define CHECK_PATH 256

struct check {
    struct request *request;
    struct value_builder builder;
    char path[CHECK_PATH]; /* of the parameter, for messages */
    size_t path_len;
    int depth;
    engine_error *err;
};

static engine_status check_value(struct check *check,
                                 const struct model_member *member,
                                 const struct value *value,
                                 struct value *out);

/* ---- messages ------------------------------------------------------------- */

static const char *check_path(const struct check *check)
{
    return check->path_len ? check->path : "the parameters";
}

static size_t check_enter(struct check *check, const char *name,
                          uint32_t index)
{
    const size_t before = check->path_len;
    const size_t room = sizeof(check->path) - before;
    int len = 0;

    if (name)
        len = snprintf(check->path + before, room, "%s%s", before ? "." : "",
                       name);
    else
        len = snprintf(check->path + before, room, "[%u]", index);
    if (len > 0)
        check->path_len += (size_t)len < room ? (size_t)len : room - 1;
    return before;
}

static void check_leave(struct check *check, size_t before)
{
    check->path_len = before;
    check->path[before] = '\0';
}

static engine_status check_wrong(struct check *check, const char *wanted,
                                 const struct value *value)
{
    return engine_fail(check->err, ENGINE_EINVAL,
                       "%s:%s: parameter %s must be %s, not %s",
                       check->request->operation->service->name,
                       aws_operation_name(check->request->operation),
                       check_path(check), wanted, value_kind_name(value));
}

static engine_status check_unknown(struct check *check,
                                   const struct model_shape *shape,
                                   const char *name)
{
    const struct model_file *file = check->request->file;
    struct near near;
    engine_status status;

    near_init(&near, name);
    for (uint32_t i = 0; i < shape->count; i++)
        near_add(&near, model_text(file, file->members[shape->first + i].name));
    status = engine_fail(check->err, ENGINE_EINVAL,
                         "%s:%s has no parameter \"%s%s%s\"",
                         check->request->operation->service->name,
                         aws_operation_name(check->request->operation),
                         check->path, check->path_len ? "." : "", name);
    near_hint(&near, check->err);
    return status;
}

/* ---- structures ----------------------------------------------------------- */

static bool check_first(char a, char b)
{
    return (a | 0x20) == (b | 0x20) && ((a >= 'A' && a <= 'Z') ||
                                        (a >= 'a' && a <= 'z') || a == b);
}

static const struct model_member *check_find(const struct model_file *file,
                                             const struct model_shape *shape,
                                             const char *name)
{
    const struct model_member *found = NULL;

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const char *known = model_text(file, member->name);

        if (strcmp(known, name) == 0)
            return member;
        if (*name && check_first(*known, *name) &&
            strcmp(known + 1, name + 1) == 0)
            found = member;
    }
    return found;
}

static bool check_given(const struct check *check, size_t base,
                        const char *name)
{
    for (size_t i = base; i < check->builder.used; i++) {
        if (strcmp(check->builder.waiting[i].key, name) == 0)
            return true;
    }
    return false;
}

static engine_status check_put(struct check *check, const char *name,
                               const struct value *value)
{
    struct value_member *place = builder_push(&check->builder);

    if (!place)
        return builder_fail(&check->builder, check->err);
    *place = (struct value_member){
        .key = name, .key_len = (uint32_t)strlen(name), .value = *value};
    return ENGINE_OK;
}

static engine_status check_text(struct check *check, const char *text,
                                struct value *out)
{
    const size_t len = strlen(text);

    *out = (struct value){.kind = VALUE_STRING, .count = (uint32_t)len};
    out->text = builder_text(&check->builder, text, len);
    return out->text ? ENGINE_OK : builder_fail(&check->builder, check->err);
}

/* What was not given: an idempotency token is made, else it is an error where
 * it is required. */
static engine_status check_missing(struct check *check, size_t base,
                                   const struct model_member *member)
{
    const char *name = model_text(check->request->file, member->name);
    engine_status status;
    struct value value;
    char uuid[37];

    if (!(member->flags & (MODEL_REQUIRED | MODEL_IDEMPOTENCY)) ||
        check_given(check, base, name))
        return ENGINE_OK;
    if (member->flags & MODEL_IDEMPOTENCY) {
        id_uuid(uuid);
        status = check_text(check, uuid, &value);
        return status == ENGINE_OK ? check_put(check, name, &value) : status;
    }
    return engine_fail(check->err, ENGINE_EINVAL,
                       "%s:%s needs the parameter %s%s%s",
                       check->request->operation->service->name,
                       aws_operation_name(check->request->operation),
                       check->path, check->path_len ? "." : "", name);
}

static engine_status check_structure(struct check *check,
                                     const struct model_shape *shape,
                                     const struct value *value,
                                     struct value *out)
{
    const struct model_file *file = check->request->file;
    const size_t base = check->builder.used;

    if (value->kind != VALUE_OBJECT)
        return check_wrong(check, "an object", value);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value_member *given = &value->members[i];
        const struct model_member *member =
            check_find(file, shape, given->key);
        engine_status status;
        struct value checked;
        size_t before;

        if (!member)
            return check_unknown(check, shape, given->key);
        if (given->value.kind == VALUE_NULL)
            continue;
        before = check_enter(check, given->key, 0);
        status = check_value(check, member, &given->value, &checked);
        check_leave(check, before);
        if (status == ENGINE_OK)
            status = check_put(check, model_text(file, member->name),
                               &checked);
        if (status != ENGINE_OK)
            return status;
    }
    for (uint32_t i = 0; i < shape->count; i++) {
        const engine_status status =
            check_missing(check, base, &file->members[shape->first + i]);

        if (status != ENGINE_OK)
            return status;
    }
    return builder_object(&check->builder, base, out, NULL)
               ? ENGINE_OK
               : builder_fail(&check->builder, check->err);
}

/* ---- lists and maps -------------------------------------------------------- */

static engine_status check_list(struct check *check,
                                const struct model_shape *shape,
                                const struct value *value, struct value *out)
{
    const struct model_member *inner =
        &check->request->file->members[shape->first];
    const size_t base = check->builder.used;

    if (value->kind != VALUE_ARRAY)
        return check_wrong(check, "a list", value);
    for (uint32_t i = 0; i < value->count; i++) {
        const size_t before = check_enter(check, NULL, i);
        struct value checked;
        engine_status status =
            check_value(check, inner, &value->items[i], &checked);

        check_leave(check, before);
        if (status == ENGINE_OK)
            status = check_put(check, "", &checked);
        if (status != ENGINE_OK)
            return status;
    }
    return builder_array(&check->builder, base, out)
               ? ENGINE_OK
               : builder_fail(&check->builder, check->err);
}

static engine_status check_map(struct check *check,
                               const struct model_shape *shape,
                               const struct value *value, struct value *out)
{
    const struct model_member *inner =
        &check->request->file->members[shape->first + 1];
    const size_t base = check->builder.used;

    if (value->kind != VALUE_OBJECT)
        return check_wrong(check, "an object", value);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value_member *given = &value->members[i];
        const size_t before = check_enter(check, given->key, 0);
        struct value checked;
        engine_status status =
            check_value(check, inner, &given->value, &checked);

        check_leave(check, before);
        if (status == ENGINE_OK)
            status = check_put(check, given->key, &checked);
        if (status != ENGINE_OK)
            return status;
    }
    return builder_object(&check->builder, base, out, NULL)
               ? ENGINE_OK
               : builder_fail(&check->builder, check->err);
}

/* ---- scalars --------------------------------------------------------------- */

static engine_status check_integer(struct check *check,
                                   const struct value *value,
                                   struct value *out)
{
    if (value->kind == VALUE_DOUBLE && value->number == floor(value->number) &&
        fabs(value->number) < 9e15)
        *out = (struct value){.kind = VALUE_INT,
                              .integer = (int64_t)value->number};
    else if (value->kind != VALUE_INT)
        return check_wrong(check, "an integer", value);
    return ENGINE_OK;
}

static engine_status check_time(struct check *check, const struct value *value)
{
    int64_t moment;
    double seconds;

    if (value_number(value, &seconds))
        return fabs(seconds) < 2.5e11
                   ? ENGINE_OK
                   : check_wrong(check, "a time", value);
    if (value->kind != VALUE_STRING ||
        aws_time_parse(value->text, &moment) < 0)
        return check_wrong(check, "a time (RFC 3339, or seconds since 1970)",
                           value);
    return ENGINE_OK;
}

/* What JSON cannot say as a number goes as a text. */
static engine_status check_float(struct check *check,
                                 const struct value *value)
{
    const char *text = value_text(value);
    double number;

    if (value_number(value, &number) ||
        (text && (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 ||
                  strcmp(text, "-Infinity") == 0)))
        return ENGINE_OK;
    return check_wrong(check, "a number", value);
}

static engine_status check_scalar(struct check *check,
                                  const struct model_member *member,
                                  const struct model_shape *shape,
                                  const struct value *value,
                                  struct value *out)
{
    switch (shape->type) {
    case MODEL_INTEGER:
    case MODEL_LONG:
        return check_integer(check, value, out);
    case MODEL_FLOAT:
    case MODEL_DOUBLE:
        return check_float(check, value);
    case MODEL_BOOLEAN:
        return value->kind == VALUE_BOOL
                   ? ENGINE_OK
                   : check_wrong(check, "true or false", value);
    case MODEL_TIMESTAMP:
        return check_time(check, value);
    default:
        if (member->flags & MODEL_JSONVALUE)
            return ENGINE_OK;
        if (value->kind != VALUE_STRING)
            return check_wrong(check, "a string", value);
        if (!value->count && MODEL_LOCATION(member) == MODEL_URI)
            return engine_fail(check->err, ENGINE_EINVAL,
                               "%s:%s: parameter %s must not be empty",
                               check->request->operation->service->name,
                               aws_operation_name(check->request->operation),
                               check_path(check));
        return ENGINE_OK;
    }
}

static engine_status check_value(struct check *check,
                                 const struct model_member *member,
                                 const struct value *value, struct value *out)
{
    const struct model_shape *shape =
        model_shape(check->request->file, member);
    engine_status status;

    *out = *value;
    if (member->flags & MODEL_DOCUMENT)
        return ENGINE_OK;
    /* A placeholder: it has no type until the call is made. */
    if (check->request->open && value->kind == VALUE_STRING &&
        strchr(value->text, '{'))
        return ENGINE_OK;
    if (shape->type > MODEL_MAP)
        return check_scalar(check, member, shape, value, out);
    if (++check->depth > AWS_MAX_DEPTH)
        return engine_fail(check->err, ENGINE_ELIMIT,
                           "%s:%s: parameters are nested too deep",
                           check->request->operation->service->name,
                           aws_operation_name(check->request->operation));
    if (shape->type == MODEL_STRUCTURE)
        status = check_structure(check, shape, value, out);
    else if (shape->type == MODEL_LIST)
        status = check_list(check, shape, value, out);
    else
        status = check_map(check, shape, value, out);
    check->depth--;
    return status;
}

engine_status request_check(struct request *request,
                            const struct value *parameters,
                            struct value *out, engine_error *err)
{
    const struct model_member *input =
        aws_member(request->file, request->operation->row->input);
    struct check check = {.request = request, .err = err};
    engine_status status;

    builder_init(&check.builder, &request->arena, 1000000);
    if (input)
        status = check_value(&check, input, parameters, out);
    else if (parameters->kind == VALUE_OBJECT && parameters->count) {
        status = engine_fail(err, ENGINE_EINVAL, "%s:%s has no parameters",
                             request->operation->service->name,
                             aws_operation_name(request->operation));
    } else {
        *out = (struct value){.kind = VALUE_OBJECT};
        status = ENGINE_OK;
    }
    builder_clear(&check.builder);
    return status;
}
