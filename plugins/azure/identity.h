/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h - as whom: what the target's `credentials` and the environment
 * say, before anything is asked for (Azure Identity libraries,
 * EnvironmentCredential, WorkloadIdentityCredential,
 * ManagedIdentityCredential, AzureCliCredential, DefaultAzureCredential).
 *
 *   credentials: {use, client_id, client_secret: {file | env},
 *                 client_certificate: {file}, client_certificate_password:
 *                 {file | env}, federated_token: {file}, object_id,
 *                 resource_id}
 *
 * `use` is default, environment, client_secret, client_certificate,
 * workload_identity, managed_identity or cli; without it, what is given says
 * which one is meant. Fields that are not given come from the SDKs' variables.
 */
#ifndef PLUGINS_AZURE_IDENTITY_H
#define PLUGINS_AZURE_IDENTITY_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/base/error.h"
#include "sdk/kit/secret.h"

/** The environment, for tests; NULL when unset. */
typedef const char *(*azure_env_fn)(const char *name);

/* In DefaultAzureCredential's order. */
enum azure_source {
    AZURE_SECRET,
    AZURE_CERTIFICATE,
    AZURE_WORKLOAD,
    AZURE_MANAGED,
    AZURE_CLI,
    AZURE_SOURCES
};
const char *azure_source_name(enum azure_source source);

/** Where a secret is. */
struct azure_reference {
    const char *file, *env; /* one of them, or none */
};

struct azure_identity {
    bool sources[AZURE_SOURCES]; /* which ones may be tried */
    bool chosen;                 /* just one: what it lacks is an error */
    const char *tenant;          /* may be NULL */
    const char *client_id;
    struct azure_reference secret, certificate, password;
    bool send_chain; /* x5c, for SubjectName/Issuer authentication */
    const char *federated_token; /* a file */
    /* of the managed identity, when it is not client_id */
    const char *managed_client_id, *object_id, *resource_id;
    /* endpoints of managed identities, by the platform's variables */
    const char *imds;            /* AZURE_POD_IDENTITY_AUTHORITY_HOST or VM */
    const char *endpoint;        /* IDENTITY_ENDPOINT */
    struct azure_reference header; /* IDENTITY_HEADER */
    bool arc;                    /* IMDS_ENDPOINT is set, too */
    const char *shell;           /* MSI_ENDPOINT */
};

engine_status azure_identity_read(const bson_t *target, azure_env_fn env,
                                  struct arena *arena,
                                  struct azure_identity *out,
                                  engine_error *err);
/** Reads what a reference points at. what: "client_secret". */
engine_status azure_reference_read(const struct azure_reference *reference,
                                   const char *what, struct secret *out,
                                   engine_error *err);

#endif
