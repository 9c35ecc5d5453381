/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - filling engine_error records; never allocates. */
#include "sdk/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

engine_status engine_fail(engine_error *err, engine_status status,
                          const char *format, ...)
{
    char text[ENGINE_MESSAGE_MAX];
    va_list args;

    if (!err)
        return status;
    /* through a copy: callers may pass err->message as an argument */
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    memcpy(err->message, text, sizeof(text));
    err->status = status;
    err->hint[0] = '\0';
    return status;
}

engine_status engine_fail_memory(engine_error *err)
{
    return engine_fail(err, ENGINE_ENOMEM, "out of memory");
}

void engine_hint(engine_error *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    vsnprintf(err->hint, sizeof(err->hint), format, args);
    va_end(args);
}

void engine_error_prefix(engine_error *err, const char *format, ...)
{
    char text[2 * ENGINE_MESSAGE_MAX];
    size_t used;
    va_list args;
    int len;

    if (!err)
        return;
    va_start(args, format);
    len = vsnprintf(text, ENGINE_MESSAGE_MAX, format, args);
    va_end(args);
    used = len < 0 ? 0 : strlen(text);
    snprintf(text + used, sizeof(text) - used, ": %s", err->message);
    memcpy(err->message, text, ENGINE_MESSAGE_MAX - 1);
    err->message[ENGINE_MESSAGE_MAX - 1] = '\0';
}

engine_status engine_status_from_errno(int code)
{
    switch (code) {
    case ENOMEM:
        return ENGINE_ENOMEM;
    case ENOENT:
    case ENOTDIR:
        return ENGINE_ENOTFOUND;
    case EEXIST:
        return ENGINE_ECONFLICT;
    case EACCES:
    case EPERM:
    case EROFS:
        return ENGINE_EDENIED;
    case ENOSPC:
    case EDQUOT:
        return ENGINE_EFULL;
    case ETIMEDOUT:
        return ENGINE_ETIMEOUT;
    case EINVAL:
        return ENGINE_EINVAL;
    default:
        return ENGINE_EIO;
    }
}
