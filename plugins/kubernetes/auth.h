/* SPDX-License-Identifier: Apache-2.0 */
/* auth.h - the credentials of requests to one API server, and their renewal. */
#ifndef PLUGINS_KUBERNETES_AUTH_H
#define PLUGINS_KUBERNETES_AUTH_H

#include "plugins/kubernetes/kubeconfig.h"
#include "plugins/kubernetes/kubernetes.h"
#include "sdk/kit/http.h"

struct kube_auth;

/** Borrows config, self and job, which must outlive it. */
engine_status kube_auth_new(const struct kube *self,
                            const struct scanner_job *job,
                            const struct kube_config *config,
                            struct kube_auth **out, engine_error *err);
void kube_auth_free(struct kube_auth *auth);
/** Gets what is needed before the first request (a plugin's answer) ready. */
engine_status kube_auth_prepare(struct kube_auth *auth, engine_error *err);
/** How the server is reached now; borrowed until the next refresh. */
void kube_auth_endpoint(const struct kube_auth *auth,
                        struct http_endpoint *out);
/** An http_auth_fn; user is the kube_auth. */
engine_status kube_auth_apply(struct http_request *request, bool refused,
                              void *user, engine_error *err);
/** Changes when a plugin brought another client certificate: a request that
 * was refused is worth being made anew then. */
unsigned kube_auth_generation(const struct kube_auth *auth);

/* ---- auth_exec.c --------------------------------------------------------- */

/** What a credential plugin said. */
struct kube_credential {
    struct secret token, cert, key; /* PEM */
    int64_t expires_ms;             /* unix; 0: never */
};
void kube_credential_clear(struct kube_credential *credential);
/** Runs the plugin of config. */
engine_status kube_exec_run(const struct kube *self,
                            const struct scanner_job *job,
                            const struct kube_config *config,
                            struct kube_credential *out, engine_error *err);
/** Reads an ExecCredential. */
engine_status kube_exec_parse(const char *text, size_t len,
                              const char *api_version,
                              struct kube_credential *out, engine_error *err);

#endif
