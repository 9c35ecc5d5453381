/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - calls of rules:
 *
 *   {request: PATH or URL, api_version?, method?, body?}
 *   {graph: KQL, api_version?}       Resource Graph, all subscriptions at once
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/azure.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define CALL_QUERY_MAXIMUM ((size_t)65536)
#define CALL_GRAPH "/providers/Microsoft.ResourceGraph/resources"
#define CALL_GRAPH_VERSION "2021-03-01"

/* ---- checking ------------------------------------------------------------ */

static engine_status call_text(const struct value *call, const char *key,
                               const char **out, engine_error *err)
{
    const struct value *value = value_member(call, key);

    *out = value_text(value);
    if (!value || value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (!*out || !value->count || strlen(*out) != value->count)
        return engine_fail(err, ENGINE_EINVAL, "%s is no text", key);
    return ENGINE_OK;
}

struct call_texts {
    const char *request, *graph, *version, *method;
    const struct value *body;
};

static engine_status call_read(const struct value *call,
                               struct call_texts *out, engine_error *err)
{
    engine_status status = call_text(call, "request", &out->request, err);

    if (status == ENGINE_OK)
        status = call_text(call, "graph", &out->graph, err);
    if (status == ENGINE_OK)
        status = call_text(call, "api_version", &out->version, err);
    if (status == ENGINE_OK)
        status = call_text(call, "method", &out->method, err);
    out->body = value_member(call, "body");
    if (status < 0)
        return status;
    if (!out->request == !out->graph)
        return engine_fail(err, ENGINE_EINVAL,
                           "a call has either request (a path) or graph (a "
                           "query of Resource Graph)");
    if (out->graph && (out->method || out->body))
        return engine_fail(err, ENGINE_EINVAL,
                           "method and body do not go with graph");
    if (out->body && (!out->method || strcmp(out->method, "POST") != 0))
        return engine_fail(err, ENGINE_EINVAL, "a body goes with method: POST");
    return ENGINE_OK;
}

/* Placeholders become something that a path can hold, so that what is around
 * them can be looked at. A text that begins with one has a path in it. */
static engine_status call_example(const char *text, struct buffer *out,
                                  engine_error *err)
{
    unsigned depth = 0;

    if (text[0] == '{')
        buffer_puts(out, "/");
    for (; *text; text++) {
        if (*text == '{' && depth++ == 0)
            buffer_puts(out, "x");
        else if (*text == '}' && depth)
            depth--;
        else if (!depth)
            buffer_putc(out, *text);
    }
    return buffer_status(out, err);
}

static engine_status call_check_request(const struct call_texts *texts,
                                        engine_error *err)
{
    struct azure_request request = {0};
    struct buffer example;
    engine_status status;

    buffer_init(&example, AZURE_PATH_MAXIMUM);
    status = call_example(texts->request, &example, err);
    if (status == ENGINE_OK)
        status = azure_request_read(texts->method, example.data, &request, err);
    if (status == ENGINE_OK && texts->version &&
        (request.versioned || request.api == AZURE_GRAPH))
        status = engine_fail(err, ENGINE_EINVAL,
                             request.versioned
                                 ? "api_version is in the request already"
                                 : "Microsoft Graph has no api_version");
    azure_request_clear(&request);
    buffer_clear(&example);
    if (status < 0)
        engine_error_prefix(err, "request");
    return status;
}

engine_status azure_check(void *self, const struct value *call,
                          unsigned *level, engine_error *err)
{
    struct azure *azure = self;
    struct call_texts texts = {0};
    engine_status status = call_read(call, &texts, err);

    if (status == ENGINE_OK && texts.version && !strchr(texts.version, '{'))
        status = azure_version_check(texts.version, err);
    if (status == ENGINE_OK && texts.request)
        status = call_check_request(&texts, err);
    if (status == ENGINE_OK)
        *level = !texts.graph && azure_call_needs_subscription(call)
                     ? AZURE_SUBSCRIPTION
                     : AZURE_TENANT;
    if (status == ENGINE_OK && texts.graph)
        azure->asks_graph = true;
    return status;
}

/* ---- making ready -------------------------------------------------------- */

/* limits hold for each subscription, and for the tenant apart from them */
static void call_bucket(struct azure_call *call)
{
    static const char word[] = "/subscriptions/";
    const char *at = call->path;

    if (call->query)
        snprintf(call->bucket, sizeof(call->bucket), "resource graph");
    else if (call->api == AZURE_ARM &&
             strncasecmp(at, word, sizeof(word) - 1) == 0)
        snprintf(call->bucket, sizeof(call->bucket), "%.*s",
                 (int)strcspn(at + sizeof(word) - 1, "/?"),
                 at + sizeof(word) - 1);
}

static bool call_copy(const char *text, char **out)
{
    *out = text ? engine_strdup(text) : NULL;
    return !text || *out;
}

static engine_status call_body(const struct value *body, char **out,
                               engine_error *err)
{
    struct buffer text;
    engine_status status;

    buffer_init(&text, CALL_QUERY_MAXIMUM);
    (void)value_to_json(body, 0, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        *out = buffer_take(&text);
    buffer_clear(&text);
    return status;
}

static engine_status call_fill(struct azure_call *call,
                               const struct call_texts *texts,
                               engine_error *err)
{
    struct azure_request request = {0};
    engine_status status = ENGINE_OK;

    if (texts->version)
        status = azure_version_check(texts->version, err);
    if (status == ENGINE_OK)
        status = azure_request_read(
            texts->graph ? "POST" : texts->method,
            texts->graph ? CALL_GRAPH : texts->request, &request, err);
    if (status == ENGINE_OK) {
        call->api = request.api;
        call->post = request.post;
        call->versioned = request.versioned || request.api == AZURE_GRAPH;
        if (!call_copy(request.path.data, &call->path) ||
            !call_copy(texts->graph, &call->query) ||
            !call_copy(texts->graph && !texts->version ? CALL_GRAPH_VERSION
                                                       : texts->version,
                       &call->version))
            status = engine_fail_memory(err);
    }
    azure_request_clear(&request);
    if (status == ENGINE_OK && texts->body)
        status = call_body(texts->body, &call->body, err);
    if (status == ENGINE_OK)
        call_bucket(call);
    return status;
}

engine_status azure_prepare(void *self, const struct cloud_scope *scope,
                            const struct value *value, struct buffer *key,
                            void **data, engine_error *err)
{
    struct call_texts texts = {0};
    struct azure_call *call = NULL;
    engine_status status = call_read(value, &texts, err);

    (void)scope; /* what it says of the call is in its path */
    if (status < 0)
        return status;
    call = azure_call_new(self);
    if (!call)
        return engine_fail_memory(err);
    status = call_fill(call, &texts, err);
    if (status == ENGINE_OK) {
        buffer_printf(key, "%s %d %s %s\n%s%s", call->post ? "POST" : "GET",
                      (int)call->api, call->version ? call->version : "",
                      call->path, call->query ? call->query : "",
                      call->body ? call->body : "");
        status = buffer_status(key, err);
    }
    if (status < 0) {
        azure_call_free(call);
        return status;
    }
    *data = call;
    return ENGINE_OK;
}

void azure_release(void *self, void *data)
{
    (void)self;
    azure_call_free(data);
}

/* ---- starting ------------------------------------------------------------ */

/* the core releases it then */
static void call_ended(struct azure_call *call, const struct value *value,
                       const char *code, const engine_error *why)
{
    if (value)
        cloud_answer(call->user, value);
    else
        cloud_refuse(call->user, code, why);
}

engine_status azure_start(void *self, struct cloud_call *cloud_call,
                          void *data, engine_error *err)
{
    const struct azure *azure = self;
    struct azure_call *call = data;

    if (call->query && azure->unseen.status < 0) {
        *err = azure->unseen;
        return err->status;
    }
    call->arena = cloud_call_arena(cloud_call);
    call->end = call_ended;
    call->user = cloud_call;
    azure_call_begin(call);
    return ENGINE_OK;
}
