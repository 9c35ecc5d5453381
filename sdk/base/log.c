/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - formatted lines to the caller's sink. */
#include "sdk/base/log.h"

#include <stdarg.h>
#include <stdio.h>

void log_write(const struct log *log, enum log_level level,
               const char *format, ...)
{
    char text[2048];
    va_list args;

    if (!log || !log->fn || level > log->level)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->fn(level, text, log->user);
}

const char *log_level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    default:
        return "debug";
    }
}
