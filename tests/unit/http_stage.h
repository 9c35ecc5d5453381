/* SPDX-License-Identifier: Apache-2.0 */
/* http_stage.h - a server on loopback (http_server.py) and what a request to
 * it brought, for tests of whatever talks HTTP. */
#ifndef TESTS_HTTP_STAGE_H
#define TESTS_HTTP_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/kit/http.h"

struct http_stage {
    char *folder; /* with ca.pem, client.pem, client.key, other.pem */
    int port, tls, mutual, proxy;
    char *ca; /* the text of ca.pem */
    int input;
    long pid;
    struct http_client *client; /* of the running test */
    char url[512];
};

/** For a group and for each of its tests; *state is the stage. */
int http_stage_open(void **state);
int http_stage_close(void **state);
int http_stage_setup(void **state);
int http_stage_teardown(void **state);
#define HTTP_TEST(name) \
    cmocka_unit_test_setup_teardown(name, http_stage_setup, http_stage_teardown)

/** A client with these options in place of the usual one. */
void http_stage_options(struct http_stage *stage,
                        const struct http_client_options *options);
/** The URL of a path on the plain port, or on another with its scheme; valid
 * until the next one. */
const char *http_stage_url(struct http_stage *stage, const char *path);
const char *http_stage_tls_url(struct http_stage *stage, int port,
                               const char *host, const char *path);
/** The text of a file of the stage; the caller frees it. */
char *http_stage_file(const struct http_stage *stage, const char *name);
/** A number of the server's /counts; 0 when it does not know the name. */
long http_stage_count(const struct http_stage *stage, const char *name);

/** What came of one request. */
struct http_reply {
    engine_status status;
    struct http_response response;
    char shown[256], content_type[64]; /* url and content_type of it */
    struct buffer body;
    unsigned heads, agains, dones;
    long head_status;
    bool no_again;           /* set before: such a handler has none */
    engine_status fail_body; /* set before: what body returns */
    struct http_handler handler;
    engine_error err;
};

/** Queues GET http://127.0.0.1:port/path (https for the TLS ports). `call`
 * holds what else is wanted and may be NULL. */
void http_reply_add(struct http_reply *reply, struct http_client *client,
                    const char *url, const struct http_call *call);
/** The same, run to its end. */
void http_reply_get(struct http_reply *reply, struct http_client *client,
                    const char *url, const struct http_call *call);
void http_reply_clear(struct http_reply *reply);

#endif
