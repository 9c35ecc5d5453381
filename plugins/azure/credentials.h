/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - bearer tokens for Azure's APIs (Microsoft identity platform,
 * "OAuth 2.0 client credentials flow"; "How to use managed identities"),
 * fetched when first needed, kept until shortly before they expire.
 */
#ifndef PLUGINS_AZURE_CREDENTIALS_H
#define PLUGINS_AZURE_CREDENTIALS_H

#include "plugins/azure/identity.h"
#include "sdk/kit/http.h"

struct azure_credentials;

struct azure_credentials_options {
    const struct azure_identity *identity; /* outlives the credentials */
    const char *authority;                 /* of the cloud; outlives them */
    const char *ca_file;                   /* or NULL */
    struct http_client *client;
    const char *arc_directory; /* of Azure Arc's keys; NULL: its own */
    int64_t cli_ms;            /* that az may take; 0: 30 s */
    int (*stop)(void *user);   /* as in http.h; may be NULL */
    void *user;
};

/** Makes no calls. */
engine_status
azure_credentials_new(const struct azure_credentials_options *options,
                      struct azure_credentials **out, engine_error *err);
void azure_credentials_free(struct azure_credentials *credentials);

/**
 * A token for a resource ("https://management.azure.com") that is good for
 * some minutes; it lives until the next call. `refused`: the last one was. The
 * first source that is there is asked, and kept; errors name it, and say what
 * was looked at when none is there.
 */
engine_status azure_credentials_get(struct azure_credentials *credentials,
                                    const char *resource, bool refused,
                                    const struct secret **out,
                                    engine_error *err);
/** A word for logs and probe: "managed identity"; NULL: none yet. */
const char *azure_credentials_source(const struct azure_credentials *c);

/** Whose tokens a request gets. */
struct azure_auth {
    struct azure_credentials *credentials;
    const char *resource;
};
/** An http_auth_fn; user is a struct azure_auth. */
engine_status azure_auth_apply(struct http_request *request, bool refused,
                               void *user, engine_error *err);

#endif
