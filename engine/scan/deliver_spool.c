/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_spool.c - batches go to a scan's spool while the store is away, and
 * from there to the store. */
#include <string.h>

#include "engine/scan/deliver.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define DELIVER_TURN_MS 500 /* of draining, then workers get their turn */

void deliver_count(struct scan_run *run)
{
    struct scan_delivery *delivery = &run->delivery;
    struct scan_spool_figures *all =
        run->context->spool ? run->context->spool->figures : NULL;
    const struct store_spool *spool = delivery->spool;
    const int64_t frames = spool ? store_spool_frames(spool) : 0;
    const int64_t bytes = spool ? store_spool_bytes(spool) : 0;

    if (!all)
        return;
    atomic_fetch_add(&all->frames, frames - delivery->counted_frames);
    atomic_fetch_add(&all->bytes, bytes - delivery->counted_bytes);
    delivery->counted_frames = frames;
    delivery->counted_bytes = bytes;
}

/* ---- spooling ------------------------------------------------------------ */

static engine_status deliver_open(struct scan_run *run, engine_error *err)
{
    const struct scan_spool *setup = run->context->spool;
    const char *slash = strrchr(run->owner, '/');
    bson_t *head = BCON_NEW(
        "version", BCON_INT32(DELIVER_VERSION), "scan_id",
        BCON_UTF8(run->scan_id), "owner", BCON_UTF8(run->owner), "store",
        BCON_UTF8(setup->store), "created_at", BCON_DATE_TIME(clock_now_ms()));
    char *path = engine_strf("%s/%s.%s" SPOOL_SUFFIX, setup->directory,
                             run->scan_id, slash ? slash + 1 : "x");
    engine_status status = path ? file_make_directory(setup->directory, err)
                                : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = store_spool_create(path, head, setup->maximum,
                                    &run->delivery.spool, err);
    engine_free(path);
    bson_destroy(head);
    return status;
}

static engine_status deliver_append(struct scan_run *run, uint32_t kind,
                                    const struct scan_batch *batch,
                                    engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < batch->count; i++)
        status =
            store_spool_append(run->delivery.spool, kind, batch->items[i], err);
    return status;
}

/* From here on nothing is spooled; the scan ends, and waits for its store with
 * what it has in memory. */
static engine_status deliver_refused(struct scan_run *run, engine_status status,
                                     engine_error *err)
{
    engine_error ignored = {0}, *why = err ? err : &ignored;

    engine_error_prefix(why, "the store is away, and results cannot be kept "
                             "meanwhile");
    if (!why->hint[0])
        engine_hint(why, "make room there or set spool.directory; then resume "
                         "the scan");
    run->delivery.full = true;
    run->stop = true;
    if (run->failure.status == ENGINE_OK)
        run->failure = *why;
    log_write(run->context->log, LOG_LEVEL_ERROR, "scan %s: %s", run->scan_id,
              why->message);
    return status;
}

engine_status deliver_spool(struct scan_run *run, engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    engine_status status = ENGINE_OK;

    if (delivery->full || (!run->results.count && !run->verdicts.count))
        return ENGINE_OK;
    if (!delivery->spool)
        status = deliver_open(run, err);
    if (status == ENGINE_OK)
        status = deliver_append(run, DELIVER_RESULT, &run->results, err);
    if (status == ENGINE_OK)
        status = deliver_append(run, DELIVER_VERDICT, &run->verdicts, err);
    if (status == ENGINE_OK)
        status = store_spool_mark(delivery->spool, err);
    if (status < 0)
        return deliver_refused(run, status, err);
    scan_batch_empty(&run->results);
    scan_batch_empty(&run->verdicts);
    deliver_count(run);
    return ENGINE_OK;
}

void deliver_note_cancel(struct scan_run *run)
{
    bson_t note = BSON_INITIALIZER;
    engine_error why = {0};

    BSON_APPEND_DATE_TIME(&note, "cancelled_at", clock_now_ms());
    if (!run->delivery.spool && deliver_open(run, &why) < 0)
        log_write(run->context->log, LOG_LEVEL_WARNING, "%s", why.message);
    if (run->delivery.spool &&
        store_spool_append(run->delivery.spool, DELIVER_CANCELLED, &note,
                           &why) == ENGINE_OK)
        (void)store_spool_mark(run->delivery.spool, &why);
    bson_destroy(&note);
}

/* ---- draining ------------------------------------------------------------ */

static engine_status deliver_take(uint32_t kind, const bson_t *document,
                                  struct scan_batch *results,
                                  struct scan_batch *verdicts,
                                  engine_error *err)
{
    bson_t *copy;

    if (kind == DELIVER_CANCELLED)
        return ENGINE_OK;
    if (kind != DELIVER_RESULT && kind != DELIVER_VERDICT)
        return engine_fail(err, ENGINE_ECORRUPT,
                           "a spool holds something unknown");
    copy = bson_copy(document);
    if (!copy ||
        scan_batch_add(kind == DELIVER_RESULT ? results : verdicts, copy) < 0)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

int deliver_read(struct store_spool *spool, struct scan_batch *results,
                 struct scan_batch *verdicts, bool *cancelled,
                 engine_error *err)
{
    uint32_t kind = SPOOL_MARK;
    engine_status status;
    int got, more = 0;
    bson_t document;

    scan_batch_empty(results);
    scan_batch_empty(verdicts);
    while ((got = store_spool_read(spool, &kind, &document, err)) > 0) {
        more = 1;
        if (kind == SPOOL_MARK &&
            results->count + verdicts->count >= DELIVER_BATCH)
            break;
        *cancelled = *cancelled || kind == DELIVER_CANCELLED;
        status = kind == SPOOL_MARK
                     ? ENGINE_OK
                     : deliver_take(kind, &document, results, verdicts, err);
        if (status < 0)
            return status;
    }
    return got < 0 ? got : more;
}

/* Another engine's verdicts count, or there is no scan any more. */
static void deliver_lost(struct scan_run *run)
{
    struct scan_delivery *delivery = &run->delivery;
    const int64_t frames =
        delivery->spool ? store_spool_frames(delivery->spool) : 0;

    log_write(run->context->log, LOG_LEVEL_WARNING,
              "scan %s %s while the store was away: its workers stop here, and "
              "%lld documents that were spooled are dropped",
              run->scan_id,
              run->deleted ? "was deleted" : "was taken over by another engine",
              (long long)frames);
    if (delivery->spool)
        (void)store_spool_remove(delivery->spool, NULL);
    delivery->spool = NULL;
    scan_batch_empty(&run->results);
    scan_batch_empty(&run->verdicts);
    deliver_count(run);
}

/* A spool that will never be written is kept for whoever wants to look. */
static engine_status deliver_aside(struct scan_run *run, engine_status status,
                                   engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    engine_error ignored = {0}, *why = err ? err : &ignored;
    const char *path;

    (void)store_spool_set_aside(delivery->spool, NULL);
    path = store_spool_path(delivery->spool);
    engine_hint(why,
                "the spool is kept as \"%.300s\"; resume the scan, which "
                "checks again what is only there",
                path);
    log_write(run->context->log, LOG_LEVEL_ERROR,
              "scan %s: what was spooled cannot be written, and is kept as "
              "\"%s\": %s",
              run->scan_id, path, why->message);
    store_spool_close(delivery->spool);
    delivery->spool = NULL;
    delivery->full = true;
    run->stop = true;
    if (run->failure.status == ENGINE_OK)
        run->failure = *why;
    deliver_count(run);
    return status;
}

/* The lease may have run out meanwhile: it is ours again, or another's. */
static engine_status deliver_hold(struct scan_run *run, bool anew,
                                  engine_error *err)
{
    const int64_t now = clock_steady_ms();

    if (!anew && now - run->leased_ms < SCAN_LEASE_MS / 3)
        return ENGINE_OK;
    run->leased_ms = now - SCAN_LEASE_MS;
    return scan_lease_check(run, err);
}

/* One batch of the spool: 1 written, 0 there is none; ENGINE_EAWAY. */
static int deliver_drain_batch(struct scan_run *run, bool anew,
                               engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    struct scan_batch results = {0}, verdicts = {0};
    bool cancelled = false;
    int got = deliver_hold(run, anew, err);

    if (got == ENGINE_OK && run->lost)
        deliver_lost(run);
    if (got == ENGINE_OK && delivery->spool)
        got =
            deliver_read(delivery->spool, &results, &verdicts, &cancelled, err);
    if (got > 0) {
        const engine_status status =
            deliver_write(run->context->store, &results, &verdicts, err);

        if (status == ENGINE_OK) {
            delivery->refusals = 0;
            store_spool_forget(delivery->spool);
        } else {
            got = status;
        }
    }
    if (got > 0 && deliver_tell(run, &results, &verdicts, err) < 0)
        got = ENGINE_EIO;
    scan_batch_clear(&results);
    scan_batch_clear(&verdicts);
    return got;
}

static void deliver_drained(struct scan_run *run)
{
    struct scan_delivery *delivery = &run->delivery;
    engine_error why = {0};

    if (!delivery->spool)
        return;
    if (store_spool_remove(delivery->spool, &why) < 0)
        log_write(run->context->log, LOG_LEVEL_WARNING, "%s", why.message);
    delivery->spool = NULL;
    log_write(run->context->log, LOG_LEVEL_INFO,
              "scan %s: what was spooled is in the store", run->scan_id);
}

engine_status deliver_drain(struct scan_run *run, engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    const int64_t until = clock_steady_ms() + DELIVER_TURN_MS;
    engine_error local = {0}, *why = err ? err : &local;
    int got;

    if (delivery->away && clock_steady_ms() < delivery->next_ms)
        return ENGINE_OK;
    do {
        got = deliver_drain_batch(run, delivery->away, why);
        if (got >= 0)
            deliver_back(run);
    } while (got > 0 && clock_steady_ms() < until);
    deliver_count(run);
    if (got == 0 && !run->lost)
        deliver_drained(run);
    if (got >= 0)
        return ENGINE_OK;
    if (delivery->spool)
        store_spool_rewind(delivery->spool);
    if (scan_deliver_away(run, why))
        return ENGINE_OK;
    return delivery->spool ? deliver_aside(run, (engine_status)got, why)
                           : (engine_status)got;
}
