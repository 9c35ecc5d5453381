/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - what every scanner does with the ABI of engine/scanner.h: documents
 * as libbson sees them, errors across the boundary, words to the log.
 */
#ifndef SDK_KIT_HOST_H
#define SDK_KIT_HOST_H

#include <bson/bson.h>
#include <engine/scanner.h>

#include "sdk/base/error.h"

/** Views a document of the ABI as bson_t; an empty document for none. */
void kit_view(const struct scanner_doc *document, bson_t *out);
/** The reverse, for handing a document to the host; NULL gives none. */
struct scanner_doc kit_doc(const bson_t *document);
/** Rule documents of a job as an array of views; freed with engine_free. */
engine_status kit_rules(const struct scanner_job *job, bson_t **out,
                        engine_error *err);

/** Copies an error across the ABI and returns the status. */
int32_t kit_fail(struct scanner_error *out, const engine_error *err);
void kit_log(const struct scanner_host *host, uint32_t level,
             const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** A warning about the whole job, kept with the scan; to the log where the
 * engine lacks that service, or the message not one line of UTF-8. */
void kit_warn(const struct scanner_host *host, const struct scanner_job *job,
              const char *message);

/** The contract's word for SCANNER_PASS ... SCANNER_FIXED; "" for others. */
const char *kit_status_word(int32_t status);
/** How bad a verdict is: fail > error > unknown > pass > fixed >
 * informational > notchecked > notapplicable; 0: it is none. */
int kit_status_weight(int32_t status);

/** A rule that could not be evaluated: one result and its end, both errors
 * with the message and the hint of `why`. */
void kit_rule_error(const struct scanner_host *host,
                    const struct scanner_job *job, const char *rule_id,
                    const engine_error *why);

#endif
