/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - operations of AWS services as botocore's service-2.json describes
 * them (paginators-1.json, endpoints.json), made compact at build time and
 * loaded service by service; and a request and an answer of any of them.
 *
 * Threads: a model belongs to one thread.
 */
#ifndef PLUGINS_AWS_MODEL_H
#define PLUGINS_AWS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/error.h"
#include "sdk/kit/value.h"

struct aws_model;
struct aws_service;
struct aws_operation;

/** directory NULL: the installed one, or SCAN_ENGINE_AWS_MODEL_DIR. */
engine_status aws_model_new(const char *directory, struct aws_model **out,
                            engine_error *err);
void aws_model_free(struct aws_model *model);

/** By endpoint prefix, botocore name or alias ("elbv2", "cloudwatch");
 * ENGINE_ENOTFOUND names near ones. */
engine_status aws_model_service(struct aws_model *model, const char *name,
                                const struct aws_service **out,
                                engine_error *err);
/** "ListBuckets", "list_buckets" and "list-buckets" are the same. Operations
 * that change something or hand out secrets are refused (ENGINE_EDENIED). */
engine_status aws_model_operation(struct aws_model *model,
                                  const struct aws_service *service,
                                  const char *name,
                                  const struct aws_operation **out,
                                  engine_error *err);

const char *aws_service_name(const struct aws_service *service);
const char *aws_operation_name(const struct aws_operation *operation);
/** "s3:GetBucketPolicy", as in a policy document, as far as it is known. */
const char *aws_operation_permission(const struct aws_operation *operation);
/** One endpoint for all regions (iam, organizations), or the same answer in
 * all of them (sts; all of s3, whose buckets are where they are: see
 * aws_failure.region). Such calls may be made without a region. */
bool aws_operation_is_global(const struct aws_operation *operation);
/** Lists that grow from page to page, dotted, NULL-ended; NULL: one page. */
const char *const *aws_operation_lists(const struct aws_operation *operation);

/** Partition ("aws", "aws-cn", "aws-us-gov") of a region by its name. */
const char *aws_model_partition(struct aws_model *model, const char *region);
/** Regions of a partition, NULL-ended. */
const char *const *aws_model_regions(struct aws_model *model,
                                     const char *partition);

/** A request, all but its credentials. */
struct aws_request {
    const char *method;
    char *url;           /* exactly as it is sent and signed */
    char **headers;      /* "Name: value", NULL-ended */
    struct buffer body;
    char *service, *region; /* of the credential scope */
    bool s3;
    bool unsigned_;      /* authtype none */
};
void aws_request_clear(struct aws_request *request);

/** Where it goes. */
struct aws_place {
    const char *region;
    const char *account;  /* for host prefixes such as s3control's; or NULL */
    const char *endpoint; /* URL in place of the model's; NULL: none */
};

/**
 * Makes a request of parameters (an object, names as in the API; the case of
 * their first letter counts for nothing). ENGINE_EINVAL names a parameter that
 * is unknown, missing or of the wrong type. token (may be NULL) is what
 * aws_answer_token gave for the page before.
 */
engine_status aws_request_init(struct aws_model *model,
                               const struct aws_operation *operation,
                               const struct value *parameters,
                               const struct value *token,
                               const struct aws_place *place,
                               struct aws_request *out, engine_error *err);

/**
 * Checks parameters of a rule before any call is made: names, types, what is
 * missing. Texts with a '{' in them are placeholders and fit everywhere.
 */
engine_status aws_operation_check(const struct aws_operation *operation,
                                  const struct value *parameters,
                                  engine_error *err);

/** An answer's head, as far as an operation's output needs it. */
struct aws_head {
    long status;
    const char *(*header)(const char *name, void *user);
    void *user;
};

/**
 * Reads a successful answer: names and types as in the API and in botocore,
 * but for these: times are RFC 3339 in UTC, blobs base64 (those that are all
 * of the body texts, if they are any), members that the model does not have
 * are kept, values of what the model calls sensitive are "(sensitive)", and
 * there is no ResponseMetadata. Lists are lists also with one element; what is
 * absent is absent, what is empty is there. Names are the model's: the answer
 * must not outlive it.
 */
engine_status aws_answer(const struct aws_operation *operation,
                         const struct aws_head *head, const char *body,
                         size_t len, struct arena *arena, struct value *out,
                         engine_error *err);
/** The token of the next page, an object; VALUE_NULL: there is none. An answer
 * that says that there are more pages and has no token is ENGINE_EIO. */
engine_status aws_answer_token(const struct aws_operation *operation,
                               const struct value *answer, struct arena *arena,
                               struct value *out, engine_error *err);
/** ENGINE_EIO: an answer of an operation without pages has a token of a next
 * one, or says that it is only a part. */
engine_status aws_answer_whole(const struct aws_operation *operation,
                               const struct value *answer, engine_error *err);

/** What a failed answer says. */
struct aws_failure {
    char code[128];    /* "AccessDenied"; of json without its namespace */
    char message[512]; /* one line */
    char region[32];   /* where S3 says the bucket is; empty: it does not */
};
/** Reads an answer of status 300 and above, of any protocol. Where there is no
 * code, as with HEAD, it is the status ("404"). */
void aws_failure_read(const struct aws_operation *operation,
                      const struct aws_head *head, const char *body,
                      size_t len, struct aws_failure *out);

#endif
