/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - filling engine_error records. */
#ifndef SDK_BASE_ERROR_H
#define SDK_BASE_ERROR_H

#include <engine/error.h>

/** Fills err (which may be NULL), empties its hint, and returns status. */
engine_status engine_fail(engine_error *err, engine_status status,
                          const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Fails with ENGINE_ENOMEM without allocating. */
engine_status engine_fail_memory(engine_error *err);

/** Sets what the user should do about the error. */
void engine_hint(engine_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Puts "context: " before the message: once, by the layer that knows it. */
void engine_error_prefix(engine_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The status that stands for an errno value, such as ENOSPC. */
engine_status engine_status_from_errno(int code);

#endif
