/* SPDX-License-Identifier: Apache-2.0 */
/* check_scan.c - checks of what becomes of the rules of a scan. */
#include "engine/conform/scene.h"

#include "sdk/document/document.h"

#define SCAN_SHOWN 3 /* rules of one kind in a report */

static void scan_note(struct scene *scene, const struct trial *trial)
{
    if (trial->code != SCANNER_OK)
        scene_note(scene, "scan failed with status %d: %s", trial->code,
                   trial_said(trial));
}

void check_no_rules(struct scene *scene)
{
    const struct trial_input nothing = {.target = &scene->target};
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    trial_scan(&trial, &nothing);
    scan_note(scene, &trial);
    scene_judge(scene, &trial.mock, MOCK_IDS);
    trial_close(&trial);
}

static const char *scan_rule_id(const struct scanner_doc *rule)
{
    bson_t view;
    const char *id = NULL;

    if (bson_init_static(&view, rule->data, rule->len))
        id = document_string(&view, "rule_id");
    return id ? id : "";
}

/* Rules have much in common: a few are enough. */
static bool scan_is_enough(struct scene *scene, uint32_t count)
{
    if (count == SCAN_SHOWN)
        scene_note(scene, "and more");
    return count >= SCAN_SHOWN;
}

static const struct mock_rule *scan_rule(const struct trial *trial,
                                         const struct scanner_doc *rule)
{
    return table_get(&trial->mock.rules, scan_rule_id(rule));
}

/* A rule without an end has no verdict, and nobody would know why. */
static void scan_check_ends(struct scene *scene, const struct trial *trial)
{
    uint32_t judged = 0, missing = 0;

    for (uint32_t i = 0; i < scene->rules_count; i++) {
        const struct mock_rule *rule = scan_rule(trial, &scene->rules[i]);

        if (rule && rule->ended && mock_is_judged(rule))
            judged++;
        if (rule && !rule->ended && trial->code == SCANNER_OK &&
            !scan_is_enough(scene, missing++))
            scene_fail(scene, "scan succeeded, and rule \"%.200s\" was never "
                       "ended by rule_done", scan_rule_id(&scene->rules[i]));
    }
    if (scene->given_rules)
        scene_note(scene, "%u of %u rules were judged, with %llu results",
                   judged, scene->rules_count,
                   (unsigned long long)trial->mock.emits);
    if (judged && !trial->mock.polls)
        scene_fail(scene, "it never asked cancelled() while it judged %u "
                   "rules", judged);
    if (trial->mock.effects_open && trial->code == SCANNER_OK)
        scene_fail(scene, "%u effects were not undone",
                   trial->mock.effects_open);
}

void check_rules(struct scene *scene)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    trial_scan(&trial, &input);
    scan_note(scene, &trial);
    scan_check_ends(scene, &trial);
    trial_close(&trial);
}

void check_old_host(struct scene *scene)
{
    const struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (scene->ops->needs & ~(uint64_t)(SCANNER_HOST_EFFECTS |
                                        SCANNER_HOST_ARTIFACTS |
                                        SCANNER_HOST_DOCUMENTS)) {
        scene_skip(scene, "it says that it needs more");
        return;
    }
    if (!trial_open_on(&trial, scene, SCENE_OLD_HOST))
        return;
    trial_scan(&trial, &input);
    trial_close(&trial);
}

/* ---- nothing to judge ---------------------------------------------------- */

static void scan_check_unjudged(struct scene *scene, const struct trial *trial,
                                const struct scanner_doc *rules,
                                uint32_t count, const char *what)
{
    uint32_t judged = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct mock_rule *rule = scan_rule(trial, &rules[i]);

        if (rule && rule->ended && mock_is_judged(rule) &&
            !scan_is_enough(scene, judged++))
            scene_fail(scene, "rule \"%.200s\" was judged, %s",
                       scan_rule_id(&rules[i]), what);
    }
}

void check_garbage(struct scene *scene)
{
    struct trial_input input = trial_usual(scene);
    struct scanner_doc *rules;
    struct trial trial;

    if (!input_garbage(scene, &rules, &input.rules_count))
        return;
    input.rules = rules;
    if (!trial_open(&trial, scene))
        return;
    trial_scan(&trial, &input);
    scan_note(scene, &trial);
    scan_check_unjudged(scene, &trial, rules, input.rules_count,
                        "though its check_content says nothing");
    trial_close(&trial);
}

static void scan_nowhere(struct scene *scene, const bson_t *target)
{
    struct trial_input input = trial_usual(scene);
    struct trial trial;

    if (!trial_open(&trial, scene))
        return;
    input.target = target;
    trial_scan(&trial, &input);
    scan_note(scene, &trial);
    scan_check_unjudged(scene, &trial, scene->rules, scene->rules_count,
                        "though its target is not there");
    trial_close(&trial);
}

void check_unreachable(struct scene *scene)
{
    bson_t target;
    uint32_t n = 0;

    for (; input_nowhere(scene, n, &target); n++) {
        scan_nowhere(scene, &target);
        bson_destroy(&target);
    }
    if (!n)
        scene_skip(scene, "its only target is this machine");
}
