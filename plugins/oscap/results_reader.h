/* SPDX-License-Identifier: Apache-2.0 */
/* results_reader.h - a streaming reader for what oscap wrote: no network, no
 * DTD, no entities, bounded texts, errors with file and line. */
#ifndef PLUGINS_OSCAP_RESULTS_READER_H
#define PLUGINS_OSCAP_RESULTS_READER_H

#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/arena.h"
#include "sdk/base/error.h"

struct results_reader {
    const char *path; /* for messages */
    int fd;
    xmlTextReaderPtr xml; /* for xmlTextReader* calls that only look */
    bool skip;            /* the next step leaves out the current subtree */
    int line;             /* of the first complaint; 0: none */
    char complaint[512];
};

/** Opens a file of at most `maximum` bytes; close it also after a failure. */
engine_status results_reader_open(struct results_reader *reader,
                                  const char *path, size_t maximum,
                                  engine_error *err);
void results_reader_close(struct results_reader *reader);

/** Moves to the next node; *out is false at the end of a whole document. */
engine_status results_reader_step(struct results_reader *reader, bool *out,
                                  engine_error *err);

/** Whether the node is an element `name` whose namespace begins so. */
bool results_reader_is(const struct results_reader *reader,
                       const char *namespace_prefix, const char *name);

/** Line of the current node. */
long results_reader_line(const struct results_reader *reader);

/**
 * Copies an attribute of the current element into the arena; *out is NULL
 * when it has none. One of more than 4 KiB is refused.
 */
engine_status results_reader_attribute(const struct results_reader *reader,
                                       const char *name, struct arena *arena,
                                       const char **out, engine_error *err);

/** How many of the first `len` bytes to keep so that no character is cut. */
size_t results_cut(const char *text, size_t len);

#endif
