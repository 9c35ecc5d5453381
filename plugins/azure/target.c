/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - targets of type azure_subscription. */
#include "plugins/azure/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/document/document.h"
#include "sdk/kit/cloud/guard.h"

#define TARGET_ARENA ((size_t)4 * 1024 * 1024)
#define TARGET_SUBSCRIPTIONS 10000u

void azure_target_clear(struct azure_target *target)
{
    arena_clear(&target->arena);
}

/* ids become part of paths and of messages */
static bool target_is_id(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.()";

    return *text && strlen(text) <= 90 && strspn(text, allowed) == strlen(text)
           && text[0] != '.';
}

static engine_status target_id(struct azure_target *out, const char *text,
                               const char *what, const char **to,
                               engine_error *err)
{
    if (!text || !target_is_id(text))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s \"%.100s\" of the target is no id", what,
                           text ? text : "");
    *to = arena_strdup(&out->arena, text);
    return *to ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status target_list(const bson_t *list, struct azure_target *out,
                                 engine_error *err)
{
    const uint32_t count = bson_count_keys(list);
    engine_status status = ENGINE_OK;
    bson_iter_t at;
    size_t used = 0;

    if (!count || count > TARGET_SUBSCRIPTIONS)
        return engine_fail(err, ENGINE_EINVAL,
                           "subscriptions of the target: %u of them", count);
    out->subscriptions =
        arena_alloc(&out->arena, (count + 1) * sizeof(*out->subscriptions));
    if (!out->subscriptions)
        return engine_fail_memory(err);
    bson_iter_init(&at, list);
    while (status == ENGINE_OK && bson_iter_next(&at)) {
        const char *text = BSON_ITER_HOLDS_UTF8(&at)
                               ? bson_iter_utf8(&at, NULL)
                               : NULL;
        bool twice = false;

        for (size_t i = 0; text && i < used; i++)
            twice |= strcasecmp(out->subscriptions[i], text) == 0;
        if (!twice)
            status = target_id(out, text, "subscription",
                               &out->subscriptions[used++], err);
    }
    return status;
}

static engine_status target_one(const char *text, struct azure_target *out,
                                engine_error *err)
{
    out->subscriptions =
        arena_alloc(&out->arena, 2 * sizeof(*out->subscriptions));
    if (!out->subscriptions)
        return engine_fail_memory(err);
    return target_id(out, text, "subscription", &out->subscriptions[0], err);
}

static engine_status target_subscriptions(const bson_t *target,
                                          azure_env_fn env,
                                          struct azure_target *out,
                                          engine_error *err)
{
    const char *one = document_string(target, "subscription");
    const char *all = document_string(target, "subscriptions");
    const char *group = document_string(target, "management_group");
    const char *usual = env ? env("AZURE_SUBSCRIPTION_ID")
                            : getenv("AZURE_SUBSCRIPTION_ID");
    bson_t list;
    const bool listed = document_child(target, "subscriptions", &list);

    if ((one != NULL) + (all != NULL) + listed + (group != NULL) > 1)
        return engine_fail(err, ENGINE_EINVAL,
                           "the target has more than one of subscription, "
                           "subscriptions and management_group");
    if (listed)
        return target_list(&list, out, err);
    if (group)
        return target_id(out, group, "management_group",
                         &out->management_group, err);
    if (all && strcmp(all, "all") == 0)
        return ENGINE_OK;
    if (all)
        one = all;
    if (one || (usual && *usual))
        return target_one(one ? one : usual, out, err);
    engine_fail(err, ENGINE_EINVAL, "the target names no subscription");
    engine_hint(err, "subscription: ID, subscriptions: [ID, ..], "
                     "subscriptions: all, or management_group: ID");
    return ENGINE_EINVAL;
}

/* ---- endpoints ----------------------------------------------------------- */

/* one of the clouds' own */
static bool target_is_known(const char *url)
{
    static const char *const names[] = {"public", "usgov", "china"};

    for (size_t i = 0; i < 3; i++) {
        const struct azure_cloud *cloud = azure_cloud_get(names[i]);

        if (azure_same_origin(url, cloud->resource_manager) ||
            azure_same_origin(url, cloud->authority) ||
            azure_same_origin(url, cloud->graph))
            return true;
    }
    return azure_same_origin(url, "https://login.windows.net") ||
           azure_same_origin(url, "https://sts.windows.net");
}

static bool target_is_here(const char *url)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = strstr(url, "://");

    for (size_t i = 0; host && i < 3; i++) {
        const size_t len = strlen(hosts[i]);

        if (strncasecmp(host + 3, hosts[i], len) == 0 &&
            (host[3 + len] == ':' || host[3 + len] == '/' || !host[3 + len]))
            return true;
    }
    return false;
}

/*
 * Tokens go there. Whoever may start a scan says what a target is, so that
 * other hosts than the clouds' need the operator's word.
 */
static engine_status target_endpoint(struct azure_target *out,
                                     const char *text, const char *what,
                                     bool custom, const char **to,
                                     engine_error *err)
{
    size_t len = strlen(text);
    engine_status status;

    status = guard_url(text, GUARD_HTTPS | GUARD_LOOPBACK, what, err);
    if (status < 0)
        return status;
    if (!custom && !target_is_known(text) && !target_is_here(text)) {
        engine_fail(err, ENGINE_EDENIED,
                    "%s is no host of a national cloud, and tokens are sent "
                    "there",
                    what);
        engine_hint(err, "allow it with the option custom_endpoints of the "
                         "scanner azure");
        return ENGINE_EDENIED;
    }
    while (len && text[len - 1] == '/')
        len--;
    if (strcspn(text, "?#") < len ||
        (memchr(strstr(text, "://") + 3, '/',
                len - (size_t)(strstr(text, "://") + 3 - text)) &&
         strstr(what, "authority") == NULL && strstr(what, "AUTH") == NULL))
        return engine_fail(err, ENGINE_EINVAL,
                           "%s is more than https://host:port", what);
    *to = arena_strndup(&out->arena, text, len);
    return *to ? ENGINE_OK : engine_fail_memory(err);
}

static const char *target_env(azure_env_fn env, const char *name)
{
    const char *value = env ? env(name) : getenv(name);

    return value && *value ? value : NULL;
}

static engine_status target_endpoints(const bson_t *target, azure_env_fn env,
                                      bool custom, struct azure_target *out,
                                      engine_error *err)
{
    const char *manager = document_string(target, "endpoints.resource_manager");
    const char *authority = document_string(target, "endpoints.authority");
    const char *graph = document_string(target, "endpoints.graph");
    const char *usual = target_env(env, "AZURE_AUTHORITY_HOST");
    engine_status status = ENGINE_OK;
    char with_scheme[512];

    out->resource_manager = out->audience = out->cloud->resource_manager;
    out->authority = out->cloud->authority;
    out->graph = out->cloud->graph;
    if (!authority && usual && !document_string(target, "cloud")) {
        /* the SDKs take a name without a scheme, too; it is the operator's */
        snprintf(with_scheme, sizeof(with_scheme), "%s%s",
                 strstr(usual, "://") ? "" : "https://", usual);
        status = target_endpoint(out, with_scheme, "AZURE_AUTHORITY_HOST",
                                 true, &out->authority, err);
    }
    if (status == ENGINE_OK && authority)
        status = target_endpoint(out, authority, "endpoints.authority",
                                 custom, &out->authority, err);
    if (status == ENGINE_OK && manager)
        status = target_endpoint(out, manager, "endpoints.resource_manager",
                                 custom, &out->resource_manager, err);
    if (status == ENGINE_OK && graph)
        status = target_endpoint(out, graph, "endpoints.graph", custom,
                                 &out->graph, err);
    return status;
}

engine_status azure_target_read(const bson_t *target, azure_env_fn env,
                                bool custom, struct azure_target *out,
                                engine_error *err)
{
    const char *cloud = document_string(target, "cloud");
    const char *ca_file = document_string(target, "ca_file");
    engine_status status;

    *out = (struct azure_target){0};
    arena_init(&out->arena, TARGET_ARENA);
    out->cloud = azure_cloud_get(cloud ? cloud : "public");
    if (!out->cloud)
        return engine_fail(err, ENGINE_EINVAL,
                           "cloud \"%.60s\" of the target is not public, "
                           "usgov or china",
                           cloud);
    status = target_subscriptions(target, env, out, err);
    if (status == ENGINE_OK)
        status = target_endpoints(target, env, custom, out, err);
    if (status == ENGINE_OK)
        status = azure_identity_read(target, env, &out->arena, &out->identity,
                                     err);
    if (status == ENGINE_OK && out->identity.tenant &&
        !target_is_id(out->identity.tenant))
        status = engine_fail(err, ENGINE_EINVAL, "tenant \"%.100s\" is no id",
                             out->identity.tenant);
    if (status == ENGINE_OK && ca_file) {
        out->ca_file = arena_strdup(&out->arena, ca_file);
        if (!out->ca_file)
            status = engine_fail_memory(err);
    }
    return status;
}
