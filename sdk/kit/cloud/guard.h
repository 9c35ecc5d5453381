/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - URLs that credentials are asked of, when they come from files or
 * the environment: a hostile file must not send secrets anywhere
 * (server-side request forgery).
 *
 * Only plain spellings pass, so that nobody after this can read a URL in
 * another way: no user information, backslash, fragment or trailing dot;
 * names in ASCII; IPv4 as four decimal numbers (RFC 3986, 3.2.2); no IPv6
 * address with one of IPv4 inside.
 */
#ifndef SDK_KIT_CLOUD_GUARD_H
#define SDK_KIT_CLOUD_GUARD_H

#include "sdk/base/error.h"

#define GUARD_HTTPS 1u    /* https to any host that is a name or public */
#define GUARD_LOOPBACK 2u /* http, too, to 127.0.0.0/8, ::1, localhost */
#define GUARD_METADATA 4u /* http to 169.254.169.254, 169.254.170.2 and .23,
                           * fd00:ec2::254, fd00:ec2::23,
                           * metadata.google.internal */

/** ENGINE_EINVAL says which URL (its scheme, host and port) of `what` is
 * refused, and what would be accepted. What a name resolves to is not looked
 * at: over https its owner has to have its certificate. */
engine_status guard_url(const char *url, unsigned allowed, const char *what,
                        engine_error *err);

#endif
