/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.c - client certificates, by libcrypto. */
#include "plugins/azure/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/jwt.h"

/* What a file holds. */
struct certificate_parts {
    const char *name, *password;
    EVP_PKEY *key;
    X509 *leaf;
    X509 *others[AZURE_CERTIFICATE_CHAIN];
    size_t count; /* of others */
};

static void certificate_drop(struct certificate_parts *parts)
{
    EVP_PKEY_free(parts->key);
    X509_free(parts->leaf);
    for (size_t i = 0; i < parts->count; i++)
        X509_free(parts->others[i]);
    ERR_clear_error();
}

void azure_certificate_clear(struct azure_certificate *certificate)
{
    secret_clear(&certificate->key);
    for (size_t i = 0; i < certificate->chain_count; i++)
        engine_free(certificate->chain[i]);
    certificate->chain_count = 0;
}

/* libcrypto would ask on the terminal */
static int certificate_password(char *to, int room, int writing, void *user)
{
    const char *password = user;
    const size_t len = password ? strlen(password) : 0;

    (void)writing;
    if (!password || room < 0 || len > (size_t)room)
        return -1;
    memcpy(to, password, len);
    return (int)len;
}

static engine_status certificate_bad(const struct certificate_parts *parts,
                                     const char *what, engine_error *err)
{
    return engine_fail(err, ENGINE_EPARSE, "client certificate %s: %s",
                       parts->name, what);
}

/* ---- files --------------------------------------------------------------- */

static engine_status certificate_pem_key(struct certificate_parts *parts,
                                         const char *data, size_t len,
                                         engine_error *err)
{
    BIO *in = BIO_new_mem_buf(data, (int)len);
    const bool encrypted = memmem(data, len, "ENCRYPTED", 9) != NULL;

    if (!in)
        return engine_fail_memory(err);
    parts->key = PEM_read_bio_PrivateKey(in, NULL, certificate_password,
                                         (void *)parts->password);
    BIO_free(in);
    if (parts->key)
        return ENGINE_OK;
    if (!encrypted)
        return certificate_bad(parts, "no private key in it", err);
    engine_fail(err, ENGINE_EDENIED, "client certificate %s: %s", parts->name,
                parts->password ? "the password does not open its key"
                                : "its key is encrypted");
    engine_hint(err, "give client_certificate_password, or "
                     "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    return ENGINE_EDENIED;
}

static engine_status certificate_pem(struct certificate_parts *parts,
                                     const char *data, size_t len,
                                     engine_error *err)
{
    engine_status status = certificate_pem_key(parts, data, len, err);
    BIO *in;

    if (status < 0)
        return status;
    in = BIO_new_mem_buf(data, (int)len);
    if (!in)
        return engine_fail_memory(err);
    while (parts->count < AZURE_CERTIFICATE_CHAIN - 1) {
        X509 *each = PEM_read_bio_X509(in, NULL, certificate_password, NULL);

        if (!each)
            break;
        if (!parts->leaf && X509_check_private_key(each, parts->key) == 1)
            parts->leaf = each;
        else
            parts->others[parts->count++] = each;
    }
    BIO_free(in);
    if (parts->leaf)
        return ENGINE_OK;
    return certificate_bad(parts,
                           parts->count ? "no certificate in it belongs to "
                                          "its key"
                                        : "no certificate in it",
                           err);
}

static engine_status certificate_pkcs12(struct certificate_parts *parts,
                                        const char *data, size_t len,
                                        engine_error *err)
{
    const unsigned char *at = (const unsigned char *)data;
    PKCS12 *bag = d2i_PKCS12(NULL, &at, (long)len);
    STACK_OF(X509) *chain = NULL;
    const char *password = parts->password ? parts->password : "";
    engine_status status = ENGINE_OK;

    if (!bag)
        return certificate_bad(parts, "neither PEM nor PKCS #12", err);
    if (!PKCS12_verify_mac(bag, password, -1)) {
        status = engine_fail(err, ENGINE_EDENIED,
                             "client certificate %s: the password does not "
                             "open it",
                             parts->name);
        engine_hint(err, "give client_certificate_password, or "
                         "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    } else if (!PKCS12_parse(bag, password, &parts->key, &parts->leaf,
                             &chain) ||
               !parts->key || !parts->leaf) {
        status = certificate_bad(parts, "no key with its certificate in it",
                                 err);
    }
    while (chain && sk_X509_num(chain) > 0) {
        X509 *each = sk_X509_shift(chain);

        if (parts->count < AZURE_CERTIFICATE_CHAIN - 1)
            parts->others[parts->count++] = each;
        else
            X509_free(each);
    }
    sk_X509_free(chain);
    PKCS12_free(bag);
    return status;
}

/* ---- what is needed of them ---------------------------------------------- */

static engine_status certificate_key(struct certificate_parts *parts,
                                     struct secret *out, engine_error *err)
{
    BIO *to = BIO_new(BIO_s_secmem());
    engine_status status = ENGINE_ENOMEM;
    char *text = NULL;
    long len;

    if (EVP_PKEY_get_base_id(parts->key) != EVP_PKEY_RSA) {
        BIO_free(to);
        return certificate_bad(parts, "its key is no RSA key", err);
    }
    if (to && PEM_write_bio_PKCS8PrivateKey(to, parts->key, NULL, NULL, 0,
                                            NULL, NULL) == 1) {
        len = BIO_get_mem_data(to, &text);
        status = secret_set(out, text, len > 0 ? (size_t)len : 0, err);
    } else {
        engine_fail_memory(err);
    }
    BIO_free(to);
    return status;
}

static engine_status certificate_print(const X509 *leaf, const EVP_MD *kind,
                                       char *to, size_t room,
                                       engine_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buffer text;
    engine_status status;

    if (X509_digest(leaf, kind, digest, &len) != 1)
        return engine_fail_memory(err);
    buffer_init(&text, 128);
    (void)jwt_base64url(digest, len, &text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK && text.len < room)
        memcpy(to, text.data, text.len + 1);
    buffer_clear(&text);
    return status;
}

static engine_status certificate_der(struct azure_certificate *out, X509 *each,
                                     engine_error *err)
{
    unsigned char *der = NULL;
    const int len = i2d_X509(each, &der);
    char *text = len > 0 ? engine_malloc(4 * ((size_t)len / 3 + 1) + 1) : NULL;

    if (text) {
        EVP_EncodeBlock((unsigned char *)text, der, len);
        out->chain[out->chain_count++] = text;
    }
    OPENSSL_free(der);
    return text ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status certificate_take(struct certificate_parts *parts,
                                      struct azure_certificate *out,
                                      engine_error *err)
{
    engine_status status;

    if (X509_cmp_current_time(X509_get0_notAfter(parts->leaf)) < 0)
        return engine_fail(err, ENGINE_EDENIED,
                           "client certificate %s has expired", parts->name);
    status = certificate_key(parts, &out->key, err);
    if (status == ENGINE_OK)
        status = certificate_print(parts->leaf, EVP_sha256(), out->sha256,
                                   sizeof(out->sha256), err);
    if (status == ENGINE_OK)
        status = certificate_print(parts->leaf, EVP_sha1(), out->sha1,
                                   sizeof(out->sha1), err);
    if (status == ENGINE_OK)
        status = certificate_der(out, parts->leaf, err);
    for (size_t i = 0; status == ENGINE_OK && i < parts->count; i++)
        status = certificate_der(out, parts->others[i], err);
    return status;
}

engine_status azure_certificate_read(const char *data, size_t len,
                                     const char *password, const char *name,
                                     struct azure_certificate *out,
                                     engine_error *err)
{
    struct certificate_parts parts = {.name = name, .password = password};
    engine_status status;

    *out = (struct azure_certificate){0};
    secret_init(&out->key);
    if (!len || len > AZURE_CERTIFICATE_MAXIMUM)
        return certificate_bad(&parts, len ? "it is too large" : "it is empty",
                               err);
    if (memmem(data, len, "-----BEGIN", 10))
        status = certificate_pem(&parts, data, len, err);
    else
        status = certificate_pkcs12(&parts, data, len, err);
    if (status == ENGINE_OK)
        status = certificate_take(&parts, out, err);
    certificate_drop(&parts);
    return status;
}
