/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time, injectable for tests, and ids. */
#ifndef SDK_BASE_CLOCK_H
#define SDK_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/** Milliseconds since 1970-01-01 UTC. */
int64_t clock_now_ms(void);
/** Milliseconds that never jump, from some start. */
int64_t clock_steady_ms(void);
/** The same in microseconds, for short spans. */
int64_t clock_steady_us(void);
/** RFC 3339 in UTC with milliseconds, "2026-11-20T21:30:44.123Z". */
void clock_format(int64_t unix_ms, char out[32]);
/** Parses what clock_format writes, and offsets; -1 when it is no date. */
int clock_parse(const char *text, int64_t *unix_ms);

/** A random UUID (RFC 4122, version 4) as 36 characters and NUL. */
void id_uuid(char out[37]);
/** Lower-case hex of len bytes into out, which holds 2 * len + 1. */
void id_hex(const uint8_t *bytes, size_t len, char *out);

#endif
