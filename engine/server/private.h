/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of engine/server share. */
#ifndef ENGINE_SERVER_PRIVATE_H
#define ENGINE_SERVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/scan/scan.h"
#include "engine/server/server.h"
#include "sdk/base/arena.h"
#include "sdk/document/document.h"

#define SERVER_PREFIX "/api/v1"
#define SERVER_BODY_MAX ((size_t)64 * 1024 * 1024) /* of one answer */
#define SERVER_PAIRS_MAX 32
#define SERVER_COUNT(array) (sizeof(array) / sizeof(*(array)))

enum server_role { ROLE_OPEN, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

struct server_pair {
    const char *name, *value;
};

/* ---- requests and answers ------------------------------------------------ */

struct route;

/** One request, free of the HTTP library; texts live as long as it. */
struct request {
    struct server *server;
    struct store *store;        /* while a handler runs */
    struct server_world *world; /* while a handler runs */
    struct arena arena;
    const char *method, *path; /* decoded, with the prefix */
    struct server_pair query[SERVER_PAIRS_MAX];
    size_t query_count;
    const char *authorization, *content_type, *address;
    const char *host, *origin; /* headers; NULL: absent */
    const char *body;
    size_t body_len;
    bool too_large;
    char id[65];
    const struct route *route;
    const char *words[4]; /* what {...} of the path stands for */
    bson_t json;          /* the body of a route that takes JSON */
    char token[40], who[128];
    enum server_role role;
};

/** A long answer, made piece by piece on the connection's own thread. */
struct response_stream {
    /* bytes written, or -1 at the end */
    long (*read)(void *state, char *out, size_t room);
    void (*free)(void *state);
    void *state;
};

struct response {
    unsigned status; /* set before a failure: use this one */
    const char *media_type;
    struct buffer body;
    struct server_pair headers[8]; /* values in the request's arena */
    size_t headers_count;
    bson_t details; /* of a failure; empty: none */
    struct response_stream stream;
    int file; /* an open descriptor to send, or -1 */
};

typedef engine_status (*route_fn)(struct request *request,
                                  struct response *response,
                                  engine_error *err);

enum route_body { BODY_NONE, BODY_JSON, BODY_ANY };

struct route_parameter {
    const char *name, *type, *help; /* type: string, integer, boolean */
    int64_t minimum, maximum;       /* of an integer */
};

/** One line of the table from which routing and OpenAPI are made. */
struct route {
    const char *method, *path; /* without the prefix */
    enum server_role role;
    route_fn fn;
    const char *operation, *summary;
    enum route_body body;
    const char *request_schema, *response_schema;
    unsigned status;           /* of success */
    const char *failures;      /* "404 409": besides those of every route */
    const struct route_parameter *parameters; /* ends with a NULL name */
};

extern const struct route routes[];
extern const size_t routes_count;

/** Finds route and words for method and path (HEAD is as GET). 0, or the
 * status 404 or 405 (*allow is then a list of methods in the arena). */
unsigned routes_match(struct request *request, const char **allow);

/** The answer to a request: routing, authentication, limits, handler,
 * failures as envelopes. Never fails. */
void server_answer(struct server *server, struct request *request,
                   struct response *response);
void request_init(struct request *request, struct server *server);
void request_clear(struct request *request);
void response_init(struct response *response);
void response_clear(struct response *response);

const char *request_query(const struct request *request, const char *name);
/** Checks numbers and flags of the query by the route's table. */
engine_status request_check_query(const struct request *request,
                                  engine_error *err);
/** A number of the query, which was checked; fallback when absent. */
int64_t request_number(const struct request *request, const char *name,
                       int64_t fallback);
bool request_flag(const struct request *request, const char *name);
/** True when the request may see each scan: of an admin, or configured so. */
bool request_sees_all(const struct request *request);
/** Who a scan belongs to that this request starts: the name of its token; the
 * token's id when it has no name. */
const char *request_owner(const struct request *request);
/** Narrows a filter on scans to those that the request may see. */
void request_narrow(const struct request *request, bson_t *filter);
bool request_sees(const struct request *request, const bson_t *scan);
/** The scan of an id; ENGINE_ENOTFOUND as well when it is another's. */
engine_status request_scan(const struct request *request, const char *id,
                           bson_t *out, engine_error *err);
/** A scan context over the request's store and world. */
void request_context(struct request *request, struct scan_context *out);

engine_status response_document(struct response *response, unsigned status,
                                const bson_t *document, engine_error *err);
void response_header(struct response *response, const char *name,
                     const char *value);
/** A document without what only the store needs. */
engine_status response_add(struct response *response, const bson_t *document);
/** An HTTP status for an engine's. */
unsigned response_status(engine_status status);
/** Puts the envelope of a failure into the answer. */
void response_fail(const struct request *request, struct response *response,
                   const engine_error *err);

struct page {
    const char *collection, *name; /* "scans": the list's key */
    struct store_query query;      /* without skip and limit */
    int64_t limit;                 /* when the query has none */
    /* NULL: the document as it is stored */
    engine_status (*put)(struct request *request, struct response *response,
                         const bson_t *document, engine_error *err);
    /* writes what stands in the list; NULL: document by document */
    engine_status (*items)(struct request *request, struct response *response,
                           const struct page *page,
                           struct store_cursor *cursor, bool *more,
                           engine_error *err);
};

/** {name: [...], skip, limit, has_more, total when the query has count=true} */
engine_status response_page(struct request *request,
                            struct response *response, struct page *page,
                            engine_error *err);
/** The list alone, as a JSON array; *more: there are further ones. */
engine_status response_list(struct request *request, struct response *response,
                            const struct page *page, bool *more,
                            engine_error *err);

/** For pages of verdicts, each with the results that it came from. */
engine_status results_items(struct request *request, struct response *response,
                            const struct page *page,
                            struct store_cursor *cursor, bool *more,
                            engine_error *err);

/* ---- tokens and limits --------------------------------------------------- */

const char *server_role_name(enum server_role role);
/** Fills token, who and role; ENGINE_EDENIED. */
engine_status auth_check(struct request *request, struct store *store,
                         engine_error *err);
/** True, with its role, for the token that last asked for the metrics: it may
 * again while the store, which knows tokens, is away. */
bool auth_recall(struct request *request);

struct rate;
struct rate *rate_new(void);
void rate_free(struct rate *rate);
/** 0, or the milliseconds until this client may ask again. */
int64_t rate_take(struct rate *rate, const char *client, int64_t per_minute,
                  int64_t burst, int64_t now_ms);

/* ---- admission ----------------------------------------------------------- */

enum admit_verdict { ADMIT_RUN, ADMIT_QUEUE, ADMIT_REFUSE, ADMIT_LATER };

struct admit_state {
    int64_t running, running_most; /* of this engine */
    int64_t waiting, waiting_most; /* of the store */
    int64_t not_before_ms;         /* of the scan; 0: none */
    bool target_busy;              /* a scan of it runs or waits before it */
    bool may_wait;                 /* for a busy target */
    bool stopping;
};

struct admit_answer {
    enum admit_verdict verdict;
    int64_t not_before_ms; /* ADMIT_LATER */
    const char *why;       /* ADMIT_REFUSE: "stopping", "busy", "full" */
};

/** Whether a scan runs now. Pure: everything it knows is in its arguments. */
struct admit_answer admit(int64_t now_ms, const struct admit_state *state);

/* ---- the server ---------------------------------------------------------- */

#define SERVER_STORES 8 /* idle handles that are kept */
#define SERVER_ANSWERS 600

struct runner {
    struct server *server;
    struct server_world *world;
    char scan_id[64];
    struct scan_spool spool;
    atomic_bool cancel;
    struct runner *next;
};

/** Content of an inline secret, in memory only. */
struct server_secret {
    char scan_id[64];
    int file;
    struct server_secret *next;
};

/** What the queue, which asks it all the time, knows of the store; under the
 * server's lock. */
struct server_away {
    bool is;               /* it could not be reached */
    int64_t since_ms;      /* steady time */
    int64_t asked_ms;      /* when it was asked what it has not answered; 0 */
    uint64_t begun, ended; /* looks at it */
    int64_t running;       /* scans of all engines, at the last look */
    engine_error why;      /* status: how the last look ended */
};

struct server_recalled {
    char hash[65]; /* of a header */
    char token[40];
    enum server_role role;
    int64_t until_ms;
};

struct server {
    struct server_setup setup;
    struct MHD_Daemon *daemon;
    char *owner, *url, host[65];
    int64_t started_ms;
    atomic_bool stopping;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t wake;  /* the queue has something to do, or a runner ended */
    struct server_world *world;
    struct store *stores[SERVER_STORES];
    size_t stores_count;
    struct runner *runners;
    int64_t running, helpers;
    struct server_secret *secrets;
    bool poked, has_queue;
    pthread_t queue;
    pthread_mutex_t admission; /* one POST at a time looks and inserts */
    int64_t admitted_ms;       /* under it: when the last one had done so */
    struct connection *connections;
    struct rate *rate;
    atomic_llong answers[SERVER_ANSWERS]; /* by status */
    atomic_llong scans_started, scans_recovered, refused_rate;
    char *store_name; /* store_uri_name of its URI */
    struct scan_spool_figures figures;
    struct server_away away;
    struct server_recalled recalled; /* under the lock, too */
};

/* pool.c */
engine_status server_store_take(struct server *server, struct store **out,
                                engine_error *err);
void server_store_give(struct server *server, struct store *store, bool good);
/** Notes how the store answered the daemon's own question; logs when it goes
 * away and when it is back. */
void server_store_note(struct server *server, engine_status status,
                       const engine_error *err);
/** Has the store looked at now, and says how that went and how many scans
 * run: ENGINE_EAWAY after three seconds without an answer. */
engine_status server_store_ready(struct server *server, int64_t *running,
                                 engine_error *err);
/** Whether the store could be reached last. */
bool server_store_is_up(struct server *server);
/** Where scans spool, by a configuration; out->store is NULL for a store that
 * cannot be away. */
void server_spool(struct server *server, const struct server_world *world,
                  struct scan_spool *out);
/** Waits until the request may have a worker of its own: as many have one as
 * scans may run, so that clients cannot start processes without number.
 * ENGINE_ETIMEOUT after the time of a request. */
engine_status server_helper_take(struct request *request, engine_error *err);
void server_helper_give(struct request *request);
struct server_world *server_world_take(struct server *server);
void server_world_give(struct server *server, struct server_world *world);

/* queue.c: which scans wait, and which of them may run */
engine_status queue_start(struct server *server, engine_error *err);
void queue_stop(struct server *server);
void queue_poke(struct server *server);
/** The id of a scan that runs on or waits for one of these targets, or empty;
 * *waiting counts pending scans. */
engine_status queue_busy(struct store *store, const bson_t *targets,
                         char scan_id[64], int64_t *waiting,
                         engine_error *err);

/* runner.c */
engine_status runner_start(struct server *server, const char *scan_id,
                           engine_error *err);
void runner_cancel(struct server *server, const char *scan_id);
/** Waits until all have ended. */
void runner_wait_all(struct server *server);

/* recover.c */
/** True when this engine may run a scan that waits or whose engine died. One
 * that nobody can go on with is marked failed. */
bool recover_may_run(struct server *server, struct store *store,
                     const bson_t *scan);

/* secrets.c */
/** The body of a request as a scan configuration: other systems' names become
 * ours, inline secrets become references to memory. */
engine_status form_scan(struct request *request, bson_t *out, bson_t *files,
                        engine_error *err);
/** Keeps the files until secrets_drop; on failure they are closed. */
engine_status secrets_keep(struct server *server, const char *scan_id,
                           const bson_t *files, engine_error *err);
void secrets_close(const bson_t *files);
void secrets_drop(struct server *server, const char *scan_id);

/* events.c, archive.c */
engine_status events_open(struct request *request, const char *scan_id,
                          struct response_stream *out, engine_error *err);
engine_status archive_make(struct request *request, const bson_t *scan_ids,
                           const char *path, int64_t *files,
                           engine_error *err);

/* openapi.c */
engine_status openapi_put(struct buffer *out, engine_error *err);

/* handlers_*.c */
#define ROUTE_HANDLER(name)                                             \
    engine_status name(struct request *request, struct response *response, \
                       engine_error *err)
ROUTE_HANDLER(handle_execute);
ROUTE_HANDLER(handle_scans);
ROUTE_HANDLER(handle_scan);
ROUTE_HANDLER(handle_scan_status);
ROUTE_HANDLER(handle_scan_results);
ROUTE_HANDLER(handle_scan_errors);
ROUTE_HANDLER(handle_scan_events);
ROUTE_HANDLER(handle_scan_cancel);
ROUTE_HANDLER(handle_scan_delete);
ROUTE_HANDLER(handle_scans_delete);
ROUTE_HANDLER(handle_statistics);
ROUTE_HANDLER(handle_archive_make);
ROUTE_HANDLER(handle_archives);
ROUTE_HANDLER(handle_archive_get);
ROUTE_HANDLER(handle_archive_delete);
ROUTE_HANDLER(handle_rules);
ROUTE_HANDLER(handle_rules_search);
ROUTE_HANDLER(handle_rule);
ROUTE_HANDLER(handle_rules_validate);
ROUTE_HANDLER(handle_rules_import);
ROUTE_HANDLER(handle_rules_export);
ROUTE_HANDLER(handle_frameworks);
ROUTE_HANDLER(handle_variables);
ROUTE_HANDLER(handle_xccdf_benchmark);
ROUTE_HANDLER(handle_xccdf_tailoring);
ROUTE_HANDLER(handle_xccdf_validate);
ROUTE_HANDLER(handle_scanners);
ROUTE_HANDLER(handle_health);
ROUTE_HANDLER(handle_ready);
ROUTE_HANDLER(handle_metrics);
ROUTE_HANDLER(handle_openapi);

#endif
