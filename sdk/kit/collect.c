/* SPDX-License-Identifier: Apache-2.0 */
/* collect.c - the planner: equal calls once, fanned out to who asked. */
#include "sdk/kit/collect.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/base/hash.h"

enum call_state { CALL_WAITING, CALL_STARTED, CALL_ENDED };

/* A call whose items a rule keeps. */
struct rule_kept {
    struct collect_call *call;
    struct rule_kept *next;
};

struct collect_rule {
    struct collect *collect;
    struct collect_rule_ops ops;
    void *user;
    unsigned open; /* calls it waits for */
    bool over;     /* finished was called */
    struct rule_kept *kept;
    struct collect_rule *next;
};

/* A rule's interest in a call. */
struct call_want {
    struct collect_rule *rule;
    void *tag;
    bool keep;
};

struct collect_call {
    struct collect *collect;
    char *key;
    void *data;
    bool owned; /* data is to be released */
    enum call_state state;
    bool flowing; /* items went by: it is too late to join */
    uint64_t items;
    unsigned parts;
    struct call_want *wants;
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
    bool starting; /* in collect_start: it is not entered twice */
    bool stopped;  /* nothing is begun any more */
    struct collect_counts counts;
};

static const engine_error call_no_memory = {.status = ENGINE_ENOMEM,
                                            .message = "out of memory"};

/* ---- rules --------------------------------------------------------------- */

engine_status collect_rule_new(struct collect *collect,
                               const struct collect_rule_ops *ops, void *user,
                               struct collect_rule **out, engine_error *err)
{
    struct collect_rule *rule = engine_calloc(1, sizeof(*rule));

    if (!rule)
        return engine_fail_memory(err);
    rule->collect = collect;
    rule->ops = *ops;
    rule->user = user;
    rule->next = collect->rules;
    collect->rules = rule;
    *out = rule;
    return ENGINE_OK;
}

static void call_drop_kept(struct collect_call *call)
{
    arena_clear(&call->arena);
    engine_free(call->kept);
    call->kept = NULL;
    call->kept_count = call->kept_room = 0;
}

static void call_unkeep(struct collect_call *call)
{
    if (--call->keepers == 0)
        call_drop_kept(call);
}

static void rule_drop_kept(struct collect_rule *rule)
{
    while (rule->kept) {
        struct rule_kept *kept = rule->kept;

        rule->kept = kept->next;
        call_unkeep(kept->call);
        engine_free(kept);
    }
}

static void rule_finish(struct collect_rule *rule, engine_status status,
                        const engine_error *err)
{
    if (rule->over)
        return;
    rule->over = true;
    if (rule->ops.finished)
        rule->ops.finished(status, status < 0 ? err : NULL, rule->user);
    rule_drop_kept(rule);
}

static engine_status rule_keep(struct collect_rule *rule,
                               struct collect_call *call, engine_error *err)
{
    struct rule_kept *kept = engine_calloc(1, sizeof(*kept));

    if (!kept)
        return engine_fail_memory(err);
    kept->call = call;
    kept->next = rule->kept;
    rule->kept = kept;
    call->keepers++;
    return ENGINE_OK;
}

/* ---- calls --------------------------------------------------------------- */

static void call_release(struct collect_call *call)
{
    const struct collect_source *source = &call->collect->source;

    if (call->owned && source->release)
        source->release(call->data, source->user);
    call->owned = false;
    call->data = NULL;
}

static void call_free(struct collect_call *call)
{
    call_release(call);
    call_drop_kept(call);
    engine_free(call->wants);
    /* newer ones are freed first: the one which it is like is still there */
    if (call->why != &call_no_memory &&
        !(call->like && call->like->why == call->why))
        engine_free((void *)call->why);
    engine_free(call->key);
    engine_free(call);
}

static void call_queue(struct collect_call *call, bool at_once)
{
    struct collect *collect = call->collect;

    call->state = CALL_WAITING;
    call->waiting = at_once ? collect->first : NULL;
    if (at_once)
        collect->first = call;
    else if (collect->last)
        collect->last->waiting = call;
    else
        collect->first = call;
    if (!at_once || !call->waiting)
        collect->last = call;
}

/* like: the ended call which it repeats, or NULL. */
static engine_status call_new(struct collect *collect, const char *key,
                              struct collect_call *like,
                              struct collect_call **out, engine_error *err)
{
    struct collect_call *call = engine_calloc(1, sizeof(*call));

    if (!call)
        return engine_fail_memory(err);
    call->collect = collect;
    arena_init(&call->arena, collect->options.keep_maximum);
    call->key = engine_strdup(key);
    call->like = like;
    if (!call->key ||
        (!like && table_set(&collect->keys, key, call) != ENGINE_OK)) {
        call_free(call);
        return engine_fail_memory(err);
    }
    call->next = collect->calls;
    collect->calls = call;
    if (like)
        like->keepers++;
    else
        collect->counts.calls++;
    *out = call;
    return ENGINE_OK;
}

static engine_status call_join(struct collect_call *call,
                               const struct call_want *want, engine_error *err)
{
    if (call->wants_count == call->wants_room) {
        const size_t room = call->wants_room ? 2 * call->wants_room : 4;
        void *longer = engine_realloc(call->wants, room * sizeof(*call->wants));

        if (!longer)
            return engine_fail_memory(err);
        call->wants = longer;
        call->wants_room = room;
    }
    if (want->keep) {
        const engine_status status =
            rule_keep(want->rule, call->like ? call->like : call, err);

        if (status < 0)
            return status;
    }
    call->wants[call->wants_count++] = *want;
    want->rule->open++;
    return ENGINE_OK;
}

/* ---- handing out --------------------------------------------------------- */

/* One item to one rule. */
static void want_item(struct collect_call *call, const struct call_want *want,
                      const void *item)
{
    struct collect_rule *rule = want->rule;
    engine_error err;
    engine_status status;

    if (rule->over || !rule->ops.item)
        return;
    status = rule->ops.item(call, want->tag, item, rule->user, &err);
    if (status < 0)
        rule_finish(rule, status, &err);
}

/* The end of a call for one rule; the rule's own end when it was the last. */
static void want_end(struct collect_call *call, const struct call_want *want)
{
    const engine_error *why = call->why;
    struct collect_rule *rule = want->rule;
    engine_status status = why ? why->status : ENGINE_OK;
    engine_error err;

    if (!rule->over && rule->ops.end) {
        status = rule->ops.end(call, want->tag, status, why, rule->user, &err);
        why = &err;
    }
    rule->open--;
    if (status < 0)
        rule_finish(rule, status, why);
    else if (rule->open == 0)
        rule_finish(rule, ENGINE_OK, NULL);
}

static bool call_wanted(const struct collect_call *call)
{
    for (size_t i = 0; i < call->wants_count; i++)
        if (!call->wants[i].rule->over)
            return true;
    return false;
}

static engine_status call_check_wanted(const struct collect_call *call,
                                       engine_error *err)
{
    if (call_wanted(call))
        return ENGINE_OK;
    return engine_fail(err, ENGINE_ECANCELLED, "no rule wants it any more");
}

/* Rules which keep what cannot be kept end with that. */
static void call_keep_failed(struct collect_call *call, engine_status status)
{
    engine_error err;

    if (status == ENGINE_ELIMIT) {
        engine_fail(&err, status,
                    "\"%.200s\" brings more than %zu bytes to "
                    "look at together",
                    call->key, call->collect->options.keep_maximum);
        engine_hint(&err, "narrow the call down");
    } else {
        engine_fail_memory(&err);
    }
    for (size_t i = 0; i < call->wants_count; i++)
        if (call->wants[i].keep)
            rule_finish(call->wants[i].rule, status, &err);
    call_drop_kept(call);
}

static void call_keep(struct collect_call *call, const void *item)
{
    const struct collect_source *source = &call->collect->source;
    const void *copy;

    if (call->kept_count == call->kept_room) {
        const size_t room = call->kept_room ? 2 * call->kept_room : 16;
        void *longer = engine_realloc(call->kept, room * sizeof(*call->kept));

        if (!longer) {
            call_keep_failed(call, ENGINE_ENOMEM);
            return;
        }
        call->kept = longer;
        call->kept_room = room;
    }
    copy = source->keep ? source->keep(item, &call->arena, source->user) : NULL;
    if (copy)
        call->kept[call->kept_count++] = copy;
    else
        call_keep_failed(call, ENGINE_ELIMIT);
}

engine_status collect_item(struct collect_call *call, const void *item,
                           engine_error *err)
{
    if (call->state == CALL_ENDED)
        return engine_fail(err, ENGINE_ECANCELLED, "the call has ended");
    call->flowing = true;
    call->items++;
    call->collect->counts.items++;
    if (call->keepers)
        call_keep(call, item);
    for (size_t i = 0; i < call->wants_count; i++)
        want_item(call, &call->wants[i], item);
    return call_check_wanted(call, err);
}

engine_status collect_again(struct collect_call *call, engine_error *err)
{
    if (!call->flowing)
        return ENGINE_OK;
    for (size_t i = 0; i < call->wants_count; i++) {
        struct collect_rule *rule = call->wants[i].rule;
        engine_error mine;
        engine_status status;

        if (rule->over || (!rule->ops.item && !rule->ops.again))
            continue;
        status =
            rule->ops.again
                ? rule->ops.again(call, call->wants[i].tag, rule->user, &mine)
                : engine_fail(&mine, ENGINE_EIO,
                              "\"%.200s\" changed while it was read",
                              call->key);
        if (status < 0)
            rule_finish(rule, status, &mine);
    }
    call_drop_kept(call);
    call->items = 0;
    call->flowing = false;
    return call_check_wanted(call, err);
}

/* ---- the queue ----------------------------------------------------------- */

/* Hands out what an ended call kept, or says that it failed. */
static engine_status call_repeat(struct collect_call *call, engine_error *err)
{
    struct collect_call *like = call->like;

    if (like->why) {
        *err = *like->why;
        return like->why->status;
    }
    call->flowing = true;
    for (size_t at = 0; at < like->kept_count; at++)
        for (size_t i = 0; i < call->wants_count; i++)
            want_item(call, &call->wants[i], like->kept[at]);
    call->items = like->kept_count;
    collect_end(call, ENGINE_OK, NULL);
    return ENGINE_OK;
}

static void call_start(struct collect_call *call)
{
    struct collect *collect = call->collect;
    const struct collect_source *source = &collect->source;
    engine_error err;
    engine_status status;

    if (call->parts++ == 0) {
        collect->running++;
        if (!call->like)
            collect->counts.started++;
    }
    call->state = CALL_STARTED;
    status = call_check_wanted(call, &err);
    if (status == ENGINE_OK)
        status = call->like
                     ? call_repeat(call, &err)
                     : source->start(call, call->data, source->user, &err);
    if (status < 0)
        collect_end(call, status, &err);
}

/* Begins what waits. What a call brings while it is begun may lead to more
 * calls: those are begun here as well, not within each other. */
static void collect_start(struct collect *collect)
{
    if (collect->starting)
        return;
    collect->starting = true;
    while (collect->first && !collect->stopped &&
           (collect->running < collect->options.started ||
            collect->first->parts > 0)) {
        struct collect_call *call = collect->first;

        collect->first = call->waiting;
        if (!collect->first)
            collect->last = NULL;
        call_start(call);
    }
    collect->starting = false;
}

engine_status collect_continue(struct collect_call *call, void *data,
                               engine_error *err)
{
    struct collect *collect = call->collect;

    call_release(call);
    call->data = data;
    call->owned = true;
    if (call->parts >= collect->options.continued) {
        engine_fail(err, ENGINE_ELIMIT,
                    "\"%.200s\" has not ended after %u parts", call->key,
                    call->parts);
        engine_hint(err, "does the server begin from the start each time?");
        return ENGINE_ELIMIT;
    }
    call_queue(call, true);
    collect_start(collect);
    return ENGINE_OK;
}

static void call_note_failure(struct collect_call *call, engine_status status,
                              const engine_error *err)
{
    engine_error *why;

    if (call->like && call->like->why) {
        call->why = call->like->why; /* borrowed */
        return;
    }
    call->collect->counts.failed += call->like == NULL;
    why = engine_malloc(sizeof(*why));
    if (why) {
        *why = *err;
        why->status = status;
    }
    call->why = why ? why : &call_no_memory;
}

void collect_end(struct collect_call *call, engine_status status,
                 const engine_error *err)
{
    struct collect *collect = call->collect;

    if (call->state == CALL_ENDED)
        return;
    call->state = CALL_ENDED;
    if (call->parts > 0)
        collect->running--;
    if (!call->like)
        collect->counts.ended++;
    if (status < 0)
        call_note_failure(call, status, err);
    call_release(call);
    for (size_t i = 0; i < call->wants_count; i++)
        want_end(call, &call->wants[i]);
    engine_free(call->wants);
    call->wants = NULL;
    call->wants_count = call->wants_room = 0;
    if (call->like)
        call_unkeep(call->like);
    collect_start(collect);
}

/* ---- what rules say ------------------------------------------------------ */

/* The call of this key which a rule can still join, or a new one. */
static engine_status collect_find(struct collect *collect, const char *key,
                                  struct collect_call **out, bool *fresh,
                                  engine_error *err)
{
    struct collect_call *known = table_get(&collect->keys, key);

    *fresh = false;
    if (known && known->state != CALL_ENDED && !known->flowing) {
        *out = known;
        return ENGINE_OK;
    }
    if (!known || known->state != CALL_ENDED ||
        (!known->why && known->keepers == 0))
        known = NULL;
    *fresh = true;
    return call_new(collect, key, known, out, err);
}

engine_status collect_want(struct collect_rule *rule, const char *key,
                           void *data, void *tag, unsigned flags,
                           engine_error *err)
{
    struct collect *collect = rule->collect;
    const struct collect_source *source = &collect->source;
    const struct call_want want = {rule, tag, (flags & COLLECT_KEEP) != 0};
    struct collect_call *call = NULL;
    bool fresh = false;
    engine_status status;

    collect->counts.wanted++;
    if (collect->stopped)
        status = engine_fail(err, ENGINE_ECANCELLED, "cancelled");
    else if (rule->over)
        status = engine_fail(err, ENGINE_EINVAL, "the rule has finished");
    else
        status = collect_find(collect, key, &call, &fresh, err);
    if (status == ENGINE_OK)
        status = call_join(call, &want, err);
    if (fresh && call) {
        call_queue(call, false);
        if (!call->like) {
            call->data = data;
            call->owned = true;
            data = NULL; /* the call's now */
        }
    }
    if (data && source->release)
        source->release(data, source->user);
    return status;
}

/* ---- the run ------------------------------------------------------------- */

engine_status collect_new(const struct collect_source *source,
                          const struct collect_options *options,
                          struct collect **out, engine_error *err)
{
    struct collect *collect = engine_calloc(1, sizeof(*collect));

    if (!collect)
        return engine_fail_memory(err);
    collect->source = *source;
    if (options)
        collect->options = *options;
    if (!collect->options.started)
        collect->options.started = 1024;
    if (!collect->options.continued)
        collect->options.continued = 100000;
    if (!collect->options.keep_maximum)
        collect->options.keep_maximum = (size_t)64 << 20;
    table_init(&collect->keys);
    *out = collect;
    return ENGINE_OK;
}

/* Ends every call that is open, and every rule. */
static void collect_stop(struct collect *collect, engine_status status,
                         const engine_error *err)
{
    struct collect_call *call;
    struct collect_rule *rule;

    collect->stopped = true;
    collect->first = collect->last = NULL;
    for (call = collect->calls; call; call = call->next)
        collect_end(call, status, err);
    for (rule = collect->rules; rule; rule = rule->next)
        rule_finish(rule, status, err);
}

void collect_free(struct collect *collect)
{
    engine_error err;

    if (!collect)
        return;
    engine_fail(&err, ENGINE_ECANCELLED, "cancelled");
    collect_stop(collect, ENGINE_ECANCELLED, &err);
    while (collect->calls) {
        struct collect_call *call = collect->calls;

        collect->calls = call->next;
        call_free(call);
    }
    while (collect->rules) {
        struct collect_rule *rule = collect->rules;

        collect->rules = rule->next;
        engine_free(rule);
    }
    table_clear(&collect->keys);
    engine_free(collect);
}

/* Rules which wait for nothing. */
static void collect_finish_idle(struct collect *collect)
{
    for (struct collect_rule *rule = collect->rules; rule; rule = rule->next)
        if (rule->open == 0)
            rule_finish(rule, ENGINE_OK, NULL);
}

engine_status collect_run(struct collect *collect, engine_error *err)
{
    const struct collect_source *source = &collect->source;
    engine_status status = ENGINE_OK;
    engine_error why;

    collect_finish_idle(collect);
    collect_start(collect);
    while (status == ENGINE_OK && (collect->running || collect->first)) {
        const uint64_t before = collect->counts.ended + collect->counts.started;

        if (source->run)
            status = source->run(source->user, &why);
        collect_start(collect);
        if (status == ENGINE_OK && collect->running &&
            before == collect->counts.ended + collect->counts.started)
            status = engine_fail(&why, ENGINE_EPLUGIN,
                                 "the source has left calls open");
    }
    if (status < 0) {
        collect_stop(collect, status, &why);
        if (err)
            *err = why;
    }
    collect_finish_idle(collect);
    return status;
}

/* ---- looking ------------------------------------------------------------- */

void collect_counts(const struct collect *collect, struct collect_counts *out)
{
    *out = collect->counts;
}

const char *collect_call_key(const struct collect_call *call)
{
    return call->key;
}

uint64_t collect_call_items(const struct collect_call *call)
{
    return call->items;
}

const void *collect_kept(const struct collect_call *call, size_t index)
{
    const struct collect_call *from = call->like ? call->like : call;

    return index < from->kept_count ? from->kept[index] : NULL;
}
