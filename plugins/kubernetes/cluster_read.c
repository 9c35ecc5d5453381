/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_read.c - reads as requests: a list page by page, an object at once;
 * what may be tried again is, and everything else ends the read with words.
 * (Kubernetes documentation, "Kubernetes API Concepts": retrieving large
 * result sets in chunks, 410 Gone responses, resource versions.)
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugins/kubernetes/cluster_read.h"
#include "plugins/kubernetes/dump.h"
#include "sdk/base/alloc.h"

#define READ_PROBLEM_MAXIMUM ((size_t)64 * 1024)
#define READ_BEGIN_MAXIMUM 4   /* times that a list is begun again */

/* ---- what is asked ------------------------------------------------------- */

static bool read_query_has(const char *query, const char *name)
{
    const size_t len = strlen(name);

    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return true;
    }
    return false;
}

static void read_put_encoded(struct buffer *out, const char *text)
{
    for (; *text; text++)
        if (strchr("-._~", *text) || (*text >= '0' && *text <= '9') ||
            (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'))
            buffer_putc(out, *text);
        else
            buffer_printf(out, "%%%02X", (unsigned char)*text);
}

/* without a limit and from the watch cache is what costs the server least */
static void read_put_paging(const struct cluster_read *read,
                            struct buffer *out)
{
    const int64_t size = kube_option(read->cluster->base.self, "page_size");
    const char *query = read->read->path.query;
    char mark = *query ? '&' : '?';

    if (!read->list)
        return;
    if (size > 0) {
        buffer_printf(out, "%climit=%lld", mark, (long long)size);
        mark = '&';
    } else if (!read->token && !read->fresh &&
               !read_query_has(query, "resourceVersion")) {
        buffer_printf(out, "%cresourceVersion=0", mark);
        mark = '&';
    }
    if (read->token) {
        buffer_printf(out, "%ccontinue=", mark);
        read_put_encoded(out, read->token);
    }
}

static char *read_url(const struct cluster_read *read)
{
    const struct kube_path *path = &read->read->path;
    struct buffer out;
    char *url = NULL;

    buffer_init(&out, 64 * 1024);
    buffer_printf(&out, "%s%s", read->cluster->config.server, path->plain);
    if (*path->query)
        buffer_printf(&out, "?%s", path->query);
    read_put_paging(read, &out);
    if (buffer_status(&out, NULL) == ENGINE_OK)
        url = buffer_take(&out);
    buffer_clear(&out);
    return url;
}

static const struct http_handler read_handler;

static engine_status read_add(struct cluster_read *read, engine_error *err)
{
    const char *headers[] = {"Accept: application/json",
                             read->cluster->near
                                 ? "Accept-Encoding: identity"
                                 : NULL, NULL};
    char *url = read_url(read);
    struct http_endpoint endpoint;
    struct http_call call;
    engine_status status;

    if (!url)
        return engine_fail(err, ENGINE_ELIMIT, "%s: the URL is too long",
                           read->read->path.key);
    buffer_reset(&read->problem);
    read->good = false;
    read->before = read->read->items;
    read->generation = kube_auth_generation(read->cluster->auth);
    kube_cluster_call(read->cluster, url, &endpoint, &call);
    call.headers = headers;
    call.body_maximum = SIZE_MAX / 2; /* objects and their number are bounded */
    call.handler = &read_handler;
    call.user = read;
    status = http_add(read->cluster->client, &call, NULL, err);
    engine_free(url);
    return status;
}

/* ---- what is answered ---------------------------------------------------- */

static void read_end(struct cluster_read *read, const engine_error *why)
{
    kube_read_done(read->read, why);
}

static engine_status read_on_head(struct http_request *request,
                                  const struct http_response *response,
                                  void *user, engine_error *err)
{
    struct cluster_read *read = user;
    const char *type = response->content_type;

    (void)request;
    read->good = response->status == 200;
    buffer_reset(&read->problem);
    if (!read->good || !type || strncasecmp(type, "application/json", 16) == 0)
        return ENGINE_OK;
    engine_fail(err, ENGINE_EPARSE,
                "GET %.300s: the answer is no JSON but of type %.60s (%.300s)",
                read->read->path.key, type, read->cluster->who);
    engine_hint(err, "is there a login page or a proxy in between?");
    return ENGINE_EPARSE;
}

static engine_status read_on_body(struct http_request *request,
                                  const char *data, size_t len, void *user,
                                  engine_error *err)
{
    struct cluster_read *read = user;
    const size_t room = READ_PROBLEM_MAXIMUM - read->problem.len;

    (void)request;
    if (read->good)
        return kube_read_bytes(read->read, data, len, err);
    if (buffer_append(&read->problem, data, len < room ? len : room) < 0)
        return buffer_status(&read->problem, err);
    return ENGINE_OK;
}

static engine_status read_on_again(struct http_request *request, void *user,
                                   engine_error *err)
{
    struct cluster_read *read = user;

    (void)request;
    (void)err;
    kube_read_again(read->read);
    buffer_reset(&read->problem);
    return ENGINE_OK;
}

/* ---- a page has come ----------------------------------------------------- */

static engine_status read_go_on(struct cluster_read *read, const char *next,
                                engine_error *err)
{
    engine_status status = cluster_page_next(read, next, err);
    char *token;

    if (status < 0)
        return status;
    token = engine_strdup(next);
    if (!token)
        return engine_fail_memory(err);
    engine_free(read->token);
    read->token = token;
    return read_add(read, err);
}

/* *more: another request is under way */
static engine_status read_take(struct cluster_read *read, bool *more,
                               engine_error *err)
{
    const char *next = NULL;
    engine_status status = kube_read_page(read->read, &next, err);

    if (status == ENGINE_OK)
        status = cluster_page_check(read, err);
    if (status < 0 || !next || !read->list)
        return status;
    status = read_go_on(read, next, err);
    *more = status == ENGINE_OK;
    return status;
}

/* ---- an answer that is none ---------------------------------------------- */

static engine_status read_begin_again(struct cluster_read *read,
                                      const struct kube_problem *problem,
                                      engine_error *err)
{
    char *token = NULL;

    if (++read->begun > READ_BEGIN_MAXIMUM)
        return engine_fail(err, ENGINE_EIO,
                           "GET %.300s: the list expired %u times before it "
                           "was read (%.300s)", read->read->path.key,
                           read->begun, read->cluster->who);
    if (*problem->token && read->token) {
        token = engine_strdup(problem->token);
        if (!token)
            return engine_fail_memory(err);
    } else {
        read->passed += read->pages;
        read->fresh = true;
    }
    engine_free(read->token);
    read->token = token;
    kube_read_again(read->read);
    return read_add(read, err);
}

static engine_status read_refused(struct cluster_read *read, long code,
                                  const char *type, bool *more,
                                  engine_error *err)
{
    const char *text = read->problem.data ? read->problem.data : "";
    const size_t len = read->problem.len;
    const bool expired = code == 410 && read->list;
    struct kube_problem problem;
    engine_status status;

    kube_problem_read(text, len, type, &problem);
    if (kube_problem_is_absent(code, &problem, type, text, len) &&
        read->pages == 0) {
        kube_read_absent(read->read);
        return ENGINE_OK;
    }
    /* a plugin brought another certificate meanwhile */
    if (expired || (code == 401 && read->begun <= READ_BEGIN_MAXIMUM &&
                    read->generation !=
                        kube_auth_generation(read->cluster->auth))) {
        if (!expired)
            snprintf(problem.token, sizeof(problem.token), "%s",
                     read->token ? read->token : "");
        status = read_begin_again(read, &problem, err);
        *more = status == ENGINE_OK;
        return status;
    }
    return kube_problem_fail(read->cluster, "GET", read->read->path.key, code,
                             &problem, err);
}

static void read_on_done(struct http_request *request, engine_status status,
                         const struct http_response *response,
                         const engine_error *why, void *user)
{
    struct cluster_read *read = user;
    engine_error err = {0};
    bool more = false;

    (void)request;
    if (status == ENGINE_ECANCELLED)
        return; /* the scan ends, and nothing is said of what did not */
    if (status < 0) {
        err = *why;
        err.status = status;
        if (!strstr(err.message, read->cluster->who))
            engine_error_prefix(&err, "%.300s", read->cluster->who);
    } else if (read->good) {
        err.status = read_take(read, &more, &err);
    } else {
        err.status = read_refused(read, response->status,
                                  response->content_type, &more, &err);
    }
    if (!more)
        read_end(read, &err);
}

static const struct http_handler read_handler = {.head = read_on_head,
                                                 .body = read_on_body,
                                                 .again = read_on_again,
                                                 .done = read_on_done};

/* ---- all of them --------------------------------------------------------- */

static void read_init(struct cluster_read *read, struct kube_cluster *cluster,
                      struct kube_read *of)
{
    struct kube_place place;

    *read = (struct cluster_read){.cluster = cluster, .read = of};
    buffer_init(&read->problem, READ_PROBLEM_MAXIMUM);
    read->place = kube_place_of(of->path.plain, &place);
    read->list = read->place && !*place.name;
}

engine_status kube_cluster_run(struct kube_source *source,
                               struct kube_read *const *reads, size_t count,
                               engine_error *err)
{
    struct kube_cluster *cluster = (struct kube_cluster *)source;
    struct cluster_read *all = engine_calloc(count, sizeof(*all));
    engine_status status;

    if (!all)
        return engine_fail_memory(err);
    status = kube_auth_prepare(cluster->auth, err);
    for (size_t i = 0; i < count; i++)
        read_init(&all[i], cluster, reads[i]);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        engine_error why = {0};
        if (read_add(&all[i], &why) < 0)
            read_end(&all[i], &why);
    }
    if (status == ENGINE_OK)
        status = http_run(cluster->client, err);
    if (status < 0) {
        /* what is under way still writes into all */
        http_client_free(cluster->client);
        cluster->client = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        engine_free(all[i].token);
        buffer_clear(&all[i].problem);
    }
    engine_free(all);
    return status;
}
