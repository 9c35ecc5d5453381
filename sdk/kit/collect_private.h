/* SPDX-License-Identifier: Apache-2.0 */
/* collect_private.h - the planner's parts: rules and calls, their queue, and
 * what of calls goes to rules. */
#ifndef SDK_KIT_COLLECT_PRIVATE_H
#define SDK_KIT_COLLECT_PRIVATE_H

#include "sdk/base/hash.h"
#include "sdk/kit/collect.h"

enum collect_state { CALL_WAITING, CALL_STARTED, CALL_ENDED };

/* A call whose items a rule keeps. */
struct collect_keeping {
    struct collect_call *call;
    struct collect_keeping *next;
};

struct collect_rule {
    struct collect *collect;
    struct collect_rule_ops ops;
    void *user;
    unsigned open; /* calls it waits for */
    bool over;     /* finished was called */
    struct collect_keeping *kept;
    struct collect_rule *next;
};

/* A rule's interest in a call. */
struct collect_wish {
    struct collect_rule *rule;
    void *tag;
    bool keep;
};

struct collect_call {
    struct collect *collect;
    char *key;
    void *data;
    bool owned; /* data is to be released */
    enum collect_state state;
    bool flowing; /* items went by: it is too late to join */
    uint64_t items;
    unsigned parts;
    struct collect_wish *wants;
    size_t wants_count, wants_room;
    unsigned keepers;   /* rules which may still look at kept items */
    struct arena arena; /* of kept items */
    const void **kept;
    size_t kept_count, kept_room;
    const engine_error *why;      /* it failed */
    struct collect_call *like;    /* an ended one, which it repeats */
    struct collect_call *next;    /* of all */
    struct collect_call *waiting; /* of the queue */
};

struct collect {
    struct collect_source source;
    struct collect_options options;
    struct collect_rule *rules;
    struct collect_call *calls;
    struct collect_call *first, *last; /* waiting to be started */
    struct table keys;                 /* the latest call of each key */
    unsigned running;
    bool starting; /* in collect_begin: it is not entered twice */
    bool stopped;  /* nothing is begun any more */
    struct collect_counts counts;
};

/* ---- collect.c ----------------------------------------------------------- */

/** Ends a rule, once. */
void collect_rule_finish(struct collect_rule *rule, engine_status status,
                         const engine_error *err);
/** A rule keeps the items of a call until it ends. */
engine_status collect_rule_keep(struct collect_rule *rule,
                                struct collect_call *call, engine_error *err);

/* ---- collect_call.c ------------------------------------------------------ */

/** like: the ended call which it repeats, or NULL. */
engine_status collect_call_new(struct collect *collect, const char *key,
                               struct collect_call *like,
                               struct collect_call **out, engine_error *err);
void collect_call_free(struct collect_call *call);
void collect_call_queue(struct collect_call *call, bool at_once);
engine_status collect_call_join(struct collect_call *call,
                                const struct collect_wish *want,
                                engine_error *err);
/** Begins what waits, as much of it as may. */
void collect_begin(struct collect *collect);

/* ---- collect_item.c ------------------------------------------------------ */

/** One item to one rule. */
void collect_want_item(struct collect_call *call,
                       const struct collect_wish *want, const void *item);
/** The end of a call for one rule; its own when it was the last. */
void collect_want_end(struct collect_call *call,
                      const struct collect_wish *want);
/** ENGINE_ECANCELLED when no rule wants it any more. */
engine_status collect_call_check(const struct collect_call *call,
                                 engine_error *err);
void collect_call_drop_kept(struct collect_call *call);
void collect_call_unkeep(struct collect_call *call);

#endif
