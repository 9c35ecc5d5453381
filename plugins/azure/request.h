/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - what a rule may ask: paths of Azure Resource Manager (ARM
 * resource provider contract, "API versions", "Collections"), of Microsoft
 * Graph, queries of Azure Resource Graph. Nothing that changes something or
 * hands out secrets gets through.
 */
#ifndef PLUGINS_AZURE_REQUEST_H
#define PLUGINS_AZURE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/value.h"

#define AZURE_PATH_MAXIMUM ((size_t)16384)

enum azure_api { AZURE_ARM, AZURE_GRAPH };

/** One national cloud: no slash at the end of its URLs. */
struct azure_cloud {
    const char *name;
    const char *resource_manager, *authority, *graph;
};
/** "public", "usgov", "china" and the SDKs' names of them; NULL: unknown. */
const struct azure_cloud *azure_cloud_get(const char *name);

struct azure_request {
    enum azure_api api;
    bool post;
    bool versioned;     /* the query has an api-version */
    struct buffer path; /* path and query as they are sent */
};

void azure_request_clear(struct azure_request *request);

/**
 * Reads a path ("/subscriptions/...") or URL (of ARM or Microsoft Graph, in
 * the public cloud's or in any other's spelling). What URLs cannot hold is
 * encoded, what needs no encoding is decoded. The caller clears *out, also
 * after a failure. ENGINE_EINVAL says what is wrong with it; ENGINE_EDENIED: it
 * is no reading action.
 */
engine_status azure_request_read(const char *method, const char *text,
                                 struct azure_request *out, engine_error *err);

/** Checks an api_version: a date, with "-preview" or the like behind it. */
engine_status azure_version_check(const char *text, engine_error *err);

/** The type that a path is about ("Microsoft.Storage/storageAccounts"), which
 * has its API versions; "" where there is none. */
void azure_request_type(const char *path, char *out, size_t room);

/** What a query says of $expand, up to the query's end; NULL: nothing. */
const char *azure_request_expand(const char *path);

/** Whether texts of a call look at the scope's subscription. */
bool azure_call_needs_subscription(const struct value *call);

/** Whether two URLs have scheme, host and port in common. */
bool azure_same_origin(const char *a, const char *b);
/** The same text in a URL's query, %-encoded, appended. */
engine_status azure_encode(const char *text, struct buffer *out);

/** For azure_request_read: ENGINE_EDENIED for a path that is never asked. */
engine_status azure_request_allow(const struct azure_request *request,
                                  const char *path, size_t len,
                                  engine_error *err);

#endif
