/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - which source a target means. */
#include "plugins/kubernetes/source.h"

#include <string.h>

#include "sdk/document/document.h"

engine_status kube_source_open(const struct kube *self,
                               const struct scanner_job *job,
                               struct kube_source **out, engine_error *err)
{
    const char *type;
    bson_t target;

    kit_view(&job->target, &target);
    type = document_string(&target, "type");
    if (type && strcmp(type, "kubernetes_dump") == 0)
        return kube_dump_open(self, job, &target, out, err);
    return kube_cluster_open(self, job, &target, out, err);
}
