/* SPDX-License-Identifier: Apache-2.0 */
/* http_request.c - a request from http_add to done. */
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/http_private.h"

#define REQUEST_HEADERS 64 /* of a call */

void http_request_free(struct http_request *request)
{
    if (!request)
        return;
    http_list_remove(request);
    if (request->try)
        http_try_release(request);
    for (char **at = request->headers; at && *at; at++)
        http_wipe(*at);
    engine_free(request->headers);
    if (request->body)
        explicit_bzero(request->body, request->body_len);
    engine_free(request->body);
    engine_free(request->method);
    http_wipe(request->url);
    engine_free(request->shown);
    engine_free(request);
}

static engine_status request_check_header(const char *line, engine_error *err)
{
    const char *name, *value;
    size_t name_len, value_len;

    if (!http_parse_clean(line, true) ||
        !http_parse_header(line, strlen(line), &name, &name_len, &value,
                           &value_len))
        return engine_fail(err, ENGINE_EINVAL,
                           "a header which is not \"Name: value\" in one line");
    return ENGINE_OK;
}

static engine_status request_copy_headers(struct http_request *request,
                                          const char *const *headers,
                                          engine_error *err)
{
    size_t count = 0;

    while (headers && headers[count])
        if (++count > REQUEST_HEADERS)
            return engine_fail(err, ENGINE_EINVAL, "more than %d headers",
                               REQUEST_HEADERS);
    request->headers = engine_calloc(count + 1, sizeof(*request->headers));
    if (!request->headers)
        return engine_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const engine_status status = request_check_header(headers[i], err);

        if (status < 0)
            return status;
        request->headers[i] = engine_strdup(headers[i]);
        if (!request->headers[i])
            return engine_fail_memory(err);
    }
    return ENGINE_OK;
}

static engine_status request_copy(struct http_request *request,
                                  const struct http_call *call,
                                  engine_error *err)
{
    const char *method = call->method ? call->method : "GET";

    if (!http_parse_token(method, strlen(method)) || strlen(method) > 32)
        return engine_fail(err, ENGINE_EINVAL, "not a method");
    request->method = engine_strdup(method);
    request->url = engine_strdup(call->url);
    if (!request->method || !request->url)
        return engine_fail_memory(err);
    if (call->body_len) {
        request->body = engine_malloc(call->body_len);
        if (!request->body)
            return engine_fail_memory(err);
        memcpy(request->body, call->body, call->body_len);
        request->body_len = call->body_len;
    }
    if (call->handler)
        request->handler = *call->handler;
    request->user = call->user;
    request->auth = call->auth;
    request->auth_user = call->auth_user;
    request->classify = call->classify;
    request->classify_user = call->classify_user;
    request->retry_unsafe = call->retry_unsafe;
    request->body_maximum =
        call->body_maximum ? call->body_maximum : (size_t)1 << 30;
    return request_copy_headers(request, call->headers, err);
}

/* The host which it counts for; shown on its own for messages. */
static engine_status request_set_host(struct http_request *request,
                                      const struct http_call *call,
                                      engine_error *err)
{
    char *host = NULL, *name = NULL;
    engine_status status =
        http_url_split(call->url, &request->shown, &host, err);

    if (status == ENGINE_OK && call->bucket) {
        name = engine_strf("%s (%s)", host, call->bucket);
        if (!name)
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK)
        status = http_host_get(request->client, name ? name : host,
                               &request->host, err);
    engine_free(name);
    engine_free(host);
    return status;
}

engine_status http_add(struct http_client *client, const struct http_call *call,
                       struct http_request **out, engine_error *err)
{
    struct http_request *request;
    engine_status status;

    if (!client || !call || !call->url || (call->body_len && !call->body))
        return engine_fail(err, ENGINE_EINVAL, "a request without a URL");
    if (client->stopping)
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    request = engine_calloc(1, sizeof(*request));
    if (!request)
        return engine_fail_memory(err);
    request->client = client;
    status = request_set_host(request, call, err);
    if (status == ENGINE_OK)
        status = http_place_get(client, call->endpoint, &request->place, err);
    if (status == ENGINE_OK)
        status = request_copy(request, call, err);
    if (status < 0) {
        http_request_free(request);
        return status;
    }
    request->response.url = request->shown;
    client->counts.requests++;
    http_ready(request);
    if (out)
        *out = request;
    return ENGINE_OK;
}

engine_status http_request_header(struct http_request *request,
                                  const char *name, const char *value)
{
    struct http_try *attempt = request->try;
    struct curl_slist *longer;
    char *line;

    if (!attempt || !name || !value || !http_parse_token(name, strlen(name)) ||
        !http_parse_clean(value, true))
        return ENGINE_EINVAL;
    line = engine_strf("%s: %s", name, value);
    longer = line ? curl_slist_append(attempt->added, line) : NULL;
    http_wipe(line);
    if (!longer)
        return ENGINE_ENOMEM;
    attempt->added = longer;
    return ENGINE_OK;
}

const char *http_header(const struct http_request *request, const char *name)
{
    const struct http_try *attempt = request->try;
    const char *at, *end;

    if (!attempt || !attempt->head.len)
        return NULL;
    end = attempt->head.data + attempt->head.len;
    for (at = attempt->head.data; at < end;) {
        const char *value = at + strlen(at) + 1;

        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

void http_finish(struct http_request *request, engine_status status)
{
    http_list_remove(request);
    request->status = status;
    http_list_add(&request->client->finished, request);
}
