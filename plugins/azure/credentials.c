/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.c - the chain of sources, tokens by resource. */
#include <stdio.h>
#include <string.h>

#include "plugins/azure/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define CREDENTIALS_TOGETHER_MS 5000 /* one answer to all 401 of that time */
#define CREDENTIALS_AGAIN_MS 30000   /* what failed is asked again then */

static const credentials_ask_fn credentials_asks[AZURE_SOURCES] = {
    [AZURE_SECRET] = azure_ask_secret,
    [AZURE_CERTIFICATE] = azure_ask_certificate,
    [AZURE_WORKLOAD] = azure_ask_workload,
    [AZURE_MANAGED] = azure_ask_managed,
    [AZURE_CLI] = azure_ask_cli,
};

void azure_wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_clear(buffer);
}

engine_status
azure_credentials_new(const struct azure_credentials_options *options,
                      struct azure_credentials **out, engine_error *err)
{
    struct azure_credentials *self = engine_calloc(1, sizeof(*self));

    if (!self)
        return engine_fail_memory(err);
    self->options = *options;
    self->source = AZURE_SOURCES;
    *out = self;
    return ENGINE_OK;
}

void azure_credentials_free(struct azure_credentials *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        engine_free(self->entries[i].resource);
        token_clear(&self->entries[i].token);
    }
    engine_free(self);
}

const char *azure_credentials_source(const struct azure_credentials *self)
{
    return self->source < AZURE_SOURCES ? azure_source_name(self->source)
                                        : NULL;
}

/* ---- the chain ----------------------------------------------------------- */

/* every source that was not there, for the message */
static void credentials_note(struct buffer *notes, enum azure_source source,
                             const engine_error *why)
{
    buffer_printf(notes, "%s%s: %.180s", notes->len ? "; " : "",
                  azure_source_name(source), why->message);
}

static engine_status credentials_none(const struct azure_credentials *self,
                                      const struct buffer *notes,
                                      const engine_error *last,
                                      engine_error *err)
{
    if (self->options.identity->chosen && last->message[0]) {
        if (err)
            *err = *last;
        return engine_fail(err, ENGINE_EDENIED, "credentials: %.900s",
                           last->message);
    }
    engine_fail(err, ENGINE_EDENIED, "no credentials for Azure: %.900s",
                notes->data ? notes->data : "none may be tried");
    engine_hint(err, "set AZURE_TENANT_ID, AZURE_CLIENT_ID and one of "
                     "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, "
                     "AZURE_FEDERATED_TOKEN_FILE, or give the target "
                     "credentials, or sign in with az login");
    return ENGINE_EDENIED;
}

static engine_status credentials_ask(struct azure_credentials *self,
                                     enum azure_source source,
                                     const char *resource, struct token *out,
                                     engine_error *err)
{
    const engine_status status =
        credentials_asks[source](self, resource, out, err);

    if (status < 0 && status != ENGINE_ENOTFOUND &&
        status != ENGINE_ECANCELLED && status != ENGINE_ENOMEM)
        engine_error_prefix(err, "%s", azure_source_name(source));
    return status;
}

static engine_status credentials_chain(struct azure_credentials *self,
                                       const char *resource,
                                       struct token *out, engine_error *err)
{
    engine_status status = ENGINE_ENOTFOUND;
    engine_error why = {0};
    struct buffer notes;

    if (self->source < AZURE_SOURCES)
        return credentials_ask(self, self->source, resource, out, err);
    buffer_init(&notes, 4096);
    for (unsigned i = 0; i < AZURE_SOURCES; i++) {
        if (!self->options.identity->sources[i])
            continue;
        status = credentials_ask(self, i, resource, out, &why);
        if (status == ENGINE_OK)
            self->source = i;
        if (status != ENGINE_ENOTFOUND)
            break;
        credentials_note(&notes, i, &why);
    }
    if (status == ENGINE_ENOTFOUND)
        status = credentials_none(self, &notes, &why, err);
    else if (status < 0 && err)
        *err = why;
    buffer_clear(&notes);
    return status;
}

/* ---- tokens -------------------------------------------------------------- */

static engine_status credentials_entry(struct azure_credentials *self,
                                       const char *resource,
                                       struct credentials_entry **out,
                                       engine_error *err)
{
    struct credentials_entry *entry;

    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->entries[i].resource, resource) == 0) {
            *out = &self->entries[i];
            return ENGINE_OK;
        }
    if (self->count == CREDENTIALS_RESOURCES)
        return engine_fail(err, ENGINE_ELIMIT,
                           "tokens for more than %d resources",
                           CREDENTIALS_RESOURCES);
    entry = &self->entries[self->count];
    entry->resource = engine_strdup(resource);
    if (!entry->resource)
        return engine_fail_memory(err);
    token_init(&entry->token);
    self->count++;
    *out = entry;
    return ENGINE_OK;
}

/* Many requests share a token: what was asked for one is the answer to all. */
static bool credentials_is_known(const struct credentials_entry *entry,
                                 bool refused)
{
    const int64_t age = clock_steady_ms() - entry->asked_ms;

    if (!entry->asked_ms)
        return false;
    if (entry->status < 0)
        return entry->status != ENGINE_ECANCELLED &&
               entry->status != ENGINE_ENOMEM && age < CREDENTIALS_AGAIN_MS;
    return refused ? entry->again && age < CREDENTIALS_TOGETHER_MS
                   : token_is_fresh(&entry->token);
}

engine_status azure_credentials_get(struct azure_credentials *self,
                                    const char *resource, bool refused,
                                    const struct secret **out,
                                    engine_error *err)
{
    struct credentials_entry *entry = NULL;
    engine_status status = credentials_entry(self, resource, &entry, err);

    if (status < 0)
        return status;
    if (!credentials_is_known(entry, refused)) {
        entry->why = (engine_error){0};
        entry->status =
            credentials_chain(self, resource, &entry->token, &entry->why);
        entry->asked_ms = clock_steady_ms();
        entry->again = refused;
    }
    if (entry->status < 0) {
        if (err)
            *err = entry->why;
        return entry->status;
    }
    *out = &entry->token.text;
    return ENGINE_OK;
}

engine_status azure_auth_apply(struct http_request *request, bool refused,
                               void *user, engine_error *err)
{
    const struct azure_auth *auth = user;
    const struct secret *token = NULL;
    struct buffer text;
    engine_status status = azure_credentials_get(
        auth->credentials, auth->resource, refused, &token, err);

    if (status < 0)
        return status;
    buffer_init(&text, SECRET_MAXIMUM + 16);
    buffer_printf(&text, "Bearer %s", token->text);
    status = buffer_status(&text, err);
    if (status == ENGINE_OK &&
        http_request_header(request, "Authorization", text.data) < 0)
        status = engine_fail(err, ENGINE_EINVAL,
                             "the token has characters that no header has");
    azure_wipe(&text);
    return status;
}
