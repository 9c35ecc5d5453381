/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - what may be asked, and with what: the daemon's address, and a token
 * as RFC 6750 allows it. */
#ifndef ENGINE_REMOTE_URL_H
#define ENGINE_REMOTE_URL_H

#include <stdbool.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"

/** True for localhost, 127.0.0.0/8 and ::1 as names or numbers; "127.1" and
 * other short forms are not. */
bool url_is_loopback(const char *host);

/**
 * Checks an address (RFC 3986): http or https, no user, query or fragment, and
 * plain http to this machine only unless `insecure`. *out, the caller's, is
 * the address of the API, "https://host:port/api/v1".
 */
engine_status url_check(const char *url, bool insecure, char **out,
                        engine_error *err);

/** Seconds of a Retry-After header (RFC 9110, 10.2.3); -1: none or a date. */
long url_retry_after(const char *text);

/** Appends text as a part of a path or query, escaped (RFC 3986). */
void url_escape(const char *text, struct buffer *out);

#endif
