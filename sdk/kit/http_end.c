/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_end.c - the end of a try: is it the answer, is there another try, and
 * when. Waits grow from try to try and are jittered, so that many clients do
 * not come back at the same moment; a Retry-After is honoured within limits.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sdk/base/clock.h"
#include "sdk/kit/http_private.h"

void http_log(struct http_client *client, enum log_level level,
              const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    if (!client->options.log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    client->options.log((int)level, text, client->options.user);
}

/* ---- is there another try ------------------------------------------------ */

bool http_idempotent(const struct http_request *request)
{
    static const char *const methods[] = {"GET", "HEAD",   "OPTIONS",
                                          "PUT", "DELETE", "TRACE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (strcmp(request->method, methods[i]) == 0)
            return true;
    return request->retry_unsafe;
}

/* From half of a doubling wait to all of it. */
static int64_t end_backoff(const struct http_request *request, int64_t base)
{
    const unsigned steps = request->failures < 10 ? request->failures : 10;
    int64_t wait = base << steps;
    uint32_t random = 0;

    if (wait > HTTP_BACKOFF_MAXIMUM_MS)
        wait = HTTP_BACKOFF_MAXIMUM_MS;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = (uint32_t)(uintptr_t)request * 2654435761u;
    return wait / 2 + (int64_t)((uint64_t)random * (uint64_t)(wait / 2) >> 32);
}

static bool end_time_left(const struct http_request *request, int64_t wait_ms)
{
    return clock_steady_ms() + wait_ms < request->deadline_ms;
}

/* Milliseconds that an answer asks to be left alone for, -1 when it does not:
 * by the header of RFC 9110, or Amazon's and Microsoft's finer ones. */
static int64_t end_asked(const struct http_request *request)
{
    static const char *const fine[] = {"x-amz-retry-after",
                                       "x-ms-retry-after-ms"};
    const char *value;

    for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
        char *end = NULL;
        long wait_ms;

        value = http_header(request, fine[i]);
        if (!value || *value < '0' || *value > '9')
            continue;
        wait_ms = strtol(value, &end, 10);
        if (!*end) /* one that is far too long ends the retries */
            return wait_ms <= HTTP_RETRY_AFTER_MAXIMUM_MS
                       ? wait_ms
                       : HTTP_RETRY_AFTER_MAXIMUM_MS + 1;
    }
    value = http_header(request, "Retry-After");
    return value ? http_parse_retry_after(value, clock_now_ms()) : -1;
}

/* The wait that an answer asks for, or ours. */
static int64_t end_wait(const struct http_request *request, bool throttled)
{
    const int64_t ours =
        end_backoff(request, throttled ? HTTP_THROTTLED_MS : HTTP_BACKOFF_MS);
    const int64_t asked = end_asked(request);

    if (asked < 0)
        return ours;
    /* a little later than asked for, and not all at the same moment */
    return asked + end_backoff(request, HTTP_BACKOFF_MS) / 2;
}

static enum http_verdict end_usual(long status)
{
    switch (status) {
    case 401:
        return HTTP_REFUSED;
    case 429:
        return HTTP_THROTTLED;
    case 500:
    case 502:
    case 503:
    case 504:
        return HTTP_RETRY;
    default:
        return HTTP_FINAL;
    }
}

/* Whether there may be another try, and after what wait. */
static bool end_permits(const struct http_request *request,
                        enum http_verdict verdict, int64_t *wait_ms)
{
    const bool throttled = verdict == HTTP_THROTTLED;

    *wait_ms = 0;
    if (verdict == HTTP_REFUSED)
        return request->auth && !request->refreshed;
    if (verdict == HTTP_FINAL ||
        request->failures >= request->client->options.retries)
        return false;
    /* throttled: nothing was done, so that is safe for every method */
    if (!throttled && !http_idempotent(request))
        return false;
    *wait_ms = end_wait(request, throttled);
    return *wait_ms <= HTTP_RETRY_AFTER_MAXIMUM_MS &&
           end_time_left(request, *wait_ms);
}

bool http_may_retry(const struct http_request *request, long status)
{
    int64_t wait_ms;

    return (request->classify && status >= 400) ||
           end_permits(request, end_usual(status), &wait_ms);
}

/* Whether a failure may be different next time, and how often to see. */
static unsigned end_retries(const struct http_request *request, CURLcode code)
{
    const unsigned retries = request->client->options.retries;

    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: /* nothing was sent: any method */
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return retries < HTTP_CONNECT_RETRIES ? retries : HTTP_CONNECT_RETRIES;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return http_idempotent(request) ? retries : 0;
    default:
        return 0;
    }
}

static bool end_may_forget(const struct http_request *request)
{
    return !request->try->used || request->handler.again;
}

/* ---- the end of a try ---------------------------------------------------- */

static void end_count(struct http_request *request)
{
    struct http_counts *counts = &request->client->counts;
    CURL *easy = request->try->easy;
    curl_off_t bytes = 0;
    long connections = 0;

    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
    counts->bytes += (uint64_t)bytes;
    counts->connections += (uint64_t)connections;
}

static void end_retry(struct http_request *request, int64_t wait_ms,
                      const char *why)
{
    struct http_client *client = request->client;

    request->failures++;
    client->counts.retries++;
    http_log(client, LOG_LEVEL_DEBUG, "%s; again in %lld ms", why,
             (long long)wait_ms);
    http_delay(request, wait_ms);
}

/* It failed; request->try->err says how. */
static void end_failed(struct http_request *request, unsigned retries,
                       engine_status status)
{
    const int64_t wait = end_backoff(request, HTTP_BACKOFF_MS);

    if (request->failures < retries && end_may_forget(request) &&
        end_time_left(request, wait)) {
        end_retry(request, wait, request->try->err.message);
        return;
    }
    request->response.status = 0;
    http_finish(request, status);
}

static enum http_verdict end_classify(struct http_request *request)
{
    const struct http_try *attempt = request->try;
    enum http_verdict verdict = HTTP_USUAL;

    if (request->classify && request->response.status >= 400)
        verdict =
            request->classify(request, &request->response,
                              attempt->body.data ? attempt->body.data : "",
                              attempt->body.len, request->classify_user);
    return verdict == HTTP_USUAL ? end_usual(request->response.status)
                                 : verdict;
}

/* A held answer: is it used after all? */
static void end_held(struct http_request *request)
{
    const enum http_verdict verdict = end_classify(request);
    char subject[ENGINE_MESSAGE_MAX / 2], why[ENGINE_MESSAGE_MAX];
    int64_t wait_ms;

    if (!end_permits(request, verdict, &wait_ms)) {
        http_finish(request, http_answer_release(request));
        return;
    }
    if (verdict == HTTP_REFUSED) {
        request->refused = true;
        http_ready(request);
        return;
    }
    if (verdict == HTTP_THROTTLED || end_asked(request) >= 0)
        http_host_throttled(request, wait_ms);
    http_error_subject(request, subject, sizeof(subject));
    snprintf(why, sizeof(why), "%s: answered with %ld", subject,
             request->response.status);
    end_retry(request, wait_ms, why);
}

void http_try_end(struct http_request *request, CURLcode code)
{
    struct http_try *attempt = request->try;
    engine_status status;

    end_count(request);
    if (attempt->failure < 0) {
        http_try_stop(request);
        http_finish(request, attempt->failure);
        return;
    }
    status = code ? http_error_fill(request, code) : ENGINE_OK;
    http_try_stop(request);
    /* one that was cut off is no answer, unless we had enough of it */
    if (attempt->held && (!code || attempt->dropped > HTTP_DROP_MAXIMUM))
        end_held(request);
    else if (status < 0)
        end_failed(request, end_retries(request, code), status);
    else {
        http_host_fine(request, clock_steady_ms());
        http_finish(request, ENGINE_OK);
    }
}

/* ---- clocks -------------------------------------------------------------- */

/* Ends a try which libcurl would go on with. */
static void expire_try(struct http_request *request, unsigned retries,
                       const char *what, int64_t limit_ms)
{
    struct http_try *attempt = request->try;
    char subject[ENGINE_MESSAGE_MAX / 2];

    end_count(request);
    http_try_stop(request);
    attempt->held = false;
    http_error_subject(request, subject, sizeof(subject));
    engine_fail(&attempt->err, ENGINE_ETIMEOUT,
                "%s: %s %lld ms (after %llu bytes, %u tries)", subject, what,
                (long long)limit_ms,
                (unsigned long long)request->response.bytes,
                request->response.tries);
    engine_hint(&attempt->err, "is the server, or the way to it, overloaded?");
    end_failed(request, retries, ENGINE_ETIMEOUT);
}

/* Since when nothing was heard of an open connection; -1: it is not open. */
static int64_t expire_silence(const struct http_request *request,
                              int64_t listening)
{
    const struct http_try *attempt = request->try;
    curl_off_t open = 0;

    if (attempt->head_bytes == 0) {
        curl_easy_getinfo(attempt->easy, CURLINFO_PRETRANSFER_TIME_T, &open);
        if (open == 0)
            return -1; /* the time to connect is libcurl's to watch */
    }
    return listening - attempt->heard_ms - open / 1000;
}

void http_expire(struct http_client *client)
{
    const struct http_client_options *options = &client->options;
    const int64_t now = clock_steady_ms();
    const int64_t listening = http_listening_ms(client);
    struct http_request *request, *after;

    for (request = client->active.first; request; request = after) {
        after = request->after;
        if (!request->sent)
            continue;
        if (now >= request->deadline_ms)
            expire_try(request, 0, "not done within", options->request_ms);
        else if (listening - request->try->heard_ms >= options->stall_ms &&
                 expire_silence(request, listening) >= options->stall_ms)
            expire_try(request, http_idempotent(request) ? options->retries : 0,
                       "nothing was heard for", options->stall_ms);
    }
}
