/* SPDX-License-Identifier: Apache-2.0 */
/* archive.h - the rule files of a tar archive, one after the other. */
#ifndef ENGINE_RULES_ARCHIVE_H
#define ENGINE_RULES_ARCHIVE_H

#include "engine/rules/rules_private.h"
#include "sdk/base/buffer.h"

struct archive;

struct archive_reader {
    struct archive *archive;
    struct buffer content; /* of the file that archive_slurp read */
    int64_t unpacked;
    size_t entries;        /* so far, of any kind */
};

/** A regular file whose name is that of a kind of rule content. */
struct archive_file {
    const char *name; /* in the archive, without "./" */
    enum rules_format format;
    bool too_large;   /* it cannot be read */
};

/** `why` is about the archive, `err` is anything else; both end the reading. */
typedef engine_status (*archive_fn)(struct archive_reader *reader,
                                    const struct archive_file *file,
                                    void *user, engine_error *why,
                                    engine_error *err);

/** Reads an archive from its beginning; archive_clear, also after failures. */
engine_status archive_each(struct archive_reader *reader, int fd,
                           archive_fn fn, void *user, engine_error *why,
                           engine_error *err);
void archive_clear(struct archive_reader *reader);
/** Reads the current file into reader->content. */
engine_status archive_slurp(struct archive_reader *reader, engine_error *why);

#endif
