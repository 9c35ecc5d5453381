/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - what a target of type azure_subscription says: which
 * subscriptions, in which cloud and tenant, as whom.
 *
 *   {subscription: ID | subscriptions: [ID, ..] | "all" | management_group: ID,
 *    tenant: ID, cloud: public | usgov | china, credentials: {...},
 *    endpoints: {resource_manager, authority, graph}, ca_file}
 */
#ifndef PLUGINS_AZURE_TARGET_H
#define PLUGINS_AZURE_TARGET_H

#include <bson/bson.h>

#include "plugins/azure/identity.h"
#include "plugins/azure/request.h"
#include "sdk/base/arena.h"

struct azure_target {
    struct arena arena;           /* of all texts */
    const char **subscriptions;   /* NULL-ended; NULL: all, or of the group */
    const char *management_group; /* or NULL */
    const struct azure_cloud *cloud;
    const char *resource_manager, *authority, *graph; /* without last slash */
    const char *audience; /* of tokens for Resource Manager */
    const char *ca_file;  /* or NULL */
    struct azure_identity identity;
};

/** Reads a target and the environment (env; NULL: getenv), makes no calls.
 * custom: endpoints may be other hosts than the clouds' and this machine.
 * The caller clears *out, also after a failure. */
engine_status azure_target_read(const bson_t *target, azure_env_fn env,
                                bool custom, struct azure_target *out,
                                engine_error *err);
void azure_target_clear(struct azure_target *target);

#endif
