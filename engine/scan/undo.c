/* SPDX-License-Identifier: Apache-2.0 */
/* undo.c - what scanners made outside and left there: undone when their scan
 * ends, and for engines that died by whoever starts next. */
#include <string.h>

#include "engine/scan/run.h"
#include "sdk/base/clock.h"

#define UNDO_MAX 10000 /* effects looked at; the rest at the next start */

/* the cancelled scan's callback would cancel its undoing as well */
static struct conduct_options undo_options(const struct scan_run *run)
{
    struct conduct_options options = run->conduct;

    options.cancelled = NULL;
    options.tick = NULL;
    options.away = NULL;
    options.user = NULL;
    return options;
}

void scan_undo_own(struct scan_run *run)
{
    const struct conduct_options options = undo_options(run);
    engine_error why = {0};

    /* what stays is in the journal, and was logged */
    (void)conduct_undo(&options, run->context->registry, run->scan_id, &why);
}

/* does no living engine work on the scan any more? */
static bool undo_is_over(struct scan_run *run, const char *scan_id)
{
    engine_error why = {0};
    const char *state;
    bson_t scan;
    bool over;

    if (store_get(run->context->store, STORE_SCANS, scan_id, &scan, &why) < 0)
        return why.status == ENGINE_ENOTFOUND;
    state = document_string(&scan, "status");
    over = !state || strcmp(state, "running") != 0 ||
           document_date(&scan, "lease_until", 0) < clock_now_ms() ||
           scan_owner_dead(document_string(&scan, "owner"));
    bson_destroy(&scan);
    return over;
}

/* the scans that have effects in the journal, each once */
static engine_status undo_scans(struct scan_run *run, struct table *scans,
                                engine_error *err)
{
    bson_t *filter = BCON_NEW("state", BCON_UTF8("open"));
    bson_t *fields = BCON_NEW("scan_id", BCON_INT32(1));
    const struct store_query query = {
        .filter = filter, .fields = fields, .limit = UNDO_MAX};
    struct store_cursor *cursor = NULL;
    const bson_t *effect;
    engine_status status;
    int more = 0;

    status = store_find(run->context->store, STORE_EFFECTS, &query, &cursor,
                        err);
    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &effect, err)) == 1) {
        const char *id = document_string(effect, "scan_id");
        if (id && *id && table_set(scans, id, run) < 0)
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK && more < 0)
        status = more;
    store_cursor_close(cursor);
    bson_destroy(fields);
    bson_destroy(filter);
    return status;
}

engine_status scan_undo_left(struct scan_run *run, engine_error *err)
{
    const struct conduct_options options = undo_options(run);
    struct table scans;
    engine_status status;
    const char *scan_id;
    size_t at = 0;

    table_init(&scans);
    status = undo_scans(run, &scans, err);
    while (status == ENGINE_OK && (scan_id = table_next(&scans, &at, NULL))) {
        engine_error why = {0};
        /* that it cannot be undone is no reason not to scan */
        if (undo_is_over(run, scan_id))
            (void)conduct_undo(&options, run->context->registry, scan_id,
                               &why);
    }
    table_clear(&scans);
    return status;
}
