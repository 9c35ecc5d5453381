/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c - which scans this engine may go on with, and what becomes of
 * those that nobody can. */
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/clock.h"

#define RECOVER_RESUMES_MAX 50 /* a scan that kills its engine ends at last */

static void recover_fail(struct server *server, struct store *store,
                         const bson_t *scan, const char *why)
{
    const char *id = document_string(scan, "_id");
    bson_t expected = BSON_INITIALIZER, changes = BSON_INITIALIZER;
    engine_error err = {0};
    bson_t errors, item;

    BSON_APPEND_INT64(&expected, "rev", document_int(scan, "rev", 0));
    BSON_APPEND_UTF8(&changes, "status", "failed");
    BSON_APPEND_DATE_TIME(&changes, "completed_at", clock_now_ms());
    BSON_APPEND_NULL(&changes, "lease_until");
    BSON_APPEND_ARRAY_BEGIN(&changes, "errors", &errors);
    BSON_APPEND_DOCUMENT_BEGIN(&errors, "0", &item);
    BSON_APPEND_UTF8(&item, "kind", "orphaned");
    BSON_APPEND_UTF8(&item, "message", why);
    bson_append_document_end(&errors, &item);
    bson_append_array_end(&changes, &errors);
    if (scan_change(store, id, &expected, &changes, &err) == ENGINE_OK)
        log_write(server->setup.log, LOG_LEVEL_WARNING,
                  "scan %s is marked failed: %s", id, why);
    else if (err.status != ENGINE_ECONFLICT)
        log_write(server->setup.log, LOG_LEVEL_ERROR,
                  "scan %s could not be marked failed: %s", id, err.message);
    bson_destroy(&changes);
    bson_destroy(&expected);
}

/* "local" and paths mean the machine on which the scan was asked for. */
static bool recover_is_local(const bson_t *scan)
{
    bson_t targets, target;
    bson_iter_t iter;

    if (!document_child(scan, "scan_config.targets", &targets) ||
        !bson_iter_init(&iter, &targets))
        return true;
    while (bson_iter_next(&iter)) {
        const char *type;

        if (!document_iter_child(&iter, &target))
            continue;
        type = document_string(&target, "type");
        if ((type && strcmp(type, "local") == 0) ||
            document_string(&target, "path"))
            return true;
    }
    return false;
}

static bool recover_is_elsewhere(const struct server *server,
                                 const bson_t *scan)
{
    const char *host = document_string(scan, "host");
    const char *owner = document_string(scan, "owner");
    const size_t len = strlen(server->host);

    if (!recover_is_local(scan))
        return false;
    if (host)
        return strcmp(host, server->host) != 0;
    return owner && (strncmp(owner, server->host, len) != 0 ||
                     owner[len] != '/');
}

/* Why nobody can go on with it; NULL: somebody can. */
static const char *recover_hopeless(struct server *server, const bson_t *scan)
{
    const char *bound = document_string(scan, "bound_to");
    const char *state = document_string(scan, "status");
    const bool died = state && strcmp(state, "running") == 0;
    struct server_world *world = server_world_take(server);
    const bool fail = strcmp(world->config->server_recover, "fail") == 0;

    server_world_give(server, world);
    if (bound && strcmp(bound, server->owner) != 0 && scan_owner_dead(bound))
        return "its secrets were in the memory of an engine that is gone";
    if (died && bound)
        return "its engine failed, and it cannot be resumed";
    if (died && !document_bool(scan, "resumable", true))
        return "its engine died, and it cannot be resumed";
    if (died && fail)
        return "its engine died";
    if (document_int(scan, "resumed", 0) >= RECOVER_RESUMES_MAX)
        return "its engine died again and again";
    return NULL;
}

bool recover_may_run(struct server *server, struct store *store,
                     const bson_t *scan)
{
    const char *bound = document_string(scan, "bound_to");
    const char *why;

    if (recover_is_elsewhere(server, scan))
        return false;
    why = recover_hopeless(server, scan);
    if (why)
        recover_fail(server, store, scan, why);
    return !why && (!bound || strcmp(bound, server->owner) == 0);
}
