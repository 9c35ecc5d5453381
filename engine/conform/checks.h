/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks.h - what a scanner is asked to show, in the order of the report. The
 * command (engine/cli/conform.c) starts a worker for each, scan-conform, with
 * a job {op: "conform", request: {check: NAME}}. It answers with documents:
 *   note     {text} a line to print
 *   outcome  {state: "ok" | "not ok" | "skip", why, fatal: bool}
 * fatal: the operation had to be ended by force. A worker that crashes or does
 * not end has no outcome: the conductor says what became of it.
 */
#ifndef ENGINE_CONFORM_CHECKS_H
#define ENGINE_CONFORM_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

/* What must be in order before a check makes sense. */
enum conform_stage {
    CONFORM_FILE,
    CONFORM_LOAD,  /* the file may be opened */
    CONFORM_TABLE, /* it opens */
    CONFORM_INIT,  /* its table can be read */
    CONFORM_LIFE,  /* it gets ready */
    CONFORM_SCAN   /* and has an operation scan, which ends */
};

struct conform_check {
    const char *name;
    const char *title;
    enum conform_stage stage;
    bool gate;  /* nothing of a later stage is tried when it fails */
    bool scans; /* nor this, when a scan had to be ended by force */
};

extern const struct conform_check conform_checks[];
extern const size_t conform_checks_count;

/* The one check that the command does itself: it asks a usual worker for the
 * description, and the registry what it makes of options. */
#define CONFORM_OPTIONS "options"

#endif
