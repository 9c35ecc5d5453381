/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - can the target be reached, and what may not be read there. */
#include <string.h>

#include "plugins/kubernetes/source.h"
#include "sdk/document/document.h"

static engine_status probe_dump(const struct kube *self,
                                const struct scanner_job *job,
                                const bson_t *target, bson_t *out,
                                engine_error *err)
{
    struct kube_source *source = NULL;
    engine_status status = kube_dump_open(self, job, target, &source, err);
    bson_t none = BSON_INITIALIZER;

    if (status < 0)
        return status;
    BSON_APPEND_BOOL(out, "reachable", true);
    BSON_APPEND_ARRAY(out, "platforms", &none);
    BSON_APPEND_UTF8(out, "version", "a dump");
    BSON_APPEND_ARRAY(out, "missing", &none);
    source->ops->close(source);
    return ENGINE_OK;
}

int32_t kube_op_probe(void *instance, const struct scanner_job *job,
                      struct scanner_error *error)
{
    const struct kube *self = instance;
    bson_t target, out = BSON_INITIALIZER;
    struct scanner_doc view;
    engine_error err = {0};
    engine_status status;
    const char *type;

    kit_view(&job->target, &target);
    type = document_string(&target, "type");
    if (type && strcmp(type, "kubernetes_dump") == 0)
        status = probe_dump(self, job, &target, &out, &err);
    else
        status = kube_cluster_probe(self, job, &target, &out, &err);
    view = kit_doc(&out);
    if (status == ENGINE_OK &&
        self->host->document(self->host, job, "probe", &view) < 0)
        status = engine_fail(&err, ENGINE_EIO,
                             "the engine did not take the probe's document");
    bson_destroy(&out);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
