/* SPDX-License-Identifier: Apache-2.0 */
/* check_table.c - the tables of OVAL 5.11: CheckEnumeration, operators AND,
 * ExistenceEnumeration, and the words for them. */
#include <string.h>

#include "sdk/kit/check_oval.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- results --------------------------------------------------------------- */

void oval_add(struct oval_counts *counts, enum oval_result result)
{
    counts->results[result]++;
}

/* What remains when neither truth nor falsehood decides. */
static enum oval_result oval_undecided(const struct oval_counts *counts,
                                       enum oval_result otherwise)
{
    if (counts->results[OVAL_ERROR])
        return OVAL_ERROR;
    return counts->results[OVAL_UNKNOWN] ? OVAL_UNKNOWN : otherwise;
}

enum oval_result oval_check(const struct oval_counts *counts,
                            enum oval_check check)
{
    const size_t holds = counts->results[OVAL_TRUE];
    const size_t fails = counts->results[OVAL_FALSE];

    if (!holds && !fails)
        return oval_undecided(counts, OVAL_UNKNOWN);
    switch (check) {
    case OVAL_AT_LEAST_ONE:
        return holds ? OVAL_TRUE : oval_undecided(counts, OVAL_FALSE);
    case OVAL_NONE_SATISFY:
        return holds ? OVAL_FALSE : oval_undecided(counts, OVAL_TRUE);
    case OVAL_ONLY_ONE:
        if (holds > 1)
            return OVAL_FALSE;
        return oval_undecided(counts, holds ? OVAL_TRUE : OVAL_FALSE);
    default:
        return fails ? OVAL_FALSE : oval_undecided(counts, OVAL_TRUE);
    }
}

enum oval_result oval_and(const struct oval_counts *counts)
{
    return oval_check(counts, OVAL_ALL);
}

bool oval_exist(enum oval_existence existence, size_t items)
{
    switch (existence) {
    case OVAL_ANY_EXIST:
        return true;
    case OVAL_NONE_EXIST:
        return items == 0;
    case OVAL_ONLY_ONE_EXISTS:
        return items == 1;
    default: /* no item is known that does not exist */
        return items > 0;
    }
}

/* ---- words ----------------------------------------------------------------- */

static const char *const oval_checks[] = {"all", "at least one",
                                          "none satisfy", "only one"};
static const char *const oval_existences[] = {
    "all_exist", "any_exist", "at_least_one_exists", "none_exist",
    "only_one_exists"};
static const char *const oval_datatypes[] = {"string", "int", "float",
                                             "boolean"};
static const char *const oval_operations[] = {
    "equals", "not equal", "case insensitive equals",
    "case insensitive not equal", "greater than", "less than",
    "greater than or equal", "less than or equal", "bitwise and",
    "bitwise or", "pattern match"};

/* Content in YAML has at_least_one for "at least one" at times. */
static bool oval_same(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && ((*a != '_' && *a != ' ') || (*b != '_' && *b != ' ')))
            return false;
    return *a == *b;
}

static bool oval_find(const char *const *words, size_t count,
                      const char *word, unsigned *out)
{
    for (unsigned i = 0; i < count; i++)
        if (oval_same(words[i], word)) {
            *out = i;
            return true;
        }
    return false;
}

bool oval_check_find(const char *word, enum oval_check *out)
{
    unsigned found;

    if (!oval_find(oval_checks, COUNT(oval_checks), word, &found))
        return false;
    *out = (enum oval_check)found;
    return true;
}

bool oval_existence_find(const char *word, enum oval_existence *out)
{
    unsigned found;

    if (!oval_find(oval_existences, COUNT(oval_existences), word, &found))
        return false;
    *out = (enum oval_existence)found;
    return true;
}

bool oval_datatype_find(const char *word, enum oval_datatype *out)
{
    unsigned found;

    if (!oval_find(oval_datatypes, COUNT(oval_datatypes), word, &found))
        return false;
    *out = (enum oval_datatype)found;
    return true;
}

bool oval_operation_find(const char *word, enum oval_operation *out)
{
    unsigned found;

    if (!oval_find(oval_operations, COUNT(oval_operations), word, &found))
        return false;
    *out = (enum oval_operation)found;
    return true;
}

const char *oval_check_name(enum oval_check check)
{
    return oval_checks[check];
}

const char *oval_existence_name(enum oval_existence existence)
{
    return oval_existences[existence];
}

const char *oval_operation_name(enum oval_operation operation)
{
    return oval_operations[operation];
}
