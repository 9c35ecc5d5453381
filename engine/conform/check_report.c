/* SPDX-License-Identifier: Apache-2.0 */
/* check_report.c - checks of what a scanner says: to the engine, to standard
 * output, and when it fails. */
#include "engine/conform/scene.h"

#include "sdk/document/document.h"

/* One scan in an instance of its own, judged by one kind of breach. */
static void report_scan(struct scene *scene, const struct trial_input *input,
                        enum mock_kind kind)
{
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    trial_scan(&trial, input);
    scene_judge(scene, &trial.mock, kind);
    trial_close(&trial);
}

static void report_garbage(struct scene *scene, enum mock_kind kind)
{
    struct trial_input input = trial_usual(scene);
    struct scanner_doc *rules;

    if (!input_garbage(scene, &rules, &input.rules_count))
        return;
    input.rules = rules;
    report_scan(scene, &input, kind);
}

static void report_nowhere(struct scene *scene, enum mock_kind kind)
{
    struct trial_input input = trial_usual(scene);
    bson_t target;

    for (uint32_t n = 0; input_nowhere(scene, n, &target); n++) {
        input.target = &target;
        report_scan(scene, &input, kind);
        bson_destroy(&target);
    }
}

/* Whatever it is given. */
static void report_all(struct scene *scene, enum mock_kind kind)
{
    const struct trial_input input = trial_usual(scene);

    report_scan(scene, &input, kind);
    report_garbage(scene, kind);
    report_nowhere(scene, kind);
}

void check_form(struct scene *scene)
{
    report_all(scene, MOCK_FORM);
}

void check_ids(struct scene *scene)
{
    report_all(scene, MOCK_IDS);
}

/* What is printed is captured and reaches the command as it does the engine's
 * log; it judges. */
void check_silent(struct scene *scene)
{
    const struct trial_input input = trial_usual(scene);
    struct trial_input garbage = input;
    struct scanner_doc *rules;
    struct trial trial;

    if (!input_garbage(scene, &rules, &garbage.rules_count) ||
        !trial_open(&trial, scene))
        return;
    garbage.rules = rules;
    trial_scan(&trial, &input);
    trial_scan(&trial, &garbage);
    trial_close(&trial);
}

/* ---- failures ------------------------------------------------------------ */

/* An engine that takes none of its types. */
static void report_refused_types(struct scene *scene)
{
    struct trial trial;

    if (!trial_prepare(&trial, scene, sizeof(struct scanner_host)))
        return;
    trial.mock.refuse_types = true;
    trial_init(&trial);
    scene_judge(scene, &trial.mock, MOCK_WORDS);
    trial_close(&trial);
}

static void report_stopped(struct scene *scene, uint64_t cancel_at,
                           uint64_t fail_at)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    trial.mock.cancel_at = cancel_at;
    trial.mock.fail_emit_at = trial.mock.fail_end_at = fail_at;
    trial.mock.fail_status = SCANNER_ENOMEM;
    trial_scan(&trial, &input);
    scene_judge(scene, &trial.mock, MOCK_WORDS);
    trial_close(&trial);
}

void check_messages(struct scene *scene)
{
    report_refused_types(scene);
    report_stopped(scene, 1, 0);
    report_stopped(scene, 0, 1);
    report_all(scene, MOCK_WORDS);
}
