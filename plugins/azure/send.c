/* SPDX-License-Identifier: Apache-2.0 */
/* send.c - one call with all its pages: URLs, answers, refusals. */
#include <stdio.h>
#include <string.h>

#include "plugins/azure/azure.h"
#include "plugins/azure/problem.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define SEND_QUERY_MAXIMUM ((size_t)2 * 1024 * 1024)
#define SEND_TOP 1000       /* rows of a page of Resource Graph, the most */
#define SEND_QUOTA_LOW 10   /* what is left of a quota is worth a word */

struct azure_call *azure_call_new(struct azure *azure)
{
    struct azure_call *call = engine_calloc(1, sizeof(*call));

    if (call) {
        call->azure = azure;
        buffer_init(&call->text, AZURE_BODY_MAXIMUM);
    }
    return call;
}

void azure_call_free(struct azure_call *call)
{
    if (!call)
        return;
    azure_pager_clear(&call->pager);
    buffer_clear(&call->text);
    engine_free(call->path);
    engine_free(call->version);
    engine_free(call->query);
    engine_free(call->body);
    engine_free(call->url);
    engine_free(call->subject);
    engine_free(call);
}

/* ---- the end: the call is freed by it ------------------------------------ */

static void send_fail(struct azure_call *call, const char *code,
                      const engine_error *why)
{
    call->end(call, NULL, code, why);
}

static void send_done(struct azure_call *call)
{
    const struct value *value = NULL;
    engine_error err = {0};

    if (azure_pager_end(&call->pager, &value, &err) < 0) {
        engine_error_prefix(&err, "%.300s", call->subject);
        send_fail(call, NULL, &err);
        return;
    }
    call->end(call, value, NULL, NULL);
}

/* ---- the request --------------------------------------------------------- */

static const char *send_origin(const struct azure_call *call)
{
    return call->api == AZURE_GRAPH ? call->azure->target.graph
                                    : call->azure->target.resource_manager;
}

static engine_status send_url(struct azure_call *call, engine_error *err)
{
    const char *path = call->path;
    const bool follows = call->pager.next && !call->pager.tokens;

    if (follows) /* has the version in it */
        path = call->pager.next;
    engine_free(call->url);
    engine_free(call->subject);
    call->url = call->versioned || follows
                    ? engine_strf("%s%s", send_origin(call), path)
                    : engine_strf("%s%s%capi-version=%s", send_origin(call),
                                  path, strchr(path, '?') ? '&' : '?',
                                  call->version);
    call->subject =
        engine_strf("%s %s%.*s", call->post ? "POST" : "GET",
                    send_origin(call), (int)strcspn(path, "?"), path);
    return call->url && call->subject ? ENGINE_OK : engine_fail_memory(err);
}

static void send_put_ids(const struct azure_target *target, struct buffer *out)
{
    if (target->management_group) {
        buffer_puts(out, "\"managementGroups\":[");
        document_string_to_json(target->management_group, out);
        buffer_puts(out, "],");
    } else if (target->subscriptions) {
        buffer_puts(out, "\"subscriptions\":[");
        for (size_t i = 0; target->subscriptions[i]; i++) {
            if (i)
                buffer_putc(out, ',');
            document_string_to_json(target->subscriptions[i], out);
        }
        buffer_puts(out, "],");
    } /* without either: all that the identity may see */
}

/* (Azure Resource Graph REST API, "Resources") */
static engine_status send_query(const struct azure_call *call,
                                struct buffer *out, engine_error *err)
{
    buffer_putc(out, '{');
    send_put_ids(&call->azure->target, out);
    buffer_puts(out, "\"query\":");
    document_string_to_json(call->query, out);
    buffer_printf(out, ",\"options\":{\"resultFormat\":\"objectArray\","
                       "\"$top\":%d",
                  SEND_TOP);
    if (call->pager.next) {
        buffer_puts(out, ",\"$skipToken\":");
        document_string_to_json(call->pager.next, out);
    }
    buffer_puts(out, "}}");
    return buffer_status(out, err);
}

/* ---- answers ------------------------------------------------------------- */

static void send_note_quota(struct azure_call *call,
                            const struct http_request *request)
{
    static const char *const names[] = {
        "x-ms-user-quota-remaining", "x-ms-user-quota-resets-after",
        "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-tenant-reads",
        "x-ms-ratelimit-remaining-resource"};
    size_t used = 0;

    call->quota[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *value = http_header(request, names[i]);

        if (value && used + strlen(names[i]) + 24 < sizeof(call->quota))
            used += (size_t)snprintf(call->quota + used,
                                     sizeof(call->quota) - used, "%s%s: %.20s",
                                     used ? ", " : "", names[i], value);
    }
}

/* A quota that is used up refuses the next request: better to wait. */
static void send_obey_quota(struct azure_call *call,
                            struct http_request *request)
{
    const char *left = http_header(request, "x-ms-user-quota-remaining");
    const char *after = http_header(request, "x-ms-user-quota-resets-after");
    const char *reads =
        http_header(request, "x-ms-ratelimit-remaining-subscription-reads");
    const int64_t wait_ms = after ? azure_reset_ms(after) : -1;

    if (left && strcmp(left, "0") == 0 && wait_ms > 0)
        http_request_hold(request, wait_ms < 60000 ? wait_ms : 60000);
    if (reads && *reads && strlen(reads) < 3 && !call->azure->warned) {
        call->azure->warned = true;
        cloud_log(call->azure->cloud, SCANNER_LOG_WARNING,
                  "azure: %.60s: only %.3s reads are left in its quota",
                  call->bucket, reads);
    }
}

static engine_status send_head(struct http_request *request,
                               const struct http_response *response,
                               void *user, engine_error *err)
{
    struct azure_call *call = user;

    (void)err;
    call->status = response->status;
    snprintf(call->type, sizeof(call->type), "%.60s",
             response->content_type ? response->content_type : "");
    send_note_quota(call, request);
    send_obey_quota(call, request);
    return ENGINE_OK;
}

static engine_status send_body(struct http_request *request, const char *data,
                               size_t len, void *user, engine_error *err)
{
    struct azure_call *call = user;

    (void)request;
    if (buffer_append(&call->text, data, len) < 0)
        return buffer_status(&call->text, err);
    return ENGINE_OK;
}

static engine_status send_again(struct http_request *request, void *user,
                                engine_error *err)
{
    struct azure_call *call = user;

    (void)request;
    (void)err;
    buffer_reset(&call->text);
    return ENGINE_OK;
}

static void send_refused(struct azure_call *call)
{
    struct azure_problem problem;
    /* that a later page is gone does not mean that nothing is there */
    const bool first = call->pager.count == 0;
    engine_error err = {0};
    char codes[300];

    azure_problem_read(call->text.data ? call->text.data : "", call->text.len,
                       call->type, &problem);
    azure_problem_codes(&problem, call->status, codes, sizeof(codes));
    (void)azure_problem_fail(&problem, call->api, call->subject, call->status,
                             call->status == 429 ? call->quota : NULL, &err);
    send_fail(call, first ? codes : NULL, &err);
}

static void send_page(struct azure_call *call)
{
    engine_error err = {0};
    engine_status status = ENGINE_OK;

    if (call->status != 200)
        status = engine_fail(&err, ENGINE_EIO, "it answered %ld%s",
                             call->status,
                             call->status >= 300 ? ", a redirect, which is "
                                                   "not followed"
                                                 : "");
    if (status == ENGINE_OK)
        status = azure_pager_add(&call->pager,
                                 call->text.data ? call->text.data : "",
                                 call->text.len, &err);
    buffer_reset(&call->text);
    if (status < 0) {
        engine_error_prefix(&err, "%.300s", call->subject);
        send_fail(call, NULL, &err);
    } else if (call->pager.next) {
        azure_send_request(call);
    } else {
        send_done(call);
    }
}

static void send_ended(struct http_request *request, engine_status status,
                       const struct http_response *response,
                       const engine_error *err, void *user)
{
    struct azure_call *call = user;

    (void)request;
    if (status < 0)
        send_fail(call, NULL, err);
    else if (response->status >= 400 || response->status == 204)
        send_refused(call); /* a rule may take 204 for "nothing there" */
    else
        send_page(call);
}

/* ---- sending ------------------------------------------------------------- */

static enum http_verdict send_classify(struct http_request *request,
                                       const struct http_response *response,
                                       const char *body, size_t len,
                                       void *user)
{
    (void)request;
    (void)body;
    (void)len;
    (void)user;
    return response->status == 408 ? HTTP_RETRY : HTTP_USUAL;
}

static engine_status send_add(struct azure_call *call, engine_error *err)
{
    static const struct http_handler handler = {send_head, send_body,
                                                send_again, send_ended};
    static const char *const headers[] = {
        "Accept: application/json", "Content-Type: application/json", NULL};
    struct buffer body;
    struct http_call http = {
        .method = call->post ? "POST" : "GET",
        .headers = headers,
        .endpoint = &call->azure->endpoint,
        .body_maximum = AZURE_BODY_MAXIMUM,
        .auth = azure_auth_apply,
        .auth_user = call->api == AZURE_GRAPH ? &call->azure->graph
                                              : &call->azure->arm,
        .retry_unsafe = true, /* what is posted here only reads */
        .bucket = call->bucket[0] ? call->bucket : NULL,
        .classify = send_classify,
        .handler = &handler,
        .user = call,
    };
    engine_status status = send_url(call, err);

    buffer_init(&body, SEND_QUERY_MAXIMUM);
    if (status == ENGINE_OK && call->query)
        status = send_query(call, &body, err);
    else if (status == ENGINE_OK && call->post)
        status = buffer_puts(&body, call->body ? call->body : "{}");
    http.url = call->url;
    http.body = body.data;
    http.body_len = body.len;
    if (status == ENGINE_OK)
        status = http_add(cloud_http(call->azure->cloud), &http, NULL, err);
    buffer_clear(&body);
    return status;
}

void azure_send_request(struct azure_call *call)
{
    engine_error err = {0};

    if (send_add(call, &err) < 0)
        send_fail(call, NULL, &err);
}

void azure_call_begin(struct azure_call *call)
{
    azure_pager_init(&call->pager, send_origin(call), call->query != NULL,
                     call->arena);
    if (call->api == AZURE_GRAPH)
        call->pager.expand = azure_request_expand(call->path);
    if (call->versioned || call->version)
        azure_send_request(call);
    else
        azure_send_versioned(call);
}
