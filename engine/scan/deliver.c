/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c - results and verdicts go to the store or, while that is away, to
 * a spool on disk, and from there to the store when it is back. Their order
 * stays, and writing one twice changes nothing: their ids are their rules'.
 */
#include <string.h>
#include <time.h>

#include "engine/scan/deliver.h"
#include "sdk/base/clock.h"

#define DELIVER_PAUSE_MS 500
#define DELIVER_PAUSE_MOST_MS 10000
#define DELIVER_NAP_MS 50
#define DELIVER_REFUSALS 3 /* one after the other, by a store that answers */

/* ---- the store ----------------------------------------------------------- */

engine_status deliver_write(struct store *store,
                            const struct scan_batch *results,
                            const struct scan_batch *verdicts,
                            engine_error *err)
{
    engine_status status = store_begin(store, err);

    if (status < 0)
        return status;
    status =
        store_put(store, STORE_RESULTS, (const bson_t *const *)results->items,
                  results->count, err);
    if (status == ENGINE_OK)
        status = store_put(store, STORE_VERDICTS,
                           (const bson_t *const *)verdicts->items,
                           verdicts->count, err);
    if (status == ENGINE_OK)
        status = store_commit(store, err);
    if (status < 0)
        store_rollback(store);
    return status;
}

engine_status deliver_tell(struct scan_run *run,
                           const struct scan_batch *results,
                           const struct scan_batch *verdicts,
                           engine_error *err)
{
    const struct scan_context *context = run->context;
    engine_status status = ENGINE_OK;

    for (size_t i = 0;
         status == ENGINE_OK && context->on_result && i < results->count; i++)
        status = context->on_result(results->items[i], context->user, err);
    for (size_t i = 0;
         status == ENGINE_OK && context->on_verdict && i < verdicts->count; i++)
        status = context->on_verdict(verdicts->items[i], context->user, err);
    return status;
}

/* ---- away and back ------------------------------------------------------- */

bool deliver_is_temporary(struct store *store, const char *scan_id,
                          const engine_error *why, unsigned *refusals)
{
    engine_error probe = {0};
    engine_status status;
    bson_t scan;

    if (why->status == ENGINE_EAWAY)
        return true;
    if (why->status != ENGINE_EIO && why->status != ENGINE_ETIMEOUT &&
        why->status != ENGINE_EDENIED)
        return false;
    status = store_get(store, STORE_SCANS, scan_id, &scan, &probe);
    if (status == ENGINE_OK)
        bson_destroy(&scan);
    if (status < 0 && status != ENGINE_ENOTFOUND)
        return true; /* a server that loses what is behind it says anything */
    return ++*refusals <= DELIVER_REFUSALS;
}

bool scan_deliver_away(struct scan_run *run, const engine_error *why)
{
    struct scan_delivery *delivery = &run->delivery;
    int64_t now;

    if (!run->context->spool || run->dry ||
        !deliver_is_temporary(run->context->store, run->scan_id, why,
                              &delivery->refusals))
        return false;
    now = clock_steady_ms();
    if (!delivery->away) {
        delivery->away = true;
        delivery->since_ms = now;
        delivery->pause_ms = DELIVER_PAUSE_MS;
        log_write(run->context->log, LOG_LEVEL_WARNING,
                  "scan %s: the store is away, and what is found meanwhile is "
                  "spooled in \"%s\": %s",
                  run->scan_id, run->context->spool->directory, why->message);
    } else if (delivery->pause_ms < DELIVER_PAUSE_MOST_MS) {
        delivery->pause_ms *= 2;
    }
    delivery->why = *why;
    delivery->next_ms = now + delivery->pause_ms;
    return true;
}

void deliver_back(struct scan_run *run)
{
    struct scan_delivery *delivery = &run->delivery;

    if (!delivery->away)
        return;
    delivery->away = false;
    log_write(run->context->log, LOG_LEVEL_WARNING,
              "scan %s: the store is back after %lld s", run->scan_id,
              (long long)(clock_steady_ms() - delivery->since_ms + 500) / 1000);
}

/* ---- what the scan calls ------------------------------------------------- */

engine_status scan_deliver(struct scan_run *run, engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    engine_error local = {0}, *why = err ? err : &local;
    engine_status status;

    if (delivery->away || delivery->spool) {
        status = deliver_spool(run, why);
        if (status == ENGINE_OK)
            status = deliver_drain(run, why);
        if (status < 0 || delivery->away || delivery->spool || run->lost)
            return status;
    }
    if (!run->verdicts.count && !run->results.count)
        return ENGINE_OK;
    status =
        deliver_write(run->context->store, &run->results, &run->verdicts, why);
    if (status < 0)
        return scan_deliver_away(run, why) ? deliver_spool(run, why) : status;
    delivery->refusals = 0;
    status = deliver_tell(run, &run->results, &run->verdicts, why);
    scan_batch_empty(&run->results);
    scan_batch_empty(&run->verdicts);
    return status;
}

static engine_status deliver_leave(struct scan_run *run, engine_error *err)
{
    struct scan_delivery *delivery = &run->delivery;
    const int64_t left = (int64_t)(run->results.count + run->verdicts.count);

    if (run->cancel && !run->suspend)
        deliver_note_cancel(run);
    if (left)
        log_write(run->context->log, LOG_LEVEL_ERROR,
                  "scan %s: %lld documents could be kept nowhere; a resume "
                  "checks their rules again",
                  run->scan_id, (long long)left);
    engine_fail(err, run->cancel ? ENGINE_ECANCELLED : ENGINE_EAWAY,
                "the scan %s while the store is away: %.600s",
                run->cancel ? "stops" : "ends", delivery->why.message);
    if (delivery->spool)
        engine_hint(err, "the next start writes what waits in \"%.300s\"",
                    store_spool_path(delivery->spool));
    delivery->left = true;
    return run->cancel ? ENGINE_ECANCELLED : ENGINE_EAWAY;
}

bool scan_deliver_is_over(const struct scan_run *run)
{
    return run->delivery.away && run->context->spool->wait_ms &&
           clock_steady_ms() - run->delivery.since_ms >
               run->context->spool->wait_ms;
}

/* Somebody wants the engine or the scan to end. */
static bool deliver_must_end(struct scan_run *run)
{
    const struct scan_context *context = run->context;
    const int word = context->cancelled ? context->cancelled(context->user) : 0;

    if (word && !run->cancel) {
        run->cancel = true;
        run->suspend = word == SCAN_SUSPEND;
    }
    return run->cancel;
}

engine_status scan_deliver_finish(struct scan_run *run, engine_error *err)
{
    static const struct timespec nap = {.tv_nsec = DELIVER_NAP_MS * 1000000L};
    struct scan_delivery *delivery = &run->delivery;
    engine_error why = {0};

    if (!run->context->spool || run->dry)
        return ENGINE_OK;
    delivery->next_ms = 0; /* once more, now */
    for (;;) {
        (void)scan_collect_commit(run, &why); /* a failure is in the run */
        if (run->lost || (!delivery->away && !delivery->spool))
            return ENGINE_OK;
        if (delivery->away &&
            (deliver_must_end(run) || scan_deliver_is_over(run)))
            return deliver_leave(run, err);
        snprintf(run->what, sizeof(run->what), "waiting for the store");
        scan_progress_tell(run);
        if (delivery->away)
            (void)nanosleep(&nap, NULL);
    }
}

void scan_deliver_close(struct scan_run *run)
{
    store_spool_close(run->delivery.spool);
    run->delivery.spool = NULL;
    deliver_count(run);
}
