/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_entry.c - what a cluster's and a user's entry say. */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/kubeconfig.h"
#include "sdk/base/alloc.h"

#define ENTRY_LIST_MAXIMUM 1000

static engine_status entry_secret(const struct kube_entry *entry,
                                  const char *key, struct secret *out,
                                  engine_error *err)
{
    const char *text;
    engine_status status = kube_entry_text(entry, key, &text, err);

    if (status < 0 || !text)
        return status;
    return secret_set(out, text, strlen(text), err);
}

/* ---- the cluster --------------------------------------------------------- */

engine_status kube_config_take_cluster(struct kube_config *config,
                                       const struct kube_entry *entry,
                                       engine_error *err)
{
    struct arena *arena = &config->arena;
    engine_status status;

    status = kube_entry_text(entry, "server", &config->server, err);
    if (status == ENGINE_OK && !config->server)
        status = kube_entry_fail(entry, err, "it has no server");
    if (status == ENGINE_OK)
        status = kube_entry_data(entry, arena, "certificate-authority-data",
                                 &config->ca_data, &config->ca_len, err);
    if (status == ENGINE_OK && !config->ca_data)
        status = kube_entry_path(entry, arena, "certificate-authority",
                                 &config->ca_file, err);
    if (status == ENGINE_OK)
        status = kube_entry_flag(entry, "insecure-skip-tls-verify",
                                 &config->insecure, err);
    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "tls-server-name",
                                 &config->server_name, err);
    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "proxy-url", &config->proxy, err);
    if (status == ENGINE_OK && config->insecure &&
        (config->ca_data || config->ca_file))
        status = kube_entry_fail(entry, err,
                                 "it has a certificate authority and "
                                 "insecure-skip-tls-verify; only one of them "
                                 "can be meant");
    return status;
}

/* ---- the user ------------------------------------------------------------ */

static engine_status user_certificate(struct kube_config *config,
                                      const struct kube_entry *entry,
                                      engine_error *err)
{
    struct arena *arena = &config->arena;
    engine_status status =
        kube_entry_data(entry, arena, "client-certificate-data",
                        &config->cert_data, &config->cert_len, err);

    if (status == ENGINE_OK && !config->cert_data)
        status = kube_entry_path(entry, arena, "client-certificate",
                                 &config->cert_file, err);
    if (status == ENGINE_OK)
        status = kube_entry_data(entry, arena, "client-key-data",
                                 &config->key_data, &config->key_len, err);
    if (status == ENGINE_OK && !config->key_data)
        status = kube_entry_path(entry, arena, "client-key",
                                 &config->key_file, err);
    if (status == ENGINE_OK && (config->cert_data || config->cert_file) !=
                                   (config->key_data || config->key_file))
        status = kube_entry_fail(entry, err,
                                 "a client certificate and its key belong "
                                 "together, and one of them is missing");
    return status;
}

static engine_status user_headers(struct kube_config *config,
                                  const struct kube_entry *entry,
                                  const char **headers, size_t *count,
                                  engine_error *err)
{
    const struct value *groups = value_member(entry->body, "as-groups");
    const struct value *extra = value_member(entry->body, "as-user-extra");

    for (uint32_t i = 0; groups && groups->kind == VALUE_ARRAY &&
                         i < groups->count; i++) {
        const char *text = value_text(&groups->items[i]);
        if (!text || strpbrk(text, "\r\n"))
            return kube_entry_fail(entry, err, "as-groups has no texts");
        headers[(*count)++] =
            arena_strf(&config->arena, "Impersonate-Group: %s", text);
    }
    for (uint32_t i = 0; extra && extra->kind == VALUE_OBJECT &&
                         i < extra->count; i++) {
        const struct value *values = &extra->members[i].value;
        const char *key = extra->members[i].key;
        if (strpbrk(key, ": \t\r\n") || values->kind != VALUE_ARRAY)
            return kube_entry_fail(entry, err, "as-user-extra is no mapping "
                                               "of lists");
        for (uint32_t j = 0; j < values->count; j++) {
            const char *text = value_text(&values->items[j]);
            if (!text || strpbrk(text, "\r\n") ||
                *count >= ENTRY_LIST_MAXIMUM)
                return kube_entry_fail(entry, err, "as-user-extra is no "
                                                   "mapping of lists");
            headers[(*count)++] =
                arena_strf(&config->arena, "Impersonate-Extra-%s: %s", key,
                           text);
        }
    }
    for (size_t i = 0; i < *count; i++)
        if (!headers[i])
            return engine_fail_memory(err);
    return ENGINE_OK;
}

/* headers: user, uid, groups and extra, in one list */
static engine_status user_impersonation(struct kube_config *config,
                                        const struct kube_entry *entry,
                                        engine_error *err)
{
    const struct value *groups = value_member(entry->body, "as-groups");
    const char **headers;
    size_t count = 0;
    engine_status status = kube_entry_text(entry, "as", &config->as, err);

    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "as-uid", &config->as_uid, err);
    if (status < 0 || (groups && groups->kind == VALUE_ARRAY &&
                       groups->count > ENTRY_LIST_MAXIMUM))
        return status < 0 ? status
                          : kube_entry_fail(entry, err,
                                            "as-groups is too long");
    headers = arena_alloc(&config->arena,
                          (2 * ENTRY_LIST_MAXIMUM + 3) * sizeof(*headers));
    if (!headers)
        return engine_fail_memory(err);
    if (config->as)
        headers[count++] = arena_strf(&config->arena, "Impersonate-User: %s",
                                      config->as);
    if (config->as_uid)
        headers[count++] = arena_strf(&config->arena, "Impersonate-Uid: %s",
                                      config->as_uid);
    status = user_headers(config, entry, headers, &count, err);
    if (status == ENGINE_OK && count && !config->as)
        status = kube_entry_fail(entry, err,
                                 "groups, a uid or extra fields are "
                                 "impersonated only together with a user "
                                 "(as)");
    config->headers = headers;
    return status;
}

static engine_status user_provider(const struct kube_entry *entry,
                                   engine_error *err)
{
    const struct value *provider = value_member(entry->body, "auth-provider");
    const char *name = value_text(value_member(provider, "name"));

    if (!provider || provider->kind == VALUE_NULL)
        return ENGINE_OK;
    kube_entry_fail(entry, err, "auth-provider%s%.60s is not supported",
                    name ? " " : "", name ? name : "");
    engine_hint(err, "Kubernetes 1.26 dropped it: use the provider's exec "
                     "credential plugin (such as gke-gcloud-auth-plugin or "
                     "kubelogin)");
    return ENGINE_EUNSUPPORTED;
}

static engine_status user_texts(struct kube_config *config,
                                const struct kube_entry *entry,
                                engine_error *err)
{
    engine_status status = entry_secret(entry, "token", &config->token, err);

    if (status == ENGINE_OK && !config->token.text)
        status = kube_entry_path(entry, &config->arena, "tokenFile",
                                 &config->token_file, err);
    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "username", &config->username, err);
    if (status == ENGINE_OK)
        status = entry_secret(entry, "password", &config->password, err);
    if (status == ENGINE_OK && config->username &&
        (config->token.text || config->token_file))
        status = kube_entry_fail(entry, err,
                                 "it has a token and a username; only one "
                                 "of them can be meant");
    return status;
}

engine_status kube_config_take_user(struct kube_config *config,
                                    const struct kube_entry *entry,
                                    engine_error *err)
{
    engine_status status = user_provider(entry, err);

    if (status == ENGINE_OK)
        status = user_texts(config, entry, err);
    if (status == ENGINE_OK)
        status = user_certificate(config, entry, err);
    if (status == ENGINE_OK)
        status = user_impersonation(config, entry, err);
    if (status == ENGINE_OK)
        status = kube_config_take_exec(config, entry, err);
    if (status == ENGINE_OK && config->exec &&
        (config->token.text || config->token_file || config->username))
        config->exec = NULL; /* what is given needs no plugin */
    if (status == ENGINE_OK && entry->file->open &&
        (config->token.text || config->password.text || config->key_data))
        kube_config_warn(config,
                         "kubeconfig %s holds the credentials of user "
                         "\"%.200s\" and everybody on this machine may read "
                         "it: chmod 600 it", entry->file->path, entry->name);
    return status;
}
