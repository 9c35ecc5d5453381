/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - which accounts and regions a target has, and what is in the way. */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/aws.h"

static void probe_missing(const struct aws *aws, bson_t *out)
{
    bson_t list;
    char key[24];
    uint32_t count = 0;

    BSON_APPEND_ARRAY_BEGIN(out, "missing", &list);
    for (size_t i = 0; i < aws->count; i++) {
        const struct aws_account *account = aws->accounts[i];

        if (account->why.status == ENGINE_OK)
            continue;
        snprintf(key, sizeof(key), "%u", count++);
        BSON_APPEND_UTF8(&list, key, account->why.message);
    }
    bson_append_array_end(out, &list);
}

static uint32_t probe_regions(const struct aws_account *account, bson_t *out)
{
    const struct value *list = &account->regions;
    bson_t names;
    char key[24];
    uint32_t count = 0;

    BSON_APPEND_ARRAY_BEGIN(out, "regions", &names);
    for (uint32_t i = 0; list->kind == VALUE_ARRAY && i < list->count; i++) {
        const char *name =
            value_text(value_member(&list->items[i], "RegionName"));
        const char *state =
            value_text(value_member(&list->items[i], "OptInStatus"));

        if (!name || (state && strcmp(state, "not-opted-in") == 0))
            continue;
        snprintf(key, sizeof(key), "%u", count++);
        BSON_APPEND_UTF8(&names, key, name);
    }
    bson_append_array_end(out, &names);
    return count;
}

static void probe_accounts(const struct aws *aws, bson_t *out)
{
    bson_t list, one;
    char key[24];

    BSON_APPEND_ARRAY_BEGIN(out, "accounts", &list);
    for (size_t i = 0; i < aws->count; i++) {
        const struct aws_account *account = aws->accounts[i];

        snprintf(key, sizeof(key), "%zu", i);
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &one);
        BSON_APPEND_UTF8(&one, "account", account->id);
        BSON_APPEND_UTF8(&one, "partition", account->partition);
        if (account->name)
            BSON_APPEND_UTF8(&one, "name", account->name);
        BSON_APPEND_UTF8(&one, "credentials",
                         aws_credentials_source(account->credentials));
        probe_regions(account, &one);
        bson_append_document_end(&list, &one);
    }
    bson_append_array_end(out, &list);
}

engine_status aws_probe(void *self, bson_t *out, engine_error *err)
{
    const struct aws *aws = self;
    bson_t platforms = BSON_INITIALIZER;
    char version[160];

    (void)err;
    snprintf(version, sizeof(version), "AWS, %zu account%s, the first %s",
             aws->count, aws->count == 1 ? "" : "s", aws->accounts[0]->id);
    BSON_APPEND_BOOL(out, "reachable", true);
    BSON_APPEND_ARRAY(out, "platforms", &platforms);
    BSON_APPEND_UTF8(out, "version", version);
    probe_missing(aws, out);
    probe_accounts(aws, out);
    bson_destroy(&platforms);
    return ENGINE_OK;
}
