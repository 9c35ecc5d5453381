/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes.c - the ops table and the instance. */
#include "plugins/kubernetes/kubernetes.h"

#include <stdalign.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

int64_t kube_option(const struct kube *self, const char *name)
{
    return document_int(&self->options, name, 0);
}

static int32_t kube_register(const struct scanner_host *host)
{
    int32_t status = host->register_type(host, "kubernetes", "k8s");

    if (status >= 0)
        status = host->register_target(host, "kubernetes", "k8s");
    if (status >= 0)
        status = host->register_target(host, "kubernetes_dump", NULL);
    return status;
}

static int32_t kube_init(const struct scanner_host *host,
                         const struct scanner_config *config, void **out,
                         struct scanner_error *err)
{
    struct kube *self =
        engine_calloc_aligned(alignof(struct kube), 1, sizeof(*self));
    engine_error why = {0};
    bson_t options;

    if (!self) {
        engine_fail_memory(&why);
        return kit_fail(err, &why);
    }
    self->host = host;
    kit_view(&config->options, &options);
    bson_copy_to(&options, &self->options);
    why.status = kube_register(host);
    if (why.status < 0) {
        bson_destroy(&self->options);
        engine_free(self);
        return kit_fail(err, &why);
    }
    *out = self;
    return SCANNER_OK;
}

static void kube_destroy(void *instance)
{
    struct kube *self = instance;

    if (!self)
        return;
    bson_destroy(&self->options);
    engine_free(self);
}

/* A kubeconfig names files and programs for credentials anywhere; these keep
 * caches of their own. */
static const char *const kube_reads[] = {"kubernetes:/", NULL};
static const char *const kube_writes[] = {
    "kubernetes:~/.kube/cache",    "kubernetes:~/.aws",
    "kubernetes:~/.azure",         "kubernetes:$AZURE_CONFIG_DIR",
    "kubernetes:~/.config/gcloud", "kubernetes:~/.cache", NULL};
static const char *const kube_programs[] = {"kubernetes:*", NULL};

static const struct scanner_ops kube_ops = {
    .magic = SCANNER_MAGIC,
    .size = sizeof(struct scanner_ops),
    .abi_major = SCANNER_ABI_MAJOR,
    .abi_minor = SCANNER_ABI_MINOR,
    .caps = SCANNER_CAP_NETWORK | SCANNER_CAP_PROCESSES |
            SCANNER_CAP_RECORDS,
    .needs = SCANNER_HOST_DOCUMENTS,
    .name = "kubernetes",
    .version = SCAN_ENGINE_VERSION,
    .options = kube_options,
    .options_count = KUBE_OPTIONS_COUNT,
    .options_stride = sizeof(struct scanner_option),
    .init = kube_init,
    .scan = kube_op_scan,
    .destroy = kube_destroy,
    .plan = kube_op_plan,
    .probe = kube_op_probe,
    .reads = kube_reads,
    .writes = kube_writes,
    .programs = kube_programs,
};

SCANNER_PLUGIN(kubernetes, kube_ops)
