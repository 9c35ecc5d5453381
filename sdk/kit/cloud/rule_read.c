/* SPDX-License-Identifier: Apache-2.0 */
/* rule_read.c - a check_content, in its short or its long form. */
#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/template.h"

/* ---- members ------------------------------------------------------------ */

engine_status rule_text(const struct value *content, const char *key,
                        const struct value **out, engine_error *err)
{
    const struct value *found = value_member(content, key);

    *out = NULL;
    if (!found || found->kind == VALUE_NULL)
        return ENGINE_OK;
    if (found->kind != VALUE_STRING)
        return engine_fail(err, ENGINE_EINVAL, "%s is no text", key);
    if (strlen(found->text) != found->count)
        return engine_fail(err, ENGINE_EINVAL, "%s has a NUL in it", key);
    *out = found;
    return ENGINE_OK;
}

engine_status rule_expr(struct cloud *cloud, const struct value *content,
                        const char *key, struct expr **out, engine_error *err)
{
    const struct value *text;
    engine_status status = rule_text(content, key, &text, err);

    *out = NULL;
    if (status < 0 || !text)
        return status;
    status = cloud_program(cloud, text->text, out, err);
    if (status < 0)
        engine_error_prefix(err, "%s", key);
    return status;
}

static bool rule_is_one_of(const char *key, const char *const *keys)
{
    for (; keys && *keys; keys++)
        if (strcmp(key, *keys) == 0)
            return true;
    return false;
}

static engine_status rule_check_keys(const struct cloud *cloud,
                                     const struct value *content, bool brief,
                                     engine_error *err)
{
    static const char *const common[] = {"scope", "when", "id", "name", "type",
                                         "region", "message", NULL};
    static const char *const longer[] = {"calls", "each", "assert", NULL};
    static const char *const shorter[] = {
        "foreach",    "path",         "operator",  "expected",
        "value_type", "entity_check", "not_found", "empty_on", NULL};

    for (uint32_t i = 0; i < content->count; i++) {
        const char *key = content->members[i].key;

        if (rule_is_one_of(key, common) ||
            rule_is_one_of(key, brief ? shorter : longer))
            continue;
        if (brief && (rule_is_one_of(key, cloud->provider->call_keys) ||
                      strcmp(key, cloud->provider->fan) == 0))
            continue;
        return engine_fail(err, ENGINE_EINVAL,
                           "check_content: \"%.100s\" is not known in the %s "
                           "form", key, brief ? "short" : "long");
    }
    return ENGINE_OK;
}

/* ---- variables ---------------------------------------------------------- */

static engine_status rule_fill(struct cloud_rule *rule, const bson_t *content,
                               const bson_t *variables, bson_t *filled,
                               engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_iter_t iter;

    if (!bson_iter_init(&iter, content))
        return engine_fail(err, ENGINE_EINVAL, "check_content is malformed");
    while (status == ENGINE_OK && bson_iter_next(&iter)) {
        status = template_fill(&iter, variables, &rule->used, filled,
                               bson_iter_key(&iter), err);
        if (status < 0)
            engine_error_prefix(err, "%.100s", bson_iter_key(&iter));
    }
    return status;
}

static engine_status rule_value(struct cloud_rule *rule, const bson_t *filled,
                                engine_error *err)
{
    bson_t outer = BSON_INITIALIZER;
    bson_iter_t iter;
    engine_status status;

    bson_append_document(&outer, "c", 1, filled);
    status = bson_iter_init_find(&iter, &outer, "c")
                 ? value_from_bson(&iter, &rule->arena, &rule->content, err)
                 : engine_fail_memory(err);
    bson_destroy(&outer);
    return status;
}

/* ---- calls -------------------------------------------------------------- */

static engine_status rule_calls(struct cloud *cloud, struct cloud_rule *rule,
                                engine_error *err)
{
    const struct value *calls = value_member(&rule->content, "calls");
    const bool list = calls->kind == VALUE_ARRAY;
    engine_status status = ENGINE_OK;

    if ((!list && calls->kind != VALUE_OBJECT) || calls->count == 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "calls is neither an object nor a list of calls");
    if (calls->count > CLOUD_RULE_CALLS)
        return engine_fail(err, ENGINE_ELIMIT, "more than %d calls in a rule",
                           CLOUD_RULE_CALLS);
    rule->calls = arena_alloc(&rule->arena,
                              calls->count * sizeof(*rule->calls));
    if (!rule->calls)
        return engine_fail_memory(err);
    for (uint32_t i = 0; status == ENGINE_OK && i < calls->count; i++) {
        struct rule_call *call = &rule->calls[rule->count];

        call->name = list ? value_text(value_member(&calls->items[i], "name"))
                          : calls->members[i].key;
        if (!call->name)
            return engine_fail(err, ENGINE_EINVAL,
                               "calls: call %u has no name", i + 1);
        status = rule_call_read(cloud, rule, call,
                                list ? &calls->items[i]
                                     : &calls->members[i].value,
                                err);
        if (status < 0)
            engine_error_prefix(err, "calls.%.60s", call->name);
        rule->count++;
    }
    return status;
}

static engine_status rule_long(struct cloud *cloud, struct cloud_rule *rule,
                               engine_error *err)
{
    engine_status status = rule_calls(cloud, rule, err);

    if (status == ENGINE_OK)
        status = rule_expr(cloud, &rule->content, "each", &rule->each, err);
    if (status == ENGINE_OK)
        status = rule_expr(cloud, &rule->content, "assert", &rule->assert,
                           err);
    if (status == ENGINE_OK && !rule->assert)
        status = engine_fail(err, ENGINE_EINVAL, "there is no assert");
    return status;
}

/* one call without a name */
static engine_status rule_one_call(struct cloud *cloud,
                                   struct cloud_rule *rule, engine_error *err)
{
    const char *const *keys = cloud->provider->call_keys;
    struct value_member *members =
        arena_alloc(&rule->arena,
                    (rule->content.count + 1) * sizeof(*members));
    struct value call = {.kind = VALUE_OBJECT, .members = members};

    rule->calls = arena_alloc(&rule->arena, sizeof(*rule->calls));
    if (!members || !rule->calls)
        return engine_fail_memory(err);
    for (uint32_t i = 0; i < rule->content.count; i++) {
        const struct value_member *member = &rule->content.members[i];

        if (rule_is_one_of(member->key, keys) ||
            strcmp(member->key, cloud->provider->fan) == 0 ||
            strcmp(member->key, "empty_on") == 0)
            members[call.count++] = *member;
    }
    rule->calls[0].name = "answer";
    rule->count = 1;
    return rule_call_read(cloud, rule, &rule->calls[0], &call, err);
}

/* It is compared with as it is; who writes this means something else. */
static engine_status rule_expected(const struct value *content,
                                   engine_error *err)
{
    const char *text = value_text(value_member(content, "expected"));

    if (!text || strncmp(text, "$variables.", 11) != 0)
        return ENGINE_OK;
    return engine_fail(err, ENGINE_EINVAL,
                       "expected is no expression: \"%.100s\" would be "
                       "compared with as a text; a variable is {{.%.100s}}",
                       text, text + 11);
}

static engine_status rule_short(struct cloud *cloud, struct cloud_rule *rule,
                                const bson_t *filled, engine_error *err)
{
    const struct expr_limits limits = {.variables = cloud->names,
                                       .now_ms = cloud->now_ms};
    const struct check_words words = {.language = expr_language("jmespath"),
                                      .path = "path",
                                      .condition = "operator",
                                      .expected = "expected",
                                      .limits = &limits};
    const bson_t none = BSON_INITIALIZER;
    engine_status status = rule_one_call(cloud, rule, err);

    if (status == ENGINE_OK)
        status = rule_expr(cloud, &rule->content, "foreach", &rule->each, err);
    if (status == ENGINE_OK && !value_member(&rule->content, "operator"))
        status = engine_fail(err, ENGINE_EINVAL, "there is no operator");
    if (status == ENGINE_OK)
        status = rule_expected(&rule->content, err);
    if (status == ENGINE_OK) {
        status = check_compile(filled, &words, &none, &rule->check, err);
        if (status < 0 && strncmp(err->message, "path: ", 6) != 0)
            engine_error_prefix(err, "operator and expected");
    }
    if (status == ENGINE_OK) {
        check_bind(rule->check, cloud->bound);
        check_redact(rule->check,
                     evidence_path_is_secret(check_path(rule->check)));
    }
    return status;
}

/* ---- about the resource ------------------------------------------------- */

static engine_status rule_resource(struct cloud *cloud,
                                   struct cloud_rule *rule, engine_error *err)
{
    const struct value *content = &rule->content, *text;
    engine_status status = rule_expr(cloud, content, "when", &rule->when, err);

    if (status == ENGINE_OK)
        status = rule_expr(cloud, content, "id", &rule->id, err);
    if (status == ENGINE_OK)
        status = rule_expr(cloud, content, "name", &rule->name, err);
    if (status == ENGINE_OK)
        status = rule_expr(cloud, content, "region", &rule->region, err);
    if (status == ENGINE_OK)
        status = rule_text(content, "message", &text, err);
    if (status == ENGINE_OK && text) {
        status = place_compile(cloud, text, &rule->arena, &rule->message, err);
        if (status < 0)
            engine_error_prefix(err, "message");
    }
    if (status == ENGINE_OK)
        status = rule_text(content, "type", &text, err);
    rule->typed_itself = status == ENGINE_OK && text;
    rule->type = rule->typed_itself ? text->text
                                    : cloud->provider->default_type;
    if (rule->each)
        rule->noun = noun_of(expr_text(rule->each), &rule->arena);
    return status;
}

/* ---- rules -------------------------------------------------------------- */

static engine_status rule_read_form(struct cloud *cloud,
                                    struct cloud_rule *rule,
                                    const bson_t *filled, engine_error *err)
{
    const bool brief = !value_member(&rule->content, "calls");
    engine_status status = rule_check_keys(cloud, &rule->content, brief, err);

    if (status == ENGINE_OK)
        status = brief ? rule_short(cloud, rule, filled, err)
                       : rule_long(cloud, rule, err);
    if (status == ENGINE_OK)
        status = rule_resource(cloud, rule, err);
    if (status == ENGINE_OK)
        status = rule_calls_order(cloud, rule, err);
    if (status == ENGINE_OK)
        status = rule_check_names(cloud, rule, err);
    return status;
}

engine_status cloud_rule_read(struct cloud *cloud, struct cloud_rule *rule,
                              engine_error *err)
{
    bson_t content, filled = BSON_INITIALIZER;
    engine_status status;

    if (!document_child(rule->document, "check_content", &content))
        status = engine_fail(err, ENGINE_EINVAL, "it has no check_content");
    else
        status = rule_variables(cloud, rule, err);
    if (status == ENGINE_OK)
        status = rule_fill(rule, &content, &rule->typed, &filled, err);
    if (status == ENGINE_OK)
        status = rule_value(rule, &filled, err);
    if (status == ENGINE_OK)
        status = rule_read_form(cloud, rule, &filled, err);
    bson_destroy(&filled);
    return status;
}

void cloud_rule_clear(struct cloud_rule *rule)
{
    check_free(rule->check);
    value_mask_free(rule->mask);
    bson_destroy(&rule->used);
    bson_destroy(&rule->typed);
    arena_clear(&rule->arena);
}
