/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_rest.c - path and query of the protocols rest-json and rest-xml
 * (Smithy, "HTTP binding traits"), and which headers and body there are.
 */
#include <string.h>
#include <strings.h>

#include "plugins/aws/model_private.h"

/* ---- the path ------------------------------------------------------------ */

static const struct model_member *rest_label(const struct request *request,
                                             const struct model_shape *shape,
                                             const char *name, size_t len)
{
    for (uint32_t i = 0; shape && i < shape->count; i++) {
        const struct model_member *member =
            &request->file->members[shape->first + i];
        const char *wire = model_text(request->file, member->wire);

        if (MODEL_LOCATION(member) == MODEL_URI &&
            strncmp(wire, name, len) == 0 && !wire[len])
            return member;
    }
    return NULL;
}

/* {Name} or {Name+}: the latter keeps its slashes. */
static engine_status rest_put_label(struct request *request,
                                    const struct model_shape *shape,
                                    const char *name, size_t len,
                                    engine_error *err)
{
    const bool greedy = len && name[len - 1] == '+';
    const struct model_member *member =
        rest_label(request, shape, name, greedy ? len - 1 : len);
    const struct value *value =
        member ? value_member(request->parameters,
                              model_text(request->file, member->name))
               : NULL;
    const char *text;
    size_t text_len;

    if (!value)
        return engine_fail(err, ENGINE_EINVAL, "%s:%s needs the parameter %.*s",
                           request->operation->service->name,
                           aws_operation_name(request->operation),
                           (int)(greedy ? len - 1 : len), name);
    text = request_scalar(request, member, value, MODEL_ISO8601, &text_len);
    if (!text)
        return engine_fail_memory(err);
    if ((text_len == 1 && text[0] == '.') ||
        (text_len == 2 && memcmp(text, "..", 2) == 0))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s:%s: parameter %.*s must not be \"%s\"",
                           request->operation->service->name,
                           aws_operation_name(request->operation),
                           (int)len, name, text);
    aws_encode(&request->path, text, text_len, !greedy);
    return ENGINE_OK;
}

static engine_status rest_path(struct request *request,
                               const struct model_shape *shape,
                               engine_error *err)
{
    const char *at = request->uri;
    const char *end = strchr(at, '?');
    engine_status status = ENGINE_OK;

    if (!end)
        end = at + strlen(at);
    while (at < end && status == ENGINE_OK) {
        const char *open = memchr(at, '{', (size_t)(end - at));
        const char *close =
            open ? memchr(open, '}', (size_t)(end - open)) : NULL;

        if (!close) {
            buffer_append(&request->path, at, (size_t)(end - at));
            break;
        }
        buffer_append(&request->path, at, (size_t)(open - at));
        status = rest_put_label(request, shape, open + 1,
                                (size_t)(close - open - 1), err);
        at = close + 1;
    }
    if (*end == '?' && end[1])
        buffer_puts(&request->query, end + 1);
    return status;
}

/* ---- the query ----------------------------------------------------------- */

static void rest_pair(struct request *request, const char *name,
                      size_t name_len, const char *text, size_t len)
{
    if (request->query.len)
        buffer_putc(&request->query, '&');
    aws_encode(&request->query, name, name_len, true);
    buffer_putc(&request->query, '=');
    aws_encode(&request->query, text, len, true);
}

static engine_status rest_query_value(struct request *request,
                                      const struct model_member *member,
                                      const char *name, size_t name_len,
                                      const struct value *value,
                                      engine_error *err)
{
    const struct model_member *inner =
        &request->file->members[model_shape(request->file, member)->first];
    const char *text;
    size_t len;

    if (value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (value->kind != VALUE_ARRAY) {
        text = request_scalar(request, member, value, MODEL_ISO8601, &len);
        if (!text)
            return engine_fail_memory(err);
        rest_pair(request, name, name_len, text, len);
        return ENGINE_OK;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value *item = &value->items[i];

        if (item->kind == VALUE_NULL)
            continue;
        text = request_scalar(request, inner, item, MODEL_ISO8601, &len);
        if (!text)
            return engine_fail_memory(err);
        rest_pair(request, name, name_len, text, len);
    }
    return ENGINE_OK;
}

/* Whether a parameter of its own is given that a map has, too. */
static bool rest_is_given(const struct request *request,
                          const struct model_shape *shape, const char *name)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct model_member *member =
            &request->file->members[shape->first + i];

        if (MODEL_LOCATION(member) == MODEL_QUERYSTRING &&
            strcmp(model_text(request->file, member->wire), name) == 0 &&
            value_member(request->parameters,
                         model_text(request->file, member->name)))
            return true;
    }
    return false;
}

static engine_status rest_query(struct request *request,
                                const struct model_shape *shape,
                                const struct model_member *member,
                                const struct value *value, engine_error *err)
{
    const char *wire = model_text(request->file, member->wire);
    const struct model_member *inner =
        &request->file->members[model_shape(request->file, member)->first];
    engine_status status = ENGINE_OK;

    if (value->kind != VALUE_OBJECT)
        return rest_query_value(request, member, wire, strlen(wire), value,
                                err);
    for (uint32_t i = 0; i < value->count && status == ENGINE_OK; i++) {
        const struct value_member *pair = &value->members[i];

        if (!rest_is_given(request, shape, pair->key))
            status = rest_query_value(request, inner + 1, pair->key,
                                      pair->key_len, &pair->value, err);
    }
    return status;
}

/* ---- the body ------------------------------------------------------------ */

/* Whether there are members for the body, and whether one of them is given. */
static bool rest_has_body(const struct request *request,
                          const struct model_shape *shape, bool *given)
{
    bool any = false;

    *given = false;
    for (uint32_t i = 0; shape && i < shape->count; i++) {
        const struct model_member *member =
            &request->file->members[shape->first + i];

        if (MODEL_LOCATION(member) != MODEL_BODY)
            continue;
        any = true;
        if (value_member(request->parameters,
                         model_text(request->file, member->name)))
            *given = true;
    }
    return any;
}

static engine_status rest_typed_body(struct request *request,
                                     const struct model_member *member,
                                     const struct value *value,
                                     engine_error *err)
{
    const bool json = request->file->service->protocol == MODEL_REST_JSON;
    const char *type = json ? "application/json" : "application/xml";
    engine_status status;

    if (json && !value)
        status = buffer_puts(&request->out->body, "{}");
    else if (json)
        status = request_json(request, member, value, err);
    else if (value)
        status = request_xml(request, member, value, err);
    else
        return ENGINE_OK;
    return status == ENGINE_OK ? request_header(request, "Content-Type", type,
                                                strlen(type), err)
                               : status;
}

static engine_status rest_payload(struct request *request,
                                  const struct model_member *payload,
                                  engine_error *err)
{
    const uint32_t type = model_shape(request->file, payload)->type;
    const struct value *value = value_member(
        request->parameters, model_text(request->file, payload->name));

    if ((type == MODEL_STRING || type == MODEL_BLOB) &&
        !(payload->flags & MODEL_DOCUMENT)) {
        if (value && value->kind == VALUE_STRING)
            buffer_append(&request->out->body, value->text, value->count);
        return buffer_status(&request->out->body, err);
    }
    return rest_typed_body(request, payload, value, err);
}

static engine_status rest_body(struct request *request,
                               const struct model_member *input,
                               const struct model_shape *shape,
                               engine_error *err)
{
    const bool json = request->file->service->protocol == MODEL_REST_JSON;
    bool given;

    if (shape && shape->payload != MODEL_NONE)
        return rest_payload(request, &request->file->members[shape->payload],
                            err);
    if (!rest_has_body(request, shape, &given) || (!given && !json))
        return ENGINE_OK;
    return rest_typed_body(request, input,
                           given ? request->parameters : NULL, err);
}

static engine_status rest_member(struct request *request,
                                 const struct model_shape *shape,
                                 const struct model_member *member,
                                 engine_error *err)
{
    const struct value *value = value_member(
        request->parameters, model_text(request->file, member->name));

    if (!value)
        return ENGINE_OK;
    switch (MODEL_LOCATION(member)) {
    case MODEL_QUERYSTRING:
        return rest_query(request, shape, member, value, err);
    case MODEL_HEADER:
        return request_header_member(request, member, value, err);
    case MODEL_HEADERS:
        return request_header_map(request, member, value, err);
    default:
        return ENGINE_OK;
    }
}

static bool rest_has_header(const struct request *request, const char *name)
{
    const size_t len = strlen(name);

    for (size_t i = 0; i < request->headers; i++) {
        const char *line = request->out->headers[i];

        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return true;
    }
    return false;
}

/* What some services want besides what their models say. */
static engine_status rest_extras(struct request *request, engine_error *err)
{
    const char *service = request->operation->service->name;

    if (strcmp(service, "apigateway") == 0 &&
        !rest_has_header(request, "Accept"))
        return request_header(request, "Accept", "application/json", 16, err);
    if (strcmp(service, "glacier") == 0)
        return request_header(
            request, "x-amz-glacier-version",
            model_text(request->file, request->file->service->version),
            strlen(model_text(request->file, request->file->service->version)),
            err);
    return ENGINE_OK;
}

engine_status request_rest(struct request *request, engine_error *err)
{
    const struct model_member *input =
        aws_member(request->file, request->operation->row->input);
    const struct model_shape *shape =
        input ? model_shape(request->file, input) : NULL;
    engine_status status = rest_path(request, shape, err);

    for (uint32_t i = 0; shape && i < shape->count && status == ENGINE_OK; i++)
        status = rest_member(request, shape,
                             &request->file->members[shape->first + i], err);
    if (status == ENGINE_OK)
        status = rest_body(request, input, shape, err);
    return status == ENGINE_OK ? rest_extras(request, err) : status;
}
