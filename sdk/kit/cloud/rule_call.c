/* SPDX-License-Identifier: Apache-2.0 */
/* rule_call.c - the calls of a rule: what they ask for, at which level, and
 * which of them need which. */
#include <ctype.h>
#include <string.h>

#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/value_mask_private.h"

/* ---- one call ----------------------------------------------------------- */

/* so that expressions can name it as it is */
static bool call_is_name(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

static bool call_is_texts(const struct value *value)
{
    if (value->kind != VALUE_ARRAY)
        return false;
    for (uint32_t i = 0; i < value->count; i++)
        if (value->items[i].kind != VALUE_STRING)
            return false;
    return true;
}

/* a text is a list of one */
static engine_status call_texts(struct cloud_rule *rule, const char *key,
                                const struct value *from,
                                const struct value **out, engine_error *err)
{
    struct value *list;

    *out = from;
    if (call_is_texts(from))
        return ENGINE_OK;
    if (from->kind != VALUE_STRING)
        return engine_fail(err, ENGINE_EINVAL,
                           "%s is neither a text nor a list of texts", key);
    list = arena_alloc(&rule->arena, sizeof(*list));
    if (!list)
        return engine_fail_memory(err);
    *list = (struct value){.kind = VALUE_ARRAY, .count = 1, .items = from};
    *out = list;
    return ENGINE_OK;
}

static engine_status call_member(struct cloud *cloud, struct cloud_rule *rule,
                                 struct rule_call *call,
                                 const struct value_member *member,
                                 struct value_member *request,
                                 engine_error *err)
{
    const struct value *value = &member->value;

    for (const char *const *key = cloud->provider->call_keys; *key; key++) {
        if (strcmp(member->key, *key) != 0)
            continue;
        request[call->request.count++] = *member;
        return ENGINE_OK;
    }
    if (strcmp(member->key, cloud->provider->fan) == 0) {
        call->fan = true;
        if (value->kind == VALUE_STRING && strcmp(value->text, "all") == 0)
            return ENGINE_OK;
        if (value->kind == VALUE_ARRAY && value->count == 0)
            return engine_fail(err, ENGINE_EINVAL,
                               "%s is an empty list: the call would be made "
                               "nowhere", member->key);
        return call_texts(rule, member->key, value, &call->fan_names, err);
    }
    if (strcmp(member->key, "empty_on") == 0)
        return call_texts(rule, member->key, value, &call->empty_on, err);
    if (strcmp(member->key, "name") == 0 || strcmp(member->key, "foreach") == 0)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "\"%.100s\" is not known in a call",
                       member->key);
}

engine_status rule_call_read(struct cloud *cloud, struct cloud_rule *rule,
                             struct rule_call *call,
                             const struct value *content, engine_error *err)
{
    struct value_member *request;
    engine_status status = ENGINE_OK;

    if (content->kind != VALUE_OBJECT)
        return engine_fail(err, ENGINE_EINVAL, "a call is no object");
    if (!call_is_name(call->name))
        return engine_fail(err, ENGINE_EINVAL,
                           "the name of a call consists of letters, digits "
                           "and _");
    request = arena_alloc(&rule->arena,
                          (content->count + 1) * sizeof(*request));
    if (!request)
        return engine_fail_memory(err);
    call->request = (struct value){.kind = VALUE_OBJECT, .members = request};
    for (uint32_t i = 0; status == ENGINE_OK && i < content->count; i++)
        status = call_member(cloud, rule, call, &content->members[i], request,
                             err);
    if (status == ENGINE_OK)
        status = rule_expr(cloud, content, "foreach", &call->foreach, err);
    if (status == ENGINE_OK)
        status = cloud->provider->check(cloud->self, &call->request,
                                        &call->level, err);
    if (status == ENGINE_OK && call->level >= cloud->levels)
        status = engine_fail(err, ENGINE_EPLUGIN, "a call at no level");
    if (status == ENGINE_OK)
        status = mold_compile(cloud, &call->request, &rule->arena, &call->mold,
                              err);
    if (status == ENGINE_OK && call->fan_names)
        status = mold_compile(cloud, call->fan_names, &rule->arena,
                              &call->fan_mold, err);
    call->fan_varies = call->fan_mold.inner != NULL;
    return status;
}

/* ---- levels ------------------------------------------------------------- */

static engine_status calls_level(struct cloud *cloud, struct cloud_rule *rule,
                                 engine_error *err)
{
    const char *const *levels = cloud->provider->levels;
    const struct value *scope;
    engine_status status = rule_text(&rule->content, "scope", &scope, err);

    if (status < 0)
        return status;
    for (size_t i = 0; !scope && i < rule->count; i++) {
        const struct rule_call *call = &rule->calls[i];
        const unsigned needs =
            call->fan && call->level ? call->level - 1 : call->level;

        if (needs > rule->level)
            rule->level = needs;
    }
    if (!scope)
        return ENGINE_OK;
    for (rule->level = 0; levels[rule->level]; rule->level++)
        if (strcmp(levels[rule->level], scope->text) == 0)
            return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL, "scope: there is no \"%.60s\" in "
                       "%s; the innermost is \"%s\"", scope->text,
                       cloud->provider->name, levels[cloud->levels - 1]);
}

static engine_status calls_check_level(const struct cloud *cloud,
                                       const struct cloud_rule *rule,
                                       engine_error *err)
{
    const char *const *levels = cloud->provider->levels;

    for (size_t i = 0; i < rule->count; i++) {
        const struct rule_call *call = &rule->calls[i];

        if (call->level > rule->level && !call->fan)
            return engine_fail(err, ENGINE_EINVAL,
                               "calls.%s is made for each %s, the rule is "
                               "about each %s: it needs \"%s\": all, or a "
                               "list of names", call->name,
                               levels[call->level], levels[rule->level],
                               cloud->provider->fan);
        if (call->level <= rule->level && call->fan)
            return engine_fail(err, ENGINE_EINVAL,
                               "calls.%s: \"%s\" is for calls of a level "
                               "within the rule's, which is %s", call->name,
                               cloud->provider->fan, levels[rule->level]);
    }
    return ENGINE_OK;
}

/* ---- which need which --------------------------------------------------- */

struct calls_search {
    const struct cloud_rule *rule;
    uint64_t found;
};

static uint64_t calls_mentioned(const struct cloud_rule *rule,
                                const struct expr *expr)
{
    uint64_t found = 0;

    for (size_t i = 0; i < rule->count; i++)
        if (expr_mentions(expr, rule->calls[i].name))
            found |= UINT64_C(1) << i;
    return found;
}

static bool calls_of_root(const struct expr *expr, void *user)
{
    struct calls_search *search = user;

    if (expr_uses(expr, CLOUD_ROOT))
        search->found |= calls_mentioned(search->rule, expr);
    return false;
}

static engine_status calls_foreach(const struct cloud_rule *rule, size_t index,
                                   uint64_t *found, bool *circle,
                                   engine_error *err)
{
    const struct expr *expr = rule->calls[index].foreach;
    struct value_mask *mask = value_mask_new();

    if (!mask || expr_wants(expr, mask) < 0) {
        value_mask_free(mask);
        return engine_fail_memory(err);
    }
    for (size_t i = 0; i < mask->root.count; i++)
        if (strcmp(mask->root.children[i]->key, rule->calls[index].name) == 0)
            *circle = true;
    /* of an expression on the whole input every answer before it */
    *found |= value_mask_is_all(mask) ? (UINT64_C(1) << index) - 1
                                      : calls_mentioned(rule, expr);
    value_mask_free(mask);
    return ENGINE_OK;
}

static engine_status calls_need(struct cloud_rule *rule, engine_error *err)
{
    for (size_t i = 0; i < rule->count; i++) {
        struct rule_call *call = &rule->calls[i];
        struct calls_search search = {.rule = rule};
        bool circle = false;

        for (size_t j = 0; j < i; j++)
            if (strcmp(rule->calls[j].name, call->name) == 0)
                return engine_fail(err, ENGINE_EINVAL,
                                   "two calls have the name \"%s\"",
                                   call->name);
        mold_any(&call->mold, calls_of_root, &search);
        if (call->fan_varies)
            mold_any(&call->fan_mold, calls_of_root, &search);
        if (call->foreach &&
            calls_foreach(rule, i, &search.found, &circle, err) < 0)
            return ENGINE_ENOMEM;
        if (circle)
            return engine_fail(err, ENGINE_EINVAL,
                               "calls.%s: its foreach needs its own answer",
                               call->name);
        call->needs = search.found & ~(UINT64_C(1) << i);
    }
    return ENGINE_OK;
}

static engine_status calls_check_order(const struct cloud_rule *rule,
                                       engine_error *err)
{
    uint64_t done = 0, before = 1;

    while (done != before) {
        before = done;
        for (size_t i = 0; i < rule->count; i++)
            if (!(rule->calls[i].needs & ~done))
                done |= UINT64_C(1) << i;
    }
    for (size_t i = 0; i < rule->count; i++)
        if (!(done >> i & 1))
            return engine_fail(err, ENGINE_EINVAL,
                               "calls.%s: its foreach needs answers that "
                               "need its own", rule->calls[i].name);
    return ENGINE_OK;
}

engine_status rule_calls_order(struct cloud *cloud, struct cloud_rule *rule,
                               engine_error *err)
{
    engine_status status = calls_level(cloud, rule, err);

    if (status == ENGINE_OK)
        status = calls_check_level(cloud, rule, err);
    if (status == ENGINE_OK)
        status = calls_need(rule, err);
    if (status == ENGINE_OK)
        status = calls_check_order(rule, err);
    return status;
}
