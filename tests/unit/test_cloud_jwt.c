/* SPDX-License-Identifier: Apache-2.0 */
/* test_cloud_jwt.c - signed tokens: the RFC's own, and what libcrypto says of
 * ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/kit/cloud/jwt.h"
#include "tests/unit/cloud_key.h"

/* RFC 7515, A.2.1: what is signed, and the signature. */
static const char rfc_input[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
    "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rfc_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm"
    "4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--"
    "f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc"
    "OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static struct secret key_of(const char *pem)
{
    struct secret key;

    secret_init(&key);
    assert_int_equal(secret_set(&key, pem, strlen(pem), NULL), 0);
    return key;
}

static void base64url_is_as_in_rfc_4648(void **state)
{
    static const struct {
        const char *plain, *coded;
    } vectors[] = {{"", ""},           {"f", "Zg"},       {"fo", "Zm8"},
                   {"foo", "Zm9v"},    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"},
                   {"foobar", "Zm9vYmFy"}, {"\xff\xef\xbe", "_---"}};

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        struct buffer out;

        buffer_init(&out, 100);
        assert_int_equal(jwt_base64url(vectors[i].plain,
                                       strlen(vectors[i].plain), &out),
                         0);
        assert_string_equal(out.data ? out.data : "", vectors[i].coded);
        buffer_clear(&out);
    }
}

static void signs_as_rfc_7515_does(void **state)
{
    struct secret key = key_of(cloud_key);
    struct buffer signature, text;

    (void)state;
    buffer_init(&signature, 1000);
    buffer_init(&text, 1000);
    assert_int_equal(jwt_sign_bytes(JWT_RS256, &key, rfc_input,
                                    strlen(rfc_input), &signature, NULL),
                     0);
    jwt_base64url(signature.data, signature.len, &text);
    assert_string_equal(text.data, rfc_signature);
    buffer_clear(&signature);
    buffer_clear(&text);
    secret_clear(&key);
}

/* ---- ours, verified ----------------------------------------------------- */

/* A part of a token; the caller frees it. */
static unsigned char *decode(const char *text, size_t len, size_t *out_len)
{
    const size_t whole = (len + 3) / 4 * 4;
    char *padded = calloc(1, whole + 1);
    unsigned char *out = calloc(1, whole + 1);

    assert_non_null(padded);
    assert_non_null(out);
    memset(padded, '=', whole);
    for (size_t i = 0; i < len; i++)
        padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    *out_len = (size_t)EVP_DecodeBlock(out, (unsigned char *)padded,
                                       (int)whole) -
               (whole - len);
    free(padded);
    return out;
}

static int verify(enum jwt_algorithm algorithm, const char *token)
{
    BIO *bio = BIO_new_mem_buf(cloud_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *more = NULL;
    const char *dot = strrchr(token, '.');
    size_t len;
    unsigned char *signature = decode(dot + 1, strlen(dot + 1), &len);
    int good;

    assert_int_equal(
        EVP_DigestVerifyInit(context, &more, EVP_sha256(), NULL, key), 1);
    if (algorithm == JWT_PS256) {
        EVP_PKEY_CTX_set_rsa_padding(more, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(more, RSA_PSS_SALTLEN_DIGEST);
    }
    good = EVP_DigestVerify(context, signature, len,
                            (const unsigned char *)token,
                            (size_t)(dot - token));
    free(signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

static void sign_and_verify(enum jwt_algorithm algorithm, const char *header)
{
    struct secret key = key_of(cloud_key), token;
    bson_t *extra = BCON_NEW("kid", BCON_UTF8("one"));
    bson_t *claims = BCON_NEW("iss", BCON_UTF8("a@b"), "iat",
                              BCON_INT64(1700000000000), "aud",
                              BCON_UTF8("https://x/\"y"));
    unsigned char *text;
    const char *dot;
    size_t len;

    secret_init(&token);
    assert_int_equal(jwt_sign(algorithm, extra, claims, &key, &token, NULL),
                     0);
    assert_int_equal(verify(algorithm, token.text), 1);
    assert_int_not_equal(
        verify(algorithm == JWT_RS256 ? JWT_PS256 : JWT_RS256, token.text), 1);
    dot = strchr(token.text, '.');
    text = decode(token.text, (size_t)(dot - token.text), &len);
    assert_int_equal(len, strlen(header));
    assert_memory_equal(text, header, len);
    free(text);
    text = decode(dot + 1, (size_t)(strrchr(token.text, '.') - dot - 1), &len);
    text[len] = '\0';
    assert_string_equal(text, "{\"iss\":\"a@b\",\"iat\":1700000000000,"
                              "\"aud\":\"https://x/\\\"y\"}");
    free(text);
    bson_destroy(extra);
    bson_destroy(claims);
    secret_clear(&token);
    secret_clear(&key);
}

static void rs256_is_verified_by_libcrypto(void **state)
{
    (void)state;
    sign_and_verify(JWT_RS256,
                    "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}");
}

static void ps256_is_verified_by_libcrypto(void **state)
{
    (void)state;
    sign_and_verify(JWT_PS256,
                    "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"kid\":\"one\"}");
}

/* ---- refusals ----------------------------------------------------------- */

/* A fresh key of some kind as PEM; the caller frees it. */
static char *make_key(const char *kind, int bits, const char *password)
{
    EVP_PKEY *key = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen((unsigned)bits)
                                             : EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *out;
    long len;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, key, password ? EVP_aes_128_cbc() : NULL,
                         password, password ? (int)strlen(password) : 0, NULL,
                         NULL),
                     1);
    len = BIO_get_mem_data(bio, &text);
    out = engine_strndup(text, (size_t)len);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return out;
}

static void refused(const char *pem, const char *why)
{
    struct secret key = key_of(pem), token;
    bson_t claims = BSON_INITIALIZER;
    engine_error err = {0};

    secret_init(&token);
    assert_int_equal(jwt_sign(JWT_RS256, NULL, &claims, &key, &token, &err),
                     ENGINE_EINVAL);
    assert_non_null(strstr(err.message, why));
    assert_null(strstr(err.message, "BEGIN"));
    assert_null(token.text);
    bson_destroy(&claims);
    secret_clear(&key);
}

static void refuses_what_is_no_key(void **state)
{
    (void)state;
    refused("", "no private key");
    refused("hunter22", "no private key");
    refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "no private key");
}

static void refuses_keys_of_other_kinds_and_short_ones(void **state)
{
    char *ec = make_key("EC", 0, NULL), *small = make_key("RSA", 1024, NULL);

    (void)state;
    refused(ec, "no RSA key");
    refused(small, "2048 bits");
    engine_free(ec);
    engine_free(small);
}

static void refuses_encrypted_keys_without_asking(void **state)
{
    char *pem = make_key("RSA", 2048, "hunter22");

    (void)state;
    refused(pem, "no private key");
    engine_free(pem);
}

static void survives_want_of_memory(void **state)
{
    struct secret key = key_of(cloud_key), token;
    bson_t *claims = BCON_NEW("iss", BCON_UTF8("a@b"));
    engine_status status = ENGINE_ENOMEM;

    (void)state;
    secret_init(&token);
    for (long nth = 1; status != ENGINE_OK && nth < 100; nth++) {
        engine_alloc_fail_at(nth);
        status = jwt_sign(JWT_PS256, NULL, claims, &key, &token, NULL);
        engine_alloc_fail_at(0);
        assert_true(status == ENGINE_OK || status == ENGINE_ENOMEM);
    }
    assert_int_equal(status, ENGINE_OK);
    bson_destroy(claims);
    secret_clear(&token);
    secret_clear(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64url_is_as_in_rfc_4648),
        cmocka_unit_test(signs_as_rfc_7515_does),
        cmocka_unit_test(rs256_is_verified_by_libcrypto),
        cmocka_unit_test(ps256_is_verified_by_libcrypto),
        cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(refuses_keys_of_other_kinds_and_short_ones),
        cmocka_unit_test(refuses_encrypted_keys_without_asking),
        cmocka_unit_test(survives_want_of_memory),
    };

    return cmocka_run_group_tests_name("cloud_jwt", tests, NULL, NULL);
}
