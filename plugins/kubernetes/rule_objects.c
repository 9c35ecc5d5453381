/* SPDX-License-Identifier: Apache-2.0 */
/* rule_objects.c - the reads of a rule that names a resource type. */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/foreach.h"
#include "plugins/kubernetes/judge.h"
#include "plugins/kubernetes/record.h"
#include "plugins/kubernetes/rule.h"
#include "plugins/kubernetes/rule_selector.h"
#include "plugins/kubernetes/selector.h"
#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

/** What a rule says about its objects, templates expanded. */
struct objects {
    char *type, *version, *name, *space, *labels, *fields;
};

static void objects_clear(struct objects *objects)
{
    engine_free(objects->type);
    engine_free(objects->version);
    engine_free(objects->name);
    engine_free(objects->space);
    engine_free(objects->labels);
    engine_free(objects->fields);
}

/* selector: a text, {matchLabels: {...}}, {labels, fields} or plain labels */
static engine_status objects_selector(struct kube_rule *rule,
                                      const bson_t *content,
                                      const struct kube_planner *planner,
                                      struct objects *out, engine_error *err)
{
    engine_status status;
    bson_t selector;

    if (out->labels || out->fields)
        return engine_fail(err, ENGINE_EINVAL,
                           "selector of check_content does not go together "
                           "with label_selector and field_selector");
    if (!document_child(content, "selector", &selector))
        return kube_rule_text(rule, content, "selector", planner,
                              &out->labels, err);
    if (bson_has_field(&selector, "matchLabels") ||
        bson_has_field(&selector, "matchExpressions"))
        return kube_rule_match(&selector, &out->labels, err);
    if (!document_string(&selector, "labels") &&
        !document_string(&selector, "fields"))
        return kube_rule_labels(&selector, &out->labels, err);
    status = kube_rule_text(rule, &selector, "labels", planner, &out->labels,
                            err);
    if (status == ENGINE_OK)
        status = kube_rule_text(rule, &selector, "fields", planner,
                                &out->fields, err);
    return status;
}

static engine_status objects_read(struct kube_rule *rule,
                                  const bson_t *content,
                                  const struct kube_planner *planner,
                                  struct objects *out, engine_error *err)
{
    const struct {
        const char *key;
        char **out;
    } texts[] = {{"resource_type", &out->type},
                 {"api_version", &out->version},
                 {"resource_name", &out->name},
                 {"namespace", &out->space},
                 {"label_selector", &out->labels},
                 {"field_selector", &out->fields}};
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < 6; i++)
        status = kube_rule_text(rule, content, texts[i].key, planner,
                                texts[i].out, err);
    if (status == ENGINE_OK && !out->type)
        status = engine_fail(err, ENGINE_EINVAL,
                             "\"resource_type\" of check_content is empty");
    if (status == ENGINE_OK && bson_has_field(content, "selector"))
        status = objects_selector(rule, content, planner, out, err);
    return status;
}

static engine_status objects_want(struct kube_rule *rule,
                                  const struct kube_planner *planner,
                                  const struct kube_path_parts *parts,
                                  engine_error *err)
{
    struct kube_read *read;
    engine_status status;
    char *path = NULL;

    status = kube_path_build(parts, &path, err);
    if (status == ENGINE_OK)
        status = kube_reads_want(planner->reads, planner->source, path, rule,
                                 &read, err);
    if (status == ENGINE_OK)
        status = kube_reads_mask(read, rule, err);
    engine_free(path);
    return status;
}

/* a name in every namespace is a list of those that are called so */
static engine_status objects_name_field(struct objects *objects,
                                        engine_error *err)
{
    char *fields = engine_strf("metadata.name=%s%s%s", objects->name,
                               objects->fields ? "," : "",
                               objects->fields ? objects->fields : "");

    if (!fields)
        return engine_fail_memory(err);
    engine_free(objects->fields);
    objects->fields = fields;
    return ENGINE_OK;
}

/* one list for the whole cluster, or one for each of a few namespaces: that
 * is all that a target of some namespaces may have the rights for */
static engine_status objects_want_lists(struct kube_rule *rule,
                                        const struct kube_planner *planner,
                                        bool namespaced,
                                        struct kube_path_parts *parts,
                                        engine_error *err)
{
    const char *const *names = NULL;
    engine_status status = ENGINE_OK;
    size_t count = 0;

    if (namespaced && !parts->namespace && planner->namespaces)
        count = kube_namespaces_plain(planner->namespaces, &names);
    if (count == 0)
        return objects_want(rule, planner, parts, err);
    for (size_t i = 0; status == ENGINE_OK && i < count; i++) {
        parts->namespace = names[i];
        status = objects_want(rule, planner, parts, err);
    }
    return status;
}

static engine_status objects_missing(struct kube_rule *rule,
                                     const bson_t *content, engine_error *err)
{
    static const char *const existence[] = {"exists", "not_exists",
                                            "any_exist", "none_exist"};
    const char *word = document_string(content, "when_missing");
    const char *condition = document_string(content, "condition");

    rule->missing = rule->named ? KUBE_MISSING_CHECK
                                : KUBE_MISSING_NOT_APPLICABLE;
    for (size_t i = 0; condition && i < 4; i++)
        if (strcmp(condition, existence[i]) == 0)
            rule->missing = KUBE_MISSING_CHECK;
    if (!word)
        return ENGINE_OK;
    if (strcmp(word, "notapplicable") == 0)
        rule->missing = KUBE_MISSING_NOT_APPLICABLE;
    else if (strcmp(word, "fail") == 0)
        rule->missing = KUBE_MISSING_CHECK;
    else
        return engine_fail(err, ENGINE_EINVAL,
                           "\"when_missing\" of check_content must be fail "
                           "or notapplicable, not \"%s\"", word);
    return ENGINE_OK;
}

static engine_status objects_plan(struct kube_rule *rule,
                                  const struct kube_planner *planner,
                                  struct objects *objects, char **kind,
                                  engine_error *err)
{
    struct kube_source *source = planner->source;
    struct kube_resource found = {0};
    struct kube_path_parts parts;
    engine_status status;
    char name[512];
    bool by_name;

    snprintf(name, sizeof(name), "%s%s%s",
             objects->version ? objects->version : "",
             objects->version ? "/" : "", objects->type);
    status = source->ops->resolve(source, name, &found, err);
    if (status == ENGINE_ENOTFOUND)
        return ENGINE_OK; /* there can be no such object: nothing is read */
    if (status < 0 && planner->recorder && err)
        kube_recorder_error(planner->recorder, name, err);
    if (status < 0)
        return status;
    if (planner->recorder)
        kube_recorder_kind(planner->recorder, name, &found);
    *kind = engine_strdup(found.kind);
    if (!*kind)
        return engine_fail_memory(err);
    if (found.namespaced && objects->space && planner->namespaces &&
        !kube_namespaces_match(planner->namespaces, objects->space)) {
        rule->outside = true;
        return ENGINE_OK;
    }
    /* a server selects nothing when it is asked for an object by its name */
    by_name = objects->name && (!found.namespaced || objects->space) &&
              !objects->labels && !objects->fields;
    if (objects->name && !by_name && objects_name_field(objects, err) < 0)
        return ENGINE_ENOMEM;
    parts = (struct kube_path_parts){
        .group = found.group,
        .version = found.version,
        .plural = found.plural,
        .namespace = found.namespaced ? objects->space : NULL,
        .name = by_name ? objects->name : NULL,
        .labels = objects->labels,
        .fields = objects->fields};
    return parts.name ? objects_want(rule, planner, &parts, err)
                      : objects_want_lists(rule, planner, found.namespaced,
                                           &parts, err);
}

engine_status kube_rule_want_objects(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct kube_planner *planner,
                                     struct kube_foreach *each, char **kind,
                                     engine_error *err)
{
    struct kube_selector *selector = NULL;
    struct objects objects = {0};
    engine_status status;

    status = objects_read(rule, content, planner, &objects, err);
    if (status == ENGINE_OK && each)
        status = kube_foreach_take(each, &objects.space, &objects.name,
                                   &objects.labels, err);
    if (status == ENGINE_OK)
        status = kube_selector_new(objects.labels, objects.fields, &selector,
                                   err);
    kube_selector_free(selector);
    if (status == ENGINE_OK && rule->role == KUBE_ROLE_JUDGED)
        rule->named = objects.name != NULL;
    if (status == ENGINE_OK)
        status = objects_plan(rule, planner, &objects, kind, err);
    objects_clear(&objects);
    return status;
}

engine_status kube_rule_plan_objects(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct kube_planner *planner,
                                     engine_error *err)
{
    engine_status status;

    rule->view = KUBE_VIEW_OBJECTS;
    rule->named = document_string(content, "resource_name") != NULL;
    status = objects_missing(rule, content, err);
    if (status == ENGINE_OK)
        status = kube_rule_want_objects(rule, content, planner, NULL,
                                        &rule->kind, err);
    if (status == ENGINE_OK)
        check_redact(rule->check,
                     rule->kind && strcmp(rule->kind, "Secret") == 0);
    return status;
}
