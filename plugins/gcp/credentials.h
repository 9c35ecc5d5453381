/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - where access tokens come from: Application Default
 * Credentials (google.aip.dev/auth/4110 to 4118) and impersonation on top of
 * them. Tokens are fetched when first needed and again before they expire.
 *
 * Threads: one operation belongs to one thread.
 */
#ifndef PLUGINS_GCP_CREDENTIALS_H
#define PLUGINS_GCP_CREDENTIALS_H

#include <stdbool.h>

#include "sdk/kit/cloud/token.h"
#include "sdk/kit/http.h"
#include "sdk/kit/secret.h"

struct gcp_credentials;

struct gcp_credentials_options {
    const char *file; /* NULL: GOOGLE_APPLICATION_CREDENTIALS, gcloud's */
    const char *env;  /* a variable that holds such a file's text */
    bool metadata;    /* the metadata server, whatever files there are */
    const char *impersonate; /* an e-mail address; or NULL */
    const char *ca_file;     /* for servers of tokens; NULL: the system's */
    struct http_client *client; /* may be NULL for a file that is only read */
};

/** Reads files and environment, makes no calls. Texts are copied. Messages
 * name the file and the member, never what is in it. */
engine_status gcp_credentials_new(const struct gcp_credentials_options *options,
                                  struct gcp_credentials **out,
                                  engine_error *err);
/** The same of a text, which `name` stands for in messages. */
engine_status gcp_credentials_parse(const char *text, size_t len,
                                    const char *name,
                                    struct gcp_credentials **out,
                                    engine_error *err);
void gcp_credentials_free(struct gcp_credentials *credentials);

/** Project and quota project that the file names; NULL: none. */
const char *gcp_credentials_project(const struct gcp_credentials *credentials);
const char *gcp_credentials_quota(const struct gcp_credentials *credentials);
/** For logs and probe: "service account a@b of \"file\"". */
const char *gcp_credentials_source(const struct gcp_credentials *credentials);

/**
 * A token that is good for some minutes. *round counts the tokens; `refused`
 * says that the one of that round was answered with 401: unless there is a
 * later one by now, another is fetched. Lives until the next call. A failure
 * is the answer for 30 seconds, however many calls ask.
 */
engine_status gcp_credentials_get(struct gcp_credentials *credentials,
                                  bool refused, unsigned *round,
                                  const struct secret **out,
                                  engine_error *err);
/** The project that the metadata server belongs to; freed by the caller. */
engine_status gcp_metadata_project(struct http_client *client, char **out,
                                   engine_error *err);

#endif
