/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - where keys come from: the standard chain of the SDKs, and
 * roles that are assumed on top of it. Keys are fetched when first needed and
 * again shortly before they expire.
 */
#ifndef PLUGINS_AWS_CREDENTIALS_H
#define PLUGINS_AWS_CREDENTIALS_H

#include <stdbool.h>

#include "plugins/aws/sign.h"
#include "sdk/kit/http.h"

struct aws_credentials;

struct aws_credentials_options {
    const char *profile;     /* NULL: AWS_PROFILE, then "default" */
    const char *region;      /* for STS; NULL: profile's, AWS_REGION */
    const char *config_file; /* NULL: AWS_CONFIG_FILE, ~/.aws/config */
    const char *shared_file; /* NULL: AWS_SHARED_CREDENTIALS_FILE, ... */
    const char *endpoint;    /* of all services, before any other; or NULL */
    bool allow_process;      /* credential_process may be run */
    bool allow_sso;          /* the SSO token cache may be read */
    struct http_client *client;
    void (*log)(int level, const char *text, void *user);
    void *user;
};

/** Reads files and environment, makes no calls. Texts are copied. */
engine_status aws_credentials_new(const struct aws_credentials_options *options,
                                  struct aws_credentials **out,
                                  engine_error *err);
/** The role of another account (or of the same), assumed with the keys of
 * `base`, which outlives it. */
struct aws_role {
    const char *arn;
    const char *external_id;  /* may be NULL */
    const char *session_name; /* NULL: "scan-engine" */
    int duration_s;           /* 0: 3,600 */
};
engine_status aws_credentials_assume(struct aws_credentials *base,
                                     const struct aws_role *role,
                                     struct aws_credentials **out,
                                     engine_error *err);
void aws_credentials_free(struct aws_credentials *credentials);

/** Region of the environment or profile; NULL: none is set. */
const char *aws_credentials_region(const struct aws_credentials *credentials);
/** Where a service is; NULL: its own endpoint (AWS_ENDPOINT_URL_STS and
 * AWS_ENDPOINT_URL count, and endpoint_url of a target or profile). What the
 * environment says is taken as it is; what targets and files say has to be
 * https, or this machine: else ENGINE_EINVAL. */
engine_status aws_credentials_endpoint(const struct aws_credentials *credentials,
                                       const char *service, const char **out,
                                       engine_error *err);

/** Whether STS is asked at AWS_STS_GLOBAL, signed for us-east-1, in place of
 * the region's own (AWS_STS_REGIONAL_ENDPOINTS=legacy). */
bool aws_sts_legacy(const struct aws_credentials *credentials,
                    const char *region);
#define AWS_STS_GLOBAL "https://sts.amazonaws.com"

/**
 * Keys that are good for some minutes at least; fetched (http_fetch) when there
 * are none. `refused`: the last ones were answered with "expired" or 401/403
 * about the token: fetch others. They live until the next call. Errors name
 * the source of the chain that failed and how, never a secret; when no source
 * has any, what was looked at. Not from http's head and body callbacks.
 */
engine_status aws_credentials_get(struct aws_credentials *credentials,
                                  bool refused, const struct aws_keys **out,
                                  engine_error *err);
/** Fetches the keys of roles which have none yet, all at once (http_run), as
 * many at a time as the client makes requests. Why each of them got none is in
 * whys; the call itself only fails for want of memory, or cancelled. */
engine_status aws_credentials_get_all(struct aws_credentials *const *list,
                                      size_t count, engine_error *whys,
                                      engine_error *err);
/** A file of the certificates that vouch for endpoints: AWS_CA_BUNDLE, or
 * ca_bundle of the profile; NULL: the system's. */
const char *aws_credentials_ca(const struct aws_credentials *credentials);
/** Time to sign with, Unix: ours, and what AWS's differs from it. */
int64_t aws_credentials_now(const struct aws_credentials *credentials);
/** A call was refused for its time: takes AWS's from the answer's Date header
 * (may be NULL). False: that says nothing new. */
bool aws_credentials_skew(struct aws_credentials *credentials,
                          const char *date);
/** A word for logs and probe: "profile prod, role arn:...". */
const char *aws_credentials_source(const struct aws_credentials *credentials);

#endif
