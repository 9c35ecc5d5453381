/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - the command serve: the daemon, and its talk with the system. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "engine/cli/commands.h"
#include "engine/cli/session.h"
#include "engine/cli/signals.h"
#include "engine/server/server.h"
#include "sdk/base/alloc.h"

#define SERVE_TICK_NS 50000000L

/* ---- systemd ------------------------------------------------------------- */

/* sd_notify(3) without its library: one datagram to $NOTIFY_SOCKET. */
static void serve_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (len < 2 || len >= sizeof(address.sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* in the abstract namespace */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    len += offsetof(struct sockaddr_un, sun_path);
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, (socklen_t)len);
    close(fd);
}

/* ---- what the daemon works with ------------------------------------------ */

static engine_status serve_open(void *user, struct server_world *out,
                                engine_error *err)
{
    struct session *session = engine_calloc_aligned(
        _Alignof(struct session), 1, sizeof(*session));
    engine_status status;

    if (!session)
        return engine_fail_memory(err);
    status = session_open(user, SESSION_PLUGINS, session, err);
    if (status < 0) {
        engine_free(session);
        return status;
    }
    out->config = &session->config;
    out->registry = session->registry;
    out->conduct = &session->conduct;
    session_limits(&session->config, &out->limits);
    out->internal = session;
    return ENGINE_OK;
}

static void serve_close(void *user, struct server_world *world)
{
    (void)user;
    session_close(world->internal);
    engine_free(world->internal);
}

/* The world is lent to many threads: each has its own store. */
static engine_status serve_native(const struct server_world *world,
                                  struct store *store, const char *path,
                                  const char *format,
                                  struct rules_import *import,
                                  engine_error *err)
{
    struct conduct_options conduct = *world->conduct;
    const struct native native = {.registry = world->registry,
                                  .conduct = &conduct,
                                  .config = world->config,
                                  .validate_only = import == NULL};

    conduct.store = store;
    return native_import(&native, path, format, import, err);
}

/* ---- running ------------------------------------------------------------- */

/* Many threads log: a line is one piece. */
static void serve_log(enum log_level level, const char *text, void *user)
{
    struct cli *cli = user;
    FILE *file = cli->messages.file;

    flockfile(file);
    fprintf(file, "scan-engine: %s%s", level == LOG_LEVEL_INFO
                                           ? "" : log_level_name(level),
            level == LOG_LEVEL_INFO ? "" : ": ");
    text_cell(&cli->messages, text, 0, false, TEXT_PLAIN);
    fputc('\n', file);
    fflush(file);
    funlockfile(file);
}

static void serve_reload(struct cli *cli, struct server *server)
{
    engine_error err = {0};

    serve_notify("RELOADING=1");
    if (server_reload(server, &err) < 0)
        log_write(&cli->log, LOG_LEVEL_ERROR,
                  "the configuration is kept as it was: %s", err.message);
    else
        log_write(&cli->log, LOG_LEVEL_INFO, "the configuration is read again");
    serve_notify("READY=1");
}

static void serve_run(struct cli *cli, struct server *server)
{
    const struct timespec tick = {.tv_nsec = SERVE_TICK_NS};

    fprintf(cli->out.file, "serving at %s\n", server_url(server));
    fflush(cli->out.file);
    serve_notify("READY=1");
    while (!cli_signals_noted()) {
        if (cli_signals_hangup())
            serve_reload(cli, server);
        nanosleep(&tick, NULL);
    }
    serve_notify("STOPPING=1");
    log_write(&cli->log, LOG_LEVEL_INFO, "stopping");
}

/* The store is named once, with the directory that it may need made. */
static engine_status serve_store(struct cli *cli, char **uri,
                                 engine_error *err)
{
    struct session session;
    engine_status status = session_open(cli, SESSION_STORE, &session, err);

    if (status == ENGINE_EAWAY) /* the daemon waits for it, and says so */
        status = session_open(cli, 0, &session, err);
    if (status < 0)
        return status;
    *uri = engine_strdup(cli->store_uri ? cli->store_uri
                                        : session.config.store_uri);
    session_close(&session);
    return *uri ? ENGINE_OK : engine_fail_memory(err);
}

static int serve_command(struct cli *cli, const struct cli_args *args,
                         engine_error *err)
{
    struct server_setup setup = {.log = &cli->log,
                                 .open = serve_open,
                                 .close = serve_close,
                                 .native = serve_native,
                                 .user = cli};
    struct server *server = NULL;
    char *uri = NULL;
    engine_status status;

    (void)args;
    cli->log.fn = serve_log;
    cli_signals_watch();
    cli_signals_watch_hangup();
    status = serve_store(cli, &uri, err);
    setup.store_uri = uri;
    if (status == ENGINE_OK)
        status = server_new(&setup, &server, err);
    if (status == ENGINE_OK)
        status = server_start(server, err);
    if (status == ENGINE_OK) {
        serve_run(cli, server);
        server_stop(server);
    }
    server_free(server);
    engine_free(uri);
    return status < 0 ? status : CLI_DONE;
}

const struct cli_command command_serve = {
    .name = "serve",
    .words = "",
    .help = "run the daemon: the REST API, and scans that were asked for",
    .more = "The server { } of the configuration says where and how. Clients "
            "need a token: see \"scan-engine token create\".\n"
            "SIGTERM ends it: scans at work stop, and go on at the next "
            "start. SIGHUP reads the configuration again.",
    .run = serve_command};
