/* SPDX-License-Identifier: Apache-2.0 */
/* request_json.c - bodies in JSON: names of the wire, times and blobs. */
#include <string.h>

#include "plugins/aws/model_private.h"

static engine_status json_value(struct request *request,
                                const struct model_member *member,
                                const struct value *value, engine_error *err);

static void json_text(struct buffer *out, const char *text, size_t len)
{
    const struct value value = {
        .kind = VALUE_STRING, .count = (uint32_t)len, .text = text};

    value_to_json(&value, 0, out);
}

/* Members with a place of their own (a header, the path) are not here. */
static engine_status json_structure(struct request *request,
                                    const struct model_shape *shape,
                                    const struct value *value,
                                    engine_error *err)
{
    const struct model_file *file = request->file;
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;
    bool first = true;

    buffer_putc(out, '{');
    for (uint32_t i = 0; i < shape->count && status == ENGINE_OK; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const struct value *inner =
            value_member(value, model_text(file, member->name));
        const char *wire = model_text(file, member->wire);

        if (!inner || MODEL_LOCATION(member) != MODEL_BODY)
            continue;
        if (!first)
            buffer_putc(out, ',');
        first = false;
        json_text(out, wire, strlen(wire));
        buffer_putc(out, ':');
        status = json_value(request, member, inner, err);
    }
    buffer_putc(out, '}');
    return status;
}

static engine_status json_list(struct request *request,
                               const struct model_member *inner,
                               const struct value *value, engine_error *err)
{
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;

    buffer_putc(out, '[');
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        if (i)
            buffer_putc(out, ',');
        status = json_value(request, inner, &value->items[i], err);
    }
    buffer_putc(out, ']');
    return status;
}

static engine_status json_map(struct request *request,
                              const struct model_member *inner,
                              const struct value *value, engine_error *err)
{
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;

    buffer_putc(out, '{');
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        if (i)
            buffer_putc(out, ',');
        json_text(out, value->members[i].key, value->members[i].key_len);
        buffer_putc(out, ':');
        status = json_value(request, inner, &value->members[i].value, err);
    }
    buffer_putc(out, '}');
    return status;
}

static engine_status json_value(struct request *request,
                                const struct model_member *member,
                                const struct value *value, engine_error *err)
{
    const struct model_file *file = request->file;
    const struct model_shape *shape = model_shape(file, member);
    const struct model_member *inner = &file->members[shape->first];
    struct buffer *out = &request->out->body;
    const char *text;
    size_t len;

    if (member->flags & MODEL_DOCUMENT || value->kind == VALUE_NULL)
        return value_to_json(value, 0, out);
    if (shape->type == MODEL_STRUCTURE)
        return json_structure(request, shape, value, err);
    if (shape->type == MODEL_LIST)
        return json_list(request, inner, value, err);
    if (shape->type == MODEL_MAP)
        return json_map(request, inner + 1, value, err);
    if (shape->type != MODEL_TIMESTAMP && shape->type != MODEL_BLOB)
        return value_to_json(value, 0, out);
    text = request_scalar(request, member, value, MODEL_UNIX, &len);
    if (!text)
        return engine_fail_memory(err);
    if (shape->type == MODEL_TIMESTAMP &&
        (!MODEL_FORMAT(member) || MODEL_FORMAT(member) == MODEL_UNIX))
        return buffer_append(out, text, len);
    json_text(out, text, len);
    return ENGINE_OK;
}

engine_status request_json(struct request *request,
                           const struct model_member *member,
                           const struct value *value, engine_error *err)
{
    const engine_status status = json_value(request, member, value, err);

    return status == ENGINE_OK ? buffer_status(&request->out->body, err)
                               : status;
}
