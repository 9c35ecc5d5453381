/* SPDX-License-Identifier: Apache-2.0 */
/* near.c - names that somebody may have meant. */
#include <string.h>

#include "engine/rules/rules_private.h"
#include "sdk/base/distance.h"

#define NEAR_DISTANCE 3

bool rules_name_near(const char *name, const char *meant)
{
    const size_t half = strlen(meant) / 2;

    if (strlen(meant) >= 4 && (strstr(name, meant) || strstr(meant, name)))
        return true;
    return name_distance(name, meant, false) <=
           (half < NEAR_DISTANCE ? half : NEAR_DISTANCE);
}
