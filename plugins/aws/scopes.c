/* SPDX-License-Identifier: Apache-2.0 */
/* scopes.c - the accounts of a target, and the regions of each. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"
#include "sdk/base/log.h"

/* ---- accounts ---------------------------------------------------------------- */

void aws_accounts_free(struct aws *aws)
{
    for (size_t i = 0; i < aws->count; i++) {
        if (aws->accounts[i]->owned)
            aws_credentials_free(aws->accounts[i]->credentials);
        engine_free(aws->accounts[i]);
    }
    aws->count = 0;
}

const char *aws_home(struct aws *aws, const char *partition)
{
    const char *region = aws_credentials_region(aws->base);
    const struct value *regions = &aws->target.regions;

    if (region &&
        strcmp(aws_model_partition(aws->model, region), partition) == 0)
        return region;
    if (regions->kind == VALUE_ARRAY && regions->count)
        return value_text(&regions->items[0]);
    if (strcmp(partition, "aws-cn") == 0)
        return "cn-north-1";
    if (strcmp(partition, "aws-us-gov") == 0)
        return "us-gov-west-1";
    if (strcmp(partition, "aws") == 0 ||
        !aws_model_regions(aws->model, partition)[0])
        return "us-east-1";
    return aws_model_regions(aws->model, partition)[0];
}

/* credentials NULL: the base's own */
static engine_status accounts_add(struct aws *aws, const char *id,
                                  const char *partition, const char *name,
                                  struct aws_credentials *credentials,
                                  struct aws_account **out, engine_error *err)
{
    struct arena *arena = cloud_arena(aws->cloud);
    struct aws_account *account;

    if (aws->count == AWS_ACCOUNTS)
        return engine_fail(err, ENGINE_ELIMIT,
                           "the target has more than %d accounts",
                           AWS_ACCOUNTS);
    account = engine_calloc(1, sizeof(*account));
    if (!account)
        return engine_fail_memory(err);
    account->aws = aws;
    account->id = arena_strdup(arena, id);
    account->partition = arena_strdup(arena, partition);
    account->name = name ? arena_strdup(arena, name) : NULL;
    account->home = aws_home(aws, partition);
    account->credentials = credentials ? credentials : aws->base;
    if (!account->id || !account->partition || (name && !account->name)) {
        engine_free(account);
        return engine_fail_memory(err);
    }
    aws->accounts[aws->count++] = account;
    account->owned = credentials != NULL;
    *out = account;
    return ENGINE_OK;
}

/* one of the fields between colons of an ARN, in the arena */
static const char *accounts_field(struct arena *arena, const char *arn,
                                  unsigned field)
{
    while (field-- && *arn) {
        arn += strcspn(arn, ":");
        arn += *arn == ':';
    }
    return arena_strndup(arena, arn, strcspn(arn, ":"));
}

/* Who the base credentials are: {Account, Arn}. */
static engine_status accounts_identity(struct aws *aws, const char **id,
                                       const char **partition,
                                       engine_error *err)
{
    struct arena *arena = cloud_arena(aws->cloud);
    struct aws_account asking = {.aws = aws,
                                 .id = "",
                                 .partition = "aws",
                                 .credentials = aws->base};
    struct aws_call *call = NULL;
    struct value answer = value_null;
    const char *region = aws_credentials_region(aws->base);
    engine_status status;

    asking.home = region ? region : aws_home(aws, "aws");
    status = aws_call_new(aws, &asking, asking.home, "sts",
                          "GetCallerIdentity", NULL, &call, err);
    if (status == ENGINE_OK)
        status = aws_call_now(call, arena, &answer, err);
    aws_call_free(call);
    if (status < 0)
        return status;
    *id = value_text(value_member(&answer, "Account"));
    aws->arn = value_text(value_member(&answer, "Arn"));
    if (!*id || !aws->arn)
        return engine_fail(err, ENGINE_EPARSE,
                           "sts:GetCallerIdentity names no account");
    *partition = accounts_field(arena, aws->arn, 1);
    return *partition ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status accounts_assume(struct aws *aws, const char *arn,
                                     const char *external_id,
                                     struct aws_credentials **out,
                                     engine_error *err)
{
    const struct aws_role role = {
        .arn = arn,
        .external_id = external_id,
        .session_name = aws->target.session_name,
    };

    return aws_credentials_assume(aws->base, &role, out, err);
}

/* the one account that the credentials, or the role, are of */
static engine_status accounts_single(struct aws *aws, engine_error *err)
{
    struct arena *arena = cloud_arena(aws->cloud);
    const char *role = aws->target.role, *id, *partition;
    struct aws_credentials *credentials = NULL;
    struct aws_account *account;
    engine_status status;

    if (!role) {
        status = accounts_identity(aws, &id, &partition, err);
    } else {
        id = accounts_field(arena, role, 4);
        partition = accounts_field(arena, role, 1);
        if (!id || !partition)
            return engine_fail_memory(err);
        status = accounts_assume(aws, role, aws->target.external_id,
                                 &credentials, err);
    }
    if (status < 0)
        return status;
    status = accounts_add(aws, id, partition, NULL, credentials, &account,
                          err);
    if (status < 0)
        aws_credentials_free(credentials);
    return status;
}

/* ---- many of them --------------------------------------------------------------- */

static bool accounts_is_excluded(const struct aws *aws, const char *id)
{
    const struct value *list = &aws->target.exclude;

    for (uint32_t i = 0; list->kind == VALUE_ARRAY && i < list->count; i++)
        if (strcmp(value_text(&list->items[i]), id) == 0)
            return true;
    return false;
}

static bool accounts_has(const struct aws *aws, const char *id)
{
    for (size_t i = 0; i < aws->count; i++)
        if (strcmp(aws->accounts[i]->id, id) == 0)
            return true;
    return false;
}

/* what is said of one of many */
struct accounts_one {
    const char *id, *name, *role, *external_id;
};

/* In the account that asks no role is assumed. */
static engine_status accounts_add_one(struct aws *aws,
                                      const struct accounts_one *one,
                                      const char *own, const char *partition,
                                      engine_error *err)
{
    struct aws_credentials *credentials = NULL;
    struct aws_account *account;
    engine_status status = ENGINE_OK;
    char *arn;

    if (accounts_is_excluded(aws, one->id) || accounts_has(aws, one->id))
        return ENGINE_OK;
    if (strcmp(one->id, own) != 0) {
        arn = strncmp(one->role, "arn:", 4) == 0
                  ? engine_strdup(one->role)
                  : engine_strf("arn:%s:iam::%s:role/%s", partition, one->id,
                                one->role + (one->role[0] == '/'));
        if (!arn)
            return engine_fail_memory(err);
        status =
            accounts_assume(aws, arn, one->external_id, &credentials, err);
        engine_free(arn);
    }
    if (status < 0)
        return status;
    status = accounts_add(aws, one->id, partition, one->name, credentials,
                          &account, err);
    if (status < 0)
        aws_credentials_free(credentials);
    return status;
}

static engine_status accounts_listed(struct aws *aws, engine_error *err)
{
    const struct value *list = &aws->target.accounts;
    const char *own = NULL, *partition = NULL;
    engine_status status = accounts_identity(aws, &own, &partition, err);

    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const struct value *item = &list->items[i];
        struct accounts_one one = {.id = value_text(item),
                                   .role = aws->target.role,
                                   .external_id = aws->target.external_id};

        if (item->kind == VALUE_OBJECT) {
            const char *role = value_text(value_member(item, "role"));
            const char *external =
                value_text(value_member(item, "external_id"));

            one.id = value_text(value_member(item, "account"));
            one.role = role ? role : one.role;
            one.external_id = external ? external : one.external_id;
        }
        status = accounts_add_one(aws, &one, own, partition, err);
    }
    return status;
}

static engine_status accounts_ask_organization(struct aws *aws,
                                               const char *own,
                                               const char *partition,
                                               struct value *out,
                                               engine_error *err)
{
    struct aws_account asking = {.aws = aws,
                                 .id = own,
                                 .partition = partition,
                                 .home = aws_home(aws, partition),
                                 .credentials = aws->base};
    struct aws_call *call = NULL;
    engine_status status =
        aws_call_new(aws, &asking, asking.home, "organizations",
                     "ListAccounts", NULL, &call, err);

    if (status == ENGINE_OK)
        status = aws_call_now(call, cloud_arena(aws->cloud), out, err);
    aws_call_free(call);
    if (status == ENGINE_EDENIED)
        engine_hint(err, "an organization is listed by its management account "
                         "or a delegated administrator, with "
                         "organizations:ListAccounts; or list the accounts in "
                         "the target");
    return status;
}

static engine_status accounts_organization(struct aws *aws, engine_error *err)
{
    const char *own = NULL, *partition = NULL;
    struct value answer = value_null;
    const struct value *list;
    engine_status status = accounts_identity(aws, &own, &partition, err);

    if (status == ENGINE_OK)
        status = accounts_ask_organization(aws, own, partition, &answer, err);
    list = value_member(&answer, "Accounts");
    for (uint32_t i = 0; status == ENGINE_OK && list &&
                         list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const struct value *item = &list->items[i];
        const char *state = value_text(value_member(item, "Status"));
        const struct accounts_one one = {
            .id = value_text(value_member(item, "Id")),
            .name = value_text(value_member(item, "Name")),
            .role = aws->target.role,
            .external_id = aws->target.external_id};

        if (one.id && (!state || strcmp(state, "ACTIVE") == 0))
            status = accounts_add_one(aws, &one, own, partition, err);
    }
    return status;
}

/* Keys of each: one that has none is an error of its own. */
static engine_status accounts_keys(struct aws *aws, engine_error *err)
{
    for (size_t i = 0; i < aws->count; i++) {
        struct aws_account *account = aws->accounts[i];
        const struct aws_keys *keys;

        account->why.status = aws_credentials_get(account->credentials, false,
                                                  &keys, &account->why);
        if (account->why.status == ENGINE_ENOMEM ||
            account->why.status == ENGINE_ECANCELLED ||
            (account->why.status < 0 && aws->count == 1)) {
            *err = account->why;
            return err->status;
        }
    }
    return ENGINE_OK;
}

/* ---- regions ------------------------------------------------------------------- */

static void regions_ended(struct aws_call *call, const struct value *answer,
                          const char *code, const engine_error *why)
{
    struct aws_account *account = call->account;
    const struct value *list =
        answer ? value_member(answer, "Regions") : NULL;

    (void)code;
    if (list && list->kind == VALUE_ARRAY)
        account->regions = *list;
    else if (why)
        cloud_log(account->aws->cloud, LOG_LEVEL_WARNING, "%s", why->message);
    if (why && account->aws->target.regions.kind == VALUE_NULL)
        account->why = *why;
    aws_call_free(call);
}

static engine_status regions_begin(struct aws_account *account,
                                   engine_error *err)
{
    static const struct value_member all = {
        .key = "AllRegions", .key_len = 10,
        .value = {.kind = VALUE_BOOL, .boolean = true}};
    const struct value parameters = {
        .kind = VALUE_OBJECT, .count = 1, .members = &all};
    struct aws_call *call;
    engine_status status =
        aws_call_new(account->aws, account, account->home, "ec2",
                     "DescribeRegions", &parameters, &call, err);

    if (status < 0)
        return status;
    call->arena = cloud_arena(account->aws->cloud);
    call->ended = regions_ended;
    status = aws_call_start(call, err);
    if (status < 0)
        aws_call_free(call);
    return status;
}

static engine_status regions_ask(struct aws *aws, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++)
        if (aws->accounts[i]->why.status == ENGINE_OK)
            status = regions_begin(aws->accounts[i], err);
    return status < 0 ? status : http_run(cloud_http(aws->cloud), err);
}

/* ---- scopes -------------------------------------------------------------------- */

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

static const struct value *scopes_region(const struct aws_account *account,
                                         const char *name)
{
    const struct value *list = &account->regions;

    for (uint32_t i = 0; list->kind == VALUE_ARRAY && i < list->count; i++) {
        const char *text =
            value_text(value_member(&list->items[i], "RegionName"));

        if (text && strcmp(text, name) == 0)
            return &list->items[i];
    }
    return NULL;
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
        const struct value *region = scopes_region(account, name);
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
    engine_status status = ENGINE_OK;

    if (account->why.status < 0)
        return scopes_add(account, account->home, &account->why, err);
    for (uint32_t i = 0; status == ENGINE_OK && i < list->count; i++) {
        const char *name =
            value_text(value_member(&list->items[i], "RegionName"));

        if (name && scopes_is_enabled(&list->items[i]) &&
            scopes_is_ours(account, name))
            status = scopes_add(account, name, NULL, err);
    }
    return status;
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

static engine_status scopes_accounts(struct aws *aws, engine_error *err)
{
    engine_status status;

    if (aws->target.organization)
        status = accounts_organization(aws, err);
    else if (aws->target.accounts.kind == VALUE_ARRAY)
        status = accounts_listed(aws, err);
    else
        status = accounts_single(aws, err);
    if (status == ENGINE_OK && !aws->count)
        return engine_fail(err, ENGINE_EINVAL,
                           "the target has no active account that is not "
                           "excluded");
    return status < 0 ? status : accounts_keys(aws, err);
}

engine_status aws_scopes(void *self, unsigned deepest, engine_error *err)
{
    struct aws *aws = self;
    engine_error *whys = NULL;
    engine_status status = scopes_accounts(aws, err);

    if (status < 0)
        return status;
    /* an account whose regions cannot be listed can still be asked itself */
    whys = engine_calloc(aws->count, sizeof(*whys));
    if (!whys)
        return engine_fail_memory(err);
    for (size_t i = 0; i < aws->count; i++)
        whys[i] = aws->accounts[i]->why;
    if (deepest >= AWS_LEVEL_REGION)
        status = regions_ask(aws, err);
    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++)
        status = scopes_of(aws->accounts[i], deepest, &whys[i], err);
    engine_free(whys);
    return status;
}
