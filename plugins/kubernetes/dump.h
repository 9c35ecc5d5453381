/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - the two layouts of a dump: API paths, and plain manifests. */
#ifndef PLUGINS_KUBERNETES_DUMP_H
#define PLUGINS_KUBERNETES_DUMP_H

#include "plugins/kubernetes/source.h"

/** What an API path asks for, as far as it is one of a resource. */
struct kube_place {
    char group[256], version[64], plural[256];
    char namespace[256], name[256]; /* "" where there is none */
};

/** Takes "/apis/apps/v1/namespaces/x/deployments/y" apart; false: it is no
 * path of a resource type. */
bool kube_place_of(const char *plain, struct kube_place *out);

/* ---- dump_file.c --------------------------------------------------------- */

/** The file below root that answers a path, NULL when there is definitely
 * none; *narrow: it holds more than the path's selectors ask for. Caller
 * frees. */
engine_status kube_dump_locate(const char *root, const struct kube_path *path,
                               char **out, bool *narrow, engine_error *err);
/** The file of a filter's output. */
engine_status kube_dump_filtered(const char *root,
                                 const struct kube_path *path, char **out,
                                 engine_error *err);

/* ---- dump_manifests.c ---------------------------------------------------- */

struct kube_manifests;

/** Reads every .yaml, .yml and .json file below path (or the one file). */
engine_status kube_manifests_open(const char *path, struct kube_kinds *kinds,
                                  struct kube_manifests **out,
                                  engine_error *err);
void kube_manifests_close(struct kube_manifests *manifests);
/** Answers a read with the objects of the manifests. */
engine_status kube_manifests_read(const struct kube_manifests *manifests,
                                  struct kube_read *read, engine_error *err);

#endif
