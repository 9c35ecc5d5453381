/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_process.c - keys that a program prints ("Sourcing credentials
 * with an external process", of the AWS CLI's guide). */
#include <stdio.h>
#include <string.h>

#include "plugins/aws/credentials_private.h"
#include "sdk/base/alloc.h"
#include "sdk/kit/process.h"

#define PROCESS_WORDS 64
#define PROCESS_TIMEOUT_MS 60000

/* ---- its words ----------------------------------------------------------- */

/* one word, quotes taken off, in place; NULL at the end, *bad without one of
 * its quotes. As in POSIX's shells, but nothing is expanded. */
static char *process_word(char **text, bool *bad)
{
    char *at = *text, *out, *start;
    char quote = '\0';

    while (*at == ' ' || *at == '\t' || *at == '\n')
        at++;
    if (!*at)
        return NULL;
    start = out = at;
    for (; *at && (quote || !strchr(" \t\n", *at)); at++) {
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? '\0' : *at;
        else if (*at == '\\' && quote != '\'' && at[1])
            *out++ = *++at;
        else
            *out++ = *at;
    }
    *bad = quote != '\0';
    *text = *at ? at + 1 : at;
    *out = '\0';
    return start;
}

static engine_status process_words(char *text, const char **argv,
                                   engine_error *err)
{
    size_t count = 0;
    bool bad = false;
    char *word;

    while (!bad && (word = process_word(&text, &bad))) {
        if (count == PROCESS_WORDS)
            return engine_fail(err, ENGINE_ELIMIT, "it has more than %d words",
                               PROCESS_WORDS);
        argv[count++] = word;
    }
    argv[count] = NULL;
    if (bad || !count || !*argv[0])
        return engine_fail(err, ENGINE_EINVAL, "%s",
                           bad ? "a quotation mark is missing in it"
                               : "it is empty");
    return ENGINE_OK;
}

/* ---- what it says -------------------------------------------------------- */

static engine_status process_read(const struct process_result *result,
                                  struct aws_keys *out, engine_error *err)
{
    static const struct aws_names names = {
        .id = "AccessKeyId",
        .secret = "SecretAccessKey",
        .token = "SessionToken",
        .expires = "Expiration",
    };
    const struct value *version;
    struct arena arena;
    struct value root;
    engine_status status;

    arena_init(&arena, (size_t)16 * AWS_ANSWER_MAXIMUM);
    status = value_from_json(result->output.data ? result->output.data : "",
                             result->output.len, "its output", &arena, &root,
                             NULL);
    if (status < 0) {
        /* a message of the parser could quote what it printed */
        arena_wipe(&arena);
        return engine_fail(err, ENGINE_EPARSE, "its output is no JSON");
    }
    version = value_member(&root, "Version");
    if (!version || version->kind != VALUE_INT || version->integer != 1)
        status = engine_fail(err, ENGINE_EPARSE,
                             "its output is not of Version 1");
    if (status == ENGINE_OK)
        status = aws_keys_read(&root, &names, out, err);
    arena_wipe(&arena);
    return status;
}

/* Nothing of what it printed is told: it may be anything. */
static engine_status process_judge(const struct process_result *result,
                                   engine_error *err)
{
    switch (result->how) {
    case PROCESS_EXITED:
        if (result->code == 0)
            return ENGINE_OK;
        engine_fail(err, ENGINE_EIO, "it ended with code %d", result->code);
        engine_hint(err, "run it by hand to see why");
        return ENGINE_EIO;
    case PROCESS_SIGNALED:
        return engine_fail(err, ENGINE_EIO, "it was ended by signal %d",
                           result->code);
    case PROCESS_TIMEOUT:
        return engine_fail(err, ENGINE_ETIMEOUT,
                           "it did not end within %d s; does it wait for "
                           "somebody to log in?",
                           PROCESS_TIMEOUT_MS / 1000);
    case PROCESS_STOPPED:
        return engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    case PROCESS_OVERFLOW:
        return engine_fail(err, ENGINE_ELIMIT, "it printed too much");
    default:
        return engine_fail(err, ENGINE_EIO, "it failed");
    }
}

static engine_status process_do(const char *const *argv, struct aws_keys *out,
                                engine_error *err)
{
    const struct process_options options = {
        .argv = argv,
        .output_maximum = AWS_ANSWER_MAXIMUM,
        .timeout_ms = PROCESS_TIMEOUT_MS,
    };
    struct process_result result = {0};
    engine_status status = process_run(&options, &result, err);

    if (status == ENGINE_OK)
        status = process_judge(&result, err);
    if (status == ENGINE_OK)
        status = process_read(&result, out, err);
    if (result.output.data)
        explicit_bzero(result.output.data, result.output.room);
    process_result_clear(&result);
    return status;
}

engine_status aws_fetch_process(struct aws_credentials *self,
                                struct aws_keys *out, engine_error *err)
{
    const char *argv[PROCESS_WORDS + 1];
    char *text = engine_strdup(self->command);
    engine_status status;

    if (!text)
        return engine_fail_memory(err);
    status = process_words(text, argv, err);
    if (status == ENGINE_OK)
        status = process_do(argv, out, err);
    engine_free(text);
    if (status < 0 && status != ENGINE_ENOMEM && status != ENGINE_ECANCELLED)
        engine_error_prefix(err, "%s", self->label);
    return status;
}
