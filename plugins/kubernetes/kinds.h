/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - the resource types that are known, and finding one by any of its
 * names. Discovery fills it for a cluster; for a dump it is what the files
 * show and what every cluster has.
 */
#ifndef PLUGINS_KUBERNETES_KINDS_H
#define PLUGINS_KUBERNETES_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/error.h"

/** What discovery says of a resource type. */
struct kube_resource {
    const char *group;   /* "" for the core group */
    const char *version;
    const char *plural;  /* "pods", as in paths */
    const char *kind;    /* "Pod" */
    bool namespaced;
};

struct kube_kinds;

struct kube_kinds *kube_kinds_new(void);
void kube_kinds_free(struct kube_kinds *kinds);
/** Adds a type (texts are copied); of equal names the one added first is
 * found, so the server's order of preference is kept. singular and shorts
 * (separated by commas) may be NULL. */
engine_status kube_kinds_add(struct kube_kinds *kinds,
                             const struct kube_resource *resource,
                             const char *singular, const char *shorts,
                             engine_error *err);
/** Adds the types that every cluster has. */
engine_status kube_kinds_add_common(struct kube_kinds *kinds,
                                    engine_error *err);
/**
 * Finds "pods", "pod", "Pod", "po", "deployments.apps",
 * "deployments.v1.apps", "Deployment.apps", "apps/v1/Deployment" or
 * "v1/Pod"; upper and lower case are the same. NULL: there is none.
 */
const struct kube_resource *kube_kinds_find(const struct kube_kinds *kinds,
                                            const char *name);
/** The type of a kind in exactly that group and version; NULL: none. */
const struct kube_resource *kube_kinds_of(const struct kube_kinds *kinds,
                                          const char *api_version,
                                          const char *kind);
size_t kube_kinds_count(const struct kube_kinds *kinds);
const struct kube_resource *kube_kinds_at(const struct kube_kinds *kinds,
                                          size_t index);

#endif
