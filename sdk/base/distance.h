/* SPDX-License-Identifier: Apache-2.0 */
/* distance.h - how far apart two names are. */
#ifndef SDK_BASE_DISTANCE_H
#define SDK_BASE_DISTANCE_H

#include <stdbool.h>
#include <stddef.h>

#define DISTANCE_MAX 128 /* bytes of a name; longer ones are that far apart */

/** Levenshtein's distance in bytes; `fold`: the case of ASCII letters apart. */
size_t name_distance(const char *a, const char *b, bool fold);

#endif
