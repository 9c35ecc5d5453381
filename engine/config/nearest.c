/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - the name that somebody may have meant. */
#include "engine/config/nearest.h"

#include <string.h>

#include "sdk/base/distance.h"

#define NEAREST_MAX 64 /* longer words are not compared */

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
    size_t apart;

    if (strlen(nearest->word) > NEAREST_MAX || strlen(name) > NEAREST_MAX)
        return;
    apart = name_distance(nearest->word, name, false);
    if (apart < nearest->distance) {
        nearest->distance = apart;
        nearest->best = name;
    }
}
