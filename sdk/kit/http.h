/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - an HTTP client for reading APIs, on libcurl's multi interface: many
 * requests at once on one thread under one limit, connections and TLS
 * sessions reused, retries with backoff and jitter that honour Retry-After,
 * bodies handed on as they arrive, everything bounded. libcurl is loaded when
 * the first client is made; where it is missing, that is ENGINE_EUNSUPPORTED.
 *
 * Threads: a client and its requests belong to one thread at a time.
 */
#ifndef SDK_KIT_HTTP_H
#define SDK_KIT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

struct http_client;
struct http_request;

#define HTTP_NO_RETRIES (~0u)

/** Asked while waiting; non-zero: give up with ENGINE_ECANCELLED. */
typedef int (*http_stop_fn)(void *user);
/** A line for the log: retries, slow hosts. Never holds a secret. */
typedef void (*http_log_fn)(int level, const char *text, void *user);

struct http_client_options {
    unsigned concurrent;      /* requests in flight; 0: 16 */
    unsigned concurrent_host; /* of them to one host; 0: 16 */
    unsigned retries;         /* tries after the first; 0: 5, see above */
    int64_t connect_ms;       /* 0: 10,000 */
    int64_t stall_ms;         /* no byte for so long ends a try; 0: 30,000 */
    int64_t request_ms;       /* one request with all its tries; 0: 300,000 */
    double rate;              /* requests a second to one host at first; 0: no
                         * limit until it throttles; then halved, and grown
                         * back slowly */
    bool http1;               /* no HTTP/2 */
    const char *user_agent;
    http_stop_fn stop;
    http_log_fn log;
    void *user;
};

/** How a host is reached; copied. Secrets in here are wiped afterwards. */
struct http_endpoint {
    const char *ca_file; /* NULL and no ca_data: the system's */
    const void *ca_data; /* PEM */
    size_t ca_len;
    const char *cert_file, *key_file; /* client certificate, PEM */
    const void *cert_data, *key_data; /* instead of the files */
    size_t cert_len, key_len;
    const char *proxy;       /* URL; NULL: the environment's; "": none */
    const char *server_name; /* TLS name when it is not the URL's host */
    bool insecure;           /* no verification of the server */
};

/** One answer's head. */
struct http_response {
    long status;              /* 0: there was no answer, see the error */
    const char *url;          /* without user information and query */
    const char *content_type; /* may be NULL */
    uint64_t bytes;           /* of the decoded body so far */
    unsigned tries;
    bool unresolved; /* status 0: the host's address (its own, not a proxy's)
                      * could not be found, for whatever reason */
};

/** The value of a header of the answer, any case; NULL: it has none. */
const char *http_header(const struct http_request *request, const char *name);

/**
 * What a request does with its answer. `head` is called once per answer that
 * will be used (any final status); `body` with decoded bytes as they arrive;
 * a failure of either ends the request with it. When a try is given up after
 * body was called, `again` is called before the next one and has to forget
 * what came (NULL: such a try is final). `done` is called exactly once, with
 * the request's last state; it may add requests.
 */
struct http_handler {
    engine_status (*head)(struct http_request *request,
                          const struct http_response *response, void *user,
                          engine_error *err);
    engine_status (*body)(struct http_request *request, const char *data,
                          size_t len, void *user, engine_error *err);
    engine_status (*again)(struct http_request *request, void *user,
                           engine_error *err);
    void (*done)(struct http_request *request, engine_status status,
                 const struct http_response *response, const engine_error *err,
                 void *user);
};

/**
 * Adds the credentials to a try, by http_request_header. Called before each
 * try; `refused` when the last one was answered with 401: then it gets fresh
 * ones, or fails (ENGINE_EDENIED), which ends the request with the 401.
 */
typedef engine_status (*http_auth_fn)(struct http_request *request,
                                      bool refused, void *user,
                                      engine_error *err);

/** What an answer means. */
enum http_verdict {
    HTTP_USUAL,     /* as its status says: 401 is refused, 429 throttled, 500,
                     * 502, 503 and 504 are tried again, others final */
    HTTP_FINAL,     /* it is the answer */
    HTTP_RETRY,     /* try again, if the method allows it */
    HTTP_THROTTLED, /* nothing was done: try again, and ask less often */
    HTTP_REFUSED    /* the credentials: auth gets its chance, once */
};

/**
 * For APIs which say in the body what a status leaves open. Asked at the end
 * of answers of status 400 and above, with up to 64 KiB of the body; more of
 * such an answer is dropped, for the handler as well. Limits of tries and time
 * still hold.
 */
typedef enum http_verdict (*http_classify_fn)(
    struct http_request *request, const struct http_response *response,
    const char *body, size_t len, void *user);

struct http_call {
    const char *method;         /* NULL: GET */
    const char *url;            /* http or https; sent exactly as it is */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    const void *body;           /* copied; may be NULL */
    size_t body_len;
    size_t body_maximum; /* bytes of a decoded answer; 0: 1 GiB */
    const struct http_endpoint *endpoint; /* NULL: defaults */
    http_auth_fn auth;                    /* may be NULL */
    void *auth_user;
    bool retry_unsafe;  /* try again although the method is not idempotent; a
                        * POST without it gets a connection of its own */
    const char *bucket; /* requests of one host which share a rate and
                                 * a limit, such as an account; may be NULL */
    http_classify_fn classify; /* may be NULL */
    void *classify_user;
    const struct http_handler *handler;
    void *user;
};

engine_status http_client_new(const struct http_client_options *options,
                              struct http_client **out, engine_error *err);
/** Gives up what still runs (done is called with ENGINE_ECANCELLED). Not from
 * within callbacks. */
void http_client_free(struct http_client *client);

/**
 * Queues a request; from callbacks, too. Redirects are never followed; they
 * are answers. ENGINE_EINVAL for what is no URL, header or method; what a
 * server does is told to done.
 */
engine_status http_add(struct http_client *client, const struct http_call *call,
                       struct http_request **out, engine_error *err);
/** Sets a header of the try that is about to be made (from auth only), in
 * place of the call's own; ENGINE_EINVAL when it cannot be one line. */
engine_status http_request_header(struct http_request *request,
                                  const char *name, const char *value);

/** No try of its host and bucket begins before wait_ms are over: an answer said
 * that a quota is used up until then. From head. */
void http_request_hold(struct http_request *request, int64_t wait_ms);

/** Works until nothing is left to do, or stop says so (ENGINE_ECANCELLED,
 * after done was called for every request; the client can be used again). */
engine_status http_run(struct http_client *client, engine_error *err);

/**
 * One request to its end, answer in *body, which this prepares and the caller
 * clears, also after a failure; at most 64 MiB unless call says otherwise.
 * For small things such as discovery and tokens; from auth and done, too (not
 * from head and body). Other requests go on meanwhile. The call's handler and
 * user are not used. Texts of *response (may be NULL) live until the client's
 * next fetch.
 */
engine_status http_fetch(struct http_client *client,
                         const struct http_call *call,
                         struct http_response *response, struct buffer *body,
                         engine_error *err);

/** A header of the answer that the last fetch brought; lives as its texts. */
const char *http_fetch_header(const struct http_client *client,
                              const char *name);

/** Counters since the client was made. */
struct http_counts {
    uint64_t requests, tries, retries, throttled, bytes, connections;
};
void http_counts(const struct http_client *client, struct http_counts *out);

#endif
