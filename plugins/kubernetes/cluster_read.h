/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_read.h - one read of a cluster, while it is asked for. */
#ifndef PLUGINS_KUBERNETES_CLUSTER_READ_H
#define PLUGINS_KUBERNETES_CLUSTER_READ_H

#include "plugins/kubernetes/cluster.h"

struct cluster_read {
    struct kube_cluster *cluster;
    struct kube_read *read;
    bool place;          /* a path of a resource type... */
    bool list;           /* ... and of all of its objects */
    char *token;         /* of the page that is asked for; NULL: the first */
    bool fresh;          /* the cache was too old: ask for the latest */
    unsigned begun;
    uint64_t pages, idle, before; /* objects when the page began */
    uint64_t passed;     /* pages of the tries before */
    unsigned generation; /* of the credentials that it was made with */
    bool good;           /* 200: bytes are the read's */
    struct buffer problem;
};

/** Whether the page is what was asked for: a list, an object of the API. */
engine_status cluster_page_check(const struct cluster_read *read,
                                 engine_error *err);
/** Counts a page, and refuses the next of a list without an end: pages that
 * bring nothing, or next to nothing. */
engine_status cluster_page_next(struct cluster_read *read, const char *next,
                                engine_error *err);

#endif
