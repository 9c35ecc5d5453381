/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one call from its parameters to its last page. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

#define CALL_PARAMETERS ((size_t)4 << 20) /* JSON of them */
#define CALL_MEMORY ((size_t)64 << 20)    /* parameters read again */

/* ---- making it ------------------------------------------------------------- */

static engine_status call_request(struct aws_call *call,
                                  const struct value *parameters,
                                  const struct value *token,
                                  engine_error *err)
{
    struct aws_place place = {
        .region = call->region,
        .account = call->account->id,
    };
    const engine_status status = aws_credentials_endpoint(
        call->account->credentials, call->service, &place.endpoint, err);

    if (status < 0)
        return status;
    call->elsewhere = place.endpoint != NULL;
    if (!place.endpoint && strcmp(call->service, "sts") == 0 &&
        aws_sts_legacy(call->account->credentials, call->region)) {
        place.endpoint = AWS_STS_GLOBAL;
        place.region = "us-east-1";
    }
    aws_request_clear(&call->request);
    return aws_request_init(call->aws->model,
                            call->generate ? call->generate : call->operation,
                            parameters, token, &place, &call->request, err);
}

/* the same with the parameters that were kept */
engine_status aws_call_remake(struct aws_call *call,
                              const struct value *token, engine_error *err)
{
    struct value parameters = value_null;
    struct arena arena;
    engine_status status = ENGINE_OK;

    arena_init(&arena, CALL_MEMORY);
    if (call->parameters && !call->generate)
        status = value_from_json(call->parameters, strlen(call->parameters),
                                 "parameters", &arena, &parameters, err);
    if (status == ENGINE_OK)
        status = call_request(call, &parameters, token, err);
    arena_clear(&arena);
    return status;
}

static engine_status call_keep(struct aws_call *call,
                               const struct value *parameters,
                               engine_error *err)
{
    struct buffer text;
    engine_status status;

    if (!parameters || parameters->kind == VALUE_NULL)
        return ENGINE_OK;
    buffer_init(&text, CALL_PARAMETERS);
    value_to_json(parameters, 0, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK) {
        call->parameters = buffer_take(&text);
        if (!call->parameters)
            status = engine_fail_memory(err);
    }
    buffer_clear(&text);
    return status;
}

engine_status aws_call_new(struct aws *aws, struct aws_account *account,
                           const char *region, const char *service,
                           const char *operation,
                           const struct value *parameters,
                           struct aws_call **out, engine_error *err)
{
    struct aws_call *call = engine_calloc(1, sizeof(*call));
    const struct aws_service *found;
    engine_status status;

    if (!call)
        return engine_fail_memory(err);
    call->aws = aws;
    call->account = account;
    call->region = region;
    buffer_init(&call->body, AWS_BODY);
    status = aws_model_service(aws->model, service, &found, err);
    if (status == ENGINE_OK)
        status = aws_model_operation(aws->model, found, operation,
                                     &call->operation, err);
    if (status == ENGINE_OK) {
        call->service = aws_service_name(found);
        status = aws_bucket_find(call, parameters, err);
    }
    if (status == ENGINE_OK)
        status = call_keep(call, parameters, err);
    if (status == ENGINE_OK)
        status = call_request(call, parameters, NULL, err);
    if (status < 0) {
        aws_call_free(call);
        return status;
    }
    *out = call;
    return ENGINE_OK;
}

void aws_call_free(struct aws_call *call)
{
    if (!call)
        return;
    aws_request_clear(&call->request);
    buffer_clear(&call->body);
    cloud_pages_free(call->pages);
    engine_free(call->parameters);
    engine_free(call->bucket);
    engine_free(call);
}

/* ---- its end --------------------------------------------------------------- */

void aws_call_fail(struct aws_call *call, const engine_error *why)
{
    engine_error told = {0};

    aws_call_unanswered(call, why, &told);
    buffer_clear(&call->body);
    aws_bucket_ended(call, NULL, &told);
    call->ended(call, NULL, call->nowhere ? "UnknownEndpoint" : "", &told);
}

static void call_refuse(struct aws_call *call, long status)
{
    engine_error why = {0};
    char code[160];

    aws_call_refused(call, status, &why);
    snprintf(code, sizeof(code), "%s%s%ld", call->failure.code,
             call->failure.code[0] ? " " : "", status);
    buffer_clear(&call->body);
    aws_bucket_ended(call, call->region, NULL);
    call->ended(call, NULL, code, &why);
}

static void call_succeed(struct aws_call *call, const struct value *answer)
{
    buffer_clear(&call->body);
    call->ended(call, answer, "", NULL);
}

static void call_answered(struct aws_call *call, struct http_request *request,
                          long status)
{
    const struct value *answer = NULL;
    engine_error why = {0};
    bool more;

    if (aws_call_page(call, request, status, &answer, &more, &why) < 0)
        aws_call_fail(call, &why);
    else if (!more)
        call_succeed(call, answer);
}

/* ---- what http.h tells ------------------------------------------------------ */

static engine_status call_head(struct http_request *request,
                               const struct http_response *response,
                               void *user, engine_error *err)
{
    struct aws_call *call = user;

    (void)request;
    (void)response;
    (void)err;
    buffer_reset(&call->body);
    return ENGINE_OK;
}

static engine_status call_body(struct http_request *request, const char *data,
                               size_t len, void *user, engine_error *err)
{
    struct aws_call *call = user;

    (void)request;
    buffer_append(&call->body, data, len);
    return buffer_status(&call->body, err);
}

static engine_status call_again(struct http_request *request, void *user,
                                engine_error *err)
{
    return call_head(request, NULL, user, err);
}

/* Below 400 nobody has looked at the answer yet. */
static void call_redirected(struct aws_call *call,
                            struct http_request *request, long status)
{
    const struct aws_head head = {status, aws_call_header, request};

    if (status < 400)
        aws_failure_read(call->generate ? call->generate : call->operation,
                         &head, call->body.data ? call->body.data : "",
                         call->body.len, &call->failure);
}

static void call_done(struct http_request *request, engine_status status,
                      const struct http_response *response,
                      const engine_error *err, void *user)
{
    struct aws_call *call = user;
    const long code = response ? response->status : 0;

    if (code >= 300) {
        call_redirected(call, request, code);
        if (!aws_call_detour(call, code))
            call_refuse(call, code);
        return;
    }
    if (status == ENGINE_OK)
        aws_bucket_ended(call, call->region, NULL);
    if (status < 0) {
        call->nowhere = aws_call_is_nowhere(call, response);
        aws_call_fail(call, err);
    } else if (call->generate) {
        aws_call_generated(call);
    } else {
        call_answered(call, request, code);
    }
}

engine_status aws_call_start(struct aws_call *call, engine_error *err)
{
    static const struct http_handler handler = {
        .head = call_head,
        .body = call_body,
        .again = call_again,
        .done = call_done,
    };
    const struct aws_request *request = &call->request;
    const struct http_endpoint endpoint = {
        .ca_file = aws_credentials_ca(call->account->credentials)};
    const struct http_call what = {
        .method = request->method,
        .url = request->url,
        .headers = (const char *const *)request->headers,
        .body = request->body.data,
        .body_len = request->body.len,
        .body_maximum = AWS_BODY,
        .auth = request->unsigned_ ? NULL : aws_call_auth,
        .auth_user = call,
        .endpoint = &endpoint,
        .retry_unsafe = true, /* nothing that is called changes anything */
        .bucket = call->bucket,
        .classify = aws_call_classify,
        .classify_user = call,
        .handler = &handler,
        .user = call,
    };
    struct http_request *added;

    if (aws_bucket_waits(call))
        return ENGINE_OK;
    if (!call->bucket) {
        call->bucket = engine_strf("%s/%s/%s", call->account->id,
                                   call->region, call->service);
        if (!call->bucket)
            return engine_fail_memory(err);
        return aws_call_start(call, err);
    }
    call->failure = (struct aws_failure){0};
    buffer_clear(&call->body);
    buffer_init(&call->body, AWS_BODY);
    return http_add(cloud_http(call->aws->cloud), &what, &added, err);
}

/* ---- at once ---------------------------------------------------------------- */

struct call_now {
    struct arena *arena;
    struct value answer;
    engine_error why;
    bool over;
};

static void call_now_ended(struct aws_call *call, const struct value *answer,
                           const char *code, const engine_error *why)
{
    struct call_now *now = call->user;

    (void)code;
    now->over = true;
    if (answer)
        now->answer = *answer;
    else
        now->why = *why;
}

engine_status aws_call_now(struct aws_call *call, struct arena *arena,
                           struct value *out, engine_error *err)
{
    struct call_now now = {.arena = arena};
    engine_status status;

    call->arena = arena;
    call->ended = call_now_ended;
    call->user = &now;
    status = aws_call_start(call, err);
    if (status == ENGINE_OK)
        status = http_run(cloud_http(call->aws->cloud), err);
    if (status == ENGINE_OK && now.why.status < 0) {
        if (err)
            *err = now.why;
        status = now.why.status;
    }
    if (status == ENGINE_OK)
        *out = now.answer;
    return status;
}
