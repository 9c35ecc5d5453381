/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - the program: global options, then one command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/cli/cli.h"
#include "engine/cli/progress.h"
#include "engine/cli/remote.h"
#include "engine/cli/signals.h"
#include "engine/config/nearest.h"
#include "sdk/base/alloc.h"

const struct cli_option cli_global_options[] = {
    {"config", "FILE",
     "the configuration file; without it "
     "$SCAN_ENGINE_CONFIG, then "
     "/etc/scan-engine/engine.conf",
     false},
    {"store", "URI", "use this store and not the configuration's", false},
    {"log-level", "LEVEL", "error, warning, info or debug", false},
    {"version", NULL, "print the version", false},
};
const size_t cli_global_options_count = CLI_COUNT(cli_global_options);

static bool main_wants_color(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(fileno(file)) && (!no_color || !*no_color) &&
           (!terminal || strcmp(terminal, "dumb") != 0);
}

static void main_text_out(struct text_out *out, FILE *file)
{
    struct winsize size;

    out->file = file;
    out->color = main_wants_color(file);
    out->width = 0;
    if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0)
        out->width = size.ws_col;
}

static void main_log(enum log_level level, const char *text, void *user)
{
    struct cli *cli = user;

    cli_progress_clear(cli->progress);
    fputs("scan-engine: ", cli->messages.file);
    if (level != LOG_LEVEL_INFO)
        fprintf(cli->messages.file, "%s: ", log_level_name(level));
    text_cell(&cli->messages, text, 0, false, TEXT_PLAIN);
    fputc('\n', cli->messages.file);
}

static void main_put_error(struct cli *cli, const engine_error *err)
{
    fputs("scan-engine: ", cli->messages.file);
    text_cell(&cli->messages, err->message, 0, false, TEXT_RED);
    fputc('\n', cli->messages.file);
    if (!err->hint[0])
        return;
    fputs("  ", cli->messages.file);
    text_cell(&cli->messages, err->hint, 0, false, TEXT_PLAIN);
    fputc('\n', cli->messages.file);
}

static bool main_is_group(const char *word)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (cli_commands[i]->group && strcmp(cli_commands[i]->group, word) == 0)
            return true;
    return false;
}

static const struct cli_command *main_find(const char *group, const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct cli_command *command = cli_commands[i];

        if (strcmp(command->name, name) == 0 &&
            (group ? command->group && strcmp(command->group, group) == 0
                   : !command->group))
            return command;
    }
    return NULL;
}

static engine_status main_fail_unknown(const char *group, const char *word,
                                       engine_error *err)
{
    struct nearest nearest;

    nearest_init(&nearest, word);
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct cli_command *command = cli_commands[i];

        if (group && command->group && strcmp(command->group, group) == 0)
            nearest_offer(&nearest, command->name);
        else if (!group)
            nearest_offer(&nearest,
                          command->group ? command->group : command->name);
    }
    engine_fail(err, ENGINE_EINVAL, "unknown command \"%s%s%s\"",
                group ? group : "", group ? " " : "", word);
    if (nearest.best)
        engine_hint(err, "did you mean \"%s%s%s\"?", group ? group : "",
                    group ? " " : "", nearest.best);
    else
        engine_hint(err, "scan-engine --help shows the commands");
    return ENGINE_EINVAL;
}

/* Finds the command at argv[*at] and moves *at behind its name. NULL with
 * *help set: the group's help was asked for. */
static const struct cli_command *main_command(struct cli *cli, int argc,
                                              char **argv, int *at, bool *help,
                                              engine_error *err)
{
    const char *group = NULL;
    const struct cli_command *command;

    if (main_is_group(argv[*at])) {
        group = argv[(*at)++];
        if (*at >= argc || strcmp(argv[*at], "--help") == 0 ||
            strcmp(argv[*at], "-h") == 0) {
            *help = *at < argc;
            cli_help_group(*help ? &cli->out : &cli->messages, group);
            engine_fail(err, ENGINE_EINVAL, "\"%s\" needs a command", group);
            return NULL;
        }
    }
    command = main_find(group, argv[*at]);
    if (command)
        ++*at;
    else
        main_fail_unknown(group, argv[*at], err);
    return command;
}

static engine_status main_check_words(const struct cli_command *command,
                                      const struct cli_args *args,
                                      engine_error *err)
{
    if (args->words_count < command->words_min)
        engine_fail(err, ENGINE_EINVAL, "%s%s%s needs %s",
                    command->group ? command->group : "",
                    command->group ? " " : "", command->name, command->words);
    else if (args->words_count > command->words_max)
        engine_fail(err, ENGINE_EINVAL, "\"%s\" is one word too many",
                    args->words[command->words_max]);
    else
        return ENGINE_OK;
    engine_hint(err, "scan-engine %s%s%s --help says more",
                command->group ? command->group : "", command->group ? " " : "",
                command->name);
    return ENGINE_EINVAL;
}

static int main_run(struct cli *cli, int argc, char **argv, int at,
                    engine_error *err)
{
    bool help = false;
    const struct cli_command *command =
        main_command(cli, argc, argv, &at, &help, err);
    struct cli_args args;

    if (!command)
        return help ? CLI_DONE : ENGINE_EINVAL;
    if (cli_parse(command->options, command->options_count, argc, argv, &at,
                  false, &args, err) < 0)
        return ENGINE_EINVAL;
    if (args.help) {
        cli_help_command(&cli->out, command);
        return CLI_DONE;
    }
    if (main_check_words(command, &args, err) < 0 ||
        cli_remote_check(cli, &args, err) < 0)
        return ENGINE_EINVAL;
    return cli_flag(&args, "server") ? cli->remote(cli, command, &args, err)
                                     : command->run(cli, &args, err);
}

/* The password in --store URI would be in every list of processes: it is taken
 * out of the arguments, as far as a program can do that, and kept here. */
static engine_status main_hide_store(struct cli *cli, engine_error *err)
{
    char *given = (char *)(uintptr_t)cli->store_uri; /* one of argv */
    char *at = given ? strstr(given, "://") : NULL;
    const char *end = at ? strrchr(at, '@') : NULL;

    if (!end)
        return ENGINE_OK;
    cli->store_kept = engine_strdup(given);
    if (!cli->store_kept)
        return engine_fail_memory(err);
    cli->store_uri = cli->store_kept;
    for (at += 3; at < end; at++)
        *at = 'x';
    for (at += strcspn(at, "?"); *at; at++)
        *at = 'x'; /* options may hold passwords as well */
    return ENGINE_OK;
}

static void main_forget_store(struct cli *cli)
{
    if (cli->store_kept)
        explicit_bzero(cli->store_kept, strlen(cli->store_kept));
    engine_free(cli->store_kept);
}

static int main_globals(struct cli *cli, int argc, char **argv,
                        engine_error *err)
{
    struct cli_args args;
    int at = 1;

    if (cli_parse(cli_global_options, cli_global_options_count, argc, argv, &at,
                  true, &args, err) < 0)
        return ENGINE_EINVAL;
    cli->config_path = cli_value(&args, "config");
    cli->store_uri = cli_value(&args, "store");
    cli->log_level = cli_value(&args, "log-level");
    if (main_hide_store(cli, err) < 0)
        return ENGINE_ENOMEM;
    if (cli_flag(&args, "version")) {
        fprintf(cli->out.file, "scan-engine %s\n", SCAN_ENGINE_VERSION);
        return CLI_DONE;
    }
    if (args.help) {
        cli_help_program(&cli->out);
        return CLI_DONE;
    }
    if (at >= argc) {
        cli_help_program(&cli->messages);
        return engine_fail(err, ENGINE_EINVAL, "no command is given");
    }
    return main_run(cli, argc, argv, at, err);
}

/* A file that could not be written is a command that did not do its work. */
static int main_finish(struct cli *cli, int code, const engine_error *err)
{
    const bool told = code < 0;

    if (told) {
        fflush(cli->out.file);
        main_put_error(cli, err);
        code = CLI_UNABLE;
    }
    if (fflush(cli->out.file) == 0 && !ferror(cli->out.file))
        return code;
    if (!told && errno != EPIPE)
        fprintf(cli->messages.file,
                "scan-engine: could not write to standard output: %s\n",
                strerror(errno));
    return CLI_UNABLE;
}

int cli_main(int argc, char **argv, cli_remote_fn remote)
{
    struct cli cli = {.argv = argv, .remote = remote};
    engine_error err = {0};
    char **words = engine_calloc((size_t)argc + 1, sizeof(*words));
    int code;

    /* libmongoc would keep its counters in shared memory, where they stay when
     * a process is killed, and the next one of its number complains */
    setenv("MONGOC_DISABLE_SHM", "1", 0);
    cli_signals_pipe();
    main_text_out(&cli.out, stdout);
    main_text_out(&cli.messages, stderr);
    cli.log.fn = main_log;
    cli.log.user = &cli;
    cli.log.level = LOG_LEVEL_WARNING;
    for (int i = 0; words && i < argc; i++)
        words[i] = argv[i]; /* parsing moves them */
    code = words ? main_globals(&cli, argc, words, &err)
                 : engine_fail_memory(&err);
    main_forget_store(&cli);
    code = main_finish(&cli, code, &err);
    engine_free(words);
    return code;
}
