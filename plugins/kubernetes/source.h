/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where objects come from: a cluster's API server or a dump of it.
 * A source knows nothing of rules. It resolves names of resource types and
 * hands each read the bytes of the answer, or says that there is none.
 */
#ifndef PLUGINS_KUBERNETES_SOURCE_H
#define PLUGINS_KUBERNETES_SOURCE_H

#include "plugins/kubernetes/kinds.h"
#include "plugins/kubernetes/kubernetes.h"
#include "plugins/kubernetes/read.h"

struct kube_source;

struct kube_source_ops {
    /**
     * Resolves "pods", "Pod", "po", "deployments.apps" or
     * "apps/v1/Deployment". ENGINE_ENOTFOUND: the server definitely has no
     * such type; any other failure: it could not be found out.
     */
    engine_status (*resolve)(struct kube_source *source, const char *name,
                             struct kube_resource *out, engine_error *err);
    /**
     * Performs reads, in any order and interleaved; each ends in exactly one
     * kube_read_done. Returns a failure only when it has to stop (cancelled);
     * reads that did not end are then ended by the caller.
     */
    engine_status (*run)(struct kube_source *source,
                         struct kube_read *const *reads, size_t count,
                         engine_error *err);
    /** True when there is a file of a filter's output for path and hash;
     * NULL: there never is. */
    bool (*filtered)(struct kube_source *source,
                     const struct kube_path *path);
    void (*close)(struct kube_source *source);
};

/** First member of every source. */
struct kube_source {
    const struct kube_source_ops *ops;
    const struct kube *self;
    const struct scanner_job *job;
    bool any_path; /* reads of paths that are no API paths make sense */
};

/** Opens the source of job->target by its type. */
engine_status kube_source_open(const struct kube *self,
                               const struct scanner_job *job,
                               struct kube_source **out, engine_error *err);
/** target {type: kubernetes}: cluster.c */
engine_status kube_cluster_open(const struct kube *self,
                                const struct scanner_job *job,
                                const bson_t *target,
                                struct kube_source **out, engine_error *err);
/** target {type: kubernetes_dump, path}: dump.c */
engine_status kube_dump_open(const struct kube *self,
                             const struct scanner_job *job,
                             const bson_t *target, struct kube_source **out,
                             engine_error *err);
/** Reachability, version and missing rights of a cluster, as one document of
 * kind "probe"; `rules` of the job say which rights are needed. */
engine_status kube_cluster_probe(const struct kube *self,
                                 const struct scanner_job *job,
                                 const bson_t *target, bson_t *out,
                                 engine_error *err);

#endif
