/* SPDX-License-Identifier: Apache-2.0 */
/* sign_private.h - the signer's parts; sign.h says what they do. */
#ifndef PLUGINS_AWS_SIGN_PRIVATE_H
#define PLUGINS_AWS_SIGN_PRIVATE_H

#include <openssl/evp.h>

#include "plugins/aws/sign.h"
#include "sdk/base/buffer.h"
#include "sdk/base/hash.h"

#define SIGN_HEADERS_MAXIMUM 128
#define SIGN_TEXT_MAXIMUM ((size_t)4 * 1024 * 1024)

struct sign_header {
    const char *name, *value;
    size_t name_len, value_len;
    unsigned order; /* of headers with one name: as they are sent */
};

/* "https://HOST[:PORT][/PATH][?QUERY]", in its parts */
struct sign_url {
    const char *host, *path, *query;
    size_t host_len, path_len, query_len;
};

/* offsets in the text of all parameters, encoded */
struct sign_parameter {
    size_t at, key_len, len; /* len: of "key=value" */
};

struct aws_signer {
    EVP_MAC *mac;
    EVP_MAC_CTX *context;
    struct table keys; /* "id/date/region/service" to struct sign_key */
    struct sign_header headers[SIGN_HEADERS_MAXIMUM];
    unsigned headers_count;
    struct sign_parameter *parameters;
    size_t parameters_count, parameters_room;
    struct buffer query;     /* parameters one after another */
    struct buffer canonical; /* the canonical request */
    struct buffer names;     /* SignedHeaders */
};

/** Fills canonical and names. body_hash is what the last line is. */
engine_status sign_canonical(struct aws_signer *signer,
                             const struct aws_keys *keys,
                             const struct aws_signed *what,
                             const struct aws_signature *signature,
                             const char *body_hash, engine_error *err);

/** Appends the headers to canonical, and fills names (sign_headers.c). */
engine_status sign_headers(struct aws_signer *signer,
                           const struct aws_keys *keys,
                           const struct aws_signed *what,
                           const struct aws_signature *signature,
                           const struct sign_url *url, engine_error *err);

#endif
