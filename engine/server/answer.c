/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - from a request to its answer, in the order of the steps. */
#include <ctype.h>
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/clock.h"

#define ANSWER_ID_MAX 64

/* The client's own id when it is harmless, else a fresh one. */
static void answer_id(struct request *request)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t len = strlen(request->id);

    if (len == 0 || len > ANSWER_ID_MAX || strspn(request->id, plain) != len)
        id_uuid(request->id);
}

static engine_status answer_route(struct request *request,
                                  struct response *response, engine_error *err)
{
    const char *allow = NULL;

    response->status = routes_match(request, &allow);
    if (response->status == 404) {
        engine_fail(err, ENGINE_ENOTFOUND, "there is nothing at \"%.200s\"",
                    request->path);
        engine_hint(err, SERVER_PREFIX "/openapi.json tells what there is");
        return ENGINE_ENOTFOUND;
    }
    if (response->status == 405) {
        response_header(response, "Allow", allow);
        if (strcmp(request->method, "OPTIONS") == 0) {
            response->status = 204;
            return ENGINE_OK;
        }
        return engine_fail(err, ENGINE_EINVAL,
                           "%.20s is not possible here, but %s",
                           request->method, allow ? allow : "others");
    }
    return ENGINE_OK;
}

static engine_status answer_rate(struct request *request,
                                 struct response *response, engine_error *err)
{
    const struct engine_config *config = request->world->config;
    const char *client = request->token[0] ? request->token : request->address;
    const int64_t wait =
        rate_take(request->server->rate, client ? client : "",
                  config->server_rate, config->server_burst, clock_steady_ms());

    if (!wait)
        return ENGINE_OK;
    atomic_fetch_add(&request->server->refused_rate, 1);
    response->status = 429;
    response_header(response, "Retry-After",
                    arena_strf(&request->arena, "%lld",
                               (long long)(wait + 999) / 1000));
    engine_fail(err, ENGINE_ELIMIT, "too many requests");
    engine_hint(err, "at most %lld in a minute; try again later",
                (long long)config->server_rate);
    return ENGINE_ELIMIT;
}

/* Without tokens, a browser of this machine must not be talked into asking:
 * no page of another site, and no name that only leads here. */
static engine_status answer_trust(struct request *request, engine_error *err)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = request->host;

    for (size_t i = 0; host && i < SERVER_COUNT(names); i++) {
        const size_t len = strlen(names[i]);

        if (strncasecmp(host, names[i], len) == 0 &&
            (!host[len] || host[len] == ':'))
            host = NULL;
    }
    if (!host && !request->origin) {
        request->role = ROLE_ADMIN;
        return ENGINE_OK;
    }
    engine_fail(err, ENGINE_EDENIED,
                "without tokens, only this machine's own programs may ask");
    engine_hint(err, "set auth = \"token\" for others");
    return ENGINE_EDENIED;
}

/* Without a store only what auth_recall lets through comes here. */
static engine_status answer_token(struct request *request, engine_error *err)
{
    const engine_status status =
        request->store ? auth_check(request, request->store, err)
                       : ENGINE_EAWAY;

    return status == ENGINE_EAWAY && auth_recall(request) ? ENGINE_OK : status;
}

/* The figures are there also when the store is away. */
static bool answer_needs_store(struct request *request)
{
    const struct engine_config *config = request->world->config;

    if (request->route->role == ROLE_OPEN)
        return false; /* so is health */
    return request->route->fn != handle_metrics ||
           (strcmp(config->server_auth, "none") != 0 && !auth_recall(request));
}

/* Who asks, whether not too often, and whether they may. */
static engine_status answer_auth(struct request *request,
                                 struct response *response, engine_error *err)
{
    const struct engine_config *config = request->world->config;
    const enum server_role needed = request->route->role;
    engine_error why = {0}, late = {0};
    engine_status status = ENGINE_OK;

    if (strcmp(config->server_auth, "none") == 0)
        status = answer_trust(request, &why);
    else if (needed != ROLE_OPEN)
        status = answer_token(request, &why);
    if (answer_rate(request, response, &late) < 0) {
        *err = late;
        return late.status;
    }
    if (status < 0) {
        *err = why;
        if (status != ENGINE_EDENIED ||
            strcmp(config->server_auth, "none") == 0)
            return status;
        response->status = 401;
        response_header(response, "WWW-Authenticate", "Bearer");
        return status;
    }
    if (request->role >= needed)
        return ENGINE_OK;
    response->status = 403;
    engine_fail(err, ENGINE_EDENIED, "role %s may not do this",
                server_role_name(request->role));
    engine_hint(err, "it takes a token of role %s", server_role_name(needed));
    return ENGINE_EDENIED;
}

static bool answer_is_json(const char *type)
{
    size_t len;

    if (!type)
        return false;
    len = strcspn(type, "; \t");
    return len == strlen("application/json") &&
           strncasecmp(type, "application/json", len) == 0;
}

static engine_status answer_body(struct request *request,
                                 struct response *response, engine_error *err)
{
    bson_t json;

    if (request_check_query(request, err) < 0) {
        response->status = 400;
        return ENGINE_EINVAL;
    }
    if (request->too_large) {
        response->status = 413;
        engine_fail(err, ENGINE_ELIMIT, "the body is larger than %lld MiB",
                    (long long)request->world->config->server_request_mb);
        engine_hint(err, "server.request_mb of the configuration allows more");
        return ENGINE_ELIMIT;
    }
    if (request->route->body != BODY_JSON)
        return ENGINE_OK;
    if (!answer_is_json(request->content_type)) {
        response->status = 415;
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "the body must be of type application/json");
    }
    if (document_from_json(request->body ? request->body : "",
                           request->body_len, "body", &json, err) < 0) {
        response->status = 400;
        return ENGINE_EPARSE;
    }
    bson_destroy(&request->json);
    bson_steal(&request->json, &json);
    return ENGINE_OK;
}

static engine_status answer_steps(struct request *request,
                                  struct response *response, engine_error *err)
{
    struct server *server = request->server;
    engine_status status = answer_route(request, response, err);

    if (status < 0 || !request->route)
        return status;
    if (request->route->role != ROLE_OPEN &&
        (answer_needs_store(request) ||
         server_store_is_up(server)))
        status = server_store_take(server, &request->store, err);
    if (status == ENGINE_EAWAY && !answer_needs_store(request))
        status = ENGINE_OK;
    if (status == ENGINE_OK)
        status = answer_auth(request, response, err);
    if (status == ENGINE_OK)
        status = answer_body(request, response, err);
    if (status == ENGINE_OK && atomic_load(&server->stopping) &&
        strcmp(request->route->method, "GET") != 0) {
        response->status = 503;
        status = engine_fail(err, ENGINE_ECANCELLED, "the daemon is stopping");
    }
    return status == ENGINE_OK ? request->route->fn(request, response, err)
                               : status;
}

void server_answer(struct server *server, struct request *request,
                   struct response *response)
{
    engine_error err = {0};
    engine_status status;

    answer_id(request);
    request->world = server_world_take(server);
    status = answer_steps(request, response, &err);
    if (status == ENGINE_OK)
        status = buffer_status(&response->body, &err);
    if (status < 0) {
        response_fail(request, response, &err);
        if (response->status == 503)
            response_header(response, "Retry-After", "5");
        if (response->status >= 500 && status != ENGINE_EAWAY) /* known */
            log_write(server->setup.log, LOG_LEVEL_ERROR,
                      "%s %.200s: %s (request %s)", request->method,
                      request->path, err.message, request->id);
    }
    server_store_give(server, request->store,
                      status != ENGINE_EIO && status != ENGINE_EAWAY &&
                          status != ENGINE_ECORRUPT);
    request->store = NULL;
    server_world_give(server, request->world);
    request->world = NULL;
    response_header(response, "X-Request-ID", request->id);
    if (response->status < SERVER_ANSWERS)
        atomic_fetch_add(&server->answers[response->status], 1);
}
