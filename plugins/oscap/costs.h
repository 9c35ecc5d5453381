/* SPDX-License-Identifier: Apache-2.0 */
/*
 * costs.h - how long each rule took on a target before, so that the parts of
 * the next scan take equally long. A hint only: nothing depends on it.
 */
#ifndef PLUGINS_OSCAP_COSTS_H
#define PLUGINS_OSCAP_COSTS_H

#include <stdint.h>

#include "sdk/base/hash.h"

struct oscap_costs {
    char *path;         /* the file, NULL: nothing is kept */
    struct table rules; /* XCCDF id -> tenths of a millisecond */
    int changed;
};

/** Reads what is known about a target; unreadable files count as empty. */
void oscap_costs_open(struct oscap_costs *costs, const char *cachedir,
                      const char *target_id);
/** Tenths of a millisecond; 0: unknown. */
uint32_t oscap_costs_get(const struct oscap_costs *costs, const char *id);
/** Notes one more measurement; what was known counts as much as it. */
void oscap_costs_note(struct oscap_costs *costs, const char *id,
                      uint32_t tenths);
/** Writes what changed, and frees. */
void oscap_costs_close(struct oscap_costs *costs);

#endif
