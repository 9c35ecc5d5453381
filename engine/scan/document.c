/* SPDX-License-Identifier: Apache-2.0 */
/* document.c - the scan document in the store, its owner and its lease. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/scan/found.h"
#include "engine/scan/run.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define DOCUMENT_ARTIFACTS_MAX 10000
#define DOCUMENT_TRIES 8 /* compare-and-set against other writers */

/* ---- owners: host/boot/pid/start, so that a dead one can be told --------- */

static void owner_boot(char out[40])
{
    char *text = NULL;

    snprintf(out, 40, "unknown");
    if (file_read("/proc/sys/kernel/random/boot_id", 64, &text, NULL, NULL) ==
        ENGINE_OK)
        snprintf(out, 40, "%.36s", text);
    engine_free(text);
}

/* field 22 of /proc/PID/stat: start time in clock ticks; 0: no process */
static unsigned long long owner_start(long pid)
{
    char path[64], *text = NULL, *at;
    unsigned long long start = 0;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    if (file_read(path, 4096, &text, NULL, NULL) < 0)
        return 0;
    at = strrchr(text, ')'); /* the command may hold anything */
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at, ' ');
        if (at)
            at++;
    }
    if (at)
        start = strtoull(at, NULL, 10);
    engine_free(text);
    return start;
}

char *scan_owner_new(void)
{
    struct utsname host;
    char boot[40], id[37];

    owner_boot(boot);
    id_uuid(id);
    if (uname(&host) < 0)
        snprintf(host.nodename, sizeof(host.nodename), "localhost");
    return engine_strf("%s/%s/%ld/%llu/%.8s", host.nodename, boot,
                       (long)getpid(), owner_start((long)getpid()), id);
}

bool scan_owner_dead(const char *owner)
{
    struct utsname host;
    char boot[40], owner_host[256], owner_id[64];
    unsigned long long start;
    long pid;

    if (!owner || sscanf(owner, "%255[^/]/%63[^/]/%ld/%llu/", owner_host,
                         owner_id, &pid, &start) != 4)
        return false;
    owner_boot(boot);
    if (uname(&host) < 0 || strcmp(host.nodename, owner_host) != 0)
        return false;
    if (strcmp(boot, owner_id) != 0)
        return true; /* this machine has been started anew since */
    return owner_start(pid) != start;
}

/* ---- writing ---------------------------------------------------------- */

static void document_lease(bson_t *out, const char *owner)
{
    const int64_t now = clock_now_ms();

    BSON_APPEND_UTF8(out, "owner", owner);
    BSON_APPEND_DATE_TIME(out, "lease_until", now + SCAN_LEASE_MS);
}

engine_status scan_document_insert(struct scan_run *run, const char *trigger,
                                   const bson_t *more, bool pending,
                                   engine_error *err)
{
    const char *name = document_string(&run->config, "name");
    bson_t out = BSON_INITIALIZER;
    const bson_t *const list[] = {&out};
    char run_id[37];
    engine_status status;

    id_uuid(run_id);
    BSON_APPEND_UTF8(&out, "_id", run->scan_id);
    BSON_APPEND_UTF8(&out, "scan_id", run->scan_id);
    BSON_APPEND_UTF8(&out, "scan_run_id", run_id);
    BSON_APPEND_INT64(&out, "rev", 1);
    if (name)
        BSON_APPEND_UTF8(&out, "name", name);
    BSON_APPEND_UTF8(&out, "trigger", trigger);
    BSON_APPEND_DOCUMENT(&out, "scan_config", &run->config);
    BSON_APPEND_UTF8(&out, "status", pending ? "pending" : "running");
    if (!pending)
        document_lease(&out, run->owner);
    BSON_APPEND_DATE_TIME(&out, "started_at", clock_now_ms());
    BSON_APPEND_INT64(&out, "total_rules", (int64_t)run->selection.count);
    if (!more || !bson_has_field(more, "resumable"))
        BSON_APPEND_BOOL(&out, "resumable", true);
    if (more)
        bson_concat(&out, more);
    status = scan_found_add(&run->config, &out, err);
    if (status == ENGINE_OK)
        status = store_begin(run->context->store, err);
    if (status < 0)
        goto out;
    status = store_insert(run->context->store, STORE_SCANS, list, 1, err);
    if (status == ENGINE_OK)
        status = rules_selection_save(run->context->store, run->scan_id,
                                      &run->selection, err);
    if (status == ENGINE_OK)
        status = store_commit(run->context->store, err);
    if (status < 0)
        store_rollback(run->context->store);
out:
    bson_destroy(&out);
    return status;
}

/* `from` without the keys of `changes` and rev; then changes and rev + 1 */
static void document_merge(const bson_t *from, const bson_t *changes,
                           bson_t *out)
{
    bson_iter_t iter;

    bson_iter_init(&iter, from);
    while (bson_iter_next(&iter))
        if (strcmp(bson_iter_key(&iter), "rev") != 0 &&
            !bson_has_field(changes, bson_iter_key(&iter)))
            document_copy_value(out, bson_iter_key(&iter), &iter);
    bson_iter_init(&iter, changes);
    while (bson_iter_next(&iter))
        document_copy_value(out, bson_iter_key(&iter), &iter);
    BSON_APPEND_INT64(out, "rev", document_int(from, "rev", 0) + 1);
}

static engine_status document_swap(struct store *store, const char *scan_id,
                                   const char *owner, const bson_t *changes,
                                   engine_error *err)
{
    bson_t now, next = BSON_INITIALIZER, expected = BSON_INITIALIZER;
    engine_status status = store_get(store, STORE_SCANS, scan_id, &now, err);
    const char *holder;

    if (status < 0)
        goto out;
    holder = document_string(&now, "owner");
    if (owner && (!holder || strcmp(holder, owner) != 0)) {
        status = engine_fail(err, ENGINE_EDENIED,
                             "scan %s is held by another engine: %s", scan_id,
                             holder ? holder : "");
    } else {
        document_merge(&now, changes, &next);
        BSON_APPEND_INT64(&expected, "rev", document_int(&now, "rev", 0));
        status = store_swap(store, STORE_SCANS, scan_id, &expected, &next,
                            err);
    }
    bson_destroy(&now);
out:
    bson_destroy(&next);
    bson_destroy(&expected);
    return status;
}

engine_status scan_document_update(struct store *store, const char *scan_id,
                                   const char *owner, const bson_t *changes,
                                   engine_error *err)
{
    engine_status status = ENGINE_ECONFLICT;

    for (int i = 0; status == ENGINE_ECONFLICT && i < DOCUMENT_TRIES; i++)
        status = document_swap(store, scan_id, owner, changes, err);
    return status;
}

/* ---- artifacts -------------------------------------------------------- */

engine_status scan_document_note_artifact(struct scan_group *group,
                                          const char *id, const char *name,
                                          const char *media_type,
                                          engine_error *err)
{
    struct scan_run *run = group->run;
    const char *key;
    char number[16];
    bson_t item;

    if (run->artifacts_count == DOCUMENT_ARTIFACTS_MAX)
        return engine_fail(err, ENGINE_ELIMIT,
                           "scanner \"%s\" keeps more than %d files",
                           group->plugin->spec->name, DOCUMENT_ARTIFACTS_MAX);
    if (!run->artifacts_count)
        bson_init(&run->artifacts);
    bson_uint32_to_string(run->artifacts_count++, &key, number,
                          sizeof(number));
    BSON_APPEND_DOCUMENT_BEGIN(&run->artifacts, key, &item);
    BSON_APPEND_UTF8(&item, "id", id);
    BSON_APPEND_UTF8(&item, "name", name);
    BSON_APPEND_UTF8(&item, "media_type", media_type);
    BSON_APPEND_UTF8(&item, "scanner", group->plugin->spec->name);
    BSON_APPEND_UTF8(&item, "target", group->target_id);
    bson_append_document_end(&run->artifacts, &item);
    return ENGINE_OK;
}

/* a resume goes on with the list of the runs before */
static void document_take_artifacts(const bson_t *scan, struct scan_run *run)
{
    bson_t list;

    if (!document_child(scan, "artifacts", &list) || bson_empty(&list))
        return;
    bson_copy_to(&list, &run->artifacts);
    run->artifacts_count = bson_count_keys(&list);
}

engine_status scan_change(struct store *store, const char *scan_id,
                          const bson_t *expected, const bson_t *changes,
                          engine_error *err)
{
    bson_t now, next = BSON_INITIALIZER, filter = BSON_INITIALIZER;
    engine_status status = store_get(store, STORE_SCANS, scan_id, &now, err);

    if (status == ENGINE_ENOTFOUND)
        engine_fail(err, status, "there is no scan %s", scan_id);
    if (status == ENGINE_OK) {
        document_merge(&now, changes, &next);
        bson_concat(&filter, expected);
        BSON_APPEND_INT64(&filter, "rev", document_int(&now, "rev", 0));
        status = store_swap(store, STORE_SCANS, scan_id, &filter, &next, err);
        bson_destroy(&now);
    }
    bson_destroy(&filter);
    bson_destroy(&next);
    return status;
}

/* ---- lease ------------------------------------------------------------ */

static engine_status take_waiting(const bson_t *scan, const char *scan_id,
                                  engine_error *err)
{
    const char *state = document_string(scan, "status");

    if (state && (strcmp(state, "pending") == 0 ||
                  (strcmp(state, "running") == 0 && !scan_is_running(scan))))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_ECONFLICT, "scan %s is %s", scan_id,
                       state ? state : "in no state");
}

static engine_status take_allowed(const bson_t *scan, const char *scan_id,
                                  engine_error *err)
{
    const char *state = document_string(scan, "status");
    const char *owner = document_string(scan, "owner");
    const int64_t until = document_date(scan, "lease_until", 0);

    if (state && strcmp(state, "completed") == 0) {
        engine_fail(err, ENGINE_ECONFLICT, "scan %s is complete", scan_id);
        engine_hint(err, "show it with: scans show %s", scan_id);
        return ENGINE_ECONFLICT;
    }
    if (state && strcmp(state, "running") == 0 && until > clock_now_ms() &&
        !scan_owner_dead(owner)) {
        engine_fail(err, ENGINE_ECONFLICT,
                    "scan %s is running, held by %s", scan_id,
                    owner ? owner : "somebody");
        engine_hint(err, "cancel it first, or wait until its lease has run "
                         "out (at most a minute after its engine died)");
        return ENGINE_ECONFLICT;
    }
    return ENGINE_OK;
}

/* A pending scan that was never begun begins now, or began when a queue chose
 * it: its order is that of the queue, not of the threads that come here. */
static int64_t take_begun(const bson_t *scan)
{
    const int64_t now = clock_now_ms();

    return document_date(scan, "claim_until", 0) > now
               ? document_date(scan, "claimed_at", now)
               : now;
}

/* what was begun before is resumed */
static void take_count(const bson_t *scan, bson_t *changes)
{
    const char *state = document_string(scan, "status");

    if (state && strcmp(state, "pending") == 0 &&
        !bson_has_field(scan, "total_verdicts"))
        BSON_APPEND_DATE_TIME(changes, "started_at", take_begun(scan));
    else
        BSON_APPEND_INT32(changes, "resumed",
                          (int32_t)document_int(scan, "resumed", 0) + 1);
}

engine_status scan_document_take(struct scan_run *run, bool waiting,
                                 engine_error *err)
{
    struct store *store = run->context->store;
    bson_t scan, next = BSON_INITIALIZER, changes = BSON_INITIALIZER;
    bson_t expected = BSON_INITIALIZER, config;
    engine_status status;

    status = store_get(store, STORE_SCANS, run->scan_id, &scan, err);
    if (status < 0) {
        if (status == ENGINE_ENOTFOUND)
            engine_fail(err, status, "there is no scan %s", run->scan_id);
        goto out;
    }
    status = waiting ? take_waiting(&scan, run->scan_id, err)
                     : take_allowed(&scan, run->scan_id, err);
    if (status == ENGINE_OK && document_child(&scan, "scan_config", &config)) {
        bson_copy_to(&config, &run->config);
        run->has_config = true;
    } else if (status == ENGINE_OK) {
        status = engine_fail(err, ENGINE_ECORRUPT,
                             "scan %s has no scan_config", run->scan_id);
    }
    if (status == ENGINE_OK) {
        document_take_artifacts(&scan, run);
        scan_warnings_take(&scan, run);
        BSON_APPEND_UTF8(&changes, "status", "running");
        document_lease(&changes, run->owner);
        BSON_APPEND_NULL(&changes, "completed_at");
        BSON_APPEND_BOOL(&changes, "cancel_requested", false);
        take_count(&scan, &changes);
        document_merge(&scan, &changes, &next);
        BSON_APPEND_INT64(&expected, "rev", document_int(&scan, "rev", 0));
        status = store_swap(store, STORE_SCANS, run->scan_id, &expected,
                            &next, err);
    }
    bson_destroy(&scan);
out:
    bson_destroy(&next);
    bson_destroy(&changes);
    bson_destroy(&expected);
    return status;
}

/* What the document says of the run: whose it is, whether it is to end. */
static void lease_read(struct scan_run *run, const bson_t *scan)
{
    const char *owner = document_string(scan, "owner");

    if (document_bool(scan, "cancel_requested", false)) {
        run->cancel = true;
        run->suspend = false; /* a user's word counts more */
    }
    if (!owner || strcmp(owner, run->owner) != 0)
        run->lost = true;
}

/* Another engine may have given the scan up for lost, and marked it so: who
 * still owns it and works on it takes that back. */
static engine_status lease_renew(struct scan_run *run, bool marked,
                                 engine_error *err)
{
    bson_t scan, changes = BSON_INITIALIZER;
    engine_status status;

    document_lease(&changes, run->owner);
    if (marked) {
        BSON_APPEND_UTF8(&changes, "status", "running");
        BSON_APPEND_NULL(&changes, "completed_at");
    }
    status = scan_document_update(run->context->store, run->scan_id,
                                  run->owner, &changes, err);
    if (status == ENGINE_OK)
        run->leased_ms = run->checked_ms;
    bson_destroy(&changes);
    if (status != ENGINE_EDENIED)
        return status;
    /* by the server, or is it another's? */
    if (store_get(run->context->store, STORE_SCANS, run->scan_id, &scan,
                  NULL) == ENGINE_OK) {
        lease_read(run, &scan);
        bson_destroy(&scan);
    }
    return run->lost ? ENGINE_OK : status;
}

engine_status scan_lease_check(struct scan_run *run, engine_error *err)
{
    engine_status status;
    bool marked = false;
    const char *state;
    bson_t scan;

    run->checked_ms = clock_steady_ms();
    status = store_get(run->context->store, STORE_SCANS, run->scan_id, &scan,
                       err);
    if (status == ENGINE_OK) {
        lease_read(run, &scan);
        state = document_string(&scan, "status");
        marked = !state || strcmp(state, "running") != 0;
        bson_destroy(&scan);
    }
    if (status == ENGINE_OK && !run->lost &&
        (marked || run->checked_ms - run->leased_ms > SCAN_LEASE_MS / 3))
        status = lease_renew(run, marked, err);
    if (status != ENGINE_ENOTFOUND)
        return status;
    run->deleted = run->lost = true;
    return ENGINE_OK;
}
