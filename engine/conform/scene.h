/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - one check of one scanner: the module, the inputs it is given, the
 * outcome. And trials: instances of the scanner, each with an engine (a mock)
 * of its own.
 */
#ifndef ENGINE_CONFORM_SCENE_H
#define ENGINE_CONFORM_SCENE_H

#include "engine/conform/mock.h"

/* The host as ABI 1.0 has it: whatever is appended later may be missing. */
#define SCENE_OLD_MINOR 0
#define SCENE_OLD_HOST                                \
    ((uint32_t)(offsetof(struct scanner_host, warn) + \
                sizeof(((struct scanner_host *)NULL)->warn)))

struct scene {
    struct worker *worker;
    const char *path;
    struct module *module;
    const struct scanner_ops *ops;
    bson_t options;
    bson_t target;
    bool given_rules, given_target;
    struct scanner_doc *rules; /* given, or a few that say nothing */
    uint32_t rules_count;
    struct arena memory;
    int64_t patience_ms;       /* between "stop" and the end */
    /* the outcome */
    bool failed, skipped, fatal;
    char why[1024];
};

/** Serves a job of op "conform"; see checks.h. */
engine_status scene_serve(struct worker *worker, const char *op,
                          engine_error *err);

/** The check failed; the first reason is the outcome, others are notes. */
void scene_fail(struct scene *scene, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** The check says nothing about this scanner. */
void scene_skip(struct scene *scene, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void scene_note(struct scene *scene, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** The operation does not end by itself: says so and ends the process. */
void scene_give_up(struct worker *worker, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
/** Fails for what a mock has seen of a kind. */
void scene_judge(struct scene *scene, const struct mock *mock,
                 enum mock_kind kind);

/** Looks up the entry point; 0, or why not (a string). */
const char *scene_find_query(struct scene *scene, scanner_query_fn *out);

/* ---- trials -------------------------------------------------------------- */

struct trial {
    struct scene *scene;
    struct mock mock;
    struct scanner_error *err; /* ends where writable memory ends */
    void *self;
    bool ready;                /* init was fine: destroy is due */
    int32_t code;              /* of init, or of the last operation */
};

/** Makes a mock and runs init; false: init failed. */
bool trial_open(struct trial *trial, struct scene *scene);
/** The same on an engine of this size. */
bool trial_open_on(struct trial *trial, struct scene *scene,
                   uint32_t host_size);
/** The same without init, so that the mock can be told what to do. */
bool trial_prepare(struct trial *trial, struct scene *scene,
                   uint32_t host_size);
bool trial_init(struct trial *trial);
void trial_close(struct trial *trial);

/** What an operation is given; NULL: the scene's, or nothing. */
struct trial_input {
    const bson_t *target, *request;
    const struct scanner_doc *rules;
    uint32_t rules_count;
};
/** The scene's target and rules. */
struct trial_input trial_usual(const struct scene *scene);

typedef int32_t (*trial_operation)(void *self, const struct scanner_job *job,
                                   struct scanner_error *err);
/** Runs one operation in a workdir of its own; its code. */
int32_t trial_run(struct trial *trial, const char *name,
                  trial_operation operation, const struct trial_input *input);
int32_t trial_scan(struct trial *trial, const struct trial_input *input);
/** What the scanner said of its last failure, for messages. */
const char *trial_said(const struct trial *trial);

/* ---- inputs (input.c) ---------------------------------------------------- */

/** The rules and the target of the job, or others in their place. */
engine_status input_read(struct scene *scene, engine_error *err);
/** Rules whose check_content is garbage of many kinds. */
bool input_garbage(struct scene *scene, struct scanner_doc **out,
                   uint32_t *count);
/** The nth target that is not there; false: there are no more. */
bool input_nowhere(struct scene *scene, uint32_t n, bson_t *out);

/* ---- checks (check_*.c) -------------------------------------------------- */

void check_permissions(struct scene *scene);
void check_symbols(struct scene *scene);
void check_loads(struct scene *scene);
void check_table(struct scene *scene);
void check_init(struct scene *scene);
void check_destroy_null(struct scene *scene);
void check_cycles(struct scene *scene);
void check_instances(struct scene *scene);
void check_tidy(struct scene *scene);
void check_operations(struct scene *scene);
void check_no_rules(struct scene *scene);
void check_rules(struct scene *scene);
void check_old_host(struct scene *scene);
void check_garbage(struct scene *scene);
void check_unreachable(struct scene *scene);
void check_form(struct scene *scene);
void check_ids(struct scene *scene);
void check_silent(struct scene *scene);
void check_messages(struct scene *scene);
void check_cancel(struct scene *scene);
void check_emit(struct scene *scene);

#endif
