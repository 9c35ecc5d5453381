/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - what a worker may still do once its scanner has been loaded: the
 * files, sockets, programs and system calls that the scanner declared to need
 * (engine/scanner.h), enforced by landlock(7) and seccomp(2) where the kernel
 * has them. Both are inherited by everything that the scanner runs.
 */
#ifndef ENGINE_WORKER_CONFINE_H
#define ENGINE_WORKER_CONFINE_H

#include <bson/bson.h>
#include <engine/scanner.h>
#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/base/error.h"

/** What this kernel offers. */
struct confine_kernel {
    int landlock; /* its ABI's version; 0: none */
    bool seccomp;
};

#define CONFINE_READ 1u    /* read, list and, where programs may run, run */
#define CONFINE_WRITE 2u   /* and create, change, remove */
#define CONFINE_EXECUTE 4u /* and run */

struct confine_path {
    const char *path;
    unsigned rights;
};

#define CONFINE_PATHS_MAX 1024

/** What one job may do; paths in its arena. */
struct confinement {
    bool files;     /* false: any file, with no landlock */
    bool network;   /* any socket */
    bool processes; /* fork and exec */
    bool any;       /* any program that can be read */
    bool signals;   /* to processes that it did not start */
    struct confine_path paths[CONFINE_PATHS_MAX];
    size_t count;
    struct arena arena;
};

void confine_probe(struct confine_kernel *out);

/**
 * What a scanner may do in this job, by its declaration: always succeeds, but
 * for memory. Freed with confine_clear, also after a failure.
 */
engine_status confine_plan(const struct scanner_ops *ops, const bson_t *job,
                           struct confinement *out, engine_error *err);
void confine_clear(struct confinement *plan);

/** Confines the calling thread and those that it starts; seccomp all threads
 * of the process. Fails with ENGINE_EUNSUPPORTED when a part that the kernel
 * offers could not be had. */
engine_status confine_enter(const struct confinement *plan,
                            const struct confine_kernel *kernel,
                            engine_error *err);

/** For a thread beside the scanner's: files of /proc may be read, no more. */
engine_status confine_enter_watcher(const struct confine_kernel *kernel,
                                    engine_error *err);

#define CONFINE_THREAD "thread" /* a mode: there is no process to confine */

/**
 * What is enforced for a scanner with this description, in this mode ("auto",
 * "off", "required", "thread"): {mode, landlock: ABI, seccomp: bool, enforced:
 * [..], text}.
 */
void confine_report(const bson_t *description, const char *mode, bson_t *out);

#endif
