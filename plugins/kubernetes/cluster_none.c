/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_none.c - a build without libcurl reaches no cluster. */
#include "plugins/kubernetes/source.h"

static engine_status cluster_unsupported(engine_error *err)
{
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "this build cannot reach clusters: it has no libcurl");
    engine_hint(err, "install libcurl4-openssl-dev and build again; dumps "
                     "(target type kubernetes_dump) can be scanned");
    return ENGINE_EUNSUPPORTED;
}

engine_status kube_cluster_open(const struct kube *self,
                                const struct scanner_job *job,
                                const bson_t *target,
                                struct kube_source **out, engine_error *err)
{
    (void)self;
    (void)job;
    (void)target;
    (void)out;
    return cluster_unsupported(err);
}

engine_status kube_cluster_probe(const struct kube *self,
                                 const struct scanner_job *job,
                                 const bson_t *target, bson_t *out,
                                 engine_error *err)
{
    (void)self;
    (void)job;
    (void)target;
    (void)out;
    return cluster_unsupported(err);
}
