/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt.h - signed JSON Web Tokens (RFC 7515 compact serialization, RFC 7519)
 * that clients of OAuth show as assertions (RFC 7523).
 */
#ifndef SDK_KIT_CLOUD_JWT_H
#define SDK_KIT_CLOUD_JWT_H

#include <bson/bson.h>

#include "sdk/base/error.h"
#include "sdk/kit/secret.h"

enum jwt_algorithm { JWT_RS256, JWT_PS256 };

/** Signs a token with a private key (PEM, RSA, not encrypted, 2048 bits or
 * more: RFC 7518, 3.3). header gets alg and typ besides what it holds.
 * ENGINE_EINVAL: no such key. Messages hold nothing of the key. */
engine_status jwt_sign(enum jwt_algorithm algorithm, const bson_t *header,
                       const bson_t *claims, const struct secret *key,
                       struct secret *out, engine_error *err);

/** The signature alone, of any bytes, appended (RFC 7518, 3.3 and 3.5). */
struct buffer;
engine_status jwt_sign_bytes(enum jwt_algorithm algorithm,
                             const struct secret *key, const void *data,
                             size_t len, struct buffer *out,
                             engine_error *err);

/** base64url without padding (RFC 4648 section 5), appended. */
engine_status jwt_base64url(const void *data, size_t len, struct buffer *out);

#endif
