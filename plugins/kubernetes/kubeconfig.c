/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig.c - where a target's access is described, and is it complete. */
#include "plugins/kubernetes/kubeconfig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define CONFIG_MAXIMUM ((size_t)64 * 1024 * 1024)
#define CONFIG_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

void kube_surroundings(struct kube_surroundings *out)
{
    const char *port = getenv("KUBERNETES_SERVICE_PORT_HTTPS");

    out->kubeconfig = getenv("KUBECONFIG");
    out->home = getenv("HOME");
    out->host = getenv("KUBERNETES_SERVICE_HOST");
    out->port = port && *port ? port : getenv("KUBERNETES_SERVICE_PORT");
}

void kube_config_clear(struct kube_config *config)
{
    secret_clear(&config->token);
    secret_clear(&config->password);
    arena_wipe(&config->arena);
}

void kube_config_warn(struct kube_config *config, const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (config->warnings_count < KUBE_CONFIG_WARNINGS) {
        char *copy = arena_strdup(&config->arena, text);
        if (copy)
            config->warnings[config->warnings_count++] = copy;
    }
}

void kube_config_who(const struct kube_config *config, char *out, size_t room)
{
    const char *as = config->as ? config->as : "";

    if (config->context)
        snprintf(out, room, "context \"%.100s\", user \"%.100s\"%s%.100s of "
                            "%.200s", config->context,
                 config->user_name ? config->user_name : "",
                 *as ? " as " : "", as, config->source);
    else
        snprintf(out, room, "%.200s", config->source);
}

/* ---- from kubeconfig files ----------------------------------------------- */

static engine_status config_current(const struct kube_files *files,
                                    const char **out, engine_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < files->count && !*out; i++) {
        const char *text =
            value_text(value_member(files->items[i].root, "current-context"));
        if (text && *text)
            *out = text;
    }
    if (*out)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EINVAL, "kubeconfig %s has no current-context",
                files->count ? files->items[0].path : "");
    engine_hint(err, "name one in the target's \"context\"");
    return ENGINE_EINVAL;
}

/* what a plugin may know of the cluster is in an extension of its entry */
static const struct value *config_extension(const struct kube_entry *cluster)
{
    const struct value *list = value_member(cluster->body, "extensions");

    for (uint32_t i = 0; list && list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const char *name = value_text(value_member(&list->items[i], "name"));
        if (name && strcmp(name, "client.authentication.k8s.io/exec") == 0)
            return value_member(&list->items[i], "extension");
    }
    return NULL;
}

static engine_status config_take(struct kube_config *config,
                                 const struct kube_files *files,
                                 const struct kube_entry *context,
                                 engine_error *err)
{
    struct kube_entry cluster, user;
    engine_status status =
        kube_entry_text(context, "cluster", &config->cluster_name, err);

    if (status == ENGINE_OK && !config->cluster_name)
        status = kube_entry_fail(context, err, "it names no cluster");
    if (status == ENGINE_OK)
        status = kube_entry_text(context, "user", &config->user_name, err);
    if (status == ENGINE_OK)
        status =
            kube_entry_text(context, "namespace", &config->namespace, err);
    if (status == ENGINE_OK)
        status = kube_files_find(files, "cluster", config->cluster_name,
                                 &cluster, err);
    if (status == ENGINE_OK)
        status = kube_config_take_cluster(config, &cluster, err);
    if (status < 0 || !config->user_name)
        return status;
    status = kube_files_find(files, "user", config->user_name, &user, err);
    if (status == ENGINE_OK)
        status = kube_config_take_user(config, &user, err);
    if (status == ENGINE_OK && config->exec)
        ((struct kube_exec *)config->exec)->config =
            config_extension(&cluster);
    return status;
}

engine_status kube_config_choose(struct kube_config *config,
                                 const struct kube_files *files,
                                 const char *context, engine_error *err)
{
    struct kube_entry entry;
    engine_status status = ENGINE_OK;

    config->source = files->count ? files->items[0].path : "kubeconfig";
    if (!context)
        status = config_current(files, &context, err);
    if (status == ENGINE_OK)
        status = kube_files_find(files, "context", context, &entry, err);
    if (status < 0)
        return status;
    config->context = entry.name;
    return config_take(config, files, &entry, err);
}

/* the text of a variable is a kubeconfig itself, or says where it is */
static engine_status config_add_env(struct kube_files *files,
                                    const char *name, engine_error *err)
{
    const char *text = getenv(name);

    if (!text || !*text)
        return engine_fail(err, ENGINE_ENOTFOUND,
                           "kubeconfig of the target: the environment has no "
                           "%.100s", name);
    if (strchr(text, '\n') || *text == '{')
        return kube_files_add_text(files, name, text, strlen(text), err);
    return kube_files_add_list(files, text, err);
}

static engine_status config_add_given(struct kube_files *files,
                                      const bson_t *target, engine_error *err)
{
    const char *path = document_string(target, "kubeconfig");
    const char *file = document_string(target, "kubeconfig.file");
    const char *env = document_string(target, "kubeconfig.env");

    if (!path)
        path = file;
    if (path)
        return kube_files_add(files, path, false, err);
    if (env)
        return config_add_env(files, env, err);
    return engine_fail(err, ENGINE_EINVAL,
                       "the target's kubeconfig is no path, no {file} and no "
                       "{env}");
}

static engine_status config_add_usual(struct kube_files *files,
                                      const struct kube_surroundings *around,
                                      engine_error *err)
{
    char *path;
    engine_status status;

    if (around->kubeconfig && *around->kubeconfig)
        return kube_files_add_list(files, around->kubeconfig, err);
    if (!around->home || !*around->home)
        return ENGINE_OK;
    path = arena_strf(files->arena, "%s/.kube/config", around->home);
    status = path ? kube_files_add(files, path, true, err)
                  : engine_fail_memory(err);
    return status;
}

/* ---- from a pod, and from the target ------------------------------------- */

static engine_status config_in_cluster(struct kube_config *config,
                                       const struct kube_surroundings *around,
                                       const char *folder, engine_error *err)
{
    const bool six = strchr(around->host, ':') && around->host[0] != '[';

    config->source = "the pod's service account";
    config->server = arena_strf(&config->arena, "https://%s%s%s:%s",
                                six ? "[" : "", around->host, six ? "]" : "",
                                around->port && *around->port ? around->port
                                                              : "443");
    config->token_file = arena_strf(&config->arena, "%s/token", folder);
    config->ca_file = arena_strf(&config->arena, "%s/ca.crt", folder);
    return config->server && config->token_file && config->ca_file
               ? ENGINE_OK
               : engine_fail_memory(err);
}

static const char *config_copy(struct kube_config *config,
                               const bson_t *target, const char *key)
{
    const char *text = document_string(target, key);

    return text && *text ? arena_strdup(&config->arena, text) : NULL;
}

static engine_status config_explicit(struct kube_config *config,
                                     const bson_t *target, engine_error *err)
{
    const char *env = document_string(target, "token.env");

    config->source = "the target";
    config->server = config_copy(config, target, "server");
    config->ca_file = config_copy(config, target, "ca_file");
    config->token_file = config_copy(config, target, "token.file");
    config->server_name = config_copy(config, target, "server_name");
    config->proxy = config_copy(config, target, "proxy");
    config->cert_file = config_copy(config, target, "cert_file");
    config->key_file = config_copy(config, target, "key_file");
    config->insecure = document_bool(target, "insecure", false);
    if (env)
        return secret_from_env(&config->token, env, err);
    return ENGINE_OK;
}

/* ---- checking ------------------------------------------------------------ */

static engine_status config_check_file(const struct kube_config *config,
                                       const char *what, const char *path,
                                       engine_error *err)
{
    char who[600];

    if (!path || access(path, R_OK) == 0)
        return ENGINE_OK;
    kube_config_who(config, who, sizeof(who));
    return engine_fail(err, engine_status_from_errno(errno),
                       "%s: could not read the %s \"%.300s\": %s", who, what,
                       path, strerror(errno));
}

static engine_status config_check_server(struct kube_config *config,
                                         engine_error *err)
{
    const char *url = config->server;
    const char *host = strstr(url, "://");
    char *copy;
    size_t len = strlen(url);

    if (!host || (strncasecmp(url, "https://", 8) != 0 &&
                  strncasecmp(url, "http://", 7) != 0) ||
        strpbrk(url, " \t?#") || memchr(host + 3, '@', strcspn(host + 3, "/")))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s: the server is no URL of the form "
                           "https://HOST:PORT[/PATH]", config->source);
    while (len && url[len - 1] == '/')
        len--;
    copy = arena_strndup(&config->arena, url, len);
    if (!copy)
        return engine_fail_memory(err);
    config->server = copy;
    return ENGINE_OK;
}

engine_status kube_config_check(struct kube_config *config, engine_error *err)
{
    engine_status status = config_check_server(config, err);

    if (status == ENGINE_OK)
        status = config_check_file(config, "certificate authority",
                                   config->ca_file, err);
    if (status == ENGINE_OK)
        status = config_check_file(config, "client certificate",
                                   config->cert_file, err);
    if (status == ENGINE_OK)
        status =
            config_check_file(config, "client key", config->key_file, err);
    if (status == ENGINE_OK)
        status =
            config_check_file(config, "token file", config->token_file, err);
    if (status == ENGINE_OK && config->insecure)
        kube_config_warn(config,
                         "%s is NOT VERIFIED (insecure-skip-tls-verify): "
                         "anybody in between can read the credentials and "
                         "change what is judged", config->server);
    if (status == ENGINE_OK && strncasecmp(config->server, "http:", 5) == 0)
        kube_config_warn(config, "%s is spoken to without TLS: anybody in "
                                 "between can read the credentials and "
                                 "change what is judged", config->server);
    return status;
}

/* ---- all of it ----------------------------------------------------------- */

static engine_status config_nothing(engine_error *err)
{
    engine_fail(err, ENGINE_ENOTFOUND,
                "there is no kubeconfig: the target names none, KUBECONFIG "
                "and ~/.kube/config lead to none, and this is no pod");
    engine_hint(err, "give the target a \"kubeconfig\", or a \"server\" and "
                     "a \"token\"");
    return ENGINE_ENOTFOUND;
}

/* A scan may be resumed from anywhere: what a target names is absolute. */
static engine_status config_check_paths(const bson_t *target,
                                        engine_error *err)
{
    static const char *const names[] = {
        "kubeconfig", "kubeconfig.file", "service_account", "ca_file",
        "cert_file", "key_file", "token.file"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = document_string(target, names[i]);

        if (!path || !*path || *path == '/')
            continue;
        engine_fail(err, ENGINE_EINVAL,
                    "the target's %s \"%.300s\" must be an absolute path",
                    names[i], path);
        engine_hint(err, "the scanner has another working directory, and no "
                         "shell that would know \"~\"");
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

static engine_status config_locate(struct kube_config *config,
                                   const bson_t *target,
                                   const struct kube_surroundings *around,
                                   engine_error *err)
{
    struct kube_files files = {.arena = &config->arena};
    const char *context = document_string(target, "context");
    const char *account = config_copy(config, target, "service_account");
    const bool given = bson_has_field(target, "kubeconfig");
    engine_status status = config_check_paths(target, err);

    if (status < 0)
        return status;
    if (document_string(target, "server"))
        return config_explicit(config, target, err);
    if (!account) {
        account = CONFIG_ACCOUNT;
        status = given ? config_add_given(&files, target, err)
                       : config_add_usual(&files, around, err);
    }
    if (status < 0)
        return status;
    if (files.count || given)
        return kube_config_choose(config, &files, context, err);
    if (!around->host || !*around->host)
        return config_nothing(err);
    return config_in_cluster(config, around, account, err);
}

engine_status kube_config_open(const bson_t *target,
                               const struct kube_surroundings *around,
                               struct kube_config *out, engine_error *err)
{
    engine_status status;

    *out = (struct kube_config){0};
    arena_init(&out->arena, CONFIG_MAXIMUM);
    secret_init(&out->token);
    secret_init(&out->password);
    status = config_locate(out, target, around, err);
    return status < 0 ? status : kube_config_check(out, err);
}
