/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h - AWS Signature Version 4 in headers (AWS General Reference, "Signing
 * AWS API requests"). Signs exactly what is sent.
 */
#ifndef PLUGINS_AWS_SIGN_H
#define PLUGINS_AWS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/error.h"
#include "sdk/kit/secret.h"

/** Credentials; token is empty where there is none. */
struct aws_keys {
    char id[256];
    struct secret secret;
    struct secret token;
    int64_t expires_ms; /* Unix; 0: never */
};

void aws_keys_init(struct aws_keys *keys);
void aws_keys_clear(struct aws_keys *keys);

struct aws_signed {
    const char *method;
    const char *url;            /* exactly as it is sent */
    const char *const *headers; /* "Name: value", NULL-ended; of them are
                                 * signed host, content-type, x-amz-* and
                                 * x-amzn-*, or with `all` each of them */
    const void *body;
    size_t body_len;
    const char *region, *service; /* of the credential scope */
    int64_t now_ms;
    bool s3;  /* path encoded once, not normalised; x-amz-content-sha256 */
    bool all; /* for the test vectors */
    bool raw_path; /* do not normalise (test vectors) */
    bool unsigned_token; /* X-Amz-Security-Token is added after signing */
};

/** Headers to add to the request. */
struct aws_signature {
    char date[17];           /* X-Amz-Date */
    char content_sha256[65]; /* X-Amz-Content-Sha256; empty: not to be sent */
    char authorization[2048];
};

struct aws_signer; /* remembers signing keys: one thread */
engine_status aws_signer_new(struct aws_signer **out, engine_error *err);
void aws_signer_free(struct aws_signer *signer);

/** X-Amz-Security-Token, where keys has one, is signed as if it were among
 * the headers; the caller sends it. */
engine_status aws_sign(struct aws_signer *signer, const struct aws_keys *keys,
                       const struct aws_signed *what,
                       struct aws_signature *out, engine_error *err);

#endif
