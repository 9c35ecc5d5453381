/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - opens configuration, store, workers and plugins. */
#include "engine/library/session.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "engine/store/spool.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define SESSION_MB ((int64_t)1024 * 1024)
#define SESSION_SQLITE "sqlite:"

/* ---- the configuration --------------------------------------------------- */

static engine_status session_set_store(struct session *session,
                                       engine_error *err)
{
    const char *uri = session->options.store_uri ? session->options.store_uri
                                                 : session->config.store_uri;
    const char *path = uri + strlen(SESSION_SQLITE);
    char here[PATH_MAX];

    if (strncmp(uri, SESSION_SQLITE, strlen(SESSION_SQLITE)) != 0 ||
        *path == '/' || *path == ':' || !*path)
        session->store_uri = engine_strdup(uri);
    else if (!getcwd(here, sizeof(here)))
        return engine_fail(err, ENGINE_EIO,
                           "\"%s\": there is no current directory", uri);
    else
        session->store_uri = engine_strf(SESSION_SQLITE "%s/%s", here, path);
    return session->store_uri ? ENGINE_OK : engine_fail_memory(err);
}

static engine_status session_set_spool(struct session *session,
                                       engine_error *err)
{
    const struct engine_config *config = &session->config;

    if (!store_uri_is_remote(session->store_uri))
        return ENGINE_OK;
    session->store_name = store_uri_name(session->store_uri);
    session->spool = (struct scan_spool){
        .directory = config->spool_directory,
        .store = session->store_name,
        .maximum = config->spool_maximum_mb * SESSION_MB,
        .wait_ms = config->spool_wait_s * 1000};
    return session->store_name ? ENGINE_OK : engine_fail_memory(err);
}

engine_status session_load(const struct session_options *options,
                           struct session *out, engine_error *err)
{
    engine_status status;

    memset(out, 0, sizeof(*out));
    status = options->memory
                 ? config_load_text(options->config_text, &out->config, err)
                 : config_load(options->config_path, &out->config, err);
    if (status < 0)
        return status;
    out->loaded = true;
    out->options = *options;
    status = session_set_store(out, err);
    if (status == ENGINE_OK)
        status = session_set_spool(out, err);
    if (status < 0)
        session_close(out);
    return status;
}

/* ---- the store ----------------------------------------------------------- */

/* A first run makes the directory that the store is in. */
static engine_status session_make_parent(const char *uri, engine_error *err)
{
    const char *path = uri + strlen(SESSION_SQLITE);
    const char *slash = strrchr(path, '/');
    char *parent;
    engine_status status;

    if (strncmp(uri, SESSION_SQLITE, strlen(SESSION_SQLITE)) != 0 || !slash ||
        slash == path)
        return ENGINE_OK;
    parent = engine_strndup(path, (size_t)(slash - path));
    if (!parent)
        return engine_fail_memory(err);
    status = file_make_directory(parent, err);
    engine_free(parent);
    return status;
}

static engine_status session_open_store(struct session *session, bool reading,
                                        engine_error *err)
{
    const unsigned flags = reading ? STORE_READ_ONLY | STORE_NO_CREATE : 0;
    engine_status status = ENGINE_OK;

    if (session->options.store) {
        session->store = session->options.store;
        return ENGINE_OK;
    }
    if (!reading)
        status = session_make_parent(session->store_uri, err);
    if (status == ENGINE_OK)
        status = store_open(session->store_uri, flags, session->options.log,
                            &session->store, err);
    return status;
}

/* ---- workers and plugins ------------------------------------------------- */

/* The program scan-worker is asked for by plugins that are files only. */
static engine_status session_open_launchers(struct session *session,
                                            engine_error *err)
{
    const bool processes =
        !session->options.threads && session->config.plugins_count > 0;
    engine_status status = launcher_thread_new(&session->threads, err);

    if (status == ENGINE_OK && processes)
        status = launcher_process_new(session->config.worker_path,
                                      &session->launcher, err);
    return status;
}

static engine_status session_open_plugins(struct session *session,
                                          engine_error *err)
{
    struct engine_config *config = &session->config;
    struct conduct_options *conduct = &session->conduct;
    engine_status status;

    status = config_check_users(config, err);
    if (status == ENGINE_OK)
        status = config_private_directory(config->run_directory, err);
    if (status == ENGINE_OK)
        status = file_make_directory(config->cache_directory, err);
    if (status == ENGINE_OK)
        status = session_open_launchers(session, err);
    if (status == ENGINE_OK)
        status = registry_new(&session->registry, err);
    if (status < 0)
        return status;
    conduct->launcher =
        session->launcher ? session->launcher : session->threads;
    conduct->threads = session->threads;
    conduct->store = session->store;
    conduct->log = session->options.log;
    conduct->cache_directory = config->cache_directory;
    conduct->run_directory = config->run_directory;
    conduct->confinement = config->confinement;
    conduct->workers = config->workers;
    conduct->cancelled = session->options.cancelled;
    conduct->user = session->options.user;
    return conduct_describe(conduct, config->plugins, config->plugins_count,
                            session->registry, err);
}

engine_status session_start(struct session *session, unsigned needs,
                            engine_error *err)
{
    engine_status status = ENGINE_OK;

    if (needs & (SESSION_STORE | SESSION_READ))
        status = session_open_store(session, !(needs & SESSION_STORE), err);
    if (status == ENGINE_OK && (needs & SESSION_PLUGINS))
        status = session_open_plugins(session, err);
    if (status < 0)
        session_close(session);
    return status;
}

/* ---- the end, and what is lent ------------------------------------------- */

void session_close(struct session *session)
{
    if (!session->loaded)
        return;
    registry_free(session->registry);
    launcher_free(session->launcher);
    launcher_free(session->threads);
    if (session->store != session->options.store)
        store_close(session->store);
    engine_free(session->store_name);
    engine_free(session->store_uri);
    config_unload(&session->config);
    bson_destroy(&session->config.scan);
    bson_destroy(&session->config.scan_lines);
    memset(session, 0, sizeof(*session));
}

void session_limits(const struct engine_config *config,
                    struct job_limits *out)
{
    *out = (struct job_limits){
        .wall_ms = config->limit_wall_s * 1000,
        .memory_bytes = config->limit_memory_mb * SESSION_MB,
        .cpu_seconds = config->limit_cpu_s,
        .file_bytes = config->limit_file_mb * SESSION_MB,
        .processes = config->limit_processes,
        .files = config->limit_files,
        .results = config->limit_results,
        .result_bytes = config->limit_result_mb * SESSION_MB,
        .artifacts = config->limit_artifacts,
        .artifact_bytes = config->limit_artifact_mb * SESSION_MB};
}

void session_context(const struct session *session, struct scan_context *out)
{
    *out = (struct scan_context){.store = session->store,
                                 .registry = session->registry,
                                 .conduct = &session->conduct,
                                 .log = session->options.log,
                                 .spool = session->spool.store
                                              ? &session->spool : NULL,
                                 .cancelled = session->options.cancelled,
                                 .user = session->options.user};
    session_limits(&session->config, &out->limits);
}
