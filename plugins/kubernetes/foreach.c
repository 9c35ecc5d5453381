/* SPDX-License-Identifier: Apache-2.0 */
/* foreach.c - planning a rule over two collections, and keeping both. */
#include "plugins/kubernetes/foreach.h"

#include <string.h>

#include "sdk/base/alloc.h"
#include "sdk/document/document.h"

#define EACH_MEMORY ((size_t)256 * 1024 * 1024)

void kube_foreach_free(struct kube_foreach *each)
{
    if (!each)
        return;
    for (size_t i = 0; i < KUBE_EACH_TEXTS; i++) {
        for (size_t j = 0; j <= KUBE_EACH_PARTS; j++)
            engine_free(each->texts[i].texts[j]);
        for (size_t j = 0; j < KUBE_EACH_PARTS; j++)
            expr_free(each->texts[i].paths[j]);
    }
    for (size_t i = 0; i < 2; i++) {
        value_mask_free(each->masks[i]);
        engine_free(each->lists[i].items);
    }
    expr_free(each->path);
    engine_free(each->kind);
    arena_clear(&each->arena);
    engine_free(each);
}

static struct kube_foreach *foreach_new(void)
{
    struct kube_foreach *each = engine_calloc(1, sizeof(*each));

    if (!each)
        return NULL;
    arena_init(&each->arena, EACH_MEMORY);
    each->masks[0] = value_mask_new();
    each->masks[1] = value_mask_new();
    if (each->masks[0] && each->masks[1])
        return each;
    kube_foreach_free(each);
    return NULL;
}

/* ---- placeholders -------------------------------------------------------- */

static engine_status foreach_path(struct kube_each_text *text,
                                  const char *path, size_t len,
                                  struct value_mask *mask, engine_error *err)
{
    char *copy = engine_strndup(path, len);
    struct expr **out = &text->paths[text->count];
    engine_status status;

    if (!copy)
        return engine_fail_memory(err);
    status = expr_compile(expr_language("yamlpath"), copy, NULL, out, err);
    engine_free(copy);
    if (status == ENGINE_OK && expr_wants(*out, mask) < 0)
        status = engine_fail_memory(err);
    return status;
}

/* cuts "a-{item.metadata.name}-b" at its placeholders */
static engine_status foreach_compile(struct kube_each_text *out,
                                     const char *text,
                                     struct value_mask *mask,
                                     engine_error *err)
{
    static const char begin[] = "{item";
    engine_status status = ENGINE_OK;
    const char *at;

    while (status == ENGINE_OK && (at = strstr(text, begin))) {
        const char *path = at + sizeof(begin) - 1;
        const char *end = strchr(path, '}');
        if (!end || out->count == KUBE_EACH_PARTS)
            return engine_fail(err, ENGINE_EINVAL,
                               end ? "\"%.200s\" has too many placeholders"
                                   : "\"%.200s\" has no end: placeholders "
                                     "are {item.PATH}",
                               at);
        out->texts[out->count] = engine_strndup(text, (size_t)(at - text));
        if (!out->texts[out->count])
            return engine_fail_memory(err);
        status = foreach_path(out, path, (size_t)(end - path), mask, err);
        out->count++;
        text = end + 1;
    }
    if (status == ENGINE_OK &&
        !(out->texts[out->count] = engine_strdup(text)))
        status = engine_fail_memory(err);
    return status;
}

engine_status kube_foreach_take(struct kube_foreach *each, char **space,
                                char **name, char **labels, engine_error *err)
{
    char **const texts[KUBE_EACH_TEXTS] = {space, name, labels};
    engine_status status = ENGINE_OK;

    for (size_t i = 0; status == ENGINE_OK && i < KUBE_EACH_TEXTS; i++) {
        if (!*texts[i] || !strstr(*texts[i], "{item"))
            continue;
        status = foreach_compile(&each->texts[i], *texts[i], each->masks[0],
                                 err);
        engine_free(*texts[i]);
        *texts[i] = NULL;
    }
    return status;
}

/* ---- planning ------------------------------------------------------------ */

/* the rule's path over the array of all objects that belong: the check's own
 * words for several values are the ones that count then */
static engine_status foreach_check(struct kube_rule *rule,
                                   const bson_t *content, const char *path,
                                   const struct check_words *words,
                                   const struct kube_planner *planner,
                                   engine_error *err)
{
    char *all = engine_strf("[:]%s%s", strchr(".[", *path) ? "" : ".", path);
    bson_t copy = BSON_INITIALIZER;
    engine_status status = ENGINE_ENOMEM;

    if (!all)
        engine_fail_memory(err);
    if (all) {
        bson_copy_to_excluding_noinit(content, &copy, "yamlpath", "foreach",
                                      "namespace", "resource_name",
                                      "selector", "label_selector", NULL);
        BSON_APPEND_UTF8(&copy, "yamlpath", all);
        status = check_compile(&copy, words, planner->variables, &rule->check,
                               err);
    }
    if (status == ENGINE_OK && check_form(rule->check) != CHECK_CONDITION)
        status = engine_fail(err, ENGINE_EINVAL,
                             "foreach goes with a condition only");
    bson_destroy(&copy);
    engine_free(all);
    return status;
}

static engine_status foreach_mask(struct kube_foreach *each, const char *path,
                                  engine_error *err)
{
    static const char *const keys[] = {"name", "namespace", "uid"};
    engine_status status = expr_compile(expr_language("yamlpath"), path, NULL,
                                        &each->path, err);

    if (status < 0) {
        engine_error_prefix(err, "yamlpath");
        return status;
    }
    status = expr_wants(each->path, each->masks[1]);
    for (size_t i = 0; i < 2 && status == ENGINE_OK; i++) {
        status = value_mask_keys(each->masks[i], "kind", NULL);
        for (size_t j = 0; j < 3 && status == ENGINE_OK; j++)
            status = value_mask_keys(each->masks[i], "metadata", keys[j],
                                     NULL);
    }
    if (status == ENGINE_OK)
        status = value_mask_keys(each->masks[1], "metadata", "labels", NULL);
    return status < 0 ? engine_fail_memory(err) : ENGINE_OK;
}

static engine_status foreach_missing(struct kube_rule *rule,
                                     const bson_t *content, engine_error *err)
{
    const char *word = document_string(content, "when_missing");

    rule->missing = KUBE_MISSING_CHECK;
    if (!word || strcmp(word, "fail") == 0)
        return ENGINE_OK;
    if (strcmp(word, "notapplicable") != 0)
        return engine_fail(err, ENGINE_EINVAL,
                           "\"when_missing\" of check_content must be fail "
                           "or notapplicable, not \"%s\"", word);
    rule->missing = KUBE_MISSING_NOT_APPLICABLE;
    return ENGINE_OK;
}

/* what belongs comes first: its placeholders say what of subjects is kept */
static engine_status foreach_want(struct kube_rule *rule,
                                  const bson_t *content,
                                  const bson_t *subjects,
                                  const struct kube_planner *planner,
                                  engine_error *err)
{
    engine_status status;

    rule->role = KUBE_ROLE_BELONGS;
    status = kube_rule_want_objects(rule, content, planner, rule->each,
                                    &rule->each->kind, err);
    rule->role = KUBE_ROLE_SUBJECT;
    if (status == ENGINE_OK) {
        status = kube_rule_want_objects(rule, subjects, planner, NULL,
                                        &rule->kind, err);
        if (status < 0)
            engine_error_prefix(err, "foreach");
    }
    if (status == ENGINE_OK)
        check_redact(rule->check, rule->each->kind &&
                                      strcmp(rule->each->kind, "Secret") ==
                                          0);
    return status;
}

engine_status kube_rule_plan_foreach(struct kube_rule *rule,
                                     const bson_t *content,
                                     const struct check_words *words,
                                     const struct kube_planner *planner,
                                     engine_error *err)
{
    engine_status status;
    char *path = NULL;
    bson_t subjects;

    rule->view = KUBE_VIEW_EACH;
    rule->each = foreach_new();
    if (!rule->each)
        return engine_fail_memory(err);
    if (!document_child(content, "foreach", &subjects) ||
        !bson_has_field(content, "resource_type"))
        return engine_fail(err, ENGINE_EINVAL,
                           "\"foreach\" of check_content must be a document "
                           "{resource_type, ...} beside resource_type");
    status = kube_rule_text(rule, content, "yamlpath", planner, &path, err);
    if (status == ENGINE_OK && !path)
        status = engine_fail(err, ENGINE_EINVAL, "there is no yamlpath");
    if (status == ENGINE_OK)
        status = foreach_check(rule, content, path, words, planner, err);
    if (status == ENGINE_OK)
        status = foreach_mask(rule->each, path, err);
    if (status == ENGINE_OK)
        status = foreach_missing(rule, content, err);
    if (status == ENGINE_OK)
        status = foreach_want(rule, content, &subjects, planner, err);
    engine_free(path);
    return status;
}

/* ---- while both are read ------------------------------------------------ */

static engine_status foreach_wants_text(const struct kube_each_text *text,
                                        struct value_mask *mask)
{
    engine_status status = ENGINE_OK;

    for (size_t i = 0; i < text->count && status == ENGINE_OK; i++)
        status = expr_wants(text->paths[i], mask);
    return status;
}

engine_status kube_foreach_wants(const struct kube_foreach *each,
                                 enum kube_role role, struct value_mask *mask)
{
    engine_status status = ENGINE_OK;

    if (role == KUBE_ROLE_BELONGS) {
        status = expr_wants(each->path, mask);
        return status < 0 ? status
                          : value_mask_keys(mask, "metadata", "labels", NULL);
    }
    for (size_t i = 0; i < KUBE_EACH_TEXTS && status == ENGINE_OK; i++)
        status = foreach_wants_text(&each->texts[i], mask);
    return status;
}

const char *kube_foreach_kind(const struct kube_foreach *each)
{
    return each ? each->kind : NULL;
}

engine_status kube_foreach_keep(struct kube_foreach *each,
                                enum kube_role role, const struct value *item,
                                engine_error *err)
{
    const size_t which = role == KUBE_ROLE_BELONGS;
    struct kube_each_list *list = &each->lists[which];

    if (list->count == list->room) {
        const size_t room = list->room ? list->room * 2 : 64;
        struct value *items =
            engine_realloc(list->items, room * sizeof(*items));
        if (!items)
            return engine_fail_memory(err);
        list->items = items;
        list->room = room;
    }
    if (value_copy_masked(item, each->masks[which], &each->arena,
                          &list->items[list->count], err) < 0)
        return engine_fail(err, ENGINE_ELIMIT,
                           "the collections of the rule are too large: at "
                           "most %zu MiB of what it looks at are kept",
                           EACH_MEMORY >> 20);
    list->count++;
    return ENGINE_OK;
}
