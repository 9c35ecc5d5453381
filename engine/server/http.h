/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - the HTTP library's side of the server; only http.c,
 * http_message.c and listen.c know libmicrohttpd. */
#ifndef ENGINE_SERVER_HTTP_H
#define ENGINE_SERVER_HTTP_H

#include <sys/socket.h>

#include "engine/server/private.h"

engine_status http_start(struct server *server, engine_error *err);
/** No new connections. */
void http_quiesce(struct server *server);
void http_stop(struct server *server);

/** Closes connections whose request takes too long. */
void http_watch(struct server *server);

/** A listening socket for "ADDRESS:PORT"; loopback replaces other addresses
 * when `loopback` says so. *url (caller frees) says what became of it. */
engine_status listen_open(const char *where, bool loopback, bool tls, int *out,
                          char **url, bool *replaced, engine_error *err);

#endif
