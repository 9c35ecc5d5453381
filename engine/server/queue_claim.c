/* SPDX-License-Identifier: Apache-2.0 */
/* queue_claim.c - whose targets are busy, and this engine's claims. */
#include <stdio.h>
#include <string.h>

#include "engine/server/queue_private.h"
#include "sdk/base/clock.h"

#define QUEUE_CLAIM_MS 30000
#define QUEUE_MOST 10000

/* ---- reading ------------------------------------------------------------- */

/* Pending and running scans, the oldest first. */
engine_status queue_each(struct store *store, queue_fn fn, void *user,
                         engine_error *err)
{
    bson_t *filter = BCON_NEW("status", "{", "$in", "[", BCON_UTF8("pending"),
                              BCON_UTF8("running"), "]", "}");
    bson_t *sort = BCON_NEW("started_at", BCON_INT32(1));
    const struct store_query query = {
        .filter = filter, .sort = sort, .limit = QUEUE_MOST};
    struct store_cursor *cursor = NULL;
    const bson_t *scan;
    engine_status status =
        store_find(store, STORE_SCANS, &query, &cursor, err);
    int more = 0;

    while (status == ENGINE_OK &&
           (more = store_cursor_next(cursor, &scan, err)) == 1)
        status = fn(scan, user, err);
    store_cursor_close(cursor);
    bson_destroy(sort);
    bson_destroy(filter);
    return status == ENGINE_OK && more < 0 ? more : status;
}

bool queue_is_pending(const bson_t *scan)
{
    const char *state = document_string(scan, "status");

    return state && strcmp(state, "pending") == 0;
}

bool queue_is_claimed(const bson_t *scan, int64_t now)
{
    return document_date(scan, "claim_until", 0) > now &&
           !scan_owner_dead(document_string(scan, "claim_by"));
}

/* Target ids of a scan: into the table, or whether one is there. */
static bool queue_targets(const bson_t *targets, struct table *table, bool add)
{
    bson_iter_t iter;
    bson_t target;

    if (!bson_iter_init(&iter, targets))
        return false;
    while (bson_iter_next(&iter)) {
        const char *id = document_iter_child(&iter, &target)
                             ? document_string(&target, "id")
                             : NULL;

        if (!id)
            continue;
        if (add)
            (void)table_set(table, id, table);
        else if (table_has(table, id))
            return true;
    }
    return false;
}

bool queue_has_targets(const bson_t *scan, struct table *table,
                       bool add)
{
    bson_t targets;

    return document_child(scan, "scan_config.targets", &targets) &&
           queue_targets(&targets, table, add);
}

/* ---- who is busy --------------------------------------------------------- */

struct queue_busy {
    struct table wanted;
    char *scan_id;
    int64_t waiting;
};

static engine_status queue_busy_look(const bson_t *scan, void *user,
                                     engine_error *err)
{
    struct queue_busy *busy = user;
    const char *id = document_string(scan, "_id");

    (void)err;
    busy->waiting += queue_is_pending(scan);
    if (!busy->scan_id[0] && id &&
        queue_has_targets(scan, &busy->wanted, false))
        snprintf(busy->scan_id, 64, "%.63s", id);
    return ENGINE_OK;
}

engine_status queue_busy(struct store *store, const bson_t *targets,
                         char scan_id[64], int64_t *waiting, engine_error *err)
{
    struct queue_busy busy = {.scan_id = scan_id};
    engine_status status;

    scan_id[0] = '\0';
    table_init(&busy.wanted);
    queue_targets(targets, &busy.wanted, true);
    status = queue_each(store, queue_busy_look, &busy, err);
    table_clear(&busy.wanted);
    *waiting = busy.waiting;
    return status;
}

/* ---- claiming ------------------------------------------------------------ */

struct queue_rivals {
    const char *own;
    struct table targets;
    int64_t now;
    bool found;
};

static engine_status queue_rival_look(const bson_t *scan, void *user,
                                      engine_error *err)
{
    struct queue_rivals *rivals = user;
    const char *id = document_string(scan, "_id");

    (void)err;
    if (!id || strcmp(id, rivals->own) == 0)
        return ENGINE_OK;
    if ((scan_is_running(scan) || queue_is_claimed(scan, rivals->now)) &&
        queue_has_targets(scan, &rivals->targets, false))
        rivals->found = true;
    return ENGINE_OK;
}

static engine_status queue_claim_set(struct server *server,
                                     struct store *store, const bson_t *scan,
                                     int64_t until, engine_error *err)
{
    bson_t *expected = BCON_NEW(
        "status", BCON_UTF8(document_string(scan, "status")));
    bson_t *changes = BCON_NEW("claim_by", BCON_UTF8(server->owner),
                               "claimed_at", BCON_DATE_TIME(clock_now_ms()),
                               "claim_until", BCON_DATE_TIME(until));
    const char *owner = document_string(scan, "owner");
    engine_status status;

    if (owner)
        BSON_APPEND_UTF8(expected, "owner", owner);
    if (until)
        BSON_APPEND_INT64(expected, "rev", document_int(scan, "rev", 0));
    else
        BSON_APPEND_UTF8(expected, "claim_by", server->owner);
    status = scan_change(store, document_string(scan, "_id"), expected,
                         changes, err);
    bson_destroy(changes);
    bson_destroy(expected);
    return status;
}

/* 1: this engine has it; 0: not now. */
int queue_claim(struct server *server, struct store *store,
                const bson_t *scan, engine_error *err)
{
    const int64_t now = clock_now_ms();
    struct queue_rivals rivals = {.own = document_string(scan, "_id"),
                                  .now = now};
    engine_status status =
        queue_claim_set(server, store, scan, now + QUEUE_CLAIM_MS, err);

    if (status == ENGINE_ECONFLICT || status == ENGINE_ENOTFOUND)
        return 0;
    if (status < 0)
        return status;
    table_init(&rivals.targets);
    queue_has_targets(scan, &rivals.targets, true);
    status = queue_each(store, queue_rival_look, &rivals, err);
    table_clear(&rivals.targets);
    if (status == ENGINE_OK && !rivals.found)
        return 1;
    (void)queue_claim_set(server, store, scan, 0, NULL);
    return status;
}
