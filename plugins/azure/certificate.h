/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate.h - a client certificate with its key, as applications sign in
 * with them: PEM (RFC 7468) or PKCS #12 (RFC 7292), encrypted or not.
 */
#ifndef PLUGINS_AZURE_CERTIFICATE_H
#define PLUGINS_AZURE_CERTIFICATE_H

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/secret.h"

#define AZURE_CERTIFICATE_MAXIMUM ((size_t)256 * 1024)
#define AZURE_CERTIFICATE_CHAIN 16

struct azure_certificate {
    struct secret key; /* PEM, PKCS #8, not encrypted */
    char sha256[44];   /* base64url of the certificate's SHA-256, x5t#S256 */
    char sha1[28];     /* x5t */
    size_t chain_count; /* the certificate, then others of the file */
    char *chain[AZURE_CERTIFICATE_CHAIN]; /* base64 of DER, x5c */
};

/** Reads one; password NULL: none. name is the file's, for messages. The
 * caller clears *out, also after a failure. ENGINE_EPARSE: no such thing;
 * ENGINE_EDENIED: another password, or the certificate has expired. */
engine_status azure_certificate_read(const char *data, size_t len,
                                     const char *password, const char *name,
                                     struct azure_certificate *out,
                                     engine_error *err);
void azure_certificate_clear(struct azure_certificate *certificate);

#endif
