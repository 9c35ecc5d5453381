/* SPDX-License-Identifier: Apache-2.0 */
/* azure.h - one operation on one target, and its calls. */
#ifndef PLUGINS_AZURE_AZURE_H
#define PLUGINS_AZURE_AZURE_H

#include "plugins/azure/credentials.h"
#include "plugins/azure/pager.h"
#include "plugins/azure/request.h"
#include "plugins/azure/target.h"
#include "plugins/azure/versions.h"
#include "sdk/kit/cloud/cloud.h"
#include "sdk/kit/http.h"

#define AZURE_BODY_MAXIMUM ((size_t)256 * 1024 * 1024) /* of one page */

#define AZURE_PROBED 20 /* subscriptions that probe looks at, of many */

enum azure_level { AZURE_TENANT, AZURE_SUBSCRIPTION };

struct azure_call;

struct azure {
    struct cloud *cloud;
    struct azure_target target;
    struct azure_credentials *credentials;
    struct azure_auth arm, graph;
    struct http_endpoint endpoint;
    struct azure_versions versions;
    struct azure_call *waiting; /* for the versions */
    bool asking;                /* for them */
    bool warned;                /* that a quota is nearly used up */
    bool asks_graph;            /* a rule asks Resource Graph */
    engine_error unseen;        /* why its answers would lack something */
    size_t subscriptions;       /* scopes of them */
    const char *probed[AZURE_PROBED]; /* ids of the first ones */
};

/* ---- call.c: the provider's functions ------------------------------------ */

engine_status azure_check(void *self, const struct value *call,
                          unsigned *level, engine_error *err);
engine_status azure_prepare(void *self, const struct cloud_scope *scope,
                            const struct value *call, struct buffer *key,
                            void **data, engine_error *err);
engine_status azure_start(void *self, struct cloud_call *call, void *data,
                          engine_error *err);
void azure_release(void *self, void *data);

/* ---- send.c: one call with all its pages --------------------------------- */

/** How a call ends: value or why. Frees the call, or has it freed. */
typedef void (*azure_end_fn)(struct azure_call *call,
                             const struct value *value, const char *code,
                             const engine_error *why);

struct azure_call {
    struct azure *azure;
    enum azure_api api;
    bool post, versioned;
    char *path;       /* and query */
    char *version;    /* api-version; NULL: to be found */
    char *query;      /* of Resource Graph; NULL: none */
    char *body;       /* of another POST; NULL: none */
    char bucket[128]; /* what shares its rate */
    /* under way */
    struct arena *arena;
    azure_end_fn end;
    void *user;
    char *url, *subject;
    struct azure_pager pager;
    struct buffer text;
    long status;
    char type[64], quota[160];
    struct azure_call *next;
};

struct azure_call *azure_call_new(struct azure *azure);
void azure_call_free(struct azure_call *call);
/** Sends it, or lets it wait for the versions; it ends by end, now or later. */
void azure_call_begin(struct azure_call *call);
/** Its parts: a call with a version, and one that may have to wait for it. */
void azure_send_request(struct azure_call *call);
void azure_send_versioned(struct azure_call *call);

/* ---- fetch.c: a list, at once -------------------------------------------- */

/** All pages of a path of Resource Manager; the answer lives in the arena. */
engine_status azure_fetch(struct azure *azure, const char *path,
                          struct arena *arena, const struct value **out,
                          engine_error *err);

/* ---- scopes.c, probe.c --------------------------------------------------- */

engine_status azure_scopes(void *self, unsigned deepest, engine_error *err);
engine_status azure_probe(void *self, bson_t *out, engine_error *err);

#endif
