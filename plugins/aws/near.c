/* SPDX-License-Identifier: Apache-2.0 */
/* near.c - what somebody may have meant: edit distance between names. */
#include <string.h>

#include "plugins/aws/model_private.h"

#define NEAR_LEN 64

static char near_fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static size_t near_least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Levenshtein's distance, the case of letters apart. */
static size_t near_distance(const char *a, const char *b)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    size_t row[NEAR_LEN + 1];

    if (a_len > NEAR_LEN || b_len > NEAR_LEN)
        return NEAR_LEN;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t above = row[j];
            const bool same = near_fold(a[i - 1]) == near_fold(b[j - 1]);

            row[j] = near_least(row[j] + 1, row[j - 1] + 1,
                                diagonal + (same ? 0 : 1));
            diagonal = above;
        }
    }
    return row[b_len];
}

void near_init(struct near *near, const char *wanted)
{
    *near = (struct near){.wanted = wanted};
}

void near_add(struct near *near, const char *name)
{
    const size_t len = strlen(near->wanted);
    const size_t most = len < 4 ? 1 : len / 4 + 1;
    size_t cost = near_distance(near->wanted, name);
    size_t at;

    if (cost > most)
        return;
    for (at = near->count; at && near->cost[at - 1] > cost; at--) {
        if (at == NEAR_MAX)
            continue;
        near->names[at] = near->names[at - 1];
        near->cost[at] = near->cost[at - 1];
    }
    if (at == NEAR_MAX)
        return;
    near->names[at] = name;
    near->cost[at] = cost;
    if (near->count < NEAR_MAX)
        near->count++;
}

void near_hint(const struct near *near, engine_error *err)
{
    if (near->count == 1)
        engine_hint(err, "did you mean \"%s\"?", near->names[0]);
    else if (near->count == 2)
        engine_hint(err, "did you mean \"%s\" or \"%s\"?", near->names[0],
                    near->names[1]);
    else if (near->count)
        engine_hint(err, "did you mean \"%s\", \"%s\" or \"%s\"?",
                    near->names[0], near->names[1], near->names[2]);
}
