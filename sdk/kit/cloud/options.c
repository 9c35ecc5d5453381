/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - what an operator can set for every scanner of clouds; the
 * instance of a plugin. */
#include <stdalign.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud.h"
#include "sdk/kit/cloud/options.h"
#include "sdk/kit/host.h"

const struct scanner_option cloud_options[CLOUD_OPTIONS_COUNT] = {
    CLOUD_OPTIONS
};

engine_status cloud_plugin_new(const struct scanner_host *host,
                               const struct scanner_config *config,
                               const struct cloud_provider *provider,
                               struct cloud_plugin **out, engine_error *err)
{
    struct cloud_plugin *plugin = engine_calloc_aligned(
        alignof(struct cloud_plugin), 1, sizeof(*plugin));
    bson_t options;

    if (!plugin)
        return engine_fail_memory(err);
    plugin->host = host;
    plugin->provider = provider;
    kit_view(&config->options, &options);
    bson_copy_to(&options, &plugin->options);
    *out = plugin;
    return ENGINE_OK;
}

void cloud_plugin_free(struct cloud_plugin *plugin)
{
    if (!plugin)
        return;
    bson_destroy(&plugin->options);
    engine_free(plugin);
}
