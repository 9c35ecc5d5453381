/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_queue.c - which request may start: limits for all and for each host,
 * and a rate that follows what the host bears. A throttled host is asked half
 * as often as in the seconds before, and a tenth more after each second
 * without complaint, until it is back at its old rate.
 */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/http_private.h"

#define RATE_LEAST 0.2    /* tries a second */
#define RATE_GROWTH 1.1   /* in a second without throttling */
#define RATE_FREE 4.0     /* times what it had: no limit any more */
#define RATE_BURST_MS 250 /* of unused time may be caught up */

void http_list_add(struct http_list *list, struct http_request *request)
{
    request->list = list;
    request->after = NULL;
    request->before = list->last;
    if (list->last)
        list->last->after = request;
    else
        list->first = request;
    list->last = request;
}

void http_list_remove(struct http_request *request)
{
    struct http_list *list = request->list;

    if (!list)
        return;
    if (request->before)
        request->before->after = request->after;
    else
        list->first = request->after;
    if (request->after)
        request->after->before = request->before;
    else
        list->last = request->before;
    if (list == &request->host->ready)
        request->client->ready--;
    if (list == &request->client->active) {
        request->client->running--;
        request->host->active--;
    }
    request->list = NULL;
    request->before = request->after = NULL;
}

engine_status http_host_get(struct http_client *client, const char *name,
                            struct http_host **out, engine_error *err)
{
    struct http_host *host = table_get(&client->hosts, name);

    if (host) {
        *out = host;
        return ENGINE_OK;
    }
    host = engine_calloc(1, sizeof(*host));
    if (host)
        host->name = engine_strdup(name);
    if (!host || !host->name ||
        table_set(&client->hosts, name, host) != ENGINE_OK) {
        if (host)
            engine_free(host->name);
        engine_free(host);
        return engine_fail_memory(err);
    }
    host->rate = host->full = client->options.rate;
    host->next = client->host_list;
    client->host_list = host;
    *out = host;
    return ENGINE_OK;
}

void http_ready(struct http_request *request)
{
    http_list_remove(request);
    http_list_add(&request->host->ready, request);
    request->client->ready++;
}

void http_delay(struct http_request *request, int64_t wait_ms)
{
    http_list_remove(request);
    request->not_before_ms = clock_steady_ms() + wait_ms;
    http_list_add(&request->client->delayed, request);
}

/* Moves those whose wait is over back to their hosts. */
static void queue_wake(struct http_client *client, int64_t now,
                       int64_t *wait_ms)
{
    struct http_request *request, *after;

    for (request = client->delayed.first; request; request = after) {
        const int64_t left = request->not_before_ms - now;

        after = request->after;
        if (left <= 0)
            http_ready(request);
        else if (left < *wait_ms)
            *wait_ms = left;
    }
}

/*
 * Within a fetch that an auth function makes, others which need credentials
 * wait: they would ask the same function again, one within the other.
 */
static bool queue_may_start(const struct http_request *request)
{
    const struct http_client *client = request->client;

    return !client->asking || !request->auth || request->fetch == client->depth;
}

static struct http_request *queue_take(struct http_client *client,
                                       struct http_host *host, int64_t now,
                                       int64_t *wait_ms)
{
    struct http_request *request = host->ready.first;

    /* a fetch from within another request's callback goes on regardless of
     * the limits: what holds its place may be waiting for it */
    while (request && !queue_may_start(request))
        request = request->after;
    if (!request)
        return NULL;
    if (!request->fetch && host->active >= client->options.concurrent_host)
        return NULL;
    if (host->held_ms > now && !request->fetch) {
        if (host->held_ms - now < *wait_ms)
            *wait_ms = host->held_ms - now;
        return NULL;
    }
    if (host->rate > 0 && host->next_ms > now) {
        if (host->next_ms - now < *wait_ms)
            *wait_ms = host->next_ms - now;
        return NULL;
    }
    return request;
}

struct http_request *http_next(struct http_client *client, int64_t *wait_ms)
{
    const int64_t now = clock_steady_ms();
    struct http_host *host = client->turn, *start;

    queue_wake(client, now, wait_ms);
    if (!client->ready ||
        (client->running >= client->options.concurrent && client->depth < 2))
        return NULL;
    start = host = host ? host : client->host_list;
    do {
        struct http_request *request = queue_take(client, host, now, wait_ms);

        host = host->next ? host->next : client->host_list;
        if (request &&
            (request->fetch || client->running < client->options.concurrent)) {
            http_list_remove(request);
            client->turn = host;
            return request;
        }
    } while (host != start);
    return NULL;
}

void http_host_started(struct http_host *host, int64_t now)
{
    if (now - host->second_ms >= 1000) {
        host->last_second = now - host->second_ms < 2000 ? host->in_second : 0;
        host->in_second = 0;
        host->second_ms = now;
    }
    host->in_second++;
    if (host->rate > 0) {
        if (host->next_ms < now - RATE_BURST_MS)
            host->next_ms = now - RATE_BURST_MS;
        host->next_ms += (int64_t)(1000 / host->rate);
    }
}

void http_request_hold(struct http_request *request, int64_t wait_ms)
{
    const int64_t until = clock_steady_ms() + wait_ms;

    if (until > request->host->held_ms)
        request->host->held_ms = until;
}

/* What it was asked lately, tries a second. */
static double host_pace(const struct http_host *host)
{
    const unsigned seen = host->in_second > host->last_second
                              ? host->in_second
                              : host->last_second;

    return host->rate > 0 && host->rate < seen ? host->rate : seen;
}

void http_host_throttled(struct http_request *request, int64_t wait_ms)
{
    struct http_host *host = request->host;
    const int64_t now = clock_steady_ms();

    request->client->counts.throttled++;
    /* once for all the tries that were under way together */
    if (host->rate > 0 && request->try->started_ms <= host->slowed_ms)
        return;
    if (host->rate <= 0)
        host->full = host_pace(host);
    host->rate = host_pace(host) / 2;
    if (host->rate < RATE_LEAST)
        host->rate = RATE_LEAST;
    host->slowed_ms = host->grown_ms = now;
    host->next_ms = now + (wait_ms < 1000 ? wait_ms : 1000);
    http_log(request->client, LOG_LEVEL_INFO,
             "%s throttles: %.1f requests a second from now on", host->name,
             host->rate);
}

void http_host_fine(const struct http_request *request, int64_t now)
{
    const double limit = request->client->options.rate;
    struct http_host *host = request->host;

    if (host->rate <= 0 || host->slowed_ms == 0 || now - host->grown_ms < 1000)
        return;
    host->grown_ms = now;
    host->rate *= RATE_GROWTH;
    if (limit > 0 && host->rate > limit)
        host->rate = limit;
    else if (limit <= 0 && host->rate > RATE_FREE * host->full)
        host->rate = 0;
}
