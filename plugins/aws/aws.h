/* SPDX-License-Identifier: Apache-2.0 */
/* aws.h - the scanner of AWS accounts, between its files: one operation on one
 * target. What calls there are, and what they mean, is in model.h. */
#ifndef PLUGINS_AWS_AWS_H
#define PLUGINS_AWS_AWS_H

#include <engine/scanner.h>

#include "plugins/aws/credentials.h"
#include "plugins/aws/model.h"
#include "sdk/base/hash.h"
#include "sdk/kit/cloud/cloud.h"

#define AWS_LEVEL_ACCOUNT 0
#define AWS_LEVEL_REGION 1
#define AWS_ACCOUNTS 20000
#define AWS_PAGES 100000         /* of one call */
#define AWS_BODY ((size_t)256 << 20) /* of one answer */

/** What a target says. Texts live as long as the operation. */
struct aws_target {
    const char *profile, *role, *external_id, *session_name, *endpoint;
    struct value accounts; /* list of texts and {account, role, external_id} */
    struct value exclude;  /* list of account ids */
    struct value regions;  /* list of names; null: all that are enabled */
    bool organization;
};

engine_status aws_target_read(struct cloud *cloud, struct aws_target *out,
                              engine_error *err);

struct aws_account {
    struct aws *aws;
    const char *id;        /* twelve digits */
    const char *name;      /* of the organization; or NULL */
    const char *partition;
    const char *home;      /* the region that it is asked in about itself */
    struct aws_credentials *credentials;
    bool owned;            /* they are its own, to be freed */
    engine_error why;      /* status < 0: it cannot be used */
    struct value regions;  /* DescribeRegions' list; null: not asked */
    const struct cloud_scope *scope;
};

struct aws {
    struct cloud *cloud;
    struct aws_model *model;
    struct aws_signer *signer;
    struct aws_target target;
    struct aws_credentials *base;
    struct aws_account *accounts[AWS_ACCOUNTS];
    size_t count;
    const char *arn; /* who the base is */
    struct table buckets; /* "PARTITION/NAME" to struct aws_bucket */
    int64_t resolver_ms;  /* until then the resolver is not asked (steady) */
};

/* ---- accounts.c, regions.c, scopes.c ---------------------------------------- */

engine_status aws_scopes(void *self, unsigned deepest, engine_error *err);
/** Finds the accounts, and the keys of each: account->why says which has none. */
engine_status aws_accounts(struct aws *aws, engine_error *err);
void aws_accounts_free(struct aws *aws);
/** Asks all accounts that have keys for their regions. */
engine_status aws_regions(struct aws *aws, engine_error *err);
/** What DescribeRegions says of a region; NULL: nothing. */
const struct value *aws_account_region(const struct aws_account *account,
                                       const char *name);
/** Region for what is asked of an account as a whole. */
const char *aws_home(struct aws *aws, const char *partition);

/* ---- calls ----------------------------------------------------------------- */

/** One call, all its pages. */
struct aws_call {
    struct aws *aws;
    struct aws_account *account;
    const struct aws_operation *operation;
    const char *service;
    const char *region;     /* that it is made in; lives with the operation */
    char *parameters;       /* JSON */
    struct aws_request request;
    char *bucket;           /* of rates: account, region, service */

    struct arena *arena;    /* of the answer */
    struct buffer body;     /* of the page on its way */
    struct cloud_pages *pages;
    char token[HASH_HEX_SIZE];   /* of the page on its way */
    char earlier[HASH_HEX_SIZE]; /* of one before */
    unsigned page, moves, reports;
    const struct aws_operation *generate; /* on its way, instead of operation */
    struct aws_bucket *about; /* whose region is not known; or NULL */
    bool asks;                /* and this call finds it out */
    struct aws_call *next;    /* of those that wait for that */
    bool skewed, skew_told;
    bool elsewhere; /* it goes to an endpoint that somebody set */
    bool nowhere;   /* its host is a name that does not exist */
    struct aws_failure failure;

    /** Called once, with the answer or with code (may be "") and why. The
     * call may be freed in it. */
    void (*ended)(struct aws_call *call, const struct value *answer,
                  const char *code, const engine_error *why);
    void *user;
};

/** Finds the operation and makes the first request; parameters may be NULL. */
engine_status aws_call_new(struct aws *aws, struct aws_account *account,
                           const char *region, const char *service,
                           const char *operation,
                           const struct value *parameters,
                           struct aws_call **out, engine_error *err);
void aws_call_free(struct aws_call *call);
/** Begins it; ended is called later, unless this fails. */
engine_status aws_call_start(struct aws_call *call, engine_error *err);
/** All at once, to its end; *out lives in arena. */
engine_status aws_call_now(struct aws_call *call, struct arena *arena,
                           struct value *out, engine_error *err);

/** The request anew, of the parameters that were kept. */
engine_status aws_call_remake(struct aws_call *call,
                              const struct value *token, engine_error *err);
/** Ends a call that could not go on. */
void aws_call_fail(struct aws_call *call, const engine_error *why);

/* call_pages.c */
/** Reads an answer, and begins the next page's if there is one (*more); *out is
 * all of them after the last. */
engine_status aws_call_page(struct aws_call *call,
                            struct http_request *request, long status_code,
                            const struct value **out, bool *more,
                            engine_error *err);

/* call_detour.c */
/** True: after such an answer the call goes on elsewhere, or has ended. */
bool aws_call_detour(struct aws_call *call, long status);
/** The credential report was begun. */
void aws_call_generated(struct aws_call *call);

/* nowhere.c */
bool aws_call_is_nowhere(struct aws_call *call,
                         const struct http_response *response);

/* bucket.c: S3 is asked about a bucket where that is. The first call finds
 * that out, the others wait for it. */
engine_status aws_bucket_find(struct aws_call *call,
                              const struct value *parameters,
                              engine_error *err);
/** True: the call is begun later, by another one's end. */
bool aws_bucket_waits(struct aws_call *call);
/** region NULL: it was not found out; why (may be NULL) is how it failed. */
void aws_bucket_ended(struct aws_call *call, const char *region,
                      const engine_error *why);
void aws_buckets_free(struct aws *aws);

/* call_sign.c: what http.h asks about a try. */
/** A header of an answer; user is its struct http_request. */
const char *aws_call_header(const char *name, void *user);
engine_status aws_call_auth(struct http_request *request, bool refused,
                            void *user, engine_error *err);
enum http_verdict aws_call_classify(struct http_request *request,
                                    const struct http_response *response,
                                    const char *body, size_t len, void *user);

/* errors.c */
/** The error of a call that was answered with call->failure and status. */
void aws_call_refused(const struct aws_call *call, long status,
                      engine_error *err);
/** The error of one that was not answered. */
void aws_call_unanswered(const struct aws_call *call, const engine_error *why,
                         engine_error *err);
bool aws_code_in(const char *code, const char *const *codes);

/* provider.c */
engine_status aws_check(void *self, const struct value *call, unsigned *level,
                        engine_error *err);
engine_status aws_prepare(void *self, const struct cloud_scope *scope,
                          const struct value *call, struct buffer *key,
                          void **data, engine_error *err);
engine_status aws_start(void *self, struct cloud_call *call, void *data,
                        engine_error *err);
void aws_release(void *self, void *data);

/* probe.c */
engine_status aws_probe(void *self, bson_t *out, engine_error *err);

#endif
