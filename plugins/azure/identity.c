/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - as whom: the target's credentials and the environment. */
#include "plugins/azure/identity.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/document/document.h"

#define IDENTITY_IMDS "http://169.254.169.254"

struct identity {
    const bson_t *target;
    azure_env_fn env;
    struct arena *arena;
    struct azure_identity *out;
};

static const char *const identity_keys[] = {
    "use",       "client_id",   "client_secret", "client_certificate",
    "object_id", "resource_id", "federated_token",
    "client_certificate_password", "tenant", NULL};

const char *azure_source_name(enum azure_source source)
{
    static const char *const names[AZURE_SOURCES] = {
        "client secret", "client certificate", "workload identity",
        "managed identity", "az"};

    return source < AZURE_SOURCES ? names[source] : "";
}

/* ---- the environment ----------------------------------------------------- */

static const char *identity_env(const struct identity *read, const char *name)
{
    const char *value = read->env ? read->env(name) : getenv(name);

    return value && *value ? value : NULL;
}

static engine_status identity_keep(const struct identity *read,
                                   const char *text, const char **out,
                                   engine_error *err)
{
    *out = text ? arena_strdup(read->arena, text) : NULL;
    return text && !*out ? engine_fail_memory(err) : ENGINE_OK;
}

/* a plain text of the credentials, else the variable's */
static engine_status identity_text(const struct identity *read,
                                   const char *path, const char *variable,
                                   const char **out, engine_error *err)
{
    bson_iter_t at;

    if (!document_find(read->target, path, &at))
        return identity_keep(read, variable ? identity_env(read, variable)
                                            : NULL,
                             out, err);
    if (!BSON_ITER_HOLDS_UTF8(&at) || !*bson_iter_utf8(&at, NULL))
        return engine_fail(err, ENGINE_EINVAL, "%s of the target is no text",
                           path);
    return identity_keep(read, bson_iter_utf8(&at, NULL), out, err);
}

/* {file} or {env} of the credentials, else the variable or the file it names */
static engine_status identity_reference(const struct identity *read,
                                        const char *path,
                                        struct azure_reference *out,
                                        engine_error *err)
{
    bson_iter_t at;
    bson_t child;
    const char *file, *name;
    engine_status status;

    if (!document_find(read->target, path, &at))
        return ENGINE_OK;
    if (!document_iter_child(&at, &child) || BSON_ITER_HOLDS_ARRAY(&at))
        goto wrong;
    file = document_string(&child, "file");
    name = document_string(&child, "env");
    if (!file == !name || bson_count_keys(&child) != 1)
        goto wrong;
    status = identity_keep(read, file, &out->file, err);
    return status == ENGINE_OK ? identity_keep(read, name, &out->env, err)
                               : status;
wrong:
    engine_fail(err, ENGINE_EINVAL, "%s of the target is no reference", path);
    engine_hint(err, "write {\"file\": PATH} or {\"env\": NAME}");
    return ENGINE_EINVAL;
}

/* ---- which ones ---------------------------------------------------------- */

static engine_status identity_use(struct azure_identity *out, const char *use,
                                  engine_error *err)
{
    static const struct {
        const char *name;
        bool sources[AZURE_SOURCES];
    } uses[] = {
        {"default", {true, true, true, true, true}},
        {"prod", {true, true, true, true, false}},
        {"dev", {false, false, false, false, true}},
        {"environment", {true, true, false, false, false}},
        {"EnvironmentCredential", {true, true, false, false, false}},
        {"client_secret", {[AZURE_SECRET] = true}},
        {"client_certificate", {[AZURE_CERTIFICATE] = true}},
        {"workload_identity", {[AZURE_WORKLOAD] = true}},
        {"WorkloadIdentityCredential", {[AZURE_WORKLOAD] = true}},
        {"managed_identity", {[AZURE_MANAGED] = true}},
        {"ManagedIdentityCredential", {[AZURE_MANAGED] = true}},
        {"cli", {[AZURE_CLI] = true}},
        {"AzureCliCredential", {[AZURE_CLI] = true}},
    };

    for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
        if (strcmp(uses[i].name, use) == 0) {
            size_t count = 0;

            memcpy(out->sources, uses[i].sources, sizeof(out->sources));
            for (size_t k = 0; k < AZURE_SOURCES; k++)
                count += out->sources[k];
            out->chosen = count == 1;
            return ENGINE_OK;
        }
    engine_fail(err, ENGINE_EINVAL, "credentials \"%.60s\" are unknown", use);
    engine_hint(err, "use: default, environment, client_secret, "
                     "client_certificate, workload_identity, "
                     "managed_identity or cli");
    return ENGINE_EINVAL;
}

static engine_status identity_choose(const struct identity *read,
                                     engine_error *err)
{
    const char *use = document_string(read->target, "credentials.use");
    const struct azure_identity *out = read->out;

    if (!use && (out->secret.file || out->secret.env))
        use = "client_secret";
    if (!use && (out->certificate.file || out->certificate.env))
        use = "client_certificate";
    if (!use && document_string(read->target,
                                "credentials.federated_token.file"))
        use = "workload_identity";
    if (!use && (out->object_id || out->resource_id))
        use = "managed_identity";
    if (!use)
        use = identity_env(read, "AZURE_TOKEN_CREDENTIALS");
    return identity_use(read->out, use ? use : "default", err);
}

/* ---- reading ------------------------------------------------------------- */

static engine_status identity_check_keys(const bson_t *target,
                                         engine_error *err)
{
    bson_iter_t at;
    bson_t child;

    if (!document_find(target, "credentials", &at))
        return ENGINE_OK;
    if (!BSON_ITER_HOLDS_DOCUMENT(&at) || !document_iter_child(&at, &child))
        return engine_fail(err, ENGINE_EINVAL,
                           "credentials of the target are no mapping");
    bson_iter_init(&at, &child);
    while (bson_iter_next(&at)) {
        const char *const *key = identity_keys;

        while (*key && strcmp(*key, bson_iter_key(&at)) != 0)
            key++;
        if (!*key)
            return engine_fail(err, ENGINE_EINVAL,
                               "credentials of the target have the unknown "
                               "key \"%.60s\"",
                               bson_iter_key(&at));
    }
    return ENGINE_OK;
}

/* secrets in variables are referred to by the names of these */
static engine_status identity_variables(const struct identity *read,
                                        engine_error *err)
{
    struct azure_identity *out = read->out;
    const char *path = identity_env(read, "AZURE_CLIENT_CERTIFICATE_PATH");
    const char *flag =
        identity_env(read, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    engine_status status = ENGINE_OK;

    if (!out->secret.file && !out->secret.env &&
        identity_env(read, "AZURE_CLIENT_SECRET"))
        out->secret.env = "AZURE_CLIENT_SECRET";
    if (!out->certificate.file && path) {
        status = identity_keep(read, path, &out->certificate.file, err);
        if (!out->password.file && !out->password.env &&
            identity_env(read, "AZURE_CLIENT_CERTIFICATE_PASSWORD"))
            out->password.env = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
    }
    out->send_chain = flag && (strcmp(flag, "1") == 0 ||
                               strcasecmp(flag, "true") == 0);
    if (identity_env(read, "IDENTITY_HEADER"))
        out->header.env = "IDENTITY_HEADER";
    out->arc = identity_env(read, "IMDS_ENDPOINT") != NULL;
    return status;
}

static engine_status identity_managed(const struct identity *read,
                                      engine_error *err)
{
    struct azure_identity *out = read->out;
    const char *imds = identity_env(read, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    engine_status status;

    status = identity_keep(read, imds ? imds : IDENTITY_IMDS, &out->imds, err);
    if (status == ENGINE_OK)
        status = identity_keep(read, identity_env(read, "IDENTITY_ENDPOINT"),
                               &out->endpoint, err);
    if (status == ENGINE_OK)
        status = identity_keep(read, identity_env(read, "MSI_ENDPOINT"),
                               &out->shell, err);
    if (status == ENGINE_OK)
        status = identity_text(read, "credentials.object_id", NULL,
                               &out->object_id, err);
    if (status == ENGINE_OK)
        status = identity_text(read, "credentials.resource_id", NULL,
                               &out->resource_id, err);
    /* DefaultAzureCredential takes AZURE_CLIENT_ID for it, too */
    out->managed_client_id =
        out->object_id || out->resource_id ? NULL : out->client_id;
    return status;
}

engine_status azure_identity_read(const bson_t *target, azure_env_fn env,
                                  struct arena *arena,
                                  struct azure_identity *out,
                                  engine_error *err)
{
    const struct identity read = {target, env, arena, out};
    const char *tenant = document_string(target, "credentials.tenant");
    engine_status status = identity_check_keys(target, err);

    *out = (struct azure_identity){0};
    if (status == ENGINE_OK)
        status = identity_text(&read, tenant ? "credentials.tenant" : "tenant",
                               "AZURE_TENANT_ID", &out->tenant, err);
    if (status == ENGINE_OK)
        status = identity_text(&read, "credentials.client_id",
                               "AZURE_CLIENT_ID", &out->client_id, err);
    if (status == ENGINE_OK)
        status = identity_reference(&read, "credentials.client_secret",
                                    &out->secret, err);
    if (status == ENGINE_OK)
        status = identity_reference(&read, "credentials.client_certificate",
                                    &out->certificate, err);
    if (status == ENGINE_OK)
        status = identity_reference(&read,
                                    "credentials.client_certificate_password",
                                    &out->password, err);
    if (status == ENGINE_OK)
        status = identity_text(&read, "credentials.federated_token.file",
                               "AZURE_FEDERATED_TOKEN_FILE",
                               &out->federated_token, err);
    if (status == ENGINE_OK)
        status = identity_managed(&read, err);
    if (status == ENGINE_OK)
        status = identity_choose(&read, err);
    if (status == ENGINE_OK)
        status = identity_variables(&read, err);
    return status;
}

engine_status azure_reference_read(const struct azure_reference *reference,
                                   const char *what, struct secret *out,
                                   engine_error *err)
{
    engine_status status;

    if (reference->file)
        status = secret_from_file(out, reference->file, err);
    else if (reference->env)
        status = secret_from_env(out, reference->env, err);
    else
        return engine_fail(err, ENGINE_ENOTFOUND, "no %s was given", what);
    if (status < 0)
        engine_error_prefix(err, "%s", what);
    return status;
}
