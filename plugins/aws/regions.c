/* SPDX-License-Identifier: Apache-2.0 */
/* regions.c - the regions of each account, of all accounts at once. */
#include <string.h>

#include "plugins/aws/aws.h"
#include "sdk/base/log.h"

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

engine_status aws_regions(struct aws *aws, engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < aws->count; i++)
        if (aws->accounts[i]->why.status == ENGINE_OK)
            status = regions_begin(aws->accounts[i], err);
    return status < 0 ? status : http_run(cloud_http(aws->cloud), err);
}

const struct value *aws_account_region(const struct aws_account *account,
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
