/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c - calls of rules, between the core of sdk/kit/cloud and calls of
 * AWS. */
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

static engine_status provider_find(struct aws *aws, const struct value *call,
                                   const struct aws_operation **out,
                                   engine_error *err)
{
    const char *name = value_text(value_member(call, "service"));
    const char *operation = value_text(value_member(call, "operation"));
    const struct aws_service *service;
    engine_status status;

    if (!name || !operation) {
        engine_fail(err, ENGINE_EINVAL, "a call needs \"%s\"",
                    name ? "operation" : "service");
        engine_hint(err, "{service: s3, operation: ListBuckets}");
        return ENGINE_EINVAL;
    }
    if (strchr(name, '{') || strchr(operation, '{'))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"service\" and \"operation\" of a call hold no "
                           "placeholders");
    status = aws_model_service(aws->model, name, &service, err);
    if (status == ENGINE_OK)
        status =
            aws_model_operation(aws->model, service, operation, out, err);
    return status;
}

static const struct value *provider_parameters(const struct value *call)
{
    const struct value *parameters = value_member(call, "parameters");

    return parameters && parameters->kind != VALUE_NULL ? parameters : NULL;
}

engine_status aws_check(void *self, const struct value *call, unsigned *level,
                        engine_error *err)
{
    static const struct value nothing = {.kind = VALUE_OBJECT};
    const struct value *parameters = provider_parameters(call);
    const struct aws_operation *operation;
    engine_status status = provider_find(self, call, &operation, err);

    if (status < 0)
        return status;
    if (parameters && parameters->kind != VALUE_OBJECT &&
        !(parameters->kind == VALUE_STRING &&
          strchr(parameters->text, '{')))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"parameters\" of a call has to be an object");
    if (!parameters || parameters->kind == VALUE_OBJECT)
        status = aws_operation_check(operation,
                                     parameters ? parameters : &nothing, err);
    *level = aws_operation_is_global(operation) ? AWS_LEVEL_ACCOUNT
                                                : AWS_LEVEL_REGION;
    return status;
}

/* Requests of one operation that are the same to the byte are the same call. Of
 * one operation: what neptune, docdb and rds ask is the same, but the models
 * that the answer is read by are not. */
static void provider_key(const struct aws_call *call, struct buffer *key)
{
    const struct aws_request *request = &call->request;

    buffer_printf(key, "%s:%s\n", call->service,
                  aws_operation_name(call->operation));
    buffer_printf(key, "%s %s %s\n", request->method, request->service,
                  request->url);
    for (char **line = request->headers; line && *line; line++)
        buffer_printf(key, "%s\n", *line);
    for (size_t i = 0; i < request->body.len; i++)
        if (request->body.data[i]) /* keys are texts */
            buffer_putc(key, request->body.data[i]);
}

engine_status aws_prepare(void *self, const struct cloud_scope *scope,
                          const struct value *call, struct buffer *key,
                          void **data, engine_error *err)
{
    struct aws *aws = self;
    struct aws_account *account = scope->data;
    struct aws_call *made;
    engine_status status = aws_call_new(
        aws, account, scope->region ? scope->region : account->home,
        value_text(value_member(call, "service")),
        value_text(value_member(call, "operation")),
        provider_parameters(call), &made, err);

    if (status < 0)
        return status;
    provider_key(made, key);
    *data = made;
    return ENGINE_OK;
}

static void provider_ended(struct aws_call *call, const struct value *answer,
                           const char *code, const engine_error *why)
{
    if (answer)
        cloud_answer(call->user, answer);
    else
        cloud_refuse(call->user, *code ? code : NULL, why);
}

engine_status aws_start(void *self, struct cloud_call *call, void *data,
                        engine_error *err)
{
    struct aws_call *made = data;

    (void)self;
    made->arena = cloud_call_arena(call);
    made->ended = provider_ended;
    made->user = call;
    return aws_call_start(made, err);
}

void aws_release(void *self, void *data)
{
    (void)self;
    aws_call_free(data);
}
