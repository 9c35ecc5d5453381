/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - connections: a thread for each, bodies with a limit, requests with
 * a deadline. */
#include "engine/server/http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/server/http_message.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/base/file.h"

#define HTTP_STACK ((size_t)1024 * 1024)
#define HTTP_PEM_MAX ((size_t)1024 * 1024)
#define HTTP_PATIENCE 4 /* times the limit that is read before a refusal */

/** One client. */
struct connection {
    struct connection *next, **at;
    int fd;
    bool answering;     /* the request is complete */
    int64_t since_ms;   /* steady: when the request could begin */
};

/** One request while it comes in. */
struct exchange {
    struct server *server;
    struct connection *connection;
    struct buffer body;
    bool begun, too_large;
};

/* ---- connections and their deadline -------------------------------------- */

static void http_on_connection(void *user, struct MHD_Connection *mhd,
                               void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct server *server = user;
    struct connection *connection = *context;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = engine_calloc(1, sizeof(*connection));
        info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = connection;
        if (!connection)
            return;
        connection->fd = info ? info->connect_fd : -1;
        connection->since_ms = clock_steady_ms();
        pthread_mutex_lock(&server->lock);
        connection->next = server->connections;
        if (connection->next)
            connection->next->at = &connection->next;
        connection->at = &server->connections;
        server->connections = connection;
        pthread_mutex_unlock(&server->lock);
    } else if (connection) {
        pthread_mutex_lock(&server->lock);
        *connection->at = connection->next;
        if (connection->next)
            connection->next->at = connection->at;
        pthread_mutex_unlock(&server->lock);
        engine_free(connection);
        *context = NULL;
    }
}

static void http_mark(struct server *server, struct connection *connection,
                      bool answering)
{
    if (!connection)
        return;
    pthread_mutex_lock(&server->lock);
    connection->answering = answering;
    connection->since_ms = clock_steady_ms();
    pthread_mutex_unlock(&server->lock);
}

void http_watch(struct server *server)
{
    const int64_t now = clock_steady_ms();
    int64_t most;

    pthread_mutex_lock(&server->lock);
    most = server->world->config->server_request_s * 1000;
    for (struct connection *at = server->connections; at; at = at->next)
        if (!at->answering && at->fd >= 0 && now - at->since_ms > most)
            shutdown(at->fd, SHUT_RDWR); /* its own thread closes it */
    pthread_mutex_unlock(&server->lock);
}

/* ---- from an answer to the library --------------------------------------- */

static enum MHD_Result http_answer(struct MHD_Connection *mhd,
                                   struct exchange *exchange, const char *url,
                                   const char *method)
{
    struct request request;
    struct response response;
    char address[64];
    enum MHD_Result result;

    http_mark(exchange->server, exchange->connection, true);
    request_init(&request, exchange->server);
    response_init(&response);
    http_message_read(mhd, url, method, &request);
    request.body = exchange->body.data;
    request.body_len = exchange->body.len;
    request.too_large = exchange->too_large;
    request.address = http_message_address(mhd, address, sizeof(address));
    server_answer(exchange->server, &request, &response);
    if (exchange->too_large)
        response_header(&response, "Connection", "close");
    result = http_message_send(mhd, &response);
    response_clear(&response);
    request_clear(&request);
    return result;
}

/* ---- the library's callbacks --------------------------------------------- */

static size_t http_body_most(struct server *server)
{
    struct server_world *world = server_world_take(server);
    const int64_t most = world->config->server_request_mb;

    server_world_give(server, world);
    return (size_t)most * 1024 * 1024;
}

static struct exchange *http_begin(struct server *server,
                                   struct MHD_Connection *mhd)
{
    struct exchange *exchange = engine_calloc(1, sizeof(*exchange));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = info ? info->socket_context : NULL;
    buffer_init(&exchange->body, http_body_most(server));
    return exchange;
}

/* What Content-Length promises. A client that does not ask first would not see
 * an answer before it has sent everything: a little too much is let through
 * and thrown away. */
static bool http_promises_too_much(struct MHD_Connection *mhd,
                                   const struct exchange *exchange)
{
    const char *text =
        MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");
    const size_t most = exchange->body.maximum;

    return text &&
           strtoull(text, NULL, 10) >
               (MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Expect")
                    ? most : HTTP_PATIENCE * most);
}

static enum MHD_Result http_on_request(void *user, struct MHD_Connection *mhd,
                                       const char *url, const char *method,
                                       const char *version,
                                       const char *upload, size_t *upload_len,
                                       void **context)
{
    struct exchange *exchange = *context;

    (void)version;
    if (!exchange) {
        exchange = http_begin(user, mhd);
        *context = exchange;
        if (!exchange)
            return MHD_NO;
        exchange->too_large = http_promises_too_much(mhd, exchange);
        return exchange->too_large ? http_answer(mhd, exchange, url, method)
                                   : MHD_YES;
    }
    if (*upload_len) {
        if (!exchange->too_large &&
            buffer_append(&exchange->body, upload, *upload_len) < 0) {
            exchange->too_large = true;
            buffer_clear(&exchange->body);
        }
        *upload_len = 0;
        return MHD_YES;
    }
    return http_answer(mhd, exchange, url, method);
}

static void http_on_end(void *user, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;

    (void)mhd;
    (void)code;
    if (!exchange)
        return;
    http_mark(user, exchange->connection, false);
    buffer_clear(&exchange->body);
    engine_free(exchange);
    *context = NULL;
}

__attribute__((format(printf, 2, 0))) static void
http_on_log(void *user, const char *format, va_list args)
{
    const struct server *server = user;
    char text[512];
    size_t len;

    vsnprintf(text, sizeof(text), format, args);
    len = strlen(text);
    while (len && text[len - 1] == '\n')
        text[--len] = '\0';
    log_write(server->setup.log, LOG_LEVEL_DEBUG, "http: %s", text);
}

/* ---- start and stop ------------------------------------------------------ */

struct http_tls {
    char *certificate, *key;
};

static engine_status http_read_tls(const struct engine_config *config,
                                   struct http_tls *out, engine_error *err)
{
    engine_status status;

    if (!config->server_tls_certificate && !config->server_tls_key)
        return ENGINE_OK;
    if (!config->server_tls_certificate || !config->server_tls_key)
        return engine_fail(err, ENGINE_EINVAL,
                           "server.tls needs both certificate and key");
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "this libmicrohttpd was built without TLS");
    status = file_read(config->server_tls_certificate, HTTP_PEM_MAX,
                       &out->certificate, NULL, err);
    if (status == ENGINE_OK)
        status = file_read(config->server_tls_key, HTTP_PEM_MAX, &out->key,
                           NULL, err);
    return status;
}

static void http_run(struct server *server, const struct engine_config *config,
                     const struct http_tls *tls, int fd)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                           MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC |
                           MHD_USE_ERROR_LOG |
                           (tls->key ? (unsigned)MHD_USE_TLS : 0);
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};

    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_on_request, server,
        /* first: the others may already log */
        MHD_OPTION_EXTERNAL_LOGGER, http_on_log, server,
        MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_STACK_SIZE, HTTP_STACK,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->server_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->server_request_s,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_end, server,
        MHD_OPTION_ARRAY, tls->key ? secure : plain, MHD_OPTION_END);
}

engine_status http_start(struct server *server, engine_error *err)
{
    const struct engine_config *config = server->world->config;
    const bool open = strcmp(config->server_auth, "none") == 0;
    struct http_tls tls = {NULL, NULL};
    bool replaced = false;
    int fd = -1;
    engine_status status = http_read_tls(config, &tls, err);

    if (status == ENGINE_OK)
        status = listen_open(config->server_listen, open || !tls.key,
                             tls.key != NULL, &fd, &server->url, &replaced,
                             err);
    if (status == ENGINE_OK) {
        http_run(server, config, &tls, fd);
        if (!server->daemon) {
            close(fd);
            status = engine_fail(err, ENGINE_EIO,
                                 "could not serve at %s%s", server->url,
                                 tls.key ? ": certificate and key may not fit"
                                         : "");
        }
    }
    if (status == ENGINE_OK && replaced)
        log_write(server->setup.log, LOG_LEVEL_WARNING,
                  "listening at %s and not at %s: there is no %s",
                  server->url, config->server_listen,
                  open ? "authentication" : "TLS");
    if (tls.key)
        explicit_bzero(tls.key, strlen(tls.key));
    engine_free(tls.key);
    engine_free(tls.certificate);
    return status;
}

void http_quiesce(struct server *server)
{
    if (server->daemon) {
        const MHD_socket fd = MHD_quiesce_daemon(server->daemon);

        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
}

void http_stop(struct server *server)
{
    if (!server->daemon)
        return;
    pthread_mutex_lock(&server->lock);
    for (struct connection *at = server->connections; at; at = at->next)
        if (at->fd >= 0 && !at->answering)
            shutdown(at->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}
