/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h - what OVAL compared: collected items and expected states. */
#ifndef PLUGINS_OSCAP_EVIDENCE_H
#define PLUGINS_OSCAP_EVIDENCE_H

#include <bson/bson.h>
#include <stddef.h>

#include "sdk/base/error.h"

#define OSCAP_EVIDENCE_FILE_MAX ((size_t)64 * 1024 * 1024)
#define OSCAP_EVIDENCE_ITEMS 50   /* of one test; failing ones come first */
#define OSCAP_EVIDENCE_FIELDS 64  /* of one item or state */
#define OSCAP_EVIDENCE_VALUE 1024 /* bytes of one value */
#define OSCAP_EVIDENCE_RULE ((size_t)64 * 1024) /* bytes of one document */

/** The evidence of some definitions, taken out of one file. */
struct oscap_evidence;

/**
 * Reads an OVAL results file, or all of those in an ARF, and keeps what is
 * needed for the given definitions and those which they extend. Memory is
 * bounded whatever the file holds; a malformed file is an error with line.
 */
engine_status oscap_evidence_read(const char *path,
                                  const char *const *definition_ids,
                                  size_t count, struct oscap_evidence **out,
                                  engine_error *err);
void oscap_evidence_free(struct oscap_evidence *evidence);

/**
 * Builds the document of one of these definitions; the caller destroys *out:
 * {result, tests: [{id, comment, result, check, existence, negate,
 *   expected: [{field, operation, value, variable}],
 *   items: [{type, result, fields: {name: value}}], more_items}], truncated}
 * Values are strings, arrays of them where there are several, or null for a
 * thing that does not exist. ENGINE_ENOTFOUND when the file has no such
 * definition.
 */
engine_status oscap_evidence_build(struct oscap_evidence *evidence,
                                   const char *definition_id, bson_t *out,
                                   engine_error *err);

#endif
