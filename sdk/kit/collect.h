/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.h - the planner: rules say which calls they need, equal calls are
 * made once, and what they bring goes to every rule that asked.
 *
 * A call is a key (what makes it the same call: cluster and path; account,
 * region, operation and parameters) and data that only the source
 * understands. The source makes calls: by HTTP, from files, from anything. It
 * begins as many at once as it is given; waiting, limits and retries are its
 * business. Items are handed through one by one, in order, and not kept
 * unless a rule asks for it. A call which fails is told to exactly the rules
 * that asked for it.
 *
 * Calls may be wanted before the run and from within item and end (a call for
 * each item of an earlier one). A call that is wanted after its items began to
 * go by is made again, or its kept items are handed out, or its failure told.
 *
 * Threads: a plan and all its callbacks belong to one thread.
 */
#ifndef SDK_KIT_COLLECT_H
#define SDK_KIT_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/arena.h"
#include "sdk/base/error.h"

struct collect;
struct collect_rule;
struct collect_call;

/** What a rule does with its calls. `tag` is what it gave when it wanted the
 * call. A failure of item, again or end ends the whole rule with it. */
struct collect_rule_ops {
    /** One item; it lives until this returns. NULL: not interested (kept
     * items are looked at in the end). */
    engine_status (*item)(struct collect_call *call, void *tag,
                          const void *item, void *user, engine_error *err);
    /** The call begins anew: forget its items. NULL: such a rule ends with
     * an error, unless it has seen none. */
    engine_status (*again)(struct collect_call *call, void *tag, void *user,
                           engine_error *err);
    /** The call is over; why says how when status is a failure, which a rule
     * may take for an answer by returning ENGINE_OK. NULL: it does not. */
    engine_status (*end)(struct collect_call *call, void *tag,
                         engine_status status, const engine_error *why,
                         void *user, engine_error *err);
    /** Exactly once: all calls of the rule are over, or it has failed. */
    void (*finished)(engine_status status, const engine_error *err,
                     void *user);
};

/** Makes the calls. */
struct collect_source {
    /** Begins a call, or goes on with it after collect_continue; ends, now or
     * later, with collect_end or collect_continue. A failure ends the call
     * with it. */
    engine_status (*start)(struct collect_call *call, void *data, void *user,
                           engine_error *err);
    /** Works until every call that was begun has ended. NULL: start does it
     * all. A failure ends the run and every open call with it. */
    engine_status (*run)(void *user, engine_error *err);
    /** Copies an item that is kept. NULL: nothing can be. */
    const void *(*keep)(const void *item, struct arena *arena, void *user);
    /** Frees data of a call: when it is over, replaced, or not needed. */
    void (*release)(void *data, void *user);
    void *user;
};

struct collect_options {
    unsigned started;    /* calls begun and not yet ended; 0: 1,024 */
    unsigned continued;  /* parts (pages) of one call; 0: 100,000 */
    size_t keep_maximum; /* bytes kept of one call; 0: 64 MiB */
};

struct collect_counts {
    uint64_t wanted; /* by all rules together */
    uint64_t calls;  /* distinct ones, and those made again */
    uint64_t started, ended, failed;
    uint64_t items; /* each counted once */
};

#define COLLECT_KEEP 1u /* items can be looked at in end and finished */

/* ---- the plan ------------------------------------------------------------ */

/** options may be NULL; source is copied. */
engine_status collect_new(const struct collect_source *source,
                          const struct collect_options *options,
                          struct collect **out, engine_error *err);
/** Ends what is open (ENGINE_ECANCELLED). Not from within callbacks. */
void collect_free(struct collect *collect);

/** Adds a rule; it belongs to the plan. */
engine_status collect_rule_new(struct collect *collect,
                               const struct collect_rule_ops *ops, void *user,
                               struct collect_rule **out, engine_error *err);

/**
 * Says that a rule needs a call. The plan owns data from here on, also after
 * a failure: release is called for it when the call is already known.
 */
engine_status collect_want(struct collect_rule *rule, const char *key,
                           void *data, void *tag, unsigned flags,
                           engine_error *err);

/** Makes the calls until every rule has finished. A rule which fails is no
 * failure of the run. */
engine_status collect_run(struct collect *collect, engine_error *err);

void collect_counts(const struct collect *collect, struct collect_counts *out);

/* ---- for sources --------------------------------------------------------- */

/** Hands an item to the rules; ENGINE_ECANCELLED when no rule wants any more
 * of them: then the call is to be ended. */
engine_status collect_item(struct collect_call *call, const void *item,
                           engine_error *err);
/** What came so far does not count: the call begins from its first item. Fails
 * as collect_item does. */
engine_status collect_again(struct collect_call *call, engine_error *err);
/** The call goes on with start and this data (the next page), which the plan
 * owns; ENGINE_ELIMIT after too many. Then, too, the call is to be ended. */
engine_status collect_continue(struct collect_call *call, void *data,
                               engine_error *err);
/** The call is over; err is read when status is a failure. */
void collect_end(struct collect_call *call, engine_status status,
                 const engine_error *err);

/** Its key, and what the source noted about it (NULL at first). */
const char *collect_call_key(const struct collect_call *call);
uint64_t collect_call_items(const struct collect_call *call);

/* ---- for rules ----------------------------------------------------------- */

/** Items kept of a call that a rule wanted with COLLECT_KEEP, until that rule
 * has finished; NULL beyond the last. */
const void *collect_kept(const struct collect_call *call, size_t index);

#endif
