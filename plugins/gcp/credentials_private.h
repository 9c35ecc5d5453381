/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_private.h - between the files of credentials.h. */
#ifndef PLUGINS_GCP_CREDENTIALS_PRIVATE_H
#define PLUGINS_GCP_CREDENTIALS_PRIVATE_H

#include "plugins/gcp/credentials.h"
#include "sdk/base/arena.h"
#include "sdk/kit/value.h"

#define GCP_SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define GCP_CHAIN 5 /* impersonations on top of each other */
#define GCP_HEADERS 16
#define GCP_LIFETIME_S 3600 /* of tokens of impersonation */
#define GCP_FILE ((size_t)64 * 1024)

enum gcp_kind {
    GCP_METADATA,
    GCP_SERVICE_ACCOUNT,
    GCP_USER,
    GCP_EXTERNAL_FILE,
    GCP_EXTERNAL_URL,
    GCP_EXTERNAL_AWS
};

struct gcp_impersonation {
    const char *url;
    const struct value *delegates; /* may be NULL */
    int64_t lifetime_s;
};

struct gcp_credentials {
    struct arena arena; /* wiped: it holds the file */
    struct http_client *client;
    enum gcp_kind kind;
    const char *name; /* of the file, for messages */
    const char *source, *project, *quota;
    const struct value *file; /* its members, checked */
    /* the innermost first */
    struct gcp_impersonation chain[GCP_CHAIN];
    size_t chain_len;
    const char *ca_file;
    struct token token;
    unsigned round;
    bool fetching;
    int64_t failed_ms; /* of the steady clock; 0: the last fetch did not */
    engine_error failure;
};

/** How a URL is reached: what is on this machine or its link (metadata
 * servers) never through a proxy. */
struct http_endpoint gcp_endpoint(const struct gcp_credentials *self,
                                  const char *url);
/** A member of the file that has to be a text. ENGINE_EPARSE names it. */
engine_status gcp_file_text(const struct gcp_credentials *self,
                            const struct value *object, const char *key,
                            const char **out, engine_error *err);
/** A text that need not be there (NULL); anything else there is an error. */
engine_status gcp_file_maybe(const struct gcp_credentials *self,
                             const struct value *object, const char *key,
                             const char **out, engine_error *err);
/** The same of an id of a project. */
engine_status gcp_file_project(const struct gcp_credentials *self,
                               const struct value *object, const char *key,
                               const char **out, engine_error *err);
/** A URL that has to be there (guard.h). */
engine_status gcp_file_url(const struct gcp_credentials *self,
                           const struct value *object, const char *key,
                           unsigned allowed, const char **out,
                           engine_error *err);
/** One that is told what opens something: of Google or this machine. */
engine_status gcp_file_google(const struct gcp_credentials *self,
                              const struct value *object, const char *key,
                              const char **out, engine_error *err);
/** ENGINE_EPARSE: a member is `what`, such as "no list". */
engine_status gcp_file_bad(const struct gcp_credentials *self,
                           const char *key, const char *what,
                           engine_error *err);
/** What the credentials are called: "a user's log-in of \"file\"". */
const char *gcp_file_say(struct gcp_credentials *self, const char *what,
                         const char *who);
/** Adds the impersonation that an object names. */
engine_status gcp_file_chain(struct gcp_credentials *self,
                             const struct value *object,
                             const struct value *delegates,
                             int64_t lifetime_s, engine_error *err);
/** A file of type external_account. */
engine_status gcp_file_external(struct gcp_credentials *self,
                                const struct value *file, engine_error *err);
/** Reads a file's text into a new credentials; name is copied. */
engine_status gcp_file_read(struct gcp_credentials *self, const char *text,
                            size_t len, engine_error *err);
engine_status gcp_file_impersonate(struct gcp_credentials *self,
                                   const char *email, engine_error *err);

/* Each fetches a token into *token. */
engine_status gcp_fetch_metadata(struct gcp_credentials *self,
                                 struct token *token, engine_error *err);
engine_status gcp_fetch_service_account(struct gcp_credentials *self,
                                        struct token *token,
                                        engine_error *err);
engine_status gcp_fetch_user(struct gcp_credentials *self, struct token *token,
                             engine_error *err);
engine_status gcp_fetch_external(struct gcp_credentials *self,
                                 struct token *token, engine_error *err);
/** Posts a form to a token endpoint of the file (member `key`). */
engine_status gcp_fetch_form(struct gcp_credentials *self, const char *url,
                             const struct buffer *form, struct token *token,
                             engine_error *err);
/** What stands for the workload at AWS (credentials_aws.c). */
engine_status gcp_aws_subject(struct gcp_credentials *self,
                              struct secret *out, engine_error *err);
/** One small answer of a metadata service: text to *out. */
engine_status gcp_fetch_text(struct gcp_credentials *self, const char *method,
                             const char *url, const char *const *headers,
                             struct secret *out, engine_error *err);

#endif
