/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_answer.c - what libcurl hands over: headers and body. A head that will
 * be used goes to the handler at once, and the body after it as it arrives.
 * One that another try will probably replace is held: its body is kept, up to
 * a limit, until the end of the try decides.
 */
#include <string.h>
#include <strings.h>

#include "sdk/base/clock.h"
#include "sdk/kit/http_private.h"

/* Time without that which handlers took: while they work nothing is heard,
 * and that is not the fault of the other side. */
int64_t http_listening_ms(const struct http_client *client)
{
    return clock_steady_ms() - client->deaf_ms;
}

static engine_status answer_head(struct http_request *request)
{
    struct http_try *attempt = request->try;
    const int64_t start = clock_steady_ms();
    engine_status status = ENGINE_OK;

    attempt->used = true;
    if (request->handler.head)
        status = request->handler.head(request, &request->response,
                                       request->user, &attempt->err);
    request->client->deaf_ms += clock_steady_ms() - start;
    return status;
}

static engine_status answer_body(struct http_request *request, const char *data,
                                 size_t len)
{
    struct http_try *attempt = request->try;
    const int64_t start = clock_steady_ms();
    engine_status status = ENGINE_OK;

    if (len > request->body_maximum - request->response.bytes) {
        char subject[ENGINE_MESSAGE_MAX / 2];

        http_error_subject(request, subject, sizeof(subject));
        return engine_fail(&attempt->err, ENGINE_ELIMIT,
                           "%s: the answer is larger than %zu bytes", subject,
                           request->body_maximum);
    }
    request->response.bytes += len;
    if (request->handler.body)
        status = request->handler.body(request, data, len, request->user,
                                       &attempt->err);
    request->client->deaf_ms += clock_steady_ms() - start;
    return status;
}

engine_status http_answer_release(struct http_request *request)
{
    struct http_try *attempt = request->try;
    engine_status status = ENGINE_OK;

    if (!attempt->held)
        return ENGINE_OK;
    attempt->held = false;
    request->client->inside = true;
    status = answer_head(request);
    if (status == ENGINE_OK && attempt->body.len)
        status = answer_body(request, attempt->body.data, attempt->body.len);
    request->client->inside = false;
    return status;
}

/* ---- headers ------------------------------------------------------------- */

/* The head is complete: use it or hold it. */
static engine_status answer_head_end(struct http_request *request)
{
    struct http_try *attempt = request->try;
    long status = 0;

    curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) { /* another one follows */
        buffer_reset(&attempt->head);
        return ENGINE_OK;
    }
    attempt->head_done = true;
    request->response.status = status;
    request->response.content_type = http_header(request, "Content-Type");
    attempt->held = http_may_retry(request, status);
    return attempt->held ? ENGINE_OK : answer_head(request);
}

static engine_status answer_line(struct http_request *request, const char *line,
                                 size_t len)
{
    struct http_try *attempt = request->try;
    const char *name, *value;
    size_t name_len, value_len;

    attempt->head_bytes += len;
    if (attempt->head_bytes > HTTP_HEADERS_MAXIMUM) {
        char subject[ENGINE_MESSAGE_MAX / 2];

        http_error_subject(request, subject, sizeof(subject));
        return engine_fail(&attempt->err, ENGINE_ELIMIT,
                           "%s: more than %zu bytes of headers", subject,
                           HTTP_HEADERS_MAXIMUM);
    }
    if (attempt->head_done) /* trailers */
        return ENGINE_OK;
    if (len <= 2 && (len == 0 || line[0] == '\r' || line[0] == '\n'))
        return answer_head_end(request);
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buffer_reset(&attempt->head);
        return ENGINE_OK;
    }
    if (!http_parse_header(line, len, &name, &name_len, &value, &value_len))
        return ENGINE_OK; /* nobody can ask for it */
    buffer_append(&attempt->head, name, name_len);
    buffer_putc(&attempt->head, '\0');
    buffer_append(&attempt->head, value, value_len);
    buffer_putc(&attempt->head, '\0');
    return buffer_status(&attempt->head, &attempt->err);
}

size_t http_answer_header(char *data, size_t size, size_t count, void *user)
{
    struct http_request *request = user;
    struct http_try *attempt = request->try;

    request->client->inside = true;
    attempt->failure = answer_line(request, data, size * count);
    attempt->heard_ms = http_listening_ms(request->client);
    request->client->inside = false;
    return attempt->failure < 0 ? 0 : size * count;
}

/* ---- the body ------------------------------------------------------------ */

/* Keeps what may be needed of a held answer; false: enough of it. */
static bool answer_hold(struct http_try *attempt, const char *data, size_t len)
{
    const size_t room = HTTP_HELD_MAXIMUM - attempt->body.len;
    const size_t keep = len < room ? len : room;

    if (keep && buffer_append(&attempt->body, data, keep) < 0)
        return false;
    attempt->dropped += len - keep;
    return attempt->dropped <= HTTP_DROP_MAXIMUM;
}

size_t http_answer_body(char *data, size_t size, size_t count, void *user)
{
    struct http_request *request = user;
    struct http_try *attempt = request->try;
    const size_t len = size * count;
    bool more = true;

    request->client->inside = true;
    if (attempt->held)
        more = answer_hold(attempt, data, len);
    else
        attempt->failure = answer_body(request, data, len);
    attempt->heard_ms = http_listening_ms(request->client);
    request->client->inside = false;
    return attempt->failure < 0 || !more ? (size_t)CURL_WRITEFUNC_PAUSE + 1
                                         : len;
}
