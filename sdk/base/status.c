/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - the words for statuses; alone in a file, since it is the one
 * function here that libengine exports. */
#include <engine/error.h>
#include <stddef.h>

const char *engine_status_name(engine_status status)
{
    static const char *const names[] = {
        "ok", "invalid", "out-of-memory", "io", "not-found", "conflict",
        "malformed", "limit", "denied", "timeout", "cancelled", "plugin",
        "version", "corrupt", "unsupported", "no-space", "away"};
    const size_t index = status <= 0 ? (size_t)(-(int64_t)status) : 99;

    return index < sizeof(names) / sizeof(names[0]) ? names[index]
                                                    : "unknown-status";
}
