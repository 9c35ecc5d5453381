/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.h - what an API server says of its resource types: aggregated
 * (apidiscovery.k8s.io v2 and v2beta1), or group by group.
 */
#ifndef PLUGINS_KUBERNETES_DISCOVERY_H
#define PLUGINS_KUBERNETES_DISCOVERY_H

#include "plugins/kubernetes/kinds.h"
#include "sdk/base/arena.h"

struct kube_cluster;

#define KUBE_VERSIONS_MAXIMUM 4096

/** A version of a group that could not be had. */
struct kube_failed {
    const char *group, *version, *why;
    struct kube_failed *next;
};

/** A version that has to be asked for by itself. */
struct kube_version {
    const char *group, *version, *path;
};

/** An answer as it came, for the cache. */
struct kube_answer {
    const char *path, *text;
    size_t len;
    struct kube_answer *next;
};

struct kube_discovery {
    struct arena arena;
    struct kube_kinds *kinds;
    struct kube_failed *failed;
    struct kube_version versions[KUBE_VERSIONS_MAXIMUM];
    size_t versions_count;
    struct kube_answer *answers, **answers_end;
    bool kept; /* from the cache */
};

struct kube_discovery *kube_discovery_new(void);
void kube_discovery_free(struct kube_discovery *discovery);
engine_status kube_discovery_failed(struct kube_discovery *discovery,
                                    const char *group, const char *version,
                                    const char *why, engine_error *err);

/** Takes an answer's text for the cache. */
engine_status kube_discovery_note(struct kube_discovery *discovery,
                                  const char *path, const char *text,
                                  size_t len, engine_error *err);
/** The version that a path is of; NULL: it was not announced. */
const struct kube_version *
kube_discovery_version(const struct kube_discovery *discovery,
                       const char *path);

/* ---- discovery_parse.c --------------------------------------------------- */

/** Takes the answer of /api or /apis, of any form. */
engine_status kube_discovery_root(struct kube_discovery *out,
                                  const char *path, const char *text,
                                  size_t len, engine_error *err);
/** Takes an APIResourceList. */
engine_status kube_discovery_resources(struct kube_discovery *out,
                                       const struct kube_version *version,
                                       const char *text, size_t len,
                                       engine_error *err);

/* ---- discovery_cache.c --------------------------------------------------- */

/** Fills out from the job's cache when that is young and sound. */
bool kube_discovery_load(const struct kube_cluster *cluster,
                         struct kube_discovery *out);
/** Failures are only logged. */
void kube_discovery_save(const struct kube_cluster *cluster,
                         const struct kube_discovery *discovery);

#endif
