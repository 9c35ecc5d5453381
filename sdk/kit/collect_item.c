/* SPDX-License-Identifier: Apache-2.0 */
/* collect_item.c - what a call brings, on its way to the rules that want it,
 * and kept for those that look at it later. */
#include "sdk/kit/collect_private.h"

#include "sdk/base/alloc.h"

/* ---- keeping ------------------------------------------------------------- */

void collect_call_drop_kept(struct collect_call *call)
{
    arena_clear(&call->arena);
    engine_free(call->kept);
    call->kept = NULL;
    call->kept_count = call->kept_room = 0;
}

void collect_call_unkeep(struct collect_call *call)
{
    if (--call->keepers == 0)
        collect_call_drop_kept(call);
}

/* ---- handing out --------------------------------------------------------- */

/* One item to one rule. */
void collect_want_item(struct collect_call *call,
                       const struct collect_wish *want, const void *item)
{
    struct collect_rule *rule = want->rule;
    engine_error err;
    engine_status status;

    if (rule->over || !rule->ops.item)
        return;
    status = rule->ops.item(call, want->tag, item, rule->user, &err);
    if (status < 0)
        collect_rule_finish(rule, status, &err);
}

/* The end of a call for one rule; the rule's own end when it was the last. */
void collect_want_end(struct collect_call *call,
                      const struct collect_wish *want)
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
        collect_rule_finish(rule, status, why);
    else if (rule->open == 0)
        collect_rule_finish(rule, ENGINE_OK, NULL);
}

static bool call_wanted(const struct collect_call *call)
{
    for (size_t i = 0; i < call->wants_count; i++)
        if (!call->wants[i].rule->over)
            return true;
    return false;
}

engine_status collect_call_check(const struct collect_call *call,
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
            collect_rule_finish(call->wants[i].rule, status, &err);
    collect_call_drop_kept(call);
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
        collect_want_item(call, &call->wants[i], item);
    return collect_call_check(call, err);
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
            collect_rule_finish(rule, status, &mine);
    }
    collect_call_drop_kept(call);
    call->items = 0;
    call->flowing = false;
    return collect_call_check(call, err);
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
