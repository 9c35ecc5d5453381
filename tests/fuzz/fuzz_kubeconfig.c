/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_kubeconfig.c - kubeconfigs, and what servers say of their types (the
 * documents that begin with "{"). */
#include <stdlib.h>
#include <string.h>

#include "plugins/kubernetes/discovery.h"
#include "plugins/kubernetes/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void fuzz_config(const char *text, size_t len)
{
    struct kube_config config = {0};
    struct kube_files files = {.arena = &config.arena};
    engine_error err = {0};

    arena_init(&config.arena, (size_t)16 * 1024 * 1024);
    secret_init(&config.token);
    secret_init(&config.password);
    if (kube_files_add_text(&files, "seed", text, len, &err) == ENGINE_OK &&
        kube_config_choose(&config, &files, NULL, &err) == ENGINE_OK &&
        kube_config_check(&config, &err) == ENGINE_OK) {
        if (!config.server || !config.context ||
            (config.exec && !config.exec->command))
            abort();
    } else if (!err.message[0]) {
        abort();
    }
    kube_config_clear(&config);
}

static void fuzz_discovery(const char *text, size_t len)
{
    struct kube_discovery *discovery = kube_discovery_new();
    const struct kube_version version = {"apps", "v1", "/apis/apps/v1"};

    if (!discovery)
        return;
    (void)kube_discovery_root(discovery, "/apis", text, len, NULL);
    (void)kube_discovery_resources(discovery, &version, text, len, NULL);
    for (size_t i = 0; i < kube_kinds_count(discovery->kinds); i++)
        if (strpbrk(kube_kinds_at(discovery->kinds, i)->plural, "/?# %"))
            abort();
    kube_discovery_free(discovery);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_config((const char *)data, len);
    if (len && data[0] == '{')
        fuzz_discovery((const char *)data, len);
    return 0;
}
