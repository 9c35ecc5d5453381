/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_request.c - requests against a server without a network: routing, query,
 * JSON bodies, filters. Input: "METHOD PATH?QUERY TYPE\nBODY". An answer always
 * is, and a failure is never the daemon's fault. */
#include <stdlib.h>
#include <string.h>

#include "engine/server/private.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct fuzz_world {
    struct engine_config config;
    struct registry *registry;
    struct conduct_options conduct;
};

static engine_status fuzz_open(void *user, struct server_world *out,
                               engine_error *err)
{
    struct fuzz_world *world = user;

    (void)err;
    out->config = &world->config;
    out->registry = world->registry;
    out->conduct = &world->conduct;
    return ENGINE_OK;
}

static void fuzz_close(void *user, struct server_world *world)
{
    (void)user;
    (void)world;
}

static engine_status fuzz_native(const struct server_world *world,
                                 struct store *store, const char *path,
                                 const char *format,
                                 struct rules_import *import,
                                 engine_error *err)
{
    (void)world;
    (void)store;
    (void)path;
    (void)import;
    return engine_fail(err, ENGINE_EUNSUPPORTED, "no scanner for %s", format);
}

/* A server for the whole process: made once, never freed. */
static struct server *fuzz_server(void)
{
    static struct fuzz_world world;
    static struct server *server;
    char *directory = NULL, *uri = NULL;
    struct server_setup setup = {.open = fuzz_open,
                                 .close = fuzz_close,
                                 .native = fuzz_native,
                                 .user = &world};

    if (server)
        return server;
    if (file_make_temporary("/tmp", "fuzz-request-", &directory, NULL) < 0 ||
        registry_new(&world.registry, NULL) < 0)
        abort();
    uri = engine_strf("sqlite:%s/engine.db", directory);
    world.config.server_auth = "none";
    world.config.server_recover = "resume";
    world.config.server_visibility = "own";
    world.config.server_scans = 1;
    world.config.server_queue = 100;
    world.config.server_request_mb = 1;
    world.config.run_directory = directory;
    world.config.server_archive_directory = directory;
    setup.store_uri = uri;
    if (!uri || server_new(&setup, &server, NULL) < 0)
        abort();
    return server;
}

static void fuzz_query(struct request *request, char *query)
{
    char *save = NULL;

    for (char *at = strtok_r(query, "&", &save);
         at && request->query_count < SERVER_PAIRS_MAX;
         at = strtok_r(NULL, "&", &save)) {
        char *equals = strchr(at, '=');

        if (equals)
            *equals = '\0';
        request->query[request->query_count++] =
            (struct server_pair){at, equals ? equals + 1 : ""};
    }
}

/* Streams are made here as they are on a connection; events would wait. */
static void fuzz_drain(const struct request *request,
                       struct response *response)
{
    char block[4096];

    if (!response->stream.read ||
        strcmp(request->route->operation, "getEvents") == 0)
        return;
    while (response->stream.read(response->stream.state, block,
                                 sizeof(block)) > 0)
        ;
}

static void fuzz_ask(struct request *request, char *head)
{
    char *save = NULL, *question;
    struct response response;

    request->method = strtok_r(head, " ", &save);
    request->path = strtok_r(NULL, " ", &save);
    request->content_type = strtok_r(NULL, "", &save);
    if (!request->method || !request->path)
        return;
    question = strchr(request->path, '?');
    if (question) {
        *question = '\0';
        fuzz_query(request, question + 1);
        if (request_query(request, "wait"))
            return;
    }
    response_init(&response);
    server_answer(request->server, request, &response);
    if (response.status < 200 || response.status == 500)
        abort();
    fuzz_drain(request, &response);
    response_clear(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *line = memchr(data, '\n', len);
    const size_t head_len = line ? (size_t)(line - data) : len;
    char *head, *body;
    struct request request;

    if (len > 100000)
        return 0;
    head = engine_strndup((const char *)data, head_len);
    body = engine_strndup(line ? (const char *)line + 1 : "",
                          line ? len - head_len - 1 : 0);
    if (head && body) {
        request_init(&request, fuzz_server());
        request.address = "fuzz";
        request.body = body;
        request.body_len = line ? len - head_len - 1 : 0;
        fuzz_ask(&request, head);
        request_clear(&request);
    }
    engine_free(body);
    engine_free(head);
    return 0;
}
