/* SPDX-License-Identifier: Apache-2.0 */
/* visit.c - a rule in a scope: opened, its calls made as they need each
 * other, judged. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

void visit_fail(struct visit *visit, const engine_error *why)
{
    engine_error memory = {0};

    if (visit->failure)
        return;
    visit->failure = fault_new(why);
    if (visit->failure && why->status != ENGINE_ENOMEM)
        return;
    engine_fail_memory(&memory);
    cloud_abort(visit->cloud, &memory);
}

/* ---- beginning and end -------------------------------------------------- */

void visit_free(struct visit *visit)
{
    *visit->link = visit->next;
    if (visit->next)
        visit->next->link = visit->link;
    for (size_t i = 0; i < visit->rule->count; i++) {
        struct visit_call *call = &visit->calls[i];

        for (size_t k = 0; k < call->parts_count; k++)
            if (call->parts[k].made)
                call_drop(call->parts[k].made);
        for (size_t k = 0; k < call->count; k++)
            engine_free(call->items[k].failure);
        engine_free(call->items);
        engine_free(call->parts);
    }
    moved_free(visit->moved);
    engine_free(visit->failure);
    engine_free(visit->members);
    arena_clear(&visit->arena);
    engine_free(visit);
}

static struct visit *visit_new(struct cloud *cloud, struct call_home *home,
                               struct cloud_rule *rule,
                               const struct cloud_scope *scope)
{
    struct visit *visit = engine_calloc(
        1, sizeof(*visit) + rule->count * sizeof(*visit->calls));

    if (!visit)
        return NULL;
    visit->members = engine_calloc(rule->count, sizeof(*visit->members));
    if (!visit->members) {
        engine_free(visit);
        return NULL;
    }
    for (size_t i = 0; i < rule->count; i++) {
        visit->members[i].key = rule->calls[i].name;
        visit->members[i].key_len = (uint32_t)strlen(rule->calls[i].name);
    }
    visit->root = (struct value){.kind = VALUE_OBJECT,
                                 .count = (uint32_t)rule->count,
                                 .members = visit->members};
    visit->cloud = cloud;
    visit->rule = rule;
    visit->scope = scope;
    visit->home = home;
    home->visits++;
    arena_init(&visit->arena, CLOUD_VISIT_MEMORY);
    visit->next = cloud->open;
    visit->link = &cloud->open;
    if (cloud->open)
        cloud->open->link = &visit->next;
    cloud->open = visit;
    return visit;
}

static void visit_left(struct cloud *cloud, struct call_home *home)
{
    if (--home->visits == 0)
        home_free(cloud, home);
}

static void visit_close(struct visit *visit)
{
    struct cloud *cloud = visit->cloud;
    struct call_home *home = visit->home;
    struct cloud_rule *rule = visit->rule;
    engine_error err = {0};

    if (cloud->failure.status == ENGINE_OK &&
        judge_visit(visit, &err) < 0)
        cloud_abort(cloud, &err);
    visit_free(visit);
    visit_left(cloud, home);
    cloud->visits--;
    rule->visits--;
    if (cloud->failure.status == ENGINE_OK)
        report_visit_end(cloud, rule);
}

/* ---- going on ----------------------------------------------------------- */

static bool visit_step(struct visit *visit, size_t index)
{
    struct visit_call *call = &visit->calls[index];
    engine_error err = {0};
    engine_status status = ENGINE_OK;

    if (call->state == VISIT_WAITS && !visit->failure &&
        !(visit->rule->calls[index].needs & ~visit->done)) {
        call->state = VISIT_OPEN;
        status = visit_call_open(visit, index, &err);
    } else if (call->state == VISIT_OPEN && call->pending == 0) {
        call->state = VISIT_DONE;
        visit->done |= UINT64_C(1) << index;
        if (!visit->failure)
            status = visit_call_finish(visit, index, &err);
    } else {
        return false;
    }
    if (status < 0)
        visit_fail(visit, &err);
    return true;
}

/* judged when nothing is left that could go on */
static void visit_advance(struct visit *visit)
{
    const size_t count = visit->rule->count;
    bool again = true;

    while (again && visit->cloud->failure.status == ENGINE_OK) {
        again = false;
        for (size_t i = 0; i < count; i++)
            again = visit_step(visit, i) || again;
    }
    for (size_t i = 0; i < count; i++)
        if (visit->calls[i].pending)
            return;
    visit_close(visit);
}

void visit_part_ended(struct visit_part *part)
{
    struct visit *visit = part->visit;

    if (--visit->calls[part->call].pending == 0)
        visit_advance(visit);
}

/* ---- opening ------------------------------------------------------------ */

static void visit_open(struct cloud *cloud, struct call_home *home,
                       struct cloud_rule *rule,
                       const struct cloud_scope *scope)
{
    struct visit *visit = visit_new(cloud, home, rule, scope);
    engine_error err = {0};

    if (!visit) {
        engine_fail_memory(&err);
        cloud_abort(cloud, &err);
        return;
    }
    cloud->visits++;
    rule->visits++;
    rule->visited++;
    for (const struct cloud_scope *at = scope; at; at = at->parent)
        if (at->why)
            visit_fail(visit, at->why);
    visit_advance(visit);
}

/* Rules about scopes within one that cannot be used, and of which none is
 * known, look at that one. */
static void visits_open_scope(struct cloud *cloud, struct call_home *home,
                              const struct scope_node *node)
{
    const struct cloud_scope *scope = &node->scope;

    for (uint32_t i = 0; i < cloud->job->rules_count; i++) {
        struct cloud_rule *rule = &cloud->rules[i];

        if (!rule->failed && cloud->failure.status == ENGINE_OK &&
            (rule->level == scope->level ||
             (scope->why && rule->level > node->deepest)))
            visit_open(cloud, home, rule, scope);
    }
}

static void visits_opened_all(struct cloud *cloud)
{
    cloud->scanning = false;
    for (uint32_t i = 0; i < cloud->job->rules_count; i++) {
        struct cloud_rule *rule = &cloud->rules[i];

        rule->opened = true;
        if (!rule->failed)
            report_visit_end(cloud, rule);
    }
}

/* Everything within an outermost scope is opened together, so that calls are
 * shared; the next one when there is room. */
bool visits_open_more(struct cloud *cloud)
{
    struct scope_node *const *around;
    struct call_home *home;
    engine_error err = {0};
    size_t count;

    if (!cloud->scanning)
        return false;
    if (cloud->scopes_next == cloud->scopes_count) {
        visits_opened_all(cloud);
        return false;
    }
    if (cloud->visits && (cloud->visits >= CLOUD_VISITS ||
                          cloud->homes_count >= CLOUD_HOMES ||
                          cloud->calls_alive >= cloud->calls_most / 4))
        return false;
    home = home_new(cloud);
    if (!home) {
        engine_fail_memory(&err);
        cloud_abort(cloud, &err);
        return false;
    }
    home->visits++;
    around = cloud_scopes_around(
        cloud, &cloud->scopes[cloud->scopes_next]->scope, &count);
    cloud->scopes_next += count;
    for (size_t i = 0; i < count; i++)
        visits_open_scope(cloud, home, around[i]);
    visit_left(cloud, home);
    return true;
}
