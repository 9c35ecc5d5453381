/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files, directories and descriptors, with limits. */
#ifndef SDK_BASE_FILE_H
#define SDK_BASE_FILE_H

#include <stddef.h>

#include "sdk/base/error.h"

/** Reads at most maximum bytes; ENGINE_ELIMIT beyond. Caller frees *out. */
engine_status file_read(const char *path, size_t maximum, char **out,
                        size_t *out_len, engine_error *err);
/** The beginning of a file as text, as far as there is room: for the small ones
 * of proc(5), which are made while they are read. `folder` as for openat(2).
 * The length; 0: it is empty, or cannot be read. */
size_t file_peek(int folder, const char *path, char *text, size_t room);
/** Writes through a temporary file and rename(2), mode 0600 (or 0644). */
engine_status file_write(const char *path, const void *data, size_t len,
                         unsigned mode, engine_error *err);
/** Creates a directory and its parents, mode 0700 for those created. */
engine_status file_make_directory(const char *path, engine_error *err);
/** Creates a fresh private directory from "<parent>/<prefix>XXXXXX". */
engine_status file_make_temporary(const char *parent, const char *prefix,
                                  char **out, engine_error *err);
/** Removes a tree, also one that others have made and still change: no link is
 * followed, nothing outside of it is touched, and however deep it is only so
 * many folders are open at once. Folders of ours that are closed to us are
 * opened. Missing is fine. */
engine_status file_remove_tree(const char *path, engine_error *err);
/** True when a file exists. */
int file_exists(const char *path);

/** write(2) everything, retrying EINTR; ENGINE_EIO or ENGINE_EFULL. */
engine_status file_write_all(int fd, const void *data, size_t len,
                             engine_error *err);

#endif
