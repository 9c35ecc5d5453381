/* SPDX-License-Identifier: Apache-2.0 */
/* artifact_file.h - the files that artifacts come from and go to, for every
 * store: read in chunks, written under a name when whole, hashes checked. */
#ifndef ENGINE_STORE_ARTIFACT_FILE_H
#define ENGINE_STORE_ARTIFACT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/store/store.h"
#include "sdk/base/error.h"

#define ARTIFACT_CHUNK ((size_t)1024 * 1024)

/** Receives chunk after chunk, all full but the last. */
typedef engine_status (*artifact_chunk_fn)(int64_t number, const void *data,
                                           size_t len, void *user,
                                           engine_error *err);

/** Reads a file whose hash is known; ENGINE_ECONFLICT when it has changed
 * since. *size is what was read. */
engine_status artifact_file_read(const struct store_file *file, const char *id,
                                 artifact_chunk_fn fn, void *user,
                                 int64_t *size, engine_error *err);

struct artifact_sink; /* a file being written */

engine_status artifact_sink_add(struct artifact_sink *sink, const void *data,
                                size_t len, engine_error *err);

/** Adds all of an artifact to the sink. */
typedef engine_status (*artifact_fill_fn)(struct artifact_sink *sink,
                                          void *user, engine_error *err);

/** Writes an artifact to a new file, mode 0400. ENGINE_ECORRUPT, naming the
 * store, when what fn adds is not what the id says; there is no file then. */
engine_status artifact_file_write(const char *path, const char *id,
                                  const char *store, artifact_fill_fn fn,
                                  void *user, engine_error *err);

engine_status artifact_missing(const char *id, engine_error *err);

#endif
