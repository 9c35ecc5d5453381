/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c - the tenant and its subscriptions. */
#include <string.h>
#include <strings.h>

#include "plugins/azure/azure.h"
#include "sdk/base/alloc.h"

#define SCOPES_LIST "/subscriptions?api-version=2022-12-01"
#define SCOPES_GROUP_VERSION "2020-05-01"

static engine_status scopes_member(struct arena *arena,
                                   struct value_member *to, const char *key,
                                   const char *text, engine_error *err)
{
    to->key = key;
    to->key_len = (uint32_t)strlen(key);
    to->value = value_null;
    if (!text)
        return ENGINE_OK;
    to->value.kind = VALUE_STRING;
    to->value.count = (uint32_t)strlen(text);
    to->value.text = arena_strdup(arena, text);
    return to->value.text ? ENGINE_OK : engine_fail_memory(err);
}

/* {tenant, subscription, subscription_name} */
static engine_status scopes_value(struct azure *azure, const char *tenant,
                                  const char *subscription, const char *name,
                                  struct value *out, engine_error *err)
{
    struct arena *arena = cloud_arena(azure->cloud);
    struct value_member *members = arena_alloc(arena, 3 * sizeof(*members));
    engine_status status;

    if (!members)
        return engine_fail_memory(err);
    status = scopes_member(arena, &members[0], "tenant", tenant, err);
    if (status == ENGINE_OK)
        status = scopes_member(arena, &members[1], "subscription",
                               subscription, err);
    if (status == ENGINE_OK)
        status = scopes_member(arena, &members[2], "subscription_name", name,
                               err);
    *out = (struct value){.kind = VALUE_OBJECT, .count = 3, .members = members};
    return status;
}

static engine_status scopes_tenant(struct azure *azure,
                                   const struct cloud_scope **out,
                                   engine_error *err)
{
    const char *tenant = azure->target.identity.tenant;
    const char *group = azure->target.management_group;
    struct cloud_scope scope = {
        .level = AZURE_TENANT,
        .name = tenant ? tenant : "tenant",
        .account = tenant ? tenant : "tenant",
    };
    engine_status status =
        scopes_value(azure, tenant, NULL, NULL, &scope.value, err);

    if (status < 0)
        return status;
    scope.label =
        group ? arena_strf(cloud_arena(azure->cloud), "management group %s",
                           group)
              : arena_strf(cloud_arena(azure->cloud), "tenant%s%s",
                           tenant ? " " : "", tenant ? tenant : "");
    if (!scope.label)
        return engine_fail_memory(err);
    return cloud_add_scope(azure->cloud, &scope, out, err);
}

static engine_status scopes_subscription(struct azure *azure,
                                         const struct cloud_scope *tenant,
                                         const char *id, const char *name,
                                         const char *of, engine_error *err)
{
    struct arena *arena = cloud_arena(azure->cloud);
    struct cloud_scope scope = {.parent = tenant,
                                .level = AZURE_SUBSCRIPTION,
                                .name = arena_strdup(arena, id)};
    engine_status status = scopes_value(
        azure, of ? of : azure->target.identity.tenant, id, name, &scope.value,
        err);

    if (status < 0)
        return status;
    scope.label = arena_strf(arena, "subscription %s", id);
    scope.account = scope.name;
    if (!scope.name || !scope.label)
        return engine_fail_memory(err);
    if (azure->subscriptions < AZURE_PROBED)
        azure->probed[azure->subscriptions] = scope.name;
    azure->subscriptions++;
    return cloud_add_scope(azure->cloud, &scope, NULL, err);
}

/* ---- lists of them ------------------------------------------------------- */

static bool scopes_is_text(const struct value *value, const char *text)
{
    const char *own = value_text(value);

    return own && strcasecmp(own, text) == 0;
}

/* an id becomes part of paths: no API gives one that could be another */
static bool scopes_is_id(const char *id)
{
    return id && *id && strlen(id) < 100 &&
           !id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789-_")];
}

/* an entry of /subscriptions, or of a group's descendants */
static engine_status scopes_entry(struct azure *azure,
                                  const struct cloud_scope *tenant,
                                  const struct value *entry, engine_error *err)
{
    const bool grouped = azure->target.management_group != NULL;
    const char *id = value_text(
        value_member(entry, grouped ? "name" : "subscriptionId"));
    const struct value *properties =
        grouped ? value_member(entry, "properties") : entry;
    const char *type = value_text(value_member(entry, "type"));

    if (grouped &&
        (!type ||
         strcasecmp(type, "Microsoft.Management/managementGroups/"
                          "subscriptions") != 0) &&
        (!type || strcasecmp(type, "/subscriptions") != 0))
        return ENGINE_OK; /* a group below it, whose own are listed, too */
    if (scopes_is_text(value_member(entry, "state"), "Deleted"))
        return ENGINE_OK;
    if (!scopes_is_id(id))
        return engine_fail(err, ENGINE_EPARSE,
                           "the list of subscriptions has one without an id");
    return scopes_subscription(
        azure, tenant, id, value_text(value_member(properties, "displayName")),
        value_text(value_member(entry, "tenantId")), err);
}

static engine_status scopes_list(struct azure *azure,
                                 const struct cloud_scope *tenant,
                                 engine_error *err)
{
    const char *group = azure->target.management_group;
    struct arena arena;
    const struct value *answer = NULL, *list;
    char *path = group ? engine_strf("/providers/Microsoft.Management/"
                                     "managementGroups/%s/descendants?"
                                     "api-version=" SCOPES_GROUP_VERSION,
                                     group)
                       : engine_strdup(SCOPES_LIST);
    engine_status status = path ? ENGINE_OK : engine_fail_memory(err);

    arena_init(&arena, AZURE_BODY_MAXIMUM);
    if (status == ENGINE_OK)
        status = azure_fetch(azure, path, &arena, &answer, err);
    list = status == ENGINE_OK ? value_member(answer, "value") : NULL;
    if (status == ENGINE_OK && (!list || list->kind != VALUE_ARRAY))
        status = engine_fail(err, ENGINE_EPARSE,
                             "the list of subscriptions is none");
    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++)
        status = scopes_entry(azure, tenant, &list->items[i], err);
    if (status == ENGINE_OK && !azure->subscriptions) {
        status = engine_fail(err, ENGINE_ENOTFOUND,
                             "the identity sees no subscription%s%s",
                             group ? " of management group " : "",
                             group ? group : "");
        engine_hint(err, "give it the role Reader there");
    }
    arena_clear(&arena);
    engine_free(path);
    return status;
}

engine_status azure_scopes(void *self, unsigned deepest, engine_error *err)
{
    struct azure *azure = self;
    const struct cloud_scope *tenant = NULL;
    const struct secret *token = NULL;
    /* once, before many requests ask for it at the same time */
    engine_status status = azure_credentials_get(
        azure->credentials, azure->arm.resource, false, &token, err);

    if (status == ENGINE_OK)
        status = scopes_tenant(azure, &tenant, err);
    if (status < 0 || deepest < AZURE_SUBSCRIPTION)
        return status;
    if (!azure->target.subscriptions)
        return scopes_list(azure, tenant, err);
    for (size_t i = 0; status == ENGINE_OK && azure->target.subscriptions[i];
         i++)
        status = scopes_subscription(azure, tenant,
                                     azure->target.subscriptions[i], NULL,
                                     NULL, err);
    return status;
}
