/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_fetch.c - asking for tokens: service accounts (RFC 7523), users
 * (RFC 6749, 6), workloads of elsewhere (RFC 8693), the metadata server. */
#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/kit/cloud/guard.h"
#include "sdk/kit/cloud/jwt.h"

#define METADATA_HOST "metadata.google.internal"
#define METADATA_ACCOUNT                                                       \
    "/computeMetadata/v1/instance/service-accounts/default/token"
#define USER_TOKEN_URI "https://oauth2.googleapis.com/token"

static void fetch_wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->len);
    buffer_clear(buffer);
}

/* A form in memory that never moves. */
static void fetch_form(struct buffer *form)
{
    buffer_init(form, 4 * GCP_FILE);
    (void)buffer_room(form, 2 * GCP_FILE);
}

engine_status gcp_fetch_form(struct gcp_credentials *self, const char *url,
                             const struct buffer *form, struct token *token,
                             engine_error *err)
{
    static const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded", NULL};
    const struct http_endpoint endpoint = gcp_endpoint(self, url);
    const struct http_call call = {.method = "POST",
                                   .url = url,
                                   .endpoint = &endpoint,
                                   .headers = headers,
                                   .body = form->data,
                                   .body_len = form->len,
                                   .retry_unsafe = true};
    const engine_status status = buffer_status(form, err);

    return status < 0 ? status
                      : token_fetch(token, self->client, &call, NULL, err);
}

/* ---- service accounts ---------------------------------------------------- */

static engine_status fetch_assertion(struct gcp_credentials *self,
                                     struct secret *out, engine_error *err)
{
    const int64_t now_s = clock_now_ms() / 1000;
    const struct value *key = value_member(self->file, "private_key");
    const char *id = value_text(value_member(self->file, "private_key_id"));
    bson_t header = BSON_INITIALIZER, claims = BSON_INITIALIZER;
    struct secret pem;
    engine_status status;

    secret_init(&pem);
    BSON_APPEND_UTF8(&claims, "iss",
                     value_text(value_member(self->file, "client_email")));
    BSON_APPEND_UTF8(&claims, "scope", GCP_SCOPE);
    BSON_APPEND_UTF8(&claims, "aud",
                     value_text(value_member(self->file, "token_uri")));
    BSON_APPEND_INT64(&claims, "iat", now_s);
    BSON_APPEND_INT64(&claims, "exp", now_s + 3600);
    if (id)
        BSON_APPEND_UTF8(&header, "kid", id);
    status = secret_set(&pem, key->text, key->count, err);
    if (status == ENGINE_OK)
        status = jwt_sign(JWT_RS256, &header, &claims, &pem, out, err);
    secret_clear(&pem);
    bson_destroy(&header);
    bson_destroy(&claims);
    return status;
}

engine_status gcp_fetch_service_account(struct gcp_credentials *self,
                                        struct token *token, engine_error *err)
{
    struct secret assertion;
    struct buffer form;
    engine_status status;

    secret_init(&assertion);
    fetch_form(&form);
    status = fetch_assertion(self, &assertion, err);
    if (status == ENGINE_OK) {
        token_form(&form, "grant_type",
                   "urn:ietf:params:oauth:grant-type:jwt-bearer");
        token_form(&form, "assertion", assertion.text);
        status = gcp_fetch_form(
            self, value_text(value_member(self->file, "token_uri")), &form,
            token, err);
    }
    secret_clear(&assertion);
    fetch_wipe(&form);
    return status;
}

/* ---- users --------------------------------------------------------------- */

engine_status gcp_fetch_user(struct gcp_credentials *self, struct token *token,
                             engine_error *err)
{
    static const char *const keys[] = {"client_id", "client_secret",
                                       "refresh_token"};
    const char *url = value_text(value_member(self->file, "token_uri"));
    struct buffer form;
    engine_status status;

    fetch_form(&form);
    token_form(&form, "grant_type", "refresh_token");
    for (size_t i = 0; i < 3; i++)
        token_form(&form, keys[i],
                   value_text(value_member(self->file, keys[i])));
    status = gcp_fetch_form(self, url ? url : USER_TOKEN_URI, &form, token,
                            err);
    if (status == ENGINE_EDENIED)
        engine_hint(err, "log in again: gcloud auth application-default login");
    fetch_wipe(&form);
    return status;
}

/* ---- workloads of elsewhere ---------------------------------------------- */

engine_status gcp_fetch_text(struct gcp_credentials *self, const char *method,
                             const char *url, const char *const *headers,
                             struct secret *out, engine_error *err)
{
    const struct http_endpoint endpoint = gcp_endpoint(self, url);
    const struct http_call call = {.method = method,
                                   .url = url,
                                   .endpoint = &endpoint,
                                   .headers = headers,
                                   .body_maximum = GCP_FILE};
    struct http_response response = {0};
    struct buffer body;
    engine_status status =
        http_fetch(self->client, &call, &response, &body, err);

    if (status == ENGINE_OK && response.status != 200)
        status = engine_fail(err, ENGINE_EDENIED, "\"%.300s\" answered %ld",
                             response.url, response.status);
    while (status == ENGINE_OK && body.len &&
           strchr("\r\n", body.data[body.len - 1]))
        body.len--;
    if (status == ENGINE_OK && (!body.len || memchr(body.data, 0, body.len)))
        status = engine_fail(err, ENGINE_EPARSE,
                             "\"%.300s\" answered without a text",
                             response.url);
    if (status == ENGINE_OK)
        status = secret_set(out, body.data, body.len, err);
    fetch_wipe(&body);
    return status;
}

/* The header lines that a source asks for. */
static engine_status fetch_url(struct gcp_credentials *self,
                               const struct value *source, struct secret *out,
                               engine_error *err)
{
    const struct value *given = value_member(source, "headers");
    const char *headers[GCP_HEADERS + 1] = {NULL};
    size_t count = 0;

    /* checked when the file was read */
    for (uint32_t i = 0; given && i < given->count && count < GCP_HEADERS;
         i++) {
        headers[count] = arena_strf(&self->arena, "%s: %s",
                                    given->members[i].key,
                                    value_text(&given->members[i].value));
        if (!headers[count++])
            return engine_fail_memory(err);
    }
    return gcp_fetch_text(self, "GET",
                          value_text(value_member(source, "url")), headers,
                          out, err);
}

/* {type: "json", subject_token_field_name: ...}, else the text itself */
static engine_status fetch_format(struct gcp_credentials *self,
                                  const struct value *source,
                                  struct secret *text, engine_error *err)
{
    const struct value *format = value_member(source, "format");
    const char *type = value_text(value_member(format, "type")), *key;
    struct value document = value_null;
    const struct value *found;
    struct arena arena;
    engine_status status;

    if (!type || strcmp(type, "json") != 0)
        return ENGINE_OK;
    status = gcp_file_text(self, format, "subject_token_field_name", &key,
                           err);
    if (status < 0)
        return status;
    arena_init(&arena, 8 * GCP_FILE);
    if (value_from_json(text->text, text->len, "token", &arena, &document,
                        NULL) < 0)
        status = engine_fail(err, ENGINE_EPARSE,
                             "the subject token is not in JSON");
    found = value_member(&document, key);
    if (status == ENGINE_OK && !value_text(found))
        status = engine_fail(err, ENGINE_EPARSE,
                             "the subject token is not in a member \"%.100s\"",
                             key);
    if (status == ENGINE_OK)
        status = secret_set(text, found->text, found->count, err);
    arena_wipe(&arena);
    return status;
}

static engine_status fetch_subject(struct gcp_credentials *self,
                                   struct secret *out, engine_error *err)
{
    const struct value *source = value_member(self->file, "credential_source");
    engine_status status;

    if (self->kind == GCP_EXTERNAL_AWS)
        return gcp_aws_subject(self, out, err);
    status = self->kind == GCP_EXTERNAL_FILE
                 ? secret_from_file(out,
                                    value_text(value_member(source, "file")),
                                    err)
                 : fetch_url(self, source, out, err);
    return status < 0 ? status : fetch_format(self, source, out, err);
}

engine_status gcp_fetch_external(struct gcp_credentials *self,
                                 struct token *token, engine_error *err)
{
    const struct value *file = self->file;
    const char *project =
        value_text(value_member(file, "workforce_pool_user_project"));
    struct secret subject;
    struct buffer form;
    engine_status status;

    secret_init(&subject);
    fetch_form(&form);
    status = fetch_subject(self, &subject, err);
    if (status < 0) {
        engine_error_prefix(err, "subject token");
        goto out;
    }
    token_form(&form, "grant_type",
               "urn:ietf:params:oauth:grant-type:token-exchange");
    token_form(&form, "requested_token_type",
               "urn:ietf:params:oauth:token-type:access_token");
    token_form(&form, "scope", GCP_SCOPE);
    token_form(&form, "audience", value_text(value_member(file, "audience")));
    token_form(&form, "subject_token_type",
               value_text(value_member(file, "subject_token_type")));
    token_form(&form, "subject_token", subject.text);
    if (project) /* who pays for a person of a workforce pool */
        buffer_printf(&form, "&options=%%7B%%22userProject%%22%%3A%%22%s"
                             "%%22%%7D",
                      project);
    status = gcp_fetch_form(self, value_text(value_member(file, "token_url")),
                            &form, token, err);
out:
    secret_clear(&subject);
    fetch_wipe(&form);
    return status;
}

/* ---- the metadata server ------------------------------------------------- */

/* Its URL; the caller frees it. */
static engine_status metadata_url(const char *path, char **out,
                                  engine_error *err)
{
    const char *host = getenv("GCE_METADATA_HOST");
    char *url;
    engine_status status;

    url = engine_strf("http://%s%s", host && *host ? host : METADATA_HOST,
                      path);
    if (!url)
        return engine_fail_memory(err);
    status = guard_url(url, GUARD_LOOPBACK | GUARD_METADATA,
                       "GCE_METADATA_HOST", err);
    if (status < 0) {
        engine_free(url);
        return status;
    }
    *out = url;
    return ENGINE_OK;
}

/* Anybody might answer there: Google's says that it is it. */
static engine_status metadata_check(struct http_client *client,
                                    const char *url, engine_error *err)
{
    const char *flavor = http_fetch_header(client, "Metadata-Flavor");

    return flavor && strcmp(flavor, "Google") == 0
               ? ENGINE_OK
               : engine_fail(err, ENGINE_EDENIED,
                             "\"%.200s\" is no metadata server of Google's "
                             "(its answer has no Metadata-Flavor: Google)",
                             url);
}

engine_status gcp_fetch_metadata(struct gcp_credentials *self,
                                 struct token *token, engine_error *err)
{
    static const char *const headers[] = {"Metadata-Flavor: Google", NULL};
    struct http_call call = {.headers = headers};
    struct http_endpoint endpoint;
    char *url = NULL;
    engine_status status = metadata_url(METADATA_ACCOUNT, &url, err);

    if (status < 0)
        return status;
    endpoint = gcp_endpoint(self, url);
    call.url = url;
    call.endpoint = &endpoint;
    status = token_fetch(token, self->client, &call, NULL, err);
    if (status == ENGINE_OK)
        status = metadata_check(self->client, url, err);
    else
        engine_hint(err, "there are no other credentials: neither "
                         "GOOGLE_APPLICATION_CREDENTIALS nor the file of "
                         "\"gcloud auth application-default login\" is there; "
                         "or name a file in the target: credentials: {file}");
    engine_free(url);
    return status;
}

engine_status gcp_metadata_project(struct http_client *client, char **out,
                                   engine_error *err)
{
    static const char *const headers[] = {"Metadata-Flavor: Google", NULL};
    struct gcp_credentials self = {.client = client};
    struct secret text;
    char *url = NULL;
    engine_status status =
        metadata_url("/computeMetadata/v1/project/project-id", &url, err);

    secret_init(&text);
    if (status == ENGINE_OK)
        status = gcp_fetch_text(&self, "GET", url, headers, &text, err);
    if (status == ENGINE_OK)
        status = metadata_check(client, url, err);
    if (status == ENGINE_OK) {
        *out = engine_strdup(text.text);
        status = *out ? ENGINE_OK : engine_fail_memory(err);
    }
    secret_clear(&text);
    engine_free(url);
    return status;
}
