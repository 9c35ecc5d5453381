/* SPDX-License-Identifier: Apache-2.0 */
/* process_private.h - a running program, between its start and its end. */
#ifndef SDK_KIT_PROCESS_PRIVATE_H
#define SDK_KIT_PROCESS_PRIVATE_H

#include "sdk/kit/process.h"

#define PROCESS_INPUTS  4
#define PROCESS_CHUNK   ((size_t)64 * 1024) /* moved at once; a pipe's size */
#define PROCESS_ERRORS  ((size_t)64 * 1024) /* kept of standard error */
#define PROCESS_RUNNING (-1)                /* process.how before the end */

struct process {
    pid_t pid;
    int pidfd;                   /* -1 where the kernel has none */
    int input, output, errors;   /* our ends of the pipes; -1 once closed */
    int sources[PROCESS_INPUTS]; /* what input is fed from; -1 once read */
    int file;                    /* where output goes; -1: into result.output */
    char *file_path;
    size_t output_maximum, output_total;
    int64_t started_ms, deadline_ms; /* steady clock; deadline 0: none */
    int64_t asked_ms;                /* when stop was last asked */
    int64_t killed_ms;               /* when we killed it; 0: not yet */
    process_stop_fn stop;
    void *user;
    struct buffer pending; /* read from a source, not yet written */
    int exited;            /* it is a zombie, or was reaped behind our back */
    struct process_result result; /* how is PROCESS_RUNNING until known */
    engine_error failure;         /* why how is PROCESS_FAILED */
};

/** Closes what is open and makes it -1. */
void process_close(int *fd);

/** Kills the whole group for the reason given, unless it has one already. */
void process_kill(struct process *process, int how);

/** Frees everything but a running program. */
void process_free(struct process *process);

#endif
