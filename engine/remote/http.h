/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests to one daemon; the only file over libcurl. Redirects are
 * never followed and nothing is said twice: the token goes to the one address
 * that was given, or nowhere. One thread at a time.
 */
#ifndef ENGINE_REMOTE_HTTP_H
#define ENGINE_REMOTE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

#define HTTP_BODY_MAX ((size_t)64 * 1024 * 1024) /* of one answer */

struct http; /* a connection that is kept, and who asks */

struct http_options {
    const char *url;         /* of the daemon; checked by http_new */
    const char *token;       /* NULL: none; wiped by the caller, copied */
    const char *ca_file;     /* NULL: the system's */
    bool insecure;           /* plain HTTP to other machines is fine */
    int (*stop)(void *user); /* non-zero: give up; asked once a second */
    void *user;
};

struct http_answer {
    long status;           /* 0: there was none */
    int64_t retry_after_s; /* negative: it did not say */
    bool sent;             /* the request may have arrived */
    char location[256];    /* of a redirect */
    char media_type[80];
    struct buffer body;
};

/** Receives a piece of a stream; a failure ends it. */
typedef engine_status (*http_data_fn)(const char *data, size_t len, void *user,
                                      engine_error *err);

/** Checks URL and token and prepares a client; nothing is sent yet. */
engine_status http_new(const struct http_options *options, struct http **out,
                       engine_error *err);
void http_free(struct http *http);

/** "https://host:port", for messages. */
const char *http_name(const struct http *http);

void http_answer_init(struct http_answer *answer);
void http_answer_clear(struct http_answer *answer);

/**
 * One request; `path` is below /api/v1 and escaped, `body` JSON or NULL. Any
 * answer is ENGINE_OK. ENGINE_EIO: no answer, which may pass; EDENIED: its
 * certificate is not trusted; ELIMIT: the answer is too large; EPARSE: it is no
 * HTTP; ECANCELLED: `stop` said so.
 */
engine_status http_ask(struct http *http, const char *method, const char *path,
                       const char *body, struct http_answer *out,
                       engine_error *err);
/** GET of server-sent events: of an answer 200, fn gets the body instead. */
engine_status http_stream(struct http *http, const char *path,
                          const char *last_id, http_data_fn fn, void *user,
                          struct http_answer *out, engine_error *err);

#endif
