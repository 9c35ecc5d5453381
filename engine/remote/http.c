/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - one libcurl handle: TLS is verified, sizes and times are bounded. */
#include "engine/remote/http.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "engine/remote/url.h"
#include "sdk/base/alloc.h"

#define HTTP_CONNECT_S 20L
#define HTTP_ANSWER_S 300L /* a whole request with its answer */
#define HTTP_SILENCE_S 60L /* nothing comes; a stream speaks every 10 s */
#define HTTP_HEADERS_MAX ((size_t)64 * 1024)

struct http {
    CURL *curl;
    char *base;
    char *name;
    char *authorization; /* a header; wiped */
    char *ca_file;
    bool plain;
    int (*stop)(void *user);
    void *user;
    char why[CURL_ERROR_SIZE];
};

/** What one request is about, for the callbacks. */
struct http_transfer {
    struct http *http;
    struct http_answer *out;
    size_t headers;
    http_data_fn fn; /* NULL: no stream */
    void *user;
    engine_error *err;
    engine_status status; /* of fn, or of a limit */
};

/* ---- callbacks ----------------------------------------------------------- */

static size_t http_on_data(char *data, size_t size, size_t count, void *user)
{
    struct http_transfer *transfer = user;
    struct http_answer *out = transfer->out;
    const size_t len = size * count;

    curl_easy_getinfo(transfer->http->curl, CURLINFO_RESPONSE_CODE,
                      &out->status);
    if (transfer->fn && out->status == 200)
        transfer->status =
            transfer->fn(data, len, transfer->user, transfer->err);
    else if (buffer_append(&out->body, data, len) < 0)
        transfer->status =
            engine_fail(transfer->err, out->body.status,
                        "\"%s\" answers with more than "
                        "%zu MiB",
                        transfer->http->name, HTTP_BODY_MAX / 1024 / 1024);
    return transfer->status == ENGINE_OK ? len : 0;
}

static bool http_header(const char *line, size_t len, const char *name,
                        char *out, size_t out_size)
{
    const size_t name_len = strlen(name);

    if (len <= name_len || strncasecmp(line, name, name_len) != 0 ||
        line[name_len] != ':')
        return false;
    line += name_len + 1;
    len -= name_len + 1;
    while (len && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    while (len && strchr(" \t\r\n", line[len - 1]))
        len--;
    if (len >= out_size)
        len = out_size - 1;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static size_t http_on_header(char *line, size_t size, size_t count, void *user)
{
    struct http_transfer *transfer = user;
    struct http_answer *out = transfer->out;
    const size_t len = size * count;
    char text[64];

    transfer->headers += len;
    if (transfer->headers > HTTP_HEADERS_MAX) {
        transfer->status =
            engine_fail(transfer->err, ENGINE_ELIMIT,
                        "\"%s\" answers with more than %zu KiB of headers",
                        transfer->http->name, HTTP_HEADERS_MAX / 1024);
        return 0;
    }
    http_header(line, len, "Location", out->location, sizeof(out->location));
    http_header(line, len, "Content-Type", out->media_type,
                sizeof(out->media_type));
    if (http_header(line, len, "Retry-After", text, sizeof(text)))
        out->retry_after_s = url_retry_after(text);
    return len;
}

static int http_on_progress(void *user, curl_off_t down_total, curl_off_t down,
                            curl_off_t up_total, curl_off_t up)
{
    const struct http *http = user;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return http->stop ? http->stop(http->user) : 0;
}

/* ---- one request --------------------------------------------------------- */

static void http_prepare(struct http *http, struct http_transfer *transfer)
{
    CURL *curl = http->curl;

    curl_easy_reset(curl); /* connections stay */
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, http_on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                     http->plain ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, HTTP_CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     transfer->fn ? HTTP_SILENCE_S : HTTP_ANSWER_S);
    if (!transfer->fn)
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, HTTP_ANSWER_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT,
                     "scan-engine/" SCAN_ENGINE_VERSION);
    if (http->plain) /* a proxy would see the token */
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (http->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

static struct curl_slist *http_headers(const struct http *http, bool body,
                                       const char *accept, const char *last_id,
                                       engine_error *err)
{
    const char *const plain[] = {body ? "Content-Type: application/json" : NULL,
                                 accept, http->authorization,
                                 "Expect:"}; /* no waiting for 100 */
    struct curl_slist *list = NULL, *more;
    char *line = NULL;
    bool good = true;

    for (size_t i = 0; good && i < sizeof(plain) / sizeof(*plain); i++)
        if (plain[i]) {
            more = curl_slist_append(list, plain[i]);
            good = more != NULL;
            list = good ? more : list;
        }
    if (good && last_id && *last_id) {
        line = engine_strf("Last-Event-ID: %s", last_id);
        more = line ? curl_slist_append(list, line) : NULL;
        good = more != NULL;
        list = good ? more : list;
        engine_free(line);
    }
    if (good)
        return list;
    curl_slist_free_all(list);
    engine_fail_memory(err);
    return NULL;
}

/* The copies that curl_slist made of the token. */
static void http_headers_free(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

static engine_status http_fail(struct http_transfer *transfer, CURLcode code)
{
    struct http *http = transfer->http;
    engine_error *err = transfer->err;
    const char *why = http->why[0] ? http->why : curl_easy_strerror(code);
    long sent = 0;

    curl_easy_getinfo(http->curl, CURLINFO_REQUEST_SIZE, &sent);
    transfer->out->sent = sent > 0;
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return engine_fail(err, ENGINE_ECANCELLED, "it was interrupted");
    case CURLE_OUT_OF_MEMORY:
        return engine_fail_memory(err);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        engine_fail(err, ENGINE_EDENIED, "\"%s\" is not trusted: %s",
                    http->name, why);
        engine_hint(err, "--ca-file FILE names who may vouch for it");
        return ENGINE_EDENIED;
    case CURLE_SSL_CACERT_BADFILE:
        return engine_fail(err, ENGINE_EINVAL,
                           "could not read --ca-file "
                           "\"%s\": %s",
                           http->ca_file ? http->ca_file : "", why);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return engine_fail(err, ENGINE_EPARSE,
                           "\"%s\" does not answer as a "
                           "web server: %s",
                           http->name, why);
    default:
        return engine_fail(err, ENGINE_EIO, "no answer from \"%s\": %s",
                           http->name, why);
    }
}

static engine_status http_perform(struct http *http, const char *path,
                                  struct http_transfer *transfer,
                                  struct curl_slist *headers)
{
    engine_error *err = transfer->err;
    char *url = engine_strf("%s%s", http->base, path);
    CURLcode code;

    if (!url)
        return engine_fail_memory(err);
    curl_easy_setopt(http->curl, CURLOPT_URL, url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
    http->why[0] = '\0';
    code = curl_easy_perform(http->curl);
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE,
                      &transfer->out->status);
    engine_free(url);
    if (transfer->status < 0)
        return transfer->status;
    if (code == CURLE_OK) {
        transfer->out->sent = true;
        return ENGINE_OK;
    }
    return http_fail(transfer, code);
}

engine_status http_ask(struct http *http, const char *method, const char *path,
                       const char *body, struct http_answer *out,
                       engine_error *err)
{
    struct http_transfer transfer = {.http = http, .out = out, .err = err};
    struct curl_slist *headers;
    engine_status status;

    http_prepare(http, &transfer);
    headers =
        http_headers(http, body != NULL, "Accept: application/json", NULL, err);
    if (!headers)
        return ENGINE_ENOMEM;
    if (strcmp(method, "GET") != 0) {
        const char *sent = body ? body : "";

        /* on a kept connection libcurl may ask twice */
        curl_easy_setopt(http->curl, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, sent);
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)strlen(sent));
        curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, method);
    }
    status = http_perform(http, path, &transfer, headers);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    http_headers_free(headers);
    return status;
}

engine_status http_stream(struct http *http, const char *path,
                          const char *last_id, http_data_fn fn, void *user,
                          struct http_answer *out, engine_error *err)
{
    struct http_transfer transfer = {
        .http = http, .out = out, .fn = fn, .user = user, .err = err};
    struct curl_slist *headers;
    engine_status status;

    http_prepare(http, &transfer);
    headers =
        http_headers(http, false, "Accept: text/event-stream", last_id, err);
    if (!headers)
        return ENGINE_ENOMEM;
    status = http_perform(http, path, &transfer, headers);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    http_headers_free(headers);
    return status;
}

/* ---- the client ---------------------------------------------------------- */

static engine_status http_take_address(struct http *http, engine_error *err)
{
    const char *host = strstr(http->base, "://") + 3;

    http->plain = strncmp(http->base, "http://", 7) == 0;
    http->name = engine_strndup(http->base, (size_t)(host - http->base) +
                                                strcspn(host, "/"));
    return http->name ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status http_take_options(struct http *http,
                                       const struct http_options *options,
                                       engine_error *err)
{
    http->stop = options->stop;
    http->user = options->user;
    if (options->token) {
        http->authorization =
            engine_strf("Authorization: Bearer %s", options->token);
        if (!http->authorization)
            return engine_fail_memory(err);
    }
    if (options->ca_file) {
        http->ca_file = engine_strdup(options->ca_file);
        if (!http->ca_file)
            return engine_fail_memory(err);
    }
    http->curl = curl_easy_init();
    return http->curl ? ENGINE_OK : engine_fail_memory(err);
}

engine_status http_new(const struct http_options *options, struct http **out,
                       engine_error *err)
{
    struct http *http = engine_calloc(1, sizeof(*http));
    engine_status status;

    if (!http)
        return engine_fail_memory(err);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        engine_free(http);
        return engine_fail(err, ENGINE_EIO, "libcurl does not start");
    }
    status = url_check(options->url, options->insecure, &http->base, err);
    if (status == ENGINE_OK)
        status = http_take_address(http, err);
    if (status == ENGINE_OK)
        status = http_take_options(http, options, err);
    if (status < 0) {
        http_free(http);
        return status;
    }
    *out = http;
    return ENGINE_OK;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    if (http->curl)
        curl_easy_cleanup(http->curl);
    if (http->authorization)
        explicit_bzero(http->authorization, strlen(http->authorization));
    engine_free(http->authorization);
    engine_free(http->ca_file);
    engine_free(http->name);
    engine_free(http->base);
    engine_free(http);
    curl_global_cleanup();
}

const char *http_name(const struct http *http)
{
    return http->name;
}

void http_answer_init(struct http_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->retry_after_s = -1;
    buffer_init(&answer->body, HTTP_BODY_MAX);
}

void http_answer_clear(struct http_answer *answer)
{
    buffer_clear(&answer->body);
}
