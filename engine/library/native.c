/* SPDX-License-Identifier: Apache-2.0 */
/* native.c - one import job for one file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/library/session.h"

struct native_state {
    const char *path;
    struct rules_import *import;
};

static engine_status native_on_document(void *user, const char *kind,
                                        const bson_t *document,
                                        engine_error *err)
{
    struct native_state *state = user;

    if (!state->import)
        return ENGINE_OK;
    return rules_import_document(state->import, kind, document, state->path,
                                 err);
}

static const struct plugin_entry *native_plugin(const struct native *native,
                                                const char *format,
                                                engine_error *err)
{
    const struct plugin_entry *plugin =
        registry_content(native->registry, format, format);

    if (plugin)
        return plugin;
    engine_fail(err, ENGINE_EUNSUPPORTED,
                "no loaded scanner imports \"%s\" content", format);
    engine_hint(err, "\"scan-engine plugins\" shows what is loaded, and why "
                     "something is not");
    return NULL;
}

/* The worker has another working directory: it gets absolute paths. */
static engine_status native_run(const struct native *native,
                                const struct plugin_entry *plugin,
                                const char *absolute,
                                struct native_state *state, engine_error *err)
{
    bson_t *request =
        BCON_NEW("paths", "[", BCON_UTF8(absolute), "]", "validate_only",
                 BCON_BOOL(native->validate_only));
    struct job job = {.plugin = plugin,
                      .op = "import",
                      .request = request,
                      .parallel = 1,
                      .user = state,
                      .on_document = native_on_document};
    engine_status status;

    session_limits(native->config, &job.limits);
    job.limits = conduct_limits(plugin, &job.limits);
    status = conduct_one(native->conduct, &job, err);
    bson_destroy(request);
    return status;
}

engine_status native_import(const struct native *native, const char *path,
                            const char *format, struct rules_import *import,
                            engine_error *err)
{
    struct native_state state = {.path = path, .import = import};
    const struct plugin_entry *plugin = native_plugin(native, format, err);
    char *absolute;
    engine_status status;

    if (!plugin)
        return ENGINE_EUNSUPPORTED;
    absolute = realpath(path, NULL);
    if (!absolute)
        return engine_fail(err, engine_status_from_errno(errno),
                           "could not find \"%s\": %s", path, strerror(errno));
    status = native_run(native, plugin, absolute, &state, err);
    free(absolute);
    return status;
}
