/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - edit distance over short names. */
#include "engine/config/nearest.h"

#include <string.h>

#define NEAREST_MAX 64 /* longer words are not compared */

static size_t nearest_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static size_t nearest_distance(const char *a, size_t a_len, const char *b,
                               size_t b_len)
{
    size_t row[NEAREST_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            size_t best = nearest_min(above, row[j - 1]) + 1;

            row[j] = nearest_min(best, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[b_len];
}

void nearest_init(struct nearest *nearest, const char *word)
{
    size_t len = strlen(word);

    nearest->word = word;
    nearest->best = NULL;
    /* a third of the letters wrong is a misspelling, more is another word */
    nearest->distance = len / 3 + 2;
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t word_len = strlen(nearest->word);
    size_t name_len = strlen(name);
    size_t distance;

    if (word_len > NEAREST_MAX || name_len > NEAREST_MAX)
        return;
    distance = nearest_distance(nearest->word, word_len, name, name_len);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}
