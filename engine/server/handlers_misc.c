/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_misc.c - the daemon itself: health, metrics, scanners, OpenAPI. */
#include <string.h>
#include <unistd.h>

#include "engine/server/private.h"
#include "sdk/base/clock.h"

engine_status handle_health(struct request *request, struct response *response,
                            engine_error *err)
{
    bson_t *out = BCON_NEW(
        "status", BCON_UTF8("ok"), "version", BCON_UTF8(SCAN_ENGINE_VERSION),
        "uptime_seconds",
        BCON_INT64((clock_now_ms() - request->server->started_ms) / 1000));
    const engine_status status = response_document(response, 200, out, err);

    bson_destroy(out);
    return status;
}

/* Asks the store, which /health does not: a restart would not bring it back. */
engine_status handle_ready(struct request *request, struct response *response,
                           engine_error *err)
{
    struct server *server = request->server;
    const size_t plugins = registry_count(request->world->registry);
    int64_t scans = 0;
    engine_status status = server_store_ready(server, &scans, err);
    bson_t *out;

    if (status == ENGINE_OK && atomic_load(&server->stopping))
        status = engine_fail(err, ENGINE_ECANCELLED, "the daemon is stopping");
    if (status < 0) {
        response->status = 503;
        return status;
    }
    out = BCON_NEW("status", BCON_UTF8("ready"), "scanners",
                   BCON_INT64((int64_t)plugins), "running_scans",
                   BCON_INT64(scans));
    status = response_document(response, 200, out, err);
    bson_destroy(out);
    return status;
}

/* How options are configured is the administrator's: they are left out. */
static void scanners_put(const struct server_world *world,
                         const struct plugin_entry *entry, bson_t *out)
{
    bson_t shown = BSON_INITIALIZER;

    conduct_show(world->conduct, &world->limits, entry, &shown);
    bson_copy_to_excluding_noinit(&shown, out, "configured", NULL);
    BSON_APPEND_BOOL(out, "healthy", entry->refused.status == ENGINE_OK);
    bson_destroy(&shown);
}

engine_status handle_scanners(struct request *request,
                              struct response *response, engine_error *err)
{
    const struct registry *registry = request->world->registry;
    bson_t out = BSON_INITIALIZER, list, item;
    engine_status status;

    BSON_APPEND_ARRAY_BEGIN(&out, "scanners", &list);
    for (size_t i = 0; i < registry_count(registry); i++) {
        char key[24];

        snprintf(key, sizeof(key), "%zu", i);
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &item);
        scanners_put(request->world, registry_at(registry, i), &item);
        bson_append_document_end(&list, &item);
    }
    bson_append_array_end(&out, &list);
    status = response_document(response, 200, &out, err);
    bson_destroy(&out);
    return status;
}

/* ---- metrics ------------------------------------------------------------- */

static void metrics_head(struct buffer *out, const char *name,
                         const char *type, const char *help)
{
    buffer_printf(out, "# HELP scan_engine_%s %s\n# TYPE scan_engine_%s %s\n",
                  name, help, name, type);
}

static void metrics_spools(struct request *request, struct buffer *out)
{
    struct scan_spool spool;
    int64_t waiting, aside;

    server_spool(request->server, request->world, &spool);
    scan_count_spools(&spool, &waiting, &aside);
    metrics_head(out, "spool_files", "gauge",
                 "Spools in the directory, also of dead engines.");
    buffer_printf(out, "scan_engine_spool_files %lld\n", (long long)waiting);
    metrics_head(out, "spool_aside_files", "gauge",
                 "Spools that were damaged or refused by the store.");
    buffer_printf(out, "scan_engine_spool_aside_files %lld\n",
                  (long long)aside);
}

static void metrics_store(struct server *server, bool is_up,
                          struct buffer *out)
{
    metrics_head(out, "store_up", "gauge",
                 "Whether the store answers; without it there is no count of "
                 "scans.");
    buffer_printf(out, "scan_engine_store_up %d\n", is_up ? 1 : 0);
    metrics_head(out, "spool_frames", "gauge",
                 "Results and verdicts of scans at work that wait on disk.");
    buffer_printf(out, "scan_engine_spool_frames %lld\n",
                  (long long)atomic_load(&server->figures.frames));
    metrics_head(out, "spool_bytes", "gauge", "The same in bytes.");
    buffer_printf(out, "scan_engine_spool_bytes %lld\n",
                  (long long)atomic_load(&server->figures.bytes));
}

static engine_status metrics_scans(struct request *request, struct buffer *out,
                                   engine_error *err)
{
    bson_t groups;
    bson_iter_t iter;
    engine_status status =
        request->store ? store_group(request->store, STORE_SCANS, NULL,
                                     "status", &groups, err)
                       : ENGINE_EAWAY;

    if (status == ENGINE_OK || status == ENGINE_EAWAY)
        metrics_store(request->server, status == ENGINE_OK, out);
    metrics_spools(request, out);
    if (status < 0)
        return status == ENGINE_EAWAY ? ENGINE_OK : status;
    metrics_head(out, "scans", "gauge", "Scans in the store by status.");
    bson_iter_init(&iter, &groups);
    while (bson_iter_next(&iter))
        buffer_printf(out, "scan_engine_scans{status=\"%s\"} %lld\n",
                      bson_iter_key(&iter),
                      (long long)bson_iter_as_int64(&iter));
    bson_destroy(&groups);
    return ENGINE_OK;
}

static void metrics_answers(struct server *server, struct buffer *out)
{
    metrics_head(out, "http_requests_total", "counter",
                 "Answered requests by status.");
    for (size_t i = 0; i < SERVER_ANSWERS; i++) {
        const long long count = atomic_load(&server->answers[i]);

        if (count)
            buffer_printf(out,
                          "scan_engine_http_requests_total{code=\"%zu\"} "
                          "%lld\n", i, count);
    }
}

engine_status handle_metrics(struct request *request,
                             struct response *response, engine_error *err)
{
    struct server *server = request->server;
    struct buffer *out = &response->body;
    int64_t running;

    pthread_mutex_lock(&server->lock);
    running = server->running;
    pthread_mutex_unlock(&server->lock);
    response->status = 200;
    response->media_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_head(out, "up_seconds", "gauge", "Seconds since the start.");
    buffer_printf(out, "scan_engine_up_seconds %lld\n",
                  (long long)(clock_now_ms() - server->started_ms) / 1000);
    metrics_head(out, "running_scans", "gauge", "Scans that this daemon runs.");
    buffer_printf(out, "scan_engine_running_scans %lld\n", (long long)running);
    metrics_head(out, "scans_started_total", "counter",
                 "Scans that this daemon began or resumed.");
    buffer_printf(out, "scan_engine_scans_started_total %lld\n",
                  (long long)atomic_load(&server->scans_started));
    metrics_head(out, "scans_recovered_total", "counter",
                 "Scans taken over from engines that died.");
    buffer_printf(out, "scan_engine_scans_recovered_total %lld\n",
                  (long long)atomic_load(&server->scans_recovered));
    metrics_head(out, "rate_limited_total", "counter",
                 "Requests that came too often.");
    buffer_printf(out, "scan_engine_rate_limited_total %lld\n",
                  (long long)atomic_load(&server->refused_rate));
    metrics_answers(server, out);
    return metrics_scans(request, out, err);
}

engine_status handle_openapi(struct request *request,
                             struct response *response, engine_error *err)
{
    (void)request;
    response->status = 200;
    return openapi_put(&response->body, err);
}
