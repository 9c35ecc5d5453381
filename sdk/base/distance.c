/* SPDX-License-Identifier: Apache-2.0 */
/* distance.c - Levenshtein's distance, one row at a time. */
#include "sdk/base/distance.h"

#include <string.h>

static size_t distance_less(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool distance_same(char a, char b, bool fold)
{
    if (fold && a >= 'A' && a <= 'Z')
        a = (char)(a - 'A' + 'a');
    if (fold && b >= 'A' && b <= 'Z')
        b = (char)(b - 'A' + 'a');
    return a == b;
}

size_t name_distance(const char *a, const char *b, bool fold)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    size_t row[DISTANCE_MAX + 1];

    if (a_len > DISTANCE_MAX || b_len > DISTANCE_MAX)
        return DISTANCE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t above = row[j];
            const size_t changed =
                corner + !distance_same(a[i - 1], b[j - 1], fold);

            row[j] = distance_less(distance_less(above, row[j - 1]) + 1,
                                   changed);
            corner = above;
        }
    }
    return row[b_len];
}
