/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge_look.c - an object for all rules that look at one path of it. This is
 * what a scan spends its time on: what rules have in common is done once for
 * them, and a pass that nobody will see is only counted.
 */
#include "plugins/kubernetes/judge.h"
#include "plugins/kubernetes/report.h"

static bool look_is_for(const struct kube_judge *judge,
                        const struct kube_want *want,
                        const struct value *item)
{
    return !want->rule->ended && want->rule->failure.status == ENGINE_OK &&
           (!judge->namespaces || kube_judge_is_inside(judge, want, item));
}

/* each on its own: what is wrong is its outcome */
static void look_alone(struct kube_judge *judge, const struct kube_read *read,
                       const struct kube_same *same, const struct value *item,
                       struct arena *arena)
{
    for (struct kube_want *want = same->wants; want; want = want->beside)
        if (look_is_for(judge, want, item))
            kube_judge_object(judge, want->rule, read, item, arena);
}

static void look_pass(struct kube_judge *judge, const struct kube_read *read,
                      const struct kube_same *same, const struct value *item,
                      const struct expr_values *values)
{
    for (struct kube_want *want = same->wants; want; want = want->beside) {
        struct kube_rule *rule = want->rule;

        if (!look_is_for(judge, want, item) || kube_report_pass(judge, rule))
            continue;
        if (check_subject_values(rule->check, item, values, &judge->outcome,
                                 &judge->err) < 0)
            kube_judge_note(rule, &judge->err);
        else
            kube_report_outcome(judge, rule, read, item, &judge->outcome);
    }
}

/* the reasons are the same for all */
static void look_fail(struct kube_judge *judge, const struct kube_read *read,
                      const struct kube_same *same, const struct value *item,
                      const struct expr_values *values)
{
    engine_status status = ENGINE_OK;
    bool has = false;

    for (struct kube_want *want = same->wants; want; want = want->beside) {
        struct kube_rule *rule = want->rule;

        if (!look_is_for(judge, want, item))
            continue;
        if (!has)
            status = check_subject_values(rule->check, item, values,
                                          &judge->outcome, &judge->err);
        has = true;
        if (status < 0)
            kube_judge_note(rule, &judge->err);
        else
            kube_report_outcome(judge, rule, read, item, &judge->outcome);
    }
}

void kube_judge_look(struct kube_judge *judge, const struct kube_read *read,
                     const struct kube_look *look, const struct value *item,
                     struct arena *arena)
{
    struct expr_values values;
    const engine_status found =
        check_values(look->check, item, arena, &values, &judge->err);

    for (struct kube_same *same = look->checks; same; same = same->next) {
        bool holds;

        if (found < 0 ||
            check_holds(same->check, &values, &holds, &judge->err) < 0)
            look_alone(judge, read, same, item, arena);
        else if (holds)
            look_pass(judge, read, same, item, &values);
        else
            look_fail(judge, read, same, item, &values);
    }
    judge->err.status = ENGINE_OK;
    check_outcome_clear(&judge->outcome);
}
