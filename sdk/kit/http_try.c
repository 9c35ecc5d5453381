/* SPDX-License-Identifier: Apache-2.0 */
/* http_try.c - one try: a handle of libcurl, set up and handed to it. */
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/http_private.h"

#define TRY_BUFFER 102400L /* as curl(1) has it: fewer system calls */

static void try_wipe_list(struct curl_slist **list)
{
    for (struct curl_slist *at = *list; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(*list);
    *list = NULL;
}

/* What belongs to one sending, and not to the answer. */
static void try_forget_sent(struct http_try *attempt)
{
    try_wipe_list(&attempt->headers);
    try_wipe_list(&attempt->added);
    curl_slist_free_all(attempt->connect_to);
    attempt->connect_to = NULL;
    http_wipe(attempt->moved_url);
    attempt->moved_url = NULL;
}

void http_try_free(struct http_try *attempt)
{
    if (!attempt)
        return;
    if (attempt->easy)
        curl_easy_cleanup(attempt->easy);
    try_forget_sent(attempt);
    buffer_clear(&attempt->head);
    buffer_clear(&attempt->body);
    engine_free(attempt);
}

void http_try_stop(struct http_request *request)
{
    if (request->sent)
        curl_multi_remove_handle(request->client->multi, request->try->easy);
    request->sent = false;
}

void http_try_release(struct http_request *request)
{
    struct http_client *client = request->client;
    struct http_try *attempt = request->try;

    http_try_stop(request);
    request->try = NULL;
    curl_easy_reset(attempt->easy);
    try_forget_sent(attempt);
    if (attempt->body.data) /* answers hold secrets, too */
        explicit_bzero(attempt->body.data, attempt->body.room);
    buffer_clear(&attempt->body);
    buffer_reset(&attempt->head);
    attempt->used = false;
    attempt->next = client->idle;
    client->idle = attempt;
}

static struct http_try *try_get(struct http_client *client)
{
    struct http_try *attempt = client->idle;

    if (attempt) {
        client->idle = attempt->next;
        return attempt;
    }
    attempt = engine_calloc(1, sizeof(*attempt));
    if (!attempt)
        return NULL;
    buffer_init(&attempt->head, HTTP_HEADERS_MAXIMUM);
    attempt->easy = curl_easy_init();
    if (!attempt->easy) {
        http_try_free(attempt);
        return NULL;
    }
    return attempt;
}

/* Makes the request's try ready for a new sending. */
static engine_status try_begin(struct http_request *request)
{
    struct http_try *attempt = request->try;

    if (!attempt) {
        attempt = request->try = try_get(request->client);
        if (!attempt)
            return ENGINE_ENOMEM;
    }
    try_forget_sent(attempt);
    return ENGINE_OK;
}

/* Forgets the last answer: from here on the next one comes. */
static void try_forget_answer(struct http_request *request)
{
    struct http_try *attempt = request->try;

    buffer_reset(&attempt->head);
    buffer_clear(&attempt->body);
    buffer_init(&attempt->body, HTTP_HELD_MAXIMUM);
    attempt->head_bytes = 0;
    attempt->head_done = attempt->held = attempt->used = false;
    attempt->dropped = 0;
    attempt->failure = ENGINE_OK;
    attempt->cause[0] = '\0';
    request->response.status = 0;
    request->response.unresolved = false;
    request->response.content_type = NULL;
    request->response.bytes = 0;
}

static bool try_add_header(struct http_try *attempt, const char *line)
{
    struct curl_slist *longer = curl_slist_append(attempt->headers, line);

    if (longer)
        attempt->headers = longer;
    return longer != NULL;
}

/* libcurl takes "Name:" for "leave it out" and "Name;" for an empty value. */
static bool try_copy_header(struct http_try *attempt, const char *line)
{
    const size_t name = strcspn(line, ":");
    char *empty;
    bool ok;

    if (line[name + strspn(line + name, ": \t")] != '\0')
        return try_add_header(attempt, line);
    empty = engine_strf("%.*s;", (int)name, line);
    ok = empty && try_add_header(attempt, empty);
    engine_free(empty);
    return ok;
}

static bool try_has_header(const struct curl_slist *list, const char *line,
                           size_t name)
{
    for (; list; list = list->next)
        if (strncasecmp(list->data, line, name) == 0 &&
            (list->data[name] == ':' || list->data[name] == ';'))
            return true;
    return false;
}

static engine_status try_headers(struct http_request *request,
                                 const char *host_header)
{
    struct http_try *attempt = request->try;
    struct curl_slist *at;
    bool ok = true;

    for (at = attempt->added; ok && at; at = at->next)
        ok = try_copy_header(attempt, at->data);
    for (char **line = request->headers; ok && *line; line++)
        if (!try_has_header(attempt->added, *line, strcspn(*line, ":")))
            ok = try_copy_header(attempt, *line);
    if (ok && host_header && !try_has_header(attempt->headers, "Host", 4))
        ok = try_add_header(attempt, host_header);
    /* libcurl would call a POST a form, an empty one, too */
    if (ok && !try_has_header(attempt->headers, "Content-Type", 12))
        ok = try_add_header(attempt, "Content-Type:");
    if (ok && !try_has_header(attempt->headers, "Expect", 6))
        ok = try_add_header(attempt, "Expect:");
    return ok ? ENGINE_OK : ENGINE_ENOMEM;
}

/* URL, Host and headers; under another TLS name where there is one. */
static engine_status try_address(struct http_request *request)
{
    const char *name = request->place->given.server_name;
    struct http_try *attempt = request->try;
    char *connect_to = NULL, *host_header = NULL;
    engine_status status = ENGINE_OK;

    if (name) {
        status = http_url_move(request->url, name, &attempt->moved_url,
                               &connect_to, &host_header, &attempt->err);
        if (status == ENGINE_OK)
            attempt->connect_to = curl_slist_append(NULL, connect_to);
        if (status == ENGINE_OK && !attempt->connect_to)
            status = engine_fail_memory(&attempt->err);
    }
    if (status == ENGINE_OK && try_headers(request, host_header) < 0)
        status = engine_fail_memory(&attempt->err);
    engine_free(connect_to);
    engine_free(host_header);
    return status;
}

static void try_set_method(struct http_request *request)
{
    CURL *easy = request->try->easy;
    const char *method = request->method;

    if (strcmp(method, "HEAD") == 0 && !request->body) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body || strcmp(method, "POST") == 0 ||
        strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         request->body ? request->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)request->body_len);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    /* on a connection that turns out to be dead libcurl sends it again */
    if (!http_idempotent(request))
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

static void try_set_callbacks(struct http_request *request)
{
    CURL *easy = request->try->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->try->cause);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_answer_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_answer_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
}

/* What all requests of a client have in common. */
static CURLcode try_set_manners(const struct http_client *client, CURL *easy)
{
    const struct http_client_options *options = &client->options;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SHARE, client->share);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, TRY_BUFFER);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)options->connect_ms);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     options->http1 ? (long)CURL_HTTP_VERSION_1_1
                                    : (long)CURL_HTTP_VERSION_2TLS);
    /* wait whether a new connection can be shared instead of making another */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, options->http1 ? 0L : 1L);
    /* cancelling does not wait for a resolver that hangs */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
}

static engine_status try_set_up(struct http_request *request)
{
    struct http_try *attempt = request->try;
    CURL *easy = attempt->easy;
    CURLcode code;
    const engine_status status = try_address(request);

    if (status < 0)
        return status;
    curl_easy_reset(easy);
    code = try_set_manners(request->client, easy);
    if (!code)
        code = http_place_apply(request->place, easy);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_URL,
                                attempt->moved_url ? attempt->moved_url
                                                   : request->url);
    if (!code && attempt->connect_to)
        code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO, attempt->connect_to);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, attempt->headers);
    if (code == CURLE_OUT_OF_MEMORY)
        return engine_fail_memory(&attempt->err);
    if (code) {
        engine_fail(&attempt->err, ENGINE_EUNSUPPORTED,
                    "this libcurl (%s) cannot do what is needed: %s",
                    curl_version(), curl_easy_strerror(code));
        engine_hint(&attempt->err,
                    "use a libcurl built with OpenSSL (libcurl4)");
        return ENGINE_EUNSUPPORTED;
    }
    try_set_method(request);
    try_set_callbacks(request);
    return ENGINE_OK;
}

/* Asks for the credentials of the next try. */
static engine_status try_auth(struct http_request *request)
{
    struct http_client *client = request->client;
    const bool refused = request->refused;
    engine_status status;

    if (!request->auth)
        return ENGINE_OK;
    request->refused = false;
    request->refreshed = request->refreshed || refused;
    client->asking++;
    request->asking = true;
    engine_fail(&request->try->err, ENGINE_EDENIED, "no credentials");
    status =
        request->auth(request, refused, request->auth_user, &request->try->err);
    request->asking = false;
    client->asking--;
    if (refused && status == ENGINE_EDENIED) {
        /* none better to be had: the 401 is the answer */
        status = http_answer_release(request);
        http_finish(request, status);
        return ENGINE_EDENIED;
    }
    if (status < 0)
        http_finish(request, status);
    return status;
}

/* What came of the tries before is over, for the handler as well. */
static engine_status try_again(struct http_request *request)
{
    struct http_try *attempt = request->try;
    engine_status status = ENGINE_OK;

    if (attempt->used)
        status = request->handler.again(request, request->user, &attempt->err);
    try_forget_answer(request);
    return status;
}

engine_status http_try_start(struct http_request *request)
{
    struct http_client *client = request->client;
    const int64_t now = clock_steady_ms();
    engine_status status = try_begin(request);

    http_list_add(&client->active, request);
    client->running++;
    request->host->active++;
    if (!request->deadline_ms)
        request->deadline_ms = now + client->options.request_ms;
    if (status == ENGINE_OK) {
        status = try_auth(request);
        if (status < 0)
            return status; /* finished by it */
    }
    if (client->stopping)
        status = ENGINE_ECANCELLED;
    if (status == ENGINE_OK)
        status = try_again(request);
    if (status == ENGINE_OK)
        status = try_set_up(request);
    if (status == ENGINE_OK &&
        curl_multi_add_handle(client->multi, request->try->easy) != CURLM_OK)
        status = engine_fail_memory(&request->try->err);
    if (status < 0) {
        http_finish(request, status);
        return status;
    }
    request->sent = true;
    request->response.tries++;
    client->counts.tries++;
    request->try->started_ms = clock_steady_ms();
    request->try->heard_ms = http_listening_ms(client);
    http_host_started(request->host, request->try->started_ms);
    return ENGINE_OK;
}
