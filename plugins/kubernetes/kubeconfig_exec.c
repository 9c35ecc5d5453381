/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig_exec.c - what a user's entry says of its credential plugin. */
#include <string.h>

#include "plugins/kubernetes/kubeconfig.h"

static engine_status exec_fail(const struct kube_entry *entry,
                               engine_error *err, const char *what)
{
    return kube_entry_fail(entry, err, "its exec plugin: %s", what);
}

static engine_status exec_args(struct arena *arena,
                               const struct kube_entry *entry,
                               const struct value *list,
                               const char *const **out, engine_error *err)
{
    const uint32_t count =
        list && list->kind == VALUE_ARRAY ? list->count : 0;
    const char **args = arena_alloc(arena, (count + 1) * sizeof(*args));

    if (!args)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        args[i] = value_text(&list->items[i]);
        if (!args[i] || strlen(args[i]) != list->items[i].count)
            return exec_fail(entry, err, "args has something that is no text");
    }
    *out = args;
    return ENGINE_OK;
}

static engine_status exec_env(struct arena *arena,
                              const struct kube_entry *entry,
                              const struct value *list,
                              const char *const **out, engine_error *err)
{
    const uint32_t count =
        list && list->kind == VALUE_ARRAY ? list->count : 0;
    const char **env = arena_alloc(arena, (count + 1) * sizeof(*env));

    if (!env)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = value_text(value_member(&list->items[i], "name"));
        const char *text = value_text(value_member(&list->items[i], "value"));
        if (!name || !text || !*name || strchr(name, '='))
            return exec_fail(entry, err, "env has something that is no "
                                         "name and value");
        env[i] = arena_strf(arena, "%s=%s", name, text);
        if (!env[i])
            return engine_fail_memory(err);
    }
    *out = env;
    return ENGINE_OK;
}

static engine_status exec_check(const struct kube_entry *entry,
                                const struct kube_exec *exec,
                                const char *mode, engine_error *err)
{
    static const char prefix[] = "client.authentication.k8s.io/";
    const char *version = exec->api_version ? exec->api_version : "";

    if (!exec->command)
        return exec_fail(entry, err, "it has no command");
    if (mode && strcmp(mode, "Always") == 0) {
        exec_fail(entry, err, "it wants to ask somebody, and nobody is there "
                              "(interactiveMode is Always)");
        engine_hint(err, "use a plugin that works unattended");
        return ENGINE_EUNSUPPORTED;
    }
    if (strncmp(version, prefix, strlen(prefix)) == 0 &&
        (strcmp(version + strlen(prefix), "v1") == 0 ||
         strcmp(version + strlen(prefix), "v1beta1") == 0))
        return ENGINE_OK;
    exec_fail(entry, err, "its apiVersion is none that is known");
    engine_hint(err, "%sv1 and %sv1beta1 are", prefix, prefix);
    return ENGINE_EUNSUPPORTED;
}

/* a command with a slash is relative to the file, another one is on PATH */
static engine_status exec_command(struct kube_config *config,
                                  const struct kube_entry *entry,
                                  struct kube_exec *exec, engine_error *err)
{
    const char *mode;
    engine_status status =
        kube_entry_text(entry, "apiVersion", &exec->api_version, err);

    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "command", &exec->command, err);
    if (status == ENGINE_OK && exec->command && strchr(exec->command, '/'))
        status = kube_entry_path(entry, &config->arena, "command",
                                 &exec->command, err);
    if (status == ENGINE_OK)
        status = kube_entry_flag(entry, "provideClusterInfo",
                                 &exec->cluster_info, err);
    if (status == ENGINE_OK)
        status = kube_entry_text(entry, "interactiveMode", &mode, err);
    return status < 0 ? status : exec_check(entry, exec, mode, err);
}

engine_status kube_config_take_exec(struct kube_config *config,
                                    const struct kube_entry *user,
                                    engine_error *err)
{
    struct kube_entry entry = *user;
    struct kube_exec *exec;
    engine_status status;

    entry.body = value_member(user->body, "exec");
    if (!entry.body || entry.body->kind == VALUE_NULL)
        return ENGINE_OK;
    if (entry.body->kind != VALUE_OBJECT)
        return kube_entry_fail(user, err, "exec is no mapping");
    exec = arena_alloc(&config->arena, sizeof(*exec));
    if (!exec)
        return engine_fail_memory(err);
    /* a hint may have several lines */
    exec->hint = value_text(value_member(entry.body, "installHint"));
    status = exec_command(config, &entry, exec, err);
    if (status == ENGINE_OK)
        status = exec_args(&config->arena, &entry,
                           value_member(entry.body, "args"), &exec->args,
                           err);
    if (status == ENGINE_OK)
        status = exec_env(&config->arena, &entry,
                          value_member(entry.body, "env"), &exec->env, err);
    if (status == ENGINE_OK)
        config->exec = exec;
    return status;
}
