/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - {type: gcp_project, project | projects | folder | organization,
 * credentials: {file | env | metadata}, impersonate, quota_project, endpoint,
 * endpoints: {API: URL}, ca_file}.
 */
#ifndef PLUGINS_GCP_TARGET_H
#define PLUGINS_GCP_TARGET_H

#include <bson/bson.h>
#include <stdbool.h>

#include "sdk/base/arena.h"
#include "sdk/base/error.h"

struct gcp_target {
    const char **projects; /* NULL-ended; NULL: to be found */
    bool all;              /* every project that the identity sees */
    const char *folder, *organization; /* numbers, without a prefix */
    const char *file, *env, *impersonate;
    bool metadata;
    const char *quota_project;
    const char *endpoint; /* for all APIs, "{api}" in it is their name */
    bson_t endpoints;     /* borrowed from the target; may be empty */
    const char *ca_file;
};

/** Texts live in arena or the document. ENGINE_EINVAL names the member. */
engine_status gcp_target_read(const bson_t *document, struct arena *arena,
                              bool custom, struct gcp_target *out,
                              engine_error *err);

/**
 * The URL of what is at `path` (with a slash in front) of an API: the target's
 * endpoints, then CLOUDSDK_API_ENDPOINT_OVERRIDES_API, then Google's. The
 * caller frees it.
 */
engine_status gcp_target_url(const struct gcp_target *target, const char *api,
                             const char *path, char **out, engine_error *err);

#endif
