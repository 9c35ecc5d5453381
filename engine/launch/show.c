/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - what people are shown of a plugin, whoever asks: the command
 * plugins, the REST API, engine_scanners. */
#include <string.h>

#include "engine/launch/task.h"
#include "engine/worker/confine.h"

static bool show_is_process(const struct conduct_options *options,
                            const struct plugin_entry *plugin)
{
    const struct launcher *launcher =
        plugin->spec->query ? options->threads : options->launcher;

    return launcher && launcher->ops->processes;
}

void conduct_show(const struct conduct_options *options,
                  const struct job_limits *all,
                  const struct plugin_entry *plugin, bson_t *out)
{
    const bool process = show_is_process(options, plugin);
    bson_t part;

    registry_describe(plugin, out);
    if (plugin->refused.status != ENGINE_OK)
        return;
    BSON_APPEND_DOCUMENT_BEGIN(out, "confinement", &part);
    confine_report(&plugin->description,
                   process ? options->confinement : CONFINE_THREAD, &part);
    bson_append_document_end(out, &part);
    BSON_APPEND_DOCUMENT_BEGIN(out, "limits", &part);
    budget_put(conduct_limits(plugin, all), process, &part);
    bson_append_document_end(out, &part);
}
