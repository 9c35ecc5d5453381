/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - what a target of type aws_account says, checked. */
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/kit/cloud/guard.h"

struct target_key {
    const char *name;
    uint8_t kind;     /* enum value_kind; VALUE_NULL: anything */
    size_t offset;    /* of a const char * in struct aws_target; 0: none */
};

#define TARGET_TEXT(key, member)                                          \
    {key, VALUE_STRING, offsetof(struct aws_target, member)}

static const struct target_key target_keys[] = {
    TARGET_TEXT("profile", profile),
    TARGET_TEXT("role", role),
    TARGET_TEXT("external_id", external_id),
    TARGET_TEXT("role_session_name", session_name),
    TARGET_TEXT("endpoint_url", endpoint),
    {"accounts", VALUE_ARRAY, 0},
    {"exclude_accounts", VALUE_ARRAY, 0},
    {"organization", VALUE_BOOL, 0},
    {"regions", VALUE_NULL, 0},
    /* the engine's own */
    {"id", VALUE_NULL, 0},
    {"type", VALUE_NULL, 0},
    {"name", VALUE_NULL, 0},
    {"description", VALUE_NULL, 0},
    {"environment", VALUE_NULL, 0},
    {"labels", VALUE_NULL, 0},
    {"tags", VALUE_NULL, 0},
};

static const struct target_key *target_key_find(const char *name)
{
    for (size_t i = 0; i < sizeof(target_keys) / sizeof(*target_keys); i++)
        if (strcmp(name, target_keys[i].name) == 0)
            return &target_keys[i];
    return NULL;
}

static engine_status target_take(const struct value_member *member,
                                 struct aws_target *out, engine_error *err)
{
    const struct target_key *key = target_key_find(member->key);
    const struct value *value = &member->value;

    if (!key) {
        engine_fail(err, ENGINE_EINVAL, "target: there is no \"%.100s\"",
                    member->key);
        engine_hint(err, "there are profile, role, accounts, organization, "
                         "exclude_accounts, external_id, role_session_name, "
                         "regions and endpoint_url");
        return ENGINE_EINVAL;
    }
    if (key->kind != VALUE_NULL && value->kind != key->kind)
        return engine_fail(err, ENGINE_EINVAL, "target: \"%s\" has to be a %s",
                           key->name,
                           key->kind == VALUE_STRING  ? "text"
                           : key->kind == VALUE_ARRAY ? "list"
                                                      : "boolean");
    if (key->kind == VALUE_STRING && !value->count)
        return engine_fail(err, ENGINE_EINVAL, "target: \"%s\" is empty",
                           key->name);
    if (key->kind == VALUE_STRING)
        memcpy((char *)out + key->offset, &value->text, sizeof(value->text));
    return ENGINE_OK;
}

/* ---- lists ----------------------------------------------------------------- */

static bool target_is_account(const struct value *value)
{
    const char *text = value_text(value);

    return text && value->count == 12 && strspn(text, "0123456789") == 12;
}

static engine_status target_check_account(const struct value *item,
                                          const struct aws_target *target,
                                          engine_error *err)
{
    const struct value *account = item, *role = NULL;

    if (item->kind == VALUE_OBJECT) {
        account = value_member(item, "account");
        role = value_member(item, "role");
    }
    if (!account || !target_is_account(account)) {
        engine_fail(err, ENGINE_EINVAL,
                    "target: \"accounts\" holds what is no account id");
        engine_hint(err, "account ids are texts of twelve digits, in quotes: "
                         "\"123456789012\", or {account: \"123456789012\", "
                         "role: NAME, external_id: ID}");
        return ENGINE_EINVAL;
    }
    if (!value_text(role) && !target->role)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"accounts\" needs \"role\", the name of "
                           "the role to assume in each of them");
    return ENGINE_OK;
}

static engine_status target_check_accounts(const struct aws_target *target,
                                           engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; status == ENGINE_OK && i < target->accounts.count; i++)
        status = target_check_account(&target->accounts.items[i], target, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < target->exclude.count; i++)
        if (!target_is_account(&target->exclude.items[i]))
            status = engine_fail(err, ENGINE_EINVAL,
                                 "target: \"exclude_accounts\" holds what is "
                                 "no account id of twelve digits, in quotes");
    return status;
}

static engine_status target_check_regions(struct aws_target *target,
                                          engine_error *err)
{
    const struct value *list = &target->regions;
    const char *all = value_text(list);

    if (list->kind == VALUE_NULL || (all && strcmp(all, "all") == 0)) {
        target->regions = value_null;
        return ENGINE_OK;
    }
    if (list->kind != VALUE_ARRAY || !list->count)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"regions\" has to be \"all\" or a list "
                           "of names");
    for (uint32_t i = 0; i < list->count; i++) {
        const char *name = value_text(&list->items[i]);

        if (!name || !*name ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
                list->items[i].count)
            return engine_fail(err, ENGINE_EINVAL,
                               "target: \"regions\" holds \"%.60s\", which is "
                               "no name of a region",
                               name ? name : value_kind_name(&list->items[i]));
    }
    return ENGINE_OK;
}

/* ---- the whole ------------------------------------------------------------- */

static engine_status target_check(struct aws_target *target, engine_error *err)
{
    const bool many =
        target->organization || target->accounts.kind == VALUE_ARRAY;
    engine_status status;

    if (target->organization && target->accounts.kind == VALUE_ARRAY)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: either \"accounts\" or \"organization\"");
    if (target->organization && !target->role)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"organization\" needs \"role\", the name "
                           "of the role to assume in each account");
    if (many && target->role && strncmp(target->role, "arn:", 4) == 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: with \"accounts\" and \"organization\" "
                           "\"role\" is a name, not an ARN");
    if (!many && target->role && strncmp(target->role, "arn:", 4) != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"role\" has to be an ARN "
                           "(arn:aws:iam::ACCOUNT:role/NAME), or a name with "
                           "\"accounts\" or \"organization\"");
    if (!many && target->external_id && !target->role)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"external_id\" without a \"role\"");
    if (target->exclude.count && !many)
        return engine_fail(err, ENGINE_EINVAL,
                           "target: \"exclude_accounts\" without "
                           "\"organization\"");
    status = target_check_accounts(target, err);
    if (status == ENGINE_OK)
        status = target_check_regions(target, err);
    if (status == ENGINE_OK && target->endpoint)
        status = guard_url(target->endpoint, GUARD_HTTPS | GUARD_LOOPBACK,
                           "the target's endpoint_url", err);
    return status;
}

static void target_member(const struct value *object, const char *key,
                          struct value *out)
{
    const struct value *value = value_member(object, key);

    *out = value ? *value : value_null;
}

engine_status aws_target_read(struct cloud *cloud, struct aws_target *out,
                              engine_error *err)
{
    bson_t outer = BSON_INITIALIZER;
    struct value root = value_null, flag;
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    bson_append_document(&outer, "t", 1, cloud_target(cloud));
    if (bson_iter_init_find(&iter, &outer, "t"))
        status = value_from_bson(&iter, cloud_arena(cloud), &root, err);
    bson_destroy(&outer);
    *out = (struct aws_target){0};
    for (uint32_t i = 0; status == ENGINE_OK && root.kind == VALUE_OBJECT &&
                         i < root.count;
         i++)
        if (root.members[i].value.kind != VALUE_NULL)
            status = target_take(&root.members[i], out, err);
    if (status < 0)
        return status;
    target_member(&root, "accounts", &out->accounts);
    target_member(&root, "exclude_accounts", &out->exclude);
    target_member(&root, "regions", &out->regions);
    target_member(&root, "organization", &flag);
    out->organization = flag.kind == VALUE_BOOL && flag.boolean;
    return target_check(out, err);
}
