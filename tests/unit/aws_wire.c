/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_wire.c - the model of AWS's APIs for tests in Python: reads lines of
 * JSON and answers each with one. {"do": "request", service, operation,
 * parameters, token, region, account, endpoint}; {"do": "answer" | "failure",
 * service, operation, status, headers, body}; {"do": "time", ..., "count"}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/aws/model.h"
#include "sdk/base/clock.h"

static void wire_text(struct buffer *out, const char *name, const char *text)
{
    const struct value value = {.kind = VALUE_STRING,
                                .count = (uint32_t)(text ? strlen(text) : 0),
                                .text = text ? text : ""};

    buffer_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    value_to_json(&value, 0, out);
}

static void wire_value(struct buffer *out, const char *name,
                       const struct value *value)
{
    buffer_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    value_to_json(value, 0, out);
}

static const char *wire_header(const char *name, void *user)
{
    const struct value *headers = value_member(user, "headers");

    for (uint32_t i = 0; headers && i < headers->count; i++) {
        if (strcasecmp(headers->members[i].key, name) == 0)
            return value_text(&headers->members[i].value);
    }
    return NULL;
}

static engine_status wire_request(struct aws_model *model,
                                  const struct aws_operation *operation,
                                  const struct value *line, struct buffer *out,
                                  engine_error *err)
{
    const struct aws_place place = {
        .region = value_text(value_member(line, "region")),
        .account = value_text(value_member(line, "account")),
        .endpoint = value_text(value_member(line, "endpoint"))};
    struct aws_request request;
    engine_status status =
        aws_request_init(model, operation, value_member(line, "parameters"),
                         value_member(line, "token"), &place, &request, err);

    if (status != ENGINE_OK)
        return status;
    wire_text(out, "method", request.method);
    wire_text(out, "url", request.url);
    wire_text(out, "service", request.service);
    wire_text(out, "region", request.region);
    wire_text(out, "body", request.body.data);
    buffer_puts(out, ",\"headers\":[");
    for (char **header = request.headers; *header; header++) {
        const struct value value = {.kind = VALUE_STRING,
                                    .count = (uint32_t)strlen(*header),
                                    .text = *header};

        buffer_puts(out, header == request.headers ? "" : ",");
        value_to_json(&value, 0, out);
    }
    buffer_puts(out, "]");
    aws_request_clear(&request);
    return ENGINE_OK;
}

static engine_status wire_answer(const struct aws_operation *operation,
                                 struct value *line, struct buffer *out,
                                 engine_error *err)
{
    const struct value *body = value_member(line, "body");
    const struct value *code = value_member(line, "status");
    const struct aws_head head = {
        .status = code ? (long)code->integer : 200,
        .header = wire_header, .user = line};
    struct value value, token;
    struct arena arena;
    engine_status status;

    arena_init(&arena, 256u << 20);
    status = aws_answer(operation, &head, value_text(body),
                        body ? body->count : 0, &arena, &value, err);
    if (status == ENGINE_OK)
        status = aws_answer_token(operation, &value, &arena, &token, err);
    if (status == ENGINE_OK) {
        wire_value(out, "value", &value);
        wire_value(out, "token", &token);
    }
    arena_clear(&arena);
    return status;
}

static engine_status wire_time(const struct aws_operation *operation,
                               struct value *line, struct buffer *out,
                               engine_error *err)
{
    const struct value *body = value_member(line, "body");
    const struct aws_head head = {.status = 200};
    const int64_t begin = clock_steady_ms();
    engine_status status = ENGINE_OK;

    for (int i = 0; i < 100 && status == ENGINE_OK; i++) {
        struct value value;
        struct arena arena;

        arena_init(&arena, 256u << 20);
        status = aws_answer(operation, &head, value_text(body), body->count,
                            &arena, &value, err);
        arena_clear(&arena);
    }
    buffer_printf(out, "\"ms\":%.2f",
                  (double)(clock_steady_ms() - begin) / 100);
    return status;
}

static void wire_failure(const struct aws_operation *operation,
                         struct value *line, struct buffer *out)
{
    const struct value *body = value_member(line, "body");
    const struct value *code = value_member(line, "status");
    const struct aws_head head = {
        .status = code ? (long)code->integer : 400,
        .header = wire_header, .user = line};
    struct aws_failure failure;

    aws_failure_read(operation, &head, value_text(body), body ? body->count : 0,
                     &failure);
    wire_text(out, "code", failure.code);
    wire_text(out, "message", failure.message);
    wire_text(out, "region", failure.region);
}

static engine_status wire_do(struct aws_model *model, struct value *line,
                             struct buffer *out, engine_error *err)
{
    const char *verb = value_text(value_member(line, "do"));
    const struct aws_service *service;
    const struct aws_operation *operation;
    engine_status status =
        aws_model_service(model, value_text(value_member(line, "service")),
                          &service, err);

    if (status == ENGINE_OK)
        status = aws_model_operation(
            model, service, value_text(value_member(line, "operation")),
            &operation, err);
    if (status != ENGINE_OK)
        return status;
    if (strcmp(verb, "request") == 0)
        return wire_request(model, operation, line, out, err);
    if (strcmp(verb, "answer") == 0)
        return wire_answer(operation, line, out, err);
    if (strcmp(verb, "time") == 0)
        return wire_time(operation, line, out, err);
    wire_failure(operation, line, out);
    return ENGINE_OK;
}

static void wire_line(struct aws_model *model, const char *text, size_t len)
{
    engine_error err = {0};
    struct buffer out;
    struct value line;
    struct arena arena;

    arena_init(&arena, 256u << 20);
    buffer_init(&out, 256u << 20);
    buffer_putc(&out, '{');
    if (value_from_json(text, len, "line", &arena, &line, &err) != ENGINE_OK ||
        wire_do(model, &line, &out, &err) != ENGINE_OK) {
        buffer_reset(&out);
        buffer_putc(&out, '{');
        wire_text(&out, "error", err.message);
        wire_text(&out, "hint", err.hint);
    }
    buffer_puts(&out, "}\n");
    fwrite(out.data, 1, out.len, stdout);
    fflush(stdout);
    buffer_clear(&out);
    arena_clear(&arena);
}

int main(int argc, char **argv)
{
    struct aws_model *model;
    engine_error err = {0};
    char *text = NULL;
    size_t room = 0;
    ssize_t len;

    if (aws_model_new(argc > 1 ? argv[1] : NULL, &model, &err) != ENGINE_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while ((len = getline(&text, &room, stdin)) > 0)
        wire_line(model, text, (size_t)len);
    free(text);
    aws_model_free(model);
    return 0;
}
