/* SPDX-License-Identifier: Apache-2.0 */
/* engine/error.h - status codes and the caller-owned error record. */
#ifndef ENGINE_ERROR_H
#define ENGINE_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define ENGINE_API __attribute__((visibility("default")))
#else
#define ENGINE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Zero is success, negatives are stable codes; see ENGINE_E*. */
typedef int32_t engine_status;

#define ENGINE_OK 0            /* done */
#define ENGINE_EINVAL (-1)     /* the caller or the user asked wrongly */
#define ENGINE_ENOMEM (-2)     /* out of memory */
#define ENGINE_EIO (-3)        /* reading, writing or talking failed */
#define ENGINE_ENOTFOUND (-4)  /* no such thing; often an expected answer */
#define ENGINE_ECONFLICT (-5)  /* it is there already, or it has changed */
#define ENGINE_EPARSE (-6)     /* input is malformed: file and line in message */
#define ENGINE_ELIMIT (-7)     /* a stated limit was exceeded */
#define ENGINE_EDENIED (-8)    /* permissions or ownership forbid it */
#define ENGINE_ETIMEOUT (-9)   /* a deadline passed */
#define ENGINE_ECANCELLED (-10) /* somebody asked to stop */
#define ENGINE_EPLUGIN (-11)   /* a scanner failed or broke the contract */
#define ENGINE_EVERSION (-12)  /* versions do not fit together */
#define ENGINE_ECORRUPT (-13)  /* stored data is damaged; nothing was changed */
#define ENGINE_EUNSUPPORTED (-14) /* understood, but cannot be done here */
#define ENGINE_EFULL (-15)     /* no space left */
#define ENGINE_EAWAY (-16)     /* a server cannot be reached now; try again */

#define ENGINE_MESSAGE_MAX 1024
#define ENGINE_HINT_MAX 512

/**
 * What went wrong, owned by the caller; every function that takes one accepts
 * NULL. The message is lower case without a full stop and names file, line,
 * rule, scanner or host; the hint says what to do and may be empty.
 */
typedef struct engine_error {
    engine_status status;
    char message[ENGINE_MESSAGE_MAX];
    char hint[ENGINE_HINT_MAX];
} engine_error;

/** A short stable word for a status, such as "not-found"; never NULL. */
ENGINE_API const char *engine_status_name(engine_status status);

#ifdef __cplusplus
}
#endif

#endif
