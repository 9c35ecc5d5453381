/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - the commands of the program: each is an entry in a table with its
 * options, from which parsing, --help and the documents' checks are made.
 */
#ifndef ENGINE_CLI_CLI_H
#define ENGINE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/report/text.h"
#include "sdk/base/error.h"
#include "sdk/base/log.h"

/* Exit codes (contract.md); commands return one, or a negative status. */
#define CLI_DONE 0
#define CLI_UNABLE 1 /* the command could not do its work */
#define CLI_FAILED 2 /* a selected rule failed */
#define CLI_UNSURE 3 /* no fail, but an error or unknown */

struct cli_option {
    const char *name;  /* without its dashes */
    const char *value; /* what stands for the value; NULL: a flag */
    const char *help;
    bool repeatable;
};

#define CLI_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define CLI_OPTIONS(array) (array), CLI_COUNT(array)

#define CLI_VALUES_MAX 512 /* options given on one command line */

/** A parsed command line; all text is argv's. */
struct cli_args {
    struct {
        const struct cli_option *option;
        const char *value;
    } given[CLI_VALUES_MAX];
    size_t given_count;
    char **words; /* what is no option */
    size_t words_count;
    bool help;
};

struct cli;
struct cli_command;
struct store;

/** Runs a command that --server is given for. */
typedef int (*cli_remote_fn)(struct cli *cli, const struct cli_command *command,
                             const struct cli_args *args, engine_error *err);

/** What every command has. */
struct cli {
    char **argv;                   /* as it was given, NULL-ended */
    cli_remote_fn remote;
    /* what a daemon has sent, instead of the configuration's store, and the
     * options that named the daemon; NULL: there is none */
    struct store *store;
    const char *server;
    const char *config_path;       /* --config, or NULL */
    const char *store_uri;         /* --store, or NULL */
    char *store_kept;              /* it, when it was taken out of argv */
    const char *log_level;         /* --log-level, or NULL */
    struct log log;                /* to standard error */
    struct cli_progress *progress; /* a line to clear before messages */
    struct text_out out;           /* standard output */
    struct text_out messages;      /* standard error */
};

struct cli_command {
    const char *group; /* "rules", or NULL for commands of one word */
    const char *name;
    const char *words; /* "PATH...", or "" */
    const char *help;  /* one sentence without its full stop */
    const char *more;  /* paragraphs for --help; NULL: none */
    const struct cli_option *options;
    size_t options_count;
    size_t words_min, words_max;
    int (*run)(struct cli *cli, const struct cli_args *args, engine_error *err);
};

/** Every command, in the order of --help; NULL-ended. */
extern const struct cli_command *const cli_commands[];
extern const struct cli_option cli_global_options[];
extern const size_t cli_global_options_count;

/** The whole program, with the commands of cli_commands; an exit code. */
int cli_main(int argc, char **argv, cli_remote_fn remote);

/* ---- options (options.c) ------------------------------------------------- */

/** Parses argv from *at on; with `stop`, up to the first word. */
engine_status cli_parse(const struct cli_option *options, size_t count,
                        int argc, char **argv, int *at, bool stop,
                        struct cli_args *out, engine_error *err);
/** The last value of an option, or NULL. */
const char *cli_value(const struct cli_args *args, const char *name);
bool cli_flag(const struct cli_args *args, const char *name);
/** Values one by one: start with *at = 0; NULL at the end. */
const char *cli_next(const struct cli_args *args, const char *name, size_t *at);
/** A whole number of an option between bounds; *out is left when absent. */
engine_status cli_number(const struct cli_args *args, const char *name,
                         long long minimum, long long maximum, long long *out,
                         engine_error *err);
/** One of `choices` (NULL-ended); the first when absent. */
engine_status cli_choice(const struct cli_args *args, const char *name,
                         const char *const *choices, const char **out,
                         engine_error *err);

/* ---- help (help.c) ------------------------------------------------------- */

void cli_help_program(const struct text_out *out);
void cli_help_group(const struct text_out *out, const char *group);
void cli_help_command(const struct text_out *out,
                      const struct cli_command *command);

#endif
