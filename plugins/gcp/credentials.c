/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c - which credentials, and tokens of them. */
#include "plugins/gcp/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/gcp/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"
#include "sdk/kit/cloud/guard.h"

#define CREDENTIALS_AGAIN_MS 30000 /* what failed is asked again then */
/* A token is fetched anew some minutes before it expires: it does for so long
 * when that fails. */
#define CREDENTIALS_GRACE_MS 120000

/* ---- finding them -------------------------------------------------------- */

static struct gcp_credentials *credentials_make(struct http_client *client)
{
    struct gcp_credentials *self = engine_calloc(1, sizeof(*self));

    if (!self)
        return NULL;
    arena_init(&self->arena, 16 * GCP_FILE);
    token_init(&self->token);
    self->client = client;
    return self;
}

/* gcloud's file; NULL: there is none. The caller frees it. */
static char *credentials_gcloud(void)
{
    const char *folder = getenv("CLOUDSDK_CONFIG"), *home = getenv("HOME");
    char *path = NULL;

    if (folder && *folder)
        path = engine_strf("%s/application_default_credentials.json", folder);
    else if (home && *home)
        path = engine_strf(
            "%s/.config/gcloud/application_default_credentials.json", home);
    if (path && file_exists(path))
        return path;
    engine_free(path);
    return NULL;
}

static engine_status credentials_load(struct gcp_credentials *self,
                                      const char *file, const char *env,
                                      engine_error *err)
{
    struct secret text;
    engine_status status;

    secret_init(&text);
    status = env ? secret_from_env(&text, env, err)
                 : secret_from_file(&text, file, err);
    if (status < 0) {
        engine_error_prefix(err, "credentials");
        return status;
    }
    self->name = arena_strdup(&self->arena, env ? env : file);
    status = self->name ? gcp_file_read(self, text.text, text.len, err)
                        : engine_fail_memory(err);
    secret_clear(&text);
    return status;
}

static engine_status credentials_find(
    struct gcp_credentials *self, const struct gcp_credentials_options *options,
    engine_error *err)
{
    const char *file = options->file;
    char *found = NULL;
    engine_status status;

    self->source = "the metadata server";
    if (options->metadata)
        return ENGINE_OK;
    if (options->env)
        return credentials_load(self, NULL, options->env, err);
    if (!file) {
        file = getenv("GOOGLE_APPLICATION_CREDENTIALS");
        file = file && *file ? file : NULL;
    }
    if (!file)
        file = found = credentials_gcloud();
    status = file ? credentials_load(self, file, NULL, err) : ENGINE_OK;
    engine_free(found);
    return status;
}

engine_status gcp_credentials_new(const struct gcp_credentials_options *options,
                                  struct gcp_credentials **out,
                                  engine_error *err)
{
    struct gcp_credentials *self = credentials_make(options->client);
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    self->ca_file = options->ca_file;
    status = credentials_find(self, options, err);
    if (status == ENGINE_OK && options->impersonate)
        status = gcp_file_impersonate(self, options->impersonate, err);
    if (status < 0) {
        gcp_credentials_free(self);
        return status;
    }
    *out = self;
    return ENGINE_OK;
}

engine_status gcp_credentials_parse(const char *text, size_t len,
                                    const char *name,
                                    struct gcp_credentials **out,
                                    engine_error *err)
{
    struct gcp_credentials *self = credentials_make(NULL);
    engine_status status;

    if (!self)
        return engine_fail_memory(err);
    self->name = arena_strdup(&self->arena, name);
    status = self->name ? gcp_file_read(self, text, len, err)
                        : engine_fail_memory(err);
    if (status < 0) {
        gcp_credentials_free(self);
        return status;
    }
    *out = self;
    return ENGINE_OK;
}

void gcp_credentials_free(struct gcp_credentials *credentials)
{
    if (!credentials)
        return;
    token_clear(&credentials->token);
    arena_wipe(&credentials->arena);
    engine_free(credentials);
}

const char *gcp_credentials_project(const struct gcp_credentials *credentials)
{
    return credentials->project;
}

const char *gcp_credentials_quota(const struct gcp_credentials *credentials)
{
    return credentials->quota;
}

const char *gcp_credentials_source(const struct gcp_credentials *credentials)
{
    return credentials->source;
}

struct http_endpoint gcp_endpoint(const struct gcp_credentials *self,
                                  const char *url)
{
    const bool near =
        guard_url(url, GUARD_LOOPBACK | GUARD_METADATA, "", NULL) == ENGINE_OK;

    return (struct http_endpoint){.ca_file = self->ca_file,
                                  .proxy = near ? "" : NULL};
}

/* ---- impersonation (IAM Credentials API, generateAccessToken) ------------ */

static engine_status credentials_body(const struct gcp_impersonation *to,
                                      struct buffer *out, engine_error *err)
{
    buffer_puts(out, "{\"scope\":[\"" GCP_SCOPE "\"],");
    if (to->delegates) {
        buffer_puts(out, "\"delegates\":");
        value_to_json(to->delegates, 0, out);
        buffer_putc(out, ',');
    }
    buffer_printf(out, "\"lifetime\":\"%llds\"}", (long long)to->lifetime_s);
    return buffer_status(out, err);
}

static engine_status credentials_step(struct gcp_credentials *self,
                                      const struct gcp_impersonation *to,
                                      struct token *token, engine_error *err)
{
    struct buffer header, body;
    const char *headers[] = {"Content-Type: application/json", NULL, NULL};
    const struct http_endpoint endpoint = gcp_endpoint(self, to->url);
    struct http_call call = {.method = "POST",
                             .url = to->url,
                             .endpoint = &endpoint,
                             .headers = headers,
                             .retry_unsafe = true};
    engine_status status;

    buffer_init(&header, GCP_FILE + 64);
    buffer_init(&body, GCP_FILE);
    /* room for all of it at once: no copies are left behind */
    if (buffer_room(&header, token->text.len + 32)) {
        buffer_puts(&header, "Authorization: Bearer ");
        buffer_append(&header, token->text.text, token->text.len);
    }
    status = buffer_status(&header, err);
    if (status == ENGINE_OK)
        status = credentials_body(to, &body, err);
    headers[1] = header.data;
    call.body = body.data;
    call.body_len = body.len;
    if (status == ENGINE_OK)
        status = token_fetch(token, self->client, &call, "accessToken", err);
    if (status < 0 && status != ENGINE_ENOMEM) {
        engine_error_prefix(err, "impersonation");
        engine_hint(err, "the role Service Account Token Creator on the "
                         "service account is needed, and the IAM Service "
                         "Account Credentials API");
    }
    if (header.data)
        explicit_bzero(header.data, header.len);
    buffer_clear(&header);
    buffer_clear(&body);
    return status;
}

/* ---- tokens -------------------------------------------------------------- */

static engine_status credentials_base(struct gcp_credentials *self,
                                      struct token *token, engine_error *err)
{
    switch (self->kind) {
    case GCP_SERVICE_ACCOUNT:
        return gcp_fetch_service_account(self, token, err);
    case GCP_USER:
        return gcp_fetch_user(self, token, err);
    case GCP_EXTERNAL_FILE:
    case GCP_EXTERNAL_URL:
    case GCP_EXTERNAL_AWS:
        return gcp_fetch_external(self, token, err);
    case GCP_METADATA:
    default:
        return gcp_fetch_metadata(self, token, err);
    }
}

static engine_status credentials_fetch(struct gcp_credentials *self,
                                       engine_error *err)
{
    struct token fresh;
    engine_status status;

    token_init(&fresh);
    self->fetching = true;
    status = credentials_base(self, &fresh, err);
    for (size_t i = 0; status == ENGINE_OK && i < self->chain_len; i++)
        status = credentials_step(self, &self->chain[i], &fresh, err);
    self->fetching = false;
    if (status < 0) {
        token_clear(&fresh);
        engine_error_prefix(err, "credentials (%.200s)", self->source);
        return status;
    }
    token_clear(&self->token);
    self->token = fresh; /* moved */
    self->round++;
    return ENGINE_OK;
}

/* Many calls share a token: what was answered to one is the answer to all. */
static engine_status credentials_again(struct gcp_credentials *self,
                                       bool refused, engine_error *err)
{
    engine_error why = {0};
    engine_status status = ENGINE_OK;

    if (!self->failed_ms ||
        clock_steady_ms() - self->failed_ms >= CREDENTIALS_AGAIN_MS) {
        status = credentials_fetch(self, &why);
        self->failed_ms = 0;
        if (status == ENGINE_OK)
            return ENGINE_OK;
        if (status != ENGINE_ECANCELLED && status != ENGINE_ENOMEM) {
            self->failed_ms = clock_steady_ms();
            self->failure = why;
        }
    } else {
        why = self->failure;
    }
    if (!refused && self->token.text.text &&
        clock_now_ms() < self->token.expires_ms + CREDENTIALS_GRACE_MS)
        return ENGINE_OK;
    if (err)
        *err = why;
    return why.status;
}

engine_status gcp_credentials_get(struct gcp_credentials *credentials,
                                  bool refused, unsigned *round,
                                  const struct secret **out,
                                  engine_error *err)
{
    const bool later = refused && *round != credentials->round;
    bool good = token_is_fresh(&credentials->token) && (!refused || later);
    engine_status status = ENGINE_OK;

    /* Other requests go on while one fetches: they do with the old one, which
     * is good for some minutes more. */
    if (credentials->fetching && credentials->token.text.text && !refused)
        good = true;
    if (!good)
        status = credentials_again(credentials, refused, err);
    if (status < 0)
        return status;
    *round = credentials->round;
    *out = &credentials->token.text;
    return ENGINE_OK;
}
