/* SPDX-License-Identifier: Apache-2.0 */
/* near.c - names that somebody may have meant. */
#include <string.h>

#include "engine/rules/rules_private.h"

#define NEAR_LENGTH_MAX 128
#define NEAR_DISTANCE 3

static size_t near_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance with one row */
static size_t near_distance(const char *a, const char *b)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    size_t row[NEAR_LENGTH_MAX + 1];

    if (a_len > NEAR_LENGTH_MAX || b_len > NEAR_LENGTH_MAX)
        return NEAR_LENGTH_MAX;
    for (size_t i = 0; i <= b_len; i++)
        row[i] = i;
    for (size_t i = 1; i <= a_len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b_len; k++) {
            const size_t above = row[k];
            const size_t change = corner + (a[i - 1] != b[k - 1]);
            row[k] = near_smaller(near_smaller(above, row[k - 1]) + 1,
                                  change);
            corner = above;
        }
    }
    return row[b_len];
}

bool rules_name_near(const char *name, const char *meant)
{
    if (strlen(meant) >= 4 && (strstr(name, meant) || strstr(meant, name)))
        return true;
    return near_distance(name, meant) <=
           near_smaller(NEAR_DISTANCE, strlen(meant) / 2);
}
