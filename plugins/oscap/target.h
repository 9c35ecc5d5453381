/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - local, chroot and ssh targets, checked. */
#ifndef PLUGINS_OSCAP_TARGET_H
#define PLUGINS_OSCAP_TARGET_H

#include <bson/bson.h>

#include "sdk/base/error.h"

#define OSCAP_LOCAL 0
#define OSCAP_CHROOT 1
#define OSCAP_SSH 2

struct oscap_target {
    int kind;
    const char *id, *path, *host, *username, *identity_file;
    int64_t port;
    bool sudo;
};

/**
 * Reads and checks a target (borrowed strings): a chroot's directory exists;
 * host and user hold only what cannot be an option or be read by a shell;
 * unknown keys are refused.
 */
engine_status oscap_target_read(const bson_t *document,
                                struct oscap_target *out, engine_error *err);

#endif
