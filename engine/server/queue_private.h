/* SPDX-License-Identifier: Apache-2.0 */
/* queue_private.h - the queue in the store, and claims of its scans. */
#ifndef ENGINE_SERVER_QUEUE_PRIVATE_H
#define ENGINE_SERVER_QUEUE_PRIVATE_H

#include "engine/server/private.h"
#include "sdk/base/hash.h"

typedef engine_status (*queue_fn)(const bson_t *scan, void *user,
                                  engine_error *err);

/** Calls fn for pending and running scans, the oldest first. */
engine_status queue_each(struct store *store, queue_fn fn, void *user,
                         engine_error *err);
bool queue_is_pending(const bson_t *scan);
/** By an engine that is not known to be dead. */
bool queue_is_claimed(const bson_t *scan, int64_t now);
/** Adds a scan's target ids to the table, or tells whether one is there. */
bool queue_has_targets(const bson_t *scan, struct table *table, bool add);
/** 1: this engine has it; 0: not now. */
int queue_claim(struct server *server, struct store *store, const bson_t *scan,
                engine_error *err);

#endif
