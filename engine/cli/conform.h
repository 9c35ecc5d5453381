/* SPDX-License-Identifier: Apache-2.0 */
/* conform.h - the command conform: one scanner, check after check. */
#ifndef ENGINE_CLI_CONFORM_H
#define ENGINE_CLI_CONFORM_H

#include "engine/cli/session.h"
#include "engine/conform/checks.h"

struct conform {
    struct cli *cli;
    const struct cli_args *args;
    struct session session;
    struct launcher *launcher;    /* of scan-conform */
    struct launcher *usual;       /* of scan-worker */
    struct conduct_options conduct;
    struct log log;               /* collects what the scanner prints */
    struct registry *registry;    /* the scanner alone, once described */
    struct plugin_spec spec;
    struct plugin_entry entry;    /* path, and its options once known */
    char *path, *name;
    bson_t given;                 /* --option, by the types of the table */
    bson_t target;
    bool has_target;
    bson_t *rules;                /* an array of rules_count */
    uint32_t rules_count, rules_other;
    uint32_t next;                /* the next rule to send */
    int64_t timeout_ms;
    /* the check that runs */
    struct buffer notes, printed; /* lines */
    char state[16], why[1024];
    bool fatal;
    unsigned failed, number;
};

/* conform_input.c */
/** The file's absolute path, and its name. */
engine_status conform_path(struct conform *conform, engine_error *err);
/** What the options of the command say; before the scanner is looked at. */
engine_status conform_options(struct conform *conform, engine_error *err);
/** --option and --rules, against what the scanner has described. */
engine_status conform_resolve(struct conform *conform, engine_error *err);
void conform_forget(struct conform *conform);

/* conform_run.c */
/** A log: takes what scanners print. */
void conform_log(enum log_level level, const char *text, void *user);
/** Makes every check and prints TAP; negative: it could not. */
engine_status conform_run(struct conform *conform, engine_error *err);

#endif
