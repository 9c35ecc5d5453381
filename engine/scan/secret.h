/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h - no secret gets into a scan's document; private to engine/scan. */
#ifndef ENGINE_SCAN_SECRET_H
#define ENGINE_SCAN_SECRET_H

#include <bson/bson.h>

#include "sdk/base/error.h"

/** Refuses a target that holds a secret itself, and not a reference to it. */
engine_status scan_secret_check(const bson_t *target, const char *id,
                                engine_error *err);

#endif
