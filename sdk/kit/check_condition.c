/* SPDX-License-Identifier: Apache-2.0 */
/* check_condition.c - the condition form: the values of one subject. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/check_private.h"

/* ---- values ------------------------------------------------------------------ */

static size_t check_count(const struct expr_values *values)
{
    size_t count = 0;

    for (size_t i = 0; i < values->count; i++)
        count += values->values[i]->kind == VALUE_ARRAY
                     ? values->values[i]->count
                     : 1;
    return count;
}

/* Opens the lists among the values once: a path with several [:] gives lists
 * within its results, and here all their elements are values. */
static engine_status check_flatten(struct expr_values *values,
                                   struct arena *arena, engine_error *err)
{
    const size_t count = check_count(values);
    const struct value **flat;
    size_t at = 0;

    if (!count) {
        values->count = 0;
        return ENGINE_OK;
    }
    flat = arena_alloc(arena, count * sizeof(*flat));
    if (!flat)
        return engine_fail(err, ENGINE_ELIMIT,
                           "there are too many values to be looked at");
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = values->values[i];

        if (value->kind != VALUE_ARRAY)
            flat[at++] = value;
        else
            for (uint32_t j = 0; j < value->count; j++)
                flat[at++] = &value->items[j];
    }
    *values = (struct expr_values){flat, count};
    return ENGINE_OK;
}

engine_status check_select(struct check *check, const struct value *subject,
                           struct arena *arena, struct expr_values *out,
                           engine_error *err)
{
    engine_status status =
        expr_evaluate(check->expr, subject, arena, out, err);

    for (unsigned i = 1; i < check->fans && status == ENGINE_OK; i++)
        status = check_flatten(out, arena, err);
    return status;
}

/* ---- judging ----------------------------------------------------------------- */

/* Collects what the evidence shows. */
static engine_status check_collect(struct check *check,
                                   const struct value *subject,
                                   const struct expr_values *values,
                                   const struct condition_outcome *found,
                                   engine_error *err)
{
    const struct condition *condition = &check->condition;
    const bool wanted = condition->check != CONDITION_NONE;
    engine_status status = ENGINE_OK;

    check_seen_begin(check);
    check_seen_subject(check, subject);
    for (size_t i = 0; i < values->count && status == ENGINE_OK; i++) {
        bool holds = false;

        if (!found->holds && condition_has_expected(condition))
            status = condition_test(condition, values->values[i], &holds,
                                    err);
        if (status == ENGINE_OK)
            status = check_seen_value(check, NULL, values->values[i],
                                      !found->holds && holds != wanted, err);
    }
    return status;
}

/* The expectation, as a message has it: " 5", " one of a list of 3", "". */
static void check_expectation(const struct check *check,
                              char out[CHECK_SHOWN + 2])
{
    out[0] = '\0';
    if (condition_has_expected(&check->condition)) {
        out[0] = ' ';
        check_show(&check->condition.expected, false, out + 1);
    }
}

static engine_status check_explain(struct check *check, bool holds,
                                   const struct expr_values *values,
                                   const struct condition_outcome *found,
                                   struct check_outcome *outcome,
                                   engine_error *err)
{
    const int32_t status = holds ? SCANNER_PASS : SCANNER_FAIL;
    const char *name = condition_name(&check->condition);
    char expected[CHECK_SHOWN + 2];
    char count[64] = "";

    check_expectation(check, expected);
    if (!values->count)
        return check_outcome_fill(check, status, outcome, err,
                                  "%s: there is no value (%s%s)", check->path,
                                  name, expected);
    if (values->count > 1 && !holds)
        snprintf(count, sizeof(count), "%zu of %zu values, the first is ",
                 found->against, values->count);
    else if (values->count > 1)
        snprintf(count, sizeof(count), "%zu values, the first is ",
                 values->count);
    return check_outcome_fill(check, status, outcome, err, "%s: %s%s%s (%s%s)",
                              check->path, count, check->seen.first,
                              holds    ? ""
                              : *count ? ": does not do"
                                       : " does not do",
                              name, expected);
}

engine_status check_judge(struct check *check, const struct value *subject,
                          const struct expr_values *values,
                          struct check_outcome *outcome, engine_error *err)
{
    struct condition_outcome found;
    engine_status status =
        condition_judge(&check->condition, values, &found, err);

    if (status < 0)
        return status;
    if (found.holds && check->terse) {
        outcome->status = SCANNER_PASS;
        return ENGINE_OK;
    }
    status = check_collect(check, subject, values, &found, err);
    if (status < 0)
        return status;
    return check_explain(check, found.holds, values, &found, outcome, err);
}
