/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - the live source: one API server, asked with one set of
 * credentials through one HTTP client.
 */
#ifndef PLUGINS_KUBERNETES_CLUSTER_H
#define PLUGINS_KUBERNETES_CLUSTER_H

#include "plugins/kubernetes/auth.h"
#include "plugins/kubernetes/discovery.h"
#include "plugins/kubernetes/source.h"
#include "sdk/base/buffer.h"
#include "sdk/kit/http.h"

struct kube_cluster {
    struct kube_source base;
    struct kube_config config;
    struct kube_auth *auth;
    struct http_client *client;
    struct kube_discovery *discovery; /* NULL: not asked for yet */
    engine_error undiscovered;        /* why it could not be had */
    char who[600];                    /* context, user and file */
    bool near; /* on this machine: compressing costs more than it saves */
};

engine_status kube_cluster_new(const struct kube *self,
                               const struct scanner_job *job,
                               const bson_t *target,
                               struct kube_cluster **out, engine_error *err);
void kube_cluster_free(struct kube_cluster *cluster);

/** A call of this cluster; url is the caller's and outlives http_add. */
void kube_cluster_call(struct kube_cluster *cluster, const char *url,
                       struct http_endpoint *endpoint,
                       struct http_call *out);

/** A small answer, whole. */
struct kube_get {
    const char *path;
    const char *accept; /* NULL: application/json */
    const char *body;   /* NULL: GET, else POST it */
    /* filled */
    long status;        /* 0: there was no answer, see failure */
    struct buffer text;
    engine_error failure;
    /* inside */
    struct kube_cluster *cluster;
};
/** Gets several at once; each is cleared by the caller. Fails only when it
 * has to stop. */
engine_status kube_cluster_get(struct kube_cluster *cluster,
                               struct kube_get *gets, size_t count,
                               engine_error *err);
void kube_get_clear(struct kube_get *get);

/** Reads lists and objects: cluster_read.c */
engine_status kube_cluster_run(struct kube_source *source,
                               struct kube_read *const *reads, size_t count,
                               engine_error *err);

/* ---- cluster_error.c ----------------------------------------------------- */

/** A Status of the API, or what else came with a status that is no 200. */
struct kube_problem {
    char reason[64], message[512];
    char token[4096];  /* metadata.continue of a 410 */
    bool is_status;    /* it was a Status */
};
void kube_problem_read(const char *text, size_t len, const char *type,
                       struct kube_problem *out);
/** `GET /path: 403 Forbidden: message (context ...)` with a hint. */
engine_status kube_problem_fail(const struct kube_cluster *cluster,
                                const char *method, const char *path,
                                long status,
                                const struct kube_problem *problem,
                                engine_error *err);
/** True when a 404 says that there is no such thing, and not that some
 * machine in between knows nothing. */
bool kube_problem_is_absent(long status, const struct kube_problem *problem,
                            const char *type, const char *text, size_t len);

/* ---- discovery.c --------------------------------------------------------- */

engine_status kube_discovery_resolve(struct kube_cluster *cluster,
                                     const char *name,
                                     struct kube_resource *out,
                                     engine_error *err);

#endif
