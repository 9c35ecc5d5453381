/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c - the tenant and its subscriptions. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/azure.h"
#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"

#define SCOPES_LIST "/subscriptions?api-version=2022-12-01"
#define SCOPES_GROUP_VERSION "2020-05-01"

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
    status = value_member_text(arena, &members[0], "tenant", tenant, err);
    if (status == ENGINE_OK)
        status = value_member_text(arena, &members[1], "subscription",
                                   subscription, err);
    if (status == ENGINE_OK)
        status = value_member_text(arena, &members[2], "subscription_name",
                                   name, err);
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

/* the id of an entry of /subscriptions, or of a group's descendants; NULL
 * where it is no subscription, or one that is no more */
static engine_status scopes_entry_id(const struct value *entry, bool grouped,
                                     const char **out, engine_error *err)
{
    const char *id = value_text(
        value_member(entry, grouped ? "name" : "subscriptionId"));
    const char *type = value_text(value_member(entry, "type"));

    *out = NULL;
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
    *out = id;
    return ENGINE_OK;
}

static engine_status scopes_entry(struct azure *azure,
                                  const struct cloud_scope *tenant,
                                  const struct value *entry, engine_error *err)
{
    const bool grouped = azure->target.management_group != NULL;
    const struct value *properties =
        grouped ? value_member(entry, "properties") : entry;
    const char *id = NULL;
    const engine_status status = scopes_entry_id(entry, grouped, &id, err);

    if (status < 0 || !id)
        return status;
    return scopes_subscription(
        azure, tenant, id, value_text(value_member(properties, "displayName")),
        value_text(value_member(entry, "tenantId")), err);
}

/* what the identity sees; with a group: what is below it */
static engine_status scopes_fetch(struct azure *azure, const char *group,
                                  struct arena *arena,
                                  const struct value **out, engine_error *err)
{
    const struct value *answer = NULL;
    char *path = group ? engine_strf("/providers/Microsoft.Management/"
                                     "managementGroups/%s/descendants?"
                                     "api-version=" SCOPES_GROUP_VERSION,
                                     group)
                       : engine_strdup(SCOPES_LIST);
    engine_status status = path ? ENGINE_OK : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = azure_fetch(azure, path, arena, &answer, err);
    *out = status == ENGINE_OK ? value_member(answer, "value") : NULL;
    if (status == ENGINE_OK && (!*out || (*out)->kind != VALUE_ARRAY))
        status = engine_fail(err, ENGINE_EPARSE,
                             "the list of subscriptions is none");
    engine_free(path);
    return status;
}

static engine_status scopes_list(struct azure *azure,
                                 const struct cloud_scope *tenant,
                                 engine_error *err)
{
    const char *group = azure->target.management_group;
    struct arena arena;
    const struct value *list = NULL;
    engine_status status;

    arena_init(&arena, AZURE_BODY_MAXIMUM);
    status = scopes_fetch(azure, group, &arena, &list, err);
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
    return status;
}

/* ---- what Resource Graph would leave out --------------------------------- */

/* Resource Graph answers for what the identity sees, and says nothing of the
 * rest, also when it is asked for it by name. */
struct scopes_sight {
    struct table seen; /* ids in lower case */
    const char *unseen;
    size_t more;       /* unseen ones besides */
};

static void scopes_lower(const char *id, char *out, size_t room)
{
    size_t used = 0;

    for (; id[used] && used + 1 < room; used++)
        out[used] = (char)tolower((unsigned char)id[used]);
    out[used] = '\0';
}

static engine_status scopes_see(struct scopes_sight *sight,
                                const struct value *list, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const char *id = NULL;
        char key[128];

        status = scopes_entry_id(&list->items[i], false, &id, err);
        if (status < 0 || !id)
            continue;
        scopes_lower(id, key, sizeof(key));
        if (table_set(&sight->seen, key, sight) < 0)
            status = engine_fail_memory(err);
    }
    return status;
}

static void scopes_want(struct scopes_sight *sight, const char *id)
{
    char key[128];

    scopes_lower(id, key, sizeof(key));
    if (table_get(&sight->seen, key))
        return;
    if (sight->unseen)
        sight->more++;
    else
        sight->unseen = id;
}

static engine_status scopes_compare(const struct azure_target *target,
                                    const struct value *below,
                                    struct scopes_sight *sight,
                                    engine_error *err)
{
    for (size_t i = 0; !below && target->subscriptions[i]; i++)
        scopes_want(sight, target->subscriptions[i]);
    for (uint32_t i = 0; below && i < below->count; i++) {
        const char *id = NULL;
        const engine_status status =
            scopes_entry_id(&below->items[i], true, &id, err);

        if (status < 0)
            return status;
        if (id)
            scopes_want(sight, id);
    }
    if (!sight->unseen)
        return ENGINE_OK;
    if (sight->more)
        engine_fail(err, ENGINE_EDENIED,
                    "Resource Graph would leave out subscription %.100s and "
                    "%zu more, which the identity does not see",
                    sight->unseen, sight->more);
    else
        engine_fail(err, ENGINE_EDENIED,
                    "Resource Graph would leave out subscription %.100s, "
                    "which the identity does not see",
                    sight->unseen);
    engine_hint(err, "give it the role Reader there, or take the "
                     "subscription out of the target");
    return ENGINE_EDENIED;
}

/* Calls of Resource Graph fail with what this finds; others go on. */
static engine_status scopes_look(struct azure *azure, engine_error *err)
{
    const char *group = azure->target.management_group;
    struct scopes_sight sight = {0};
    const struct value *seen = NULL, *below = NULL;
    engine_error why = {0};
    struct arena arena;
    engine_status status = ENGINE_OK;

    if (!group && !azure->target.subscriptions)
        return ENGINE_OK; /* what it sees is what is wanted */
    arena_init(&arena, AZURE_BODY_MAXIMUM);
    table_init(&sight.seen);
    if (group)
        status = scopes_fetch(azure, group, &arena, &below, &why);
    if (status == ENGINE_OK)
        status = scopes_fetch(azure, NULL, &arena, &seen, &why);
    if (status == ENGINE_OK)
        status = scopes_see(&sight, seen, &why);
    if (status == ENGINE_OK)
        status = scopes_compare(&azure->target, below, &sight, &why);
    table_clear(&sight.seen);
    arena_clear(&arena);
    if (status == ENGINE_ECANCELLED || status == ENGINE_ENOMEM) {
        if (err)
            *err = why;
        return status;
    }
    azure->unseen = why; /* of status ENGINE_OK: nothing */
    return ENGINE_OK;
}

static engine_status scopes_subscriptions(struct azure *azure,
                                          const struct cloud_scope *tenant,
                                          engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (!azure->target.subscriptions)
        return scopes_list(azure, tenant, err);
    for (size_t i = 0; status == ENGINE_OK && azure->target.subscriptions[i];
         i++)
        status = scopes_subscription(azure, tenant,
                                     azure->target.subscriptions[i], NULL,
                                     NULL, err);
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
    if (status == ENGINE_OK && deepest >= AZURE_SUBSCRIPTION)
        status = scopes_subscriptions(azure, tenant, err);
    if (status == ENGINE_OK && azure->asks_graph)
        status = scopes_look(azure, err);
    return status;
}
