/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition.h - the operators of a check_content, over the values that its
 * path gave for one subject.
 *
 * Comparison is typed. A boolean is never a string, a string never a boolean.
 * Numbers compare as numbers. A number and a string that is a quantity
 * (resource.Quantity: "500m", "1Gi", "1e3", "0.5") compare as quantities, and
 * so do two strings of which at least one has a unit ("1000m" equals "1", but
 * "1.10" is not "1.1"). With value_type both sides are first made
 *   string    numbers and booleans become their JSON text
 *   number    strings that are decimal numbers become numbers
 *   quantity  strings that are quantities become numbers
 *   boolean   "true" and "false" become booleans
 * What cannot be made that equals nothing and is ordered before nothing.
 *
 * Of one value:
 *   equals, not_equals      deep equality; the order of members counts for
 *                           nothing
 *   in, not_in              equal to one of the expected list
 *   greater_than, less_than, greater_or_equal, less_or_equal
 *                           numbers and quantities, exactly; texts by their
 *                           bytes with value_type: string. What is no number
 *                           does not satisfy them
 *   contains, not_contains  a text has the expected text in it; a list has
 *                           an element that equals the expectation, or all
 *                           of them when that is a list; an object has the
 *                           key, or all members of an object
 *   matches (pattern)       PCRE2, anywhere in a text; a number's and a
 *                           boolean's JSON text
 *
 * Of all values of a path:
 *   operator                none there  several                     null
 *   exists                  fails       one is not null             is none
 *   not_exists              holds       the reverse of exists       is none
 *   any_exist               fails       one is neither null nor an  is none
 *                                       empty list or object
 *   none_exist              holds       the reverse of any_exist    is none
 *   not_equals not_contains
 *   not_in                  holds       every one of them           satisfies
 *   equals                  fails       every one of them; an       only null
 *                                       expected list may also be
 *                                       all of them together
 *   contains                fails       one equals the expectation, fails
 *                                       or every one contains it
 *   all others              fails       every one of them           fails
 *
 * So that "[:]" may be written or left out: a path to a list gives one value,
 * the list, a path to its elements gives them. entity_check replaces "every
 * one": all, at least one, only one, none satisfy (holds when there is none).
 */
#ifndef SDK_KIT_CONDITION_H
#define SDK_KIT_CONDITION_H

#include "sdk/base/pattern.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/value.h"

enum condition_operator {
    CONDITION_EQUALS,
    CONDITION_NOT_EQUALS,
    CONDITION_CONTAINS,
    CONDITION_NOT_CONTAINS,
    CONDITION_EXISTS,
    CONDITION_NOT_EXISTS,
    CONDITION_ANY_EXIST,
    CONDITION_NONE_EXIST,
    CONDITION_GREATER_THAN,
    CONDITION_LESS_THAN,
    CONDITION_GREATER_OR_EQUAL,
    CONDITION_LESS_OR_EQUAL,
    CONDITION_IN,
    CONDITION_NOT_IN,
    CONDITION_MATCHES
};

enum condition_type {
    CONDITION_AS_IT_IS,
    CONDITION_STRING,
    CONDITION_NUMBER,
    CONDITION_QUANTITY,
    CONDITION_BOOLEAN
};

/** How many of the values have to satisfy it. */
enum condition_check {
    CONDITION_DEFAULT,
    CONDITION_ALL,
    CONDITION_AT_LEAST_ONE,
    CONDITION_ONLY_ONE,
    CONDITION_NONE
};

struct condition {
    enum condition_operator operator;
    enum condition_type type;
    enum condition_check check;
    struct value expected; /* null where none is needed */
    struct pattern *pattern;
};

/** How it is written in a check_content; the last three may be NULL. */
struct condition_source {
    const char *operator;
    const struct value *expected;
    const char *type;
    const char *check;
};

/**
 * Makes a condition; what the expectation consists of has to live as long.
 * ENGINE_EINVAL says what is wrong. Clear it in any case.
 */
engine_status condition_init(struct condition *condition,
                             const struct condition_source *source,
                             engine_error *err);
void condition_clear(struct condition *condition);

/** Its name as the contract has it, whatever the alias. */
const char *condition_name(const struct condition *condition);
/** Whether it needs an expectation. */
bool condition_has_expected(const struct condition *condition);
/** True of those that hold when there is no value, such as not_equals. */
bool condition_is_negative(const struct condition *condition);

/** What was found out about the values of a path. */
struct condition_outcome {
    bool holds;
    size_t against;            /* how many values did not satisfy it */
    const struct value *first; /* the first of them; may be NULL */
};

/** Whether one value satisfies it; ENGINE_ELIMIT from a pattern. */
engine_status condition_test(const struct condition *condition,
                             const struct value *value, bool *holds,
                             engine_error *err);
/** Whether it holds of all values of a path. */
engine_status condition_judge(const struct condition *condition,
                              const struct expr_values *values,
                              struct condition_outcome *out,
                              engine_error *err);

#endif
