/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - bearer tokens of OAuth 2.0 (RFC 6749): asked for when first
 * needed, kept until shortly before they expire, fetched again when refused.
 */
#ifndef SDK_KIT_CLOUD_TOKEN_H
#define SDK_KIT_CLOUD_TOKEN_H

#include <stdint.h>

#include "sdk/base/error.h"
#include "sdk/kit/http.h"
#include "sdk/kit/secret.h"

/** A token and when it is fetched anew: 225 seconds before it expires, and at
 * half of its life when that is shorter. */
struct token {
    struct secret text;
    int64_t expires_ms; /* Unix; 0: none yet */
};

void token_init(struct token *token);
void token_clear(struct token *token);
/** Whether it is there and good for some minutes more. */
bool token_is_fresh(const struct token *token);

/**
 * Makes the call (http_fetch; retries as the client has them) and reads
 * {access_token, expires_in | expires_on | expireTime, token_type} of its
 * answer; without a time it is good for five minutes. Errors name the host,
 * the status and OAuth's error and error_description (or those of Google and
 * Azure), never what was sent: of what they quote, values of the form, but for
 * names such as client_id, and of headers are masked. `member` is the token's
 * name in the answer, NULL: "access_token". ENGINE_EDENIED: the server refused
 * (400, 401, 403); trying again is no use.
 */
engine_status token_fetch(struct token *token, struct http_client *client,
                          const struct http_call *call, const char *member,
                          engine_error *err);

/** Appends name=value to a form (application/x-www-form-urlencoded). */
struct buffer;
engine_status token_form(struct buffer *form, const char *name,
                         const char *value);

#endif
