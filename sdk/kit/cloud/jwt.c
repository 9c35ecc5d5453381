/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.c - signing tokens, with libcrypto. */
#include "sdk/kit/cloud/jwt.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdint.h>
#include <string.h>

#include "sdk/base/buffer.h"
#include "sdk/document/document.h"

#define JWT_MAXIMUM ((size_t)64 * 1024)
#define JWT_BITS 2048

engine_status jwt_base64url(const void *data, size_t len, struct buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? bytes[i + 2] : 0);

        for (unsigned digit = 0; digit <= (left > 2 ? 3 : left); digit++)
            buffer_putc(out, digits[group >> (18 - 6 * digit) & 63]);
    }
    return buffer_status(out, NULL);
}

/* Never asks for one: an encrypted key is refused. */
static int jwt_password(char *out, int room, int writing, void *user)
{
    (void)out;
    (void)room;
    (void)writing;
    (void)user;
    return 0;
}

static engine_status jwt_key_open(const struct secret *key, EVP_PKEY **out,
                                  engine_error *err)
{
    BIO *text = BIO_new_mem_buf(key->text ? key->text : "", (int)key->len);
    EVP_PKEY *found;

    if (!text)
        return engine_fail_memory(err);
    found = PEM_read_bio_PrivateKey(text, NULL, jwt_password, NULL);
    BIO_free(text);
    ERR_clear_error(); /* its words may quote the key */
    if (!found) {
        engine_fail(err, ENGINE_EINVAL, "no private key that can be read");
        engine_hint(err, "it has to be PEM (\"BEGIN PRIVATE KEY\" or \"BEGIN "
                         "RSA PRIVATE KEY\") and not encrypted");
        return ENGINE_EINVAL;
    }
    if ((!EVP_PKEY_is_a(found, "RSA") && !EVP_PKEY_is_a(found, "RSA-PSS")) ||
        EVP_PKEY_get_bits(found) < JWT_BITS) {
        EVP_PKEY_free(found);
        return engine_fail(err, ENGINE_EINVAL,
                           "the private key is no RSA key of %d bits or more",
                           JWT_BITS);
    }
    *out = found;
    return ENGINE_OK;
}

static bool jwt_sign_start(EVP_MD_CTX *context, enum jwt_algorithm algorithm,
                           EVP_PKEY *key)
{
    EVP_PKEY_CTX *more = NULL;

    if (EVP_DigestSignInit(context, &more, EVP_sha256(), NULL, key) != 1)
        return false;
    return algorithm == JWT_RS256 ||
           (EVP_PKEY_CTX_set_rsa_padding(more, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(more, RSA_PSS_SALTLEN_DIGEST) ==
                1);
}

engine_status jwt_sign_bytes(enum jwt_algorithm algorithm,
                             const struct secret *key, const void *data,
                             size_t len, struct buffer *out, engine_error *err)
{
    EVP_PKEY *opened = NULL;
    EVP_MD_CTX *context = NULL;
    engine_status status = jwt_key_open(key, &opened, err);
    size_t size = 0;
    char *room;

    if (status < 0)
        return status;
    context = EVP_MD_CTX_new();
    if (!context) {
        status = engine_fail_memory(err);
        goto out;
    }
    size = (size_t)EVP_PKEY_get_size(opened);
    room = buffer_room(out, size);
    if (!room) {
        status = buffer_status(out, err);
        goto out;
    }
    if (!jwt_sign_start(context, algorithm, opened) ||
        EVP_DigestSign(context, (unsigned char *)room, &size, data, len) != 1)
        status = engine_fail(err, ENGINE_EINVAL,
                             "the private key cannot sign with %s",
                             algorithm == JWT_RS256 ? "RS256" : "PS256");
    else
        buffer_grown(out, size);
out:
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(opened);
    return status;
}

/* A document as JSON as base64url. */
static engine_status jwt_part(const bson_t *part, struct buffer *out,
                              engine_error *err)
{
    struct buffer json;
    engine_status status;

    buffer_init(&json, JWT_MAXIMUM);
    status = document_to_json(part, 0, &json);
    if (status == ENGINE_OK)
        jwt_base64url(json.data, json.len, out);
    else
        engine_fail(err, status, "a token that cannot be written as JSON");
    buffer_clear(&json);
    return status;
}

static engine_status jwt_header(enum jwt_algorithm algorithm,
                                const bson_t *header, struct buffer *out,
                                engine_error *err)
{
    const char *name = algorithm == JWT_RS256 ? "RS256" : "PS256";
    bson_t whole = BSON_INITIALIZER;
    engine_status status = ENGINE_OK;

    if (!BSON_APPEND_UTF8(&whole, "alg", name) ||
        !BSON_APPEND_UTF8(&whole, "typ", "JWT") ||
        (header && !bson_concat(&whole, header)))
        status = engine_fail_memory(err);
    if (status == ENGINE_OK)
        status = jwt_part(&whole, out, err);
    bson_destroy(&whole);
    return status;
}

engine_status jwt_sign(enum jwt_algorithm algorithm, const bson_t *header,
                       const bson_t *claims, const struct secret *key,
                       struct secret *out, engine_error *err)
{
    struct buffer text, signature;
    engine_status status;

    buffer_init(&text, JWT_MAXIMUM);
    buffer_init(&signature, JWT_MAXIMUM);
    status = jwt_header(algorithm, header, &text, err);
    if (status < 0)
        goto out;
    buffer_putc(&text, '.');
    status = jwt_part(claims, &text, err);
    if (status == ENGINE_OK)
        status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = jwt_sign_bytes(algorithm, key, text.data, text.len,
                                &signature, err);
    if (status < 0)
        goto out;
    buffer_putc(&text, '.');
    jwt_base64url(signature.data, signature.len, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK)
        status = secret_set(out, text.data, text.len, err);
out:
    if (text.data)
        explicit_bzero(text.data, text.len);
    if (signature.data)
        explicit_bzero(signature.data, signature.len);
    buffer_clear(&text);
    buffer_clear(&signature);
    return status;
}
