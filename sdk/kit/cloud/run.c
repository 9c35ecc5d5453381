/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the scan and the probe: read rules, open scopes, make calls. */
#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

void cloud_abort(struct cloud *cloud, const engine_error *why)
{
    if (cloud->failure.status == ENGINE_OK)
        cloud->failure = *why;
}

/* Calls that the provider has begun and lost would be waited for forever.
 * Nothing goes on before all of them are known: it would begin others. */
static void run_lost(struct cloud *cloud)
{
    engine_error why = {0};

    engine_fail(&why, ENGINE_EPLUGIN, "the call ended without an answer");
    cloud->pumping = true;
    for (struct call_home *home = cloud->homes; home; home = home->next)
        for (struct cloud_call *call = home->all; call; call = call->all)
            if (call->state == CALL_STARTED)
                cloud_refuse(call, NULL, &why);
    cloud->pumping = false;
    cloud_pump(cloud);
}

engine_status cloud_run(struct cloud *cloud, engine_error *err)
{
    const struct cloud_provider *provider = cloud->provider;
    engine_status status = ENGINE_OK;

    cloud->scanning = true;
    cloud_pump(cloud);
    while (status == ENGINE_OK && cloud->failure.status == ENGINE_OK &&
           cloud->started) {
        status = provider->run ? provider->run(cloud->self, err)
                               : http_run(cloud->http, err);
        if (status == ENGINE_OK && cloud->started)
            run_lost(cloud);
    }
    if (cloud->failure.status < 0) {
        *err = cloud->failure;
        return err->status;
    }
    /* a client that was stopped does not know by what */
    if (status == ENGINE_ECANCELLED && cloud_stopped(cloud, err) < 0)
        return err->status;
    return status;
}

/* ---- scan --------------------------------------------------------------- */

static void scan_refuse_rule(struct cloud_rule *rule, const engine_error *why,
                             void *user)
{
    struct cloud *cloud = user;

    rule->ended = true;
    kit_rule_error(cloud->plugin->host, cloud->job, rule->rule_id, why);
    cloud->rules_done++;
}

static engine_status scan_all(struct cloud *cloud, engine_error *err)
{
    engine_status status =
        cloud_read_rules(cloud, scan_refuse_rule, cloud, err);
    engine_error stopped = {0};

    if (status < 0 || cloud->rules_done == cloud->job->rules_count)
        return status; /* nothing is left to be asked */
    status = cloud->provider->scopes(cloud->self, cloud_deepest(cloud), err);
    if (cloud_stopped(cloud, &stopped) < 0) {
        *err = stopped; /* scopes may be broken by nothing else */
        return err->status;
    }
    if (status == ENGINE_OK)
        status = cloud_sort_scopes(cloud, err);
    if (status == ENGINE_OK)
        status = cloud_run(cloud, err);
    return status;
}

int32_t cloud_op_scan(void *plugin, const struct scanner_job *job,
                      struct scanner_error *error)
{
    struct cloud *cloud = NULL;
    engine_error err = {0};
    engine_status status = cloud_open(plugin, job, &cloud, &err);

    if (status == ENGINE_OK)
        status = scan_all(cloud, &err);
    cloud_free(cloud);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}

/* ---- probe -------------------------------------------------------------- */

int32_t cloud_op_probe(void *plugin, const struct scanner_job *job,
                       struct scanner_error *error)
{
    const struct cloud_plugin *self = plugin;
    struct cloud *cloud = NULL;
    bson_t out = BSON_INITIALIZER;
    engine_error err = {0};
    struct scanner_doc view;
    engine_status status = cloud_open(plugin, job, &cloud, &err);

    if (status == ENGINE_OK)
        status = cloud->provider->scopes(cloud->self, cloud->levels - 1, &err);
    if (status == ENGINE_OK)
        status = cloud->provider->probe(cloud->self, &out, &err);
    view = kit_doc(&out);
    if (status == ENGINE_OK &&
        self->host->document(self->host, job, "probe", &view) < 0)
        status = engine_fail(&err, ENGINE_EIO,
                             "the engine did not take the probe's document");
    cloud_free(cloud);
    bson_destroy(&out);
    return status < 0 ? kit_fail(error, &err) : SCANNER_OK;
}
