/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - URLs that credentials are asked of, when they come from files or
 * the environment: a hostile file must not send secrets anywhere
 * (server-side request forgery).
 */
#ifndef SDK_KIT_CLOUD_GUARD_H
#define SDK_KIT_CLOUD_GUARD_H

#include "sdk/base/error.h"

#define GUARD_HTTPS 1u    /* https to any host that is a name or public */
#define GUARD_LOOPBACK 2u /* http, too, to 127.0.0.0/8, ::1, localhost */
#define GUARD_METADATA 4u /* http to 169.254.169.254, 169.254.170.2 and .23,
                           * fd00:ec2::254, fd00:ec2::23,
                           * metadata.google.internal */

/** ENGINE_EINVAL says which URL (without query and user) of `what` is refused,
 * and what would be accepted. */
engine_status guard_url(const char *url, unsigned allowed, const char *what,
                        engine_error *err);

#endif
