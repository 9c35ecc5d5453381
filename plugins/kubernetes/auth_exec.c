/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_exec.c - credential plugins: a program that prints an ExecCredential.
 * (Kubernetes reference, "client-go credential plugins",
 * client.authentication.k8s.io v1 and v1beta1.)
 */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/auth.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"
#include "sdk/kit/process.h"

#define EXEC_OUTPUT_MAXIMUM ((size_t)1024 * 1024)
#define EXEC_ARENA_MAXIMUM ((size_t)16 * 1024 * 1024)

extern char **environ;

void kube_credential_clear(struct kube_credential *credential)
{
    secret_clear(&credential->token);
    secret_clear(&credential->cert);
    secret_clear(&credential->key);
    credential->expires_ms = 0;
}

/* ---- what it is told ----------------------------------------------------- */

static void exec_put_cluster(const struct kube_config *config,
                             struct buffer *out)
{
    buffer_puts(out, ",\"cluster\":{\"server\":");
    document_string_to_json(config->server, out);
    if (config->server_name) {
        buffer_puts(out, ",\"tls-server-name\":");
        document_string_to_json(config->server_name, out);
    }
    if (config->proxy) {
        buffer_puts(out, ",\"proxy-url\":");
        document_string_to_json(config->proxy, out);
    }
    if (config->insecure)
        buffer_puts(out, ",\"insecure-skip-tls-verify\":true");
    if (config->ca_data) {
        buffer_puts(out, ",\"certificate-authority-data\":\"");
        kube_base64(config->ca_data, config->ca_len, out);
        buffer_puts(out, "\"");
    }
    if (config->exec->config) {
        buffer_puts(out, ",\"config\":");
        (void)value_to_json(config->exec->config, 0, out);
    }
    buffer_puts(out, "}");
}

static char *exec_info(const struct kube_config *config)
{
    struct buffer out;
    char *text = NULL;

    buffer_init(&out, EXEC_OUTPUT_MAXIMUM);
    buffer_puts(&out, "KUBERNETES_EXEC_INFO={\"kind\":\"ExecCredential\","
                      "\"apiVersion\":");
    document_string_to_json(config->exec->api_version, &out);
    buffer_puts(&out, ",\"spec\":{\"interactive\":false");
    if (config->exec->cluster_info)
        exec_put_cluster(config, &out);
    buffer_puts(&out, "}}");
    if (buffer_status(&out, NULL) == ENGINE_OK)
        text = buffer_take(&out);
    buffer_clear(&out);
    return text;
}

static size_t exec_name_len(const char *entry)
{
    return strcspn(entry, "=") + 1;
}

static bool exec_is_set(const char *const *env, size_t count,
                        const char *entry)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(env[i], entry, exec_name_len(entry)) == 0)
            return true;
    return false;
}

/* its own variables first, the information, then ours; texts are borrowed */
static const char **exec_environment(const struct kube_exec *exec,
                                     const char *info)
{
    size_t ours = 0, own = 0, count = 0;
    const char **env;

    while (environ && environ[ours])
        ours++;
    while (exec->env[own])
        own++;
    env = engine_calloc(ours + own + 2, sizeof(*env));
    if (!env)
        return NULL;
    env[count++] = info;
    for (size_t i = own; i-- > 0;)
        if (!exec_is_set(env, count, exec->env[i]))
            env[count++] = exec->env[i];
    for (size_t i = 0; i < ours; i++)
        if (!exec_is_set(env, count, environ[i]))
            env[count++] = environ[i];
    return env;
}

/* ---- what it says -------------------------------------------------------- */

static engine_status exec_take(const struct value *status, const char *key,
                               struct secret *out, engine_error *err)
{
    const struct value *value = value_member(status, key);
    const char *text = value_text(value);

    if (!value || value->kind == VALUE_NULL || (text && !*text))
        return ENGINE_OK;
    if (!text || strlen(text) != value->count)
        return engine_fail(err, ENGINE_EPARSE, "its status.%s is no text",
                           key);
    return secret_set(out, text, value->count, err);
}

static engine_status exec_take_expiry(const struct value *status,
                                      struct kube_credential *out,
                                      engine_error *err)
{
    const struct value *value = value_member(status, "expirationTimestamp");
    const char *text = value_text(value);

    if (!value || value->kind == VALUE_NULL)
        return ENGINE_OK;
    if (!text || clock_parse(text, &out->expires_ms) < 0)
        return engine_fail(err, ENGINE_EPARSE,
                           "its status.expirationTimestamp is no date of "
                           "RFC 3339");
    return ENGINE_OK;
}

static engine_status exec_take_status(const struct value *root,
                                      struct kube_credential *out,
                                      engine_error *err)
{
    const struct value *body = value_member(root, "status");
    engine_status status = exec_take(body, "token", &out->token, err);

    if (status == ENGINE_OK)
        status = exec_take(body, "clientCertificateData", &out->cert, err);
    if (status == ENGINE_OK)
        status = exec_take(body, "clientKeyData", &out->key, err);
    if (status == ENGINE_OK)
        status = exec_take_expiry(body, out, err);
    if (status < 0)
        return status;
    if (out->token.text && strpbrk(out->token.text, "\r\n"))
        return engine_fail(err, ENGINE_EPARSE, "its token has a line end");
    if (!out->cert.text != !out->key.text)
        return engine_fail(err, ENGINE_EPARSE,
                           "it gave a client certificate or a key, and not "
                           "both");
    if (!out->token.text && !out->cert.text)
        return engine_fail(err, ENGINE_EPARSE,
                           "it gave neither a token nor a client "
                           "certificate");
    return ENGINE_OK;
}

engine_status kube_exec_parse(const char *text, size_t len,
                              const char *api_version,
                              struct kube_credential *out, engine_error *err)
{
    struct arena arena;
    struct value root;
    const char *kind, *version;
    engine_status status;

    arena_init(&arena, EXEC_ARENA_MAXIMUM);
    status = value_from_json(text, len, "its output", &arena, &root, err);
    kind = status == ENGINE_OK ? value_text(value_member(&root, "kind")) : "";
    version = status == ENGINE_OK
                  ? value_text(value_member(&root, "apiVersion"))
                  : "";
    if (status == ENGINE_OK &&
        (!kind || strcmp(kind, "ExecCredential") != 0 || !version ||
         strcmp(version, api_version) != 0))
        status = engine_fail(err, ENGINE_EPARSE,
                             "it printed no ExecCredential of %s",
                             api_version);
    if (status == ENGINE_OK)
        status = exec_take_status(&root, out, err);
    arena_wipe(&arena);
    return status;
}

/* ---- running it ---------------------------------------------------------- */

static int exec_stop(void *user)
{
    const void *const *both = user;
    const struct scanner_host *host = both[0];

    return host->cancelled(host, both[1]);
}

static engine_status exec_judge(const struct kube *self,
                                const struct process_result *result,
                                engine_error *err)
{
    char said[320];

    process_complaint(result, said, sizeof(said));
    switch (result->how) {
    case PROCESS_EXITED:
        if (result->code == 0)
            return ENGINE_OK;
        return engine_fail(err, ENGINE_EIO, "it ended with code %d%s", result->code, said);
    case PROCESS_SIGNALED:
        return engine_fail(err, ENGINE_EIO, "it was ended by signal %d%s",
                           result->code, said);
    case PROCESS_STOPPED:
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    case PROCESS_OVERFLOW:
        return engine_fail(err, ENGINE_ELIMIT, "it printed more than %zu "
                                               "bytes", EXEC_OUTPUT_MAXIMUM);
    case PROCESS_TIMEOUT:
        engine_fail(err, ENGINE_ETIMEOUT, "it did not end within %lld s%s",
                    (long long)kube_option(self, "exec_timeout"), said);
        engine_hint(err, "does it wait for somebody to log in? See option "
                         "exec_timeout");
        return ENGINE_ETIMEOUT;
    default:
        return engine_fail(err, ENGINE_EIO, "it failed%s", said);
    }
}

static void exec_name(const struct kube_config *config, engine_error *err)
{
    char who[600];

    kube_config_who(config, who, sizeof(who));
    engine_error_prefix(err, "%s: credential plugin \"%.200s\"", who,
                        config->exec->command);
    if (err && err->status == ENGINE_ENOTFOUND && config->exec->hint)
        engine_hint(err, "%.400s", config->exec->hint);
}

static engine_status exec_start(const struct kube *self,
                                const struct scanner_job *job,
                                const struct kube_config *config,
                                const char **argv, const char *const *env,
                                struct kube_credential *out,
                                engine_error *err)
{
    const void *both[] = {self->host, job};
    const struct process_options options = {
        .argv = argv,
        .env = env,
        .output_maximum = EXEC_OUTPUT_MAXIMUM,
        .timeout_ms = kube_option(self, "exec_timeout") * 1000,
        .stop = exec_stop,
        .user = both,
    };
    struct process_result result = {0};
    engine_status status = process_run(&options, &result, err);

    if (status == ENGINE_OK)
        status = exec_judge(self, &result, err);
    if (status == ENGINE_OK)
        status = kube_exec_parse(
            result.output.data ? result.output.data : "", result.output.len,
            config->exec->api_version, out, err);
    if (result.output.data)
        explicit_bzero(result.output.data, result.output.room);
    process_result_clear(&result);
    return status;
}

engine_status kube_exec_run(const struct kube *self,
                            const struct scanner_job *job,
                            const struct kube_config *config,
                            struct kube_credential *out, engine_error *err)
{
    char *info = exec_info(config);
    const char **env = info ? exec_environment(config->exec, info) : NULL;
    size_t count = 0;
    const char **argv;
    engine_status status;

    while (config->exec->args[count])
        count++;
    argv = engine_calloc(count + 2, sizeof(*argv));
    if (!info || !env || !argv) {
        status = engine_fail_memory(err);
    } else {
        argv[0] = config->exec->command;
        memcpy(argv + 1, config->exec->args, count * sizeof(*argv));
        status = exec_start(self, job, config, argv, env, out, err);
        if (status < 0 && status != ENGINE_ECANCELLED)
            exec_name(config, err);
        if (status < 0)
            kube_credential_clear(out);
    }
    engine_free(argv);
    engine_free(env);
    engine_free(info);
    return status;
}
