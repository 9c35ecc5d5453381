/* SPDX-License-Identifier: Apache-2.0 */
/* scans.c - the commands about stored scans and rules, of a daemon: what they
 * need is fetched, then they print it as they print what is stored here. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/remote/remote.h"
#include "engine/remote/url.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

static const char *scans_format(const struct cli_args *args)
{
    const char *format = cli_value(args, "format");

    return format ? format : "table";
}

int remote_scans_list(struct remote *remote, const struct cli_args *args,
                      engine_error *err)
{
    const char *state = cli_value(args, "status");
    long long limit = 0;
    engine_status status =
        cli_number(args, "limit", 0, 1000000000, &limit, err);

    /* what is no status is refused by the command itself */
    if (state && state[strspn(state, "abcdefghijklmnopqrstuvwxyz_")])
        state = NULL;
    if (status == ENGINE_OK)
        status = remote_fetch_scans(remote, state, limit, err);
    return status < 0 ? status : command_scans_list.run(remote->cli, args, err);
}

static int scans_report(struct remote *remote, const struct cli_args *args,
                        const struct cli_command *command, engine_error *err)
{
    char id[REMOTE_ID_MAX];
    engine_status status = remote_find_scan(remote, args->words[0], id, err);

    if (status == ENGINE_OK)
        status = remote_fetch_scan(remote, id, scans_format(args), err);
    return status < 0 ? status : command->run(remote->cli, args, err);
}

int remote_scans_show(struct remote *remote, const struct cli_args *args,
                      engine_error *err)
{
    return scans_report(remote, args, &command_scans_show, err);
}

int remote_scans_results(struct remote *remote, const struct cli_args *args,
                         engine_error *err)
{
    return scans_report(remote, args, &command_scans_results, err);
}

/* Each of the scans that were named, until one fails. */
static engine_status scans_each(struct remote *remote,
                                const struct cli_args *args,
                                engine_status (*fn)(struct remote *remote,
                                                    const char *id,
                                                    engine_error *err),
                                engine_error *err)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < args->words_count && status == ENGINE_OK; i++) {
        char id[REMOTE_ID_MAX];

        status = remote_find_scan(remote, args->words[i], id, err);
        if (status == ENGINE_OK)
            status = fn(remote, id, err);
    }
    return status;
}

int remote_scans_cancel(struct remote *remote, const struct cli_args *args,
                        engine_error *err)
{
    return scans_each(remote, args, remote_cancel, err);
}

static engine_status scans_delete_one(struct remote *remote, const char *id,
                                      engine_error *err)
{
    char *path = engine_strf("/scans/%s", id);
    struct http_answer answer;
    engine_status status;

    if (!path)
        return engine_fail_memory(err);
    http_answer_init(&answer);
    status = remote_ask(remote, "DELETE", path, NULL, &answer, err);
    http_answer_clear(&answer);
    engine_free(path);
    return status;
}

int remote_scans_delete(struct remote *remote, const struct cli_args *args,
                        engine_error *err)
{
    return scans_each(remote, args, scans_delete_one, err);
}

/* ---- rules --------------------------------------------------------------- */

static engine_status rules_fetch(struct remote *remote, const char *path,
                                 engine_error *err)
{
    bson_t rule;
    const char *benchmark;
    engine_status status =
        remote_ask_document(remote, "GET", path, NULL, &rule, err);

    if (status < 0)
        return status;
    status = spool_open(remote, err);
    if (status == ENGINE_OK)
        status = spool_put_rule(remote, &rule, err);
    benchmark = document_string(&rule, "benchmark");
    if (status == ENGINE_OK && benchmark && *benchmark) {
        bson_t *parent = BCON_NEW("_id", BCON_UTF8(benchmark), "benchmark",
                                  BCON_UTF8(benchmark));
        const bson_t *documents[] = {parent};

        status = store_put(remote->spool, STORE_BENCHMARKS, documents, 1, err);
        bson_destroy(parent);
    }
    bson_destroy(&rule);
    return status;
}

int remote_rules_show(struct remote *remote, const struct cli_args *args,
                      engine_error *err)
{
    const char *benchmark = cli_value(args, "benchmark");
    struct buffer path;
    engine_status status;

    buffer_init(&path, 8192);
    buffer_puts(&path, "/rules/");
    url_escape(args->words[0], &path);
    if (benchmark) {
        buffer_puts(&path, "?benchmark=");
        url_escape(benchmark, &path);
    }
    status = buffer_status(&path, err);
    if (status == ENGINE_OK)
        status = rules_fetch(remote, path.data, err);
    buffer_clear(&path);
    return status < 0 ? status : command_rules_show.run(remote->cli, args, err);
}
