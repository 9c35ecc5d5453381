/* SPDX-License-Identifier: Apache-2.0 */
/* engine/version.h - the release this SDK belongs to. */
#ifndef ENGINE_VERSION_H
#define ENGINE_VERSION_H

#define ENGINE_VERSION_MAJOR 0
#define ENGINE_VERSION_MINOR 1
#define ENGINE_VERSION_PATCH 0
#define ENGINE_VERSION "0.1.0"

#endif
