/* SPDX-License-Identifier: Apache-2.0 */
/* handlers_archive.h - the list of scans that a request names. */
#ifndef ENGINE_SERVER_HANDLERS_ARCHIVE_H
#define ENGINE_SERVER_HANDLERS_ARCHIVE_H

#include "engine/server/private.h"

/** Copies "scan_ids" of the body into an empty list: 1 to 100 texts. */
engine_status request_scan_ids(struct request *request, bson_t *out,
                               engine_error *err);

#endif
