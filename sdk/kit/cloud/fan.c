/* SPDX-License-Identifier: Apache-2.0 */
/* fan.c - one answer of a call that was made in several scopes. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/kit/cloud/cloud_private.h"

/* A member of the answers, over all scopes. */
struct fan_member {
    struct value_member first;
    size_t count;  /* elements of all lists */
    uint32_t seen; /* answers that have it */
    bool lists;    /* it is a list in all of them */
    bool same;     /* it is the same in all of them */
};

struct fan {
    struct arena *arena;
    const struct value **answers;        /* that are not null */
    const struct cloud_scope **scopes;
    uint32_t count;
    struct fan_member *members;
    size_t members_count, room;
    struct table index; /* key -> number + 1 */
    engine_error *err;
};

/* ---- the scope's members ------------------------------------------------ */

static const char *fan_key(struct fan *fan, const struct value_member *member)
{
    return arena_strf(fan->arena, "_%s", member->key);
}

/* an object with the members of its scope; all else as it is */
static engine_status fan_tag(struct fan *fan, const struct value *value,
                             const struct value *scope, struct value *out)
{
    struct value_member *members;

    *out = *value;
    if (value->kind != VALUE_OBJECT)
        return ENGINE_OK;
    members = arena_alloc(fan->arena, ((size_t)value->count + scope->count +
                                       1) * sizeof(*members));
    if (!members)
        return cloud_fail_arena(fan->arena, fan->err);
    out->members = members;
    out->count = 0;
    for (uint32_t i = 0; i < value->count; i++)
        members[out->count++] = value->members[i];
    for (uint32_t i = 0; i < scope->count; i++)
        if (!value_member(value, scope->members[i].key))
            members[out->count++] = scope->members[i];
    return ENGINE_OK;
}

/* {_account, _region, ...} of a scope */
static engine_status fan_scope(struct fan *fan, const struct cloud_scope *from,
                               struct value *out)
{
    const struct value *value = &from->value;
    struct value_member *members =
        arena_alloc(fan->arena, (value->count + 1) * sizeof(*members));

    *out = (struct value){.kind = VALUE_OBJECT, .members = members};
    if (!members)
        return cloud_fail_arena(fan->arena, fan->err);
    for (uint32_t i = 0; i < value->count; i++) {
        members[i] = value->members[i];
        members[i].key = fan_key(fan, &value->members[i]);
        members[i].key_len = value->members[i].key_len + 1;
        if (!members[i].key)
            return cloud_fail_arena(fan->arena, fan->err);
    }
    out->count = value->count;
    return ENGINE_OK;
}

/* ---- joining ------------------------------------------------------------ */

/* elements of each list, tagged; what is no list is one element */
static engine_status fan_concat(struct fan *fan, const char *key, size_t most,
                                const struct value *tags, struct value *out)
{
    struct value *items = arena_alloc(fan->arena, (most + 1) * sizeof(*items));
    engine_status status =
        items ? ENGINE_OK : cloud_fail_arena(fan->arena, fan->err);

    *out = (struct value){.kind = VALUE_ARRAY, .items = items};
    for (uint32_t i = 0; status == ENGINE_OK && i < fan->count; i++) {
        const struct value *from =
            key ? value_member(fan->answers[i], key) : fan->answers[i];
        const bool list = from && from->kind == VALUE_ARRAY;
        const uint32_t count = list ? from->count : from != NULL;

        for (uint32_t k = 0; status == ENGINE_OK && k < count; k++)
            status = fan_tag(fan, list ? &from->items[k] : from, &tags[i],
                             &items[out->count++]);
    }
    return status;
}

static engine_status fan_add(struct fan *fan,
                             const struct value_member *member)
{
    uintptr_t at = (uintptr_t)table_get(&fan->index, member->key);
    struct fan_member *to;

    if (!at) {
        if (fan->members_count == fan->room) {
            const size_t room = fan->room ? 2 * fan->room : 16;
            struct fan_member *more =
                engine_realloc(fan->members, room * sizeof(*more));

            if (!more)
                return engine_fail_memory(fan->err);
            fan->members = more;
            fan->room = room;
        }
        at = ++fan->members_count;
        fan->members[at - 1] =
            (struct fan_member){.first = *member, .lists = true, .same = true};
        if (table_set(&fan->index, member->key, (void *)at) < 0)
            return engine_fail_memory(fan->err);
    }
    to = &fan->members[at - 1];
    to->seen++;
    to->lists = to->lists && member->value.kind == VALUE_ARRAY;
    to->same = to->same && value_equal(&to->first.value, &member->value);
    to->count += member->value.kind == VALUE_ARRAY ? member->value.count : 0;
    return ENGINE_OK;
}

/* {lists joined, what is the same everywhere, _scopes: [each answer]} */
static engine_status fan_objects(struct fan *fan, const struct value *tags,
                                 struct value *out)
{
    struct value_member *members;
    engine_status status = ENGINE_OK;

    for (uint32_t i = 0; i < fan->count; i++)
        for (uint32_t k = 0; status == ENGINE_OK && k < fan->answers[i]->count;
             k++)
            status = fan_add(fan, &fan->answers[i]->members[k]);
    members = arena_alloc(fan->arena,
                          (fan->members_count + 1) * sizeof(*members));
    if (status < 0)
        return status;
    if (!members)
        return cloud_fail_arena(fan->arena, fan->err);
    *out = (struct value){.kind = VALUE_OBJECT, .members = members};
    for (size_t i = 0; status == ENGINE_OK && i < fan->members_count; i++) {
        const struct fan_member *member = &fan->members[i];

        if (!member->lists && (!member->same || member->seen < fan->count))
            continue;
        members[out->count] = member->first;
        if (member->lists)
            status = fan_concat(fan, member->first.key, member->count, tags,
                                &members[out->count].value);
        out->count++;
    }
    members[out->count] = (struct value_member){.key = "_scopes", .key_len = 7};
    if (status == ENGINE_OK)
        status = fan_concat(fan, NULL, fan->count, tags,
                            &members[out->count++].value);
    return status;
}

static engine_status fan_make(struct fan *fan, struct value *out)
{
    struct value *tags =
        arena_alloc(fan->arena, (fan->count + 1) * sizeof(*tags));
    engine_status status =
        tags ? ENGINE_OK : cloud_fail_arena(fan->arena, fan->err);
    bool objects = true;
    size_t most = 0;

    *out = value_null;
    for (uint32_t i = 0; status == ENGINE_OK && i < fan->count; i++) {
        status = fan_scope(fan, fan->scopes[i], &tags[i]);
        objects = objects && fan->answers[i]->kind == VALUE_OBJECT;
        most += fan->answers[i]->kind == VALUE_ARRAY ? fan->answers[i]->count
                                                     : 1;
    }
    if (status < 0 || fan->count == 0)
        return status;
    return objects ? fan_objects(fan, tags, out)
                   : fan_concat(fan, NULL, most, tags, out);
}

/* null: nothing is there */
static const struct value *fan_answer(const struct visit_part *part,
                                      const struct rule_call *call)
{
    const struct cloud_call *made = part->made;

    return made->failure && call_is_empty(made, call->empty_on)
               ? &value_null
               : &made->value;
}

engine_status fan_join(struct visit *visit, size_t index,
                       const struct visit_item *item, struct value *out,
                       engine_error *err)
{
    const struct rule_call *call = &visit->rule->calls[index];
    const struct visit_part *parts =
        &visit->calls[index].parts[item->first];
    struct fan fan = {.arena = &visit->arena, .err = err};
    engine_status status;

    if (!call->fan) {
        *out = *fan_answer(&parts[0], call);
        return ENGINE_OK;
    }
    fan.answers = engine_calloc(item->parts + 1, sizeof(*fan.answers));
    fan.scopes = engine_calloc(item->parts + 1, sizeof(*fan.scopes));
    for (uint32_t i = 0; fan.answers && fan.scopes && i < item->parts; i++) {
        const struct value *answer = fan_answer(&parts[i], call);

        if (answer->kind == VALUE_NULL)
            continue;
        fan.answers[fan.count] = answer;
        fan.scopes[fan.count++] = parts[i].scope;
    }
    status = fan.answers && fan.scopes ? fan_make(&fan, out)
                                       : engine_fail_memory(err);
    engine_free(fan.answers);
    engine_free(fan.scopes);
    engine_free(fan.members);
    table_clear(&fan.index);
    return status;
}
