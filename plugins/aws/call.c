/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one call from its parameters to its last page. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

#define CALL_PARAMETERS ((size_t)4 << 20) /* JSON of them */
#define CALL_MEMORY ((size_t)64 << 20)    /* parameters read again */
#define CALL_MOVES 3                      /* to the region of a bucket */
#define CALL_REPORTS 3                    /* credential reports begun */

/* ---- making it ------------------------------------------------------------- */

static engine_status call_request(struct aws_call *call,
                                  const struct value *parameters,
                                  const struct value *token,
                                  engine_error *err)
{
    const struct aws_place place = {
        .region = call->region,
        .account = call->account->id,
        .endpoint = aws_credentials_endpoint(call->account->credentials,
                                             call->service),
    };

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
    if (status == ENGINE_OK) {
        status = call_keep(call, parameters, err);
    }
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

/* A host that has no address: the service is not there in that region. */
static void call_fail(struct aws_call *call, const engine_error *why)
{
    buffer_clear(&call->body);
    aws_bucket_ended(call, NULL, why);
    call->ended(call, NULL,
                strstr(why->message, "resolve") ? "UnknownEndpoint" : "", why);
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

/* ---- pages ----------------------------------------------------------------- */

static const char *call_header(const char *name, void *user)
{
    return http_header(user, name);
}

/* elements in the lists of a page */
static size_t call_count(const struct value *page, const char *const *lists)
{
    size_t count = 0;

    for (; lists && *lists; lists++) {
        const struct value *at = page;
        const char *name = *lists;

        while (at && *name) {
            const size_t len = strcspn(name, ".");

            at = value_member_n(at, name, len);
            name += len + (name[len] == '.');
        }
        if (at && (at->kind == VALUE_ARRAY || at->kind == VALUE_OBJECT))
            count += at->count;
    }
    return count;
}

static engine_status call_token_hash(const struct value *token, char out[65],
                                     engine_error *err)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, CALL_PARAMETERS);
    value_to_json(token, 0, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        hash_bytes(text.data, text.len, out);
    buffer_clear(&text);
    return status;
}

/* Whether the token came before: with the last page, or with an earlier one;
 * by Brent's algorithm one of the earlier ones is enough to remember. */
static bool call_came(struct aws_call *call, const char *hash, bool *just_now)
{
    const bool before = strcmp(hash, call->earlier) == 0;

    *just_now = strcmp(hash, call->token) == 0;
    memcpy(call->token, hash, sizeof(call->token));
    if ((call->page & (call->page + 1)) == 0) /* pages 1, 2, 4, 8, ... */
        memcpy(call->earlier, hash, sizeof(call->earlier));
    return before || *just_now;
}

/* A token that comes again: some APIs end like that, with an empty page;
 * anything else would go round for ever. */
static engine_status call_repeats(struct aws_call *call,
                                  const struct value *page,
                                  const struct value *token, bool *more,
                                  engine_error *err)
{
    char hash[HASH_HEX_SIZE];
    bool just_now;
    engine_status status = call_token_hash(token, hash, err);

    if (status < 0)
        return status;
    *more = !call_came(call, hash, &just_now);
    if (!*more && (!just_now ||
                   call_count(page, aws_operation_lists(call->operation)) > 0))
        return engine_fail(err, ENGINE_EIO,
                           "page %u has the token of a page before",
                           call->page + 1);
    if (*more && ++call->page >= AWS_PAGES)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d pages",
                           AWS_PAGES);
    return ENGINE_OK;
}

static engine_status call_next(struct aws_call *call,
                               const struct value *token, engine_error *err)
{
    const engine_status status = aws_call_remake(call, token, err);

    return status < 0 ? status : aws_call_start(call, err);
}

static engine_status call_join(struct aws_call *call,
                               const struct value *page, bool more,
                               const struct value **out, engine_error *err)
{
    engine_status status = ENGINE_OK;

    *out = page;
    if (!call->pages && !more)
        return ENGINE_OK;
    if (!call->pages)
        status = cloud_pages_new(&call->pages);
    if (status < 0)
        return engine_fail_memory(err);
    status = cloud_pages_add(call->pages, page,
                             aws_operation_lists(call->operation), err);
    if (status == ENGINE_OK && !more)
        status = cloud_pages_join(call->pages, call->arena, out, err);
    return status;
}

static engine_status call_page(struct aws_call *call,
                               struct http_request *request, long status_code,
                               const struct value **out, bool *more,
                               engine_error *err)
{
    const struct aws_head head = {status_code, call_header, request};
    struct value *page = arena_alloc(call->arena, sizeof(*page));
    struct value token = value_null;
    engine_status status;

    *more = false;
    if (!page)
        return engine_fail_memory(err);
    status = aws_answer(call->operation, &head,
                        call->body.data ? call->body.data : "",
                        call->body.len, call->arena, page, err);
    buffer_clear(&call->body);
    if (status == ENGINE_OK)
        status = aws_answer_token(call->operation, page, call->arena, &token,
                                  err);
    if (status == ENGINE_OK)
        status = aws_answer_whole(call->operation, page, err);
    if (status == ENGINE_OK && token.kind != VALUE_NULL)
        status = call_repeats(call, page, &token, more, err);
    if (status == ENGINE_OK)
        status = call_join(call, page, *more, out, err);
    if (status == ENGINE_OK && *more)
        status = call_next(call, &token, err);
    return status;
}

static void call_answered(struct aws_call *call, struct http_request *request,
                          long status)
{
    const struct value *answer = NULL;
    engine_error why = {0}, told;
    bool more;

    if (call_page(call, request, status, &answer, &more, &why) < 0) {
        aws_call_unanswered(call, &why, &told);
        call_fail(call, &told);
    } else if (!more) {
        call_succeed(call, answer);
    }
}

/* ---- detours --------------------------------------------------------------- */

static bool call_is_region(const char *text)
{
    const size_t len = text ? strlen(text) : 0;

    return len && len < 64 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* True: the call goes on, or has ended. */
static bool call_move(struct aws_call *call, struct http_request *request,
                      long status)
{
    const char *region = http_header(request, "x-amz-bucket-region");
    engine_error why = {0}, told;

    if (strcmp(call->service, "s3") != 0 || call->generate ||
        (status != 301 && status != 307 && status != 400) ||
        !call_is_region(region) || strcmp(region, call->region) == 0 ||
        call->moves++ >= CALL_MOVES)
        return false;
    region = arena_strdup(cloud_arena(call->aws->cloud), region);
    if (!region)
        engine_fail_memory(&why);
    call->region = region ? region : call->region;
    engine_free(call->bucket);
    call->bucket = NULL;
    if (region)
        aws_bucket_ended(call, region, NULL);
    if (region && aws_call_remake(call, NULL, &why) == ENGINE_OK &&
        aws_call_start(call, &why) == ENGINE_OK)
        return true;
    aws_call_unanswered(call, &why, &told);
    call_fail(call, &told);
    return true;
}

/* There is no credential report yet, or only an old one: it is begun, then
 * asked for until it is there (call_sign.c: ReportInProgress). */
static bool call_report(struct aws_call *call)
{
    static const char *const missing[] = {
        "ReportNotPresent", "CredentialReportNotPresentException",
        "ReportExpired", "CredentialReportExpiredException", NULL};
    const struct aws_service *service;
    const struct aws_operation *generate;
    engine_error why = {0}, told;

    if (call->generate ||
        strcmp(aws_operation_name(call->operation), "GetCredentialReport") ||
        !aws_code_in(call->failure.code, missing) ||
        call->reports++ >= CALL_REPORTS ||
        aws_model_service(call->aws->model, "iam", &service, NULL) < 0 ||
        aws_model_operation(call->aws->model, service,
                            "GenerateCredentialReport", &generate, NULL) < 0)
        return false;
    call->generate = generate;
    buffer_reset(&call->body);
    if (aws_call_remake(call, NULL, &why) == ENGINE_OK &&
        aws_call_start(call, &why) == ENGINE_OK)
        return true;
    aws_call_unanswered(call, &why, &told);
    call_fail(call, &told);
    return true;
}

/* the report was begun */
static void call_generated(struct aws_call *call)
{
    engine_error why = {0}, told;

    call->generate = NULL;
    buffer_reset(&call->body);
    if (aws_call_remake(call, NULL, &why) == ENGINE_OK &&
        aws_call_start(call, &why) == ENGINE_OK)
        return;
    aws_call_unanswered(call, &why, &told);
    call_fail(call, &told);
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

static void call_done(struct http_request *request, engine_status status,
                      const struct http_response *response,
                      const engine_error *err, void *user)
{
    struct aws_call *call = user;
    const long code = response ? response->status : 0;
    engine_error told = {0};

    if (code >= 300) {
        if (!call_move(call, request, code) && !call_report(call))
            call_refuse(call, code);
        return;
    }
    if (status == ENGINE_OK)
        aws_bucket_ended(call, call->region, NULL);
    if (status < 0) {
        aws_call_unanswered(call, err, &told);
        call_fail(call, &told);
    } else if (call->generate) {
        call_generated(call);
    } else {
        call_answered(call, request, code);
    }
}

void aws_call_fail(struct aws_call *call, const engine_error *why)
{
    engine_error told = {0};

    aws_call_unanswered(call, why, &told);
    call_fail(call, &told);
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
