/* SPDX-License-Identifier: Apache-2.0 */
/* steady.h - waits that last as long as they should. */
#ifndef SDK_BASE_STEADY_H
#define SDK_BASE_STEADY_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/** A condition whose timed waits, until steady_after(), end in time also when
 * the machine's clock is set meanwhile: pthread_cond_init() and a clock that is
 * put back by an hour would make one of them last an hour. */
void steady_condition_init(pthread_cond_t *condition);
/** The time, for pthread_cond_timedwait(), in so many milliseconds. */
struct timespec steady_after(int64_t ms);

#endif
