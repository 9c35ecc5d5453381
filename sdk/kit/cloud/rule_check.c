/* SPDX-License-Identifier: Apache-2.0 */
/* rule_check.c - what the expressions of a rule look at: names that there are
 * not, and what of a subject is worth showing. */
#include <string.h>

#include "sdk/kit/cloud/cloud_private.h"
#include "sdk/kit/template.h"
#include "sdk/kit/value_mask_private.h"

/* What looks at names of calls. */
struct names_check {
    const struct cloud *cloud;
    const struct cloud_rule *rule;
    bool input; /* the names are members of the input, else of $root only */
    engine_status status;
    engine_error *err;
};

static bool names_has(const struct cloud_rule *rule,
                      const struct mask_node *node)
{
    for (size_t i = 0; i < rule->count; i++)
        if (strcmp(rule->calls[i].name, node->key) == 0)
            return true;
    return false;
}

static void names_mask(struct names_check *check, const struct expr *expr,
                       const struct value_mask *mask)
{
    for (size_t i = 0; i < mask->root.count; i++) {
        const struct mask_node *node = mask->root.children[i];

        if (check->status < 0 || names_has(check->rule, node))
            continue;
        check->status = engine_fail(
            check->err, ENGINE_EINVAL,
            "there is no call \"%.100s\", which \"%.200s\" looks at",
            node->key, expr_text(expr));
    }
}

/* true ends the search */
static bool names_expr(const struct expr *expr, void *user)
{
    struct names_check *check = user;
    struct value_mask *mask = value_mask_new();
    engine_status status = mask ? ENGINE_OK : ENGINE_ENOMEM;

    if (status == ENGINE_OK && check->input)
        status = expr_wants(expr, mask);
    if (status == ENGINE_OK)
        status = expr_wants_of(expr, CLOUD_ROOT, mask);
    if (status < 0)
        check->status = engine_fail_memory(check->err);
    else
        names_mask(check, expr, mask);
    value_mask_free(mask);
    return check->status < 0;
}

static bool names_scope_has(const struct cloud *cloud, const char *key)
{
    for (size_t i = CLOUD_BOUND; cloud->names[i]; i++)
        if (strcmp(cloud->names[i], key) == 0)
            return true;
    return false;
}

/* What a placeholder of a call that is made once looks at is the scope. */
static bool names_scope(const struct expr *expr, void *user)
{
    struct names_check *check = user;
    struct value_mask *mask = value_mask_new();
    const char *key = NULL;

    if (!mask || expr_wants(expr, mask) < 0)
        check->status = engine_fail_memory(check->err);
    for (size_t i = 0; check->status == ENGINE_OK && !key &&
                       i < mask->root.count; i++)
        if (!names_scope_has(check->cloud, mask->root.children[i]->key))
            key = mask->root.children[i]->key;
    if (key) {
        check->status = engine_fail(
            check->err, ENGINE_EINVAL,
            "\"%.200s\" looks at \"%.100s\", and without foreach a "
            "placeholder looks at the scope, which has %s and the like",
            expr_text(expr), key, check->cloud->names[CLOUD_BOUND]);
        engine_hint(check->err, "answers of other calls are $root.NAME");
    }
    value_mask_free(mask);
    return check->status < 0;
}

static void names_one(struct names_check *check, const struct expr *expr,
                      bool input)
{
    check->input = input;
    if (expr && check->status == ENGINE_OK)
        names_expr(expr, check);
}

static void names_subject(struct names_check *check)
{
    const struct cloud_rule *rule = check->rule;
    const bool root = !rule->each && !rule->check;

    names_one(check, rule->each, !rule->check);
    names_one(check, rule->assert, root);
    names_one(check, rule->when, root);
    names_one(check, rule->id, root);
    names_one(check, rule->name, root);
    names_one(check, rule->region, root);
    check->input = root;
    if (check->status == ENGINE_OK)
        place_any(rule->message, names_expr, check);
}

/* ---- variables ------------------------------------------------------------- */

struct names_used {
    struct cloud_rule *rule;
    engine_status status;
    engine_error *err;
};

static void used_note(struct names_used *used, const struct expr *expr,
                      const char *name)
{
    struct cloud_rule *rule = used->rule;
    bson_iter_t variable;

    if (bson_iter_init_find(&variable, &rule->typed, name)) {
        template_note(&rule->used, &variable);
        return;
    }
    used->status = engine_fail(
        used->err, ENGINE_EINVAL,
        rule_declares(rule, name)
            ? "the variable \"%.100s\", which \"%.200s\" looks at, has no "
              "value: it has no default and is not overridden"
            : "there is no variable \"%.100s\", which \"%.200s\" looks at: "
              "the rule does not declare it",
        name, expr_text(expr));
}

/* $variables.*, or $variables itself */
static void used_all(struct names_used *used)
{
    bson_iter_t variable;

    if (bson_iter_init(&variable, &used->rule->typed))
        while (bson_iter_next(&variable))
            if (rule_declares(used->rule, bson_iter_key(&variable)))
                template_note(&used->rule->used, &variable);
}

/* the variables of the scan that an expression names; true ends the search */
static bool used_expr(const struct expr *expr, void *user)
{
    struct names_used *used = user;
    struct value_mask *mask;

    if (used->status < 0 || !expr || !expr_uses(expr, CLOUD_VARIABLES))
        return used->status < 0;
    mask = value_mask_new();
    if (!mask || expr_wants_of(expr, CLOUD_VARIABLES, mask) < 0)
        used->status = engine_fail_memory(used->err);
    else if (mask->root.all || mask->root.any)
        used_all(used);
    for (size_t i = 0; used->status == ENGINE_OK && i < mask->root.count; i++)
        used_note(used, expr, mask->root.children[i]->key);
    value_mask_free(mask);
    return used->status < 0;
}

static engine_status rule_use_variables(struct cloud_rule *rule,
                                        engine_error *err)
{
    struct names_used used = {.rule = rule, .err = err};
    const struct expr *const exprs[] = {
        rule->each, rule->assert, rule->when,   rule->id,
        rule->name, rule->region, rule->check ? check_expr(rule->check)
                                              : NULL};

    for (size_t i = 0; i < sizeof(exprs) / sizeof(*exprs); i++)
        used_expr(exprs[i], &used);
    place_any(rule->message, used_expr, &used);
    for (size_t i = 0; i < rule->count; i++) {
        used_expr(rule->calls[i].foreach, &used);
        mold_any(&rule->calls[i].mold, used_expr, &used);
        if (rule->calls[i].fan_varies)
            mold_any(&rule->calls[i].fan_mold, used_expr, &used);
    }
    return used.status;
}

/* ---- what is looked at -------------------------------------------------- */

static bool looks_mask(const struct expr *expr, void *user)
{
    struct cloud_rule *rule = user;

    return expr && expr_wants(expr, rule->mask) < 0;
}

static engine_status rule_looks(struct cloud_rule *rule, engine_error *err)
{
    const struct expr *const exprs[] = {rule->assert, rule->when, rule->id,
                                        rule->name, rule->region};
    bool failed = false;

    for (size_t i = 0; i < sizeof(exprs) / sizeof(*exprs); i++)
        failed = failed || looks_mask(exprs[i], rule);
    failed = failed || place_any(rule->message, looks_mask, rule);
    return failed ? engine_fail_memory(err) : ENGINE_OK;
}

engine_status rule_check_names(const struct cloud *cloud,
                               struct cloud_rule *rule, engine_error *err)
{
    struct names_check check = {.cloud = cloud, .rule = rule, .err = err};

    for (size_t i = 0; i < rule->count; i++) {
        const struct rule_call *call = &rule->calls[i];

        names_one(&check, call->foreach, true);
        check.input = false;
        if (check.status == ENGINE_OK)
            mold_any(&call->mold, names_expr, &check);
        if (check.status == ENGINE_OK && call->fan_varies)
            mold_any(&call->fan_mold, names_expr, &check);
        if (check.status == ENGINE_OK && !call->foreach)
            mold_any(&call->mold, names_scope, &check);
        if (check.status == ENGINE_OK && !call->foreach && call->fan_varies)
            mold_any(&call->fan_mold, names_scope, &check);
        if (check.status < 0) {
            engine_error_prefix(err, "calls.%s", call->name);
            return check.status;
        }
    }
    names_subject(&check);
    if (check.status < 0)
        return check.status;
    check.status = rule_use_variables(rule, err);
    if (check.status < 0)
        return check.status;
    rule->mask = value_mask_new();
    if (!rule->mask || rule_looks(rule, err) < 0)
        return engine_fail_memory(err);
    return rule_rests(rule, err);
}
