/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_form.c - bodies of the protocols query and ec2 (Smithy, "AWS query
 * protocol" and "AWS EC2 query protocol"): forms whose names are paths.
 */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/model_private.h"

#define FORM_NAME 1024

struct form {
    struct request *request;
    struct buffer *out;
    char name[FORM_NAME];
    size_t len; /* of it */
    bool ec2;
    engine_error *err;
};

static engine_status form_value(struct form *form,
                                const struct model_member *member,
                                const struct value *value);

/* Goes into a member: name + "." + text. Returns how long it was before. */
static size_t form_enter(struct form *form, const char *text)
{
    const size_t before = form->len, room = FORM_NAME - before;
    const int len = snprintf(form->name + before, room, "%s%s",
                             before ? "." : "", text);

    if (len > 0)
        form->len += (size_t)len;
    return before;
}

static size_t form_enter_index(struct form *form, uint32_t index)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", index);
    return form_enter(form, text);
}

static void form_leave(struct form *form, size_t before)
{
    form->len = before;
    form->name[before] = '\0';
}

static engine_status form_deep(struct form *form)
{
    return form->len < FORM_NAME - 1
               ? ENGINE_OK
               : engine_fail(form->err, ENGINE_ELIMIT,
                             "%s:%s: parameters are nested too deep",
                             form->request->operation->service->name,
                             aws_operation_name(form->request->operation));
}

static engine_status form_put(struct form *form, const char *text, size_t len)
{
    const engine_status status = form_deep(form);

    if (status != ENGINE_OK)
        return status;
    buffer_putc(form->out, '&');
    aws_encode(form->out, form->name, form->len, true);
    buffer_putc(form->out, '=');
    aws_encode(form->out, text, len, true);
    return buffer_status(form->out, form->err);
}

static engine_status form_structure(struct form *form,
                                    const struct model_shape *shape,
                                    const struct value *value)
{
    const struct model_file *file = form->request->file;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < shape->count && status == ENGINE_OK; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const struct value *inner =
            value_member(value, model_text(file, member->name));
        size_t before;

        if (!inner)
            continue;
        before = form_enter(form, model_text(file, member->query));
        status = form_deep(form);
        if (status == ENGINE_OK)
            status = form_value(form, member, inner);
        form_leave(form, before);
    }
    return status;
}

static engine_status form_list(struct form *form,
                               const struct model_member *member,
                               const struct value *value)
{
    const struct model_file *file = form->request->file;
    const struct model_member *inner =
        &file->members[model_shape(file, member)->first];
    const size_t outer = form->len;
    engine_status status = form_deep(form);

    if (status != ENGINE_OK)
        return status;
    if (!value->count)
        return form->ec2 ? ENGINE_OK : form_put(form, "", 0);
    if (!form->ec2 && !(member->flags & MODEL_FLATTENED))
        form_enter(form, model_text(file, inner->wire));
    status = form_deep(form);
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        const size_t before = form_enter_index(form, i + 1);

        status = form_deep(form);
        if (status == ENGINE_OK)
            status = form_value(form, inner, &value->items[i]);
        form_leave(form, before);
    }
    form_leave(form, outer);
    return status;
}

static engine_status form_pair(struct form *form,
                               const struct model_member *members,
                               const struct value_member *pair)
{
    const struct model_file *file = form->request->file;
    size_t before = form_enter(form, model_text(file, members[0].wire));
    engine_status status = form_put(form, pair->key, pair->key_len);

    form_leave(form, before);
    if (status != ENGINE_OK)
        return status;
    before = form_enter(form, model_text(file, members[1].wire));
    status = form_deep(form);
    if (status == ENGINE_OK)
        status = form_value(form, &members[1], &pair->value);
    form_leave(form, before);
    return status;
}

static engine_status form_map(struct form *form,
                              const struct model_member *member,
                              const struct value *value)
{
    const struct model_file *file = form->request->file;
    const struct model_member *members =
        &file->members[model_shape(file, member)->first];
    const size_t outer = form->len;
    engine_status status = ENGINE_OK;

    if (!(member->flags & MODEL_FLATTENED))
        form_enter(form, "entry");
    status = form_deep(form);
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        const size_t before = form_enter_index(form, i + 1);

        status = form_deep(form);
        if (status == ENGINE_OK)
            status = form_pair(form, members, &value->members[i]);
        form_leave(form, before);
    }
    form_leave(form, outer);
    return status;
}

static engine_status form_value(struct form *form,
                                const struct model_member *member,
                                const struct value *value)
{
    const struct model_shape *shape = model_shape(form->request->file, member);
    const char *text;
    size_t len;

    if (value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (shape->type == MODEL_STRUCTURE)
        return form_structure(form, shape, value);
    if (shape->type == MODEL_LIST)
        return form_list(form, member, value);
    if (shape->type == MODEL_MAP)
        return form_map(form, member, value);
    text = request_scalar(form->request, member, value, MODEL_ISO8601, &len);
    return text ? form_put(form, text, len) : engine_fail_memory(form->err);
}

engine_status request_form(struct request *request, engine_error *err)
{
    static const char type[] =
        "application/x-www-form-urlencoded; charset=utf-8";
    const struct model_file *file = request->file;
    const struct model_member *input =
        aws_member(file, request->operation->row->input);
    struct form form = {.request = request,
                        .out = &request->out->body,
                        .ec2 = file->service->protocol == MODEL_EC2,
                        .err = err};
    engine_status status =
        request_header(request, "Content-Type", type, strlen(type), err);

    if (status != ENGINE_OK)
        return status;
    buffer_printf(form.out, "Action=%s&Version=%s",
                  aws_operation_name(request->operation),
                  model_text(file, file->service->version));
    if (input)
        status = form_structure(&form, model_shape(file, input),
                                request->parameters);
    return status == ENGINE_OK ? buffer_status(form.out, err) : status;
}
