/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - regular expressions (PCRE2, UTF-8), with limits on what one
 * match may cost: a pattern that backtracks without end is an error.
 *
 * Threads: a compiled pattern may be matched by many.
 */
#ifndef SDK_BASE_PATTERN_H
#define SDK_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/error.h"

struct pattern;

/** Where a text begins and how long it is; begin is NULL for none. */
struct pattern_span {
    const char *begin;
    size_t len;
};

/**
 * Compiles. Options are letters: i (case), m (lines), s (dot takes all),
 * x (spaces count for nothing). ENGINE_EINVAL names the character.
 */
engine_status pattern_new(const char *text, const char *options,
                          struct pattern **out, engine_error *err);
void pattern_free(struct pattern *pattern);

/**
 * Looks for the pattern anywhere in a text of valid UTF-8. ENGINE_ELIMIT when
 * it would cost too much, *found is false then.
 */
engine_status pattern_find(const struct pattern *pattern, const char *text,
                           size_t len, bool *found, engine_error *err);

/** The same, and what its first group took (the whole match without one). */
engine_status pattern_capture(const struct pattern *pattern, const char *text,
                              size_t len, struct pattern_span *out,
                              engine_error *err);

#endif
