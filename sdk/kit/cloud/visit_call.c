/* SPDX-License-Identifier: Apache-2.0 */
/* visit_call.c - one call of a rule in a scope: for each item, in each scope
 * that it fans out to, and its answers into the root. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

/* ---- items -------------------------------------------------------------- */

static engine_status items_evaluate(struct visit *visit, size_t index,
                                    struct value *out, engine_error *err)
{
    const struct rule_call *call = &visit->rule->calls[index];
    const struct value *found;
    engine_status status;

    *out = (struct value){.kind = VALUE_ARRAY, .count = 1,
                          .items = &visit->root};
    if (!call->foreach)
        return ENGINE_OK;
    status = cloud_evaluate(visit->cloud, call->foreach, &visit->root,
                            &visit->arena, &found, err);
    if (status < 0) {
        engine_error_prefix(err, "calls.%s: foreach", call->name);
        return status;
    }
    if (found->kind == VALUE_ARRAY)
        *out = *found;
    else if (found->kind == VALUE_NULL)
        out->count = 0;
    else
        out->items = found; /* one, that is no list */
    return ENGINE_OK;
}

static engine_status items_make(struct visit *visit, size_t index,
                                size_t scopes, engine_error *err)
{
    struct visit_call *call = &visit->calls[index];
    struct value list;
    engine_status status = items_evaluate(visit, index, &list, err);

    if (status < 0)
        return status;
    if (list.count > CLOUD_ITEMS ||
        (scopes && list.count > CLOUD_CALLS / scopes))
        return engine_fail(err, ENGINE_ELIMIT,
                           "calls.%s would be made %u times",
                           visit->rule->calls[index].name,
                           list.count * (unsigned)(scopes + !scopes));
    call->items = engine_calloc(list.count + !list.count,
                                sizeof(*call->items));
    call->parts = engine_calloc(list.count * scopes + 1, sizeof(*call->parts));
    if (!call->items || !call->parts)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i].kind != VALUE_NULL)
            call->items[call->count++].value = list.items[i];
    return ENGINE_OK;
}

/* ---- scopes ------------------------------------------------------------- */

static bool scopes_are_named(const struct value *names, const char *name)
{
    for (uint32_t i = 0; names && i < names->count; i++) {
        const char *text = value_text(&names->items[i]);

        if (text && strcmp(text, name) == 0)
            return true;
    }
    return !names;
}

static engine_status scopes_missing(const struct visit *visit,
                                    const struct rule_call *call,
                                    const struct value *names,
                                    const struct cloud_scope *const *scopes,
                                    size_t count, engine_error *err)
{
    for (uint32_t i = 0; names && i < names->count; i++) {
        const char *name = value_text(&names->items[i]);
        size_t k = 0;

        while (name && k < count && strcmp(scopes[k]->name, name) != 0)
            k++;
        if (!name || k == count)
            return engine_fail(err, ENGINE_ENOTFOUND,
                               "%s has no %s \"%.200s\" that is scanned",
                               visit->scope->label,
                               visit->cloud->provider->levels[call->level],
                               name ? name : "");
    }
    return ENGINE_OK;
}

/* the scopes that a call is made in; engine_free */
static engine_status scopes_find(const struct visit *visit,
                                 const struct rule_call *call,
                                 const struct cloud_scope ***out,
                                 size_t *count, engine_error *err)
{
    const struct cloud *cloud = visit->cloud;
    const struct value *names = call->fan_varies ? NULL : call->fan_names;
    size_t most;
    struct scope_node *const *around =
        cloud_scopes_around(cloud, visit->scope, &most);
    const struct cloud_scope **scopes =
        engine_calloc(call->fan ? most + 1 : 1, sizeof(*scopes));

    *out = scopes;
    *count = 0;
    if (!scopes)
        return engine_fail_memory(err);
    if (!call->fan) {
        scopes[(*count)++] = cloud_scope_at(visit->scope, call->level);
        return ENGINE_OK;
    }
    for (size_t i = 0; i < most; i++) {
        const struct cloud_scope *scope = &around[i]->scope;

        if (scope->level == call->level &&
            cloud_scope_at(scope, visit->scope->level) == visit->scope &&
            scopes_are_named(names, scope->name))
            scopes[(*count)++] = scope;
    }
    if (*count == 0 && !names)
        return engine_fail(err, ENGINE_ENOTFOUND, "%s has no %s that is "
                           "scanned", visit->scope->label,
                           cloud->provider->levels[call->level]);
    return scopes_missing(visit, call, names, scopes, *count, err);
}

/* the names of the scopes that an item says; NULL: it says none */
static engine_status scopes_of_item(struct visit *visit,
                                    const struct rule_call *call,
                                    const struct visit_item *item,
                                    const struct cloud_scope *const *scopes,
                                    size_t count, struct value *out,
                                    engine_error *err)
{
    const struct value *input =
        call->foreach ? &item->value : &visit->scope->value;
    engine_status status;

    *out = value_null;
    if (!call->fan_varies)
        return ENGINE_OK;
    cloud_bind(visit->cloud, visit->rule, visit->scope, &visit->root);
    status = mold_fill(visit->cloud, &call->fan_mold, input, &visit->arena,
                       out, err);
    /* "{expression}" may be a list by itself */
    if (status == ENGINE_OK && out->count == 1 &&
        out->items[0].kind == VALUE_ARRAY)
        *out = out->items[0];
    if (status == ENGINE_OK)
        status = scopes_missing(visit, call, out, scopes, count, err);
    return status;
}

/* Of "all", an item of an answer that was fanned out is asked about where it
 * is. */
static bool scopes_is_elsewhere(const struct visit *visit,
                                const struct rule_call *call,
                                const struct visit_item *item,
                                const struct cloud_scope *scope)
{
    char key[64] = "_";
    const char *home;

    if (!call->fan || !call->foreach || call->fan_names)
        return false;
    strncat(key, visit->cloud->provider->levels[call->level],
            sizeof(key) - 2);
    home = value_text(value_member(&item->value, key));
    return home && strcmp(home, scope->name) != 0;
}

/* ---- opening ------------------------------------------------------------ */

static engine_status part_want(struct visit *visit, size_t index,
                               struct visit_part *part,
                               const struct visit_item *item,
                               engine_error *err)
{
    const struct rule_call *call = &visit->rule->calls[index];
    struct cloud *cloud = visit->cloud;
    const struct value *input =
        call->foreach ? &item->value : &part->scope->value;
    struct value request;
    engine_status status;

    if (part->scope->why) {
        *err = *part->scope->why;
        return err->status;
    }
    cloud_bind(cloud, visit->rule, part->scope, &visit->root);
    status = mold_fill(cloud, &call->mold, input, &cloud->requests, &request,
                       err);
    if (status == ENGINE_OK)
        status = call_want(cloud, part->scope, &request, part, err);
    arena_reset(&cloud->requests);
    return status;
}

/* the first failure is kept */
static engine_status item_fail(struct visit_item *item,
                               const engine_error *why, engine_error *err)
{
    if (!item->failure)
        item->failure = fault_new(why);
    if (!item->failure || why->status == ENGINE_ENOMEM)
        return engine_fail_memory(err);
    return ENGINE_OK;
}

/* without an answer, where null would be one */
static engine_status item_nowhere(const struct visit *visit, size_t index,
                                  struct visit_item *item, engine_error *err)
{
    const struct rule_call *call = &visit->rule->calls[index];
    const char *level = visit->cloud->provider->levels[call->level];
    engine_error why = {0};

    engine_fail(&why, ENGINE_ENOTFOUND,
                call->fan_names
                    ? "it is made nowhere: %s gives no %s"
                    : "it is made nowhere: \"%s\" has no %s that the element "
                      "is in",
                visit->cloud->provider->fan, level);
    return item_fail(item, &why, err);
}

static engine_status item_open(struct visit *visit, size_t index,
                               struct visit_item *item,
                               const struct cloud_scope *const *scopes,
                               size_t count, engine_error *err)
{
    struct visit_call *call = &visit->calls[index];
    engine_error why = {0};
    struct value names;

    item->first = (uint32_t)call->parts_count;
    if (scopes_of_item(visit, &visit->rule->calls[index], item, scopes, count,
                       &names, &why) < 0)
        return item_fail(item, &why, err);
    for (size_t i = 0; i < count; i++) {
        struct visit_part *part = &call->parts[call->parts_count];

        if (scopes_is_elsewhere(visit, &visit->rule->calls[index], item,
                                scopes[i]) ||
            !scopes_are_named(names.kind == VALUE_ARRAY ? &names : NULL,
                              scopes[i]->name))
            continue;
        *part = (struct visit_part){.visit = visit, .call = (uint32_t)index,
                                    .item = (uint32_t)(item - call->items),
                                    .scope = scopes[i]};
        call->parts_count++;
        item->parts++;
        if (part_want(visit, index, part, item, &why) < 0) {
            if (scopes[i] != visit->scope)
                engine_error_prefix(&why, "%s", scopes[i]->label);
            if (item_fail(item, &why, err) < 0)
                return ENGINE_ENOMEM;
        }
        call->pending += part->made && part->made->state != CALL_ENDED;
    }
    return item->parts ? ENGINE_OK : item_nowhere(visit, index, item, err);
}

engine_status visit_call_open(struct visit *visit, size_t index,
                              engine_error *err)
{
    struct visit_call *call = &visit->calls[index];
    const struct cloud_scope **scopes;
    size_t count;
    engine_status status;

    cloud_bind(visit->cloud, visit->rule, visit->scope, &visit->root);
    status = scopes_find(visit, &visit->rule->calls[index], &scopes, &count,
                         err);
    if (status < 0)
        engine_error_prefix(err, "calls.%s", visit->rule->calls[index].name);
    if (status == ENGINE_OK)
        status = items_make(visit, index, count, err);
    for (size_t i = 0; status == ENGINE_OK && i < call->count; i++)
        status = item_open(visit, index, &call->items[i], scopes, count, err);
    engine_free(scopes);
    return status;
}

/* ---- finishing ---------------------------------------------------------- */

const struct fault *visit_item_failure(const struct visit *visit, size_t index,
                                       const struct visit_item *item,
                                       const struct cloud_scope **where)
{
    const struct rule_call *call = &visit->rule->calls[index];

    if (where)
        *where = NULL;
    if (item->failure)
        return item->failure;
    for (uint32_t i = 0; i < item->parts; i++) {
        const struct visit_part *part =
            &visit->calls[index].parts[item->first + i];

        if (!part->made->failure ||
            call_is_empty(part->made, call->empty_on))
            continue;
        if (where && part->scope != visit->scope)
            *where = part->scope;
        return part->made->failure;
    }
    return NULL;
}

/* {item, answer} */
static bool finish_pair(struct visit *visit, const struct value *item,
                        const struct value *answer, struct value *out)
{
    struct value_member *members =
        arena_alloc(&visit->arena, 2 * sizeof(*members));

    if (!members)
        return false;
    members[0] = (struct value_member){.key = "item", .key_len = 4,
                                       .value = *item};
    members[1] = (struct value_member){.key = "answer", .key_len = 6,
                                       .value = *answer};
    *out = (struct value){.kind = VALUE_OBJECT, .count = 2,
                          .members = members};
    return true;
}

static engine_status finish_items(struct visit *visit, size_t index,
                                  const struct value **answers,
                                  struct value *values, engine_error *err)
{
    struct visit_call *call = &visit->calls[index];
    struct value *list =
        arena_alloc(&visit->arena, (call->count + 1) * sizeof(*list));
    uint32_t listed = 0;
    engine_status status =
        list ? ENGINE_OK : cloud_fail_arena(&visit->arena, err);

    for (size_t i = 0; status == ENGINE_OK && i < call->count; i++) {
        struct visit_item *item = &call->items[i];

        if (visit_item_failure(visit, index, item, NULL))
            continue;
        status = fan_join(visit, index, item, &values[i], err);
        if (status < 0)
            break;
        answers[i] = &values[i];
        if (!finish_pair(visit, &item->value, &values[i], &list[listed++]))
            status = cloud_fail_arena(&visit->arena, err);
    }
    visit->members[index].value = (struct value){
        .kind = VALUE_ARRAY, .count = listed, .items = list};
    return status;
}

static engine_status finish_foreach(struct visit *visit, size_t index,
                                    engine_error *err)
{
    const size_t count = visit->calls[index].count;
    const struct value **answers = engine_calloc(count + 1, sizeof(*answers));
    struct value *values = engine_calloc(count + 1, sizeof(*values));
    engine_status status = answers && values
                               ? ENGINE_OK
                               : engine_fail_memory(err);

    if (status == ENGINE_OK)
        status = finish_items(visit, index, answers, values, err);
    if (status == ENGINE_OK && count)
        status = splice_answers(visit, index, answers,
                                rule_call_into(visit->rule, index), err);
    engine_free(answers);
    engine_free(values);
    return status;
}

engine_status visit_call_finish(struct visit *visit, size_t index,
                                engine_error *err)
{
    struct visit_call *call = &visit->calls[index];
    const struct cloud_scope *where;
    const struct fault *failure;

    if (visit->rule->calls[index].foreach)
        return finish_foreach(visit, index, err);
    failure = visit_item_failure(visit, index, &call->items[0], &where);
    if (failure) {
        fault_get(failure, err);
        if (where)
            engine_error_prefix(err, "%s", where->label);
        if (!visit->rule->check)
            engine_error_prefix(err, "calls.%s",
                                visit->rule->calls[index].name);
        return err->status;
    }
    return fan_join(visit, index, &call->items[0],
                    &visit->members[index].value, err);
}
