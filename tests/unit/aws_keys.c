/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws_keys.c - shows what plugins/aws/credentials.h finds, for
 * tests/integration/test_aws_credentials.py: one JSON line per round, keys
 * included, and the log on standard error.
 *
 *   aws_keys [--profile P] [--region R] [--endpoint URL] [--process] [--sso]
 *            [--role ARN] [--external-id ID] [COMMAND...]
 *   commands: get (the default), refused, a number of milliseconds to wait
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/aws/credentials.h"
#include "sdk/base/buffer.h"
#include "sdk/document/document.h"

static void keys_log(int level, const char *text, void *user)
{
    (void)user;
    fprintf(stderr, "%d %s\n", level, text);
}

static void put(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, "%s\"%s\":", out->len > 1 ? "," : "", name);
    if (value)
        document_string_to_json(value, out);
    else
        buffer_puts(out, "null");
}

static void show(struct aws_credentials *credentials, bool refused)
{
    const struct aws_keys *keys = NULL;
    engine_error err = {0};
    struct buffer out;

    buffer_init(&out, 1 << 20);
    buffer_puts(&out, "{");
    if (aws_credentials_get(credentials, refused, &keys, &err) < 0) {
        put(&out, "error", err.message);
        put(&out, "hint", err.hint);
        buffer_printf(&out, ",\"status\":%d", err.status);
    } else {
        put(&out, "id", keys->id);
        put(&out, "secret", keys->secret.text);
        put(&out, "token", keys->token.text);
        buffer_printf(&out, ",\"expires\":%lld", (long long)keys->expires_ms);
    }
    put(&out, "source", aws_credentials_source(credentials));
    put(&out, "region", aws_credentials_region(credentials));
    buffer_puts(&out, "}");
    puts(out.data);
    fflush(stdout);
    buffer_clear(&out);
}

static void run(struct aws_credentials *credentials, const char *command)
{
    const long wait_ms = strtol(command, NULL, 10);
    const struct timespec span = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    if (wait_ms)
        nanosleep(&span, NULL);
    else
        show(credentials, strcmp(command, "refused") == 0);
}

static void fail(const engine_error *err)
{
    struct buffer out;

    buffer_init(&out, 1 << 20);
    buffer_puts(&out, "{");
    put(&out, "error", err->message);
    put(&out, "hint", err->hint);
    buffer_printf(&out, ",\"status\":%d}", err->status);
    puts(out.data);
    buffer_clear(&out);
}

static int read_options(int argc, char **argv,
                        struct aws_credentials_options *options,
                        struct aws_role *role)
{
    int at = 1;

    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        const char *name = argv[at] + 2;

        if (strcmp(name, "process") == 0)
            options->allow_process = true;
        else if (strcmp(name, "sso") == 0)
            options->allow_sso = true;
        else if (at + 1 == argc)
            exit(2);
        else if (strcmp(name, "profile") == 0)
            options->profile = argv[++at];
        else if (strcmp(name, "region") == 0)
            options->region = argv[++at];
        else if (strcmp(name, "endpoint") == 0)
            options->endpoint = argv[++at];
        else if (strcmp(name, "role") == 0)
            role->arn = argv[++at];
        else if (strcmp(name, "external-id") == 0)
            role->external_id = argv[++at];
        else
            exit(2);
    }
    return at;
}

int main(int argc, char **argv)
{
    const struct http_client_options http = {.retries = 2, .log = keys_log};
    struct aws_credentials_options options = {.log = keys_log};
    struct aws_role role = {0};
    struct aws_credentials *base = NULL, *credentials = NULL;
    engine_error err = {0};
    const int first = read_options(argc, argv, &options, &role);
    engine_status status = http_client_new(&http, &options.client, &err);

    if (status == ENGINE_OK)
        status = aws_credentials_new(&options, &base, &err);
    credentials = base;
    if (status == ENGINE_OK && role.arn)
        status = aws_credentials_assume(base, &role, &credentials, &err);
    if (status < 0)
        fail(&err);
    else if (first == argc)
        show(credentials, false);
    for (int i = first; status == ENGINE_OK && i < argc; i++)
        run(credentials, argv[i]);
    if (credentials != base)
        aws_credentials_free(credentials);
    aws_credentials_free(base);
    http_client_free(options.client);
    return status < 0;
}
