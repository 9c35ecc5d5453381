/* SPDX-License-Identifier: Apache-2.0 */
/* http_client.c - the client and its loop: start, move, end, tell. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/http_private.h"

/* ---- new and free -------------------------------------------------------- */

static void client_set_options(struct http_client *client,
                               const struct http_client_options *given)
{
    struct http_client_options *options = &client->options;

    if (given)
        *options = *given;
    options->concurrent = options->concurrent ? options->concurrent : 16;
    options->concurrent_host =
        options->concurrent_host ? options->concurrent_host : 16;
    options->retries = options->retries ? options->retries : 5;
    if (options->retries == HTTP_NO_RETRIES)
        options->retries = 0;
    options->connect_ms = options->connect_ms ? options->connect_ms : 10000;
    options->stall_ms = options->stall_ms ? options->stall_ms : 30000;
    options->request_ms = options->request_ms ? options->request_ms : 300000;
}

static bool client_open(struct http_client *client)
{
    const char *agent = client->options.user_agent;

    client->user_agent = engine_strdup(agent ? agent : "scan-engine");
    client->multi = curl_multi_init();
    client->share = curl_share_init();
    if (!client->user_agent || !client->multi || !client->share)
        return false;
    curl_share_setopt(client->share, CURLSHOPT_SHARE,
                      CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING,
                      (long)CURLPIPE_MULTIPLEX);
    return curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
                             (long)client->options.concurrent + 16) == CURLM_OK;
}

engine_status http_client_new(const struct http_client_options *options,
                              struct http_client **out, engine_error *err)
{
    engine_status status = http_curl_load(err);
    struct http_client *client;

    if (status < 0)
        return status;
    client = engine_calloc(1, sizeof(*client));
    if (!client)
        return engine_fail_memory(err);
    table_init(&client->hosts);
    client_set_options(client, options);
    if (!client_open(client)) {
        http_client_free(client);
        return engine_fail_memory(err);
    }
    *out = client;
    return ENGINE_OK;
}

static void client_free_lists(struct http_client *client)
{
    while (client->host_list) {
        struct http_host *host = client->host_list;

        client->host_list = host->next;
        engine_free(host->name);
        engine_free(host);
    }
    while (client->idle) {
        struct http_try *attempt = client->idle;

        client->idle = attempt->next;
        http_try_free(attempt);
    }
    table_clear(&client->hosts);
}

/* ---- the end of requests ------------------------------------------------- */

static void client_tell(struct http_request *request)
{
    struct http_client *client = request->client;
    engine_error none, *err = request->try ? &request->try->err : &none;

    if (!request->try)
        engine_fail(err, request->status, "out of memory");
    if (request->status == ENGINE_ECANCELLED)
        engine_fail(err, ENGINE_ECANCELLED, "%s \"%.300s\": cancelled",
                    request->method, request->shown);
    http_list_remove(request);
    if (request->handler.done) {
        const int64_t start = clock_steady_ms();

        request->handler.done(request, request->status, &request->response,
                              request->status < 0 ? err : NULL, request->user);
        client->deaf_ms += clock_steady_ms() - start;
    }
    if (request->fetch) { /* its texts are still looked at */
        http_request_free(client->fetched);
        client->fetched = request;
    } else {
        http_request_free(request);
    }
}

/*
 * Calls done. Within a fetch that somebody's callback makes, only those of
 * such fetches: the others' callbacks would nest without end.
 */
static unsigned client_deliver(struct http_client *client)
{
    struct http_request *request, *after;
    unsigned told = 0;

    for (request = client->finished.first; request; request = after) {
        after = request->after;
        if (client->depth > 1 && request->fetch < client->depth)
            continue;
        client_tell(request);
        told++;
        after = client->finished.first; /* the list may have changed */
    }
    return told;
}

static void client_cancel_list(struct http_list *list)
{
    struct http_request *request, *after;

    for (request = list->first; request; request = after) {
        after = request->after;
        if (request->asking)
            continue; /* inside its auth function: it ends afterwards */
        if (request->try)
            http_try_stop(request);
        http_finish(request, ENGINE_ECANCELLED);
    }
}

static void client_cancel(struct http_client *client)
{
    client->stopping = true;
    for (struct http_host *host = client->host_list; host; host = host->next)
        client_cancel_list(&host->ready);
    client_cancel_list(&client->delayed);
    client_cancel_list(&client->active);
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client_cancel(client);
    client_deliver(client);
    http_request_free(client->fetched);
    client_free_lists(client);
    if (client->multi)
        curl_multi_cleanup(client->multi);
    if (client->share)
        curl_share_cleanup(client->share);
    while (client->places) {
        struct http_place *place = client->places;

        client->places = place->next;
        http_place_free(place);
    }
    engine_free(client->user_agent);
    engine_free(client);
}

/* ---- the loop ------------------------------------------------------------ */

static bool client_stopped(struct http_client *client)
{
    const int64_t now = clock_steady_ms();

    if (client->stopping)
        return true;
    if (!client->options.stop || now - client->asked_ms < HTTP_TICK_MS / 5)
        return false;
    client->asked_ms = now;
    return client->options.stop(client->options.user) != 0;
}

static unsigned client_collect(struct http_client *client)
{
    unsigned ended = 0;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct http_request *request = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        http_try_end(request, message->data.result);
        ended++;
    }
    return ended;
}

static bool client_idle(const struct http_client *client)
{
    return !client->ready && !client->running && !client->delayed.first &&
           !client->finished.first;
}

/* One round; waits at its end when there was nothing to tell. */
static engine_status client_round(struct http_client *client, engine_error *err)
{
    int64_t wait = HTTP_TICK_MS;
    struct http_request *request;
    unsigned ended;
    int running;
    CURLMcode code;

    if (client_stopped(client)) {
        client_cancel(client);
        client_deliver(client);
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    }
    while (!client->stopping && (request = http_next(client, &wait)))
        http_try_start(request);
    code = curl_multi_perform(client->multi, &running);
    ended = client_collect(client);
    http_expire(client);
    if (client_deliver(client) + ended > 0)
        wait = 0; /* there may be something to start now */
    if (code == CURLM_OK && wait > 0)
        code = curl_multi_poll(client->multi, NULL, 0, (int)wait, NULL);
    if (code == CURLM_OUT_OF_MEMORY)
        return engine_fail_memory(err);
    if (code != CURLM_OK)
        return engine_fail(err, ENGINE_EIO, "libcurl failed: %s",
                           curl_multi_strerror(code));
    return ENGINE_OK;
}

engine_status http_run(struct http_client *client, engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (client->inside || client->depth)
        return engine_fail(err, ENGINE_EINVAL,
                           "http_run within a callback of the client");
    client->depth++;
    while (status == ENGINE_OK && !client_idle(client))
        status = client_round(client, err);
    if (status < 0 && status != ENGINE_ECANCELLED) {
        client_cancel(client);
        client_deliver(client);
    }
    client->depth--;
    client->stopping = false;
    return status;
}

/* ---- one request to its end ---------------------------------------------- */

struct client_fetch {
    struct buffer *body;
    bool done;
    engine_status status;
    struct http_response response;
    engine_error err;
};

static engine_status fetch_body(struct http_request *request, const char *data,
                                size_t len, void *user, engine_error *err)
{
    struct client_fetch *fetch = user;

    (void)request;
    buffer_append(fetch->body, data, len);
    return buffer_status(fetch->body, err);
}

static engine_status fetch_again(struct http_request *request, void *user,
                                 engine_error *err)
{
    struct client_fetch *fetch = user;

    (void)request;
    (void)err;
    buffer_reset(fetch->body);
    return ENGINE_OK;
}

static void fetch_done(struct http_request *request, engine_status status,
                       const struct http_response *response,
                       const engine_error *err, void *user)
{
    struct client_fetch *fetch = user;

    (void)request;
    fetch->done = true;
    fetch->status = status;
    fetch->response = *response;
    if (err)
        fetch->err = *err;
}

static const struct http_handler fetch_handler = {
    .body = fetch_body, .again = fetch_again, .done = fetch_done};

engine_status http_fetch(struct http_client *client,
                         const struct http_call *call,
                         struct http_response *response, struct buffer *body,
                         engine_error *err)
{
    struct client_fetch fetch = {.body = body};
    struct http_call mine = *call;
    struct http_request *request = NULL;
    engine_status status;

    buffer_init(body,
                call->body_maximum ? call->body_maximum : HTTP_FETCH_MAXIMUM);
    if (client->inside || client->depth >= HTTP_FETCH_DEPTH)
        return engine_fail(err, ENGINE_EINVAL,
                           "http_fetch within head or body, or too often "
                           "within auth and done");
    http_request_free(client->fetched);
    client->fetched = NULL;
    mine.handler = &fetch_handler;
    mine.user = &fetch;
    mine.body_maximum = body->maximum;
    status = http_add(client, &mine, &request, err);
    if (status < 0)
        return status;
    request->fetch = ++client->depth;
    while (status == ENGINE_OK && !fetch.done)
        status = client_round(client, err);
    if (!fetch.done) {
        http_try_stop(request);
        http_finish(request, status);
        client_deliver(client);
    }
    if (--client->depth == 0)
        client->stopping = false;
    if (fetch.status < 0 && err)
        *err = fetch.err;
    if (response)
        *response = fetch.response;
    return fetch.status;
}

const char *http_fetch_header(const struct http_client *client,
                              const char *name)
{
    return client->fetched ? http_header(client->fetched, name) : NULL;
}

void http_counts(const struct http_client *client, struct http_counts *out)
{
    *out = client->counts;
}
