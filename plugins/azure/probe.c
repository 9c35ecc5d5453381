/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - can the subscriptions be reached, and may we read them. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/azure/azure.h"
#include "sdk/base/alloc.h"

/* Is "*" + "/read" granted? Patterns are "*", "*" + "/read" or narrower ones;
 * what is narrower is not enough for all rules. */
static bool probe_has(const struct value *list, const char *action)
{
    for (uint32_t i = 0; list && list->kind == VALUE_ARRAY && i < list->count;
         i++) {
        const char *pattern = value_text(&list->items[i]);

        if (pattern && (strcmp(pattern, "*") == 0 ||
                        strcasecmp(pattern, action) == 0))
            return true;
    }
    return false;
}

/* (Azure REST API, "Permissions - List For Resource Group" and its like at a
 * subscription) */
static engine_status probe_reads(struct azure *azure, const char *id,
                                 bool *reads, engine_error *err)
{
    struct arena arena;
    const struct value *answer = NULL, *list;
    char *path = engine_strf("/subscriptions/%s/providers/Microsoft."
                             "Authorization/permissions?api-version=2022-04-01",
                             id);
    engine_status status = path ? ENGINE_OK : engine_fail_memory(err);

    arena_init(&arena, (size_t)32 * 1024 * 1024);
    if (status == ENGINE_OK)
        status = azure_fetch(azure, path, &arena, &answer, err);
    list = status == ENGINE_OK ? value_member(answer, "value") : NULL;
    *reads = false;
    for (uint32_t i = 0; list && list->kind == VALUE_ARRAY && i < list->count;
         i++)
        *reads |= probe_has(value_member(&list->items[i], "actions"),
                            "*/read") &&
                  !probe_has(value_member(&list->items[i], "notActions"),
                             "*/read");
    arena_clear(&arena);
    engine_free(path);
    return status;
}

static engine_status probe_subscription(struct azure *azure, const char *id,
                                        bson_t *missing, uint32_t *count,
                                        engine_error *err)
{
    bool reads = false;
    engine_error why = {0};
    char key[16], text[1400];
    const engine_status status = probe_reads(azure, id, &reads, &why);

    if (status == ENGINE_ECANCELLED || status == ENGINE_ENOMEM) {
        if (err)
            *err = why;
        return status;
    }
    if (status == ENGINE_OK && reads)
        return ENGINE_OK;
    if (status == ENGINE_OK)
        snprintf(text, sizeof(text), "*/read on /subscriptions/%s (the role "
                                     "Reader has it)",
                 id);
    else
        snprintf(text, sizeof(text), "subscription %s: %s", id, why.message);
    snprintf(key, sizeof(key), "%u", (*count)++);
    bson_append_utf8(missing, key, -1, text, -1);
    return ENGINE_OK;
}

engine_status azure_probe(void *self, bson_t *out, engine_error *err)
{
    struct azure *azure = self;
    const char *source = azure_credentials_source(azure->credentials);
    engine_status status = ENGINE_OK;
    uint32_t count = 0;
    bson_t list;

    bson_append_bool(out, "reachable", -1, true);
    if (source)
        bson_append_utf8(out, "credentials", -1, source, -1);
    bson_append_utf8(out, "version", -1, azure->target.cloud->name, -1);
    bson_append_array_begin(out, "platforms", -1, &list);
    bson_append_array_end(out, &list);
    bson_append_array_begin(out, "missing", -1, &list);
    for (size_t i = 0; status == ENGINE_OK && i < AZURE_PROBED &&
                       i < azure->subscriptions;
         i++)
        status = probe_subscription(azure, azure->probed[i], &list, &count,
                                    err);
    bson_append_array_end(out, &list);
    return status;
}
