/* SPDX-License-Identifier: Apache-2.0 */
/* library_stage.h - an engine of its own for each test of libengine, with a
 * scanner that is linked in. */
#ifndef TESTS_LIBRARY_STAGE_H
#define TESTS_LIBRARY_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <engine/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAGE_PATH 256

struct stage {
    char directory[STAGE_PATH];
    struct engine *engine;
};

/**
 * The scanner "fake": it gives every rule of the type "fake" the verdict that
 * its check_content.status names, after a result. A rule with
 * check_content.wait waits until the scan is cancelled; for one with
 * check_content.crash it returns an error.
 */
const struct scanner_ops *stage_query(uint16_t host_major);

/** A fresh directory. */
void stage_make(struct stage *stage);
/** Opens an engine in it, without scanners; `extra`: more of its
 * configuration. */
void stage_open(struct stage *stage, uint32_t flags, const char *extra);
/** Both of them, and registers the scanner. */
int stage_setup(void **state);
/** Closes the engine and removes the directory; accepts a closed one. */
int stage_teardown(void **state);
void stage_remove(struct stage *stage);

/** Imports `count` rules "PREFIX-0" ..., of one status. */
void stage_import(struct engine *engine, const char *prefix, int count,
                  const char *status);
/** Imports one document. */
void stage_import_one(struct engine *engine, const char *json);
int64_t stage_count(struct engine *engine, const char *collection,
                    const char *filter);

#define STAGE_OK(call)                                                     \
    do {                                                                   \
        engine_error stage_err = {0};                                      \
        const engine_status stage_status = (call);                         \
        if (stage_status != ENGINE_OK)                                     \
            fail_msg("%s: %s (%s)", #call,                                 \
                     engine_status_name(stage_status), stage_err.message); \
    } while (0)

#endif
