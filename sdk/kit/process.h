/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - running a program: an argument vector, no shell, a deadline,
 * capped capture of what it prints, its whole process group ended with it.
 */
#ifndef SDK_KIT_PROCESS_H
#define SDK_KIT_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sdk/base/buffer.h"

/** Asked regularly while waiting; non-zero: kill the program and stop. */
typedef int (*process_stop_fn)(void *user);

struct process_options {
    const char *const *argv;    /* argv[0] is looked up in PATH; NULL-ended */
    const char *const *env;     /* whole environment; NULL: ours */
    const char *directory;      /* working directory; NULL: ours */
    const char *input_paths[4]; /* fed to standard input one after another;
                                 * none: /dev/null */
    const char *output_path;    /* standard output goes to this new file */
    size_t output_maximum; /* cap of captured or written output; 0: 64 KiB */
    int64_t timeout_ms;    /* 0: none */
    process_stop_fn stop;  /* may be NULL */
    void *user;
};

#define PROCESS_EXITED   0 /* code is its exit status */
#define PROCESS_SIGNALED 1 /* code is the signal */
#define PROCESS_TIMEOUT  2 /* killed at the deadline */
#define PROCESS_STOPPED  3 /* killed because stop said so */
#define PROCESS_OVERFLOW 4 /* killed because it wrote more than allowed */
#define PROCESS_FAILED                                   \
    5 /* killed because its input or output could not be \
       * moved; code is the ENGINE_E* status, the cause  \
       * is the last line of errors. process_run returns \
       * that as its own error */

struct process_result {
    int how; /* PROCESS_* */
    int code;
    struct buffer output; /* standard output, unless output_path was given */
    struct buffer errors; /* standard error: the last 64 KiB */
    int64_t wall_ms, cpu_ms;
    int64_t peak_bytes; /* largest resident size of the program */
};

void process_result_clear(struct process_result *result);

/** ": " and the last line that it wrote to standard error, as one harmless
 * line of at most some 300 bytes; "" when it wrote nothing. */
void process_complaint(const struct process_result *result, char *out,
                       size_t room);

/**
 * Runs a program to its end and fills *result (the caller clears it, also
 * after a failure). ENGINE_ENOTFOUND when there is no such program; how it
 * ended is not an error of this function.
 */
engine_status process_run(const struct process_options *options,
                          struct process_result *result, engine_error *err);

/** The same split in two, to have several at once from one thread. */
struct process;

engine_status process_start(const struct process_options *options,
                            struct process **out, engine_error *err);
/** Moves data for up to wait_ms; 1 when it has ended, 0 when not yet. */
int process_step(struct process *process, int wait_ms);
/** Its process id, which is its process group's too; for watching it. */
pid_t process_pid(const struct process *process);
/** Ends it (kills what still runs), fills *result, frees process. */
void process_finish(struct process *process, struct process_result *result);

/** Absolute path of a program on PATH (caller frees), or NULL. */
char *process_find(const char *program);

#endif
