/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - API paths: what of a path names the thing, what only how to page. */
#ifndef PLUGINS_KUBERNETES_PATH_H
#define PLUGINS_KUBERNETES_PATH_H

#include <stdbool.h>

#include "sdk/base/error.h"

/** The texts are owned; kube_path_clear. */
struct kube_path {
    char *key;    /* path and query without limit, continue and watch: equal
                   * for reads that are the same */
    char *plain;  /* the path alone */
    char *query;  /* the query of key, "" when it has none */
    char *wish;   /* as the rule wrote it, with its whole query, no "#" */
    char *hash;   /* what a "#" was followed by: the name of a filtered dump;
                   * NULL: there was none */
    char *labels; /* labelSelector and fieldSelector of the query, decoded; */
    char *fields; /* NULL: none */
};

/**
 * Takes a path apart. ENGINE_EINVAL when it is no absolute path, has "..",
 * empty or dot segments, control characters or spaces.
 */
engine_status kube_path_parse(const char *text, struct kube_path *out,
                              engine_error *err);
void kube_path_clear(struct kube_path *path);

/** True for /api, /apis, /version, /openapi and the like. */
bool kube_path_is_api(const struct kube_path *path);

/** What a path of a resource type is made of; NULL where there is nothing. */
struct kube_path_parts {
    const char *group, *version, *plural;
    const char *namespace, *name;
    const char *labels, *fields; /* selectors, not yet encoded */
};

/** "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME?labelSelector=..." */
engine_status kube_path_build(const struct kube_path_parts *parts, char **out,
                              engine_error *err);

#endif
