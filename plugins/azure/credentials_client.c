/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_client.c - applications: a secret, a certificate, or the token
 * of another platform (RFC 6749 section 4.4, RFC 7523 section 2.2). */
#include <stdio.h>
#include <string.h>

#include "plugins/azure/certificate.h"
#include "plugins/azure/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/kit/cloud/jwt.h"

#define CLIENT_FORM_MAXIMUM ((size_t)256 * 1024)
#define CLIENT_ASSERTION_S 600

static engine_status client_needs(const struct azure_identity *identity,
                                  engine_error *err)
{
    if (identity->tenant && identity->client_id)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_ENOTFOUND, "no %s (%s)",
                       identity->tenant ? "client id" : "tenant",
                       identity->tenant ? "AZURE_CLIENT_ID"
                                        : "AZURE_TENANT_ID");
}

/* what is named and not there is no missing source */
static engine_status client_final(engine_status status, engine_error *err)
{
    if (status != ENGINE_ENOTFOUND)
        return status;
    if (err)
        err->status = ENGINE_EIO;
    return ENGINE_EIO;
}

static char *client_url(const struct azure_credentials *self)
{
    return engine_strf("%s/%s/oauth2/v2.0/token", self->options.authority,
                       self->options.identity->tenant);
}

/* Sends the form, to which what proves the identity was added. */
static engine_status client_send(struct azure_credentials *self,
                                 const char *resource, struct buffer *form,
                                 struct token *out, engine_error *err)
{
    static const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded",
        "Accept: application/json", NULL};
    const struct http_endpoint endpoint = {.ca_file = self->options.ca_file};
    char *url = client_url(self);
    char *scope = engine_strf("%s/.default", resource);
    engine_status status;

    (void)token_form(form, "grant_type", "client_credentials");
    (void)token_form(form, "client_id", self->options.identity->client_id);
    if (scope)
        (void)token_form(form, "scope", scope);
    status = url && scope ? buffer_status(form, err) : engine_fail_memory(err);
    if (status == ENGINE_OK) {
        const struct http_call call = {.method = "POST",
                                       .url = url,
                                       .headers = headers,
                                       .body = form->data,
                                       .body_len = form->len,
                                       .retry_unsafe = true,
                                       .endpoint = &endpoint};

        status = token_fetch(out, self->options.client, &call, NULL, err);
    }
    engine_free(scope);
    engine_free(url);
    return client_final(status, err);
}

/* ---- a secret ------------------------------------------------------------ */

engine_status azure_ask_secret(struct azure_credentials *self,
                               const char *resource, struct token *out,
                               engine_error *err)
{
    const struct azure_identity *identity = self->options.identity;
    struct secret secret;
    struct buffer form;
    engine_status status = client_needs(identity, err);

    if (status < 0)
        return status;
    secret_init(&secret);
    buffer_init(&form, CLIENT_FORM_MAXIMUM);
    status = azure_reference_read(&identity->secret, "client secret", &secret,
                                  err);
    if (identity->secret.file)
        status = client_final(status, err);
    if (status == ENGINE_OK)
        (void)token_form(&form, "client_secret", secret.text);
    if (status == ENGINE_OK)
        status = client_send(self, resource, &form, out, err);
    azure_wipe(&form);
    secret_clear(&secret);
    return status;
}

/* ---- assertions ---------------------------------------------------------- */

static engine_status client_assert(struct azure_credentials *self,
                                   const char *resource, const char *assertion,
                                   struct token *out, engine_error *err)
{
    struct buffer form;
    engine_status status;

    buffer_init(&form, CLIENT_FORM_MAXIMUM);
    (void)token_form(&form, "client_assertion_type",
                     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    (void)token_form(&form, "client_assertion", assertion);
    status = client_send(self, resource, &form, out, err);
    azure_wipe(&form);
    return status;
}

static void client_header(const struct azure_certificate *certificate,
                          bool chain, bson_t *header)
{
    bson_t list;

    bson_append_utf8(header, "x5t#S256", -1, certificate->sha256, -1);
    bson_append_utf8(header, "x5t", -1, certificate->sha1, -1);
    if (!chain)
        return;
    bson_append_array_begin(header, "x5c", -1, &list);
    for (size_t i = 0; i < certificate->chain_count; i++) {
        char key[24];

        snprintf(key, sizeof(key), "%zu", i);
        bson_append_utf8(&list, key, -1, certificate->chain[i], -1);
    }
    bson_append_array_end(header, &list);
}

static void client_claims(const struct azure_credentials *self,
                          const char *audience, bson_t *claims)
{
    const char *id = self->options.identity->client_id;
    const int64_t now = clock_now_ms() / 1000;
    char unique[37];

    id_uuid(unique);
    bson_append_utf8(claims, "aud", -1, audience, -1);
    bson_append_utf8(claims, "iss", -1, id, -1);
    bson_append_utf8(claims, "sub", -1, id, -1);
    bson_append_utf8(claims, "jti", -1, unique, -1);
    bson_append_int64(claims, "iat", -1, now);
    bson_append_int64(claims, "nbf", -1, now);
    bson_append_int64(claims, "exp", -1, now + CLIENT_ASSERTION_S);
}

static engine_status client_sign(const struct azure_credentials *self,
                                 const struct azure_certificate *certificate,
                                 struct secret *out, engine_error *err)
{
    char *audience = client_url(self);
    bson_t header, claims;
    engine_status status;

    if (!audience)
        return engine_fail_memory(err);
    bson_init(&header);
    bson_init(&claims);
    client_header(certificate, self->options.identity->send_chain, &header);
    client_claims(self, audience, &claims);
    status = jwt_sign(JWT_PS256, &header, &claims, &certificate->key, out,
                      err);
    bson_destroy(&claims);
    bson_destroy(&header);
    engine_free(audience);
    return status;
}

static engine_status client_certificate(const struct azure_identity *identity,
                                        struct azure_certificate *out,
                                        engine_error *err)
{
    struct secret password, text;
    const char *path = identity->certificate.file;
    char *data = NULL;
    size_t len = 0;
    engine_status status = ENGINE_OK;

    *out = (struct azure_certificate){0};
    secret_init(&out->key);
    secret_init(&password);
    secret_init(&text);
    if (identity->password.file || identity->password.env)
        status = azure_reference_read(&identity->password,
                                      "client certificate password",
                                      &password, err);
    if (status == ENGINE_OK && path)
        status = file_read(path, AZURE_CERTIFICATE_MAXIMUM, &data, &len, err);
    else if (status == ENGINE_OK)
        status = azure_reference_read(&identity->certificate,
                                      "client certificate", &text, err);
    if (status == ENGINE_OK)
        status = azure_certificate_read(path ? data : text.text,
                                        path ? len : text.len, password.text,
                                        path ? path : identity->certificate.env,
                                        out, err);
    if (data)
        explicit_bzero(data, len);
    engine_free(data);
    secret_clear(&text);
    secret_clear(&password);
    return client_final(status, err);
}

engine_status azure_ask_certificate(struct azure_credentials *self,
                                    const char *resource, struct token *out,
                                    engine_error *err)
{
    const struct azure_identity *identity = self->options.identity;
    struct azure_certificate certificate;
    struct secret assertion;
    engine_status status;

    if (!identity->certificate.file && !identity->certificate.env)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "no client certificate was given");
    status = client_needs(identity, err);
    if (status < 0)
        return status;
    secret_init(&assertion);
    status = client_certificate(identity, &certificate, err);
    if (status == ENGINE_OK)
        status = client_sign(self, &certificate, &assertion, err);
    if (status == ENGINE_OK)
        status = client_assert(self, resource, assertion.text, out, err);
    secret_clear(&assertion);
    azure_certificate_clear(&certificate);
    return status;
}

/* ---- workload identity --------------------------------------------------- */

engine_status azure_ask_workload(struct azure_credentials *self,
                                 const char *resource, struct token *out,
                                 engine_error *err)
{
    const struct azure_identity *identity = self->options.identity;
    struct secret assertion;
    engine_status status;

    if (!identity->federated_token)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "AZURE_FEDERATED_TOKEN_FILE is not set");
    status = client_needs(identity, err);
    if (status < 0)
        return status;
    secret_init(&assertion);
    /* each time: the platform replaces it */
    status = secret_from_file(&assertion, identity->federated_token, err);
    status = client_final(status, err);
    if (status == ENGINE_OK)
        status = client_assert(self, resource, assertion.text, out, err);
    secret_clear(&assertion);
    return status;
}
