/* SPDX-License-Identifier: Apache-2.0 */
/* check_failure.c - operations that are stopped, at every point where that can
 * happen, and operations that are asked for nonsense. */
#include <string.h>

#include "engine/conform/scene.h"
#include "sdk/base/clock.h"
#include "sdk/document/document.h"

#define FAILURE_RUNS 24 /* of one scan, stopped each time elsewhere */

/* How the scan goes when nobody stops it: what can be counted in it. */
static bool failure_count(struct scene *scene, struct mock *out)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (!trial_open(&trial, scene))
        return false;
    trial_scan(&trial, &input);
    *out = (struct mock){.polls = trial.mock.polls,
                         .emits = trial.mock.emits,
                         .ends = trial.mock.ends};
    trial_close(&trial);
    return true;
}

/* Every one of few, the first ones and then some of many. */
static uint64_t failure_next(uint64_t at, uint64_t count)
{
    if (count <= FAILURE_RUNS || at < FAILURE_RUNS / 3)
        return at + 1;
    return at + (count - FAILURE_RUNS / 3) / (FAILURE_RUNS * 2 / 3) + 1;
}

/* One scan that is stopped; false: there is nothing to learn from more. */
static bool failure_scan(struct scene *scene, const struct mock *how,
                         const char *what, uint64_t at)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;
    int64_t took;

    if (!trial_open(&trial, scene))
        return false;
    trial.mock.cancel_at = how->cancel_at;
    trial.mock.fail_emit_at = how->fail_emit_at;
    trial.mock.fail_end_at = how->fail_end_at;
    trial.mock.fail_status = how->fail_status;
    trial_scan(&trial, &input);
    took = trial.mock.stop_ms ? clock_steady_ms() - trial.mock.stop_ms : 0;
    trial_close(&trial);
    if (took <= scene->patience_ms)
        return true;
    scene_fail(scene, "the scan went on for %lld ms after %s %llu",
               (long long)took, what, (unsigned long long)at);
    return false;
}

void check_cancel(struct scene *scene)
{
    struct mock usual;
    bool go_on = true;

    if (!failure_count(scene, &usual))
        return;
    for (uint64_t at = 1; go_on && at <= usual.polls;
         at = failure_next(at, usual.polls))
        go_on = failure_scan(scene, &(struct mock){.cancel_at = at},
                             "cancelled() had said 1, at call", at);
    if (!usual.polls)
        scene_skip(scene, "it never asks whether it is cancelled; give it "
                   "--rules and a --target");
    else
        scene_note(scene, "it asks %llu times in one scan",
                   (unsigned long long)usual.polls);
}

static bool failure_emits(struct scene *scene, const struct mock *usual,
                          int32_t status)
{
    bool go_on = true;

    for (uint64_t at = 1; go_on && at <= usual->emits;
         at = failure_next(at, usual->emits))
        go_on = failure_scan(scene,
                             &(struct mock){.fail_emit_at = at,
                                            .fail_status = status},
                             "emit() had failed, at call", at);
    for (uint64_t at = 1; go_on && at <= usual->ends;
         at = failure_next(at, usual->ends))
        go_on = failure_scan(scene,
                             &(struct mock){.fail_end_at = at,
                                            .fail_status = status},
                             "rule_done() had failed, at call", at);
    return go_on;
}

void check_emit(struct scene *scene)
{
    struct mock usual;

    if (!failure_count(scene, &usual))
        return;
    if (!usual.emits && !usual.ends) {
        scene_skip(scene, "it reports nothing; give it --rules and a "
                   "--target");
        return;
    }
    if (failure_emits(scene, &usual, SCANNER_ECANCELLED))
        failure_emits(scene, &usual, SCANNER_ENOMEM);
}

/* ---- other operations ---------------------------------------------------- */

static void failure_operate(struct scene *scene, const char *name,
                            trial_operation operation, const char *request)
{
    struct trial_input input = trial_usual(scene);
    bson_t document;
    struct trial trial;

    if (!operation ||
        document_from_json(request, strlen(request), "request", &document,
                           NULL) < 0)
        return;
    input.request = &document;
    if (trial_open(&trial, scene)) {
        trial_run(&trial, name, operation, &input);
        if (trial.code != SCANNER_OK)
            scene_note(scene, "%s failed with status %d: %s", name,
                       trial.code, trial_said(&trial));
        scene_judge(scene, &trial.mock, MOCK_FORM);
        scene_judge(scene, &trial.mock, MOCK_WORDS);
        trial_close(&trial);
    }
    bson_destroy(&document);
}

void check_operations(struct scene *scene)
{
    const struct scanner_ops *ops = scene->ops;

    failure_operate(scene, "plan", ops->plan, "{\"want\": \"all\"}");
    failure_operate(scene, "import", ops->import,
                    "{\"paths\": [\"/nowhere/at/all\"], "
                    "\"validate_only\": true}");
    failure_operate(scene, "probe", ops->probe, "{}");
    failure_operate(scene, "undo", ops->undo, "{\"nothing\": \"known\"}");
    if (!ops->plan && !ops->import && !ops->probe && !ops->undo)
        scene_skip(scene, "it has none of them");
}
