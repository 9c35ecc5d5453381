/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - the scan operation: units, parts, several oscaps at once, one retry
 * for a hang, and exactly one end for every rule.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugins/oscap/oscap.h"
#include "plugins/oscap/report.h"
#include "plugins/oscap/run.h"
#include "plugins/oscap/target.h"
#include "sdk/base/alloc.h"
#include "sdk/base/file.h"
#include "sdk/document/document.h"

struct scan_state;

/** One part on its way. */
struct scan_task {
    struct scan_state *state;
    struct oscap_part part;
    int64_t told; /* rules that oscap said it has ended */
    struct oscap_run *run; /* while it runs */
    int attempts;
    bool done;
    engine_error failure;  /* why it has no results; status OK: it has */
};

struct scan_state {
    struct oscap *self;
    const struct scanner_job *job;
    bson_t target;
    struct scan_task *tasks;
    size_t count;
    struct oscap_costs costs;
    int64_t rules_done, rules_total;
};

static void scan_refuse(void *user, const bson_t *rule,
                        const engine_error *why)
{
    const struct scan_state *state = user;

    oscap_report_error(state->self, state->job, rule, why);
}

static int64_t scan_timeout_ms(const struct scan_state *state)
{
    const struct scanner_host *host = state->self->host;
    const int64_t option =
        1000 * document_int(&state->self->options, "timeout", 3600);
    const int64_t left = host->deadline_ms(host, state->job);

    return left >= 0 && left < option ? (left > 1 ? left : 1) : option;
}

/* oscap has ended a rule; its results come when oscap itself ends */
static void scan_on_rule(void *user, const char *xccdf_id, uint32_t tenths)
{
    struct scan_task *task = user;
    struct scan_state *state = task->state;
    const struct scanner_host *host = state->self->host;

    oscap_costs_note(&state->costs, xccdf_id, tenths);
    if (task->told == (int64_t)task->part.count)
        return;
    task->told++;
    state->rules_done++;
    host->progress(host, state->job, (uint64_t)state->rules_done,
                   (uint64_t)state->rules_total, "oscap");
}

static engine_status scan_start(struct scan_state *state,
                                struct scan_task *task, engine_error *err)
{
    const char *keep = document_string(&state->self->options, "keep_results");
    struct oscap_run_options how = {
        .target = &state->target,
        .options = &state->self->options,
        .datastream_path = task->part.compiled.datastream_path,
        .tailoring_path = task->part.tailoring_path,
        .profile_id = task->part.profile_id,
        .directory = task->part.directory,
        .arf = keep && strcmp(keep, "arf") == 0,
        .oval_results = document_bool(&state->self->options, "evidence",
                                      false),
        .timeout_ms = scan_timeout_ms(state),
        .on_rule = scan_on_rule,
        .user = task,
    };

    task->attempts++;
    return oscap_run_start(&how, &task->run, err);
}

static void scan_task_failed(struct scan_task *task, const engine_error *why)
{
    task->failure = *why;
    task->done = true;
}

/* a second directory, since the first may hold half a result */
static bool scan_retry(struct scan_state *state, struct scan_task *task,
                       const engine_error *first)
{
    char *directory = engine_strf("%s-again", task->part.directory);
    engine_error why = {0};

    oscap_log(state->self, SCANNER_LOG_WARNING, "%s; trying once more",
              first->message);
    if (!directory || file_make_directory(directory, &why) < 0) {
        engine_free(directory);
        return false;
    }
    engine_free(task->part.directory);
    task->part.directory = directory;
    if (scan_start(state, task, &why) == ENGINE_OK)
        return true;
    scan_task_failed(task, &why);
    return true;
}

static engine_status scan_task_ended(struct scan_state *state,
                                     struct scan_task *task,
                                     engine_error *err)
{
    struct oscap_run_end end;
    engine_status status = ENGINE_OK;

    oscap_run_finish(task->run, &end);
    task->run = NULL;
    if (end.error.status == ENGINE_OK)
        status = oscap_report_part(state->self, state->job, &task->part, &end,
                                   err);
    else if (!(end.retry && task->attempts < 2 &&
               scan_retry(state, task, &end.error)))
        scan_task_failed(task, &end.error);
    if (!task->run)
        task->done = true;
    oscap_run_end_clear(&end);
    return status;
}

/* remote runs tell nothing before their end */
static void scan_progress(struct scan_state *state, struct scan_task *task)
{
    const struct scanner_host *host = state->self->host;

    if (!task->done)
        return;
    state->rules_done += (int64_t)task->part.count - task->told;
    task->told = (int64_t)task->part.count;
    host->progress(host, state->job, (uint64_t)state->rules_done,
                   (uint64_t)state->rules_total, "oscap");
}

/* kills what runs; its rules get no end, so the engine makes theirs */
static engine_status scan_stop(struct scan_state *state, engine_error *err)
{
    for (size_t i = 0; i < state->count; i++) {
        struct oscap_run_end end;
        if (!state->tasks[i].run)
            continue;
        oscap_run_finish(state->tasks[i].run, &end);
        oscap_run_end_clear(&end);
        state->tasks[i].run = NULL;
    }
    return engine_fail(err, ENGINE_ECANCELLED, "the scan was cancelled");
}

/* starts tasks up to the limit; how many run, and whether any is left */
static size_t scan_admit(struct scan_state *state, size_t limit, bool *left)
{
    size_t running = 0;

    *left = false;
    for (size_t i = 0; i < state->count; i++)
        running += state->tasks[i].run != NULL;
    for (size_t i = 0; i < state->count; i++) {
        struct scan_task *task = &state->tasks[i];
        engine_error why = {0};
        if (!task->done && !task->run && running < limit) {
            if (scan_start(state, task, &why) < 0)
                scan_task_failed(task, &why);
            else
                running++;
        }
        *left = *left || !task->done;
    }
    return running;
}

/*
 * When no part has results, the group failed as a whole: its rules have no
 * verdict of ours, and a resume tries them again. When some have, the rules of
 * the others are errors.
 */
static engine_status scan_settle(struct scan_state *state, engine_error *err)
{
    const engine_error *first = NULL;
    size_t failed = 0;

    for (size_t i = 0; i < state->count; i++) {
        if (state->tasks[i].failure.status == ENGINE_OK)
            continue;
        failed++;
        if (!first)
            first = &state->tasks[i].failure;
    }
    if (failed && failed == state->count) {
        *err = *first;
        return first->status;
    }
    for (size_t i = 0; i < state->count; i++) {
        const struct scan_task *task = &state->tasks[i];
        if (task->failure.status == ENGINE_OK)
            continue;
        for (size_t j = 0; j < task->part.count; j++)
            oscap_report_error(state->self, state->job, task->part.rules[j],
                               &task->failure);
    }
    return ENGINE_OK;
}

static engine_status scan_loop(struct scan_state *state, engine_error *err)
{
    const struct scanner_host *host = state->self->host;
    const size_t limit = state->job->parallel ? state->job->parallel : 1;
    engine_status status = ENGINE_OK;
    bool left = true;

    while (status == ENGINE_OK) {
        const size_t running = scan_admit(state, limit, &left);
        if (!left)
            return ENGINE_OK;
        if (host->cancelled(host, state->job))
            return scan_stop(state, err);
        for (size_t i = 0; status == ENGINE_OK && i < state->count; i++) {
            struct scan_task *task = &state->tasks[i];
            /* wait on one only when it is alone; else look at all in turn */
            if (task->run &&
                oscap_run_step(task->run, running > 1 ? 5 : 50)) {
                status = scan_task_ended(state, task, err);
                scan_progress(state, task);
            }
        }
    }
    (void)scan_stop(state, NULL);
    return status;
}

static engine_status scan_build(struct scan_state *state,
                                const struct oscap_units *units,
                                engine_error *err)
{
    size_t total = 0;

    for (size_t i = 0; i < units->count; i++)
        total += units->items[i].parts;
    state->tasks = engine_calloc(total, sizeof(*state->tasks));
    if (!state->tasks)
        return engine_fail_memory(err);
    for (size_t i = 0; i < units->count; i++)
        for (unsigned part = 0; part < units->items[i].parts; part++) {
            struct scan_task *task = &state->tasks[state->count];
            char *directory = engine_strf("%s/part-%zu",
                                          state->job->workdir, state->count);
            engine_error why = {0};
            if (!directory)
                return engine_fail_memory(err);
            task->state = state;
            state->count++;
            if (oscap_part_build(&units->items[i], part, state->job,
                                 directory, &task->part, &why) < 0) {
                engine_free(directory);
                if (why.status == ENGINE_ENOMEM || !task->part.count)
                    return engine_fail(err, why.status, "%s", why.message);
                scan_task_failed(task, &why);
                continue;
            }
            engine_free(directory);
            state->rules_total += (int64_t)task->part.count;
        }
    return ENGINE_OK;
}

/*
 * What oscap may not read it takes for absent: a test that nothing must be
 * there passes then. As a user whom the operator has chosen for workers, who
 * may not think of that, this scanner refuses; who runs the whole engine like
 * that is told.
 */
static engine_status scan_check_sight(const struct scan_state *state,
                                      engine_error *err)
{
    const char *user = getenv("SCAN_ENGINE_WORKER_USER");
    const struct scanner_host *host = state->self->host;
    struct oscap_target target;

    /* a wrong target is told of by each part */
    if (geteuid() == 0 ||
        oscap_target_read(&state->target, &target, NULL) < 0 ||
        target.kind == OSCAP_SSH)
        return ENGINE_OK;
    if (user) {
        engine_fail(err, ENGINE_EDENIED,
                    "target \"%s\": user \"%s\" cannot read all of it, and "
                    "oscap would take that for absent",
                    target.id ? target.id : "", user);
        engine_hint(err, "in plugins, { name = \"oscap\"; user = \"root\"; }");
        return ENGINE_EDENIED;
    }
    (void)host->warn(host, state->job,
                     "oscap did not run as root: what it could not read "
                     "counts as absent, and verdicts may be wrong");
    return ENGINE_OK;
}

static void scan_clear(struct scan_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        oscap_part_clear(&state->tasks[i].part);
    engine_free(state->tasks);
}

int32_t oscap_op_scan(void *instance, const struct scanner_job *job,
                      struct scanner_error *error)
{
    struct scan_state state = {.self = instance, .job = job};
    struct oscap_units units = {0};
    engine_error err = {0};
    bson_t *rules = NULL;
    engine_status status = kit_rules(job, &rules, &err);

    kit_view(&job->target, &state.target);
    if (status == ENGINE_OK)
        status = scan_check_sight(&state, &err);
    if (status == ENGINE_OK)
        status = oscap_units_open(state.self, job, rules, job->rules_count,
                                  scan_refuse, &state, &units, &err);
    oscap_costs_open(&state.costs, job->cachedir,
                     document_string(&state.target, "id"));
    if (status == ENGINE_OK)
        status = oscap_units_split(&units, job->parallel, &state.costs, &err);
    if (status == ENGINE_OK)
        status = scan_build(&state, &units, &err);
    if (status == ENGINE_OK)
        status = scan_loop(&state, &err);
    if (status == ENGINE_OK)
        status = scan_settle(&state, &err);
    oscap_costs_close(&state.costs);
    scan_clear(&state);
    oscap_units_close(&units);
    engine_free(rules);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
