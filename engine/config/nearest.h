/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - "did you mean": the known name closest to a misspelt one. */
#ifndef ENGINE_CONFIG_NEAREST_H
#define ENGINE_CONFIG_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word;
    const char *best; /* NULL: nothing is near enough */
    size_t distance;
};

void nearest_init(struct nearest *nearest, const char *word);
/** Offers one known name, which must outlive `nearest`. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
