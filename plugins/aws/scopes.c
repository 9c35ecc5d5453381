/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c - where rules are evaluated: each account, and its regions. */
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

static void scopes_text(struct value_member *out, const char *key,
                        const char *text)
{
    out->key = key;
    out->key_len = (uint32_t)strlen(key);
    out->value.kind = text ? VALUE_STRING : VALUE_NULL;
    out->value.count = text ? (uint32_t)strlen(text) : 0;
    out->value.text = text;
}

static engine_status scopes_value(struct aws_account *account,
                                  const char *region, struct value *out)
{
    struct value_member *members =
        arena_alloc(cloud_arena(account->aws->cloud), 4 * sizeof(*members));
    uint32_t count = 0;

    if (!members)
        return ENGINE_ENOMEM;
    scopes_text(&members[count++], "account", account->id);
    scopes_text(&members[count++], "partition", account->partition);
    if (region)
        scopes_text(&members[count++], "region", region);
    if (account->name)
        scopes_text(&members[count++], "account_name", account->name);
    *out = (struct value){
        .kind = VALUE_OBJECT, .count = count, .members = members};
    return ENGINE_OK;
}

static engine_status scopes_add(struct aws_account *account,
                                const char *region, const engine_error *why,
                                engine_error *err)
{
    struct arena *arena = cloud_arena(account->aws->cloud);
    struct cloud_scope scope = {
        .parent = region ? account->scope : NULL,
        .level = region ? AWS_LEVEL_REGION : AWS_LEVEL_ACCOUNT,
        .name = region ? region : account->id,
        .account = account->id,
        .region = region,
        .data = account,
        .why = why && why->status < 0 ? why : NULL,
    };

    scope.label = arena_strf(arena, "%s%s%s", account->id, region ? " " : "",
                             region ? region : "");
    if (!scope.label || scopes_value(account, region, &scope.value) < 0)
        return engine_fail_memory(err);
    return cloud_add_scope(account->aws->cloud, &scope,
                           region ? NULL : &account->scope, err);
}

static bool scopes_is_enabled(const struct value *region)
{
    const char *state = value_text(value_member(region, "OptInStatus"));

    return !state || strcmp(state, "not-opted-in") != 0;
}

/* emulators list the regions of all partitions */
static bool scopes_is_ours(const struct aws_account *account, const char *name)
{
    return strcmp(aws_model_partition(account->aws->model, name),
                  account->partition) == 0;
}

/* regions of the target, each of which the account has to have */
static engine_status scopes_listed(struct aws_account *account,
                                   engine_error *err)
{
    const struct value *list = &account->aws->target.regions;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const char *name = value_text(&list->items[i]);
        const struct value *region = aws_account_region(account, name);
        engine_error why = {0};

        if (account->why.status < 0) {
            why = account->why;
        } else if (account->regions.kind == VALUE_ARRAY && !region) {
            engine_fail(&why, ENGINE_EINVAL,
                        "there is no region \"%s\" in partition %s", name,
                        account->partition);
            engine_hint(&why, "see \"regions\" of the target");
        } else if (region && !scopes_is_enabled(region)) {
            engine_fail(&why, ENGINE_EDENIED,
                        "region %s is not enabled in account %s", name,
                        account->id);
            engine_hint(&why, "leave it out of the target's \"regions\", or "
                              "enable it in the account");
        }
        status = scopes_add(account, name, &why, err);
    }
    return status;
}

static engine_status scopes_enabled(struct aws_account *account,
                                    engine_error *err)
{
    const struct value *list = &account->regions;
    uint32_t count = list->kind == VALUE_ARRAY ? list->count : 0, found = 0;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; account->why.status == ENGINE_OK &&
                         status == ENGINE_OK && i < count;
         i++) {
        const char *name =
            value_text(value_member(&list->items[i], "RegionName"));

        if (!name || !scopes_is_enabled(&list->items[i]) ||
            !scopes_is_ours(account, name))
            continue;
        status = scopes_add(account, name, NULL, err);
        found++;
    }
    if (found || status < 0)
        return status;
    /* an account that nothing is asked about must not go unnoticed */
    if (account->why.status == ENGINE_OK) {
        account->why.status = engine_fail(
            &account->why, ENGINE_EIO,
            "ec2:DescribeRegions names no enabled region of partition %s in "
            "account %s",
            account->partition, account->id);
        engine_hint(&account->why, "list the regions in the target");
    }
    return scopes_add(account, account->home, &account->why, err);
}

static engine_status scopes_of(struct aws_account *account, unsigned deepest,
                               const engine_error *why, engine_error *err)
{
    engine_status status = scopes_add(account, NULL, why, err);

    if (status < 0 || deepest < AWS_LEVEL_REGION)
        return status;
    return account->aws->target.regions.kind == VALUE_ARRAY
               ? scopes_listed(account, err)
               : scopes_enabled(account, err);
}

engine_status aws_scopes(void *self, unsigned deepest, engine_error *err)
{
    struct aws *aws = self;
    engine_error *whys = NULL;
    engine_status status = aws_accounts(aws, err);

    if (status < 0)
        return status;
    /* an account whose regions cannot be listed can still be asked itself */
    whys = engine_calloc(aws->count, sizeof(*whys));
    if (!whys)
        return engine_fail_memory(err);
    for (size_t i = 0; i < aws->count; i++)
        whys[i] = aws->accounts[i]->why;
    if (deepest >= AWS_LEVEL_REGION)
        status = aws_regions(aws, err);
    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++)
        status = scopes_of(aws->accounts[i], deepest, &whys[i], err);
    engine_free(whys);
    return status;
}
