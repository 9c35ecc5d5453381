/* SPDX-License-Identifier: Apache-2.0 */
/* collect_call.c - calls, and the queue of those that wait to be begun. */
#include "sdk/kit/collect_private.h"

#include "sdk/base/alloc.h"

static const engine_error call_no_memory = {.status = ENGINE_ENOMEM,
                                            .message = "out of memory"};

/* ---- calls --------------------------------------------------------------- */

static void call_release(struct collect_call *call)
{
    const struct collect_source *source = &call->collect->source;

    if (call->owned && source->release)
        source->release(call->data, source->user);
    call->owned = false;
    call->data = NULL;
}

void collect_call_free(struct collect_call *call)
{
    call_release(call);
    collect_call_drop_kept(call);
    engine_free(call->wants);
    /* newer ones are freed first: the one which it is like is still there */
    if (call->why != &call_no_memory &&
        !(call->like && call->like->why == call->why))
        engine_free((void *)call->why);
    engine_free(call->key);
    engine_free(call);
}

void collect_call_queue(struct collect_call *call, bool at_once)
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
engine_status collect_call_new(struct collect *collect, const char *key,
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
        collect_call_free(call);
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

engine_status collect_call_join(struct collect_call *call,
                                const struct collect_wish *want,
                                engine_error *err)
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
            collect_rule_keep(want->rule, call->like ? call->like : call, err);

        if (status < 0)
            return status;
    }
    call->wants[call->wants_count++] = *want;
    want->rule->open++;
    return ENGINE_OK;
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
            collect_want_item(call, &call->wants[i], like->kept[at]);
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
    status = collect_call_check(call, &err);
    if (status == ENGINE_OK)
        status = call->like
                     ? call_repeat(call, &err)
                     : source->start(call, call->data, source->user, &err);
    if (status < 0)
        collect_end(call, status, &err);
}

/* Begins what waits. What a call brings while it is begun may lead to more
 * calls: those are begun here as well, not within each other. */
void collect_begin(struct collect *collect)
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
    collect_call_queue(call, true);
    collect_begin(collect);
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
        collect_want_end(call, &call->wants[i]);
    engine_free(call->wants);
    call->wants = NULL;
    call->wants_count = call->wants_room = 0;
    if (call->like)
        collect_call_unkeep(call->like);
    collect_begin(collect);
}
