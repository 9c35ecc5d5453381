/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.c - a cluster as a source: opened, asked for small things, closed. */
#include "plugins/kubernetes/cluster.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sdk/base/alloc.h"

#define CLUSTER_GET_MAXIMUM ((size_t)64 * 1024 * 1024)

/* ---- the client ---------------------------------------------------------- */

static int cluster_stop(void *user)
{
    const struct kube_cluster *cluster = user;
    const struct scanner_host *host = cluster->base.self->host;

    return host->cancelled(host, cluster->base.job) ||
           host->deadline_ms(host, cluster->base.job) == 0;
}

static void cluster_log(int level, const char *text, void *user)
{
    const struct kube_cluster *cluster = user;

    kit_log(cluster->base.self->host, (uint32_t)level, "%s", text);
}

static engine_status cluster_client(struct kube_cluster *cluster,
                                    engine_error *err)
{
    const struct kube *self = cluster->base.self;
    const unsigned retries = (unsigned)kube_option(self, "retries");
    const struct http_client_options options = {
        .concurrent = (unsigned)kube_option(self, "concurrency"),
        .concurrent_host = (unsigned)kube_option(self, "concurrency"),
        .retries = retries ? retries : HTTP_NO_RETRIES,
        .connect_ms = kube_option(self, "connect_timeout") * 1000,
        .stall_ms = kube_option(self, "stall_timeout") * 1000,
        .request_ms = kube_option(self, "timeout") * 1000,
        /* nothing is far enough for HTTP/2 to save a round trip, and its flow
         * control has a price */
        .http1 = cluster->near,
        .user_agent = "scan-engine/" SCAN_ENGINE_VERSION " (kubernetes)",
        .stop = cluster_stop,
        .log = cluster_log,
        .user = cluster,
    };

    return http_client_new(&options, &cluster->client, err);
}

static bool cluster_is_near(const char *server)
{
    static const char *const names[] = {"127.", "localhost:", "localhost/",
                                        "[::1]"};
    const char *host = strstr(server, "://") + 3;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncasecmp(host, names[i], strlen(names[i])) == 0)
            return true;
    return strcasecmp(host, "localhost") == 0;
}

engine_status kube_cluster_new(const struct kube *self,
                               const struct scanner_job *job,
                               const bson_t *target,
                               struct kube_cluster **out, engine_error *err)
{
    struct kube_cluster *cluster = engine_calloc(1, sizeof(*cluster));
    struct kube_surroundings around;
    engine_status status;

    if (!cluster)
        return engine_fail_memory(err);
    cluster->base.self = self;
    cluster->base.job = job;
    kube_surroundings(&around);
    status = kube_config_open(target, &around, &cluster->config, err);
    if (status == ENGINE_OK)
        status = kube_auth_new(self, job, &cluster->config, &cluster->auth,
                               err);
    if (status == ENGINE_OK) {
        cluster->near = cluster_is_near(cluster->config.server);
        status = cluster_client(cluster, err);
    }
    if (status < 0) {
        kube_cluster_free(cluster);
        return status;
    }
    kube_config_who(&cluster->config, cluster->who, sizeof(cluster->who));
    for (size_t i = 0; i < cluster->config.warnings_count; i++)
        kit_warn(self->host, job, cluster->config.warnings[i]);
    *out = cluster;
    return ENGINE_OK;
}

void kube_cluster_free(struct kube_cluster *cluster)
{
    if (!cluster)
        return;
    http_client_free(cluster->client);
    kube_discovery_free(cluster->discovery);
    kube_auth_free(cluster->auth);
    kube_config_clear(&cluster->config);
    engine_free(cluster);
}

void kube_cluster_call(struct kube_cluster *cluster, const char *url,
                       struct http_endpoint *endpoint, struct http_call *out)
{
    kube_auth_endpoint(cluster->auth, endpoint);
    *out = (struct http_call){
        .url = url,
        .endpoint = endpoint,
        .auth = kube_auth_apply,
        .auth_user = cluster->auth,
    };
}

/* ---- small answers ------------------------------------------------------- */

static engine_status get_on_body(struct http_request *request,
                                 const char *data, size_t len, void *user,
                                 engine_error *err)
{
    struct kube_get *get = user;

    (void)request;
    if (buffer_append(&get->text, data, len) < 0)
        return buffer_status(&get->text, err);
    return ENGINE_OK;
}

static engine_status get_on_again(struct http_request *request, void *user,
                                  engine_error *err)
{
    struct kube_get *get = user;

    (void)request;
    (void)err;
    buffer_reset(&get->text);
    return ENGINE_OK;
}

static void get_fail(struct kube_get *get, const struct http_response *answer)
{
    struct kube_problem problem;

    kube_problem_read(get->text.data, get->text.len, answer->content_type,
                      &problem);
    kube_problem_fail(get->cluster, get->body ? "POST" : "GET", get->path,
                      answer->status, &problem, &get->failure);
}

static void get_on_done(struct http_request *request, engine_status status,
                        const struct http_response *response,
                        const engine_error *err, void *user)
{
    struct kube_get *get = user;

    (void)request;
    get->status = response->status;
    if (status < 0) {
        get->failure = *err;
        get->failure.status = status;
        get->status = 0;
    } else if (response->status < 200 || response->status > 299) {
        get_fail(get, response);
    }
}

static engine_status get_add(struct kube_cluster *cluster,
                             struct kube_get *get, engine_error *err)
{
    static const struct http_handler handler = {.body = get_on_body,
                                                .again = get_on_again,
                                                .done = get_on_done};
    char *url = engine_strf("%s%s", cluster->config.server, get->path);
    char *accept = engine_strf("Accept: %s", get->accept ? get->accept
                                                         : "application/json");
    const char *headers[] = {accept, get->body ? "Content-Type: "
                                                 "application/json"
                                               : NULL, NULL};
    struct http_endpoint endpoint;
    struct http_call call;
    engine_status status;

    get->cluster = cluster;
    buffer_init(&get->text, CLUSTER_GET_MAXIMUM);
    if (!url || !accept) {
        status = engine_fail_memory(err);
    } else {
        kube_cluster_call(cluster, url, &endpoint, &call);
        call.method = get->body ? "POST" : "GET";
        call.body = get->body;
        call.body_len = get->body ? strlen(get->body) : 0;
        call.retry_unsafe = true; /* reviews create nothing that stays */
        call.body_maximum = CLUSTER_GET_MAXIMUM;
        call.headers = headers;
        call.handler = &handler;
        call.user = get;
        status = http_add(cluster->client, &call, NULL, err);
    }
    engine_free(url);
    engine_free(accept);
    return status;
}

/* Once more what a certificate was refused for that a plugin has replaced
 * meanwhile: the others of a connection have no effect on it. */
static engine_status get_again(struct kube_cluster *cluster,
                               struct kube_get *gets, size_t count,
                               engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        if (gets[i].status != 401)
            continue;
        kube_get_clear(&gets[i]);
        gets[i].status = 0;
        gets[i].failure = (engine_error){0};
        status = get_add(cluster, &gets[i], err);
    }
    return status < 0 ? status : http_run(cluster->client, err);
}

engine_status kube_cluster_get(struct kube_cluster *cluster,
                               struct kube_get *gets, size_t count,
                               engine_error *err)
{
    engine_status status = kube_auth_prepare(cluster->auth, err);
    const unsigned generation = kube_auth_generation(cluster->auth);

    for (size_t i = 0; status == ENGINE_OK && i < count; i++)
        status = get_add(cluster, &gets[i], err);
    if (status == ENGINE_OK)
        status = http_run(cluster->client, err);
    if (status == ENGINE_OK &&
        generation != kube_auth_generation(cluster->auth))
        status = get_again(cluster, gets, count, err);
    if (status < 0) {
        /* nothing may come any more that writes into gets */
        http_client_free(cluster->client);
        cluster->client = NULL;
    }
    return status;
}

void kube_get_clear(struct kube_get *get)
{
    if (get->cluster)
        buffer_clear(&get->text);
}

/* ---- the source ---------------------------------------------------------- */

static engine_status cluster_resolve(struct kube_source *source,
                                     const char *name,
                                     struct kube_resource *out,
                                     engine_error *err)
{
    return kube_discovery_resolve((struct kube_cluster *)source, name, out,
                                  err);
}

static void cluster_close(struct kube_source *source)
{
    kube_cluster_free((struct kube_cluster *)source);
}

engine_status kube_cluster_open(const struct kube *self,
                                const struct scanner_job *job,
                                const bson_t *target,
                                struct kube_source **out, engine_error *err)
{
    static const struct kube_source_ops ops = {.resolve = cluster_resolve,
                                               .run = kube_cluster_run,
                                               .close = cluster_close};
    struct kube_cluster *cluster = NULL;
    const engine_status status =
        kube_cluster_new(self, job, target, &cluster, err);

    if (status < 0)
        return status;
    cluster->base.ops = &ops;
    *out = &cluster->base;
    return ENGINE_OK;
}
