/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - the commands token create, list and revoke. */
#include <string.h>

#include "engine/cli/commands.h"
#include "engine/cli/list.h"
#include "engine/server/server.h"
#include "sdk/base/alloc.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define TOKEN_DAY_MS INT64_C(86400000)

static int token_create(struct cli *cli, const struct cli_args *args,
                        engine_error *err)
{
    static const char *const roles[] = {"viewer", "operator", "admin", NULL};
    const char *name = cli_value(args, "name"), *role;
    struct session session;
    long long days = 0;
    char *text = NULL;
    engine_status status = cli_choice(args, "role", roles, &role, err);

    if (status == ENGINE_OK)
        status = cli_number(args, "days", 1, 36500, &days, err);
    if (status == ENGINE_OK)
        status = session_open(cli, SESSION_STORE, &session, err);
    if (status < 0)
        return status;
    status = server_token_create(
        session.store, name ? name : "", role,
        days ? clock_now_ms() + days * TOKEN_DAY_MS : 0, &text, err);
    if (status == ENGINE_OK)
        fprintf(cli->out.file, "%s\n", text);
    engine_free(text);
    session_close(&session);
    return status;
}

/* ---- list ---------------------------------------------------------------- */

static void token_state(const bson_t *token, char *out, size_t out_size)
{
    const char *state = "good";

    if (document_date(token, "revoked_at", 0))
        state = "revoked";
    else if (document_date(token, "expires_at", INT64_MAX) <= clock_now_ms())
        state = "expired";
    snprintf(out, out_size, "%s", state);
}

static const struct list_column token_columns[] = {
    {"TOKEN", "token_id", 16, 16, false, NULL},
    {"ROLE", "role", 8, 8, false, NULL},
    {"STATE", NULL, 7, 7, false, token_state},
    {"CREATED", "created_at", 20, 0, false, NULL},
    {"EXPIRES", "expires_at", 20, 0, false, NULL},
    {"NAME", "name", 0, 0, false, NULL},
};

static int token_list(struct cli *cli, const struct cli_args *args,
                      engine_error *err)
{
    bson_t *fields = BCON_NEW(
        "name", BCON_INT32(1), "role", BCON_INT32(1), "created_at",
        BCON_INT32(1), "expires_at", BCON_INT32(1), "revoked_at",
        BCON_INT32(1), "token_id", BCON_INT32(1));
    struct list list = {.collection = STORE_TOKENS,
                        .columns = token_columns,
                        .columns_count = CLI_COUNT(token_columns),
                        .query = {.fields = fields},
                        .nothing = "no tokens: scan-engine token create"};
    struct session session;
    engine_status status =
        cli_choice(args, "format", list_formats, &list.format, err);

    if (status == ENGINE_OK)
        status = session_open(cli, SESSION_READ, &session, err);
    if (status == ENGINE_OK) {
        status = list_print(&session, &list, err);
        session_close(&session);
    }
    bson_destroy(fields);
    return status;
}

static int token_revoke(struct cli *cli, const struct cli_args *args,
                        engine_error *err)
{
    struct session session;
    engine_status status = session_open(cli, SESSION_STORE, &session, err);

    if (status < 0)
        return status;
    for (size_t i = 0; i < args->words_count && status == ENGINE_OK; i++)
        status = server_token_revoke(session.store, args->words[i], err);
    session_close(&session);
    return status;
}

static const struct cli_option token_create_options[] = {
    {"role", "ROLE",
     "viewer (the default: reads), operator (also scans) or admin (also "
     "imports)",
     false},
    {"name", "NAME", "who or what it is for", false},
    {"days", "N", "days until it expires; without it, never", false},
};
static const struct cli_option token_list_options[] = {LIST_FORMAT_OPTION};

const struct cli_command command_token_create = {
    .group = "token",
    .name = "create",
    .words = "",
    .help = "make a token for clients of the daemon, and print it",
    .more = "It is shown once: the store keeps a hash of it.",
    .options = token_create_options,
    .options_count = CLI_COUNT(token_create_options),
    .run = token_create};

const struct cli_command command_token_list = {
    .group = "token",
    .name = "list",
    .words = "",
    .help = "list tokens, without what is secret of them",
    .options = token_list_options,
    .options_count = CLI_COUNT(token_list_options),
    .run = token_list};

const struct cli_command command_token_revoke = {
    .group = "token",
    .name = "revoke",
    .words = "TOKEN...",
    .help = "make tokens useless at once",
    .more = "TOKEN is the id that \"token list\" shows.",
    .words_min = 1,
    .words_max = SIZE_MAX,
    .run = token_revoke};
