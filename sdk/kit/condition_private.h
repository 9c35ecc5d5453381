/* SPDX-License-Identifier: Apache-2.0 */
/* condition_private.h - comparing two values, shared by condition*.c. */
#ifndef SDK_KIT_CONDITION_PRIVATE_H
#define SDK_KIT_CONDITION_PRIVATE_H

#include "sdk/kit/condition.h"

/** A text and its length; numbers need the room. */
struct condition_text {
    const char *text;
    size_t len;
    char room[40];
};

/** The text of a scalar; false for null, lists and objects. */
bool condition_text(const struct value *value, struct condition_text *out);

/** Whether a value equals an expectation, by the condition's value_type. */
bool condition_equals(const struct condition *condition,
                      const struct value *value,
                      const struct value *expected);
/** Whether a value is of the condition's value_type or can be made it. */
bool condition_is_comparable(const struct condition *condition,
                             const struct value *value);
/** Whether it can be ordered: a number, a quantity, a text by value_type. */
bool condition_is_ordered(const struct condition *condition,
                          const struct value *value);

#endif
