/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - parses a command line by a table of options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/config/nearest.h"

static const struct cli_option *options_find(const struct cli_option *options,
                                             size_t count, const char *name,
                                             size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == len &&
            memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

static engine_status options_fail_unknown(const struct cli_option *options,
                                          size_t count, const char *word,
                                          engine_error *err)
{
    char name[64];
    struct nearest nearest;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    nearest_init(&nearest, name);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, options[i].name);
    engine_fail(err, ENGINE_EINVAL, "unknown option \"--%s\"", name);
    for (size_t i = 0; i < cli_global_options_count; i++)
        if (strcmp(cli_global_options[i].name, name) == 0) {
            engine_hint(err, "--%s stands before the command", name);
            return ENGINE_EINVAL;
        }
    if (nearest.best)
        engine_hint(err, "did you mean --%s?", nearest.best);
    else
        engine_hint(err, "--help shows the options");
    return ENGINE_EINVAL;
}

static engine_status options_add(struct cli_args *args,
                                 const struct cli_option *option,
                                 const char *value, engine_error *err)
{
    if (!option->repeatable)
        for (size_t i = 0; i < args->given_count; i++)
            if (args->given[i].option == option)
                return engine_fail(err, ENGINE_EINVAL, "--%s is given twice",
                                   option->name);
    if (args->given_count == CLI_VALUES_MAX)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d options",
                           CLI_VALUES_MAX);
    args->given[args->given_count].option = option;
    args->given[args->given_count].value = value;
    args->given_count++;
    return ENGINE_OK;
}

/* One "--name", "--name VALUE" or "--name=VALUE" at argv[*at]. */
static engine_status options_one(const struct cli_option *options, size_t count,
                                 int argc, char **argv, int *at,
                                 struct cli_args *out, engine_error *err)
{
    const char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct cli_option *option = options_find(options, count, name, len);

    if (len == 4 && memcmp(name, "help", 4) == 0 && !value) {
        out->help = true;
        return ENGINE_OK;
    }
    if (!option)
        return options_fail_unknown(options, count, argv[*at], err);
    if (!option->value && value)
        return engine_fail(err, ENGINE_EINVAL, "--%s takes no value",
                           option->name);
    if (option->value && !value && *at + 1 >= argc)
        return engine_fail(err, ENGINE_EINVAL, "--%s needs a value: %s",
                           option->name, option->value);
    if (option->value && !value)
        value = argv[++*at];
    return options_add(out, option, value, err);
}

engine_status cli_parse(const struct cli_option *options, size_t count,
                        int argc, char **argv, int *at, bool stop,
                        struct cli_args *out, engine_error *err)
{
    engine_status status = ENGINE_OK;
    bool only_words = false;
    int kept = *at;

    memset(out, 0, sizeof(*out));
    out->words = argv + *at;
    for (; *at < argc && status == ENGINE_OK; ++*at) {
        char *word = argv[*at];

        if (!only_words && strcmp(word, "-h") == 0)
            out->help = true;
        else if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && strncmp(word, "--", 2) == 0)
            status = options_one(options, count, argc, argv, at, out, err);
        else if (!only_words && word[0] == '-' && word[1]) {
            status =
                engine_fail(err, ENGINE_EINVAL, "unknown option \"%s\"", word);
            engine_hint(err, "options have long names; --help shows them");
        } else if (stop)
            return ENGINE_OK;
        else {
            argv[kept++] = word; /* words move to the front */
            out->words_count++;
        }
    }
    return status;
}

const char *cli_next(const struct cli_args *args, const char *name, size_t *at)
{
    while (*at < args->given_count) {
        size_t i = (*at)++;

        if (strcmp(args->given[i].option->name, name) == 0)
            return args->given[i].value ? args->given[i].value : "";
    }
    return NULL;
}

const char *cli_value(const struct cli_args *args, const char *name)
{
    size_t at = 0;

    return cli_next(args, name, &at);
}

bool cli_flag(const struct cli_args *args, const char *name)
{
    return cli_value(args, name) != NULL;
}

engine_status cli_number(const struct cli_args *args, const char *name,
                         long long minimum, long long maximum, long long *out,
                         engine_error *err)
{
    const char *text = cli_value(args, name);
    char *end = NULL;
    long long value;

    if (!text)
        return ENGINE_OK;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < minimum || value > maximum)
        return engine_fail(err, ENGINE_EINVAL,
                           "--%s is \"%s\": expected a whole number from "
                           "%lld to %lld",
                           name, text, minimum, maximum);
    *out = value;
    return ENGINE_OK;
}

engine_status cli_choice(const struct cli_args *args, const char *name,
                         const char *const *choices, const char **out,
                         engine_error *err)
{
    const char *text = cli_value(args, name);
    char list[ENGINE_HINT_MAX] = "";
    size_t used = 0;

    *out = choices[0];
    if (!text)
        return ENGINE_OK;
    for (size_t i = 0; choices[i] && used < sizeof(list); i++) {
        if (strcmp(choices[i], text) == 0) {
            *out = choices[i];
            return ENGINE_OK;
        }
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
                                 i ? ", " : "", choices[i]);
    }
    return engine_fail(err, ENGINE_EINVAL, "--%s is \"%s\": expected one of %s",
                       name, text, list);
}
