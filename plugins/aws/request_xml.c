/* SPDX-License-Identifier: Apache-2.0 */
/* request_xml.c - bodies in XML (Smithy, "XML bindings"). */
#include <string.h>

#include "plugins/aws/model_private.h"

static engine_status xml_value(struct request *request,
                               const struct model_member *member,
                               const char *name, const struct value *value,
                               engine_error *err);

static void xml_escape(struct buffer *out, const char *text, size_t len)
{
    buffer_xml(out, text, len, "<>&\"\r\n");
}

static void xml_open(struct request *request, const struct model_member *member,
                     const char *name)
{
    struct buffer *out = &request->out->body;
    const char *space = model_text(request->file, member->xmlns);
    const char *prefix = model_text(request->file, member->xmlns_prefix);

    buffer_printf(out, "<%s", name);
    if (!*space)
        return;
    buffer_printf(out, " xmlns%s%s=\"", *prefix ? ":" : "", prefix);
    xml_escape(out, space, strlen(space));
    buffer_putc(out, '"');
}

static engine_status xml_attributes(struct request *request,
                                    const struct model_shape *shape,
                                    const struct value *value)
{
    const struct model_file *file = request->file;
    struct buffer *out = &request->out->body;

    for (uint32_t i = 0; i < shape->count; i++) {
        const struct model_member *member = &file->members[shape->first + i];
        const struct value *inner =
            value_member(value, model_text(file, member->name));
        const char *text;
        size_t len;

        if (!inner || !(member->flags & MODEL_ATTRIBUTE))
            continue;
        text = request_scalar(request, member, inner, MODEL_ISO8601, &len);
        if (!text)
            return ENGINE_ENOMEM;
        buffer_printf(out, " %s=\"", model_text(file, member->wire));
        xml_escape(out, text, len);
        buffer_putc(out, '"');
    }
    return ENGINE_OK;
}

static engine_status xml_structure(struct request *request,
                                   const struct model_member *member,
                                   const char *name, const struct value *value,
                                   engine_error *err)
{
    const struct model_file *file = request->file;
    const struct model_shape *shape = model_shape(file, member);
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;

    xml_open(request, member, name);
    if (xml_attributes(request, shape, value) != ENGINE_OK)
        return engine_fail_memory(err);
    buffer_putc(out, '>');
    for (uint32_t i = 0; i < shape->count && status == ENGINE_OK; i++) {
        const struct model_member *inner = &file->members[shape->first + i];
        const struct value *given =
            value_member(value, model_text(file, inner->name));

        if (given && !(inner->flags & MODEL_ATTRIBUTE) &&
            MODEL_LOCATION(inner) == MODEL_BODY)
            status = xml_value(request, inner, model_text(file, inner->wire),
                               given, err);
    }
    buffer_printf(out, "</%s>", name);
    return status;
}

static engine_status xml_list(struct request *request,
                              const struct model_member *member,
                              const char *name, const struct value *value,
                              engine_error *err)
{
    const struct model_file *file = request->file;
    const struct model_member *inner =
        &file->members[model_shape(file, member)->first];
    const bool flat = member->flags & MODEL_FLATTENED;
    const char *each = flat ? name : model_text(file, inner->wire);
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;

    if (!flat) {
        xml_open(request, member, name);
        buffer_putc(out, '>');
    }
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++)
        status = xml_value(request, inner, each, &value->items[i], err);
    if (!flat)
        buffer_printf(out, "</%s>", name);
    return status;
}

static engine_status xml_map(struct request *request,
                             const struct model_member *member,
                             const char *name, const struct value *value,
                             engine_error *err)
{
    const struct model_file *file = request->file;
    const struct model_member *inner =
        &file->members[model_shape(file, member)->first];
    const bool flat = member->flags & MODEL_FLATTENED;
    const char *entry = flat ? name : "entry";
    const char *key = model_text(file, inner[0].wire);
    struct buffer *out = &request->out->body;
    engine_status status = ENGINE_OK;

    if (!flat) {
        xml_open(request, member, name);
        buffer_putc(out, '>');
    }
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        buffer_printf(out, "<%s>", entry);
        xml_open(request, &inner[0], key);
        buffer_putc(out, '>');
        xml_escape(out, value->members[i].key, value->members[i].key_len);
        buffer_printf(out, "</%s>", key);
        status = xml_value(request, &inner[1],
                           model_text(file, inner[1].wire),
                           &value->members[i].value, err);
        buffer_printf(out, "</%s>", entry);
    }
    if (!flat)
        buffer_printf(out, "</%s>", name);
    return status;
}

static engine_status xml_value(struct request *request,
                               const struct model_member *member,
                               const char *name, const struct value *value,
                               engine_error *err)
{
    struct buffer *out = &request->out->body;
    const char *text;
    size_t len;

    if (value->kind == VALUE_NULL)
        return ENGINE_OK;
    switch (model_shape(request->file, member)->type) {
    case MODEL_STRUCTURE:
        return xml_structure(request, member, name, value, err);
    case MODEL_LIST:
        return xml_list(request, member, name, value, err);
    case MODEL_MAP:
        return xml_map(request, member, name, value, err);
    default:
        text = request_scalar(request, member, value, MODEL_ISO8601, &len);
        if (!text)
            return engine_fail_memory(err);
        xml_open(request, member, name);
        buffer_putc(out, '>');
        xml_escape(out, text, len);
        buffer_printf(out, "</%s>", name);
        return ENGINE_OK;
    }
}

engine_status request_xml(struct request *request,
                          const struct model_member *member,
                          const struct value *value, engine_error *err)
{
    const struct model_file *file = request->file;
    const char *name = model_text(file, member->wire);
    engine_status status;

    if (!*name)
        name = model_text(file, model_shape(file, member)->name);
    status = xml_value(request, member, name, value, err);
    return status == ENGINE_OK ? buffer_status(&request->out->body, err)
                               : status;
}
