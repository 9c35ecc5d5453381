/* SPDX-License-Identifier: Apache-2.0 */
/* credentials_private.h - between the files of credentials.h. */
#ifndef PLUGINS_GCP_CREDENTIALS_PRIVATE_H
#define PLUGINS_GCP_CREDENTIALS_PRIVATE_H

#include "plugins/gcp/credentials.h"
#include "sdk/base/arena.h"
#include "sdk/kit/value.h"

#define GCP_SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define GCP_CHAIN 5 /* impersonations on top of each other */
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
    struct token token;
    unsigned round;
    bool fetching;
};

/** A member of the file that has to be a text. ENGINE_EPARSE names it. */
engine_status gcp_file_text(const struct gcp_credentials *self,
                            const struct value *object, const char *key,
                            const char **out, engine_error *err);
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
