/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - a session for a command, and the scans that its user names. */
#include "engine/cli/session.h"

#include <string.h>

#include "engine/cli/signals.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

static engine_status session_set_level(struct session *session,
                                       engine_error *err)
{
    struct cli *cli = session_cli(session);

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

static int session_cancelled(void *user)
{
    (void)user;
    return cli_signals_noted();
}

/* Rules of a refused plugin would otherwise just have no scanner. */
static void session_warn_refused(const struct session *session)
{
    size_t count = registry_count(session->registry);

    for (size_t i = 0; i < count; i++) {
        const struct plugin_entry *entry = registry_at(session->registry, i);

        if (entry->refused.status != ENGINE_OK)
            log_write(session->options.log, LOG_LEVEL_WARNING,
                      "plugin \"%s\" is not used: %s", entry->spec->name,
                      entry->refused.message);
    }
}

engine_status session_open(struct cli *cli, unsigned needs, struct session *out,
                           engine_error *err)
{
    const struct session_options options = {.config_path = cli->config_path,
                                            .store_uri = cli->store_uri,
                                            .store = cli->store,
                                            .log = &cli->log,
                                            .cancelled = session_cancelled,
                                            .user = cli};
    engine_status status = session_load(&options, out, err);

    if (status < 0)
        return status;
    status = session_set_level(out, err);
    if (status < 0) {
        session_close(out);
        return status;
    }
    status = session_start(out, needs & (SESSION_STORE | SESSION_READ), err);
    if (status == ENGINE_ENOTFOUND)
        engine_hint(err, "\"scan-engine import PATH\" makes the store; "
                         "--store and --config say which one");
    if (status == ENGINE_OK)
        status = session_start(out, needs & SESSION_PLUGINS, err);
    if (status == ENGINE_OK && (needs & SESSION_PLUGINS) &&
        !(needs & SESSION_REFUSED))
        session_warn_refused(out);
    return status;
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
