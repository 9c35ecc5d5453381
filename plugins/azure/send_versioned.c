/* SPDX-License-Identifier: Apache-2.0 */
/* send_versioned.c - calls without an API version wait for the list of those
 * that there are. */
#include <stdio.h>
#include <string.h>

#include "plugins/azure/azure.h"
#include "sdk/base/alloc.h"

static bool versioned_find(struct azure_call *call)
{
    char type[512];
    const char *found;

    azure_request_type(call->path, type, sizeof(type));
    found = azure_versions_get(&call->azure->versions, type);
    call->version = found ? engine_strdup(found) : NULL;
    return call->version != NULL;
}

static void versioned_send(struct azure_call *call)
{
    engine_error err = {0};
    char type[512];

    if (versioned_find(call)) {
        azure_send_request(call);
        return;
    }
    azure_request_type(call->path, type, sizeof(type));
    engine_fail(&err, ENGINE_EINVAL,
                "%.300s: no resource provider has the type \"%.200s\"",
                call->path, type);
    engine_hint(&err, "look at the request, or give api_version");
    call->end(call, NULL, "InvalidResourceType", &err);
}

static void versioned_ask(struct azure *azure);

/* Calls that asked through the same subscription have the same fate. */
static void versioned_ended(struct azure_call *asked, const struct value *value,
                            const char *code, const engine_error *why)
{
    struct azure *azure = asked->azure;
    struct azure_call *waiting = azure->waiting;
    engine_error err = {0};

    (void)code; /* of another question than that of the calls which wait */
    azure->waiting = NULL;
    azure->asking = false;
    if (value && azure_versions_read(&azure->versions, value, &err) < 0) {
        value = NULL;
        why = &err;
    }
    while (waiting) {
        struct azure_call *call = waiting;

        waiting = call->next;
        call->next = NULL;
        if (value) {
            versioned_send(call);
        } else if (strcmp(call->bucket, asked->bucket) == 0 ||
                   why->status == ENGINE_ECANCELLED) {
            call->end(call, NULL, NULL, why);
        } else {
            call->next = azure->waiting;
            azure->waiting = call;
        }
    }
    azure_call_free(asked);
    if (azure->waiting && !azure->asking)
        versioned_ask(azure);
}

/* by the subscription of the first call that waits */
static void versioned_ask(struct azure *azure)
{
    const struct azure_call *first = azure->waiting;
    struct azure_call *call = azure_call_new(azure);
    const bool known = first->bucket[0] && !first->query;
    engine_error err = {0};

    if (call) {
        snprintf(call->bucket, sizeof(call->bucket), "%s", first->bucket);
        call->path =
            known ? engine_strf("/subscriptions/%s/providers", first->bucket)
                  : engine_strdup("/providers");
        call->version = engine_strdup(AZURE_PROVIDERS_VERSION);
        call->arena = &azure->versions.arena;
        call->end = versioned_ended;
        azure_pager_init(&call->pager, azure->target.resource_manager, false,
                         call->arena);
    }
    azure->asking = true;
    if (call && call->path && call->version) {
        azure_send_request(call);
        return;
    }
    azure_call_free(call);
    azure->asking = false;
    engine_fail_memory(&err);
    while (azure->waiting) {
        call = azure->waiting;
        azure->waiting = call->next;
        call->end(call, NULL, NULL, &err);
    }
}

void azure_send_versioned(struct azure_call *call)
{
    struct azure *azure = call->azure;

    if (azure->versions.loaded) {
        versioned_send(call);
        return;
    }
    call->next = azure->waiting;
    azure->waiting = call;
    if (!azure->asking)
        versioned_ask(azure);
}
