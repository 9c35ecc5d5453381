/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloud_private.h - the core of cloud scanners, between its files.
 *
 * A rule is visited in every scope of its level. A visit makes the calls of
 * its rule in the order in which they need each other; equal calls of all
 * visits are one. When all its calls have ended a visit is judged and freed.
 */
#ifndef SDK_KIT_CLOUD_PRIVATE_H
#define SDK_KIT_CLOUD_PRIVATE_H

#include "sdk/base/hash.h"
#include "sdk/kit/check.h"
#include "sdk/kit/cloud/cloud.h"
#include "sdk/kit/expr.h"
#include "sdk/kit/host.h"

#define CLOUD_CALLS 500000   /* distinct ones of what is open */
#define CLOUD_HOMES 64       /* outermost scopes that are open */
#define CLOUD_STARTED 4096   /* begun and not yet ended */
#define CLOUD_LANES 64
#define CLOUD_VISITS 20000   /* open at the same time, about */
#define CLOUD_RULE_CALLS 32  /* of one rule */
#define CLOUD_SCOPES 100000
#define CLOUD_ITEMS 200000   /* of one foreach */
#define CLOUD_SUBJECTS 1000000
#define CLOUD_RULE_MEMORY ((size_t)16 << 20)
#define CLOUD_CALL_MEMORY ((size_t)512 << 20)  /* of one answer */
#define CLOUD_VISIT_MEMORY ((size_t)512 << 20)
#define CLOUD_SMALL ((size_t)16 << 10) /* answers that are kept in any case */
#define CLOUD_KEPT ((size_t)128 << 20) /* bytes of answers that are kept though
                                        * no rule needs them at the time */

/* Variables that all expressions know come first; members of scopes behind. */
enum { CLOUD_SCOPE, CLOUD_ROOT, CLOUD_VARIABLES, CLOUD_BOUND };

/** An error that is kept, in little memory. */
struct fault {
    engine_status status;
    char text[]; /* the message and the hint */
};
/** An arena gave no memory: ENGINE_ELIMIT when it is full, else
 * ENGINE_ENOMEM. */
engine_status cloud_fail_arena(const struct arena *arena, engine_error *err);
struct fault *fault_new(const engine_error *why); /* engine_free */
void fault_get(const struct fault *fault, engine_error *out);

/* ---- texts with placeholders (place.c) ---------------------------------- */

struct place_part {
    struct value text;
    struct expr *expr; /* NULL: it is the text */
};

/** A text; of one part that is an expression it is typed. */
struct place {
    struct place_part *parts;
    size_t count;
};

/** A value with placeholders in it. */
struct mold {
    const struct value *value; /* as it is, where nothing below is set */
    struct place *place;
    struct mold *inner; /* of all its elements or members */
};

engine_status place_compile(struct cloud *cloud, const struct value *text,
                            struct arena *arena, struct place **out,
                            engine_error *err);
engine_status place_fill(struct cloud *cloud, const struct place *place,
                         const struct value *input, struct arena *arena,
                         struct value *out, engine_error *err);
engine_status mold_compile(struct cloud *cloud, const struct value *value,
                           struct arena *arena, struct mold *out,
                           engine_error *err);
engine_status mold_fill(struct cloud *cloud, const struct mold *mold,
                        const struct value *input, struct arena *arena,
                        struct value *out, engine_error *err);
/** Tells of every expression in it. */
typedef bool (*place_expr_fn)(const struct expr *expr, void *user);
bool place_any(const struct place *place, place_expr_fn fn, void *user);
bool mold_any(const struct mold *mold, place_expr_fn fn, void *user);

/* ---- rules (rule_read.c, rule_call.c, rule_check.c) --------------------- */

struct rule_call {
    const char *name;
    struct value request; /* members of <call>, placeholders in them */
    struct mold mold;
    struct expr *foreach; /* NULL: it is made once */
    unsigned level;       /* that the provider makes it at */
    bool fan;             /* made in scopes within the rule's */
    const struct value *fan_names;  /* NULL: all of them */
    struct mold fan_mold;           /* of the names */
    bool fan_varies;                /* from item to item: placeholders */
    const struct value *empty_on;   /* array of texts; NULL: none */
    uint64_t needs;       /* calls by their bits */
};

struct cloud_rule {
    const bson_t *document; /* the job's */
    const char *rule_id;
    struct arena arena;
    bson_t typed;           /* variables that it knows, {id: value} */
    const struct value *variables;  /* the same, of expressions */
    struct value variables_own;
    bson_t used;            /* those that it looks at */
    struct value content;   /* check_content, variables applied */
    struct rule_call *calls;
    size_t count;
    size_t before;          /* calls of the rules before it */
    unsigned level;
    struct check *check;    /* of the short form */
    struct expr *each, *when, *assert, *id, *name, *region;
    struct place *message;
    const char *type, *noun; /* of subjects; the latter may be NULL */
    bool typed_itself;       /* the rule says the type */
    uint64_t shared; /* calls for each item of which a failure is everybody's,
                      * by their bits */
    uint64_t named;  /* calls that each names */
    bool holds;      /* what each makes of an element holds it */
    struct value_mask *mask; /* what of a subject is evidence */
    bool failed;             /* when it was planned */

    /* report.c */
    size_t visits; /* open ones */
    bool opened;   /* all of its visits were */
    bool ended;
    uint64_t visited;
    uint64_t judged, passed, inapplicable, worse;
    uint64_t silent[10];
    int32_t worst;
    char text[512]; /* of the first with that status */
};

/** Reads a rule; ENGINE_EINVAL says what is wrong with it. */
engine_status cloud_rule_read(struct cloud *cloud, struct cloud_rule *rule,
                              engine_error *err);
void cloud_rule_clear(struct cloud_rule *rule);
/** One call of a rule out of its members. */
engine_status rule_call_read(struct cloud *cloud, struct cloud_rule *rule,
                             struct rule_call *call,
                             const struct value *content, engine_error *err);
/** Which calls need which, and at which level the rule is. */
engine_status rule_calls_order(struct cloud *cloud, struct cloud_rule *rule,
                               engine_error *err);
/** Finds names of calls that there are not, and what evidence shows. */
engine_status rule_check_names(const struct cloud *cloud,
                               struct cloud_rule *rule, engine_error *err);
/** What its subjects rest on. */
engine_status rule_rests(struct cloud_rule *rule, engine_error *err);
/** The calls, by their bits, into whose answers those of one are put. */
uint64_t rule_call_into(const struct cloud_rule *rule, size_t index);
/** A member that is a text; NULL where there is none. */
engine_status rule_text(const struct value *content, const char *key,
                        const struct value **out, engine_error *err);
/** An expression of a member; NULL where there is none. */
engine_status rule_expr(struct cloud *cloud, const struct value *content,
                        const char *key, struct expr **out,
                        engine_error *err);

/* ---- calls (call.c, call_pump.c) ---------------------------------------- */

enum call_state { CALL_QUEUED, CALL_STARTED, CALL_ENDED, CALL_FORGOTTEN };

struct visit_part;

struct cloud_call {
    struct cloud *cloud;
    const struct cloud_scope *scope;
    enum call_state state;
    void *data; /* the provider's, until it was started */
    struct arena arena;
    struct value value;
    struct fault *failure; /* NULL: it succeeded */
    bool kept;             /* until the end of the operation */
    char *code;            /* of the failure; may be NULL */
    struct visit_part *waiting, **waiting_end;
    size_t refs;
    struct cloud_call *next; /* of those to begin, or of those that ended */
    unsigned lane;
    struct cloud_call *all;  /* of all of its home */
    struct call_home *home;
};

/** The calls of an outermost scope, which rules share. They are forgotten when
 * all that was opened with it is done. */
struct call_home {
    struct call_home *next, **link; /* of all */
    struct table calls;     /* key -> cloud_call */
    struct table requested; /* request -> cloud_call */
    struct cloud_call *all;
    struct arena shelf;     /* small answers */
    size_t kept;            /* bytes of answers */
    size_t visits;          /* open ones, and one while it is opened */
};

struct call_queue {
    struct cloud_call *first, *last;
};

void call_queue_add(struct call_queue *queue, struct cloud_call *call);

/** Calls of about one kind in one scope. They take turns with those of other
 * lanes, and are not begun without end: an API that throttles holds up none
 * but its own. */
struct call_lane {
    struct call_queue queue;
    size_t started;
};

/** Makes or finds the call and holds it for the part, which waits for it
 * unless it has ended. */
engine_status call_want(struct cloud *cloud, const struct cloud_scope *scope,
                        const struct value *request, struct visit_part *part,
                        engine_error *err);
/** A part needs it no more. */
void call_drop(struct cloud_call *call);
/** Whether its failure means that nothing is there. */
bool call_is_empty(const struct cloud_call *call,
                   const struct value *empty_on);
struct call_home *home_new(struct cloud *cloud);
void home_free(struct cloud *cloud, struct call_home *home);

/* ---- visits (visit.c, visit_open.c, fan.c, splice.c) -------------------- */

/** One distinct call that a visit made for an item in a scope. */
struct visit_part {
    struct visit *visit;
    uint32_t call, item; /* of the visit; of the call */
    const struct cloud_scope *scope;
    struct cloud_call *made; /* NULL: it could not be */
    struct visit_part *next; /* that waits for the same call */
};

struct visit_item {
    struct value value; /* of the foreach */
    uint32_t first, parts;
    struct fault *failure; /* its own; may be NULL */
};

enum visit_state { VISIT_WAITS, VISIT_OPEN, VISIT_DONE };

struct visit_call {
    enum visit_state state;
    struct visit_item *items;
    size_t count;
    struct visit_part *parts;
    size_t parts_count, pending;
};

/** Where values went that were made anew around an answer put into them. */
struct moved;

struct visit {
    struct visit *next, **link; /* of all open ones */
    struct cloud *cloud;
    struct cloud_rule *rule;
    const struct cloud_scope *scope;
    struct call_home *home;
    struct arena arena;
    struct value root;
    struct value_member *members; /* of root, one for each call */
    struct moved *moved;
    struct fault *failure; /* of the visit as a whole */
    uint64_t done;
    struct visit_call calls[];
};

/** Opens the visits of the next outermost scopes; false: there are none. */
bool visits_open_more(struct cloud *cloud);
/** Frees a visit that is not to be judged. */
void visit_free(struct visit *visit);
/** A part's call has ended. */
void visit_part_ended(struct visit_part *part);
/** Keeps the first failure of a visit. */
void visit_fail(struct visit *visit, const engine_error *why);

/** Makes the calls of one of a rule's calls. */
engine_status visit_call_open(struct visit *visit, size_t index,
                              engine_error *err);
/** Puts the answers of one of a rule's calls into the root. */
engine_status visit_call_finish(struct visit *visit, size_t index,
                                engine_error *err);
/** The failure of an item; NULL: it has none. *where (may be NULL) is set to
 * the scope of the call that failed, where that is not the visit's. */
const struct fault *visit_item_failure(const struct visit *visit,
                                       size_t index,
                                       const struct visit_item *item,
                                       const struct cloud_scope **where);
/** The answer of an item (of all its parts); false: it failed. */
engine_status fan_join(struct visit *visit, size_t index,
                       const struct visit_item *item, struct value *out,
                       engine_error *err);

/** What a value is known by wherever it occurs; NULL: nothing. */
const void *splice_identity(const struct value *value);
/** Puts answers of items (answers[i], NULL where there is none) into the
 * elements they belong to, in all roots of `into`. */
engine_status splice_answers(struct visit *visit, size_t index,
                             const struct value *const *answers,
                             uint64_t into, engine_error *err);
/** Where a value is now, by its identity. */
const void *moved_to(const struct moved *moved, const void *identity);
void moved_free(struct moved *moved);

/** A map from identities to numbers. */
struct splice_map {
    const void **keys;
    uint32_t *numbers;
    size_t room, count;
};
engine_status splice_map_init(struct splice_map *map, size_t most);
void splice_map_clear(struct splice_map *map);
void splice_map_set(struct splice_map *map, const void *key, uint32_t number);
/** The same in a map that grows. */
engine_status splice_map_put(struct splice_map *map, const void *key,
                             uint32_t number);
bool splice_map_get(const struct splice_map *map, const void *key,
                    uint32_t *number);

/* ---- judging (judge.c, blame.c, subject.c, report.c, evidence.c) -------- */

/** An item whose call failed. */
struct failing {
    struct visit_item *item;
    const struct fault *fault;
    size_t call;
    const struct cloud_scope *where; /* NULL: in the visit's scope */
    bool told; /* a subject has it */
};

/** Which subjects have which failure. */
struct blame {
    struct visit *visit;
    struct failing *failing;
    size_t count;
    struct splice_map elements; /* that failed -> number + 1 */
    struct splice_map parts;    /* of answers -> the one they are in, or 0 */
    uint32_t *found;            /* of each subject: number + 1, or 0 */
    uint8_t *made; /* 1: it is no part; 2: and does not hold any either */
};
/** ENGINE_OK or ENGINE_ENOMEM; blame_clear in any case. */
engine_status blame_find(struct blame *blame, struct visit *visit,
                         const struct value *subjects);
const struct failing *blame_of(const struct blame *blame, uint32_t subject);
void blame_clear(struct blame *blame);

/** A visit whose calls have all ended. ENGINE_ENOMEM, or it is judged. */
engine_status judge_visit(struct visit *visit, engine_error *err);

/** What is found out about one subject. */
struct verdict {
    int32_t status;
    char message[512];
    const bson_t *evidence; /* may be NULL */
};

/** Who a subject is. */
struct subject_name {
    const char *type, *uid, *name, *region;
};
engine_status subject_name(struct visit *visit, const struct value *subject,
                           struct arena *arena, struct subject_name *out,
                           engine_error *err);
/** What the elements of a list are, by the expression that gives it; NULL: it
 * does not say. */
const char *noun_of(const char *expression, struct arena *arena);
/** A text that is a subject's, under its noun with one of these ends. */
const char *noun_member(const struct value *subject, const char *noun,
                        const char *const *ends);
/** What a rule's expressions look at of a subject, bounded and redacted. */
bool evidence_path_is_secret(const char *path);
/** Evidence of a check, without secrets. */
engine_status evidence_copy(const bson_t *evidence, struct arena *arena,
                            bson_t *out, engine_error *err);
engine_status evidence_make(const struct cloud_rule *rule,
                            const struct value *subject, struct arena *arena,
                            bson_t *out, engine_error *err);

bool report_is_silent(struct cloud *cloud, struct cloud_rule *rule,
                      int32_t status);
void report_verdict(struct visit *visit, const struct subject_name *name,
                    const struct verdict *verdict);
/** An error of a rule in a scope. */
void report_scope_error(struct visit *visit, const struct fault *why);
void report_visit_end(struct cloud *cloud, struct cloud_rule *rule);
/** Progress, now and then. */
void report_progress(struct cloud *cloud, bool now);

/* ---- the operation (cloud.c, run.c) ------------------------------------- */

/** A scope of the operation; an outermost one knows where it and all within
 * it are in cloud->scopes. */
struct scope_node {
    struct cloud_scope scope;
    size_t number; /* among all scopes */
    size_t first, count;
    unsigned deepest; /* level of what is within */
};

struct cloud {
    const struct cloud_plugin *plugin;
    const struct cloud_provider *provider;
    const struct scanner_job *job;
    void *self; /* the provider's */
    bson_t target;
    struct http_client *http;
    struct arena arena;
    unsigned levels;

    const char **names;          /* of variables, NULL-ended */
    const struct value **bound;  /* to them */
    bson_t typed;           /* the job's variables, by their types */
    struct value variables; /* the same */
    struct table programs;       /* text -> expr */

    struct scope_node **scopes;
    size_t scopes_count, scopes_room, scopes_next;

    bson_t *documents;
    struct cloud_rule *rules;
    size_t rules_done;
    size_t rules_calls; /* calls that the rules have */

    struct call_home *homes; /* of what is open */
    size_t homes_count;
    struct call_lane lanes[CLOUD_LANES];
    unsigned lane;      /* whose turn it is */
    size_t queued, lane_most;
    struct call_queue ended;
    size_t calls_alive, calls_most, started;
    size_t calls_begun, calls_ended; /* so far */
    size_t visits;     /* open ones */
    struct visit *open;
    size_t kept;       /* bytes of answers */
    uint64_t passing;
    int64_t now_ms; /* for all expressions */
    size_t pumped; /* steps */
    bool pumping;
    bool scanning; /* visits are still to be opened */
    struct arena scratch, requests;
    engine_error failure; /* ends the operation */
    int64_t progress_ms;
};

engine_status cloud_open(struct cloud_plugin *plugin,
                         const struct scanner_job *job, struct cloud **out,
                         engine_error *err);
void cloud_free(struct cloud *cloud);
/** Reads the rules; those that cannot be read are told to fn. */
engine_status cloud_read_rules(struct cloud *cloud,
                               void (*fn)(struct cloud_rule *rule,
                                          const engine_error *why,
                                          void *user),
                               void *user, engine_error *err);
/** The job's variables, with the types that rules declare. */
engine_status cloud_take_variables(struct cloud *cloud, engine_error *err);
/** A rule's: the job's, else its own defaults, with its own types. */
engine_status rule_variables(struct cloud *cloud, struct cloud_rule *rule,
                             engine_error *err);
/** Whether the rule itself declares a variable. */
bool rule_declares(const struct cloud_rule *rule, const char *id);
/** The innermost level that rules need. */
unsigned cloud_deepest(const struct cloud *cloud);
/** A JMESPath expression, compiled once; it belongs to the operation. */
engine_status cloud_program(struct cloud *cloud, const char *text,
                            struct expr **out, engine_error *err);
/** What variables stand for from now on. */
void cloud_bind(struct cloud *cloud, const struct cloud_rule *rule,
                const struct cloud_scope *scope, const struct value *root);
engine_status cloud_evaluate(struct cloud *cloud, struct expr *expr,
                             const struct value *input, struct arena *arena,
                             const struct value **out, engine_error *err);
/** The ancestor of a scope, or the scope, at a level; NULL: none. */
const struct cloud_scope *cloud_scope_at(const struct cloud_scope *scope,
                                         unsigned level);
/** Puts what is within an outermost scope behind it. */
engine_status cloud_sort_scopes(struct cloud *cloud, engine_error *err);
/** All within the outermost scope that a scope is in; itself, too. */
struct scope_node *const *cloud_scopes_around(const struct cloud *cloud,
                                              const struct cloud_scope *scope,
                                              size_t *count);
/** Works until nothing is left to be done. */
engine_status cloud_run(struct cloud *cloud, engine_error *err);
/** Goes on with what can be gone on with; from callbacks, too. */
void cloud_pump(struct cloud *cloud);
/** ENGINE_ECANCELLED or ENGINE_ETIMEOUT when the operation is to end. */
engine_status cloud_stopped(const struct cloud *cloud, engine_error *err);
/** Ends the operation with a failure. */
void cloud_abort(struct cloud *cloud, const engine_error *why);

#endif
