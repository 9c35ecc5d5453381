/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_cli.c - tokens of the user who is signed in with az. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugins/azure/credentials_private.h"
#include "sdk/base/clock.h"
#include "sdk/kit/process.h"
#include "sdk/kit/value.h"

#define CLI_OUTPUT_MAXIMUM ((size_t)256 * 1024)
#define CLI_MS 30000
#define CLI_MARGIN_MS 225000

/* "2026-11-21 06:12:34.000000" in local time, which older versions print */
static bool cli_local(const char *text, int64_t *ms)
{
    struct tm when = {.tm_isdst = -1};
    time_t seconds;

    if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &when.tm_year, &when.tm_mon,
               &when.tm_mday, &when.tm_hour, &when.tm_min, &when.tm_sec) != 6)
        return false;
    when.tm_year -= 1900;
    when.tm_mon -= 1;
    seconds = mktime(&when);
    *ms = (int64_t)seconds * 1000;
    return seconds != (time_t)-1;
}

/* some minutes early, as token.h has it */
static int64_t cli_until(int64_t expires)
{
    const int64_t left = expires - clock_now_ms();

    return left / 2 < CLI_MARGIN_MS ? clock_now_ms() + left / 2
                                    : expires - CLI_MARGIN_MS;
}

static engine_status cli_take(const struct value *root, struct token *out,
                              engine_error *err)
{
    const struct value *token = value_member(root, "accessToken");
    const struct value *seconds = value_member(root, "expires_on");
    const char *local = value_text(value_member(root, "expiresOn"));
    const char *text = value_text(token);
    int64_t expires = 0;

    if (!text || !*text || strlen(text) != token->count ||
        strpbrk(text, "\r\n"))
        return engine_fail(err, ENGINE_EPARSE, "it printed no accessToken");
    if (seconds && seconds->kind == VALUE_INT && seconds->integer > 0 &&
        seconds->integer < INT64_MAX / 1000)
        expires = seconds->integer * 1000;
    else if (!local || !cli_local(local, &expires))
        return engine_fail(err, ENGINE_EPARSE,
                           "it did not say when its token expires");
    out->expires_ms = cli_until(expires);
    return secret_set(&out->text, text, token->count, err);
}

engine_status azure_cli_parse(const char *text, size_t len, struct token *out,
                              engine_error *err)
{
    struct arena arena;
    struct value root;
    engine_status status;

    arena_init(&arena, (size_t)4 * 1024 * 1024);
    status = value_from_json(text, len, "its output", &arena, &root, err);
    if (status == ENGINE_OK)
        status = cli_take(&root, out, err);
    arena_wipe(&arena);
    return status;
}

static engine_status cli_judge(const struct process_result *result,
                               engine_error *err)
{
    char said[320];

    process_complaint(result, said, sizeof(said));
    switch (result->how) {
    case PROCESS_EXITED:
        if (result->code == 0)
            return ENGINE_OK;
        /* nobody has signed in: as if it were not there */
        return engine_fail(err,
                           strstr(said, "az login") ? ENGINE_ENOTFOUND
                                                    : ENGINE_EIO,
                           "az ended with code %d%s", result->code, said);
    case PROCESS_STOPPED: return engine_fail(err, ENGINE_ECANCELLED,
                                             "cancelled");
    case PROCESS_TIMEOUT:
        return engine_fail(err, ENGINE_ETIMEOUT, "az did not end in time%s",
                           said);
    case PROCESS_OVERFLOW:
        return engine_fail(err, ENGINE_ELIMIT, "az printed too much");
    default:
        return engine_fail(err, ENGINE_EIO, "az was ended by signal %d%s",
                           result->code, said);
    }
}

engine_status azure_ask_cli(struct azure_credentials *self,
                            const char *resource, struct token *out,
                            engine_error *err)
{
    const char *tenant = self->options.identity->tenant;
    const char *argv[] = {"az",     "account",    "get-access-token",
                          "--output", "json",     "--resource",
                          resource, tenant ? "--tenant" : NULL, tenant, NULL};
    const struct process_options options = {
        .argv = argv,
        .output_maximum = CLI_OUTPUT_MAXIMUM,
        .timeout_ms = self->options.cli_ms ? self->options.cli_ms : CLI_MS,
        .stop = self->options.stop,
        .user = self->options.user,
    };
    struct process_result result = {0};
    engine_status status = process_run(&options, &result, err);

    if (status == ENGINE_OK)
        status = cli_judge(&result, err);
    if (status == ENGINE_OK)
        status = azure_cli_parse(result.output.data ? result.output.data : "",
                                 result.output.len, out, err);
    if (result.output.data)
        explicit_bzero(result.output.data, result.output.room);
    process_result_clear(&result);
    return status;
}
