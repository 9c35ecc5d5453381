/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_private.h - how the files of the HTTP client hang together.
 *
 * A request is in one list at a time: its host's `ready`, the client's
 * `delayed` (waiting for its next try), `active` (a try is running, or its
 * credentials are being asked for) or `finished` (done is still to be
 * called). libcurl's callbacks only take notes in the try; everything that
 * moves a request, or calls auth, again and done, happens outside of them.
 */
#ifndef SDK_KIT_HTTP_PRIVATE_H
#define SDK_KIT_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "sdk/base/hash.h"
#include "sdk/base/log.h"
#include "sdk/kit/http.h"
#include "sdk/kit/secret.h"

#define HTTP_HEADERS_MAXIMUM ((size_t)128 * 1024) /* of one try, all heads */
#define HTTP_HELD_MAXIMUM ((size_t)64 * 1024)     /* kept of an unused answer */
#define HTTP_DROP_MAXIMUM \
    ((uint64_t)1 << 20) /* read of one, to go on with
                                               * its connection */
#define HTTP_FETCH_MAXIMUM ((size_t)64 << 20)
#define HTTP_FETCH_DEPTH 8 /* fetches from within auth or done */
#define HTTP_CONNECT_RETRIES 3u
#define HTTP_BACKOFF_MS 200
#define HTTP_THROTTLED_MS 1000
#define HTTP_BACKOFF_MAXIMUM_MS 20000
#define HTTP_RETRY_AFTER_MAXIMUM_MS 120000
#define HTTP_TICK_MS 100 /* how often stop and the clocks are looked at */

/* ---- what the client owns ------------------------------------------------ */

/* An endpoint, copied; shared by all requests that gave an equal one. */
struct http_place {
    struct http_endpoint given; /* its pointers are ours */
    struct secret key;
    struct http_place *next;
};

struct http_list {
    struct http_request *first, *last;
};

/* A host: what shares limits. */
struct http_host {
    char *name; /* scheme://host:port, and the bucket */
    struct http_list ready;
    unsigned active;
    double rate;       /* tries a second; 0: no limit */
    double full;       /* the rate to grow back to */
    int64_t next_ms;   /* not before */
    int64_t held_ms;   /* the same, whatever the rate is */
    int64_t slowed_ms; /* when the rate was halved last */
    int64_t grown_ms;  /* when it was raised last */
    int64_t second_ms; /* start of the second in which tries are counted */
    unsigned in_second, last_second;
    struct http_host *next;
};

/* One try and what came of it; pooled, with its easy handle. */
struct http_try {
    CURL *easy;
    struct curl_slist *headers; /* of the call and of auth, as sent */
    struct curl_slist *added;   /* by http_request_header */
    struct curl_slist *connect_to;
    char *moved_url; /* with the TLS name in place of the host */
    char cause[CURL_ERROR_SIZE];
    struct buffer head; /* "name\0value\0..." of the answer */
    size_t head_bytes;
    bool head_done; /* of a final status */
    bool held;      /* the answer may not be used: its body is kept here */
    struct buffer body;
    uint64_t dropped;
    bool used;             /* the handler saw head or body */
    engine_status failure; /* of a callback; ends the request */
    engine_error err;
    int64_t started_ms; /* steady */
    int64_t heard_ms;   /* the client's listening time of the last byte */
    struct http_try *next;
};

struct http_request {
    struct http_client *client;
    struct http_host *host;
    struct http_place *place;
    struct http_list *list;
    struct http_request *before, *after;
    struct http_handler handler;
    void *user;
    http_auth_fn auth;
    void *auth_user;
    char *method, *url, *shown; /* shown: for messages, no secrets */
    char **headers;             /* NULL-ended */
    char *body;
    size_t body_len, body_maximum;
    http_classify_fn classify;
    void *classify_user;
    bool retry_unsafe;
    bool sent;      /* its handle is with libcurl */
    bool asking;    /* its auth function is running */
    bool refused;   /* the last try was answered with 401 */
    bool refreshed; /* auth was told of it: a second 401 is final */
    unsigned fetch; /* depth of the http_fetch it belongs to; 0: none */
    unsigned failures;
    int64_t deadline_ms;   /* of all tries, from the first on; 0: no try yet */
    int64_t not_before_ms; /* of the next try */
    struct http_try *try;
    struct http_response response;
    engine_status status;
};

struct http_client {
    struct http_client_options options;
    char *user_agent;
    CURLM *multi;
    CURLSH *share;
    struct table hosts;
    struct http_host *host_list;
    struct http_host *turn; /* whose turn it is to start a request */
    struct http_place *places;
    struct http_list delayed, active, finished;
    unsigned ready, running; /* requests in ready lists, in active */
    struct http_try *idle;
    struct http_request *fetched; /* the last one of http_fetch */
    unsigned depth;  /* of http_run and http_fetch within each other */
    unsigned asking; /* auth functions we are inside of */
    bool inside;     /* a callback of libcurl is running */
    bool stopping;
    int64_t asked_ms; /* when stop was asked last */
    int64_t deaf_ms;  /* time spent in the handlers, altogether */
    struct http_counts counts;
};

/* ---- http_curl.c: libcurl itself ------------------------------------------ */

/* Any function of libcurl may be called only after this was ENGINE_OK. Any
 * thread. */
engine_status http_curl_load(engine_error *err);
/* curl_url_get. */
CURLUcode http_curl_url_get(CURLU *url, CURLUPart part, char **out,
                            unsigned flags);

/* ---- http_queue.c: lists, hosts, limits ---------------------------------- */

void http_list_add(struct http_list *list, struct http_request *request);
void http_list_remove(struct http_request *request);
engine_status http_host_get(struct http_client *client, const char *name,
                            struct http_host **out, engine_error *err);
void http_ready(struct http_request *request);
void http_delay(struct http_request *request, int64_t wait_ms);
/* The next request which may start now, taken out of its list, or NULL;
 * *wait_ms is lowered to the time until one may. */
struct http_request *http_next(struct http_client *client, int64_t *wait_ms);
void http_host_started(struct http_host *host, int64_t now);
void http_host_throttled(struct http_request *request, int64_t wait_ms);
void http_host_fine(const struct http_request *request, int64_t now);

/* ---- http_request.c ------------------------------------------------------ */

void http_request_free(struct http_request *request);
void http_finish(struct http_request *request, engine_status status);

/* ---- http_try.c: making one ---------------------------------------------- */

engine_status http_try_start(struct http_request *request);
/* Takes its handle back from libcurl. */
void http_try_stop(struct http_request *request);
/* Stops it and puts it back into the pool. */
void http_try_release(struct http_request *request);
void http_try_free(struct http_try *attempt);

/* ---- http_answer.c: libcurl's callbacks ---------------------------------- */

size_t http_answer_header(char *data, size_t size, size_t count, void *user);
size_t http_answer_body(char *data, size_t size, size_t count, void *user);
/* Gives a held answer to the handler. */
engine_status http_answer_release(struct http_request *request);
int64_t http_listening_ms(const struct http_client *client);

/* ---- http_end.c: what becomes of a try ----------------------------------- */

void http_try_end(struct http_request *request, CURLcode code);
/* Ends the tries which stall or have no time left. */
void http_expire(struct http_client *client);
/* Whether another try may take the place of an answer of this status. */
bool http_may_retry(const struct http_request *request, long status);
/* Whether it may be sent twice. */
bool http_idempotent(const struct http_request *request);
void http_log(struct http_client *client, enum log_level level,
              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- http_parse.c: pure -------------------------------------------------- */

/* Splits "Name: value\r\n" in place of len bytes; false: it is none. */
bool http_parse_header(const char *line, size_t len, const char **name,
                       size_t *name_len, const char **value, size_t *value_len);
/* Milliseconds to wait by a Retry-After value, 0 or more; -1: it is none. */
int64_t http_parse_retry_after(const char *value, int64_t now_unix_ms);
bool http_parse_token(const char *text, size_t len);
/* Whether text has no control characters (and, if said, no space). */
bool http_parse_clean(const char *text, bool spaces);

/* ---- http_place.c, http_error.c, http_url.c ------------------------------ */

engine_status http_place_get(struct http_client *client,
                             const struct http_endpoint *endpoint,
                             struct http_place **out, engine_error *err);
void http_place_free(struct http_place *place);
CURLcode http_place_apply(const struct http_place *place, CURL *easy);

/* Fills the try's error from what libcurl says. */
engine_status http_error_fill(struct http_request *request, CURLcode code);
/* "GET https://host/path", for messages. */
void http_error_subject(const struct http_request *request, char *out,
                        size_t room);

/* Checks a URL; *shown without user information and query, *host is
 * scheme://host:port. Caller frees both. */
engine_status http_url_split(const char *url, char **shown, char **host,
                             engine_error *err);
/* The URL with name in place of its host, and what CURLOPT_CONNECT_TO and the
 * Host header want. Caller frees all three. */
engine_status http_url_move(const char *url, const char *name, char **moved,
                            char **connect_to, char **host_header,
                            engine_error *err);
/* Wipes and frees a text which may hold a secret; NULL is fine. */
void http_wipe(char *text);

#endif
