/* SPDX-License-Identifier: Apache-2.0 */
/* collect.c - the planner: equal calls once, fanned out to who asked. */
#include "sdk/kit/collect_private.h"

#include <string.h>

#include "sdk/base/alloc.h"

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

static void rule_drop_kept(struct collect_rule *rule)
{
    while (rule->kept) {
        struct collect_keeping *kept = rule->kept;

        rule->kept = kept->next;
        collect_call_unkeep(kept->call);
        engine_free(kept);
    }
}

void collect_rule_finish(struct collect_rule *rule, engine_status status,
                         const engine_error *err)
{
    if (rule->over)
        return;
    rule->over = true;
    if (rule->ops.finished)
        rule->ops.finished(status, status < 0 ? err : NULL, rule->user);
    rule_drop_kept(rule);
}

engine_status collect_rule_keep(struct collect_rule *rule,
                                struct collect_call *call, engine_error *err)
{
    struct collect_keeping *kept = engine_calloc(1, sizeof(*kept));

    if (!kept)
        return engine_fail_memory(err);
    kept->call = call;
    kept->next = rule->kept;
    rule->kept = kept;
    call->keepers++;
    return ENGINE_OK;
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
    return collect_call_new(collect, key, known, out, err);
}

engine_status collect_want(struct collect_rule *rule, const char *key,
                           void *data, void *tag, unsigned flags,
                           engine_error *err)
{
    struct collect *collect = rule->collect;
    const struct collect_source *source = &collect->source;
    const struct collect_wish want = {rule, tag, (flags & COLLECT_KEEP) != 0};
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
        status = collect_call_join(call, &want, err);
    if (fresh && call) {
        collect_call_queue(call, false);
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
        collect_rule_finish(rule, status, err);
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
        collect_call_free(call);
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
            collect_rule_finish(rule, ENGINE_OK, NULL);
}

engine_status collect_run(struct collect *collect, engine_error *err)
{
    const struct collect_source *source = &collect->source;
    engine_status status = ENGINE_OK;
    engine_error why;

    collect_finish_idle(collect);
    collect_begin(collect);
    while (status == ENGINE_OK && (collect->running || collect->first)) {
        const uint64_t before = collect->counts.ended + collect->counts.started;

        if (source->run)
            status = source->run(source->user, &why);
        collect_begin(collect);
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
