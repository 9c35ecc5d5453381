/* SPDX-License-Identifier: Apache-2.0 */
/* rule.c - from a rule's check_content to a check, a view and its reads. */
#include "plugins/kubernetes/rule.h"

#include <string.h>

#include "plugins/kubernetes/foreach.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"
#include "sdk/kit/template.h"

#define RULE_KEEP_MAXIMUM ((size_t)256 * 1024 * 1024)

void kube_rule_init(struct kube_rule *rule, const bson_t *document)
{
    rule->document = document;
    rule->rule_id = document_string(document, "rule_id");
    bson_init(&rule->variables);
    arena_init(&rule->kept, RULE_KEEP_MAXIMUM);
}

void kube_rule_release(struct kube_rule *rule)
{
    check_free(rule->check);
    kube_foreach_free(rule->each);
    engine_free(rule->outputs);
    arena_clear(&rule->kept);
    rule->check = NULL;
    rule->each = NULL;
    rule->outputs = NULL;
    rule->outputs_count = rule->outputs_room = 0;
}

void kube_rule_clear(struct kube_rule *rule)
{
    kube_rule_release(rule);
    engine_free(rule->kind);
    bson_destroy(&rule->variables);
}

/* ---- texts with templates ------------------------------------------------ */

struct rule_use {
    struct kube_rule *rule;
    const bson_t *variables;
};

static void rule_note_use(const char *name, void *user)
{
    const struct rule_use *use = user;
    bson_iter_t iter;

    if (!bson_has_field(&use->rule->variables, name) &&
        bson_iter_init_find(&iter, use->variables, name))
        bson_append_iter(&use->rule->variables, name, -1, &iter);
}

engine_status kube_rule_text(struct kube_rule *rule, const bson_t *content,
                             const char *key,
                             const struct kube_planner *planner, char **out,
                             engine_error *err)
{
    struct rule_use use = {.rule = rule, .variables = planner->variables};
    const char *text = document_string(content, key);

    *out = NULL;
    if (!text && bson_has_field(content, key))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"%s\" of check_content must be a text", key);
    if (!text || !*text)
        return ENGINE_OK;
    if (template_expand(text, planner->variables, rule_note_use, &use, out,
                        err) < 0) {
        engine_error_prefix(err, "\"%s\" of check_content", key);
        return ENGINE_EINVAL;
    }
    return ENGINE_OK;
}

/* ---- OVAL form ----------------------------------------------------------- */

/* a filter over the whole answer, or better one over each element of it */
static engine_status rule_plan_filter(struct kube_rule *rule,
                                      const struct kube_read *read,
                                      const char *filter,
                                      const struct kube_planner *planner,
                                      engine_error *err)
{
    const struct expr_language *jq = expr_language("jq");
    char *item = NULL, *rest = NULL;
    engine_status status;

    rule->view = KUBE_VIEW_DOCUMENT;
    if (!jq || kube_read_is_named(read) ||
        expr_split(jq, filter, "items", &item, &rest, NULL) < 0)
        return kube_programs_get(planner->programs, filter, &rule->filter,
                                 err);
    rule->view = KUBE_VIEW_FILTERED;
    status = kube_programs_get(planner->programs, item, &rule->filter, err);
    if (status == ENGINE_OK && strcmp(rest, ".") != 0)
        status = kube_programs_get(planner->programs, rest, &rule->rest, err);
    engine_free(item);
    engine_free(rest);
    return status;
}

static engine_status rule_check_path(const char *path,
                                     const struct kube_source *source,
                                     engine_error *err)
{
    struct kube_path parsed;
    engine_status status = kube_path_parse(path, &parsed, err);

    if (status < 0)
        return status;
    if (!source->any_path && !kube_path_is_api(&parsed))
        status = engine_fail(err, ENGINE_EUNSUPPORTED,
                             "it reads %.300s, a file of a node, which is "
                             "no path of the API", parsed.plain);
    kube_path_clear(&parsed);
    return status;
}

static engine_status rule_plan_view(struct kube_rule *rule,
                                    const struct kube_read *read,
                                    const char *filter, bool filtered,
                                    const struct kube_planner *planner,
                                    engine_error *err)
{
    rule->view = KUBE_VIEW_DOCUMENT;
    if (read->filtered)
        return ENGINE_OK;
    if (filter)
        return rule_plan_filter(rule, read, filter, planner, err);
    if (filtered)
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "it looks at what a filter makes of %.300s, and "
                           "does not tell that filter", read->path.plain);
    if (!kube_read_is_named(read) &&
        check_split(rule->check, "items", NULL) == ENGINE_OK)
        rule->view = KUBE_VIEW_ELEMENTS;
    return ENGINE_OK;
}

/*
 * A collector writes what a filter made under one name, whatever the
 * variables of the path were set to; the rule knows it ("dump").
 */
static engine_status rule_use_dump(struct kube_rule *rule,
                                   const bson_t *content,
                                   const struct kube_planner *planner,
                                   char **path, engine_error *err)
{
    struct kube_source *source = planner->source;
    struct kube_path parsed;
    engine_status status;
    char *dump = NULL;

    if (!source->any_path || !source->ops->filtered)
        return ENGINE_OK;
    status = kube_rule_text(rule, content, "dump", planner, &dump, err);
    if (status < 0 || !dump)
        return status;
    status = kube_path_parse(dump, &parsed, err);
    if (status == ENGINE_OK) {
        if (parsed.hash && source->ops->filtered(source, &parsed)) {
            engine_free(*path);
            *path = dump;
            dump = NULL;
        }
        kube_path_clear(&parsed);
    }
    engine_free(dump);
    return status;
}

static engine_status rule_plan_set(struct kube_rule *rule,
                                   const bson_t *content,
                                   const struct kube_planner *planner,
                                   engine_error *err)
{
    struct kube_read *read = NULL;
    char *path = NULL, *filter = NULL;
    engine_status status =
        kube_rule_text(rule, content, "filepath", planner, &path, err);

    if (status == ENGINE_OK && !path)
        status = engine_fail(err, ENGINE_EINVAL,
                             "\"filepath\" of check_content is empty");
    if (status == ENGINE_OK)
        status = kube_rule_text(rule, content, "jq_filter", planner, &filter,
                                err);
    if (status == ENGINE_OK)
        status = rule_use_dump(rule, content, planner, &path, err);
    if (status == ENGINE_OK)
        status = rule_check_path(path, planner->source, err);
    if (status == ENGINE_OK)
        status = kube_reads_want(planner->reads, planner->source, path, rule,
                                 &read, err);
    if (status == ENGINE_OK)
        status = rule_plan_view(rule, read, filter, strchr(path, '#'),
                                planner, err);
    if (status == ENGINE_OK)
        status = kube_reads_mask(read, rule, err);
    /* before it opens, which is when it takes that to heart */
    if (status == ENGINE_OK)
        check_redact(rule->check, strstr(read->path.plain, "/secrets"));
    if (status == ENGINE_OK)
        status = check_open(rule->check, err);
    engine_free(path);
    engine_free(filter);
    return status;
}

/* ---- both forms ---------------------------------------------------------- */

engine_status kube_rule_plan(struct kube_rule *rule,
                             const struct kube_planner *planner,
                             engine_error *err)
{
    const struct check_words words = {
        .language = expr_language("yamlpath"),
        .path = "yamlpath",
        .condition = "condition",
        .expected = "expected_value",
    };
    engine_status status;
    bson_t content;

    if (!document_child(rule->document, "check_content", &content) ||
        bson_empty(&content))
        return engine_fail(err, ENGINE_EUNSUPPORTED,
                           "it has no automated check (no check_content)");
    if (document_string(&content, "manual"))
        return engine_fail(err, ENGINE_EUNSUPPORTED, "%s",
                           document_string(&content, "manual"));
    if (!bson_has_field(&content, "filepath") &&
        !bson_has_field(&content, "resource_type"))
        return engine_fail(err, ENGINE_EINVAL,
                           "check_content of a kubernetes rule needs "
                           "resource_type, or filepath");
    if (bson_has_field(&content, "foreach"))
        return kube_rule_plan_foreach(rule, &content, &words, planner, err);
    status = check_compile(&content, &words, planner->variables, &rule->check,
                           err);
    if (status < 0)
        return status;
    return check_form(rule->check) == CHECK_OVAL
               ? rule_plan_set(rule, &content, planner, err)
               : kube_rule_plan_objects(rule, &content, planner, err);
}
