/* SPDX-License-Identifier: Apache-2.0 */
/* accounts.c - the accounts of a target, and the keys of each. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/alloc.h"

/* ---- one of them --------------------------------------------------------------- */

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

/* ---- keys ---------------------------------------------------------------------- */

/* All at once; an account that has none is an error of its own. */
static engine_status accounts_keys(struct aws *aws, engine_error *err)
{
    struct aws_credentials **list = engine_calloc(aws->count, sizeof(*list));
    engine_error *whys = engine_calloc(aws->count, sizeof(*whys));
    engine_status status = list && whys ? ENGINE_OK : engine_fail_memory(err);

    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++)
        list[i] = aws->accounts[i]->credentials;
    if (status == ENGINE_OK)
        status = aws_credentials_get_all(list, aws->count, whys, err);
    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++) {
        struct aws_account *account = aws->accounts[i];
        const struct aws_keys *keys;

        account->why = whys[i];
        if (whys[i].status == ENGINE_OK)
            account->why.status = aws_credentials_get(
                account->credentials, false, &keys, &account->why);
        if (account->why.status == ENGINE_ENOMEM ||
            account->why.status == ENGINE_ECANCELLED ||
            (account->why.status < 0 && aws->count == 1))
            status = account->why.status;
        if (status < 0 && err)
            *err = account->why;
    }
    engine_free(list);
    engine_free(whys);
    return status;
}

/* ---- all of them ----------------------------------------------------------------- */

engine_status aws_accounts(struct aws *aws, engine_error *err)
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
