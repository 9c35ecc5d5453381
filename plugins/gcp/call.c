/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - one call with all its pages. */
#include <stdio.h>
#include <string.h>

#include "plugins/gcp/gcp.h"
#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/guard.h"

#define CALL_TEXT ((size_t)2 * 1024 * 1024)

struct gcp_call *gcp_call_new(struct gcp *gcp)
{
    struct gcp_call *call = engine_calloc(1, sizeof(*call));

    if (call) {
        call->gcp = gcp;
        buffer_init(&call->text, GCP_BODY);
        table_init(&call->tokens);
    }
    return call;
}

void gcp_call_free(struct gcp_call *call)
{
    if (!call)
        return;
    gcp_request_clear(&call->request);
    buffer_clear(&call->text);
    cloud_pages_free(call->pages);
    table_clear(&call->tokens);
    engine_free(call->token);
    engine_free(call);
}

/* ---- its end ------------------------------------------------------------- */

void gcp_call_subject(const struct gcp_call *call, char *out, size_t room)
{
    snprintf(out, room, "%s %s %.*s", call->request.post ? "POST" : "GET",
             call->request.api, (int)strcspn(call->request.path, "?"),
             call->request.path);
}

static void call_broken(struct gcp_call *call, engine_error *why)
{
    char subject[400];

    gcp_call_subject(call, subject, sizeof(subject));
    engine_error_prefix(why, "%s", subject);
    call->end(call, NULL, NULL, why);
}

/* ---- pages --------------------------------------------------------------- */

/* Lists grow, and the map of an aggregated list. */
static bool call_grows(const struct value_member *member)
{
    return member->value.kind == VALUE_ARRAY ||
           (member->value.kind == VALUE_OBJECT &&
            strcmp(member->key, "items") == 0);
}

/* What grows is the same on each page that has it. */
static engine_status call_same(const struct gcp_call *call, const char *key,
                               uint8_t kind, engine_error *err)
{
    for (const struct gcp_page *page = call->last; page; page = page->before) {
        const struct value *found = value_member(page->value, key);

        if (found && found->kind != VALUE_NULL && found->kind != kind)
            return engine_fail(err, ENGINE_EPARSE,
                               "\"%.60s\" is not the same kind of list on "
                               "each page",
                               key);
    }
    return ENGINE_OK;
}

/* Any page may be the first that has one of them. */
static engine_status call_list(struct gcp_call *call,
                               const struct value_member *member,
                               engine_error *err)
{
    size_t at = 0;

    while (at < call->lists_count &&
           strcmp(call->lists[at], member->key) != 0)
        at++;
    if (at == call->lists_count && !call_grows(member))
        return ENGINE_OK;
    if (at == GCP_LISTS)
        return engine_fail(err, ENGINE_ELIMIT,
                           "the answer has more than %d lists", GCP_LISTS);
    if (at == call->lists_count)
        call->lists[call->lists_count++] = member->key;
    return member->value.kind == VALUE_NULL
               ? ENGINE_OK
               : call_same(call, member->key, member->value.kind, err);
}

static engine_status call_lists(struct gcp_call *call,
                                const struct value *page, engine_error *err)
{
    struct gcp_page *kept = arena_alloc(call->arena, sizeof(*kept));
    engine_status status = ENGINE_OK;

    if (!kept)
        return engine_fail(err, ENGINE_ELIMIT, "the answer is too large");
    for (uint32_t i = 0; status == ENGINE_OK && i < page->count; i++)
        status = call_list(call, &page->members[i], err);
    *kept = (struct gcp_page){page, call->last};
    call->last = kept;
    return status;
}

/* Rows of BigQuery come with a pageToken instead. */
static const struct value *call_token(const struct value *page)
{
    const struct value *next = value_member(page, "nextPageToken");

    return next ? next : value_member(page, "pageToken");
}

/* The token of the next page; NULL: there is none. What could be one, but is
 * not, would be the end of a list that is longer. */
static engine_status call_next(struct gcp_call *call, const struct value *page,
                               engine_error *err)
{
    const struct value *next = call_token(page);
    char *copy = NULL;

    if (next && next->kind != VALUE_NULL && next->kind != VALUE_STRING)
        return engine_fail(err, ENGINE_EPARSE,
                           "page %zu: the token of the next one is no text",
                           call->page);
    if (next && next->kind == VALUE_STRING && next->count) {
        if (strlen(next->text) != next->count ||
            table_has(&call->tokens, next->text) || call->page >= GCP_PAGES)
            return engine_fail(err, ENGINE_EIO,
                               "page %zu has a token that was there before, "
                               "or there are too many",
                               call->page);
        copy = engine_strdup(next->text);
        if (!copy || table_set(&call->tokens, copy, call) < 0) {
            engine_free(copy);
            return engine_fail_memory(err);
        }
    }
    engine_free(call->token);
    call->token = copy;
    return ENGINE_OK;
}

static engine_status call_join(struct gcp_call *call, const struct value *page,
                               const struct value **out, engine_error *err)
{
    engine_status status = call_lists(call, page, err);

    *out = page;
    if (status < 0 || (!call->pages && !call->token))
        return status;
    if (!call->pages && cloud_pages_new(&call->pages) < 0)
        return engine_fail_memory(err);
    status = cloud_pages_add(call->pages, page, call->lists, err);
    if (status == ENGINE_OK && !call->token)
        status = cloud_pages_join(call->pages, call->arena, out, err);
    return status;
}

static engine_status call_page(struct gcp_call *call,
                               const struct value **out, engine_error *err)
{
    struct value *page = arena_alloc(call->arena, sizeof(*page));
    engine_status status;

    if (!page)
        return engine_fail(err, ENGINE_ELIMIT, "the answer is too large");
    call->page++;
    if (!call->text.len)
        return engine_fail(err, ENGINE_EPARSE, "the answer is empty");
    status = value_from_json(call->text.data, call->text.len, "answer",
                             call->arena, page, err);
    buffer_reset(&call->text);
    if (status == ENGINE_OK)
        status = gcp_answer_whole(page, err);
    if (status == ENGINE_OK)
        status = call_next(call, page, err);
    if (status == ENGINE_OK)
        status = call_join(call, page, out, err);
    return status;
}

static void call_send(struct gcp_call *call);

static void call_answered(struct gcp_call *call)
{
    const struct value *answer = NULL;
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    if (call->status != 200)
        status = engine_fail(&why, ENGINE_EIO,
                             call->status / 100 == 3
                                 ? "it answered %ld, which is not followed"
                                 : "it answered %ld, which is no answer",
                             call->status);
    if (status == ENGINE_OK)
        status = call_page(call, &answer, &why);
    if (status < 0)
        call_broken(call, &why);
    else if (call->token)
        call_send(call);
    else
        call->end(call, answer, NULL, NULL);
}

/* ---- HTTP ---------------------------------------------------------------- */

static engine_status call_head(struct http_request *request,
                               const struct http_response *response,
                               void *user, engine_error *err)
{
    struct gcp_call *call = user;

    (void)request;
    (void)err;
    call->status = response->status;
    return ENGINE_OK;
}

static engine_status call_body(struct http_request *request, const char *data,
                               size_t len, void *user, engine_error *err)
{
    struct gcp_call *call = user;

    (void)request;
    return buffer_append(&call->text, data, len) < 0
               ? buffer_status(&call->text, err)
               : ENGINE_OK;
}

static engine_status call_again(struct http_request *request, void *user,
                                engine_error *err)
{
    struct gcp_call *call = user;

    (void)request;
    (void)err;
    buffer_reset(&call->text);
    return ENGINE_OK;
}

static void call_done(struct http_request *request, engine_status status,
                      const struct http_response *response,
                      const engine_error *err, void *user)
{
    struct gcp_call *call = user;

    (void)request;
    if (status < 0)
        call->end(call, NULL, NULL, err);
    else if (response->status >= 400)
        gcp_call_refused(call);
    else
        call_answered(call);
}

static engine_status call_auth(struct http_request *request, bool refused,
                               void *user, engine_error *err)
{
    struct gcp_call *call = user;
    const struct secret *token;
    struct buffer value;
    engine_status status = gcp_credentials_get(
        call->gcp->credentials, refused, &call->round, &token, err);

    if (status < 0)
        return status;
    buffer_init(&value, SECRET_MAXIMUM + 16);
    (void)buffer_room(&value, token->len + 16);
    buffer_puts(&value, "Bearer ");
    buffer_append(&value, token->text, token->len);
    status = buffer_status(&value, err);
    if (status == ENGINE_OK)
        status = http_request_header(request, "Authorization", value.data);
    if (value.data)
        explicit_bzero(value.data, value.len);
    buffer_clear(&value);
    return status;
}

static enum http_verdict call_classify(struct http_request *request,
                                       const struct http_response *response,
                                       const char *body, size_t len,
                                       void *user)
{
    struct gcp_failure failure;

    (void)request;
    (void)user;
    if (response->status == 408)
        return HTTP_RETRY;
    if (response->status != 403)
        return HTTP_USUAL;
    gcp_failure_read(body, len, &failure);
    return gcp_failure_throttles(&failure, response->status) ? HTTP_THROTTLED
                                                             : HTTP_USUAL;
}

/* ---- sending ------------------------------------------------------------- */

static engine_status call_add(struct gcp_call *call, const char *url,
                              const struct buffer *body, engine_error *err)
{
    static const struct http_handler handler = {call_head, call_body,
                                                call_again, call_done};
    const struct gcp *gcp = call->gcp;
    const char *quota = gcp->target.quota_project;
    /* what is on this machine no proxy can reach */
    const struct http_endpoint endpoint = {
        .ca_file = gcp->target.ca_file,
        .proxy = guard_url(url, GUARD_LOOPBACK, "", NULL) == ENGINE_OK ? ""
                                                                       : NULL};
    char project[200];
    /* Google compresses only for who says "gzip" here, too */
    const char *headers[] = {
        "User-Agent: scan-engine/" SCAN_ENGINE_VERSION " (gzip)",
        "Accept: application/json",
        call->request.post ? "Content-Type: application/json" : NULL, NULL,
        NULL};
    const struct http_call http = {
        .method = call->request.post ? "POST" : "GET",
        .url = url,
        .headers = headers,
        .body = body->data,
        .body_len = body->len,
        .body_maximum = GCP_BODY,
        .endpoint = &endpoint,
        .auth = call_auth,
        .auth_user = call,
        .retry_unsafe = true, /* what is posted here only reads */
        .bucket = call->bucket,
        .classify = call_classify,
        .handler = &handler,
        .user = call,
    };

    if (!quota)
        quota = gcp_credentials_quota(gcp->credentials);
    if (quota) {
        snprintf(project, sizeof(project), "X-Goog-User-Project: %.150s",
                 quota);
        headers[call->request.post ? 3 : 2] = project;
    }
    return http_add(cloud_http(gcp->cloud), &http, NULL, err);
}

static void call_send(struct gcp_call *call)
{
    struct buffer path, body;
    engine_error why = {0};
    char *url = NULL;
    engine_status status;

    buffer_init(&path, CALL_TEXT);
    buffer_init(&body, CALL_TEXT);
    gcp_request_path(&call->request, call->token, &path);
    gcp_request_body(&call->request, call->token, &body);
    status = buffer_status(&path, &why);
    if (status == ENGINE_OK)
        status = buffer_status(&body, &why);
    if (status == ENGINE_OK)
        status = gcp_target_url(&call->gcp->target, call->request.api,
                                path.data, &url, &why);
    if (status == ENGINE_OK)
        status = call_add(call, url, &body, &why);
    buffer_clear(&path);
    buffer_clear(&body);
    engine_free(url);
    if (status < 0)
        call_broken(call, &why);
}

void gcp_call_begin(struct gcp_call *call)
{
    call_send(call);
}
