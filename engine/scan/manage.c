/* SPDX-License-Identifier: Apache-2.0 */
/* manage.c - cancelling and deleting stored scans. */
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/clock.h"

bool scan_is_running(const bson_t *scan)
{
    const char *state = document_string(scan, "status");

    return state && strcmp(state, "running") == 0 &&
           document_date(scan, "lease_until", 0) > clock_now_ms() &&
           !scan_owner_dead(document_string(scan, "owner"));
}

/* running by its document and by a living owner */
static engine_status manage_get(struct store *store, const char *scan_id,
                                bson_t *scan, bool *running,
                                engine_error *err)
{
    const engine_status status =
        store_get(store, STORE_SCANS, scan_id, scan, err);

    if (status == ENGINE_ENOTFOUND)
        return engine_fail(err, status, "there is no scan %s", scan_id);
    if (status < 0)
        return status;
    *running = scan_is_running(scan);
    return ENGINE_OK;
}

/* one that no engine has taken yet; ENGINE_ECONFLICT: one has, or it is over */
static engine_status manage_cancel_pending(struct store *store,
                                           const char *scan_id,
                                           engine_error *err)
{
    bson_t *pending = BCON_NEW("status", BCON_UTF8("pending"));
    bson_t *changes = BCON_NEW("status", BCON_UTF8("cancelled"),
                               "cancel_requested", BCON_BOOL(true),
                               "completed_at",
                               BCON_DATE_TIME(clock_now_ms()));
    const engine_status status =
        scan_change(store, scan_id, pending, changes, err);

    bson_destroy(changes);
    bson_destroy(pending);
    return status;
}

engine_status scan_cancel(struct store *store, const char *scan_id,
                          engine_error *err)
{
    bson_t scan, changes = BSON_INITIALIZER;
    bool running = false;
    engine_status status = manage_cancel_pending(store, scan_id, err);

    if (status != ENGINE_ECONFLICT)
        return status;
    status = manage_get(store, scan_id, &scan, &running, err);
    if (status == ENGINE_OK) {
        if (!running)
            status = engine_fail(err, ENGINE_ECONFLICT,
                                 "scan %s is not running", scan_id);
        bson_destroy(&scan);
    }
    if (status == ENGINE_OK) {
        BSON_APPEND_BOOL(&changes, "cancel_requested", true);
        status = scan_document_update(store, scan_id, NULL, &changes, err);
    }
    bson_destroy(&changes);
    return status;
}

engine_status scan_delete(struct store *store, const char *scan_id,
                          engine_error *err)
{
    static const char *const parts[] = {STORE_RESULTS, STORE_VERDICTS,
                                        STORE_SELECTIONS, STORE_SCANS};
    bson_t scan, *filter;
    bool running = false;
    int64_t deleted;
    engine_status status = manage_get(store, scan_id, &scan, &running, err);

    if (status < 0)
        return status;
    bson_destroy(&scan);
    if (running) {
        engine_fail(err, ENGINE_ECONFLICT, "scan %s is running", scan_id);
        engine_hint(err, "cancel it first: scans cancel %s", scan_id);
        return ENGINE_ECONFLICT;
    }
    filter = BCON_NEW("scan_id", BCON_UTF8(scan_id));
    status = store_begin(store, err);
    for (size_t i = 0; status == ENGINE_OK &&
                       i < sizeof(parts) / sizeof(parts[0]); i++)
        status = store_delete(store, parts[i], filter, &deleted, err);
    if (status == ENGINE_OK)
        status = store_commit(store, err);
    if (status < 0)
        store_rollback(store);
    bson_destroy(filter);
    return status;
}
