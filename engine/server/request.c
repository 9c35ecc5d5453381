/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - what handlers ask a request for. */
#include "engine/server/private.h"

#include <errno.h>
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

engine_status request_number(struct request *request,
                             struct response *response, const char *name,
                             int64_t minimum, int64_t maximum, int64_t *out,
                             engine_error *err)
{
    const char *text = request_query(request, name);
    char *end = NULL;
    long long value;

    if (!text)
        return ENGINE_OK;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text && !*end && errno == 0 && value >= minimum && value <= maximum) {
        *out = value;
        return ENGINE_OK;
    }
    response->status = 400;
    return engine_fail(err, ENGINE_EINVAL,
                       "%s is \"%.40s\": expected a whole number from %lld to "
                       "%lld", name, text, (long long)minimum,
                       (long long)maximum);
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
