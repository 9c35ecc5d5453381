/* SPDX-License-Identifier: Apache-2.0 */
/* gcp.h - one operation on Google Cloud: its target, scopes and calls. */
#ifndef PLUGINS_GCP_GCP_H
#define PLUGINS_GCP_GCP_H

#include "plugins/gcp/credentials.h"
#include "plugins/gcp/failure.h"
#include "plugins/gcp/request.h"
#include "plugins/gcp/target.h"
#include "sdk/base/hash.h"
#include "sdk/kit/cloud/cloud.h"

#define GCP_BODY ((size_t)256 * 1024 * 1024) /* of one page */
#define GCP_PAGES 10000
#define GCP_PROBED 20 /* projects that a probe looks at */
#define GCP_LISTS 16 /* of an answer that grow from page to page */

enum { GCP_ORGANIZATION, GCP_PROJECT }; /* levels */

/** What is known of a scanned project; data of its scope. */
struct gcp_project {
    const char *id;     /* as the target has it, or a list of projects */
    const char *number; /* NULL: not known yet */
    bool asked;         /* who it is, for refusals */
};

struct gcp {
    struct cloud *cloud;
    struct gcp_target target;
    struct gcp_credentials *credentials;
    size_t projects;
    const char *first[GCP_PROBED]; /* of them, for probe */
};

struct gcp_page {
    const struct value *value;
    const struct gcp_page *before;
};

/** A call and its pages. */
struct gcp_call {
    struct gcp *gcp;
    struct gcp_project *project; /* it is made in; NULL: none */
    struct gcp_request request;
    char bucket[160];
    struct arena *arena; /* of the answer */
    unsigned round;      /* of the token that was sent last */
    long status;
    char type[64];
    struct buffer text;
    struct cloud_pages *pages;
    const struct gcp_page *last; /* of the pages that came */
    const char *lists[GCP_LISTS + 1];
    size_t lists_count, page;
    struct table tokens; /* of pages, that were seen */
    char *token;         /* of the page that comes next */
    /** Called once: value, or why and code. It frees the call. */
    void (*end)(struct gcp_call *call, const struct value *value,
                const char *code, const engine_error *why);
    void *user;
};

struct gcp_call *gcp_call_new(struct gcp *gcp);
void gcp_call_free(struct gcp_call *call);
/** Sends it; ends with `end`, perhaps before this returns. */
void gcp_call_begin(struct gcp_call *call);
/** What messages call it: the API, and the path without its query. */
void gcp_call_subject(const struct gcp_call *call, char *out, size_t room);
/** Ends a call that was answered with an error, whose text it has. */
void gcp_call_refused(struct gcp_call *call);
/** One call to its end, all pages, for scopes and probe. body NULL: GET. */
engine_status gcp_fetch(struct gcp *gcp, const char *request, const char *body,
                        struct arena *arena, const struct value **out,
                        engine_error *err);

/** A list of the projects in and below "folders/1" or "organizations/1", as
 * Resource Manager describes them, sorted; it lives in arena. */
engine_status gcp_walk(struct gcp *gcp, const char *root, struct arena *arena,
                       struct value *out, engine_error *err);
engine_status gcp_scopes(void *self, unsigned deepest, engine_error *err);
engine_status gcp_check(void *self, const struct value *call, unsigned *level,
                        engine_error *err);
engine_status gcp_prepare(void *self, const struct cloud_scope *scope,
                          const struct value *call, struct buffer *key,
                          void **data, engine_error *err);
engine_status gcp_start(void *self, struct cloud_call *call, void *data,
                        engine_error *err);
void gcp_release(void *self, void *data);
engine_status gcp_probe(void *self, bson_t *out, engine_error *err);

#endif
