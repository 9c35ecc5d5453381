/* SPDX-License-Identifier: Apache-2.0 */
/* conduct_stage.h - what tests of jobs on real workers need. */
#ifndef TESTS_CONDUCT_STAGE_H
#define TESTS_CONDUCT_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/launch/conduct.h"
#include "sdk/base/buffer.h"

/** Directories, a launcher, perhaps a store, and what was logged. */
struct stage {
    char *root;
    struct conduct_options options;
    struct store *store;
    struct log log;
    struct buffer logged;
    struct plugin_user user; /* of its workers, with STAGE_DROPPED */
};

#define STAGE_STORE 1u   /* with a store */
#define STAGE_THREADS 2u /* workers are threads */
#define STAGE_DROPPED 4u /* workers run as "nobody"; skips without root */

/* A test that is run once as it is and once with workers as "nobody": its
 * initial state is the flags of its stage. */
#define STAGE_TEST(function) {#function, function, NULL, NULL, NULL}
#define STAGE_TEST_DROPPED(function) \
    {#function "_as_another_user", function, NULL, NULL, \
     (void *)(uintptr_t)STAGE_DROPPED}
#define STAGE_FLAGS(state) ((unsigned)(uintptr_t)*(state))

void stage_open(struct stage *stage, unsigned flags);
/** Also checks that no job left anything behind. */
void stage_close(struct stage *stage);
/** Path of a file in the stage's directory; the caller frees it. */
char *stage_path(const struct stage *stage, const char *name);
/** Gives a file to the user of the workers, if they have one of their own. */
void stage_give(const struct stage *stage, const char *path);
/** Path of a built test plugin; the caller frees it. */
char *stage_plugin(const char *name);
char *stage_worker(void);

/** One job of a test plugin, and everything that came of it. */
struct trial {
    struct job job;
    struct plugin_entry plugin;
    struct plugin_spec spec;
    char *path;
    bson_t *rules[16];
    size_t rules_count, rules_sent;
    int64_t generated;       /* rules made up instead: this many */
    char generated_check[128]; /* their check_content, as JSON */
    bson_t made;
    int64_t results, ends, ended, documents, progress;
    struct buffer said;      /* "r:RULE=1 " "d:RULE=0 " in order */
    char kind[32];
    bson_t document;         /* the last one */
    char artifact[65];
    char warning[128];
    struct job_end end;
    int64_t fail_at;         /* on_result fails at this result */
};

void trial_open(struct trial *trial, const char *plugin, const char *op);
void trial_rule(struct trial *trial, const char *json);
engine_status trial_run(struct trial *trial, const struct stage *stage,
                        engine_error *err);
void trial_close(struct trial *trial);

/** True when a process is gone, or only a zombie of it is left. */
bool stage_process_gone(long pid);

#endif
