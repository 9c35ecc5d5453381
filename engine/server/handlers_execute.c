/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_execute.c - starting, cancelling and removing scans. */
#include <string.h>
#include <time.h>

#include "engine/server/handlers_archive.h"
#include "engine/server/private.h"
#include "engine/server/scan_view.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"

#define EXECUTE_LOOK_MS 50

/* ---- execute ------------------------------------------------------------- */

static int64_t execute_running(struct server *server)
{
    int64_t running;

    pthread_mutex_lock(&server->lock);
    running = server->running;
    pthread_mutex_unlock(&server->lock);
    return running;
}

/* Another's scan stays without a name. */
static engine_status execute_refuse(struct request *request,
                                    struct response *response, const char *why,
                                    const char *busy, engine_error *err)
{
    bson_t scan;

    if (strcmp(why, "busy") == 0) {
        response->status = 409;
        if (request_scan(request, busy, &scan, NULL) == ENGINE_OK) {
            bson_destroy(&scan);
            BSON_APPEND_UTF8(&response->details, "scan_id", busy);
            engine_fail(err, ENGINE_ECONFLICT,
                        "scan %s runs on this target or waits for it", busy);
        } else {
            engine_fail(err, ENGINE_ECONFLICT,
                        "a scan of somebody else runs on this target or waits "
                        "for it");
        }
        engine_hint(err, "wait for it, or ask with queue=true");
        return ENGINE_ECONFLICT;
    }
    response->status = 503;
    return engine_fail(err, ENGINE_ELIMIT,
                       strcmp(why, "full") == 0 ? "the queue is full"
                                                : "the daemon is stopping");
}

/* Asks admit() about a checked configuration. */
static engine_status execute_admit(struct request *request,
                                   struct response *response,
                                   const bson_t *config, engine_error *err)
{
    const struct engine_config *settings = request->world->config;
    struct admit_state state = {
        .running = execute_running(request->server),
        .running_most = settings->server_scans,
        .waiting_most = settings->server_queue,
        .may_wait = request_flag(request, "queue") ||
                    document_bool(&request->json, "queue", false),
        .stopping = atomic_load(&request->server->stopping)};
    struct admit_answer answer;
    char busy[64] = "";
    bson_t targets;
    engine_status status;

    if (!document_child(config, "targets", &targets))
        return engine_fail(err, ENGINE_EINVAL, "the scan has no targets");
    status = queue_busy(request->store, &targets, busy, &state.waiting, err);
    if (status < 0)
        return status;
    state.target_busy = busy[0] != '\0';
    answer = admit(clock_now_ms(), &state);
    return answer.verdict == ADMIT_REFUSE
               ? execute_refuse(request, response, answer.why, busy, err)
               : ENGINE_OK;
}

/* The queue is ordered by milliseconds: no two of this engine share one. */
static void execute_tick(const struct server *server)
{
    const struct timespec pause = {.tv_nsec = 100000};

    while (clock_now_ms() == server->admitted_ms)
        nanosleep(&pause, NULL);
}

static engine_status execute_prepare(struct request *request,
                                     const bson_t *config, const bson_t *files,
                                     char **scan_id, engine_error *err)
{
    struct server *server = request->server;
    struct scan_context context;
    bson_t more = BSON_INITIALIZER;
    engine_status status;

    request_context(request, &context);
    BSON_APPEND_UTF8(&more, "host", server->host);
    execute_tick(server);
    BSON_APPEND_DATE_TIME(&more, "queued_at", clock_now_ms());
    BSON_APPEND_UTF8(&more, "created_by", request_owner(request));
    BSON_APPEND_UTF8(&more, "started_by",
                     request->who[0] ? request->who : "anybody");
    if (request->token[0])
        BSON_APPEND_UTF8(&more, "started_by_token", request->token);
    if (bson_count_keys(files)) {
        BSON_APPEND_UTF8(&more, "bound_to", server->owner);
        BSON_APPEND_BOOL(&more, "resumable", false);
    }
    status = scan_prepare(&context, config, "api", &more, scan_id, err);
    server->admitted_ms = clock_now_ms();
    bson_destroy(&more);
    return status;
}

/* One at a time in this engine, so that two requests for one target do not
 * both find it free; between engines the queue sorts it out. */
static engine_status execute_store(struct request *request,
                                   struct response *response, char **scan_id,
                                   engine_error *err)
{
    bson_t form = BSON_INITIALIZER, files = BSON_INITIALIZER, config;
    engine_status status = form_scan(request, &form, &files, err);
    bool kept = false;

    if (status == ENGINE_OK)
        status = scan_config_check(&form, request->world->registry, &config,
                                   err);
    if (status == ENGINE_OK) {
        pthread_mutex_lock(&request->server->admission);
        status = execute_admit(request, response, &config, err);
        if (status == ENGINE_OK)
            status = execute_prepare(request, &form, &files, scan_id, err);
        pthread_mutex_unlock(&request->server->admission);
        bson_destroy(&config);
    }
    if (status == ENGINE_OK) {
        kept = true;
        status = secrets_keep(request->server, *scan_id, &files, err);
    }
    if (!kept)
        secrets_close(&files);
    /* that nothing is selected is about the request, not the address */
    if (status == ENGINE_ENOTFOUND)
        response->status = 422;
    bson_destroy(&files);
    bson_destroy(&form);
    return status;
}

/* Until the scan is over, the time has passed or the daemon stops. */
static engine_status execute_wait(struct request *request, const char *scan_id,
                                  int64_t seconds, bson_t *scan,
                                  engine_error *err)
{
    const struct timespec pause = {.tv_nsec = EXECUTE_LOOK_MS * 1000000L};
    const int64_t until = clock_steady_ms() + 1000 * seconds;

    for (;;) {
        const engine_status status =
            store_get(request->store, STORE_SCANS, scan_id, scan, err);

        if (status < 0 || scan_view_is_over(scan) ||
            clock_steady_ms() >= until ||
            atomic_load(&request->server->stopping))
            return status;
        bson_destroy(scan);
        nanosleep(&pause, NULL);
    }
}

engine_status handle_execute(struct request *request,
                             struct response *response, engine_error *err)
{
    const int64_t seconds = request_number(request, "wait", 0);
    char *scan_id = NULL;
    bson_t scan;
    engine_status status = execute_store(request, response, &scan_id, err);

    if (status == ENGINE_OK) {
        queue_poke(request->server);
        response_header(response, "Location",
                        arena_strf(&request->arena,
                                   SERVER_PREFIX "/scans/%s", scan_id));
        status = execute_wait(request, scan_id, seconds, &scan, err);
    }
    if (status == ENGINE_OK) {
        status = scan_respond(request, response,
                              scan_view_is_over(&scan) ? 200 : 202, &scan,
                              err);
        bson_destroy(&scan);
    }
    engine_free(scan_id);
    return status;
}

/* ---- cancel and delete --------------------------------------------------- */

engine_status handle_scan_cancel(struct request *request,
                                 struct response *response, engine_error *err)
{
    const char *id = request->words[0];
    bson_t scan;
    engine_status status = request_scan(request, id, &scan, err);

    if (status < 0)
        return status;
    bson_destroy(&scan);
    status = scan_cancel(request->store, id, err);
    if (status == ENGINE_ENOTFOUND)
        engine_fail(err, status, "there is no scan \"%.80s\"", id);
    if (status < 0)
        return status;
    runner_cancel(request->server, id);
    if (store_get(request->store, STORE_SCANS, id, &scan, NULL) == ENGINE_OK) {
        if (scan_view_is_over(&scan))
            secrets_drop(request->server, id);
        bson_destroy(&scan);
    }
    return scan_respond_status(request, response, 202, err);
}

/* A scan that waits is at work, too: cancelling it comes first. */
static engine_status delete_one(struct request *request, const char *id,
                                engine_error *err)
{
    bson_t scan;
    engine_status status = request_scan(request, id, &scan, err);
    const char *state;

    if (status < 0)
        return status;
    state = document_string(&scan, "status");
    if (state && strcmp(state, "pending") == 0)
        status = engine_fail(err, ENGINE_ECONFLICT, "scan %s is pending", id);
    bson_destroy(&scan);
    if (status == ENGINE_OK)
        status = scan_delete(request->store, id, err);
    if (status == ENGINE_ECONFLICT)
        engine_hint(err, "cancel it first");
    return status;
}

engine_status handle_scan_delete(struct request *request,
                                 struct response *response, engine_error *err)
{
    engine_status status = delete_one(request, request->words[0], err);
    bson_t *out;

    if (status < 0)
        return status;
    out = BCON_NEW("success", BCON_BOOL(true), "scan_id",
                   BCON_UTF8(request->words[0]));
    status = response_document(response, 200, out, err);
    bson_destroy(out);
    return status;
}

engine_status request_scan_ids(struct request *request, bson_t *out,
                               engine_error *err)
{
    bson_iter_t iter, items;
    uint32_t count = 0;

    if (!bson_iter_init_find(&iter, &request->json, "scan_ids") ||
        !BSON_ITER_HOLDS_ARRAY(&iter))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"scan_ids\" must be a list of scan ids");
    bson_iter_recurse(&iter, &items);
    while (bson_iter_next(&items)) {
        if (!BSON_ITER_HOLDS_UTF8(&items) || ++count > 100)
            return engine_fail(err, ENGINE_EINVAL,
                               "\"scan_ids\" must hold 1 to 100 texts");
        document_copy_value(out, bson_iter_key(&items), &items);
    }
    return count ? ENGINE_OK
                 : engine_fail(err, ENGINE_EINVAL, "\"scan_ids\" is empty");
}

static void delete_note(bson_t *list, const char *id, const engine_error *why)
{
    char key[16];
    bson_t item;

    snprintf(key, sizeof(key), "%u", (unsigned)bson_count_keys(list));
    BSON_APPEND_DOCUMENT_BEGIN(list, key, &item);
    BSON_APPEND_UTF8(&item, "scan_id", id);
    BSON_APPEND_UTF8(&item, "message", why->message);
    bson_append_document_end(list, &item);
}

engine_status handle_scans_delete(struct request *request,
                                  struct response *response, engine_error *err)
{
    bson_t ids = BSON_INITIALIZER, out = BSON_INITIALIZER;
    bson_t skipped = BSON_INITIALIZER, failed = BSON_INITIALIZER;
    engine_status status = request_scan_ids(request, &ids, err);
    bson_iter_t iter;
    int64_t deleted = 0;

    bson_iter_init(&iter, &ids);
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        const char *id = bson_iter_utf8(&iter, NULL);
        engine_error why = {0};
        const engine_status one = delete_one(request, id, &why);

        deleted += one == ENGINE_OK;
        if (one < 0)
            delete_note(one == ENGINE_ECONFLICT ? &skipped : &failed, id,
                        &why);
    }
    if (status == ENGINE_OK) {
        BSON_APPEND_BOOL(&out, "success", bson_count_keys(&failed) == 0);
        BSON_APPEND_INT64(&out, "deleted_scans", deleted);
        BSON_APPEND_INT64(&out, "deleted", deleted);
        BSON_APPEND_ARRAY(&out, "skipped_scans", &skipped);
        BSON_APPEND_ARRAY(&out, "errors", &failed);
        status = response_document(response, 200, &out, err);
    }
    bson_destroy(&failed);
    bson_destroy(&skipped);
    bson_destroy(&out);
    bson_destroy(&ids);
    return status;
}
