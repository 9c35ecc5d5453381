/* SPDX-License-Identifier: Apache-2.0 */
/* discovery.c - resource types of a cluster, asked for once. */
#include "plugins/kubernetes/cluster.h"
#include "plugins/kubernetes/discovery.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

static const char discovery_accept[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;"
    "as=APIGroupDiscoveryList,application/json";

/* ---- asking -------------------------------------------------------------- */

/* the answers of a server that does not know aggregated discovery lead to one
 * request for each version of each group */
static engine_status discovery_ask_versions(struct kube_cluster *cluster,
                                            struct kube_discovery *out,
                                            engine_error *err)
{
    struct kube_get *gets =
        engine_calloc(out->versions_count + 1, sizeof(*gets));
    engine_status status = ENGINE_OK;

    if (!gets)
        return engine_fail_memory(err);
    for (size_t i = 0; i < out->versions_count; i++)
        gets[i].path = out->versions[i].path;
    status = kube_cluster_get(cluster, gets, out->versions_count, err);
    for (size_t i = 0; status == ENGINE_OK && i < out->versions_count; i++) {
        const struct kube_version *version = &out->versions[i];
        engine_error why = gets[i].failure;

        if (why.status == ENGINE_OK)
            kube_discovery_resources(out, version, gets[i].text.data,
                                     gets[i].text.len, &why);
        if (why.status == ENGINE_OK)
            kube_discovery_note(out, gets[i].path, gets[i].text.data,
                                gets[i].text.len, &why);
        if (why.status == ENGINE_ENOMEM)
            status = engine_fail_memory(err);
        else if (why.status < 0)
            status = kube_discovery_failed(out, version->group,
                                           version->version, why.message,
                                           err);
    }
    for (size_t i = 0; i < out->versions_count; i++)
        kube_get_clear(&gets[i]);
    engine_free(gets);
    return status;
}

static engine_status discovery_ask(struct kube_cluster *cluster,
                                   struct kube_discovery *out,
                                   engine_error *err)
{
    struct kube_get gets[] = {
        {.path = "/api", .accept = discovery_accept},
        {.path = "/apis", .accept = discovery_accept},
    };
    engine_status status = kube_cluster_get(cluster, gets, 2, err);

    for (size_t i = 0; status == ENGINE_OK && i < 2; i++) {
        if (gets[i].failure.status < 0) {
            *err = gets[i].failure;
            status = err->status;
        } else {
            status = kube_discovery_root(out, gets[i].path,
                                         gets[i].text.data,
                                         gets[i].text.len, err);
        }
        if (status == ENGINE_OK)
            status = kube_discovery_note(out, gets[i].path,
                                         gets[i].text.data,
                                         gets[i].text.len, err);
    }
    kube_get_clear(&gets[0]);
    kube_get_clear(&gets[1]);
    if (status == ENGINE_OK && out->versions_count)
        status = discovery_ask_versions(cluster, out, err);
    if (status == ENGINE_OK && kube_kinds_count(out->kinds) == 0)
        status = engine_fail(err, ENGINE_EPARSE,
                             "%.300s: discovery names no resource types",
                             cluster->who);
    return status;
}

/* with the server's word, or what was kept of it lately */
static engine_status discovery_open(struct kube_cluster *cluster,
                                    bool kept, engine_error *err)
{
    struct kube_discovery *fresh;
    engine_status status;

    if (cluster->undiscovered.status < 0) {
        *err = cluster->undiscovered;
        return err->status;
    }
    fresh = kube_discovery_new();
    if (!fresh)
        return engine_fail_memory(err);
    if (kept && kube_discovery_load(cluster, fresh)) {
        fresh->kept = true;
        status = ENGINE_OK;
    } else {
        kube_discovery_free(fresh);
        fresh = kube_discovery_new();
        status = fresh ? discovery_ask(cluster, fresh, err)
                       : engine_fail_memory(err);
        if (status == ENGINE_OK && !fresh->failed)
            kube_discovery_save(cluster, fresh);
    }
    if (status < 0) {
        kube_discovery_free(fresh);
        /* a plugin or a file that is missing is no missing type */
        if (status == ENGINE_ENOTFOUND)
            status = err->status = ENGINE_EIO;
        cluster->undiscovered = *err;
        return status;
    }
    kube_discovery_free(cluster->discovery);
    cluster->discovery = fresh;
    return ENGINE_OK;
}

/* ---- resolving ----------------------------------------------------------- */

static bool discovery_may_have(const struct kube_failed *failed,
                               const char *name)
{
    return (!strchr(name, '.') && !strchr(name, '/')) ||
           strcasestr(name, failed->group) != NULL;
}

static engine_status discovery_unknown(const struct kube_cluster *cluster,
                                       const char *name, engine_error *err)
{
    for (const struct kube_failed *failed = cluster->discovery->failed;
         failed; failed = failed->next)
        if (discovery_may_have(failed, name)) {
            engine_fail(err, ENGINE_EIO,
                        "whether there is a resource type \"%.100s\" is not "
                        "known, as the types of %.200s/%.60s could not be "
                        "had: %.400s", name, failed->group, failed->version,
                        failed->why);
            engine_hint(err, "kubectl get apiservice tells which API is "
                             "away");
            return ENGINE_EIO;
        }
    return engine_fail(err, ENGINE_ENOTFOUND,
                       "the server has no resource type \"%.200s\" (%.300s)",
                       name, cluster->who);
}

engine_status kube_discovery_resolve(struct kube_cluster *cluster,
                                     const char *name,
                                     struct kube_resource *out,
                                     engine_error *err)
{
    const struct kube_resource *found = NULL;
    engine_status status = ENGINE_OK;
    engine_error local;

    err = err ? err : &local;
    if (!cluster->discovery)
        status = discovery_open(cluster, true, err);
    if (status == ENGINE_OK) {
        found = kube_kinds_find(cluster->discovery->kinds, name);
        /* a type that is newer than what was kept */
        if (!found && cluster->discovery->kept)
            status = discovery_open(cluster, false, err);
        if (status == ENGINE_OK && !found)
            found = kube_kinds_find(cluster->discovery->kinds, name);
    }
    if (status < 0)
        return status;
    if (!found)
        return discovery_unknown(cluster, name, err);
    *out = *found;
    return ENGINE_OK;
}
