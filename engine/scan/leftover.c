/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftover.c - spools of engines that died, or gave up, while the store was
 * away. Their results are written as long as the scan is still theirs. Whoever
 * writes them holds the scan meanwhile as an owner of the same name but for
 * the process (the last part of an owner names what it began as), so that he
 * may die as well and another one goes on.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "engine/scan/deliver.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define LEFTOVER_MOST 10000 /* files looked at in one go */
#define LEFTOVER_TRIES 8    /* compare-and-set against other writers */

struct leftover {
    const struct scan_context *context;
    struct store_spool *spool;
    const char *scan_id, *owner; /* of its head */
    char *holder;                /* ourselves, by the same last part */
    int64_t held_ms;             /* steady time of the last renewal */
    int64_t written;
    bool cancelled; /* a user wants no more of the scan */
    bool lost;      /* another engine works on it, or it was deleted */
    bool refused;   /* it will not do another time, either */
};

static const char *leftover_part(const char *owner)
{
    const char *slash = owner ? strrchr(owner, '/') : NULL;

    return slash ? slash + 1 : "";
}

/* Does the scan belong to who wrote the spool, or to who was writing it? */
static bool leftover_is_ours(const struct leftover *left, const bson_t *scan)
{
    const char *part = leftover_part(document_string(scan, "owner"));

    return part[0] && strcmp(part, leftover_part(left->owner)) == 0;
}

static char *leftover_holder(const char *owner)
{
    char *fresh = scan_owner_new(), *out = NULL;
    const char *part = fresh ? leftover_part(fresh) : "";

    if (part[0])
        out = engine_strf("%.*s%s", (int)(part - fresh), fresh,
                          leftover_part(owner));
    engine_free(fresh);
    return out;
}

/* ---- holding the scan ---------------------------------------------------- */

/* One try: ENGINE_ECONFLICT with left->lost: it is another engine's, or gone;
 * without: somebody else changed the document just now. */
static engine_status leftover_swap(struct leftover *left, const bson_t *changes,
                                   engine_error *err)
{
    struct store *store = left->context->store;
    bson_t scan, expected = BSON_INITIALIZER;
    engine_status status =
        store_get(store, STORE_SCANS, left->scan_id, &scan, err);

    if (status < 0)
        return status;
    if (leftover_is_ours(left, &scan)) {
        BSON_APPEND_UTF8(&expected, "owner", document_string(&scan, "owner"));
        status = scan_change(store, left->scan_id, &expected, changes, err);
    } else {
        left->lost = true;
        status = engine_fail(err, ENGINE_ECONFLICT,
                             "another engine has taken the scan over");
    }
    bson_destroy(&scan);
    bson_destroy(&expected);
    return status;
}

static engine_status leftover_change(struct leftover *left,
                                     const bson_t *changes, engine_error *err)
{
    engine_status status = ENGINE_ECONFLICT;

    for (int i = 0;
         i < LEFTOVER_TRIES && status == ENGINE_ECONFLICT && !left->lost; i++)
        status = leftover_swap(left, changes, err);
    if (status != ENGINE_ENOTFOUND)
        return status;
    left->lost = true;
    return engine_fail(err, ENGINE_ECONFLICT, "the scan was deleted");
}

static engine_status leftover_hold(struct leftover *left, engine_error *err)
{
    const int64_t now = clock_steady_ms();
    bson_t changes = BSON_INITIALIZER;
    engine_status status;

    if (left->held_ms && now - left->held_ms < SCAN_LEASE_MS / 3)
        return ENGINE_OK;
    BSON_APPEND_UTF8(&changes, "owner", left->holder);
    BSON_APPEND_DATE_TIME(&changes, "lease_until",
                          clock_now_ms() + SCAN_LEASE_MS);
    status = leftover_change(left, &changes, err);
    left->held_ms = now;
    bson_destroy(&changes);
    return status;
}

/* From now on anybody may go on with it. */
static engine_status leftover_release(struct leftover *left, engine_error *err)
{
    bson_t changes = BSON_INITIALIZER;
    engine_status status;

    BSON_APPEND_NULL(&changes, "lease_until");
    if (left->cancelled) {
        BSON_APPEND_UTF8(&changes, "status", "cancelled");
        BSON_APPEND_DATE_TIME(&changes, "completed_at", clock_now_ms());
    }
    status = leftover_change(left, &changes, err);
    bson_destroy(&changes);
    return status;
}

/* ---- writing ------------------------------------------------------------- */

static engine_status leftover_batch(struct leftover *left,
                                    const struct scan_batch *results,
                                    const struct scan_batch *verdicts,
                                    engine_error *err)
{
    struct store *store = left->context->store;
    unsigned refusals = 0;

    for (;;) {
        const unsigned before = refusals;
        const engine_status status =
            deliver_write(store, results, verdicts, err);

        if (status == ENGINE_OK)
            return status;
        left->refused =
            !deliver_is_temporary(store, left->scan_id, err, &refusals);
        if (left->refused || refusals == before)
            return status;
    }
}

static engine_status leftover_write(struct leftover *left, engine_error *err)
{
    struct scan_batch results = {0}, verdicts = {0};
    engine_status status;
    int more;

    do {
        status = leftover_hold(left, err);
        more = status < 0 ? status
                          : deliver_read(left->spool, &results, &verdicts,
                                         &left->cancelled, err);
        if (more > 0)
            status = leftover_batch(left, &results, &verdicts, err);
        left->refused = left->refused || (more < 0 && status == ENGINE_OK);
        left->written += (int64_t)(results.count + verdicts.count);
    } while (status == ENGINE_OK && more > 0);
    scan_batch_clear(&results);
    scan_batch_clear(&verdicts);
    return status < 0 ? status : more < 0 ? more : leftover_release(left, err);
}

static void leftover_tell(const struct leftover *left, engine_status status,
                          const engine_error *why)
{
    const struct log *log = left->context->log;

    if (left->lost)
        log_write(log, LOG_LEVEL_WARNING,
                  "scan %s: %lld documents that were spooled while the store "
                  "was away are dropped: %s",
                  left->scan_id, (long long)store_spool_frames(left->spool),
                  why->message);
    else if (status < 0)
        log_write(log, LOG_LEVEL_ERROR,
                  "scan %s: the spool \"%s\" could not be written to the "
                  "store: %s",
                  left->scan_id, store_spool_path(left->spool), why->message);
    else
        log_write(log, LOG_LEVEL_WARNING,
                  "scan %s: %lld documents that were spooled while the store "
                  "was away are written",
                  left->scan_id, (long long)left->written);
}

/* Never tried again: what it holds is damaged, or no store takes it. */
static void leftover_aside(struct leftover *left)
{
    const char *damage = store_spool_damage(left->spool);

    (void)store_spool_set_aside(left->spool, NULL);
    log_write(left->context->log, LOG_LEVEL_ERROR,
              "scan %s: the spool \"%s\" is kept%s%s; a resume checks again "
              "what is only there",
              left->scan_id, store_spool_path(left->spool),
              damage ? ": it is damaged " : "", damage ? damage : "");
    store_spool_close(left->spool);
    left->spool = NULL;
}

/* A failure is for now: the spool stays for the next time. */
static engine_status leftover_end(struct leftover *left, engine_status status,
                                  engine_error *err)
{
    engine_error why = {0};

    if (status < 0 && !left->lost && !left->refused)
        return status;
    leftover_tell(left, status, err);
    if (!left->lost && (status < 0 || store_spool_damage(left->spool))) {
        leftover_aside(left);
    } else {
        if (store_spool_remove(left->spool, &why) < 0)
            log_write(left->context->log, LOG_LEVEL_WARNING, "%s", why.message);
        left->spool = NULL;
    }
    return ENGINE_OK;
}

static engine_status leftover_opened(struct leftover *left, engine_error *err)
{
    const bson_t *head = store_spool_head(left->spool);
    const char *store = document_string(head, "store");
    engine_status status;

    left->scan_id = document_string(head, "scan_id");
    left->owner = document_string(head, "owner");
    if (!store || strcmp(store, left->context->spool->store) != 0)
        return ENGINE_OK; /* whoever uses that store will come */
    if (document_int(head, "version", 0) != DELIVER_VERSION || !left->scan_id ||
        !left->owner)
        return ENGINE_OK; /* another release's */
    left->holder = leftover_holder(left->owner);
    if (!left->holder)
        return engine_fail_memory(err);
    status = store_spool_check(left->spool, err);
    if (status == ENGINE_OK)
        status = leftover_write(left, err);
    return leftover_end(left, status, err);
}

static engine_status leftover_file(const struct scan_context *context,
                                   const char *path, engine_error *err)
{
    struct leftover left = {.context = context};
    engine_status status = store_spool_open(path, &left.spool, err);
    char *aside;

    if (status == ENGINE_OK) {
        status = leftover_opened(&left, err);
        store_spool_close(left.spool);
        engine_free(left.holder);
        return status;
    }
    if (status == ENGINE_ECORRUPT) {
        log_write(context->log, LOG_LEVEL_ERROR, "%s; it is set aside",
                  err->message);
        aside = engine_strf("%s" SPOOL_ASIDE, path);
        if (aside)
            (void)rename(path, aside);
        engine_free(aside);
    }
    /* one that cannot be opened, or has its engine, is in nobody's way */
    return ENGINE_OK;
}

/* ---- all of them --------------------------------------------------------- */

static bool leftover_ends(const char *name, const char *suffix)
{
    const size_t len = strlen(name), tail = strlen(suffix);

    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

static bool leftover_is_spool(const char *name, const char *scan_id)
{
    const size_t id = scan_id ? strlen(scan_id) : 0;

    return leftover_ends(name, SPOOL_SUFFIX) &&
           (!scan_id || (strncmp(name, scan_id, id) == 0 && name[id] == '.'));
}

engine_status scan_leftover_drain(const struct scan_context *context,
                                  const char *scan_id, engine_error *err)
{
    const struct scan_spool *setup = context->spool;
    engine_error local = {0}, *why = err ? err : &local;
    engine_status status = ENGINE_OK;
    const struct dirent *entry;
    DIR *directory = setup ? opendir(setup->directory) : NULL;

    if (!directory)
        return ENGINE_OK; /* nothing was ever spooled */
    for (int i = 0; status == ENGINE_OK && i < LEFTOVER_MOST &&
                    (entry = readdir(directory));
         i++) {
        char *path;

        if (!leftover_is_spool(entry->d_name, scan_id))
            continue;
        path = engine_strf("%s/%s", setup->directory, entry->d_name);
        status =
            path ? leftover_file(context, path, why) : engine_fail_memory(why);
        engine_free(path);
    }
    closedir(directory);
    return status;
}

void scan_count_spools(const struct scan_spool *spool, int64_t *waiting,
                       int64_t *aside)
{
    DIR *directory = opendir(spool->directory);
    const struct dirent *entry;

    *waiting = *aside = 0;
    while (directory && (entry = readdir(directory))) {
        *waiting += leftover_ends(entry->d_name, SPOOL_SUFFIX);
        *aside += leftover_ends(entry->d_name, SPOOL_SUFFIX SPOOL_ASIDE);
    }
    if (directory)
        closedir(directory);
}

engine_status scan_recover_spools(const struct scan_context *context,
                                  engine_error *err)
{
    return scan_leftover_drain(context, NULL, err);
}
