/* SPDX-License-Identifier: Apache-2.0 */
/* environment.c - what a worker may know of our environment. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "engine/launch/launch_private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/buffer.h"
#include "sdk/document/document.h"

#define ENVIRONMENT_DEPTH 16
#define ENVIRONMENT_MAXIMUM 4096
#define ENVIRONMENT_PATHS_MAXIMUM ((size_t)1024 * 1024)

extern char **environ;

/* the agent is for ssh targets, the next lines for what reaches APIs */
static const char *const environment_names[] = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "SSH_AUTH_SOCK", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
    "LSAN_OPTIONS", "KUBECONFIG", "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT", "KUBERNETES_SERVICE_PORT_HTTPS",
    "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY",
    "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", NULL};

/* What the SDKs of the clouds look at, for scanners of these alone: there are
 * secrets among it. */
struct environment_cloud {
    const char *targets[3]; /* type and alias */
    const char *names[6];   /* names and patterns */
};
static const struct environment_cloud environment_clouds[] = {
    {{"aws_account", "aws"}, {"AWS_*", "SCAN_ENGINE_AWS_MODEL_DIR"}},
    {{"azure_subscription", "azure"},
     {"AZURE_*", "IDENTITY_*", "IMDS_ENDPOINT", "MSI_*"}},
    {{"gcp_project", "gcp"},
     {"GOOGLE_*", "CLOUDSDK_*", "GCE_METADATA_*", "AWS_*"}}};

struct environment {
    char **entries;
    size_t count;
    bool failed;
};

void launch_environment_free(char **env)
{
    for (size_t i = 0; env && env[i]; i++)
        engine_free(env[i]);
    engine_free(env);
}

static bool environment_has(const struct environment *env, const char *entry)
{
    const size_t len = strcspn(entry, "=") + 1;

    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->entries[i], entry, len) == 0)
            return true;
    return false;
}

static void environment_add(struct environment *env, const char *name,
                            const char *value)
{
    char *entry = engine_strf("%s=%s", name, value);

    if (!entry) {
        env->failed = true;
        return;
    }
    if (env->count == ENVIRONMENT_MAXIMUM || environment_has(env, entry)) {
        engine_free(entry);
        return;
    }
    env->entries[env->count++] = entry;
}

/* A list of paths, of which relative ones are relative to our folder, which is
 * not the worker's. */
static void environment_add_paths(struct environment *env, const char *name,
                                  const char *value)
{
    char *here = realpath(".", NULL), *absolute = NULL;
    struct buffer out;

    buffer_init(&out, ENVIRONMENT_PATHS_MAXIMUM);
    while (*value) {
        const size_t len = strcspn(value, ":");

        if (len && *value != '/' && here)
            buffer_printf(&out, "%s/", here);
        buffer_append(&out, value, len + (value[len] == ':'));
        value += len + (value[len] == ':');
    }
    if (buffer_status(&out, NULL) == ENGINE_OK)
        absolute = buffer_take(&out);
    if (absolute)
        environment_add(env, name, absolute);
    else if (out.len)
        env->failed = true;
    engine_free(absolute);
    buffer_clear(&out);
    free(here);
}

/* every variable of ours whose name the pattern ("AWS_*") matches */
static void environment_add_all(struct environment *env, const char *pattern)
{
    for (char **at = environ; at && *at; at++) {
        const size_t len = strcspn(*at, "=");
        char *name = engine_strndup(*at, len);

        if (!name)
            env->failed = true;
        else if ((*at)[len] && fnmatch(pattern, name, 0) == 0)
            environment_add(env, name, *at + len + 1);
        engine_free(name);
    }
}

/* what a target refers to as {"env": NAME}, wherever that is */
static void environment_add_references(struct environment *env,
                                       const bson_t *document, int depth)
{
    bson_iter_t iter;
    bson_t child;

    bson_iter_init(&iter, document);
    while (depth < ENVIRONMENT_DEPTH && bson_iter_next(&iter)) {
        const char *value;

        if (document_iter_child(&iter, &child)) {
            environment_add_references(env, &child, depth + 1);
            continue;
        }
        if (depth == 0 || !BSON_ITER_HOLDS_UTF8(&iter) ||
            strcmp(bson_iter_key(&iter), "env") != 0)
            continue;
        value = getenv(bson_iter_utf8(&iter, NULL));
        if (value)
            environment_add(env, bson_iter_utf8(&iter, NULL), value);
    }
}

static void environment_add_cloud(struct environment *env,
                                  const bson_t *target)
{
    const char *type = document_string(target, "type");
    const size_t count =
        sizeof(environment_clouds) / sizeof(*environment_clouds);

    for (size_t i = 0; type && i < count; i++) {
        const struct environment_cloud *cloud = &environment_clouds[i];

        for (size_t k = 0; cloud->targets[k]; k++)
            for (size_t n = 0;
                 strcmp(cloud->targets[k], type) == 0 && cloud->names[n]; n++)
                environment_add_all(env, cloud->names[n]);
    }
}

static void environment_add_target(struct environment *env,
                                   const bson_t *target)
{
    bson_iter_t iter;
    bson_t list;

    environment_add_references(env, target, 0);
    environment_add_cloud(env, target);
    if (!document_child(target, "environment", &list))
        return;
    bson_iter_init(&iter, &list);
    while (bson_iter_next(&iter))
        if (BSON_ITER_HOLDS_UTF8(&iter))
            environment_add_all(env, bson_iter_utf8(&iter, NULL));
}

char **launch_environment(const bson_t *target, const struct plugin_user *user)
{
    struct environment env = {
        .entries = engine_calloc(ENVIRONMENT_MAXIMUM + 1,
                                 sizeof(*env.entries))};

    if (!env.entries)
        return NULL;
    if (user) { /* what is there already stays */
        environment_add(&env, "HOME", user->home);
        environment_add(&env, "USER", user->name);
        environment_add(&env, "LOGNAME", user->name);
        /* for plugins that see less then, and would not know */
        environment_add(&env, "SCAN_ENGINE_WORKER_USER", user->name);
    }
    for (size_t i = 0; environment_names[i]; i++) {
        const char *name = environment_names[i];
        const char *value = getenv(name);

        if (!value && strcmp(name, "PATH") == 0)
            value = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                    "/sbin:/bin";
        if (value && strcmp(name, "KUBECONFIG") == 0)
            environment_add_paths(&env, name, value);
        else if (value)
            environment_add(&env, name, value);
    }
    if (target)
        environment_add_target(&env, target);
    if (!env.failed)
        return env.entries;
    launch_environment_free(env.entries);
    return NULL;
}
