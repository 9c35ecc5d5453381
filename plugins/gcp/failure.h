/* SPDX-License-Identifier: Apache-2.0 */
/* failure.h - what a refusal of a Google API says (google.aip.dev/193), and
 * what is missing in an answer that says so itself. */
#ifndef PLUGINS_GCP_FAILURE_H
#define PLUGINS_GCP_FAILURE_H

#include "sdk/base/error.h"
#include "sdk/kit/http.h"
#include "sdk/kit/value.h"

struct gcp_failure {
    char status[64];      /* "PERMISSION_DENIED" */
    char reasons[200];    /* of errors[] and details[], spaces between */
    char message[512];    /* one line */
    char permission[128]; /* that is missing */
    char service[128];    /* the API that is off: "compute.googleapis.com" */
    char consumer[128];   /* where: "projects/123" */
};

void gcp_failure_read(const char *body, size_t len, struct gcp_failure *out);
/** The codes that empty_on is compared with. */
void gcp_failure_codes(const struct gcp_failure *failure, long status,
                       char *out, size_t room);
engine_status gcp_failure_fail(const struct gcp_failure *failure, long status,
                               const char *subject, engine_error *err);
/** Is it only too much at once? */
bool gcp_failure_throttles(const struct gcp_failure *failure, long status);

/** Fails when an answer says that parts of it are missing: unreachable places,
 * warnings of aggregated lists. */
engine_status gcp_answer_whole(const struct value *answer, engine_error *err);

#endif
