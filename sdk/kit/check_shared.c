/* SPDX-License-Identifier: Apache-2.0 */
/* check_shared.c - several checks of one subject: what they have in common is
 * done once. */
#include <string.h>

#include "sdk/kit/check_private.h"

const char *check_path(const struct check *check)
{
    return check->path;
}

bool check_has_values_of(const struct check *check,
                         const struct check *other)
{
    return check->form == CHECK_CONDITION && other->form == CHECK_CONDITION &&
           check->language == other->language &&
           strcmp(check->path, other->path) == 0;
}

bool check_is_same(const struct check *check, const struct check *other)
{
    return check_has_values_of(check, other) &&
           check->redact == other->redact &&
           bson_equal(&check->content, &other->content);
}

engine_status check_values(struct check *check, const struct value *subject,
                           struct arena *arena, struct expr_values *out,
                           engine_error *err)
{
    return check_select(check, subject, arena, out, err);
}

engine_status check_holds(struct check *check,
                          const struct expr_values *values, bool *holds,
                          engine_error *err)
{
    struct condition_outcome found;
    const engine_status status =
        condition_judge(&check->condition, values, &found, err);

    *holds = status == ENGINE_OK && found.holds;
    return status;
}

engine_status check_subject_values(struct check *check,
                                   const struct value *subject,
                                   const struct expr_values *values,
                                   struct check_outcome *outcome,
                                   engine_error *err)
{
    check_outcome_clear(outcome);
    return check_judge(check, subject, values, outcome, err);
}
