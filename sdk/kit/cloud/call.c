/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - distinct calls: made once, waited for by many, their answers kept
 * as long as somebody may need them. */
#include <stdio.h>
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

#define CALL_KEY ((size_t)1 << 20) /* bytes of a request */

/* ---- faults ------------------------------------------------------------- */

struct fault *fault_new(const engine_error *why)
{
    const size_t len = strlen(why->message), hint = strlen(why->hint);
    struct fault *fault = engine_malloc(sizeof(*fault) + len + hint + 3);

    if (!fault)
        return NULL;
    fault->status = why->status < 0 ? why->status : ENGINE_EIO;
    snprintf(fault->text, len + hint + 3, "%s%s%s", why->message,
             hint ? "; " : "", why->hint);
    return fault;
}

void fault_get(const struct fault *fault, engine_error *out)
{
    engine_fail(out, fault->status, "%s", fault->text);
}

/* ---- wanting ------------------------------------------------------------ */

static engine_status call_key(struct cloud *cloud,
                              const struct cloud_scope *scope,
                              const struct value *request, struct buffer *key,
                              void **data, engine_error *err)
{
    engine_status status;

    *data = NULL;
    /* scopes are told apart by where they are */
    buffer_printf(key, "%p\n", (const void *)scope);
    status = cloud->provider->prepare(cloud->self, scope, request, key, data,
                                      err);
    if (status == ENGINE_OK && key->status < 0) {
        cloud->provider->release(cloud->self, *data);
        status = buffer_status(key, err);
    }
    return status;
}

static engine_status call_new(struct cloud *cloud, struct call_home *home,
                              const char *key, struct cloud_call **out,
                              engine_error *err)
{
    struct cloud_call *call;

    if (cloud->calls_alive >= cloud->calls_most) {
        engine_fail(err, ENGINE_ELIMIT,
                    "the rules need more than %zu different calls at a time",
                    cloud->calls_most);
        engine_hint(err, "scan with fewer rules, or a part of the target, at "
                         "a time");
        return ENGINE_ELIMIT;
    }
    call = engine_calloc(1, sizeof(*call));
    if (!call || table_set(&home->calls, key, call) < 0) {
        engine_free(call);
        return engine_fail_memory(err);
    }
    call->cloud = cloud;
    call->state = CALL_FORGOTTEN;
    arena_init(&call->arena, CLOUD_CALL_MEMORY);
    call->home = home;
    call->all = home->all;
    home->all = call;
    cloud->calls_alive++;
    cloud->calls_begun++;
    *out = call;
    return ENGINE_OK;
}

static void call_wait(struct cloud_call *call, struct visit_part *part)
{
    part->made = call;
    part->next = NULL;
    call->refs++;
    if (call->state == CALL_ENDED)
        return;
    if (!call->waiting)
        call->waiting_end = &call->waiting;
    *call->waiting_end = part;
    call->waiting_end = &part->next;
}

/* by what is the same in every scan: which calls wait for which others must
 * not be a matter of luck */
static unsigned call_lane(const struct visit_part *part,
                          const struct cloud_scope *scope)
{
    const struct cloud_rule *rule = part->visit->rule;
    const struct cloud *cloud = part->visit->cloud;
    const struct scope_node *node = (const struct scope_node *)scope;

    return (unsigned)((rule->before + part->call +
                       node->number * cloud->rules_calls) % CLOUD_LANES);
}

/* a call anew, or again after its answer was dropped */
static void call_arm(struct cloud_call *call, const struct cloud_scope *scope,
                     const struct visit_part *part, void *data)
{
    call->scope = scope;
    call->data = data;
    call->state = CALL_QUEUED;
    call->lane = call_lane(part, scope);
    call->cloud->queued++;
    call_queue_add(&call->cloud->lanes[call->lane].queue, call);
}

/* a call that is not known by its request: maybe by the provider's key */
static engine_status call_prepare(struct cloud *cloud,
                                  const struct cloud_scope *scope,
                                  const struct value *request,
                                  const struct visit_part *part,
                                  struct cloud_call **out, engine_error *err)
{
    struct call_home *home = part->visit->home;
    struct cloud_call *call;
    struct buffer key;
    void *data;
    engine_status status;

    buffer_init(&key, CALL_KEY);
    status = call_key(cloud, scope, request, &key, &data, err);
    if (status < 0) {
        buffer_clear(&key);
        return status;
    }
    call = table_get(&home->calls, key.data);
    if (!call)
        status = call_new(cloud, home, key.data, &call, err);
    if (status == ENGINE_OK && call->state == CALL_FORGOTTEN)
        call_arm(call, scope, part, data);
    else
        cloud->provider->release(cloud->self, data);
    buffer_clear(&key);
    *out = call;
    return status;
}

/* Rules ask the same of the same elements: what is the same to the letter is
 * not made ready again. */
engine_status call_want(struct cloud *cloud, const struct cloud_scope *scope,
                        const struct value *request, struct visit_part *part,
                        engine_error *err)
{
    struct table *requested = &part->visit->home->requested;
    struct cloud_call *call = NULL;
    struct buffer text;
    engine_status status = ENGINE_OK;

    buffer_init(&text, CALL_KEY);
    buffer_printf(&text, "%p ", (const void *)scope);
    if (value_to_json(request, 0, &text) < 0 || text.status < 0)
        status = engine_fail(err, ENGINE_ELIMIT,
                             "a request is too long or nested too deeply");
    if (status == ENGINE_OK)
        call = table_get(requested, text.data);
    if (status == ENGINE_OK && (!call || call->state == CALL_FORGOTTEN)) {
        status = call_prepare(cloud, scope, request, part, &call, err);
        if (status == ENGINE_OK &&
            table_set(requested, text.data, call) < 0)
            status = engine_fail_memory(err);
    }
    if (status == ENGINE_OK)
        call_wait(call, part);
    buffer_clear(&text);
    return status;
}

/* ---- dropping ----------------------------------------------------------- */

static void call_forget(struct cloud_call *call)
{
    arena_clear(&call->arena);
    engine_free(call->failure);
    engine_free(call->code);
    call->failure = NULL;
    call->code = NULL;
    call->state = CALL_FORGOTTEN;
}

void call_drop(struct cloud_call *call)
{
    struct cloud *cloud = call->cloud;

    if (--call->refs || call->kept || call->state != CALL_ENDED)
        return;
    /* rules to come may want it, too */
    if (cloud->kept + call->arena.used <= CLOUD_KEPT) {
        cloud->kept += call->arena.used;
        call->home->kept += call->arena.used;
        call->kept = true;
        return;
    }
    call_forget(call);
}

/* A block of memory for each of thousands of small answers would be many
 * times their size. */
static void call_shelve(struct cloud_call *call)
{
    struct call_home *home = call->home;
    const size_t before = home->shelf.used;
    struct value copy;
    engine_status status = ENGINE_ELIMIT;

    if (!call->failure && call->arena.used <= CLOUD_SMALL &&
        call->cloud->kept < CLOUD_KEPT)
        status = value_copy(&call->value, &home->shelf, &copy, NULL);
    home->kept += home->shelf.used - before;
    call->cloud->kept += home->shelf.used - before;
    if (status < 0)
        return;
    call->value = copy;
    call->kept = true;
    arena_clear(&call->arena);
}

bool call_is_empty(const struct cloud_call *call, const struct value *empty_on)
{
    const char *at = call->code ? call->code : "";

    while (empty_on && *at) {
        const size_t len = strcspn(at, " ");

        for (uint32_t i = 0; i < empty_on->count; i++)
            if (empty_on->items[i].count == len &&
                memcmp(empty_on->items[i].text, at, len) == 0)
                return true;
        at += len;
        at += strspn(at, " ");
    }
    return false;
}

/* ---- homes -------------------------------------------------------------- */

struct call_home *home_new(struct cloud *cloud)
{
    struct call_home *home = engine_calloc(1, sizeof(*home));

    if (!home)
        return NULL;
    arena_init(&home->shelf, CLOUD_KEPT);
    home->next = cloud->homes;
    home->link = &cloud->homes;
    if (home->next)
        home->next->link = &home->next;
    cloud->homes = home;
    cloud->homes_count++;
    return home;
}

void home_free(struct cloud *cloud, struct call_home *home)
{
    while (home->all) {
        struct cloud_call *call = home->all;

        home->all = call->all;
        if (call->data)
            cloud->provider->release(cloud->self, call->data);
        call_forget(call);
        engine_free(call);
        cloud->calls_alive--;
    }
    cloud->kept -= home->kept;
    cloud->homes_count--;
    *home->link = home->next;
    if (home->next)
        home->next->link = home->link;
    table_clear(&home->requested);
    table_clear(&home->calls);
    arena_clear(&home->shelf);
    engine_free(home);
}

/* ---- for providers ------------------------------------------------------ */

const struct cloud_scope *cloud_call_scope(const struct cloud_call *call)
{
    return call->scope;
}

struct arena *cloud_call_arena(struct cloud_call *call)
{
    return &call->arena;
}

static void call_end(struct cloud_call *call)
{
    struct cloud *cloud = call->cloud;
    void *data = call->data;

    call_shelve(call);
    call->state = CALL_ENDED;
    call->data = NULL;
    cloud->started--;
    cloud->lanes[call->lane].started--;
    cloud->calls_ended++;
    if (data)
        cloud->provider->release(cloud->self, data);
    call_queue_add(&cloud->ended, call);
    cloud_pump(cloud);
}

void cloud_answer(struct cloud_call *call, const struct value *value)
{
    if (call->state != CALL_STARTED)
        return;
    call->value = *value;
    call_end(call);
}

void cloud_refuse(struct cloud_call *call, const char *code,
                  const engine_error *why)
{
    engine_error why_all = {0};

    if (call->state != CALL_STARTED)
        return;
    arena_clear(&call->arena);
    call->value = value_null;
    call->failure = fault_new(why);
    call->code = code ? engine_strdup(code) : NULL;
    if (!call->failure || (code && !call->code) ||
        why->status == ENGINE_ENOMEM) {
        engine_fail_memory(&why_all);
        cloud_abort(call->cloud, &why_all);
    } else if (cloud_stopped(call->cloud, &why_all) < 0) {
        cloud_abort(call->cloud, &why_all); /* it says nothing of the cloud */
    }
    call_end(call);
}
