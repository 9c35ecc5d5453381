/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - from parameters to a request, for all protocols. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/model_private.h"
#include "sdk/base/alloc.h"

#define REQUEST_ARENA (64u << 20)
#define REQUEST_HEADERS 128

/* ---- parts ----------------------------------------------------------------- */

engine_status request_header(struct request *request, const char *name,
                             const char *value, size_t len, engine_error *err)
{
    char *line;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return engine_fail(err, ENGINE_EINVAL,
                               "%s:%s: the parameter for the header %s holds "
                               "a control character",
                               request->operation->service->name,
                               aws_operation_name(request->operation), name);
    }
    if (request->headers == REQUEST_HEADERS)
        return engine_fail(err, ENGINE_ELIMIT, "%s:%s: more than %d headers",
                           request->operation->service->name,
                           aws_operation_name(request->operation),
                           REQUEST_HEADERS);
    line = engine_strf("%s: %.*s", name, (int)len, value);
    if (!line)
        return engine_fail_memory(err);
    request->out->headers[request->headers++] = line;
    return ENGINE_OK;
}

static const char *request_keep(struct request *request,
                                const struct buffer *buffer, size_t *len)
{
    char *copy = buffer->status == ENGINE_OK
                     ? arena_strndup(&request->arena,
                                     buffer->data ? buffer->data : "",
                                     buffer->len)
                     : NULL;

    *len = copy ? buffer->len : 0;
    return copy;
}

/* A blob goes as base64, what is JSON as such, a number as in JSON. */
static const char *request_made(struct request *request,
                                const struct model_member *member,
                                const struct value *value, size_t *len)
{
    const bool json = member->flags & MODEL_JSONVALUE;
    struct buffer text, encoded;
    const char *kept;

    buffer_init(&text, AWS_MAX_BODY);
    buffer_init(&encoded, AWS_MAX_BODY);
    if (json || value->kind != VALUE_STRING)
        value_to_json(value, 0, &text);
    else
        buffer_append(&text, value->text, value->count);
    if (json || value->kind == VALUE_STRING)
        aws_base64(&encoded, text.data ? text.data : "", text.len);
    kept = request_keep(request, encoded.len ? &encoded : &text, len);
    buffer_clear(&text);
    buffer_clear(&encoded);
    return kept;
}

static const char *request_time(struct request *request,
                                const struct value *value, uint32_t format,
                                size_t *len)
{
    int64_t moment = 0;
    double seconds;
    char text[40];
    char *kept;

    if (value_number(value, &seconds))
        moment = (int64_t)(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5));
    else
        (void)aws_time_parse(value->text, &moment); /* was checked */
    aws_time_send(moment, format, text);
    kept = arena_strdup(&request->arena, text);
    *len = kept ? strlen(kept) : 0;
    return kept;
}

const char *request_scalar(struct request *request,
                           const struct model_member *member,
                           const struct value *value, uint32_t format,
                           size_t *len)
{
    const uint32_t type = model_shape(request->file, member)->type;

    if (type == MODEL_TIMESTAMP) {
        const uint32_t own = MODEL_FORMAT(member);

        return request_time(request, value, own ? own : format, len);
    }
    if (value->kind == VALUE_BOOL) {
        *len = value->boolean ? 4 : 5;
        return value->boolean ? "true" : "false";
    }
    if (type == MODEL_BLOB || member->flags & MODEL_JSONVALUE ||
        value->kind != VALUE_STRING)
        return request_made(request, member, value, len);
    *len = value->count;
    return value->text;
}

/* ---- parameters of our own -------------------------------------------------- */

static bool request_has(const struct value *parameters, const char *name)
{
    const struct value *value = value_member(parameters, name);

    return value && value->kind != VALUE_NULL;
}

/* EC2 refuses a page size when resources are named. */
static bool request_names_ids(const struct value *parameters)
{
    for (uint32_t i = 0; i < parameters->count; i++) {
        const struct value_member *member = &parameters->members[i];
        const size_t len = member->key_len;

        if (member->value.kind == VALUE_ARRAY && len > 3 &&
            strcmp(member->key + len - 3, "Ids") == 0)
            return true;
    }
    return false;
}

static engine_status request_set(struct value_builder *builder,
                                 const char *name, const struct value *value,
                                 engine_error *err)
{
    struct value_member *place = builder_push(builder);

    if (!place)
        return builder_fail(builder, err);
    *place = (struct value_member){
        .key = name, .key_len = (uint32_t)strlen(name), .value = *value};
    return ENGINE_OK;
}

/* S3 Control's account, where the rule does not name one. */
static bool request_account(const struct request *request)
{
    const struct model_member *input =
        aws_member(request->file, request->operation->row->input);
    const struct model_shape *shape =
        input ? model_shape(request->file, input) : NULL;

    if (!shape || !request->place || !request->place->account)
        return false;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct model_member *member =
            &request->file->members[shape->first + i];

        if (member->flags & MODEL_HOSTLABEL && member->flags & MODEL_REQUIRED &&
            strcmp(model_text(request->file, member->name), "AccountId") == 0)
            return true;
    }
    return false;
}

static engine_status request_add(struct request *request,
                                 struct value_builder *builder,
                                 engine_error *err)
{
    const struct model_operation *row = request->operation->row;
    const struct value *given = request->parameters;
    const char *limit = aws_text(request->operation, row->limit_key);
    const char *forced =
        aws_text(request->operation, row->forced & ~MODEL_FORCED_TRUE);
    struct value value;
    engine_status status = ENGINE_OK;

    if (row->limit && *limit && !request_has(given, limit) &&
        !request_names_ids(given)) {
        value = (struct value){.kind = VALUE_INT, .integer = row->limit};
        status = request_set(builder, limit, &value, err);
    }
    if (status == ENGINE_OK && *forced) {
        value = (struct value){
            .kind = VALUE_BOOL,
            .boolean = (row->forced & MODEL_FORCED_TRUE) != 0};
        status = request_set(builder, forced, &value, err);
    }
    if (status == ENGINE_OK && !request_has(given, "AccountId") &&
        request_account(request)) {
        value = (struct value){
            .kind = VALUE_STRING,
            .count = (uint32_t)strlen(request->place->account),
            .text = request->place->account};
        status = request_set(builder, "AccountId", &value, err);
    }
    return status;
}

/* The parameters with the model's names, ours, and the token of the page. */
static engine_status request_complete(struct request *request,
                                      const struct value *token,
                                      struct value *out, engine_error *err)
{
    const struct value *given = request->parameters;
    struct value_builder builder;
    engine_status status = ENGINE_OK;

    builder_init(&builder, &request->arena, 10000);
    for (uint32_t i = 0; i < given->count && status == ENGINE_OK; i++)
        status = request_set(&builder, given->members[i].key,
                             &given->members[i].value, err);
    if (status == ENGINE_OK)
        status = request_add(request, &builder, err);
    for (uint32_t i = 0; token && token->kind == VALUE_OBJECT &&
                         i < token->count && status == ENGINE_OK; i++)
        status = request_set(&builder, token->members[i].key,
                             &token->members[i].value, err);
    if (status == ENGINE_OK && !builder_object(&builder, 0, out, NULL))
        status = builder_fail(&builder, err);
    builder_clear(&builder);
    return status;
}

/* ---- the whole -------------------------------------------------------------- */

static engine_status request_body(struct request *request, engine_error *err)
{
    const struct model_file *file = request->file;
    const struct model_member *input =
        aws_member(file, request->operation->row->input);
    const struct model_service *service = file->service;
    char line[256];
    engine_status status;

    switch (service->protocol) {
    case MODEL_QUERY:
    case MODEL_EC2:
        return request_form(request, err);
    case MODEL_JSON:
        snprintf(line, sizeof(line), "%s.%s",
                 model_text(file, service->target),
                 aws_operation_name(request->operation));
        status = request_header(request, "X-Amz-Target", line, strlen(line),
                                err);
        snprintf(line, sizeof(line), "application/x-amz-json-%s",
                 model_text(file, service->json_version));
        if (status == ENGINE_OK)
            status = request_header(request, "Content-Type", line,
                                    strlen(line), err);
        if (status == ENGINE_OK && service->query_compatible)
            status = request_header(request, "x-amzn-query-mode", "true", 4,
                                    err);
        if (status != ENGINE_OK)
            return status;
        if (input)
            return request_json(request, input, request->parameters, err);
        buffer_puts(&request->out->body, "{}");
        return buffer_status(&request->out->body, err);
    default:
        return request_rest(request, err);
    }
}

static engine_status request_open(struct request *request,
                                  const struct aws_operation *operation,
                                  const struct aws_place *place,
                                  struct aws_request *out, engine_error *err)
{
    *request = (struct request){.operation = operation,
                                .file = &operation->service->file,
                                .place = place,
                                .out = out};
    arena_init(&request->arena, REQUEST_ARENA);
    buffer_init(&request->path, AWS_MAX_BODY);
    buffer_init(&request->query, AWS_MAX_BODY);
    buffer_init(&request->host, 1024);
    request->uri = aws_text(operation, operation->row->uri);
    if (!out)
        return ENGINE_OK;
    *out = (struct aws_request){0};
    buffer_init(&out->body, AWS_MAX_BODY);
    out->method = aws_text(operation, operation->row->method);
    out->unsigned_ = operation->row->flags & MODEL_UNSIGNED;
    out->headers = engine_calloc(REQUEST_HEADERS + 1, sizeof(*out->headers));
    return out->headers ? ENGINE_OK : engine_fail_memory(err);
}

static void request_close(struct request *request)
{
    buffer_clear(&request->path);
    buffer_clear(&request->query);
    buffer_clear(&request->host);
    arena_clear(&request->arena);
}

engine_status aws_request_init(struct aws_model *model,
                               const struct aws_operation *operation,
                               const struct value *parameters,
                               const struct value *token,
                               const struct aws_place *place,
                               struct aws_request *out, engine_error *err)
{
    static const struct value none = {.kind = VALUE_OBJECT};
    struct value complete, checked;
    struct request request;
    engine_status status = request_open(&request, operation, place, out, err);

    if (!parameters || parameters->kind == VALUE_NULL)
        parameters = &none;
    if (status == ENGINE_OK && parameters->kind != VALUE_OBJECT)
        status = engine_fail(err, ENGINE_EINVAL,
                             "%s:%s: parameters must be an object, not %s",
                             operation->service->name,
                             aws_operation_name(operation),
                             value_kind_name(parameters));
    request.parameters = parameters;
    if (status == ENGINE_OK)
        status = request_complete(&request, token, &complete, err);
    if (status == ENGINE_OK)
        status = request_check(&request, &complete, &checked, err);
    request.parameters = &checked;
    if (status == ENGINE_OK)
        status = request_place(model, &request, err);
    if (status == ENGINE_OK)
        status = request_body(&request, err);
    if (status == ENGINE_OK)
        status = request_url(&request, err);
    request_close(&request);
    if (status != ENGINE_OK)
        aws_request_clear(out);
    return status;
}

engine_status aws_operation_check(const struct aws_operation *operation,
                                  const struct value *parameters,
                                  engine_error *err)
{
    static const struct value none = {.kind = VALUE_OBJECT};
    static const struct aws_place anywhere = {.account = "0"};
    struct value complete, checked;
    struct request request;
    engine_status status =
        request_open(&request, operation, &anywhere, NULL, err);

    request.open = true;
    request.parameters = parameters && parameters->kind != VALUE_NULL
                             ? parameters : &none;
    if (request.parameters->kind != VALUE_OBJECT)
        status = request_check(&request, request.parameters, &checked, err);
    else if (status == ENGINE_OK)
        status = request_complete(&request, NULL, &complete, err);
    if (status == ENGINE_OK)
        status = request_check(&request, &complete, &checked, err);
    request_close(&request);
    return status;
}

void aws_request_clear(struct aws_request *request)
{
    for (char **header = request->headers; header && *header; header++)
        engine_free(*header);
    engine_free(request->headers);
    engine_free(request->url);
    engine_free(request->service);
    engine_free(request->region);
    buffer_clear(&request->body);
    *request = (struct aws_request){0};
}
