/* SPDX-License-Identifier: Apache-2.0 */
/* failure.h - what a refusal of a Google API says (google.aip.dev/193), and
 * what is missing in an answer that says so itself. */
#ifndef PLUGINS_GCP_FAILURE_H
#define PLUGINS_GCP_FAILURE_H

#include <stdbool.h>

#include "sdk/base/error.h"
#include "sdk/kit/http.h"
#include "sdk/kit/value.h"

struct gcp_failure {
    bool known;           /* the body is an error of a Google API */
    char status[64];      /* "PERMISSION_DENIED" */
    char reasons[200];    /* of errors[] and details[], spaces between */
    char message[512];    /* one line */
    char permission[128]; /* that is missing */
    char service[128];    /* the API that is off: "compute.googleapis.com" */
    char consumer[128];   /* whose quota or API it is about: "projects/123";
                           * often the project that pays for the call */
};

void gcp_failure_read(const char *body, size_t len, struct gcp_failure *out);
/** The codes that empty_on is compared with; none of an answer that is no
 * error of Google's, such as the page of a proxy. */
void gcp_failure_codes(const struct gcp_failure *failure, long status,
                       char *out, size_t room);
engine_status gcp_failure_fail(const struct gcp_failure *failure, long status,
                               const char *subject, engine_error *err);
/** Is it about an API that is off somewhere, or about who pays? */
bool gcp_failure_concerns_consumer(const struct gcp_failure *failure);
/** Is it only too much at once? */
bool gcp_failure_throttles(const struct gcp_failure *failure, long status);

/** Fails when an answer is no object, or says that parts of it are missing:
 * places that could not be reached, errors and warnings beside what was found,
 * analyses and queries that did not end (whole.c). */
engine_status gcp_answer_whole(const struct value *answer, engine_error *err);

#endif
