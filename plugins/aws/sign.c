/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c - AWS Signature Version 4: the string to sign, its key, the header. */
#include "plugins/aws/sign.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugins/aws/sign_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define SIGN_KEYS_MAXIMUM 4096 /* scopes of credentials that are remembered */
#define SIGN_HASH 32

struct sign_key {
    char secret[HASH_HEX_SIZE]; /* SHA-256 of the secret that it is made of */
    unsigned char bytes[SIGN_HASH];
};

void aws_keys_init(struct aws_keys *keys)
{
    *keys = (struct aws_keys){0};
    secret_init(&keys->secret);
    secret_init(&keys->token);
}

void aws_keys_clear(struct aws_keys *keys)
{
    secret_clear(&keys->secret);
    secret_clear(&keys->token);
    aws_keys_init(keys);
}

/* ---- the signer ---------------------------------------------------------- */

static void sign_keys_clear(struct aws_signer *signer)
{
    size_t at = 0;
    void *key;

    while (table_next(&signer->keys, &at, &key)) {
        explicit_bzero(key, sizeof(struct sign_key));
        engine_free(key);
    }
    table_clear(&signer->keys);
}

static void sign_wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
}

engine_status aws_signer_new(struct aws_signer **out, engine_error *err)
{
    struct aws_signer *signer = engine_calloc(1, sizeof(*signer));

    if (!signer)
        return engine_fail_memory(err);
    table_init(&signer->keys);
    buffer_init(&signer->query, SIGN_TEXT_MAXIMUM);
    buffer_init(&signer->canonical, SIGN_TEXT_MAXIMUM);
    buffer_init(&signer->names, SIGN_TEXT_MAXIMUM);
    signer->mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    if (signer->mac)
        signer->context = EVP_MAC_CTX_new(signer->mac);
    if (!signer->context) {
        aws_signer_free(signer);
        return engine_fail_memory(err);
    }
    *out = signer;
    return ENGINE_OK;
}

void aws_signer_free(struct aws_signer *signer)
{
    if (!signer)
        return;
    sign_keys_clear(signer);
    EVP_MAC_CTX_free(signer->context);
    EVP_MAC_free(signer->mac);
    sign_wipe(&signer->canonical);
    buffer_clear(&signer->query);
    buffer_clear(&signer->canonical);
    buffer_clear(&signer->names);
    engine_free(signer->parameters);
    engine_free(signer);
}

/* ---- keys ---------------------------------------------------------------- */

static bool sign_mac(struct aws_signer *signer, const void *key, size_t key_len,
                     const char *text, unsigned char out[SIGN_HASH])
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t len = 0;

    return EVP_MAC_init(signer->context, key, key_len, parameters) == 1 &&
           EVP_MAC_update(signer->context, (const unsigned char *)text,
                          strlen(text)) == 1 &&
           EVP_MAC_final(signer->context, out, &len, SIGN_HASH) == 1 &&
           len == SIGN_HASH;
}

static bool sign_key_make(struct aws_signer *signer,
                          const struct aws_keys *keys,
                          const struct aws_signed *what, const char *date,
                          unsigned char out[SIGN_HASH])
{
    struct buffer first;
    bool made;

    buffer_init(&first, SECRET_MAXIMUM + 8);
    buffer_puts(&first, "AWS4");
    buffer_append(&first, keys->secret.text, keys->secret.len);
    made = first.status == ENGINE_OK &&
           sign_mac(signer, first.data, first.len, date, out) &&
           sign_mac(signer, out, SIGN_HASH, what->region, out) &&
           sign_mac(signer, out, SIGN_HASH, what->service, out) &&
           sign_mac(signer, out, SIGN_HASH, "aws4_request", out);
    sign_wipe(&first);
    buffer_clear(&first);
    return made;
}

/* of the cache, or made and put there */
static const struct sign_key *sign_key_get(struct aws_signer *signer,
                                           const struct aws_keys *keys,
                                           const struct aws_signed *what,
                                           const char *date)
{
    char *name = engine_strf("%s/%s/%s/%s", keys->id, date, what->region,
                             what->service);
    struct sign_key *key = name ? table_get(&signer->keys, name) : NULL;
    char secret[HASH_HEX_SIZE];
    bool good = name;

    hash_bytes(keys->secret.text, keys->secret.len, secret);
    if (good && !key) {
        if (signer->keys.count >= SIGN_KEYS_MAXIMUM)
            sign_keys_clear(signer);
        key = engine_calloc(1, sizeof(*key));
        if (key && table_set(&signer->keys, name, key) < 0) {
            engine_free(key);
            key = NULL;
        }
        good = key;
    }
    if (good && strcmp(key->secret, secret) != 0) {
        key->secret[0] = '\0';
        good = sign_key_make(signer, keys, what, date, key->bytes);
        if (good)
            memcpy(key->secret, secret, sizeof(secret));
    }
    explicit_bzero(secret, sizeof(secret));
    engine_free(name);
    return good ? key : NULL;
}

/* ---- signing ------------------------------------------------------------- */

static engine_status sign_check(const struct aws_keys *keys,
                                const struct aws_signed *what,
                                engine_error *err)
{
    if (!keys->id[0] || !keys->secret.len)
        return engine_fail(err, ENGINE_EINVAL, "no key to sign with");
    if (!what->method || !what->url || !what->region || !what->service)
        return engine_fail(err, ENGINE_EINVAL,
                           "a call to be signed has no method, URL, region "
                           "or service");
    return ENGINE_OK;
}

static engine_status sign_date(int64_t now_ms, char out[17], engine_error *err)
{
    const time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;

    if (!gmtime_r(&seconds, &parts) ||
        strftime(out, 17, "%Y%m%dT%H%M%SZ", &parts) != 16)
        return engine_fail(err, ENGINE_EINVAL, "%lld is no time to sign at",
                           (long long)now_ms);
    return ENGINE_OK;
}

static engine_status sign_write(struct aws_signer *signer,
                                const struct aws_keys *keys,
                                const struct aws_signed *what,
                                struct aws_signature *out, engine_error *err)
{
    char date[9], request[HASH_HEX_SIZE], hex[HASH_HEX_SIZE], text[640];
    unsigned char bytes[SIGN_HASH];
    const struct sign_key *key;
    int len;

    snprintf(date, sizeof(date), "%.8s", out->date);
    hash_bytes(signer->canonical.data, signer->canonical.len, request);
    len = snprintf(text, sizeof(text),
                   "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s",
                   out->date, date, what->region, what->service, request);
    if (len < 0 || (size_t)len >= sizeof(text))
        return engine_fail(err, ENGINE_ELIMIT,
                           "the region or service of a call is too long");
    key = sign_key_get(signer, keys, what, date);
    if (!key || !sign_mac(signer, key->bytes, SIGN_HASH, text, bytes))
        return engine_fail_memory(err);
    id_hex(bytes, sizeof(bytes), hex);
    len = snprintf(out->authorization, sizeof(out->authorization),
                   "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, "
                   "SignedHeaders=%s, Signature=%s",
                   keys->id, date, what->region, what->service,
                   signer->names.data, hex);
    if (len < 0 || (size_t)len >= sizeof(out->authorization))
        return engine_fail(err, ENGINE_ELIMIT,
                           "a call has too many headers to sign");
    return ENGINE_OK;
}

engine_status aws_sign(struct aws_signer *signer, const struct aws_keys *keys,
                       const struct aws_signed *what,
                       struct aws_signature *out, engine_error *err)
{
    char body[HASH_HEX_SIZE];
    engine_status status = sign_check(keys, what, err);

    *out = (struct aws_signature){0};
    if (status == ENGINE_OK)
        status = sign_date(what->now_ms, out->date, err);
    if (status < 0)
        return status;
    hash_bytes(what->body ? what->body : "", what->body ? what->body_len : 0,
               body);
    if (what->s3)
        memcpy(out->content_sha256, body, sizeof(body));
    status = sign_canonical(signer, keys, what, out, body, err);
    if (status == ENGINE_OK)
        status = sign_write(signer, keys, what, out, err);
    sign_wipe(&signer->canonical); /* a session token is in there */
    return status;
}
