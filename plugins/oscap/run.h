/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - running oscap once: locally, in a chroot, over one ssh connection,
 * or through oscap-ssh. Argument vectors only; no user string is ever read by
 * a shell on either side.
 */
#ifndef PLUGINS_OSCAP_RUN_H
#define PLUGINS_OSCAP_RUN_H

#include <bson/bson.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "plugins/oscap/watch.h"
#include "sdk/kit/process.h"

/** What to run; everything is borrowed until oscap_run_finish. */
struct oscap_run_options {
    const bson_t *target;          /* local, chroot, ssh: contract.md */
    const bson_t *options;         /* the scanner's options (options.c) */
    const char *datastream_path;
    const char *tailoring_path;    /* NULL: none */
    const char *profile_id;
    const char *directory;         /* private; everything is written here */
    bool arf, oval_results;        /* also write these */
    int64_t timeout_ms;            /* 0: none */
    /* local runs: told about each rule as oscap ends it, with the time since
     * the one before, in tenths of a millisecond; may be NULL */
    oscap_on_rule_fn on_rule;
    void *user;
};

struct oscap_run;

struct oscap_run_end {
    engine_error error;      /* ENGINE_OK: results_path can be read */
    bool retry;              /* it hung: worth one more try */
    int exit_code;           /* oscap's, or -1 */
    char *results_path, *arf_path, *oval_path; /* NULL when not written */
    int64_t wall_ms, cpu_ms, peak_bytes;
};

void oscap_run_end_clear(struct oscap_run_end *end);

/** Builds the argument vector (NULL-ended, caller frees with argv_free); for
 * ssh the command of the remote side is in it as one fixed script. */
engine_status oscap_run_command(const struct oscap_run_options *options,
                                char ***argv, char ***env, engine_error *err);
void oscap_run_argv_free(char **argv);

engine_status oscap_run_start(const struct oscap_run_options *options,
                              struct oscap_run **out, engine_error *err);
/** 1 when it has ended; watches for a hang (no CPU time, no output). */
int oscap_run_step(struct oscap_run *run, int wait_ms);
/** Ends and frees it; a run that still goes on is killed. */
void oscap_run_finish(struct oscap_run *run, struct oscap_run_end *out);

#endif
