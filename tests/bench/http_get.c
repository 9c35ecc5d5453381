/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_get.c - reads a URL with the kit's client and drops the body, to be
 * compared with curl -o /dev/null.
 *
 * http_get URL [CA.pem [TIMES [CONCURRENT]]]: prints bytes, wall and processor
 * time, connections; HTTP1=1 in the environment: no HTTP/2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sdk/base/clock.h"
#include "sdk/kit/http.h"

static engine_status bench_body(struct http_request *request, const char *data,
                                size_t len, void *user, engine_error *err)
{
    uint64_t *bytes = user;

    (void)request;
    (void)data;
    (void)err;
    *bytes += len;
    return ENGINE_OK;
}

static void bench_done(struct http_request *request, engine_status status,
                       const struct http_response *response,
                       const engine_error *err, void *user)
{
    (void)request;
    (void)user;
    if (status < 0 || response->status != 200)
        fprintf(stderr, "http_get: status %ld: %s\n", response->status,
                err ? err->message : "");
}

static double bench_cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    const struct http_handler handler = {.body = bench_body,
                                         .done = bench_done};
    const int times = argc > 3 ? atoi(argv[3]) : 1;
    const struct http_client_options options = {
        .http1 = getenv("HTTP1") != NULL,
        .concurrent = argc > 4 ? (unsigned)atoi(argv[4]) : 0,
        .concurrent_host = argc > 4 ? (unsigned)atoi(argv[4]) : 0};
    const struct http_endpoint endpoint = {.ca_file =
                                               argc > 2 ? argv[2] : NULL};
    const int64_t start = clock_steady_ms();
    struct http_client *client = NULL;
    struct http_counts counts;
    engine_error err;
    uint64_t bytes = 0;
    struct http_call call = {
        .endpoint = &endpoint, .handler = &handler, .user = &bytes};

    if (argc < 2 || http_client_new(&options, &client, &err) < 0)
        return 1;
    call.url = argv[1];
    for (int i = 0; i < times; i++)
        if (http_add(client, &call, NULL, &err) < 0)
            return 1;
    if (http_run(client, &err) < 0)
        return 1;
    http_counts(client, &counts);
    printf("bytes %llu wall %lld ms cpu %.0f ms connections %llu\n",
           (unsigned long long)bytes, (long long)(clock_steady_ms() - start),
           bench_cpu() * 1000, (unsigned long long)counts.connections);
    http_client_free(client);
    return 0;
}
