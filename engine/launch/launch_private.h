/* SPDX-License-Identifier: Apache-2.0 */
/* launch_private.h - shared by the launchers. */
#ifndef ENGINE_LAUNCH_PRIVATE_H
#define ENGINE_LAUNCH_PRIVATE_H

#include "sdk/base/error.h"

/** A connected pair, both ends close-on-exec. */
engine_status launch_sockets(int ends[2], engine_error *err);

#endif
