/* SPDX-License-Identifier: Apache-2.0 */
/* request_header.c - members that are headers (Smithy HTTP bindings). */
#include <string.h>

#include "plugins/aws/model_private.h"

/* An element with a comma or a quote in it is quoted (RFC 9110 section
 * 5.6.4); dates, which have a comma, are not. */
static void header_put_item(struct buffer *line, const char *text, size_t len,
                            bool date)
{
    if (line->len)
        buffer_putc(line, ',');
    if (date || !(memchr(text, ',', len) || memchr(text, '"', len))) {
        buffer_append(line, text, len);
        return;
    }
    buffer_putc(line, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buffer_putc(line, '\\');
        buffer_putc(line, text[i]);
    }
    buffer_putc(line, '"');
}

static engine_status header_list(struct request *request,
                                 const struct model_member *member,
                                 const struct value *value,
                                 engine_error *err)
{
    const struct model_member *inner =
        &request->file->members[model_shape(request->file, member)->first];
    const bool dates =
        model_shape(request->file, inner)->type == MODEL_TIMESTAMP;
    struct buffer line;
    engine_status status = ENGINE_OK;

    buffer_init(&line, 65536);
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        const char *text;
        size_t len;

        if (value->items[i].kind == VALUE_NULL)
            continue;
        text = request_scalar(request, inner, &value->items[i], MODEL_RFC822,
                              &len);
        if (text)
            header_put_item(&line, text, len, dates);
        else
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK)
        status = buffer_status(&line, err);
    if (status == ENGINE_OK && line.len)
        status = request_header(request,
                                model_text(request->file, member->wire),
                                line.data, line.len, err);
    buffer_clear(&line);
    return status;
}

/* Each member of a map is a header; their names have a prefix in common. */
engine_status request_header_map(struct request *request,
                                 const struct model_member *member,
                                 const struct value *value,
                                 engine_error *err)
{
    const char *prefix = model_text(request->file, member->wire);
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        const struct value_member *pair = &value->members[i];
        const char *name =
            arena_strf(&request->arena, "%s%s", prefix, pair->key);

        if (!name)
            return engine_fail_memory(err);
        if (strpbrk(name, " :\r\n\t"))
            return engine_fail(err, ENGINE_EINVAL,
                               "%s:%s: \"%s\" is no name of a header",
                               request->operation->service->name,
                               aws_operation_name(request->operation), name);
        if (pair->value.kind == VALUE_STRING)
            status = request_header(request, name, pair->value.text,
                                    pair->value.count, err);
    }
    return status;
}

engine_status request_header_member(struct request *request,
                                    const struct model_member *member,
                                    const struct value *value,
                                    engine_error *err)
{
    const char *text;
    size_t len;

    if (value->kind == VALUE_ARRAY)
        return header_list(request, member, value, err);
    text = request_scalar(request, member, value, MODEL_RFC822, &len);
    if (!text)
        return engine_fail_memory(err);
    return request_header(request, model_text(request->file, member->wire),
                          text, len, err);
}
