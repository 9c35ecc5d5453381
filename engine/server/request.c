/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - what handlers ask a request for. */
#include "engine/scan/found.h"
#include "engine/server/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_ARENA_MAX ((size_t)64 * 1024 * 1024)

void request_init(struct request *request, struct server *server)
{
    memset(request, 0, sizeof(*request));
    request->server = server;
    arena_init(&request->arena, REQUEST_ARENA_MAX);
    bson_init(&request->json);
}

void request_clear(struct request *request)
{
    bson_destroy(&request->json);
    arena_clear(&request->arena);
}

const char *request_query(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

bool request_flag(const struct request *request, const char *name)
{
    const char *value = request_query(request, name);

    return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0 ||
                     strcmp(value, "yes") == 0);
}

int64_t request_number(const struct request *request, const char *name,
                       int64_t fallback)
{
    const char *text = request_query(request, name);

    return text ? strtoll(text, NULL, 10) : fallback;
}

static bool request_is_flag(const char *text)
{
    static const char *const words[] = {"true", "false", "1", "0",
                                        "yes",  "no"};

    for (size_t i = 0; i < SERVER_COUNT(words); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static engine_status request_check_number(const struct route_parameter *wanted,
                                          const char *text, engine_error *err)
{
    char *end = NULL;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text && !*end && errno == 0 && *text != ' ' && *text != '+' &&
        value >= wanted->minimum && value <= wanted->maximum)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "%s is \"%.40s\": expected a whole number from %lld "
                       "to %lld", wanted->name, text,
                       (long long)wanted->minimum,
                       (long long)wanted->maximum);
}

engine_status request_check_query(const struct request *request,
                                  engine_error *err)
{
    const struct route_parameter *wanted = request->route->parameters;
    engine_status status = ENGINE_OK;

    for (; wanted && wanted->name && status == ENGINE_OK; wanted++) {
        const char *text = request_query(request, wanted->name);

        if (text && strcmp(wanted->type, "integer") == 0)
            status = request_check_number(wanted, text, err);
        else if (text && strcmp(wanted->type, "boolean") == 0 &&
                 !request_is_flag(text))
            status = engine_fail(err, ENGINE_EINVAL,
                                 "%s is \"%.40s\": expected true or false",
                                 wanted->name, text);
    }
    return status;
}

bool request_sees_all(const struct request *request)
{
    return request->role == ROLE_ADMIN ||
           strcmp(request->world->config->server_visibility, "all") == 0;
}

const char *request_owner(const struct request *request)
{
    if (request->who[0])
        return request->who;
    return request->token[0] ? request->token : "anybody";
}

void request_narrow(const struct request *request, bson_t *filter)
{
    char text[sizeof(SCAN_FOUND_OWNER) + sizeof(request->who)];

    snprintf(text, sizeof(text), SCAN_FOUND_OWNER "%s",
             request_owner(request));
    if (!request_sees_all(request))
        BSON_APPEND_UTF8(filter, SCAN_FOUND_BY, text);
}

bool request_sees(const struct request *request, const bson_t *scan)
{
    const char *owner = document_string(scan, "created_by");

    return request_sees_all(request) ||
           (owner && strcmp(owner, request_owner(request)) == 0);
}

engine_status request_scan(const struct request *request, const char *id,
                           bson_t *out, engine_error *err)
{
    engine_status status =
        store_get(request->store, STORE_SCANS, id, out, err);

    if (status == ENGINE_OK && !request_sees(request, out)) {
        bson_destroy(out);
        status = ENGINE_ENOTFOUND;
    }
    if (status == ENGINE_ENOTFOUND)
        engine_fail(err, status, "there is no scan \"%.80s\"", id);
    return status;
}

static int request_cancelled(void *user)
{
    const struct request *request = user;

    return atomic_load(&request->server->stopping);
}

void request_context(struct request *request, struct scan_context *out)
{
    *out = (struct scan_context){.store = request->store,
                                 .registry = request->world->registry,
                                 .conduct = request->world->conduct,
                                 .log = request->server->setup.log,
                                 .limits = request->world->limits,
                                 .cancelled = request_cancelled,
                                 .user = request};
}
