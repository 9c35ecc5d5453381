/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - the calls of rules: {request, method?, body?}.
 *
 * `request` is "API/PATH?QUERY", where API is the first label of the API's
 * host: "compute/v1/projects/{project}/global/firewalls" is
 * https://compute.googleapis.com/compute/v1/..., "iam/v1/{name}/keys" is
 * https://iam.googleapis.com/v1/... (APIs whose paths begin with their name
 * keep it: bigquery, compute, deploymentmanager, dns, storage); or a whole URL
 * of https://API.googleapis.com.
 *
 * Calls only read. POST is for methods which read by it: the part behind the
 * last colon begins with get, list, search, query, test, analyze, lookup,
 * fetch or batchGet. What hands out payloads of secrets, tokens, or contents
 * of objects is refused.
 */
#ifndef PLUGINS_GCP_REQUEST_H
#define PLUGINS_GCP_REQUEST_H

#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/value.h"

struct gcp_request {
    bool post;
    char api[64];
    char *path;  /* "/v1/projects/...", with its query */
    char *body;  /* a JSON object; NULL: none */
};

void gcp_request_clear(struct gcp_request *request);
/** Checks a call in which placeholders are still to be filled. */
engine_status gcp_request_check(const struct value *call, bool *project,
                                engine_error *err);
/** Whether "PATH?QUERY" is a method that only reads: else ENGINE_EDENIED. */
engine_status gcp_request_may(const char *path, bool post, engine_error *err);
/** Makes a call ready. ENGINE_EINVAL says what is wrong with it. */
engine_status gcp_request_init(const struct value *call,
                               struct gcp_request *out, engine_error *err);
/** A call of our own; body NULL: GET. */
engine_status gcp_request_own(const char *request, const char *body,
                              struct gcp_request *out, engine_error *err);
/** Appends where it goes: path, or path and the token of a page. */
engine_status gcp_request_path(const struct gcp_request *request,
                               const char *token, struct buffer *out);
/** Appends the body, with the token of a page. */
engine_status gcp_request_body(const struct gcp_request *request,
                               const char *token, struct buffer *out);

#endif
