/* SPDX-License-Identifier: Apache-2.0 */
/* http_place.c - endpoints: CA, client certificate and key, proxy. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/http_private.h"

static bool place_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool place_same_data(const void *a, size_t a_len, const void *b,
                            size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool place_equal(const struct http_place *place,
                        const struct http_endpoint *other)
{
    const struct http_endpoint *given = &place->given;

    return given->insecure == other->insecure &&
           place_same_text(given->ca_file, other->ca_file) &&
           place_same_text(given->cert_file, other->cert_file) &&
           place_same_text(given->key_file, other->key_file) &&
           place_same_text(given->proxy, other->proxy) &&
           place_same_text(given->server_name, other->server_name) &&
           place_same_data(given->ca_data, given->ca_len, other->ca_data,
                           other->ca_len) &&
           place_same_data(given->cert_data, given->cert_len, other->cert_data,
                           other->cert_len) &&
           place_same_data(given->key_data, given->key_len, other->key_data,
                           other->key_len);
}

void http_place_free(struct http_place *place)
{
    if (!place)
        return;
    engine_free((char *)place->given.ca_file);
    engine_free((char *)place->given.cert_file);
    engine_free((char *)place->given.key_file);
    engine_free((char *)place->given.server_name);
    http_wipe((char *)place->given.proxy); /* may hold a password */
    engine_free((void *)place->given.ca_data);
    if (place->given.cert_data) /* some keep the key in the same text */
        explicit_bzero((void *)place->given.cert_data, place->given.cert_len);
    engine_free((void *)place->given.cert_data);
    secret_clear(&place->key);
    engine_free(place);
}

static bool place_text(const char *text, const char **out)
{
    *out = text ? engine_strdup(text) : NULL;
    return !text || *out;
}

static bool place_data(const void *data, size_t len, const void **out,
                       size_t *out_len)
{
    void *copy = NULL;

    if (len) {
        copy = engine_malloc(len);
        if (!copy)
            return false;
        memcpy(copy, data, len);
    }
    *out = copy;
    *out_len = len;
    return true;
}

static engine_status place_copy(struct http_place *place,
                                const struct http_endpoint *from,
                                engine_error *err)
{
    struct http_endpoint *to = &place->given;
    engine_status status;

    if (!place_text(from->ca_file, &to->ca_file) ||
        !place_text(from->cert_file, &to->cert_file) ||
        !place_text(from->key_file, &to->key_file) ||
        !place_text(from->proxy, &to->proxy) ||
        !place_text(from->server_name, &to->server_name) ||
        !place_data(from->ca_data, from->ca_len, &to->ca_data, &to->ca_len) ||
        !place_data(from->cert_data, from->cert_len, &to->cert_data,
                    &to->cert_len))
        return engine_fail_memory(err);
    to->insecure = from->insecure;
    if (from->key_len) {
        status = secret_set(&place->key, from->key_data, from->key_len, err);
        if (status < 0)
            return status;
        to->key_data = place->key.text;
        to->key_len = from->key_len;
    }
    return ENGINE_OK;
}

/* Host names as certificates have them; it becomes part of a URL. */
static bool place_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

    return *name && name[strspn(name, allowed)] == '\0' && strlen(name) < 256;
}

engine_status http_place_get(struct http_client *client,
                             const struct http_endpoint *endpoint,
                             struct http_place **out, engine_error *err)
{
    static const struct http_endpoint defaults;
    struct http_place *place;
    engine_status status;

    if (!endpoint)
        endpoint = &defaults;
    for (place = client->places; place; place = place->next)
        if (place_equal(place, endpoint)) {
            *out = place;
            return ENGINE_OK;
        }
    if (endpoint->server_name && !place_name_ok(endpoint->server_name))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"%s\" cannot be the name in a certificate",
                           endpoint->server_name);
    place = engine_calloc(1, sizeof(*place));
    if (!place)
        return engine_fail_memory(err);
    secret_init(&place->key);
    status = place_copy(place, endpoint, err);
    if (status < 0) {
        http_place_free(place);
        return status;
    }
    place->next = client->places;
    client->places = place;
    *out = place;
    return ENGINE_OK;
}

/* Not copied: places outlive every handle and connection. */
static CURLcode place_blob(CURL *easy, CURLoption option, const void *data,
                           size_t len)
{
    struct curl_blob blob = {(void *)data, len, CURL_BLOB_NOCOPY};

    return len ? curl_easy_setopt(easy, option, &blob) : CURLE_OK;
}

static CURLcode place_text_option(CURL *easy, CURLoption option,
                                  const char *text)
{
    return text ? curl_easy_setopt(easy, option, text) : CURLE_OK;
}

/* Those given replace the system's: both would be trusted otherwise. */
static CURLcode place_ca(const struct http_endpoint *given, CURL *easy)
{
    CURLcode code;

    if (!given->ca_len && !given->ca_file)
        return CURLE_OK;
    code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO,
                                given->ca_len ? NULL : given->ca_file);
    if (!code)
        code = place_blob(easy, CURLOPT_CAINFO_BLOB, given->ca_data,
                          given->ca_len);
    return code;
}

CURLcode http_place_apply(const struct http_place *place, CURL *easy)
{
    const struct http_endpoint *given = &place->given;
    CURLcode code = place_ca(given, easy);

    if (!code)
        code = place_text_option(easy, CURLOPT_SSLCERT, given->cert_file);
    if (!code)
        code = place_text_option(easy, CURLOPT_SSLKEY, given->key_file);
    if (!code)
        code = place_blob(easy, CURLOPT_SSLCERT_BLOB, given->cert_data,
                          given->cert_len);
    if (!code)
        code = place_blob(easy, CURLOPT_SSLKEY_BLOB, given->key_data,
                          given->key_len);
    if (!code) /* or OpenSSL asks on the terminal for a key's password */
        code = curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    if (!code)
        code = place_text_option(easy, CURLOPT_PROXY, given->proxy);
    if (!code && given->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return code;
}
