/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - opens configuration, store and plugins for a command. */
#include "engine/cli/session.h"

#include <string.h>

#include "engine/cli/signals.h"
#include "engine/store/spool.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

#define SESSION_MB ((int64_t)1024 * 1024)
#define SESSION_SQLITE "sqlite:"

static engine_status session_set_level(struct session *session,
                                       engine_error *err)
{
    struct cli *cli = session->cli;

    cli->log.level = session->config.log_level;
    if (!cli->log_level)
        return ENGINE_OK;
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (strcmp(log_level_name((enum log_level)level), cli->log_level) ==
            0) {
            cli->log.level = (enum log_level)level;
            return ENGINE_OK;
        }
    return engine_fail(err, ENGINE_EINVAL,
                       "--log-level is \"%s\": expected error, warning, info "
                       "or debug",
                       cli->log_level);
}

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
    const char *uri = session->cli->store_uri ? session->cli->store_uri
                                              : session->config.store_uri;
    unsigned flags = reading ? STORE_READ_ONLY | STORE_NO_CREATE : 0;
    engine_status status = ENGINE_OK;

    if (session->cli->store) { /* lent */
        session->store = session->cli->store;
        return ENGINE_OK;
    }
    if (!reading)
        status = session_make_parent(uri, err);
    if (status == ENGINE_OK)
        status =
            store_open(uri, flags, &session->cli->log, &session->store, err);
    if (status == ENGINE_ENOTFOUND)
        engine_hint(err, "\"scan-engine import PATH\" makes the store; "
                         "--store and --config say which one");
    return status;
}

static engine_status session_set_spool(struct session *session,
                                       engine_error *err)
{
    const struct engine_config *config = &session->config;
    const char *uri = session->cli->store_uri ? session->cli->store_uri
                                              : config->store_uri;

    if (!store_uri_is_remote(uri))
        return ENGINE_OK;
    session->store_name = store_uri_name(uri);
    session->spool = (struct scan_spool){
        .directory = config->spool_directory,
        .store = session->store_name,
        .maximum = config->spool_maximum_mb * SESSION_MB,
        .wait_ms = config->spool_wait_s * 1000};
    return session->store_name ? ENGINE_OK : engine_fail_memory(err);
}

static int session_cancelled(void *user)
{
    (void)user;
    return cli_signals_noted();
}

static engine_status session_open_plugins(struct session *session,
                                          engine_error *err)
{
    struct engine_config *config = &session->config;
    struct conduct_options *conduct = &session->conduct;
    engine_status status;

    status = config_private_directory(config->run_directory, err);
    if (status == ENGINE_OK)
        status = file_make_directory(config->cache_directory, err);
    if (status == ENGINE_OK)
        status =
            launcher_process_new(config->worker_path, &session->launcher, err);
    if (status == ENGINE_OK)
        status = registry_new(&session->registry, err);
    if (status < 0)
        return status;
    conduct->launcher = session->launcher;
    conduct->store = session->store;
    conduct->log = &session->cli->log;
    conduct->cache_directory = config->cache_directory;
    conduct->run_directory = config->run_directory;
    conduct->workers = config->workers;
    conduct->cancelled = session_cancelled;
    return conduct_describe(conduct, config->plugins, config->plugins_count,
                            session->registry, err);
}

/* Rules of a refused plugin would otherwise just have no scanner. */
static void session_warn_refused(const struct session *session)
{
    size_t count = registry_count(session->registry);

    for (size_t i = 0; i < count; i++) {
        const struct plugin_entry *entry = registry_at(session->registry, i);

        if (entry->refused.status != ENGINE_OK)
            log_write(&session->cli->log, LOG_LEVEL_WARNING,
                      "plugin \"%s\" is not used: %s", entry->spec->name,
                      entry->refused.message);
    }
}

engine_status session_open(struct cli *cli, unsigned needs, struct session *out,
                           engine_error *err)
{
    engine_status status;

    memset(out, 0, sizeof(*out));
    status = config_load(cli->config_path, &out->config, err);
    if (status < 0)
        return status;
    out->cli = cli;
    status = session_set_level(out, err);
    if (status == ENGINE_OK)
        status = session_set_spool(out, err);
    if (status == ENGINE_OK && (needs & (SESSION_STORE | SESSION_READ)))
        status = session_open_store(out, !(needs & SESSION_STORE), err);
    if (status == ENGINE_OK && (needs & SESSION_PLUGINS))
        status = session_open_plugins(out, err);
    if (status == ENGINE_OK && (needs & SESSION_PLUGINS) &&
        !(needs & SESSION_REFUSED))
        session_warn_refused(out);
    if (status < 0)
        session_close(out);
    return status;
}

void session_close(struct session *session)
{
    if (!session->cli)
        return;
    registry_free(session->registry);
    launcher_free(session->launcher);
    if (session->store != session->cli->store)
        store_close(session->store);
    engine_free(session->store_name);
    config_unload(&session->config);
    bson_destroy(&session->config.scan);
    bson_destroy(&session->config.scan_lines);
    memset(session, 0, sizeof(*session));
}

void session_limits(const struct session *session, struct job_limits *out)
{
    const struct engine_config *config = &session->config;

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
                                 .log = &session->cli->log,
                                 .spool = session->spool.store
                                              ? &session->spool : NULL,
                                 .cancelled = session_cancelled};
    session_limits(session, &out->limits);
}

/* ---- scan ids ------------------------------------------------------------ */

struct session_match {
    char *id;
    int64_t count;
};

/* Up to two documents that match; *count tells how many were there. */
static engine_status session_match(struct session *session,
                                   const bson_t *filter, const bson_t *sort,
                                   struct session_match *out, engine_error *err)
{
    struct store_query query = {.filter = filter, .sort = sort, .limit = 2};
    struct store_cursor *cursor = NULL;
    const bson_t *document;
    engine_status status;
    int more = 0;

    status = store_find(session->store, STORE_SCANS, &query, &cursor, err);
    if (status < 0)
        return status;
    while ((more = store_cursor_next(cursor, &document, err)) == 1) {
        const char *id = document_string(document, "_id");

        if (out->count++ == 0)
            out->id = engine_strdup(id ? id : "");
        if (!out->id)
            break;
    }
    store_cursor_close(cursor);
    if (more == 1)
        return engine_fail_memory(err);
    return more;
}

static bool session_is_plain(const char *name)
{
    return *name && strspn(name, "0123456789abcdefABCDEF-") == strlen(name);
}

static engine_status session_match_part(struct session *session,
                                        const char *name,
                                        struct session_match *match,
                                        engine_error *err)
{
    char *pattern;
    bson_t *filter;
    engine_status status;

    if (!session_is_plain(name)) /* no id has other characters */
        return ENGINE_OK;
    pattern = engine_strf("^%s|%s$", name, name);
    if (!pattern)
        return engine_fail_memory(err);
    filter = BCON_NEW("_id", "{", "$regex", BCON_UTF8(pattern), "}");
    status = session_match(session, filter, NULL, match, err);
    bson_destroy(filter);
    engine_free(pattern);
    return status;
}

static engine_status session_match_name(struct session *session,
                                        const char *name,
                                        struct session_match *match,
                                        engine_error *err)
{
    bson_t *filter, *sort;
    engine_status status;

    if (strcmp(name, "last") == 0) {
        sort = BCON_NEW("started_at", BCON_INT32(-1));
        status = session_match(session, NULL, sort, match, err);
        bson_destroy(sort);
        match->count = match->count > 0;
        return status;
    }
    filter = BCON_NEW("_id", BCON_UTF8(name));
    status = session_match(session, filter, NULL, match, err);
    bson_destroy(filter);
    if (status == ENGINE_OK && match->count == 0)
        status = session_match_part(session, name, match, err);
    return status;
}

engine_status session_find_scan(struct session *session, const char *name,
                                char **out, engine_error *err)
{
    struct session_match match = {0};
    engine_status status = session_match_name(session, name, &match, err);

    if (status == ENGINE_OK && match.count == 1) {
        *out = match.id;
        return ENGINE_OK;
    }
    engine_free(match.id);
    if (status < 0)
        return status;
    if (match.count > 1) {
        engine_fail(err, ENGINE_EINVAL, "\"%s\" may be more than one scan",
                    name);
        engine_hint(err, "write more of the id");
        return ENGINE_EINVAL;
    }
    engine_fail(err, ENGINE_ENOTFOUND, "there is no scan \"%s\"", name);
    engine_hint(err, "scan-engine scans list shows those there are");
    return ENGINE_ENOTFOUND;
}
