/* SPDX-License-Identifier: Apache-2.0 */
/* rule_objects.c - the reads of a rule that names a resource type. */
#include <stdio.h>
#include <string.h>

#include "plugins/kubernetes/judge.h"
#include "plugins/kubernetes/record.h"
#include "plugins/kubernetes/rule.h"
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

/* {app: web} becomes "app=web" */
static engine_status objects_join_labels(const bson_t *labels, char **out,
                                         engine_error *err)
{
    struct buffer text;
    engine_status status;
    bson_iter_t iter;

    buffer_init(&text, 64 * 1024);
    bson_iter_init(&iter, labels);
    while (bson_iter_next(&iter)) {
        if (!BSON_ITER_HOLDS_UTF8(&iter)) {
            buffer_clear(&text);
            return engine_fail(err, ENGINE_EINVAL,
                               "label \"%s\" of the selector must be a text",
                               bson_iter_key(&iter));
        }
        buffer_printf(&text, "%s%s=%s", text.len ? "," : "",
                      bson_iter_key(&iter), bson_iter_utf8(&iter, NULL));
    }
    status = buffer_status(&text, err);
    if (status == ENGINE_OK && text.len && !(*out = buffer_take(&text)))
        status = engine_fail_memory(err);
    buffer_clear(&text);
    return status;
}

/* one of matchExpressions: {key, operator, values} */
static engine_status objects_expression(const bson_t *expression,
                                        struct buffer *text,
                                        engine_error *err)
{
    static const char *const words[][2] = {{"In", " in"},
                                           {"NotIn", " notin"},
                                           {"Exists", ""},
                                           {"DoesNotExist", "!"}};
    const char *key = document_string(expression, "key");
    const char *operator = document_string(expression, "operator");
    size_t which = 0, count = 0;
    bson_iter_t iter;
    bson_t values;

    while (operator && which < 4 && strcmp(operator, words[which][0]) != 0)
        which++;
    if (!key || !operator || which == 4)
        return engine_fail(err, ENGINE_EINVAL,
                           "matchExpressions of the selector need key and "
                           "operator: In, NotIn, Exists or DoesNotExist");
    buffer_printf(text, "%s%s%s%s", text->len ? "," : "",
                  which == 3 ? "!" : "", key, which < 2 ? words[which][1] : "");
    if (which > 1)
        return ENGINE_OK;
    if (document_child(expression, "values", &values) &&
        bson_iter_init(&iter, &values))
        while (bson_iter_next(&iter) && BSON_ITER_HOLDS_UTF8(&iter))
            buffer_printf(text, "%s%s", count++ ? "," : " (",
                          bson_iter_utf8(&iter, NULL));
    buffer_putc(text, ')');
    return count ? ENGINE_OK
                 : engine_fail(err, ENGINE_EINVAL,
                               "matchExpressions of the selector: %s needs "
                               "a list of texts as values", operator);
}

static engine_status objects_join_expressions(const bson_t *list, char **out,
                                              engine_error *err)
{
    struct buffer text;
    engine_status status = ENGINE_OK;
    bson_iter_t iter;
    bson_t entry;

    buffer_init(&text, 64 * 1024);
    if (*out)
        buffer_puts(&text, *out);
    bson_iter_init(&iter, list);
    while (status == ENGINE_OK && bson_iter_next(&iter))
        status = document_iter_child(&iter, &entry)
                     ? objects_expression(&entry, &text, err)
                     : engine_fail(err, ENGINE_EINVAL,
                                   "matchExpressions of the selector must "
                                   "be a list of documents");
    if (status == ENGINE_OK)
        status = buffer_status(&text, err);
    if (status == ENGINE_OK && text.len) {
        engine_free(*out);
        *out = buffer_take(&text);
        if (!*out)
            status = engine_fail_memory(err);
    }
    buffer_clear(&text);
    return status;
}

/* {matchLabels: {...}, matchExpressions: [...]} */
static engine_status objects_match(const bson_t *selector, char **out,
                                   engine_error *err)
{
    engine_status status = ENGINE_OK;
    bson_t part;

    if (document_child(selector, "matchLabels", &part))
        status = objects_join_labels(&part, out, err);
    if (status == ENGINE_OK &&
        document_child(selector, "matchExpressions", &part))
        status = objects_join_expressions(&part, out, err);
    return status;
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
        return objects_match(&selector, &out->labels, err);
    if (!document_string(&selector, "labels") &&
        !document_string(&selector, "fields"))
        return objects_join_labels(&selector, &out->labels, err);
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
    struct kube_selector *selector = NULL;
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < 6; i++)
        status = kube_rule_text(rule, content, texts[i].key, planner,
                                texts[i].out, err);
    if (status == ENGINE_OK && !out->type)
        status = engine_fail(err, ENGINE_EINVAL,
                             "\"resource_type\" of check_content is empty");
    if (status == ENGINE_OK && bson_has_field(content, "selector"))
        status = objects_selector(rule, content, planner, out, err);
    if (status == ENGINE_OK)
        status = kube_selector_new(out->labels, out->fields, &selector, err);
    kube_selector_free(selector);
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
                                  struct objects *objects, engine_error *err)
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
    rule->kind = engine_strdup(found.kind);
    if (!rule->kind)
        return engine_fail_memory(err);
    check_redact(rule->check, strcmp(found.kind, "Secret") == 0);
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

engine_status kube_rule_plan_objects(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct kube_planner *planner,
                                     engine_error *err)
{
    struct objects objects = {0};
    engine_status status;

    rule->view = KUBE_VIEW_OBJECTS;
    status = objects_read(rule, content, planner, &objects, err);
    rule->named = objects.name != NULL;
    if (status == ENGINE_OK)
        status = objects_missing(rule, content, err);
    if (status == ENGINE_OK)
        status = objects_plan(rule, planner, &objects, err);
    objects_clear(&objects);
    return status;
}
