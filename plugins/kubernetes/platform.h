/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platform.h - whether a rule is for the cluster at hand, as the platforms of
 * imported content have it: "#ocp4.6_or_ocp4.7", "#ocp4-on-aws", "#eks". What
 * the cluster says of itself is asked for only where a rule has such a
 * platform; a rule applies unless the cluster is known to be another one.
 * CPE names ("cpe:/...") are the whole benchmark's, and not looked at.
 */
#ifndef PLUGINS_KUBERNETES_PLATFORM_H
#define PLUGINS_KUBERNETES_PLATFORM_H

#include <bson/bson.h>

#include "plugins/kubernetes/source.h"

struct kube_recorder;

/** What a cluster says of itself; "" where it does not. */
struct kube_platform {
    char openshift[64]; /* version, "4.12.1" */
    char cloud[64];     /* AWS, Azure, GCP, ... */
    char network[64];   /* OpenShiftSDN, OVNKubernetes, ... */
    char version[64];   /* of Kubernetes, "v1.27.4-eks-2d98532" */
};

/**
 * Asks for what the platforms of these rules need to be known, if anything;
 * what cannot be had stays unknown. Fails only when the source has to stop.
 */
engine_status kube_platform_ask(struct kube_source *source,
                                const bson_t *rules, size_t count,
                                struct kube_recorder *recorder,
                                struct kube_platform *out,
                                engine_error *err);
/** Whether a rule is for such a cluster; *why (of `room` bytes) says why it
 * is not. */
bool kube_platform_applies(const struct kube_platform *platform,
                           const bson_t *rule, char *why, size_t room);

#endif
