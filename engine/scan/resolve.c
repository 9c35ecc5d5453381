/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - what a bare scap_rule_id stands for on a target. */
#include <string.h>

#include "engine/scan/run.h"

static engine_status resolve_on_document(void *user, const char *kind,
                                         const bson_t *document,
                                         engine_error *err)
{
    struct scan_target *target = user;
    bson_t platforms;

    (void)err;
    if (strcmp(kind, "probe") != 0 ||
        !document_child(document, "platforms", &platforms))
        return ENGINE_OK;
    bson_destroy(&target->platforms);
    bson_copy_to(&platforms, &target->platforms);
    return ENGINE_OK;
}

/* asks the plugin once what the target is */
engine_status scan_target_probe(struct scan_run *run,
                                struct scan_target *target,
                                const struct plugin_entry *plugin,
                                engine_error *err)
{
    const char *cpe = document_string(&target->document, "applicability.cpe");
    engine_error why = {0};
    struct job job = {.plugin = plugin,
                      .op = "probe",
                      .scan_id = run->scan_id,
                      .target = &target->document,
                      .parallel = 1,
                      .limits = conduct_limits(plugin, &run->context->limits),
                      .user = target,
                      .on_document = resolve_on_document};

    if (!target->probed && cpe) {
        BSON_APPEND_UTF8(&target->platforms, "0", cpe);
        target->probed = true;
    }
    if (!target->probed) {
        target->probed = true;
        if (conduct_one(&run->conduct, &job, &why) < 0)
            target->probe_error = why;
    }
    if (target->probe_error.status < 0 && err)
        *err = target->probe_error;
    return target->probe_error.status;
}

engine_status scan_resolve(struct scan_run *run, struct scan_target *target,
                           const struct plugin_entry *plugin,
                           const char *scap_rule_id, bson_t *out,
                           engine_error *err)
{
    engine_status status = scan_target_probe(run, target, plugin, err);
    const struct plugin_entry *owner;
    const char *type;

    if (status < 0) {
        engine_error_prefix(err, "could not tell the platform of target "
                                 "\"%s\"", target->id);
        /* not-found would read as "nothing resolves" */
        return err && err->status == ENGINE_ENOTFOUND
                   ? (err->status = ENGINE_EIO)
                   : status;
    }
    status = rules_resolve(run->context->store, scap_rule_id, NULL,
                           &target->platforms, out, err);
    if (status < 0)
        return status;
    type = document_string(out, "scanner_type");
    owner = type ? registry_type(run->context->registry, type) : NULL;
    if (owner == plugin)
        return ENGINE_OK;
    engine_fail(err, ENGINE_ENOTFOUND,
                "\"%s\" resolves to a rule of scanner type \"%s\"",
                scap_rule_id, type ? type : "");
    bson_destroy(out);
    return ENGINE_ENOTFOUND;
}
