/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - a daemon from the options of a command. */
#include <string.h>

#include "engine/remote/remote.h"
#include "sdk/base/alloc.h"

#define OPEN_PATIENCE_S 300

/* The options again, for commands that are advised. */
static char *open_options(const struct cli_args *args)
{
    const char *token = cli_value(args, "token-file");
    const char *ca = cli_value(args, "ca-file");

    return engine_strf("--server %s%s%s%s%s%s", cli_value(args, "server"),
                       cli_flag(args, "insecure-http") ? " --insecure-http"
                                                       : "",
                       ca ? " --ca-file " : "", ca ? ca : "",
                       token ? " --token-file " : "", token ? token : "");
}

engine_status remote_open(struct cli *cli, const struct cli_args *args,
                          struct remote *out, engine_error *err)
{
    const char *file = cli_value(args, "token-file");
    long long patience = OPEN_PATIENCE_S;
    struct http_options options = {.url = cli_value(args, "server"),
                                   .ca_file = cli_value(args, "ca-file"),
                                   .insecure = cli_flag(args, "insecure-http"),
                                   .stop = remote_stopped,
                                   .user = out};
    char *token = NULL;
    engine_status status =
        cli_number(args, "server-timeout", 0, 1000000, &patience, err);

    memset(out, 0, sizeof(*out));
    out->cli = cli;
    out->patience_ms = patience * 1000;
    if (status == ENGINE_OK && file)
        status = remote_token_read(file, &token, err);
    options.token = token;
    if (status == ENGINE_OK)
        status = http_new(&options, &out->http, err);
    remote_token_free(token);
    if (status < 0)
        return status;
    out->options = open_options(args);
    if (!out->options) {
        remote_close(out);
        return engine_fail_memory(err);
    }
    cli->server = out->options;
    return ENGINE_OK;
}

void remote_close(struct remote *remote)
{
    if (!remote->cli)
        return;
    spool_close(remote);
    http_free(remote->http);
    remote->cli->server = NULL;
    engine_free(remote->options);
    memset(remote, 0, sizeof(*remote));
}
